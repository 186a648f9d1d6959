//! Encrypting a mail: the call, the messages, and what became of each recipient.

use crate::argument::{self, object, octets, place, put_octets};
use crate::engine::postseal_engine;
use crate::error::{postseal_error, postseal_status};
use crate::guard::{call, free, get};
use crate::options::{Options, postseal_options};
use crate::recipient::postseal_recipient;
use crate::text::{Text, address_of, pointer, shown, text};
use core::ffi::c_char;
use core::ptr;
use postseal::Private;
use postseal::seal::{Encryption, Sealed};

/// What came of encrypting one mail. Free it with `postseal_encryption_free`.
#[derive(Debug)]
pub struct postseal_encryption {
    messages: Vec<postseal_message>,
    left_out: Vec<postseal_recipient>,
    plaintext_allowed: bool,
    is_passed: bool,
}

/// One finished message, borrowed from its `postseal_encryption`.
#[derive(Debug)]
pub struct postseal_message {
    addresses: Vec<Text>,
    hidden: bool,
    content_encryption: Text,
    mail: Private<Vec<u8>>,
}

impl From<Encryption> for postseal_encryption {
    fn from(encryption: Encryption) -> Self {
        Self {
            messages: encryption.messages.into_iter().map(Into::into).collect(),
            left_out: encryption.left_out.iter().map(Into::into).collect(),
            plaintext_allowed: encryption.plaintext_allowed,
            is_passed: encryption.is_passed,
        }
    }
}

impl From<Sealed> for postseal_message {
    fn from(sealed: Sealed) -> Self {
        Self {
            addresses: sealed.addresses.iter().map(|address| text(address.as_str())).collect(),
            hidden: sealed.hidden,
            content_encryption: shown(sealed.content_encryption.name()),
            mail: Private::new(sealed.mail),
        }
    }
}

/// Encrypts one mail for its recipients: one message for all of `visible`, or several where they read no content encryption in
/// common, and one for each of `hidden`. Send all of them. Blocks while the store and the directories work. The mode of the
/// route says what happens when somebody cannot be reached.
///
/// When no message may be made, the error names the recipients who are the reason (`postseal_error_recipient`).
/// POSTSEAL_STORE_MISSING: the engine has no store. POSTSEAL_ADDRESS_MALFORMED: a text is no mailbox.
///
/// Example: `examples/c/seal.c`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_encrypt(
    engine: *const postseal_engine,
    mail: *const u8,
    mail_len: usize,
    visible: *const *const c_char,
    visible_len: usize,
    hidden: *const *const c_char,
    hidden_len: usize,
    options: *const postseal_options,
    encryption: *mut *mut postseal_encryption,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (encryption, engine, mail, options) =
            unsafe { (place(encryption)?, object(engine)?, octets(mail, mail_len)?, Options::read(options)?) };
        // SAFETY: as the header says.
        let (visible, hidden) =
            unsafe { (argument::addresses(visible, visible_len)?, argument::addresses(hidden, hidden_len)?) };
        let host = engine.host();
        let context = options.for_encryption(host.tracer())?;
        encryption.give(host.encrypt_mail(mail, visible, hidden, context, &options.expired())?.into());
        Ok(())
    })
}

/// How many messages are to be sent. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_encryption_message_count(encryption: *const postseal_encryption) -> usize {
    get(encryption, 0, |encryption| encryption.messages.len())
}

/// One of the messages; NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_encryption_message(
    encryption: *const postseal_encryption,
    index: usize,
) -> *const postseal_message {
    get(encryption, ptr::null(), |encryption| address_of(encryption.messages.get(index)))
}

/// How many recipients get none of the messages. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_encryption_left_out_count(encryption: *const postseal_encryption) -> usize {
    get(encryption, 0, |encryption| encryption.left_out.len())
}

/// One of those who get none, borrowed; NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_encryption_left_out(
    encryption: *const postseal_encryption,
    index: usize,
) -> *const postseal_recipient {
    get(encryption, ptr::null(), |encryption| address_of(encryption.left_out.get(index)))
}

/// Whether the route lets you send plaintext to those who are left out, as far as `postseal_recipient_may_get_plaintext` says so
/// of each.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_encryption_plaintext_allowed(encryption: *const postseal_encryption) -> bool {
    get(encryption, false, |encryption| encryption.plaintext_allowed)
}

/// Whether the mail is encrypted already, and the policy says to send it as it is, its header included, to all recipients.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_encryption_is_passed(encryption: *const postseal_encryption) -> bool {
    get(encryption, false, |encryption| encryption.is_passed)
}

/// Frees an encryption with its messages. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_encryption_free(encryption: *mut postseal_encryption) {
    // SAFETY: as the header says.
    unsafe { free(encryption) };
}

/// The message, ready to be sent, and its octets in `*len` unless that is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_message_mail(message: *const postseal_message, len: *mut usize) -> *const u8 {
    get(message, ptr::null(), |message| put_octets(Some(message.mail.expose()), len))
}

/// How many recipients its envelope has. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_message_address_count(message: *const postseal_message) -> usize {
    get(message, 0, |message| message.addresses.len())
}

/// One of the recipients of its envelope; NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_message_address(message: *const postseal_message, index: usize) -> *const c_char {
    get(message, ptr::null(), |message| pointer(message.addresses.get(index)))
}

/// Whether it is for one hidden recipient.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_message_hidden(message: *const postseal_message) -> bool {
    get(message, false, |message| message.hidden)
}

/// How its content is encrypted, as `aes256-gcm`; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_message_content_encryption(message: *const postseal_message) -> *const c_char {
    get(message, ptr::null(), |message| message.content_encryption.as_ptr())
}
