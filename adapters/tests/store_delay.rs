//! Stores that somebody else holds for longer than anybody waits.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::arithmetic_side_effects,
    reason = "test code"
)]

#[cfg(feature = "postgres")]
#[path = "shared/process.rs"]
mod process;
#[cfg(feature = "postgres")]
#[path = "postgres/server.rs"]
#[allow(dead_code, reason = "its other half is for the tests of the store itself")]
mod server;

use postseal::import::{Context, Outcome, Report};
use postseal::query::FindStored;
use postseal::store::{CertStore, Tenant};
use postseal::{Address, Code};
use postseal_adapters::store::SqliteStore;
use postseal_testkit::corpus::{self, Case};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What holds the store until it is dropped.
type Hold = Box<dyn std::any::Any>;

fn case() -> Case {
    corpus::attacks().into_iter().find(|case| case.name == "ctl-detached").unwrap()
}

/// Imports while somebody holds the store; gives the report, and whether it was still held then.
///
/// It is held for `held`, or with `until_back` until the import is back, and for `held` at the most.
fn import_while_held(
    import: &dyn Fn() -> Report,
    hold: impl FnOnce() -> Hold + Send,
    held: Duration,
    until_back: bool,
) -> (Report, bool) {
    let is_free = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ((holds, is_held), (back, is_back)) = (mpsc::channel(), mpsc::channel::<()>());
        let is_free = &is_free;
        scope.spawn(move || {
            let hold = hold();
            holds.send(()).unwrap();
            let _until = is_back.recv_timeout(held);
            is_free.store(true, Ordering::SeqCst);
            drop(hold);
        });
        is_held.recv().unwrap();
        let start = Instant::now();
        let report = import();
        let was_held = !is_free.load(Ordering::SeqCst);
        eprintln!("{} after {:.1} s", report.outcome.name(), start.elapsed().as_secs_f64());
        if until_back {
            drop(back);
        } else {
            std::thread::sleep(held.saturating_sub(start.elapsed()));
            while !is_free.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(10));
            }
            drop(back);
        }
        (report, was_held)
    })
}

/// The import gives up while the store is held; `settled` returns once nobody does anything in the store any more.
fn gives_up_and_goes_on(
    store: &dyn CertStore,
    hold: impl FnOnce() -> Hold + Send,
    held: Duration,
    until_back: bool,
    settled: &dyn Fn(),
) {
    let case = case();
    let import = || case.engine().import_mail(&case.mail, Context::new(case.verify_at), store, &()).unwrap();
    let (report, was_held) = import_while_held(&import, hold, held, until_back);
    assert!(was_held, "it came back by itself");
    assert_eq!(report.outcome, Outcome::Deferred);
    assert_eq!(report.error.unwrap().code(), Code::StoreUnavailable);
    assert!(!report.unavailable.unwrap().detail().is_empty());
    settled();
    assert!(store.entries(&Tenant::default()).unwrap().is_empty(), "what was given up is not done later");
    assert_eq!([import().outcome, import().outcome], [Outcome::Imported, Outcome::AlreadyKnown]);
    let entries = store.entries(&Tenant::default()).unwrap();
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((entry.certs.len(), entry.version.number()), (1, 1));
}

/// A second connection that is about to write.
fn hold_sqlite(path: &std::path::Path) -> Hold {
    let holder = rusqlite::Connection::open(path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    Box::new(holder)
}

#[test]
#[ignore = "takes half a minute: just store-delay"]
fn sqlite_held_for_thirty_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path).unwrap();
    gives_up_and_goes_on(&store, || hold_sqlite(&path), Duration::from_secs(30), false, &|| ());
}

/// Another tenant's mail of somebody who is known, and look-ups, while an import waits for whoever holds the store.
fn who_only_reads_is_served(store: &dyn CertStore, hold: impl FnOnce() -> Hold) {
    let (case, alice) = (case(), Address::parse("alice@goal.example").unwrap());
    let import = |tenant: &str| {
        let context = Context::new(case.verify_at).tenant(Tenant::new(tenant));
        case.engine().import_mail(&case.mail, context, store, &()).unwrap().outcome
    };
    assert_eq!(import("other"), Outcome::Imported);
    std::thread::scope(|scope| {
        let hold = hold();
        let waiting = scope.spawn(|| import("waiting"));
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(import("other"), Outcome::AlreadyKnown);
        for tenant in ["other", "waiting"] {
            let query = FindStored::new(Tenant::new(tenant), vec![alice.clone()]);
            (0..100).for_each(|_| assert_eq!(store.find(&query).unwrap().len(), 1));
        }
        assert!(!waiting.is_finished(), "nobody waited");
        drop(hold);
        assert_eq!(waiting.join().unwrap(), Outcome::Imported);
    });
}

