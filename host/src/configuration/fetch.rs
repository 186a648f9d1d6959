//! The fetcher, as the configuration says it.

use super::read_file;
use super::secret::Secret;
use crate::ConfigurationError;
use postseal_adapters::fetch::{GuardedFetcher, Network, SetupError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::path::PathBuf;

/// What may be fetched from where. Whether anything is fetched is said in `[revocation]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct FetchConfig {
    /// An HTTP proxy for everything: http://HOST:PORT.
    proxy: Option<String>,
    /// The name that the proxy knows, with its password.
    proxy_user: Option<String>,
    /// Where the password for the proxy is.
    proxy_password: Option<Secret>,
    /// Ports besides 80 and 443.
    #[serde(default)]
    ports: Vec<NonZeroU16>,
    /// Hosts that may have private addresses, with these networks.
    #[serde(default)]
    allow: BTreeMap<String, Vec<String>>,
    /// Public networks that are refused as well.
    #[serde(default)]
    refuse: Vec<String>,
    /// Roots for https in PEM, instead of the system's.
    tls_roots: Option<PathBuf>,
}

fn wrong(error: SetupError) -> ConfigurationError {
    ConfigurationError::new(error)
}

impl FetchConfig {
    pub(super) fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.tls_roots.iter_mut().chain(self.proxy_password.as_mut().and_then(Secret::paths))
    }

    /// What can be said without files and environment.
    pub(super) fn check(&self) -> Result<(), ConfigurationError> {
        if self.proxy_user.is_some() != self.proxy_password.is_some() {
            let key = if self.proxy_user.is_some() { "proxy_user" } else { "proxy_password" };
            return Err(ConfigurationError::new("give proxy_user and proxy_password, or nothing of these").at(key));
        }
        if self.proxy_user.is_some() && self.proxy.is_none() {
            return Err(ConfigurationError::new("there is no proxy that it is for").at("proxy_user"));
        }
        self.guarded().map(drop)
    }

    fn guarded(&self) -> Result<GuardedFetcher, ConfigurationError> {
        let mut fetcher = GuardedFetcher::new();
        if let Some(proxy) = &self.proxy {
            if proxy.contains('@') {
                let words = "credentials stand in the url; give proxy_user and proxy_password";
                return Err(ConfigurationError::new(words).at("proxy"));
            }
            fetcher = fetcher.through_proxy(proxy).map_err(|error| wrong(error).at("proxy"))?;
        }
        for port in &self.ports {
            fetcher = fetcher.allow_port(port.get());
        }
        for (host, networks) in &self.allow {
            if networks.is_empty() {
                return Err(ConfigurationError::new("name the networks that its addresses may be in")
                    .at(host)
                    .at("allow"));
            }
            for (number, network) in networks.iter().enumerate() {
                let wrong = |error| wrong(error).at(number).at(host).at("allow");
                let network = network.parse::<Network>().map_err(wrong)?;
                fetcher = fetcher.allow_addresses(host, network).map_err(wrong)?;
            }
        }
        for (number, network) in self.refuse.iter().enumerate() {
            let network = network.parse().map_err(|error| wrong(error).at(number).at("refuse"))?;
            fetcher = fetcher.refuse_addresses(network);
        }
        Ok(fetcher)
    }

    pub(super) fn fetcher(&self) -> Result<GuardedFetcher, ConfigurationError> {
        let mut fetcher = self.guarded()?;
        if let (Some(user), Some(password)) = (&self.proxy_user, &self.proxy_password) {
            let read = password.read().map_err(|error| error.at("proxy_password"))?;
            fetcher = fetcher.with_proxy_password(user, &read).map_err(|error| wrong(error).at("proxy_user"))?;
        }
        let Some(file) = &self.tls_roots else { return Ok(fetcher) };
        let roots = read_file(file).map_err(|error| error.at("tls_roots"))?;
        fetcher.with_tls_roots(&roots).map_err(|error| ConfigurationError::of_file(file, error).at("tls_roots"))
    }
}
