//! The configuration file, as it is written, and what it means.

use super::directory::{self, DirectoryConfig};
use super::fetch::FetchConfig;
use super::limits::LimitsConfig;
use super::named;
use super::quotas::{self, QuotasConfig, RetentionConfig};
use super::revocation::RevocationConfig;
use super::store::StoreConfig;
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
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The configuration file. Unknown keys are errors.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    pub(super) store: Option<StoreConfig>,
    pub(super) trace: Option<TraceConfig>,
    #[serde(default, deserialize_with = "named::profile")]
    pub(super) profile: Option<Profile>,
    #[serde(default)]
    pub(super) trust: Vec<String>,
    #[serde(default)]
    pub(super) intermediates: Vec<PathBuf>,
    /// Files of revocation lists.
    #[serde(default)]
    pub(super) crls: Vec<PathBuf>,
    /// Whether tenants import that say nothing themselves. Off in a file until somebody turns it on.
    #[serde(default)]
    pub(super) import: bool,
    /// How mail is encrypted where tenants and routes say nothing themselves.
    #[serde(default)]
    pub(super) encrypt: EncryptConfig,
    #[serde(default)]
    pub(super) revocation: RevocationConfig,
    #[serde(default)]
    pub(super) fetch: FetchConfig,
    #[serde(default)]
    pub(super) limits: LimitsConfig,
    /// Caps of what everybody learns from mail.
    pub(super) quotas: Option<QuotasConfig>,
    #[serde(default)]
    pub(super) retention: RetentionConfig,
    /// Which directories are asked, in this order.
    #[serde(default)]
    pub(super) directories: Vec<String>,
    /// The directories, by name.
    #[serde(default)]
    pub(super) directory: BTreeMap<String, DirectoryConfig>,
    #[serde(default)]
    pub(super) tenants: BTreeMap<String, TenantConfig>,
    /// Not of the file: what wins over all that it says of revocation.
    #[serde(skip)]
    pub(super) options: RevocationConfig,
    /// Not of the file: what holds where it says nothing of quotas.
    #[serde(skip)]
    pub(super) unsaid_quotas: Quotas,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantConfig {
    pub(super) import: Option<bool>,
    pub(super) directories: Option<Vec<String>>,
    #[serde(default)]
    pub(super) encrypt: EncryptConfig,
    #[serde(default)]
    pub(super) revocation: RevocationConfig,
    /// Caps of what the tenant learns from mail, as far as they differ.
    #[serde(default)]
    pub(super) quotas: QuotasConfig,
    #[serde(default)]
    pub(super) routes: BTreeMap<String, RouteConfig>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteConfig {
    pub(super) import: Option<bool>,
    pub(super) directories: Option<Vec<String>>,
    #[serde(default)]
    pub(super) encrypt: EncryptConfig,
    #[serde(default)]
    pub(super) revocation: RevocationConfig,
}

/// A policy of sealing, as far as a tenant or route differs from what is around it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EncryptConfig {
    #[serde(default, deserialize_with = "named::mode")]
    pub(super) mode: Option<Mode>,
    #[serde(default, deserialize_with = "named::preset")]
    pub(super) preset: Option<&'static Preset>,
    pub(super) protect_headers: Option<bool>,
    pub(super) all_valid: Option<bool>,
    /// Send a mail that is encrypted already as it is, instead of refusing it.
    pub(super) pass_encrypted: Option<bool>,
    /// Encrypt to nobody whose certificate is in question, until an operator decides.
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
        if let Some(preset) = self.preset {
            policy = policy.with_preset(preset);
        }
        policy.mode = self.mode.unwrap_or(policy.mode);
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
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| before.matches('\n').count().saturating_add(1));
            (line, error.message().to_owned())
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

    fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let directories = self.directory.values_mut().flat_map(DirectoryConfig::files);
        let own =
            self.intermediates.iter_mut().chain(&mut self.crls).chain(self.trace.as_mut().map(TraceConfig::path_mut));
        own.chain(&mut self.fetch.tls_roots).chain(directories)
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
                directories = directories.tenant(key.clone(), order(names)?);
            }
            for (route, settings) in &tenant.routes {
                if let Some(names) = &settings.directories {
                    directories = directories.route(key.clone(), route, order(names)?);
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
