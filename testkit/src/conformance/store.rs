//! What every store does.

use crate::factory::{Authority, CertSpec, Key, SignedMail};
use postseal::import::{Ask, Context, Outcome};
use postseal::operation::{Operation as _, Step};
use postseal::query::{FindStored, PutStored};
use postseal::store::{CertStore, Change, Decision, Entry, PutOutcome, State, Tenant, Version};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Engine, UnixTime};

/// Runs the whole suite. `make` gives an empty store each time it is called.
///
/// # Panics
/// When the store does not behave.
///
/// ```
/// use postseal_testkit::{MemoryStore, conformance};
/// conformance::store(&|| Box::new(MemoryStore::new()));
/// ```
pub fn store(make: &dyn Fn() -> Box<dyn CertStore>) {
    absent_addresses_have_entries_in_order(&*make());
    a_change_on_an_old_version_is_a_conflict(&*make());
    what_was_stored_comes_back_whole(&*make());
    tenants_are_apart(&*make());
    addresses_are_compared_as_the_engine_does(&*make());
    removal_keeps_the_version(&*make());
    one_of_many_writers_wins(&*make());
    one_of_two_persons_wins_and_the_other_one_waits(&*make());
    what_is_put_together_is_told_one_by_one(&*make());
    many_writers_lose_nothing(&*make());
}

pub(super) fn now() -> UnixTime {
    UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap()
}

pub(super) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// A mail of this mailbox's person number `person`: another subject and another key for each.
fn mail(mailbox: &str, person: u8) -> (Engine, Vec<u8>) {
    let root = Authority::root("Conformance Root", Key::P256(1));
    let ca = root.authority("Conformance CA", Key::P256(2));
    let mut spec = CertSpec::mailbox(mailbox, Key::P256(100 + u64::from(person)));
    spec.subject = format!("Person {person}");
    let mail = SignedMail::new(mailbox, &ca.issue(&spec)).with_authority(&ca).build();
    (crate::engine(TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap()), mail)
}

pub(super) fn learn(store: &dyn CertStore, tenant: &str, mailbox: &str) -> Outcome {
    learn_at(store, tenant, mailbox, now())
}

pub(super) fn learn_at(store: &dyn CertStore, tenant: &str, mailbox: &str, now: UnixTime) -> Outcome {
    learn_person(store, tenant, mailbox, 0, now)
}

pub(super) fn learn_person(store: &dyn CertStore, tenant: &str, mailbox: &str, person: u8, now: UnixTime) -> Outcome {
    let (engine, mail) = mail(mailbox, person);
    engine.import_mail(&mail, Context::new(now).tenant(Tenant::new(tenant)), store, &()).unwrap().outcome
}

/// What an import asks of a store that does not know the mailbox.
pub(super) fn asked(tenant: &str, mailbox: &str, person: u8) -> PutStored {
    let (engine, mail) = mail(mailbox, person);
    let mut import = engine.import(&mail, Context::new(now()).tenant(Tenant::new(tenant)));
    loop {
        match import.poll(&()).unwrap() {
            Step::Ask(Ask::FindStored(pending)) => {
                let absent = pending.query().addresses.iter().cloned().map(Entry::absent).collect();
                import.handle(pending.answer(Ok(absent))).unwrap();
            }
            Step::Ask(Ask::PutStored(pending)) => return pending.query().clone(),
            other => panic!("{other:?}"),
        }
    }
}

pub(super) fn find(store: &dyn CertStore, tenant: &str, mailbox: &str) -> Entry {
    store.find(&FindStored::new(Tenant::new(tenant), vec![address(mailbox)])).unwrap().remove(0)
}

