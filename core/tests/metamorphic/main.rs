//! What must stay true of a verdict when a mail, the clock, the anchors or the answers change: no verdict is known beforehand,
//! only how two of them must lie to each other.
//!
//! Cases are drawn from a fixed seed, so that a failure comes again; `POSTSEAL_CASES` says how many of each property.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "test code"
)]

mod author;
mod bag;
mod clock;
mod element;
mod flips;
mod machine;
mod signers;
mod trust;

use postseal::cert::SubjectEmail;
use postseal::import::{Context, Outcome, Report};
use postseal::store::{CertStore as _, Tenant};
use postseal::verify::{Limits, Profile, TrustAnchors};
use postseal::{Engine, UnixTime};
use postseal_testkit::MemoryStore;
use postseal_testkit::factory::{Authority, CertSpec, Key, Person};
use proptest::test_runner::{Config, RngSeed, TestRunner};

const ALICE: &str = "alice@goal.example";
const FROM: &str = "Alice <alice@goal.example>";
const NOW: &str = "2026-06-01T00:00:00Z";

fn at(text: &str) -> UnixTime {
    UnixTime::from_rfc3339(text).unwrap()
}

fn root() -> Authority {
    Authority::root("Root", Key::P256(9))
}

fn anchors(authorities: &[&Authority]) -> TrustAnchors {
    let pem: String = authorities.iter().map(|authority| authority.pem()).collect();
    TrustAnchors::from_pem(pem.as_bytes(), &Limits::default()).unwrap()
}

fn engine() -> Engine {
    postseal_testkit::engine(anchors(&[&root()]))
}

fn alice() -> Person {
    root().issue(&CertSpec::mailbox(ALICE, Key::P256(1)))
}

/// A runner whose cases follow from the name of the property.
fn runner(name: &str, cases: u32) -> TestRunner {
    let wanted = std::env::var("POSTSEAL_CASES").ok().and_then(|cases| cases.parse().ok());
    let seed = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |seed: u64, octet| (seed ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3));
    TestRunner::new(Config {
        cases: wanted.unwrap_or(cases),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Config::default()
    })
}

/// Imports into an empty store; the report must say of it what is in it.
fn import(engine: &Engine, mail: &[u8], now: UnixTime) -> Report {
    let store = MemoryStore::new();
    let report = engine.import_mail(mail, Context::new(now), &store, &()).unwrap();
    let entries = store.entries(&Tenant::default()).unwrap();
    assert_eq!(report.outcome == Outcome::Imported, entries.len() == 1, "{report:?}");
    let subject_email = match engine.profile() {
        Profile::Legacy => SubjectEmail::WhenNoMailboxInSan,
        _ => SubjectEmail::Ignore,
    };
    for entry in entries {
        let (stored, _) = &entry.certs[0];
        let mailboxes = stored.certificate.mailboxes(subject_email, engine.limits()).unwrap();
        assert!(mailboxes.contains(&entry.address), "the store has an address that is not in the certificate");
        assert_eq!(report.fingerprint, Some(stored.certificate.fingerprint()));
        assert_eq!(report.address.as_ref().map(|address| address.expose().key()), Some(entry.address.key()));
    }
    report
}
