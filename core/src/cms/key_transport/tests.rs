#![allow(clippy::arithmetic_side_effects, reason = "test code")]

use super::*;
use crate::cms::enveloped::private_operation;
use crate::cms::scripted::{Counting, Scripted};
use crate::crypto::{CryptoBackend, PureRust, RsaRecipient};
use crate::der::writer::whole_bits;
use crate::verify::{Limits, PublicKey};
use postseal_testkit::wycheproof::{files, hex, tests};

/// An RSA key from its numbers, which may have leading zeros.
fn rsa_key(algorithm: &[u8], modulus: &[u8], exponent: &[u8]) -> RsaKey {
    let number = |octets: &[u8]| element(Tag::INTEGER, &[&[0], octets]);
    let key = element(Tag::SEQUENCE, &[&number(modulus), &number(exponent)]);
    let spki = element(Tag::SEQUENCE, &[algorithm, &whole_bits(&key)]);
    match PublicKey::from_spki(&spki, &Limits::default()).unwrap() {
        PublicKey::Rsa(key) => *key,
        other => panic!("{other:?}"),
    }
}

fn any_key(bits: usize) -> RsaKey {
    rsa_key(&algorithm_identifier(oids::RSA_ENCRYPTION, NULL), &vec![0xff; bits / 8], &[1, 0, 1])
}

fn encrypt(
    transport: KeyTransport,
    key: &RsaKey,
    content_key: &[u8],
    random: &mut dyn Random,
) -> Result<Vec<u8>, Error> {
    let recipient = RsaRecipient { key: key.numbers(), transport };
    PureRust.encrypt_content_key(content_key, &[recipient], random).map(|encrypted| encrypted.concat())
}

fn digest(name: &str) -> Option<DigestAlgorithm> {
    match name {
        "SHA-1" => Some(DigestAlgorithm::Sha1),
        "SHA-256" => Some(DigestAlgorithm::Sha256),
        "SHA-384" => Some(DigestAlgorithm::Sha384),
        "SHA-512" => Some(DigestAlgorithm::Sha512),
        _ => None,
    }
}

/// The vectors are made for decryption. With the private key that stands beside them, the seed is taken out of each
/// ciphertext; with the same seed, the same message must come to the same ciphertext.
// hardening: D8
#[test]
fn every_wycheproof_vector_of_oaep_in_scope_is_encrypted_as_it_says() {
    let (mut run, mut invalid, mut labels, mut digests) = (0, 0, 0, 0);
    for (name, file) in files("rsa_oaep_") {
        for (group, test) in tests(&file) {
            let named = |field: &str| digest(group[field].as_str().unwrap());
            if test["result"] == "invalid" {
                invalid += 1;
                continue;
            }
            if test["label"] != "" {
                labels += 1;
                continue;
            }
            let (Some(digest), Some(mask_digest)) = (named("sha"), named("mgfSha")) else {
                digests += 1;
                continue;
            };
            let number = |field: &str| hex(&group["privateKey"][field]);
            let (modulus, ciphertext) = (number("modulus"), hex(&test["ct"]));
            let encoded = private_operation(&modulus, &number("privateExponent"), &ciphertext);
            let (seed, block) = encoded[1..].split_at(digest.size());
            let mut seed = seed.to_vec();
            xor(&mut seed, &mgf1(mask_digest, block, digest.size()));

            let algorithm = algorithm_identifier(oids::RSA_ENCRYPTION, NULL);
            let key = rsa_key(&algorithm, &modulus, &number("publicExponent"));
            let transport = KeyTransport::Oaep(OaepParameters { digest, mask_digest });
            let encrypted = encrypt(transport, &key, &hex(&test["msg"]), &mut Scripted::new(&seed)).unwrap();
            assert_eq!(encrypted, ciphertext, "{name} {test}");
            run += 1;
        }
    }
    println!(
        "rsa_oaep: {run} run; outside: {invalid} invalid, {labels} with a label, {digests} with SHA-224 or SHA-512/t"
    );
    assert!(run > 300, "{run}");
}

#[test]
fn pkcs1_padding_has_no_zeros_whatever_is_drawn() {
    // Half of what is drawn is zeros, and must be drawn again.
    let script = (0..=255).flat_map(|octet| [octet, 0]).collect::<Vec<u8>>().repeat(4);
    let mut half_zeros = Scripted::new(&script);
    let sources: [&mut dyn Random; 2] = [&mut Counting::default(), &mut half_zeros];
    for source in sources {
        let encoded = eme_pkcs1(&[0; 32], 256, source).unwrap();
        assert_eq!(encoded.len(), 256);
        assert_eq!(encoded[..2], [0, 2]);
        assert!(encoded[2..223].iter().all(|octet| *octet != 0));
        assert_eq!(encoded[223..], [0; 33]);
    }
    let only_zeros = &mut Scripted::new(&[0; 100_000]);
    assert_eq!(eme_pkcs1(&[7; 32], 256, only_zeros).map_err(|error| error.code()), Err(Code::RandomUnavailable));
}

