//! What the C programs of the tests read: certificates and mail, made by the test kit, and the attack corpus as lines.
//!
//! `fixtures make FOLDER` writes them; `fixtures open KEY FILE` opens what a test has sealed, and prints it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a tool of the tests"
)]

use postseal::UnixTime;
use postseal_testkit::factory::der::{integer, oid, sequence, set_of, tlv};
use postseal_testkit::factory::{
    Authority, CertSpec, CrlSpec, Form, Key, OcspSpec, Person, Revoked, SignedMail, access_at, attribute, crl_at,
};
use postseal_testkit::{Opener, corpus};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::{env, fs, io};

/// The keys of those to whom tests seal.
const ALICE: Key = Key::P256(2);
const BOB: Key = Key::P256(3);
const CAROL: Key = Key::P256(4);
const DAVE: Key = Key::P256(5);

const CRL: &str = "http://ca.example/1.crl";
const OCSP: &str = "http://ocsp.ca.example/";
const ISSUER: &str = "http://ca.example/ca.cer";
/// SMIMECapabilities (RFC 8551 2.5.2).
const CAPABILITIES: &str = "1.2.840.113549.1.9.15";

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", folder] => make(Path::new(folder)),
        ["open", key, file] => open(key, Path::new(file)),
        _ => panic!("fixtures make FOLDER, or fixtures open KEY FILE"),
    }
}

fn open(key: &str, file: &Path) {
    let key = match key {
        "alice" => ALICE,
        "bob" => BOB,
        "carol" => CAROL,
        "dave" => DAVE,
        _ => panic!("nobody has the key {key}"),
    };
    let content = Opener::new(key).open_mail(&fs::read(file).unwrap()).expect("the key opens it");
    io::stdout().write_all(&content).unwrap();
}

fn make(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let write = |name: &str, octets: &[u8]| fs::write(folder.join(name), octets).unwrap();
    let root = Authority::root("Root", Key::P256(0));
    write("root.pem", root.pem().as_bytes());
    learned(&root, &write);
    lent(&root, &write);
    fetched(&root, &write);
    write("plain.eml", &plain(b"in confidence\r\n"));
    let large = b"a line that comes again and again, in confidence\r\n".repeat(1000);
    write("large.eml", &plain(&large));
    let alice = root.issue(&CertSpec::mailbox("alice@goal.example", ALICE));
    write("large-signed.eml", &SignedMail::new("Alice <alice@goal.example>", &alice).body(&large).build());
    write("attacks.txt", attacks().as_bytes());
}

fn plain(body: &[u8]) -> Vec<u8> {
    let header = b"From: Eve <eve@goal.example>\r\nTo: alice@goal.example\r\nSubject: hello\r\n\
        Message-ID: <1@goal.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n";
    [header, body].concat()
}

/// Who writes signed mail.
fn learned(root: &Authority, write: &dyn Fn(&str, &[u8])) {
    let alice = root.issue(&CertSpec::mailbox("alice@goal.example", ALICE));
    let bob = root.issue(&CertSpec::mailbox("bob@goal.example", BOB));
    let mail = |from: &str, signer: &Person| SignedMail::new(from, signer).build();
    write("alice.eml", &mail("Alice <alice@goal.example>", &alice));
    write("alice.der", alice.der());
    write("bob.eml", &mail("Bob <bob@goal.example>", &bob));
    // id-aes128-GCM, and nothing else.
    let gcm = [0x30, 0x0d, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x06];
    let henry = root.issue(&CertSpec::mailbox("henry@goal.example", Key::P256(10)));
    let signed = SignedMail::new("Henry <henry@goal.example>", &henry).without_attribute(CAPABILITIES);
    write("henry.eml", &signed.extra_attribute(&attribute(CAPABILITIES, &gcm)).build());
    let renewed = root.issue(&alice.renewal(["2026-05-01T00:00:00Z", "2037-01-01T00:00:00Z"], None));
    write("alice-renewed.eml", &mail("Alice <alice@goal.example>", &renewed));
    // Another key, valid at the same time: two lines of certificates that contradict each other.
    let mut other = CertSpec::mailbox("alice@goal.example", Key::P256(6));
    other.serial = 77;
    other.subject = "another".to_owned();
    write(
        "alice-other.eml",
        &mail("Alice <alice@goal.example>", &Authority::root("Root 2", Key::P256(9)).issue(&other)),
    );
    write("root2.pem", Authority::root("Root 2", Key::P256(9)).pem().as_bytes());
    let from_alice = mail("Alice <alice@goal.example>", &alice);
    let text = String::from_utf8(from_alice).unwrap();
    assert!(text.contains("this mail is signed"), "the mail of the test kit has another text");
    write("tampered.eml", text.replace("this mail is signed", "this mail is changed").as_bytes());
}

