use super::EntraError;
use super::breaker::Breaker;
use super::check::{Check, SourceCheck};
use super::cloud::Cloud;
use super::credential::EntraCredential;
use super::fault::Fault;
use super::limits::EntraLimits;
use super::lookup::{Lookup, Plan};
use super::machine::{Machine, Now, Seeker, Step, Tenant};
use super::source::{EntraSource, segment};
use super::token::Tokens;
use super::wire::{Sender, Wire};
use postseal::directory::{DirectoryReply, DirectoryResolver};
use postseal::query::{ResolveDirectory, Unavailable};
use postseal::verify::Limits;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// A tenant of Microsoft Entra ID and Exchange Online, as a directory of certificates.
///
/// All its sources are asked about an address, one after the other, and the engine chooses among what they have. What cannot be
/// had is never taken for what is not there: with a missing permission, a source that is turned off, an answer that cannot be
/// read, an address is unavailable, or what other sources have of it may not be all.
///
/// See [the module](super) for what each source rests on, and whether to use this at all.
///
/// ```
/// use postseal_adapters::directory::entra::{EntraCredential, EntraDirectory, EntraSource, ExchangeApi};
/// let credential = EntraCredential::client_secret("8d3c7f0a-2f3b-4a52-9f55-5d1e6f1c8a11", "s3cr3t");
/// let directory = EntraDirectory::new("goal.onmicrosoft.com", credential)?
///     .with_source(EntraSource::exchange_recipients(ExchangeApi::AdminApiV2))
///     .with_source(EntraSource::mailbox_contacts("smime-directory@goal.example")?);
/// # let _ = directory;
/// # Ok::<(), postseal_adapters::directory::entra::EntraError>(())
/// ```
pub struct EntraDirectory {
    tenant: Arc<Tenant>,
    wire: Wire,
}

impl EntraDirectory {
    /// The tenant of this name or id, in the worldwide cloud, without any source.
    ///
    /// # Errors
    /// [`EntraError::Name`] when it is neither a domain nor an id.
    ///
    /// ```
    /// use postseal_adapters::directory::entra::{EntraCredential, EntraDirectory};
    /// let credential = EntraCredential::client_secret("app", "s3cr3t");
    /// assert!(EntraDirectory::new("goal.onmicrosoft.com", credential.clone()).is_ok());
    /// assert!(EntraDirectory::new("goal/../other", credential).is_err());
    /// ```
    pub fn new(tenant: &str, credential: EntraCredential) -> Result<Self, EntraError> {
        let is_name = tenant.bytes().all(|octet| octet.is_ascii_alphanumeric() || b".-_".contains(&octet));
        let tenant = segment(tenant).ok().filter(|_| is_name).ok_or(EntraError::Name)?;
        let (cloud, limits) = (Cloud::global(), EntraLimits::default());
        let plan = Arc::new(Plan { cloud, tenant, sources: Vec::new(), limits, certificates: Limits::default() });
        let tenant = Tenant { plan, credential, tokens: Arc::default(), breaker: Breaker::default() };
        Ok(Self { tenant: Arc::new(tenant), wire: Wire::default() })
    }

    /// Then this source.
    ///
    /// ```
    /// use postseal_adapters::directory::entra::{EntraCredential, EntraDirectory, EntraSource, ExchangeApi};
    /// let directory = EntraDirectory::new("goal.onmicrosoft.com", EntraCredential::client_secret("app", "s3cr3t"))?
    ///     .with_source(EntraSource::exchange_recipients(ExchangeApi::InvokeCommand));
    /// # let _ = directory;
    /// # Ok::<(), postseal_adapters::directory::entra::EntraError>(())
    /// ```
    #[must_use]
    pub fn with_source(self, source: EntraSource) -> Self {
        self.with_plan(|plan| plan.sources.push(source))
    }

    /// In another cloud.
    ///
    /// ```
    /// use postseal_adapters::directory::entra::{Cloud, EntraCredential, EntraDirectory};
    /// let credential = EntraCredential::client_secret("app", "s3cr3t");
    /// let directory = EntraDirectory::new("goal.onmicrosoft.us", credential)?.with_cloud(Cloud::gcc_high());
    /// # let _ = directory;
    /// # Ok::<(), postseal_adapters::directory::entra::EntraError>(())
    /// ```
    #[must_use]
    pub fn with_cloud(self, cloud: Cloud) -> Self {
        self.with_plan(|plan| plan.cloud = cloud)
    }

