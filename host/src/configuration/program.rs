//! Settings of programs that embed postseal, in tables of the same file: `[program.NAME]`.

use super::Configuration;
use super::lines::line_at;
use crate::ConfigurationError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// The table of one program. The host keeps it as it is; only the program knows what is right in it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Program(toml::Table);

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Program {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "program".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object" })
    }
}

impl Configuration {
    /// As [`Configuration::read`], with the settings of a program of this name, which stand in `[program.NAME]`. Whoever reads the
    /// file without asking for them, as the command does, takes that table as it is.
    ///
    /// # Errors
    /// As [`Configuration::read`]; there is no such table, or something in it is not of its type, with the line.
    ///
    /// ```
    /// #[derive(serde::Deserialize)]
    /// struct Settings {
    ///     listen: String,
    /// }
    /// let error = postseal_host::Configuration::read_for::<Settings>("no-such-file.toml".as_ref(), "milter").map(|_| ()).unwrap_err();
    /// assert!(error.to_string().starts_with("no-such-file.toml: "));
    /// # let _ = |settings: Settings| settings.listen;
    /// ```
    pub fn read_for<T: DeserializeOwned>(path: &Path, program: &str) -> Result<(Self, T), ConfigurationError> {
        let (text, folder) = super::text_of(path)?;
        Self::parse_file_for(&text, folder, &path.display().to_string(), program)
    }

    /// As [`Configuration::parse`], with the settings of a program of this name, which stand in `[program.NAME]`.
    ///
    /// # Errors
    /// As [`Configuration::read_for`].
    ///
    /// ```
    /// use postseal_host::Configuration;
    /// #[derive(Debug, serde::Deserialize)]
    /// #[serde(deny_unknown_fields)]
    /// struct Settings {
    ///     listen: String,
    /// }
    /// let text = "import = true\n[program.milter]\nlisten = \"127.0.0.1:8895\"";
    /// let (_, settings) = Configuration::parse_for::<Settings>(text, "".as_ref(), "milter")?;
    /// assert_eq!(settings.listen, "127.0.0.1:8895");
    /// let error = Configuration::parse_for::<Settings>("import = true\n[program.milter]\nport = 1", "".as_ref(), "milter").unwrap_err();
    /// assert_eq!(error.to_string(), "configuration:3: unknown field `port`, expected `listen`");
    /// # Ok::<(), postseal_host::ConfigurationError>(())
    /// ```
    pub fn parse_for<T: DeserializeOwned>(
        text: &str,
        folder: &Path,
        program: &str,
    ) -> Result<(Self, T), ConfigurationError> {
        Self::parse_file_for(text, folder, "configuration", program)
    }

    fn parse_file_for<T: DeserializeOwned>(
        text: &str,
        folder: &Path,
        name: &str,
        program: &str,
    ) -> Result<(Self, T), ConfigurationError> {
        let configuration = Self::parse_file(text, folder, name)?;
        let Some(table) = table_of(text, program) else {
            return Err(ConfigurationError::new(format_args!("{name}: there is no [program.{program}]")));
        };
        let start = table.span().start;
        let settings = T::deserialize(ValueDeserializer::from(table)).map_err(|error| {
            let line = line_at(text, error.span().map_or(start, |span| span.start));
            ConfigurationError::new(format_args!("{name}:{line}: {}", error.message()))
        })?;
        Ok((configuration, settings))
    }

    /// What a program says when a value in its own table does not go: with the file and the line of the key, as far as the file
    /// has it. A key is said as the names that lead to it.
    ///
    /// ```
    /// let configuration = postseal_host::Configuration::parse("[program.milter]\nworkers = 0", "".as_ref())?;
    /// let error = configuration.wrong(&["program", "milter", "workers"], "there must be one at least");
    /// assert_eq!(error.to_string(), "configuration:2: [program.milter] workers: there must be one at least");
    /// # Ok::<(), postseal_host::ConfigurationError>(())
    /// ```
    pub fn wrong(&self, key: &[&str], words: impl fmt::Display) -> ConfigurationError {
        self.lines.locate(key.iter().rev().fold(ConfigurationError::new(words), |error, name| error.at(name)))
    }
}

fn table_of<'t>(text: &'t str, program: &str) -> Option<Spanned<DeValue<'t>>> {
    let mut root = DeTable::parse(text).ok()?.into_inner();
    let DeValue::Table(mut programs) = root.remove("program")?.into_inner() else { return None };
    programs.remove(program)
}
