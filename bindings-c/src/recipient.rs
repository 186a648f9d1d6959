//! What became of one recipient.

use crate::error::postseal_error;
use crate::guard::get;
use crate::text::{Text, address_of, pointer, shown, text};
use crate::values::{self, number_of};
use core::ffi::c_char;
use core::ptr;
use postseal::resolve::{Outcome, RecipientReport};

/// One recipient: the outcome, what was found, and every candidate that was rejected. Always borrowed, from an encryption, an
/// operation, a plan or an error.
///
/// Of a certificate that a directory lends, source and fingerprint are all there ever is.
#[derive(Debug)]
pub struct postseal_recipient {
    address: Text,
    hidden: bool,
    outcome: Outcome,
    found: Vec<(Text, Text)>,
    rejected: Vec<(Text, Option<Text>, postseal_error)>,
    error: Option<postseal_error>,
    unavailable: Option<Text>,
    needs_operator: bool,
    may_get_plaintext: bool,
}

impl From<&RecipientReport> for postseal_recipient {
    fn from(report: &RecipientReport) -> Self {
        let found = report.found.iter().map(|found| (text(found.source.name()), shown(found.fingerprint)));
        let rejected = report.rejected.iter();
        let rejected = rejected.map(|one| (text(one.source.name()), one.fingerprint.map(shown), one.error.into()));
        Self {
            address: text(report.address.expose().as_str()),
            hidden: report.hidden,
            outcome: report.outcome,
            found: found.collect(),
            rejected: rejected.collect(),
            error: report.error.map(Into::into),
            unavailable: report.unavailable.as_ref().map(shown),
            needs_operator: report.needs_operator,
            may_get_plaintext: report.may_get_plaintext(),
        }
    }
}

/// The address as it was given; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_recipient_address(recipient: *const postseal_recipient) -> *const c_char {
    get(recipient, ptr::null(), |recipient| recipient.address.as_ptr())
}

/// Whether the other recipients must not learn of this one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_recipient_hidden(recipient: *const postseal_recipient) -> bool {
    get(recipient, false, |recipient| recipient.hidden)
}

/// What became of it, a `POSTSEAL_RECIPIENT_*`; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_recipient_outcome(recipient: *const postseal_recipient) -> i32 {
    get(recipient, 0, |recipient| number_of(values::RECIPIENTS, recipient.outcome))
}

/// How many certificates are encrypted to. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_recipient_found_count(recipient: *const postseal_recipient) -> usize {
    get(recipient, 0, |recipient| recipient.found.len())
}

/// Where one of them came from: "store", or the name of a directory. The best stands first. NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_recipient_found_source(
    recipient: *const postseal_recipient,
    index: usize,
) -> *const c_char {
    get(recipient, ptr::null(), |recipient| pointer(recipient.found.get(index).map(|(source, _)| source)))
}

/// Its SHA-256, as 64 hexadecimal digits. NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_recipient_found_fingerprint(
    recipient: *const postseal_recipient,
    index: usize,
) -> *const c_char {
    get(recipient, ptr::null(), |recipient| pointer(recipient.found.get(index).map(|(_, fingerprint)| fingerprint)))
}

/// How many candidates were not taken. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_recipient_rejected_count(recipient: *const postseal_recipient) -> usize {
    get(recipient, 0, |recipient| recipient.rejected.len())
}

/// Where one of them came from, as `postseal_recipient_found_source`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_recipient_rejected_source(
    recipient: *const postseal_recipient,
    index: usize,
) -> *const c_char {
    get(recipient, ptr::null(), |recipient| pointer(recipient.rejected.get(index).map(|(source, _, _)| source)))
}

/// Its SHA-256, if it could be read as a certificate; or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_recipient_rejected_fingerprint(
    recipient: *const postseal_recipient,
    index: usize,
) -> *const c_char {
    get(recipient, ptr::null(), |recipient| {
        pointer(recipient.rejected.get(index).and_then(|(_, fingerprint, _)| fingerprint.as_ref()))
    })
}

/// The check that it failed, borrowed. NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_recipient_rejected_error(
    recipient: *const postseal_recipient,
    index: usize,
) -> *const postseal_error {
    get(recipient, ptr::null(), |recipient| address_of(recipient.rejected.get(index).map(|(_, _, error)| error)))
}

/// Why nothing was found, of several reasons that of the best candidate, borrowed; or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_recipient_error(recipient: *const postseal_recipient) -> *const postseal_error {
    get(recipient, ptr::null(), |recipient| address_of(recipient.error.as_ref()))
}

/// What the store or the directory said that did not answer; or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_recipient_unavailable(recipient: *const postseal_recipient) -> *const c_char {
    get(recipient, ptr::null(), |recipient| pointer(recipient.unavailable.as_ref()))
}

/// Whether an operator has to decide first: a certificate that he pinned cannot be used; or one waits for him that contradicts the
/// active one, and nothing else can be used or the policy fails closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_recipient_needs_operator(recipient: *const postseal_recipient) -> bool {
    get(recipient, false, |recipient| recipient.needs_operator)
}

/// Whether plaintext may go to this one where the route allows it: not when nobody answered, and not when an operator has to
/// decide.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_recipient_may_get_plaintext(recipient: *const postseal_recipient) -> bool {
    get(recipient, false, |recipient| recipient.may_get_plaintext)
}
