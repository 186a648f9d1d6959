use crate::args::Shared;
use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use std::process::ExitCode;

/// Says what the configuration means, for every tenant and route that it names.
pub(crate) fn run(shared: &Shared) -> Result<ExitCode, Failure> {
    let session = Session::new(shared)?;
    let engine = session.engine()?;
    let on = |active| if active { "on" } else { "off" };
    output::line(&format!("store          {}", session.store_path()?.display()));
    output::line(&format!("trace          {}", session.trace_path()?.display()));
    output::line(&format!("profile        {}", engine.profile().name()));
    output::line(&format!("trust anchors  {}", engine.anchors().len()));
    output::line(&format!("intermediates  {}", engine.intermediates().len()));
    let activation = engine.activation();
    let policies = engine.policies();
    let nobody = postseal::store::Tenant::new("");
    output::line(&format!(
        "import         {} unless a tenant or route says otherwise",
        on(activation.is_active(&nobody, None))
    ));
    let mode = |tenant: &postseal::store::Tenant, route| policies.of(tenant, route).mode.name();
    output::line(&format!("encrypt        {} unless a tenant or route says otherwise", mode(&nobody, None)));
    for (name, tenant) in &session.config.tenants {
        let key = postseal::store::Tenant::new(name);
        output::line(&format!(
            "tenant {name}: import {}, encrypt {}",
            on(activation.is_active(&key, None)),
            mode(&key, None)
        ));
        for route in tenant.routes.keys() {
            output::line(&format!(
                "tenant {name}, route {route}: import {}, encrypt {}",
                on(activation.is_active(&key, Some(route))),
                mode(&key, Some(route))
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}
