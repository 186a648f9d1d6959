use super::allowance::Allowances;
use super::budget::Budget;
use super::connect::{Connect, SystemConnector, Wire, connect_to_one, over_tls};
use super::http::{Authorization, Fault, Request, exchange, open_tunnel};
use super::limits::{Deadline, FetchLimits};
use super::network::Network;
use super::proxy::Proxy;
use super::resolve::{Resolve, SystemResolver, addresses_of};
use super::setup::SetupError;
use super::target::{Target, TargetHost, name_refusal};
use super::tls::Tls;
use postseal::fetch::Fetcher;
use postseal::query::{FetchCrl, FetchIssuer, FetchOcsp, Unavailable};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Fetches lists, responses and issuers over http and https, from the public Internet only.
///
/// * A URL is taken only as it is plainly written: no user information, no other scheme, no port but 80 and 443, no host in a
///   notation that some software maps.
/// * The host is resolved once. When any of its addresses is not one of the public Internet (private, loopback, link-local,
///   mapped, translated, reserved, a cloud's metadata), nothing is sent; else the connection goes to exactly such an address.
/// * One request for a fetch, on a connection of its own. Redirects are not followed, nothing but status 200 counts.
///   No cookies, no credentials, no compression; the answer's type is not looked at: the engine checks what it says.
/// * [`FetchLimits`] holds for time and size; the size of the answer is the question's. A host is asked only so often, and is
///   left alone for a while after it failed.
/// * https needs a certificate of the host under the system's roots, or [others](Self::with_tls_roots).
///
/// What goes wrong is said with the host, never with the path: that may name a person.
///
/// ```
/// use postseal::{fetch::Fetcher, query::FetchCrl};
/// use postseal_adapters::fetch::GuardedFetcher;
/// let fetcher = GuardedFetcher::new();
/// let refused = fetcher.fetch_crl(&FetchCrl::new("http://169.254.169.254/latest/meta-data/", 1 << 20));
/// assert_eq!(refused.unwrap_err().detail(), "169.254.169.254: not fetched from: link-local");
/// ```
#[derive(Debug)]
pub struct GuardedFetcher {
    limits: FetchLimits,
    ports: BTreeSet<u16>,
    allowances: Allowances,
    proxy: Option<Proxy>,
    proxy_authorization: Option<Authorization>,
    tls: Tls,
    resolver: Arc<dyn Resolve>,
    connector: Arc<dyn Connect>,
    budget: Mutex<Budget>,
}

impl Default for GuardedFetcher {
    fn default() -> Self {
        Self {
            limits: FetchLimits::default(),
            ports: BTreeSet::from([80, 443]),
            allowances: Allowances::default(),
            proxy: None,
            proxy_authorization: None,
            tls: Tls::default(),
            resolver: Arc::new(SystemResolver::default()),
            connector: Arc::new(SystemConnector),
            budget: Mutex::default(),
        }
    }
}

