use super::read_file;
use crate::ConfigurationError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::env::{self, VarError};
use std::path::PathBuf;
use toml::Value;
use zeroize::Zeroizing;

/// Where a credential is: in a file or in the environment, never in the configuration itself. It is never printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) enum Secret {
    /// The first line of this file.
    File(PathBuf),
    /// This variable of the environment.
    Env(String),
}

impl<'de> Deserialize<'de> for Secret {
    /// By hand: the words of `serde` repeat what they find, which may be the credential itself.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong =
            || D::Error::custom("a credential is { file = \"PATH\" } or { env = \"NAME\" }, and never stands here");
        Self::from_value(Value::deserialize(deserializer)?).ok_or_else(wrong)
    }
}

impl Secret {
    fn from_value(value: Value) -> Option<Self> {
        let Value::Table(table) = value else { return None };
        let mut members = table.into_iter();
        match (members.next(), members.next()) {
            (Some((key, Value::String(text))), None) if key == "file" => Some(Self::File(text.into())),
            (Some((key, Value::String(text))), None) if key == "env" => Some(Self::Env(text)),
            _ => None,
        }
    }

    pub(super) fn paths(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::File(file) => Some(file),
            Self::Env(_) => None,
        }
    }

    /// Without the line end that editors leave: it is no part of it.
    pub(super) fn read(&self) -> Result<Zeroizing<String>, ConfigurationError> {
        let octets = Zeroizing::new(match self {
            Self::File(file) => read_file(file)?,
            Self::Env(name) => {
                let missing = |error| match error {
                    VarError::NotPresent => ConfigurationError::new(format_args!("{name} is not in the environment")),
                    VarError::NotUnicode(_) => ConfigurationError::new(format_args!("{name} is not text")),
                };
                env::var(name).map_err(missing)?.into_bytes()
            }
        });
        let text = str::from_utf8(&octets).map_err(|_| ConfigurationError::new("the credential is not text"))?;
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            return Err(ConfigurationError::new(match self {
                Self::File(file) => format!("{}: the credential is empty", file.display()),
                Self::Env(name) => format!("{name}: the credential is empty"),
            }));
        }
        Ok(Zeroizing::new(secret.to_owned()))
    }
}

/// A private key in PEM: the path of its file, or as a credential is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PrivateKey(Secret);

impl<'de> Deserialize<'de> for PrivateKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = "a key is \"PATH\", { file = \"PATH\" } or { env = \"NAME\" }, and never stands here";
        match Value::deserialize(deserializer)? {
            // PEM, lines or DER: the key itself, which is not repeated as a path would be.
            Value::String(path) if !path.contains(['\r', '\n']) && !path.contains("-----") && !is_der(&path) => {
                Ok(Self(Secret::File(path.into())))
            }
            value => Secret::from_value(value).map(Self).ok_or_else(|| D::Error::custom(words)),
        }
    }
}

/// Whether this is base64 of a SEQUENCE, as every private key is.
fn is_der(text: &str) -> bool {
    let octets = STANDARD_NO_PAD.decode(text.trim().trim_end_matches('=')).map(Zeroizing::new);
    match octets.as_deref().map(Vec::as_slice) {
        Ok([0x30, 0x81..=0x83, ..]) => true,
        Ok([0x30, length, rest @ ..]) => rest.len() == usize::from(*length),
        _ => false,
    }
}

impl Serialize for PrivateKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Secret::File(path) => path.serialize(serializer),
            Secret::Env(_) => self.0.serialize(serializer),
        }
    }
}

impl PrivateKey {
    pub(super) fn paths(&mut self) -> Option<&mut PathBuf> {
        self.0.paths()
    }

    pub(super) fn read(&self) -> Result<Zeroizing<String>, ConfigurationError> {
        self.0.read()
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for PrivateKey {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PrivateKey".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let elsewhere = generator.subschema_for::<Secret>();
        schemars::json_schema!({ "anyOf": [{ "type": "string" }, elsewhere] })
    }
}
