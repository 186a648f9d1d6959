mod expiring;
mod held;
mod search;

use crate::args::{CertsCommand, Chosen, Shared};
use crate::export;
use crate::failure::Failure;
use crate::input;
use crate::output::{self, day, short};
use crate::session::Session;
use postseal::cert::StoredCert;
use postseal::error::Fault;
use postseal::store::{CertStore, Decision, Entry, State};
use postseal::trace::escape;
use postseal::verify::TrustAnchors;
use postseal::{Code, Engine, Error, Fingerprint};
use postseal_host::Host;
use search::Found;
use serde_json::{Value, json};
use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Most octets of a file with a certificate and those above it.
const CERTIFICATE_FILE: u64 = 4 << 20;

/// Lists, shows, exports, and records what an operator decides.
pub(crate) fn run(shared: &Shared, command: &CertsCommand) -> Result<ExitCode, Failure> {
    let session = Session::new(shared)?;
    let store = session.store_to_read()?;
    let (store, tenant) = (&*store, session.tenant());
    match command {
        CertsCommand::List(options) => search::for_each(store, &tenant, options, &mut |entry, stored, state| {
            list(shared, entry, stored, state);
        })?,
        CertsCommand::Show(chosen) => show(shared, &search::choose(store, &tenant, chosen)?),
        CertsCommand::Held => held::run(shared, store, &tenant)?,
        CertsCommand::Expiring { days } => expiring::run(shared, &session, days)?,
        CertsCommand::Purge { ended, dry_run } => expiring::purge(shared, &session, *ended, *dry_run)?,
        CertsCommand::Export(options) => {
            export::run(store, &tenant, search::parse(options.address.as_deref())?, options)?;
        }
        CertsCommand::Add { file } => add(shared, &session, file)?,
        CertsCommand::Approve(chosen) => decide(&session, store, chosen, Decision::Approve)?,
        CertsCommand::Reject(chosen) => decide(&session, store, chosen, Decision::Reject)?,
        CertsCommand::Pin(chosen) => decide(&session, store, chosen, Decision::Pin)?,
        CertsCommand::Disable(chosen) => decide(&session, store, chosen, Decision::Disable)?,
        CertsCommand::Remove(chosen) => decide(&session, store, chosen, Decision::Remove)?,
        CertsCommand::Hold(chosen) => decide(&session, store, chosen, Decision::Hold)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(shared: &Shared, entry: &Entry, stored: &StoredCert, state: State) {
    if shared.json {
        return output::json(&json(entry, stored, state));
    }
    let certificate = &stored.certificate;
    output::line(&format!(
        "{} {:<10} {} until {}",
        short(&certificate.fingerprint()),
        state.name(),
        escape(entry.address.as_str()),
        day(certificate.not_after())
    ));
}

fn json(entry: &Entry, stored: &StoredCert, state: State) -> Value {
    let certificate = &stored.certificate;
    json!({
        "address": entry.address.as_str(),
        "state": state.name(),
        "fingerprint": certificate.fingerprint().to_string(),
        "not_before": certificate.not_before().to_string(),
        "not_after": certificate.not_after().to_string(),
        "key": certificate.key_text(),
        "subject": certificate.subject_text(),
        "issuer": certificate.issuer_text(),
        "source": stored.source.name(),
        "imported_at": stored.imported_at.to_string(),
        "issuers": stored.issuers.iter().map(|issuer| issuer.fingerprint().to_string()).collect::<Vec<_>>(),
        "capabilities": stored.capabilities.is_some(),
    })
}

fn show(shared: &Shared, Found { entry, stored, state }: &Found) {
    if shared.json {
        return output::json(&json(entry, stored, *state));
    }
    let certificate = &stored.certificate;
    output::line(&format!("address      {}", escape(entry.address.as_str())));
    output::line(&format!("state        {}", state.name()));
    output::line(&format!("fingerprint  {}", certificate.fingerprint()));
    output::line(&format!("validity     {} to {}", certificate.not_before(), certificate.not_after()));
    output::line(&format!("key          {}", certificate.key_text()));
    output::line(&format!("subject      {}", certificate.subject_text()));
    output::line(&format!("issuer       {}", certificate.issuer_text()));
    output::line(&format!("source       {}, {}", stored.source.name(), stored.imported_at));
    for issuer in &stored.issuers {
        output::line(&format!("path         {} {}", short(&issuer.fingerprint()), issuer.subject_text()));
    }
}

/// Checks the certificate for every mailbox that it names before anything is stored.
fn add(shared: &Shared, session: &Session<'_>, file: &Path) -> Result<(), Failure> {
    let wrong = |error: &dyn Display| Failure::input(format_args!("{}: {error}", file.display()));
    let octets = input::file(file, CERTIFICATE_FILE)?;
    let refused = |error: Error| match error.fault() {
        Fault::Unavailable => error.into(),
        _ => wrong(&format_args!("{}: {}", error.code().name(), error.code().sentence())),
    };
    // The store and the trace are made when the certificate is good.
    let (host, now) = (Host::new(session.engine()?), session.now());
    let checked = host.clone().with_store(session.store_to_read()?);
    checked.check_certificate(&session.tenant(), &octets, now).map_err(refused)?;
    let host = host.with_store(session.store()?).with_tracer(Arc::new(session.tracer()?));
    let added = host.add_certificate(&session.tenant(), &octets, &operator(), now).map_err(refused)?;
    let (certificate, fingerprint) = (&added.certificate, added.certificate.fingerprint());
    for (address, is_new) in &added.filed {
        let outcome = if *is_new { "added" } else { "already-known" };
        if shared.json {
            output::json(&json!({
                "outcome": outcome, "address": address.as_str(), "fingerprint": fingerprint.to_string(),
                "not_before": certificate.not_before().to_string(), "not_after": certificate.not_after().to_string(),
            }));
        } else {
            let (address, until) = (escape(address.as_str()), day(certificate.not_after()));
            output::line(&format!("{outcome} {address} {} until {until}", short(&fingerprint)));
        }
    }
    Ok(())
}

fn decide(session: &Session<'_>, store: &dyn CertStore, chosen: &Chosen, decision: Decision) -> Result<(), Failure> {
    let found = search::choose(store, &session.tenant(), chosen)?;
    let (entry, fingerprint) = (&found.entry, found.fingerprint());
    let host = Host::new(Engine::new(TrustAnchors::default()));
    let host = host.with_store(session.store()?).with_tracer(Arc::new(session.tracer()?));
    let decided = host.decide(&session.tenant(), entry, fingerprint, decision, &operator(), session.now());
    decided.map_err(|error| match error.code() {
        Code::StoreContended => Failure::input("the entry changed in the meantime; look at it again"),
        _ => error.into(),
    })?;
    say(entry, fingerprint, found.state, decision);
    Ok(())
}

fn say(entry: &Entry, fingerprint: Fingerprint, state: State, decision: Decision) {
    let address = escape(entry.address.as_str());
    output::line(&format!("{} {address}: {} -> {}", short(&fingerprint), state.name(), decision.name()));
}

/// Who runs the command, as the system knows him.
fn operator() -> String {
    let named = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    escape(&named.unwrap_or_else(|| "unknown".to_owned()))
}
