//! The SQLite store: conformance, many threads and processes, and files that are no store.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

use postseal::PerRoute;
use postseal::import::{Context, Outcome};
use postseal::store::{CertStore, Filter, ManagedStore, Tenant};
use postseal_adapters::store::SqliteStore;
use postseal_testkit::{conformance, corpus};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs, thread};

#[test]
fn it_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let count = std::sync::atomic::AtomicU32::new(0);
    conformance::store(&|| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Box::new(SqliteStore::open(&folder.path().join(format!("{number}.db"))).unwrap())
    });
}

#[test]
fn a_store_in_memory_conforms() {
    let make = || SqliteStore::open(Path::new(":memory:")).unwrap();
    conformance::store(&|| Box::new(make()));
    conformance::managed_store(&|| Box::new(make()));
    conformance::quotas(&|quotas| Box::new(make().with_quotas(PerRoute::new(quotas))));
}

#[test]
fn it_conforms_as_what_operators_use_and_with_quotas() {
    let folder = tempfile::tempdir().unwrap();
    let count = std::sync::atomic::AtomicU32::new(0);
    let make = || {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        SqliteStore::open(&folder.path().join(format!("{number}.db"))).unwrap()
    };
    conformance::managed_store(&|| Box::new(make()));
    conformance::quotas(&|quotas| Box::new(make().with_quotas(PerRoute::new(quotas))));
}

/// The tables as they were before certificates lay in tables with a row number.
fn without_rowid(connection: &rusqlite::Connection) {
    connection.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON").unwrap();
    for table in ["certificate", "issuer"] {
        let select = "SELECT sql FROM sqlite_schema WHERE name = ?1";
        let create: String = connection.query_row(select, [table], |row| row.get(0)).unwrap();
        let create = create.replace("STRICT", "STRICT, WITHOUT ROWID");
        let indexes = "DROP INDEX IF EXISTS certificate_fingerprint; DROP INDEX IF EXISTS certificate_not_after;";
        let copy = format!(
            "{indexes} ALTER TABLE {table} RENAME TO old; {create}; INSERT INTO {table} SELECT * FROM old; DROP TABLE old"
        );
        connection.execute_batch(&copy).unwrap();
    }
    let indexes = "CREATE INDEX certificate_fingerprint ON certificate (tenant, fingerprint);
        CREATE INDEX certificate_not_after ON certificate (tenant, not_after);";
    connection.execute_batch(indexes).unwrap();
}

#[test]
fn a_store_of_the_first_version_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let case = corpus::attacks().into_iter().find(|case| case.name == "ctl-detached").unwrap();
    let import = |store: &SqliteStore| case.engine().import_mail(&case.mail, Context::new(case.verify_at), store, &());
    import(&SqliteStore::open(&path).unwrap()).unwrap();
    without_rowid(&rusqlite::Connection::open(&path).unwrap());
    let first =
        "DROP TABLE tenant; DROP TABLE learned; DROP INDEX certificate_fingerprint; DROP INDEX certificate_not_after;
        INSERT INTO entry VALUES (x'61', x'62', 'b@goal.example', 1); PRAGMA user_version = 1;";
    rusqlite::Connection::open(&path).unwrap().execute_batch(first).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.tenants().unwrap(), [Tenant::new("a"), Tenant::default()]);
    assert_eq!(store.damage().unwrap(), Vec::<String>::new(), "the addresses are counted");
    let other = rusqlite::Connection::open(&path).unwrap();
    let left = "SELECT count(*) FROM sqlite_schema WHERE instr(sql, '_row') > 0
        OR name IN ('certificate', 'issuer') AND instr(sql, 'ROWID') > 0";
    assert_eq!(other.query_row(left, [], |row| row.get::<_, i64>(0)).unwrap(), 0, "nothing of the former tables");
    assert_eq!(import(&store).unwrap().outcome, Outcome::AlreadyKnown);
    let text = store.entries(&Tenant::default()).unwrap()[0].certs[0].0.certificate.fingerprint().to_string();
    let found = store.page(&Tenant::default(), &Filter::fingerprint(&text).unwrap(), None, 2).unwrap();
    assert_eq!(found.len(), 1, "what was there is in the index");
}

#[test]
fn a_new_file_that_many_open_at_once_is_a_store_for_each_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let start = std::sync::Barrier::new(16);
    let open = || {
        start.wait();
        let store = SqliteStore::open(&path).map_err(|error| error.to_string());
        store.and_then(|store| store.tenants().map_err(|error| error.to_string()))
    };
    thread::scope(|scope| {
        let openers: Vec<_> = (0..16).map(|_| scope.spawn(open)).collect();
        for opener in openers {
            assert_eq!(opener.join().unwrap(), Ok(Vec::new()));
        }
    });
    let other = rusqlite::Connection::open(&path).unwrap();
    assert_eq!(other.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0)).unwrap(), "wal");
}

