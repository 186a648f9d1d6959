#![allow(clippy::arithmetic_side_effects, reason = "test code")]

use super::*;
use crate::crypto::PureRust;
use postseal_testkit::wycheproof::{files, hex, tests};

/// Ciphertext and tag, with the content in pieces of `step` octets.
fn encrypt(algorithm: ContentEncryption, key: &[u8], iv: &[u8], plain: &[u8], step: usize) -> (Vec<u8>, Vec<u8>) {
    let mut cipher = Cipher::new(&PureRust, algorithm, key, iv).unwrap();
    let mut out = b"before".to_vec();
    plain.chunks(step).for_each(|piece| cipher.update(piece, &mut out).unwrap());
    let tag = cipher.finish(&mut out);
    assert_eq!(tag.is_some(), algorithm.is_authenticated());
    let ciphertext = out.strip_prefix(b"before").unwrap().to_vec();
    let length = u64::try_from(plain.len()).unwrap();
    assert_eq!(algorithm.ciphertext_length(length), Some(u64::try_from(ciphertext.len()).unwrap()));
    (ciphertext, tag.map(Vec::from).unwrap_or_default())
}

// hardening: D8
#[test]
fn every_wycheproof_vector_of_gcm_in_scope_is_encrypted_as_it_says() {
    let (mut run, mut without_tag, mut outside) = (0, 0, 0);
    for (_, file) in files("aes_gcm_") {
        for (group, test) in tests(&file) {
            let algorithm = match (group["keySize"].as_u64().unwrap(), group["ivSize"].as_u64().unwrap()) {
                (128, 96) if test["result"] == "valid" => ContentEncryption::Aes128Gcm,
                (256, 96) if test["result"] == "valid" => ContentEncryption::Aes256Gcm,
                _ => {
                    outside += 1;
                    continue;
                }
            };
            // Additional data changes the tag only.
            let has_tag = test["aad"] == "";
            for step in [1, 7, 16, 100, 4096] {
                let (ciphertext, tag) =
                    encrypt(algorithm, &hex(&test["key"]), &hex(&test["iv"]), &hex(&test["msg"]), step);
                assert_eq!(ciphertext, hex(&test["ct"]), "{test}");
                assert_eq!(tag == hex(&test["tag"]), has_tag, "{test}");
            }
            run += usize::from(has_tag);
            without_tag += usize::from(!has_tag);
        }
    }
    println!(
        "aes_gcm: {run} run, {without_tag} with AAD for their ciphertext; outside: {outside} invalid, with AES-192 or \
         with another nonce size"
    );
    assert_eq!(run + without_tag + outside, 316);
    assert!(run > 40, "{run}");
}

// hardening: D8
#[test]
fn every_wycheproof_vector_of_cbc_in_scope_is_encrypted_as_it_says() {
    let (mut run, mut outside) = (0, 0);
    for (_, file) in files("aes_cbc_") {
        for (group, test) in tests(&file) {
            if test["result"] != "valid" {
                outside += 1;
                continue;
            }
            let algorithm = match group["keySize"].as_u64().unwrap() {
                128 => ContentEncryption::Aes128Cbc,
                192 => ContentEncryption::Aes192Cbc,
                256 => ContentEncryption::Aes256Cbc,
                other => panic!("{other}"),
            };
            for step in [1, 7, 16, 100, 4096] {
                let (ciphertext, _) =
                    encrypt(algorithm, &hex(&test["key"]), &hex(&test["iv"]), &hex(&test["msg"]), step);
                assert_eq!(ciphertext, hex(&test["ct"]), "{test}");
            }
            run += 1;
        }
    }
    println!("aes_cbc_pkcs5: {run} run; outside: {outside} decrypt");
    assert_eq!((run, outside), (72, 144));
}

// hardening: R7
#[test]
fn any_division_into_pieces_gives_the_same_octets() {
    let plain: Vec<u8> = (0..=255).cycle().take(3 * GCM_STRIDE + 5).collect();
    for algorithm in ContentEncryption::ALL.iter().copied() {
        let key = vec![9; algorithm.key_size()];
        let iv = vec![8; algorithm.iv_size()];
        for length in [0, 1, 15, 16, 17, 31, 32, 33, 1000, GCM_STRIDE, plain.len()] {
            let plain = &plain[..length];
            let whole = encrypt(algorithm, &key, &iv, plain, plain.len().max(1));
            for step in [1, 3, 15, 16, 17, 100, 4095, 4096, 10_000] {
                assert_eq!(encrypt(algorithm, &key, &iv, plain, step), whole, "{algorithm} {length} {step}");
            }
        }
    }
}

#[test]
fn gcm_stops_at_its_limit_and_appends_nothing() {
    let mut gcm = Gcm::<Aes256>::new(keyed(&[1; 32]).unwrap(), &[2; 12]).unwrap();
    let mut out = Vec::new();
    gcm.length = GCM_LONGEST - 5;
    assert_eq!(gcm.update(&[0; 6], &mut out).map_err(|error| error.code()), Err(Code::ContentTooLong));
    assert!(out.is_empty());
    gcm.update(&[0; 5], &mut out).unwrap();
    assert_eq!(out.len(), 5);
    assert_eq!(gcm.update(&[0], &mut out).map_err(|error| error.code()), Err(Code::ContentTooLong));
    gcm.update(&[], &mut out).unwrap();
    assert_eq!(out.len(), 5);
}

#[test]
fn keys_and_nonces_of_other_sizes_are_refused() {
    for algorithm in ContentEncryption::ALL.iter().copied() {
        let (key, iv) = (vec![0; algorithm.key_size()], vec![0; algorithm.iv_size()]);
        assert!(Cipher::new(&PureRust, algorithm, &key, &iv).is_ok());
        assert!(Cipher::new(&PureRust, algorithm, &key[1..], &iv).is_err());
        assert!(Cipher::new(&PureRust, algorithm, &key, &iv[1..]).is_err());
    }
}
