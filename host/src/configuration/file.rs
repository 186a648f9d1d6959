//! The configuration file, as it is written, and what it means.

use super::crypto::Crypto;
use super::directory::{self, DirectoryConfig};
use super::fetch::FetchConfig;
use super::limits::LimitsConfig;
use super::lines::line_at;
use super::named::Named;
use super::program::Program;
use super::quotas::{self, QuotasConfig, RetentionConfig};
use super::revocation::RevocationConfig;
use super::store::{PostgresConfig, StoreConfig};
use super::trace::TraceConfig;
use super::trust::MOZILLA;
use crate::ConfigurationError;
use postseal::PerRoute;
use postseal::directory::Directories;
use postseal::import::Activation;
use postseal::revocation::RevocationPolicy;
use postseal::seal::{HeaderProtection, Mode, OnConflict, OnEncrypted, Policy, Preset};
use postseal::store::{Quotas, Tenant};
use postseal::verify::Profile;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// The configuration file of postseal. Unknown keys are errors.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Config {
    /// Where certificates are kept. Without this key the library has no store, and the command has postseal.db.
    pub(super) store: Option<StoreConfig>,
    /// The file of the trace, JSON Lines, or a table that rotates it. Without this key the command writes one beside the store.
    pub(super) trace: Option<TraceConfig>,
    /// The rules for certificates: default, strict (CA/B S/MIME Baseline Requirements) or legacy.
    pub(super) profile: Option<Named<Profile>>,
    /// What computes: rust, accel (AVX-512-IFMA where there is) or aws-lc; the last two where the build has them.
    pub(super) crypto: Option<Named<Crypto>>,
    /// PEM files of trust anchors, or mozilla for the shipped set.
    #[serde(default)]
    pub(super) trust: Vec<String>,
    /// PEM files of CA certificates that help to build paths.
    #[serde(default)]
    pub(super) intermediates: Vec<PathBuf>,
    /// Files of revocation lists, PEM or DER.
    #[serde(default)]
    pub(super) crls: Vec<PathBuf>,
    /// Whether tenants import that say nothing themselves. Off in a file until somebody turns it on.
    #[serde(default)]
    pub(super) import: bool,
    /// How mail is encrypted where tenants and routes say nothing themselves.
    #[serde(default)]
    pub(super) encrypt: EncryptConfig,
    /// What is asked about revocation where tenants and routes say nothing themselves.
    #[serde(default)]
    pub(super) revocation: RevocationConfig,
    /// What may be fetched from where.
    #[serde(default)]
    pub(super) fetch: FetchConfig,
    /// How much work one mail may cause.
    #[serde(default)]
    pub(super) limits: LimitsConfig,
    /// Caps of what everybody learns from mail.
    pub(super) quotas: Option<QuotasConfig>,
    /// What is removed by postseal certs purge.
    #[serde(default)]
    pub(super) retention: RetentionConfig,
    /// Names of directories, asked in this order.
    #[serde(default)]
    pub(super) directories: Vec<String>,
    /// The directories, by name.
    #[serde(default)]
    pub(super) directory: BTreeMap<String, DirectoryConfig>,
    /// What differs for tenants, by name.
    #[serde(default)]
    pub(super) tenants: BTreeMap<String, TenantConfig>,
    /// Settings of programs that embed postseal, by the name of the program. Each reads its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) program: BTreeMap<String, Program>,
    /// Not of the file: what wins over all that it says of revocation.
    #[serde(skip)]
    pub(super) options: RevocationConfig,
    /// Not of the file: what holds where it says nothing of quotas.
    #[serde(skip)]
    pub(super) unsaid_quotas: Quotas,
}

/// What differs for a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct TenantConfig {
    /// Whether certificates are learned from its mail.
    pub(super) import: Option<bool>,
    /// Names of directories, asked in this order.
    pub(super) directories: Option<Vec<String>>,
    /// How its mail is encrypted.
    #[serde(default)]
    pub(super) encrypt: EncryptConfig,
    /// What is asked about revocation.
    #[serde(default)]
    pub(super) revocation: RevocationConfig,
    /// Caps of what the tenant learns from mail, as far as they differ.
    #[serde(default)]
    pub(super) quotas: QuotasConfig,
    /// What differs for its routes, by name.
    #[serde(default)]
    pub(super) routes: BTreeMap<String, RouteConfig>,
}

