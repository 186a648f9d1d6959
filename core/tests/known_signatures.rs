//! What an engine remembers of CA signatures: one check less for the next mail, and no verdict that would not be given without.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "test code"
)]

use postseal::directory::{Directories, DirectoryId};
use postseal::drive::Lookup;
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Code, Engine, PerRoute, UnixTime, import, resolve};
use postseal_testkit::factory::{Authority, AuthoritySpec, CertSpec, Key, Person, SignedMail};
use postseal_testkit::{Loan, MemoryStore, ScriptedDirectory, SeededRandom};
use std::sync::Arc;

const ALICE: &str = "alice@goal.example";
const BOB: &str = "bob@goal.example";

fn now() -> UnixTime {
    UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap()
}

fn root() -> Authority {
    Authority::root("Root", Key::P256(1))
}

fn middle() -> Authority {
    root().subordinate(&AuthoritySpec::new("Mail CA", Key::P256(2)))
}

fn person(mailbox: &str, key: u64) -> Person {
    middle().issue(&CertSpec { serial: key, ..CertSpec::mailbox(mailbox, Key::P256(key)) })
}

fn engine() -> Engine {
    let anchors = TrustAnchors::from_pem(root().pem().as_bytes(), &Limits::default()).unwrap();
    postseal_testkit::engine(anchors).with_directories(PerRoute::new(Directories::new().ask(DirectoryId::new("staff"))))
}

/// The same engine, with the work for so many signatures.
fn for_signatures(engine: &Engine, path_signatures: usize) -> Engine {
    let mut limits = engine.limits().clone();
    limits.path_signatures = path_signatures;
    engine.clone().with_limits(limits)
}

fn import(engine: &Engine, mailbox: &str, key: u64, above: &[u8]) -> Result<(), Code> {
    let mail = SignedMail::new(mailbox, &person(mailbox, key)).with_certificate(above).build();
    let report = engine.import_mail(&mail, import::Context::new(now()), &MemoryStore::new(), &()).unwrap();
    report.error.map_or(Ok(()), |error| Err(error.code()))
}

fn seal(engine: &Engine, key: u64, above: &[u8]) -> bool {
    let (alice, store) = (Address::parse(ALICE).unwrap(), MemoryStore::new());
    let loan = Loan { issuers: vec![above.to_vec()], ..Loan::of(person(ALICE, key).der().to_vec()) };
    let staff = ScriptedDirectory::new().lends_with(&alice, loan);
    let world = Lookup::new(&store).directory(DirectoryId::new("staff"), &staff);
    let context = resolve::Context::new(now(), Arc::new(()));
    engine.encrypt_mail(b"\r\nhello", vec![alice], Vec::new(), context, &world, &mut SeededRandom::new(1)).is_ok()
}

#[test]
fn the_signature_of_a_ca_is_checked_once() {
    let (engine, above) = (engine(), middle().der().to_vec());
    // That of the mail, and that of the person's certificate.
    let small = for_signatures(&engine, 2);
    assert_eq!(import(&small, ALICE, 3, &above), Err(Code::SignatureBudget));
    assert_eq!(import(&engine, ALICE, 3, &above), Ok(()));
    assert_eq!(import(&small, BOB, 4, &above), Ok(()));
}

#[test]
fn another_signature_on_the_same_ca_is_not_known() {
    let (engine, above) = (engine(), middle().der().to_vec());
    assert_eq!(import(&engine, ALICE, 3, &above), Ok(()));
    let mut forged = above;
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(import(&engine, BOB, 4, &forged), Err(Code::PathSignatureInvalid));
    // An impostor with the name of the root has signed it: the anchor has not.
    let impostor = Authority::root("Root", Key::P256(9)).subordinate(&AuthoritySpec::new("Mail CA", Key::P256(2)));
    assert_eq!(import(&engine, BOB, 4, impostor.der()), Err(Code::PathSignatureInvalid));
}

#[test]
fn nothing_is_remembered_of_what_a_directory_lends() {
    let (engine, above) = (engine(), middle().der().to_vec());
    let small = for_signatures(&engine, 1);
    assert!(seal(&engine, 3, &above));
    assert_eq!(import(&for_signatures(&engine, 2), ALICE, 3, &above), Err(Code::SignatureBudget));
    // What mail has taught helps there, too.
    assert!(!seal(&small, 3, &above));
    assert_eq!(import(&engine, ALICE, 3, &above), Ok(()));
    assert!(seal(&small, 3, &above));
}

#[test]
fn time_and_trust_are_asked_again() {
    let (engine, above) = (engine(), middle().der().to_vec());
    assert_eq!(import(&engine, ALICE, 3, &above), Ok(()));
    let mail = SignedMail::new(ALICE, &person(ALICE, 3)).with_certificate(&above).build();
    let later = UnixTime::from_rfc3339("2090-01-01T00:00:00Z").unwrap();
    let report = engine.import_mail(&mail, import::Context::new(later), &MemoryStore::new(), &()).unwrap();
    assert_eq!(report.error.map(|error| error.code()), Some(Code::CertificateExpired));
}
