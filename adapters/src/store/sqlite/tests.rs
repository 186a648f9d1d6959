//! What becomes of changes that several threads bring while somebody works, seen in the file.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

use super::{SqliteStore, patiently};
use postseal::drive::{self, Lookup};
use postseal::import::{Ask, Context, Outcome};
use postseal::operation::{Operation as _, Step};
use postseal::query::{FindStored, PutStored, Unavailable};
use postseal::store::{CertStore, Change, Decision, Entry, ManagedStore, PutOutcome, Quota, Quotas, Tenant, Version};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, PerRoute, UnixTime, resolve};
use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail, extension};
use rusqlite::Connection;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, thread};

/// What imports of so many new senders ask of a store that knows none of them.
fn changes(count: u64) -> Vec<PutStored> {
    let root = Authority::root("Root", Key::P256(1));
    let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
    let engine = postseal_testkit::engine(anchors);
    let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    let change = |number: u64| {
        let mailbox = format!("p{number}@goal.example");
        let mail = SignedMail::new(&mailbox, &root.issue(&CertSpec::mailbox(&mailbox, Key::P256(10)))).build();
        let mut import = engine.import(&mail, Context::new(now));
        loop {
            match import.poll(&()).unwrap() {
                Step::Ask(Ask::FindStored(pending)) => {
                    let absent = Entry::absent(pending.query().addresses[0].clone());
                    import.handle(pending.answer(Ok(vec![absent]))).unwrap();
                }
                Step::Ask(Ask::PutStored(pending)) => return pending.query().clone(),
                other => panic!("{other:?}"),
            }
        }
    };
    (0..count).map(change).collect()
}

/// A store in a folder of its own, and somebody else's connection to its file.
struct Scene {
    path: PathBuf,
    store: SqliteStore,
    other: Connection,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        Self::with(Quotas::default())
    }

    fn with(quotas: Quotas) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let store = SqliteStore::open(&path).unwrap().with_quotas(PerRoute::new(quotas));
        let other = Connection::open(&path).unwrap();
        Self { path, store, other, _folder: folder }
    }

    /// Each from a thread of its own: the first writes, and is held up until all others wait in this order. Gives what each was told, and
    /// how many transactions were committed.
    fn put_side_by_side(&self, puts: &[&PutStored]) -> (Vec<Result<PutOutcome, Unavailable>>, usize) {
        let before = commits(&self.path);
        self.other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let told = thread::scope(|scope| {
            let store = &self.store;
            let mut threads = Vec::new();
            for (put, waiting) in puts.iter().zip(0..) {
                threads.push(scope.spawn(move || store.put(put)));
                store.line.wait_for(waiting);
            }
            self.other.execute_batch("COMMIT").unwrap();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        (told, commits(&self.path).checked_sub(before).unwrap())
    }

    fn stored(&self) -> Vec<String> {
        let entries = self.store.entries(&Tenant::default()).unwrap();
        let local_part = |entry: &Entry| entry.address.key().split('@').next().unwrap().to_owned();
        entries.iter().map(local_part).collect()
    }
}

/// Transactions in the write-ahead log: a frame that ends one has the size of the file in its header.
fn commits(path: &Path) -> usize {
    let log = fs::read(path.with_extension("db-wal")).unwrap();
    let number = |octets: &[u8]| u32::from_be_bytes(octets[..4].try_into().unwrap());
    let Some(header) = log.get(..32) else { return 0 };
    let frame = usize::try_from(number(&header[8..])).unwrap().checked_add(24).unwrap();
    let ends = |frame: &&[u8]| frame[8..16] == header[16..24] && number(&frame[4..]) != 0;
    log[32..].chunks_exact(frame).filter(ends).count()
}

#[test]
fn what_was_stored_under_wider_limits_stays_readable() {
    let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(10));
    spec.overrides.extra_extensions =
        (0..70).map(|number| extension(&format!("2.5.30.{number}"), false, b"")).collect();
    let root = Authority::root("Root", Key::P256(1));
    let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
    let mut limits = Limits::default();
    limits.extensions = 100;
    let engine = postseal_testkit::engine(anchors).with_limits(limits);
    let (scene, now) = (Scene::new(), UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap());
    let mail = SignedMail::new("alice@goal.example", &root.issue(&spec)).build();
    for outcome in [Outcome::Imported, Outcome::AlreadyKnown] {
        assert_eq!(engine.import_mail(&mail, Context::new(now), &scene.store, &()).unwrap().outcome, outcome);
    }
    assert_eq!(scene.stored(), ["alice"]);
    let context = resolve::Context::new(now, Arc::new(()));
    let resolve = engine.resolve(vec![Address::parse("alice@goal.example").unwrap()], Vec::new(), context).unwrap();
    let resolution = drive::run(resolve, &Lookup::new(&scene.store), &(), &|| false).unwrap();
    assert_eq!(resolution.reports().next().unwrap().outcome, resolve::Outcome::Found);
}

