//! What the engine asks: by an operation, or of a callback of the host.

use crate::argument::{object, place, put_octets};
use crate::entry::postseal_entry;
use crate::error::{Failure, postseal_error, postseal_status};
use crate::guard::{call, free, get};
use crate::hand::Hand;
use crate::text::{Text, address_of, pointer, shown, text};
use crate::values::{self, ChangeKind, Question, number_of};
use core::ffi::c_char;
use core::ptr;
use postseal::query::{FetchCrl, FetchIssuer, FetchOcsp, FindStored, Pending, PutStored, ResolveDirectory};
use postseal::store::{Change, Tenant};
use postseal::{Address, Fingerprint};
use std::sync::Arc;

/// One question. Of your own when `postseal_operation_poll` gave it: free it with `postseal_question_free`, answered or not.
/// Borrowed for the call when a callback gets it.
#[derive(Debug)]
pub struct postseal_question {
    pub(crate) kind: Question,
    /// As they are spelled, and the keys of a store. Shared with the answers, which live longer.
    pub(crate) addresses: Arc<[(Text, Text)]>,
    pub(crate) open: Arc<Hand<Open>>,
    tenant: Option<Text>,
    directory: Option<Text>,
    expect: u64,
    change: Option<postseal_change>,
    at: Option<Text>,
    request: Option<Vec<u8>>,
    limit: usize,
}

/// What becomes of an entry. Borrowed from its question.
#[derive(Debug)]
pub struct postseal_change {
    change: Change,
    kind: Option<ChangeKind>,
    fingerprint: Option<Text>,
    decision: i32,
}

/// What spends a question of an operation.
#[derive(Debug)]
pub(crate) enum Open {
    FindStored(Pending<FindStored>),
    PutStored(Pending<PutStored>),
    ResolveDirectory(Pending<ResolveDirectory>),
    FetchCrl(Pending<FetchCrl>),
    FetchOcsp(Pending<FetchOcsp>),
    FetchIssuer(Pending<FetchIssuer>),
    /// A callback's: it is answered by coming back.
    Callback,
}

impl From<&Change> for postseal_change {
    fn from(change: &Change) -> Self {
        let (kind, fingerprint, decision): (_, Option<Fingerprint>, _) = match change {
            Change::Activate(record) => (Some(ChangeKind::Activate), Some(record.certificate().fingerprint()), 0),
            Change::Renew(record) => (Some(ChangeKind::Renew), Some(record.certificate().fingerprint()), 0),
            Change::Hold(record) => (Some(ChangeKind::Hold), Some(record.certificate().fingerprint()), 0),
            Change::UpdateCapabilities { fingerprint, .. } => {
                (Some(ChangeKind::UpdateCapabilities), Some(*fingerprint), 0)
            }
            Change::UpdatePath(record) => (Some(ChangeKind::UpdatePath), Some(record.certificate().fingerprint()), 0),
            Change::Decide { fingerprint, decision } => {
                (Some(ChangeKind::Decide), Some(*fingerprint), number_of(values::DECISIONS, *decision))
            }
            _ => (None, None, 0),
        };
        Self { change: change.clone(), kind, fingerprint: fingerprint.map(shown), decision }
    }
}

impl postseal_question {
    fn new(kind: Question) -> Self {
        Self {
            kind,
            addresses: Arc::default(),
            open: Arc::new(Hand::new(Open::Callback)),
            tenant: None,
            directory: None,
            expect: 0,
            change: None,
            at: None,
            request: None,
            limit: 0,
        }
    }

    fn about(kind: Question, tenant: &Tenant, addresses: &[Address]) -> Self {
        let addresses = addresses.iter().map(|address| (text(address.as_str()), text(address.key())));
        Self { tenant: Some(text(tenant.name())), addresses: addresses.collect(), ..Self::new(kind) }
    }

    fn fetching(kind: Question, at: &str, limit: usize) -> Self {
        Self { at: Some(text(at)), limit, ..Self::new(kind) }
    }

    /// A list of all that a tenant has; only a callback is asked for that.
    pub(crate) fn entries(tenant: &Tenant) -> Self {
        Self::about(Question::Entries, tenant, &[])
    }
}

impl From<&FindStored> for postseal_question {
    fn from(query: &FindStored) -> Self {
        Self::about(Question::FindStored, &query.tenant, &query.addresses)
    }
}

impl From<&PutStored> for postseal_question {
    fn from(query: &PutStored) -> Self {
        let about = Self::about(Question::PutStored, &query.tenant, core::slice::from_ref(&query.address));
        Self { expect: query.expect.number(), change: Some((&query.change).into()), ..about }
    }
}

impl From<&ResolveDirectory> for postseal_question {
    fn from(query: &ResolveDirectory) -> Self {
        let about = Self::about(Question::ResolveDirectory, &query.tenant, &query.addresses);
        Self { directory: Some(text(query.directory.name())), ..about }
    }
}

impl From<&FetchCrl> for postseal_question {
    fn from(query: &FetchCrl) -> Self {
        Self::fetching(Question::FetchCrl, &query.at, query.limit)
    }
}