fn absent_addresses_have_entries_in_order(store: &dyn CertStore) {
    learn(store, "t", "b@goal.example");
    let asked: Vec<_> = ["c@goal.example", "b@goal.example", "a@goal.example"].map(address).to_vec();
    let entries = store.find(&FindStored::new(Tenant::new("t"), asked.clone())).unwrap();
    assert_eq!(
        entries.iter().map(|entry| entry.address.clone()).collect::<Vec<_>>(),
        asked,
        "one entry each, in order"
    );
    assert_eq!(entries.iter().map(|entry| entry.certs.len()).collect::<Vec<_>>(), [0, 1, 0]);
    assert_eq!(entries[0].version, Version::ABSENT);
}

fn a_change_on_an_old_version_is_a_conflict(store: &dyn CertStore) {
    learn(store, "t", "a@goal.example");
    let entry = find(store, "t", "a@goal.example");
    let fingerprint = entry.certs[0].0.certificate.fingerprint();
    let change = Change::Decide { fingerprint, decision: Decision::Pin };
    let put = |version| {
        let query = PutStored::new(Tenant::new("t"), address("a@goal.example"), version, change.clone());
        store.put(&query).unwrap()
    };
    assert_eq!(put(Version::ABSENT), PutOutcome::Conflict(entry.clone()));
    assert_eq!(put(entry.version), PutOutcome::Stored);
    let pinned = find(store, "t", "a@goal.example");
    assert_eq!((pinned.version, pinned.certs[0].1), (entry.version.next(), State::Pinned));
    assert_eq!(put(entry.version), PutOutcome::Conflict(pinned));
}

fn what_was_stored_comes_back_whole(store: &dyn CertStore) {
    let reference = crate::MemoryStore::new();
    for store in [store, &reference] {
        assert_eq!(learn(store, "t", "a@goal.example"), Outcome::Imported);
    }
    let entry = find(store, "t", "a@goal.example");
    assert_eq!(entry, find(&reference, "t", "a@goal.example"));
    assert_eq!(entry.certs[0].0.issuers.len(), 1, "the path material is kept");
    assert!(entry.certs[0].0.capabilities.is_some(), "the capabilities are kept");
    assert_eq!(store.entries(&Tenant::new("t")).unwrap(), [entry]);
}

fn tenants_are_apart(store: &dyn CertStore) {
    learn(store, "one", "a@goal.example");
    assert!(find(store, "two", "a@goal.example").certs.is_empty());
    assert!(store.entries(&Tenant::new("On")).unwrap().is_empty());
    assert_eq!(learn(store, "two", "a@goal.example"), Outcome::Imported);
    assert_eq!(store.entries(&Tenant::new("one")).unwrap().len(), 1);
}

fn addresses_are_compared_as_the_engine_does(store: &dyn CertStore) {
    learn(store, "t", "Alice@GOAL.example");
    let entry = find(store, "t", "alice@goal.example");
    assert_eq!((entry.certs.len(), entry.address.as_str()), (1, "Alice@GOAL.example"));
    assert!(find(store, "t", "alice+tag@goal.example").certs.is_empty());
}

fn removal_keeps_the_version(store: &dyn CertStore) {
    learn(store, "t", "a@goal.example");
    let entry = find(store, "t", "a@goal.example");
    let fingerprint = entry.certs[0].0.certificate.fingerprint();
    let change = Change::Decide { fingerprint, decision: Decision::Remove };
    let query = PutStored::new(Tenant::new("t"), entry.address.clone(), entry.version, change);
    assert_eq!(store.put(&query).unwrap(), PutOutcome::Stored);
    let empty = find(store, "t", "a@goal.example");
    assert_eq!((empty.certs.len(), empty.version), (0, entry.version.next()));
}

fn one_of_many_writers_wins(store: &dyn CertStore) {
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..16).map(|_| scope.spawn(|| learn(store, "t", "a@goal.example"))).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Imported).count(), 1, "{outcomes:?}");
    assert!(
        outcomes.iter().all(|outcome| matches!(outcome, Outcome::Imported | Outcome::AlreadyKnown)),
        "{outcomes:?}"
    );
}

