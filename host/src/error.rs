use postseal::{Code, Error};
use std::fmt;
use std::path::Path;

/// Why a configuration cannot be used: one line for whoever wrote it, with the file and the line, the table and the key.
///
/// ```
/// use postseal::Code;
/// use postseal_host::Configuration;
/// let error = Configuration::parse("import = true\n[fetch]\nrefuse = [\"nowhere\"]", "".as_ref()).unwrap_err();
/// assert_eq!(error.to_string(), "configuration:3: [fetch] refuse: `nowhere` is not a network such as 10.1.0.0/16");
/// assert_eq!(error.code(), Code::ConfigurationInvalid);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationError {
    code: Code,
    words: String,
    /// The key that is wrong, from the outermost table on; empty where that is not known.
    key: Vec<String>,
}

impl ConfigurationError {
    pub(crate) fn new(words: impl fmt::Display) -> Self {
        Self { code: Code::ConfigurationInvalid, words: words.to_string(), key: Vec::new() }
    }

    /// It is about this key of the file, or about one of those that are said already inside of it.
    pub(crate) fn at(mut self, key: impl fmt::Display) -> Self {
        self.key.insert(0, key.to_string());
        self
    }

    /// At these keys, the outermost first, unless it stands in a table of its own, as a directory does.
    pub(crate) fn within(mut self, keys: &[&str]) -> Self {
        if self.key.first().is_some_and(|first| first == "directories") {
            self.key.splice(0..0, keys.iter().map(|key| (*key).to_owned()));
        }
        self
    }

    pub(crate) fn key(&self) -> &[String] {
        &self.key
    }

    /// It stands there: nothing is said of its key any more.
    pub(crate) fn standing(self, place: impl fmt::Display) -> Self {
        Self { words: format!("{place}: {}", self.words), key: Vec::new(), ..self }
    }

    pub(crate) fn of_file(file: &Path, reason: impl fmt::Display) -> Self {
        Self::new(format_args!("{}: {reason}", file.display()))
    }

    /// The store cannot be opened: what is configured may be right.
    pub(crate) fn of_store(reason: impl fmt::Display) -> Self {
        Self { code: Code::StoreUnavailable, ..Self::new(reason) }
    }

    /// [`Code::ConfigurationInvalid`], or [`Code::StoreUnavailable`] when only the store could not be opened.
    ///
    /// ```
    /// use postseal_host::Configuration;
    /// let configuration = Configuration::parse("store = \"sqlite:no-such-folder/store.db\"", "".as_ref())?;
    /// assert_eq!(configuration.store().unwrap_err().code(), postseal::Code::StoreUnavailable);
    /// # Ok::<(), postseal_host::ConfigurationError>(())
    /// ```
    pub const fn code(&self) -> Code {
        self.code
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for ConfigurationError {}

impl From<ConfigurationError> for Error {
    fn from(error: ConfigurationError) -> Self {
        error.code.into()
    }
}
