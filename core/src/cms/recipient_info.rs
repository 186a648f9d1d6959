use super::key_agreement::EphemeralKey;
use super::key_transport::KeyTransport;
use crate::cert::Certificate;
use crate::der::Tag;
use crate::der::writer::{append, element, enclose, small_integer};
use crate::error::Error;
use crate::random::Random;
use crate::verify::{Limits, PublicKey, RsaKey};

/// How a message names the certificate that it is encrypted to (RFC 5652 6.2.1, 6.2.2).
///
/// ```
/// use postseal::seal::RecipientIdentifier;
/// assert_eq!(RecipientIdentifier::default(), RecipientIdentifier::IssuerAndSerialNumber);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 5652 has these two")]
pub enum RecipientIdentifier {
    /// By its issuer's name and its serial number, octet for octet as they stand in the certificate. Every mail program
    /// finds it.
    #[default]
    IssuerAndSerialNumber,
    /// By its subjectKeyIdentifier extension, which stays the same when a certificate is renewed with the same key. A
    /// certificate without the extension is named by issuer and serial number.
    SubjectKeyIdentifier,
}

/// Somebody who is to read a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipient<'a> {
    pub(crate) certificate: &'a Certificate,
    pub(crate) identifier: RecipientIdentifier,
    /// For an RSA key, unless its algorithm identifier asks for another one; other keys agree.
    pub(crate) key_transport: KeyTransport,
}

/// One encoded RecipientInfo and its version.
#[derive(Debug)]
pub(super) struct RecipientInfo {
    pub(super) encoded: Vec<u8>,
    pub(super) version: u8,
}

/// Everybody with a key on one curve: a KeyAgreeRecipientInfo in the making.
struct Agreement {
    ephemeral: EphemeralKey,
    /// The RecipientEncryptedKeys, encoded, one after the other.
    encrypted_keys: Vec<u8>,
}

/// Encrypts the content key for everybody: a RecipientInfo for each RSA key, and one for all keys on a curve. Whether the
/// certificates may be used is not asked here.
pub(super) fn recipient_infos(
    recipients: &[Recipient<'_>],
    content_key: &[u8],
    random: &mut dyn Random,
    limits: &Limits,
) -> Result<Vec<RecipientInfo>, Error> {
    let mut infos = Vec::with_capacity(recipients.len());
    // As many as there are curves, at most.
    let mut agreements: Vec<Agreement> = Vec::new();
    for recipient in recipients {
        let key = PublicKey::from_spki(recipient.certificate.public_key_info(), limits)?;
        if let PublicKey::Rsa(key) = &key {
            infos.push(recipient.key_trans(key, content_key, random)?);
            continue;
        }
        if !agreements.iter().any(|agreement| agreement.ephemeral.is_for(&key)) {
            let ephemeral = EphemeralKey::draw(&key, content_key.len(), random)?;
            agreements.push(Agreement { ephemeral, encrypted_keys: Vec::new() });
        }
        if let Some(agreement) = agreements.iter_mut().find(|agreement| agreement.ephemeral.is_for(&key)) {
            agreement.add(recipient, &key, content_key)?;
        }
    }
    for agreement in agreements {
        infos.push(agreement.key_agree()?);
    }
    Ok(infos)
}

impl Agreement {
    /// One more RecipientEncryptedKey.
    fn add(&mut self, recipient: &Recipient<'_>, key: &PublicKey, content_key: &[u8]) -> Result<(), Error> {
        let encrypted_key = self.ephemeral.encrypt(key, content_key)?;
        let start = self.encrypted_keys.len();
        let out = &mut self.encrypted_keys;
        match recipient.key_identifier() {
            Some(identifier) => {
                append(out, Tag::OCTET_STRING, &[identifier]);
                enclose(out, start, Tag::context_constructed(0));
            }
            None => recipient.issuer_and_serial_number(out),
        }
        append(out, Tag::OCTET_STRING, &[&encrypted_key]);
        enclose(out, start, Tag::SEQUENCE);
        Ok(())
    }

    /// KeyAgreeRecipientInfo (RFC 5652 6.2.2, RFC 5753 3.1.1): one ephemeral key, and for each recipient the content key
    /// under the key that only he agrees on with it.
    fn key_agree(&self) -> Result<RecipientInfo, Error> {
        let originator_key = element(Tag::context_constructed(1), &[&self.ephemeral.originator_key()?]);
        let encoded = element(
            Tag::context_constructed(1),
            &[
                &small_integer(3),
                &element(Tag::context_constructed(0), &[&originator_key]),
                &self.ephemeral.algorithm(),
                &element(Tag::SEQUENCE, &[&self.encrypted_keys]),
            ],
        );
        Ok(RecipientInfo { encoded, version: 3 })
    }
}

impl Recipient<'_> {
    /// KeyTransRecipientInfo (RFC 5652 6.2.1).
    fn key_trans(&self, key: &RsaKey, content_key: &[u8], random: &mut dyn Random) -> Result<RecipientInfo, Error> {
        let transport = self.key_transport.for_key(key)?;
        let encrypted_key = transport.encrypt(key, content_key, random)?;
        // All of it in one piece of memory: with the names of this, 128 octets more are enough for the rest.
        let names = self.certificate.issuer().len().saturating_add(self.certificate.serial().len());
        let mut encoded = Vec::with_capacity(encrypted_key.len().saturating_add(names).saturating_add(128));
        let identifier = self.key_identifier();
        let version = if identifier.is_some() { 2 } else { 0 };
        append(&mut encoded, Tag::INTEGER, &[&[version]]);
        match identifier {
            Some(identifier) => append(&mut encoded, Tag::context(0), &[identifier]),
            None => self.issuer_and_serial_number(&mut encoded),
        }
        encoded.extend_from_slice(&transport.algorithm_identifier());
        append(&mut encoded, Tag::OCTET_STRING, &[&encrypted_key]);
        enclose(&mut encoded, 0, Tag::SEQUENCE);
        Ok(RecipientInfo { encoded, version })
    }

    fn key_identifier(&self) -> Option<&[u8]> {
        match self.identifier {
            RecipientIdentifier::IssuerAndSerialNumber => None,
            RecipientIdentifier::SubjectKeyIdentifier => {
                self.certificate.subject_key_identifier().filter(|identifier| !identifier.is_empty())
            }
        }
    }

    fn issuer_and_serial_number(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(self.certificate.issuer());
        append(out, Tag::INTEGER, &[self.certificate.serial()]);
        enclose(out, start, Tag::SEQUENCE);
    }
}
