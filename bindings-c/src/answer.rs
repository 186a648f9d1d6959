//! What the host answers: to a question of an operation, or inside a callback.

use crate::argument::{self, object, octets, place};
use crate::entry::{capabilities, each, postseal_entry, postseal_octets};
use crate::error::{Failure, postseal_error, postseal_status};
use crate::guard::{call, free};
use crate::hand::Hand;
use crate::question::{Open, postseal_question};
use crate::table::{self, Versioned};
use crate::text::Text;
use crate::values::Question;
use core::ffi::c_char;
use core::mem;
use postseal::cert::TransientCert;
use postseal::directory::DirectoryReply;
use postseal::query::{Answer, Unavailable};
use postseal::store::{Entry, PutOutcome};
use postseal::verify::Limits;
use postseal::{Address, Code};
use std::sync::Arc;

/// The answer to one question. Of your own when `postseal_answer_new` gave it: hand it in with `postseal_operation_answer`, and
/// free it with `postseal_answer_free` in any case. Borrowed for the call when a callback gets it, to be filled in.
///
/// Everything that is put in is copied. What is left out counts as unavailable, never as "there is none".
#[derive(Debug)]
pub struct postseal_answer {
    kind: Question,
    /// Whom a directory is asked about; nobody in any other question.
    about: Arc<[(Text, Text)]>,
    open: Arc<Hand<Open>>,
    content: Hand<Content>,
}

/// What was put in so far.
#[derive(Debug)]
pub(crate) struct Content {
    entries: Vec<Entry>,
    outcome: Option<PutOutcome>,
    replies: Vec<Option<DirectoryReply>>,
    body: Option<Vec<u8>>,
    unavailable: Option<Unavailable>,
}

/// A certificate that a directory lends for one delivery. It only ever goes in: nothing gives it back. Your own copy of it is
/// yours to forget.
///
/// Begin with `{ .struct_size = sizeof(postseal_loan) }`; what stays zero is left out.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it has a size of its own")]
pub struct postseal_loan {
    /// `sizeof(postseal_loan)`.
    pub struct_size: usize,
    /// The certificate, DER.
    pub der: postseal_octets,
    /// CA certificates that came beside it and may help to build its path, DER.
    pub issuers: *const postseal_octets,
    /// How many.
    pub issuers_len: usize,
    /// SMIMECapabilities that its owner signed, DER, when you have verified that signature; else `{NULL, 0}`.
    pub capabilities: postseal_octets,
    /// When its owner says that he signed them, in seconds since 1970 UTC.
    pub capabilities_signed_at: i64,
    /// Not 0: `capabilities_signed_at` is known.
    pub capabilities_are_dated: i32,
    /// Not 0: the one that its owner prefers among those that the directory lends (RFC 8551 2.5.3).
    pub preferred: i32,
}

// SAFETY: repr(C); pointers and numbers.
unsafe impl Versioned for postseal_loan {}

impl postseal_answer {
    /// An empty answer to this question.
    pub(crate) fn to(question: &postseal_question) -> Self {
        let is_directory = question.kind == Question::ResolveDirectory;
        let about = if is_directory { Arc::clone(&question.addresses) } else { Arc::default() };
        let replies = about.iter().map(|_| None).collect();
        let content = Content { entries: Vec::new(), outcome: None, replies, body: None, unavailable: None };
        Self { kind: question.kind, about, open: Arc::clone(&question.open), content: Hand::new(content) }
    }

    /// Puts something in, if the question asks for that kind of thing.
    fn put(&self, kinds: &[Question], put: impl FnOnce(&mut Content) -> Result<(), Failure>) -> Result<(), Failure> {
        if kinds.contains(&self.kind) { self.content.with(put) } else { Err(Code::AnswerKind.into()) }
    }

    /// Puts a reply in, where there was none.
    fn reply(&self, index: usize, reply: DirectoryReply) -> Result<(), Failure> {
        self.put(&[Question::ResolveDirectory], |content| {
            let Some(place) = content.replies.get_mut(index) else {
                // With one reply too many, the engine takes none of them.
                content.replies.push(Some(reply));
                return Err(Failure::with(Code::ValueUnknown, "The question is not about as many addresses."));
            };
            match (place, reply) {
                (
                    Some(DirectoryReply::Found(certs) | DirectoryReply::Partial(certs, _)),
                    DirectoryReply::Found(more),
                ) => {
                    certs.extend(more);
                }
                (Some(place @ DirectoryReply::Found(_)), DirectoryReply::Unavailable(why)) => {
                    let found = mem::replace(place, DirectoryReply::NotFound);
                    let certs = if let DirectoryReply::Found(certs) = found { certs } else { Vec::new() };
                    *place = DirectoryReply::Partial(certs, why);
                }
                (place @ None, reply) => *place = Some(reply),
                (Some(_), _) => return Err(Failure::with(Code::ValueUnknown, "This address has a reply already.")),
            }
            Ok(())
        })
    }

