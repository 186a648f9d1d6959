use crate::cert::{Address, Certificate};
use crate::crypto::{CryptoBackend, PureRust};
use crate::directory::Directories;
use crate::drive;
use crate::error::Error;
use crate::import::{self, Activation, Context, Import, Report};
use crate::inspect::{self, Inspection};
use crate::per_route::PerRoute;
use crate::random::Random;
use crate::resolve::{self, Resolve, Unsealed};
use crate::revocation::{Cache, Crl, RevocationPolicy};
use crate::seal::{self, Encryption, Policy};
use crate::store::{CertStore, Change, Entry, Tenant};
use crate::time::UnixTime;
use crate::trace::Tracer;
use crate::verify::{
    Intermediates, Learned, Limits, Memory, NO_DEMANDS, Path, Profile, Terms, TrustAnchors, Weakness, find_path_on,
};
use std::sync::Arc;

/// The front door: trust anchors, profile and limits, fixed once and shared by all operations.
///
/// Cheap to clone; all methods take `&self`, from as many threads as there are.
///
/// ```
/// use postseal::{Engine, verify::{Profile, TrustAnchors}};
/// let engine = Engine::new(TrustAnchors::default()).with_profile(Profile::Legacy);
/// assert_eq!(engine.profile(), Profile::Legacy);
/// ```
#[derive(Clone, Debug)]
pub struct Engine(Arc<Settings>);

#[derive(Clone, Debug)]
struct Settings {
    anchors: TrustAnchors,
    intermediates: Intermediates,
    profile: Profile,
    limits: Limits,
    activation: Activation,
    directories: PerRoute<Directories>,
    policies: PerRoute<Policy>,
    revocation: PerRoute<RevocationPolicy>,
    crls: Vec<Crl>,
    cache: Cache,
    learned: Learned,
    crypto: Arc<dyn CryptoBackend>,
}

impl Engine {
    /// With these trust anchors, the default profile and the default limits. Without an anchor every path fails.
    ///
    /// ```
    /// let engine = postseal::Engine::new(postseal::verify::TrustAnchors::default());
    /// assert!(engine.anchors().is_empty());
    /// ```
    pub fn new(anchors: TrustAnchors) -> Self {
        Self(Arc::new(Settings {
            anchors,
            intermediates: Intermediates::default(),
            profile: Profile::default(),
            limits: Limits::default(),
            activation: Activation::default(),
            directories: PerRoute::default(),
            policies: PerRoute::default(),
            revocation: PerRoute::default(),
            crls: Vec::new(),
            cache: Cache::default(),
            learned: Learned::default(),
            crypto: Arc::new(PureRust),
        }))
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// With CA certificates that help to build paths and are no anchors.
    ///
    /// ```
    /// use postseal::{Engine, verify::{Intermediates, TrustAnchors}};
    /// let engine = Engine::new(TrustAnchors::default()).with_intermediates(Intermediates::default());
    /// assert!(engine.intermediates().is_empty());
    /// ```
    #[must_use]
    pub fn with_intermediates(self, intermediates: Intermediates) -> Self {
        self.with(|settings| settings.intermediates = intermediates)
    }

    /// With this profile.
    ///
    /// ```
    /// use postseal::{Engine, verify::{Profile, TrustAnchors}};
    /// assert_eq!(Engine::new(TrustAnchors::default()).with_profile(Profile::Strict).profile(), Profile::Strict);
    /// ```
    #[must_use]
    pub fn with_profile(self, profile: Profile) -> Self {
        self.with(|settings| settings.profile = profile)
    }

    /// With these limits.
    ///
    /// ```
    /// use postseal::{Engine, verify::{Limits, TrustAnchors}};
    /// let mut limits = Limits::default();
    /// limits.certificates = 8;
    /// assert_eq!(Engine::new(TrustAnchors::default()).with_limits(limits).limits().certificates, 8);
    /// ```
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        self.with(|settings| settings.limits = limits)
    }

    /// With import switched on and off per tenant and route.
    ///
    /// ```
    /// use postseal::{Engine, import::Activation, store::Tenant, verify::TrustAnchors};
    /// let engine = Engine::new(TrustAnchors::default()).with_activation(Activation::new(false));
    /// assert!(!engine.activation().is_active(&Tenant::default(), None));
    /// ```
    #[must_use]
    pub fn with_activation(self, activation: Activation) -> Self {
        self.with(|settings| settings.activation = activation)
    }

