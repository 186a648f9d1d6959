//! The store, as the configuration says it.

use super::read_file;
use super::secret::Secret;
use crate::ConfigurationError;
use postseal::PerRoute;
use postseal::store::{ManagedStore, Quotas};
use postseal_adapters::store::{PostgresSetup, PostgresSetupError, PostgresStore, SqliteStore};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What the name of an embedded store begins with.
const SQLITE: &str = "sqlite:";

#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "a store is \"sqlite:PATH\", \"postgresql://USER@HOST/DATABASE\", or a table with such a url"
)]
pub(super) enum StoreConfig {
    /// `sqlite:PATH`, or a database that asks for no password.
    At(String),
    Postgres(PostgresConfig),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PostgresConfig {
    url: String,
    password: Option<Secret>,
    tls_roots: Option<PathBuf>,
    /// At the most.
    connections: Option<usize>,
    /// How long anybody waits for an answer.
    wait_seconds: Option<u64>,
}

/// Which store it is, before it is opened.
pub(super) enum Kind<'a> {
    Sqlite(&'a Path),
    Postgres(&'a str, Option<&'a PostgresConfig>),
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
            Self::Postgres(config) => Ok(Kind::Postgres(&config.url, Some(config))),
            Self::At(url) if url.starts_with("postgresql://") || url.starts_with("postgres://") => {
                Ok(Kind::Postgres(url, None))
            }
            Self::At(url) => match url.strip_prefix(SQLITE) {
                Some(path) if !path.is_empty() => Ok(Kind::Sqlite(Path::new(path))),
                _ => Err(ConfigurationError::new(format_args!(
                    "store {url}: not a kind of store; give sqlite:PATH or postgresql://USER@HOST/DATABASE"
                ))),
            },
        }
    }
}

impl Kind<'_> {
    pub(super) fn open(&self, quotas: PerRoute<Quotas>) -> Result<Arc<dyn ManagedStore>, ConfigurationError> {
        match self {
            Self::Sqlite(path) => {
                let store = SqliteStore::open(path).map_err(ConfigurationError::of_store)?;
                Ok(Arc::new(store.with_quotas(quotas)))
            }
            Self::Postgres(url, config) => Ok(Arc::new(postgres(url, *config, quotas)?)),
        }
    }

    /// Where it is, without credentials.
    pub(super) fn describe(&self) -> Result<String, ConfigurationError> {
        match self {
            Self::Sqlite(path) => Ok(path.display().to_string()),
            Self::Postgres(url, _) => Ok(format!("postgresql {}", setup(url)?.name())),
        }
    }
}

fn wrong(error: PostgresSetupError) -> ConfigurationError {
    ConfigurationError::new(format_args!("store: {error}"))
}

fn setup(url: &str) -> Result<PostgresSetup, ConfigurationError> {
    let setup = PostgresStore::at(url).map_err(wrong)?;
    if setup.has_password() {
        let words = "a password stands in the url; give it as password = { file = \"PATH\" } or { env = \"NAME\" }";
        return Err(ConfigurationError::new(format_args!("store: {words}")));
    }
    Ok(setup)
}

fn postgres(
    url: &str,
    config: Option<&PostgresConfig>,
    quotas: PerRoute<Quotas>,
) -> Result<PostgresStore, ConfigurationError> {
    let mut setup = setup(url)?.with_quotas(quotas);
    if let Some(config) = config {
        if let Some(password) = &config.password {
            setup = setup.with_password(&password.read("store")?);
        }
        if let Some(file) = &config.tls_roots {
            setup = setup.with_tls_roots(&read_file(file)?).map_err(wrong)?;
        }
        setup = config.connections.into_iter().fold(setup, PostgresSetup::with_connections);
        setup = config.wait_seconds.into_iter().fold(setup, |setup, most| setup.waiting(Duration::from_secs(most)));
    }
    setup.store().map_err(wrong)
}
