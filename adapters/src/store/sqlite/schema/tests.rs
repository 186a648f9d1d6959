//! Stores that an earlier postseal made and filled.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "test code"
)]

use super::{STEPS, VERSION};
use crate::store::SqliteStore;
use postseal::import::{Context, Outcome};
use postseal::query::{FindStored, PutStored};
use postseal::store::{CertStore, Change, Decision, Entry, ManagedStore, PutOutcome, Quotas, State, Tenant};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Engine, PerRoute, UnixTime};
use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What schema version 2 was, word for word.
const SECOND: &str = "
    CREATE TABLE entry (
        tenant  BLOB NOT NULL,
        address BLOB NOT NULL,
        spelled TEXT NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (tenant, address)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE certificate (
        tenant       BLOB NOT NULL,
        address      BLOB NOT NULL,
        position     INTEGER NOT NULL,
        fingerprint  BLOB NOT NULL,
        state        TEXT NOT NULL,
        der          BLOB NOT NULL,
        issuer_key   BLOB NOT NULL,
        capabilities BLOB,
        signed_at    INTEGER,
        source       TEXT NOT NULL,
        imported_at  INTEGER NOT NULL,
        not_after    INTEGER NOT NULL,
        PRIMARY KEY (tenant, address, position),
        FOREIGN KEY (tenant, address) REFERENCES entry
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE issuer (
        tenant      BLOB NOT NULL,
        address     BLOB NOT NULL,
        position    INTEGER NOT NULL,
        height      INTEGER NOT NULL,
        der         BLOB NOT NULL,
        PRIMARY KEY (tenant, address, position, height),
        FOREIGN KEY (tenant, address, position) REFERENCES certificate
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX certificate_fingerprint ON certificate (tenant, fingerprint);
    CREATE INDEX certificate_not_after ON certificate (tenant, not_after);
    CREATE TABLE tenant (
        name      BLOB NOT NULL PRIMARY KEY,
        addresses INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE learned (
        tenant    BLOB NOT NULL,
        day       INTEGER NOT NULL,
        domain    BLOB NOT NULL,
        addresses INTEGER NOT NULL,
        PRIMARY KEY (tenant, day, domain)
    ) STRICT, WITHOUT ROWID;
    PRAGMA user_version = 2;
    ";

/// The tables with their keys.
const TABLES: [(&str, &str); 5] = [
    ("entry", "tenant, address"),
    ("certificate", "tenant, address, position"),
    ("issuer", "tenant, address, position, height"),
    ("tenant", "name"),
    ("learned", "tenant, day, domain"),
];

fn engine_and_ca() -> (Engine, Authority) {
    let root = Authority::root("Root", Key::P256(1));
    let ca = root.authority("CA", Key::P256(2));
    (postseal_testkit::engine(TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap()), ca)
}

fn decide(store: &dyn CertStore, tenant: &Tenant, mailbox: &str, state: State, decision: Decision) {
    let address = Address::parse(mailbox).unwrap();
    let entry = store.find(&FindStored::new(tenant.clone(), vec![address.clone()])).unwrap().remove(0);
    let of_state = entry.certs.iter().find(|(_, its)| *its == state).unwrap();
    let change = Change::Decide { fingerprint: of_state.0.certificate.fingerprint(), decision };
    assert_eq!(store.put(&PutStored::new(tenant.clone(), address, entry.version, change)), Ok(PutOutcome::Stored));
}

/// A history with every state that a certificate can have, an address without any, and two tenants.
fn fill(store: &dyn CertStore) {
    let (engine, ca) = engine_and_ca();
    let import = |tenant: &Tenant, mailbox: &str, subject: &str, key: u64, year: u32| {
        let mut spec = CertSpec::mailbox(mailbox, Key::P256(key));
        (spec.subject, spec.not_before) = (subject.to_owned(), format!("{year}-01-01T00:00:00Z"));
        let mail = SignedMail::new(mailbox, &ca.issue(&spec)).with_authority(&ca).build();
        let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
        engine.import_mail(&mail, Context::new(now).tenant(tenant.clone()), store, &()).unwrap().outcome
    };
    for (tenant, number) in [Tenant::default(), Tenant::new("goal")].into_iter().zip(0_u64..) {
        let key = 10 + number * 10;
        for year in [2023, 2024, 2025] {
            let outcome = import(&tenant, "Renewed@goal.example", "R", key, year);
            assert_eq!(outcome, if year == 2023 { Outcome::Imported } else { Outcome::Renewed });
        }
        for (mailbox, decision) in [
            ("held@goal.example", None),
            ("rejected@goal.example", Some((State::Held, Decision::Reject))),
            ("pinned@goal.example", Some((State::Active, Decision::Pin))),
            ("disabled@else.example", Some((State::Active, Decision::Disable))),
        ] {
            assert_eq!(import(&tenant, mailbox, "One", key + 1, 2024), Outcome::Imported);
            assert_eq!(import(&tenant, mailbox, "Other", key + 2, 2025), Outcome::Held);
            if let Some((state, decision)) = decision {
                decide(store, &tenant, mailbox, state, decision);
            }
        }
        assert_eq!(import(&tenant, "gone@else.example", "G", key + 3, 2024), Outcome::Imported);
        decide(store, &tenant, "gone@else.example", State::Active, Decision::Remove);
    }
}

/// All entries of all tenants.
fn entries(store: &SqliteStore) -> Vec<(Tenant, Vec<Entry>)> {
    let of = |tenant: Tenant| (tenant.clone(), store.entries(&tenant).unwrap());
    store.tenants().unwrap().into_iter().map(of).collect()
}

/// Every row of every table.
fn rows(connection: &Connection) -> Vec<Vec<Value>> {
    let of = |(table, key): (&str, &str)| {
        let mut statement = connection.prepare(&format!("SELECT '{table}', * FROM {table} ORDER BY {key}")).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect()).unwrap();
        rows.map(Result::unwrap).collect::<Vec<Vec<Value>>>()
    };
    TABLES.into_iter().flat_map(of).collect()
}

fn number(connection: &Connection, question: &str) -> i64 {
    connection.query_row(question, [], |row| row.get(0)).unwrap()
}

/// A store of version 2 at this path, filled; what it holds, as a store of today says it.
fn second(path: &Path) -> Vec<(Tenant, Vec<Entry>)> {
    let today = path.with_extension("today");
    let quotas = Quotas { new_addresses_per_domain_and_day: Some(100), ..Quotas::default() };
    let store = SqliteStore::open(&today).unwrap().with_quotas(PerRoute::new(quotas));
    fill(&store);
    let old = Connection::open(path).unwrap();
    old.execute_batch(SECOND).unwrap();
    old.execute("ATTACH ?1 AS today", [today.to_str().unwrap()]).unwrap();
    for (table, _) in TABLES {
        old.execute_batch(&format!("INSERT INTO main.{table} SELECT * FROM today.{table}")).unwrap();
    }
    entries(&store)
}

#[test]
fn the_steps_before_the_last_make_what_the_second_version_was() {
    let tables = |statements: &[&str]| {
        let connection = Connection::open_in_memory().unwrap();
        statements.iter().for_each(|step| connection.execute_batch(step).unwrap());
        let mut statement = connection.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL").unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(Result::unwrap).collect::<BTreeSet<String>>()
    };
    assert_eq!(tables(&STEPS[..2]), tables(&[SECOND]));
}

#[test]
fn a_filled_store_of_the_second_version_has_the_same_rows_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let expected = second(&path);
    let states: BTreeSet<&str> = expected[0].1.iter().flat_map(|entry| &entry.certs).map(|(_, s)| s.name()).collect();
    assert_eq!(Vec::from_iter(states), ["active", "disabled", "held", "pinned", "rejected", "superseded"]);
    assert!(expected[1].1.iter().any(|entry| entry.certs.is_empty() && entry.version.number() == 2), "a tombstone");
    let other = Connection::open(&path).unwrap();
    let before = rows(&other);
    assert!(before.len() > 60, "{}", before.len());

    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(number(&other, "PRAGMA user_version"), VERSION);
    assert!(rows(&other) == before, "octet for octet");
    assert!(entries(&store) == expected);
    assert_eq!(store.damage().unwrap(), Vec::<String>::new());
    let rowless = "SELECT count(*) FROM sqlite_schema WHERE name IN ('certificate', 'issuer') AND sql LIKE '%ROWID%'";
    assert_eq!(number(&other, rowless), 0);
    assert_eq!(number(&other, "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%certificate_row%'"), 0);
    assert_eq!(
        number(&other, "SELECT count(*) FROM pragma_foreign_key_list('issuer') WHERE \"table\" = 'certificate'"),
        3
    );

    let seen = |question| number(&other, question);
    let twice = || (seen("PRAGMA data_version"), seen("PRAGMA schema_version"));
    let before_second = twice();
    let again = SqliteStore::open(&path).unwrap();
    assert_eq!(twice(), before_second, "a second opening writes nothing");
    assert!(entries(&again) == expected);

    decide(&again, &Tenant::new("goal"), "held@goal.example", State::Held, Decision::Approve);
    fill_once_more(&again);
    assert_eq!(again.damage().unwrap(), Vec::<String>::new(), "it is written as before");
}

/// What is known stays known, and somebody new is learned.
fn fill_once_more(store: &SqliteStore) {
    let (engine, ca) = engine_and_ca();
    let mut spec = CertSpec::mailbox("Renewed@goal.example", Key::P256(10));
    (spec.subject, spec.not_before) = ("R".to_owned(), "2025-01-01T00:00:00Z".to_owned());
    let known = SignedMail::new("Renewed@goal.example", &ca.issue(&spec)).with_authority(&ca).build();
    let new = ca.issue(&CertSpec::mailbox("new@goal.example", Key::P256(30)));
    let new = SignedMail::new("new@goal.example", &new).with_authority(&ca).build();
    for (mail, outcome) in [(known, Outcome::AlreadyKnown), (new, Outcome::Imported)] {
        let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
        let report = engine.import_mail(&mail, Context::new(now), store, &()).unwrap();
        assert_eq!(report.outcome, outcome, "{report:?}");
    }
}

#[test]
fn a_migration_that_fails_leaves_the_second_version_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let expected = second(&path);
    let other = Connection::open(&path).unwrap();
    // Certificates are copied by then, and issuers are not.
    let orphan = "PRAGMA foreign_keys = OFF; INSERT INTO issuer VALUES (x'7a', x'7a', 0, 0, x'00')";
    other.execute_batch(orphan).unwrap();
    let before = rows(&other);
    let error = SqliteStore::open(&path).unwrap_err().to_string();
    assert!(error.ends_with("store.db: FOREIGN KEY constraint failed"), "{error}");
    assert_eq!(number(&other, "PRAGMA user_version"), 2);
    assert!(rows(&other) == before);
    other.execute_batch("DELETE FROM issuer WHERE tenant = x'7a'").unwrap();
    assert!(entries(&SqliteStore::open(&path).unwrap()) == expected);
}

#[test]
fn a_process_that_is_killed_while_it_migrates_leaves_the_second_version() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let expected = second(&path);
    let mut migrating = Connection::open(&path).unwrap();
    migrating.execute_batch("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON").unwrap();
    let before = rows(&migrating);
    // Pages leave the memory for the file long before the transaction ends.
    migrating.execute_batch("PRAGMA cache_size = 1").unwrap();
    let transaction = migrating.transaction().unwrap();
    let last = STEPS[2].split_inclusive(';').collect::<Vec<_>>();
    for (statement, number) in last.iter().zip(0..) {
        transaction.execute_batch(statement).unwrap();
        // What lies on the disk if the process ends here, and with it its memory and its locks.
        let copy = folder.path().join(format!("killed{number}.db"));
        fs::copy(&path, &copy).unwrap();
        fs::copy(path.with_extension("db-wal"), copy.with_extension("db-wal")).unwrap();
        let killed = Connection::open(&copy).unwrap();
        assert_eq!(self::number(&killed, "PRAGMA user_version"), 2);
        assert!(rows(&killed) == before, "after {statement}");
        drop(killed);
        assert!(entries(&SqliteStore::open(&copy).unwrap()) == expected, "after {statement}");
    }
    let written = fs::metadata(path.with_extension("db-wal")).unwrap().len();
    assert!(written > 40_000, "{written} octets of it were in the file");
}
