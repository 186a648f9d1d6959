//! The configuration file: what a mail system says once, and what becomes of it.

mod crypto;
mod directory;
mod effective;
mod fetch;
mod file;
mod limits;
mod lines;
mod named;
mod overrides;
mod program;
mod quotas;
mod revocation;
#[cfg(feature = "schema")]
mod schema;
mod secret;
mod store;
mod trace;
mod trust;

pub use overrides::Overrides;

use crate::{ConfigurationError, Host};
use file::Config;
use lines::Lines;
use postseal::directory::{DirectoryId, DirectoryResolver};
use postseal::store::{CertStore, ManagedStore, Quotas, Tenant};
use postseal::{Engine, PerRoute};
use postseal_adapters::fetch::GuardedFetcher;
use postseal_adapters::trace::JsonLines;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A configuration file (`postseal.toml`): trust, activation, policies, limits, revocation, directories, store and trace,
/// for everybody and for tenants and routes. `docs/configuration.md` has every key.
///
/// It is checked when it is read: an unknown key is an error, and so is a value that is none, or does not go together with others.
/// Files that it names are read by the functions below, credentials only where a store, a directory or a fetcher is made. Every
/// error has the file and the line. It holds no credential, so that it can be shown and kept.
///
/// ```
/// use postseal_host::Configuration;
/// let configuration = Configuration::parse("import = true\n[tenants.goal]\nimport = false", "".as_ref())?;
/// let engine = configuration.engine()?;
/// assert!(engine.activation().is_active(&postseal::store::Tenant::default(), None));
/// # Ok::<(), postseal_host::ConfigurationError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Configuration {
    config: Config,
    lines: Lines,
}

impl Default for Configuration {
    /// What holds without a file: import on, no trust anchors, no store, no directory.
    fn default() -> Self {
        Self { config: Config { import: true, ..Config::default() }, lines: Lines::default() }
    }
}

/// What trying one part of a directory gave.
///
/// ```
/// # use postseal_host::Configuration;
/// let text = "[directory.staff]\nkind = \"smimea\"\nservers = [\"127.0.0.1:1\"]";
/// for check in Configuration::parse(text, "".as_ref())?.check_directory("staff")? {
///     println!("{}: {:?}", check.part, check.fault);
/// }
/// # Ok::<(), postseal_host::ConfigurationError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DirectoryCheck {
    /// A server, or a source.
    pub part: String,
    /// Why it cannot be used.
    pub fault: Option<String>,
}

impl Configuration {
    /// Reads a file. Relative paths in it are relative to its folder.
    ///
    /// # Errors
    /// With the file, the line and what is wrong.
    ///
    /// ```
    /// let error = postseal_host::Configuration::read("no-such-file.toml".as_ref()).unwrap_err();
    /// assert!(error.to_string().starts_with("no-such-file.toml: "));
    /// ```
    pub fn read(path: &Path) -> Result<Self, ConfigurationError> {
        let (text, folder) = text_of(path)?;
        Self::parse_file(&text, folder, &path.display().to_string())
    }

    /// Reads a text as if it stood in a file of this folder.
    ///
    /// # Errors
    /// With the line and what is wrong.
    ///
    /// ```
    /// let error = postseal_host::Configuration::parse("import = true\nprofile = \"lax\"", "".as_ref()).unwrap_err();
    /// assert_eq!(error.to_string(), "configuration:2: unknown profile \"lax\": default, strict, legacy");
    /// ```
    pub fn parse(text: &str, folder: &Path) -> Result<Self, ConfigurationError> {
        Self::parse_file(text, folder, "configuration")
    }

    fn parse_file(text: &str, folder: &Path, name: &str) -> Result<Self, ConfigurationError> {
        let wrong = |(line, words)| ConfigurationError::new(format_args!("{name}:{line}: {words}"));
        let config = Config::parse(text, folder).map_err(wrong)?;
        let lines = Lines::of(name, text);
        config.check().map_err(|error| lines.locate(error))?;
        Ok(Self { config, lines })
    }