// hardening: P5
#[test]
fn look_ups_go_on_while_somebody_else_is_about_to_write_to_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    who_only_reads_is_served(&SqliteStore::open(&path).unwrap(), || hold_sqlite(&path));
}

/// Its wait is ten seconds and cannot be set; what is held for less is waited for.
#[test]
fn sqlite_held_for_a_second_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let (store, case) = (SqliteStore::open(&path).unwrap(), case());
    let import = || case.engine().import_mail(&case.mail, Context::new(case.verify_at), &store, &()).unwrap();
    let (report, was_held) = import_while_held(&import, || hold_sqlite(&path), Duration::from_secs(1), false);
    assert_eq!((report.outcome, was_held), (Outcome::Imported, false));
    assert_eq!(import().outcome, Outcome::AlreadyKnown);
}

#[cfg(feature = "postgres")]
mod postgres {
    use super::{Hold, gives_up_and_goes_on, who_only_reads_is_served};
    use crate::server::Postgres;
    use postseal_adapters::store::PostgresStore;
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Child, Command, Stdio};
    use std::time::Duration;

    /// With this lock others may read and not write.
    const WRITES: &str = "EXCLUSIVE";
    /// With this one they may do neither.
    const EVERYTHING: &str = "ACCESS EXCLUSIVE";

    struct Session(Child);

    impl Drop for Session {
        fn drop(&mut self) {
            // Its transaction ends with its input.
            drop(self.0.stdin.take());
            let _ended = self.0.wait();
        }
    }

    fn hold(server: &Postgres, database: &str, lock: &str) -> Hold {
        let mut psql = Command::new("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-h"]);
        psql.arg(server.folder.path().join("run")).args(["-p", &server.port.to_string()]);
        let mut session = Session(psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
        let input = session.0.stdin.as_mut().unwrap();
        writeln!(input, "BEGIN; LOCK TABLE postseal.entry IN {lock} MODE; SELECT 'held';").unwrap();
        let mut line = String::new();
        BufReader::new(session.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "held\n");
        Box::new(session)
    }

    /// The wait of the store, or its own; with one, it is held until the import is back.
    fn held(server: &Postgres, database: &str, lock: &str, wait: Option<Duration>) {
        let setup = PostgresStore::at(&server.database(database)).unwrap();
        let setup = if let Some(wait) = wait { setup.waiting(wait) } else { setup };
        let store = setup.store().unwrap();
        store.check().unwrap();
        let busy = "SELECT count(*) FROM pg_stat_activity
            WHERE usename = 'gateway' AND datname = current_database() AND state <> 'idle'";
        let settled = || {
            while server.sql(database, busy) != "0" {
                std::thread::sleep(Duration::from_millis(50));
            }
        };
        let longest = Duration::from_secs(30);
        gives_up_and_goes_on(&store, || hold(server, database, lock), longest, wait.is_some(), &settled);
    }

    #[test]
    #[ignore = "takes half a minute: just store-delay"]
    fn postgresql_whose_writers_wait_for_thirty_seconds() {
        let Some(server) = Postgres::start() else { return };
        held(&server, "mail", WRITES, None);
    }

    #[test]
    #[ignore = "takes half a minute: just store-delay"]
    fn postgresql_whose_readers_wait_for_thirty_seconds() {
        let Some(server) = Postgres::start() else { return };
        held(&server, "mail", EVERYTHING, None);
    }

    // hardening: P5
    #[test]
    fn look_ups_go_on_while_somebody_else_is_about_to_write_to_postgresql() {
        let Some(server) = Postgres::start() else { return };
        let store = PostgresStore::at(&server.database("mail")).unwrap().store().unwrap();
        who_only_reads_is_served(&store, || hold(&server, "mail", WRITES));
    }

    #[test]
    fn postgresql_with_a_wait_of_its_own() {
        let Some(server) = Postgres::start() else { return };
        for (database, lock) in [("writes", WRITES), ("everything", EVERYTHING)] {
            held(&server, database, lock, Some(Duration::from_millis(500)));
        }
    }
}