    /// What the operation takes. It spends the question.
    pub(crate) fn finish(&self) -> Result<Answer, Failure> {
        let open = self.open.spend().map_err(|_| Failure::from(Code::QuestionAnswered))?;
        let content = match self.content.spend() {
            Ok(content) => content,
            Err(failure) => {
                self.open.put(open);
                return Err(failure);
            }
        };
        Ok(match open {
            Open::FindStored(pending) => pending.answer(content.entries()),
            Open::PutStored(pending) => pending.answer(content.outcome()),
            Open::ResolveDirectory(pending) => pending.answer(content.replies()),
            Open::FetchCrl(pending) => pending.answer(content.body()),
            Open::FetchOcsp(pending) => pending.answer(content.body()),
            Open::FetchIssuer(pending) => pending.answer(content.body()),
            Open::Callback => return Err(Code::ForeignAnswer.into()),
        })
    }

    /// What a callback has put in. `status` is what it returned: with another value than 0, nothing else counts.
    pub(crate) fn after_callback<T>(
        &self,
        status: i32,
        read: impl FnOnce(Content) -> Result<T, Unavailable>,
    ) -> Result<T, Unavailable> {
        let content = self.content.spend().map_err(|_| nothing())?;
        match content {
            Content { unavailable: None, .. } if status != 0 => {
                Err(Unavailable::because(format_args!("the host's callback returned {status}")))
            }
            content => read(content),
        }
    }
}

impl Content {
    /// As a store answers.
    pub(crate) fn entries(self) -> Result<Vec<Entry>, Unavailable> {
        self.unavailable.map_or(Ok(self.entries), Err)
    }

    /// As a store answers.
    pub(crate) fn outcome(self) -> Result<PutOutcome, Unavailable> {
        self.unavailable.map_or_else(|| self.outcome.ok_or_else(nothing), Err)
    }

    /// As a directory answers.
    pub(crate) fn replies(self) -> Result<Vec<DirectoryReply>, Unavailable> {
        let reply = |reply: Option<_>| reply.unwrap_or_else(|| DirectoryReply::Unavailable(nothing()));
        self.unavailable.map_or_else(|| Ok(self.replies.into_iter().map(reply).collect()), Err)
    }

    /// As a fetcher answers.
    pub(crate) fn body(self) -> Result<Vec<u8>, Unavailable> {
        self.unavailable.map_or_else(|| self.body.ok_or_else(nothing), Err)
    }
}

fn nothing() -> Unavailable {
    Unavailable::because("the host answered nothing")
}

const FETCH: &[Question] = &[Question::FetchCrl, Question::FetchOcsp, Question::FetchIssuer];

/// Begins the answer to a question of an operation. It stays good when the question is freed.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_answer_new(
    question: *const postseal_question,
    answer: *mut *mut postseal_answer,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (answer, question) = unsafe { (place(answer)?, object(question)?) };
        answer.give(postseal_answer::to(question));
        Ok(())
    })
}

/// Everything: whatever is asked was not to be had. `why` is for your own log: it names the file or the host, never a person.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_answer_unavailable(
    answer: *mut postseal_answer,
    why: *const c_char,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (answer, why) = unsafe { (object(answer)?, argument::text(why)?) };
        answer.content.with(|content| {
            content.unavailable = Some(Unavailable::because(why));
            Ok(())
        })
    })
}

/// find-stored, entries: the next entry. find-stored wants one for each address, in the same order, also for an address that has
/// none.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_answer_entry(
    answer: *mut postseal_answer,
    entry: *const postseal_entry,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (answer, entry) = unsafe { (object(answer)?, object(entry)?) };
        answer.put(&[Question::FindStored, Question::Entries], |content| {
            content.entries.push(entry.entry());
            Ok(())
        })
    })
}

/// put-stored: the change is durable.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_answer_stored(
    answer: *mut postseal_answer,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let answer = unsafe { object(answer) }?;
        answer.put(&[Question::PutStored], |content| {
            content.outcome = Some(PutOutcome::Stored);
            Ok(())
        })
    })
}

