//! What ends soon, and what ended long ago.

use crate::args::Shared;
use crate::failure::Failure;
use crate::output::{self, day, short};
use crate::session::Session;
use postseal::Engine;
use postseal::trace::escape;
use postseal::verify::TrustAnchors;
use postseal_host::{Expiring, Host};
use serde_json::json;
use std::sync::Arc;

/// Days that a report has parts for, unless others are said.
const DAYS: [u16; 3] = [30, 60, 90];

/// Prints one part for each number of days: what ends within it and not within the one before.
pub(super) fn run(shared: &Shared, session: &Session<'_>, days: &[u16]) -> Result<(), Failure> {
    let mut parts = if days.is_empty() { DAYS.to_vec() } else { days.to_vec() };
    parts.sort_unstable();
    parts.dedup();
    let host = Host::new(Engine::new(TrustAnchors::default())).with_store(session.store_to_read()?);
    let most = parts.last().copied().unwrap_or_default();
    let mut lines: Vec<Vec<String>> = vec![Vec::new(); parts.len()];
    host.expiring(&session.tenant(), session.now(), i64::from(most), &mut |expiring| {
        let part = parts.iter().position(|days| expiring.days < i64::from(*days));
        let (Some(at), text) = (part, if shared.json { json_of(&expiring) } else { text(&expiring) }) else { return };
        lines.get_mut(at).into_iter().for_each(|lines| lines.push(text.clone()));
    })?;
    for (days, lines) in parts.iter().zip(lines) {
        if !shared.json {
            output::line(&format!("within {days} days: {}", lines.len()));
        }
        lines.iter().for_each(|line| if shared.json { output::whole(line) } else { output::line(line) });
    }
    Ok(())
}

fn text(expiring: &Expiring) -> String {
    let certificate = &expiring.stored.certificate;
    let successor = if expiring.has_successor { "  has a successor" } else { "" };
    let (fingerprint, state) = (short(&certificate.fingerprint()), expiring.state.name());
    let (address, until) = (escape(expiring.address.as_str()), day(certificate.not_after()));
    format!("  {fingerprint} {state:<10} {address} until {until}, {} days{successor}", expiring.days)
}

fn json_of(expiring: &Expiring) -> String {
    let certificate = &expiring.stored.certificate;
    json!({
        "address": expiring.address.as_str(), "state": expiring.state.name(), "days": expiring.days,
        "fingerprint": certificate.fingerprint().to_string(), "not_after": certificate.not_after().to_string(),
        "has_successor": expiring.has_successor,
    })
    .to_string()
}

/// Removes what ended so many days ago.
pub(super) fn purge(shared: &Shared, session: &Session<'_>, ended: Option<u32>, dry_run: bool) -> Result<(), Failure> {
    let unsaid = || Failure::usage("give --ended DAYS, or ended_days in [retention] of the configuration");
    let days = ended.or_else(|| session.config.retention_days()).ok_or_else(unsaid)?;
    let now = session.now();
    let mut host = Host::new(Engine::new(TrustAnchors::default()));
    host = if dry_run {
        host.with_store(session.store_to_read()?)
    } else {
        host.with_store(session.store()?).with_tracer(Arc::new(session.tracer()?))
    };
    let by = if ended.is_some() { super::operator() } else { "retention".to_owned() };
    let purged = host.purge(&session.tenant(), now.plus_days(i64::from(days).saturating_neg()), &by, now, dry_run)?;
    if shared.json {
        output::json(&json!({ "removed": purged.removed, "busy": purged.busy, "dry_run": dry_run }));
    } else {
        let would = if dry_run { "would remove" } else { "removed" };
        output::line(&format!("{would} {} certificates that ended {days} days ago or earlier", purged.removed));
        if purged.busy > 0 {
            output::line(&format!("{} were being changed by somebody else; the next purge removes them", purged.busy));
        }
    }
    Ok(())
}