/// What differs for a route of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct RouteConfig {
    /// Whether certificates are learned from its mail.
    pub(super) import: Option<bool>,
    /// Names of directories, asked in this order.
    pub(super) directories: Option<Vec<String>>,
    /// How its mail is encrypted.
    #[serde(default)]
    pub(super) encrypt: EncryptConfig,
    /// What is asked about revocation.
    #[serde(default)]
    pub(super) revocation: RevocationConfig,
}

/// A policy of sealing, as far as a tenant or route differs from what is around it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct EncryptConfig {
    /// What to do about recipients who cannot be reached. all-or-nothing without this.
    pub(super) mode: Option<Named<Mode>>,
    /// Algorithms for one kind of correspondents.
    pub(super) preset: Option<Named<&'static Preset>>,
    /// Header fields are protected too (RFC 9788): the outer Subject says "[...]". Off without this.
    pub(super) protect_headers: Option<bool>,
    /// Encrypt to all valid certificates of a recipient, not only to the best one. Off without this.
    pub(super) all_valid: Option<bool>,
    /// Send a mail that is encrypted already as it is, instead of refusing it. Off without this.
    pub(super) pass_encrypted: Option<bool>,
    /// Encrypt to nobody whose certificate is in question, until an operator decides. Off without this.
    pub(super) fail_closed: Option<bool>,
}

/// What a tenant or route says itself.
struct Own<'a> {
    encrypt: &'a EncryptConfig,
    revocation: &'a RevocationConfig,
}

impl EncryptConfig {
    fn over(&self, base: &Policy) -> Policy {
        let mut policy = base.clone();
        if let Some(Named(preset)) = self.preset {
            policy = policy.with_preset(preset);
        }
        policy.mode = self.mode.map_or(policy.mode, |mode| mode.0);
        policy.all_valid = self.all_valid.unwrap_or(policy.all_valid);
        if let Some(protect) = self.protect_headers {
            policy.header_protection = if protect { HeaderProtection::Baseline } else { HeaderProtection::Off };
        }
        if let Some(pass) = self.pass_encrypted {
            policy.already_encrypted = if pass { OnEncrypted::Pass } else { OnEncrypted::Refuse };
        }
        if let Some(closed) = self.fail_closed {
            policy.conflict = if closed { OnConflict::FailClosed } else { OnConflict::KeepActive };
        }
        policy
    }
}

impl Config {
    /// Errors name the line and what is wrong. Paths in it are relative to the folder.
    pub(super) fn parse(text: &str, folder: &Path) -> Result<Self, (usize, String)> {
        let mut config: Self = toml::from_str(text).map_err(|error| {
            let error = precise(text).unwrap_or(error);
            (error.span().map_or(1, |span| line_at(text, span.start)), error.message().to_owned())
        })?;
        for trust in config.trust.iter_mut().filter(|trust| *trust != MOZILLA) {
            *trust = folder.join(&*trust).to_string_lossy().into_owned();
        }
        for file in config.files() {
            *file = folder.join(&*file);
        }
        if let Some(store) = &mut config.store {
            store.settle(folder);
        }
        Ok(config)
    }