#[test]
fn puts_of_several_threads_share_a_transaction() {
    let (scene, changes) = (Scene::new(), changes(8));
    let (told, transactions) = scene.put_side_by_side(&changes.iter().collect::<Vec<_>>());
    assert!(told.iter().all(|told| *told == Ok(PutOutcome::Stored)), "{told:?}");
    assert_eq!(transactions, 2, "one of the first alone, one of the seven who waited for it");
    assert_eq!(scene.stored().len(), 8);

    let before = commits(&scene.path);
    assert!(scene.store.put_all(&[]).is_empty());
    let told = scene.store.put_all(&changes.iter().collect::<Vec<_>>());
    assert!(
        told.iter().all(|told| matches!(told, Ok(PutOutcome::Conflict(entry)) if entry.version == Version::new(1)))
    );
    assert_eq!(commits(&scene.path), before, "nothing is written where nothing changes");
}

#[test]
fn who_is_refused_costs_those_beside_him_nothing() {
    let quotas = Quotas { new_addresses_per_domain_and_day: Some(4), ..Quotas::default() };
    let (scene, changes) = (Scene::with(quotas), changes(6));
    let [zero, one, two, three, four, five] = &changes[..] else { panic!() };
    let (told, transactions) = scene.put_side_by_side(&[zero, one, two, one, three, four, five]);
    let told: Vec<PutOutcome> = told.into_iter().map(Result::unwrap).collect();
    let PutOutcome::Conflict(seen) = &told[3] else { panic!("{told:?}") };
    assert_eq!((&seen.address, seen.version), (&one.address, Version::new(1)), "what the one before him stored");
    let over = PutOutcome::OverQuota(Quota::NewAddressesPerDomainAndDay);
    let expected = [PutOutcome::Stored, PutOutcome::Stored, PutOutcome::Stored, told[3].clone(), PutOutcome::Stored];
    assert_eq!((&told[..5], &told[5..]), (&expected[..], &[over.clone(), over][..]));
    assert_eq!((transactions, scene.stored()), (2, ["p0", "p1", "p2", "p3"].map(str::to_owned).to_vec()));
}

#[test]
fn a_change_that_cannot_be_made_fails_alone() {
    let (scene, changes) = (Scene::new(), changes(5));
    let refuse = "CREATE TRIGGER refuse AFTER INSERT ON certificate WHEN NEW.address = CAST('p2@goal.example' AS BLOB)
        BEGIN SELECT RAISE(ABORT, 'not this one'); END";
    scene.other.execute_batch(refuse).unwrap();
    let (told, transactions) = scene.put_side_by_side(&changes.iter().collect::<Vec<_>>());
    for (told, number) in told.iter().zip(0..) {
        match told {
            Err(unavailable) if number == 2 => assert!(unavailable.detail().ends_with("store.db: not this one")),
            told => assert_eq!((number != 2, told), (true, &Ok(PutOutcome::Stored))),
        }
    }
    assert_eq!(transactions, 4, "the first, and then each by itself");
    assert_eq!(scene.stored(), ["p0", "p1", "p3", "p4"]);
    scene.other.execute_batch("DROP TRIGGER refuse").unwrap();
    assert_eq!(scene.store.put(&changes[2]), Ok(PutOutcome::Stored));
}

