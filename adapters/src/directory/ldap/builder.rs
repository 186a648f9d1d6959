use super::LdapDirectory;
use super::filter::LdapAddressFilter;
use super::inner::Inner;
use super::limits::LdapLimits;
use super::servers::LdapServers;
use super::setup::{LdapBind, LdapSetupError, LdapTransport};
use super::tls::Tls;
use crate::executor::Executor;
use postseal::verify::Limits;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// An LDAP directory that is being set up.
///
/// ```
/// use postseal_adapters::directory::ldap::{LdapAddressFilter, LdapBind, LdapDirectory, LdapServers};
/// let servers = LdapServers::listed(&["dc1.goal.example:3269", "dc2.goal.example:3269"])?;
/// let directory = LdapDirectory::new(servers, "")
///     .with_filter(LdapAddressFilter::active_directory())
///     .with_bind(LdapBind::simple("gateway@goal.example", "opensesame")?)
///     .build()?;
/// # let _ = directory;
/// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
/// ```
#[derive(Debug)]
#[must_use = "it becomes a directory with `build`"]
pub struct LdapSetup {
    servers: LdapServers,
    base: String,
    ignores_references: bool,
    filter: LdapAddressFilter,
    transport: LdapTransport,
    bind: LdapBind,
    tls: Tls,
    limits: LdapLimits,
    certificates: Limits,
}

impl LdapSetup {
    pub(super) fn new(servers: LdapServers, base: &str) -> Self {
        Self {
            servers,
            base: base.to_owned(),
            ignores_references: false,
            filter: LdapAddressFilter::generic(),
            transport: LdapTransport::default(),
            bind: LdapBind::default(),
            tls: Tls::default(),
            limits: LdapLimits::default(),
            certificates: Limits::default(),
        }
    }

    /// Finds the entries of an address with this filter instead of `(mail={addr})`.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::{LdapAddressFilter, LdapDirectory, LdapServers};
    /// let setup = LdapDirectory::new(LdapServers::listed(&["ldap.goal.example"])?, "dc=goal,dc=example");
    /// let setup = setup.with_filter(LdapAddressFilter::template("(|(mail={addr})(uid={local}))")?);
    /// # let _ = setup;
    /// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
    /// ```
    pub fn with_filter(mut self, filter: LdapAddressFilter) -> Self {
        self.filter = filter;
        self
    }

    /// Takes nobody to be behind references to other servers, which are not followed. Without this, whom a server does not have
    /// itself is unavailable where it refers to others: nobody knows whether they have him. References to the partitions of
    /// Active Directory that hold no persons never count.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::{LdapDirectory, LdapServers};
    /// let setup = LdapDirectory::new(LdapServers::listed(&["dc1.goal.example"])?, "dc=goal,dc=example");
    /// let setup = setup.ignoring_references();
    /// # let _ = setup;
    /// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
    /// ```
    pub const fn ignoring_references(mut self) -> Self {
        self.ignores_references = true;
        self
    }

    /// Speaks to the servers in this way instead of TLS from the first octet.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::{LdapDirectory, LdapServers, LdapTransport};
    /// let setup = LdapDirectory::new(LdapServers::listed(&["ldap.goal.example"])?, "dc=goal,dc=example");
    /// let setup = setup.with_transport(LdapTransport::StartTls);
    /// # let _ = setup;
    /// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
    /// ```
    pub const fn with_transport(mut self, transport: LdapTransport) -> Self {
        self.transport = transport;
        self
    }

    /// Asks as somebody instead of as nobody.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::{LdapBind, LdapDirectory, LdapServers};
    /// let setup = LdapDirectory::new(LdapServers::listed(&["ldap.goal.example"])?, "dc=goal,dc=example");
    /// let setup = setup.with_bind(LdapBind::simple("cn=gateway,dc=goal,dc=example", "opensesame")?);
    /// assert!(!format!("{setup:?}").contains("opensesame"));
    /// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
    /// ```
    pub fn with_bind(mut self, bind: LdapBind) -> Self {
        self.bind = bind;
        self
    }

