#![allow(clippy::arithmetic_side_effects, reason = "test code")]

use super::*;
use crate::cms::scripted::{Counting, Scripted};
use crate::crypto::PureRust;
use crate::verify::{EcKey, KeyRole, KnownKey, Limits, PublicKey};
use postseal_testkit::wycheproof::{files, hex, is_flagged, tests};

/// The octets of a number, with as many leading zeros as `size` asks for.
fn sized(number: &[u8], size: usize) -> Vec<u8> {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    let number = &number[zeros..];
    [vec![0; size - number.len()], number.to_vec()].concat()
}

/// What may become of a vector that is called acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Policy {
    /// The key is read, and the shared secret is the vector's.
    Used,
    /// The key is refused.
    Refused,
    /// BER that is no DER, or something besides the fields: refused, or read as what it means.
    Either,
}

fn policy(test: &serde_json::Value) -> Policy {
    match test["result"].as_str().unwrap() {
        "valid" => Policy::Used,
        "invalid" => Policy::Refused,
        // CVE-2020-0601.
        _ if is_flagged(test, "UnnamedCurve") => Policy::Refused,
        _ if is_flagged(test, "InvalidAsn") => Policy::Either,
        // SEC 1 2.3.4: the point is on its curve.
        _ if is_flagged(test, "CompressedPoint") => Policy::Used,
        // RFC 7748 6.1.
        _ if is_flagged(test, "ZeroSharedSecret") => Policy::Refused,
        // RFC 7748 5: every string of 32 octets is a key.
        _ if is_flagged(test, "Twist") || is_flagged(test, "NonCanonicalPublic") => Policy::Used,
        _ => panic!("{test}"),
    }
}

// hardening: D8, E6
#[test]
fn every_wycheproof_vector_of_ecdh_has_its_shared_secret_or_is_refused() {
    let (mut used, mut refused, mut tolerated) = (0, 0, 0);
    for (name, file) in files("ecdh_") {
        for (group, test) in tests(&file) {
            let curve = match group["curve"].as_str().unwrap() {
                "secp256r1" => (Curve::P256, 32),
                "secp384r1" => (Curve::P384, 48),
                _ => (Curve::P521, 66),
            };
            // The curve that the private key is for; a key on another one has nothing to do with it.
            let key = match PublicKey::from_spki(&hex(&test["public"]), &Limits::default()) {
                Ok(PublicKey::Ec(key)) if key.curve == curve.0 => Some(key),
                _ => None,
            };
            let secret = key.map(|key| {
                let private = sized(&hex(&test["private"]), curve.1);
                PureRust.agree(AgreementCurve::Nist(key.curve), &private, &key.point).unwrap().to_vec()
            });
            match policy(test) {
                Policy::Refused => {
                    assert_eq!(secret, None, "{name} {test}");
                    refused += 1;
                }
                Policy::Either if secret.is_none() => refused += 1,
                Policy::Either => {
                    assert_eq!(secret, Some(hex(&test["shared"])), "{name} {test}");
                    tolerated += 1;
                }
                Policy::Used => {
                    assert_eq!(secret, Some(hex(&test["shared"])), "{name} {test}");
                    used += 1;
                }
            }
        }
    }
    println!("ecdh: {used} used, {refused} refused, {tolerated} used though not DER");
    assert_eq!(used + refused + tolerated, 2575);
    assert!(used > 1700, "{used}");
}

// hardening: D8, E6
#[test]
fn every_wycheproof_vector_of_x25519_has_its_shared_secret_or_is_refused() {
    let (mut used, mut refused, mut outside) = (0, 0, 0);
    for (name, file) in files("x25519_") {
        for (group, test) in tests(&file) {
            if is_flagged(test, "MissingOctetString") {
                outside += 1;
                continue;
            }
            let (public, private) = (hex(&test["public"]), hex(&test["private"]));
            let spki = match group["type"].as_str().unwrap() {
                "XdhComp" => element(Tag::SEQUENCE, &[&algorithm_identifier(oids::X25519, &[]), &whole_bits(&public)]),
                _ => public,
            };
            let Ok(PublicKey::X25519(key)) = PublicKey::from_spki(&spki, &Limits::default()) else {
                assert_eq!(policy(test), Policy::Refused, "{name} {test}");
                refused += 1;
                continue;
            };
            let agreement = PureRust.agree(AgreementCurve::X25519, private.last_chunk::<32>().unwrap(), &**key);
            let strength =
                KnownKey::from(PublicKey::X25519(key)).check_strength(KeyRole::EndEntity, &Limits::default());
            match policy(test) {
                Policy::Used => {
                    assert_eq!(agreement.unwrap().to_vec(), hex(&test["shared"]), "{name} {test}");
                    strength.unwrap();
                    used += 1;
                }
                _ => {
                    assert_eq!(agreement.err().map(|error| error.code()), Some(Code::KeyMalformed), "{name} {test}");
                    assert_eq!(strength.map_err(|error| error.code()), Err(Code::KeyMalformed), "{name} {test}");
                    refused += 1;
                }
            }
        }
    }
    println!("x25519: {used} used, {refused} refused; outside: {outside} about the private key's encoding");
    assert_eq!(used + refused + outside, 518 + 537);
    assert!(used > 900, "{used}");
}

