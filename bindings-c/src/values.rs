//! The sets of values that cross the boundary as numbers. 0 is in none of them; a number is never given twice.

use crate::guard::plain;
use core::ffi::{CStr, c_char};
use core::ptr;
use postseal::cert::Source;
use postseal::error::Fault;
use postseal::import::{CandidateKind, Outcome, Verdict};
use postseal::resolve;
use postseal::store::{Decision, State};

/// Number, value, name.
pub(crate) type Set<T> = &'static [(i32, T, &'static CStr)];

/// The number of a value; 0 for one that came later than this table.
pub(crate) fn number_of<T: PartialEq>(set: Set<T>, value: T) -> i32 {
    set.iter().find(|(_, candidate, _)| *candidate == value).map_or(0, |(number, _, _)| *number)
}

/// The value of a number.
pub(crate) fn value_of<T: Copy>(set: Set<T>, number: i32) -> Option<T> {
    set.iter().find(|(candidate, _, _)| *candidate == number).map(|(_, value, _)| *value)
}

fn name_of<T>(set: Set<T>, number: i32) -> *const c_char {
    plain(ptr::null(), || set.iter().find(|(candidate, _, _)| *candidate == number).map(|(_, _, name)| name.as_ptr()))
}

/// The questions, as far as they cross the boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    FindStored,
    PutStored,
    ResolveDirectory,
    FetchCrl,
    FetchOcsp,
    FetchIssuer,
    Entries,
}

/// A change without what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Activate,
    Renew,
    Hold,
    UpdateCapabilities,
    Decide,
    UpdatePath,
}

/// Stored: first contact, or nothing usable was left.
pub const POSTSEAL_OUTCOME_IMPORTED: i32 = 1;
/// Stored as the successor of the certificate in use.
pub const POSTSEAL_OUTCOME_RENEWED: i32 = 2;
/// Stored before.
pub const POSTSEAL_OUTCOME_ALREADY_KNOWN: i32 = 3;
/// Kept as a candidate; an operator decides.
pub const POSTSEAL_OUTCOME_HELD: i32 = 4;
/// Not stored; the error of the report says why.
pub const POSTSEAL_OUTCOME_REFUSED: i32 = 5;
/// The mail carries no S/MIME signature at its root.
pub const POSTSEAL_OUTCOME_NOT_SIGNED: i32 = 6;
/// The tenant or route does not import.
pub const POSTSEAL_OUTCOME_NOT_ACTIVE: i32 = 7;
/// The store did not answer; bring the mail again.
pub const POSTSEAL_OUTCOME_DEFERRED: i32 = 8;

pub(crate) const OUTCOMES: Set<Outcome> = &[
    (POSTSEAL_OUTCOME_IMPORTED, Outcome::Imported, c"imported"),
    (POSTSEAL_OUTCOME_RENEWED, Outcome::Renewed, c"renewed"),
    (POSTSEAL_OUTCOME_ALREADY_KNOWN, Outcome::AlreadyKnown, c"already-known"),
    (POSTSEAL_OUTCOME_HELD, Outcome::Held, c"held"),
    (POSTSEAL_OUTCOME_REFUSED, Outcome::Refused, c"refused"),
    (POSTSEAL_OUTCOME_NOT_SIGNED, Outcome::NotSigned, c"not-signed"),
    (POSTSEAL_OUTCOME_NOT_ACTIVE, Outcome::NotActive, c"not-active"),
    (POSTSEAL_OUTCOME_DEFERRED, Outcome::Deferred, c"deferred"),
];

/// What became of a mail that was brought to be learned from. The name of a `POSTSEAL_OUTCOME_*`, as in traces and reports. It is never freed. NULL for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn postseal_outcome_name(outcome: i32) -> *const c_char {
    name_of(OUTCOMES, outcome)
}

/// It holds.
pub const POSTSEAL_VERDICT_VALID: i32 = 1;
/// It does not hold.
pub const POSTSEAL_VERDICT_INVALID: i32 = 2;
/// Something before it failed, or it cannot be computed.
pub const POSTSEAL_VERDICT_NOT_CHECKED: i32 = 3;

