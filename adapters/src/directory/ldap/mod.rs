//! LDAP (RFC 4511) and Active Directory.

mod answer;
mod breaker;
mod builder;
mod check;
mod connection;
mod endpoint;
mod fault;
mod filter;
mod filter_text;
#[cfg(fuzzing)]
pub mod fuzzing;
mod inner;
mod limits;
mod pool;
mod reference;
mod request;
mod result;
mod server;
mod servers;
mod setup;
mod srv;
mod tls;
mod transport;

pub use builder::LdapSetup;
pub use check::LdapCheck;
pub use fault::{LdapFault, LdapFaultKind};
pub use filter::LdapAddressFilter;
pub use limits::LdapLimits;
pub use servers::LdapServers;
pub use setup::{LdapBind, LdapSetupError, LdapTransport};
pub use srv::{SrvAnswer, SrvLookup, SrvRecord, SystemSrvLookup};

use crate::executor::Executor;
use inner::Inner;
use postseal::directory::{DirectoryReply, DirectoryResolver};
use postseal::query::{ResolveDirectory, Unavailable};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// Lends what an LDAP directory holds in `userCertificate` and `userSMIMECertificate`.
///
/// * TLS to a server whose certificate is for the name that it is asked by, under the tenant's own roots or the system's. What
///   is secret is never sent without it.
/// * [`LdapLimits`] hold for time and size, one deadline for everything that a question causes. Several addresses are asked
///   about at once.
/// * Servers are asked in order; one that fails three times in a row is left alone for a while. Referrals are not followed: a
///   server that is named by a server learns nothing, and whom it may have is unavailable ([`LdapSetup::ignoring_references`]).
/// * A directory that cannot be asked, or does not answer a question that is put this way, is never one that has no certificate.
///
/// What goes wrong is said with the server, never with an address, and never with what is secret. The first blocking question
/// starts a thread, which ends with the directory.
///
/// ```
/// use postseal::{Address, directory::{DirectoryId, DirectoryResolver}, query::ResolveDirectory, store::Tenant};
/// use postseal_adapters::directory::ldap::{LdapDirectory, LdapServers};
/// let directory = LdapDirectory::new(LdapServers::listed(&["127.0.0.1:1"])?, "dc=goal,dc=example").build()?;
/// let alice = Address::parse("alice@goal.example")?;
/// let query = ResolveDirectory::new(Tenant::default(), DirectoryId::new("ldap:staff"), vec![alice]);
/// let gone = directory.resolve(&query).unwrap_err();
/// assert_eq!(gone.detail(), "127.0.0.1:1: cannot be connected to: connection refused");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LdapDirectory {
    inner: Arc<Inner>,
    executor: Executor,
}

const NOT_ON_TOKIO: &str = "could not be asked by this machine";

/// How much longer than its deadline a lookup is waited for: it keeps the deadline itself.
const GRACE: Duration = Duration::from_secs(1);

impl LdapDirectory {
    /// The subtree below this base, which may be empty for a global catalogue of Active Directory, at these servers.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::{LdapDirectory, LdapServers};
    /// let directory = LdapDirectory::new(LdapServers::discovered("goal.example")?, "dc=goal,dc=example").build()?;
    /// # let _ = directory;
    /// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
    /// ```
    #[expect(
        clippy::new_ret_no_self,
        reason = "what it needs beside servers and base has defaults, and all of it is checked together"
    )]
    pub fn new(servers: LdapServers, base: &str) -> LdapSetup {
        LdapSetup::new(servers, base)
    }

    /// As [`DirectoryResolver::resolve`], for hosts that run on Tokio.
    ///
    /// It needs Tokio's drivers for I/O and time. Dropping the future tells the servers to stop searching.
    ///
    /// # Errors
    /// [`Unavailable`] when none of the addresses could be asked about, or when Tokio does not run here.
    ///
    /// ```
    /// use postseal::{directory::DirectoryReply, query::{ResolveDirectory, Unavailable}};
    /// use postseal_adapters::directory::ldap::LdapDirectory;
    /// async fn ask(directory: &LdapDirectory, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
    ///     directory.resolve_async(query).await
    /// }
    /// ```
    pub async fn resolve_async(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        if Handle::try_current().is_err() {
            return Err(self.gone(NOT_ON_TOKIO));
        }
        or_unavailable(Arc::clone(&self.inner).resolve(query.addresses.clone()).await)
    }
}

/// Nothing but failures is a failure.
fn or_unavailable(replies: Vec<DirectoryReply>) -> Result<Vec<DirectoryReply>, Unavailable> {
    let is_down = |reply: &DirectoryReply| matches!(reply, DirectoryReply::Unavailable(_));
    match replies.first() {
        Some(DirectoryReply::Unavailable(gone)) if replies.iter().all(is_down) => Err(gone.clone()),
        _ => Ok(replies),
    }
}

impl DirectoryResolver for LdapDirectory {
    /// Waits on an executor of its own, so that it may be called everywhere, also from within Tokio.
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        let lookup = Arc::clone(&self.inner).resolve(query.addresses.clone());
        let replies = self.executor.wait(lookup, self.inner.limits.total.saturating_add(GRACE));
        or_unavailable(replies.map_err(|lack| self.gone(lack))?)
    }
}

impl LdapDirectory {
    fn gone(&self, why: impl fmt::Display) -> Unavailable {
        Unavailable::because(format_args!("{}: {why}", self.inner.servers))
    }
}

impl fmt::Debug for LdapDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { servers, transport, .. } = &*self.inner;
        write!(f, "LdapDirectory({servers}, {})", transport.name())
    }
}
