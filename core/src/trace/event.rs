use crate::cert::{Address, Fingerprint, Source};
use crate::directory::{DirectoryId, Origin};
use crate::error::Error;
use crate::private::Private;
use crate::revocation::Reason;
use crate::seal::ContentEncryption;
use crate::store::{Decision, Tenant};
use crate::time::UnixTime;

/// One decision: when, for whom, about which mail and mailbox, and what.
///
/// It has no field that could hold a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The engine's clock.
    pub at: UnixTime,
    /// Whose mail.
    pub tenant: Tenant,
    /// The route inside the tenant, when there is one.
    pub route: Option<String>,
    /// The Message-ID of the mail, escaped and cut.
    pub message: Option<Private<String>>,
    /// The mailbox that the decision is about, once it is known.
    pub address: Option<Private<Address>>,
    /// What was decided.
    pub kind: Kind,
}

impl Event {
    /// An event about an operator's decision; the others are made by the operations themselves.
    ///
    /// ```
    /// use postseal::{Address, UnixTime, store::{Decision, Tenant}, trace::{Event, Kind}};
    /// let kind = Kind::Decided { fingerprint: "00".repeat(32).parse()?, decision: Decision::Approve, by: "root".into() };
    /// let event = Event::by_operator(UnixTime::from_seconds(0), Tenant::default(), Address::parse("a@goal.example")?, kind);
    /// assert_eq!(event.kind.name(), "decided");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn by_operator(at: UnixTime, tenant: Tenant, address: Address, kind: Kind) -> Self {
        Self { at, tenant, route: None, message: None, address: Some(Private::new(address)), kind }
    }
}

/// What was decided. Each kind has what its reader needs to understand it, and nothing else.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The tenant or route does not import.
    NotActive,
    /// The mail carries no S/MIME signature at its root.
    NotSigned,
    /// The mail's signature verifies under this certificate.
    SignatureVerified {
        /// The signer's certificate.
        fingerprint: Fingerprint,
    },
    /// A path from the signer's certificate to a trust anchor holds.
    PathVerified {
        /// The signer's certificate.
        fingerprint: Fingerprint,
        /// The trust anchor.
        anchor: Fingerprint,
        /// Certificates in the path, the anchor not counted.
        length: usize,
    },
    /// A current source that the issuer answers for says that a certificate of a path is not revoked.
    RevocationGood {
        /// The certificate in question.
        fingerprint: Fingerprint,
    },
    /// Nothing that counts is known about the revocation of a certificate of a path. The policy says whether it passes.
    RevocationUnknown {
        /// The certificate in question.
        fingerprint: Fingerprint,
        /// Why.
        error: Error,
    },
    /// A certificate of a path is revoked.
    CertificateRevoked {
        /// Which.
        fingerprint: Fingerprint,
        /// Since when, as its issuer says.
        at: UnixTime,
        /// Why, as its issuer says.
        reason: Reason,
    },
    /// A revocation list that is about a certificate of a path does not count: it is forged, stale or somebody else's.
    CrlUnusable {
        /// SHA-256 of the list.
        crl: Fingerprint,
        /// Why.
        error: Error,
    },
    /// An OCSP response about a certificate does not count.
    OcspUnusable {
        /// The certificate in question.
        fingerprint: Fingerprint,
        /// Why.
        error: Error,
    },
    /// What was fetched from an address that a certificate names is not what it should be.
    SourceRejected {
        /// The address, escaped.
        at: String,
        /// Why.
        error: Error,
    },
    /// An address that a certificate names did not answer.
    SourceUnavailable {
        /// The address, escaped.
        at: String,
        /// What the host says about it, escaped.
        detail: String,
    },
    /// The signer prefers another certificate for encryption, and it passed the same checks.
    KeyPreferenceFollowed {
        /// The preferred certificate.
        fingerprint: Fingerprint,
    },
    /// The signer prefers another certificate for encryption, and this one that he may mean failed a check.
    KeyPreferenceRejected {
        /// The preferred certificate.
        fingerprint: Fingerprint,
        /// What is wrong with it.
        error: Error,
    },
    /// Certificates came with the mail that are neither the candidate nor on its path.
    BagIgnored {
        /// How many.
        count: usize,
    },
    /// Stored: first contact, or nothing usable was left.
    Imported {
        /// Where it came from.
        source: Source,
        /// SHA-256 of the certificate.
        fingerprint: Fingerprint,
        /// Start of its validity.
        not_before: UnixTime,
        /// End of its validity.
        not_after: UnixTime,
    },
    /// Stored as the successor of the certificate in use.
    Renewed {
        /// Where it came from.
        source: Source,
        /// SHA-256 of the certificate.
        fingerprint: Fingerprint,
        /// Start of its validity.
        not_before: UnixTime,
        /// End of its validity.
        not_after: UnixTime,
        /// The certificate it follows.
        previous: Fingerprint,
    },
    /// Stored before; nothing changes.
    AlreadyKnown {
        /// SHA-256 of the certificate.
        fingerprint: Fingerprint,
    },
    /// The owner of a stored certificate signed a newer list of capabilities.
    CapabilitiesUpdated {
        /// SHA-256 of the certificate.
        fingerprint: Fingerprint,
    },
    /// The path of a stored certificate held no longer: the mail's issuers took the place of those that were stored.
    PathUpdated {
        /// SHA-256 of the certificate.
        fingerprint: Fingerprint,
    },
    /// It contradicts what is stored; an operator decides.
    Held {
        /// Where it came from.
        source: Source,
        /// SHA-256 of the certificate.
        fingerprint: Fingerprint,
        /// Start of its validity.
        not_before: UnixTime,
        /// End of its validity.
        not_after: UnixTime,
        /// The certificate in use, if one is.
        active: Option<Fingerprint>,
    },
    /// Not stored, and why.
    Refused {
        /// The certificate in question, when it got that far.
        fingerprint: Option<Fingerprint>,
        /// The reason.
        error: Error,
    },
    /// Not stored because the store did not answer; the mail should be brought again.
    Deferred {
        /// The certificate in question.
        fingerprint: Option<Fingerprint>,
        /// The reason.
        error: Error,
    },
    /// A directory was asked about the recipient, and has no certificate.
    DirectoryHasNone {
        /// Which directory.
        directory: DirectoryId,
    },
    /// A directory did not answer about the recipient.
    DirectoryUnavailable {
        /// Which directory.
        directory: DirectoryId,
    },
    /// A certificate for the recipient was not taken, and why.
    CandidateRejected {
        /// Where it came from.
        source: Origin,
        /// SHA-256 of the certificate, if it could be read as one.
        fingerprint: Option<Fingerprint>,
        /// The reason.
        error: Error,
    },
    /// A certificate for the recipient passed every check.
    RecipientFound {
        /// Where it came from.
        source: Origin,
        /// SHA-256 of the certificate.
        fingerprint: Fingerprint,
    },
    /// The recipient cannot be reached, and why.
    RecipientMissed {
        /// The reason.
        error: Error,
    },
    /// A certificate that a directory lent is used to encrypt this message.
    LentUsed {
        /// Which directory.
        directory: DirectoryId,
        /// SHA-256 of the certificate.
        fingerprint: Fingerprint,
    },
    /// A certificate that a directory lent is gone from memory.
    LentDiscarded {
        /// Which directory.
        directory: DirectoryId,
        /// SHA-256 of the certificate.
        fingerprint: Fingerprint,
    },
    /// The message is encrypted without authentication, because not every recipient reads it otherwise.
    CbcFallback {
        /// What is used instead.
        content_encryption: ContentEncryption,
    },
    /// The mail is encrypted already, or says so.
    AlreadyEncrypted {
        /// Whether the policy lets it go as it is; otherwise it was refused.
        passed: bool,
    },
    /// The header fields could not be protected: the mail is signed, or its Content-Type takes no parameter more.
    HeadersNotProtected,
    /// A message is complete.
    Sealed {
        /// How its content is encrypted.
        content_encryption: ContentEncryption,
        /// How many recipients it has.
        recipients: usize,
        /// Octets of the message.
        octets: u64,
    },
    /// An operator brought a certificate, and it is in use from now on.
    Added {
        /// SHA-256 of the certificate.
        fingerprint: Fingerprint,
        /// Start of its validity.
        not_before: UnixTime,
        /// End of its validity.
        not_after: UnixTime,
        /// Who, as the host knows him.
        by: String,
    },
    /// An operator decided about a stored certificate.
    Decided {
        /// SHA-256 of the certificate.
        fingerprint: Fingerprint,
        /// What he said.
        decision: Decision,
        /// Who, as the host knows him.
        by: String,
    },
}

