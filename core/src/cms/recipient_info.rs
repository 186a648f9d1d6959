use super::key_agreement::{AgreedKey, agree_ec, agree_x25519};
use super::key_transport::KeyTransport;
use crate::cert::Certificate;
use crate::crypto::{CryptoBackend, RsaRecipient};
use crate::der::Tag;
use crate::der::writer::{element, small_integer};
use crate::error::{Code, Error};
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

impl Recipient<'_> {
    /// Encrypts the content key for this recipient. Whether the certificate may be used is not asked here.
    pub(super) fn info(
        &self,
        crypto: &dyn CryptoBackend,
        content_key: &[u8],
        random: &mut dyn Random,
        limits: &Limits,
    ) -> Result<RecipientInfo, Error> {
        match &***self.certificate.public_key(limits)? {
            PublicKey::Rsa(key) => self.key_trans(crypto, key, content_key, random),
            PublicKey::Ec(key) => Ok(self.key_agree(&agree_ec(crypto, key, content_key, random)?)),
            PublicKey::X25519(key) => Ok(self.key_agree(&agree_x25519(crypto, key, content_key, random)?)),
            PublicKey::Ed25519(_) => Err(Code::KeyCannotEncrypt.into()),
        }
    }

    /// KeyTransRecipientInfo (RFC 5652 6.2.1).
    fn key_trans(
        &self,
        crypto: &dyn CryptoBackend,
        key: &RsaKey,
        content_key: &[u8],
        random: &mut dyn Random,
    ) -> Result<RecipientInfo, Error> {
        let transport = self.key_transport.for_key(key)?;
        let recipient = RsaRecipient { key: key.numbers(), transport };
        let encrypted_key = crypto.encrypt_content_key(content_key, &[recipient], random)?.concat();
        let (version, identifier) = match self.key_identifier() {
            Some(identifier) => (2, element(Tag::context(0), &[identifier])),
            None => (0, self.issuer_and_serial_number()),
        };
        let encoded = element(
            Tag::SEQUENCE,
            &[
                &small_integer(version),
                &identifier,
                &transport.algorithm_identifier(),
                &element(Tag::OCTET_STRING, &[&encrypted_key]),
            ],
        );
        Ok(RecipientInfo { encoded, version })
    }

    /// KeyAgreeRecipientInfo (RFC 5652 6.2.2, RFC 5753 3.1.1) with one recipient: an ephemeral key serves nobody twice.
    fn key_agree(&self, agreed: &AgreedKey) -> RecipientInfo {
        let identifier = match self.key_identifier() {
            Some(identifier) => element(Tag::context_constructed(0), &[&element(Tag::OCTET_STRING, &[identifier])]),
            None => self.issuer_and_serial_number(),
        };
        let originator_key = element(Tag::context_constructed(1), &[&agreed.originator_key]);
        let encrypted_key = element(Tag::OCTET_STRING, &[&agreed.encrypted_key]);
        let encoded = element(
            Tag::context_constructed(1),
            &[
                &small_integer(3),
                &element(Tag::context_constructed(0), &[&originator_key]),
                &agreed.algorithm,
                &element(Tag::SEQUENCE, &[&element(Tag::SEQUENCE, &[&identifier, &encrypted_key])]),
            ],
        );
        RecipientInfo { encoded, version: 3 }
    }

    fn key_identifier(&self) -> Option<&[u8]> {
        match self.identifier {
            RecipientIdentifier::IssuerAndSerialNumber => None,
            RecipientIdentifier::SubjectKeyIdentifier => {
                self.certificate.subject_key_identifier().filter(|identifier| !identifier.is_empty())
            }
        }
    }

    fn issuer_and_serial_number(&self) -> Vec<u8> {
        let serial = element(Tag::INTEGER, &[self.certificate.serial()]);
        element(Tag::SEQUENCE, &[self.certificate.issuer(), &serial])
    }
}
