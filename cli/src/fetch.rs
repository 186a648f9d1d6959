//! The fetcher, as the configuration says it.

use crate::failure::Failure;
use postseal_adapters::fetch::{GuardedFetcher, Network, SetupError};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// What may be fetched from where. Whether anything is fetched is said in `[revocation]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FetchConfig {
    /// An HTTP proxy for everything.
    pub(crate) proxy: Option<String>,
    /// Ports besides 80 and 443.
    #[serde(default)]
    pub(crate) ports: Vec<u16>,
    /// Hosts that may have private addresses, with these.
    #[serde(default)]
    pub(crate) allow: BTreeMap<String, Vec<String>>,
    /// Public addresses that are refused as well.
    #[serde(default)]
    pub(crate) refuse: Vec<String>,
    /// Roots for https in PEM, instead of the system's.
    pub(crate) tls_roots: Option<PathBuf>,
}

impl FetchConfig {
    pub(crate) fn fetcher(&self) -> Result<GuardedFetcher, Failure> {
        let wrong = |error: SetupError| Failure::usage(format_args!("[fetch]: {error}"));
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
        if let Some(file) = &self.tls_roots {
            let named = |reason: &dyn std::fmt::Display| Failure::usage(format_args!("{}: {reason}", file.display()));
            let pem = fs::read(file).map_err(|error| named(&error))?;
            fetcher = fetcher.with_tls_roots(&pem).map_err(|error| named(&error))?;
        }
        Ok(fetcher)
    }
}