impl From<&FetchOcsp> for postseal_question {
    fn from(query: &FetchOcsp) -> Self {
        let fetching = Self::fetching(Question::FetchOcsp, &query.at, query.limit);
        Self { request: Some(query.request.clone()), ..fetching }
    }
}

impl From<&FetchIssuer> for postseal_question {
    fn from(query: &FetchIssuer) -> Self {
        Self::fetching(Question::FetchIssuer, &query.at, query.limit)
    }
}

impl From<Open> for postseal_question {
    fn from(open: Open) -> Self {
        let question = match &open {
            Open::FindStored(pending) => Self::from(pending.query()),
            Open::PutStored(pending) => Self::from(pending.query()),
            Open::ResolveDirectory(pending) => Self::from(pending.query()),
            Open::FetchCrl(pending) => Self::from(pending.query()),
            Open::FetchOcsp(pending) => Self::from(pending.query()),
            Open::FetchIssuer(pending) => Self::from(pending.query()),
            Open::Callback => Self::new(Question::Entries),
        };
        Self { open: Arc::new(Hand::new(open)), ..question }
    }
}

/// What is asked, a `POSTSEAL_QUESTION_*`; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_question_kind(question: *const postseal_question) -> i32 {
    get(question, 0, |question| number_of(values::QUESTIONS, question.kind))
}

/// Whose store or directory is asked. NULL where an address that a certificate names is asked.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_question_tenant(question: *const postseal_question) -> *const c_char {
    get(question, ptr::null(), |question| pointer(question.tenant.as_ref()))
}

/// How many mailboxes it is about: any number, each once, for find-stored and resolve-directory; 1 for put-stored; else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_question_address_count(question: *const postseal_question) -> usize {
    get(question, 0, |question| question.addresses.len())
}

/// One of the mailboxes, as it was spelled. NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_question_address(question: *const postseal_question, index: usize) -> *const c_char {
    get(question, ptr::null(), |question| pointer(question.addresses.get(index).map(|(spelled, _)| spelled)))
}

/// The mailbox in the form that is compared, octet by octet: what a store has as its key. NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_question_key(question: *const postseal_question, index: usize) -> *const c_char {
    get(question, ptr::null(), |question| pointer(question.addresses.get(index).map(|(_, key)| key)))
}

/// resolve-directory: which directory. Else NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_question_directory(question: *const postseal_question) -> *const c_char {
    get(question, ptr::null(), |question| pointer(question.directory.as_ref()))
}

/// put-stored: the version that the entry must still have. Else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_question_expect(question: *const postseal_question) -> u64 {
    get(question, 0, |question| question.expect)
}

/// put-stored: what becomes of the entry. Else NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_question_change(question: *const postseal_question) -> *const postseal_change {
    get(question, ptr::null(), |question| address_of(question.change.as_ref()))
}

/// fetch-crl, fetch-ocsp, fetch-issuer: the URL, http or https. It was written by whoever made the certificate: which addresses
/// may be reached is yours to decide. Else NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_question_at(question: *const postseal_question) -> *const c_char {
    get(question, ptr::null(), |question| pointer(question.at.as_ref()))
}

/// fetch-ocsp: the OCSPRequest, and its octets in `*len` unless that is NULL. Else NULL and 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_question_request(question: *const postseal_question, len: *mut usize) -> *const u8 {
    get(question, ptr::null(), |question| put_octets(question.request.as_deref(), len))
}

/// fetch-crl, fetch-ocsp, fetch-issuer: octets that the answer may have. Else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_question_limit(question: *const postseal_question) -> usize {
    get(question, 0, |question| question.limit)
}

/// Frees a question that an operation gave. NULL is allowed. One that was not answered stays open: its operation waits for ever.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_question_free(question: *mut postseal_question) {
    // SAFETY: as the header says.
    unsafe { free(question) };
}

/// What kind of change it is, a `POSTSEAL_CHANGE_*`; 0 for NULL. For your own log: a store lets `postseal_change_apply` decide.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_change_kind(change: *const postseal_change) -> i32 {
    get(change, 0, |change| change.kind.map_or(0, |kind| number_of(values::CHANGES, kind)))
}

/// SHA-256 of the certificate that it is about, as 64 hexadecimal digits. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_change_fingerprint(change: *const postseal_change) -> *const c_char {
    get(change, ptr::null(), |change| pointer(change.fingerprint.as_ref()))
}

/// What an operator said, a `POSTSEAL_DECISION_*`; 0 when it is not an operator's change.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_change_decision(change: *const postseal_change) -> i32 {
    get(change, 0, |change| change.decision)
}

/// The entry after this change, with the next version, as a new object: what the store writes. `before` is the entry as the store
/// has it, read under the same lock.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_change_apply(
    change: *const postseal_change,
    before: *const postseal_entry,
    after: *mut *mut postseal_entry,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (after, change, before) = unsafe { (place(after)?, object(change)?, object(before)?) };
        after.give(change.change.apply(before.entry()).into());
        Ok::<(), Failure>(())
    })
}
