//! How much mail may make the store grow, and how long it keeps what ended.

use postseal::PerRoute;
use postseal::store::{Quotas, Tenant};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Caps of what is learned from mail. None that is not said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct QuotasConfig {
    /// Addresses of a tenant that have a certificate.
    addresses_per_tenant: Option<u64>,
    /// Addresses of one domain that a tenant learns of in one day (UTC).
    new_addresses_per_domain_and_day: Option<u64>,
    /// Certificates of one address, those that wait for an operator included.
    certificates_per_address: Option<u64>,
}

/// What is removed by `postseal certs purge`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct RetentionConfig {
    /// Days that a certificate is kept after its end.
    pub(super) ended_days: Option<u32>,
}

impl QuotasConfig {
    /// Every cap that holds.
    pub(super) const fn of(quotas: &Quotas) -> Self {
        Self {
            addresses_per_tenant: quotas.addresses_per_tenant,
            new_addresses_per_domain_and_day: quotas.new_addresses_per_domain_and_day,
            certificates_per_address: quotas.certificates_per_address,
        }
    }

    fn over(self, base: Quotas) -> Quotas {
        Quotas {
            addresses_per_tenant: self.addresses_per_tenant.or(base.addresses_per_tenant),
            new_addresses_per_domain_and_day: self
                .new_addresses_per_domain_and_day
                .or(base.new_addresses_per_domain_and_day),
            certificates_per_address: self.certificates_per_address.or(base.certificates_per_address),
        }
    }
}

/// `unsaid` holds where the file says nothing of everybody's quotas at all.
pub(super) fn per_tenant<'a>(
    everybody: Option<QuotasConfig>,
    unsaid: Quotas,
    tenants: impl Iterator<Item = (&'a String, QuotasConfig)>,
) -> PerRoute<Quotas> {
    let everybody = everybody.map_or(unsaid, |said| said.over(Quotas::default()));
    let tenants: BTreeMap<_, _> = tenants.collect();
    let own = tenants.into_iter().map(|(name, own)| (Tenant::new(name), own.over(everybody)));
    own.fold(PerRoute::new(everybody), |quotas, (tenant, own)| quotas.tenant(tenant, own))
}
