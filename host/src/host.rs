use postseal::directory::{DirectoryId, DirectoryResolver};
use postseal::drive::{self, Lookup};
use postseal::fetch::Fetcher;
use postseal::import::{self, Import};
use postseal::resolve::{self, Resolve, Unsealed};
use postseal::revocation;
use postseal::seal::{Begun, Encryption};
use postseal::store::{CertStore, Tenant};
use postseal::trace::Tracer;
use postseal::{Address, Code, Engine, Error, Random, UnixTime};
use postseal_adapters::OsRandom;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// An engine with what it works with. Cheap to clone; all methods take `&self`, from as many threads as there are.
///
/// ```
/// use postseal::{Engine, verify::TrustAnchors};
/// use postseal_host::Host;
/// use std::sync::Arc;
/// let host = Host::new(Engine::new(TrustAnchors::default())).with_store(Arc::new(postseal_testkit::MemoryStore::new()));
/// assert!(host.store().is_some());
/// ```
#[derive(Clone, Debug)]
pub struct Host {
    engine: Engine,
    store: Option<Arc<dyn CertStore>>,
    directories: BTreeMap<DirectoryId, Arc<dyn DirectoryResolver>>,
    fetcher: Option<Arc<dyn Fetcher>>,
    tracer: Arc<dyn Tracer>,
}

impl Host {
    /// Without a store, directories, a fetcher or a trace.
    ///
    /// ```
    /// # use postseal::{Engine, verify::TrustAnchors};
    /// assert!(postseal_host::Host::new(Engine::new(TrustAnchors::default())).store().is_none());
    /// ```
    pub fn new(engine: Engine) -> Self {
        Self { engine, store: None, directories: BTreeMap::new(), fetcher: None, tracer: Arc::new(()) }
    }

