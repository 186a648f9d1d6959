use super::endpoint::Endpoint;
use super::fault::{LdapFault, LdapFaultKind};
use super::inner::Inner;
use super::limits::within;
use super::server::Server;
use super::setup::LdapSetupError;
use super::srv::{SrvLookup, SrvRecord, SystemSrvLookup, endpoints};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Which servers hold the directory. They are asked in order: one after the other is tried until one answers.
///
/// ```
/// use postseal_adapters::directory::ldap::LdapServers;
/// let listed = LdapServers::listed(&["dc1.goal.example", "dc2.goal.example:3269"])?;
/// assert_eq!(listed.to_string(), "dc1.goal.example, dc2.goal.example:3269");
/// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
/// ```
pub struct LdapServers(Kind);

enum Kind {
    Listed(Vec<Arc<Server>>),
    Discovered { name: String, domain: String, lookup: Arc<dyn SrvLookup>, known: Mutex<Option<Known>> },
}

/// What the DNS said, and when.
struct Known {
    at: Instant,
    servers: Vec<Arc<Server>>,
}

/// How long an answer of the DNS is used, and how long when no other can be had.
const FRESH: Duration = Duration::from_secs(60);
const STALE: Duration = Duration::from_secs(3_600);

impl LdapServers {
    /// These, each as `host`, `host:port`, `address` or `[address]:port`; the certificate of a server must be for what is
    /// written here.
    ///
    /// # Errors
    /// [`LdapSetupError::Server`], [`LdapSetupError::ServerCount`].
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::LdapServers;
    /// assert!(LdapServers::listed(&["[2001:db8::1]:636"]).is_ok());
    /// assert!(LdapServers::listed(&["ldap://dc1.goal.example"]).is_err());
    /// ```
    pub fn listed(servers: &[&str]) -> Result<Self, LdapSetupError> {
        if !(1..=16).contains(&servers.len()) {
            return Err(LdapSetupError::ServerCount);
        }
        let servers = servers.iter().map(|text| Endpoint::parse(text).map(|endpoint| Arc::new(Server::new(endpoint))));
        Ok(Self(Kind::Listed(servers.collect::<Result<_, _>>()?)))
    }

    /// Those that this domain names in the DNS as `_ldap._tcp`, in the order of RFC 2782. A name that begins with `_` is
    /// looked up as it is: `_ldap._tcp.site._sites.dc._msdcs.goal.example`. Only hosts within the domain are asked, and the
    /// certificate of each must be for its name.
    ///
    /// # Errors
    /// [`LdapSetupError::Domain`].
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::LdapServers;
    /// let discovered = LdapServers::discovered("goal.example")?;
    /// assert_eq!(discovered.to_string(), "_ldap._tcp.goal.example");
    /// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
    /// ```
    pub fn discovered(domain: &str) -> Result<Self, LdapSetupError> {
        let fault = || LdapSetupError::Domain(domain.chars().take(100).collect());
        let given = domain.trim_end_matches('.').to_ascii_lowercase();
        let labels: Vec<&str> = given.split('.').collect();
        let first = labels.iter().rposition(|label| label.starts_with('_')).map_or(0, |at| at.saturating_add(1));
        let domain = labels.get(first..).unwrap_or_default().join(".");
        let is_host =
            Endpoint::new(&domain, None).is_some_and(|endpoint| endpoint.host.parse::<std::net::IpAddr>().is_err());
        if !is_host || given.len() > 253 || !domain.contains('.') {
            return Err(fault());
        }
        let name = if given.starts_with('_') { given.clone() } else { format!("_ldap._tcp.{given}") };
        Ok(Self(Kind::Discovered { name, domain, lookup: Arc::new(SystemSrvLookup), known: Mutex::default() }))
    }

    /// Looks records up here instead of at the system's name servers.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::{LdapServers, SystemSrvLookup};
    /// use std::sync::Arc;
    /// let servers = LdapServers::discovered("goal.example")?.with_lookup(Arc::new(SystemSrvLookup));
    /// # let _ = servers;
    /// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
    /// ```
    #[must_use]
    pub fn with_lookup(mut self, other: Arc<dyn SrvLookup>) -> Self {
        if let Kind::Discovered { lookup, .. } = &mut self.0 {
            *lookup = other;
        }
        self
    }

    /// All, in order.
    pub(super) async fn all(&self, inner: &Inner, deadline: Instant) -> Result<Vec<Arc<Server>>, LdapFault> {
        let (name, domain, lookup, known) = match &self.0 {
            Kind::Listed(servers) => return Ok(servers.clone()),
            Kind::Discovered { name, domain, lookup, known } => (name, domain, lookup, known),
        };
        if let Some(servers) = remembered(known, FRESH) {
            return Ok(servers);
        }
        let records = match asked(lookup.as_ref(), name, within(inner.limits.connect, deadline)).await {
            Ok(records) => records,
            // Where they were a short while ago they may be still.
            Err(fault) => return remembered(known, STALE).ok_or(fault),
        };
        let mut known = lock(known);
        let old = known.as_ref().map(|known| known.servers.as_slice()).unwrap_or_default();
        // What is remembered of a server outlives an answer that names it again.
        let server = |endpoint: Endpoint| {
            let same = old.iter().find(|server| server.endpoint == endpoint).cloned();
            same.unwrap_or_else(|| Arc::new(Server::new(endpoint)))
        };
        let servers: Vec<_> = endpoints(&records, domain, inner.transport).into_iter().map(server).collect();
        if servers.is_empty() {
            return Err(LdapFault::new(LdapFaultKind::Unreachable, "names no server within its domain"));
        }
        *known = Some(Known { at: Instant::now(), servers: servers.clone() });
        Ok(servers)
    }
}

/// What was said at most so long ago.
fn remembered(known: &Mutex<Option<Known>>, most: Duration) -> Option<Vec<Arc<Server>>> {
    let known = lock(known);
    let known = known.as_ref().filter(|known| Instant::now().saturating_duration_since(known.at) < most);
    known.map(|known| known.servers.clone())
}

async fn asked(lookup: &dyn SrvLookup, name: &str, deadline: Instant) -> Result<Vec<SrvRecord>, LdapFault> {
    match timeout_at(deadline, lookup.lookup(name)).await {
        Ok(Ok(records)) => Ok(records),
        Ok(Err(_)) => {
            let words = "could not be looked up: the name servers do not answer";
            Err(LdapFault::new(LdapFaultKind::Unreachable, words))
        }
        Err(_) => Err(LdapFault::new(LdapFaultKind::Late, "could not be looked up in time")),
    }
}

fn lock(known: &Mutex<Option<Known>>) -> MutexGuard<'_, Option<Known>> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Display for LdapServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Listed(servers) => {
                let names: Vec<_> = servers.iter().map(|server| server.endpoint.to_string()).collect();
                f.write_str(&names.join(", "))
            }
            Kind::Discovered { name, .. } => f.write_str(name),
        }
    }
}

impl fmt::Debug for LdapServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LdapServers({self})")
    }
}