    /// With these directories per tenant and route; without any, only the store is asked.
    ///
    /// ```
    /// use postseal::{Engine, PerRoute, directory::{Directories, DirectoryId}, store::Tenant, verify::TrustAnchors};
    /// let staff = Directories::new().ask_for(DirectoryId::new("ldap:staff"), &["goal.example"])?;
    /// let engine = Engine::new(TrustAnchors::default())
    ///     .with_directories(PerRoute::default().tenant(Tenant::new("goal"), staff.clone()));
    /// assert_eq!(*engine.directories().of(&Tenant::new("goal"), None), staff);
    /// # Ok::<(), postseal::Error>(())
    /// ```
    #[must_use]
    pub fn with_directories(self, directories: PerRoute<Directories>) -> Self {
        self.with(|settings| settings.directories = directories)
    }

    /// With these policies of sealing per tenant and route.
    ///
    /// ```
    /// use postseal::{Engine, PerRoute, seal::Policy, store::Tenant, verify::TrustAnchors};
    /// let strict = Policy::preset("strict-aead").unwrap_or_default();
    /// let engine = Engine::new(TrustAnchors::default()).with_policies(PerRoute::new(strict));
    /// assert!(engine.policies().of(&Tenant::default(), None).require_aead);
    /// ```
    #[must_use]
    pub fn with_policies(self, policies: PerRoute<Policy>) -> Self {
        self.with(|settings| settings.policies = policies)
    }

    /// With these policies of revocation per tenant and route.
    ///
    /// ```
    /// use postseal::{Engine, PerRoute, store::Tenant, verify::TrustAnchors};
    /// use postseal::revocation::{Mode, RevocationPolicy};
    /// let mut hard = RevocationPolicy::default();
    /// hard.mode = Mode::Hard;
    /// let engine = Engine::new(TrustAnchors::default()).with_revocation(PerRoute::new(hard));
    /// assert_eq!(engine.revocation().of(&Tenant::default(), None).mode, Mode::Hard);
    /// ```
    #[must_use]
    pub fn with_revocation(self, revocation: PerRoute<RevocationPolicy>) -> Self {
        self.with(|settings| settings.revocation = revocation)
    }

    /// With these revocation lists, as a host gets them by itself. They count like those that are fetched: when their issuer
    /// signed them, for the certificates that they are about, until their time is over.
    ///
    /// ```
    /// use postseal::{Engine, verify::TrustAnchors};
    /// assert!(Engine::new(TrustAnchors::default()).with_crls(Vec::new()).crls().is_empty());
    /// ```
    #[must_use]
    pub fn with_crls(self, crls: Vec<Crl>) -> Self {
        self.with(|settings| settings.crls = crls)
    }

    /// With this backend to compute with; without it is [`PureRust`].
    ///
    /// ```
    /// use postseal::{Engine, crypto::PureRust, verify::TrustAnchors};
    /// use std::sync::Arc;
    /// let engine = Engine::new(TrustAnchors::default()).with_crypto(Arc::new(PureRust));
    /// assert_eq!(engine.crypto().name(), "rust");
    /// ```
    #[must_use]
    pub fn with_crypto(self, crypto: Arc<dyn CryptoBackend>) -> Self {
        self.with(|settings| settings.crypto = crypto)
    }

    pub(crate) fn shared_crypto(&self) -> Arc<dyn CryptoBackend> {
        Arc::clone(&self.0.crypto)
    }

    /// What it computes with.
    ///
    /// ```
    /// # use postseal::{Engine, verify::TrustAnchors};
    /// assert_eq!(Engine::new(TrustAnchors::default()).crypto().name(), "rust");
    /// ```
    pub fn crypto(&self) -> &dyn CryptoBackend {
        &*self.0.crypto
    }

    /// The trust anchors.
    ///
    /// ```
    /// # use postseal::{Engine, verify::TrustAnchors};
    /// assert!(Engine::new(TrustAnchors::default()).anchors().is_empty());
    /// ```
    pub fn anchors(&self) -> &TrustAnchors {
        &self.0.anchors
    }

    /// The configured CA certificates that are no anchors.
    ///
    /// ```
    /// # use postseal::{Engine, verify::TrustAnchors};
    /// assert!(Engine::new(TrustAnchors::default()).intermediates().is_empty());
    /// ```
    pub fn intermediates(&self) -> &Intermediates {
        &self.0.intermediates
    }

