use crate::error::Failure;
use core::fmt;
use postseal::{UnixTime, import, resolve, seal};

/// What became of one mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ImportOutcome {
    /// Stored: first contact, or nothing usable was left.
    Imported,
    /// Stored as the successor of the certificate in use.
    Renewed,
    /// Stored before.
    AlreadyKnown,
    /// Kept as a candidate; an operator decides.
    Held,
    /// Not stored; the error says why.
    Refused,
    /// The mail carries no S/MIME signature at its root.
    NotSigned,
    /// The tenant or route does not import.
    NotActive,
    /// The store did not answer; bring the mail again.
    Deferred,
}

impl From<import::Outcome> for ImportOutcome {
    fn from(outcome: import::Outcome) -> Self {
        use import::Outcome as Core;
        match outcome {
            Core::Imported => Self::Imported,
            Core::Renewed => Self::Renewed,
            Core::AlreadyKnown => Self::AlreadyKnown,
            Core::Held => Self::Held,
            Core::Refused => Self::Refused,
            Core::NotSigned => Self::NotSigned,
            Core::NotActive => Self::NotActive,
            // One that this binding does not know yet is not taken for a success.
            _ => Self::Deferred,
        }
    }
}

/// What is known about a signature or a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Verdict {
    /// It holds.
    Valid,
    /// It does not hold.
    Invalid,
    /// Something before it failed, or it cannot be computed.
    NotChecked,
}

impl From<import::Verdict> for Verdict {
    fn from(verdict: import::Verdict) -> Self {
        match verdict {
            import::Verdict::Valid => Self::Valid,
            import::Verdict::Invalid => Self::Invalid,
            _ => Self::NotChecked,
        }
    }
}

/// Which certificate of the mail is the one to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum CandidateKind {
    /// The signer's own.
    Signer,
    /// The one that the signer prefers for encryption (RFC 8551 2.5.3).
    KeyPreference,
}

/// The result of importing one mail: the outcome, and how far the proof went.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct ImportReport {
    /// What became of the mail.
    pub outcome: ImportOutcome,
    /// The Message-ID, escaped and cut.
    pub message_id: Option<String>,
    /// The mailbox of the certificate, once From and certificate agree on it.
    pub address: Option<String>,
    /// SHA-256 of the candidate, or of the signer's certificate when it did not get that far: 64 hexadecimal digits.
    pub fingerprint: Option<String>,
    /// Start of that certificate's validity, in seconds since 1970.
    pub not_before: Option<i64>,
    /// End of that certificate's validity, in seconds since 1970.
    pub not_after: Option<i64>,
    /// Whether the mail's signature holds.
    pub signature: Verdict,
    /// Whether a path to a trust anchor holds.
    pub path: Verdict,
    /// Which certificate of the mail is the candidate.
    pub candidate: Option<CandidateKind>,
    /// Why it was refused, held or deferred.
    pub error: Option<Failure>,
    /// What the store said when it did not answer.
    pub unavailable: Option<String>,
}

impl fmt::Debug for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.error.as_ref().map(|error| &error.name);
        f.debug_struct("ImportReport").field("outcome", &self.outcome).field("error", &error).finish_non_exhaustive()
    }
}

impl From<import::Report> for ImportReport {
    fn from(report: import::Report) -> Self {
        let candidate = report.candidate.and_then(|kind| match kind {
            import::CandidateKind::Signer => Some(CandidateKind::Signer),
            import::CandidateKind::KeyPreference => Some(CandidateKind::KeyPreference),
            _ => None,
        });
        Self {
            outcome: report.outcome.into(),
            message_id: report.message_id.map(postseal::Private::into_inner),
            address: report.address.map(|address| address.expose().as_str().to_owned()),
            fingerprint: report.fingerprint.map(|fingerprint| fingerprint.to_string()),
            not_before: report.not_before.map(UnixTime::seconds),
            not_after: report.not_after.map(UnixTime::seconds),
            signature: report.signature.into(),
            path: report.path.into(),
            candidate,
            error: report.error.map(Into::into),
            unavailable: report.unavailable.map(|unavailable| unavailable.detail().to_owned()),
        }
    }
}

/// What became of one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum RecipientOutcome {
    /// There is a certificate that passed every check now.
    Found,
    /// The store and every directory were asked, and have none.
    NotFound,
    /// There are certificates, and none of them can be used.
    Unusable,
    /// The store or a directory did not answer, so that nobody knows. Never the same as not found.
    Unavailable,
    /// Nobody was asked: the route does not encrypt, or the list of recipients is not one.
    NotAsked,
}

impl From<resolve::Outcome> for RecipientOutcome {
    fn from(outcome: resolve::Outcome) -> Self {
        use resolve::Outcome as Core;
        match outcome {
            Core::Found => Self::Found,
            Core::NotFound => Self::NotFound,
            Core::Unusable => Self::Unusable,
            Core::NotAsked => Self::NotAsked,
            // One that this binding does not know yet is not taken for "none".
            _ => Self::Unavailable,
        }
    }
}

