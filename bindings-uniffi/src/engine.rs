use crate::cert::Entry;
use crate::concurrent::{AsyncCertStore, AsyncDirectory, AsyncFetcher, AsyncWorld};
use crate::context::{self, Deadline, EncryptContext, ImportContext};
use crate::error::{EngineError, guard};
use crate::event::{HostTracer, Tracer};
use crate::report::{Encryption, ImportReport};
use crate::step::{EncryptOperation, ImportOperation};
use crate::world::{CertStore, Directory, Fetcher, HostDirectory, HostFetcher, HostStore};
use core::fmt;
use postseal::directory::DirectoryId;
use postseal::store;
use postseal::{Address, Code};
use postseal_host::{Configuration, Host};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// What an operator can say about a stored certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Decision {
    /// Use it from now on; what was active becomes superseded.
    Approve,
    /// Never use it, and refuse it when it comes again.
    Reject,
    /// Use it, and let nothing that mail brings replace it.
    Pin,
    /// Do not use it any more, and refuse it when it comes again.
    Disable,
    /// Forget it.
    Remove,
    /// Take back what was said about it: it is a candidate again, and waits for another word.
    Hold,
}

impl From<Decision> for store::Decision {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Approve => Self::Approve,
            Decision::Reject => Self::Reject,
            Decision::Pin => Self::Pin,
            Decision::Disable => Self::Disable,
            Decision::Remove => Self::Remove,
            Decision::Hold => Self::Hold,
        }
    }
}

/// The engine with what it works with. All methods may be called from as many threads as there are; the `with_...` methods give
/// another engine and leave this one as it is.
#[derive(Clone, uniffi::Object)]
pub struct Engine {
    pub(crate) host: Host,
    pub(crate) concurrent: AsyncWorld,
    /// The directories that the configuration has.
    directories: Arc<BTreeSet<String>>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine(..)")
    }
}

impl Engine {
    fn of(configuration: &Configuration) -> Result<Arc<Self>, EngineError> {
        let directories = Arc::new(configuration.directories().map(str::to_owned).collect());
        Ok(Arc::new(Self { host: configuration.host()?, concurrent: AsyncWorld::default(), directories }))
    }

    /// The directory of this name. One that nobody asks would look like one that has no certificates.
    fn directory(&self, name: &str) -> Result<DirectoryId, EngineError> {
        if self.directories.contains(name) {
            return Ok(DirectoryId::new(name));
        }
        Err(EngineError::Failed {
            failure: Code::DirectoryUnknown.into(),
            detail: Some(format!("there is no [directory.{name}]")),
        })
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Arc<Self> {
        let mut engine = self.clone();
        change(&mut engine);
        Arc::new(engine)
    }
}

/// Mailboxes, as the engine reads them.
pub(crate) fn addresses(texts: Vec<String>) -> Result<Vec<Address>, EngineError> {
    Ok(texts.iter().map(|text| Address::parse(text)).collect::<Result<_, _>>()?)
}

#[uniffi::export]
impl Engine {
    /// From the text of a configuration (`postseal.toml`). Relative paths in it are relative to `folder`.
    #[uniffi::constructor]
    pub fn from_configuration(text: String, folder: String) -> Result<Arc<Self>, EngineError> {
        guard(|| Self::of(&Configuration::parse(&text, Path::new(&folder))?))
    }

    /// From a configuration file. Relative paths in it are relative to its folder.
    #[uniffi::constructor]
    pub fn from_file(path: String) -> Result<Arc<Self>, EngineError> {
        guard(|| Self::of(&Configuration::read(Path::new(&path))?))
    }

    /// With a store of the host's own, instead of the configured one.
    pub fn with_store(&self, store: Arc<dyn CertStore>) -> Arc<Self> {
        self.with(|engine| engine.host = self.host.clone().with_store(Arc::new(HostStore(store))))
    }

    /// With a directory of the host's own under this name. The configuration says who asks it, and in which order;
    /// `directory-unknown` when it has none of this name.
    pub fn with_directory(&self, name: String, directory: Arc<dyn Directory>) -> Result<Arc<Self>, EngineError> {
        let (id, directory) = (self.directory(&name)?, Arc::new(HostDirectory(directory)));
        Ok(self.with(|engine| engine.host = self.host.clone().with_directory(id, directory)))
    }

    /// With a fetcher of the host's own. The configuration says what is fetched.
    pub fn with_fetcher(&self, fetcher: Arc<dyn Fetcher>) -> Arc<Self> {
        self.with(|engine| engine.host = self.host.clone().with_fetcher(Arc::new(HostFetcher(fetcher))))
    }

