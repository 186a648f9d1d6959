//! Keys, signatures, numbers and times (S/MIME BR 6.1.5, 6.3.2, 7.1, 7.1.3).

use super::subscriber::{Generation, Subscriber};
use crate::der::writer::{algorithm_identifier, element, small_integer};
use crate::der::{Document, Tag, oids};
use crate::error::Code;
use crate::verify::{PublicKey, weak};

const NULL: &[u8] = &[5, 0];
const DAY: i64 = 86_400;
/// 2025-07-15 (S/MIME BR 7.1.6.1).
const END_OF_LEGACY: i64 = 1_752_537_600;

/// What a key is for, by its algorithm (S/MIME BR 7.1.2.3 e).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    Rsa,
    Ec,
    /// EdDSA and ML-DSA.
    Signature,
    /// ML-KEM.
    Encapsulation,
}

/// The kinds of keys that 7.1.3.1 lists, with the parameters of their algorithms.
fn key_algorithms() -> Vec<(KeyKind, Vec<u8>)> {
    let curve = |oid: &[u8]| algorithm_identifier(oids::EC_PUBLIC_KEY, &element(Tag::OBJECT_IDENTIFIER, &[oid]));
    let bare = |oid: &[u8]| algorithm_identifier(oid, &[]);
    let signature = [oids::ED25519, oids::ED448, oids::ML_DSA_44, oids::ML_DSA_65, oids::ML_DSA_87];
    let encapsulation = [oids::ML_KEM_512, oids::ML_KEM_768, oids::ML_KEM_1024];
    let rsa = [(KeyKind::Rsa, algorithm_identifier(oids::RSA_ENCRYPTION, NULL))];
    let curves = [oids::P_256, oids::P_384, oids::P_521].map(|oid| (KeyKind::Ec, curve(oid)));
    let signature = signature.map(|oid| (KeyKind::Signature, bare(oid)));
    let encapsulation = encapsulation.map(|oid| (KeyKind::Encapsulation, bare(oid)));
    rsa.into_iter().chain(curves).chain(signature).chain(encapsulation).collect()
}

/// The AlgorithmIdentifier of the key, as it was sent.
fn key_algorithm<'a>(subscriber: &Subscriber<'a>) -> Option<&'a [u8]> {
    let document = Document::new(subscriber.certificate.public_key_info(), subscriber.limits);
    let root = document.root().ok()?.expect(Tag::SEQUENCE).ok()?;
    Some(document.children(&root).ok()?.expect(Tag::SEQUENCE).ok()?.raw())
}

pub(super) fn key_kind(subscriber: &Subscriber<'_>) -> Option<KeyKind> {
    let sent = key_algorithm(subscriber)?;
    key_algorithms().into_iter().find(|(_, listed)| listed == sent).map(|(kind, _)| kind)
}

pub(super) fn public_key(subscriber: &Subscriber<'_>) -> bool {
    key_kind(subscriber).is_none()
}

/// A key that the engine does not compute with has no size here; the engine refuses it by itself.
pub(super) fn key_size(subscriber: &Subscriber<'_>) -> bool {
    match PublicKey::from_spki(subscriber.certificate.public_key_info(), subscriber.limits) {
        Ok(PublicKey::Rsa(key)) => {
            let bits = weak::bits(&key.modulus);
            bits < 2048 || bits & 7 != 0
        }
        Ok(_) => false,
        Err(error) => error.code() != Code::KeyUnsupported,
    }
}

/// Both fields that name it (S/MIME BR 7.1.3.2).
pub(super) fn signature(subscriber: &Subscriber<'_>) -> bool {
    let certificate = subscriber.certificate;
    let sent = [certificate.signature_algorithm(), certificate.inner_signature_algorithm()];
    let listed = signature_algorithms();
    !sent.iter().all(|sent| listed.iter().any(|listed| listed == sent))
}

fn signature_algorithms() -> Vec<Vec<u8>> {
    let rsa = [oids::SHA256_WITH_RSA, oids::SHA384_WITH_RSA, oids::SHA512_WITH_RSA];
    let bare = [
        oids::ECDSA_WITH_SHA256,
        oids::ECDSA_WITH_SHA384,
        oids::ECDSA_WITH_SHA512,
        oids::ED25519,
        oids::ED448,
        oids::ML_DSA_44,
        oids::ML_DSA_65,
        oids::ML_DSA_87,
    ];
    let rsa = rsa.map(|oid| algorithm_identifier(oid, NULL));
    let pss = [pss(oids::SHA_256, 32), pss(oids::SHA_384, 48), pss(oids::SHA_512, 64)];
    rsa.into_iter().chain(pss).chain(bare.map(|oid| algorithm_identifier(oid, &[]))).collect()
}

/// RSASSA-PSS with one digest everywhere and a salt of its length.
fn pss(digest: &[u8], salt: u8) -> Vec<u8> {
    let hash = algorithm_identifier(digest, NULL);
    let mask = algorithm_identifier(oids::MGF1, &hash);
    let field = |number, value: &[u8]| element(Tag::context_constructed(number), &[value]);
    let parameters = element(Tag::SEQUENCE, &[&field(0, &hash), &field(1, &mask), &field(2, &small_integer(salt))]);
    algorithm_identifier(oids::RSASSA_PSS, &parameters)
}

/// Of a number that holds 64 random bits, one below 2^32 comes once in four thousand million.
pub(super) fn serial_number(subscriber: &Subscriber<'_>) -> bool {
    let octets = subscriber.certificate.serial();
    let significant = octets.iter().skip_while(|octet| **octet == 0).count();
    octets.first().is_none_or(|first| first & 0x80 != 0) || significant <= 4 || octets.len() > 20
}

pub(super) fn version(subscriber: &Subscriber<'_>) -> bool {
    subscriber.certificate.version() != 3
}

/// Both the first and the last second are valid (RFC 5280 4.1.2.5).
pub(super) fn validity(subscriber: &Subscriber<'_>) -> bool {
    let days: i64 = if subscriber.generation() == Generation::Legacy { 1185 } else { 825 };
    let [first, last] = [subscriber.certificate.not_before(), subscriber.certificate.not_after()];
    let seconds = last.seconds().saturating_sub(first.seconds()).saturating_add(1);
    seconds <= 0 || seconds > days.saturating_mul(DAY)
}

pub(super) fn legacy_generation(subscriber: &Subscriber<'_>) -> bool {
    let legacy = subscriber.reserved.iter().any(|(_, generation)| *generation == Generation::Legacy);
    legacy && subscriber.certificate.not_before().seconds() >= END_OF_LEGACY
}