#[test]
fn a_modulus_without_room_for_the_key_is_too_small() {
    let oaep = |digest| KeyTransport::Oaep(OaepParameters::with(digest));
    for (transport, overhead) in [
        (KeyTransport::Pkcs1, 11),
        (oaep(DigestAlgorithm::Sha1), 42),
        (oaep(DigestAlgorithm::Sha256), 66),
        (oaep(DigestAlgorithm::Sha512), 130),
    ] {
        let sized = |size: usize| {
            let encrypted = encrypt(transport, &any_key(size * 8), &[7; 32], &mut Counting::default());
            encrypted.map(|encrypted| encrypted.len()).map_err(|error| error.code())
        };
        assert_eq!(sized(32 + overhead), Ok(32 + overhead), "{transport:?}");
        for size in [31 + overhead, overhead, overhead / 2, 1] {
            assert_eq!(sized(size), Err(Code::RsaTooSmall), "{transport:?} {size}");
        }
    }
}

#[test]
fn a_key_with_an_algorithm_of_its_own_is_used_with_that() {
    let key = |algorithm: &[u8]| rsa_key(algorithm, &[0xff; 256], &[1, 0, 1]);
    let with = |digest, mask_digest| KeyTransport::Oaep(OaepParameters { digest, mask_digest });
    let (sha1, sha256, sha512) = (DigestAlgorithm::Sha1, DigestAlgorithm::Sha256, DigestAlgorithm::Sha512);
    let asked = [KeyTransport::Pkcs1, with(sha512, sha512)];
    let answer = |algorithm: Vec<u8>| asked.map(|asked| asked.for_key(&key(&algorithm)).map_err(|error| error.code()));
    assert_eq!(answer(KeyTransport::Pkcs1.algorithm_identifier()), asked.map(Ok));
    assert_eq!(answer(algorithm_identifier(oids::RSAES_OAEP, &[])), [Ok(with(sha256, sha256)), Ok(asked[1])]);
    for demanded in [with(sha1, sha1), with(sha256, sha1), with(sha256, sha512)] {
        // What is written is what is read from a key.
        assert_eq!(answer(demanded.algorithm_identifier()), [Ok(demanded); 2]);
    }
    assert_eq!(answer(algorithm_identifier(oids::RSASSA_PSS, &[])), [Err(Code::KeyCannotEncrypt); 2]);
}

#[test]
fn defaults_of_oaep_are_left_out() {
    let with = |digest, mask_digest| KeyTransport::Oaep(OaepParameters { digest, mask_digest }).algorithm_identifier();
    let (sha1, sha256) = (DigestAlgorithm::Sha1, DigestAlgorithm::Sha256);
    let oaep = object(oids::RSAES_OAEP);
    assert_eq!(with(sha1, sha1), [&[0x30, 13], oaep.as_slice(), &[0x30, 0]].concat());
    let digest = [&[0x30, 13], object(oids::SHA_256).as_slice(), NULL].concat();
    assert_eq!(with(sha256, sha1), [&[0x30, 30], oaep.as_slice(), &[0x30, 17, 0xa0, 15], &digest].concat());
    let mask = [&[0xa1, 28, 0x30, 26], object(oids::MGF1).as_slice(), &digest].concat();
    assert_eq!(with(sha1, sha256), [&[0x30, 43], oaep.as_slice(), &[0x30, 30], &mask].concat());
}

fn object(oid: &[u8]) -> Vec<u8> {
    element(Tag::OBJECT_IDENTIFIER, &[oid])
}

// hardening: P12
#[test]
fn a_failing_source_is_an_error_at_every_draw() {
    for transport in [KeyTransport::Pkcs1, KeyTransport::Oaep(OaepParameters::with(DigestAlgorithm::Sha256))] {
        let mut source = Counting::default();
        encrypt(transport, &any_key(2048), &[7; 32], &mut source).unwrap();
        assert!(source.calls > 0);
        for failing in 0..source.calls {
            let mut source = Counting::failing_at(failing);
            let error = encrypt(transport, &any_key(2048), &[7; 32], &mut source).unwrap_err();
            assert_eq!(error.code(), Code::RandomUnavailable);
        }
    }
}
