//! An archive imported side by side, beside its mails imported one by one.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "test code"
)]

use postseal::import::{Context, Outcome};
use postseal::query::{FindStored, PutStored, Unavailable};
use postseal::store::{CertStore, Entry, PutOutcome, Quotas, Tenant};
use postseal::trace::{Event, Kind};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Engine, Fingerprint, PerRoute, UnixTime};
use postseal_adapters::store::SqliteStore;
use postseal_host::{Archive, BulkOutcome, Host};
use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
use postseal_testkit::{MemoryStore, Recorder};
use std::collections::BTreeSet;
use std::env;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

fn now() -> UnixTime {
    UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap()
}

/// Mails of twenty addresses in three domains: first contacts, what is known, renewals, contradictions, and some that are not signed.
fn mails() -> (Engine, Vec<Vec<u8>>) {
    let root = Authority::root("Root", Key::P256(1));
    let mail = |number: u64| {
        let who = number * 7 % 20;
        let mailbox = format!("p{who}@corp{}.example", who % 3);
        if number % 13 == 5 {
            return format!("From: {mailbox}\r\nSubject: hello\r\n\r\nhello\r\n").into_bytes();
        }
        let mut spec = CertSpec::mailbox(&mailbox, Key::P256(10 + u64::from(number % 11 == 3)));
        spec.subject = format!("Person {}", u64::from(number % 11 == 3));
        spec.not_before = format!("202{}-01-01T00:00:00Z", 4 + number / 30);
        SignedMail::new(&mailbox, &root.issue(&spec)).build()
    };
    let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
    (postseal_testkit::engine(anchors), (0..80).map(mail).collect())
}

/// What is told and what is kept, in words.
#[derive(Debug, PartialEq)]
struct Result {
    reports: Vec<String>,
    events: Vec<Event>,
    entries: Vec<Entry>,
}

fn one_by_one(engine: &Engine, mails: &[Vec<u8>], store: Arc<dyn CertStore>) -> Result {
    let recorder = Arc::new(Recorder::default());
    let host = Host::new(engine.clone()).with_store(Arc::clone(&store)).with_tracer(recorder.clone());
    let import = |mail: &Vec<u8>| format!("{:?}", host.import_mail(mail, Context::new(now()), &|| false).unwrap());
    let reports = mails.iter().map(import).collect();
    Result { reports, events: recorder.events(), entries: store.entries(&Tenant::default()).unwrap() }
}

fn side_by_side(engine: &Engine, mails: &[Vec<u8>], store: Arc<dyn CertStore>, jobs: usize) -> Result {
    let recorder = Arc::new(Recorder::default());
    let host = Host::new(engine.clone()).with_store(Arc::clone(&store)).with_tracer(recorder.clone());
    let mut archive = Archive::default();
    mails.iter().enumerate().for_each(|(at, mail)| archive.add_mail(&at.to_string(), mail.clone()));
    let (jobs, mut reports) = (NonZeroUsize::new(jobs).unwrap(), Vec::new());
    host.import_archive(&archive, &Context::new(now()), jobs, &|_| false, &mut |imported| {
        assert_eq!((imported.at, imported.name), (reports.len(), reports.len().to_string()));
        let BulkOutcome::Reported(report) = imported.outcome else { panic!("{:?}", imported.outcome) };
        reports.push(format!("{report:?}"));
    })
    .unwrap();
    Result { reports, events: recorder.events(), entries: store.entries(&Tenant::default()).unwrap() }
}

/// Counts what comes together, and fails as it is told to.
#[derive(Debug)]
struct Watched {
    store: SqliteStore,
    most_found: AtomicUsize,
    most_put: AtomicUsize,
    /// Finds nothing for more than one address at a time.
    is_narrow: bool,
    /// An address whose rows cannot be read.
    broken: Mutex<Option<&'static str>>,
    /// Whoever brings changes so many times is gone once they are stored, as after `kill -9`.
    lives: AtomicUsize,
}

impl Watched {
    fn new(store: SqliteStore) -> Self {
        let (most_found, most_put) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let lives = AtomicUsize::new(usize::MAX);
        Self { store, most_found, most_put, is_narrow: false, broken: Mutex::new(None), lives }
    }
}

