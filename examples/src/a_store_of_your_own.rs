//! A store is three methods and holds no rule: it reads an entry, compares a version, lets `Change::apply` make the new
//! entry, and writes it. The conformance suite says whether it is right.
//!
//! `cargo run -p postseal-examples --bin a-store-of-your-own`

use postseal::query::{FindStored, PutStored, Unavailable};
use postseal::store::{CertStore, Entry, PutOutcome, Tenant};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// Keeps entries in a map. A real one would keep them in your database, in one transaction for each `put`.
#[derive(Debug, Default)]
struct MapStore {
    entries: Mutex<BTreeMap<(Tenant, String), Entry>>,
}

type Entries = BTreeMap<(Tenant, String), Entry>;

impl MapStore {
    fn lock(&self) -> Result<MutexGuard<'_, Entries>, Unavailable> {
        self.entries.lock().map_err(|_| Unavailable::because("the map is poisoned"))
    }
}

impl CertStore for MapStore {
    fn find(&self, query: &FindStored) -> Result<Vec<Entry>, Unavailable> {
        let entries = self.lock()?;
        let find = |address: &postseal::Address| {
            // The key of an address is what is compared; compare it octet by octet.
            let key = (query.tenant.clone(), address.key().to_owned());
            entries.get(&key).cloned().unwrap_or_else(|| Entry::absent(address.clone()))
        };
        Ok(query.addresses.iter().map(find).collect())
    }

    fn put(&self, query: &PutStored) -> Result<PutOutcome, Unavailable> {
        let mut entries = self.lock()?;
        let key = (query.tenant.clone(), query.address.key().to_owned());
        let current = entries.get(&key).cloned().unwrap_or_else(|| Entry::absent(query.address.clone()));
        if current.version != query.expect {
            return Ok(PutOutcome::Conflict(current));
        }
        entries.insert(key, query.change.apply(current));
        Ok(PutOutcome::Stored)
    }

    fn entries(&self, tenant: &Tenant) -> Result<Vec<Entry>, Unavailable> {
        let entries = self.lock()?;
        Ok(entries.iter().filter(|((owner, _), _)| owner == tenant).map(|(_, entry)| entry.clone()).collect())
    }
}

fn main() {
    postseal_testkit::conformance::store(&|| Box::new(MapStore::default()));
    println!("the store conforms");
}