#[test]
fn a_commit_that_fails_stores_nothing_and_is_told_to_all_who_waited_for_it() {
    let (scene, changes) = (Scene::new(), changes(5));
    // What is owed at the end of a transaction, and never paid.
    let owe = "CREATE TABLE paid (id INTEGER PRIMARY KEY);
        CREATE TABLE owed (id INTEGER REFERENCES paid DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER owe AFTER INSERT ON entry WHEN NEW.spelled = 'p2@goal.example'
            BEGIN INSERT INTO owed VALUES (1); END";
    scene.other.execute_batch(owe).unwrap();
    let all: Vec<&PutStored> = changes.iter().collect();
    let (told, transactions) = scene.put_side_by_side(&all);
    assert_eq!(told[0], Ok(PutOutcome::Stored), "his was another transaction");
    for told in &told[1..] {
        let unavailable = told.as_ref().unwrap_err();
        assert!(unavailable.detail().ends_with("store.db: FOREIGN KEY constraint failed"), "{unavailable}");
    }
    assert_eq!((transactions, scene.stored()), (1, vec!["p0".to_owned()]));

    scene.other.execute_batch("DROP TRIGGER owe").unwrap();
    let (told, transactions) = scene.put_side_by_side(&all[1..]);
    assert!(told.iter().all(|told| *told == Ok(PutOutcome::Stored)), "{told:?}");
    assert_eq!((transactions, scene.stored().len()), (2, 5));
}

#[test]
fn a_store_that_cannot_be_locked_is_told_to_all_who_waited_for_it() {
    let (scene, changes) = (Scene::new(), changes(3));
    let all: Vec<&PutStored> = changes.iter().collect();
    assert_eq!(scene.store.put(all[0]), Ok(PutOutcome::Stored));
    // As if the wait were over: the real one is ten seconds.
    let writer = &scene.store.writer;
    writer.lock().unwrap().as_ref().unwrap().busy_timeout(std::time::Duration::ZERO).unwrap();
    scene.other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for told in scene.store.put_all(&all) {
        assert!(told.unwrap_err().detail().ends_with("store.db: database is locked"));
    }
    scene.other.execute_batch("COMMIT").unwrap();
    let told = scene.store.put_all(&all[1..]);
    assert_eq!(told, [Ok(PutOutcome::Stored), Ok(PutOutcome::Stored)]);
}

#[test]
fn a_thread_that_ends_in_the_middle_of_a_transaction_stops_nobody() {
    let (scene, changes) = (Scene::new(), changes(4));
    let panics = || {
        let _held = scene.store.writer.lock().unwrap();
        panic!("as the test wants it");
    };
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    assert!(scene.store.writer.is_poisoned());
    let (told, transactions) = scene.put_side_by_side(&changes.iter().collect::<Vec<_>>());
    assert!(told.iter().all(|told| *told == Ok(PutOutcome::Stored)), "{told:?}");
    assert_eq!(transactions, 2);
}

#[test]
fn a_lock_that_is_not_waited_for_is_asked_for_again() {
    let calls = Cell::new(0_i32);
    let fail = |code: i32, times: i32| {
        calls.set(0);
        patiently(|| {
            calls.set(calls.get().wrapping_add(1));
            let error = || rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
            if calls.get() > times { Ok(calls.get()) } else { Err(error()) }
        })
    };
    assert_eq!(fail(rusqlite::ffi::SQLITE_BUSY, 3).unwrap(), 4);
    assert_eq!(fail(rusqlite::ffi::SQLITE_BUSY_RECOVERY, 1).unwrap(), 2);
    assert!(fail(rusqlite::ffi::SQLITE_IOERR, 1).is_err());
    assert_eq!(calls.get(), 1, "what is no lock is told at once");
}

#[test]
fn a_child_that_was_forked_off_has_to_open_the_store_itself() {
    let (mut scene, changes) = (Scene::new(), changes(1));
    scene.store.process = scene.store.process.wrapping_add(1);
    let said = "store.db: opened before a fork; open it in the child";
    assert!(scene.store.put(&changes[0]).unwrap_err().detail().ends_with(said));
    assert!(scene.store.entries(&Tenant::default()).unwrap_err().detail().ends_with(said));
}

#[test]
fn a_store_in_memory_outlives_what_fails_in_it() {
    let (store, changes) = (SqliteStore::open(Path::new(":memory:")).unwrap(), changes(2));
    assert_eq!(store.put(&changes[0]), Ok(PutOutcome::Stored));
    let spoil = |statement: &str| store.writer.lock().unwrap().as_ref().unwrap().execute_batch(statement).unwrap();
    spoil("CREATE TRIGGER refuse AFTER INSERT ON certificate BEGIN SELECT RAISE(ABORT, 'no'); END");
    assert!(store.put(&changes[1]).unwrap_err().detail().ends_with(": no"));
    spoil("DROP TRIGGER refuse");
    assert_eq!(store.put(&changes[1]), Ok(PutOutcome::Stored));
    assert_eq!(store.entries(&Tenant::default()).unwrap().len(), 2);
}

#[test]
fn rows_of_an_entry_stay_where_they_are_and_nobody_gets_those_of_another() {
    let (scene, changes) = (Scene::new(), changes(4));
    let [zero, one, two, three] = &changes[..] else { panic!() };
    let rows = || {
        let select = "SELECT substr(spelled, 1, 2), first_row, certificates FROM entry ORDER BY 1";
        let mut statement = scene.other.prepare(select).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        rows.map(Result::unwrap).collect::<Vec<(String, Option<i64>, i64)>>()
    };
    let row = |name: &str, room: Option<i64>| (name.to_owned(), room.map(|room| room << 20), i64::from(room.is_some()));
    let decide = |put: &PutStored, decision: Decision| {
        let find = FindStored::new(Tenant::default(), vec![put.address.clone()]);
        let entry = scene.store.find(&find).unwrap().remove(0);
        let fingerprint = entry.certs[0].0.certificate.fingerprint();
        let change = Change::Decide { fingerprint, decision };
        let put = PutStored::new(Tenant::default(), put.address.clone(), entry.version, change);
        assert_eq!(scene.store.put(&put), Ok(PutOutcome::Stored));
    };
    for put in [zero, one] {
        assert_eq!(scene.store.put(put), Ok(PutOutcome::Stored));
    }
    decide(zero, Decision::Pin);
    assert_eq!(rows(), [row("p0", Some(0)), row("p1", Some(1))]);
    decide(zero, Decision::Remove);
    assert_eq!(scene.store.put(two), Ok(PutOutcome::Stored));
    decide(one, Decision::Remove);
    decide(two, Decision::Remove);
    assert_eq!(scene.store.put(three), Ok(PutOutcome::Stored));
    assert_eq!(rows(), [row("p0", None), row("p1", None), row("p2", None), row("p3", Some(0))]);
    let gone = scene.store.find(&FindStored::new(Tenant::default(), vec![zero.address.clone()])).unwrap();
    assert!(gone[0].certs.is_empty() && gone[0].version != Version::ABSENT);
    assert_eq!(scene.store.damage().unwrap(), Vec::<String>::new());
}