    /// With what wins over the file, for everybody.
    ///
    /// ```
    /// use postseal_host::{Configuration, Overrides};
    /// let mut overrides = Overrides::default();
    /// overrides.profile = Some(postseal::verify::Profile::Strict);
    /// let engine = Configuration::default().overridden_by(overrides).engine()?;
    /// assert_eq!(engine.profile(), postseal::verify::Profile::Strict);
    /// # Ok::<(), postseal_host::ConfigurationError>(())
    /// ```
    #[must_use]
    pub fn overridden_by(mut self, overrides: Overrides) -> Self {
        overrides.apply(&mut self.config, &mut self.lines);
        self
    }

    /// The engine: reads the files of trust anchors, intermediates and revocation lists.
    ///
    /// # Errors
    /// A file that cannot be read; a directory that is asked and not configured.
    ///
    /// ```
    /// let engine = postseal_host::Configuration::parse("trust = [\"mozilla\"]", "".as_ref())?.engine()?;
    /// assert!(!engine.anchors().is_empty());
    /// # Ok::<(), postseal_host::ConfigurationError>(())
    /// ```
    pub fn engine(&self) -> Result<Engine, ConfigurationError> {
        let (config, limits) = (&self.config, self.config.limits.limits());
        Ok(Engine::new(self.at("trust", trust::anchors(&config.trust, &limits))?)
            .with_intermediates(self.at("intermediates", trust::intermediates(&config.intermediates, &limits))?)
            .with_crls(self.at("crls", trust::crls(&config.crls, &limits))?)
            .with_profile(config.profile.map(|profile| profile.0).unwrap_or_default())
            .with_crypto(self.at("crypto", config.crypto.map(|crypto| crypto.0).unwrap_or_default().backend())?)
            .with_limits(limits)
            .with_activation(config.activation())
            .with_policies(config.policies())
            .with_revocation(config.revocation())
            .with_directories(self.located(config.directories())?))
    }

    /// With the line of what is wrong at this key, or inside of it.
    fn at<T>(&self, key: &str, result: Result<T, ConfigurationError>) -> Result<T, ConfigurationError> {
        self.located(result.map_err(|error| error.at(key)))
    }

    fn located<T>(&self, result: Result<T, ConfigurationError>) -> Result<T, ConfigurationError> {
        result.map_err(|error| self.lines.locate(error))
    }

    /// Where the embedded store is, when one is configured: `store = "sqlite:PATH"`.
    ///
    /// # Errors
    /// A store of no kind.
    ///
    /// ```
    /// use postseal_host::Configuration;
    /// let configuration = Configuration::parse("store = \"sqlite:certs.db\"", "mail".as_ref())?;
    /// assert_eq!(configuration.store_path()?, Some("mail/certs.db".into()));
    /// assert!(Configuration::parse("store = \"redis:\"", "".as_ref()).is_err());
    /// # Ok::<(), postseal_host::ConfigurationError>(())
    /// ```
    pub fn store_path(&self) -> Result<Option<PathBuf>, ConfigurationError> {
        Ok(match self.store_kind()? {
            Some(store::Kind::Sqlite(path)) => Some(path.to_owned()),
            _ => None,
        })
    }

    /// Where the store is, without credentials.
    ///
    /// # Errors
    /// A store of no kind, an address that cannot be read.
    ///
    /// ```
    /// use postseal_host::Configuration;
    /// let text = "store = \"postgresql://gateway@db.example/mail\"";
    /// let configuration = Configuration::parse(text, "".as_ref())?;
    /// assert_eq!(configuration.describe_store()?.as_deref(), Some("postgresql db.example/mail"));
    /// # Ok::<(), postseal_host::ConfigurationError>(())
    /// ```
    pub fn describe_store(&self) -> Result<Option<String>, ConfigurationError> {
        self.at("store", self.store_kind()?.map(|kind| kind.describe()).transpose())
    }

    /// Opens the store. An embedded one is made when there is none yet; a database is not asked before the first question.
    ///
    /// # Errors
    /// As [`Configuration::describe_store`]; [`Code::StoreUnavailable`](postseal::Code::StoreUnavailable) when an embedded one cannot
    /// be opened.
    ///
    /// ```
    /// assert!(postseal_host::Configuration::default().store()?.is_none());
    /// # Ok::<(), postseal_host::ConfigurationError>(())
    /// ```
    pub fn store(&self) -> Result<Option<Arc<dyn CertStore>>, ConfigurationError> {
        let opened = self.managed_store()?;
        Ok(opened.map(|store| -> Arc<dyn CertStore> { store }))
    }

