use super::setup::LdapSetupError;
use rustls::pki_types::ServerName;
use std::fmt;
use std::net::IpAddr;

/// One server: a name or an address, and where it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) host: String,
    /// `None` is the usual one.
    pub(super) port: Option<u16>,
    /// What its certificate must be for.
    pub(super) name: ServerName<'static>,
}

impl Endpoint {
    /// Reads `host`, `host:port`, `address`, `address:port` and `[address]:port`.
    pub(super) fn parse(text: &str) -> Result<Self, LdapSetupError> {
        let fault = || LdapSetupError::Server(text.chars().take(100).collect());
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or_else(fault)?;
                let is_address = host.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6());
                if !is_address {
                    return Err(fault());
                }
                (host, if port.is_empty() { None } else { Some(port.strip_prefix(':').ok_or_else(fault)?) })
            }
            None if text.matches(':').count() > 1 => (text, None),
            None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
        };
        let digits = |port: &str| port.bytes().all(|octet| octet.is_ascii_digit());
        let port = match port {
            Some(port) => Some(port.parse().ok().filter(|number| *number > 0 && digits(port)).ok_or_else(fault)?),
            None => None,
        };
        Self::new(host, port).ok_or_else(fault)
    }

    /// `None` when it is neither a name nor an address.
    pub(super) fn new(host: &str, port: Option<u16>) -> Option<Self> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let name = ServerName::try_from(host.clone()).ok()?;
        Some(Self { host, port, name })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon_in_host = self.host.contains(':');
        match (self.port, colon_in_host) {
            (None, _) => f.write_str(&self.host),
            (Some(port), true) => write!(f, "[{}]:{port}", self.host),
            (Some(port), false) => write!(f, "{}:{port}", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_as_they_are_plainly_written() {
        for (text, host, port) in [
            ("LDAP.goal.example", "ldap.goal.example", None),
            ("ldap.goal.example.:3269", "ldap.goal.example", Some(3269)),
            ("192.0.2.1", "192.0.2.1", None),
            ("192.0.2.1:636", "192.0.2.1", Some(636)),
            ("2001:db8::1", "2001:db8::1", None),
            ("[2001:db8::1]", "2001:db8::1", None),
            ("[2001:db8::1]:636", "2001:db8::1", Some(636)),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!((endpoint.host.as_str(), endpoint.port), (host, port), "{text}");
        }
        assert_eq!(Endpoint::parse("[2001:db8::1]:636").unwrap().to_string(), "[2001:db8::1]:636");
        for text in [
            "",
            ":636",
            "ldap://x",
            "ldap.example:",
            "ldap.example:0",
            "ldap.example:+1",
            "ldap.example:65536",
            "a b",
            "[ldap.example]:636",
            "[::1",
            "[::1]636",
            "x/y",
            "user@x",
            "::1:x",
            "[192.0.2.1]:1",
        ] {
            assert_eq!(Endpoint::parse(text), Err(LdapSetupError::Server(text.into())), "{text}");
        }
    }
}
