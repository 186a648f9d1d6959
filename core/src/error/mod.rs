//! What can go wrong, by whose fault it is, with stable codes.

mod code;

pub use code::{Code, Fault};
use core::fmt;

/// Why something did not happen: a stable [`Code`], and where in the input it was seen when that helps.
///
/// It holds nothing of a mail: no address, no name, no bytes. Two errors are equal when they say the same.
///
/// ```
/// use postseal::{Code, Error, error::Fault};
/// let error = Error::from(Code::DerTruncated).at(17);
/// assert_eq!(error.code(), Code::DerTruncated);
/// assert_eq!(error.fault(), Fault::Malformed);
/// assert_eq!(error.to_string(), "An ASN.1 element ends before its length says (X.690 8.1). At byte 17.");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Error {
    code: Code,
    offset: Option<usize>,
}

impl Error {
    pub(crate) const fn new(code: Code) -> Self {
        Self { code, offset: None }
    }

    /// The same error with the byte at which it was seen, counted from the start of the object that was read. A place
    /// that was noted before stays: the reader nearest to the fault knows best.
    ///
    /// ```
    /// use postseal::{Code, Error};
    /// assert_eq!(Error::from(Code::DerTag).at(3).at(9).offset(), Some(3));
    /// ```
    #[must_use]
    pub fn at(mut self, offset: usize) -> Self {
        self.offset.get_or_insert(offset);
        self
    }

    /// The stable code.
    ///
    /// ```
    /// use postseal::{Code, Error};
    /// assert_eq!(Error::from(Code::DerTag).code(), Code::DerTag);
    /// ```
    pub const fn code(&self) -> Code {
        self.code
    }

    /// Whose fault it is.
    ///
    /// ```
    /// use postseal::{Code, Error, error::Fault};
    /// assert_eq!(Error::from(Code::WeakDigest).fault(), Fault::Refused);
    /// ```
    pub const fn fault(&self) -> Fault {
        self.code.fault()
    }

    /// The byte at which the fault was seen, when it has a place.
    ///
    /// ```
    /// use postseal::{Code, Error};
    /// assert_eq!(Error::from(Code::WeakDigest).offset(), None);
    /// ```
    pub const fn offset(&self) -> Option<usize> {
        self.offset
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self { code, offset: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.sentence())?;
        match self.offset {
            Some(offset) => write!(f, " At byte {offset}."),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