    /// As [`Configuration::store`], with what operators may ask of it besides.
    ///
    /// # Errors
    /// As [`Configuration::store`].
    ///
    /// ```
    /// assert!(postseal_host::Configuration::default().managed_store()?.is_none());
    /// # Ok::<(), postseal_host::ConfigurationError>(())
    /// ```
    pub fn managed_store(&self) -> Result<Option<Arc<dyn ManagedStore>>, ConfigurationError> {
        self.at("store", self.store_kind()?.map(|kind| kind.open(self.quotas())).transpose())
    }

    /// How much mail may make the store grow, by tenant: `[quotas]`.
    ///
    /// ```
    /// use postseal::store::Tenant;
    /// let text = "[quotas]\naddresses_per_tenant = 9\n[tenants.goal.quotas]\naddresses_per_tenant = 99";
    /// let quotas = postseal_host::Configuration::parse(text, "".as_ref())?.quotas();
    /// assert_eq!(quotas.of(&Tenant::default(), None).addresses_per_tenant, Some(9));
    /// assert_eq!(quotas.of(&Tenant::new("goal"), None).addresses_per_tenant, Some(99));
    /// # Ok::<(), postseal_host::ConfigurationError>(())
    /// ```
    pub fn quotas(&self) -> PerRoute<Quotas> {
        self.config.quotas()
    }

    /// Days that a certificate is kept after its end, for whoever purges: `[retention]`.
    ///
    /// ```
    /// let configuration = postseal_host::Configuration::parse("[retention]\nended_days = 400", "".as_ref())?;
    /// assert_eq!(configuration.retention_days(), Some(400));
    /// # Ok::<(), postseal_host::ConfigurationError>(())
    /// ```
    pub const fn retention_days(&self) -> Option<u32> {
        self.config.retention.ended_days
    }

