//! Every signature vector of Wycheproof that is in scope; `vectors/wycheproof/README.md` says what is not, and why.
#![allow(clippy::arithmetic_side_effects, reason = "test code")]

use super::*;
use crate::crypto::PureRust;
use crate::verify::KnownKey;
use postseal_testkit::wycheproof::{files, hex, is_flagged};
use serde_json::Value;

/// The flag of vectors that Wycheproof calls acceptable and postseal refuses: RFC 8017 A.2.4 wants the NULL, and postseal
/// compares the one encoding. (Weak digests and small keys are refused by the decision, not by the arithmetic tested here.)
const REFUSED: &str = "MissingNull";

fn digest(name: &str) -> DigestAlgorithm {
    match name {
        "SHA-1" => DigestAlgorithm::Sha1,
        "SHA-224" => DigestAlgorithm::Sha224,
        "SHA-256" => DigestAlgorithm::Sha256,
        "SHA-384" => DigestAlgorithm::Sha384,
        "SHA-512" => DigestAlgorithm::Sha512,
        other => panic!("unknown digest {other}"),
    }
}

fn algorithm(group: &Value) -> SignatureAlgorithm {
    let named = |field: &str| digest(group[field].as_str().unwrap());
    match group["type"].as_str().unwrap() {
        "RsassaPkcs1Verify" => SignatureAlgorithm::RsaPkcs1(named("sha")),
        "RsassaPssVerify" | "RsassaPssWithParametersVerify" => SignatureAlgorithm::RsaPss(PssParameters {
            digest: named("sha"),
            mask_digest: named("mgfSha"),
            salt_length: usize::try_from(group["sLen"].as_u64().unwrap()).unwrap(),
        }),
        "EcdsaVerify" => SignatureAlgorithm::Ecdsa(named("sha")),
        "EddsaVerify" => SignatureAlgorithm::Ed25519,
        other => panic!("unknown group {other}"),
    }
}

// hardening: D8
#[test]
fn every_wycheproof_vector_in_scope_has_its_result() {
    let limits = Limits::default();
    let (mut run, mut wrong) = (0, Vec::new());
    for (name, vectors) in ["ecdsa_", "ed25519_", "rsa_pss_", "rsa_signature_"].into_iter().flat_map(files) {
        for group in vectors["testGroups"].as_array().unwrap() {
            let tests = group["tests"].as_array().unwrap();
            let key = KnownKey::from_spki(&hex(&group["publicKeyDer"]), &limits);
            for test in tests {
                let result = key.as_ref().map_err(|error| *error).and_then(|key| {
                    key.verify(&PureRust, &algorithm(group), &[&hex(&test["msg"])], &hex(&test["sig"]))
                });
                let expected = match test["result"].as_str().unwrap() {
                    "valid" => true,
                    "acceptable" => !is_flagged(test, REFUSED),
                    _ => false,
                };
                run += 1;
                if result.is_ok() != expected {
                    wrong.push(format!("{name} {test} {result:?}"));
                }
            }
        }
    }
    println!("{run} vectors run");
    assert!(wrong.is_empty(), "{} wrong, the first: {:#?}", wrong.len(), &wrong[..wrong.len().min(5)]);
    assert!(run > 7_000, "only {run} vectors were found");
}

#[test]
fn an_algorithm_has_one_set_of_parameters() {
    use postseal_testkit::factory::der::{null, oid, sequence};
    let read = |parameters: &[Vec<u8>]| {
        let raw = sequence(&[&oid("1.2.840.10045.4.3.2"), &parameters.concat()]);
        SignatureAlgorithm::from_algorithm_identifier(&raw, None, &Limits::default())
    };
    assert_eq!(read(&[]), Ok(SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256)));
    assert_eq!(read(&[null()]), read(&[]));
    assert_eq!(read(&[null(), null()]), Err(Code::SignatureMalformed.into()));
}