pub(crate) const VERDICTS: Set<Verdict> = &[
    (POSTSEAL_VERDICT_VALID, Verdict::Valid, c"valid"),
    (POSTSEAL_VERDICT_INVALID, Verdict::Invalid, c"invalid"),
    (POSTSEAL_VERDICT_NOT_CHECKED, Verdict::NotChecked, c"not-checked"),
];

/// What is known about a signature or a path. The name of a `POSTSEAL_VERDICT_*`, as in traces and reports. It is never freed. NULL for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn postseal_verdict_name(verdict: i32) -> *const c_char {
    name_of(VERDICTS, verdict)
}

/// The signer's own.
pub const POSTSEAL_CANDIDATE_SIGNER: i32 = 1;
/// The one that the signer prefers for encryption (RFC 8551 2.5.3).
pub const POSTSEAL_CANDIDATE_KEY_PREFERENCE: i32 = 2;

pub(crate) const CANDIDATES: Set<CandidateKind> = &[
    (POSTSEAL_CANDIDATE_SIGNER, CandidateKind::Signer, c"signer"),
    (POSTSEAL_CANDIDATE_KEY_PREFERENCE, CandidateKind::KeyPreference, c"key-preference"),
];

/// Which certificate of a mail is the one to keep. The name of a `POSTSEAL_CANDIDATE_*`, as in traces and reports. It is never freed. NULL for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn postseal_candidate_name(candidate: i32) -> *const c_char {
    name_of(CANDIDATES, candidate)
}

/// There is a certificate that passed every check now.
pub const POSTSEAL_RECIPIENT_FOUND: i32 = 1;
/// The store and every directory were asked, and have none.
pub const POSTSEAL_RECIPIENT_NOT_FOUND: i32 = 2;
/// There are certificates, and none of them can be used.
pub const POSTSEAL_RECIPIENT_UNUSABLE: i32 = 3;
/// The store or a directory did not answer, so that nobody knows. Never the same as not found.
pub const POSTSEAL_RECIPIENT_UNAVAILABLE: i32 = 4;
/// Nobody was asked: the route does not encrypt, or the list of recipients is not one.
pub const POSTSEAL_RECIPIENT_NOT_ASKED: i32 = 5;

pub(crate) const RECIPIENTS: Set<resolve::Outcome> = &[
    (POSTSEAL_RECIPIENT_FOUND, resolve::Outcome::Found, c"found"),
    (POSTSEAL_RECIPIENT_NOT_FOUND, resolve::Outcome::NotFound, c"not-found"),
    (POSTSEAL_RECIPIENT_UNUSABLE, resolve::Outcome::Unusable, c"unusable"),
    (POSTSEAL_RECIPIENT_UNAVAILABLE, resolve::Outcome::Unavailable, c"unavailable"),
    (POSTSEAL_RECIPIENT_NOT_ASKED, resolve::Outcome::NotAsked, c"not-asked"),
];

/// What became of one recipient. The name of a `POSTSEAL_RECIPIENT_*`, as in traces and reports. It is never freed. NULL for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn postseal_recipient_outcome_name(recipient_outcome: i32) -> *const c_char {
    name_of(RECIPIENTS, recipient_outcome)
}

/// In use.
pub const POSTSEAL_STATE_ACTIVE: i32 = 1;
/// Was in use before the active one; stays usable until it ends.
pub const POSTSEAL_STATE_SUPERSEDED: i32 = 2;
/// A candidate that contradicts what is in use; an operator decides.
pub const POSTSEAL_STATE_HELD: i32 = 3;
/// An operator said no. It stays, so that it is refused when it comes again.
pub const POSTSEAL_STATE_REJECTED: i32 = 4;
/// An operator switched it off. It stays as well.
pub const POSTSEAL_STATE_DISABLED: i32 = 5;
/// An operator chose it. Nothing that mail brings replaces it.
pub const POSTSEAL_STATE_PINNED: i32 = 6;

pub(crate) const STATES: Set<State> = &[
    (POSTSEAL_STATE_ACTIVE, State::Active, c"active"),
    (POSTSEAL_STATE_SUPERSEDED, State::Superseded, c"superseded"),
    (POSTSEAL_STATE_HELD, State::Held, c"held"),
    (POSTSEAL_STATE_REJECTED, State::Rejected, c"rejected"),
    (POSTSEAL_STATE_DISABLED, State::Disabled, c"disabled"),
    (POSTSEAL_STATE_PINNED, State::Pinned, c"pinned"),
];

