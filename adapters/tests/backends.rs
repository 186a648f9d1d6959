//! Every other backend beside the default one: the same answers, on the vectors of Wycheproof and on what random keys make.
#![cfg(all(feature = "accel", feature = "aws-lc"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "test code"
)]

use postseal::crypto::{
    AgreementCurve, ContentEncryption, CryptoBackend, Curve, DigestAlgorithm, KeyTransport, OaepParameters,
    PssParameters, PureRust, RsaPublicKey, RsaRecipient, SignatureAlgorithm, SignatureKey, Uses,
};
use postseal::{Code, Random};
use postseal_adapters::crypto::{Accelerated, AwsLc};
use postseal_testkit::SeededRandom;
use postseal_testkit::factory::Key as FactoryKey;
use postseal_testkit::wycheproof::{self, hex};
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey};
use rsa::traits::PublicKeyParts;
use serde_json::Value;

fn backends() -> Vec<Box<dyn CryptoBackend>> {
    vec![Box::new(AwsLc), Box::new(Accelerated)]
}

fn vectors(prefix: &str) -> Vec<Value> {
    wycheproof::files(prefix).into_iter().map(|(_, file)| file).collect()
}

fn digest(name: &str) -> DigestAlgorithm {
    match name {
        "SHA-1" => DigestAlgorithm::Sha1,
        "SHA-224" => DigestAlgorithm::Sha224,
        "SHA-256" => DigestAlgorithm::Sha256,
        "SHA-384" => DigestAlgorithm::Sha384,
        "SHA-512" => DigestAlgorithm::Sha512,
        other => panic!("{other}"),
    }
}

fn algorithm(group: &Value) -> SignatureAlgorithm {
    let named = |field: &str| digest(group[field].as_str().unwrap());
    match group["type"].as_str().unwrap() {
        "RsassaPkcs1Verify" => SignatureAlgorithm::RsaPkcs1(named("sha")),
        "EcdsaVerify" => SignatureAlgorithm::Ecdsa(named("sha")),
        "EddsaVerify" => SignatureAlgorithm::Ed25519,
        _ => SignatureAlgorithm::RsaPss(PssParameters {
            digest: named("sha"),
            mask_digest: named("mgfSha"),
            salt_length: usize::try_from(group["sLen"].as_u64().unwrap()).unwrap(),
        }),
    }
}

/// A key's octets, and how the engine hands them over.
enum Key {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ec { curve: Curve, point: Vec<u8> },
    Ed25519([u8; 32]),
}

impl Key {
    fn of(group: &Value) -> Self {
        let spki = hex(&group["publicKeyDer"]);
        match group["type"].as_str().unwrap() {
            "EcdsaVerify" => {
                let (curve, size) = match spki.len() {
                    91 => (Curve::P256, 65),
                    120 => (Curve::P384, 97),
                    158 => (Curve::P521, 133),
                    other => panic!("{other}"),
                };
                Self::Ec { curve, point: spki[spki.len() - size..].to_vec() }
            }
            "EddsaVerify" => Self::Ed25519(spki[spki.len() - 32..].try_into().unwrap()),
            _ => {
                // Keys with the identifier of PSS have the same numbers inside.
                let at = spki.windows(2).rposition(|pair| pair == [0x30, 0x82]).unwrap();
                let key = rsa::PublicKey::from_public_key_der(&spki)
                    .or_else(|_| rsa::pkcs1::DecodeRsaPublicKey::from_pkcs1_der(&spki[at..]));
                let key: rsa::PublicKey = key.unwrap();
                let trimmed = |octets: &[u8]| octets.iter().copied().skip_while(|octet| *octet == 0).collect();
                Self::Rsa { modulus: trimmed(&key.n_bytes()), exponent: trimmed(&key.e_bytes()) }
            }
        }
    }

    fn lend(&self) -> SignatureKey<'_> {
        match self {
            Self::Rsa { modulus, exponent } => SignatureKey::Rsa(RsaPublicKey { modulus, exponent }),
            Self::Ec { curve, point } => SignatureKey::Ec { curve: *curve, point },
            Self::Ed25519(key) => SignatureKey::Ed25519(key),
        }
    }
}

