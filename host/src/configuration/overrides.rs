use super::file::Config;
use super::lines::Lines;
use super::named::Named;
use super::revocation::RevocationConfig;
use super::store::StoreConfig;
use super::trace::TraceConfig;
use postseal::revocation;
use postseal::store::Quotas;
use postseal::verify::Profile;
use std::path::PathBuf;

/// What wins over a configuration, as the options of a command do. What is empty or `None` changes nothing. Paths are relative to
/// the working directory.
///
/// ```
/// let mut overrides = postseal_host::Overrides::default();
/// overrides.trust = vec!["mozilla".to_owned()];
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Overrides {
    /// PEM files of trust anchors, or `mozilla`, in place of those of the file.
    pub trust: Vec<String>,
    /// PEM files of CA certificates that help to build paths.
    pub intermediates: Vec<PathBuf>,
    /// Files of revocation lists (PEM or DER).
    pub crls: Vec<PathBuf>,
    /// The profile.
    pub profile: Option<Profile>,
    /// The store: `sqlite:PATH`, or the URL of a PostgreSQL database.
    pub store: Option<String>,
    /// The file of the trace, which is not rotated then.
    pub trace: Option<PathBuf>,
    /// What becomes of a certificate whose revocation is unknown; for all tenants and routes.
    pub revocation: Option<revocation::Mode>,
    /// Lists and responses are fetched; for all tenants and routes.
    pub fetch: bool,
    /// Caps of what is learned from mail, where the file says nothing of them.
    pub unsaid_quotas: Quotas,
}

impl Overrides {
    pub(super) fn apply(self, config: &mut Config, lines: &mut Lines) {
        replace(&mut config.trust, self.trust, "trust", lines);
        replace(&mut config.intermediates, self.intermediates, "intermediates", lines);
        replace(&mut config.crls, self.crls, "crls", lines);
        config.profile = self.profile.map(Named).or(config.profile);
        if let Some(store) = self.store {
            lines.forget("store");
            config.store = Some(StoreConfig::At(store));
        }
        if let Some(trace) = self.trace {
            lines.forget("trace");
            config.trace = Some(TraceConfig::At(trace));
        }
        config.unsaid_quotas = self.unsaid_quotas;
        config.options = RevocationConfig::of_options(self.revocation, self.fetch);
    }
}

fn replace<T>(mine: &mut Vec<T>, theirs: Vec<T>, key: &str, lines: &mut Lines) {
    if !theirs.is_empty() {
        lines.forget(key);
        *mine = theirs;
    }
}
