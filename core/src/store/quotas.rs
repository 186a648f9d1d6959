use super::{Change, Entry};

const SECONDS_OF_DAY: i64 = 86_400;

/// How much mail may make a store grow. Nothing is capped unless it is said; what operators bring is never capped.
///
/// Every certificate was issued by a CA that the tenant trusts, and still somebody may send very many of them.
///
/// ```
/// use postseal::store::{Counts, Quota, Quotas};
/// let quotas = Quotas { new_addresses_per_domain_and_day: Some(1_000), ..Quotas::default() };
/// assert_eq!(quotas.exceeded_by_address(Counts { addresses: 5_000, new_today: 999 }), None);
/// assert_eq!(
///     quotas.exceeded_by_address(Counts { addresses: 5_000, new_today: 1_000 }),
///     Some(Quota::NewAddressesPerDomainAndDay)
/// );
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "settings, made with `..Quotas::default()`")]
pub struct Quotas {
    /// Addresses of a tenant that have a certificate.
    pub addresses_per_tenant: Option<u64>,
    /// Addresses of one domain that a tenant learns of in one day (UTC, by the engine's clock).
    pub new_addresses_per_domain_and_day: Option<u64>,
    /// Certificates of one address, those that wait for an operator included.
    pub certificates_per_address: Option<u64>,
}

/// What a store counts of a tenant, to compare with [`Quotas`].
///
/// ```
/// assert_eq!(postseal::store::Counts::default().addresses, 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build it from what they count")]
pub struct Counts {
    /// Addresses with a certificate.
    pub addresses: u64,
    /// Addresses of this domain that were new today.
    pub new_today: u64,
}

/// Which quota is used up.
///
/// ```
/// assert_eq!(postseal::store::Quota::AddressesPerTenant.name(), "addresses_per_tenant");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quota {
    /// [`Quotas::addresses_per_tenant`].
    AddressesPerTenant,
    /// [`Quotas::new_addresses_per_domain_and_day`].
    NewAddressesPerDomainAndDay,
    /// [`Quotas::certificates_per_address`].
    CertificatesPerAddress,
}

impl Quota {
    /// The name in settings.
    ///
    /// ```
    /// assert_eq!(postseal::store::Quota::CertificatesPerAddress.name(), "certificates_per_address");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::AddressesPerTenant => "addresses_per_tenant",
            Self::NewAddressesPerDomainAndDay => "new_addresses_per_domain_and_day",
            Self::CertificatesPerAddress => "certificates_per_address",
        }
    }
}

impl Quotas {
    /// The day (since 1970, UTC) on which this change brings the first certificate of the entry's address, if that has to be counted.
    ///
    /// ```
    /// use postseal::store::{Change, Entry, Quotas};
    /// fn is_counted(quotas: &Quotas, entry: &Entry, change: &Change) -> bool {
    ///     quotas.day_of_new_address(entry, change).is_some()
    /// }
    /// ```
    pub fn day_of_new_address(&self, entry: &Entry, change: &Change) -> Option<i64> {
        let counts = self.addresses_per_tenant.is_some() || self.new_addresses_per_domain_and_day.is_some();
        let record = change.learned().filter(|_| counts && entry.certs.is_empty())?;
        Some(record.imported_at().seconds().div_euclid(SECONDS_OF_DAY))
    }

    /// The quota that one address more would exceed.
    ///
    /// ```
    /// use postseal::store::{Counts, Quotas};
    /// assert_eq!(Quotas::default().exceeded_by_address(Counts { addresses: u64::MAX, new_today: u64::MAX }), None);
    /// ```
    pub fn exceeded_by_address(&self, counts: Counts) -> Option<Quota> {
        let is_full = |cap: Option<u64>, count| cap.is_some_and(|cap| count >= cap);
        if is_full(self.addresses_per_tenant, counts.addresses) {
            return Some(Quota::AddressesPerTenant);
        }
        let today = is_full(self.new_addresses_per_domain_and_day, counts.new_today);
        today.then_some(Quota::NewAddressesPerDomainAndDay)
    }

    /// The quota that this change of this entry would exceed, whatever else the store holds.
    ///
    /// ```
    /// use postseal::store::{Change, Entry, Quotas};
    /// fn is_too_much(quotas: &Quotas, entry: &Entry, change: &Change) -> bool {
    ///     quotas.exceeded_by_certificate(entry, change).is_some()
    /// }
    /// ```
    pub fn exceeded_by_certificate(&self, entry: &Entry, change: &Change) -> Option<Quota> {
        let record = change.learned()?;
        let is_new = entry.state_of(&record.certificate().fingerprint()).is_none();
        let count = u64::try_from(entry.certs.len()).unwrap_or(u64::MAX);
        let is_full = self.certificates_per_address.is_some_and(|cap| count >= cap);
        (is_new && is_full).then_some(Quota::CertificatesPerAddress)
    }
}