    /// With a tracer of the host's own, instead of the configured one.
    pub fn with_tracer(&self, tracer: Arc<dyn Tracer>) -> Arc<Self> {
        self.with(|engine| engine.host = self.host.clone().with_tracer(Arc::new(HostTracer(tracer))))
    }

    /// With a store for the `..._async` methods.
    pub fn with_async_store(&self, store: Arc<dyn AsyncCertStore>) -> Arc<Self> {
        self.with(|engine| engine.concurrent.store = Some(store))
    }

    /// With a directory for the `..._async` methods; `directory-unknown` as with `with_directory`.
    pub fn with_async_directory(
        &self,
        name: String,
        directory: Arc<dyn AsyncDirectory>,
    ) -> Result<Arc<Self>, EngineError> {
        let id = self.directory(&name)?;
        Ok(self.with(|engine| drop(engine.concurrent.directories.insert(id, directory))))
    }

    /// With a fetcher for the `..._async` methods.
    pub fn with_async_fetcher(&self, fetcher: Arc<dyn AsyncFetcher>) -> Arc<Self> {
        self.with(|engine| engine.concurrent.fetcher = Some(fetcher))
    }

    /// Verifies a mail and keeps what was learned, blocking while the store works. `mail` is the whole mail as it was received:
    /// software that parses and writes it again breaks its signature. Everything about the mail is in the report; the error is for
    /// misuse.
    pub fn import_mail(&self, mail: Vec<u8>, context: ImportContext) -> Result<ImportReport, EngineError> {
        guard(|| {
            let deadline = Deadline::after(context.timeout_ms);
            Ok(self.host.import_mail(&mail, context.core()?, &|| deadline.is_over())?.into())
        })
    }

    /// Encrypts a mail for its recipients, blocking while the store and the directories work. The recipients are those of the
    /// envelope; the hidden ones get messages of their own. `Unsealed` when no message was made.
    pub fn encrypt(
        &self,
        mail: Vec<u8>,
        visible: Vec<String>,
        hidden: Vec<String>,
        context: EncryptContext,
    ) -> Result<Encryption, EngineError> {
        guard(|| {
            let deadline = Deadline::after(context.timeout_ms);
            let context = context.core(Arc::clone(self.host.tracer()))?;
            let (visible, hidden) = (addresses(visible)?, addresses(hidden)?);
            Ok(self.host.encrypt_mail(&mail, visible, hidden, context, &|| deadline.is_over())?.into())
        })
    }

    /// The operation that imports a mail, for hosts that carry out its questions themselves.
    pub fn import_operation(&self, mail: Vec<u8>, context: ImportContext) -> Result<Arc<ImportOperation>, EngineError> {
        guard(|| Ok(ImportOperation::of(self, self.host.import(&mail, context.core()?)?)))
    }

    /// The operation that encrypts a mail, for hosts that carry out its questions themselves.
    pub fn encrypt_operation(
        &self,
        mail: Vec<u8>,
        visible: Vec<String>,
        hidden: Vec<String>,
        context: EncryptContext,
    ) -> Result<Arc<EncryptOperation>, EngineError> {
        guard(|| {
            let context = context.core(Arc::clone(self.host.tracer()))?;
            let (visible, hidden) = (addresses(visible)?, addresses(hidden)?);
            let begun = self.host.begin_encryption(&mail, visible, hidden, context)?;
            Ok(EncryptOperation::of(self, begun, mail))
        })
    }

    /// All that is stored for a tenant (`default` when there is none), in the order of the addresses.
    pub fn entries(&self, tenant: Option<String>) -> Result<Vec<Entry>, EngineError> {
        guard(|| self.host.entries(&context::tenant(tenant))?.iter().map(Entry::of).collect())
    }

    /// An operator's decision about a stored certificate, with an event that says who made it. `entry` is what he looked at: when it
    /// has changed in the meantime, nothing is decided.
    pub fn decide(
        &self,
        tenant: Option<String>,
        entry: Entry,
        fingerprint: String,
        decision: Decision,
        by: String,
    ) -> Result<(), EngineError> {
        guard(|| {
            let (tenant, entry) = (context::tenant(tenant), entry.core()?);
            Ok(self.host.decide(&tenant, &entry, fingerprint.parse()?, decision.into(), &by, context::clock(None))?)
        })
    }
}
