//! A SignedData by hand: every piece can be replaced by another encoding of it, or by a wrong one.

use super::oids;
use crate::der::{Tag, writer::element};
use crate::verify::DigestAlgorithm;
use ed25519_dalek::{Signer as _, SigningKey};

pub(super) const TEXT: &[u8] = b"Content-Type: text/plain\r\n\r\nhello\r\n";
pub(super) const KEY_IDENTIFIER: &[u8] = &[0xaa, 0xbb, 0xcc, 0xdd];
const SERIAL: &[u8] = &[0x11, 0x22];
const SHA_512: DigestAlgorithm = DigestAlgorithm::Sha512;

pub(super) fn tlv(tag: u8, pieces: &[&[u8]]) -> Vec<u8> {
    element(Tag(tag), pieces)
}

pub(super) fn indefinite(tag: u8, pieces: &[&[u8]]) -> Vec<u8> {
    [&[tag, 0x80], pieces.concat().as_slice(), &[0, 0]].concat()
}

pub(super) fn sequence(pieces: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, pieces)
}

pub(super) fn oid(octets: &[u8]) -> Vec<u8> {
    tlv(0x06, &[octets])
}

pub(super) fn octets(value: &[u8]) -> Vec<u8> {
    tlv(0x04, &[value])
}

pub(super) fn algorithm(kind: &[u8]) -> Vec<u8> {
    sequence(&[&oid(kind)])
}

pub(super) fn attribute(kind: &[u8], values: &[&[u8]]) -> Vec<u8> {
    sequence(&[&oid(kind), &tlv(0x31, values)])
}

pub(super) fn content_type(kind: &[u8]) -> Vec<u8> {
    attribute(oids::CONTENT_TYPE, &[&oid(kind)])
}

pub(super) fn message_digest(content: &[u8]) -> Vec<u8> {
    attribute(oids::MESSAGE_DIGEST, &[&octets(&SHA_512.digest(&[content]))])
}

pub(super) fn signing_time() -> Vec<u8> {
    attribute(oids::SIGNING_TIME, &[&tlv(0x17, &[b"260501120000Z"])])
}

pub(super) fn name(common_name: &str) -> Vec<u8> {
    sequence(&[&tlv(0x31, &[&sequence(&[&oid(&[0x55, 0x04, 0x03]), &tlv(0x0c, &[common_name.as_bytes()])])])])
}

