use super::policy::{Mode, OnEncrypted};
use super::recipients::Sealed;
use crate::cert::Address;
use crate::drive;
use crate::engine::Engine;
use crate::error::{Code, Error};
use crate::mail::{self, Already};
use crate::random::Random;
use crate::resolve::{Context, RecipientReport, Unsealed};
use crate::verify::Limits;
use std::sync::Arc;

/// What came of encrypting one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Encryption {
    /// The messages to send: one for all visible recipients, one for each hidden one.
    pub messages: Vec<Sealed>,
    /// Those who get none of them.
    pub left_out: Vec<RecipientReport>,
    /// As [`Plan::plaintext_allowed`](crate::resolve::Plan::plaintext_allowed).
    pub plaintext_allowed: bool,
    /// The mail is encrypted already, and the policy says to send it as it is, its header included, to all recipients.
    /// Whom it is encrypted to is its sender's doing.
    pub is_passed: bool,
}

/// Whether a mail is encrypted already, by S/MIME or by another kind of multipart/encrypted: what a policy's
/// [`OnEncrypted`] is about.
///
/// # Errors
/// The limits of a header.
///
/// ```
/// use postseal::{seal::is_encrypted, verify::Limits};
/// let mail = b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\n";
/// assert!(is_encrypted(mail, &Limits::default())?);
/// assert!(!is_encrypted(b"Subject: plain\r\n\r\nhello\r\n", &Limits::default())?);
/// # Ok::<(), postseal::Error>(())
/// ```
pub fn is_encrypted(mail: &[u8], limits: &Limits) -> Result<bool, Error> {
    mail::already_whole(mail, limits).map(|seen| seen != Already::Plain)
}

/// As [`Engine::encrypt_mail`].
pub(crate) fn encrypt(
    engine: &Engine,
    mail: &[u8],
    (visible, hidden): (Vec<Address>, Vec<Address>),
    context: Context,
    world: &drive::Lookup<'_>,
    random: &mut dyn Random,
) -> Result<Encryption, Unsealed> {
    let context = context.about(mail, engine.limits());
    let tracer = Arc::clone(&context.tracer);
    let resolve = engine.resolve(visible, hidden, context)?;
    // A route that never encrypts has nothing to say about it.
    let never = resolve.policy().mode == Mode::Never;
    let seen = if never { Already::Plain } else { mail::already_whole(mail, engine.limits())? };
    if seen != Already::Plain {
        // Only an object passes, never a header that claims to stand before one.
        let passed = seen == Already::Encrypted && resolve.policy().already_encrypted == OnEncrypted::Pass;
        resolve.tell_already_encrypted(passed);
        let (messages, left_out) = (Vec::new(), Vec::new());
        let as_it_is = Encryption { messages, left_out, plaintext_allowed: false, is_passed: true };
        return if passed { Ok(as_it_is) } else { Err(Error::from(Code::AlreadyEncrypted).into()) };
    }
    let plan = drive::run(resolve, world, &*tracer, &|| false)?.plan()?;
    let messages = plan.recipients.map(|recipients| recipients.seal(mail, random)).transpose()?;
    Ok(Encryption {
        messages: messages.unwrap_or_default(),
        left_out: plan.left_out,
        plaintext_allowed: plan.plaintext_allowed,
        is_passed: false,
    })
}
