use super::{Configured, Settings};
use crate::ConfigurationError;
use postseal::directory::{DirectoryReply, DirectoryResolver};
use postseal::query::{ResolveDirectory, Unavailable};
use postseal::verify::Limits;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A directory that the program brings itself: the file says only who asks it, and about whom.
// That is `Host::with_directory`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(in crate::configuration) struct HostConfig {
    /// The mail domains that it is asked about. Without this key, all.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    domains: Option<Vec<String>>,
}

/// Until the program has brought it.
#[derive(Debug)]
struct Absent;

const ABSENT: &str = "the program has not brought this directory";

impl Settings for HostConfig {
    fn domains(&self) -> Option<&[String]> {
        self.domains.as_deref()
    }

    fn not_found_seconds(&self) -> u64 {
        0
    }

    fn settle(&mut self) {}

    fn files(&mut self) -> Vec<&mut PathBuf> {
        Vec::new()
    }

    fn describe(&self) -> String {
        "host".to_owned()
    }

    fn check(&self) -> Result<(), ConfigurationError> {
        Ok(())
    }

    fn build(&self, _: &Limits) -> Result<Box<dyn Configured>, ConfigurationError> {
        Ok(Box::new(Absent))
    }
}

impl DirectoryResolver for Absent {
    fn resolve(&self, _: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        Err(Unavailable::because(ABSENT))
    }
}

impl Configured for Absent {
    fn check(&self) -> Vec<(String, Result<(), String>)> {
        vec![("host".to_owned(), Err(ABSENT.to_owned()))]
    }
}