    /// Lets the certificates of the servers lead to these roots, in PEM, instead of the system's.
    ///
    /// # Errors
    /// [`LdapSetupError::TlsRoots`].
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::{LdapDirectory, LdapServers};
    /// let setup = LdapDirectory::new(LdapServers::listed(&["ldap.goal.example"])?, "dc=goal,dc=example");
    /// assert!(setup.with_tls_roots(b"no certificate").is_err());
    /// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
    /// ```
    pub fn with_tls_roots(mut self, pem: &[u8]) -> Result<Self, LdapSetupError> {
        self.tls = Tls::with_roots(pem)?;
        Ok(self)
    }

    /// With these limits.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::{LdapDirectory, LdapLimits, LdapServers};
    /// let mut limits = LdapLimits::default();
    /// limits.connections = 2;
    /// let servers = LdapServers::listed(&["ldap.goal.example"])?;
    /// let setup = LdapDirectory::new(servers, "dc=goal,dc=example").with_limits(limits);
    /// # let _ = setup;
    /// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
    /// ```
    pub fn with_limits(mut self, limits: LdapLimits) -> Self {
        self.limits = limits;
        self
    }

    /// With these limits for what is read from values.
    ///
    /// ```
    /// use postseal::verify::Limits;
    /// use postseal_adapters::directory::ldap::{LdapDirectory, LdapServers};
    /// let servers = LdapServers::listed(&["ldap.goal.example"])?;
    /// let setup = LdapDirectory::new(servers, "dc=goal,dc=example").with_certificate_limits(Limits::default());
    /// # let _ = setup;
    /// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
    /// ```
    pub fn with_certificate_limits(mut self, limits: Limits) -> Self {
        self.certificates = limits;
        self
    }

    /// The directory. Nothing is connected to yet.
    ///
    /// # Errors
    /// [`LdapSetupError::BindWithoutTls`], [`LdapSetupError::Base`], [`LdapSetupError::ZeroLimit`].
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::{LdapBind, LdapDirectory, LdapServers, LdapSetupError, LdapTransport};
    /// let setup = LdapDirectory::new(LdapServers::listed(&["ldap.goal.example"])?, "dc=goal,dc=example")
    ///     .with_transport(LdapTransport::Plain)
    ///     .with_bind(LdapBind::simple("cn=gateway", "opensesame")?);
    /// assert_eq!(setup.build().unwrap_err(), LdapSetupError::BindWithoutTls);
    /// # Ok::<(), LdapSetupError>(())
    /// ```
    pub fn build(self) -> Result<LdapDirectory, LdapSetupError> {
        if self.transport == LdapTransport::Plain && !self.bind.is_anonymous() {
            return Err(LdapSetupError::BindWithoutTls);
        }
        if self.base.len() > 1_024 {
            return Err(LdapSetupError::Base);
        }
        let limits = &self.limits;
        let zeroes = [
            (limits.connections == 0, "connections"),
            (limits.message_bytes == 0, "message_bytes"),
            (limits.lookup_bytes == 0, "lookup_bytes"),
            (limits.entries == 0, "entries"),
            (limits.values == 0, "values"),
            (limits.failures == 0, "failures"),
            (limits.total.is_zero(), "total"),
        ];
        if let Some((_, name)) = zeroes.into_iter().find(|(is_zero, _)| *is_zero) {
            return Err(LdapSetupError::ZeroLimit(name));
        }
        let permits = Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS));
        let Self { servers, base, ignores_references, filter, transport, bind, tls, limits, certificates } = self;
        let inner =
            Inner { servers, base, ignores_references, filter, transport, bind, tls, limits, certificates, permits };
        Ok(LdapDirectory { inner: Arc::new(inner), executor: Executor::new("postseal-ldap") })
    }
}
