use super::{Configured, NOT_FOUND_SECONDS, Settings, read_file};
use crate::ConfigurationError;
use crate::configuration::secret::{PrivateKey, Secret};
use postseal::verify::Limits;
use postseal_adapters::directory::entra::{
    Cloud, EntraCredential, EntraDirectory, EntraError, EntraSource, ExchangeApi, ManagedIdentity, Usability,
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Microsoft Entra ID with Exchange Online.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::configuration) struct EntraConfig {
    /// The mail domains that it is asked about. Without this key, all.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    domains: Option<Vec<String>>,
    /// How long it is not asked again about whom it did not know. 300 without this, and 0 turns it off.
    not_found_seconds: Option<u64>,
    /// Its domain or id.
    tenant: String,
    /// The application's id.
    client: Option<String>,
    /// Where the client secret of the application is. One of this, certificate, federated_token_file and managed_identity says who asks.
    secret: Option<Secret>,
    /// The certificate of the application, PEM or DER, with its key.
    certificate: Option<PathBuf>,
    /// A file with a token of another identity provider.
    federated_token_file: Option<PathBuf>,
    /// The identity of the machine or of the App Service that this runs on.
    managed_identity: Option<Identity>,
    /// The key of the certificate in PEM: a path, or where it is.
    key: Option<PrivateKey>,
    /// A cloud of Microsoft's, or any other by its addresses.
    #[serde(default)]
    cloud: CloudName,
    /// Where certificates are looked for; all are asked.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    sources: Vec<SourceConfig>,
    /// Roots for TLS in PEM, instead of the system's: for a proxy that ends TLS.
    tls_roots: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
enum Identity {
    Machine,
    AppService,
}

/// A cloud.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged, expecting = "cloud is global, gcc-high, dod, china, or { login = URL, graph = URL, exchange = URL }")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
enum CloudName {
    /// One of Microsoft's.
    Known(KnownCloud),
    /// Any other, by its three addresses.
    At(CloudAt),
}

impl Default for CloudName {
    fn default() -> Self {
        Self::Known(KnownCloud::Global)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
enum KnownCloud {
    Global,
    GccHigh,
    Dod,
    China,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
struct CloudAt {
    /// Where tokens come from.
    login: String,
    /// Microsoft Graph.
    graph: String,
    /// Exchange Online.
    exchange: String,
}

/// Where certificates are looked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "from", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
enum SourceConfig {
    /// The recipients of Exchange Online.
    ExchangeRecipients {
        /// By which interface.
        api: Api,
    },
    /// The contacts of one mailbox that is kept for this.
    MailboxContacts {
        /// Its address.
        mailbox: String,
        /// Another MAPI property than the usual one.
        property: Option<String>,
    },
    /// Properties of users in Graph, for a convention of your own.
    GraphProperty {
        /// The names of the properties.
        names: Vec<String>,
        /// Also those of the organisation's contacts.
        #[serde(default)]
        organisation_contacts: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
enum Api {
    #[serde(rename = "admin-api-v2")]
    AdminApiV2,
    #[serde(rename = "invoke-command")]
    InvokeCommand,
}

/// Who asks.
enum Who<'a> {
    Secret(&'a str, &'a Secret),
    Certificate(&'a str, &'a Path, &'a PrivateKey),
    TokenFile(&'a str, &'a Path),
    Managed(Identity, Option<&'a str>),
}

fn wrong(key: &'static str) -> impl Fn(EntraError) -> ConfigurationError {
    move |error| ConfigurationError::new(error).at(key)
}

impl SourceConfig {
    fn source(&self) -> Result<EntraSource, EntraError> {
        match self {
            Self::ExchangeRecipients { api: Api::AdminApiV2 } => {
                Ok(EntraSource::exchange_recipients(ExchangeApi::AdminApiV2))
            }
            Self::ExchangeRecipients { api: Api::InvokeCommand } => {
                Ok(EntraSource::exchange_recipients(ExchangeApi::InvokeCommand))
            }
            Self::MailboxContacts { mailbox, property } => {
                let source = EntraSource::mailbox_contacts(mailbox)?;
                Ok(property.iter().fold(source, |source, id| source.with_property(id)))
            }
            Self::GraphProperty { names, organisation_contacts } => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let source = EntraSource::graph_property(&names)?;
                Ok(if *organisation_contacts { source.with_organisation_contacts() } else { source })
            }
        }
    }
}

impl EntraConfig {
    fn who(&self) -> Result<Who<'_>, ConfigurationError> {
        let missing = |words: &str, key: &str| ConfigurationError::new(words).at(key);
        if self.key.is_some() && self.certificate.is_none() {
            return Err(missing("key is that of a certificate, and there is none", "key"));
        }
        let client = |key: &str| {
            self.client.as_deref().ok_or_else(|| missing("give client, the application's id, beside it", key))
        };
        match (&self.secret, &self.certificate, &self.federated_token_file, self.managed_identity) {
            (Some(secret), None, None, None) => Ok(Who::Secret(client("secret")?, secret)),
            (None, Some(certificate), None, None) => match &self.key {
                Some(key) => Ok(Who::Certificate(client("certificate")?, certificate, key)),
                None => Err(missing("give key, that of the certificate", "certificate")),
            },
            (None, None, Some(file), None) => Ok(Who::TokenFile(client("federated_token_file")?, file)),
            (None, None, None, Some(identity)) => Ok(Who::Managed(identity, self.client.as_deref())),
            _ => {
                let words = "give one of secret, certificate, federated_token_file and managed_identity";
                Err(ConfigurationError::new(words))
            }
        }
    }

    fn credential(&self) -> Result<EntraCredential, ConfigurationError> {
        Ok(match self.who()? {
            Who::Secret(client, secret) => {
                let secret = secret.read().map_err(|error| error.at("secret"))?;
                EntraCredential::client_secret(client, &secret)
            }
            Who::Certificate(client, certificate, key) => {
                let chain = read_file(certificate).map_err(|error| error.at("certificate"))?;
                let key = key.read().map_err(|error| error.at("key"))?;
                let place = |error| match error {
                    EntraError::UnreadableKey => "key",
                    _ => "certificate",
                };
                let unusable = |error| wrong(place(error))(error);
                EntraCredential::certificate(client, &chain, key.as_bytes()).map_err(unusable)?
            }
            Who::TokenFile(client, file) => EntraCredential::federated_token_file(client, file),
            Who::Managed(Identity::Machine, client) => {
                EntraCredential::managed_identity(ManagedIdentity::of_machine(), client)
            }
            Who::Managed(Identity::AppService, client) => {
                let identity = ManagedIdentity::from_environment().map_err(wrong("managed_identity"))?;
                EntraCredential::managed_identity(identity, client)
            }
        })
    }

    fn directory(&self, credential: EntraCredential) -> Result<EntraDirectory, ConfigurationError> {
        let cloud = match &self.cloud {
            CloudName::Known(KnownCloud::Global) => Cloud::global(),
            CloudName::Known(KnownCloud::GccHigh) => Cloud::gcc_high(),
            CloudName::Known(KnownCloud::Dod) => Cloud::dod(),
            CloudName::Known(KnownCloud::China) => Cloud::china(),
            CloudName::At(at) => Cloud::at(&at.login, &at.graph, &at.exchange).map_err(wrong("cloud"))?,
        };
        if self.sources.is_empty() {
            return Err(ConfigurationError::new("give sources, or nothing is asked").at("sources"));
        }
        let directory = EntraDirectory::new(&self.tenant, credential).map_err(wrong("tenant"))?;
        self.sources.iter().enumerate().try_fold(directory.with_cloud(cloud), |directory, (number, source)| {
            let wrong = |error| ConfigurationError::new(error).at(number).at("sources");
            Ok(directory.with_source(source.source().map_err(wrong)?))
        })
    }
}

impl Settings for EntraConfig {
    fn domains(&self) -> Option<&[String]> {
        self.domains.as_deref()
    }

    fn not_found_seconds(&self) -> u64 {
        self.not_found_seconds.unwrap_or(NOT_FOUND_SECONDS)
    }

    fn settle(&mut self) {
        self.not_found_seconds = Some(self.not_found_seconds());
    }

    fn files(&mut self) -> Vec<&mut PathBuf> {
        let own = [&mut self.certificate, &mut self.federated_token_file, &mut self.tls_roots].into_iter().flatten();
        let own = own.chain(self.key.as_mut().and_then(PrivateKey::paths));
        own.chain(self.secret.as_mut().and_then(Secret::paths)).collect()
    }

    fn describe(&self) -> String {
        let who = match (&self.secret, &self.certificate, &self.federated_token_file) {
            (Some(_), _, _) => "a client secret",
            (_, Some(_), _) => "a certificate",
            (_, _, Some(_)) => "a federated token",
            _ => "a managed identity",
        };
        format!("entra {}, with {who}", self.tenant)
    }

    fn check(&self) -> Result<(), ConfigurationError> {
        self.who()?;
        // Who asks is not known before files and environment are read: anybody does for the rest.
        self.directory(EntraCredential::managed_identity(ManagedIdentity::of_machine(), None)).map(drop)
    }

    fn build(&self, limits: &Limits) -> Result<Box<dyn Configured>, ConfigurationError> {
        let directory = self.directory(self.credential()?)?.with_certificate_limits(limits.clone());
        let Some(file) = &self.tls_roots else { return Ok(Box::new(directory)) };
        let roots = read_file(file).map_err(|error| error.at("tls_roots"))?;
        let unusable = |error| ConfigurationError::of_file(file, error).at("tls_roots");
        Ok(Box::new(directory.with_tls_roots(&roots).map_err(unusable)?))
    }
}

impl Configured for EntraDirectory {
    fn check(&self) -> Vec<(String, Result<(), String>)> {
        let checks = match Self::check(self) {
            Ok(checks) => checks,
            Err(unavailable) => return vec![("entra".to_owned(), Err(unavailable.to_string()))],
        };
        let line = |check: postseal_adapters::directory::entra::SourceCheck| {
            let is_usable = check.usability == Usability::Usable;
            let detail = check.detail.map(|detail| format!(": {detail}")).unwrap_or_default();
            (check.source, if is_usable { Ok(()) } else { Err(format!("{}{detail}", check.usability)) })
        };
        checks.into_iter().map(line).collect()
    }
}
