//! What OpenSSL makes of it. Without an `openssl` to ask, the test says so.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "test code")]

use super::person::Private;
use super::*;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// What `openssl cms -decrypt` gets out of the message, or what it says instead.
pub(super) fn decrypt(folder: &Path, message: &[u8], person: &Person) -> Result<Vec<u8>, String> {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    fs::write(path("message"), message).unwrap();
    fs::write(path("key"), &person.pkcs8).unwrap();
    fs::write(path("certificate"), person.certificate.der()).unwrap();
    let output = Command::new("openssl")
        .args(["cms", "-decrypt", "-binary", "-inform", "DER", "-keyform", "DER"])
        .args(["-in", &path("message"), "-recip", &path("certificate"), "-inkey", &path("key")])
        .output()
        .unwrap();
    if output.status.success() { Ok(output.stdout) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// Its version, if there is one that reads AuthEnvelopedData.
pub(super) fn openssl_3() -> Option<String> {
    let version = Command::new("openssl").arg("version").output().ok().filter(|output| output.status.success());
    let version = version.map(|output| String::from_utf8(output.stdout).unwrap());
    let found = version.filter(|version| version.starts_with("OpenSSL 3"));
    if found.is_none() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: there is no OpenSSL 3, so nothing was opened by it");
    }
    found
}

// hardening: E2
#[test]
fn openssl_opens_every_message() {
    let Some(version) = openssl_3() else { return };
    // OpenSSL has no key agreement with X25519 in CMS; as one of several recipients it must not be in the way.
    let people = Person::everybody();
    let folder = tempfile::tempdir().unwrap();
    let content = content(3 * SEGMENT + 100);
    let oaep = |digest| KeyTransport::Oaep(OaepParameters::with(digest));
    let mixed = OaepParameters { digest: DigestAlgorithm::Sha512, mask_digest: DigestAlgorithm::Sha1 };
    let mut opened = 0;
    for algorithm in ContentEncryption::ALL.iter().copied() {
        for known in [true, false] {
            for (transport, identifier) in [
                (KeyTransport::Pkcs1, RecipientIdentifier::IssuerAndSerialNumber),
                (oaep(DigestAlgorithm::Sha1), RecipientIdentifier::SubjectKeyIdentifier),
                (oaep(DigestAlgorithm::Sha256), RecipientIdentifier::IssuerAndSerialNumber),
                (KeyTransport::Oaep(mixed), RecipientIdentifier::SubjectKeyIdentifier),
            ] {
                let message = seal(algorithm, &recipients(&people, identifier, transport), &content, known, 1000);
                for person in &people[..4] {
                    let result = decrypt(folder.path(), &message, person);
                    assert!(result.as_ref() == Ok(&content), "{algorithm} {known} {transport:?}: {:?}", result.err());
                    opened += 1;
                }
            }
            for length in [0, 1, 16, SEGMENT] {
                let message = seal(algorithm, &by_issuer(&people[..1]), &content[..length], known, 1000);
                let result = decrypt(folder.path(), &message, &people[0]);
                assert!(
                    result.as_deref() == Ok(&content[..length]),
                    "{algorithm} {known} {length}: {:?}",
                    result.err()
                );
                opened += 1;
            }
        }
    }
    // One ephemeral key for three recipients.
    let people = crowd();
    for identifier in [RecipientIdentifier::IssuerAndSerialNumber, RecipientIdentifier::SubjectKeyIdentifier] {
        let to = recipients(&people, identifier, OAEP_SHA256);
        let message = seal(ContentEncryption::Aes256Gcm, &to, &content, true, 1000);
        for person in people.iter().filter(|person| !matches!(person.private, Private::X25519(_))) {
            let result = decrypt(folder.path(), &message, person);
            assert!(result.as_ref() == Ok(&content), "{identifier:?}: {:?}", result.err());
            opened += 1;
        }
    }
    println!("{}: {opened} messages opened", version.trim());
}
