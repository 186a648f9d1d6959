use super::policy::{Mode, OnEncrypted};
use super::recipients::Sealed;
use crate::cert::Address;
use crate::drive;
use crate::engine::Engine;
use crate::error::{Code, Error};
use crate::mail::{self, Already};
use crate::random::Random;
use crate::resolve::{Context, RecipientReport, Resolution, Resolve, Unsealed};
use crate::verify::Limits;
use std::sync::Arc;

/// What came of encrypting one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Encryption {
    /// The messages to send: one for all visible recipients, or one for each content encryption that some of
    /// them read where none is common to all; one for each hidden one.
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

/// How the encryption of one mail begins; see [`Engine::begin_encryption`].
///
/// ```
/// # use postseal::seal::Begun;
/// fn questions(begun: &Begun) -> &'static str {
///     match begun {
///         Begun::Resolve(_) => "drive it, then Resolution::seal",
///         Begun::Passed(_) => "nothing to ask: the mail goes out as it is",
///     }
/// }
/// ```
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a host must handle both")]
#[expect(clippy::large_enum_variant, reason = "it lives for a moment, once for each mail")]
pub enum Begun {
    /// The recipients are to be resolved; the [`Resolution`] then seals the mail.
    Resolve(Resolve),
    /// The mail is encrypted already, and the policy says to send it as it is.
    Passed(Encryption),
}

/// As [`Engine::begin_encryption`].
pub(crate) fn begin(
    engine: &Engine,
    mail: &[u8],
    (visible, hidden): (Vec<Address>, Vec<Address>),
    context: Context,
) -> Result<Begun, Unsealed> {
    let resolve = engine.resolve(visible, hidden, context.about(mail, engine.limits()))?;
    // A route that never encrypts has nothing to say about it.
    let never = resolve.policy().mode == Mode::Never;
    let seen = if never { Already::Plain } else { mail::already_whole(mail, engine.limits())? };
    if seen == Already::Plain {
        return Ok(Begun::Resolve(resolve));
    }
    // Only an object passes, never a header that claims to stand before one.
    let passed = seen == Already::Encrypted && resolve.policy().already_encrypted == OnEncrypted::Pass;
    resolve.tell_already_encrypted(passed);
    let (messages, left_out) = (Vec::new(), Vec::new());
    let as_it_is = Encryption { messages, left_out, plaintext_allowed: false, is_passed: true };
    if passed { Ok(Begun::Passed(as_it_is)) } else { Err(Error::from(Code::AlreadyEncrypted).into()) }
}

/// As [`Engine::encrypt_mail`].
pub(crate) fn encrypt(
    engine: &Engine,
    mail: &[u8],
    recipients: (Vec<Address>, Vec<Address>),
    context: Context,
    world: &drive::Lookup<'_>,
    random: &mut dyn Random,
) -> Result<Encryption, Unsealed> {
    let tracer = Arc::clone(&context.tracer);
    match begin(engine, mail, recipients, context)? {
        Begun::Resolve(resolve) => drive::run(resolve, world, &*tracer, &|| false)?.seal(mail, random),
        Begun::Passed(encryption) => Ok(encryption),
    }
}

impl Resolution {
    /// Seals the mail for whom the mode says, as [`Resolution::plan`]: what [`Engine::encrypt_mail`] does with its resolution.
    ///
    /// # Errors
    /// As [`Resolution::plan`]; and the header of the mail, the randomness.
    ///
    /// ```
    /// use postseal::{Address, Engine, UnixTime, drive::{self, Lookup}, resolve::Context, seal::Begun, verify::TrustAnchors};
    /// use postseal_testkit::{SeededRandom, MemoryStore};
    /// use std::sync::Arc;
    /// let (engine, store) = (Engine::new(TrustAnchors::default()), MemoryStore::new());
    /// let context = Context::new(UnixTime::from_seconds(0), Arc::new(()));
    /// let mail = b"Subject: hello\r\n\r\nhello\r\n";
    /// let begun = engine.begin_encryption(mail, vec![Address::parse("alice@goal.example")?], vec![], context)?;
    /// let Begun::Resolve(resolve) = begun else { return Ok(()) };
    /// let resolution = drive::run(resolve, &Lookup::new(&store), &(), &|| false)?;
    /// let unsealed = resolution.seal(mail, &mut SeededRandom::new(1)).unwrap_err();
    /// assert_eq!(unsealed.error.code(), postseal::Code::NoCertificate);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn seal(self, mail: &[u8], random: &mut dyn Random) -> Result<Encryption, Unsealed> {
        let plan = self.plan()?;
        let messages = plan.recipients.map(|recipients| recipients.seal(mail, random)).transpose()?;
        Ok(Encryption {
            messages: messages.unwrap_or_default(),
            left_out: plan.left_out,
            plaintext_allowed: plan.plaintext_allowed,
            is_passed: false,
        })
    }
}
