//! Candidates beside what is in use.

use super::search;
use crate::args::{ListOptions, Shared};
use crate::failure::Failure;
use crate::output;
use postseal::Code;
use postseal::cert::StoredCert;
use postseal::store::{CertStore, Entry, State, Tenant};
use postseal::trace::escape;
use serde_json::{Value, json};

/// Shows each candidate that waits, with the certificate that it contradicts.
pub(super) fn run(shared: &Shared, store: &dyn CertStore, tenant: &Tenant) -> Result<(), Failure> {
    let options = ListOptions { state: vec![State::Held], ..ListOptions::default() };
    search::for_each(store, tenant, &options, &mut |entry, candidate, _| {
        let in_use = entry.active();
        if shared.json {
            output::json(&json!({
                "address": entry.address.as_str(),
                "code": why(entry).name(),
                "differs": in_use.map(|in_use| differs(candidate, in_use)),
                "candidate": json_of(candidate),
                "in_use": in_use.map(json_of),
            }));
        } else {
            text(entry, candidate, in_use);
        }
    })
}

/// Why a candidate of this entry waits, as the store decision has it.
fn why(entry: &Entry) -> Code {
    if entry.certs.iter().any(|(_, state)| state.is_in_use()) {
        Code::CertificateConflict
    } else {
        Code::AddressDecided
    }
}

fn facts(stored: &StoredCert) -> [(&'static str, String); 8] {
    let certificate = &stored.certificate;
    [
        ("fingerprint", certificate.fingerprint().to_string()),
        ("subject", certificate.subject_text()),
        ("issuer", certificate.issuer_text()),
        ("issuer key", stored.issuer_key.to_string()),
        ("key", certificate.key_text()),
        ("from", certificate.not_before().to_string()),
        ("until", certificate.not_after().to_string()),
        ("came", format!("{} by {}", stored.imported_at, stored.source.name())),
    ]
}

/// What an operator should look at first.
fn differs(candidate: &StoredCert, in_use: &StoredCert) -> Vec<&'static str> {
    let same_key = candidate.certificate.public_key_info() == in_use.certificate.public_key_info();
    let parts = facts(candidate).into_iter().zip(facts(in_use));
    let names = ["subject", "issuer", "issuer key"];
    let mut differing: Vec<_> = parts
        .filter(|((name, one), (_, other))| names.contains(name) && one != other)
        .map(|((name, _), _)| name)
        .collect();
    if !same_key {
        differing.push("public key");
    }
    differing
}

fn json_of(stored: &StoredCert) -> Value {
    let facts = facts(stored).into_iter().map(|(name, value)| (name.replace(' ', "_"), Value::String(value)));
    Value::Object(facts.collect())
}

fn text(entry: &Entry, candidate: &StoredCert, in_use: Option<&StoredCert>) {
    let code = why(entry);
    output::line(&format!("{}  {code}: {}", escape(entry.address.as_str()), code.sentence()));
    match in_use {
        None => output::line("  nothing is in use for this address"),
        Some(in_use) => output::line(&format!("  differs      {}", differs(candidate, in_use).join(", "))),
    }
    let beside = in_use.map(facts);
    for (at, (name, value)) in facts(candidate).into_iter().enumerate() {
        let other = beside.as_ref().and_then(|facts| facts.get(at)).map(|(_, other)| other);
        output::line(&format!("  {name:<11}  candidate {value}"));
        if let Some(other) = other {
            let mark = if *other == value { "   same   " } else { "   in use " };
            output::line(&format!("  {:<11} {mark} {other}", ""));
        }
    }
}
