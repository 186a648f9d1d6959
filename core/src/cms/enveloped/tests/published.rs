//! Certificates of other people whose private keys are published with them: sealed to each that can be encrypted to, and
//! opened with its key. The keys are not part of the repository; without `../shared/corpus/mail/keys` this says SKIPPED.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "test code")]

use super::peers::{decrypt, openssl_3};
use super::person::{Person, Private};
use super::*;
use crate::cert::Certificate;
use crate::verify::{Profile, check_recipient};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

fn openssl(arguments: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new("openssl").args(arguments).output().ok()?;
    output.status.success().then_some(output.stdout)
}

/// The private key as PKCS #8 and the certificate, both DER, from whatever files the row names.
fn read(folder: &Path, row: &Value) -> Option<(Vec<u8>, Vec<u8>)> {
    let files: Vec<PathBuf> = row["files"].as_array()?.iter().map(|file| folder.join(file.as_str().unwrap())).collect();
    let (first, last) = (files.first()?.to_str()?, files.last()?.to_str()?);
    let password = format!("pass:{}", row["password"].as_str().unwrap_or_default());
    let (key, certificate) = if files.len() == 1 {
        let bag = |what: &str, more: &str| {
            openssl(&["pkcs12", "-legacy", "-in", first, "-passin", &password, "-nodes", what, more])
        };
        (bag("-nocerts", "-noenc")?, bag("-nokeys", "-clcerts")?)
    } else {
        (fs::read(first).ok()?, fs::read(last).ok()?)
    };
    let scratch = tempfile::tempdir().ok()?;
    let path = |name: &str, octets: &[u8]| {
        fs::write(scratch.path().join(name), octets).unwrap();
        scratch.path().join(name).to_str().unwrap().to_owned()
    };
    let (key, certificate) = (path("key", &key), path("certificate", &certificate));
    let convert = |command: &str, file: &str, form: &str| {
        let to = if command == "pkcs8" { vec!["-topk8", "-nocrypt"] } else { Vec::new() };
        openssl(&[&[command, "-in", file, "-inform", form, "-outform", "DER"], to.as_slice()].concat())
    };
    let either = |command: &str, file: &str| convert(command, file, "PEM").or_else(|| convert(command, file, "DER"));
    Some((either("pkcs8", &key)?, either("x509", &certificate)?))
}

/// Why the others are not encrypted to, and how many of each. `unread`: OpenSSL 3.0 reads no key with a certificate in the
/// files: post-quantum keys, a key or a certificate alone.
const REFUSED: [(&str, usize); 8] = [
    ("curve-unsupported", 1),
    ("dsa-key", 4),
    ("explicit-curve", 1),
    ("key-unsupported", 1),
    ("key-usage-encrypt", 2),
    ("rsa-too-small", 13),
    ("signer-is-ca", 4),
    ("unread", 8),
];
const OPENED: usize = 26;

#[test]
fn published_recipients_open_what_is_sealed_to_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/mail");
    let Ok(rows) = fs::read_to_string(folder.join("keys/recipients.jsonl")) else {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: ../shared/corpus/mail/keys is not here; no published recipient was tried"
        );
        return;
    };
    if openssl_3().is_none() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let content = content(5000);
    let (mut opened, mut refused) = (0, BTreeMap::<&str, usize>::new());
    for row in rows.lines().map(|row| serde_json::from_str::<Value>(row).unwrap()) {
        let name = row["name"].as_str().unwrap().to_owned();
        let Some((pkcs8, der)) = read(&folder, &row) else {
            *refused.entry("unread").or_default() += 1;
            continue;
        };
        let usable = Certificate::from_der(&der, &Limits::default()).and_then(|certificate| {
            check_recipient(&certificate, Profile::Legacy, &Limits::default()).map(|()| certificate)
        });
        let certificate = match usable {
            Ok(certificate) => certificate,
            Err(error) => {
                *refused.entry(error.code().name()).or_default() += 1;
                continue;
            }
        };
        let is_x25519 = row["keyalg"].as_str() == Some("1.3.101.110");
        let secret = pkcs8.last_chunk::<32>().copied().unwrap();
        let people = [Person { certificate, private: Private::X25519(secret), pkcs8 }];
        for algorithm in [ContentEncryption::Aes256Cbc, ContentEncryption::Aes256Gcm] {
            for transport in [KeyTransport::Pkcs1, OAEP_SHA256] {
                let to = recipients(&people, RecipientIdentifier::IssuerAndSerialNumber, transport);
                let message = seal(algorithm, &to, &content, true, 1000);
                // OpenSSL has no key agreement with X25519 in CMS.
                let result = if is_x25519 {
                    Ok(open(&message, &people[0]).content)
                } else {
                    decrypt(scratch.path(), &message, &people[0])
                };
                assert!(result.as_ref() == Ok(&content), "{name} {algorithm} {transport:?}: {:?}", result.err());
            }
        }
        opened += 1;
    }
    println!("{opened} published recipients opened, {refused:?}");
    assert_eq!((opened, refused), (OPENED, BTreeMap::from(REFUSED)));
}
