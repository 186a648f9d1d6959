use crate::args::{CertsCommand, Chosen, Shared};
use crate::failure::Failure;
use crate::output::{self, day, short};
use crate::session::Session;
use base64::Engine as _;
use postseal::cert::StoredCert;
use postseal::store::{Decision, Entry, State};
use postseal::trace::escape;
use postseal::verify::TrustAnchors;
use postseal::{Address, Code, Engine, Error, Fingerprint};
use postseal_host::Host;
use serde_json::{Value, json};
use std::fmt::Display;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Lists, shows, exports, and records what an operator decides.
pub(crate) fn run(shared: &Shared, command: &CertsCommand) -> Result<ExitCode, Failure> {
    let session = Session::new(shared)?;
    let entries = session.store_to_read()?.entries(&session.tenant()).map_err(Failure::input)?;
    match command {
        CertsCommand::List => each(&entries, |entry, stored, state| list(shared, entry, stored, state)),
        CertsCommand::Show(chosen) => {
            let (entry, stored, state) = choose(&entries, chosen)?;
            show(shared, entry, stored, state);
        }
        CertsCommand::Export { address } => export(&entries, address.as_deref())?,
        CertsCommand::Add { file } => add(shared, &session, file)?,
        CertsCommand::Approve(chosen) => decide(&session, &entries, chosen, Decision::Approve)?,
        CertsCommand::Reject(chosen) => decide(&session, &entries, chosen, Decision::Reject)?,
        CertsCommand::Pin(chosen) => decide(&session, &entries, chosen, Decision::Pin)?,
        CertsCommand::Disable(chosen) => decide(&session, &entries, chosen, Decision::Disable)?,
        CertsCommand::Remove(chosen) => decide(&session, &entries, chosen, Decision::Remove)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn each(entries: &[Entry], mut work: impl FnMut(&Entry, &StoredCert, State)) {
    for entry in entries {
        for (stored, state) in &entry.certs {
            work(entry, stored, *state);
        }
    }
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
        "source": stored.source.name(),
        "imported_at": stored.imported_at.to_string(),
        "issuers": stored.issuers.iter().map(|issuer| issuer.fingerprint().to_string()).collect::<Vec<_>>(),
        "capabilities": stored.capabilities.is_some(),
    })
}

fn show(shared: &Shared, entry: &Entry, stored: &StoredCert, state: State) {
    if shared.json {
        return output::json(&json(entry, stored, state));
    }
    let certificate = &stored.certificate;
    output::line(&format!("address      {}", escape(entry.address.as_str())));
    output::line(&format!("state        {}", state.name()));
    output::line(&format!("fingerprint  {}", certificate.fingerprint()));
    output::line(&format!("validity     {} to {}", certificate.not_before(), certificate.not_after()));
    output::line(&format!("subject      {}", certificate.subject_text()));
    output::line(&format!("issuer       {}", certificate.issuer_text()));
    output::line(&format!("source       {}, {}", stored.source.name(), stored.imported_at));
    for issuer in &stored.issuers {
        output::line(&format!("path         {} {}", short(&issuer.fingerprint()), issuer.subject_text()));
    }
}

/// The one certificate whose fingerprint begins like this.
fn choose<'a>(entries: &'a [Entry], chosen: &Chosen) -> Result<(&'a Entry, &'a StoredCert, State), Failure> {
    let prefix = chosen.fingerprint.to_ascii_lowercase();
    let address = parse(chosen.address.as_deref())?;
    let of_address = |entry: &&Entry| address.as_ref().is_none_or(|address| *address == entry.address);
    let all = entries
        .iter()
        .filter(of_address)
        .flat_map(|entry| entry.certs.iter().map(move |(stored, state)| (entry, stored, *state)));
    let mut matching = all.filter(|(_, stored, _)| stored.certificate.fingerprint().to_string().starts_with(&prefix));
    let first = matching.next().ok_or_else(|| Failure::usage(format_args!("{prefix}: no such certificate")))?;
    if let Some((entry, stored, _)) = matching.next() {
        if stored.certificate.fingerprint() == first.1.certificate.fingerprint() {
            let (one, two) = (escape(first.0.address.as_str()), escape(entry.address.as_str()));
            return Err(Failure::usage(format_args!("{prefix}: filed under {one} and {two}; choose with --address")));
        }
        return Err(Failure::usage(format_args!("{prefix}: more than one certificate begins like this")));
    }
    Ok(first)
}

fn parse(address: Option<&str>) -> Result<Option<Address>, Failure> {
    let parsed = address.map(Address::parse).transpose();
    parsed.map_err(|error| Failure::usage(format_args!("{:?}: {error}", address.unwrap_or_default())))
}

/// Certificates in use as PEM (RFC 7468), each with a line that says whose it is.
fn export(entries: &[Entry], address: Option<&str>) -> Result<(), Failure> {
    let wanted = parse(address)?;
    for entry in entries.iter().filter(|entry| wanted.as_ref().is_none_or(|wanted| *wanted == entry.address)) {
        for (stored, _) in entry.certs.iter().filter(|(_, state)| state.is_in_use()) {
            output::line(&format!("# {} {}", escape(entry.address.as_str()), stored.certificate.fingerprint()));
            output::line("-----BEGIN CERTIFICATE-----");
            let text = base64::engine::general_purpose::STANDARD.encode(stored.certificate.der());
            for line in text.as_bytes().chunks(64) {
                output::line(&String::from_utf8_lossy(line));
            }
            output::line("-----END CERTIFICATE-----");
        }
    }
    Ok(())
}

/// Checks the certificate for every mailbox that it names before anything is stored.
fn add(shared: &Shared, session: &Session<'_>, file: &Path) -> Result<(), Failure> {
    let wrong = |error: &dyn Display| Failure::input(format_args!("{}: {error}", file.display()));
    let octets = fs::read(file).map_err(|error| wrong(&error))?;
    let refused = |error: Error| wrong(&format_args!("{}: {}", error.code().name(), error.code().sentence()));
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

fn decide(session: &Session<'_>, entries: &[Entry], chosen: &Chosen, decision: Decision) -> Result<(), Failure> {
    let (entry, stored, state) = choose(entries, chosen)?;
    let fingerprint = stored.certificate.fingerprint();
    let host = Host::new(Engine::new(TrustAnchors::default()));
    let host = host.with_store(session.store()?).with_tracer(Arc::new(session.tracer()?));
    let decided = host.decide(&session.tenant(), entry, fingerprint, decision, &operator(), session.now());
    decided.map_err(|error| match error.code() {
        Code::StoreContended => Failure::input("the entry changed in the meantime; look at it again"),
        _ => Failure::input(error),
    })?;
    say(entry, fingerprint, state, decision);
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
