//! What was fetched and found to hold, until its time is over. Per tenant: nobody learns from the time that an answer takes
//! with whom another tenant writes.

use super::crl::Crl;
use crate::cert::Fingerprint;
use crate::store::Tenant;
use crate::time::UnixTime;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shared by all clones of an engine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cache(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    entries: BTreeMap<(Tenant, Key), Entry>,
    octets: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// The list at this address.
    Crl(String),
    /// The response about this certificate.
    Ocsp(Fingerprint),
}

#[derive(Clone, Debug)]
struct Entry {
    until: UnixTime,
    octets: usize,
    value: Value,
}

#[derive(Clone, Debug)]
enum Value {
    Crl(Crl),
    Ocsp(Arc<[u8]>),
}

impl Cache {
    pub(super) fn crl(&self, tenant: &Tenant, url: &str, now: UnixTime) -> Option<Crl> {
        match self.get(tenant, Key::Crl(url.to_owned()), now) {
            Some(Value::Crl(crl)) => Some(crl),
            _ => None,
        }
    }

    pub(super) fn ocsp(&self, tenant: &Tenant, certificate: Fingerprint, now: UnixTime) -> Option<Arc<[u8]>> {
        match self.get(tenant, Key::Ocsp(certificate), now) {
            Some(Value::Ocsp(response)) => Some(response),
            _ => None,
        }
    }

    pub(super) fn keep_crl(&self, tenant: &Tenant, url: &str, crl: &Crl, limit: usize, now: UnixTime) {
        let Some(until) = crl.next_update() else { return };
        let entry = Entry { until, octets: crl.size(), value: Value::Crl(crl.clone()) };
        self.keep(tenant, Key::Crl(url.to_owned()), entry, limit, now);
    }

    pub(super) fn keep_ocsp(
        &self,
        tenant: &Tenant,
        certificate: Fingerprint,
        response: &Arc<[u8]>,
        until: UnixTime,
        limit: usize,
        now: UnixTime,
    ) {
        let entry = Entry { until, octets: response.len(), value: Value::Ocsp(Arc::clone(response)) };
        self.keep(tenant, Key::Ocsp(certificate), entry, limit, now);
    }

    fn get(&self, tenant: &Tenant, key: Key, now: UnixTime) -> Option<Value> {
        let held = self.lock();
        held.entries.get(&(tenant.clone(), key)).filter(|entry| entry.until >= now).map(|entry| entry.value.clone())
    }

    /// Within `limit` octets over all tenants: what is over goes first, then what is over soonest.
    fn keep(&self, tenant: &Tenant, key: Key, entry: Entry, limit: usize, now: UnixTime) {
        if entry.octets > limit || entry.until < now {
            return;
        }
        let mut held = self.lock();
        held.remove(&(tenant.clone(), key.clone()));
        while held.octets.saturating_add(entry.octets) > limit {
            let soonest = held.entries.iter().min_by_key(|(_, entry)| entry.until).map(|(key, _)| key.clone());
            let Some(soonest) = soonest else { break };
            held.remove(&soonest);
        }
        held.octets = held.octets.saturating_add(entry.octets);
        held.entries.insert((tenant.clone(), key), entry);
    }

    /// What is held is whole at every moment, also when a thread died while it held the lock.
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn remove(&mut self, key: &(Tenant, Key)) {
        if let Some(entry) = self.entries.remove(key) {
            self.octets = self.octets.saturating_sub(entry.octets);
        }
    }
}
