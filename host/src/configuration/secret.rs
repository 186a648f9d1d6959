use super::read_file;
use crate::ConfigurationError;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::env;
use std::path::PathBuf;
use toml::Value;
use zeroize::Zeroizing;

/// Where a credential is: in a file or in the environment, never in the configuration itself. It is never printed.
#[derive(Clone, Debug)]
pub(super) enum Secret {
    File(PathBuf),
    Env(String),
}

impl<'de> Deserialize<'de> for Secret {
    /// By hand: the words of `serde` repeat what they find, which may be the credential itself.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong =
            || D::Error::custom("a credential is { file = \"PATH\" } or { env = \"NAME\" }, and never stands here");
        let Value::Table(table) = Value::deserialize(deserializer)? else { return Err(wrong()) };
        let mut members = table.into_iter();
        match (members.next(), members.next()) {
            (Some((key, Value::String(text))), None) if key == "file" => Ok(Self::File(text.into())),
            (Some((key, Value::String(text))), None) if key == "env" => Ok(Self::Env(text)),
            _ => Err(wrong()),
        }
    }
}

impl Secret {
    pub(super) fn paths(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::File(file) => Some(file),
            Self::Env(_) => None,
        }
    }

    /// One line: the line end that editors leave is no part of it.
    pub(super) fn read(&self, place: &str) -> Result<Zeroizing<String>, ConfigurationError> {
        let octets = Zeroizing::new(match self {
            Self::File(file) => read_file(file)?,
            Self::Env(name) => {
                let missing = |_| ConfigurationError::new(format_args!("{place}: {name} is not in the environment"));
                env::var(name).map_err(missing)?.into_bytes()
            }
        });
        let text = str::from_utf8(&octets);
        let text = text.map_err(|_| ConfigurationError::new(format_args!("{place}: the credential is not text")))?;
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            return Err(ConfigurationError::new(format_args!("{place}: the credential is empty")));
        }
        Ok(Zeroizing::new(secret.to_owned()))
    }
}