    fn store_kind(&self) -> Result<Option<store::Kind<'_>>, ConfigurationError> {
        self.at("store", self.config.store.as_ref().map(store::StoreConfig::kind).transpose())
    }

    /// The file of the trace, when one is configured.
    ///
    /// ```
    /// assert_eq!(postseal_host::Configuration::default().trace_path(), None);
    /// ```
    pub fn trace_path(&self) -> Option<&Path> {
        self.config.trace.as_ref().map(trace::TraceConfig::path)
    }

    /// Opens the trace, when one is configured; it is made when there is none yet, and rotated as `[trace]` has it.
    ///
    /// # Errors
    /// Those of the file system, with the file.
    ///
    /// ```
    /// use postseal_host::Configuration;
    /// let folder = tempfile::tempdir()?;
    /// let text = "[trace]\npath = \"trace.jsonl\"\nrotate_megabytes = 50\nkeep_days = 365";
    /// let trace = Configuration::parse(text, folder.path())?.trace()?.unwrap();
    /// assert_eq!(trace.lost(), 0);
    /// assert!(folder.path().join("trace.jsonl").exists());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn trace(&self) -> Result<Option<JsonLines>, ConfigurationError> {
        self.config.trace.as_ref().map(trace::TraceConfig::open).transpose()
    }

    /// With this file for the trace, whatever is configured.
    ///
    /// ```
    /// let configuration = postseal_host::Configuration::default().with_trace("trace.jsonl".into());
    /// assert!(configuration.trace_path().is_some());
    /// ```
    #[must_use]
    pub fn with_trace(mut self, file: PathBuf) -> Self {
        self.lines.forget("trace");
        self.config.trace = Some(trace::TraceConfig::At(file));
        self
    }

    /// The fetcher, as `[fetch]` has it. Whether anything is fetched is said in `[revocation]`.
    ///
    /// # Errors
    /// A network, a port or a file that is none.
    ///
    /// ```
    /// assert!(postseal_host::Configuration::parse("[fetch]\ntls_roots = \"none.pem\"", "".as_ref())?.fetcher().is_err());
    /// # Ok::<(), postseal_host::ConfigurationError>(())
    /// ```
    pub fn fetcher(&self) -> Result<GuardedFetcher, ConfigurationError> {
        self.at("fetch", self.config.fetch.fetcher())
    }

    /// The names of all directories that are configured.
    ///
    /// ```
    /// assert_eq!(postseal_host::Configuration::default().directories().count(), 0);
    /// ```
    pub fn directories(&self) -> impl Iterator<Item = &str> {
        self.config.directory.keys().map(String::as_str)
    }

    /// A directory ready to be asked: its credentials are read, and nothing is sent.
    ///
    /// # Errors
    /// No such directory, missing credentials, settings that do not go together.
    ///
    /// ```
    /// assert!(postseal_host::Configuration::default().directory("staff").is_err());
    /// ```
    pub fn directory(&self, name: &str) -> Result<Box<dyn DirectoryResolver>, ConfigurationError> {
        Ok(Box::new(self.located(directory::resolver(&self.config.directory, name, &self.config.limits.limits()))?))
    }

    /// Where a directory is, without credentials.
    ///
    /// # Errors
    /// No such directory.
    ///
    /// ```
    /// let text = "[directory.keys]\nkind = \"http\"\nurl = \"https://keys.example/{addr}?key=secret\"";
    /// let configuration = postseal_host::Configuration::parse(text, "".as_ref())?;
    /// assert_eq!(configuration.describe_directory("keys")?, "http https://keys.example/{addr}?key=..., as nobody");
    /// # Ok::<(), postseal_host::ConfigurationError>(())
    /// ```
    pub fn describe_directory(&self, name: &str) -> Result<String, ConfigurationError> {
        Ok(directory::named(&self.config.directory, name)?.settings().describe())
    }

    /// Tries a directory: connects, authenticates, and asks for somebody who does not exist.
    ///
    /// # Errors
    /// As [`Configuration::directory`]. A directory that does not answer is no error here, but a fault of a [`DirectoryCheck`].
    ///
    /// ```
    /// assert!(postseal_host::Configuration::default().check_directory("staff").is_err());
    /// ```
    pub fn check_directory(&self, name: &str) -> Result<Vec<DirectoryCheck>, ConfigurationError> {
        let settings = directory::named(&self.config.directory, name)?.settings();
        let directory = self.located(directory::build(settings, name, &self.config.limits.limits()))?;
        let checks = directory.check().into_iter();
        Ok(checks.map(|(part, outcome)| DirectoryCheck { part, fault: outcome.err() }).collect())
    }

    /// The whole configuration as TOML, with every default said, for everybody and for each tenant and route; what is given by
    /// [`Configuration::overridden_by`] is in it, and paths are absolute. Parsed again it means the same.
    ///
    /// There is no credential in it. A fixed value in the query of a directory's `url` may be one and is shown as `...`.
    ///
    /// # Errors
    /// A path that is not Unicode; a store that is none, or whose URL has a password.
    ///
    /// ```
    /// use postseal_host::Configuration;
    /// let text = Configuration::parse("trust = [\"mozilla\"]", "".as_ref())?.effective()?;
    /// assert!(text.contains("[revocation]\nmode = \"soft\"\norder = \"crl-first\"\nfetch = false\n"));
    /// assert_eq!(Configuration::parse(&text, "".as_ref())?.effective()?, text);
    /// # Ok::<(), postseal_host::ConfigurationError>(())
    /// ```
    pub fn effective(&self) -> Result<String, ConfigurationError> {
        // What was read from a file was checked there; what overrides it was not.
        self.located(self.config.check_store())?;
        toml::to_string(&self.config.effective()).map_err(ConfigurationError::new)
    }

    /// Whether both mean the same: what one says as a default, the other may say itself.
    ///
    /// ```
    /// use postseal_host::Configuration;
    /// let said = Configuration::parse("[encrypt]\nmode = \"all-or-nothing\"", "".as_ref())?;
    /// assert!(said.means_the_same_as(&Configuration::parse("", "".as_ref())?));
    /// assert!(!said.means_the_same_as(&Configuration::parse("import = true", "".as_ref())?));
    /// # Ok::<(), postseal_host::ConfigurationError>(())
    /// ```
    pub fn means_the_same_as(&self, other: &Self) -> bool {
        let (mine, theirs) = (&self.config, &other.config);
        let (import, other_import) = (mine.activation(), theirs.activation());
        let both = |tenant: &Tenant, route| import.is_active(tenant, route) == other_import.is_active(tenant, route);
        let imports = || {
            self.tenants().all(|(tenant, routes)| {
                both(&tenant, None) && routes.into_iter().all(|route| both(&tenant, Some(route)))
            })
        };
        mine.effective() == theirs.effective()
            && imports()
            && mine.policies() == theirs.policies()
            && mine.revocation() == theirs.revocation()
            && self.tenants().all(|(tenant, _)| self.quotas().of(&tenant, None) == other.quotas().of(&tenant, None))
    }

    /// The JSON Schema (2020-12) of the file, for editors: made of what parses it. `docs/postseal.schema.json` is this.
    ///
    /// ```
    /// let schema = postseal_host::Configuration::schema();
    /// assert!(schema.contains("\"$schema\": \"https://json-schema.org/draft/2020-12/schema\""));
    /// ```
    #[cfg(feature = "schema")]
    pub fn schema() -> String {
        schema::text()
    }

    /// The tenants that are named, each with the routes that are.
    ///
    /// ```
    /// let configuration = postseal_host::Configuration::parse("[tenants.goal.routes.outbound]", "".as_ref())?;
    /// let tenants: Vec<_> = configuration.tenants().map(|(tenant, routes)| (tenant.name().to_owned(), routes.len())).collect();
    /// assert_eq!(tenants, [("goal".to_owned(), 1)]);
    /// # Ok::<(), postseal_host::ConfigurationError>(())
    /// ```
    pub fn tenants(&self) -> impl Iterator<Item = (Tenant, Vec<&str>)> {
        let tenants = self.config.tenants.iter();
        tenants.map(|(name, tenant)| (Tenant::new(name), tenant.routes.keys().map(String::as_str).collect()))
    }

    /// Everything that is configured, ready to work: the engine, the store and the trace where there are some, all directories
    /// that tenants and routes ask, and the fetcher where some policy fetches.
    ///
    /// # Errors
    /// As the functions above; a trace file that cannot be opened.
    ///
    /// ```
    /// let host = postseal_host::Configuration::parse("trust = [\"mozilla\"]\nimport = true", "".as_ref())?.host()?;
    /// assert!(host.store().is_none());
    /// # Ok::<(), postseal_host::ConfigurationError>(())
    /// ```
    pub fn host(&self) -> Result<Host, ConfigurationError> {
        let mut host = Host::new(self.engine()?);
        for name in self.config.asked_directories() {
            host = host.with_directory(DirectoryId::new(name), self.directory(name)?.into());
        }
        if let Some(store) = self.store()? {
            host = host.with_store(store);
        }
        if let Some(trace) = self.at("trace", self.trace())? {
            host = host.with_tracer(Arc::new(trace));
        }
        if self.config.fetches() {
            host = host.with_fetcher(Arc::new(self.fetcher()?));
        }
        Ok(host)
    }
}

