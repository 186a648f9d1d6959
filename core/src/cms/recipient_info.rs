use super::key_agreement::EphemeralKey;
use super::key_transport::KeyTransport;
use crate::cert::Certificate;
use crate::crypto::{CryptoBackend, RsaRecipient};
use crate::der::Tag;
use crate::der::writer::{append, element, enclose};
use crate::error::{Code, Error};
use crate::random::Random;
use crate::verify::{Limits, PublicKey};

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

/// An ephemeral key with what every KeyAgreeRecipientInfo says about it.
struct Agreement {
    ephemeral: EphemeralKey,
    /// originator and keyEncryptionAlgorithm, each encoded.
    originator: Vec<u8>,
    algorithm: Vec<u8>,
}

/// Encrypts the content key for everybody: one RecipientInfo for each, in their order. Whether the certificates may be used is
/// not asked here. First the RSA recipients are drawn randomness for, in their order, then an ephemeral key for each curve.
///
/// Recipients with keys on one curve share an ephemeral key, and each agrees on a key of his own with it. They could share
/// a KeyAgreeRecipientInfo, too (RFC 5652 6.2.2), but there are readers who find nobody in one with several recipients
/// (docs/decisions/0007).
pub(super) fn recipient_infos(
    crypto: &dyn CryptoBackend,
    recipients: &[Recipient<'_>],
    content_key: &[u8],
    random: &mut dyn Random,
    limits: &Limits,
) -> Result<Vec<RecipientInfo>, Error> {
    let keyed = |recipient| -> Result<_, Error> {
        let recipient: &Recipient<'_> = recipient;
        Ok((recipient, &***recipient.certificate.public_key(limits)?))
    };
    let keyed: Vec<(&Recipient<'_>, &PublicKey)> = recipients.iter().map(keyed).collect::<Result<_, _>>()?;
    let mut rsa = Vec::new();
    for (recipient, key) in &keyed {
        if let PublicKey::Rsa(key) = key {
            rsa.push(RsaRecipient { key: key.numbers(), transport: recipient.key_transport.for_key(key)? });
        }
    }
    let encrypted = crypto.encrypt_content_key(content_key, &rsa, random)?;
    let mut transported = rsa.iter().zip(encrypted);
    // As many as there are curves, at most.
    let mut agreements: Vec<Agreement> = Vec::new();
    let mut infos = Vec::with_capacity(recipients.len());
    for (recipient, key) in keyed {
        if matches!(key, PublicKey::Rsa(_)) {
            let (to, encrypted_key) = transported.next().ok_or(Code::KeyMalformed)?;
            infos.push(recipient.key_trans(to.transport, &encrypted_key));
            continue;
        }
        if !agreements.iter().any(|agreement| agreement.ephemeral.is_for(key)) {
            agreements.push(Agreement::new(crypto, EphemeralKey::draw(key, content_key.len(), random)?)?);
        }
        if let Some(agreement) = agreements.iter().find(|agreement| agreement.ephemeral.is_for(key)) {
            infos.push(agreement.key_agree(crypto, recipient, key, content_key)?);
        }
    }
    Ok(infos)
}

impl Agreement {
    fn new(crypto: &dyn CryptoBackend, ephemeral: EphemeralKey) -> Result<Self, Error> {
        let originator_key = element(Tag::context_constructed(1), &[&ephemeral.originator_key(crypto)?]);
        let originator = element(Tag::context_constructed(0), &[&originator_key]);
        let algorithm = ephemeral.algorithm();
        Ok(Self { ephemeral, originator, algorithm })
    }

    /// KeyAgreeRecipientInfo (RFC 5652 6.2.2, RFC 5753 3.1.1) with one recipient.
    fn key_agree(
        &self,
        crypto: &dyn CryptoBackend,
        recipient: &Recipient<'_>,
        key: &PublicKey,
        content_key: &[u8],
    ) -> Result<RecipientInfo, Error> {
        let encrypted_key = self.ephemeral.encrypt(crypto, key, content_key)?;
        let around = self.originator.len().saturating_add(self.algorithm.len()).saturating_add(encrypted_key.len());
        let mut encoded = recipient.room_for(around);
        append(&mut encoded, Tag::INTEGER, &[&[3]]);
        encoded.extend_from_slice(&self.originator);
        encoded.extend_from_slice(&self.algorithm);
        let start = encoded.len();
        match recipient.key_identifier() {
            Some(identifier) => {
                append(&mut encoded, Tag::OCTET_STRING, &[identifier]);
                enclose(&mut encoded, start, Tag::context_constructed(0));
            }
            None => recipient.issuer_and_serial_number(&mut encoded),
        }
        append(&mut encoded, Tag::OCTET_STRING, &[&encrypted_key]);
        // RecipientEncryptedKey, and the RecipientEncryptedKeys around it.
        enclose(&mut encoded, start, Tag::SEQUENCE);
        enclose(&mut encoded, start, Tag::SEQUENCE);
        enclose(&mut encoded, 0, Tag::context_constructed(1));
        Ok(RecipientInfo { encoded, version: 3 })
    }
}

impl Recipient<'_> {
    /// KeyTransRecipientInfo (RFC 5652 6.2.1).
    fn key_trans(&self, transport: KeyTransport, encrypted_key: &[u8]) -> RecipientInfo {
        let mut encoded = self.room_for(encrypted_key.len());
        let identifier = self.key_identifier();
        let version = if identifier.is_some() { 2 } else { 0 };
        append(&mut encoded, Tag::INTEGER, &[&[version]]);
        match identifier {
            Some(identifier) => append(&mut encoded, Tag::context(0), &[identifier]),
            None => self.issuer_and_serial_number(&mut encoded),
        }
        encoded.extend_from_slice(&transport.algorithm_identifier());
        append(&mut encoded, Tag::OCTET_STRING, &[encrypted_key]);
        enclose(&mut encoded, 0, Tag::SEQUENCE);
        RecipientInfo { encoded, version }
    }

    /// Memory for a whole RecipientInfo with fields of so many octets besides those that name the certificate.
    fn room_for(&self, fields: usize) -> Vec<u8> {
        // Headers, the version, the parameters of OAEP.
        const REST: usize = 128;
        let names = self.certificate.issuer().len().saturating_add(self.certificate.serial().len());
        Vec::with_capacity(names.saturating_add(fields).saturating_add(REST))
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
