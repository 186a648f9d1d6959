use crate::cert::{Address, Certificate, Fingerprint};
use crate::error::Error;
use crate::private::Private;
use crate::query::Unavailable;
use crate::time::UnixTime;

/// What became of one mail.
///
/// ```
/// assert_eq!(postseal::import::Outcome::AlreadyKnown.name(), "already-known");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Stored: first contact, or nothing usable was left.
    Imported,
    /// Stored as the successor of the certificate in use.
    Renewed,
    /// Stored before.
    AlreadyKnown,
    /// Kept as a candidate; an operator decides.
    Held,
    /// Not stored; [`Report::error`] says why.
    Refused,
    /// The mail carries no S/MIME signature at its root.
    NotSigned,
    /// The tenant or route does not import.
    NotActive,
    /// The store did not answer; bring the mail again.
    Deferred,
}

impl Outcome {
    /// The name in reports.
    ///
    /// ```
    /// assert_eq!(postseal::import::Outcome::NotSigned.name(), "not-signed");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Renewed => "renewed",
            Self::AlreadyKnown => "already-known",
            Self::Held => "held",
            Self::Refused => "refused",
            Self::NotSigned => "not-signed",
            Self::NotActive => "not-active",
            Self::Deferred => "deferred",
        }
    }
}

/// What is known about a signature or a path.
///
/// ```
/// assert_eq!(postseal::import::Verdict::NotChecked.name(), "not-checked");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It holds.
    Valid,
    /// It does not hold.
    Invalid,
    /// Something before it failed, or it cannot be computed.
    #[default]
    NotChecked,
}

impl Verdict {
    /// The name in reports.
    ///
    /// ```
    /// assert_eq!(postseal::import::Verdict::Valid.name(), "valid");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::NotChecked => "not-checked",
        }
    }
}

/// Which certificate of the mail is the one to keep.
///
/// ```
/// assert_eq!(postseal::import::CandidateKind::KeyPreference.name(), "key-preference");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CandidateKind {
    /// The signer's own.
    Signer,
    /// The one that the signer prefers for encryption (RFC 8551 2.5.3).
    KeyPreference,
}

impl CandidateKind {
    /// The name in reports.
    ///
    /// ```
    /// assert_eq!(postseal::import::CandidateKind::Signer.name(), "signer");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signer => "signer",
            Self::KeyPreference => "key-preference",
        }
    }
}

/// The result of importing one mail: the outcome, and how far the proof went.
///
/// ```
/// use postseal::{Engine, UnixTime, import::{Context, Outcome}, verify::TrustAnchors};
/// # use postseal_testkit::MemoryStore;
/// let engine = Engine::new(TrustAnchors::default());
/// let report = engine.import_mail(b"\r\nhello", Context::new(UnixTime::from_seconds(0)), &MemoryStore::new(), &())?;
/// assert_eq!(report.outcome, Outcome::NotSigned);
/// # Ok::<(), postseal::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// What became of the mail.
    pub outcome: Outcome,
    /// The Message-ID, escaped and cut.
    pub message_id: Option<Private<String>>,
    /// The mailbox of the certificate, once From and certificate agree on it.
    pub address: Option<Private<Address>>,
    /// SHA-256 of the candidate, or of the signer's certificate when it did not get that far or is itself the reason.
    pub fingerprint: Option<Fingerprint>,
    /// Start of that certificate's validity.
    pub not_before: Option<UnixTime>,
    /// End of that certificate's validity.
    pub not_after: Option<UnixTime>,
    /// Whether the mail's signature holds.
    pub signature: Verdict,
    /// Whether a path to a trust anchor holds.
    pub path: Verdict,
    /// Which certificate of the mail is the candidate.
    pub candidate: Option<CandidateKind>,
    /// Why it was refused, held or deferred.
    pub error: Option<Error>,
    /// What the store said when it did not answer.
    pub unavailable: Option<Unavailable>,
}

impl Report {
    /// A report with nothing but an outcome.
    pub(crate) const fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            message_id: None,
            address: None,
            fingerprint: None,
            not_before: None,
            not_after: None,
            signature: Verdict::NotChecked,
            path: Verdict::NotChecked,
            candidate: None,
            error: None,
            unavailable: None,
        }
    }

    /// The certificate that the report is about from now on.
    pub(super) fn set_certificate(&mut self, certificate: &Certificate) {
        self.fingerprint = Some(certificate.fingerprint());
        self.not_before = Some(certificate.not_before());
        self.not_after = Some(certificate.not_after());
    }
}
