//! The trace, as the configuration says it.

use crate::ConfigurationError;
use postseal_adapters::trace::{JsonLines, Rotation};
use serde::{Deserialize, Serialize};
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};

/// Octets of a megabyte, as disks are sold.
const MEGABYTE: u64 = 1_000_000;
/// When a file is full, where nobody says it.
const MEGABYTES: u64 = 100;
/// How many rotated files are kept, where nobody says how many or for how long.
const FILES: usize = 20;

/// The trace: a path, or a table that rotates it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    untagged,
    expecting = "a trace is a path, or a table with path, rotate_megabytes, keep_files and keep_days from 1 on"
)]
pub(super) enum TraceConfig {
    /// A path, which is never rotated.
    At(PathBuf),
    /// A path, and when the file is rotated and forgotten.
    Rotated(RotatedConfig),
}

/// A trace that does not grow for ever.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct RotatedConfig {
    /// The file, JSON Lines.
    path: PathBuf,
    /// Its size when it is rotated, 1 000 000 octets each. 100 without this.
    rotate_megabytes: Option<NonZeroU64>,
    /// Rotated files that are kept. 20 without this, or all of them where keep_days stands.
    keep_files: Option<NonZeroUsize>,
    /// Days that a rotated file is kept after its last event. For ever without this.
    keep_days: Option<NonZeroU32>,
}

impl TraceConfig {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::At(path) | Self::Rotated(RotatedConfig { path, .. }) => path,
        }
    }

    pub(super) const fn path_mut(&mut self) -> &mut PathBuf {
        match self {
            Self::At(path) | Self::Rotated(RotatedConfig { path, .. }) => path,
        }
    }

    /// With every default.
    pub(super) fn effective(&self) -> Self {
        let Self::Rotated(config) = self else { return self.clone() };
        let mut effective = config.clone();
        effective.rotate_megabytes = config.rotate_megabytes.or(NonZeroU64::new(MEGABYTES));
        if config.keep_days.is_none() {
            effective.keep_files = config.keep_files.or(NonZeroUsize::new(FILES));
        }
        Self::Rotated(effective)
    }

    pub(super) fn rotation(&self) -> Option<Rotation> {
        let Self::Rotated(config) = self else { return None };
        let megabytes = config.rotate_megabytes.map_or(MEGABYTES, NonZeroU64::get);
        let rotation = Rotation::at(megabytes.saturating_mul(MEGABYTE));
        // Whoever says for how long does not want fewer files than that.
        let unsaid = config.keep_days.is_none().then_some(FILES);
        let files = config.keep_files.map(NonZeroUsize::get).or(unsaid);
        let rotation = files.into_iter().fold(rotation, Rotation::keeping_files);
        Some(config.keep_days.into_iter().fold(rotation, |rotation, days| rotation.keeping_days(days.get())))
    }

    pub(super) fn open(&self) -> Result<JsonLines, ConfigurationError> {
        let opened = match self.rotation() {
            Some(rotation) => JsonLines::rotating(self.path(), rotation),
            None => JsonLines::open(self.path()),
        };
        opened.map_err(|error| ConfigurationError::of_file(self.path(), error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rotation(text: &str) -> Option<Rotation> {
        toml::from_str::<std::collections::BTreeMap<String, TraceConfig>>(text).unwrap()["trace"].rotation()
    }

    #[test]
    fn a_path_is_never_rotated_and_a_table_has_sensible_defaults() {
        assert_eq!(rotation("trace = \"t.jsonl\""), None);
        let table = |more: &str| rotation(&format!("[trace]\npath = \"t.jsonl\"\n{more}")).unwrap();
        assert_eq!(table(""), Rotation::at(100_000_000).keeping_files(20));
        assert_eq!(table("keep_days = 400"), Rotation::at(100_000_000).keeping_days(400));
        let all = "rotate_megabytes = 5\nkeep_files = 2\nkeep_days = 3";
        assert_eq!(table(all), Rotation::at(5_000_000).keeping_files(2).keeping_days(3));
    }
}
