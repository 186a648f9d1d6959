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
use postseal::cert::Capabilities;
use postseal::import::{Context, Outcome};
use postseal::query::{FindStored, PutStored};
use postseal::store::{CertStore, Change, Decision, Entry, Filter, ManagedStore, PutOutcome, Quotas, State, Tenant};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Engine, PerRoute, UnixTime};
use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
use rusqlite::types::Value;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What the schema versions before this one were, word for word.
const EARLIER: [&str; 3] = [
    "
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
    PRAGMA user_version = 1;
    ",
    "
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
    ",
    "
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
    ) STRICT;
    CREATE TABLE issuer (
        tenant      BLOB NOT NULL,
        address     BLOB NOT NULL,
        position    INTEGER NOT NULL,
        height      INTEGER NOT NULL,
        der         BLOB NOT NULL,
        PRIMARY KEY (tenant, address, position, height),
        FOREIGN KEY (tenant, address, position) REFERENCES certificate
    ) STRICT;
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
    CREATE INDEX certificate_fingerprint ON certificate (tenant, fingerprint, address);
    CREATE INDEX certificate_not_after ON certificate (tenant, not_after, address);
    PRAGMA user_version = 3;
    ",
];

/// What is compared before and after, as an earlier version has it: each column of each table, but the counts of tenants and what was
/// learned on which day, which the first has not.
const ROWS: [&str; 3] = [
    "SELECT 'entry', tenant, address, spelled, version FROM entry ORDER BY tenant, address",
    "SELECT 'certificate', * FROM certificate ORDER BY tenant, address, position",
    "SELECT 'issuer', * FROM issuer ORDER BY tenant, address, position, height",
];
const COUNTS: [&str; 2] =
    ["SELECT 'tenant', * FROM tenant ORDER BY name", "SELECT 'learned', * FROM learned ORDER BY tenant, day, domain"];

/// The certificates of today with the columns that they had.
const CERTIFICATES: &str =
    "SELECT 'certificate', tenant, address, id - first_row AS position, fingerprint, state, der, issuer_key,
        capabilities, signed_at, source, imported_at, not_after
    FROM certificate JOIN entry USING (tenant, address) ORDER BY tenant, address, position";
const ISSUERS: &str = "SELECT tenant, address, id - first_row AS position, issuers
    FROM certificate JOIN entry USING (tenant, address) WHERE issuers IS NOT NULL ORDER BY tenant, address, position";