#[test]
fn a_miscounted_tenant_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path).unwrap();
    let case = corpus::attacks().into_iter().find(|case| case.name == "ctl-detached").unwrap();
    case.engine().import_mail(&case.mail, Context::new(case.verify_at), &store, &()).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("UPDATE tenant SET addresses = 7").unwrap();
    assert_eq!(store.damage().unwrap(), ["the addresses of 1 tenants are miscounted"]);
    other.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM entry").unwrap();
    assert!(store.damage().unwrap().iter().any(|line| line == "a row of certificate belongs to nothing"));
}

#[test]
fn what_was_stored_is_there_after_the_store_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let case = &corpus::attacks()[corpus::attacks().iter().position(|case| case.name == "ctl-detached").unwrap()];
    let import = || {
        let store = SqliteStore::open(&path).unwrap();
        case.engine().import_mail(&case.mail, Context::new(case.verify_at), &store, &()).unwrap().outcome
    };
    assert_eq!((import(), import()), (Outcome::Imported, Outcome::AlreadyKnown));
    assert_eq!(SqliteStore::open(&path).unwrap().entries(&Tenant::default()).unwrap().len(), 1);
}

/// Imports the one mail with many threads; prints an outcome a line.
fn import_in_threads(path: &Path, threads: usize) -> Vec<String> {
    let case = corpus::attacks().into_iter().find(|case| case.name == "ctl-detached").unwrap();
    let store = SqliteStore::open(path).unwrap();
    thread::scope(|scope| {
        let run = || case.engine().import_mail(&case.mail, Context::new(case.verify_at), &store, &()).unwrap();
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap().outcome.name().to_owned()).collect()
    })
}

/// Not a test of its own: what the other processes of the race run.
#[test]
fn race_worker() {
    if let Ok(path) = env::var("POSTSEAL_RACE_STORE") {
        for outcome in import_in_threads(Path::new(&path), 25) {
            println!("outcome={outcome}");
        }
    }
}

// hardening: P6
#[test]
fn a_hundred_threads_in_four_processes_import_a_new_sender_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let spawn = |_| {
        Command::new(env::current_exe().unwrap())
            .args(["race_worker", "--exact", "--nocapture", "--test-threads=1"])
            .env("POSTSEAL_RACE_STORE", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let workers: Vec<_> = (0..4).map(spawn).collect();
    let mut outcomes = Vec::new();
    for worker in workers {
        let output = worker.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        outcomes.extend(text.lines().filter_map(|line| line.split("outcome=").nth(1)).map(str::to_owned));
    }
    assert_eq!(outcomes.len(), 100);
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "imported").count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "already-known").count(), 99, "{outcomes:?}");
}

#[test]
fn a_file_that_is_no_store_is_refused_by_name_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    fs::write(&path, b"this is no database, but it is long enough to look like one to nobody").unwrap();
    let before = fs::read(&path).unwrap();
    let error = SqliteStore::open(&path).unwrap_err().to_string();
    assert!(error.contains("store.db: ") && error.contains("not a database"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);

    let foreign = folder.path().join("foreign.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE x (y)").unwrap();
    assert!(SqliteStore::open(&foreign).unwrap_err().to_string().contains("not a postseal store"));
    let newer = folder.path().join("newer.db");
    rusqlite::Connection::open(&newer).unwrap().execute_batch("PRAGMA user_version = 9").unwrap();
    assert!(SqliteStore::open(&newer).unwrap_err().to_string().contains("schema version 9"));
}

// hardening: P2
#[test]
fn a_damaged_row_makes_the_store_unavailable_and_never_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let case = corpus::attacks().into_iter().find(|case| case.name == "ctl-detached").unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let import = || case.engine().import_mail(&case.mail, Context::new(case.verify_at), &store, &()).unwrap();
    assert_eq!(import().outcome, Outcome::Imported);
    rusqlite::Connection::open(&path).unwrap().execute_batch("UPDATE certificate SET der = x'3000'").unwrap();
    let report = import();
    assert_eq!(report.outcome, Outcome::Deferred);
    assert!(report.unavailable.unwrap().detail().contains("unreadable certificate"));
}

// hardening: P5
#[test]
fn a_store_that_another_program_locks_is_unavailable_after_the_wait() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path).unwrap();
    let lock = rusqlite::Connection::open(&path).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let case = corpus::attacks().into_iter().find(|case| case.name == "ctl-detached").unwrap();
    let import = || case.engine().import_mail(&case.mail, Context::new(case.verify_at), &store, &()).unwrap();
    let report = import();
    assert_eq!(report.outcome, Outcome::Deferred);
    assert!(report.unavailable.unwrap().detail().ends_with("store.db: database is locked"));
    lock.execute_batch("ROLLBACK").unwrap();
    assert_eq!(import().outcome, Outcome::Imported, "without opening it again");
}
