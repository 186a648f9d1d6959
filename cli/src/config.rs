use crate::failure::Failure;
use postseal::import::Activation;
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
    /// Whether tenants import that say nothing themselves. Off in a file until somebody turns it on.
    #[serde(default)]
    pub(crate) import: bool,
    #[serde(default)]
    pub(crate) tenants: BTreeMap<String, TenantConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantConfig {
    pub(crate) import: Option<bool>,
    #[serde(default)]
    pub(crate) routes: BTreeMap<String, RouteConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteConfig {
    pub(crate) import: Option<bool>,
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
        for file in config.intermediates.iter_mut().chain(&mut config.trace) {
            *file = folder.join(&*file);
        }
        if let Some(relative) = config.store.as_ref().and_then(|store| store.strip_prefix("sqlite:")) {
            config.store = Some(format!("sqlite:{}", folder.join(relative).display()));
        }
        Ok(config)
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
}

fn profile<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Profile>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let unknown = || serde::de::Error::custom(format!("unknown profile {name:?}: default, strict or legacy"));
    Profile::from_name(&name).map(Some).ok_or_else(unknown)
}
