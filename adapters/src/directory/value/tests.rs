#![allow(clippy::arithmetic_side_effects, reason = "test code")]

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as STANDARD_BASE64, URL_SAFE_NO_PAD};
use postseal::directory::{Directories, DirectoryId, DirectoryReply, DirectoryResolver};
use postseal::drive::{self, Lookup};
use postseal::query::{ResolveDirectory, Unavailable};
use postseal::resolve::Context;
use postseal::seal::Policy;
use postseal::verify::TrustAnchors;
use postseal::{Certificate, Engine, PerRoute, UnixTime};
use postseal_testkit::factory::der::{integer, oid, sequence, set_of, tlv};
use postseal_testkit::factory::{Authority, CertSpec, Form, Key, KeyUse, SignedMail, pem};
use postseal_testkit::{MemoryStore, Recorder};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ALICE: &str = "alice@goal.example";

fn alice() -> Address {
    Address::parse(ALICE).unwrap()
}

fn root() -> Authority {
    Authority::root("Root", Key::P256(1))
}

fn certificate(serial: u64, key_use: KeyUse) -> Vec<u8> {
    let key = Key::P256(serial + 1);
    root().issue(&CertSpec { serial, key_use, ..CertSpec::mailbox(ALICE, key) }).der().to_vec()
}

/// Lends what one value decodes to.
#[derive(Debug)]
struct Value(Vec<u8>);

impl DirectoryResolver for Value {
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        let limits = Limits::default();
        Ok(query.addresses.iter().map(|address| DirectoryReply::Found(decode(&self.0, address, &limits))).collect())
    }
}

/// What the engine makes of a value: fingerprints that it would encrypt to, and the codes of the others.
fn judged(value: &[u8]) -> (Vec<String>, Vec<&'static str>) {
    judged_by(Policy::default(), value)
}

fn judged_by(mut policy: Policy, value: &[u8]) -> (Vec<String>, Vec<&'static str>) {
    let anchors = TrustAnchors::from_pem(root().pem().as_bytes(), &Limits::default()).unwrap();
    policy.all_valid = true;
    let id = DirectoryId::new("d");
    let engine = Engine::new(anchors)
        .with_policies(PerRoute::new(policy))
        .with_directories(PerRoute::new(Directories::new().ask(id.clone())));
    let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    let context = Context::new(now, Arc::new(Recorder::default()));
    let resolve = engine.resolve(vec![alice()], Vec::new(), context).unwrap();
    let (store, value) = (MemoryStore::new(), Value(value.to_vec()));
    let resolution = drive::run(resolve, &Lookup::new(&store).directory(id, &value), &(), &|| false).unwrap();
    let report = resolution.reports().next().unwrap();
    let mut found: Vec<_> = report.found.iter().map(|found| found.fingerprint.to_string()).collect();
    found.sort();
    (found, report.rejected.iter().map(|rejected| rejected.error.code().name()).collect())
}

fn fingerprints(certificates: &[&[u8]]) -> Vec<String> {
    let fingerprint = |der: &&[u8]| Certificate::from_der(der, &Limits::default()).unwrap().fingerprint().to_string();
    let mut found: Vec<_> = certificates.iter().map(fingerprint).collect();
    found.sort();
    found
}

fn certs_only(certificates: &[&[u8]]) -> Vec<u8> {
    let data = sequence(&[&oid("1.2.840.113549.1.7.1")]);
    let signed = sequence(&[&integer(1), &set_of(Vec::new()), &data, &tlv(0xa0, certificates), &set_of(Vec::new())]);
    sequence(&[&oid("1.2.840.113549.1.7.2"), &tlv(0xa0, &[&signed])])
}

/// Elements of Exchange's form.
fn tagged(elements: &[(u16, &[u8])]) -> Vec<u8> {
    let element = |(tag, data): &(u16, &[u8])| {
        let length = u16::try_from(data.len() + 4).unwrap();
        [tag.to_le_bytes().as_slice(), &length.to_le_bytes(), data].concat()
    };
    elements.iter().flat_map(element).collect()
}

