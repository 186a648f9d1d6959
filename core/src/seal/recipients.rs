use super::sealer::Sealer;
use super::{ContentEncryption, Policy};
use crate::cert::Address;
use crate::crypto::CryptoBackend;
use crate::error::{Code, Error};
use crate::private::Private;
use crate::random::Random;
use crate::resolve::{Context, Recipient};
use crate::verify::Limits;
use core::fmt;
use std::sync::Arc;

/// Everybody whom one mail is encrypted for, with certificates that passed their checks. Spent by sealing; a second mail
/// needs a second resolution, because what was lent was lent for one:
///
/// ```compile_fail,E0382
/// use postseal::{Random, resolve::Unsealed, seal::Recipients};
/// fn twice(recipients: Recipients, random: &mut dyn Random) -> Result<(), Unsealed> {
///     recipients.seal(b"\r\nfirst", random)?;
///     recipients.seal(b"\r\nsecond", random)?;
///     Ok(())
/// }
/// ```
/// ```
/// use postseal::{Random, resolve::Unsealed, seal::Recipients};
/// fn once(recipients: Recipients, random: &mut dyn Random) -> Result<(), Unsealed> {
///     recipients.seal(b"\r\nfirst", random)?;
///     Ok(())
/// }
/// # let _ = once;
/// ```
///
/// Nor can it be copied, and the certificates do not come out of it:
///
/// ```compile_fail,E0277
/// fn needs_clone<T: Clone>() {}
/// needs_clone::<postseal::seal::Recipients>();
/// ```
/// ```
/// fn needs_debug<T: std::fmt::Debug>() {}
/// needs_debug::<postseal::seal::Recipients>();
/// ```
#[derive(Debug)]
pub struct Recipients {
    /// Who is in one message.
    groups: Vec<Vec<Recipient>>,
    policy: Policy,
    context: Context,
    limits: Limits,
    crypto: Arc<dyn CryptoBackend>,
}

/// One message to be made: for all visible recipients who read one content encryption, or for one hidden one. A RecipientInfo
/// would tell the others of him.
#[derive(Debug)]
pub struct Envelope {
    pub(super) recipients: Vec<Recipient>,
    pub(super) policy: Policy,
    pub(super) context: Context,
    pub(super) limits: Limits,
    pub(super) crypto: Arc<dyn CryptoBackend>,
}

/// One finished message.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sealed {
    /// For whom: the recipients of its envelope.
    pub addresses: Vec<Address>,
    /// Whether it is for one hidden recipient.
    pub hidden: bool,
    /// How its content is encrypted.
    pub content_encryption: ContentEncryption,
    /// The message, ready to be sent.
    pub mail: Vec<u8>,
}

/// Neither header nor body of the message are for those who read a log.
impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { addresses, hidden, content_encryption, mail } = self;
        let addresses: Vec<Private<&Address>> = addresses.iter().map(Private::new).collect();
        f.debug_struct("Sealed")
            .field("addresses", &addresses)
            .field("hidden", hidden)
            .field("content_encryption", content_encryption)
            .field("octets", &mail.len())
            .finish()
    }
}

impl Recipients {
    pub(crate) const fn new(
        groups: Vec<Vec<Recipient>>,
        policy: Policy,
        context: Context,
        limits: Limits,
        crypto: Arc<dyn CryptoBackend>,
    ) -> Self {
        Self { groups, policy, context, limits, crypto }
    }

    /// The messages that are needed: one for all visible recipients, and one for each hidden one. Where the policy allows no
    /// content encryption that all visible ones read, as with AES-GCM of different lengths, there is one for each that some of
    /// them read, the largest first.
    ///
    /// ```
    /// use postseal::seal::Recipients;
    /// fn how_many(recipients: Recipients) -> usize { recipients.envelopes().len() }
    /// # let _ = how_many;
    /// ```
    pub fn envelopes(self) -> Vec<Envelope> {
        let Self { groups, policy, context, limits, crypto } = self;
        let envelope = |recipients| Envelope {
            recipients,
            policy: policy.clone(),
            context: context.clone(),
            limits: limits.clone(),
            crypto: Arc::clone(&crypto),
        };
        groups.into_iter().map(envelope).collect()
    }

