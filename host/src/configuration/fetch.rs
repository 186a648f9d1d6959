//! The fetcher, as the configuration says it.

use super::read_file;
use crate::ConfigurationError;
use postseal_adapters::fetch::{GuardedFetcher, Network, SetupError};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What may be fetched from where. Whether anything is fetched is said in `[revocation]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FetchConfig {
    /// An HTTP proxy for everything.
    proxy: Option<String>,
    /// Ports besides 80 and 443.
    #[serde(default)]
    ports: Vec<u16>,
    /// Hosts that may have private addresses, with these.
    #[serde(default)]
    allow: BTreeMap<String, Vec<String>>,
    /// Public addresses that are refused as well.
    #[serde(default)]
    refuse: Vec<String>,
    /// Roots for https in PEM, instead of the system's.
    pub(super) tls_roots: Option<PathBuf>,
}

impl FetchConfig {
    pub(super) fn fetcher(&self) -> Result<GuardedFetcher, ConfigurationError> {
        let wrong = |error: SetupError| ConfigurationError::new(format_args!("[fetch]: {error}"));
        let mut fetcher = GuardedFetcher::new();
        if let Some(proxy) = &self.proxy {
            fetcher = fetcher.through_proxy(proxy).map_err(wrong)?;
        }
        for port in &self.ports {
            fetcher = fetcher.allow_port(*port);
        }
        for (host, networks) in &self.allow {
            for network in networks {
                let network = network.parse::<Network>().map_err(wrong)?;
                fetcher = fetcher.allow_addresses(host, network).map_err(wrong)?;
            }
        }
        for network in &self.refuse {
            fetcher = fetcher.refuse_addresses(network.parse().map_err(wrong)?);
        }
        let Some(file) = &self.tls_roots else { return Ok(fetcher) };
        fetcher.with_tls_roots(&read_file(file)?).map_err(|error| ConfigurationError::of_file(file, error))
    }
}