/// What a stored certificate is to its mailbox. The name of a `POSTSEAL_STATE_*`, as in traces and reports. It is never freed. NULL for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn postseal_state_name(state: i32) -> *const c_char {
    name_of(STATES, state)
}

/// Learned from a signed mail.
pub const POSTSEAL_SOURCE_SIGNED_MAIL: i32 = 1;
/// Added by an operator.
pub const POSTSEAL_SOURCE_OPERATOR: i32 = 2;

pub(crate) const SOURCES: Set<Source> = &[
    (POSTSEAL_SOURCE_SIGNED_MAIL, Source::SignedMail, c"signed-mail"),
    (POSTSEAL_SOURCE_OPERATOR, Source::Operator, c"operator"),
];

/// How a certificate came into the store. The name of a `POSTSEAL_SOURCE_*`, as in traces and reports. It is never freed. NULL for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn postseal_source_name(source: i32) -> *const c_char {
    name_of(SOURCES, source)
}

/// Use it from now on; what was active becomes superseded.
pub const POSTSEAL_DECISION_APPROVE: i32 = 1;
/// Never use it, and refuse it when it comes again.
pub const POSTSEAL_DECISION_REJECT: i32 = 2;
/// Use it, and let nothing that mail brings replace it.
pub const POSTSEAL_DECISION_PIN: i32 = 3;
/// Do not use it any more, and refuse it when it comes again.
pub const POSTSEAL_DECISION_DISABLE: i32 = 4;
/// Forget it.
pub const POSTSEAL_DECISION_REMOVE: i32 = 5;
/// Take back what was said about it: it is a candidate again, and waits for another word.
pub const POSTSEAL_DECISION_HOLD: i32 = 6;

pub(crate) const DECISIONS: Set<Decision> = &[
    (POSTSEAL_DECISION_APPROVE, Decision::Approve, c"approve"),
    (POSTSEAL_DECISION_REJECT, Decision::Reject, c"reject"),
    (POSTSEAL_DECISION_PIN, Decision::Pin, c"pin"),
    (POSTSEAL_DECISION_DISABLE, Decision::Disable, c"disable"),
    (POSTSEAL_DECISION_REMOVE, Decision::Remove, c"remove"),
    (POSTSEAL_DECISION_HOLD, Decision::Hold, c"hold"),
];

/// What an operator can say about a stored certificate. The name of a `POSTSEAL_DECISION_*`, as in traces and reports. It is never freed. NULL for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn postseal_decision_name(decision: i32) -> *const c_char {
    name_of(DECISIONS, decision)
}

/// The caller's: can be put right by reading the call. Never caused by the bytes of a mail.
pub const POSTSEAL_FAULT_API_MISUSE: i32 = 1;
/// The input asks for more than a limit allows.
pub const POSTSEAL_FAULT_LIMIT_EXCEEDED: i32 = 2;
/// The bytes do not follow their grammar.
pub const POSTSEAL_FAULT_MALFORMED: i32 = 3;
/// The proof may be fine, but the profile says no.
pub const POSTSEAL_FAULT_REFUSED: i32 = 4;
/// The world did not answer; try again later.
pub const POSTSEAL_FAULT_UNAVAILABLE: i32 = 5;
/// The proof failed.
pub const POSTSEAL_FAULT_UNTRUSTED: i32 = 6;

pub(crate) const FAULTS: Set<Fault> = &[
    (POSTSEAL_FAULT_API_MISUSE, Fault::ApiMisuse, c"api-misuse"),
    (POSTSEAL_FAULT_LIMIT_EXCEEDED, Fault::LimitExceeded, c"limit-exceeded"),
    (POSTSEAL_FAULT_MALFORMED, Fault::Malformed, c"malformed"),
    (POSTSEAL_FAULT_REFUSED, Fault::Refused, c"refused"),
    (POSTSEAL_FAULT_UNAVAILABLE, Fault::Unavailable, c"unavailable"),
    (POSTSEAL_FAULT_UNTRUSTED, Fault::Untrusted, c"untrusted"),
];

/// Whose fault it is that something did not happen. The name of a `POSTSEAL_FAULT_*`, as in traces and reports. It is never freed. NULL for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn postseal_fault_name(fault: i32) -> *const c_char {
    name_of(FAULTS, fault)
}

