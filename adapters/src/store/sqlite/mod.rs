//! A store in one file: the embedded default.

mod group;
mod manage;
mod rows;
mod schema;

use super::columns::Corrupt;
use group::Line;
use postseal::query::{FindStored, PutStored, Unavailable};
use postseal::store::{CertStore, Entry, Filter, PutOutcome, Quota, Quotas, Tenant};
use postseal::{Address, PerRoute};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

/// How long a writer waits for another one, in this or another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long it rests between attempts where SQLite does not wait by itself.
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// Changes that are written in one transaction, unless one thread brings more at once.
const MOST_TOGETHER: usize = 256;

/// Statements that a connection keeps prepared; there are fewer.
const STATEMENTS: usize = 64;

/// A store in one SQLite file, for any number of threads and processes on one machine.
///
/// Write-ahead log, `synchronous=FULL`: what was acknowledged is on the disk. Changes that several threads bring at the same moment, or
/// one with [`CertStore::put_all`], share a transaction and its wait for the disk; each is told its own outcome, after that.
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
    /// Changes that wait to be written together.
    line: Line<PutStored, Result<PutOutcome, Unavailable>>,
    /// The connection of whoever writes them. Hardly anybody else changes the file in this process, and so its pages stay known.
    writer: Mutex<Option<Connection>>,
    /// Held to be read by whoever uses a connection.
    in_use: RwLock<()>,
    /// SQLite failed, and connections from before are there.
    is_suspect: AtomicBool,
    /// Its connections must not be used in a child that is forked off: it would break the locks of its parent.
    process: u32,
    /// Nothing but that connection has the store, which is in memory (`:memory:`) and gone with it. Everybody shares it then.
    is_private: bool,
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
        let unusable = |error: rusqlite::Error| OpenError::Unusable { path: path.to_owned(), reason: say(&error) };
        let (connection, found) = patiently(|| {
            let (mut connection, left_behind) = (open_file(path)?, has_log(path));
            // Nothing of a file is changed before it is known to be ours: the log is a change, and stays when this process has ended.
            if let Some(found) = schema::refused(&mut connection)? {
                // What its own program has not yet taken from its log stays there.
                connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, left_behind)?;
                return Ok((connection, found));
            }
            prepare(&connection)?;
            let found = schema::migrate(&mut connection)?;
            Ok((connection, found))
        })
        .map_err(unusable)?;
        match found {
            schema::VERSION => {
                let is_private = connection.path().is_none_or(str::is_empty);
                let (idle, writer) = if is_private { (None, Some(connection)) } else { (Some(connection), None) };
                Ok(Self {
                    path: path.to_owned(),
                    quotas: PerRoute::new(Quotas::default()),
                    idle: Mutex::new(idle.into_iter().collect()),
                    line: Line::new(MOST_TOGETHER),
                    writer: Mutex::new(writer),
                    in_use: RwLock::new(()),
                    is_suspect: AtomicBool::new(false),
                    process: process::id(),
                    is_private,
                })
            }
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

    fn check_process(&self) -> Result<(), Unavailable> {
        if self.process == process::id() {
            return Ok(());
        }
        let words = format_args!("{}: opened before a fork; open it in the child", self.path.display());
        Err(Unavailable::because(words))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T, rusqlite::Error>) -> Result<T, Unavailable> {
        self.check_process()?;
        if self.is_private {
            let mut shared = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            let gone = || Unavailable::because("the store in memory is gone");
            return work(shared.as_mut().ok_or_else(gone)?).map_err(|error| self.unavailable(&error));
        }
        let result = self.lend(work);
        self.close_suspects(result.as_ref().err());
        result.map_err(|error| self.unavailable(&error))
    }

    fn lend<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T, rusqlite::Error>) -> Result<T, rusqlite::Error> {
        let _in_use = self.in_use.read().unwrap_or_else(PoisonError::into_inner);
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => connect(&self.path)?,
        };
        let result = work(&mut connection);
        // A connection that failed is closed, not used again.
        if result.is_ok() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        result
    }

    /// After SQLite failed, all connections are closed as soon as nobody uses one: what they know together of the file (that a lock is
    /// held which the system did not take back, that the disk is read-only) is forgotten with the last of them, and not before.
    fn close_suspects(&self, error: Option<&rusqlite::Error>) {
        if matches!(error, Some(rusqlite::Error::SqliteFailure(..))) {
            self.is_suspect.store(true, Ordering::SeqCst);
        }
        if !self.is_suspect.load(Ordering::SeqCst) {
            return;
        }
        // Otherwise the one who is done next does it.
        if let Ok(_nobody) = self.in_use.try_write() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
            *self.writer.lock().unwrap_or_else(PoisonError::into_inner) = None;
            self.is_suspect.store(false, Ordering::SeqCst);
        }
    }

    fn unavailable(&self, error: &rusqlite::Error) -> Unavailable {
        Unavailable::because(format_args!("{}: {}", self.path.display(), say(error)))
    }

    /// Writes these changes together with everything else that waits to be written; returns when they are on the disk.
    fn write(&self, queries: Vec<PutStored>) -> Vec<Result<PutOutcome, Unavailable>> {
        let count = queries.len();
        if count == 0 {
            return Vec::new();
        }
        if let Err(unavailable) = self.check_process() {
            return vec![Err(unavailable); count];
        }
        let outcomes = self.line.bring(queries, |queries| self.write_together(queries));
        outcomes.unwrap_or_else(|| vec![Err(Unavailable::because("the thread that wrote to the store ended")); count])
    }

    fn write_together(&self, queries: &[PutStored]) -> Vec<Result<PutOutcome, Unavailable>> {
        match self.attempt(queries) {
            // Each by itself then, so that nobody fails for another one's row.
            Err(Failure::OfOne(_)) if queries.len() > 1 => {
                queries.chunks(1).flat_map(|one| self.told(self.attempt(one), 1)).collect()
            }
            result => self.told(result, queries.len()),
        }
    }

    fn told(&self, result: Result<Vec<PutOutcome>, Failure>, count: usize) -> Vec<Result<PutOutcome, Unavailable>> {
        match result {
            Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
            Err(failure) => vec![Err(self.unavailable(failure.error())); count],
        }
    }

    /// All of these in one transaction, or none.
    fn attempt(&self, queries: &[PutStored]) -> Result<Vec<PutOutcome>, Failure> {
        let result = self.attempt_with_writer(queries);
        if !self.is_private {
            self.close_suspects(result.as_ref().err().map(Failure::error));
        }
        result
    }

    fn attempt_with_writer(&self, queries: &[PutStored]) -> Result<Vec<PutOutcome>, Failure> {
        let _in_use = self.in_use.read().unwrap_or_else(PoisonError::into_inner);
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut connection = match writer.take() {
            Some(connection) => connection,
            None => writer_at(&self.path).map_err(Failure::OfAll)?,
        };
        let result = self.transact(&mut connection, queries);
        // A connection that failed is closed, not used again.
        if result.is_ok() || self.is_private {
            *writer = Some(connection);
        }
        result
    }

    fn transact(&self, connection: &mut Connection, queries: &[PutStored]) -> Result<Vec<PutOutcome>, Failure> {
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(Failure::OfAll)?;
        let outcomes = queries.iter().map(|query| self.apply(&transaction, query)).collect::<Result<_, _>>();
        let outcomes = outcomes.map_err(Failure::OfOne)?;
        transaction.commit().map_err(Failure::OfAll)?;
        Ok(outcomes)
    }

    fn apply(&self, transaction: &Transaction<'_>, query: &PutStored) -> Result<PutOutcome, rusqlite::Error> {
        let current = rows::read(transaction, &query.tenant, &query.address)?;
        if current.version != query.expect {
            return Ok(PutOutcome::Conflict(current));
        }
        if let Some(quota) = self.exceeded(transaction, query, &current)? {
            return Ok(PutOutcome::OverQuota(quota));
        }
        rows::write(transaction, &query.tenant, &current, &query.change.apply(current.clone()))?;
        Ok(PutOutcome::Stored)
    }
}

