use crate::args::Shared;
use crate::failure::Failure;
use crate::output;
use crate::revocation::describe;
use crate::session::Session;
use postseal::Engine;
use postseal::directory::DirectoryId;
use postseal::revocation::Crl;
use postseal::store::Tenant;
use std::process::ExitCode;

/// Says what the configuration means, for every tenant and route that it names.
pub(crate) fn run(shared: &Shared) -> Result<ExitCode, Failure> {
    let session = Session::new(shared)?;
    let engine = session.engine()?;
    output::line(&format!("store          {}", session.store_path()?.display()));
    output::line(&format!("trace          {}", session.trace_path()?.display()));
    output::line(&format!("profile        {}", engine.profile().name()));
    output::line(&format!("trust anchors  {}", engine.anchors().len()));
    output::line(&format!("intermediates  {}", engine.intermediates().len()));
    let revoked: usize = engine.crls().iter().map(Crl::len).sum();
    output::line(&format!("CRLs           {} with {revoked} entries", engine.crls().len()));
    session.config.fetch.fetcher()?;
    for (name, config) in &session.config.directory {
        // Credentials are read, so that a missing one is told now; nothing is sent.
        config.build(name)?;
        output::line(&format!("directory      {name}: {}", config.describe()));
    }
    let nobody = Tenant::new("");
    let [import, encrypt, revocation, directories] = settings(&engine, &nobody, None);
    output::line(&format!("import         {import} unless a tenant or route says otherwise"));
    output::line(&format!("encrypt        {encrypt} unless a tenant or route says otherwise"));
    output::line(&format!("revocation     {revocation} unless a tenant or route says otherwise"));
    output::line(&format!("directories    {directories} unless a tenant or route says otherwise"));
    for (name, tenant) in &session.config.tenants {
        let key = Tenant::new(name);
        tell(&format!("tenant {name}"), &engine, &key, None);
        for route in tenant.routes.keys() {
            tell(&format!("tenant {name}, route {route}"), &engine, &key, Some(route));
        }
    }
    Ok(ExitCode::SUCCESS)
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