    /// The profile.
    ///
    /// ```
    /// # use postseal::{Engine, verify::{Profile, TrustAnchors}};
    /// assert_eq!(Engine::new(TrustAnchors::default()).profile(), Profile::Default);
    /// ```
    pub fn profile(&self) -> Profile {
        self.0.profile
    }

    /// The limits.
    ///
    /// ```
    /// # use postseal::{Engine, verify::TrustAnchors};
    /// assert_eq!(Engine::new(TrustAnchors::default()).limits().path_depth, 6);
    /// ```
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Who imports.
    ///
    /// ```
    /// # use postseal::{Engine, store::Tenant, verify::TrustAnchors};
    /// assert!(Engine::new(TrustAnchors::default()).activation().is_active(&Tenant::default(), None));
    /// ```
    pub fn activation(&self) -> &Activation {
        &self.0.activation
    }

    /// Which directories are asked.
    ///
    /// ```
    /// # use postseal::{Engine, directory::Directories, store::Tenant, verify::TrustAnchors};
    /// let engine = Engine::new(TrustAnchors::default());
    /// assert_eq!(*engine.directories().of(&Tenant::default(), None), Directories::new());
    /// ```
    pub fn directories(&self) -> &PerRoute<Directories> {
        &self.0.directories
    }

    /// How messages are encrypted.
    ///
    /// ```
    /// # use postseal::{Engine, seal::Policy, store::Tenant, verify::TrustAnchors};
    /// let engine = Engine::new(TrustAnchors::default());
    /// assert_eq!(*engine.policies().of(&Tenant::default(), None), Policy::default());
    /// ```
    pub fn policies(&self) -> &PerRoute<Policy> {
        &self.0.policies
    }

    /// How revocation is treated.
    ///
    /// ```
    /// use postseal::{Engine, revocation::RevocationPolicy, store::Tenant, verify::TrustAnchors};
    /// let engine = Engine::new(TrustAnchors::default());
    /// assert_eq!(*engine.revocation().of(&Tenant::default(), None), RevocationPolicy::default());
    /// ```
    pub fn revocation(&self) -> &PerRoute<RevocationPolicy> {
        &self.0.revocation
    }

    /// The configured revocation lists.
    ///
    /// ```
    /// # use postseal::{Engine, verify::TrustAnchors};
    /// assert!(Engine::new(TrustAnchors::default()).crls().is_empty());
    /// ```
    pub fn crls(&self) -> &[Crl] {
        &self.0.crls
    }

    /// What was fetched for earlier operations.
    pub(crate) fn revocation_cache(&self) -> &Cache {
        &self.0.cache
    }

