use super::{CertStore, Entry, Filter, Tenant};
use crate::cert::Address;
use crate::query::Unavailable;
use std::collections::VecDeque;

/// Entries that are read at once while all are gone through.
const PAGE: usize = 256;

/// What became of an entry that was brought from another store.
///
/// ```
/// assert_eq!(postseal::store::Restored::Differs.name(), "differs");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there was none, the same one or another one")]
pub enum Restored {
    /// There was none.
    Written,
    /// The same entry was there.
    Same,
    /// Another entry was there, and stays.
    Differs,
}

impl Restored {
    /// The name in listings.
    ///
    /// ```
    /// assert_eq!(postseal::store::Restored::Written.name(), "written");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Same => "same",
            Self::Differs => "differs",
        }
    }

    /// What becomes of `entry` where `current` is stored, so that every store says the same.
    ///
    /// ```
    /// use postseal::{Address, store::{Entry, Restored}};
    /// let absent = Entry::absent(Address::parse("alice@goal.example")?);
    /// assert_eq!(Restored::judge(&absent, &absent), Restored::Same);
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn judge(current: &Entry, entry: &Entry) -> Self {
        if current.version == entry.version && current.certs == entry.certs {
            Self::Same
        } else if current.version == super::Version::ABSENT {
            Self::Written
        } else {
            Self::Differs
        }
    }
}

/// A store that can be moved and examined. The engine needs none of this.
pub trait ManagedStore: CertStore {
    /// The tenants that have entries, in the order of their names' octets.
    ///
    /// # Errors
    /// [`Unavailable`] when the store cannot be read.
    fn tenants(&self) -> Result<Vec<Tenant>, Unavailable>;

    /// Puts entries of another store in as they are, versions included, all of them or none. One that is there already stays as it
    /// is. The answer has one word for each entry, in the same order.
    ///
    /// # Errors
    /// [`Unavailable`] when the store cannot be written. Nothing is written then.
    fn restore(&self, tenant: &Tenant, entries: &[Entry]) -> Result<Vec<Restored>, Unavailable>;

    /// What the database itself says about its files; nothing when they are sound.
    ///
    /// # Errors
    /// [`Unavailable`] when the store cannot be read.
    fn damage(&self) -> Result<Vec<String>, Unavailable>;
}

/// The entries of a tenant one after the other, in the order of their addresses, with a page of them in memory. Each page is read by
/// itself: what changes meanwhile is seen or not.
///
/// After an error it ends.
#[derive(Debug)]
pub struct Entries<'a> {
    store: &'a dyn CertStore,
    tenant: &'a Tenant,
    filter: Filter,
    page: VecDeque<Entry>,
    after: Option<Address>,
    is_over: bool,
}

impl<'a> Entries<'a> {
    /// All entries of the tenant that are like this.
    ///
    /// ```
    /// use postseal::store::{Entries, Filter, Tenant};
    /// let (store, tenant) = (postseal_testkit::MemoryStore::new(), Tenant::default());
    /// assert_eq!(Entries::of(&store, &tenant, Filter::All).count(), 0);
    /// ```
    pub const fn of(store: &'a dyn CertStore, tenant: &'a Tenant, filter: Filter) -> Self {
        Self { store, tenant, filter, page: VecDeque::new(), after: None, is_over: false }
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, Unavailable>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty() && !self.is_over {
            match self.store.page(self.tenant, &self.filter, self.after.as_ref(), PAGE) {
                Ok(page) => {
                    self.is_over = page.len() < PAGE;
                    self.after = page.last().map(|entry| entry.address.clone());
                    self.page = page.into();
                }
                Err(unavailable) => {
                    self.is_over = true;
                    return Some(Err(unavailable));
                }
            }
        }
        self.page.pop_front().map(Ok)
    }
}
