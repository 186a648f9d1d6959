//! Paths and revocation lists beside OpenSSL, in one process, in turns. A path: the leaf from DER, up to an anchor
//! that both have parsed before. Cold: the CA comes as DER, too, as in a mail. Warm: both have parsed the CA, and the
//! engine remembers its signature.
//!
//! Times are the thread's CPU clock; reading it takes about half a microsecond, which is in every figure.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml --features openssl --bin paths`. Needs OpenSSL's
//! development files.

use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::X509VerifyParam;
use openssl::x509::{CrlStatus, X509, X509Crl, X509PurposeId, X509StoreContext};
use postseal::revocation::{self, Crl, Status};
use postseal::verify::{Limits, Profile, TrustAnchors};
use postseal::{Certificate, Engine};
use postseal_benches::{Clock, Crypto, engine, now};
use postseal_testkit::factory::{Authority, CertSpec, CrlSpec, Key, Revoked};
use std::hint::black_box;
use std::time::Duration;

const REVOKED: u64 = 1_000_000;
const ROUNDS: usize = 9;

/// Prints a row with the medians of nine rounds of so many repetitions of each side, in microseconds.
fn row(label: &str, repeat: u32, ours: impl Fn(&mut Clock), theirs: impl Fn(&mut Clock)) {
    let round = |side: &dyn Fn(&mut Clock)| {
        let mut clock = Clock::default();
        (0..repeat).for_each(|_| side(&mut clock));
        clock.0 / repeat
    };
    let (ours, theirs): (Vec<_>, Vec<_>) = (0..ROUNDS).map(|_| (round(&ours), round(&theirs))).unzip();
    let [ours, theirs] = [ours, theirs].map(median);
    let shown = |time: f64| if time < 10.0 { format!("{time:.1}") } else { format!("{time:.0}") };
    println!("| {label} | {} | {} | {:.2} |", shown(ours), shown(theirs), ours / theirs);
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e6
}

/// An engine that remembers the CAs of so many paths and no leaf, which each verifies anew.
fn trusting(root: &Authority, known_signatures: usize) -> Engine {
    let mut limits = Limits::default();
    (limits.known_signatures, limits.known_senders) = (known_signatures, 0);
    engine(Crypto::default(), TrustAnchors::from_pem(root.pem().as_bytes(), &limits).unwrap()).with_limits(limits)
}

fn store(root: &Authority) -> X509Store {
    let mut builder = X509StoreBuilder::new().unwrap();
    builder.add_cert(X509::from_der(root.der()).unwrap()).unwrap();
    builder.set_purpose(X509PurposeId::SMIME_SIGN).unwrap();
    let mut param = X509VerifyParam::new().unwrap();
    param.set_time(now().seconds());
    builder.set_param(&param).unwrap();
    builder.build()
}

fn main() {
    let version = openssl::version::version().split(' ').nth(1).unwrap();
    println!("| work | postseal, us | OpenSSL {version}, us | ratio |\n|---|--:|--:|--:|");
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
    let (cold, warm, store) = (trusting(root, 0), trusting(root, 1), store(root));
    row(
        &format!("path of three certificates, {name}, cold"),
        300,
        |clock| clock.time(|| ours(&cold, leaf, &[certificate(ca)])),
        |clock| clock.time(|| theirs(&store, leaf, X509::from_der(ca).unwrap())),
    );
    let (parsed, theirs_parsed) = ([certificate(ca)], X509::from_der(ca).unwrap());
    row(
        &format!("path of three certificates, {name}, warm"),
        300,
        |clock| clock.time(|| ours(&warm, leaf, &parsed)),
        |clock| clock.time(|| theirs(&store, leaf, theirs_parsed.clone())),
    );
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
    row(
        "list of a million entries: read",
        1,
        |clock| drop(black_box(clock.time(|| Crl::from_der(&der, &limits).unwrap()))),
        |clock| drop(black_box(clock.time(|| X509Crl::from_der(&der).unwrap()))),
    );
    let engine = trusting(&root, 0);
    let (crl, theirs) = ([Crl::from_der(&der, &limits).unwrap()], X509Crl::from_der(&der).unwrap());
    for (what, serial, is_revoked) in [("revoked", 7 * 654_321 + 1_000_000_000, true), ("good", 1_000_000_001, false)] {
        let spec = CertSpec { serial, ..CertSpec::mailbox("alice@goal.example", Key::P256(3)) };
        let leaf = root.issue(&spec).der().to_vec();
        let path = engine.find_path(&certificate(&leaf), &[], now()).unwrap();
        let check = || revocation::check_path(&path, &crl, &[], Profile::Default, &limits, now());
        assert_eq!(matches!(check()[0].1, Status::Revoked { .. }), is_revoked);
        let peer = X509::from_der(&leaf).unwrap();
        row(
            &format!("list of a million entries: one certificate, {what}"),
            1000,
            |clock| drop(black_box(clock.time(check))),
            |clock| assert_eq!(matches!(clock.time(|| theirs.get_by_cert(&peer)), CrlStatus::Revoked(_)), is_revoked),
        );
    }
}
