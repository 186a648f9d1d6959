use super::SetupError;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A network: an address and how many bits of it count.
///
/// ```
/// use postseal_adapters::fetch::Network;
/// let network: Network = "10.1.0.0/16".parse()?;
/// assert!(network.contains("10.1.2.3".parse()?) && !network.contains("10.2.0.1".parse()?));
/// assert!("fd00:1::7".parse::<Network>()?.contains("fd00:1::7".parse()?));
/// assert!("10.1.0.1/16".parse::<Network>().is_err() && "10.1.0.0/33".parse::<Network>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// Whether the address lies in the network. An IPv4-mapped address lies in no IPv4 network.
    ///
    /// ```
    /// use postseal_adapters::fetch::Network;
    /// let network: Network = "127.0.0.0/8".parse()?;
    /// assert!(network.contains("127.0.0.1".parse()?) && !network.contains("::ffff:127.0.0.1".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => v4(own, self.bits).contains(other),
            (IpAddr::V6(own), IpAddr::V6(other)) => v6(own, self.bits).contains(other),
            _ => false,
        }
    }

    /// Why no host may be allowed to have addresses here: some of them are neither public nor those of a private network.
    pub(super) fn forbidden(&self) -> Option<&'static str> {
        let is_closed = |why: &str| why != PRIVATE && why != SHARED;
        match self.address {
            IpAddr::V4(own) => {
                let own = v4(own, self.bits);
                REFUSED_V4.iter().find(|(other, why)| is_closed(why) && own.overlaps(other)).map(|(_, why)| *why)
            }
            IpAddr::V6(own) => {
                let own = v6(own, self.bits);
                REFUSED_V6.iter().find(|(other, why)| is_closed(why) && own.overlaps(other)).map(|(_, why)| *why)
            }
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl FromStr for Network {
    type Err = SetupError;

    fn from_str(text: &str) -> Result<Self, SetupError> {
        let unusable = || SetupError::Network(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| unusable())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| unusable())?;
        let (most, rest) = match address {
            IpAddr::V4(own) => (32, bits.is_some_and(|bits| own & !mask_v4(bits) != Ipv4Addr::UNSPECIFIED)),
            IpAddr::V6(own) => (128, bits.is_some_and(|bits| own & !mask_v6(bits) != Ipv6Addr::UNSPECIFIED)),
        };
        let bits = bits.unwrap_or(most);
        // 10.1.2.3/8 is more often a slip than a wish for all of 10.
        if bits > most || rest { Err(unusable()) } else { Ok(Self { address, bits }) }
    }
}

/// Why an address is not asked, or `None` for one of the public Internet.
///
/// IPv4: the IANA special-purpose registry and what is no unicast. IPv6: all but 2000::/3, and of that what is special or
/// stands for an IPv4 address: a mapped, translated or tunnelled address leads where no filter that looks at IPv4 sees it.
pub(super) fn refusal(address: IpAddr) -> Option<&'static str> {
    let in_table = match address {
        IpAddr::V4(address) => REFUSED_V4.iter().find(|(network, _)| network.contains(address)).map(|(_, why)| *why),
        IpAddr::V6(address) => REFUSED_V6.iter().find(|(network, _)| network.contains(address)).map(|(_, why)| *why),
    };
    match (in_table, address) {
        // RFC 5214 6.1: the interface identifier holds an IPv4 address, whatever the network is.
        (None, IpAddr::V6(address)) if matches!(address.segments(), [_, _, _, _, 0 | 0x200, 0x5efe, _, _]) => {
            Some("ISATAP")
        }
        (None, IpAddr::V6(address)) if !v6(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3).contains(address) => {
            Some("not a global address")
        }
        (why, _) => why,
    }
}

struct V4 {
    address: Ipv4Addr,
    bits: u32,
}

struct V6 {
    address: Ipv6Addr,
    bits: u32,
}

impl V4 {
    fn contains(&self, other: Ipv4Addr) -> bool {
        (self.address & mask_v4(self.bits)) == (other & mask_v4(self.bits))
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.address) || other.contains(self.address)
    }
}

impl V6 {
    fn contains(&self, other: Ipv6Addr) -> bool {
        (self.address & mask_v6(self.bits)) == (other & mask_v6(self.bits))
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.address) || other.contains(self.address)
    }
}

const fn v4(address: Ipv4Addr, bits: u32) -> V4 {
    V4 { address, bits }
}

const fn v6(address: Ipv6Addr, bits: u32) -> V6 {
    V6 { address, bits }
}

fn mask_v4(bits: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0))
}

fn mask_v6(bits: u32) -> Ipv6Addr {
    Ipv6Addr::from_bits(u128::MAX.checked_shl(128_u32.saturating_sub(bits)).unwrap_or(0))
}

const fn four(a: u8, b: u8, c: u8, d: u8, bits: u32) -> V4 {
    v4(Ipv4Addr::new(a, b, c, d), bits)
}

const fn eight(a: u16, b: u16, c: u16, d: u16, bits: u32) -> V6 {
    v6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), bits)
}

const PRIVATE: &str = "private";
const SHARED: &str = "shared address space";