/// Why nothing of a transaction was written.
enum Failure {
    /// It could not begin or end.
    OfAll(rusqlite::Error),
    /// One of its changes could not be made; the others may be sound.
    OfOne(rusqlite::Error),
}

impl Failure {
    const fn error(&self) -> &rusqlite::Error {
        match self {
            Self::OfAll(error) | Self::OfOne(error) => error,
        }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

impl CertStore for SqliteStore {
    fn find(&self, query: &FindStored) -> Result<Vec<Entry>, Unavailable> {
        let read = |connection: &Connection| {
            query.addresses.iter().map(|address| rows::read(connection, &query.tenant, address)).collect()
        };
        self.with(|connection| match query.addresses.len() {
            // One statement sees one moment by itself.
            0 | 1 => read(connection),
            _ => read(&*connection.transaction()?),
        })
    }

    fn put(&self, query: &PutStored) -> Result<PutOutcome, Unavailable> {
        let outcome = self.write(vec![query.clone()]).pop();
        outcome.unwrap_or_else(|| Err(Unavailable::because("no outcome")))
    }

    fn put_all(&self, queries: &[&PutStored]) -> Vec<Result<PutOutcome, Unavailable>> {
        self.write(queries.iter().copied().cloned().collect())
    }

    fn most_together(&self) -> usize {
        MOST_TOGETHER
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
    let connection = open_file(path)?;
    prepare(&connection)?;
    Ok(connection)
}

/// Nothing of it is changed yet.
fn open_file(path: &Path) -> Result<Connection, rusqlite::Error> {
    // SQLite takes what begins so for a URL, and would open another file than everybody else finds at this path.
    let is_like_url = path.as_os_str().as_encoded_bytes().starts_with(b"file:");
    let connection = if is_like_url { Connection::open(Path::new(".").join(path)) } else { Connection::open(path) }?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Whether somebody has written to the log of this file and not yet taken it over.
fn has_log(path: &Path) -> bool {
    // It lies beside the file, not beside a link to it.
    let mut log = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).into_os_string();
    log.push("-wal");
    fs::metadata(log).is_ok_and(|metadata| metadata.len() > 0)
}

fn prepare(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Changing to the write-ahead log needs the file for itself for a moment, and SQLite does not wait for it in every case. A file that
    // is changed answers at once.
    patiently(|| connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())))?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -2048;")
}

/// With room for all pages that so many changes write, wherever in a large file they are, so that none is written twice.
fn writer_at(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = connect(path)?;
    connection.pragma_update(None, "cache_size", -8192)?;
    Ok(connection)
}

/// Does this again where SQLite says that the file is locked and has not waited for it, as it does where two might wait for each other.
fn patiently<T>(work: impl Fn() -> Result<T, rusqlite::Error>) -> Result<T, rusqlite::Error> {
    let begun = Instant::now();
    loop {
        match work() {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && begun.elapsed() < BUSY_TIMEOUT =>
            {
                thread::sleep(BUSY_PAUSE);
            }
            result => return result,
        }
    }
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

#[cfg(test)]
mod tests;
