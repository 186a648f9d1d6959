use crate::failure::Failure;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Where a credential is: in a file or in the environment, never in the configuration itself. It is never printed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub(crate) enum Secret {
    File(PathBuf),
    Env(String),
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