/// A certificate that will be encrypted to. Of one that a directory lends, this is all there ever is.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Found {
    /// Where it came from: `store`, or the name of the directory.
    pub source: String,
    /// SHA-256 of the certificate: 64 hexadecimal digits.
    pub fingerprint: String,
}

/// A candidate that was not taken, and why.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Rejected {
    /// Where it came from: `store`, or the name of the directory.
    pub source: String,
    /// SHA-256 of the certificate, if it could be read as one.
    pub fingerprint: Option<String>,
    /// The check that it failed.
    pub error: Failure,
}

/// One recipient: the outcome, what was found, and every candidate that was rejected.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct RecipientReport {
    /// The address as the host gave it.
    pub address: String,
    /// Whether the other recipients must not learn of this one.
    pub hidden: bool,
    /// What became of it.
    pub outcome: RecipientOutcome,
    /// The certificates to encrypt to, the best first.
    pub found: Vec<Found>,
    /// What was not taken, the store's first, each source's best first.
    pub rejected: Vec<Rejected>,
    /// Why nothing was found: of several reasons that of the best candidate.
    pub error: Option<Failure>,
    /// Who did not answer.
    pub unavailable: Option<String>,
    /// Whether an operator has to decide first.
    pub needs_operator: bool,
    /// Whether a host that may send plaintext to recipients who cannot be reached may do so to this one.
    pub may_get_plaintext: bool,
}

impl fmt::Debug for RecipientReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.error.as_ref().map(|error| &error.name);
        let mut shown = f.debug_struct("RecipientReport");
        shown.field("outcome", &self.outcome).field("error", &error).field("hidden", &self.hidden);
        shown.finish_non_exhaustive()
    }
}

impl From<resolve::RecipientReport> for RecipientReport {
    fn from(report: resolve::RecipientReport) -> Self {
        let may_get_plaintext = report.may_get_plaintext();
        let found = report
            .found
            .into_iter()
            .map(|found| Found { source: found.source.name().to_owned(), fingerprint: found.fingerprint.to_string() });
        let rejected = report.rejected.into_iter().map(|rejected| Rejected {
            source: rejected.source.name().to_owned(),
            fingerprint: rejected.fingerprint.map(|fingerprint| fingerprint.to_string()),
            error: rejected.error.into(),
        });
        Self {
            address: report.address.expose().as_str().to_owned(),
            hidden: report.hidden,
            outcome: report.outcome.into(),
            found: found.collect(),
            rejected: rejected.collect(),
            error: report.error.map(Into::into),
            unavailable: report.unavailable.map(|unavailable| unavailable.detail().to_owned()),
            needs_operator: report.needs_operator,
            may_get_plaintext,
        }
    }
}

/// One finished message.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct SealedMail {
    /// For whom: the recipients of its envelope.
    pub addresses: Vec<String>,
    /// Whether it is for one hidden recipient.
    pub hidden: bool,
    /// How its content is encrypted: `aes256-gcm`.
    pub content_encryption: String,
    /// The message, ready to be sent.
    pub mail: Vec<u8>,
}

impl fmt::Debug for SealedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (recipients, octets) = (self.addresses.len(), self.mail.len());
        let mut shown = f.debug_struct("SealedMail");
        shown.field("recipients", &recipients).field("hidden", &self.hidden).field("octets", &octets);
        shown.field("content_encryption", &self.content_encryption).finish()
    }
}

/// What came of encrypting one mail.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Encryption {
    /// The messages to send: one for all visible recipients, or one for each content encryption that some of them read where none
    /// is common to all; one for each hidden one.
    pub messages: Vec<SealedMail>,
    /// Those who get none of them.
    pub left_out: Vec<RecipientReport>,
    /// Whether the route lets the host send plaintext to those who are left out, as far as `may_get_plaintext` says so of each. For
    /// whom nobody answered, try again.
    pub plaintext_allowed: bool,
    /// The mail is encrypted already, and the policy says to send it as it is to all recipients.
    pub is_passed: bool,
}

impl From<seal::Encryption> for Encryption {
    fn from(encryption: seal::Encryption) -> Self {
        let messages = encryption.messages.into_iter().map(|message| SealedMail {
            addresses: message.addresses.iter().map(|address| address.as_str().to_owned()).collect(),
            hidden: message.hidden,
            content_encryption: message.content_encryption.name().to_owned(),
            mail: message.mail,
        });
        Self {
            messages: messages.collect(),
            left_out: encryption.left_out.into_iter().map(Into::into).collect(),
            plaintext_allowed: encryption.plaintext_allowed,
            is_passed: encryption.is_passed,
        }
    }
}