    /// With these limits.
    ///
    /// ```
    /// use postseal_adapters::directory::entra::{EntraCredential, EntraDirectory, EntraLimits};
    /// let mut limits = EntraLimits::default();
    /// limits.retries = 1;
    /// let credential = EntraCredential::client_secret("app", "s3cr3t");
    /// let directory = EntraDirectory::new("goal.onmicrosoft.com", credential)?.with_limits(limits);
    /// # let _ = directory;
    /// # Ok::<(), postseal_adapters::directory::entra::EntraError>(())
    /// ```
    #[must_use]
    pub fn with_limits(self, limits: EntraLimits) -> Self {
        self.with_plan(|plan| plan.limits = limits)
    }

    /// With these limits for what is read from values.
    ///
    /// ```
    /// use postseal::verify::Limits;
    /// use postseal_adapters::directory::entra::{EntraCredential, EntraDirectory};
    /// let credential = EntraCredential::client_secret("app", "s3cr3t");
    /// let directory = EntraDirectory::new("goal.onmicrosoft.com", credential)?.with_certificate_limits(Limits::default());
    /// # let _ = directory;
    /// # Ok::<(), postseal_adapters::directory::entra::EntraError>(())
    /// ```
    #[must_use]
    pub fn with_certificate_limits(self, limits: Limits) -> Self {
        self.with_plan(|plan| plan.certificates = limits)
    }

    /// Believes servers under these roots, in PEM, and not under those of the system: for a proxy that ends TLS.
    ///
    /// # Errors
    /// [`EntraError::TlsRoots`] when there is no usable certificate among them.
    ///
    /// ```
    /// use postseal_adapters::directory::entra::{EntraCredential, EntraDirectory, EntraError};
    /// let directory = EntraDirectory::new("goal.onmicrosoft.com", EntraCredential::client_secret("app", "s3cr3t"))?;
    /// assert_eq!(directory.with_tls_roots(b"no PEM").unwrap_err(), EntraError::TlsRoots);
    /// # Ok::<(), EntraError>(())
    /// ```
    pub fn with_tls_roots(mut self, pem: &[u8]) -> Result<Self, EntraError> {
        self.wire = Wire::with_roots(pem)?;
        Ok(self)
    }

    /// As [`DirectoryResolver::resolve`], for whoever must not be blocked. It works in any runtime, and stops when it is
    /// dropped.
    ///
    /// # Errors
    /// [`Unavailable`] when none of the addresses could be asked about.
    ///
    /// ```
    /// use postseal::query::{ResolveDirectory, Unavailable};
    /// use postseal_adapters::directory::entra::EntraDirectory;
    /// async fn how_many(directory: &EntraDirectory, query: &ResolveDirectory) -> Result<usize, Unavailable> {
    ///     Ok(directory.resolve_async(query).await?.len())
    /// }
    /// # let _ = how_many;
    /// ```
    pub async fn resolve_async(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        let lookups = self.run_async(self.lookups(query)).await?;
        Ok(lookups.into_iter().map(Lookup::into_reply).collect())
    }

    /// Sends one harmless request for each source: whether a certificate could be found there at all.
    ///
    /// # Errors
    /// [`Unavailable`] when nothing could be sent.
    ///
    /// ```
    /// use postseal::query::Unavailable;
    /// use postseal_adapters::directory::entra::EntraDirectory;
    /// fn report(directory: &EntraDirectory) -> Result<(), Unavailable> {
    ///     for check in directory.check()? {
    ///         println!("{}: {} {}", check.source, check.usability, check.detail.unwrap_or_default());
    ///     }
    ///     Ok(())
    /// }
    /// # let _ = report;
    /// ```
    pub fn check(&self) -> Result<Vec<SourceCheck>, Unavailable> {
        let checks = self.run_blocking(self.checks())?;
        Ok(checks.into_iter().map(Check::into_result).collect())
    }

    /// As [`check`](Self::check), for whoever must not be blocked.
    ///
    /// # Errors
    /// [`Unavailable`] when nothing could be sent.
    ///
    /// ```
    /// use postseal::query::Unavailable;
    /// use postseal_adapters::directory::entra::{EntraDirectory, Usability};
    /// async fn is_usable(directory: &EntraDirectory) -> Result<bool, Unavailable> {
    ///     Ok(directory.check_async().await?.iter().all(|check| check.usability == Usability::Usable))
    /// }
    /// # let _ = is_usable;
    /// ```
    pub async fn check_async(&self) -> Result<Vec<SourceCheck>, Unavailable> {
        let checks = self.run_async(self.checks()).await?;
        Ok(checks.into_iter().map(Check::into_result).collect())
    }

