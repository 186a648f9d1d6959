use postseal::query::{FindStored, PutStored, Unavailable};
use postseal::store::{CertStore, Entry, PutOutcome, Tenant};
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
    entries: Mutex<BTreeMap<(Tenant, String), Entry>>,
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

    fn locked<T>(&self, work: impl FnOnce(&mut BTreeMap<(Tenant, String), Entry>) -> T) -> T {
        work(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl CertStore for MemoryStore {
    fn find(&self, query: &FindStored) -> Result<Vec<Entry>, Unavailable> {
        Ok(self.locked(|entries| {
            let find = |address: &postseal::Address| {
                let key = (query.tenant.clone(), address.key().to_owned());
                entries.get(&key).cloned().unwrap_or_else(|| Entry::absent(address.clone()))
            };
            query.addresses.iter().map(find).collect()
        }))
    }

    fn put(&self, query: &PutStored) -> Result<PutOutcome, Unavailable> {
        Ok(self.locked(|entries| {
            let key = (query.tenant.clone(), query.address.key().to_owned());
            let current = entries.get(&key).cloned().unwrap_or_else(|| Entry::absent(query.address.clone()));
            if current.version != query.expect {
                return PutOutcome::Conflict(current);
            }
            entries.insert(key, query.change.apply(current));
            PutOutcome::Stored
        }))
    }

    fn entries(&self, tenant: &Tenant) -> Result<Vec<Entry>, Unavailable> {
        Ok(self.locked(|entries| {
            entries.iter().filter(|((owner, _), _)| owner == tenant).map(|(_, entry)| entry.clone()).collect()
        }))
    }
}