/// Most octets of a configuration file: ten thousand tenants have room in it.
const CONFIGURATION_BYTES: u64 = 16 << 20;

/// Most octets of a file that a configuration names, revocation lists apart.
const FILE_BYTES: u64 = 64 << 20;

/// The text of a configuration file, and the folder that its paths are relative to.
fn text_of(path: &Path) -> Result<(String, &Path), ConfigurationError> {
    let octets = read_up_to(path, CONFIGURATION_BYTES)?;
    let text = String::from_utf8(octets).map_err(|_| ConfigurationError::of_file(path, "the file is not UTF-8"))?;
    Ok((text, path.parent().unwrap_or_else(|| Path::new(""))))
}

fn read_file(file: &Path) -> Result<Vec<u8>, ConfigurationError> {
    read_up_to(file, FILE_BYTES)
}

/// A device or a pipe may never end, and a file may be the wrong one.
fn read_up_to(file: &Path, most: u64) -> Result<Vec<u8>, ConfigurationError> {
    let wrong = |error| ConfigurationError::of_file(file, error);
    let opened = File::open(file).map_err(wrong)?;
    let length = opened.metadata().map_err(wrong)?.len().min(most).saturating_add(1);
    // Room for all of it at once, so that no part of a credential stays where memory was too small.
    let mut octets = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    opened.take(most.saturating_add(1)).read_to_end(&mut octets).map_err(wrong)?;
    if u64::try_from(octets.len()).unwrap_or(u64::MAX) > most {
        return Err(ConfigurationError::of_file(file, format_args!("the file has more than {most} octets")));
    }
    Ok(octets)
}
