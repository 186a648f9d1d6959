//! What every command needs, from options and configuration: options win.

use crate::args::Shared;
use crate::config::Config;
use crate::directory::{self, Resolvers};
use crate::failure::Failure;
use crate::revocation::{RevocationConfig, read_crls};
use postseal::import::{Activation, Context};
use postseal::query::{FindStored, PutStored, Unavailable};
use postseal::store::{CertStore, Entry, PutOutcome, Tenant};
use postseal::verify::{Intermediates, Limits, TrustAnchors};
use postseal::{Engine, Random, UnixTime, revocation};
use postseal_adapters::fetch::GuardedFetcher;
use postseal_adapters::store::SqliteStore;
use postseal_adapters::trace::JsonLines;
use postseal_adapters::{OsRandom, email_roots};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Debug)]
pub(crate) struct Session<'a> {
    shared: &'a Shared,
    pub(crate) config: Config,
}

impl<'a> Session<'a> {
    pub(crate) fn new(shared: &'a Shared) -> Result<Self, Failure> {
        let config = shared.config.as_deref().map_or_else(|| Ok(Config::default()), Config::read)?;
        Ok(Self { shared, config })
    }

    pub(crate) fn tenant(&self) -> Tenant {
        Tenant::new(&self.shared.tenant)
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.shared.at.unwrap_or_else(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            UnixTime::from_seconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
        })
    }

    pub(crate) fn context(&self) -> Context {
        let context = Context::new(self.now()).tenant(self.tenant());
        match &self.shared.route {
            Some(route) => context.route(route),
            None => context,
        }
    }

    /// An engine that can decide: without a trust anchor it could only refuse, so that is an error of usage.
    pub(crate) fn engine(&self) -> Result<Engine, Failure> {
        let engine = self.engine_without_trust()?;
        if engine.anchors().is_empty() {
            let hint = "no trust anchors: give --trust FILE (PEM), or --trust mozilla for the roots that Mozilla trusts for e-mail";
            return Err(Failure::usage(hint));
        }
        Ok(engine)
    }

    pub(crate) fn engine_without_trust(&self) -> Result<Engine, Failure> {
        let limits = Limits::default();
        let mut anchors = TrustAnchors::default();
        let trust = if self.shared.trust.is_empty() { &self.config.trust } else { &self.shared.trust };
        for source in trust {
            anchors.extend(read_anchors(source, &limits)?);
        }
        let files =
            if self.shared.intermediates.is_empty() { &self.config.intermediates } else { &self.shared.intermediates };
        let mut intermediates = Intermediates::default();
        for file in files {
            let unreadable = |error: postseal::Error| pem_failure(file, error);
            intermediates.extend(Intermediates::from_pem(&read_pem(file)?, &limits).map_err(unreadable)?);
        }
        let files = if self.shared.crl.is_empty() { &self.config.crls } else { &self.shared.crl };
        let crls = read_crls(files, &limits)?;
        let fetch = self.shared.fetch.then_some(true);
        let options = RevocationConfig { mode: self.shared.revocation, fetch, ..RevocationConfig::default() };
        // On in the command, but off in a configuration file until a tenant or route turns it on.
        let activation = self.shared.config.as_ref().map_or_else(Activation::default, |_| self.config.activation());
        let profile = self.shared.profile.or(self.config.profile).unwrap_or_default();
        Ok(Engine::new(anchors)
            .with_intermediates(intermediates)
            .with_profile(profile)
            .with_limits(limits)
            .with_activation(activation)
            .with_policies(self.config.policies())
            .with_revocation(self.config.revocation(&options))
            .with_crls(crls)
            .with_directories(self.config.directories()?))
    }

    pub(crate) fn store_path(&self) -> Result<PathBuf, Failure> {
        let url =
            self.shared.store.as_ref().or(self.config.store.as_ref()).map_or("sqlite:postseal.db", String::as_str);
        match url.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => Ok(PathBuf::from(path)),
            _ => Err(Failure::usage(format_args!(
                "--store {url}: not a store that this command knows; give sqlite:PATH"
            ))),
        }
    }

    pub(crate) fn store(&self) -> Result<SqliteStore, Failure> {
        SqliteStore::open(&self.store_path()?).map_err(Failure::input)
    }

    /// The store if there is one; otherwise nothing is kept, and nothing is made.
    pub(crate) fn store_to_read(&self) -> Result<Box<dyn CertStore>, Failure> {
        if self.store_path()?.exists() { Ok(Box::new(self.store()?)) } else { Ok(Box::new(NoStore)) }
    }

    pub(crate) fn trace_path(&self) -> Result<PathBuf, Failure> {
        if let Some(path) = self.shared.trace.as_ref().or(self.config.trace.as_ref()) {
            return Ok(path.clone());
        }
        Ok(self.store_path()?.with_file_name("postseal-trace.jsonl"))
    }

    /// What fetches, where the tenant or route wants anything fetched.
    pub(crate) fn fetcher(&self, engine: &Engine) -> Result<Option<GuardedFetcher>, Failure> {
        let policy = engine.revocation().of(&self.tenant(), self.shared.route.as_deref());
        let is_wanted = policy.mode != revocation::Mode::Off && (policy.fetch || policy.fetch_issuers);
        if is_wanted { self.config.fetch.fetcher().map(Some) } else { Ok(None) }
    }

    /// The directories that the tenant or route asks, ready to be asked.
    pub(crate) fn resolvers(&self, engine: &Engine) -> Result<Resolvers, Failure> {
        let directories = engine.directories().of(&self.tenant(), self.shared.route.as_deref());
        directory::resolvers(&self.config.directory, directories.ids())
    }

    pub(crate) fn tracer(&self) -> Result<JsonLines, Failure> {
        let path = self.trace_path()?;
        JsonLines::open(&path).map_err(|error| Failure::input(format_args!("{}: {error}", path.display())))
    }
}

fn read_anchors(source: &str, limits: &Limits) -> Result<TrustAnchors, Failure> {
    if source == "mozilla" {
        return email_roots::trust_anchors().map_err(Failure::usage);
    }
    let file = Path::new(source);
    TrustAnchors::from_pem(&read_pem(file)?, limits).map_err(|error| pem_failure(file, error))
}

fn read_pem(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| Failure::usage(format_args!("{}: {error}", file.display())))
}

fn pem_failure(file: &Path, error: postseal::Error) -> Failure {
    let certificate = error.offset().map(|number| format!(" (certificate {number})")).unwrap_or_default();
    Failure::usage(format_args!("{}: {}{certificate}", file.display(), error.code().sentence()))
}

/// For one operation that fetches.
pub(crate) fn nonce() -> Result<[u8; 32], Failure> {
    let mut nonce = [0; 32];
    OsRandom.fill(&mut nonce).map_err(|unavailable| Failure::TryAgain(unavailable.to_string()))?;
    Ok(nonce)
}

/// What stands in for a store that does not exist, where nothing may be made.
#[derive(Debug)]
struct NoStore;

impl CertStore for NoStore {
    fn find(&self, query: &FindStored) -> Result<Vec<Entry>, Unavailable> {
        Ok(query.addresses.iter().cloned().map(Entry::absent).collect())
    }

    fn put(&self, _: &PutStored) -> Result<PutOutcome, Unavailable> {
        Err(Unavailable::because("there is no store"))
    }

    fn entries(&self, _: &Tenant) -> Result<Vec<Entry>, Unavailable> {
        Ok(Vec::new())
    }
}