/// Who is only in a directory.
fn lent(root: &Authority, write: &dyn Fn(&str, &[u8])) {
    let carol = root.issue(&CertSpec::mailbox("carol@goal.example", CAROL));
    write("carol.der", carol.der());
    let middle = root.authority("Middle", Key::P256(1));
    write("middle.der", middle.der());
    let mut spec = CertSpec::mailbox("dave@goal.example", DAVE);
    spec.overrides.extra_extensions = vec![access_at(&[], &[ISSUER])];
    let dave = middle.issue(&spec);
    write("dave.der", dave.der());
    // SEQUENCE of SMIMECapability: id-aes256-GCM.
    let gcm = [0x30, 0x0d, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2e];
    write("gcm.der", &gcm);
    // As one CMS object: Carol's without a signer, Dave's (BER) with what he signed that he reads.
    write("carol.p7c", &certs_only(&[carol.der(), root.der()]));
    let published = SignedMail::new("dave@goal.example", &dave).form(Form::OpaqueBer).with_authority(&middle);
    let signed = published.without_attribute(CAPABILITIES).extra_attribute(&attribute(CAPABILITIES, &gcm)).cms();
    write("dave.p7s", &signed);
    // The last octet of the signature; the ends of three elements come after it.
    let mut broken = signed;
    *broken.iter_mut().nth_back(6).unwrap() ^= 1;
    write("dave-broken.p7s", &broken);
}

/// A SignedData without a signer (RFC 5652 5.1).
fn certs_only(certificates: &[&[u8]]) -> Vec<u8> {
    let data = sequence(&[&oid("1.2.840.113549.1.7.1")]);
    let bag = tlv(0xa0, certificates);
    let signed = sequence(&[&integer(1), &set_of(Vec::new()), &data, &bag, &set_of(Vec::new())]);
    sequence(&[&oid("1.2.840.113549.1.7.2"), &tlv(0xa0, &[&signed])])
}

/// Whose certificates name lists and responders.
fn fetched(root: &Authority, write: &dyn Fn(&str, &[u8])) {
    let mut with_list = CertSpec::mailbox("frank@goal.example", Key::P256(7));
    with_list.serial = 5001;
    with_list.overrides.extra_extensions = vec![crl_at(&[CRL])];
    let frank = root.issue(&with_list);
    write("frank.eml", &SignedMail::new("Frank <frank@goal.example>", &frank).build());
    write("good.crl", &root.crl(&CrlSpec::new(Vec::new())));
    write("revoked.crl", &root.crl(&CrlSpec::new(vec![Revoked::new(5001)])));
    let mut with_responder = CertSpec::mailbox("grace@goal.example", Key::P256(8));
    with_responder.serial = 5002;
    with_responder.overrides.extra_extensions = vec![access_at(&[OCSP], &[])];
    let grace = root.issue(&with_responder);
    write("grace.eml", &SignedMail::new("Grace <grace@goal.example>", &grace).build());
    write("grace-good.ocsp", &root.ocsp(&grace, &OcspSpec::good()));
    write("grace-revoked.ocsp", &root.ocsp(&grace, &OcspSpec::revoked(1)));
}

/// One line for each attack: name, file, verdict, time, anchors, mailboxes that may be imported, mailboxes that must not; lists with
/// commas.
fn attacks() -> String {
    let folder = corpus::folder().join("attacks");
    let rows = fs::read_to_string(folder.join("cases.jsonl")).unwrap();
    let mut lines = String::new();
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let text = |field: &str| row[field].as_str().unwrap().to_owned();
        let list = |field: &str| {
            let values = row[field].as_array().into_iter().flatten();
            values.map(|value| value.as_str().unwrap()).collect::<Vec<_>>().join(",")
        };
        let time = UnixTime::from_rfc3339(&text("verify_at")).unwrap().seconds();
        let (anchors, may, must_not) = (list("anchors"), list("import_for"), list("must_never_import_for"));
        let (case, file, verdict) = (text("case"), text("file"), text("verdict"));
        writeln!(lines, "{case}\t{file}\t{verdict}\t{time}\t{anchors}\t{may}\t{must_not}").unwrap();
    }
    lines
}