// hardening: D8
#[test]
fn every_wycheproof_vector_of_key_wrap_in_scope_is_wrapped_as_it_says() {
    let (mut run, mut outside) = (0, 0);
    for (_, file) in files("aes_wrap_") {
        for (group, test) in tests(&file) {
            if test["result"] != "valid" {
                outside += 1;
                continue;
            }
            let size = usize::try_from(group["keySize"].as_u64().unwrap()).unwrap() / 8;
            let wrapped = KeyWrap::of_size(size).unwrap().wrap(&hex(&test["key"]), &hex(&test["msg"])).unwrap();
            assert_eq!(wrapped, hex(&test["ct"]), "{test}");
            run += 1;
        }
    }
    println!("aes_wrap: {run} run; outside: {outside} unwrap, or wrap what is no key");
    assert_eq!((run, outside), (36, 129));
}

fn ec_key(curve: Curve) -> EcKey {
    let (scalar, oid) = match curve {
        Curve::P256 => (vec![7; 32], oids::P_256),
        Curve::P384 => (vec![7; 48], oids::P_384),
        Curve::P521 => (vec![1; 66], oids::P_521),
    };
    let point = PureRust.ephemeral_public_key(AgreementCurve::Nist(curve), &scalar).unwrap();
    let algorithm = algorithm_identifier(oids::EC_PUBLIC_KEY, &object_identifier(oid));
    let spki = element(Tag::SEQUENCE, &[&algorithm, &whole_bits(&point)]);
    match PublicKey::from_spki(&spki, &Limits::default()).unwrap() {
        PublicKey::Ec(key) => *key,
        other => panic!("{other:?}"),
    }
}

const CURVES: [(Curve, usize); 3] = [(Curve::P256, 32), (Curve::P384, 48), (Curve::P521, 66)];

#[test]
fn an_ephemeral_key_out_of_range_is_drawn_again_but_not_for_ever() {
    for (curve, size) in CURVES {
        // Zero, then a number above every order, then a good one.
        let script = [vec![0; size], vec![0xff; size], vec![0x01; size]].concat();
        assert_eq!(draw_scalar(curve, &mut Scripted::new(&script)).unwrap().to_vec(), vec![0x01; size]);
        for octet in [0x00, 0xff] {
            let script = vec![octet; size * 100];
            let error = draw_scalar(curve, &mut Scripted::new(&script)).unwrap_err();
            assert_eq!(error.code(), Code::RandomUnavailable);
        }
    }
}

fn octets(octet: u8) -> crate::verify::Octets {
    Box::new(Zeroizing::new([octet; 32]))
}

/// A public key of each kind that agrees on something.
fn kinds() -> Vec<PublicKey> {
    let curves = CURVES.map(|(curve, _)| PublicKey::Ec(Box::new(ec_key(curve))));
    curves.into_iter().chain([PublicKey::X25519(octets(9))]).collect()
}

// hardening: P12
#[test]
fn a_failing_source_is_an_error() {
    for key in kinds() {
        let drawn = EphemeralKey::draw(&key, 32, &mut Counting::failing_at(0));
        assert_eq!(drawn.err().map(|error| error.code()), Some(Code::RandomUnavailable));
    }
}

#[test]
fn the_key_wrap_is_as_strong_as_the_content_key() {
    for (size, oid) in [(16, oids::AES_128_WRAP), (24, oids::AES_192_WRAP), (32, oids::AES_256_WRAP)] {
        let content_key = vec![7; size];
        let wrap = algorithm_identifier(oid, &[]);
        for key in kinds() {
            let ephemeral = EphemeralKey::draw(&key, size, &mut Counting::default()).unwrap();
            assert!(ephemeral.algorithm().ends_with(&wrap));
            assert_eq!(ephemeral.encrypt(&PureRust, &key, &content_key).unwrap().len(), size + 8);
        }
    }
    for key in kinds() {
        assert!(EphemeralKey::draw(&key, 20, &mut Counting::default()).is_err());
    }
}

#[test]
fn an_ephemeral_key_agrees_with_keys_on_its_curve_only() {
    let keys = kinds();
    for (index, key) in keys.iter().enumerate() {
        let ephemeral = EphemeralKey::draw(key, 16, &mut Counting::default()).unwrap();
        for (other, key) in keys.iter().enumerate() {
            assert_eq!(ephemeral.is_for(key), index == other);
            let encrypted = ephemeral.encrypt(&PureRust, key, &[7; 16]);
            let code = encrypted.err().map(|error| error.code());
            assert_eq!(code, (index != other).then_some(Code::KeyCannotEncrypt));
        }
    }
    let signs = PublicKey::Ed25519(octets(9));
    assert!(keys.iter().all(|key| !EphemeralKey::draw(key, 16, &mut Counting::default()).unwrap().is_for(&signs)));
    let drawn = EphemeralKey::draw(&signs, 16, &mut Counting::default());
    assert_eq!(drawn.err().map(|error| error.code()), Some(Code::KeyCannotEncrypt));
}

#[test]
fn shared_info_is_encoded_as_its_rfc_says() {
    // RFC 5753 7.2: keyInfo, and [2] with the bits of the key.
    let wrap = object_identifier(oids::AES_256_WRAP);
    let expected = [&[0x30, 21, 0x30, 11], wrap.as_slice(), &[0xa2, 6, 4, 4, 0, 0, 1, 0]];
    assert_eq!(KeyWrap::Aes256.shared_info(), expected.concat());
}