    pub(super) fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let directories = self.directory.values_mut().flat_map(|directory| directory.settings_mut().files());
        let own =
            self.intermediates.iter_mut().chain(&mut self.crls).chain(self.trace.as_mut().map(TraceConfig::path_mut));
        own.chain(self.fetch.files()).chain(directories)
    }

    pub(super) fn check_store(&self) -> Result<(), ConfigurationError> {
        let check = |store: &StoreConfig| store.kind().and_then(|kind| kind.check());
        self.store.as_ref().map_or(Ok(()), check).map_err(|error| error.at("store"))
    }

    /// What can be said of it without files, environment and servers: that every value is one, and that all go together.
    pub(super) fn check(&self) -> Result<(), ConfigurationError> {
        self.check_store()?;
        self.fetch.check().map_err(|error| error.at("fetch"))?;
        self.limits.check().map_err(|error| error.at("limits"))?;
        for (name, directory) in &self.directory {
            directory.check().map_err(|error| error.at(name).at("directory"))?;
        }
        self.directories().map(drop)
    }

    pub(super) fn activation(&self) -> Activation {
        let mut activation = Activation::new(self.import);
        for (name, tenant) in &self.tenants {
            let key = Tenant::new(name);
            if let Some(active) = tenant.import {
                activation = activation.tenant(key.clone(), active);
            }
            for (route, settings) in &tenant.routes {
                if let Some(active) = settings.import {
                    activation = activation.route(key.clone(), route, active);
                }
            }
        }
        activation
    }

    pub(super) fn quotas(&self) -> PerRoute<Quotas> {
        let tenants = self.tenants.iter().map(|(name, tenant)| (name, tenant.quotas));
        quotas::per_tenant(self.quotas, self.unsaid_quotas, tenants)
    }

    pub(super) fn policies(&self) -> PerRoute<Policy> {
        let everybody = self.encrypt.over(&Policy::default());
        self.per_route(everybody, |base, own| own.encrypt.over(base))
    }

    pub(super) fn revocation(&self) -> PerRoute<RevocationPolicy> {
        let everybody = self.options.over(self.revocation.over(RevocationPolicy::default()));
        self.per_route(everybody, |base, own| self.options.over(own.revocation.over(*base)))
    }

    /// Whether some policy may want something fetched.
    pub(super) fn fetches(&self) -> bool {
        let tenants = || self.tenants.values();
        let routes = tenants().flat_map(|tenant| tenant.routes.values()).map(|route| &route.revocation);
        let own = [&self.options, &self.revocation];
        own.into_iter().chain(tenants().map(|tenant| &tenant.revocation)).chain(routes).any(RevocationConfig::fetches)
    }

    /// The directories that somebody asks, each once.
    pub(super) fn asked_directories(&self) -> BTreeSet<&str> {
        let tenants = || self.tenants.values();
        let of_tenants = tenants().filter_map(|tenant| tenant.directories.as_ref());
        let routes = tenants().flat_map(|tenant| tenant.routes.values());
        let lists = of_tenants.chain(routes.filter_map(|route| route.directories.as_ref()));
        lists.chain([&self.directories]).flatten().map(String::as_str).collect()
    }

    pub(super) fn directories(&self) -> Result<PerRoute<Directories>, ConfigurationError> {
        let order = |names: &Vec<String>| directory::order(&self.directory, names);
        let mut directories = PerRoute::new(order(&self.directories)?);
        for (name, tenant) in &self.tenants {
            let key = Tenant::new(name);
            if let Some(names) = &tenant.directories {
                let own = order(names).map_err(|error| error.within(&["tenants", name]))?;
                directories = directories.tenant(key.clone(), own);
            }
            for (route, settings) in &tenant.routes {
                if let Some(names) = &settings.directories {
                    let own = order(names).map_err(|error| error.within(&["tenants", name, "routes", route]))?;
                    directories = directories.route(key.clone(), route, own);
                }
            }
        }
        Ok(directories)
    }

    /// A setting of everybody, of tenants and of routes, each as far as it differs from what is around it.
    fn per_route<T: Clone>(&self, everybody: T, differs: impl Fn(&T, &Own<'_>) -> T) -> PerRoute<T> {
        let mut settings = PerRoute::new(everybody.clone());
        for (name, tenant) in &self.tenants {
            let key = Tenant::new(name);
            let own = differs(&everybody, &Own { encrypt: &tenant.encrypt, revocation: &tenant.revocation });
            for (route, settings_of_route) in &tenant.routes {
                let of_route = Own { encrypt: &settings_of_route.encrypt, revocation: &settings_of_route.revocation };
                settings = settings.route(key.clone(), route, differs(&own, &of_route));
            }
            settings = settings.tenant(key, own);
        }
        settings
    }
}

/// What `serde` says of the value of a tagged table, without the place in it: the table read by itself.
fn precise(text: &str) -> Option<toml::de::Error> {
    let mut root = DeTable::parse(text).ok()?.into_inner();
    if let Some(store) = root.remove("store").filter(|store| store.get_ref().is_table())
        && let Err(error) = PostgresConfig::deserialize(ValueDeserializer::from(store))
    {
        return Some(error);
    }
    let Some(DeValue::Table(directories)) = root.remove("directory").map(Spanned::into_inner) else { return None };
    directories.into_iter().find_map(|(_, directory)| directory::precise(directory))
}
