//! A store in one file: the embedded default.

mod manage;
mod rows;
mod schema;

use super::columns::Corrupt;
use postseal::query::{FindStored, PutStored, Unavailable};
use postseal::store::{CertStore, Entry, Filter, PutOutcome, Quota, Quotas, Tenant};
use postseal::{Address, PerRoute};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

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
    /// By tenant; a store knows no routes.
    quotas: PerRoute<Quotas>,
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
    #[error("{path}: the store has schema version {found}, this postseal knows {known}", known = schema::VERSION)]
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
        let found = schema::migrate(&mut connection).map_err(|error| unusable(&error))?;
        match found {
            schema::VERSION => Ok(Self {
                path: path.to_owned(),
                quotas: PerRoute::new(Quotas::default()),
                idle: Mutex::new(vec![connection]),
            }),
            0 => Err(OpenError::Foreign { path: path.to_owned() }),
            found => Err(OpenError::Newer { path: path.to_owned(), found }),
        }
    }

    /// With these quotas, by tenant. A process that has others counts all the same.
    ///
    /// ```
    /// use postseal::{PerRoute, store::Quotas};
    /// use postseal_adapters::store::SqliteStore;
    /// let folder = tempfile::tempdir()?;
    /// let quotas = Quotas { new_addresses_per_domain_and_day: Some(1_000), ..Quotas::default() };
    /// let store = SqliteStore::open(&folder.path().join("store.db"))?.with_quotas(PerRoute::new(quotas));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_quotas(mut self, quotas: PerRoute<Quotas>) -> Self {
        self.quotas = quotas;
        self
    }

    /// The quota that this change would exceed; what it uses of the others is noted.
    fn exceeded(
        &self,
        transaction: &Transaction<'_>,
        query: &PutStored,
        current: &Entry,
    ) -> Result<Option<Quota>, rusqlite::Error> {
        let quotas = self.quotas.of(&query.tenant, None);
        if let Some(quota) = quotas.exceeded_by_certificate(current, &query.change) {
            return Ok(Some(quota));
        }
        let Some(day) = quotas.day_of_new_address(current, &query.change) else { return Ok(None) };
        let domain = query.address.domain();
        let exceeded = quotas.exceeded_by_address(manage::counts(transaction, &query.tenant, domain, day)?);
        if exceeded.is_none() {
            manage::note_new_address(transaction, &query.tenant, domain, day)?;
        }
        Ok(exceeded)
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
            query.addresses.iter().map(|address| rows::read(&transaction, &query.tenant, address)).collect()
        })
    }

    fn put(&self, query: &PutStored) -> Result<PutOutcome, Unavailable> {
        self.with(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let current = rows::read(&transaction, &query.tenant, &query.address)?;
            if current.version != query.expect {
                return Ok(PutOutcome::Conflict(current));
            }
            if let Some(quota) = self.exceeded(&transaction, query, &current)? {
                return Ok(PutOutcome::OverQuota(quota));
            }
            rows::write(&transaction, &query.tenant, &current, &query.change.apply(current.clone()))?;
            transaction.commit()?;
            Ok(PutOutcome::Stored)
        })
    }

    fn entries(&self, tenant: &Tenant) -> Result<Vec<Entry>, Unavailable> {
        self.with(|connection| manage::page(connection, tenant, &Filter::All, None, usize::MAX))
    }

    fn page(
        &self,
        tenant: &Tenant,
        filter: &Filter,
        after: Option<&Address>,
        most: usize,
    ) -> Result<Vec<Entry>, Unavailable> {
        self.with(|connection| manage::page(connection, tenant, filter, after, most))
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
