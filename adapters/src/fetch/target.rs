use std::net::IpAddr;
use url::{Host, Url};

/// Where a URL leads, written as it is meant: every part that software understands in more than one way is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) is_tls: bool,
    /// A lower-case name, or an address.
    pub(crate) host: TargetHost,
    pub(crate) port: u16,
    /// What the request asks for: the path with its query.
    pub(crate) path: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TargetHost {
    Name(String),
    Address(IpAddr),
}

/// RFC 9110 4.1 wants 8 000 octets; no CA comes near.
const LONGEST_URL: usize = 2_048;
/// RFC 1035 2.3.4.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

impl Target {
    /// Reads a URL.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > LONGEST_URL {
            return Err("the URL is too long");
        }
        // Parsers drop, trim or map what is beyond these.
        let is_plain = |octet: u8| matches!(octet, b'!'..=b'~') && !br#"\"<>^`{|}#"#.contains(&octet);
        if !text.bytes().all(is_plain) {
            return Err("the URL has characters that no URL may have");
        }
        // Before anything else is read: what other schemes look like is no concern of this machine.
        let (scheme, _) = text.split_once(':').ok_or("not a URL")?;
        let is_tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err("neither http nor https"),
        };
        let url = Url::parse(text).map_err(|_| "not a URL")?;
        let authority = authority_of(text).ok_or("not a URL with a host")?;
        if authority.contains('@') || !url.username().is_empty() || url.password().is_some() {
            return Err("the URL has user information");
        }
        let (host_text, port_text) = split_port(authority).ok_or("the URL's host cannot be told")?;
        let port = check_port(port_text, url.port_or_known_default().ok_or("the URL has no port")?)?;
        let host = check_host(host_text, url.host().ok_or("the URL has no host")?)?;
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        Ok(Self { is_tls, host, port, path })
    }

    /// The value of the Host field: the port stands there when it is not the scheme's own.
    pub(crate) fn authority(&self) -> String {
        if self.port == self.default_port() { self.host.written() } else { self.with_port() }
    }

    /// The host and, always, the port.
    pub(crate) fn with_port(&self) -> String {
        format!("{}:{}", self.host.written(), self.port)
    }

    /// The URL as a proxy wants it (RFC 9112 3.2.2).
    pub(crate) fn absolute(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{}{}", self.authority(), self.path)
    }

    const fn default_port(&self) -> u16 {
        if self.is_tls { 443 } else { 80 }
    }
}

impl TargetHost {
    /// As it stands in a URL.
    pub(crate) fn written(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Address(IpAddr::V4(address)) => address.to_string(),
            Self::Address(IpAddr::V6(address)) => format!("[{address}]"),
        }
    }
}

/// What stands between the scheme and the path, read without the library: both must agree.
fn authority_of(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    rest.split(['/', '?']).next().filter(|authority| !authority.is_empty())
}

fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    let after = if authority.starts_with('[') { authority.find(']')? } else { 0 };
    let (host, rest) = match authority.get(after..)?.find(':') {
        Some(colon) => authority.split_at_checked(after.checked_add(colon)?)?,
        None => return Some((authority, None)),
    };
    Some((host, rest.strip_prefix(':')))
}

fn check_port(text: Option<&str>, understood: u16) -> Result<u16, &'static str> {
    match text {
        Some(text) if text != understood.to_string() => Err("the URL's port is not written plainly"),
        _ if understood == 0 => Err("the URL's port is 0"),
        _ => Ok(understood),
    }
}

/// The host as the library understands it, if that is how it is written: `0x7f.1`, `127.1`, `%6c` and `[::7f00:1]` are not.
fn check_host(text: &str, understood: Host<&str>) -> Result<TargetHost, &'static str> {
    let host = match understood {
        Host::Ipv4(address) => TargetHost::Address(address.into()),
        Host::Ipv6(address) => TargetHost::Address(address.into()),
        Host::Domain(name) => TargetHost::Name(check_name(name)?.to_owned()),
    };
    if host.written().eq_ignore_ascii_case(text) { Ok(host) } else { Err("the URL's host is not written plainly") }
}

/// Letters, digits, hyphens and underscores between dots.
fn check_name(name: &str) -> Result<&str, &'static str> {
    let is_letter = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_';
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= LONGEST_LABEL
            && label.bytes().all(is_letter)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() <= LONGEST_NAME && name.split('.').all(is_label) {
        Ok(name)
    } else {
        Err("the URL's host is no name")
    }
}

/// Why a name is not asked: it belongs to this machine, to this network, or to a cloud's metadata service.
pub(super) fn name_refusal(name: &str) -> Option<&'static str> {
    let last = name.rsplit('.').next().unwrap_or(name);
    if !name.contains('.') {
        return Some("a name without a domain");
    }
    if LOCAL_DOMAINS.contains(&last) || name.ends_with(".home.arpa") {
        return Some("a local name");
    }
    METADATA_NAMES.contains(&name).then_some("cloud metadata")
}

/// Special-use domain names (RFC 6761, 6762, 7686, 8375, 9476) and what networks use for themselves; `internal` is also where
/// Google and Amazon keep their metadata.
const LOCAL_DOMAINS: &[&str] =
    &["localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "onion", "alt"];

const METADATA_NAMES: &[&str] = &["metadata.goog", "metadata.azure.com", "metadata.tencentyun.com"];
