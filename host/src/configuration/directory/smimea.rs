use super::{Configured, NOT_FOUND_SECONDS, Settings, probe, read_file};
use crate::ConfigurationError;
use postseal::verify::Limits;
use postseal_adapters::directory::SmimeaDirectory;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// SMIMEA records (RFC 8162) in signed zones of the DNS.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::configuration) struct SmimeaConfig {
    /// The mail domains that it is asked about. Without this key, all.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    domains: Option<Vec<String>>,
    /// How long it is not asked again about whom it did not know. 300 without this, and 0 turns it off.
    not_found_seconds: Option<u64>,
    /// Name servers: an address, perhaps with a port. The answers are validated here, so they need not be trusted.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>", length(min = 1)))]
    servers: Vec<Server>,
    /// A file of DNSKEY records that are trusted instead of those of the root zone.
    trust_anchors: Option<PathBuf>,
    /// Ask a second time with the local part in lower case.
    #[serde(default)]
    also_in_lower_case: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged, expecting = "a name server is an IP address, perhaps with a port")]
enum Server {
    WithPort(SocketAddr),
    Address(IpAddr),
}

impl SmimeaConfig {
    fn servers(&self) -> Vec<SocketAddr> {
        let address = |server: &Server| match server {
            Server::WithPort(address) => *address,
            Server::Address(address) => SocketAddr::new(*address, 53),
        };
        self.servers.iter().map(address).collect()
    }

    fn directory(&self) -> Result<SmimeaDirectory, ConfigurationError> {
        let wrong = |error| ConfigurationError::new(error).at("servers");
        let directory = SmimeaDirectory::new(&self.servers()).map_err(wrong)?;
        Ok(if self.also_in_lower_case { directory.also_in_lower_case() } else { directory })
    }
}

impl Settings for SmimeaConfig {
    fn domains(&self) -> Option<&[String]> {
        self.domains.as_deref()
    }

    fn not_found_seconds(&self) -> u64 {
        self.not_found_seconds.unwrap_or(NOT_FOUND_SECONDS)
    }

    fn settle(&mut self) {
        self.not_found_seconds = Some(self.not_found_seconds());
    }

    fn files(&mut self) -> Vec<&mut PathBuf> {
        self.trust_anchors.iter_mut().collect()
    }

    fn describe(&self) -> String {
        let servers: Vec<String> = self.servers().iter().map(ToString::to_string).collect();
        format!("smimea {}", servers.join(", "))
    }

    fn check(&self) -> Result<(), ConfigurationError> {
        self.directory().map(drop)
    }

    fn build(&self, limits: &Limits) -> Result<Box<dyn Configured>, ConfigurationError> {
        let directory = self.directory()?.with_reading_limits(limits.clone());
        let Some(file) = &self.trust_anchors else { return Ok(Box::new(directory)) };
        let records = read_file(file).map_err(|error| error.at("trust_anchors"))?;
        let unusable = |error| ConfigurationError::of_file(file, error).at("trust_anchors");
        Ok(Box::new(directory.with_trust_anchors(&String::from_utf8_lossy(&records)).map_err(unusable)?))
    }
}

impl Configured for SmimeaDirectory {
    fn check(&self) -> Vec<(String, Result<(), String>)> {
        vec![("smimea".to_owned(), probe(self))]
    }
}
