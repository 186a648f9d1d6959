use crate::cert::{Address, Fingerprint};
use crate::directory::Origin;
use crate::error::{Code, Error, Fault};
use crate::private::Private;
use crate::query::Unavailable;
use core::fmt;

/// What became of one recipient.
///
/// ```
/// assert_eq!(postseal::resolve::Outcome::NotFound.name(), "not-found");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// There is a certificate that passed every check now.
    Found,
    /// The store and every directory were asked, and have none.
    NotFound,
    /// There are certificates, and none of them can be used.
    Unusable,
    /// Nobody knows: the store or a directory did not answer, or not to the end; the policy wants a revocation state that is
    /// not known; a missing issuer was not given; or a limit left something unread. Never the same as
    /// [`Outcome::NotFound`].
    Unavailable,
    /// Nobody was asked: the route does not encrypt, or the list of recipients is not one.
    NotAsked,
}

impl Outcome {
    /// The name in reports.
    ///
    /// ```
    /// assert_eq!(postseal::resolve::Outcome::Unavailable.name(), "unavailable");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NotFound => "not-found",
            Self::Unusable => "unusable",
            Self::Unavailable => "unavailable",
            Self::NotAsked => "not-asked",
        }
    }
}

/// A certificate that will be encrypted to, as far as it may be told: of one that a directory lends, source and fingerprint
/// are all there ever is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// Where it came from.
    pub source: Origin,
    /// SHA-256 of the certificate.
    pub fingerprint: Fingerprint,
}

/// A candidate that was not taken, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// Where it came from.
    pub source: Origin,
    /// SHA-256 of the certificate, if it could be read as one.
    pub fingerprint: Option<Fingerprint>,
    /// The check that it failed.
    pub error: Error,
}

/// One recipient: the outcome, what was found, and every candidate that was rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecipientReport {
    /// The address as the host gave it.
    pub address: Private<Address>,
    /// Whether the other recipients must not learn of this one.
    pub hidden: bool,
    /// What became of it.
    pub outcome: Outcome,
    /// The certificates to encrypt to, the best first.
    pub found: Vec<Found>,
    /// What was not taken, the store's first, each source's best first.
    pub rejected: Vec<Rejected>,
    /// Why nothing was found: of several reasons that of the best candidate.
    pub error: Option<Error>,
    /// Who did not answer, or what was not read.
    pub unavailable: Option<Unavailable>,
    /// Whether an operator has to decide first: a certificate that he pinned cannot be used; or one waits for him that
    /// contradicts the active one, and nothing else can be used or the policy fails closed. A sender can bring the second
    /// about.
    pub needs_operator: bool,
}

impl RecipientReport {
    /// Whether a host that may send plaintext to recipients who cannot be reached ([`Mode::IfPossible`]) may do so to this
    /// one: not when nobody answered, not when an operator has to decide, and not to somebody with a good certificate whose
    /// programs read nothing that the policy allows: he is as well known as the others.
    ///
    /// [`Mode::IfPossible`]: crate::seal::Mode::IfPossible
    ///
    /// ```
    /// use postseal::resolve::Plan;
    /// fn in_the_clear(plan: &Plan) -> usize {
    ///     plan.left_out.iter().filter(|report| plan.plaintext_allowed && report.may_get_plaintext()).count()
    /// }
    /// # let _ = in_the_clear;
    /// ```
    pub fn may_get_plaintext(&self) -> bool {
        let has_none = matches!(self.outcome, Outcome::NotFound | Outcome::Unusable | Outcome::NotAsked);
        has_none && !self.needs_operator && !self.rejected.iter().any(|rejected| is_of_policy(rejected.error))
    }

    /// One that nobody was asked about.
    pub(super) const fn not_asked(address: Address, hidden: bool, error: Error) -> Self {
        Self {
            address: Private::new(address),
            hidden,
            outcome: Outcome::NotAsked,
            found: Vec::new(),
            rejected: Vec::new(),
            error: Some(error),
            unavailable: None,
            needs_operator: false,
        }
    }
}

/// Whether a certificate is good, and only what its owner's programs read is not what the policy allows.
pub(super) fn is_of_policy(error: Error) -> bool {
    matches!(error.code(), Code::AeadNotSupported | Code::ContentEncryptionMismatch)
}

/// No message was made, and why: something about the message, or the recipients who cannot be reached, each by name.
///
/// ```
/// use postseal::{Code, Engine, UnixTime, resolve::Context, verify::TrustAnchors};
/// let engine = Engine::new(TrustAnchors::default());
/// let context = Context::new(UnixTime::from_seconds(0), std::sync::Arc::new(()));
/// let unsealed = engine.resolve(Vec::new(), Vec::new(), context).unwrap_err();
/// assert_eq!(unsealed.error.code(), Code::RecipientsMissing);
/// assert!(!unsealed.is_temporary());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsealed {
    /// What is at fault. With recipients: the reason of the first of them that waiting does not mend.
    pub error: Error,
    /// The recipients who are the reason; none when it is the message, the randomness or a limit.
    pub recipients: Vec<RecipientReport>,
}

impl Unsealed {
    /// Because of these recipients.
    pub(crate) fn because_of(recipients: Vec<RecipientReport>) -> Self {
        let waits = |report: &RecipientReport| report.error.is_some_and(|error| error.fault() == Fault::Unavailable);
        let lasting = recipients.iter().find(|report| !waits(report)).or_else(|| recipients.first());
        let error = lasting.and_then(|report| report.error).unwrap_or_else(|| Code::RecipientsMissing.into());
        Self { error, recipients }
    }

    /// Whether the same message may succeed later: a store, a directory or the randomness did not answer, and nothing else
    /// is wrong.
    ///
    /// ```
    /// fn reply(unsealed: &postseal::resolve::Unsealed) -> &'static str {
    ///     if unsealed.is_temporary() { "451 try again" } else { "554 cannot be encrypted" }
    /// }
    /// # let _ = reply;
    /// ```
    pub fn is_temporary(&self) -> bool {
        self.error.fault() == Fault::Unavailable
    }
}

impl From<Error> for Unsealed {
    fn from(error: Error) -> Self {
        Self { error, recipients: Vec::new() }
    }
}

impl fmt::Display for Unsealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        match self.recipients.len() {
            0 => Ok(()),
            1 => f.write_str(" One recipient cannot be reached."),
            count => write!(f, " {count} recipients cannot be reached."),
        }
    }
}

impl std::error::Error for Unsealed {}

/// Where the search for one recipient ended, and the reason that says most.
pub(super) fn conclude(is_found: bool, rejected: &[Rejected], unavailable: Option<Error>) -> (Outcome, Option<Error>) {
    match (is_found, unavailable, rejected.first()) {
        (true, _, _) => (Outcome::Found, None),
        (false, Some(error), _) => (Outcome::Unavailable, Some(error)),
        (false, None, Some(best)) => (Outcome::Unusable, Some(best.error)),
        (false, None, None) => (Outcome::NotFound, Some(Code::NoCertificate.into())),
    }
}