fn block(label: &str, octets: &[u8]) -> String {
    format!("-----BEGIN {label}-----\r\n{}\r\n-----END {label}-----\r\n", STANDARD_BASE64.encode(octets))
}

fn hex(octets: &[u8], between: &str) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect::<Vec<_>>().join(between)
}

fn json(octets: &[u8]) -> String {
    format!("[{}]", octets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

/// The forms that carry `octets` and nothing else.
fn forms(octets: &[u8]) -> Vec<Vec<u8>> {
    let base64 = STANDARD_BASE64.encode(octets);
    let lines: Vec<&str> = base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    let texts = [
        base64.clone(),
        base64.trim_end_matches('=').to_owned(),
        format!("\r\n {}\r\n", lines.join("\r\n ")),
        URL_SAFE_NO_PAD.encode(octets),
        STANDARD_BASE64.encode(&base64),
        STANDARD_BASE64.encode(STANDARD_BASE64.encode(&base64)),
        STANDARD_BASE64.encode(block("CERTIFICATE", octets)),
        hex(octets, ""),
        hex(octets, ":").to_lowercase(),
        hex(octets, " "),
        format!("0x{}", hex(octets, "")),
        hex(base64.as_bytes(), ""),
        json(octets),
        json(octets).replace(' ', ""),
        json(base64.as_bytes()),
        block("CERTIFICATE", octets),
        block("PKCS7", octets),
        block("CMS", octets),
        block("X509 CERTIFICATE", octets),
        format!("Bag Attributes\n friendlyName: Jürgen\n{}", block("CERTIFICATE", octets)),
        format!("{}{}", block("PRIVATE KEY", b"0secret"), block("CERTIFICATE", octets)),
    ];
    let mut forms: Vec<_> = texts.into_iter().map(String::into_bytes).collect();
    forms.push(octets.to_vec());
    forms.push(tagged(&[(1, &[1, 0, 0, 0]), (2, b"\x30\x00"), (3, octets), (8, b"signing"), (0x51, b"A\0")]));
    forms
}

#[test]
fn every_form_of_a_certificate_is_read() {
    let one = certificate(1, KeyUse::Encrypt);
    for (number, form) in forms(&one).iter().enumerate() {
        assert_eq!(judged(form), (fingerprints(&[&one]), vec![]), "form {number}");
    }
}

#[test]
fn every_form_of_a_bag_is_read() {
    let (one, two, root) = (certificate(1, KeyUse::Encrypt), certificate(2, KeyUse::Encrypt), root());
    let bag = certs_only(&[root.der(), &one, &two]);
    for (number, form) in forms(&bag).iter().enumerate() {
        assert_eq!(judged(form), (fingerprints(&[&one, &two]), vec![]), "form {number}");
    }
    let signer = root.issue(&CertSpec { key_use: KeyUse::Sign, ..CertSpec::mailbox(ALICE, Key::P256(9)) });
    let signed = SignedMail::new(ALICE, &signer).form(Form::OpaqueBer).with_certificate(&one).cms();
    assert_eq!(judged(&signed), (fingerprints(&[&one]), vec!["key-usage-encrypt"]));
}

/// Capabilities that a stranger signed with a certificate that he made himself, in the owner's name, are nobody's.
#[test]
fn capabilities_count_when_their_signer_has_a_path() {
    let one = certificate(1, KeyUse::Encrypt);
    let signed_by = |authority: &Authority| {
        let spec = CertSpec { key_use: KeyUse::Sign, ..CertSpec::mailbox(ALICE, Key::P256(9)) };
        let signed = SignedMail::new(ALICE, &authority.issue(&spec)).form(Form::Opaque);
        signed.with_authority(authority).with_certificate(&one).cms()
    };
    let mut strict = Policy::default();
    strict.require_aead = true;
    let owner = judged_by(strict.clone(), &signed_by(&root()));
    assert_eq!(owner, (fingerprints(&[&one]), vec!["key-usage-encrypt"]));
    let (found, mut codes) = judged_by(strict, &signed_by(&Authority::root("Other", Key::P256(66))));
    codes.sort_unstable();
    assert_eq!((found, codes), (vec![], vec!["aead-not-supported", "path-not-found"]));
}

#[test]
fn several_blocks_are_several_certificates() {
    let (one, two) = (certificate(1, KeyUse::Encrypt), certificate(2, KeyUse::Encrypt));
    let chain = format!("{}\n{}{}", pem(&one), block("CMS", &certs_only(&[&two])), pem(root().der()));
    assert_eq!(judged(chain.as_bytes()), (fingerprints(&[&one, &two]), vec![]));
    let broken = format!("{}-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n", pem(&one));
    assert_eq!(judged(broken.as_bytes()), (fingerprints(&[&one]), vec!["certificate-malformed"]));
    // The issuer that only came along is enough for the path.
    let issuing = root().authority("Issuing", Key::P256(30));
    let below = issuing.issue(&CertSpec::mailbox(ALICE, Key::P256(31)));
    assert_eq!(judged(pem(below.der()).as_bytes()), (vec![], vec!["path-not-found"]));
    let chain = format!("{}{}", pem(below.der()), pem(issuing.der()));
    assert_eq!(judged(chain.as_bytes()), (fingerprints(&[below.der()]), vec![]));
    let both = tagged(&[(3, &one), (3, &certs_only(&[&two]))]);
    assert_eq!(judged(&both), (fingerprints(&[&one, &two]), vec![]));
}

/// What is for signatures in Exchange's form is never encrypted to, and a form that is not one to its end is none.
#[test]
fn only_the_key_exchange_certificate_is_taken_from_exchange() {
    let one = certificate(1, KeyUse::Encrypt);
    let malformed = (vec![], vec!["certificate-malformed"]);
    assert_eq!(judged(&tagged(&[(1, &[1, 0, 0, 0]), (8, &one)])), malformed);
    let whole = tagged(&[(1, &[1, 0, 0, 0]), (3, &one), (0x20, &[1, 0, 0, 0])]);
    for end in (0..whole.len()).filter(|end| *end != 8 && *end != whole.len() - 8) {
        assert_eq!(judged(&whole[..end]), malformed, "{end}");
    }
    assert_eq!(judged(&[&whole[..], &[0]].concat()), malformed);
    for element in [[3, 0, 0, 0], [3, 0, 3, 0], [3, 0, 255, 255]] {
        assert_eq!(judged(&element), malformed, "{element:?}");
    }
}

#[test]
fn what_cannot_be_read_is_named_by_the_engine() {
    let one = certificate(1, KeyUse::Encrypt);
    let four_times = (0..4).fold(one.clone(), |octets, _| STANDARD_BASE64.encode(octets).into_bytes());
    let in_itself = (0..5).fold(one.clone(), |octets, _| tagged(&[(3, &octets)]));
    for value in [
        b"".as_slice(),
        b" ",
        b"System.Byte[]",
        b"[]",
        b"[1,,2]",
        b"[256]",
        b"[-1]",
        b"[48, 0",
        b"[[48]]",
        b"0x",
        b"308",
        b"not at all",
        b"-----BEGIN CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE",
        b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        b"\x30",
        b"\x30\x80",
        b"\x30\x84\x7f\xff\xff\xff",
        b"\xff\xff\xff\xff",
        &four_times,
        &in_itself,
        &one[..one.len() - 1],
    ] {
        assert_eq!(judged(value), (vec![], vec!["certificate-malformed"]), "{value:02x?}");
    }
    // What is behind one more encoding may be the good one; what is no encoding of anything is not.
    let more = |value: &[u8]| read(value, &alice(), &Limits::default()).is_cut;
    assert!(more(&four_times) && more(&in_itself));
    let thrice = (0..3).fold(b"System.Byte[]".to_vec(), |octets, _| STANDARD_BASE64.encode(octets).into_bytes());
    assert!(!more(&thrice) && !more(b"not at all") && !more(b"\xff\xff\xff\xff"));
    assert_eq!(judged(&vec![b'A'; VALUE_BYTES + 1]), (vec![], vec!["certificate-too-large"]));
    assert_eq!(judged(&certs_only(&[])), (vec![], vec![]));
}

/// Whatever is sent, it is done at once, and little comes of it.
#[test]
fn bombs_cost_nothing() {
    let nested: Vec<u8> = (0..10_000).fold(b"MAA=".to_vec(), |inner, _| {
        let next = STANDARD_BASE64.encode(&inner).into_bytes();
        if next.len() > VALUE_BYTES { inner } else { next }
    });
    let mut deep = vec![0x30; 2];
    for _ in 0..10_000 {
        deep.splice(0..0, [0x30, 0x80]);
    }
    let signer = root().issue(&CertSpec::mailbox(ALICE, Key::Rsa(1)));
    let signed = SignedMail::new(ALICE, &signer).form(Form::Opaque).cms();
    let bombs = [
        nested,
        deep,
        b"-----BEGIN CMS-----\nMAA=\n-----END CMS-----\n".repeat(1_500),
        b"-----BEGIN CERTIFICATE-----".repeat(2_400),
        b"[".repeat(VALUE_BYTES),
        b"0,".repeat(VALUE_BYTES / 2),
        [b"[".as_slice(), &b"48,".repeat(20_000), b"0]"].concat(),
        b"\x03\x00\x04\x00".repeat(VALUE_BYTES / 4),
        tagged(&[(3, b"\x30\x00")]).repeat(VALUE_BYTES / 6),
        block("CMS", &signed).into_bytes().repeat(VALUE_BYTES / block("CMS", &signed).len()),
        certs_only(&[[0x30_u8, 0].as_slice(); 32]),
        vec![0; VALUE_BYTES],
        vec![b' '; VALUE_BYTES],
        vec![0xff; 10 << 20],
    ];
    for (number, bomb) in bombs.iter().enumerate() {
        let begun = Instant::now();
        let lent = decode(bomb, &alice(), &Limits::default()).len();
        assert!(lent <= 64 && begun.elapsed() < Duration::from_secs(5), "{number}: {lent} {:?}", begun.elapsed());
    }
}

/// Cut and changed, nothing panics, and nothing is empty that was not.
#[test]
fn every_beginning_of_every_form_is_survived() {
    let limits = Limits::default();
    for form in forms(&certs_only(&[&certificate(1, KeyUse::Encrypt)])) {
        for end in (0..form.len()).step_by(7) {
            assert!(!decode(&form[..end], &alice(), &limits).is_empty());
            let mut changed = form.clone();
            changed[end] ^= 0x21;
            let _ = decode(&changed, &alice(), &limits);
        }
    }
}

/// Objects of other people's software, as directories have them.
#[test]
fn real_objects_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/mail");
    let folders: Vec<_> = fs::read_dir(folder.join("certs")).into_iter().flatten().flatten().collect();
    if folders.is_empty() {
        eprintln!("SKIPPED: no corpus of real certificates");
        return;
    }
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder.path())).flatten().flatten();
    let mut read = 0;
    for entry in files.filter(|entry| entry.path().is_file()) {
        let octets = fs::read(entry.path()).unwrap();
        if octets.first() == Some(&0x30) && octets.len() < 12_000 {
            let plain = decode(&octets, &alice(), &Limits::default()).len();
            let encoded = STANDARD_BASE64.encode(&octets);
            assert_eq!(decode(encoded.as_bytes(), &alice(), &Limits::default()).len(), plain, "{:?}", entry.path());
            read += 1;
        }
    }
    assert!(read > 0);
}
