//! What operators do with whole stores: move, thin out, look ahead.

use crate::Host;
use postseal::cert::StoredCert;
use postseal::query::{PutStored, Unavailable};
use postseal::store::{Change, Decision, Entries, Entry, Filter, ManagedStore, PutOutcome, Restored, State, Tenant};
use postseal::trace::{Event, Kind, escape};
use postseal::{Address, Code, Error, Fingerprint, UnixTime};

/// Entries that are copied in one transaction.
const BATCH: usize = 256;

/// What [`copy_store`] did so far.
///
/// ```
/// assert_eq!(postseal_host::Copied::default().written, 0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Copied {
    /// Entries that were not there.
    pub written: u64,
    /// Entries that were there already, and the same.
    pub same: u64,
    /// Entries that are there with something else, and stayed as they were.
    pub differing: Vec<(Tenant, Address)>,
}

/// Copies every entry of these tenants into another store, versions, states and tombstones included. What is there already stays as it
/// is, so that a copy that was interrupted can be begun again. `tell` hears of each batch.
///
/// # Errors
/// The store that did not answer; what was copied before is there.
///
/// ```
/// use postseal_testkit::MemoryStore;
/// let (from, to) = (MemoryStore::new(), MemoryStore::new());
/// let copied = postseal_host::copy_store(&from, &to, &[postseal::store::Tenant::default()], &mut |_| {})?;
/// assert_eq!(copied.written, 0);
/// # Ok::<(), postseal::query::Unavailable>(())
/// ```
pub fn copy_store(
    from: &dyn ManagedStore,
    to: &dyn ManagedStore,
    tenants: &[Tenant],
    tell: &mut dyn FnMut(&Copied),
) -> Result<Copied, Unavailable> {
    let mut copied = Copied::default();
    for tenant in tenants {
        let mut after: Option<Address> = None;
        loop {
            let page = from.page(tenant, &Filter::All, after.as_ref(), BATCH)?;
            let Some(last) = page.last() else { break };
            for (entry, restored) in page.iter().zip(to.restore(tenant, &page)?) {
                match restored {
                    Restored::Written => copied.written = copied.written.saturating_add(1),
                    Restored::Same => copied.same = copied.same.saturating_add(1),
                    Restored::Differs => copied.differing.push((tenant.clone(), entry.address.clone())),
                }
            }
            after = Some(last.address.clone());
            tell(&copied);
        }
    }
    Ok(copied)
}

/// A certificate in use that ends soon.
///
/// ```
/// # use postseal_host::Expiring;
/// fn is_urgent(expiring: &Expiring) -> bool {
///     expiring.days <= 30 && !expiring.has_successor
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expiring {
    /// Whose.
    pub address: Address,
    /// The certificate.
    pub stored: StoredCert,
    /// What it is to the address.
    pub state: State,
    /// Whole days until its end.
    pub days: i64,
    /// Whether another certificate in use ends later than the time that was asked about.
    pub has_successor: bool,
}

/// What became of certificates that ended long ago.
///
/// ```
/// assert_eq!(postseal_host::Purged::default().removed, 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Purged {
    /// Certificates that were removed.
    pub removed: u64,
    /// Certificates whose entry somebody else changed at that moment: the next purge removes them.
    pub busy: u64,
}

const SECONDS_OF_DAY: i64 = 86_400;

impl Host {
    /// Certificates in use that end within so many days, in the order of their addresses. What ended already is not among them.
    ///
    /// # Errors
    /// [`Code::StoreMissing`], [`Code::StoreUnavailable`].
    ///
    /// ```
    /// # use postseal::{Engine, store::Tenant, verify::TrustAnchors};
    /// # use postseal_host::Host;
    /// let store = std::sync::Arc::new(postseal_testkit::MemoryStore::new());
    /// let host = Host::new(Engine::new(TrustAnchors::default())).with_store(store);
    /// host.expiring(&Tenant::default(), Host::now(), 90, &mut |expiring| println!("{} days", expiring.days))?;
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn expiring(
        &self,
        tenant: &Tenant,
        now: UnixTime,
        within_days: i64,
        each: &mut dyn FnMut(Expiring),
    ) -> Result<(), Error> {
        let until = now.plus_days(within_days);
        let store = &**self.needed_store()?;
        for entry in Entries::of(store, tenant, Filter::EndsBefore(until)) {
            let entry = entry.map_err(|_| Error::from(Code::StoreUnavailable))?;
            let in_use = || entry.certs.iter().filter(|(_, state)| state.is_in_use());
            let has_successor = in_use().any(|(stored, _)| stored.certificate.not_after() >= until);
            for (stored, state) in in_use() {
                let end = stored.certificate.not_after();
                if end < now || end >= until {
                    continue;
                }
                let days = end.seconds().saturating_sub(now.seconds()).div_euclid(SECONDS_OF_DAY);
                let (address, stored) = (entry.address.clone(), stored.clone());
                each(Expiring { address, stored, state: *state, days, has_successor });
            }
        }
        Ok(())
    }

    /// Removes certificates that ended before this time, each with an event that says by whose policy. Pinned ones, and those that an
    /// operator rejected or disabled, stay: they say something about the address. With `dry_run` they are only counted.
    ///
    /// # Errors
    /// [`Code::StoreMissing`]; [`Code::StoreUnavailable`]: what was removed before stays so.
    ///
    /// ```
    /// # use postseal::{Engine, store::Tenant, verify::TrustAnchors};
    /// # use postseal_host::Host;
    /// let store = std::sync::Arc::new(postseal_testkit::MemoryStore::new());
    /// let host = Host::new(Engine::new(TrustAnchors::default())).with_store(store);
    /// let (tenant, now) = (Tenant::default(), Host::now());
    /// assert_eq!(host.purge(&tenant, now.plus_days(-400), "retention", now, false)?.removed, 0);
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn purge(
        &self,
        tenant: &Tenant,
        ended_before: UnixTime,
        by: &str,
        now: UnixTime,
        dry_run: bool,
    ) -> Result<Purged, Error> {
        let unavailable = |_| Error::from(Code::StoreUnavailable);
        let store = &**self.needed_store()?;
        let mut purged = Purged::default();
        for entry in Entries::of(store, tenant, Filter::EndsBefore(ended_before)) {
            let mut entry = entry.map_err(unavailable)?;
            for fingerprint in ended(&entry, ended_before) {
                let change = Change::Decide { fingerprint, decision: Decision::Remove };
                let changed = change.apply(entry.clone());
                if !dry_run {
                    let query = PutStored::new(tenant.clone(), entry.address.clone(), entry.version, change);
                    if store.put(&query).map_err(unavailable)? != PutOutcome::Stored {
                        purged.busy = purged.busy.saturating_add(1);
                        continue;
                    }
                    let kind = Kind::Decided { fingerprint, decision: Decision::Remove, by: escape(by) };
                    self.tracer().event(&Event::by_operator(now, tenant.clone(), entry.address.clone(), kind));
                }
                purged.removed = purged.removed.saturating_add(1);
                entry = changed;
            }
        }
        Ok(purged)
    }
}

fn ended(entry: &Entry, before: UnixTime) -> Vec<Fingerprint> {
    let goes = |state: State| matches!(state, State::Active | State::Superseded | State::Held);
    let ended = entry.certs.iter().filter(|(stored, state)| goes(*state) && stored.certificate.not_after() < before);
    ended.map(|(stored, _)| stored.certificate.fingerprint()).collect()
}