/// An engine, a CA below its root, and one below that.
fn engine_and_cas() -> (Engine, Authority, Authority) {
    let root = Authority::root("Root", Key::P256(1));
    let upper = root.authority("Upper", Key::P256(3));
    let ca = upper.authority("CA", Key::P256(2));
    let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
    (postseal_testkit::engine(anchors), upper, ca)
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
    let (engine, upper, ca) = engine_and_cas();
    let import = |tenant: &Tenant, mailbox: &str, subject: &str, key: u64, year: u32| {
        let mut spec = CertSpec::mailbox(mailbox, Key::P256(key));
        (spec.subject, spec.not_before) = (subject.to_owned(), format!("{year}-01-01T00:00:00Z"));
        let mail = SignedMail::new(mailbox, &ca.issue(&spec)).with_authority(&ca).with_authority(&upper).build();
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
    let empty = Tenant::new("empty");
    assert_eq!(import(&empty, "gone@goal.example", "G", 40, 2024), Outcome::Imported);
    decide(store, &empty, "gone@goal.example", State::Active, Decision::Remove);
}

/// All entries of all tenants.
fn entries(store: &SqliteStore) -> Vec<(Tenant, Vec<Entry>)> {
    let of = |tenant: Tenant| (tenant.clone(), store.entries(&tenant).unwrap());
    store.tenants().unwrap().into_iter().map(of).collect()
}

fn select(connection: &Connection, question: &str) -> Vec<Vec<Value>> {
    let mut statement = connection.prepare(question).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect()).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Every row of every table of this version.
fn rows(connection: &Connection, version: usize) -> Vec<Vec<Value>> {
    let counts = if version == 1 { &[][..] } else { &COUNTS };
    ROWS.iter().chain(counts).flat_map(|question| select(connection, question)).collect()
}

/// The rows of today as that version has them.
fn rows_today(connection: &Connection, version: usize) -> Vec<Vec<Value>> {
    let mut rows = select(connection, ROWS[0]);
    rows.extend(select(connection, CERTIFICATES));
    for mut row in select(connection, ISSUERS) {
        let Some(Value::Blob(joined)) = row.pop() else { panic!("{row:?}") };
        let (mut rest, mut height) = (&joined[..], 0);
        while !rest.is_empty() {
            let length = usize::try_from(u32::from_be_bytes(rest[..4].try_into().unwrap())).unwrap();
            let issuer = [Value::Integer(height), Value::Blob(rest[4..4 + length].to_vec())];
            rows.push([Value::Text("issuer".to_owned())].into_iter().chain(row.clone()).chain(issuer).collect());
            (rest, height) = (&rest[4 + length..], height + 1);
        }
    }
    let counts = if version == 1 { &[][..] } else { &COUNTS };
    rows.extend(counts.iter().flat_map(|question| select(connection, question)));
    rows
}

fn number(connection: &Connection, question: &str) -> i64 {
    connection.query_row(question, [], |row| row.get(0)).unwrap()
}

/// A store of this version at this path, filled; what it holds, as a store of today says it.
fn earlier(path: &Path, version: usize) -> Vec<(Tenant, Vec<Entry>)> {
    let today = path.with_extension("today");
    let quotas = Quotas { new_addresses_per_domain_and_day: Some(100), ..Quotas::default() };
    let store = SqliteStore::open(&today).unwrap().with_quotas(PerRoute::new(quotas));
    fill(&store);
    let expected = entries(&store);
    let mut old = Connection::open(path).unwrap();
    old.execute_batch(EARLIER[version - 1]).unwrap();
    let transaction = old.transaction().unwrap();
    for (tenant, entry) in expected.iter().flat_map(|(tenant, of)| of.iter().map(move |entry| (tenant, entry))) {
        insert(&transaction, tenant, entry);
    }
    transaction.commit().unwrap();
    if version > 1 {
        old.execute("ATTACH ?1 AS today", [today.to_str().unwrap()]).unwrap();
        for table in ["tenant", "learned"] {
            old.execute_batch(&format!("INSERT INTO main.{table} SELECT * FROM today.{table}")).unwrap();
        }
    }
    expected
}

/// As the versions before the fourth wrote it.
fn insert(connection: &Connection, tenant: &Tenant, entry: &Entry) {
    let (tenant, address) = (tenant.name().as_bytes(), entry.address.key().as_bytes());
    let version = i64::try_from(entry.version.number()).unwrap();
    let values = params![tenant, address, entry.address.as_str(), version];
    connection.execute("INSERT INTO entry VALUES (?1, ?2, ?3, ?4)", values).unwrap();
    for ((stored, state), position) in entry.certs.iter().zip(0_i64..) {
        let capabilities = stored.capabilities.as_ref();
        let fingerprint = stored.certificate.fingerprint();
        let values = params![
            tenant,
            address,
            position,
            fingerprint.as_bytes(),
            state.name(),
            stored.certificate.der(),
            stored.issuer_key.as_bytes(),
            capabilities.map(Capabilities::der),
            capabilities.and_then(Capabilities::signed_at).map(UnixTime::seconds),
            stored.source.name(),
            stored.imported_at.seconds(),
            stored.certificate.not_after().seconds(),
        ];
        let insert = "INSERT INTO certificate VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
        connection.execute(insert, values).unwrap();
        for (issuer, height) in stored.issuers.iter().zip(0_i64..) {
            let values = params![tenant, address, position, height, issuer.der()];
            connection.execute("INSERT INTO issuer VALUES (?1, ?2, ?3, ?4, ?5)", values).unwrap();
        }
    }
}

#[test]
fn the_steps_make_what_the_earlier_versions_were() {
    let tables = |statements: &[&str]| {
        let connection = Connection::open_in_memory().unwrap();
        statements.iter().for_each(|step| connection.execute_batch(step).unwrap());
        let mut statement = connection.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL").unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        // A table that got its name later has it in quotes.
        rows.map(|sql| sql.unwrap().replace('"', "")).collect::<BTreeSet<String>>()
    };
    for (earlier, steps) in EARLIER.iter().zip(1..) {
        assert_eq!(tables(&STEPS[..steps]), tables(&[earlier]));
    }
}

#[test]
fn a_filled_store_of_an_earlier_version_has_the_same_rows_afterwards() {
    for version in 1..=EARLIER.len() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let expected = earlier(&path, version);
        let certs = expected[0].1.iter().flat_map(|entry| &entry.certs);
        let states: BTreeSet<&str> = certs.clone().map(|(_, state)| state.name()).collect();
        assert_eq!(Vec::from_iter(states), ["active", "disabled", "held", "pinned", "rejected", "superseded"]);
        assert!(certs.clone().all(|(stored, _)| stored.issuers.len() == 2), "several, in their order");
        assert!(expected[1].1.iter().all(|entry| entry.certs.is_empty()), "a tenant that has only a tombstone");
        let other = Connection::open(&path).unwrap();
        let before = rows(&other, version);
        assert!(before.len() > 60, "{}", before.len());

        let store = SqliteStore::open(&path).unwrap();
        assert_eq!(number(&other, "PRAGMA user_version"), VERSION);
        assert!(rows_today(&other, version) == before, "octet for octet");
        assert!(entries(&store) == expected);
        assert_eq!(store.damage().unwrap(), Vec::<String>::new(), "the addresses are counted");
        let left =
            "SELECT count(*) FROM sqlite_schema WHERE name IN ('issuer', 'orphan') OR sql LIKE '%certificate_row%'
            OR name = 'certificate' AND sql LIKE '%ROWID%'";
        assert_eq!(number(&other, left), 0, "nothing of the former tables");
        let references = "SELECT count(*) FROM pragma_foreign_key_list('certificate') WHERE \"table\" = 'entry'";
        assert_eq!(number(&other, references), 2);
        finds(&store, &expected[0]);

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
}

/// What was there is in the indexes.
fn finds(store: &SqliteStore, (tenant, entries): &(Tenant, Vec<Entry>)) {
    for entry in entries {
        for (stored, _) in &entry.certs {
            let text = stored.certificate.fingerprint().to_string();
            let found = store.page(tenant, &Filter::fingerprint(&text).unwrap(), None, 9).unwrap();
            assert!(found.contains(entry), "{text}");
            let end = stored.certificate.not_after();
            let found = store.page(tenant, &Filter::EndsBefore(UnixTime::from_seconds(end.seconds() + 1)), None, 99);
            assert!(found.unwrap().contains(entry), "{end}");
        }
    }
}

/// What is known stays known, and somebody new is learned.
fn fill_once_more(store: &SqliteStore) {
    let (engine, upper, ca) = engine_and_cas();
    let mut spec = CertSpec::mailbox("Renewed@goal.example", Key::P256(10));
    (spec.subject, spec.not_before) = ("R".to_owned(), "2025-01-01T00:00:00Z".to_owned());
    let known =
        SignedMail::new("Renewed@goal.example", &ca.issue(&spec)).with_authority(&ca).with_authority(&upper).build();
    let new = ca.issue(&CertSpec::mailbox("new@goal.example", Key::P256(30)));
    let new = SignedMail::new("new@goal.example", &new).with_authority(&ca).with_authority(&upper).build();
    for (mail, outcome) in [(known, Outcome::AlreadyKnown), (new, Outcome::Imported)] {
        let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
        let report = engine.import_mail(&mail, Context::new(now), store, &()).unwrap();
        assert_eq!(report.outcome, outcome, "{report:?}");
    }
}

#[test]
fn a_migration_that_fails_leaves_the_earlier_version_as_it_was() {
    const KEY: &str = "FOREIGN KEY constraint failed";
    const ORPHAN: &str = "CHECK constraint failed: an issuer belongs to no certificate";
    let issuer = ("issuer", "x'7a', x'7a', 0, 0, x'00'");
    let certificate = ("certificate", "x'7a', x'7a', 0, x'00', 'active', x'00', x'00', NULL, NULL, 'operator', 1, 1");
    // Of version 2, certificates are copied by then, and issuers are not.
    for (version, (table, row), reason) in
        [(1, issuer, KEY), (2, issuer, KEY), (2, certificate, KEY), (3, issuer, ORPHAN), (3, certificate, KEY)]
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let expected = earlier(&path, version);
        let other = Connection::open(&path).unwrap();
        other.execute_batch(&format!("PRAGMA foreign_keys = OFF; INSERT INTO {table} VALUES ({row})")).unwrap();
        let before = rows(&other, version);
        let error = SqliteStore::open(&path).unwrap_err().to_string();
        assert!(error.ends_with(&format!("store.db: {reason}")), "{error}");
        assert_eq!(number(&other, "PRAGMA user_version"), i64::try_from(version).unwrap());
        assert!(rows(&other, version) == before);
        other.execute_batch(&format!("DELETE FROM {table} WHERE tenant = x'7a'")).unwrap();
        assert!(entries(&SqliteStore::open(&path).unwrap()) == expected);
    }
}

