use crate::report::RecipientReport;
use core::fmt;
use postseal::Code;
use postseal::query::Unavailable;
use postseal::resolve::Unsealed;
use postseal::trace::escape;
use postseal_host::ConfigurationError;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Whose fault it is that something did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Fault {
    /// The caller's: can be put right by reading the call. Never caused by the bytes of a mail.
    ApiMisuse,
    /// The input asks for more than a limit allows.
    LimitExceeded,
    /// The bytes do not follow their grammar.
    Malformed,
    /// The proof may be fine, but the profile says no.
    Refused,
    /// The world did not answer; try again later.
    Unavailable,
    /// The proof failed.
    Untrusted,
}

impl From<postseal::error::Fault> for Fault {
    fn from(fault: postseal::error::Fault) -> Self {
        use postseal::error::Fault as Core;
        match fault {
            Core::ApiMisuse => Self::ApiMisuse,
            Core::LimitExceeded => Self::LimitExceeded,
            Core::Malformed => Self::Malformed,
            Core::Refused => Self::Refused,
            Core::Unavailable => Self::Unavailable,
            Core::Untrusted => Self::Untrusted,
            // A kind that this binding does not know yet: nothing was decided for the caller.
            _ => Self::Unavailable,
        }
    }
}

/// Why something did not happen, from the table of codes. It holds nothing of a mail.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct Failure {
    /// The number that programs compare. It never changes its meaning.
    pub number: u16,
    /// The name in traces and on the command line.
    pub name: String,
    /// One English sentence about what is wrong, with the section that says so.
    pub sentence: String,
    /// Whose fault it is.
    pub fault: Fault,
    /// The byte at which it was seen, counted from the start of the object that was read.
    pub offset: Option<u64>,
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.number, self.name, self.sentence)?;
        self.offset.map_or(Ok(()), |offset| write!(f, " At byte {offset}."))
    }
}

impl From<postseal::Error> for Failure {
    fn from(error: postseal::Error) -> Self {
        let offset = error.offset().and_then(|offset| offset.try_into().ok());
        Self { offset, ..error.code().into() }
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        let (name, sentence) = (code.name().to_owned(), code.sentence().to_owned());
        Self { number: code.number(), name, sentence, fault: code.fault().into(), offset: None }
    }
}

/// Every code that there is, in the order of their numbers.
#[uniffi::export]
pub fn codes() -> Vec<Failure> {
    Code::ALL.iter().map(|code| (*code).into()).collect()
}

/// A call that did not do what it is for.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum EngineError {
    /// The call failed.
    #[error("{failure:?}")]
    Failed {
        /// Why.
        failure: Failure,
        /// What the code cannot say: which line of the configuration is wrong.
        detail: Option<String>,
    },
    /// No message was made. Whether waiting may help says the fault: `UNAVAILABLE`.
    #[error("{failure:?}")]
    Unsealed {
        /// Why; with recipients, the reason of the first of them that waiting does not mend.
        failure: Failure,
        /// The recipients who are the reason; none when it is the mail, the randomness or a limit.
        recipients: Vec<RecipientReport>,
    },
}

impl From<postseal::Error> for EngineError {
    fn from(error: postseal::Error) -> Self {
        Self::Failed { failure: error.into(), detail: None }
    }
}

impl From<Code> for EngineError {
    fn from(code: Code) -> Self {
        Self::Failed { failure: code.into(), detail: None }
    }
}

impl From<ConfigurationError> for EngineError {
    fn from(error: ConfigurationError) -> Self {
        Self::Failed { failure: error.code().into(), detail: Some(error.to_string()) }
    }
}

impl From<Unsealed> for EngineError {
    fn from(unsealed: Unsealed) -> Self {
        let recipients = unsealed.recipients.into_iter().map(Into::into).collect();
        Self::Unsealed { failure: unsealed.error.into(), recipients }
    }
}

/// What a store, directory, fetcher or tracer of the host raises. Whatever else it raises counts as the same.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum HostError {
    /// It could not be asked, or did not answer. Never the same as having nothing.
    #[error("{reason}")]
    Unavailable {
        /// One line for the host's own log: the file or the host that is out of reach, never a person.
        reason: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for HostError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable { reason: error.reason }
    }
}

impl From<HostError> for Unavailable {
    fn from(HostError::Unavailable { reason }: HostError) -> Self {
        Self::because(first_line(&reason))
    }
}

/// An answer of the host that is none. What the bytes were is not said.
impl From<EngineError> for HostError {
    fn from(error: EngineError) -> Self {
        Self::Unavailable { reason: error.to_string() }
    }
}

/// The first line of what a host said, escaped and cut: a stack trace is for its own log.
pub(crate) fn first_line(reason: &str) -> String {
    escape(reason.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no reason given"))
}

/// Runs what the host called. A panic is a mistake of the engine and becomes [`Code::InternalError`]; an operation that it happened
/// in is spent.
pub(crate) fn guard<T>(work: impl FnOnce() -> Result<T, EngineError>) -> Result<T, EngineError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Code::InternalError.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_says_the_same_here() {
        for (own, core) in codes().iter().zip(Code::ALL) {
            assert_eq!(
                (own.number, own.name.as_str(), own.sentence.as_str()),
                (core.number(), core.name(), core.sentence())
            );
            assert_eq!(format!("{:?}", own.fault), format!("{:?}", core.fault()));
        }
        assert_eq!(codes().len(), Code::ALL.len());
    }

    #[test]
    fn a_failure_shows_where() {
        let failure = Failure::from(postseal::Error::from(Code::DerTruncated).at(17));
        assert!(format!("{failure:?}").ends_with("At byte 17."), "{failure:?}");
        assert_eq!(failure.offset, Some(17));
    }

    #[test]
    fn of_what_a_host_says_one_line_is_kept() {
        let trace = "java.lang.IllegalStateException: gone\n\tat Store.find(Store.kt:7)\n\tat Main.main(Main.kt:1)";
        let unexpected = uniffi::UnexpectedUniFFICallbackError::new(trace);
        let unavailable = Unavailable::from(HostError::from(unexpected));
        assert_eq!(unavailable.detail(), "java.lang.IllegalStateException: gone");
        assert_eq!(first_line("\n \n"), "no reason given");
        assert_eq!(first_line("a\u{1b}[31m"), "a\\u{1b}[31m");
        assert!(first_line(&"y".repeat(9999)).len() < 300);
    }

    #[test]
    fn a_panic_is_an_internal_error() {
        let Err(EngineError::Failed { failure, detail }) = guard(|| -> Result<(), EngineError> { panic!("secret") })
        else {
            panic!("it was not caught");
        };
        assert_eq!((failure.number, detail), (508, None));
    }
}