/// IANA IPv4 special-purpose address registry; RFC 5771 (multicast).
const REFUSED_V4: &[(V4, &str)] = &[
    // Azure's host agent answers on a public address, Alibaba's on a shared one.
    (four(168, 63, 129, 16, 32), "cloud metadata"),
    (four(100, 100, 100, 200, 32), "cloud metadata"),
    (four(0, 0, 0, 0, 8), "this network"),
    (four(10, 0, 0, 0, 8), PRIVATE),
    (four(100, 64, 0, 0, 10), SHARED),
    (four(127, 0, 0, 0, 8), "loopback"),
    (four(169, 254, 0, 0, 16), "link-local"),
    (four(172, 16, 0, 0, 12), PRIVATE),
    (four(192, 0, 0, 0, 24), "reserved for protocols"),
    (four(192, 0, 2, 0, 24), "for documentation"),
    (four(192, 31, 196, 0, 24), "reserved for protocols"),
    (four(192, 52, 193, 0, 24), "reserved for protocols"),
    (four(192, 88, 99, 0, 24), "6to4 relay"),
    (four(192, 168, 0, 0, 16), PRIVATE),
    (four(192, 175, 48, 0, 24), "reserved for protocols"),
    (four(198, 18, 0, 0, 15), "for benchmarks"),
    (four(198, 51, 100, 0, 24), "for documentation"),
    (four(203, 0, 113, 0, 24), "for documentation"),
    (four(224, 0, 0, 0, 4), "multicast"),
    (four(240, 0, 0, 0, 4), "reserved"),
];

/// IANA IPv6 special-purpose address registry. What lies outside 2000::/3 stands here for its better name.
const REFUSED_V6: &[(V6, &str)] = &[
    (v6(Ipv6Addr::UNSPECIFIED, 128), "unspecified"),
    (v6(Ipv6Addr::LOCALHOST, 128), "loopback"),
    (v6(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96), "IPv4-mapped"),
    (v6(Ipv6Addr::UNSPECIFIED, 96), "IPv4-compatible"),
    (eight(0x64, 0xff9b, 0, 0, 96), "translated from IPv4"),
    (eight(0x64, 0xff9b, 1, 0, 48), "translated from IPv4"),
    (eight(0x100, 0, 0, 0, 64), "discard"),
    // 2001::/23 holds Teredo (2001::/32), benchmarks, ORCHID and anycast services.
    (eight(0x2001, 0, 0, 0, 23), "reserved for protocols"),
    (eight(0x2001, 0xdb8, 0, 0, 32), "for documentation"),
    (eight(0x2002, 0, 0, 0, 16), "6to4"),
    (eight(0x2620, 0x4f, 0x8000, 0, 48), "reserved for protocols"),
    (eight(0x3fff, 0, 0, 0, 20), "for documentation"),
    // Amazon, Google and Scaleway.
    (eight(0xfd00, 0xec2, 0, 0, 32), "cloud metadata"),
    (eight(0xfd20, 0xce, 0, 0, 32), "cloud metadata"),
    (eight(0xfd00, 0x42, 0, 0, 32), "cloud metadata"),
    (eight(0xfc00, 0, 0, 0, 7), PRIVATE),
    (eight(0xfe80, 0, 0, 0, 10), "link-local"),
    (eight(0xfec0, 0, 0, 0, 10), "site-local"),
    (eight(0xff00, 0, 0, 0, 8), "multicast"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Below, first, last and above each network of the tables: the edges are where a wrong mask shows.
    #[test]
    fn tables_hold_exactly_what_they_say() {
        for (network, _) in REFUSED_V4 {
            let first = network.address.to_bits();
            let last = first | !mask_v4(network.bits).to_bits();
            assert_eq!(first & mask_v4(network.bits).to_bits(), first, "{}", network.address);
            for inside in [first, last, first + (last - first) / 2] {
                assert!(refusal(Ipv4Addr::from_bits(inside).into()).is_some(), "{}", Ipv4Addr::from_bits(inside));
            }
            let outside = [first.checked_sub(1), last.checked_add(1)];
            assert!(outside.into_iter().flatten().all(|bits| !network.contains(Ipv4Addr::from_bits(bits))));
        }
        for (network, _) in REFUSED_V6 {
            let first = network.address.to_bits();
            let last = first | !mask_v6(network.bits).to_bits();
            assert_eq!(first & mask_v6(network.bits).to_bits(), first, "{}", network.address);
            for inside in [first, last, first + (last - first) / 2] {
                assert!(refusal(Ipv6Addr::from_bits(inside).into()).is_some(), "{}", Ipv6Addr::from_bits(inside));
            }
            let outside = [first.checked_sub(1), last.checked_add(1)];
            assert!(outside.into_iter().flatten().all(|bits| !network.contains(Ipv6Addr::from_bits(bits))));
        }
    }

    /// What the standard library knows of addresses, as a second opinion.
    #[test]
    fn nothing_that_the_standard_library_calls_special_passes() {
        for high in 0..=u16::MAX {
            for low in [0, 1, 0x0102, 0x7fff, 0xfffe, 0xffff] {
                let address = Ipv4Addr::from_bits(u32::from(high) << 16 | low);
                let special = address.is_private()
                    || address.is_loopback()
                    || address.is_link_local()
                    || address.is_multicast()
                    || address.is_broadcast()
                    || address.is_unspecified()
                    || address.is_documentation();
                assert!(!special || refusal(address.into()).is_some(), "{address}");
            }
            let address = Ipv6Addr::new(high, 0, 0, 0, 0, 0, 0, 1);
            let global = (0x2000..0x4000).contains(&high) && ![0x2001, 0x2002, 0x3fff].contains(&high);
            assert_eq!(refusal(address.into()).is_none(), global, "{address}");
        }
    }

    #[test]
    fn networks_overlap_when_one_holds_the_other() {
        for (text, forbidden) in [
            ("8.8.8.0/24", None),
            ("10.0.0.0/8", None),
            ("0.0.0.0/0", Some("cloud metadata")),
            ("127.3.0.0/16", Some("loopback")),
            ("192.0.0.0/8", Some("reserved for protocols")),
            ("fd00:1::/32", None),
            ("fd00:ec2::254", Some("cloud metadata")),
            ("2600::/16", None),
        ] {
            assert_eq!(text.parse::<Network>().unwrap().forbidden(), forbidden, "{text}");
        }
    }
}
