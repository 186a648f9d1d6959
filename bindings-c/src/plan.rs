//! Sealing in pieces: a plan, and one sealer for each message.

use crate::argument::{object, octets, place};
use crate::error::{Failure, postseal_error, postseal_status};
use crate::guard::{call, free, get};
use crate::hand::Hand;
use crate::recipient::postseal_recipient;
use crate::text::{Text, address_of, pointer, text};
use core::ffi::{c_char, c_void};
use core::ptr;
use postseal::Code;
use postseal::resolve::{Plan, RecipientReport};
use postseal::seal::{Encryption, Envelope, Sealer};
use postseal_adapters::OsRandom;

/// Which messages are to be made of one mail, and who gets none. Free it with `postseal_plan_free`.
#[derive(Debug)]
pub struct postseal_plan {
    messages: Vec<Planned>,
    left_out: Vec<postseal_recipient>,
    plaintext_allowed: bool,
    is_passed: bool,
}

/// A message to be made.
#[derive(Debug)]
struct Planned {
    addresses: Vec<Text>,
    hidden: bool,
    envelope: Hand<Envelope>,
}

/// Makes one message from one mail, in pieces of any size and in constant memory. Free it with `postseal_sealer_free`.
///
/// A message is whole only when `postseal_sealer_finish` has succeeded: what was written before is to be thrown away when it does
/// not. One call at a time works with it; another one meanwhile gets POSTSEAL_HANDLE_IN_USE.
#[derive(Debug)]
pub struct postseal_sealer {
    content_encryption: Text,
    sealer: Hand<Sealer>,
}

/// Takes octets of the message. They are there until it returns. 0: it has taken all of them; any other value: it failed, and the
/// message is given up. What `postseal_callback` must not do, it must not do either.
pub type postseal_write = Option<unsafe extern "C" fn(userdata: *mut c_void, data: *const u8, len: usize) -> i32>;

impl Planned {
    fn new(envelope: Envelope) -> Self {
        let addresses = envelope.addresses().map(|address| text(address.as_str())).collect();
        Self { addresses, hidden: envelope.is_hidden(), envelope: Hand::new(envelope) }
    }
}

fn left_out(reports: &[RecipientReport]) -> Vec<postseal_recipient> {
    reports.iter().map(Into::into).collect()
}

impl From<Plan> for postseal_plan {
    fn from(plan: Plan) -> Self {
        let envelopes = plan.recipients.map(|recipients| recipients.envelopes()).unwrap_or_default();
        Self {
            messages: envelopes.into_iter().map(Planned::new).collect(),
            left_out: left_out(&plan.left_out),
            plaintext_allowed: plan.plaintext_allowed,
            is_passed: false,
        }
    }
}

/// Of a mail that is encrypted already.
impl From<Encryption> for postseal_plan {
    fn from(passed: Encryption) -> Self {
        Self {
            messages: Vec::new(),
            left_out: left_out(&passed.left_out),
            plaintext_allowed: passed.plaintext_allowed,
            is_passed: passed.is_passed,
        }
    }
}

impl postseal_plan {
    fn message(&self, index: usize) -> Option<&Planned> {
        self.messages.get(index)
    }
}

/// How many messages are to be made: one for all visible recipients, or one for each content encryption that some of them read
/// where none is common to all, and one for each hidden one. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_plan_message_count(plan: *const postseal_plan) -> usize {
    get(plan, 0, |plan| plan.messages.len())
}

/// How many recipients a message has. 0 where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_plan_address_count(plan: *const postseal_plan, message: usize) -> usize {
    get(plan, 0, |plan| plan.message(message).map_or(0, |message| message.addresses.len()))
}

/// One of the recipients of a message; NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_plan_address(
    plan: *const postseal_plan,
    message: usize,
    index: usize,
) -> *const c_char {
    get(plan, ptr::null(), |plan| pointer(plan.message(message).and_then(|message| message.addresses.get(index))))
}

/// Whether a message is for one hidden recipient.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_plan_hidden(plan: *const postseal_plan, message: usize) -> bool {
    get(plan, false, |plan| plan.message(message).is_some_and(|message| message.hidden))
}

/// How many recipients get none of the messages. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_plan_left_out_count(plan: *const postseal_plan) -> usize {
    get(plan, 0, |plan| plan.left_out.len())
}

/// One of those who get none, borrowed; NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_plan_left_out(plan: *const postseal_plan, index: usize) -> *const postseal_recipient {
    get(plan, ptr::null(), |plan| address_of(plan.left_out.get(index)))
}

