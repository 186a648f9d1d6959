use crate::output::plain;
use postseal::error::Fault;
use postseal::query::Unavailable;
use postseal::{Code, Error};
use postseal_host::ConfigurationError;
use std::fmt;
use std::process::ExitCode;

/// Why the command ends early: a line, or one for each recipient, and the exit code that says whose fault it is.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Wrong usage or configuration: exit code 2.
    Usage(String),
    /// Some input could not be read, or some output not be written: exit code 1.
    Input(String),
    /// No message was made, because of the recipients or the mail: exit code 65 (EX_DATAERR).
    Unsealed(String),
    /// A store or a directory did not answer: exit code 75 (EX_TEMPFAIL).
    TryAgain(String),
}

impl Failure {
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Input(_) => ExitCode::from(1),
            Self::Unsealed(_) => ExitCode::from(65),
            Self::TryAgain(_) => ExitCode::from(75),
        }
    }

    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::Usage(said(&[message]))
    }

    pub(crate) fn input(message: impl fmt::Display) -> Self {
        Self::Input(said(&[message]))
    }

    pub(crate) fn unsealed(lines: &[impl fmt::Display]) -> Self {
        Self::Unsealed(said(lines))
    }

    pub(crate) fn try_again(lines: &[impl fmt::Display]) -> Self {
        Self::TryAgain(said(lines))
    }
}

/// These lines and no others: what stands in a message may be the name of a file.
fn said(lines: &[impl fmt::Display]) -> String {
    lines.iter().map(|line| plain(&line.to_string())).collect::<Vec<_>>().join("\n")
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) | Self::Input(message) | Self::Unsealed(message) | Self::TryAgain(message) => {
                f.write_str(message)
            }
        }
    }
}

impl From<ConfigurationError> for Failure {
    fn from(error: ConfigurationError) -> Self {
        match error.code() {
            Code::StoreUnavailable => Self::try_again(&[error]),
            _ => Self::usage(error),
        }
    }
}

/// A store that did not answer may answer later, whoever asks it.
impl From<Unavailable> for Failure {
    fn from(unavailable: Unavailable) -> Self {
        Self::try_again(&[unavailable])
    }
}

/// What an operation failed with.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.fault() {
            Fault::Unavailable => Self::try_again(&[error]),
            _ => Self::input(error),
        }
    }
}
