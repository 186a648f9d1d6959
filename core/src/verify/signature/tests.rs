//! Every signature vector of Wycheproof that is in scope; `vectors/wycheproof/README.md` says what is not, and why.
#![allow(clippy::arithmetic_side_effects, clippy::disallowed_methods, reason = "test code")]

use super::*;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The flag of vectors that Wycheproof calls acceptable and postseal refuses: RFC 8017 A.2.4 wants the NULL, and postseal
/// compares the one encoding. (Weak digests and small keys are refused by the decision, not by the arithmetic tested here.)
const REFUSED: &str = "MissingNull";

fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

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

#[test]
fn every_wycheproof_vector_in_scope_has_its_result() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/wycheproof");
    let limits = Limits::default();
    let (mut run, mut wrong) = (0, Vec::new());
    for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let vectors: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        for group in vectors["testGroups"].as_array().unwrap() {
            let tests = group["tests"].as_array().unwrap();
            let key = PublicKey::from_spki(&hex(&group["publicKeyDer"]), &limits);
            for test in tests {
                let flagged = |flag: &str| test["flags"].as_array().unwrap().iter().any(|f| f == flag);
                let result = key
                    .as_ref()
                    .map_err(|error| *error)
                    .and_then(|key| algorithm(group).verify(key, &[&hex(&test["msg"])], &hex(&test["sig"])));
                let expected = match test["result"].as_str().unwrap() {
                    "valid" => true,
                    "acceptable" => !flagged(REFUSED),
                    _ => false,
                };
                run += 1;
                if result.is_ok() != expected {
                    wrong.push(format!("{} {} {:?}", file.file_name().unwrap().display(), test, result));
                }
            }
        }
    }
    println!("{run} vectors run");
    assert!(wrong.is_empty(), "{} wrong, the first: {:#?}", wrong.len(), &wrong[..wrong.len().min(5)]);
    assert!(run > 7_000, "only {run} vectors were found");
}