#[test]
fn signatures_have_the_same_verdict_and_the_same_code() {
    let mut run = 0;
    for file in ["ecdsa_", "ed25519_", "rsa_pss_", "rsa_signature_"].into_iter().flat_map(vectors) {
        for group in file["testGroups"].as_array().unwrap() {
            let (key, algorithm) = (Key::of(group), algorithm(group));
            let rust = PureRust.verifying_key(key.lend(), Uses::Few).unwrap();
            for backend in backends() {
                for uses in [Uses::Few, Uses::Many] {
                    let other = backend.verifying_key(key.lend(), uses).unwrap();
                    for test in group["tests"].as_array().unwrap() {
                        let (message, signature) = (hex(&test["msg"]), hex(&test["sig"]));
                        let (one, two) = message.split_at(message.len() / 2);
                        let verify = |key: &dyn postseal::crypto::VerifyingKey| {
                            key.verify(&algorithm, &[one, two], &signature).map_err(|error| error.code())
                        };
                        assert_eq!(verify(&*other), verify(&*rust), "{} {test}", backend.name());
                        run += 1;
                    }
                }
            }
        }
    }
    assert!(run > 28_000, "{run}");
}

#[test]
fn an_algorithm_of_another_kind_of_key_is_unsupported() {
    let key = SignatureKey::Ed25519(&[9; 32]);
    let pkcs1 = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256);
    for backend in backends() {
        let result = backend.verifying_key(key, Uses::Few).unwrap().verify(&pkcs1, &[b"message"], &[0; 64]);
        assert_eq!(result.unwrap_err().code(), Code::SignatureUnsupported);
    }
}

#[test]
fn two_keys_agree_on_the_same_whoever_computes() {
    let curves = [
        (AgreementCurve::Nist(Curve::P256), 32),
        (AgreementCurve::Nist(Curve::P384), 48),
        (AgreementCurve::Nist(Curve::P521), 66),
        (AgreementCurve::X25519, 32),
    ];
    let mut random = SeededRandom::new(7);
    for (curve, size) in curves {
        for _ in 0..20 {
            let (mut mine, mut theirs) = (vec![0; size], vec![0; size]);
            random.fill(&mut mine).unwrap();
            random.fill(&mut theirs).unwrap();
            if size == 66 {
                (mine[0], theirs[0]) = (0, 0);
            }
            let public = PureRust.ephemeral_public_key(curve, &theirs).unwrap();
            let secret = PureRust.agree(curve, &mine, &public).unwrap();
            for backend in backends() {
                assert_eq!(backend.ephemeral_public_key(curve, &theirs).unwrap(), public);
                assert_eq!(backend.agree(curve, &mine, &public).unwrap(), secret);
            }
        }
        for backend in backends() {
            let (private, zeros) = (vec![1; size], vec![0; size]);
            let code = |result: Result<zeroize::Zeroizing<Vec<u8>>, postseal::Error>| result.unwrap_err().code();
            assert_eq!(code(backend.agree(curve, &private, &zeros)), Code::KeyMalformed, "{curve:?}");
            assert_eq!(code(backend.agree(curve, &private, b"short")), Code::KeyMalformed);
            assert_eq!(code(backend.agree(curve, b"short", &private)), Code::KeyMalformed);
            assert_eq!(backend.ephemeral_public_key(curve, b"short").unwrap_err().code(), Code::KeyMalformed);
        }
    }
}

#[test]
fn a_content_has_the_same_ciphertext_in_any_pieces() {
    let plain: Vec<u8> = (0..100_003_u32).map(|number| number.to_le_bytes()[0] ^ number.to_le_bytes()[1]).collect();
    for algorithm in ContentEncryption::ALL.iter().copied() {
        let (key, iv) = (vec![5; algorithm.key_size()], vec![6; algorithm.iv_size()]);
        for length in [0, 1, 15, 16, 17, 31, 32, 33, 1000, 8192, plain.len()] {
            let encrypt = |backend: &dyn CryptoBackend, step: usize| {
                let (mut cipher, mut out) = (backend.content_cipher(algorithm, &key, &iv).unwrap(), b"before".to_vec());
                plain[..length].chunks(step).for_each(|piece| cipher.update(piece, &mut out).unwrap());
                let tag = cipher.finish(&mut out);
                (out, tag)
            };
            let expected = encrypt(&PureRust, 1 << 20);
            for backend in backends() {
                for step in [1, 7, 16, 4099, 1 << 20] {
                    assert_eq!(encrypt(&*backend, step), expected, "{algorithm} {length} {step}");
                }
            }
        }
        for backend in backends() {
            assert_eq!(backend.content_cipher(algorithm, &key[1..], &iv).err().unwrap().code(), Code::KeyMalformed);
            assert_eq!(backend.content_cipher(algorithm, &key, &iv[1..]).err().unwrap().code(), Code::KeyMalformed);
        }
    }
}