impl GuardedFetcher {
    /// With the defaults.
    ///
    /// ```
    /// let fetcher = postseal_adapters::fetch::GuardedFetcher::new();
    /// # let _ = fetcher;
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// With these limits.
    ///
    /// ```
    /// use postseal_adapters::fetch::{FetchLimits, GuardedFetcher};
    /// let mut limits = FetchLimits::default();
    /// limits.requests_per_minute = 5;
    /// let fetcher = GuardedFetcher::new().with_limits(limits);
    /// # let _ = fetcher;
    /// ```
    #[must_use]
    pub const fn with_limits(mut self, limits: FetchLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Also asks hosts at this port, besides 80 and 443. Whatever else listens there would be asked, too.
    ///
    /// ```
    /// let fetcher = postseal_adapters::fetch::GuardedFetcher::new().allow_port(8080);
    /// # let _ = fetcher;
    /// ```
    #[must_use]
    pub fn allow_port(mut self, port: u16) -> Self {
        self.ports.insert(port);
        self
    }

    /// Lets this host, named as in URLs, have addresses in this network, and a local name. For a private PKI, whose lists lie
    /// inside of the network.
    ///
    /// Everything that answers at these addresses under this name can then be reached by a certificate with a path to one of
    /// the anchors; allow single addresses rather than whole networks.
    ///
    /// # Errors
    /// [`SetupError::NeverAllowed`] for a network that holds more than public and private addresses: loopback, link-local,
    /// a cloud's metadata.
    ///
    /// ```
    /// use postseal_adapters::fetch::GuardedFetcher;
    /// let fetcher = GuardedFetcher::new().allow_addresses("pki.corp.internal", "10.1.2.3".parse()?)?;
    /// assert!(fetcher.allow_addresses("pki.corp.internal", "0.0.0.0/0".parse()?).is_err());
    /// # Ok::<(), postseal_adapters::fetch::SetupError>(())
    /// ```
    pub fn allow_addresses(mut self, host: &str, network: Network) -> Result<Self, SetupError> {
        self.allowances.allow(host, network)?;
        Ok(self)
    }

    /// Lets this host, named as in URLs, be this machine (127.0.0.0/8 and ::1). For tests, and nothing else: what listens only
    /// there trusts whoever reaches it. No network that [`allow_addresses`](Self::allow_addresses) takes comes to this.
    ///
    /// ```
    /// use postseal_adapters::fetch::GuardedFetcher;
    /// let fetcher = GuardedFetcher::new().allow_this_machine_in_tests("ca.example");
    /// # let _ = fetcher;
    /// ```
    #[must_use]
    pub fn allow_this_machine_in_tests(mut self, host: &str) -> Self {
        self.allowances.allow_this_machine(host);
        self
    }

    /// Refuses addresses in this network as well, whatever the host. For public addresses at which only one's own people are
    /// served, and for the prefix by which one's own network translates to IPv4 (RFC 6052 2.2): neither can be told from here.
    ///
    /// ```
    /// use postseal_adapters::fetch::GuardedFetcher;
    /// let fetcher = GuardedFetcher::new().refuse_addresses("193.0.2.0/24".parse()?);
    /// # let _ = fetcher;
    /// # Ok::<(), postseal_adapters::fetch::SetupError>(())
    /// ```
    #[must_use]
    pub fn refuse_addresses(mut self, network: Network) -> Self {
        self.allowances.refuse(network);
        self
    }

    /// Sends everything through this HTTP proxy: requests for http as they are (RFC 9112 3.2.2), for https through a tunnel.
    ///
    /// Then it is the proxy that resolves names. Addresses in URLs, local names and ports are still refused here, but what a
    /// name leads to has to be guarded there: let the proxy reach nothing inside of the network. It is spoken to without
    /// TLS.
    ///
    /// # Errors
    /// [`SetupError::Proxy`] when this is not `http://host:port`.
    ///
    /// ```
    /// use postseal_adapters::fetch::GuardedFetcher;
    /// let fetcher = GuardedFetcher::new().through_proxy("http://proxy.corp.internal:3128")?;
    /// assert!(GuardedFetcher::new().through_proxy("socks5://proxy.corp.internal").is_err());
    /// # let _ = fetcher;
    /// # Ok::<(), postseal_adapters::fetch::SetupError>(())
    /// ```
    pub fn through_proxy(mut self, url: &str) -> Result<Self, SetupError> {
        self.proxy = Some(Proxy::parse(url)?);
        Ok(self)
    }

    /// With a name and a password for the proxy (RFC 7617, RFC 9110 11.7). The proxy is spoken to without TLS: whoever listens on
    /// the way to it learns them. They are never shown, and overwritten at their end.
    ///
    /// # Errors
    /// [`SetupError::ProxyCredentials`] when the name is empty or has a colon, or one of them has control characters.
    ///
    /// ```
    /// use postseal_adapters::fetch::GuardedFetcher;
    /// let fetcher = GuardedFetcher::new().through_proxy("http://proxy.corp.internal:3128")?;
    /// let fetcher = fetcher.with_proxy_password("gateway", "s3cret")?;
    /// assert!(!format!("{fetcher:?}").contains("s3cret"));
    /// # Ok::<(), postseal_adapters::fetch::SetupError>(())
    /// ```
    pub fn with_proxy_password(mut self, name: &str, password: &str) -> Result<Self, SetupError> {
        self.proxy_authorization = Some(Authorization::basic(name, password).ok_or(SetupError::ProxyCredentials)?);
        Ok(self)
    }

    /// With these roots for https, in PEM, instead of the system's.
    ///
    /// # Errors
    /// [`SetupError::TlsRoots`] when there is none, or one that cannot be used.
    ///
    /// ```
    /// use postseal_adapters::fetch::{GuardedFetcher, SetupError};
    /// assert_eq!(GuardedFetcher::new().with_tls_roots(b"nothing").unwrap_err(), SetupError::TlsRoots);
    /// ```
    pub fn with_tls_roots(mut self, pem: &[u8]) -> Result<Self, SetupError> {
        self.tls = Tls::with_roots(pem)?;
        Ok(self)
    }

    /// With another resolver than the operating system's.
    ///
    /// ```
    /// use postseal_adapters::fetch::{GuardedFetcher, SystemResolver};
    /// let fetcher = GuardedFetcher::new().with_resolver(SystemResolver::default());
    /// # let _ = fetcher;
    /// ```
    #[must_use]
    pub fn with_resolver(mut self, resolver: impl Resolve + 'static) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// With something else than the operating system's sockets.
    ///
    /// ```
    /// use postseal_adapters::fetch::{GuardedFetcher, SystemConnector};
    /// let fetcher = GuardedFetcher::new().with_connector(SystemConnector);
    /// # let _ = fetcher;
    /// ```
    #[must_use]
    pub fn with_connector(mut self, connector: impl Connect + 'static) -> Self {
        self.connector = Arc::new(connector);
        self
    }

    fn fetch(&self, at: &str, request: &Request<'_>) -> Result<Vec<u8>, Unavailable> {
        let deadline = Deadline::after(self.limits.total);
        let target = Target::parse(at).map_err(|why| Unavailable::because(format!("not fetched: {why}")))?;
        let host = target.host.written();
        let refused = |why| Unavailable::because(format!("{host}: not fetched from: {why}"));
        self.check_target(&target).map_err(refused)?;
        self.budget()
            .take(&host, target.port, &self.limits, Instant::now())
            .map_err(|why| Unavailable::because(format!("{host}: {why}")))?;
        self.ask(&target, request, deadline).map_err(|fault| {
            if !fault.spares_host {
                self.budget().failed(&host, target.port, Instant::now());
            }
            Unavailable::because(format!("{host}: {fault}"))
        })
    }

    /// What can be said of a target without asking anybody.
    fn check_target(&self, target: &Target) -> Result<(), &'static str> {
        if !self.ports.contains(&target.port) {
            return Err("a port that is not allowed");
        }
        match &target.host {
            TargetHost::Address(address) => self.allowances.check(*address, &target.host.written()),
            TargetHost::Name(name) if self.allowances.is_named(name) => Ok(()),
            TargetHost::Name(name) => name_refusal(name).map_or(Ok(()), Err),
        }
    }

    fn ask(&self, target: &Target, request: &Request<'_>, deadline: Deadline) -> Result<Vec<u8>, Fault> {
        let (host, header_bytes) = (target.authority(), self.limits.header_bytes);
        let mut wire = Wire::new(self.connect(target, deadline)?, deadline);
        match (&self.proxy, target.is_tls) {
            (None, false) => exchange(&mut wire, &target.path, &host, request, header_bytes),
            (Some(_), false) => {
                let request = Request { proxy_authorization: self.proxy_authorization.as_ref(), ..*request };
                exchange(&mut wire, &target.absolute(), &host, &request, header_bytes)
            }
            (proxy, true) => {
                if proxy.is_some() {
                    let credentials = self.proxy_authorization.as_ref();
                    open_tunnel(&mut wire, &target.with_port(), credentials, header_bytes)?;
                }
                let mut wire = over_tls(wire, &target.host, self.tls.config()?)?;
                exchange(&mut wire, &target.path, &host, request, header_bytes)
            }
        }
    }

    /// To the target, or to the proxy.
    fn connect(&self, target: &Target, deadline: Deadline) -> Result<std::net::TcpStream, Fault> {
        let (addresses, port) = match &self.proxy {
            Some(proxy) => (self.resolve(&proxy.host, deadline)?, proxy.port),
            None => (self.addresses(&target.host, deadline)?, target.port),
        };
        let connecting = Deadline::after(self.limits.connect.min(deadline.left()));
        connect_to_one(&*self.connector, addresses, port, connecting)
    }

    /// The addresses of the host, all of which may be asked.
    fn addresses(&self, host: &TargetHost, deadline: Deadline) -> Result<Vec<IpAddr>, Fault> {
        let addresses = self.resolve(host, deadline)?;
        let name = host.written();
        for address in &addresses {
            self.allowances
                .check(*address, &name)
                .map_err(|why| Fault::new(format!("not fetched from: it resolves to {address}: {why}")))?;
        }
        Ok(addresses)
    }

    fn resolve(&self, host: &TargetHost, deadline: Deadline) -> Result<Vec<IpAddr>, Fault> {
        addresses_of(&*self.resolver, host, deadline)
    }

    /// What is remembered is whole at every moment, also when a thread died while it held the lock.
    fn budget(&self) -> MutexGuard<'_, Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fetcher for GuardedFetcher {
    fn fetch_crl(&self, query: &FetchCrl) -> Result<Vec<u8>, Unavailable> {
        self.fetch(
            &query.at,
            &Request {
                accept: "application/pkix-crl, */*",
                body: None,
                authorization: None,
                proxy_authorization: None,
                limit: query.limit,
            },
        )
    }

    fn fetch_ocsp(&self, query: &FetchOcsp) -> Result<Vec<u8>, Unavailable> {
        let body = Some(("application/ocsp-request", query.request.as_slice()));
        self.fetch(
            &query.at,
            &Request {
                accept: "application/ocsp-response",
                body,
                authorization: None,
                proxy_authorization: None,
                limit: query.limit,
            },
        )
    }

    fn fetch_issuer(&self, query: &FetchIssuer) -> Result<Vec<u8>, Unavailable> {
        let accept = "application/pkix-cert, application/pkcs7-mime, */*";
        self.fetch(
            &query.at,
            &Request { accept, body: None, authorization: None, proxy_authorization: None, limit: query.limit },
        )
    }
}
