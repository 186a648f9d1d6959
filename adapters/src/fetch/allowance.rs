use super::SetupError;
use super::network::{Network, refusal};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What the operator said about addresses, beyond what holds for all.
#[derive(Clone, Debug, Default)]
pub(super) struct Allowances {
    hosts: BTreeMap<String, Allowance>,
    refused: Vec<Network>,
}

#[derive(Clone, Debug, Default)]
struct Allowance {
    networks: Vec<Network>,
    this_machine: bool,
}

impl Allowances {
    /// Loopback, link-local, metadata and the like are nobody's PKI: a configuration that names them, or everything, is a
    /// mistake.
    pub(super) fn allow(&mut self, host: &str, network: Network) -> Result<(), SetupError> {
        if let Some(why) = network.forbidden() {
            return Err(SetupError::NeverAllowed(network, why));
        }
        self.of(host).networks.push(network);
        Ok(())
    }

    pub(super) fn allow_this_machine(&mut self, host: &str) {
        self.of(host).this_machine = true;
    }

    pub(super) fn refuse(&mut self, network: Network) {
        self.refused.push(network);
    }

    /// Whether something is allowed to this host.
    pub(super) fn is_named(&self, host: &str) -> bool {
        self.hosts.contains_key(host)
    }

    /// Whether a host may have this address.
    pub(super) fn check(&self, address: IpAddr, host: &str) -> Result<(), &'static str> {
        if self.refused.iter().any(|network| network.contains(address)) {
            return Err("an address that was ruled out");
        }
        let Some(why) = refusal(address) else { return Ok(()) };
        let is_allowed = self.hosts.get(host).is_some_and(|allowance| {
            let in_network = allowance.networks.iter().any(|network| network.contains(address));
            in_network || (allowance.this_machine && address.is_loopback())
        });
        if is_allowed { Ok(()) } else { Err(why) }
    }

    fn of(&mut self, host: &str) -> &mut Allowance {
        self.hosts.entry(host.to_ascii_lowercase()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn no_configuration_opens_what_is_nobodys_pki() {
        for wide in [
            "0.0.0.0/0",
            "::/0",
            "127.0.0.1",
            "127.0.0.0/8",
            "126.0.0.0/7",
            "::1",
            "169.254.169.254",
            "168.63.129.16",
            "100.100.100.200",
            "100.64.0.0/10",
            "fd00:ec2::254",
            "fd00::/8",
            "fc00::/7",
            "fe80::/10",
            "::ffff:10.0.0.1",
            "64:ff9b::/96",
            "2002:a00::/24",
            "224.0.0.1",
        ] {
            let mut allowances = Allowances::default();
            assert!(allowances.allow("pki.internal", network(wide)).is_err(), "{wide}");
            assert!(!allowances.is_named("pki.internal"), "{wide}");
        }
        for narrow in ["10.0.0.0/8", "172.16.0.0/12", "192.168.1.1", "100.64.1.0/24", "fd12::/16", "9.9.9.0/24"] {
            assert_eq!(Allowances::default().allow("pki.internal", network(narrow)), Ok(()), "{narrow}");
        }
    }

    #[test]
    fn this_machine_is_loopback_and_nothing_else() {
        let mut allowances = Allowances::default();
        allowances.allow_this_machine("CA.example");
        let check = |address: &str, host| allowances.check(address.parse().unwrap(), host);
        assert_eq!((check("127.0.0.1", "ca.example"), check("::1", "ca.example")), (Ok(()), Ok(())));
        assert_eq!(check("127.0.0.1", "other.example"), Err("loopback"));
        for other in ["0.0.0.0", "10.0.0.1", "169.254.169.254", "::", "::ffff:127.0.0.1", "::7f00:1"] {
            assert!(check(other, "ca.example").is_err(), "{other}");
        }
    }

    #[test]
    fn what_was_ruled_out_stays_out_also_for_allowed_hosts() {
        let mut allowances = Allowances::default();
        allowances.allow("pki.internal", network("10.1.0.0/16")).unwrap();
        allowances.refuse(network("10.1.9.0/24"));
        allowances.refuse(network("193.0.2.0/24"));
        let check = |address: &str| allowances.check(address.parse().unwrap(), "pki.internal");
        assert_eq!((check("10.1.8.1"), check("193.0.3.1")), (Ok(()), Ok(())));
        assert_eq!(check("10.1.9.1"), Err("an address that was ruled out"));
        assert_eq!(check("193.0.2.7"), Err("an address that was ruled out"));
    }
}
