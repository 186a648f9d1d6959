//! What the host carries out itself, without blocking: its language's own executor drives it, and there is none in Rust.

use crate::cert::{Entry, PutOutcome};
use crate::context::{Deadline, EncryptContext, ImportContext};
use crate::engine::{Engine, addresses};
use crate::error::{EngineError, HostError};
use crate::lent::DirectoryReply;
use crate::question::{FetchCrl, FetchIssuer, FetchOcsp, FindStored, PutStored, ResolveDirectory};
use crate::report::{Encryption, ImportReport};
use crate::world::{entries, put_outcome};
use async_trait::async_trait;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use postseal::directory::{self, DirectoryId};
use postseal::drive::{self, World};
use postseal::query::{self, Answer, Pending, Unavailable};
use postseal::seal::Begun;
use postseal::store::{self, Tenant};
use postseal::{Code, import, resolve};
use postseal_adapters::OsRandom;
use postseal_host::Host;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// As `CertStore`, without blocking.
#[uniffi::export(foreign)]
#[async_trait]
pub trait AsyncCertStore: Send + Sync {
    /// One entry for each address asked for, in the same order; an unknown address gives one of version 0 without certificates.
    async fn find(&self, query: FindStored) -> Result<Vec<Entry>, HostError>;

    /// Applies the change if the entry still has the expected version. When it returns `STORED`, the change survives a crash.
    async fn put(&self, query: PutStored) -> Result<PutOutcome, HostError>;
}

/// As `Directory`, without blocking.
#[uniffi::export(foreign)]
#[async_trait]
pub trait AsyncDirectory: Send + Sync {
    /// One reply for each address asked for, in the same order.
    async fn resolve(&self, query: ResolveDirectory) -> Result<Vec<DirectoryReply>, HostError>;
}

/// As `Fetcher`, without blocking.
#[uniffi::export(foreign)]
#[async_trait]
pub trait AsyncFetcher: Send + Sync {
    /// The octets of a revocation list.
    async fn fetch_crl(&self, query: FetchCrl) -> Result<Vec<u8>, HostError>;

    /// The octets of an OCSP response.
    async fn fetch_ocsp(&self, query: FetchOcsp) -> Result<Vec<u8>, HostError>;

    /// The octets of a certificate or of a certs-only CMS.
    async fn fetch_issuer(&self, query: FetchIssuer) -> Result<Vec<u8>, HostError>;
}

/// What the host gave for the methods that do not block. Whatever is not here is asked of the blocking ones, on the thread that
/// polls.
#[derive(Clone, Default)]
pub(crate) struct AsyncWorld {
    pub(crate) store: Option<Arc<dyn AsyncCertStore>>,
    pub(crate) directories: BTreeMap<DirectoryId, Arc<dyn AsyncDirectory>>,
    pub(crate) fetcher: Option<Arc<dyn AsyncFetcher>>,
}

/// In the place of a blocking store, where there is only one that does not block.
#[derive(Debug)]
struct Elsewhere;

impl store::CertStore for Elsewhere {
    fn find(&self, _: &query::FindStored) -> Result<Vec<store::Entry>, Unavailable> {
        Err(Unavailable::because(Code::StoreMissing.sentence()))
    }

    fn put(&self, _: &query::PutStored) -> Result<store::PutOutcome, Unavailable> {
        Err(Unavailable::because(Code::StoreMissing.sentence()))
    }

    fn entries(&self, _: &Tenant) -> Result<Vec<store::Entry>, Unavailable> {
        Err(Unavailable::because(Code::StoreMissing.sentence()))
    }
}

/// One call: whom it asks, and until when.
struct Call {
    host: Host,
    world: AsyncWorld,
    deadline: Deadline,
}

impl Call {
    fn new(engine: &Engine, timeout_ms: Option<u64>) -> Result<Self, EngineError> {
        let host = match (engine.host.store(), &engine.concurrent.store) {
            (None, None) => return Err(Code::StoreMissing.into()),
            (None, Some(_)) => engine.host.clone().with_store(Arc::new(Elsewhere)),
            (Some(_), _) => engine.host.clone(),
        };
        Ok(Self { host, world: engine.concurrent.clone(), deadline: Deadline::after(timeout_ms) })
    }

    /// What only blocks is asked as the blocking calls ask it.
    fn blocking(&self, ask: resolve::Ask) -> Answer {
        match self.host.lookup() {
            Ok(lookup) if self.deadline.is_over() => lookup.give_up(ask),
            Ok(lookup) => lookup.carry_out(ask),
            // `new` has seen to it that there is a store.
            Err(_) => drive::Lookup::new(&Elsewhere).give_up(ask),
        }
    }

    async fn find(&self, open: Pending<query::FindStored>) -> Answer {
        match &self.world.store {
            Some(store) if !self.deadline.is_over() => {
                let found = store.find(FindStored::of(open.query())).await;
                open.answer(found.map_err(Unavailable::from).and_then(entries))
            }
            _ => self.blocking(resolve::Ask::FindStored(open)),
        }
    }

