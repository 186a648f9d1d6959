use super::{Configured, NOT_FOUND_SECONDS, Settings, read_file};
use crate::ConfigurationError;
use crate::configuration::secret::{PrivateKey, Secret};
use postseal::verify::Limits;
use postseal_adapters::directory::ldap::{
    LdapAddressFilter, LdapBind, LdapDirectory, LdapServers, LdapSetup, LdapSetupError, LdapTransport,
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// LDAP and Active Directory.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::configuration) struct LdapConfig {
    /// The mail domains that it is asked about. Without this key, all.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    domains: Option<Vec<String>>,
    /// How long it is not asked again about whom it did not know. 300 without this, and 0 turns it off.
    not_found_seconds: Option<u64>,
    /// HOST or HOST:PORT, tried in this order. Or else domain.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 16)))]
    servers: Option<Vec<String>>,
    /// A domain whose _ldap._tcp records in the DNS name the servers.
    domain: Option<String>,
    /// How TLS is spoken. Plain is anonymous only.
    #[serde(default)]
    transport: Transport,
    /// Where the search begins; empty with a global catalogue.
    #[serde(default)]
    base: String,
    /// What it means that a server refers to others, which are not asked: whom it does not have itself may be there (strict),
    /// or is nowhere (ignore).
    #[serde(default)]
    references: References,
    /// generic (the default), active-directory, or a filter of RFC 4515 with {addr}, {local} or {domain}.
    filter: Option<String>,
    /// A distinguished name, with its password.
    bind: Option<String>,
    /// Where the password is.
    password: Option<Secret>,
    /// A client certificate in PEM (SASL EXTERNAL), with its key.
    certificate: Option<PathBuf>,
    /// The key of the certificate in PEM: a path, or where it is.
    key: Option<PrivateKey>,
    /// Roots for TLS in PEM, instead of the system's.
    tls_roots: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
enum Transport {
    #[default]
    Ldaps,
    StartTls,
    Plain,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
enum References {
    #[default]
    Strict,
    Ignore,
}

/// Who asks.
enum Who<'a> {
    Nobody,
    Name(&'a str, &'a Secret),
    Certificate(&'a Path, &'a PrivateKey),
}

const GENERIC: &str = "generic";

fn wrong(key: &'static str) -> impl Fn(LdapSetupError) -> ConfigurationError {
    move |error| ConfigurationError::new(error).at(key)
}

impl LdapConfig {
    const fn transport(&self) -> LdapTransport {
        match self.transport {
            Transport::Ldaps => LdapTransport::Ldaps,
            Transport::StartTls => LdapTransport::StartTls,
            Transport::Plain => LdapTransport::Plain,
        }
    }

    fn who(&self) -> Result<Who<'_>, ConfigurationError> {
        match (&self.bind, &self.password, &self.certificate, &self.key) {
            (None, None, None, None) => Ok(Who::Nobody),
            (Some(name), Some(password), None, None) => Ok(Who::Name(name, password)),
            (None, None, Some(certificate), Some(key)) => Ok(Who::Certificate(certificate, key)),
            (bind, password, certificate, _) => {
                let said = [
                    ("bind", bind.is_some()),
                    ("password", password.is_some()),
                    ("certificate", certificate.is_some()),
                ];
                let key = said.into_iter().find_map(|(key, is_said)| is_said.then_some(key)).unwrap_or("key");
                let words = "give bind and password, or certificate and key, or nothing of these";
                Err(ConfigurationError::new(words).at(key))
            }
        }
    }

    /// All but who asks and under which roots.
    fn setup(&self) -> Result<LdapSetup, ConfigurationError> {
        let listed: Option<Vec<&str>> = self.servers.as_ref().map(|list| list.iter().map(String::as_str).collect());
        let servers = match (&self.domain, listed) {
            (Some(domain), None) => LdapServers::discovered(domain).map_err(wrong("domain"))?,
            (None, Some(servers)) => LdapServers::listed(&servers).map_err(wrong("servers"))?,
            (Some(_), Some(_)) => {
                return Err(ConfigurationError::new("give servers or a domain, and not both").at("domain"));
            }
            (None, None) => return Err(ConfigurationError::new("give servers or a domain, and not both")),
        };
        let filter = match self.filter.as_deref() {
            None | Some(GENERIC) => LdapAddressFilter::generic(),
            Some("active-directory") => LdapAddressFilter::active_directory(),
            Some(template) => LdapAddressFilter::template(template).map_err(wrong("filter"))?,
        };
        let setup = LdapDirectory::new(servers, &self.base).with_filter(filter).with_transport(self.transport());
        Ok(match self.references {
            References::Strict => setup,
            References::Ignore => setup.ignoring_references(),
        })
    }
}

impl Settings for LdapConfig {
    fn domains(&self) -> Option<&[String]> {
        self.domains.as_deref()
    }

    fn not_found_seconds(&self) -> u64 {
        self.not_found_seconds.unwrap_or(NOT_FOUND_SECONDS)
    }

    fn settle(&mut self) {
        self.not_found_seconds = Some(self.not_found_seconds());
        self.filter.get_or_insert_with(|| GENERIC.to_owned());
    }

    fn files(&mut self) -> Vec<&mut PathBuf> {
        let own = self.certificate.iter_mut().chain(self.key.as_mut().and_then(PrivateKey::paths));
        own.chain(&mut self.tls_roots).chain(self.password.as_mut().and_then(Secret::paths)).collect()
    }

    fn describe(&self) -> String {
        let listed = || self.servers.as_deref().unwrap_or_default().join(", ");
        let servers = self.domain.clone().unwrap_or_else(listed);
        let who = match (&self.bind, &self.certificate) {
            (Some(name), _) => format!("as {name} with a password"),
            (None, Some(_)) => "with a certificate".to_owned(),
            (None, None) => "as nobody".to_owned(),
        };
        format!("ldap {servers}, {}, {who}", self.transport().name())
    }

    fn check(&self) -> Result<(), ConfigurationError> {
        let who = self.who()?;
        if self.transport() == LdapTransport::Plain && !matches!(who, Who::Nobody) {
            return Err(wrong("transport")(LdapSetupError::BindWithoutTls));
        }
        self.setup()?.build().map(drop).map_err(wrong("base"))
    }

    fn build(&self, limits: &Limits) -> Result<Box<dyn Configured>, ConfigurationError> {
        let bind = match self.who()? {
            Who::Nobody => LdapBind::anonymous(),
            Who::Name(name, password) => {
                let password = password.read().map_err(|error| error.at("password"))?;
                LdapBind::simple(name, &password).map_err(wrong("bind"))?
            }
            Who::Certificate(certificate, key) => {
                let chain = read_file(certificate).map_err(|error| error.at("certificate"))?;
                let key = key.read().map_err(|error| error.at("key"))?;
                LdapBind::external(&chain, key.as_bytes()).map_err(wrong("certificate"))?
            }
        };
        let mut setup = self.setup()?.with_bind(bind).with_certificate_limits(limits.clone());
        if let Some(file) = &self.tls_roots {
            let roots = read_file(file).map_err(|error| error.at("tls_roots"))?;
            let unusable = |error| ConfigurationError::of_file(file, error).at("tls_roots");
            setup = setup.with_tls_roots(&roots).map_err(unusable)?;
        }
        Ok(Box::new(setup.build().map_err(wrong("base"))?))
    }
}

impl Configured for LdapDirectory {
    fn check(&self) -> Vec<(String, Result<(), String>)> {
        let checks = Self::check(self).into_iter();
        checks.map(|check| (check.server, check.outcome.map_err(|fault| fault.to_string()))).collect()
    }
}
