use super::{Configured, Settings, place, read_file};
use crate::ConfigurationError;
use crate::configuration::secret::Secret;
use postseal_adapters::directory::ldap::{
    LdapAddressFilter, LdapBind, LdapDirectory, LdapServers, LdapSetupError, LdapTransport,
};
use serde::Deserialize;
use std::path::PathBuf;

/// LDAP and Active Directory.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::configuration) struct LdapConfig {
    /// The mail domains that it is asked about; none is all.
    domains: Option<Vec<String>>,
    /// How long it is not asked again about whom it did not know.
    not_found_seconds: Option<u64>,
    /// `host` or `host:port`, asked in this order; or a domain that names them in the DNS.
    #[serde(default)]
    servers: Vec<String>,
    domain: Option<String>,
    #[serde(default)]
    transport: Transport,
    #[serde(default)]
    base: String,
    /// `generic`, `active-directory`, or a filter with `{addr}`, `{local}` or `{domain}`.
    filter: Option<String>,
    /// A distinguished name, with a password; or a certificate with its key. Neither is anonymous.
    bind: Option<String>,
    password: Option<Secret>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    tls_roots: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Transport {
    #[default]
    Ldaps,
    StartTls,
    Plain,
}

impl LdapConfig {
    const fn transport(&self) -> LdapTransport {
        match self.transport {
            Transport::Ldaps => LdapTransport::Ldaps,
            Transport::StartTls => LdapTransport::StartTls,
            Transport::Plain => LdapTransport::Plain,
        }
    }
}

impl Settings for LdapConfig {
    fn domains(&self) -> Option<&[String]> {
        self.domains.as_deref()
    }

    fn not_found_seconds(&self) -> Option<u64> {
        self.not_found_seconds
    }

    fn files(&mut self) -> Vec<&mut PathBuf> {
        let own = [&mut self.certificate, &mut self.key, &mut self.tls_roots];
        own.into_iter().flatten().chain(self.password.as_mut().and_then(Secret::paths)).collect()
    }

    fn describe(&self) -> String {
        let servers = self.domain.clone().unwrap_or_else(|| self.servers.join(", "));
        let who = match (&self.bind, &self.certificate) {
            (Some(name), _) => format!("as {name} with a password"),
            (None, Some(_)) => "with a certificate".to_owned(),
            (None, None) => "as nobody".to_owned(),
        };
        format!("ldap {servers}, {}, {who}", self.transport().name())
    }

    fn build(&self, name: &str) -> Result<Box<dyn Configured>, ConfigurationError> {
        let wrong = |error: LdapSetupError| ConfigurationError::of_directory(name, error);
        let missing = |what: &str| ConfigurationError::of_directory(name, what);
        let listed: Vec<&str> = self.servers.iter().map(String::as_str).collect();
        let servers = match (&self.domain, listed.as_slice()) {
            (Some(domain), []) => LdapServers::discovered(domain),
            (None, [_, ..]) => LdapServers::listed(&listed),
            _ => return Err(missing("give servers or a domain, and not both")),
        };
        let filter = match self.filter.as_deref() {
            None | Some("generic") => LdapAddressFilter::generic(),
            Some("active-directory") => LdapAddressFilter::active_directory(),
            Some(template) => LdapAddressFilter::template(template).map_err(wrong)?,
        };
        let bind = match (&self.bind, &self.password, &self.certificate, &self.key) {
            (None, None, None, None) => LdapBind::anonymous(),
            (Some(who), Some(password), None, None) => {
                LdapBind::simple(who, &password.read(&place(name))?).map_err(wrong)?
            }
            (None, None, Some(certificate), Some(key)) => {
                LdapBind::external(&read_file(certificate)?, &read_file(key)?).map_err(wrong)?
            }
            _ => return Err(missing("give bind and password, or certificate and key, or nothing of these")),
        };
        let mut setup = LdapDirectory::new(servers.map_err(wrong)?, &self.base)
            .with_filter(filter)
            .with_transport(self.transport())
            .with_bind(bind);
        if let Some(file) = &self.tls_roots {
            setup = setup.with_tls_roots(&read_file(file)?).map_err(wrong)?;
        }
        Ok(Box::new(setup.build().map_err(wrong)?))
    }
}

impl Configured for LdapDirectory {
    fn check(&self) -> Vec<(String, Result<(), String>)> {
        let checks = Self::check(self).into_iter();
        checks.map(|check| (check.server, check.outcome.map_err(|fault| fault.to_string()))).collect()
    }
}
