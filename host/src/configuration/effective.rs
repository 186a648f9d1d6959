//! The configuration with every default said.

use super::crypto::Crypto;
use super::file::{Config, EncryptConfig, RouteConfig, TenantConfig};
use super::limits::LimitsConfig;
use super::named::Named;
use super::quotas::QuotasConfig;
use super::revocation::RevocationConfig;
use super::trust::MOZILLA;
use postseal::revocation::RevocationPolicy;
use postseal::seal::{HeaderProtection, OnConflict, OnEncrypted, PRESETS, Policy};
use postseal::store::{Quotas, Tenant};
use std::path::{Path, absolute};

impl Config {
    /// Says what holds, for everybody and for each tenant and route, also where the file does not. Means the same.
    pub(super) fn effective(&self) -> Self {
        let mut effective = self.clone();
        effective.store = self.store.as_ref().map(super::store::StoreConfig::effective);
        effective.trace = self.trace.as_ref().map(super::trace::TraceConfig::effective);
        effective.profile = Some(self.profile.unwrap_or_else(|| Named(postseal::verify::Profile::default())));
        effective.crypto = Some(self.crypto.unwrap_or_else(|| Named(Crypto::default())));
        effective.encrypt = self.encrypt.or(&EncryptConfig::defaults());
        let revocation = self.options.over(self.revocation.over(RevocationPolicy::default()));
        effective.revocation = RevocationConfig::of(&revocation);
        effective.limits = LimitsConfig::of(&self.limits.limits());
        let quotas = self.quotas();
        effective.quotas = Some(QuotasConfig::of(quotas.of(&Tenant::new(""), None)));
        for (name, tenant) in &mut effective.tenants {
            tenant.quotas = QuotasConfig::of(quotas.of(&Tenant::new(name), None));
        }
        effective.unsaid_quotas = Quotas::default();
        for directory in effective.directory.values_mut() {
            directory.settings_mut().settle();
        }
        for tenant in effective.tenants.values_mut() {
            let around = RouteConfig {
                import: Some(effective.import),
                directories: Some(effective.directories.clone()),
                encrypt: effective.encrypt.clone(),
                revocation: effective.revocation,
            };
            tenant.settle(&around, &self.options);
        }
        effective.options = RevocationConfig::default();
        effective.files().for_each(absolutise);
        for trust in effective.trust.iter_mut().filter(|trust| *trust != MOZILLA) {
            if let Ok(path) = absolute(&*trust) {
                *trust = path.to_string_lossy().into_owned();
            }
        }
        if let (Some(store), Ok(folder)) = (&mut effective.store, absolute(Path::new("."))) {
            store.settle(&folder);
        }
        effective
    }
}

/// The printed file may be kept anywhere.
fn absolutise(path: &mut std::path::PathBuf) {
    if let Ok(whole) = absolute(&*path) {
        *path = whole;
    }
}

impl TenantConfig {
    fn settle(&mut self, around: &RouteConfig, options: &RevocationConfig) {
        let mut own = RouteConfig {
            import: self.import,
            directories: self.directories.take(),
            encrypt: self.encrypt.clone(),
            revocation: self.revocation,
        };
        own.settle(around, options);
        for route in self.routes.values_mut() {
            route.settle(&own, options);
        }
        (self.import, self.directories) = (own.import, own.directories);
        (self.encrypt, self.revocation) = (own.encrypt, own.revocation);
    }
}

impl RouteConfig {
    fn settle(&mut self, around: &Self, options: &RevocationConfig) {
        self.import = self.import.or(around.import);
        self.directories = self.directories.take().or_else(|| around.directories.clone());
        self.encrypt = self.encrypt.or(&around.encrypt);
        let base = around.revocation.over(RevocationPolicy::default());
        self.revocation = RevocationConfig::of(&options.over(self.revocation.over(base)));
    }
}

impl EncryptConfig {
    fn defaults() -> Self {
        let policy = Policy::default();
        Self {
            mode: Some(Named(policy.mode)),
            preset: PRESETS.iter().find(|preset| Policy::default().with_preset(preset) == policy).map(Named),
            protect_headers: Some(policy.header_protection != HeaderProtection::Off),
            all_valid: Some(policy.all_valid),
            pass_encrypted: Some(policy.already_encrypted == OnEncrypted::Pass),
            fail_closed: Some(policy.conflict == OnConflict::FailClosed),
        }
    }

    /// As this says, and where it says nothing, as the other.
    fn or(&self, other: &Self) -> Self {
        Self {
            mode: self.mode.or(other.mode),
            preset: self.preset.or(other.preset),
            protect_headers: self.protect_headers.or(other.protect_headers),
            all_valid: self.all_valid.or(other.all_valid),
            pass_encrypted: self.pass_encrypted.or(other.pass_encrypted),
            fail_closed: self.fail_closed.or(other.fail_closed),
        }
    }
}