impl CertStore for Watched {
    fn find(&self, query: &FindStored) -> std::result::Result<Vec<Entry>, Unavailable> {
        self.most_found.fetch_max(query.addresses.len(), Ordering::Relaxed);
        let broken = *self.broken.lock().unwrap();
        if query.addresses.iter().any(|address| Some(address.key()) == broken) {
            return Err(Unavailable::because("unreadable"));
        }
        let mut entries = self.store.find(query)?;
        if self.is_narrow {
            entries.truncate(1);
        }
        Ok(entries)
    }

    fn put(&self, query: &PutStored) -> std::result::Result<PutOutcome, Unavailable> {
        self.store.put(query)
    }

    fn put_all(&self, queries: &[&PutStored]) -> Vec<std::result::Result<PutOutcome, Unavailable>> {
        self.most_put.fetch_max(queries.len(), Ordering::Relaxed);
        let outcomes = self.store.put_all(queries);
        assert!(self.lives.fetch_sub(1, Ordering::Relaxed) > 1, "as the test wants it");
        outcomes
    }

    fn most_together(&self) -> usize {
        self.store.most_together()
    }

    fn entries(&self, tenant: &Tenant) -> std::result::Result<Vec<Entry>, Unavailable> {
        self.store.entries(tenant)
    }
}

#[test]
fn side_by_side_is_as_one_by_one_and_waits_less_often_for_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, mails) = mails();
    let quotas = Quotas { new_addresses_per_domain_and_day: Some(5), ..Quotas::default() };
    let quotas = Quotas { certificates_per_address: Some(2), addresses_per_tenant: Some(14), ..quotas };
    for (round, quotas) in [Quotas::default(), quotas].into_iter().enumerate() {
        let open = |name: &str| {
            let store = SqliteStore::open(&folder.path().join(format!("{round}{name}.db"))).unwrap();
            store.with_quotas(PerRoute::new(quotas))
        };
        let expected = one_by_one(&engine, &mails, Arc::new(MemoryStore::new().with_quotas(quotas)));
        let refused = expected.reports.iter().filter(|report| report.contains("QuotaExceeded")).count();
        assert_eq!(refused > 0, round == 1, "the quotas are met");
        for jobs in [1, 4] {
            assert!(expected == side_by_side(&engine, &mails, Arc::new(open(&jobs.to_string())), jobs), "{jobs} jobs");
        }
        let memory = MemoryStore::new().with_quotas(quotas);
        assert!(
            expected == side_by_side(&engine, &mails, Arc::new(memory), 2),
            "a store that does one after the other"
        );

        let mut narrow = Watched::new(open("narrow"));
        narrow.is_narrow = true;
        assert!(expected == side_by_side(&engine, &mails, Arc::new(narrow), 2), "a store that does not answer in full");
    }
    // The first mail is slow to be ready, and so are others; but once twenty addresses stand in a row, some are taken together.
    let watched = Arc::new(Watched::new(SqliteStore::open(&folder.path().join("watched.db")).unwrap()));
    for _ in 0..20 {
        side_by_side(&engine, &mails, watched.clone(), 4);
    }
    assert!(watched.most_found.load(Ordering::Relaxed) > 1);
}

#[test]
fn a_row_that_cannot_be_read_defers_its_own_mails_only() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, mails) = mails();
    let watched = Arc::new(Watched::new(SqliteStore::open(&folder.path().join("store.db")).unwrap()));
    *watched.broken.lock().unwrap() = Some("p7@corp1.example");
    let result = side_by_side(&engine, &mails, watched.clone(), 4);
    let deferred = |result: &Result| {
        let name = format!("{:?}", Outcome::Deferred);
        let of = result.reports.iter().enumerate().filter(|(_, report)| report.contains(&name));
        of.map(|(at, _)| at).collect::<Vec<_>>()
    };
    // Every twentieth mail is his.
    assert_eq!(deferred(&result), [1, 21, 41, 61]);
    *watched.broken.lock().unwrap() = None;
    assert!(deferred(&side_by_side(&engine, &mails, watched, 4)).is_empty());
}

