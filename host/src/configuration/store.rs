//! The store, as the configuration says it.

use super::read_file;
use super::secret::Secret;
use crate::ConfigurationError;
use postseal::PerRoute;
use postseal::store::{ManagedStore, Quotas};
use postseal_adapters::store::{PostgresSetup, PostgresSetupError, PostgresStore, SqliteStore};
use serde::{Deserialize, Serialize};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What the name of an embedded store begins with.
const SQLITE: &str = "sqlite:";

/// Connections of a process, where the file does not say how many.
const CONNECTIONS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(7);

/// How long anybody waits for an answer, where the file does not say it.
const WAIT_SECONDS: NonZeroU64 = NonZeroU64::MIN.saturating_add(9);

/// Where certificates are kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(
    untagged,
    expecting = "a store is \"sqlite:PATH\", \"postgresql://USER@HOST/DATABASE\", or a table with such a url"
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) enum StoreConfig {
    /// sqlite:PATH, or the URL of a PostgreSQL database that asks for no password.
    At(
        #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^(sqlite:.|postgres(ql)?://)")))]
        String,
    ),
    /// A PostgreSQL database with more than its URL.
    Postgres(PostgresConfig),
}

/// A PostgreSQL database.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct PostgresConfig {
    /// postgresql://USER@HOST/DATABASE, perhaps with several hosts. No password stands in it.
    url: String,
    /// Where the password is.
    password: Option<Secret>,
    /// Roots for TLS in PEM, instead of the system's.
    tls_roots: Option<PathBuf>,
    /// At the most, for each process. 8 without this.
    connections: Option<NonZeroUsize>,
    /// How long anybody waits for an answer. 10 without this.
    wait_seconds: Option<NonZeroU64>,
}

/// Which store it is, before it is opened.
pub(super) enum Kind<'a> {
    Sqlite(&'a Path),
    Postgres(PostgresRef<'a>),
}

/// A database by its URL alone, or with more.
pub(super) struct PostgresRef<'a> {
    url: &'a str,
    more: Option<&'a PostgresConfig>,
}

impl StoreConfig {
    /// Paths in it are relative to this folder.
    pub(super) fn settle(&mut self, folder: &Path) {
        match self {
            Self::At(url) => {
                if let Some(relative) = url.strip_prefix(SQLITE) {
                    *url = format!("{SQLITE}{}", folder.join(relative).display());
                }
            }
            Self::Postgres(config) => {
                let password = config.password.as_mut().and_then(Secret::paths);
                for file in config.tls_roots.iter_mut().chain(password) {
                    *file = folder.join(&*file);
                }
            }
        }
    }

    pub(super) fn kind(&self) -> Result<Kind<'_>, ConfigurationError> {
        match self {
            Self::Postgres(config) => Ok(Kind::Postgres(PostgresRef { url: &config.url, more: Some(config) })),
            Self::At(url) if url.starts_with("postgresql://") || url.starts_with("postgres://") => {
                Ok(Kind::Postgres(PostgresRef { url, more: None }))
            }
            Self::At(url) => match url.strip_prefix(SQLITE) {
                Some(path) if !path.is_empty() => Ok(Kind::Sqlite(Path::new(path))),
                // What follows may be a password.
                _ => Err(ConfigurationError::new(format_args!(
                    "{:?} is not a kind of store; give sqlite:PATH or postgresql://USER@HOST/DATABASE",
                    url.split_once(':').map_or(url.as_str(), |(scheme, _)| scheme)
                ))),
            },
        }
    }

    /// With every default.
    pub(super) fn effective(&self) -> Self {
        match (self.kind(), self) {
            (Ok(Kind::Postgres(PostgresRef { url, more: None })), _) => Self::Postgres(
                PostgresConfig {
                    url: url.to_owned(),
                    password: None,
                    tls_roots: None,
                    connections: None,
                    wait_seconds: None,
                }
                .effective(),
            ),
            (_, Self::Postgres(config)) => Self::Postgres(config.clone().effective()),
            (_, Self::At(url)) => Self::At(url.clone()),
        }
    }
}

impl PostgresConfig {
    fn effective(mut self) -> Self {
        self.connections = self.connections.or(Some(CONNECTIONS));
        self.wait_seconds = self.wait_seconds.or(Some(WAIT_SECONDS));
        self
    }
}

impl Kind<'_> {
    /// What can be said without files, environment and servers.
    pub(super) fn check(&self) -> Result<(), ConfigurationError> {
        self.describe().map(drop)
    }

    pub(super) fn open(&self, quotas: PerRoute<Quotas>) -> Result<Arc<dyn ManagedStore>, ConfigurationError> {
        match self {
            Self::Sqlite(path) => {
                let store = SqliteStore::open(path).map_err(ConfigurationError::of_store)?;
                Ok(Arc::new(store.with_quotas(quotas)))
            }
            Self::Postgres(database) => Ok(Arc::new(database.open(quotas)?)),
        }
    }

    /// Where it is, without credentials.
    pub(super) fn describe(&self) -> Result<String, ConfigurationError> {
        match self {
            Self::Sqlite(path) => Ok(path.display().to_string()),
            Self::Postgres(database) => Ok(format!("postgresql {}", database.setup()?.name())),
        }
    }
}

impl PostgresRef<'_> {
    fn setup(&self) -> Result<PostgresSetup, ConfigurationError> {
        let wrong = |words: String| {
            let error = ConfigurationError::new(words);
            if self.more.is_some() { error.at("url") } else { error }
        };
        let setup = PostgresStore::at(self.url).map_err(|error| wrong(error.to_string()))?;
        if setup.has_password() {
            let words = "a password stands in the url; give it as password = { file = \"PATH\" } or { env = \"NAME\" }";
            return Err(wrong(words.to_owned()));
        }
        Ok(setup)
    }

    fn open(&self, quotas: PerRoute<Quotas>) -> Result<PostgresStore, ConfigurationError> {
        let wrong = |error: PostgresSetupError| ConfigurationError::new(error);
        let mut setup = self.setup()?.with_quotas(quotas);
        let (connections, wait) = match self.more {
            Some(more) => {
                if let Some(password) = &more.password {
                    setup = setup.with_password(&password.read().map_err(|error| error.at("password"))?);
                }
                if let Some(file) = &more.tls_roots {
                    let roots = read_file(file).map_err(|error| error.at("tls_roots"))?;
                    let unusable = |error| ConfigurationError::of_file(file, error).at("tls_roots");
                    setup = setup.with_tls_roots(&roots).map_err(unusable)?;
                }
                (more.connections.unwrap_or(CONNECTIONS), more.wait_seconds.unwrap_or(WAIT_SECONDS))
            }
            None => (CONNECTIONS, WAIT_SECONDS),
        };
        setup.with_connections(connections.get()).waiting(Duration::from_secs(wait.get())).store().map_err(wrong)
    }
}
