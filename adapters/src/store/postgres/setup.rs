use super::{Inner, PostgresStore};
use crate::executor::Executor;
use crate::tls::{client_under, roots_from_pem, roots_of_system};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use postseal::PerRoute;
use postseal::store::Quotas;
use rustls::RootCertStore;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long anybody waits for an answer, unless something else is said.
const WAIT: Duration = Duration::from_secs(10);
/// How long a host has for a connection, so that another one is tried within the wait.
const CONNECT: Duration = Duration::from_secs(3);
/// Connections at the most, unless something else is said.
const CONNECTIONS: usize = 8;

/// The settings of a [`PostgresStore`]. They hold a password, and show none.
///
/// TLS is spoken, and the server's certificate and name are checked, unless the address says `sslmode=disable` or all its hosts are
/// Unix sockets. Of several hosts the first is used that can be written to.
///
/// ```
/// use postseal_adapters::store::PostgresStore;
/// use std::time::Duration;
/// let setup = PostgresStore::at("host=/run/postgresql dbname=mail")?.with_connections(4).waiting(Duration::from_secs(5));
/// let store = setup.store()?;
/// # Ok::<(), postseal_adapters::store::PostgresSetupError>(())
/// ```
pub struct PostgresSetup {
    config: Config,
    roots: Option<RootCertStore>,
    connections: usize,
    wait: Duration,
    quotas: PerRoute<Quotas>,
}

/// What is wrong with the settings of a PostgreSQL store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresSetupError {
    /// Not a URL and not keywords.
    #[error("the address of the database cannot be read: {0}")]
    Address(String),
    /// No host, or no database.
    #[error("the address names no {0}")]
    Missing(&'static str),
    /// `sslmode=prefer` speaks without TLS when somebody between says so.
    #[error("sslmode is require or disable: prefer protects from nobody")]
    SslMode,
    /// Roots that cannot be read, or none.
    #[error("the roots for TLS are no certificates in PEM")]
    TlsRoots,
    /// This machine has no roots, and none were given.
    #[error("TLS cannot be spoken: this machine has no roots")]
    NoRoots,
    /// No connection at all.
    #[error("a store needs one connection at least")]
    NoConnections,
}

impl PostgresSetup {
    pub(super) fn at(address: &str) -> Result<Self, PostgresSetupError> {
        // The words of the library repeat parts of the address: what follows an odd character of a password, as if it were an option.
        let unreadable = "it is no URL and no keywords of libpq; perhaps a character of the password is not escaped";
        let mut config: Config =
            address.parse().map_err(|_: tokio_postgres::Error| PostgresSetupError::Address(unreadable.to_owned()))?;
        if config.get_hosts().is_empty() {
            return Err(PostgresSetupError::Missing("host"));
        }
        if config.get_dbname().is_none() {
            return Err(PostgresSetupError::Missing("database"));
        }
        let said_prefer = address.contains("sslmode=prefer");
        let is_local = config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
        match config.get_ssl_mode() {
            SslMode::Prefer if said_prefer => return Err(PostgresSetupError::SslMode),
            SslMode::Prefer => _ = config.ssl_mode(if is_local { SslMode::Disable } else { SslMode::Require }),
            _ => {}
        }
        if config.get_hosts().len() > 1 && config.get_target_session_attrs() == TargetSessionAttrs::Any {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_application_name().is_none() {
            config.application_name("postseal");
        }
        Ok(Self { config, roots: None, connections: CONNECTIONS, wait: WAIT, quotas: PerRoute::new(Quotas::default()) })
    }

    /// With this password, which need not stand in the address then.
    ///
    /// ```
    /// # use postseal_adapters::store::PostgresStore;
    /// let setup = PostgresStore::at("postgresql://gateway@db.example/mail")?.with_password("hunter2");
    /// assert!(!format!("{setup:?}").contains("hunter2"));
    /// # Ok::<(), postseal_adapters::store::PostgresSetupError>(())
    /// ```
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.config.password(password);
        self
    }

    /// With these roots for TLS (PEM) instead of the system's.
    ///
    /// # Errors
    /// [`PostgresSetupError::TlsRoots`].
    ///
    /// ```
    /// # use postseal_adapters::store::PostgresStore;
    /// assert!(PostgresStore::at("postgresql://gateway@db.example/mail")?.with_tls_roots(b"nothing").is_err());
    /// # Ok::<(), postseal_adapters::store::PostgresSetupError>(())
    /// ```
    pub fn with_tls_roots(mut self, pem: &[u8]) -> Result<Self, PostgresSetupError> {
        self.roots = Some(roots_from_pem(pem).ok_or(PostgresSetupError::TlsRoots)?);
        Ok(self)
    }

