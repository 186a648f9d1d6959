//! What every command needs, from options and configuration: options win.

use crate::args::Shared;
use crate::failure::Failure;
use postseal::import::Context;
use postseal::query::{FindStored, PutStored, Unavailable};
use postseal::store::{CertStore, Entry, ManagedStore, PutOutcome, Tenant};
use postseal::{Engine, UnixTime, revocation};
use postseal_adapters::fetch::GuardedFetcher;
use postseal_adapters::trace::JsonLines;
use postseal_host::{Configuration, Host, Overrides};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where certificates are kept when nobody says it.
const STORE: &str = "sqlite:postseal.db";

/// New addresses that one domain may bring in a day when nobody says it: more than people have, and few for a flood.
const NEW_ADDRESSES_PER_DOMAIN_AND_DAY: u64 = 1_000;

#[derive(Debug)]
pub(crate) struct Session<'a> {
    shared: &'a Shared,
    pub(crate) config: Configuration,
}

impl<'a> Session<'a> {
    pub(crate) fn new(shared: &'a Shared) -> Result<Self, Failure> {
        // On in the command, but off in a configuration file until a tenant or route turns it on.
        let config = shared.config.as_deref().map_or_else(|| Ok(Configuration::default()), Configuration::read)?;
        let mut overrides = Overrides::default();
        overrides.trust.clone_from(&shared.trust);
        overrides.intermediates.clone_from(&shared.intermediates);
        overrides.crls.clone_from(&shared.crl);
        overrides.profile = shared.profile;
        let unsaid = config.describe_store()?.is_none().then(|| STORE.to_owned());
        overrides.store = shared.store.clone().or(unsaid);
        overrides.trace.clone_from(&shared.trace);
        overrides.revocation = shared.revocation;
        overrides.fetch = shared.fetch;
        overrides.unsaid_quotas.new_addresses_per_domain_and_day = Some(NEW_ADDRESSES_PER_DOMAIN_AND_DAY);
        Ok(Self { shared, config: config.overridden_by(overrides) })
    }

    pub(crate) fn tenant(&self) -> Tenant {
        Tenant::new(&self.shared.tenant)
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.shared.at.unwrap_or_else(Host::now)
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
        Ok(self.config.engine()?)
    }

    pub(crate) fn store(&self) -> Result<Arc<dyn CertStore>, Failure> {
        Ok(self.managed_store()?)
    }

    /// The store with all that operators may ask of it.
    pub(crate) fn managed_store(&self) -> Result<Arc<dyn ManagedStore>, Failure> {
        self.config.managed_store()?.ok_or_else(|| Failure::usage("no store"))
    }

    /// The store if there is one; otherwise nothing is kept, and nothing is made.
    pub(crate) fn store_to_read(&self) -> Result<Arc<dyn CertStore>, Failure> {
        match self.config.store_path()? {
            Some(path) if !is_there(&path)? => Ok(Arc::new(NoStore)),
            _ => self.store(),
        }
    }

    /// Beside an embedded store, when nobody says where.
    pub(crate) fn trace_path(&self) -> Result<PathBuf, Failure> {
        if let Some(path) = self.config.trace_path() {
            return Ok(path.to_owned());
        }
        let store = self.config.store_path()?.unwrap_or_default();
        Ok(store.with_file_name("postseal-trace.jsonl"))
    }

    /// What fetches, where the tenant or route wants anything fetched.
    pub(crate) fn fetcher(&self, engine: &Engine) -> Result<Option<GuardedFetcher>, Failure> {
        let policy = engine.revocation().of(&self.tenant(), self.shared.route.as_deref());
        let looks = policy.mode != revocation::Mode::Off;
        let is_wanted = policy.fetch_issuers || looks && policy.fetch;
        Ok(if is_wanted { Some(self.config.fetcher()?) } else { None })
    }

    /// With the directories that the tenant or route asks, ready to be asked.
    pub(crate) fn with_directories(&self, mut host: Host) -> Result<Host, Failure> {
        let engine = host.engine().clone();
        for id in engine.directories().of(&self.tenant(), self.shared.route.as_deref()).ids() {
            host = host.with_directory(id.clone(), self.config.directory(id.name())?.into());
        }
        Ok(host)
    }

    pub(crate) fn tracer(&self) -> Result<JsonLines, Failure> {
        if let Some(tracer) = self.config.trace().map_err(Failure::input)? {
            return Ok(tracer);
        }
        let path = self.trace_path()?;
        JsonLines::open(&path).map_err(|error| Failure::input(format_args!("{}: {error}", path.display())))
    }
}

/// Whether there is a store at this path. Only a folder that is there and has no such file says no: one that may not be entered or is not
/// mounted, or a link to what is gone, may hide a store with an operator's decisions, and nobody goes on as if there were none.
pub(crate) fn is_there(path: &Path) -> Result<bool, Failure> {
    let unavailable = |error: io::Error| Failure::try_again(&[format_args!("{}: {error}", path.display())]);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            folder.map_or(Ok(false), |folder| fs::metadata(folder).map(|_| false).map_err(unavailable))
        }
        // Opening a link to nothing would make what it names.
        found => found.and_then(|_| fs::metadata(path)).map(|_| true).map_err(unavailable),
    }
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
