//! Seals one message for each cell of the interoperability matrix, for peers to open:
//! `cargo run --release -p postseal-testkit --example seal-matrix -- FOLDER BYTES`. `scripts/matrix.py` runs it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a tool of the repository"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postseal::directory::{Directories, DirectoryId};
use postseal::drive::{self, Lookup};
use postseal::resolve::Context;
use postseal::seal::{ContentEncryption, KeyTransportRule, Policy, RecipientIdentifier};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Engine, PerRoute, UnixTime};
use postseal_testkit::factory::{Authority, CertSpec, Digest, Key, pem};
use postseal_testkit::{MemoryStore, ScriptedDirectory, SeededRandom, cms_of};
use std::fs;
use std::path::Path;
use std::sync::Arc;

const MAILBOXES: [(&str, Key); 9] = [
    ("rsa", Key::Rsa(0)),
    ("p256", Key::P256(2)),
    ("p384", Key::P384(3)),
    ("p521", Key::P521(4)),
    ("x25519", Key::X25519(5)),
    ("other", Key::Rsa(1)),
    ("p256-other", Key::P256(6)),
    ("p521-other", Key::P521(7)),
    ("x25519-other", Key::X25519(8)),
];

/// A row of the matrix: its name, who gets the message, and how RSA keys and certificates are treated.
struct Row {
    name: &'static str,
    to: &'static [&'static str],
    transport: KeyTransportRule,
    identifier: RecipientIdentifier,
}

const fn row(name: &'static str, to: &'static [&'static str], transport: KeyTransportRule) -> Row {
    Row { name, to, transport, identifier: RecipientIdentifier::IssuerAndSerialNumber }
}

const ROWS: [Row; 13] = [
    row("rsa-pkcs1", &["rsa"], KeyTransportRule::Pkcs1),
    row("rsa-oaep-sha256", &["rsa"], KeyTransportRule::OaepSha256),
    row("rsa-oaep-sha1", &["rsa"], KeyTransportRule::OaepSha1),
    row("ecdh-p256", &["p256"], KeyTransportRule::Pkcs1),
    row("ecdh-p384", &["p384"], KeyTransportRule::Pkcs1),
    row("ecdh-p521", &["p521"], KeyTransportRule::Pkcs1),
    row("x25519", &["x25519"], KeyTransportRule::Pkcs1),
    row("rsa+rsa", &["other", "rsa"], KeyTransportRule::Pkcs1),
    row("rsa+ec", &["other", "p521", "rsa", "p256", "p384"], KeyTransportRule::Pkcs1),
    Row {
        identifier: RecipientIdentifier::SubjectKeyIdentifier,
        ..row("ski", &["rsa", "p256"], KeyTransportRule::Pkcs1)
    },
    // Two with one ephemeral key; each reads, whether he is the first or the last.
    row("ec+ec", &["p256-other", "rsa", "p521", "p256", "p521-other"], KeyTransportRule::Pkcs1),
    row("x25519+x25519", &["x25519-other", "x25519"], KeyTransportRule::Pkcs1),
    Row {
        identifier: RecipientIdentifier::SubjectKeyIdentifier,
        ..row("ski-ec+ec", &["p256-other", "p256"], KeyTransportRule::Pkcs1)
    },
];

fn mailbox(name: &str) -> Address {
    Address::parse(&format!("{name}@goal.example")).unwrap()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (folder, size) = (Path::new(&arguments[1]), arguments[2].parse::<usize>().unwrap());
    let root = Authority::root("Matrix Root", Key::Rsa(5));
    let mut directory = ScriptedDirectory::new();
    for (serial, (name, key)) in (1..).zip(MAILBOXES) {
        let der = root.issue(&CertSpec { serial, ..CertSpec::mailbox(mailbox(name).as_str(), key) }).der().to_vec();
        fs::write(folder.join(format!("{name}.cert.pem")), pem(&der)).unwrap();
        let secret = STANDARD.encode(key.private_key());
        let secret = format!("-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----\n");
        fs::write(folder.join(format!("{name}.key.pem")), secret).unwrap();
        directory = directory.lends(&mailbox(name), der);
    }
    fs::write(folder.join("ca.pem"), root.pem()).unwrap();
    let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
    let directories = Directories::new().ask(DirectoryId::new("matrix"));
    let engine = Engine::new(anchors).with_directories(PerRoute::new(directories));
    let header = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n";
    let body = (0..size).map(|number| u8::try_from((number * 7 + number / 251) % 256).unwrap());
    let plain: Vec<u8> = header.iter().copied().chain(body).collect();
    fs::write(folder.join("plain"), &plain).unwrap();
    let digest: String = Digest::Sha256.of(&plain).iter().map(|octet| format!("{octet:02x}")).collect();
    let mail = [b"Subject: matrix\r\n".as_slice(), &plain].concat();
    let mut manifest = String::new();
    for row in &ROWS {
        for &algorithm in ContentEncryption::ALL {
            for (encoding, length) in [("der", u64::try_from(mail.len()).ok()), ("streamed", None)] {
                let name = format!("{}_{}_{encoding}.p7m", row.name, algorithm.name());
                let cms = seal(&engine, &directory, row, algorithm, length, &mail);
                fs::write(folder.join(&name), cms).unwrap();
                for reader in row.to {
                    manifest.push_str(&format!(
                        "{}\t{}\t{encoding}\t{reader}\t{name}\t{digest}\n",
                        row.name,
                        algorithm.name()
                    ));
                }
            }
        }
    }
    fs::write(folder.join("manifest.tsv"), manifest).unwrap();
}

fn seal(
    engine: &Engine,
    directory: &ScriptedDirectory,
    row: &Row,
    algorithm: ContentEncryption,
    length: Option<u64>,
    mail: &[u8],
) -> Vec<u8> {
    let mut policy = Policy::default();
    policy.allowed = vec![algorithm];
    policy.assumed = vec![algorithm];
    policy.key_transport = row.transport;
    policy.identifier = row.identifier;
    let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    let context = Context::new(now, Arc::new(())).policy(policy);
    let to = row.to.iter().map(|name| mailbox(name)).collect();
    let resolve = engine.resolve(to, Vec::new(), context).unwrap();
    let store = MemoryStore::new();
    let world = Lookup::new(&store).directory(DirectoryId::new("matrix"), directory);
    let recipients = drive::run(resolve, &world, &(), &|| false).unwrap().complete().unwrap();
    let mut sealer = recipients.envelopes().remove(0).sealer(length, &mut SeededRandom::new(1)).unwrap();
    let mut message = Vec::new();
    for piece in mail.chunks(50_000) {
        sealer.push(piece, &mut message).unwrap();
    }
    sealer.finish(&mut message).unwrap();
    cms_of(&message).unwrap()
}
