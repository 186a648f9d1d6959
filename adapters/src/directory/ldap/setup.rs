use super::tls::{ClientIdentity, Tls};
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// What an LDAP directory cannot be set up with.
///
/// ```
/// use postseal_adapters::directory::ldap::{LdapBind, LdapSetupError};
/// assert_eq!(LdapBind::simple("cn=gateway,dc=goal,dc=example", "").unwrap_err(), LdapSetupError::EmptyPassword);
/// ```
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum LdapSetupError {
    /// Not a server.
    #[error("`{0}` is not a server such as ldap.example, ldap.example:636, 192.0.2.1 or [2001:db8::1]:636")]
    Server(String),
    /// No server, or more than are asked.
    #[error("there must be 1 to 16 servers")]
    ServerCount,
    /// Not a domain.
    #[error("`{0}` is not a domain to look up `_ldap._tcp` for")]
    Domain(String),
    /// A simple bind without a name is an anonymous one (RFC 4513 5.1.1).
    #[error("a bind with a password needs a name")]
    EmptyName,
    /// A simple bind without a password is an anonymous one that looks authenticated (RFC 4513 5.1.2).
    #[error("the password is empty")]
    EmptyPassword,
    /// What is secret is not sent without TLS.
    #[error("without TLS only an anonymous bind is made: use ldaps or StartTLS")]
    BindWithoutTls,
    /// No certificate among what should be the roots of TLS.
    #[error("there is no usable certificate among the roots for TLS")]
    TlsRoots,
    /// The certificate and key to authenticate with cannot be used.
    #[error("the client certificate and its private key cannot be used: {0}")]
    ClientCertificate(&'static str),
    /// Not a filter.
    #[error("the filter cannot be used: {reason}, at octet {at}")]
    Filter {
        /// What is wrong.
        reason: &'static str,
        /// Where.
        at: usize,
    },
    /// Not a distinguished name that can be sent.
    #[error("the search base is longer than 1024 octets")]
    Base,
    /// A limit that leaves nothing.
    #[error("the limit `{0}` is zero")]
    ZeroLimit(&'static str),
}

/// How a server is spoken to.
///
/// ```
/// use postseal_adapters::directory::ldap::LdapTransport;
/// assert_eq!(LdapTransport::default(), LdapTransport::Ldaps);
/// assert_eq!(LdapTransport::Ldaps.port(), 636);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LdapTransport {
    /// TLS from the first octet.
    #[default]
    Ldaps,
    /// TLS after the extended operation StartTLS (RFC 4511 4.14), or nothing.
    StartTls,
    /// In the clear. Whoever is on the way sees who is asked about and can answer in the server's place; what the engine
    /// makes of a certificate does not depend on it.
    Plain,
}

impl LdapTransport {
    /// The port where it is usually spoken.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::LdapTransport;
    /// assert_eq!(LdapTransport::StartTls.port(), 389);
    /// ```
    pub const fn port(self) -> u16 {
        match self {
            Self::Ldaps => 636,
            Self::StartTls | Self::Plain => 389,
        }
    }

    /// The name in configurations: `ldaps`, `starttls` or `plain`.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::LdapTransport;
    /// assert_eq!(LdapTransport::StartTls.name(), "starttls");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ldaps => "ldaps",
            Self::StartTls => "starttls",
            Self::Plain => "plain",
        }
    }
}

/// As whom a server is asked.
///
/// ```
/// use postseal_adapters::directory::ldap::LdapBind;
/// let bind = LdapBind::simple("cn=gateway,dc=goal,dc=example", "opensesame")?;
/// assert_eq!(format!("{bind:?}"), "LdapBind(simple)");
/// # Ok::<(), postseal_adapters::directory::ldap::LdapSetupError>(())
/// ```
#[derive(Default)]
pub struct LdapBind(pub(super) Credentials);

#[derive(Default)]
pub(super) enum Credentials {
    #[default]
    Anonymous,
    Simple {
        name: String,
        password: Zeroizing<String>,
    },
    External(ClientIdentity),
}

impl LdapBind {
    /// As nobody.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::LdapBind;
    /// assert_eq!(format!("{:?}", LdapBind::anonymous()), "LdapBind(anonymous)");
    /// ```
    pub const fn anonymous() -> Self {
        Self(Credentials::Anonymous)
    }

    /// With a name and a password (RFC 4513 5.1.3). The name is a distinguished name, or for Active Directory
    /// `DOMAIN\account` or `account@domain`.
    ///
    /// # Errors
    /// [`LdapSetupError::EmptyName`], [`LdapSetupError::EmptyPassword`].
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::LdapBind;
    /// assert!(LdapBind::simple("GOAL\\gateway", "opensesame").is_ok());
    /// assert!(LdapBind::simple("", "opensesame").is_err());
    /// ```
    pub fn simple(name: &str, password: &str) -> Result<Self, LdapSetupError> {
        if name.is_empty() {
            return Err(LdapSetupError::EmptyName);
        }
        if password.is_empty() {
            return Err(LdapSetupError::EmptyPassword);
        }
        let password = Zeroizing::new(password.to_owned());
        Ok(Self(Credentials::Simple { name: name.to_owned(), password }))
    }

    /// As whom a certificate says that is shown in the handshake of TLS (SASL EXTERNAL, RFC 4422 appendix A).
    ///
    /// # Errors
    /// [`LdapSetupError::ClientCertificate`] when these are no certificates, the client's first, and a private key, in PEM.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::LdapBind;
    /// assert!(LdapBind::external(b"no certificate", b"no key").is_err());
    /// ```
    pub fn external(certificates: &[u8], key: &[u8]) -> Result<Self, LdapSetupError> {
        let identity = ClientIdentity::from_pem(certificates, key)?;
        // Tried now: a key that does not fit its certificate should not be found out with the first mail.
        Tls::trial(&identity)?;
        Ok(Self(Credentials::External(identity)))
    }

    pub(super) const fn is_anonymous(&self) -> bool {
        matches!(self.0, Credentials::Anonymous)
    }

    /// What must not be repeated in any log.
    pub(super) fn secret(&self) -> Option<&str> {
        match &self.0 {
            Credentials::Simple { password, .. } => Some(password),
            Credentials::Anonymous | Credentials::External(_) => None,
        }
    }
}

impl fmt::Debug for LdapBind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Credentials::Anonymous => "LdapBind(anonymous)",
            Credentials::Simple { .. } => "LdapBind(simple)",
            Credentials::External(_) => "LdapBind(external)",
        })
    }
}