/// As `postseal_encryption_plaintext_allowed`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_plan_plaintext_allowed(plan: *const postseal_plan) -> bool {
    get(plan, false, |plan| plan.plaintext_allowed)
}

/// As `postseal_encryption_is_passed`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_plan_is_passed(plan: *const postseal_plan) -> bool {
    get(plan, false, |plan| plan.is_passed)
}

/// Begins one of the messages, once. `length`: octets of the whole mail, which makes the object DER, and another length an error;
/// negative when that is not known, which makes it BER. Everything random is drawn here, the recipients' keys are used here.
///
/// POSTSEAL_VALUE_UNKNOWN: the plan has not as many messages. POSTSEAL_HANDLE_IN_USE: it was begun before.
/// POSTSEAL_RANDOM_UNAVAILABLE, POSTSEAL_CONTENT_ENCRYPTION_MISMATCH.
///
/// Example: `examples/c/stream.c`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_plan_sealer(
    plan: *mut postseal_plan,
    message: usize,
    length: i64,
    sealer: *mut *mut postseal_sealer,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (place, plan) = unsafe { (place(sealer)?, object(plan)?) };
        let none = || Failure::with(Code::ValueUnknown, "The plan has not as many messages.");
        let envelope = plan.message(message).ok_or_else(none)?.envelope.spend()?;
        let sealer = envelope.sealer(u64::try_from(length).ok(), &mut OsRandom)?;
        let content_encryption = text(sealer.content_encryption().name());
        place.give(postseal_sealer { content_encryption, sealer: Hand::new(sealer) });
        Ok(())
    })
}

/// Frees a plan. NULL is allowed. Sealers that were begun live on; what was lent for a message that was not begun is gone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_plan_free(plan: *mut postseal_plan) {
    // SAFETY: as the header says.
    unsafe { free(plan) };
}

/// Gives the host what was made.
fn deliver(out: &[u8], write: postseal_write, userdata: *mut c_void) -> Result<(), Failure> {
    let write = write.ok_or_else(|| Failure::from(Code::ArgumentNull))?;
    if out.is_empty() {
        return Ok(());
    }
    // SAFETY: the host's own callback with the host's own pointer; the octets are there until it returns.
    match unsafe { write(userdata, out.as_ptr(), out.len()) } {
        0 => Ok(()),
        status => Err(Failure::with(Code::OutputFailed, format_args!("The callback returned {status}."))),
    }
}

/// The next piece of the mail; what can be written is given to `write`, perhaps nothing.
///
/// POSTSEAL_ALREADY_ENCRYPTED; POSTSEAL_HEADER_MALFORMED and the limits of a header; POSTSEAL_LENGTH_MISMATCH when the mail is
/// longer than was said; POSTSEAL_CONTENT_TOO_LONG: the sealer only repeats them from then on. POSTSEAL_OUTPUT_FAILED: `write` did,
/// and the sealer is spent. POSTSEAL_HANDLE_IN_USE, also when it is spent.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_sealer_push(
    sealer: *mut postseal_sealer,
    piece: *const u8,
    piece_len: usize,
    write: postseal_write,
    userdata: *mut c_void,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (object, piece) = unsafe { (object(sealer)?, octets(piece, piece_len)?) };
        let mut sealer = object.sealer.spend()?;
        let mut out = Vec::new();
        let pushed = sealer.push(piece, &mut out);
        if pushed.is_ok() {
            // Nobody else's piece may come in between; when this fails, the sealer ends here.
            deliver(&out, write, userdata)?;
        }
        object.sealer.put(sealer);
        Ok(pushed?)
    })
}

/// The mail has ended: the rest of the message. The sealer is spent.
///
/// As `postseal_sealer_push`; POSTSEAL_LENGTH_MISMATCH when the mail is shorter than was said.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_sealer_finish(
    sealer: *mut postseal_sealer,
    write: postseal_write,
    userdata: *mut c_void,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let object = unsafe { object(sealer) }?;
        let mut out = Vec::new();
        object.sealer.spend()?.finish(&mut out)?;
        deliver(&out, write, userdata)
    })
}

/// How the content is encrypted, as `aes256-gcm`. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_sealer_content_encryption(sealer: *const postseal_sealer) -> *const c_char {
    get(sealer, ptr::null(), |sealer| sealer.content_encryption.as_ptr())
}

/// Frees a sealer, finished or not. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_sealer_free(sealer: *mut postseal_sealer) {
    // SAFETY: as the header says.
    unsafe { free(sealer) };
}