/// Two persons of one mailbox, each brought by half of the writers.
fn one_of_two_persons_wins_and_the_other_one_waits(store: &dyn CertStore) {
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let bring = |number: u8| learn_person(store, "t", "b@goal.example", number % 2, now());
        let writers: Vec<_> = (0..16).map(|number| scope.spawn(move || bring(number))).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let count = |outcome| outcomes.iter().filter(|other| **other == outcome).count();
    assert_eq!((count(Outcome::Imported), count(Outcome::AlreadyKnown), count(Outcome::Held)), (1, 7, 8));
    let entry = find(store, "t", "b@goal.example");
    let states: Vec<State> = entry.certs.iter().map(|(_, state)| *state).collect();
    assert_eq!((&states[..], entry.version), (&[State::Active, State::Held][..], Version::new(2)));
}

fn what_is_put_together_is_told_one_by_one(store: &dyn CertStore) {
    assert_eq!(store.put_all(&[]), []);
    let [alice, bob] = ["a@goal.example", "b@goal.example"].map(|mailbox| asked("t", mailbox, 0));
    let (contrary, foreign) = (asked("t", "a@goal.example", 1), asked("u", "a@goal.example", 1));
    let fingerprint = alice.change.learned().unwrap().certificate().fingerprint();
    let change = Change::Decide { fingerprint, decision: Decision::Pin };
    let pin = PutStored::new(Tenant::new("t"), address("a@goal.example"), Version::new(1), change);
    let outcomes = store.put_all(&[&alice, &bob, &contrary, &foreign, &pin, &bob]);
    let outcomes: Vec<PutOutcome> = outcomes.into_iter().map(Result::unwrap).collect();
    let [first, second, PutOutcome::Conflict(seen), third, fourth, PutOutcome::Conflict(again)] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert!([first, second, third, fourth].iter().all(|outcome| **outcome == PutOutcome::Stored), "{outcomes:?}");
    assert_eq!((seen.version, seen.state_of(&fingerprint)), (Version::new(1), Some(State::Active)), "as it was then");
    assert_eq!(*again, find(store, "t", "b@goal.example"));
    let stored = find(store, "t", "a@goal.example");
    assert_eq!((stored.version, stored.state_of(&fingerprint)), (Version::new(2), Some(State::Pinned)));
    assert_eq!(find(store, "u", "a@goal.example").certs.len(), 1);
}

/// Sixteen write entries of their own, and all of them one that they share.
fn many_writers_lose_nothing(store: &dyn CertStore) {
    learn(store, "t", "shared@goal.example");
    let turn = |mut entry: Entry| {
        loop {
            let (stored, state) = &entry.certs[0];
            let fingerprint = stored.certificate.fingerprint();
            let decision = if *state == State::Active { Decision::Hold } else { Decision::Approve };
            let change = Change::Decide { fingerprint, decision };
            let query = PutStored::new(Tenant::new("t"), entry.address.clone(), entry.version, change);
            match store.put(&query).unwrap() {
                PutOutcome::Stored => return,
                PutOutcome::Conflict(now) => {
                    assert!(now.version > entry.version);
                    entry = now;
                }
                other @ PutOutcome::OverQuota(_) => panic!("{other:?}"),
            }
        }
    };
    let write = &|writer: u8| {
        let own = asked("t", &format!("own{writer}@goal.example"), writer);
        turn(find(store, "t", "shared@goal.example"));
        assert_eq!(store.put(&own).unwrap(), PutOutcome::Stored);
        turn(find(store, "t", "shared@goal.example"));
        let entry = find(store, "t", &format!("own{writer}@goal.example"));
        assert_eq!(PutOutcome::Conflict(entry), store.put(&own).unwrap(), "what was told is there");
    };
    std::thread::scope(|scope| (0..16).for_each(|writer| drop(scope.spawn(move || write(writer)))));
    assert_eq!(find(store, "t", "shared@goal.example").version, Version::new(33), "each turn was one change");
    assert_eq!(store.entries(&Tenant::new("t")).unwrap().len(), 17);
}
