//! What an engine computes with.

use super::named::HasName;
use crate::ConfigurationError;
use postseal::crypto::{CryptoBackend, PureRust};
use std::sync::Arc;

/// A backend by its name, whether this build has it or not: a file means the same everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Crypto {
    #[default]
    Rust,
    Accel,
    AwsLc,
}

impl Crypto {
    const ALL: [Self; 3] = [Self::Rust, Self::Accel, Self::AwsLc];

    pub(super) fn backend(self) -> Result<Arc<dyn CryptoBackend>, ConfigurationError> {
        match self {
            Self::Rust => Ok(Arc::new(PureRust)),
            #[cfg(feature = "accel")]
            Self::Accel => Ok(Arc::new(postseal_adapters::crypto::Accelerated)),
            #[cfg(feature = "aws-lc")]
            Self::AwsLc => Ok(Arc::new(postseal_adapters::crypto::AwsLc)),
            #[cfg(not(all(feature = "accel", feature = "aws-lc")))]
            other => Err(ConfigurationError::new(format!(
                "crypto {:?} is not in this build: see its features",
                other.name()
            ))),
        }
    }
}

impl HasName for Crypto {
    const WHAT: &str = "crypto";

    fn names() -> Vec<&'static str> {
        Self::ALL.into_iter().map(Self::name).collect()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Accel => "accel",
            Self::AwsLc => "aws-lc",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|crypto| crypto.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use crate::Configuration;

    fn name_of(text: &str) -> Result<String, String> {
        let configuration = Configuration::parse(text, "".as_ref()).map_err(|error| error.to_string())?;
        Ok(configuration.engine().map_err(|error| error.to_string())?.crypto().name().to_owned())
    }

    #[test]
    fn the_backend_is_the_one_that_the_file_names() {
        assert_eq!(name_of(""), Ok("rust".to_owned()));
        assert_eq!(name_of("crypto = \"rust\""), Ok("rust".to_owned()));
        for (name, is_here) in [("accel", cfg!(feature = "accel")), ("aws-lc", cfg!(feature = "aws-lc"))] {
            match name_of(&format!("\ncrypto = \"{name}\"")) {
                Ok(found) => assert!(is_here && found == name),
                Err(error) => {
                    assert!(!is_here);
                    assert_eq!(
                        error,
                        format!("configuration:2: crypto: crypto {name:?} is not in this build: see its features")
                    );
                }
            }
        }
        let unknown = "configuration:1: unknown crypto \"rot13\": rust, accel, aws-lc";
        assert_eq!(name_of("crypto = \"rot13\""), Err(unknown.to_owned()));
    }
}