    /// With so many connections at the most; 8 without this.
    ///
    /// ```
    /// # use postseal_adapters::store::PostgresStore;
    /// assert!(PostgresStore::at("host=/run/postgresql dbname=mail")?.with_connections(0).store().is_err());
    /// # Ok::<(), postseal_adapters::store::PostgresSetupError>(())
    /// ```
    #[must_use]
    pub const fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// Nobody waits longer than this for an answer, a connection included; 10 seconds without this.
    ///
    /// ```
    /// # use postseal_adapters::store::PostgresStore;
    /// let setup = PostgresStore::at("host=/run/postgresql dbname=mail")?.waiting(std::time::Duration::from_secs(2));
    /// # Ok::<(), postseal_adapters::store::PostgresSetupError>(())
    /// ```
    #[must_use]
    pub const fn waiting(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// With these quotas, by tenant. A process that has others counts all the same.
    ///
    /// ```
    /// # use postseal::{PerRoute, store::Quotas};
    /// # use postseal_adapters::store::PostgresStore;
    /// let quotas = Quotas { addresses_per_tenant: Some(100_000), ..Quotas::default() };
    /// let setup = PostgresStore::at("host=/run/postgresql dbname=mail")?.with_quotas(PerRoute::new(quotas));
    /// # Ok::<(), postseal_adapters::store::PostgresSetupError>(())
    /// ```
    #[must_use]
    pub fn with_quotas(mut self, quotas: PerRoute<Quotas>) -> Self {
        self.quotas = quotas;
        self
    }

    /// The store. Nothing is sent before it is asked.
    ///
    /// # Errors
    /// [`PostgresSetupError::NoRoots`], [`PostgresSetupError::NoConnections`].
    ///
    /// ```
    /// # use postseal_adapters::store::PostgresStore;
    /// let store = PostgresStore::at("postgresql://gateway@db.example/mail?sslmode=disable")?.store()?;
    /// assert_eq!(format!("{store:?}"), "PostgresStore { name: \"db.example/mail\", .. }");
    /// # Ok::<(), postseal_adapters::store::PostgresSetupError>(())
    /// ```
    pub fn store(self) -> Result<PostgresStore, PostgresSetupError> {
        if self.connections == 0 {
            return Err(PostgresSetupError::NoConnections);
        }
        let name = self.name();
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = if self.config.get_ssl_mode() == SslMode::Disable {
            Manager::from_config(self.config, tokio_postgres::NoTls, recycling)
        } else {
            let roots = self.roots.unwrap_or_else(|| roots_of_system().0);
            if roots.is_empty() {
                return Err(PostgresSetupError::NoRoots);
            }
            let client = client_under(roots).map_err(|_| PostgresSetupError::NoRoots)?.with_no_client_auth();
            Manager::from_config(self.config, MakeRustlsConnect::new(client), recycling)
        };
        let runtime = deadpool_postgres::Runtime::Tokio1;
        let builder = Pool::builder(manager).max_size(self.connections).runtime(runtime);
        let pool = builder.wait_timeout(Some(self.wait)).create_timeout(Some(self.wait));
        let pool = pool.build().map_err(|_| PostgresSetupError::NoConnections)?;
        let inner = Inner { pool, name, wait: self.wait, is_ready: AtomicBool::new(false) };
        Ok(PostgresStore { inner: Arc::new(inner), executor: Executor::new("postseal-postgres"), quotas: self.quotas })
    }

    /// Whether a password is said already, in the address for example.
    ///
    /// ```
    /// # use postseal_adapters::store::PostgresStore;
    /// assert!(PostgresStore::at("postgresql://gateway:hunter2@db.example/mail")?.has_password());
    /// # Ok::<(), postseal_adapters::store::PostgresSetupError>(())
    /// ```
    pub fn has_password(&self) -> bool {
        self.config.get_password().is_some()
    }

    /// Hosts and database, for what people read.
    ///
    /// ```
    /// # use postseal_adapters::store::PostgresStore;
    /// assert_eq!(PostgresStore::at("postgresql://gateway@db1,db2/mail")?.name(), "db1,db2/mail");
    /// # Ok::<(), postseal_adapters::store::PostgresSetupError>(())
    /// ```
    pub fn name(&self) -> String {
        let host = |host: &Host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        };
        let hosts: Vec<String> = self.config.get_hosts().iter().map(host).collect();
        format!("{}/{}", hosts.join(","), self.config.get_dbname().unwrap_or_default())
    }
}

impl fmt::Debug for PostgresSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSetup").field("name", &self.name()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_an_address_is_repeated() {
        for address in [
            "postgresql://gateway:an@b/c?hunter2=x@db.example/mail",
            "postgresql://gateway@db.example/mail?hunter2=x",
            "host=db.example dbname=mail password=a hunter2=b",
            "host=db.example dbname=mail port=hunter2",
            "postgresql://gateway:x@db.example:hunter2/mail",
        ] {
            let said = PostgresSetup::at(address).map(|_| ()).unwrap_err().to_string();
            assert!(!said.contains("hunter"), "{said}");
        }
    }
}
