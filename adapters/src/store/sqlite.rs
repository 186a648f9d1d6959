use super::columns::{self, Columns, Corrupt};
use postseal::cert::{Capabilities, StoredCert};
use postseal::query::{FindStored, PutStored, Unavailable};
use postseal::store::{CertStore, Entry, PutOutcome, State, Tenant, Version};
use postseal::{Address, UnixTime};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The version of the tables below. A store with a later one is not touched.
const SCHEMA_VERSION: i64 = 1;

/// Keys are blobs, so that no collation ever takes two addresses for one.
const SCHEMA: &str = "
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
";

/// How long a writer waits for another one, in this or another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// A store in one SQLite file, for any number of threads and processes on one machine.
///
/// Write-ahead log, `synchronous=FULL`: what was acknowledged is on the disk.
///
/// ```
/// use postseal::store::{CertStore, Tenant};
/// use postseal_adapters::store::SqliteStore;
/// let folder = tempfile::tempdir()?;
/// let store = SqliteStore::open(&folder.path().join("store.db"))?;
/// assert!(store.entries(&Tenant::default())?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SqliteStore {
    path: PathBuf,
    /// Connections that nobody uses at the moment.
    idle: Mutex<Vec<Connection>>,
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file cannot be read or written, is locked, or is no database.
    #[error("{path}: {reason}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// A later postseal wrote it.
    #[error("{path}: the store has schema version {found}, this postseal knows {SCHEMA_VERSION}")]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version in it.
        found: i64,
    },
    /// It is a database of another program.
    #[error("{path}: the database is not a postseal store")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
}

impl SqliteStore {
    /// Opens the store, and makes it when there is none.
    ///
    /// # Errors
    /// [`OpenError`], with the file in it.
    ///
    /// ```
    /// use postseal_adapters::store::SqliteStore;
    /// let error = SqliteStore::open("/nowhere/at/all.db".as_ref()).unwrap_err();
    /// assert!(error.to_string().starts_with("/nowhere/at/all.db: "));
    /// ```
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let unusable = |error: &rusqlite::Error| OpenError::Unusable { path: path.to_owned(), reason: say(error) };
        let mut connection = connect(path).map_err(|error| unusable(&error))?;
        let found = migrate(&mut connection).map_err(|error| unusable(&error))?;
        match found {
            SCHEMA_VERSION => Ok(Self { path: path.to_owned(), idle: Mutex::new(vec![connection]) }),
            0 => Err(OpenError::Foreign { path: path.to_owned() }),
            found => Err(OpenError::Newer { path: path.to_owned(), found }),
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T, rusqlite::Error>) -> Result<T, Unavailable> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let unavailable =
            |error: &rusqlite::Error| Unavailable::because(format_args!("{}: {}", self.path.display(), say(error)));
        let mut connection = match idle {
            Some(connection) => connection,
            None => connect(&self.path).map_err(|error| unavailable(&error))?,
        };
        let result = work(&mut connection).map_err(|error| unavailable(&error));
        // A connection that failed is closed, not used again.
        if result.is_ok() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        result
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

impl CertStore for SqliteStore {
    fn find(&self, query: &FindStored) -> Result<Vec<Entry>, Unavailable> {
        self.with(|connection| {
            let transaction = connection.transaction()?;
            query.addresses.iter().map(|address| read(&transaction, &query.tenant, address)).collect()
        })
    }

    fn put(&self, query: &PutStored) -> Result<PutOutcome, Unavailable> {
        self.with(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let current = read(&transaction, &query.tenant, &query.address)?;
            if current.version != query.expect {
                return Ok(PutOutcome::Conflict(current));
            }
            write(&transaction, &query.tenant, &query.change.apply(current))?;
            transaction.commit()?;
            Ok(PutOutcome::Stored)
        })
    }

    fn entries(&self, tenant: &Tenant) -> Result<Vec<Entry>, Unavailable> {
        self.with(|connection| {
            let transaction = connection.transaction()?;
            let mut statement =
                transaction.prepare_cached("SELECT spelled FROM entry WHERE tenant = ?1 ORDER BY address")?;
            let spelled = statement.query_map([tenant.name().as_bytes()], |row| row.get::<_, String>(0))?;
            spelled.map(|spelled| read(&transaction, tenant, &columns::address(&spelled?).map_err(corrupt)?)).collect()
        })
    }
}

fn connect(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Changing to the write-ahead log needs the file for itself for a moment and does not wait for it; the next
    // connection, or the one that was faster, has changed it for all.
    let mode: Result<String, _> = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
    match mode {
        Err(error) if error.sqlite_error_code() != Some(rusqlite::ErrorCode::DatabaseBusy) => return Err(error),
        _ => {}
    }
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")?;
    Ok(connection)
}

