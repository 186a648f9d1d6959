use super::connection::REFERS;
use super::fault::{LdapFault, LdapFaultKind};
use super::inner::{Inner, Stage};
use super::limits::after;
use super::server::Server;
use super::{GRACE, LdapDirectory, NOT_ON_TOKIO};
use postseal::Address;
use std::fmt;
use std::sync::Arc;
use tokio::runtime::Handle;

/// What became of trying one server.
///
/// ```
/// use postseal_adapters::directory::ldap::{LdapDirectory, LdapServers};
/// let directory = LdapDirectory::new(LdapServers::listed(&["127.0.0.1:1"])?, "dc=goal,dc=example").build()?;
/// for check in directory.check() {
///     assert_eq!(check.server, "127.0.0.1:1");
///     assert!(check.outcome.is_err());
/// }
/// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LdapCheck {
    /// The server, or the name that servers should have been found under.
    pub server: String,
    /// Nothing, or what is wrong.
    pub outcome: Result<(), LdapFault>,
}

/// Nobody has it: RFC 2606 reserves the domain.
const NOBODY: &str = "nobody@postseal.invalid";

impl LdapDirectory {
    /// Connects to each server, authenticates, and searches for somebody who does not exist. Servers that are left alone for
    /// now are tried all the same. Credentials that one did not accept are not shown to the others.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::{LdapDirectory, LdapServers};
    /// let servers = LdapServers::listed(&["127.0.0.1:1", "127.0.0.1:2"])?;
    /// let directory = LdapDirectory::new(servers, "dc=goal,dc=example").build()?;
    /// assert_eq!(directory.check().len(), 2);
    /// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
    /// ```
    pub fn check(&self) -> Vec<LdapCheck> {
        // One after the other, each with a deadline of its own.
        let most = self.inner.limits.total.saturating_mul(17).saturating_add(GRACE);
        self.executor.wait(check(Arc::clone(&self.inner)), most).unwrap_or_else(|lack| self.unchecked(lack))
    }

    fn unchecked(&self, why: impl fmt::Display) -> Vec<LdapCheck> {
        let fault = LdapFault::new(LdapFaultKind::Late, why);
        vec![LdapCheck { server: self.inner.servers.to_string(), outcome: Err(fault) }]
    }

    /// As [`check`](Self::check), for hosts that run on Tokio.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::LdapDirectory;
    /// async fn all_is_well(directory: &LdapDirectory) -> bool {
    ///     directory.check_async().await.iter().all(|check| check.outcome.is_ok())
    /// }
    /// ```
    pub async fn check_async(&self) -> Vec<LdapCheck> {
        if Handle::try_current().is_err() {
            return self.unchecked(NOT_ON_TOKIO);
        }
        check(Arc::clone(&self.inner)).await
    }
}

async fn check(inner: Arc<Inner>) -> Vec<LdapCheck> {
    let servers = match inner.servers.all(&inner, after(inner.limits.total)).await {
        Ok(servers) => servers,
        Err(fault) => return vec![LdapCheck { server: inner.servers.to_string(), outcome: Err(fault) }],
    };
    let (mut checks, mut refused) = (Vec::new(), None);
    for server in servers {
        let outcome = match &refused {
            Some(words) => Err((Stage::Connection, LdapFault::new(LdapFaultKind::Setup, words))),
            None => try_out(&inner, &server).await,
        };
        // Wrong credentials are shown once: an account locks after some tries.
        if let Err((Stage::Connection, fault)) = &outcome
            && fault.is_for_all_servers()
        {
            refused.get_or_insert_with(|| format!("was not tried, after this at {}: {fault}", server.endpoint));
        }
        checks.push(LdapCheck { server: server.endpoint.to_string(), outcome: outcome.map_err(|(_, fault)| fault) });
    }
    checks
}

/// With a memory of its own: what is tried here does not count, and is not kept from trying.
async fn try_out(inner: &Inner, server: &Server) -> Result<(), (Stage, LdapFault)> {
    let of_search = |kind, words: &str| (Stage::Search, LdapFault::new(kind, words));
    let nobody = Address::parse(NOBODY).map_err(|_| of_search(LdapFaultKind::Protocol, "nobody is known"))?;
    let apart = Server::new(server.endpoint.clone());
    match inner.ask(&apart, &nobody, after(inner.limits.total)).await {
        // It would be the same about everybody whom the server does not have.
        Ok(found) if found.missing == Some(REFERS) => Err(of_search(LdapFaultKind::Setup, REFERS)),
        Ok(_) => Ok(()),
        Err(fault) => Err(fault),
    }
}
