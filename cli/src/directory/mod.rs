//! Directories, as the configuration says them.

mod check;
mod entra;
mod http;
mod ldap;
mod secret;
mod smimea;

pub(crate) use check::run as check;

use crate::failure::Failure;
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
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum DirectoryConfig {
    Ldap(ldap::LdapConfig),
    Entra(entra::EntraConfig),
    Http(http::HttpConfig),
    Smimea(smimea::SmimeaConfig),
}

/// A directory that can be asked, or tried.
pub(crate) trait Configured: DirectoryResolver {
    /// One line for each part of it: its name, and what is wrong.
    fn check(&self) -> Vec<(String, Result<(), String>)>;
}

impl DirectoryConfig {
    fn domains(&self) -> &[String] {
        match self {
            Self::Ldap(config) => &config.domains,
            Self::Entra(config) => &config.domains,
            Self::Http(config) => &config.domains,
            Self::Smimea(config) => &config.domains,
        }
    }

    const fn not_found_seconds(&self) -> Option<u64> {
        match self {
            Self::Ldap(config) => config.not_found_seconds,
            Self::Entra(config) => config.not_found_seconds,
            Self::Http(config) => config.not_found_seconds,
            Self::Smimea(config) => config.not_found_seconds,
        }
    }

    pub(crate) fn files(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::Ldap(config) => config.files(),
            Self::Entra(config) => config.files(),
            Self::Http(config) => config.files(),
            Self::Smimea(config) => config.files(),
        }
    }

    /// Where it is, without credentials.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Ldap(config) => config.describe(),
            Self::Entra(config) => config.describe(),
            Self::Http(config) => config.describe(),
            Self::Smimea(config) => config.describe(),
        }
    }

    /// Reads its credentials, but sends nothing.
    pub(crate) fn build(&self, name: &str) -> Result<Box<dyn Configured>, Failure> {
        Ok(match self {
            Self::Ldap(config) => Box::new(config.build(name)?),
            Self::Entra(config) => Box::new(config.build(name)?),
            Self::Http(config) => Box::new(config.build(name)?),
            Self::Smimea(config) => Box::new(config.build(name)?),
        })
    }
}

/// The directories that can be asked, each once.
pub(crate) type Resolvers = BTreeMap<DirectoryId, Box<dyn DirectoryResolver>>;

/// Those with these names.
pub(crate) fn resolvers<'a>(
    configured: &BTreeMap<String, DirectoryConfig>,
    names: impl Iterator<Item = &'a DirectoryId>,
) -> Result<Resolvers, Failure> {
    let mut resolvers = Resolvers::new();
    for id in names {
        let config = named(configured, id.name())?;
        let directory: Box<dyn DirectoryResolver> = config.build(id.name())?;
        let seconds = config.not_found_seconds();
        let cache = NotFoundCache::new(directory);
        let cache = match seconds {
            Some(seconds) => cache.for_at_most(Duration::from_secs(seconds)),
            None => cache,
        };
        resolvers.insert(id.clone(), Box::new(cache));
    }
    Ok(resolvers)
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
pub(crate) fn order(configured: &BTreeMap<String, DirectoryConfig>, names: &[String]) -> Result<Directories, Failure> {
    let mut directories = Directories::new();
    for name in names {
        let domains: Vec<&str> = named(configured, name)?.domains().iter().map(String::as_str).collect();
        let id = DirectoryId::new(name);
        directories = if domains.is_empty() {
            directories.ask(id)
        } else {
            let wrong = |error| Failure::usage(format_args!("[directory.{name}] domains: {error}"));
            directories.ask_for(id, &domains).map_err(wrong)?
        };
    }
    Ok(directories)
}

fn named<'a>(configured: &'a BTreeMap<String, DirectoryConfig>, name: &str) -> Result<&'a DirectoryConfig, Failure> {
    configured.get(name).ok_or_else(|| Failure::usage(format_args!("there is no [directory.{name}]")))
}
