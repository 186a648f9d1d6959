use postseal::Address;
use postseal::query::{FindStored, PutStored, Unavailable};
use postseal::store::{CertStore, Counts, Entry, ManagedStore, PutOutcome, Quotas, Restored, Tenant};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A store in memory: the reference semantics of [`CertStore`].
///
/// ```
/// use postseal::{Address, query::FindStored, store::{CertStore, Tenant}};
/// let store = postseal_testkit::MemoryStore::new();
/// let alice = Address::parse("alice@goal.example")?;
/// let entries = store.find(&FindStored::new(Tenant::default(), vec![alice])).unwrap();
/// assert!(entries[0].certs.is_empty());
/// # Ok::<(), postseal::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    quotas: Quotas,
    rows: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    entries: BTreeMap<(Tenant, String), Entry>,
    /// New addresses by tenant, domain and day.
    learned: BTreeMap<(Tenant, String, i64), u64>,
}

impl MemoryStore {
    /// An empty store.
    ///
    /// ```
    /// let store = postseal_testkit::MemoryStore::new();
    /// # let _ = store;
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With these quotas.
    ///
    /// ```
    /// use postseal::store::Quotas;
    /// let quotas = Quotas { addresses_per_tenant: Some(10), ..Quotas::default() };
    /// let store = postseal_testkit::MemoryStore::new().with_quotas(quotas);
    /// # let _ = store;
    /// ```
    #[must_use]
    pub const fn with_quotas(mut self, quotas: Quotas) -> Self {
        self.quotas = quotas;
        self
    }

    fn locked<T>(&self, work: impl FnOnce(&mut Rows) -> T) -> T {
        work(&mut self.rows.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Rows {
    fn entry(&self, tenant: &Tenant, address: &Address) -> Entry {
        let key = (tenant.clone(), address.key().to_owned());
        self.entries.get(&key).cloned().unwrap_or_else(|| Entry::absent(address.clone()))
    }

    fn of<'a>(&'a self, tenant: &'a Tenant) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |((owner, _), _)| owner == tenant).map(|(_, entry)| entry)
    }

    fn counts(&self, learned: &(Tenant, String, i64)) -> Counts {
        let addresses = self.of(&learned.0).filter(|entry| !entry.certs.is_empty()).count();
        let new_today = self.learned.get(learned).copied().unwrap_or_default();
        Counts { addresses: u64::try_from(addresses).unwrap_or(u64::MAX), new_today }
    }
}

impl CertStore for MemoryStore {
    fn find(&self, query: &FindStored) -> Result<Vec<Entry>, Unavailable> {
        Ok(self.locked(|rows| query.addresses.iter().map(|address| rows.entry(&query.tenant, address)).collect()))
    }

    fn put(&self, query: &PutStored) -> Result<PutOutcome, Unavailable> {
        Ok(self.locked(|rows| {
            let current = rows.entry(&query.tenant, &query.address);
            if current.version != query.expect {
                return PutOutcome::Conflict(current);
            }
            if let Some(quota) = self.quotas.exceeded_by_certificate(&current, &query.change) {
                return PutOutcome::OverQuota(quota);
            }
            if let Some(day) = self.quotas.day_of_new_address(&current, &query.change) {
                let learned = (query.tenant.clone(), query.address.domain().to_owned(), day);
                if let Some(quota) = self.quotas.exceeded_by_address(rows.counts(&learned)) {
                    return PutOutcome::OverQuota(quota);
                }
                let count = rows.learned.entry(learned).or_default();
                *count = count.saturating_add(1);
            }
            let key = (query.tenant.clone(), query.address.key().to_owned());
            rows.entries.insert(key, query.change.apply(current));
            PutOutcome::Stored
        }))
    }

    fn entries(&self, tenant: &Tenant) -> Result<Vec<Entry>, Unavailable> {
        Ok(self.locked(|rows| rows.of(tenant).cloned().collect()))
    }
}

impl ManagedStore for MemoryStore {
    fn tenants(&self) -> Result<Vec<Tenant>, Unavailable> {
        Ok(self.locked(|rows| {
            let mut tenants: Vec<Tenant> = rows.entries.keys().map(|(tenant, _)| tenant.clone()).collect();
            tenants.dedup();
            tenants
        }))
    }

    fn restore(&self, tenant: &Tenant, entries: &[Entry]) -> Result<Vec<Restored>, Unavailable> {
        Ok(self.locked(|rows| {
            let restore = |entry: &Entry| {
                let restored = Restored::judge(&rows.entry(tenant, &entry.address), entry);
                if restored == Restored::Written {
                    rows.entries.insert((tenant.clone(), entry.address.key().to_owned()), entry.clone());
                }
                restored
            };
            entries.iter().map(restore).collect()
        }))
    }

    fn damage(&self) -> Result<Vec<String>, Unavailable> {
        Ok(Vec::new())
    }
}