pub(super) fn issuer_and_serial() -> Vec<u8> {
    sequence(&[&name("CA"), &tlv(0x02, &[SERIAL])])
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// A certificate of the CA for the key that signs here. Nobody looks at its own signature.
pub(super) fn certificate() -> Vec<u8> {
    certificate_with(7, "CA", SERIAL, KEY_IDENTIFIER)
}

pub(super) fn certificate_with(seed: u8, issuer: &str, serial: &[u8], key_identifier: &[u8]) -> Vec<u8> {
    let bits = |value: &[u8]| tlv(0x03, &[&[0], value]);
    let time = |text: &str| tlv(0x17, &[text.as_bytes()]);
    let extension = sequence(&[&oid(oids::SUBJECT_KEY_IDENTIFIER), &octets(&octets(key_identifier))]);
    let to_be_signed = sequence(&[
        &tlv(0xa0, &[&tlv(0x02, &[&[2]])]),
        &tlv(0x02, &[serial]),
        &algorithm(oids::ED25519),
        &name(issuer),
        &sequence(&[&time("260101000000Z"), &time("270101000000Z")]),
        &name("Alice"),
        &sequence(&[&algorithm(oids::ED25519), &bits(key(seed).verifying_key().as_bytes())]),
        &tlv(0xa3, &[&sequence(&[&extension])]),
    ]);
    sequence(&[&to_be_signed, &algorithm(oids::ED25519), &bits(&[0; 64])])
}

/// The pieces of one SignerInfo, encoded.
#[derive(Clone)]
pub(super) struct Signer {
    pub(super) identifier: Vec<u8>,
    pub(super) digest_algorithm: Vec<u8>,
    /// In the order in which they are sent.
    pub(super) attributes: Option<Vec<Vec<u8>>>,
    /// The attributes as they are signed, one after the other, if not those that are sent in the order of DER.
    pub(super) signs: Option<Vec<Vec<u8>>>,
    pub(super) unsigned: Option<Vec<Vec<u8>>>,
    pub(super) streamed: bool,
    /// Puts the signature into an octet string.
    pub(super) signature: fn(&[u8]) -> Vec<u8>,
}

/// The pieces of a SignedData, encoded.
#[derive(Clone)]
pub(super) struct Signed {
    pub(super) content_type: &'static [u8],
    /// The octets that are signed.
    pub(super) octets: Vec<u8>,
    /// What stands in the `[0]` of the content.
    pub(super) content: Option<Vec<u8>>,
    pub(super) certificates: Vec<Vec<u8>>,
    pub(super) signers: Vec<Signer>,
    pub(super) streamed: bool,
    pub(super) after: Vec<u8>,
}

impl Signer {
    pub(super) fn new(content: &[u8]) -> Self {
        Self {
            identifier: issuer_and_serial(),
            digest_algorithm: algorithm(oids::SHA_512),
            attributes: Some(vec![content_type(oids::ID_DATA), signing_time(), message_digest(content)]),
            signs: None,
            unsigned: None,
            streamed: false,
            signature: octets,
        }
    }

    fn signed_octets(&self, content: &[u8]) -> Vec<u8> {
        let Some(mut sorted) = self.attributes.clone() else { return content.to_vec() };
        sorted.sort();
        tlv(0x31, &[&self.signs.as_ref().unwrap_or(&sorted).concat()])
    }

    fn encode(&self, content: &[u8]) -> Vec<u8> {
        let wrap = if self.streamed { indefinite } else { tlv };
        let set = |tag: u8, members: &Option<Vec<Vec<u8>>>| {
            members.as_ref().map(|members| wrap(tag, &[&members.concat()])).unwrap_or_default()
        };
        let signature = key(7).sign(&self.signed_octets(content)).to_bytes();
        let version = tlv(0x02, &[&[1]]);
        let pieces: [&[u8]; 7] = [
            &version,
            &self.identifier,
            &self.digest_algorithm,
            &set(0xa0, &self.attributes),
            &algorithm(oids::ED25519),
            &(self.signature)(&signature),
            &set(0xa1, &self.unsigned),
        ];
        wrap(0x30, &pieces)
    }
}

impl Signed {
    /// Opaque, as DER, with nothing wrong.
    pub(super) fn opaque(content: &[u8]) -> Self {
        Self { content: Some(octets(content)), ..Self::detached(content) }
    }

    /// Detached: `content` stands beside the object.
    pub(super) fn detached(content: &[u8]) -> Self {
        Self {
            content_type: oids::ID_DATA,
            octets: content.to_vec(),
            content: None,
            certificates: vec![certificate()],
            signers: vec![Signer::new(content)],
            streamed: false,
            after: Vec::new(),
        }
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(super) fn signer(mut self, change: impl FnOnce(&mut Signer)) -> Self {
        change(&mut self.signers[0]);
        self
    }

    /// With more signed attributes.
    pub(super) fn attributes(self, more: &[Vec<u8>]) -> Self {
        self.signer(|signer| signer.attributes.as_mut().unwrap().extend_from_slice(more))
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let wrap = if self.streamed { indefinite } else { tlv };
        let content = self.content.as_ref().map(|content| wrap(0xa0, &[content])).unwrap_or_default();
        let signers: Vec<Vec<u8>> = self.signers.iter().map(|signer| signer.encode(&self.octets)).collect();
        let signed_data = wrap(
            0x30,
            &[
                &tlv(0x02, &[&[1]]),
                &tlv(0x31, &[&algorithm(oids::SHA_512)]),
                &wrap(0x30, &[&oid(self.content_type), &content]),
                &wrap(0xa0, &[&self.certificates.concat()]),
                &wrap(0x31, &[&signers.concat()]),
            ],
        );
        [wrap(0x30, &[&oid(oids::ID_SIGNED_DATA), &wrap(0xa0, &[&signed_data])]), self.after.clone()].concat()
    }
}
