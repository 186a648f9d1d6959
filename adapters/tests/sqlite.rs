//! The SQLite store: conformance, many threads and processes, and files that are no store.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

use postseal::PerRoute;
use postseal::import::{Context, Outcome, Report};
use postseal::store::{CertStore, Filter, ManagedStore, Tenant};
use postseal_adapters::store::SqliteStore;
use postseal_testkit::{conformance, corpus};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, thread};

/// A good mail.
fn detached() -> corpus::Case {
    corpus::attacks().into_iter().find(|case| case.name == "ctl-detached").unwrap()
}

fn import(case: &corpus::Case, store: &SqliteStore) -> Report {
    case.engine().import_mail(&case.mail, Context::new(case.verify_at), store, &()).unwrap()
}

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

// hardening: L4
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
    let case = detached();
    import(&case, &store);
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
    let case = &detached();
    let import = || {
        let store = SqliteStore::open(&path).unwrap();
        import(case, &store).outcome
    };
    assert_eq!((import(), import()), (Outcome::Imported, Outcome::AlreadyKnown));
    assert_eq!(SqliteStore::open(&path).unwrap().entries(&Tenant::default()).unwrap().len(), 1);
}

/// Imports the one mail with many threads; prints an outcome a line.
fn import_in_threads(path: &Path, threads: usize) -> Vec<String> {
    let case = detached();
    let store = SqliteStore::open(path).unwrap();
    thread::scope(|scope| {
        let run = || import(&case, &store);
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

    for (name, made, words) in [
        ("foreign.db", "CREATE TABLE x (y); INSERT INTO x VALUES (1)", "not a postseal store"),
        ("newer.db", "PRAGMA user_version = 9", "schema version 9"),
        (
            "newer-with-log.db",
            "PRAGMA journal_mode = WAL; CREATE TABLE x (y); PRAGMA user_version = 9",
            "schema version 9",
        ),
        ("older-than-all.db", "PRAGMA user_version = -1", "schema version -1"),
    ] {
        let path = folder.path().join(name);
        rusqlite::Connection::open(&path).unwrap().execute_batch(made).unwrap();
        let before = files(folder.path());
        assert!(SqliteStore::open(&path).unwrap_err().to_string().contains(words), "{name}");
        assert!(files(folder.path()) == before, "{name}: every octet, and no file more");
    }
}

#[test]
fn what_another_program_left_in_its_log_stays_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foreign.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE x (y); INSERT INTO x VALUES (1)").unwrap();
    // As after a power failure: nobody has the file open, and the log holds what the file does not.
    let (copy, log) = (folder.path().join("copy.db"), folder.path().join("copy.db-wal"));
    fs::copy(&path, &copy).unwrap();
    fs::copy(folder.path().join("foreign.db-wal"), &log).unwrap();
    let octets = || (fs::read(&copy).unwrap(), fs::read(&log).unwrap());
    let before = octets();
    assert!(SqliteStore::open(&copy).unwrap_err().to_string().contains("not a postseal store"));
    assert!(octets() == before);
    // The log lies beside the file, also for whoever comes through a link.
    #[cfg(unix)]
    {
        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink(&copy, &link).unwrap();
        assert!(SqliteStore::open(&link).unwrap_err().to_string().contains("not a postseal store"));
        assert!(octets() == before);
    }
}

/// Every file of a folder, with its octets.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

// hardening: P2
#[test]
fn a_damaged_row_makes_the_store_unavailable_and_never_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let case = detached();
    let store = SqliteStore::open(&path).unwrap();
    let import = || import(&case, &store);
    assert_eq!(import().outcome, Outcome::Imported);
    rusqlite::Connection::open(&path).unwrap().execute_batch("UPDATE certificate SET der = x'3000'").unwrap();
    let report = import();
    assert_eq!(report.outcome, Outcome::Deferred);
    assert!(report.unavailable.unwrap().detail().contains("unreadable certificate"));
}

