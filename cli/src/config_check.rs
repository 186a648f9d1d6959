use crate::args::Shared;
use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use postseal::Engine;
use postseal::directory::DirectoryId;
use postseal::revocation::{Crl, Mode, RevocationPolicy};
use postseal::store::{Quota, Tenant};
use postseal_host::Configuration;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Prints the JSON Schema.
pub(crate) fn schema() -> ExitCode {
    output::whole(Configuration::schema().trim_end());
    ExitCode::SUCCESS
}

/// Says what the configuration means, for every tenant and route that it names; or prints all of it, with every default. Either
/// way it is looked at as a whole first.
pub(crate) fn run(shared: &Shared, defaults: bool) -> Result<ExitCode, Failure> {
    let session = Session::new(shared)?;
    let engine = session.engine()?;
    session.config.fetcher()?;
    let mut directories = Vec::new();
    for name in session.config.directories() {
        // Credentials are read, so that a missing one is told now; nothing is sent.
        session.config.directory(name)?;
        directories.push((name, session.config.describe_directory(name)?));
    }
    if shared.json {
        let effective = effective(&session)?;
        output::json(&json!({
            "trust_anchors": engine.anchors().len(),
            "intermediates": engine.intermediates().len(),
            "crls": engine.crls().len(),
            "revoked": engine.crls().iter().map(Crl::len).sum::<usize>(),
            "directories": directories.into_iter().collect::<BTreeMap<_, _>>(),
            "configuration": toml::from_str::<Value>(&effective).map_err(Failure::usage)?,
        }));
    } else if defaults {
        output::whole(effective(&session)?.trim_end());
    } else {
        summary(&session, &engine, &directories)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// With what the command itself says where nobody else does: where the store and the trace are.
fn effective(session: &Session<'_>) -> Result<String, Failure> {
    let mut config = session.config.clone();
    if config.trace_path().is_none() {
        config = config.with_trace(session.trace_path()?);
    }
    Ok(config.effective()?)
}

fn summary(session: &Session<'_>, engine: &Engine, directories: &[(&str, String)]) -> Result<(), Failure> {
    let store = session.config.describe_store()?.unwrap_or_default();
    output::line(&format!("store          {store}"));
    output::line(&format!("trace          {}", session.trace_path()?.display()));
    output::line(&format!("profile        {}", engine.profile().name()));
    output::line(&format!("trust anchors  {}", engine.anchors().len()));
    output::line(&format!("intermediates  {}", engine.intermediates().len()));
    let revoked: usize = engine.crls().iter().map(Crl::len).sum();
    output::line(&format!("CRLs           {} with {revoked} entries", engine.crls().len()));
    for (name, described) in directories {
        output::line(&format!("directory      {name}: {described}"));
    }
    let nobody = Tenant::new("");
    let [import, encrypt, revocation, asked] = settings(engine, &nobody, None);
    output::line(&format!("import         {import} unless a tenant or route says otherwise"));
    output::line(&format!("encrypt        {encrypt} unless a tenant or route says otherwise"));
    output::line(&format!("revocation     {revocation} unless a tenant or route says otherwise"));
    output::line(&format!("directories    {asked} unless a tenant or route says otherwise"));
    output::line(&format!("quotas         {} unless a tenant says otherwise", quotas(session, &nobody)));
    let kept = session.config.retention_days();
    output::line(&format!(
        "retention      {}",
        kept.map_or_else(|| "all".to_owned(), |days| format!("{days} days after the end"))
    ));
    for (tenant, routes) in session.config.tenants() {
        let name = tenant.name();
        tell(&format!("tenant {name}"), engine, &tenant, None);
        for route in routes {
            tell(&format!("tenant {name}, route {route}"), engine, &tenant, Some(route));
        }
    }
    Ok(())
}

/// The caps of a tenant, in the names of the settings.
fn quotas(session: &Session<'_>, tenant: &Tenant) -> String {
    let quotas = session.config.quotas();
    let quotas = quotas.of(tenant, None);
    let all = [
        (Quota::AddressesPerTenant, quotas.addresses_per_tenant),
        (Quota::NewAddressesPerDomainAndDay, quotas.new_addresses_per_domain_and_day),
        (Quota::CertificatesPerAddress, quotas.certificates_per_address),
    ];
    let said: Vec<String> =
        all.iter().filter_map(|(quota, cap)| cap.map(|cap| format!("{} {cap}", quota.name()))).collect();
    if said.is_empty() { "none".to_owned() } else { said.join(", ") }
}

fn tell(whose: &str, engine: &Engine, tenant: &Tenant, route: Option<&str>) {
    let [import, encrypt, revocation, directories] = settings(engine, tenant, route);
    let first = format!("{whose}: import {import}, encrypt {encrypt}, revocation {revocation}");
    output::line(&format!("{first}, directories {directories}"));
}

fn settings(engine: &Engine, tenant: &Tenant, route: Option<&str>) -> [String; 4] {
    let import = if engine.activation().is_active(tenant, route) { "on" } else { "off" };
    let encrypt = engine.policies().of(tenant, route).mode.name();
    let directories: Vec<&str> = engine.directories().of(tenant, route).ids().map(DirectoryId::name).collect();
    let directories = if directories.is_empty() { "none".to_owned() } else { directories.join(", ") };
    [import.to_owned(), encrypt.to_owned(), describe(*engine.revocation().of(tenant, route)), directories]
}

/// The policy in a few words.
fn describe(policy: RevocationPolicy) -> String {
    if policy.mode == Mode::Off {
        let issuers = if policy.fetch_issuers { ", issuers are fetched" } else { "" };
        return format!("{}{issuers}", policy.mode.name());
    }
    let fetched = match (policy.fetch, policy.fetch_issuers) {
        (false, false) => "nothing is fetched",
        (true, false) => "lists and responses are fetched",
        (false, true) => "issuers are fetched",
        (true, true) => "lists, responses and issuers are fetched",
    };
    let nonce = if policy.nonce_required { ", nonce required" } else { "" };
    format!("{}, {}, {fetched}{nonce}", policy.mode.name(), policy.order.name())
}
