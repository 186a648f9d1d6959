use super::digest::Sha1;
use crate::cert::SubjectEmail;

/// A set of rules for certificates and signatures, chosen at run time.
///
/// ```
/// use postseal::verify::Profile;
/// assert_eq!(Profile::from_name("legacy"), Some(Profile::Legacy));
/// assert_eq!(Profile::default().name(), "default");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// RFC 8550.
    #[default]
    Default,
    /// The S/MIME Baseline Requirements of the CA/Browser Forum, as far as one certificate and its path show them:
    /// [`BASELINE_RULES`](super::BASELINE_RULES).
    Strict,
    /// Private CAs and mail archives: SHA-1 as a message digest, mailboxes in the subject.
    Legacy,
}

/// The rules in which the profiles differ. Everything else holds in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Whether everything in [`BASELINE_RULES`](super::BASELINE_RULES) must hold for an end entity and the CAs above it. RFC 8550 asks for less: it
    /// takes a certificate without keyUsage and extKeyUsage, and with anyExtendedKeyUsage, as good for mail.
    pub(crate) baseline: bool,
    /// RFC 8551 2.1 has SHA-1 as historic. As a digest of the message only, never inside a certificate.
    pub(crate) message_sha1: Sha1,
    /// RFC 5652 5.4 wants DER; some old signers hashed the attributes in the order of sending.
    pub(crate) attributes_as_sent: bool,
    /// RFC 8550 3 knows mailboxes in the subject; S/MIME BR 7.1.4.2.1 wants each in the SAN.
    pub(crate) subject_email: SubjectEmail,
}

const fn rules(strict: bool, legacy: bool) -> Rules {
    Rules {
        baseline: strict,
        message_sha1: if legacy { Sha1::Tolerated } else { Sha1::Refused },
        attributes_as_sent: legacy,
        subject_email: if legacy { SubjectEmail::WhenNoMailboxInSan } else { SubjectEmail::Ignore },
    }
}

impl Profile {
    /// All profiles.
    ///
    /// ```
    /// assert_eq!(postseal::verify::Profile::ALL.len(), 3);
    /// ```
    pub const ALL: [Self; 3] = [Self::Default, Self::Strict, Self::Legacy];

    pub(crate) const fn rules(self) -> Rules {
        match self {
            Self::Default => rules(false, false),
            Self::Strict => rules(true, false),
            Self::Legacy => rules(false, true),
        }
    }

    /// When a mailbox in the subject counts.
    ///
    /// ```
    /// use postseal::{cert::SubjectEmail, verify::Profile};
    /// assert_eq!(Profile::Default.subject_email(), SubjectEmail::Ignore);
    /// ```
    pub const fn subject_email(self) -> SubjectEmail {
        self.rules().subject_email
    }

    /// The name in configurations.
    ///
    /// ```
    /// assert_eq!(postseal::verify::Profile::Strict.name(), "strict");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Strict => "strict",
            Self::Legacy => "legacy",
        }
    }

    /// The profile with this name.
    ///
    /// ```
    /// assert_eq!(postseal::verify::Profile::from_name("lax"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }
}
