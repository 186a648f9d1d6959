use postseal::{Code, Error};
use std::fmt;
use std::path::Path;

/// Why a configuration cannot be used: one line for whoever wrote it, which names the file, the table or the option.
///
/// ```
/// use postseal::Code;
/// use postseal_host::Configuration;
/// let error = Configuration::parse("improt = true", "".as_ref()).unwrap_err();
/// assert!(error.to_string().contains("unknown field `improt`"));
/// assert_eq!(error.code(), Code::ConfigurationInvalid);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationError {
    code: Code,
    words: String,
}

impl ConfigurationError {
    pub(crate) fn new(words: impl fmt::Display) -> Self {
        Self { code: Code::ConfigurationInvalid, words: words.to_string() }
    }

    pub(crate) fn of_file(file: &Path, reason: impl fmt::Display) -> Self {
        Self::new(format_args!("{}: {reason}", file.display()))
    }

    pub(crate) fn of_directory(name: &str, reason: impl fmt::Display) -> Self {
        Self::new(format_args!("[directory.{name}]: {reason}"))
    }

    /// The store cannot be opened: what is configured may be right.
    pub(crate) fn of_store(reason: impl fmt::Display) -> Self {
        Self { code: Code::StoreUnavailable, words: reason.to_string() }
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
