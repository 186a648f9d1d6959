//! Renewals and candidates: a certificate follows its own line by itself, and one that contradicts it waits for a person.
//!
//! `cargo run -p postseal-examples --bin renewals-and-held`

use postseal::cert::Fingerprint;
use postseal::import::Context;
use postseal::store::{Decision, State, Tenant};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Engine, UnixTime};
use postseal_host::Host;
use postseal_testkit::MemoryStore;
use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
use std::error::Error;
use std::sync::Arc;

fn main() -> Result<(), Box<dyn Error>> {
    // Two CAs that the tenant trusts, and people for the sake of the example.
    let (root, other) = (Authority::root("Root", Key::P256(1)), Authority::root("Another Root", Key::P256(9)));
    let anchors = TrustAnchors::from_pem(format!("{}{}", root.pem(), other.pem()).as_bytes(), &Limits::default())?;
    let host = Host::new(Engine::new(anchors)).with_store(Arc::new(MemoryStore::new()));
    let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").ok_or("not a time")?;

    let alice = root.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(2)));
    let renewed = root.issue(&alice.renewal(["2026-05-01T00:00:00Z", "2037-01-01T00:00:00Z"], None));
    // Somebody whom another CA certified for the same mailbox: Alice after a move, or an attacker.
    let rival = other.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(6)));
    for (what, person) in [("first contact", &alice), ("her renewal", &renewed), ("another CA's", &rival)] {
        let mail = SignedMail::new("Alice <alice@goal.example>", person).build();
        let report = host.import_mail(&mail, Context::new(now), &|| false)?;
        println!("{what}: {}", report.outcome.name());
    }

    // What an operator sees, and does. `entry` is what he looked at: if it changes meanwhile, he is told so.
    for entry in host.entries(&Tenant::default())? {
        let held = entry.certs.iter().find(|(_, state)| *state == State::Held);
        let Some((candidate, _)) = held else { continue };
        let fingerprint: Fingerprint = candidate.certificate.fingerprint();
        println!("{} waits: {fingerprint} until {}", entry.address.as_str(), candidate.certificate.not_after());
        host.decide(&Tenant::default(), &entry, fingerprint, Decision::Reject, "admin", now)?;
    }
    let mail = SignedMail::new("Alice <alice@goal.example>", &rival).build();
    let report = host.import_mail(&mail, Context::new(now), &|| false)?;
    println!("the same again: {} ({})", report.outcome.name(), report.error.ok_or("no reason")?.code());
    Ok(())
}