/// Makes the tables of an empty database; gives the schema version that is there, 0 for somebody else's tables.
fn migrate(connection: &mut Connection) -> Result<i64, rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if version != 0 || tables != 0 {
        return Ok(version);
    }
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.commit()?;
    Ok(SCHEMA_VERSION)
}

fn read(transaction: &Transaction<'_>, tenant: &Tenant, address: &Address) -> Result<Entry, rusqlite::Error> {
    let key = (tenant.name().as_bytes(), address.key().as_bytes());
    let mut statement =
        transaction.prepare_cached("SELECT spelled, version FROM entry WHERE tenant = ?1 AND address = ?2")?;
    let head = statement.query_row(key, |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))).optional()?;
    let Some((spelled, version)) = head else { return Ok(Entry::absent(address.clone())) };
    let mut statement = transaction.prepare_cached(
        "SELECT position, state, der, issuer_key, capabilities, signed_at, source, imported_at
         FROM certificate WHERE tenant = ?1 AND address = ?2 ORDER BY position",
    )?;
    let mut rows = statement.query(key)?;
    let mut certs = Vec::new();
    while let Some(row) = rows.next()? {
        let issuers = read_issuers(transaction, key, row.get(0)?)?;
        certs.push(stored(row, issuers)?);
    }
    let version = u64::try_from(version).map_err(|_| corrupt(Corrupt("version")))?;
    Ok(Entry { address: columns::address(&spelled).map_err(corrupt)?, version: Version::new(version), certs })
}

fn read_issuers(
    transaction: &Transaction<'_>,
    (tenant, address): (&[u8], &[u8]),
    position: i64,
) -> Result<Vec<Vec<u8>>, rusqlite::Error> {
    let mut statement = transaction.prepare_cached(
        "SELECT der FROM issuer WHERE tenant = ?1 AND address = ?2 AND position = ?3 ORDER BY height",
    )?;
    let issuers = statement.query_map(params![tenant, address, position], |row| row.get::<_, Vec<u8>>(0))?;
    issuers.collect()
}

fn stored(row: &Row<'_>, issuers: Vec<Vec<u8>>) -> Result<(StoredCert, State), rusqlite::Error> {
    let columns = Columns {
        state: row.get(1)?,
        der: row.get(2)?,
        issuers,
        issuer_key: row.get(3)?,
        capabilities: row.get(4)?,
        signed_at: row.get(5)?,
        source: row.get(6)?,
        imported_at: row.get(7)?,
    };
    columns.stored().map_err(corrupt)
}

/// Replaces all rows of the entry: there are few, and what the core decided is written as a whole.
fn write(transaction: &Transaction<'_>, tenant: &Tenant, entry: &Entry) -> Result<(), rusqlite::Error> {
    let (tenant, address) = (tenant.name().as_bytes(), entry.address.key().as_bytes());
    let version = i64::try_from(entry.version.number()).map_err(|_| corrupt(Corrupt("version")))?;
    transaction
        .prepare_cached(
            "INSERT INTO entry (tenant, address, spelled, version) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (tenant, address) DO UPDATE SET version = excluded.version",
        )?
        .execute(params![tenant, address, entry.address.as_str(), version])?;
    for table in ["issuer", "certificate"] {
        let delete = format!("DELETE FROM {table} WHERE tenant = ?1 AND address = ?2");
        transaction.prepare_cached(&delete)?.execute(params![tenant, address])?;
    }
    for ((stored, state), position) in entry.certs.iter().zip(0_i64..) {
        let certificate = &stored.certificate;
        let capabilities = stored.capabilities.as_ref();
        transaction
            .prepare_cached("INSERT INTO certificate VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")?
            .execute(params![
                tenant,
                address,
                position,
                certificate.fingerprint().as_bytes(),
                state.name(),
                certificate.der(),
                stored.issuer_key.as_bytes(),
                capabilities.map(Capabilities::der),
                capabilities.and_then(Capabilities::signed_at).map(UnixTime::seconds),
                stored.source.name(),
                stored.imported_at.seconds(),
                certificate.not_after().seconds(),
            ])?;
        for (issuer, height) in stored.issuers.iter().zip(0_i64..) {
            transaction.prepare_cached("INSERT INTO issuer VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
                tenant,
                address,
                position,
                height,
                issuer.der()
            ])?;
        }
    }
    Ok(())
}

fn corrupt(corrupt: Corrupt) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, Box::new(corrupt))
}

/// SQLite's words without the parts that only its developers need.
fn say(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(code, message) => message.clone().unwrap_or_else(|| code.to_string()),
        rusqlite::Error::FromSqlConversionFailure(_, _, reason) => reason.to_string(),
        other => other.to_string(),
    }
}
