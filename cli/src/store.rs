//! The store as a whole: copied, and checked.

use crate::args::{CopyOptions, Shared, StoreCommand};
use crate::failure::Failure;
use crate::output;
use crate::session::{Session, is_there};
use postseal::store::{Entries, Filter, ManagedStore, State};
use postseal::trace::escape;
use postseal_host::{Configuration, Overrides, copy_store};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

pub(crate) fn run(shared: &Shared, command: &StoreCommand) -> Result<ExitCode, Failure> {
    let session = Session::new(shared)?;
    let store = existing(&session)?;
    match command {
        StoreCommand::Copy(options) => copy(shared, &*store, options),
        StoreCommand::Check => check(shared, &*store),
    }
}

/// A store that is to be read is not made.
fn existing(session: &Session<'_>) -> Result<Arc<dyn ManagedStore>, Failure> {
    match session.config.store_path()? {
        Some(path) if !is_there(&path)? => Err(Failure::input(format_args!("{}: there is no store", path.display()))),
        _ => session.managed_store(),
    }
}

fn copy(shared: &Shared, from: &dyn ManagedStore, options: &CopyOptions) -> Result<ExitCode, Failure> {
    let mut overrides = Overrides::default();
    overrides.store.clone_from(&options.to);
    let config = options.to_config.as_deref().map_or_else(|| Ok(Configuration::default()), Configuration::read)?;
    let to = config.overridden_by(overrides).managed_store()?;
    let to = to.ok_or_else(|| Failure::usage("the configuration has no store to copy to"))?;
    let tenants = from.tenants()?;
    let copied = copy_store(from, &*to, &tenants, &mut |copied| {
        if shared.verbose {
            output::tell(format_args!("{} copied", copied.written.saturating_add(copied.same)));
        }
    });
    let copied = copied?;
    if shared.json {
        let differing = |(tenant, address): &(postseal::store::Tenant, postseal::Address)| json!({ "tenant": tenant.name(), "address": address.as_str() });
        let differing: Vec<Value> = copied.differing.iter().map(differing).collect();
        output::json(&json!({ "written": copied.written, "same": copied.same, "differing": differing }));
    } else {
        for (tenant, address) in &copied.differing {
            let (tenant, address) = (escape(tenant.name()), escape(address.as_str()));
            output::line(&format!("{tenant} {address}: the other store has something else, which stays"));
        }
        let (written, same, differing) = (copied.written, copied.same, copied.differing.len());
        output::line(&format!("{written} entries copied, {same} were there, {differing} differ"));
    }
    Ok(ExitCode::from(u8::from(!copied.differing.is_empty())))
}

/// What `check` counts of a tenant.
#[derive(Default)]
struct Counts {
    addresses: u64,
    states: BTreeMap<State, u64>,
}

fn check(shared: &Shared, store: &dyn ManagedStore) -> Result<ExitCode, Failure> {
    let mut damage = store.damage()?;
    for tenant in store.tenants()? {
        let mut counts = Counts::default();
        for entry in Entries::of(store, &tenant, Filter::All) {
            match entry {
                Ok(entry) => {
                    counts.addresses = counts.addresses.saturating_add(u64::from(!entry.certs.is_empty()));
                    for (_, state) in &entry.certs {
                        let count = counts.states.entry(*state).or_default();
                        *count = count.saturating_add(1);
                    }
                }
                // The page with it cannot be read, and what is behind it was not looked at.
                Err(unavailable) => damage.push(format!("tenant {}: {unavailable}", escape(tenant.name()))),
            }
        }
        say(shared, tenant.name(), &counts);
    }
    for line in &damage {
        if shared.json {
            output::json(&json!({ "damage": line }));
        } else {
            output::line(&format!("damage: {line}"));
        }
    }
    Ok(ExitCode::from(u8::from(!damage.is_empty())))
}

fn say(shared: &Shared, tenant: &str, counts: &Counts) {
    if shared.json {
        let states: BTreeMap<&str, u64> = counts.states.iter().map(|(state, count)| (state.name(), *count)).collect();
        return output::json(&json!({ "tenant": tenant, "addresses": counts.addresses, "certificates": states }));
    }
    let states: Vec<String> = counts.states.iter().map(|(state, count)| format!("{count} {}", state.name())).collect();
    output::line(&format!("{}: {} addresses; {}", escape(tenant), counts.addresses, states.join(", ")));
}
