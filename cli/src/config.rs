use crate::directory::{self, DirectoryConfig};
use crate::failure::Failure;
use crate::fetch::FetchConfig;
use crate::revocation::RevocationConfig;
use postseal::PerRoute;
use postseal::directory::Directories;
use postseal::import::Activation;
use postseal::revocation::RevocationPolicy;
use postseal::seal::{HeaderProtection, Mode, OnConflict, OnEncrypted, PRESETS, Policy, Preset};
use postseal::store::Tenant;
use postseal::verify::Profile;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The configuration file. Unknown keys are errors.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) store: Option<String>,
    pub(crate) trace: Option<PathBuf>,
    #[serde(default, deserialize_with = "profile")]
    pub(crate) profile: Option<Profile>,
    #[serde(default)]
    pub(crate) trust: Vec<String>,
    #[serde(default)]
    pub(crate) intermediates: Vec<PathBuf>,
    /// Files of revocation lists.
    #[serde(default)]
    pub(crate) crls: Vec<PathBuf>,
    /// Whether tenants import that say nothing themselves. Off in a file until somebody turns it on.
    #[serde(default)]
    pub(crate) import: bool,
    /// How mail is encrypted where tenants and routes say nothing themselves.
    #[serde(default)]
    pub(crate) encrypt: EncryptConfig,
    #[serde(default)]
    pub(crate) revocation: RevocationConfig,
    #[serde(default)]
    pub(crate) fetch: FetchConfig,
    /// Which directories are asked, in this order.
    #[serde(default)]
    pub(crate) directories: Vec<String>,
    /// The directories, by name.
    #[serde(default)]
    pub(crate) directory: BTreeMap<String, DirectoryConfig>,
    #[serde(default)]
    pub(crate) tenants: BTreeMap<String, TenantConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantConfig {
    pub(crate) import: Option<bool>,
    pub(crate) directories: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) encrypt: EncryptConfig,
    #[serde(default)]
    pub(crate) revocation: RevocationConfig,
    #[serde(default)]
    pub(crate) routes: BTreeMap<String, RouteConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteConfig {
    pub(crate) import: Option<bool>,
    pub(crate) directories: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) encrypt: EncryptConfig,
    #[serde(default)]
    pub(crate) revocation: RevocationConfig,
}

/// A policy of sealing, as far as a tenant or route differs from what is around it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EncryptConfig {
    #[serde(default, deserialize_with = "mode")]
    pub(crate) mode: Option<Mode>,
    #[serde(default, deserialize_with = "preset")]
    pub(crate) preset: Option<&'static Preset>,
    pub(crate) protect_headers: Option<bool>,
    pub(crate) all_valid: Option<bool>,
    /// Send a mail that is encrypted already as it is, instead of refusing it.
    pub(crate) pass_encrypted: Option<bool>,
    /// Encrypt to nobody whose certificate is in question, until an operator decides.
    pub(crate) fail_closed: Option<bool>,
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
    /// Reads the file. Errors name the file, the line and what is wrong. Paths in it are relative to its folder.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let named = |reason: &dyn std::fmt::Display| Failure::usage(format_args!("{}: {reason}", path.display()));
        let text = fs::read_to_string(path).map_err(|error| named(&error))?;
        let mut config: Self = toml::from_str(&text).map_err(|error| {
            let line = error
                .span()
                .and_then(|span| text.get(..span.start))
                .map_or(1, |before| before.matches('\n').count().saturating_add(1));
            Failure::usage(format_args!("{}:{line}: {}", path.display(), error.message()))
        })?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        for trust in config.trust.iter_mut().filter(|trust| *trust != "mozilla") {
            *trust = folder.join(&*trust).to_string_lossy().into_owned();
        }
        for file in config.files() {
            *file = folder.join(&*file);
        }
        if let Some(relative) = config.store.as_ref().and_then(|store| store.strip_prefix("sqlite:")) {
            config.store = Some(format!("sqlite:{}", folder.join(relative).display()));
        }
        Ok(config)
    }

    fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let directories = self.directory.values_mut().flat_map(DirectoryConfig::files);
        let own = self.intermediates.iter_mut().chain(&mut self.crls).chain(&mut self.trace);
        own.chain(&mut self.fetch.tls_roots).chain(directories)
    }

    pub(crate) fn activation(&self) -> Activation {
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

    pub(crate) fn policies(&self) -> PerRoute<Policy> {
        let everybody = self.encrypt.over(&Policy::default());
        self.per_route(everybody, |base, own| own.encrypt.over(base))
    }

    /// `options` win over everything in the file.
    pub(crate) fn revocation(&self, options: &RevocationConfig) -> PerRoute<RevocationPolicy> {
        let everybody = options.over(self.revocation.over(RevocationPolicy::default()));
        self.per_route(everybody, |base, own| options.over(own.revocation.over(*base)))
    }

    pub(crate) fn directories(&self) -> Result<PerRoute<Directories>, Failure> {
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

fn mode<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Mode>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let names = Mode::ALL.map(Mode::name).join(", ");
    Mode::from_name(&name).map(Some).ok_or_else(|| serde::de::Error::custom(format!("unknown mode {name:?}: {names}")))
}

fn preset<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<&'static Preset>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let names = PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ");
    Preset::from_name(&name)
        .map(Some)
        .ok_or_else(|| serde::de::Error::custom(format!("unknown preset {name:?}: {names}")))
}

fn profile<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Profile>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let unknown = || serde::de::Error::custom(format!("unknown profile {name:?}: default, strict or legacy"));
    Profile::from_name(&name).map(Some).ok_or_else(unknown)
}