/// Fingerprints that an event says came, and those that any event of a decision names.
fn traced(events: &[Event]) -> (Vec<Fingerprint>, BTreeSet<Fingerprint>) {
    let came = events.iter().filter_map(|event| match event.kind {
        Kind::Imported { fingerprint, .. } | Kind::Renewed { fingerprint, .. } => Some(fingerprint),
        _ => None,
    });
    let came: Vec<Fingerprint> = came.collect();
    let decided = events.iter().filter_map(|event| match event.kind {
        Kind::AlreadyKnown { fingerprint } | Kind::Held { fingerprint, .. } => Some(fingerprint),
        _ => None,
    });
    let all = came.iter().copied().chain(decided).collect();
    (came, all)
}

// hardening: P2
#[test]
fn whoever_is_killed_after_the_store_was_asked_misses_few_events_and_no_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, mails) = mails();
    let expected = one_by_one(&engine, &mails, Arc::new(MemoryStore::new()));
    let mut archive = Archive::default();
    mails.iter().enumerate().for_each(|(at, mail)| archive.add_mail(&at.to_string(), mail.clone()));
    for lives in 1..5 {
        let path = folder.path().join(format!("{lives}.db"));
        let watched = Watched { lives: AtomicUsize::new(lives), ..Watched::new(SqliteStore::open(&path).unwrap()) };
        let (watched, recorder) = (Arc::new(watched), Arc::new(Recorder::default()));
        let host = Host::new(engine.clone()).with_store(watched.clone()).with_tracer(recorder.clone());
        let done = Mutex::new(BTreeSet::new());
        let run = || {
            let is_done = |digest: &[u8; 32]| done.lock().unwrap().contains(digest);
            let jobs = NonZeroUsize::new(4).unwrap();
            host.import_archive(&archive, &Context::new(now()), jobs, &is_done, &mut |imported| {
                done.lock().unwrap().insert(imported.digest.unwrap());
            })
        };
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
        let stored = |store: &Watched| {
            let certs = store.entries(&Tenant::default()).unwrap().into_iter().flat_map(|entry| entry.certs);
            certs.map(|(stored, _)| stored.certificate.fingerprint()).collect::<BTreeSet<_>>()
        };
        let (_, told) = traced(&recorder.events());
        let untold = stored(&watched).difference(&told).count();
        assert!(told.is_subset(&stored(&watched)), "nothing is traced that is not stored");
        let most = watched.most_put.load(Ordering::Relaxed);
        assert!((1..=32).contains(&untold) && untold <= most && most <= 32, "{untold} of {most}");

        watched.lives.store(usize::MAX, Ordering::Relaxed);
        run().unwrap();
        assert!(watched.entries(&Tenant::default()).unwrap() == expected.entries, "as if nothing had happened");
        let (came, told) = traced(&recorder.events());
        assert_eq!(told, stored(&watched), "each has an event");
        let (expected_came, _) = traced(&expected.events);
        let missing = expected_came.len() - came.len();
        assert!(missing <= untold, "{missing} of {untold}");
        assert_eq!(came.len(), came.iter().collect::<BTreeSet<_>>().len(), "and none is said to have come twice");
    }
}

/// Not a test of its own: imports where no thread can be had.
#[test]
fn threadless_worker() {
    if env::var_os("POSTSEAL_THREADLESS").is_none() {
        return;
    }
    assert!(std::thread::Builder::new().spawn(|| ()).is_err(), "a thread could be had");
    let (engine, mails) = mails();
    let side_by_side = side_by_side(&engine, &mails, Arc::new(MemoryStore::new()), 4);
    assert!(side_by_side == one_by_one(&engine, &mails, Arc::new(MemoryStore::new())));
    println!("all {} imported", mails.len());
}

/// In a process of its own, whose threads want a stack that no machine has.
#[test]
fn where_no_thread_can_be_had_the_import_goes_on_without() {
    let mut worker = Command::new(env::current_exe().unwrap());
    worker.args(["threadless_worker", "--exact", "--nocapture", "--test-threads=1"]);
    worker.env("POSTSEAL_THREADLESS", "1").env("RUST_MIN_STACK", (1_u64 << 60).to_string());
    let run = worker.output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains("all 80 imported"), "{said}{}", String::from_utf8_lossy(&run.stderr));
}