impl Kind {
    /// The name in traces. It never changes its meaning.
    ///
    /// ```
    /// assert_eq!(postseal::trace::Kind::NotSigned.name(), "not-signed");
    /// ```
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotActive => "not-active",
            Self::NotSigned => "not-signed",
            Self::SignatureVerified { .. } => "signature-verified",
            Self::PathVerified { .. } => "path-verified",
            Self::RevocationGood { .. } => "revocation-good",
            Self::RevocationUnknown { .. } => "revocation-unknown",
            Self::CertificateRevoked { .. } => "certificate-revoked",
            Self::CrlUnusable { .. } => "crl-unusable",
            Self::OcspUnusable { .. } => "ocsp-unusable",
            Self::SourceRejected { .. } => "source-rejected",
            Self::SourceUnavailable { .. } => "source-unavailable",
            Self::KeyPreferenceFollowed { .. } => "key-preference-followed",
            Self::KeyPreferenceRejected { .. } => "key-preference-rejected",
            Self::BagIgnored { .. } => "bag-ignored",
            Self::Imported { .. } => "imported",
            Self::Renewed { .. } => "renewed",
            Self::AlreadyKnown { .. } => "already-known",
            Self::CapabilitiesUpdated { .. } => "capabilities-updated",
            Self::PathUpdated { .. } => "path-updated",
            Self::Held { .. } => "held",
            Self::Refused { .. } => "refused",
            Self::Deferred { .. } => "deferred",
            Self::DirectoryHasNone { .. } => "directory-has-none",
            Self::DirectoryUnavailable { .. } => "directory-unavailable",
            Self::CandidateRejected { .. } => "candidate-rejected",
            Self::RecipientFound { .. } => "recipient-found",
            Self::RecipientMissed { .. } => "recipient-missed",
            Self::LentUsed { .. } => "lent-used",
            Self::LentDiscarded { .. } => "lent-discarded",
            Self::CbcFallback { .. } => "cbc-fallback",
            Self::AlreadyEncrypted { .. } => "already-encrypted",
            Self::HeadersNotProtected => "headers-not-protected",
            Self::Sealed { .. } => "sealed",
            Self::Added { .. } => "added",
            Self::Decided { .. } => "decided",
        }
    }
}
