use crate::Host;
use postseal::query::{FindStored, PutStored};
use postseal::store::{Change, Decision, Entry, PutOutcome, Tenant};
use postseal::trace::{Event, Kind, escape};
use postseal::verify::{Intermediates, Limits};
use postseal::{Address, Certificate, Code, Error, Fingerprint, UnixTime};

/// What came of a certificate that an operator brought.
///
/// ```
/// # use postseal_host::Added;
/// fn is_new(added: &Added) -> bool {
///     added.filed.iter().any(|(_, is_new)| *is_new)
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Added {
    /// The certificate.
    pub certificate: Certificate,
    /// The mailboxes that it is filed under, each with whether it is new there.
    pub filed: Vec<(Address, bool)>,
}

/// What is stored for each mailbox, and what becomes of it.
type Plan = Vec<(Entry, Option<Change>)>;

impl Host {
    /// All that is stored for a tenant, in the order of the addresses.
    ///
    /// # Errors
    /// [`Code::StoreMissing`], [`Code::StoreUnavailable`].
    ///
    /// ```
    /// # use postseal::{Engine, store::Tenant, verify::TrustAnchors};
    /// # use postseal_host::Host;
    /// let store = std::sync::Arc::new(postseal_testkit::MemoryStore::new());
    /// let host = Host::new(Engine::new(TrustAnchors::default())).with_store(store);
    /// assert!(host.entries(&Tenant::default())?.is_empty());
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn entries(&self, tenant: &Tenant) -> Result<Vec<Entry>, Error> {
        self.needed_store()?.entries(tenant).map_err(|_| Code::StoreUnavailable.into())
    }

    /// An operator's decision about a stored certificate, with an event that says who made it. `entry` is what the operator
    /// looked at.
    ///
    /// # Errors
    /// [`Code::NoCertificate`] when the entry does not have it, [`Code::StoreContended`] when the entry changed in the meantime,
    /// [`Code::StoreMissing`], [`Code::StoreUnavailable`].
    ///
    /// ```
    /// # use postseal::{Address, Code, Engine, Fingerprint, store::{Decision, Entry, Tenant}, verify::TrustAnchors};
    /// # use postseal_host::Host;
    /// let store = std::sync::Arc::new(postseal_testkit::MemoryStore::new());
    /// let host = Host::new(Engine::new(TrustAnchors::default())).with_store(store);
    /// let entry = Entry::absent(Address::parse("alice@goal.example")?);
    /// let decided = host.decide(&Tenant::default(), &entry, Fingerprint::from([0; 32]), Decision::Pin, "admin", Host::now());
    /// assert_eq!(decided.unwrap_err().code(), Code::NoCertificate);
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn decide(
        &self,
        tenant: &Tenant,
        entry: &Entry,
        fingerprint: Fingerprint,
        decision: Decision,
        by: &str,
        now: UnixTime,
    ) -> Result<(), Error> {
        if entry.state_of(&fingerprint).is_none() {
            return Err(Code::NoCertificate.into());
        }
        self.put(tenant, entry, Change::Decide { fingerprint, decision })?;
        self.tell(tenant, entry, Kind::Decided { fingerprint, decision, by: escape(by) }, now);
        Ok(())
    }

