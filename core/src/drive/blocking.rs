use crate::directory::{DirectoryId, DirectoryResolver};
use crate::error::{Code, Error};
use crate::fetch::Fetcher;
use crate::import;
use crate::operation::{Operation, Step};
use crate::query::{Answer, Unavailable};
use crate::resolve;
use crate::store::CertStore;
use crate::trace::Tracer;
use std::collections::BTreeMap;

const LATE: &str = "the deadline has passed";

/// Something that can carry out what an operation asks, and may block while it does.
pub trait World<A> {
    /// Carries the question out.
    fn carry_out(&self, ask: A) -> Answer;

    /// Answers without doing anything: the time is over.
    fn give_up(&self, ask: A) -> Answer;
}

/// Runs an operation to its end, one question after the other. Once `expired` says so, every further question is
/// answered as unavailable, so that the operation ends in an orderly way.
///
/// # Errors
/// [`Code::Unanswered`] when the operation waits although nothing was asked, and what [`Operation::poll`] and
/// [`Operation::handle`] report.
///
/// ```
/// # use postseal_testkit::MemoryStore;
/// use postseal::{Engine, UnixTime, drive, import::Context, verify::TrustAnchors};
/// let engine = Engine::new(TrustAnchors::default());
/// let store = MemoryStore::new();
/// let operation = engine.import(b"Subject: plain\r\n\r\nHello\r\n", Context::new(UnixTime::from_seconds(0)));
/// let report = drive::run(operation, &drive::Keep::new(&store), &(), &|| false)?;
/// assert_eq!(report.outcome.name(), "not-signed");
/// # Ok::<(), postseal::Error>(())
/// ```
pub fn run<O: Operation>(
    mut operation: O,
    world: &impl World<O::Ask>,
    tracer: &dyn Tracer,
    expired: &dyn Fn() -> bool,
) -> Result<O::Output, Error> {
    loop {
        match operation.poll(tracer)? {
            Step::Ask(ask) if expired() => operation.handle(world.give_up(ask))?,
            Step::Ask(ask) => operation.handle(world.carry_out(ask))?,
            Step::Wait => return Err(Code::Unanswered.into()),
            Step::Done(output) => return Ok(output),
        }
    }
}

/// All that importing needs of the world: a store.
///
/// ```
/// # use postseal_testkit::MemoryStore;
/// let store = MemoryStore::new();
/// let world = postseal::drive::Keep::new(&store);
/// # let _ = world;
/// ```
#[derive(Debug)]
pub struct Keep<'a> {
    store: &'a dyn CertStore,
    fetcher: Option<&'a dyn Fetcher>,
}

impl<'a> Keep<'a> {
    /// Over this store.
    ///
    /// ```
    /// # let store = postseal_testkit::MemoryStore::new();
    /// let world = postseal::drive::Keep::new(&store);
    /// # let _ = world;
    /// ```
    pub const fn new(store: &'a dyn CertStore) -> Self {
        Self { store, fetcher: None }
    }

    /// With this fetcher, for tenants whose policy fetches.
    ///
    /// ```
    /// # let store = postseal_testkit::MemoryStore::new();
    /// # let fetcher = postseal_testkit::ScriptedFetcher::new();
    /// let world = postseal::drive::Keep::new(&store).fetching(&fetcher);
    /// # let _ = world;
    /// ```
    #[must_use]
    pub const fn fetching(mut self, fetcher: &'a dyn Fetcher) -> Self {
        self.fetcher = Some(fetcher);
        self
    }
}

/// All that resolving needs of the world: a store that it only reads, and the directories by their names.
///
/// ```
/// # use postseal_testkit::{MemoryStore, ScriptedDirectory};
/// use postseal::{directory::DirectoryId, drive::Lookup};
/// let (store, staff) = (MemoryStore::new(), ScriptedDirectory::new());
/// let world = Lookup::new(&store).directory(DirectoryId::new("ldap:staff"), &staff);
/// # let _ = world;
/// ```
#[derive(Clone, Debug)]
pub struct Lookup<'a> {
    store: &'a dyn CertStore,
    directories: BTreeMap<DirectoryId, &'a dyn DirectoryResolver>,
    fetcher: Option<&'a dyn Fetcher>,
}