    /// What was learnt with other settings is forgotten.
    fn with_plan(self, change: impl FnOnce(&mut Plan)) -> Self {
        let old = &self.tenant.plan;
        let (tenant, sources) = (old.tenant.clone(), old.sources.clone());
        let (limits, certificates) = (old.limits, old.certificates.clone());
        let mut plan = Plan { cloud: old.cloud.clone(), tenant, sources, limits, certificates };
        change(&mut plan);
        let credential = self.tenant.credential.clone();
        let (plan, tokens) = (Arc::new(plan), Arc::<Tokens>::default());
        Self { tenant: Arc::new(Tenant { plan, credential, tokens, breaker: Breaker::default() }), wire: self.wire }
    }

    fn lookups(&self, query: &ResolveDirectory) -> Vec<Lookup> {
        let lookup = |address: &postseal::Address| Lookup::new(Arc::clone(&self.tenant.plan), address.clone());
        query.addresses.iter().map(lookup).collect()
    }

    fn checks(&self) -> Vec<Check> {
        let plan = &self.tenant.plan;
        plan.sources.iter().map(|source| Check::new(Arc::clone(plan), source.clone())).collect()
    }

    fn run_blocking<S: Seeker + Send + 'static>(&self, seekers: Vec<S>) -> Result<Vec<S>, Unavailable> {
        let limits = &self.tenant.plan.limits;
        let machine = self.machine(seekers);
        // The machine keeps the deadline; this is for a thread that is gone.
        let longest = limits.total.saturating_add(GRACE);
        self.wire.wait(limits, |sender| drive(machine, sender), longest).map_err(Unavailable::because)
    }

    async fn run_async<S: Seeker + Send + 'static>(&self, seekers: Vec<S>) -> Result<Vec<S>, Unavailable> {
        let machine = self.machine(seekers);
        let (there, back) = oneshot::channel();
        let (here, gone) = oneshot::channel::<()>();
        let job = |sender| async move {
            tokio::select! {
                seekers = drive(machine, sender) => drop(there.send(seekers)),
                _ = gone => {}
            }
        };
        self.wire.run(&self.tenant.plan.limits, job).map_err(Unavailable::because)?;
        let answer = back.await;
        drop(here);
        answer.map_err(|_| Unavailable::because("the thread that asks Entra ID is gone"))
    }

    fn machine<S: Seeker>(&self, seekers: Vec<S>) -> Machine<S> {
        Machine::new(Arc::clone(&self.tenant), seekers, Instant::now())
    }
}

impl fmt::Debug for EntraDirectory {
    /// Which tenant, where, and which sources: nothing of what it proves itself with, or of what it learnt.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = &self.tenant.plan;
        let sources: Vec<String> = plan.sources.iter().map(ToString::to_string).collect();
        write!(f, "EntraDirectory({} in {:?}: {})", plan.tenant, plan.cloud, sources.join(", "))
    }
}

impl DirectoryResolver for EntraDirectory {
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        let lookups = self.run_blocking(self.lookups(query))?;
        Ok(lookups.into_iter().map(Lookup::into_reply).collect())
    }
}

const GRACE: Duration = Duration::from_secs(5);

/// Sends what the machine wants sent. When this is dropped, so is everything under way.
async fn drive<S: Seeker>(mut machine: Machine<S>, sender: Sender) -> Vec<S> {
    let mut flights = JoinSet::new();
    loop {
        let wake = match machine.step(now()) {
            Step::Done => return machine.into_seekers().collect(),
            Step::Send(number, request, limit) => {
                let sender = sender.clone();
                flights.spawn(async move { (number, sender.send(*request, limit).await) });
                continue;
            }
            Step::Wait(wake) => wake,
        };
        tokio::select! {
            Some(Ok((number, answer))) = flights.join_next() => machine.answer(number, answer, now()),
            () = tokio::time::sleep_until(wake.into()) => {}
        }
    }
}

fn now() -> Now {
    let mut unique = [0; 16];
    // Without randomness the numbers of requests repeat, which harms nothing but a search in somebody's log.
    let _ = getrandom::fill(&mut unique);
    Now { instant: Instant::now(), clock: SystemTime::now(), unique }
}

impl From<Fault> for Unavailable {
    fn from(fault: Fault) -> Self {
        Self::because(fault)
    }
}
