//! Revocation, as the configuration says it.

use super::named::Named;
use postseal::revocation::{Mode, Order, RevocationPolicy};
use serde::{Deserialize, Serialize};

/// A policy of revocation, as far as a tenant or route differs from what is around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct RevocationConfig {
    /// Nobody looks (off), what is unknown passes (soft, the default), or is refused (hard).
    mode: Option<Named<Mode>>,
    /// Which source is asked first: crl-first without this.
    order: Option<Named<Order>>,
    /// Fetch lists and OCSP responses from where certificates say. Off without this.
    fetch: Option<bool>,
    /// Fetch a missing issuer of a recipient's certificate. Off without this.
    fetch_issuers: Option<bool>,
    /// OCSP responses without the nonce of the request do not count (RFC 9654). Off without this.
    nonce_required: Option<bool>,
}

impl RevocationConfig {
    pub(super) fn of_options(mode: Option<Mode>, fetch: bool) -> Self {
        Self { mode: mode.map(Named), fetch: fetch.then_some(true), ..Self::default() }
    }

    /// Every key of this policy.
    pub(super) const fn of(policy: &RevocationPolicy) -> Self {
        Self {
            mode: Some(Named(policy.mode)),
            order: Some(Named(policy.order)),
            fetch: Some(policy.fetch),
            fetch_issuers: Some(policy.fetch_issuers),
            nonce_required: Some(policy.nonce_required),
        }
    }

    pub(super) fn fetches(&self) -> bool {
        self.fetch == Some(true) || self.fetch_issuers == Some(true)
    }

    pub(super) fn over(&self, base: RevocationPolicy) -> RevocationPolicy {
        let mut policy = base;
        policy.mode = self.mode.map_or(policy.mode, |mode| mode.0);
        policy.order = self.order.map_or(policy.order, |order| order.0);
        policy.fetch = self.fetch.unwrap_or(policy.fetch);
        policy.fetch_issuers = self.fetch_issuers.unwrap_or(policy.fetch_issuers);
        policy.nonce_required = self.nonce_required.unwrap_or(policy.nonce_required);
        policy
    }
}