    async fn put(&self, open: Pending<query::PutStored>) -> Answer {
        let query = open.query();
        let reply = match (&self.world.store, self.host.store()) {
            _ if self.deadline.is_over() => Err(late()),
            (Some(store), _) => {
                let outcome = store.put(PutStored::of(query)).await;
                outcome.map_err(Unavailable::from).and_then(put_outcome)
            }
            (None, Some(store)) => store.put(query),
            (None, None) => store::CertStore::put(&Elsewhere, query),
        };
        open.answer(reply)
    }

    async fn resolve(&self, open: Pending<query::ResolveDirectory>) -> Answer {
        match self.world.directories.get(&open.query().directory) {
            Some(directory) if !self.deadline.is_over() => {
                let replies = directory.resolve(ResolveDirectory::of(open.query())).await;
                let own = |replies: Vec<DirectoryReply>| {
                    replies.into_iter().map(Into::into).collect::<Vec<directory::DirectoryReply>>()
                };
                open.answer(replies.map(own).map_err(Unavailable::from))
            }
            _ => self.blocking(resolve::Ask::ResolveDirectory(open)),
        }
    }

    async fn fetch_crl(&self, open: Pending<query::FetchCrl>) -> Answer {
        match &self.world.fetcher {
            Some(fetcher) if !self.deadline.is_over() => {
                let body = fetcher.fetch_crl(FetchCrl::of(open.query())).await;
                open.answer(body.map_err(Unavailable::from))
            }
            _ => self.blocking(resolve::Ask::FetchCrl(open)),
        }
    }

    async fn fetch_ocsp(&self, open: Pending<query::FetchOcsp>) -> Answer {
        match &self.world.fetcher {
            Some(fetcher) if !self.deadline.is_over() => {
                let body = fetcher.fetch_ocsp(FetchOcsp::of(open.query())).await;
                open.answer(body.map_err(Unavailable::from))
            }
            _ => self.blocking(resolve::Ask::FetchOcsp(open)),
        }
    }

    async fn fetch_issuer(&self, open: Pending<query::FetchIssuer>) -> Answer {
        match &self.world.fetcher {
            Some(fetcher) if !self.deadline.is_over() => {
                let body = fetcher.fetch_issuer(FetchIssuer::of(open.query())).await;
                open.answer(body.map_err(Unavailable::from))
            }
            _ => self.blocking(resolve::Ask::FetchIssuer(open)),
        }
    }

    /// Only what importing may ask; it has no way to a directory.
    async fn for_import(&self, ask: import::Ask) -> Answer {
        match ask {
            import::Ask::FindStored(open) => self.find(open).await,
            import::Ask::PutStored(open) => self.put(open).await,
            import::Ask::FetchCrl(open) => self.fetch_crl(open).await,
            import::Ask::FetchOcsp(open) => self.fetch_ocsp(open).await,
            other => drive::Keep::new(&Elsewhere).give_up(other),
        }
    }

    async fn for_encryption(&self, ask: resolve::Ask) -> Answer {
        match ask {
            resolve::Ask::FindStored(open) => self.find(open).await,
            resolve::Ask::ResolveDirectory(open) => self.resolve(open).await,
            resolve::Ask::FetchCrl(open) => self.fetch_crl(open).await,
            resolve::Ask::FetchOcsp(open) => self.fetch_ocsp(open).await,
            resolve::Ask::FetchIssuer(open) => self.fetch_issuer(open).await,
            other => self.blocking(other),
        }
    }
}

fn late() -> Unavailable {
    Unavailable::because("the deadline has passed")
}

/// As [`guard`](crate::error::guard), for a future.
async fn guarded<T>(work: impl Future<Output = Result<T, EngineError>>) -> Result<T, EngineError> {
    let mut work = pin!(work);
    poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)))
            .unwrap_or_else(|_| Poll::Ready(Err(Code::InternalError.into())))
    })
    .await
}

#[uniffi::export]
impl Engine {
    /// As `import_mail`, with the store and the fetcher that do not block.
    pub async fn import_mail_async(&self, mail: Vec<u8>, context: ImportContext) -> Result<ImportReport, EngineError> {
        guarded(async {
            let call = Call::new(self, context.timeout_ms)?;
            let import = self.host.import(&mail, context.core()?)?;
            let report = drive::run_async(import, &**self.host.tracer(), |ask| call.for_import(ask)).await?;
            Ok(report.into())
        })
        .await
    }

    /// As `encrypt`, with the store, the directories and the fetcher that do not block: whatever can be asked at the same time is.
    pub async fn encrypt_async(
        &self,
        mail: Vec<u8>,
        visible: Vec<String>,
        hidden: Vec<String>,
        context: EncryptContext,
    ) -> Result<Encryption, EngineError> {
        guarded(async {
            let call = Call::new(self, context.timeout_ms)?;
            let context = context.core(Arc::clone(self.host.tracer()))?;
            let (visible, hidden) = (addresses(visible)?, addresses(hidden)?);
            let resolve = match self.host.begin_encryption(&mail, visible, hidden, context)? {
                Begun::Resolve(resolve) => resolve,
                Begun::Passed(encryption) => return Ok(encryption.into()),
            };
            let resolution = drive::run_async(resolve, &**self.host.tracer(), |ask| call.for_encryption(ask)).await?;
            Ok(resolution.seal(&mail, &mut OsRandom)?.into())
        })
        .await
    }
}
