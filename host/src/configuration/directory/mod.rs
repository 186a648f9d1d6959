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
use postseal_adapters::directory::NotFoundCache;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// One directory.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum DirectoryConfig {
    Ldap(ldap::LdapConfig),
    Entra(entra::EntraConfig),
    Host(host::HostConfig),
    Http(http::HttpConfig),
    Smimea(smimea::SmimeaConfig),
}

/// What every kind of directory can be asked about its settings.
pub(super) trait Settings {
    /// The mail domains that it is asked about; without them, all.
    fn domains(&self) -> Option<&[String]>;

    /// How long it is not asked again about whom it did not know.
    fn not_found_seconds(&self) -> Option<u64>;

    fn files(&mut self) -> Vec<&mut PathBuf>;

    /// Where it is, without credentials.
    fn describe(&self) -> String;

    /// Reads its credentials, but sends nothing.
    fn build(&self, name: &str) -> Result<Box<dyn Configured>, ConfigurationError>;
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

    pub(super) fn files(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::Ldap(config) => config.files(),
            Self::Entra(config) => config.files(),
            Self::Host(config) => config.files(),
            Self::Http(config) => config.files(),
            Self::Smimea(config) => config.files(),
        }
    }
}

/// Ready to be asked.
pub(super) fn resolver(
    configured: &BTreeMap<String, DirectoryConfig>,
    name: &str,
) -> Result<NotFoundCache<Box<dyn DirectoryResolver>>, ConfigurationError> {
    let settings = named(configured, name)?.settings();
    let directory: Box<dyn DirectoryResolver> = settings.build(name)?;
    let cache = NotFoundCache::new(directory);
    Ok(match settings.not_found_seconds() {
        Some(seconds) => cache.for_at_most(Duration::from_secs(seconds)),
        None => cache,
    })
}

/// Where in the file its settings stand.
fn place(name: &str) -> String {
    format!("[directory.{name}]")
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
    for name in names {
        let wrong = |error: &dyn std::fmt::Display| {
            ConfigurationError::new(format_args!("[directory.{name}] domains: {error}"))
        };
        let id = DirectoryId::new(name);
        directories = match named(configured, name)?.settings().domains() {
            None => directories.ask(id),
            Some([]) => return Err(wrong(&"name some, or leave the key out for all")),
            Some(domains) => {
                let domains: Vec<&str> = domains.iter().map(String::as_str).collect();
                directories.ask_for(id, &domains).map_err(|error| wrong(&error))?
            }
        };
    }
    Ok(directories)
}

pub(super) fn named<'a>(
    configured: &'a BTreeMap<String, DirectoryConfig>,
    name: &str,
) -> Result<&'a DirectoryConfig, ConfigurationError> {
    configured.get(name).ok_or_else(|| ConfigurationError::new(format_args!("there is no [directory.{name}]")))
}