    /// Uses a certificate that an operator brings, for every mailbox that it names, after the checks of
    /// [`Engine::add_certificate`](postseal::Engine::add_certificate). `file` is DER, or PEM whose first certificate is meant and
    /// whose others help to build its path.
    ///
    /// # Errors
    /// As [`Host::check_certificate`]; [`Code::StoreContended`] when an entry changed in the meantime: then those before it are
    /// stored.
    ///
    /// ```
    /// # use postseal::{Engine, UnixTime, store::Tenant, verify::{Limits, TrustAnchors}};
    /// # use postseal_host::Host;
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key};
    /// # let root = Authority::root("Root", Key::P256(1));
    /// # let file = root.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(2))).der().to_vec();
    /// # let engine = Engine::new(TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default())?);
    /// # let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap_or(UnixTime::from_seconds(0));
    /// let host = Host::new(engine).with_store(std::sync::Arc::new(postseal_testkit::MemoryStore::new()));
    /// let added = host.add_certificate(&Tenant::default(), &file, "admin", now)?;
    /// assert_eq!(added.filed[0].0.as_str(), "alice@goal.example");
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn add_certificate(&self, tenant: &Tenant, file: &[u8], by: &str, now: UnixTime) -> Result<Added, Error> {
        let (certificate, plan) = self.plan(tenant, file, now)?;
        let mut filed = Vec::new();
        for (entry, change) in plan {
            let is_new = change.is_some();
            if let Some(change) = change {
                self.put(tenant, &entry, change)?;
                let (fingerprint, by) = (certificate.fingerprint(), escape(by));
                let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
                self.tell(tenant, &entry, Kind::Added { fingerprint, not_before, not_after, by }, now);
            }
            filed.push((entry.address, is_new));
        }
        Ok(Added { certificate, filed })
    }

    /// What [`Host::add_certificate`] would do; nothing is stored or traced.
    ///
    /// # Errors
    /// The first check that fails, for any of the mailboxes; [`Code::StoreMissing`], [`Code::StoreUnavailable`].
    ///
    /// ```
    /// # use postseal::{Code, Engine, store::Tenant, verify::TrustAnchors};
    /// # use postseal_host::Host;
    /// let store = std::sync::Arc::new(postseal_testkit::MemoryStore::new());
    /// let host = Host::new(Engine::new(TrustAnchors::default())).with_store(store);
    /// let error = host.check_certificate(&Tenant::default(), b"no certificate", Host::now()).unwrap_err();
    /// assert_eq!(error.code(), Code::PemMalformed);
    /// ```
    pub fn check_certificate(&self, tenant: &Tenant, file: &[u8], now: UnixTime) -> Result<Added, Error> {
        let (certificate, plan) = self.plan(tenant, file, now)?;
        let filed = plan.into_iter().map(|(entry, change)| (entry.address, change.is_some())).collect();
        Ok(Added { certificate, filed })
    }

    fn plan(&self, tenant: &Tenant, file: &[u8], now: UnixTime) -> Result<(Certificate, Plan), Error> {
        let limits = self.engine().limits();
        let (certificate, issuers) = read(file, limits)?;
        let mailboxes = certificate.mailboxes(self.engine().profile().subject_email(), limits)?;
        let query = FindStored::new(tenant.clone(), mailboxes);
        let entries = self.needed_store()?.find(&query).map_err(|_| Error::from(Code::StoreUnavailable))?;
        let mut plan = Plan::new();
        for entry in entries {
            let change = self.engine().add_certificate(tenant, &entry, &certificate, &issuers, now)?;
            plan.push((entry, change));
        }
        Ok((certificate, plan))
    }

    fn put(&self, tenant: &Tenant, entry: &Entry, change: Change) -> Result<(), Error> {
        let query = PutStored::new(tenant.clone(), entry.address.clone(), entry.version, change);
        match self.needed_store()?.put(&query) {
            Ok(PutOutcome::Stored) => Ok(()),
            Ok(PutOutcome::Conflict(_)) => Err(Code::StoreContended.into()),
            Ok(PutOutcome::OverQuota(_)) => Err(Code::QuotaExceeded.into()),
            Err(_) => Err(Code::StoreUnavailable.into()),
        }
    }

    fn tell(&self, tenant: &Tenant, entry: &Entry, kind: Kind, now: UnixTime) {
        self.tracer().event(&Event::by_operator(now, tenant.clone(), entry.address.clone(), kind));
    }
}

/// The certificate of a file, and those that help to build its path.
fn read(file: &[u8], limits: &Limits) -> Result<(Certificate, Vec<Certificate>), Error> {
    if file.first() == Some(&0x30) {
        return Ok((Certificate::from_der(file, limits)?, Vec::new()));
    }
    let all = Intermediates::from_pem(file, limits)?;
    let mut all = all.certificates().cloned();
    let first = all.next().ok_or_else(|| Error::from(Code::PemMalformed))?;
    Ok((first, all.collect()))
}
