//! Revocation, as the configuration and the options say it.

use crate::failure::Failure;
use postseal::revocation::{Crl, Mode, Order, RevocationPolicy};
use postseal::verify::Limits;
use serde::Deserialize;
use std::fs;
use std::path::PathBuf;

/// Octets of a list in a file: no mail brings it and nobody waits for it, so it may be larger than a fetched one.
const CRL_FILE_BYTES: usize = 1 << 30;

/// A policy of revocation, as far as a tenant or route differs from what is around it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevocationConfig {
    #[serde(default, deserialize_with = "mode")]
    pub(crate) mode: Option<Mode>,
    #[serde(default, deserialize_with = "order")]
    pub(crate) order: Option<Order>,
    /// Ask where certificates say.
    pub(crate) fetch: Option<bool>,
    /// Also for a missing issuer of a recipient's certificate.
    pub(crate) fetch_issuers: Option<bool>,
    pub(crate) nonce_required: Option<bool>,
}

impl RevocationConfig {
    pub(crate) fn over(&self, base: RevocationPolicy) -> RevocationPolicy {
        let mut policy = base;
        policy.mode = self.mode.unwrap_or(policy.mode);
        policy.order = self.order.unwrap_or(policy.order);
        policy.fetch = self.fetch.unwrap_or(policy.fetch);
        policy.fetch_issuers = self.fetch_issuers.unwrap_or(policy.fetch_issuers);
        policy.nonce_required = self.nonce_required.unwrap_or(policy.nonce_required);
        policy
    }
}

/// The policy in a few words.
pub(crate) fn describe(policy: RevocationPolicy) -> String {
    if policy.mode == Mode::Off {
        return policy.mode.name().to_owned();
    }
    let fetched = match (policy.fetch, policy.fetch_issuers) {
        (false, false) => "nothing is fetched",
        (true, false) => "lists and responses are fetched",
        (false, true) => "issuers are fetched",
        (true, true) => "lists, responses and issuers are fetched",
    };
    let nonce = if policy.nonce_required { ", nonce required" } else { "" };
    format!("{}, {}, {fetched}{nonce}", policy.mode.name(), policy.order.name())
}

/// The lists in these files.
pub(crate) fn read_crls(files: &[PathBuf], limits: &Limits) -> Result<Vec<Crl>, Failure> {
    let mut limits = limits.clone();
    limits.crl_bytes = limits.crl_bytes.max(CRL_FILE_BYTES);
    let mut crls = Vec::new();
    for file in files {
        let named = |reason: &dyn std::fmt::Display| Failure::usage(format_args!("{}: {reason}", file.display()));
        let octets = fs::read(file).map_err(|error| named(&error))?;
        crls.extend(Crl::read_all(&octets, &limits).map_err(|error| named(&error.code().sentence()))?);
    }
    Ok(crls)
}

fn mode<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Mode>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let names = Mode::ALL.map(Mode::name).join(", ");
    Mode::from_name(&name).map(Some).ok_or_else(|| serde::de::Error::custom(format!("unknown mode {name:?}: {names}")))
}

fn order<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Order>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let names = Order::ALL.map(Order::name).join(", ");
    Order::from_name(&name)
        .map(Some)
        .ok_or_else(|| serde::de::Error::custom(format!("unknown order {name:?}: {names}")))
}
