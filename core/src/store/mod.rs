//! What is kept for each mailbox, and the trait that a store implements.

mod change;
mod entry;
mod filter;
mod manage;
mod quotas;

pub use change::{Change, Decision, PutOutcome};
pub use entry::{Entry, State, Version};
pub use filter::Filter;
pub use manage::{Entries, ManagedStore, Restored};
pub use quotas::{Counts, Quota, Quotas};

use crate::cert::Address;
use crate::query::{FindStored, PutStored, Unavailable};
use core::fmt;
use std::sync::Arc;

/// Whose store: every key of a store begins with it, and nothing is shared between two of them.
///
/// ```
/// use postseal::store::Tenant;
/// assert_eq!(Tenant::default().name(), "default");
/// assert_eq!(Tenant::new("goal").name(), "goal");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tenant(Arc<str>);

impl Tenant {
    /// With this name. Names are compared octet by octet.
    ///
    /// ```
    /// assert_ne!(postseal::store::Tenant::new("a"), postseal::store::Tenant::new("A"));
    /// ```
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    ///
    /// ```
    /// assert_eq!(postseal::store::Tenant::new("goal").name(), "goal");
    /// ```
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self::new("default")
    }
}

/// Where verified certificates are kept.
///
/// Its methods take the very values that the import machine asks with. A store holds no rule of its own: it reads an
/// entry, and under a lock it compares the version, lets [`Change::apply`] make the new entry, and writes it.
pub trait CertStore: fmt::Debug + Send + Sync {
    /// One [`Entry`] for each address asked for, in the same order; an unknown address gives [`Entry::absent`].
    ///
    /// # Errors
    /// [`Unavailable`] when the store cannot be read.
    fn find(&self, query: &FindStored) -> Result<Vec<Entry>, Unavailable>;

    /// Applies the change if the entry still has the expected version. When it returns [`PutOutcome::Stored`], the
    /// change survives a crash.
    ///
    /// # Errors
    /// [`Unavailable`] when the store cannot be written. Nothing is half-written then.
    fn put(&self, query: &PutStored) -> Result<PutOutcome, Unavailable>;

    /// [`CertStore::put`] for each of these, in this order, as if each had been put by itself: one outcome for each, in the same order.
    /// What is told as stored survives a crash; of the others nothing is half-written. A store that waits for its disk should wait once
    /// for all of them, which this default does not.
    ///
    /// ```
    /// use postseal::store::{CertStore, Change, Decision, PutOutcome, Tenant, Version};
    /// # use postseal::{Address, query::PutStored};
    /// let store = postseal_testkit::MemoryStore::new();
    /// let (tenant, address) = (Tenant::default(), Address::parse("alice@goal.example")?);
    /// let change = Change::Decide { fingerprint: "00".repeat(32).parse()?, decision: Decision::Remove };
    /// let stale = PutStored::new(tenant, address, Version::new(7), change);
    /// let outcomes = store.put_all(&[&stale, &stale]);
    /// assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(PutOutcome::Conflict(_)))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn put_all(&self, queries: &[&PutStored]) -> Vec<Result<PutOutcome, Unavailable>> {
        queries.iter().map(|query| self.put(query)).collect()
    }

    /// How many changes [`CertStore::put_all`] makes with one wait for the disk: 1 where it makes one after the other, as by default.
    /// Whoever has many mails brings no more of them together, so that what a killed process has stored and not told of stays little.
    ///
    /// ```
    /// use postseal::store::CertStore;
    /// assert_eq!(postseal_testkit::MemoryStore::new().most_together(), 1);
    /// ```
    fn most_together(&self) -> usize {
        1
    }

    /// All entries of a tenant in the order of their addresses, for operators.
    ///
    /// # Errors
    /// [`Unavailable`] when the store cannot be read.
    fn entries(&self, tenant: &Tenant) -> Result<Vec<Entry>, Unavailable>;

    /// At most so many of a tenant's entries that are like this, in the order of their addresses, beginning behind `after`;
    /// [`Entries`] goes through all of them with it. A store that has many entries should not read all of them for that, as this
    /// default does.
    ///
    /// # Errors
    /// [`Unavailable`] when the store cannot be read.
    fn page(
        &self,
        tenant: &Tenant,
        filter: &Filter,
        after: Option<&Address>,
        most: usize,
    ) -> Result<Vec<Entry>, Unavailable> {
        let is_behind = |entry: &Entry| after.is_none_or(|after| entry.address.key() > after.key());
        let mut entries = self.entries(tenant)?;
        entries.retain(|entry| is_behind(entry) && filter.matches(entry));
        entries.truncate(most);
        Ok(entries)
    }
}