/// Whoever pages through the entries would go on behind the address that is said, and never come to the end.
// hardening: P2
#[test]
fn an_entry_that_is_spelled_as_another_address_makes_the_store_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let case = detached();
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(import(&case, &store).outcome, Outcome::Imported);
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("UPDATE entry SET spelled = '0@a.example'").unwrap();
    let said = "the store holds an unreadable address";
    let tenant = Tenant::default();
    assert!(store.page(&tenant, &Filter::All, None, 1).unwrap_err().detail().ends_with(said));
    assert!(store.entries(&tenant).unwrap_err().detail().ends_with(said));
    assert!(import(&case, &store).unavailable.unwrap().detail().ends_with(said));
}

// hardening: P2
#[test]
fn a_certificate_that_is_not_where_its_entry_says_makes_the_store_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let case = detached();
    let store = SqliteStore::open(&path).unwrap();
    let import = || import(&case, &store);
    assert_eq!(import().outcome, Outcome::Imported);
    let misplaced = "the certificates of 1 addresses are not where they should be";
    let other = rusqlite::Connection::open(&path).unwrap();
    let keep = "PRAGMA foreign_keys = OFF; CREATE TABLE kept_entry AS SELECT * FROM entry;
        CREATE TABLE kept_certificate AS SELECT * FROM certificate;";
    let again = "DELETE FROM certificate; INSERT INTO certificate SELECT * FROM kept_certificate;
        DELETE FROM entry; INSERT INTO entry SELECT * FROM kept_entry;";
    other.execute_batch(keep).unwrap();
    for (statement, said, damage) in [
        ("UPDATE entry SET first_row = first_row + 1", "place", Some(misplaced)),
        ("UPDATE entry SET first_row = NULL", "place", Some(misplaced)),
        ("UPDATE entry SET first_row = 9223372036854775807", "place", Some(misplaced)),
        ("UPDATE entry SET certificates = 2", "place", Some(misplaced)),
        ("UPDATE entry SET certificates = -1", "number", Some(misplaced)),
        ("UPDATE certificate SET address = x'61'", "place", Some(misplaced)),
        ("UPDATE certificate SET tenant = x'61'", "place", Some(misplaced)),
        ("DELETE FROM certificate", "place", Some(misplaced)),
        ("UPDATE certificate SET issuers = x'00'", "issuer", None),
        ("UPDATE certificate SET issuers = x'000000033000'", "issuer", None),
        ("UPDATE certificate SET issuers = x'000000023000'", "certificate", None),
    ] {
        other.execute_batch(statement).unwrap();
        let report = import();
        assert_eq!(report.outcome, Outcome::Deferred, "{statement}");
        let detail = report.unavailable.unwrap().detail().to_owned();
        assert!(detail.contains(&format!("unreadable {said}")), "{statement}: {detail}");
        if let Some(damage) = damage {
            assert!(store.damage().unwrap().iter().any(|line| line == damage), "{statement}");
        }
        other.execute_batch(again).unwrap();
        assert_eq!((import().outcome, store.damage().unwrap()), (Outcome::AlreadyKnown, Vec::new()), "{statement}");
    }
    let lost = "INSERT INTO certificate SELECT id + 1, tenant, address, fingerprint, state, issuer_key, capabilities, signed_at,
        source, imported_at, not_after, der, issuers FROM certificate";
    other.execute_batch(lost).unwrap();
    assert_eq!(store.damage().unwrap(), ["1 certificates are at no address"]);
}

// hardening: P5
#[test]
fn a_store_that_another_program_locks_is_unavailable_after_the_wait() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path).unwrap();
    let lock = rusqlite::Connection::open(&path).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let case = detached();
    let import = || import(&case, &store);
    let report = import();
    assert_eq!(report.outcome, Outcome::Deferred);
    assert!(report.unavailable.unwrap().detail().ends_with("store.db: database is locked"));
    lock.execute_batch("ROLLBACK").unwrap();
    assert_eq!(import().outcome, Outcome::Imported, "without opening it again");
}