    /// What a path is judged by, for every decision.
    pub(crate) fn terms(&self, now: UnixTime) -> Terms<'_> {
        Terms {
            anchors: self.anchors(),
            profile: self.profile(),
            limits: self.limits(),
            now,
            weakness: Weakness::Refused,
            inputs: &NO_DEMANDS,
            memory: Memory::Learn(&self.0.learned),
            crypto: self.crypto(),
        }
    }

    /// Reads and verifies the mail, and gives the operation that asks the store. `mail` is the whole mail as it was
    /// received; nothing of it is kept.
    ///
    /// ```
    /// use postseal::{Engine, UnixTime, import::Context, operation::{Operation, Step}, verify::TrustAnchors};
    /// let engine = Engine::new(TrustAnchors::default());
    /// let mut import = engine.import(b"\r\nhello", Context::new(UnixTime::from_seconds(0)));
    /// assert!(matches!(import.poll(&())?, Step::Done(_)));
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn import(&self, mail: &[u8], context: Context) -> Import {
        Import::new(self, mail, context)
    }

    /// A path from `leaf` to an anchor of this engine, as every decision of it needs one: [`verify::find_path`] with the
    /// engine's anchors, intermediates, profile and limits, and with what it remembers of the signatures of CAs. Revocation is
    /// not asked about.
    ///
    /// # Errors
    /// As [`verify::find_path`].
    ///
    /// [`verify::find_path`]: crate::verify::find_path
    ///
    /// ```
    /// use postseal::{Certificate, Engine, UnixTime, verify::{Limits, TrustAnchors}};
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key};
    /// # let root = Authority::root("Root", Key::P256(1));
    /// # let der = root.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(2))).der().to_vec();
    /// let engine = Engine::new(TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default())?);
    /// let alice = Certificate::from_der(&der, engine.limits())?;
    /// let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap_or(UnixTime::from_seconds(0));
    /// assert!(engine.find_path(&alice, &[], now)?.intermediates().is_empty());
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn find_path(&self, leaf: &Certificate, pool: &[Certificate], now: UnixTime) -> Result<Path, Error> {
        let pool: Vec<Certificate> = pool.iter().chain(self.intermediates().certificates()).cloned().collect();
        find_path_on(&self.terms(now), leaf, &pool)
    }

    /// Looks at a mail without deciding: every S/MIME layer with its signers, and why each holds or does not.
    ///
    /// # Errors
    /// A limit.
    ///
    /// ```
    /// use postseal::{Engine, UnixTime, verify::TrustAnchors};
    /// let engine = Engine::new(TrustAnchors::default());
    /// assert!(engine.inspect(b"\r\nhello", UnixTime::from_seconds(0))?.layers.is_empty());
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn inspect(&self, mail: &[u8], now: UnixTime) -> Result<Inspection, Error> {
        inspect::mail(self, mail, now)
    }

    /// Looks at a bare CMS object (DER or BER), with the content that it may be detached from.
    ///
    /// # Errors
    /// A limit.
    ///
    /// ```
    /// use postseal::{Engine, UnixTime, inspect::LayerKind, verify::TrustAnchors};
    /// let engine = Engine::new(TrustAnchors::default());
    /// let layer = engine.inspect_cms(b"no object", None, UnixTime::from_seconds(0));
    /// assert_eq!(layer.kind, LayerKind::Unreadable);
    /// ```
    pub fn inspect_cms(&self, cms: &[u8], content: Option<&[u8]>, now: UnixTime) -> inspect::Layer {
        inspect::cms(self, cms, content, now)
    }

    /// Imports one mail into a store, blocking while the store works: the paved path.
    ///
    /// # Errors
    /// Only for misuse; what is wrong with the mail or the store is in the [`Report`].
    ///
    /// ```
    /// # use postseal_testkit::MemoryStore;
    /// use postseal::{Engine, UnixTime, import::Context, verify::TrustAnchors};
    /// let engine = Engine::new(TrustAnchors::default());
    /// let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    /// let report = engine.import_mail(b"\r\nhello", Context::new(now), &MemoryStore::new(), &())?;
    /// assert_eq!(report.outcome.name(), "not-signed");
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn import_mail(
        &self,
        mail: &[u8],
        context: Context,
        store: &dyn CertStore,
        tracer: &dyn Tracer,
    ) -> Result<Report, Error> {
        drive::run(self.import(mail, context), &drive::Keep::new(store), tracer, &|| false)
    }

    /// What to ask the store for, so that a certificate that an operator brings is used for the address of `entry`; `None`
    /// when it is already in use. It passes the same checks as one from mail: path (`issuers` may help), address, usage,
    /// validity and strength, and revocation as far as it is known without fetching. It outranks what mail brought, but takes back no operator's decision.
    ///
    /// # Errors
    /// Why the certificate fails a check, or which earlier decision stands against it.
    ///
    /// ```
    /// use postseal::{Address, Certificate, Code, Engine, UnixTime};
    /// use postseal::{store::{Entry, Tenant}, verify::{Limits, TrustAnchors}};
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key};
    /// # let root = Authority::root("Root", Key::P256(1));
    /// # let der = root.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(2))).der().to_vec();
    /// # let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default())?;
    /// let engine = Engine::new(anchors);
    /// let certificate = Certificate::from_der(&der, engine.limits())?;
    /// let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").ok_or(Code::DerTime)?;
    /// let alice = Entry::absent(Address::parse("alice@goal.example")?);
    /// let change = engine.add_certificate(&Tenant::default(), &alice, &certificate, &[], now)?;
    /// assert!(change.is_some());
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn add_certificate(
        &self,
        tenant: &Tenant,
        entry: &Entry,
        certificate: &Certificate,
        issuers: &[Certificate],
        now: UnixTime,
    ) -> Result<Option<Change>, Error> {
        import::add(self, tenant, entry, certificate, issuers, now)
    }

    /// The search for the certificates of a message's recipients, to be run by a [driver](crate::drive). The recipients are
    /// those of the envelope, never of a header; the hidden ones get messages of their own.
    ///
    /// # Errors
    /// [`Unsealed`] when the list is none: nobody, somebody twice, more than [`Limits::recipients`].
    ///
    /// ```
    /// use postseal::{Address, Code, Engine, UnixTime, resolve::Context, verify::TrustAnchors};
    /// let engine = Engine::new(TrustAnchors::default());
    /// let (alice, again) = (Address::parse("alice@goal.example")?, Address::parse("Alice@goal.example")?);
    /// let context = Context::new(UnixTime::from_seconds(0), std::sync::Arc::new(()));
    /// let unsealed = engine.resolve(vec![alice], vec![again], context).unwrap_err();
    /// assert_eq!(unsealed.recipients[0].error.map(|error| error.code()), Some(Code::RecipientRepeated));
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn resolve(
        &self,
        visible: Vec<Address>,
        hidden: Vec<Address>,
        context: resolve::Context,
    ) -> Result<Resolve, Unsealed> {
        Resolve::new(self, visible, hidden, context)
    }

    /// Begins to encrypt one mail, for hosts that carry out the questions themselves: what [`Engine::encrypt_mail`] does before
    /// it asks anybody. A mail that is encrypted already is refused or passed here, as the policy says.
    ///
    /// # Errors
    /// As [`Engine::resolve`]; the limits of a header; [`Code::AlreadyEncrypted`](crate::Code::AlreadyEncrypted).
    ///
    /// ```
    /// use postseal::{Address, Code, Engine, UnixTime, resolve::Context, verify::TrustAnchors};
    /// let engine = Engine::new(TrustAnchors::default());
    /// let context = Context::new(UnixTime::from_seconds(0), std::sync::Arc::new(()));
    /// let mail = b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\n";
    /// let unsealed = engine.begin_encryption(mail, vec![Address::parse("alice@goal.example")?], vec![], context).unwrap_err();
    /// assert_eq!(unsealed.error.code(), Code::AlreadyEncrypted);
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn begin_encryption(
        &self,
        mail: &[u8],
        visible: Vec<Address>,
        hidden: Vec<Address>,
        context: resolve::Context,
    ) -> Result<seal::Begun, Unsealed> {
        seal::begin(self, mail, (visible, hidden), context)
    }

    /// Encrypts one mail for its recipients, blocking while the store and the directories work: the paved path. The policy
    /// of the tenant and route says what becomes of recipients who cannot be reached.
    ///
    /// # Errors
    /// [`Unsealed`]: no message was made, because of the recipients (each is named), the mail or the randomness.
    ///
    /// ```
    /// # use postseal_testkit::{MemoryStore, SeededRandom};
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key};
    /// use postseal::{Address, Certificate, Engine, UnixTime, drive::Lookup, resolve::Context, verify::TrustAnchors};
    /// # use postseal_testkit::ScriptedDirectory;
    /// use postseal::{PerRoute, directory::{Directories, DirectoryId}, verify::Limits};
    /// # let root = Authority::root("Root", Key::P256(1));
    /// # let alice_der = root.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(2))).der().to_vec();
    /// # let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default())?;
    /// let alice = Address::parse("alice@goal.example")?;
    /// let id = DirectoryId::new("ldap:staff");
    /// let staff = ScriptedDirectory::new().lends(&alice, alice_der);
    /// let engine = Engine::new(anchors).with_directories(PerRoute::new(Directories::new().ask(id.clone())));
    /// let store = MemoryStore::new();
    /// let world = Lookup::new(&store).directory(id, &staff);
    /// let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap_or(UnixTime::from_seconds(0));
    /// let context = Context::new(now, std::sync::Arc::new(()));
    /// let mail = b"Subject: hello\r\n\r\nin confidence\r\n";
    /// let encryption = engine.encrypt_mail(mail, vec![alice], Vec::new(), context, &world, &mut SeededRandom::new(1))?;
    /// let message = String::from_utf8(encryption.messages[0].mail.clone())?;
    /// assert!(message.starts_with("Subject: hello\r\nMIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime;"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn encrypt_mail(
        &self,
        mail: &[u8],
        visible: Vec<Address>,
        hidden: Vec<Address>,
        context: resolve::Context,
        world: &drive::Lookup<'_>,
        random: &mut dyn Random,
    ) -> Result<Encryption, Unsealed> {
        seal::encrypt(self, mail, (visible, hidden), context, world, random)
    }
}
