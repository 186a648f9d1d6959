//! The attack corpus: 0 wrong imports, 0 missed good mails, whatever the order.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

use postseal::import::{Context, Outcome};
use postseal::store::{CertStore, State, Tenant};
use postseal_testkit::MemoryStore;
use postseal_testkit::corpus::{Case, Expected, attacks};

/// Mailboxes that have an active certificate.
fn active(store: &dyn CertStore) -> Vec<String> {
    let entries = store.entries(&Tenant::default()).unwrap();
    let kept = entries.into_iter().filter(|entry| entry.active().is_some());
    kept.map(|entry| entry.address.key().to_owned()).collect()
}

// hardening: D1
#[test]
fn every_case_on_an_empty_store_has_its_verdict() {
    let mut wrong = Vec::new();
    let mut counts = [0, 0, 0];
    for case in attacks() {
        let store = MemoryStore::new();
        let report = case.engine().import_mail(&case.mail, Context::new(case.verify_at), &store, &()).unwrap();
        let imported = active(&store);
        let line = format!("{}: {:?} {:?} {imported:?}", case.name, report.outcome, report.error);
        let allowed = imported.iter().all(|address| case.import_for.contains(address));
        let forbidden = imported.iter().any(|address| case.must_never_import_for.contains(address));
        let right = match case.expected {
            Expected::MayImport => report.outcome == Outcome::Imported && imported.len() == 1,
            Expected::MustNotImport => imported.is_empty(),
            Expected::Either => true,
        };
        let allowed = allowed || case.expected == Expected::Either;
        if !right || !allowed || forbidden {
            wrong.push(line);
        }
        counts[usize::from(report.outcome == Outcome::Imported)] += 1;
        counts[2] += 1;
    }
    println!("{} cases: {} imported, {} not", counts[2], counts[1], counts[0]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Imports all cases into one store in the given order; nothing wrong may be active afterwards, and every good mail must
/// have been taken notice of.
fn into_one_store<'a>(cases: impl Iterator<Item = &'a Case>) {
    let store = MemoryStore::new();
    for case in cases {
        let report = case.engine().import_mail(&case.mail, Context::new(case.verify_at), &store, &()).unwrap();
        let noticed =
            matches!(report.outcome, Outcome::Imported | Outcome::Renewed | Outcome::AlreadyKnown | Outcome::Held)
                || report.error.is_some_and(|error| error.code() == postseal::Code::OlderThanActive);
        if case.expected == Expected::MayImport {
            assert!(noticed, "{}: {:?} {:?}", case.name, report.outcome, report.error);
        }
        if case.expected == Expected::MustNotImport {
            assert!(!noticed, "{}: {:?}", case.name, report.outcome);
        }
        if let Some(address) = &report.address
            && matches!(report.outcome, Outcome::Imported | Outcome::Renewed)
            && case.expected != Expected::Either
        {
            assert!(case.import_for.iter().any(|allowed| allowed == address.expose().key()), "{}", case.name);
        }
    }
    for entry in store.entries(&Tenant::default()).unwrap() {
        assert!(entry.certs.iter().filter(|(_, state)| *state == State::Active).count() <= 1);
    }
}

// hardening: D1
#[test]
fn one_shared_store_takes_nothing_wrong_in_any_order() {
    let cases = attacks();
    into_one_store(cases.iter());
    into_one_store(cases.iter().rev());
    // Strides that have no factor in common with the number of cases visit every one.
    for stride in [7, 31, 53, 101] {
        assert_ne!(cases.len() % stride, 0);
        into_one_store((0..cases.len()).map(|index| &cases[index * stride % cases.len()]));
    }
}
