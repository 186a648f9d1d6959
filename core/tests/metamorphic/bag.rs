//! What lies beside the signer's certificate decides nothing.

use super::*;
use postseal_testkit::corpus::folder;
use postseal_testkit::factory::{CrlSpec, Form, KeyUse, Revoked, SignedMail};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// Certificates that an attacker may send along: others for the same mailbox, of false CAs and of the true one, CA certificates
/// with the true names, and all odd ones of the attack corpus.
fn strangers() -> Vec<Vec<u8>> {
    let (root, false_root) = (root(), Authority::root("Root", Key::P256(77)));
    let spec = |key, serial| CertSpec { serial, ..CertSpec::mailbox(ALICE, key) };
    let mut strangers = vec![
        // The signer's issuer and serial number again, and the signer's key again.
        false_root.issue(&spec(Key::P256(66), 4096)).der().to_vec(),
        false_root.issue(&spec(Key::P256(1), 9)).der().to_vec(),
        root.issue(&spec(Key::P256(55), 10)).der().to_vec(),
        root.issue(&CertSpec { key_use: KeyUse::Encrypt, ..spec(Key::Rsa(3), 11) }).der().to_vec(),
        root.issue(&CertSpec::mailbox("eve@goal.example", Key::P256(44))).der().to_vec(),
        root.authority("Middle", Key::P256(33)).der().to_vec(),
        false_root.authority("Middle", Key::P256(33)).der().to_vec(),
        false_root.der().to_vec(),
        root.der().to_vec(),
    ];
    let mut files: Vec<_> =
        std::fs::read_dir(folder().join("attacks/certs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    strangers.extend(files.into_iter().map(|file| std::fs::read(file).unwrap()).filter(|der| der.len() < 4096));
    strangers
}

/// Revocation lists: of the CA about nobody and about somebody else, and of a CA that is not ours about the signer.
fn lists() -> Vec<Vec<u8>> {
    let false_root = Authority::root("Root", Key::P256(77));
    vec![
        root().crl(&CrlSpec::new(Vec::new())),
        root().crl(&CrlSpec::new(vec![Revoked::new(10)])),
        false_root.crl(&CrlSpec::new(vec![Revoked::new(alice().spec().serial)])),
    ]
}

// hardening: D3, D11
#[test]
fn certificates_and_lists_of_others_change_nothing_in_any_order() {
    let (engine, signer) = (engine(), alice());
    let plain = import(&engine, &SignedMail::new(FROM, &signer).build(), at(NOW));
    assert_eq!(plain.outcome, Outcome::Imported);
    let strangers = strangers();
    let harmless: Vec<Vec<u8>> =
        strangers.iter().filter(|der| postseal::Certificate::from_der(der, engine.limits()).is_ok()).cloned().collect();
    assert!(harmless.len() > 20, "{}", harmless.len());
    let forms = [Form::Detached, Form::DetachedBer, Form::Opaque, Form::OpaqueBer];
    let bag = |pool: Vec<Vec<u8>>| {
        let certificates = subsequence(pool, 0..16).prop_shuffle();
        (certificates, subsequence(lists(), 0..=3).prop_shuffle(), select(forms.to_vec()), any::<prop::sample::Index>())
    };
    let build = |(mut certificates, lists, form, place): (Vec<Vec<u8>>, Vec<Vec<u8>>, Form, prop::sample::Index)| {
        certificates.insert(place.index(certificates.len() + 1), signer.der().to_vec());
        let mail = SignedMail::new(FROM, &signer).form(form).without_signer_certificate();
        let mail = certificates.iter().fold(mail, |mail, der| mail.with_certificate(der));
        lists.iter().fold(mail, |mail, der| mail.with_crl(der)).build()
    };
    runner("what can be read", 120)
        .run(&bag(harmless), |parts| {
            let report = import(&engine, &build(parts), at(NOW));
            prop_assert_eq!((report.outcome, report.fingerprint), (Outcome::Imported, plain.fingerprint));
            Ok(())
        })
        .unwrap();
    runner("whatever it is", 120)
        .run(&bag(strangers), |parts| {
            let report = import(&engine, &build(parts), at(NOW));
            if report.outcome == Outcome::Imported {
                prop_assert_eq!(report.fingerprint, plain.fingerprint);
            }
            Ok(())
        })
        .unwrap();
}