impl<'a> Lookup<'a> {
    /// Over this store, without a directory.
    ///
    /// ```
    /// # let store = postseal_testkit::MemoryStore::new();
    /// let world = postseal::drive::Lookup::new(&store);
    /// # let _ = world;
    /// ```
    pub const fn new(store: &'a dyn CertStore) -> Self {
        Self { store, directories: BTreeMap::new(), fetcher: None }
    }

    /// With this directory.
    ///
    /// ```
    /// # use postseal_testkit::{MemoryStore, ScriptedDirectory};
    /// # let (store, staff) = (MemoryStore::new(), ScriptedDirectory::new());
    /// use postseal::{directory::DirectoryId, drive::Lookup};
    /// let world = Lookup::new(&store).directory(DirectoryId::new("ldap:staff"), &staff);
    /// # let _ = world;
    /// ```
    #[must_use]
    pub fn directory(mut self, id: DirectoryId, resolver: &'a dyn DirectoryResolver) -> Self {
        self.directories.insert(id, resolver);
        self
    }

    /// With this fetcher, for tenants whose policy fetches.
    ///
    /// ```
    /// # let store = postseal_testkit::MemoryStore::new();
    /// # let fetcher = postseal_testkit::ScriptedFetcher::new();
    /// let world = postseal::drive::Lookup::new(&store).fetching(&fetcher);
    /// # let _ = world;
    /// ```
    #[must_use]
    pub fn fetching(mut self, fetcher: &'a dyn Fetcher) -> Self {
        self.fetcher = Some(fetcher);
        self
    }
}

/// Carries out a fetch, where somebody fetches.
macro_rules! fetch {
    ($world:ident, $method:ident, $pending:ident) => {{
        let nobody = || Err(Unavailable::because("the host fetches nothing"));
        let reply = $world.fetcher.map_or_else(nobody, |fetcher| fetcher.$method($pending.query()));
        $pending.answer(reply)
    }};
}

impl World<resolve::Ask> for Lookup<'_> {
    fn carry_out(&self, ask: resolve::Ask) -> Answer {
        match ask {
            resolve::Ask::FindStored(pending) => {
                let reply = self.store.find(pending.query());
                pending.answer(reply)
            }
            resolve::Ask::ResolveDirectory(pending) => {
                let resolver = self.directories.get(&pending.query().directory);
                let reply = resolver.map_or_else(
                    || Err(Unavailable::because(Code::DirectoryUnknown.sentence())),
                    |resolver| resolver.resolve(pending.query()),
                );
                pending.answer(reply)
            }
            resolve::Ask::FetchCrl(pending) => fetch!(self, fetch_crl, pending),
            resolve::Ask::FetchOcsp(pending) => fetch!(self, fetch_ocsp, pending),
            resolve::Ask::FetchIssuer(pending) => fetch!(self, fetch_issuer, pending),
        }
    }

    fn give_up(&self, ask: resolve::Ask) -> Answer {
        let late = Unavailable::because(LATE);
        match ask {
            resolve::Ask::FindStored(pending) => pending.answer(Err(late)),
            resolve::Ask::ResolveDirectory(pending) => pending.answer(Err(late)),
            resolve::Ask::FetchCrl(pending) => pending.answer(Err(late)),
            resolve::Ask::FetchOcsp(pending) => pending.answer(Err(late)),
            resolve::Ask::FetchIssuer(pending) => pending.answer(Err(late)),
        }
    }
}

impl World<import::Ask> for Keep<'_> {
    fn carry_out(&self, ask: import::Ask) -> Answer {
        match ask {
            import::Ask::FindStored(pending) => {
                let reply = self.store.find(pending.query());
                pending.answer(reply)
            }
            import::Ask::PutStored(pending) => {
                let reply = self.store.put(pending.query());
                pending.answer(reply)
            }
            import::Ask::FetchCrl(pending) => fetch!(self, fetch_crl, pending),
            import::Ask::FetchOcsp(pending) => fetch!(self, fetch_ocsp, pending),
        }
    }

    fn give_up(&self, ask: import::Ask) -> Answer {
        let late = Unavailable::because(LATE);
        match ask {
            import::Ask::FindStored(pending) => pending.answer(Err(late)),
            import::Ask::PutStored(pending) => pending.answer(Err(late)),
            import::Ask::FetchCrl(pending) => pending.answer(Err(late)),
            import::Ask::FetchOcsp(pending) => pending.answer(Err(late)),
        }
    }
}
