use super::{Configured, Settings, probe, read_file};
use crate::ConfigurationError;
use postseal_adapters::directory::{SmimeaDirectory, SmimeaSetupError};
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// SMIMEA records (RFC 8162) in signed zones of the DNS.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::configuration) struct SmimeaConfig {
    /// The mail domains that it is asked about; none is all.
    domains: Option<Vec<String>>,
    /// How long it is not asked again about whom it did not know.
    not_found_seconds: Option<u64>,
    /// Name servers: an address, perhaps with a port.
    servers: Vec<Server>,
    /// DNSKEY records that are trusted instead of those of the root zone.
    trust_anchors: Option<PathBuf>,
    #[serde(default)]
    also_in_lower_case: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
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
}

impl Settings for SmimeaConfig {
    fn domains(&self) -> Option<&[String]> {
        self.domains.as_deref()
    }

    fn not_found_seconds(&self) -> Option<u64> {
        self.not_found_seconds
    }

    fn files(&mut self) -> Vec<&mut PathBuf> {
        self.trust_anchors.iter_mut().collect()
    }

    fn describe(&self) -> String {
        let servers: Vec<String> = self.servers().iter().map(ToString::to_string).collect();
        format!("smimea {}", servers.join(", "))
    }

    fn build(&self, name: &str) -> Result<Box<dyn Configured>, ConfigurationError> {
        let wrong = |error: SmimeaSetupError| ConfigurationError::of_directory(name, error);
        let directory = SmimeaDirectory::new(&self.servers()).map_err(wrong)?;
        let directory = if self.also_in_lower_case { directory.also_in_lower_case() } else { directory };
        let Some(file) = &self.trust_anchors else { return Ok(Box::new(directory)) };
        let records = String::from_utf8_lossy(&read_file(file)?).into_owned();
        Ok(Box::new(directory.with_trust_anchors(&records).map_err(wrong)?))
    }
}

impl Configured for SmimeaDirectory {
    fn check(&self) -> Vec<(String, Result<(), String>)> {
        vec![("smimea".to_owned(), probe(self))]
    }
}
