//! Paths and revocation lists. A path: the leaf from DER, up to an anchor that both have parsed before. Cold: the CA comes as DER,
//! too, as in a mail. Warm: both have parsed the CA, and the engine remembers its signature.

use crate::import::{forgetful, store};
use crate::{in_turns, now};
use openssl::stack::Stack;
use openssl::x509::store::X509Store;
use openssl::x509::{CrlStatus, X509, X509Crl, X509StoreContext};
use postseal::revocation::{self, Crl, Status};
use postseal::verify::{Limits, Profile, TrustAnchors};
use postseal::{Certificate, Engine};
use postseal_testkit::factory::{Authority, CertSpec, CrlSpec, Key, Revoked};
use std::hint::black_box;

const REVOKED: u64 = 1_000_000;

pub fn run() {
    for (name, keys) in
        [("RSA-2048", [Key::Rsa(0), Key::Rsa(1), Key::Rsa(2)]), ("P-256", [Key::P256(1), Key::P256(2), Key::P256(3)])]
    {
        let root = Authority::root("Root", keys[0]);
        let ca = root.authority("CA", keys[1]);
        let leaf = ca.issue(&CertSpec::mailbox("alice@goal.example", keys[2])).der().to_vec();
        path(name, &root, ca.der(), &leaf);
    }
    list();
}

fn path(name: &str, root: &Authority, ca: &[u8], leaf: &[u8]) {
    let engine = Engine::new(TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap());
    let (cold, store) = (forgetful(&engine), store(root));
    let times = in_turns(
        300,
        |clock| clock.time(|| ours(&cold, leaf, &[certificate(ca)])),
        |clock| clock.time(|| theirs(&store, leaf, X509::from_der(ca).unwrap())),
    );
    times.row(&format!("path of three certificates, {name}, cold"));
    let (parsed, theirs_parsed) = ([certificate(ca)], X509::from_der(ca).unwrap());
    let times = in_turns(
        300,
        |clock| clock.time(|| ours(&engine, leaf, &parsed)),
        |clock| clock.time(|| theirs(&store, leaf, theirs_parsed.clone())),
    );
    times.row(&format!("path of three certificates, {name}, warm"));
}

fn certificate(der: &[u8]) -> Certificate {
    Certificate::from_der(der, &Limits::default()).unwrap()
}

fn ours(engine: &Engine, leaf: &[u8], pool: &[Certificate]) {
    assert_eq!(engine.find_path(&certificate(leaf), pool, now()).unwrap().intermediates().len(), 1);
}

fn theirs(store: &X509Store, leaf: &[u8], ca: X509) {
    let leaf = X509::from_der(leaf).unwrap();
    let mut pool = Stack::new().unwrap();
    pool.push(ca).unwrap();
    let mut context = X509StoreContext::new().unwrap();
    assert!(context.init(store, &leaf, &pool, |context| context.verify_cert()).unwrap());
}

/// A list with a million entries: read once, then asked about certificates that it has and has not.
fn list() {
    let root = Authority::root("Root", Key::Rsa(0));
    let entries = (0..REVOKED).map(|number| Revoked::new(number * 7 + 1_000_000_000).because(1)).collect();
    let der = root.crl(&CrlSpec::new(entries));
    let mut limits = Limits::default();
    limits.crl_bytes = der.len();
    let times = in_turns(
        1,
        |clock| drop(black_box(clock.time(|| Crl::from_der(&der, &limits).unwrap()))),
        |clock| drop(black_box(clock.time(|| X509Crl::from_der(&der).unwrap()))),
    );
    times.row("list of a million entries: read");
    let engine = Engine::new(TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap());
    let (crl, theirs) = ([Crl::from_der(&der, &limits).unwrap()], X509Crl::from_der(&der).unwrap());
    for (what, serial, is_revoked) in [("revoked", 7 * 654_321 + 1_000_000_000, true), ("good", 1_000_000_001, false)] {
        let spec = CertSpec { serial, ..CertSpec::mailbox("alice@goal.example", Key::P256(3)) };
        let leaf = root.issue(&spec).der().to_vec();
        let path = engine.find_path(&certificate(&leaf), &[], now()).unwrap();
        let check = || revocation::check_path(&path, &crl, &[], Profile::Default, &limits, now());
        assert_eq!(matches!(check()[0].1, Status::Revoked { .. }), is_revoked);
        let peer = X509::from_der(&leaf).unwrap();
        let times = in_turns(
            1000,
            |clock| drop(black_box(clock.time(check))),
            |clock| assert_eq!(matches!(clock.time(|| theirs.get_by_cert(&peer)), CrlStatus::Revoked(_)), is_revoked),
        );
        times.row(&format!("list of a million entries: one certificate, {what}"));
    }
}