#[test]
fn a_process_that_is_killed_while_it_migrates_leaves_the_earlier_version() {
    for version in 1..=EARLIER.len() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let expected = earlier(&path, version);
        let mut migrating = Connection::open(&path).unwrap();
        migrating.execute_batch("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON").unwrap();
        let before = rows(&migrating, version);
        // Pages leave the memory for the file long before the transaction ends.
        migrating.execute_batch("PRAGMA cache_size = 1").unwrap();
        let transaction = migrating.transaction().unwrap();
        let statements = STEPS[version..].iter().flat_map(|step| step.split_inclusive(';'));
        for (statement, number) in statements.zip(0..) {
            transaction.execute_batch(statement).unwrap();
            // What lies on the disk if the process ends here, and with it its memory and its locks.
            let copy = folder.path().join(format!("killed{number}.db"));
            fs::copy(&path, &copy).unwrap();
            fs::copy(path.with_extension("db-wal"), copy.with_extension("db-wal")).unwrap();
            let killed = Connection::open(&copy).unwrap();
            assert_eq!(self::number(&killed, "PRAGMA user_version"), i64::try_from(version).unwrap());
            assert!(rows(&killed, version) == before, "after {statement}");
            drop(killed);
            assert!(entries(&SqliteStore::open(&copy).unwrap()) == expected, "after {statement}");
        }
        let written = fs::metadata(path.with_extension("db-wal")).unwrap().len();
        assert!(written > 40_000, "{written} octets of it were in the file");
    }
}
