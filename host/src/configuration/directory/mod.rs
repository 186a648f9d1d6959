//! Directories, as the configuration says them.

mod entra;
mod host;
mod http;
mod ldap;
mod smimea;

use super::read_file;
use crate::ConfigurationError;
use postseal::Address;
use postseal::directory::{Directories, DirectoryId, DirectoryReply, DirectoryResolver};
use postseal::query::ResolveDirectory;
use postseal::store::Tenant;
use postseal::trace::escape;
use postseal::verify::Limits;
use postseal_adapters::directory::NotFoundCache;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeValue, ValueDeserializer};

/// How long a directory is not asked again about whom it did not know, where the file does not say it.
const NOT_FOUND_SECONDS: u64 = 300;

/// One directory.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) enum DirectoryConfig {
    /// LDAP and Active Directory.
    Ldap(ldap::LdapConfig),
    /// Microsoft Entra ID with Exchange Online.
    Entra(entra::EntraConfig),
    /// A directory that the program brings itself.
    Host(host::HostConfig),
    /// A certificate server over https.
    Http(http::HttpConfig),
    /// SMIMEA records (RFC 8162) in signed zones of the DNS.
    Smimea(smimea::SmimeaConfig),
}

/// What is wrong in the settings of a directory, with its place in them: a tag makes `serde` forget that.
pub(super) fn precise(mut settings: Spanned<DeValue<'_>>) -> Option<toml::de::Error> {
    let DeValue::Table(table) = settings.get_mut() else { return None };
    let kind = table.remove("kind")?.into_inner();
    let values = ValueDeserializer::from(settings);
    match kind.as_str()? {
        "ldap" => ldap::LdapConfig::deserialize(values).err(),
        "entra" => entra::EntraConfig::deserialize(values).err(),
        "host" => host::HostConfig::deserialize(values).err(),
        "http" => http::HttpConfig::deserialize(values).err(),
        "smimea" => smimea::SmimeaConfig::deserialize(values).err(),
        _ => None,
    }
}

/// What every kind of directory can be asked about its settings.
pub(super) trait Settings {
    /// The mail domains that it is asked about; without them, all.
    fn domains(&self) -> Option<&[String]>;

    /// How long it is not asked again about whom it did not know.
    fn not_found_seconds(&self) -> u64;

    /// Says every default, and nothing that may be a credential.
    fn settle(&mut self);

    fn files(&mut self) -> Vec<&mut PathBuf>;

    /// Where it is, without credentials.
    fn describe(&self) -> String;

    /// What can be said without files, environment and servers.
    fn check(&self) -> Result<(), ConfigurationError>;

    /// Reads its credentials, but sends nothing. What it is sent is read under these limits.
    fn build(&self, limits: &Limits) -> Result<Box<dyn Configured>, ConfigurationError>;
}

/// A directory that can be asked, or tried.
pub(super) trait Configured: DirectoryResolver {
    /// One line for each part of it: its name, and what is wrong.
    fn check(&self) -> Vec<(String, Result<(), String>)>;
}

impl DirectoryConfig {
    pub(super) fn settings(&self) -> &dyn Settings {
        match self {
            Self::Ldap(config) => config,
            Self::Entra(config) => config,
            Self::Host(config) => config,
            Self::Http(config) => config,
            Self::Smimea(config) => config,
        }
    }

    pub(super) fn settings_mut(&mut self) -> &mut dyn Settings {
        match self {
            Self::Ldap(config) => config,
            Self::Entra(config) => config,
            Self::Host(config) => config,
            Self::Http(config) => config,
            Self::Smimea(config) => config,
        }
    }

    /// What can be said without files, environment and servers.
    pub(super) fn check(&self) -> Result<(), ConfigurationError> {
        let settings = self.settings();
        settings.check()?;
        // As if somebody asked it: the domains are looked at there.
        ask(Directories::new(), DirectoryId::new("this"), settings).map(drop)
    }
}

/// Ready to be asked.
pub(super) fn resolver(
    configured: &BTreeMap<String, DirectoryConfig>,
    name: &str,
    limits: &Limits,
) -> Result<NotFoundCache<Box<dyn DirectoryResolver>>, ConfigurationError> {
    let settings = named(configured, name)?.settings();
    let directory: Box<dyn DirectoryResolver> = build(settings, name, limits)?;
    Ok(NotFoundCache::new(directory).for_at_most(Duration::from_secs(settings.not_found_seconds())))
}

/// Reads its credentials, but sends nothing.
pub(super) fn build(
    settings: &dyn Settings,
    name: &str,
    limits: &Limits,
) -> Result<Box<dyn Configured>, ConfigurationError> {
    settings.build(limits).map_err(|error| error.at(name).at("directory"))
}

/// Nobody has it: RFC 2606 reserves the domain.
const NOBODY: &str = "nobody@postseal.invalid";

/// Asks for somebody who does not exist.
fn probe(directory: &dyn DirectoryResolver) -> Result<(), String> {
    let nobody: Vec<Address> = Address::parse(NOBODY).into_iter().collect();
    let query = ResolveDirectory::new(Tenant::default(), DirectoryId::new("probe"), nobody);
    match directory.resolve(&query).map(|mut replies| replies.pop()) {
        Ok(Some(DirectoryReply::Unavailable(unavailable))) | Err(unavailable) => Err(unavailable.to_string()),
        Ok(_) => Ok(()),
    }
}

/// In which order which of them are asked, about which domains.
pub(super) fn order(
    configured: &BTreeMap<String, DirectoryConfig>,
    names: &[String],
) -> Result<Directories, ConfigurationError> {
    let mut directories = Directories::new();
    for (number, name) in names.iter().enumerate() {
        let wrong = |error: ConfigurationError| error.at(number).at("directories");
        if names.iter().take(number).any(|earlier| earlier == name) {
            return Err(wrong(ConfigurationError::new(format_args!("{name:?} is asked already"))));
        }
        let settings = named(configured, name).map_err(wrong)?.settings();
        directories =
            ask(directories, DirectoryId::new(name), settings).map_err(|error| error.at(name).at("directory"))?;
    }
    Ok(directories)
}

fn ask(directories: Directories, id: DirectoryId, settings: &dyn Settings) -> Result<Directories, ConfigurationError> {
    let wrong = |error: &dyn std::fmt::Display| ConfigurationError::new(error).at("domains");
    match settings.domains() {
        None => Ok(directories.ask(id)),
        Some([]) => Err(wrong(&"name some, or leave the key out for all")),
        Some(domains) => {
            for (number, domain) in domains.iter().enumerate() {
                let one = Directories::new().ask_for(id.clone(), &[domain]);
                one.map_err(|error| ConfigurationError::new(error).at(number).at("domains"))?;
            }
            let domains: Vec<&str> = domains.iter().map(String::as_str).collect();
            directories.ask_for(id, &domains).map_err(|error| wrong(&error))
        }
    }
}

pub(super) fn named<'a>(
    configured: &'a BTreeMap<String, DirectoryConfig>,
    name: &str,
) -> Result<&'a DirectoryConfig, ConfigurationError> {
    let missing = || ConfigurationError::new(format_args!("there is no [directory.{}]", escape(name)));
    configured.get(name).ok_or_else(missing)
}