    /// Seals a whole mail that is in memory, for each of the [envelopes](Self::envelopes). Larger ones go through
    /// [`Envelope::sealer`].
    ///
    /// # Errors
    /// [`Code::MessagesTooLarge`] before anything is made, what is wrong with the mail, or the randomness. Then there is no
    /// message at all.
    ///
    /// ```
    /// use postseal::{Error, Random, seal::{Recipients, Sealed}};
    /// fn seal(recipients: Recipients, mail: &[u8], random: &mut dyn Random) -> Result<Vec<Sealed>, Error> {
    ///     recipients.seal(mail, random)
    /// }
    /// # let _ = seal;
    /// ```
    pub fn seal(self, mail: &[u8], random: &mut dyn Random) -> Result<Vec<Sealed>, Error> {
        // Base64 and its line ends make four octets of three, and a little more.
        let together = mail.len().saturating_add(mail.len().div_euclid(2)).saturating_mul(self.groups.len());
        if self.groups.len() > 1 && together > self.limits.sealed_bytes {
            return Err(Code::MessagesTooLarge.into());
        }
        self.envelopes().into_iter().map(|envelope| envelope.seal(mail, random)).collect()
    }
}

impl Envelope {
    /// For whom: the recipients of the message's envelope.
    ///
    /// ```
    /// fn count(envelope: &postseal::seal::Envelope) -> usize { envelope.addresses().count() }
    /// # let _ = count;
    /// ```
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.recipients.iter().map(|recipient| recipient.report.address.expose())
    }

    /// Whether this is the message of one hidden recipient.
    ///
    /// ```
    /// fn is_for_bcc(envelope: &postseal::seal::Envelope) -> bool { envelope.is_hidden() }
    /// # let _ = is_for_bcc;
    /// ```
    pub fn is_hidden(&self) -> bool {
        self.recipients.iter().any(|recipient| recipient.report.hidden)
    }

    /// Takes the mail in pieces and gives the message in pieces, in constant memory. With `length`, the octets of the whole
    /// mail, the object is DER, and another length than that is an error; without, it is BER.
    ///
    /// Everything random is drawn here, the recipients' keys are used here.
    ///
    /// # Errors
    /// [`Code::RandomUnavailable`](crate::Code), [`Code::ContentEncryptionMismatch`](crate::Code).
    ///
    /// ```
    /// use postseal::{Error, Random, seal::Envelope};
    /// fn seal(envelope: Envelope, pieces: &[&[u8]], random: &mut dyn Random) -> Result<Vec<u8>, Error> {
    ///     let mut message = Vec::new();
    ///     let mut sealer = envelope.sealer(None, random)?;
    ///     for piece in pieces {
    ///         sealer.push(piece, &mut message)?;
    ///     }
    ///     sealer.finish(&mut message)?;
    ///     Ok(message)
    /// }
    /// # let _ = seal;
    /// ```
    pub fn sealer(self, length: Option<u64>, random: &mut dyn Random) -> Result<Sealer, Error> {
        Sealer::new(self, length, random)
    }

    /// Seals a whole mail that is in memory.
    ///
    /// # Errors
    /// As [`Envelope::sealer`] and [`Sealer::push`].
    ///
    /// ```
    /// use postseal::{Error, Random, seal::{Envelope, Sealed}};
    /// fn seal(envelope: Envelope, mail: &[u8], random: &mut dyn Random) -> Result<Sealed, Error> {
    ///     envelope.seal(mail, random)
    /// }
    /// # let _ = seal;
    /// ```
    pub fn seal(self, mail: &[u8], random: &mut dyn Random) -> Result<Sealed, Error> {
        let addresses = self.addresses().cloned().collect();
        let hidden = self.is_hidden();
        let mut sealer = self.sealer(u64::try_from(mail.len()).ok(), random)?.at_once();
        let content_encryption = sealer.content_encryption();
        let mut message = Vec::new();
        sealer.push(mail, &mut message)?;
        sealer.finish(&mut message)?;
        Ok(Sealed { addresses, hidden, content_encryption, mail: message })
    }
}
