use super::policy::OnEncrypted;
use super::recipients::Sealed;
use crate::cert::Address;
use crate::drive;
use crate::engine::Engine;
use crate::error::{Code, Error};
use crate::mail;
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
    /// The mail is encrypted already, and the policy says to send it as it is.
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
    let end = mail::header_end(mail, 0).unwrap_or(mail.len());
    let (header, body) = mail.split_at_checked(end).unwrap_or_default();
    mail::is_encrypted(header, body, true, limits).map(|encrypted| encrypted == Some(true))
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
    if is_encrypted(mail, engine.limits())? {
        return match resolve.policy().already_encrypted {
            OnEncrypted::Refuse => Err(Error::from(Code::AlreadyEncrypted).into()),
            OnEncrypted::Pass => {
                Ok(Encryption { messages: Vec::new(), left_out: Vec::new(), plaintext_allowed: false, is_passed: true })
            }
        };
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
