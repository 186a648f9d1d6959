use std::fmt;
use std::time::Duration;

/// Why a service did not give what it was asked for. The words name the service and what it said, as far as that is a code:
/// its sentences may repeat whom it was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: Kind,
    words: String,
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The request was understood and is not one that can be answered: as a property that does not exist.
    BadRequest,
    /// What would answer is turned off or never was there.
    Blocked,
    /// The application may not.
    Forbidden,
    /// The service works and withholds the octets of certificates.
    Withheld,
    /// It has more than is taken.
    TooMuch,
    /// It is out of order or out of reach.
    Outage,
    /// It asks to be left alone for so long.
    Throttled(Duration),
}

impl Fault {
    pub(super) fn new(kind: Kind, words: impl Into<String>) -> Self {
        Self { kind, words: words.into() }
    }

    pub(super) fn outage(words: impl Into<String>) -> Self {
        Self::new(Kind::Outage, words)
    }

    /// With the host in front.
    pub(super) fn at(self, host: &str) -> Self {
        Self { kind: self.kind, words: format!("{host}: {}", self.words) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

/// Characters of a code that are shown.
const CODE: usize = 64;

/// A code as servers write it, and nothing that is a sentence, a name or an escape: `Request_UnsupportedQuery`.
pub(super) fn code(text: &str) -> Option<&str> {
    let is_code = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'_' || octet == b'.' || octet == b'-';
    (!text.is_empty() && text.len() <= CODE && text.bytes().all(is_code)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_are_shown() {
        assert_eq!(code("Request_UnsupportedQuery"), Some("Request_UnsupportedQuery"));
        for text in ["", "alice@goal.example", "two words", "\u{1b}[2J", "x\ny", &"x".repeat(65)] {
            assert_eq!(code(text), None, "{text:?}");
        }
    }
}
