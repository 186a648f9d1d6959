use super::{Configured, Settings, place, read_file};
use crate::ConfigurationError;
use crate::configuration::secret::Secret;
use postseal_adapters::directory::entra::{
    Cloud, EntraCredential, EntraDirectory, EntraError, EntraSource, ExchangeApi, ManagedIdentity, Usability,
};
use serde::Deserialize;
use std::path::PathBuf;

/// Microsoft Entra ID with Exchange Online.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::configuration) struct EntraConfig {
    /// The mail domains that it is asked about; none is all.
    domains: Option<Vec<String>>,
    /// How long it is not asked again about whom it did not know.
    not_found_seconds: Option<u64>,
    tenant: String,
    /// The application's id.
    client: Option<String>,
    /// One of these says who asks.
    secret: Option<Secret>,
    certificate: Option<PathBuf>,
    federated_token_file: Option<PathBuf>,
    managed_identity: Option<Identity>,
    /// The key of the certificate.
    key: Option<PathBuf>,
    #[serde(default)]
    cloud: CloudName,
    sources: Vec<SourceConfig>,
    tls_roots: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Identity {
    Machine,
    AppService,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "cloud is global, gcc-high, dod, china, or { login = URL, graph = URL, exchange = URL }")]
enum CloudName {
    Known(KnownCloud),
    /// Any other, by its three addresses.
    At(CloudAt),
}

impl Default for CloudName {
    fn default() -> Self {
        Self::Known(KnownCloud::Global)
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KnownCloud {
    Global,
    GccHigh,
    Dod,
    China,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CloudAt {
    login: String,
    graph: String,
    exchange: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "from", rename_all = "kebab-case", deny_unknown_fields)]
enum SourceConfig {
    ExchangeRecipients {
        api: Api,
    },
    MailboxContacts {
        mailbox: String,
        property: Option<String>,
    },
    GraphProperty {
        names: Vec<String>,
        #[serde(default)]
        organisation_contacts: bool,
    },
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum Api {
    #[serde(rename = "admin-api-v2")]
    AdminApiV2,
    #[serde(rename = "invoke-command")]
    InvokeCommand,
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
    fn credential(&self, name: &str) -> Result<EntraCredential, ConfigurationError> {
        let wrong = |error: EntraError| ConfigurationError::of_directory(name, error);
        let missing = |what: &str| ConfigurationError::of_directory(name, what);
        if self.key.is_some() && self.certificate.is_none() {
            return Err(missing("key is that of a certificate, and there is none"));
        }
        let client = || self.client.as_deref().ok_or_else(|| missing("give client, the application's id"));
        match (&self.secret, &self.certificate, &self.federated_token_file, self.managed_identity) {
            (Some(secret), None, None, None) => {
                Ok(EntraCredential::client_secret(client()?, &secret.read(&place(name))?))
            }
            (None, Some(certificate), None, None) => {
                let key = self.key.as_ref().ok_or_else(|| missing("give key, that of the certificate"))?;
                EntraCredential::certificate(client()?, &read_file(certificate)?, &read_file(key)?).map_err(wrong)
            }
            (None, None, Some(file), None) => Ok(EntraCredential::federated_token_file(client()?, file)),
            (None, None, None, Some(identity)) => {
                let identity = match identity {
                    Identity::Machine => ManagedIdentity::of_machine(),
                    Identity::AppService => ManagedIdentity::from_environment().map_err(wrong)?,
                };
                Ok(EntraCredential::managed_identity(identity, self.client.as_deref()))
            }
            _ => Err(missing("give one of secret, certificate, federated_token_file and managed_identity")),
        }
    }
}

impl Settings for EntraConfig {
    fn domains(&self) -> Option<&[String]> {
        self.domains.as_deref()
    }

    fn not_found_seconds(&self) -> Option<u64> {
        self.not_found_seconds
    }

    fn files(&mut self) -> Vec<&mut PathBuf> {
        let own = [&mut self.certificate, &mut self.key, &mut self.federated_token_file, &mut self.tls_roots];
        own.into_iter().flatten().chain(self.secret.as_mut().and_then(Secret::paths)).collect()
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

    fn build(&self, name: &str) -> Result<Box<dyn Configured>, ConfigurationError> {
        let wrong = |error: EntraError| ConfigurationError::of_directory(name, error);
        let cloud = match &self.cloud {
            CloudName::Known(KnownCloud::Global) => Cloud::global(),
            CloudName::Known(KnownCloud::GccHigh) => Cloud::gcc_high(),
            CloudName::Known(KnownCloud::Dod) => Cloud::dod(),
            CloudName::Known(KnownCloud::China) => Cloud::china(),
            CloudName::At(CloudAt { login, graph, exchange }) => Cloud::at(login, graph, exchange).map_err(wrong)?,
        };
        if self.sources.is_empty() {
            return Err(ConfigurationError::of_directory(name, "give sources, or nothing is asked"));
        }
        let mut directory = EntraDirectory::new(&self.tenant, self.credential(name)?).map_err(wrong)?.with_cloud(cloud);
        for source in &self.sources {
            directory = directory.with_source(source.source().map_err(wrong)?);
        }
        if let Some(file) = &self.tls_roots {
            directory = directory.with_tls_roots(&read_file(file)?).map_err(wrong)?;
        }
        Ok(Box::new(directory))
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