    /// The system's clock.
    ///
    /// ```
    /// assert!(postseal_host::Host::now().seconds() > 1_700_000_000);
    /// ```
    pub fn now() -> UnixTime {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixTime::from_seconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    /// With this store.
    ///
    /// ```
    /// # use postseal::{Engine, verify::TrustAnchors};
    /// # use postseal_host::Host;
    /// let store = std::sync::Arc::new(postseal_testkit::MemoryStore::new());
    /// assert!(Host::new(Engine::new(TrustAnchors::default())).with_store(store).store().is_some());
    /// ```
    #[must_use]
    pub fn with_store(mut self, store: Arc<dyn CertStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// With this directory under this name. Who asks it, in which order and about which domains, is a setting of the engine.
    ///
    /// ```
    /// # use postseal::{Engine, verify::TrustAnchors, directory::DirectoryId};
    /// # use postseal_host::Host;
    /// let staff = std::sync::Arc::new(postseal_testkit::ScriptedDirectory::new());
    /// let host = Host::new(Engine::new(TrustAnchors::default())).with_directory(DirectoryId::new("staff"), staff);
    /// ```
    #[must_use]
    pub fn with_directory(mut self, id: DirectoryId, directory: Arc<dyn DirectoryResolver>) -> Self {
        self.directories.insert(id, directory);
        self
    }

    /// With this fetcher. What is fetched is a setting of the engine.
    ///
    /// ```
    /// # use postseal::{Engine, verify::TrustAnchors};
    /// # use postseal_host::Host;
    /// let fetcher = std::sync::Arc::new(postseal_testkit::ScriptedFetcher::new());
    /// let host = Host::new(Engine::new(TrustAnchors::default())).with_fetcher(fetcher);
    /// ```
    #[must_use]
    pub fn with_fetcher(mut self, fetcher: Arc<dyn Fetcher>) -> Self {
        self.fetcher = Some(fetcher);
        self
    }

    /// With this tracer.
    ///
    /// ```
    /// # use postseal::{Engine, verify::TrustAnchors};
    /// # use postseal_host::Host;
    /// let recorder = std::sync::Arc::new(postseal_testkit::Recorder::default());
    /// let host = Host::new(Engine::new(TrustAnchors::default())).with_tracer(recorder);
    /// ```
    #[must_use]
    pub fn with_tracer(mut self, tracer: Arc<dyn Tracer>) -> Self {
        self.tracer = tracer;
        self
    }

    /// The engine.
    ///
    /// ```
    /// # use postseal::{Engine, verify::TrustAnchors};
    /// # use postseal_host::Host;
    /// assert!(Host::new(Engine::new(TrustAnchors::default())).engine().anchors().is_empty());
    /// ```
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The store.
    ///
    /// ```
    /// # use postseal::{Engine, verify::TrustAnchors};
    /// # use postseal_host::Host;
    /// assert!(Host::new(Engine::new(TrustAnchors::default())).store().is_none());
    /// ```
    pub const fn store(&self) -> Option<&Arc<dyn CertStore>> {
        self.store.as_ref()
    }

    /// The tracer.
    ///
    /// ```
    /// # use postseal::{Engine, verify::TrustAnchors};
    /// # use postseal_host::Host;
    /// let tracer = Host::new(Engine::new(TrustAnchors::default())).tracer().clone();
    /// ```
    pub const fn tracer(&self) -> &Arc<dyn Tracer> {
        &self.tracer
    }

    /// The operation that imports a mail, to be driven by the caller. Where the policy fetches and the context brings no nonce
    /// for OCSP (RFC 9654), it gets one.
    ///
    /// # Errors
    /// [`Code::RandomUnavailable`]. A mail that cannot be read is no error: the operation reports it.
    ///
    /// ```
    /// # use postseal::{Engine, import::Context, operation::{Operation, Step}, verify::TrustAnchors};
    /// # use postseal_host::Host;
    /// let host = Host::new(Engine::new(TrustAnchors::default()));
    /// let mut import = host.import(b"Subject: hello\r\n\r\nhello\r\n", Context::new(Host::now()))?;
    /// assert!(matches!(import.poll(host.tracer())?, Step::Done(_)));
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn import(&self, mail: &[u8], mut context: import::Context) -> Result<Import, Error> {
        context.ocsp_nonce = self.nonce(context.ocsp_nonce, &context.tenant, context.route.as_deref())?;
        Ok(self.engine.import(mail, context))
    }

    /// As [`Engine::begin_encryption`]. The events go to the tracer of the context, which is [`Host::tracer`]'s as a rule.
    ///
    /// # Errors
    /// As [`Engine::begin_encryption`]; [`Code::RandomUnavailable`].
    ///
    /// ```
    /// # use postseal::{Engine, resolve::Context, verify::TrustAnchors};
    /// # use postseal_host::Host;
    /// let host = Host::new(Engine::new(TrustAnchors::default()));
    /// let context = Context::new(Host::now(), host.tracer().clone());
    /// let unsealed = host.begin_encryption(b"\r\nhello\r\n", vec![], vec![], context).unwrap_err();
    /// assert_eq!(unsealed.error.code(), postseal::Code::RecipientsMissing);
    /// ```
    pub fn begin_encryption(
        &self,
        mail: &[u8],
        visible: Vec<Address>,
        hidden: Vec<Address>,
        mut context: resolve::Context,
    ) -> Result<Begun, Unsealed> {
        context.ocsp_nonce = self.nonce(context.ocsp_nonce, &context.tenant, context.route.as_deref())?;
        self.engine.begin_encryption(mail, visible, hidden, context)
    }

    /// As [`Engine::resolve`], for hosts that seal in pieces.
    ///
    /// # Errors
    /// As [`Engine::resolve`]; [`Code::RandomUnavailable`].
    ///
    /// ```
    /// # use postseal::{Engine, resolve::Context, verify::TrustAnchors};
    /// # use postseal_host::Host;
    /// let host = Host::new(Engine::new(TrustAnchors::default()));
    /// let context = Context::new(Host::now(), host.tracer().clone());
    /// assert!(host.resolve(vec![postseal::Address::parse("alice@goal.example")?], vec![], context).is_ok());
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn resolve(
        &self,
        visible: Vec<Address>,
        hidden: Vec<Address>,
        mut context: resolve::Context,
    ) -> Result<Resolve, Unsealed> {
        context.ocsp_nonce = self.nonce(context.ocsp_nonce, &context.tenant, context.route.as_deref())?;
        self.engine.resolve(visible, hidden, context)
    }

    /// Verifies a mail and keeps what was learned, blocking while the store and the fetcher work. `expired` is asked before each
    /// question; once it says yes, nobody is asked any more.
    ///
    /// # Errors
    /// [`Code::StoreMissing`] without a store; as [`Host::import`]. Everything about the mail is in the report.
    ///
    /// ```
    /// # use postseal::{Code, Engine, import::Context, verify::TrustAnchors};
    /// # use postseal_host::Host;
    /// let host = Host::new(Engine::new(TrustAnchors::default()));
    /// let error = host.import_mail(b"Subject: hello\r\n\r\nhello\r\n", Context::new(Host::now()), &|| false).unwrap_err();
    /// assert_eq!(error.code(), Code::StoreMissing);
    /// ```
    pub fn import_mail(
        &self,
        mail: &[u8],
        context: import::Context,
        expired: &dyn Fn() -> bool,
    ) -> Result<import::Report, Error> {
        drive::run(self.import(mail, context)?, &self.keep()?, &*self.tracer, expired)
    }

    /// Encrypts a mail for its recipients, blocking while the store and the directories work; as [`Engine::encrypt_mail`], with
    /// the randomness of the operating system.
    ///
    /// # Errors
    /// As [`Engine::encrypt_mail`]; [`Code::StoreMissing`].
    ///
    /// ```
    /// # use postseal::{Address, Code, Engine, resolve::Context, verify::TrustAnchors};
    /// # use postseal_host::Host;
    /// let store = std::sync::Arc::new(postseal_testkit::MemoryStore::new());
    /// let host = Host::new(Engine::new(TrustAnchors::default())).with_store(store);
    /// let context = Context::new(Host::now(), host.tracer().clone());
    /// let alice = Address::parse("alice@goal.example")?;
    /// let unsealed = host.encrypt_mail(b"\r\nhello\r\n", vec![alice], vec![], context, &|| false).unwrap_err();
    /// assert_eq!(unsealed.error.code(), Code::NoCertificate);
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn encrypt_mail(
        &self,
        mail: &[u8],
        visible: Vec<Address>,
        hidden: Vec<Address>,
        context: resolve::Context,
        expired: &dyn Fn() -> bool,
    ) -> Result<Encryption, Unsealed> {
        let world = self.lookup()?;
        let tracer = Arc::clone(&context.tracer);
        match self.begin_encryption(mail, visible, hidden, context)? {
            Begun::Resolve(resolve) => drive::run(resolve, &world, &*tracer, expired)?.seal(mail, &mut OsRandom),
            Begun::Passed(encryption) => Ok(encryption),
        }
    }

    /// What carries out the questions of [`Host::resolve`].
    ///
    /// # Errors
    /// [`Code::StoreMissing`].
    ///
    /// ```
    /// # use postseal::{Engine, verify::TrustAnchors};
    /// # use postseal_host::Host;
    /// assert!(Host::new(Engine::new(TrustAnchors::default())).lookup().is_err());
    /// ```
    pub fn lookup(&self) -> Result<Lookup<'_>, Error> {
        let mut world = Lookup::new(&**self.needed_store()?);
        for (id, directory) in &self.directories {
            world = world.directory(id.clone(), &**directory);
        }
        Ok(match &self.fetcher {
            Some(fetcher) => world.fetching(&**fetcher),
            None => world,
        })
    }

    pub(crate) const fn fetcher(&self) -> Option<&Arc<dyn Fetcher>> {
        self.fetcher.as_ref()
    }

    pub(crate) fn needed_store(&self) -> Result<&Arc<dyn CertStore>, Error> {
        self.store.as_ref().ok_or_else(|| Code::StoreMissing.into())
    }

    fn nonce(&self, given: Option<[u8; 32]>, tenant: &Tenant, route: Option<&str>) -> Result<Option<[u8; 32]>, Error> {
        let policy = self.engine.revocation().of(tenant, route);
        if given.is_some() || policy.mode == revocation::Mode::Off || !policy.fetch {
            return Ok(given);
        }
        let mut nonce = [0; 32];
        OsRandom.fill(&mut nonce).map_err(|_| Error::from(Code::RandomUnavailable))?;
        Ok(Some(nonce))
    }
}
