//! A store in PostgreSQL: the same tables as the embedded one has, for any number of machines.

mod counts;
mod manage;
mod rows;
mod schema;
mod setup;

pub use setup::{PostgresSetup, PostgresSetupError};

use crate::executor::Executor;
use deadpool_postgres::{Object, Pool};
use postseal::query::{FindStored, PutStored, Unavailable};
use postseal::store::{CertStore, Entry, Filter, PutOutcome, Quotas, Tenant};
use postseal::{Address, PerRoute};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A store in a PostgreSQL database, for any number of threads, processes and machines.
///
/// It connects when it is first asked, and again after every failure, so that a host may start before its database does. The first
/// connection makes the tables, in the schema `postseal`, where they are missing. A change is acknowledged when the database has it on
/// its disk (`synchronous_commit`), and compared and set under a lock of its row.
///
/// ```no_run
/// use postseal_adapters::store::PostgresStore;
/// let store = PostgresStore::at("postgresql://gateway@db1.example,db2.example/mail")?.with_password("secret").store()?;
/// store.check()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PostgresStore {
    inner: Arc<Inner>,
    executor: Executor,
    /// By tenant; a store knows no routes.
    quotas: PerRoute<Quotas>,
}

struct Inner {
    pool: Pool,
    /// Host and database, for what people read.
    name: String,
    /// The longest that anybody waits for an answer.
    wait: Duration,
    /// Whether the tables were seen by this process.
    is_ready: AtomicBool,
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Said(String),
    #[error("the store has schema version {0}, this postseal knows {known}", known = schema::VERSION)]
    Newer(i32),
    #[error(transparent)]
    Corrupt(#[from] super::columns::Corrupt),
}

impl From<tokio_postgres::Error> for Fault {
    /// The database's words, without the values that its details repeat.
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Said(match error.as_db_error() {
            Some(said) => format!("{} ({})", said.message(), said.code().code()),
            None => innermost(&error),
        })
    }
}

impl From<deadpool_postgres::PoolError> for Fault {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => error.into(),
            deadpool_postgres::PoolError::Timeout(_) => Self::Said("no connection was free in time".to_owned()),
            other => Self::Said(other.to_string()),
        }
    }
}

/// A connection that is closed instead of used again, unless everything went well.
struct Lease(Option<Object>);

impl Lease {
    fn client(&mut self) -> Result<&mut tokio_postgres::Client, Fault> {
        let gone = || Fault::Said("the connection is gone".to_owned());
        self.0.as_mut().map(|object| &mut ***object).ok_or_else(gone)
    }

    fn give_back(mut self) {
        drop(self.0.take());
    }

    /// Whether the other side ended it, perhaps while nobody used it.
    fn is_closed(&self) -> bool {
        self.0.as_ref().is_none_or(|object| object.is_closed())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

/// What can be asked again without changing anything.
enum Reading {
    Nothing,
    Find(FindStored),
    Entries(Tenant),
    Page(Page),
}

/// Which entries, beginning where, and how many at the most.
struct Page {
    tenant: Tenant,
    filter: Filter,
    after: Option<Address>,
    most: usize,
}

impl Reading {
    async fn read(&self, client: &tokio_postgres::Client) -> Result<Vec<Entry>, Fault> {
        match self {
            Self::Nothing => Ok(client.batch_execute("").await.map(|()| Vec::new())?),
            Self::Find(query) => rows::find(client, query).await,
            Self::Entries(tenant) => rows::entries(client, tenant).await,
            Self::Page(page) => rows::page(client, page).await,
        }
    }
}

impl Inner {
    async fn lease(&self) -> Result<Lease, Fault> {
        let mut lease = Lease(Some(self.pool.get().await?));
        if !self.is_ready.load(Ordering::Acquire) {
            schema::migrate(lease.client()?).await?;
            self.is_ready.store(true, Ordering::Release);
        }
        Ok(lease)
    }

    /// Reads, and once more when the connection had been closed while nobody used it.
    async fn read(&self, what: &Reading) -> Result<Vec<Entry>, Fault> {
        let mut lease = self.lease().await?;
        let mut result = what.read(lease.client()?).await;
        if result.is_err() && lease.is_closed() {
            lease = self.lease().await?;
            result = what.read(lease.client()?).await;
        }
        let entries = result?;
        lease.give_back();
        Ok(entries)
    }

    /// A change is sent once: when its acknowledgement is lost, nobody knows, and the next attempt compares versions.
    async fn with<T>(
        &self,
        work: impl AsyncFnOnce(&mut tokio_postgres::Client) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut lease = self.lease().await?;
        if lease.client()?.simple_query("").await.is_err() && lease.is_closed() {
            lease = self.lease().await?;
        }
        let result = work(lease.client()?).await?;
        lease.give_back();
        Ok(result)
    }
}

impl PostgresStore {
    /// The settings of a store at this address: a URL or the keywords of libpq, with one host or several.
    ///
    /// # Errors
    /// An address that cannot be read.
    ///
    /// ```
    /// assert!(postseal_adapters::store::PostgresStore::at("mysql://db.example/mail").is_err());
    /// ```
    pub fn at(address: &str) -> Result<PostgresSetup, PostgresSetupError> {
        PostgresSetup::at(address)
    }

    /// Asks the database whether it is there and has its tables; makes them where they are missing.
    ///
    /// # Errors
    /// What the database said, or that nobody did.
    ///
    /// ```
    /// use postseal_adapters::store::PostgresStore;
    /// let nowhere = PostgresStore::at("postgresql://gateway@127.0.0.1:1/mail?sslmode=disable")?.store()?;
    /// assert!(nowhere.check().unwrap_err().detail().starts_with("127.0.0.1/mail: "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check(&self) -> Result<(), Unavailable> {
        self.read(Reading::Nothing).map(drop)
    }

    fn read(&self, what: Reading) -> Result<Vec<Entry>, Unavailable> {
        self.wait_for(|inner| async move { inner.read(&what).await })
    }

    /// Runs this on a thread of its own: whoever asks may be inside of any executor, or of none.
    fn wait_for<T: Send + 'static, F>(&self, work: impl FnOnce(Arc<Inner>) -> F) -> Result<T, Unavailable>
    where
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        let answer = self.executor.wait(work(Arc::clone(&self.inner)), self.inner.wait);
        let answer = answer.unwrap_or_else(|lack| Err(Fault::Said(lack.to_string())));
        answer.map_err(|fault| Unavailable::because(format_args!("{}: {fault}", self.inner.name)))
    }
}

impl CertStore for PostgresStore {
    fn find(&self, query: &FindStored) -> Result<Vec<Entry>, Unavailable> {
        self.read(Reading::Find(query.clone()))
    }

    fn put(&self, query: &PutStored) -> Result<PutOutcome, Unavailable> {
        let query = query.clone();
        let quotas = *self.quotas.of(&query.tenant, None);
        self.wait_for(|inner| async move { inner.with(async |client| rows::put(client, &query, quotas).await).await })
    }

    fn entries(&self, tenant: &Tenant) -> Result<Vec<Entry>, Unavailable> {
        self.read(Reading::Entries(tenant.clone()))
    }

    fn page(
        &self,
        tenant: &Tenant,
        filter: &Filter,
        after: Option<&Address>,
        most: usize,
    ) -> Result<Vec<Entry>, Unavailable> {
        let page = Page { tenant: tenant.clone(), filter: filter.clone(), after: after.cloned(), most };
        self.read(Reading::Page(page))
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("name", &self.inner.name).finish_non_exhaustive()
    }
}

/// The words of the error that caused it: those around it only say where.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