#[test]
fn digests_are_the_same() {
    use DigestAlgorithm::{Md5, Sha1, Sha224, Sha256, Sha384, Sha512};
    for digest in [Md5, Sha1, Sha224, Sha256, Sha384, Sha512] {
        for backend in backends() {
            let run = |backend: &dyn CryptoBackend| {
                let mut hasher = backend.hasher(digest);
                [&b"one"[..], b"", &[0; 300]].iter().for_each(|piece| hasher.update(piece));
                hasher.finish()
            };
            assert_eq!(run(&*backend), run(&PureRust));
            assert_eq!(run(&*backend).len(), digest.size());
        }
    }
}

#[test]
fn what_is_encrypted_is_decrypted_with_the_private_key() {
    use DigestAlgorithm::{Sha1, Sha256, Sha384, Sha512};
    let oaep = |digest, mask_digest| KeyTransport::Oaep(OaepParameters { digest, mask_digest });
    let transports = [
        KeyTransport::Pkcs1,
        oaep(Sha1, Sha1),
        oaep(Sha256, Sha256),
        oaep(Sha384, Sha384),
        oaep(Sha512, Sha512),
        oaep(Sha256, Sha1),
    ];
    let key = rsa::PrivateKey::from_pkcs8_der(&FactoryKey::Rsa(1).private_key()).unwrap();
    let trimmed = |octets: &[u8]| octets.iter().copied().skip_while(|octet| *octet == 0).collect::<Vec<_>>();
    let (modulus, exponent) = (trimmed(&key.n_bytes()), trimmed(&key.e_bytes()));
    let open = |transport, ciphertext: &[u8]| match transport {
        KeyTransport::Pkcs1 => key.decrypt(rsa::Pkcs1v15Encrypt, ciphertext),
        KeyTransport::Oaep(OaepParameters { digest: Sha256, mask_digest: Sha1 }) => {
            key.decrypt(rsa::Oaep::<sha2::Sha256, sha1::Sha1>::new_with_mgf_hash(), ciphertext)
        }
        KeyTransport::Oaep(OaepParameters { digest: Sha1, .. }) => {
            key.decrypt(rsa::Oaep::<sha1::Sha1>::new(), ciphertext)
        }
        KeyTransport::Oaep(OaepParameters { digest: Sha256, .. }) => {
            key.decrypt(rsa::Oaep::<sha2::Sha256>::new(), ciphertext)
        }
        KeyTransport::Oaep(OaepParameters { digest: Sha384, .. }) => {
            key.decrypt(rsa::Oaep::<sha2::Sha384>::new(), ciphertext)
        }
        _ => key.decrypt(rsa::Oaep::<sha2::Sha512>::new(), ciphertext),
    };
    for transport in transports {
        let recipient = RsaRecipient { key: RsaPublicKey { modulus: &modulus, exponent: &exponent }, transport };
        for backend in backends() {
            let mut random = SeededRandom::new(3);
            let encrypted = backend.encrypt_content_key(&[7; 32], &[recipient, recipient], &mut random).unwrap();
            assert_ne!(encrypted[0], encrypted[1]);
            for ciphertext in encrypted {
                assert_eq!(open(transport, &ciphertext).unwrap(), [7; 32], "{transport:?} {}", backend.name());
            }
            let small = RsaRecipient { key: RsaPublicKey { modulus: &[0xff; 40], exponent: &exponent }, transport };
            let error = backend.encrypt_content_key(&[7; 32], &[small], &mut random).unwrap_err();
            assert_eq!(error.code(), Code::RsaTooSmall, "{transport:?}");
        }
    }
}
