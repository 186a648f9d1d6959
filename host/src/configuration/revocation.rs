//! Revocation, as the configuration says it.

use super::named;
use postseal::revocation::{Mode, Order, RevocationPolicy};
use serde::Deserialize;

/// A policy of revocation, as far as a tenant or route differs from what is around it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RevocationConfig {
    #[serde(default, deserialize_with = "named::revocation_mode")]
    mode: Option<Mode>,
    #[serde(default, deserialize_with = "named::order")]
    order: Option<Order>,
    /// Ask where certificates say.
    fetch: Option<bool>,
    /// Also for a missing issuer of a recipient's certificate.
    fetch_issuers: Option<bool>,
    nonce_required: Option<bool>,
}

impl RevocationConfig {
    pub(super) fn of_options(mode: Option<Mode>, fetch: bool) -> Self {
        Self { mode, fetch: fetch.then_some(true), ..Self::default() }
    }

    pub(super) fn fetches(&self) -> bool {
        self.fetch == Some(true) || self.fetch_issuers == Some(true)
    }

    pub(super) fn over(&self, base: RevocationPolicy) -> RevocationPolicy {
        let mut policy = base;
        policy.mode = self.mode.unwrap_or(policy.mode);
        policy.order = self.order.unwrap_or(policy.order);
        policy.fetch = self.fetch.unwrap_or(policy.fetch);
        policy.fetch_issuers = self.fetch_issuers.unwrap_or(policy.fetch_issuers);
        policy.nonce_required = self.nonce_required.unwrap_or(policy.nonce_required);
        policy
    }
}
