use super::reason::Reason;
use crate::error::Error;
use crate::time::UnixTime;

/// What is known of a certificate's revocation.
///
/// ```
/// use postseal::revocation::Status;
/// assert_eq!(Status::Good.name(), "good");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the three states of RFC 6960 2.2, and of every list")]
pub enum Status {
    /// A current source that its issuer answers for says that it is not revoked.
    Good,
    /// It is revoked.
    Revoked {
        /// Since when, as its issuer says.
        at: UnixTime,
        /// Why, as its issuer says.
        reason: Reason,
    },
    /// No source that counts says anything.
    Unknown(Error),
}

impl Status {
    /// The name in traces.
    ///
    /// ```
    /// use postseal::{Code, revocation::Status};
    /// assert_eq!(Status::Unknown(Code::RevocationUnknown.into()).name(), "unknown");
    /// ```
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Revoked { .. } => "revoked",
            Self::Unknown(_) => "unknown",
        }
    }
}