/// What is kept for these addresses: one entry for each, in the same order, absent ones too.
pub const POSTSEAL_QUESTION_FIND_STORED: i32 = 1;
/// Change the entry of one address, if it still has the expected version.
pub const POSTSEAL_QUESTION_PUT_STORED: i32 = 2;
/// What a directory lends for these addresses: one reply for each.
pub const POSTSEAL_QUESTION_RESOLVE_DIRECTORY: i32 = 3;
/// The revocation list at an address that a certificate names: DER or PEM, as it was served.
pub const POSTSEAL_QUESTION_FETCH_CRL: i32 = 4;
/// What an OCSP responder that a certificate names answers to a request (RFC 6960 appendix A.1: a POST).
pub const POSTSEAL_QUESTION_FETCH_OCSP: i32 = 5;
/// The issuer of a certificate, from where the certificate says (RFC 5280 4.2.2.1): a certificate or a certs-only CMS.
pub const POSTSEAL_QUESTION_FETCH_ISSUER: i32 = 6;
/// All entries of a tenant, in the order of their addresses. No operation asks this; an operator's list does.
pub const POSTSEAL_QUESTION_ENTRIES: i32 = 7;

pub(crate) const QUESTIONS: Set<Question> = &[
    (POSTSEAL_QUESTION_FIND_STORED, Question::FindStored, c"find-stored"),
    (POSTSEAL_QUESTION_PUT_STORED, Question::PutStored, c"put-stored"),
    (POSTSEAL_QUESTION_RESOLVE_DIRECTORY, Question::ResolveDirectory, c"resolve-directory"),
    (POSTSEAL_QUESTION_FETCH_CRL, Question::FetchCrl, c"fetch-crl"),
    (POSTSEAL_QUESTION_FETCH_OCSP, Question::FetchOcsp, c"fetch-ocsp"),
    (POSTSEAL_QUESTION_FETCH_ISSUER, Question::FetchIssuer, c"fetch-issuer"),
    (POSTSEAL_QUESTION_ENTRIES, Question::Entries, c"entries"),
];

/// What is asked. The name of a `POSTSEAL_QUESTION_*`, as in traces and reports. It is never freed. NULL for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn postseal_question_name(question: i32) -> *const c_char {
    name_of(QUESTIONS, question)
}

/// First contact, or nothing usable was left: use this certificate.
pub const POSTSEAL_CHANGE_ACTIVATE: i32 = 1;
/// The successor of the active certificate, which stays as superseded.
pub const POSTSEAL_CHANGE_RENEW: i32 = 2;
/// A candidate that contradicts what is in use.
pub const POSTSEAL_CHANGE_HOLD: i32 = 3;
/// The owner of a stored certificate signed a newer list of capabilities.
pub const POSTSEAL_CHANGE_UPDATE_CAPABILITIES: i32 = 4;
/// An operator's word about a stored certificate.
pub const POSTSEAL_CHANGE_DECIDE: i32 = 5;
/// The path of a stored certificate holds no longer, and a mail has another.
pub const POSTSEAL_CHANGE_UPDATE_PATH: i32 = 6;

pub(crate) const CHANGES: Set<ChangeKind> = &[
    (POSTSEAL_CHANGE_ACTIVATE, ChangeKind::Activate, c"activate"),
    (POSTSEAL_CHANGE_RENEW, ChangeKind::Renew, c"renew"),
    (POSTSEAL_CHANGE_HOLD, ChangeKind::Hold, c"hold"),
    (POSTSEAL_CHANGE_UPDATE_CAPABILITIES, ChangeKind::UpdateCapabilities, c"update-capabilities"),
    (POSTSEAL_CHANGE_DECIDE, ChangeKind::Decide, c"decide"),
    (POSTSEAL_CHANGE_UPDATE_PATH, ChangeKind::UpdatePath, c"update-path"),
];

/// What becomes of an entry. The name of a `POSTSEAL_CHANGE_*`, as in traces and reports. It is never freed. NULL for any other number.
#[unsafe(no_mangle)]
pub extern "C" fn postseal_change_name(change: i32) -> *const c_char {
    name_of(CHANGES, change)
}