/// put-stored: somebody else changed the entry first, and this is what it looks like now. Nothing was written.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_answer_conflict(
    answer: *mut postseal_answer,
    entry: *const postseal_entry,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (answer, entry) = unsafe { (object(answer)?, object(entry)?) };
        answer.put(&[Question::PutStored], |content| {
            content.outcome = Some(PutOutcome::Conflict(entry.entry()));
            Ok(())
        })
    })
}

/// The certificate that a struct lends.
///
/// # Safety
/// What the struct points to is there.
unsafe fn lent(loan: &postseal_loan) -> Result<TransientCert, Failure> {
    // SAFETY: the caller's word.
    let (der, issuers) = unsafe { (octets(loan.der.data, loan.der.len)?, each(loan.issuers, loan.issuers_len)?) };
    let mut cert = TransientCert::from_der(der.to_vec()).with_issuers(issuers);
    let signed_at = (loan.capabilities_are_dated != 0).then_some(loan.capabilities_signed_at);
    // SAFETY: the caller's word.
    if let Some(capabilities) = unsafe { capabilities(loan.capabilities, signed_at) }? {
        cert = cert.with_capabilities(capabilities);
    }
    Ok(if loan.preferred == 0 { cert } else { cert.preferred() })
}

/// resolve-directory: a certificate for the address at `index` of the question. Called again, it adds another one. With `loan`
/// NULL, the directory knows the address, and this call adds none.
///
/// POSTSEAL_VALUE_UNKNOWN: this address has another reply, which stays; or the question has not as many addresses, and then the
/// whole answer counts as unavailable.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_answer_found(
    answer: *mut postseal_answer,
    index: usize,
    loan: *const postseal_loan,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let answer = unsafe { object(answer) }?;
        let mut certs = Vec::new();
        if !loan.is_null() {
            // SAFETY: as the header says.
            certs.push(unsafe { lent(&table::read(loan)?) }?);
        }
        answer.reply(index, DirectoryReply::Found(certs))
    })
}

/// resolve-directory: what a directory keeps for the address at `index` of the question as one CMS object, DER or BER: a
/// SignedData with certificates, with a signer or without any (userSMIMECertificate, RFC 2798 2.8; a certs-only message,
/// RFC 8551 3.8). Each certificate in it is lent, with its CA certificates as issuers; so are CA certificates by
/// themselves, to be refused with a reason. Called again, or after `postseal_answer_found`, it adds more.
///
/// Capabilities and the preference that the owner signed come along when the signature holds under a certificate inside
/// that bears the address. They stand in for no check.
///
/// POSTSEAL_CMS_NOT_SIGNED_DATA: something else, as a bare certificate; or the code of what cannot be read, or of a limit.
/// Nothing was added then: without another reply, the address counts as not answered. POSTSEAL_VALUE_UNKNOWN as in
/// `postseal_answer_found`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_answer_found_cms(
    answer: *mut postseal_answer,
    index: usize,
    cms: *const u8,
    len: usize,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (answer, cms) = unsafe { (object(answer)?, octets(cms, len)?) };
        let certs = match answer.about.get(index) {
            Some((about, _)) => TransientCert::from_cms(cms, &Address::parse(about.as_str())?, &Limits::default())?,
            // `reply` says what is wrong with it.
            None => Vec::new(),
        };
        answer.reply(index, DirectoryReply::Found(certs))
    })
}

/// resolve-directory: the directory was asked about this address, and has none.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_answer_not_found(
    answer: *mut postseal_answer,
    index: usize,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let answer = unsafe { object(answer) }?;
        answer.reply(index, DirectoryReply::NotFound)
    })
}

/// resolve-directory: the directory did not answer about this address. After `postseal_answer_found` or
/// `postseal_answer_found_cms`: what was found may not be all. Where nothing of it can be used, nobody knows whether the
/// recipient has a certificate.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_answer_not_answered(
    answer: *mut postseal_answer,
    index: usize,
    why: *const c_char,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (answer, why) = unsafe { (object(answer)?, argument::text(why)?) };
        answer.reply(index, DirectoryReply::Unavailable(Unavailable::because(why)))
    })
}

/// fetch-crl, fetch-ocsp, fetch-issuer: the octets, as they were served.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_answer_body(
    answer: *mut postseal_answer,
    data: *const u8,
    len: usize,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (answer, body) = unsafe { (object(answer)?, octets(data, len)?) };
        answer.put(FETCH, |content| {
            content.body = Some(body.to_vec());
            Ok(())
        })
    })
}

/// Frees an answer of your own, handed in or not. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_answer_free(answer: *mut postseal_answer) {
    // SAFETY: as the header says.
    unsafe { free(answer) };
}
