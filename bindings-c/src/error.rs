//! Status, and what a failed call says.

use crate::argument;
use crate::guard::{free, get};
use crate::recipient::postseal_recipient;
use crate::text::{Text, address_of, text};
use crate::values::{self, number_of};
use core::ffi::{CStr, c_char};
use core::ptr;
use postseal::resolve::{RecipientReport, Unsealed};
use postseal::{Code, Error};

/// 0 (`POSTSEAL_OK`), or the number of a code: one of the `POSTSEAL_*` below 700. A number never changes its meaning.
pub type postseal_status = i32;

/// Why something did not happen. It holds nothing of a mail, but for the recipients of a mail that was not encrypted.
///
/// Of your own when a call put it into `*err`: give it back with `postseal_error_free`. Borrowed when it is a part of a report.
#[derive(Debug)]
pub struct postseal_error {
    code: Code,
    offset: Option<usize>,
    message: Text,
    recipients: Vec<postseal_recipient>,
}

/// What a call fails with, before it becomes an object.
#[derive(Debug)]
pub(crate) struct Failure {
    error: Error,
    detail: Option<String>,
    recipients: Vec<RecipientReport>,
}

impl Failure {
    /// With a word about what exactly is wrong.
    pub(crate) fn with(code: Code, detail: impl ToString) -> Self {
        Self { error: code.into(), detail: Some(detail.to_string()), recipients: Vec::new() }
    }

    /// The number of the code.
    pub(crate) fn number(&self) -> postseal_status {
        self.error.code().number().into()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, detail: None, recipients: Vec::new() }
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Error::from(code).into()
    }
}

impl From<Unsealed> for Failure {
    fn from(unsealed: Unsealed) -> Self {
        Self { error: unsealed.error, detail: None, recipients: unsealed.recipients }
    }
}

impl From<Failure> for postseal_error {
    fn from(failure: Failure) -> Self {
        let message = match &failure.detail {
            Some(detail) => format!("{} {detail}", failure.error),
            None => failure.error.to_string(),
        };
        Self {
            code: failure.error.code(),
            offset: failure.error.offset(),
            message: text(&message),
            recipients: failure.recipients.iter().map(Into::into).collect(),
        }
    }
}

impl From<Error> for postseal_error {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}

/// The name and the sentence of a code, from the table that is made of the engine's.
fn words(code: Code) -> Option<&'static (i32, &'static CStr, &'static CStr)> {
    let number = i32::from(code.number());
    crate::codes::WORDS.iter().find(|(candidate, _, _)| *candidate == number)
}

/// The number of the code; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_error_number(error: *const postseal_error) -> postseal_status {
    get(error, 0, |error| error.code.number().into())
}

/// The name of the code, as in traces: `address-mismatch`. It is never freed. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_error_name(error: *const postseal_error) -> *const c_char {
    get(error, ptr::null(), |error| words(error.code).map_or(ptr::null(), |(_, name, _)| name.as_ptr()))
}

/// The sentence of the code, with the section of the RFC that says so. It is never freed. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_error_sentence(error: *const postseal_error) -> *const c_char {
    get(error, ptr::null(), |error| words(error.code).map_or(ptr::null(), |(_, _, sentence)| sentence.as_ptr()))
}

/// The sentence, with the offset and what else is known. It lives as long as the error. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_error_message(error: *const postseal_error) -> *const c_char {
    get(error, ptr::null(), |error| error.message.as_ptr())
}

/// Whose fault it is, a `POSTSEAL_FAULT_*`; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_error_fault(error: *const postseal_error) -> i32 {
    get(error, 0, |error| number_of(values::FAULTS, error.code.fault()))
}

/// Whether the fault has a place in the input, and the byte at which it was seen in `*offset`, unless `offset` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_error_offset(error: *const postseal_error, offset: *mut usize) -> bool {
    get(error, false, |error| argument::put(offset, error.offset))
}

/// How many recipients are the reason why a mail was not encrypted. 0 for every other error, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_error_recipient_count(error: *const postseal_error) -> usize {
    get(error, 0, |error| error.recipients.len())
}

/// One of these recipients, borrowed from the error. NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_error_recipient(
    error: *const postseal_error,
    index: usize,
) -> *const postseal_recipient {
    get(error, ptr::null(), |error| address_of(error.recipients.get(index)))
}

/// Frees an error that a call gave. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_error_free(error: *mut postseal_error) {
    // SAFETY: as the header says.
    unsafe { free(error) };
}
