use crate::failure::Failure;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::path::{Path, PathBuf};
use std::{env, fs};
use toml::Value;

/// Where a credential is: in a file or in the environment, never in the configuration itself. It is never printed.
#[derive(Debug)]
pub(crate) enum Secret {
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
    pub(super) fn read(&self, whose: &str) -> Result<String, Failure> {
        let text = match self {
            Self::File(file) => String::from_utf8(read(file)?)
                .map_err(|_| Failure::usage(format_args!("{}: not text", file.display())))?,
            Self::Env(name) => env::var(name)
                .map_err(|_| Failure::usage(format_args!("[directory.{whose}]: {name} is not in the environment")))?,
        };
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            return Err(Failure::usage(format_args!("[directory.{whose}]: the credential is empty")));
        }
        Ok(secret.to_owned())
    }
}

pub(super) fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| Failure::usage(format_args!("{}: {error}", file.display())))
}
