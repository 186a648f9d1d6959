use super::EntraError;
use std::fmt;
use url::{Host, Origin, Url};

/// Which of Microsoft's clouds the tenant lives in: where tokens, Graph and Exchange are.
///
/// ```
/// use postseal_adapters::directory::entra::Cloud;
/// assert_eq!(Cloud::global().to_string(), "https://graph.microsoft.com");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Cloud {
    pub(super) login: Base,
    pub(super) graph: Base,
    pub(super) exchange: Base,
}

impl Cloud {
    /// The worldwide one, also for GCC.
    ///
    /// ```
    /// use postseal_adapters::directory::entra::Cloud;
    /// assert_ne!(Cloud::global(), Cloud::gcc_high());
    /// ```
    #[must_use]
    pub fn global() -> Self {
        Self::known("login.microsoftonline.com", "graph.microsoft.com", "outlook.office365.com")
    }

    /// US Government L4 (GCC High).
    ///
    /// ```
    /// use postseal_adapters::directory::entra::Cloud;
    /// assert_eq!(Cloud::gcc_high().to_string(), "https://graph.microsoft.us");
    /// ```
    #[must_use]
    pub fn gcc_high() -> Self {
        Self::known("login.microsoftonline.us", "graph.microsoft.us", "outlook.office365.us")
    }

    /// US Government L5 (DoD).
    ///
    /// ```
    /// use postseal_adapters::directory::entra::Cloud;
    /// assert_eq!(Cloud::dod().to_string(), "https://dod-graph.microsoft.us");
    /// ```
    #[must_use]
    pub fn dod() -> Self {
        Self::known("login.microsoftonline.us", "dod-graph.microsoft.us", "outlook-dod.office365.us")
    }

    /// China, run by 21Vianet. Older documentation names `login.chinacloudapi.cn` for tokens; use [`Cloud::at`] for that.
    ///
    /// ```
    /// use postseal_adapters::directory::entra::Cloud;
    /// assert_eq!(Cloud::china().to_string(), "https://microsoftgraph.chinacloudapi.cn");
    /// ```
    #[must_use]
    pub fn china() -> Self {
        Self::known("login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn", "outlook.office365.cn")
    }

    /// Any other, by the addresses of its three services: tokens, Graph and Exchange.
    ///
    /// # Errors
    /// [`EntraError::BaseUrl`] when one is not https, or more than a host and a path.
    ///
    /// ```
    /// use postseal_adapters::directory::entra::Cloud;
    /// let cloud = Cloud::at("https://login.cloud.example", "https://graph.cloud.example", "https://mail.cloud.example")?;
    /// assert_eq!(cloud.to_string(), "https://graph.cloud.example");
    /// assert!(Cloud::at("https://u:p@login.example", "https://g.example", "https://e.example").is_err());
    /// # Ok::<(), postseal_adapters::directory::entra::EntraError>(())
    /// ```
    pub fn at(login: &str, graph: &str, exchange: &str) -> Result<Self, EntraError> {
        Ok(Self { login: Base::parse(login)?, graph: Base::parse(graph)?, exchange: Base::parse(exchange)? })
    }

    fn known(login: &str, graph: &str, exchange: &str) -> Self {
        let base = |host: &str| Base { text: format!("https://{host}"), host: host.to_owned(), origin: None };
        Self { login: base(login), graph: base(graph), exchange: base(exchange) }
    }
}

impl fmt::Display for Cloud {
    /// Where its Graph is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.graph.text)
    }
}

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cloud({self})")
    }
}

/// What the addresses of one service begin with. No slash at its end.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Base {
    text: String,
    host: String,
    /// Known ones have none stored: their text is their origin.
    origin: Option<Origin>,
}

impl Base {
    fn parse(text: &str) -> Result<Self, EntraError> {
        let url = Url::parse(text).map_err(|_| EntraError::BaseUrl)?;
        if url.scheme() == "https" { Self::of(&url).ok_or(EntraError::BaseUrl) } else { Err(EntraError::BaseUrl) }
    }

    /// For the endpoint of a managed identity, which platforms serve without TLS on the machine or on its own link.
    pub(super) fn nearby(text: &str) -> Result<Self, EntraError> {
        let url = Url::parse(text).map_err(|_| EntraError::IdentityEndpoint)?;
        let is_near = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback() || address.is_link_local(),
            Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unicast_link_local(),
            _ => false,
        };
        let may = url.scheme() == "https" || (url.scheme() == "http" && is_near);
        Self::of(&url).filter(|_| may).ok_or(EntraError::IdentityEndpoint)
    }

    /// The metadata service of Azure's machines.
    pub(super) fn metadata() -> Self {
        Self { text: "http://169.254.169.254".to_owned(), host: "169.254.169.254".to_owned(), origin: None }
    }

    fn of(url: &Url) -> Option<Self> {
        let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        let host = url.host_str().filter(|_| is_plain && url.fragment().is_none())?;
        let text = url.as_str().trim_end_matches('/').to_owned();
        Some(Self { text, host: host.to_owned(), origin: Some(url.origin()) })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Whether this leads to the very same scheme, host and port.
    pub(super) fn is_origin_of(&self, url: &Url) -> bool {
        match &self.origin {
            Some(origin) => *origin == url.origin(),
            None => Url::parse(&self.text).is_ok_and(|own| own.origin() == url.origin()),
        }
    }

    /// What tokens for it are asked for: its scheme, host and port.
    pub(super) fn resource(&self) -> String {
        match &self.origin {
            Some(origin) => origin.ascii_serialization(),
            None => self.text.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_only_a_host_with_a_path() {
        for bad in [
            "http://graph.example",
            "graph.example",
            "https://",
            "https://user@graph.example",
            "https://graph.example/?x",
            "https://graph.example/#x",
            "ftp://graph.example",
        ] {
            assert_eq!(Base::parse(bad).err(), Some(EntraError::BaseUrl), "{bad}");
        }
        assert_eq!(Base::parse("https://graph.example/proxy/").unwrap().as_str(), "https://graph.example/proxy");
    }

    #[test]
    fn without_tls_only_nearby() {
        for good in
            ["http://127.0.0.1:41741/msi/token", "http://169.254.169.254", "http://[::1]:8080", "https://a.example"]
        {
            assert!(Base::nearby(good).is_ok(), "{good}");
        }
        for bad in ["http://10.0.0.1/", "http://localhost.example/", "http://localhost/", "http://1.1.1.1/"] {
            assert_eq!(Base::nearby(bad).err(), Some(EntraError::IdentityEndpoint), "{bad}");
        }
    }

    #[test]
    fn another_origin_is_told_apart() {
        let base = Cloud::global().graph;
        let is_own = |text: &str| base.is_origin_of(&Url::parse(text).unwrap());
        assert!(
            is_own("https://graph.microsoft.com/v1.0/users?$skiptoken=1") && is_own("https://GRAPH.microsoft.com:443/")
        );
        for other in [
            "http://graph.microsoft.com/",
            "https://graph.microsoft.com:444/",
            "https://graph.microsoft.com.evil.example/",
            "https://graph.microsoft.com@evil.example/",
            "https://evil.example/graph.microsoft.com",
        ] {
            assert!(!is_own(other), "{other}");
        }
    }
}
