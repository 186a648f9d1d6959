//! Signatures of others beside one's own do not help.

use super::*;
use crate::element::{signer_infos, with_signers};
use base64::Engine as _;
use postseal_testkit::factory::{Form, SignedMail};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// An opaque mail with this CMS object.
fn opaque(cms: &[u8]) -> Vec<u8> {
    let head = format!("From: {FROM}\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data\r\n");
    let text = base64::engine::general_purpose::STANDARD.encode(cms);
    format!("{head}Content-Transfer-Encoding: base64\r\n\r\n{text}\r\n").into_bytes()
}

fn mail(signer: &Person) -> SignedMail {
    SignedMail::new(FROM, signer).form(Form::Opaque)
}

/// Whoever may sign the mail that somebody forges: each is refused alone.
fn forgers() -> Vec<Person> {
    let spec = |serial, key| CertSpec { serial, ..CertSpec::mailbox(ALICE, key) };
    let expired = CertSpec { not_after: "2026-02-01T00:00:00Z".to_owned(), ..spec(20, Key::P256(21)) };
    let server = CertSpec { extended_key_usage: vec!["1.3.6.1.5.5.7.3.1".to_owned()], ..spec(22, Key::P256(23)) };
    vec![
        root().issue(&CertSpec { serial: 24, ..CertSpec::mailbox("eve@goal.example", Key::P256(25)) }),
        Authority::root("Root", Key::P256(77)).issue(&spec(4096, Key::P256(26))),
        Authority::root("Elsewhere", Key::P256(78)).issue(&spec(27, Key::P256(28))),
        root().issue(&expired),
        root().issue(&server),
    ]
}

// hardening: D4, D7
#[test]
fn more_signers_make_no_refused_mail_an_imported_one() {
    let (engine, alice, forgers) = (engine(), alice(), forgers());
    // What an attacker has of Alice: a mail of hers about something else, and one with the octets that he forges as well.
    let genuine = mail(&alice).body(b"Yes, gladly.\r\n").cms();
    let same = mail(&alice).cms();
    let mut pool: Vec<(Vec<u8>, Vec<u8>)> = [&genuine, &same]
        .into_iter()
        .flat_map(|cms| signer_infos(cms))
        .map(|info| (info, alice.der().to_vec()))
        .collect();
    pool.extend(
        forgers
            .iter()
            .flat_map(|forger| signer_infos(&mail(forger).cms()).into_iter().map(|info| (info, forger.der().to_vec()))),
    );
    assert_eq!(import(&engine, &opaque(&same), at(NOW)).outcome, Outcome::Imported, "her own mail");
    let parts = (0..forgers.len(), subsequence(pool, 0..6).prop_shuffle(), any::<prop::sample::Index>());
    runner("signers", 150)
        .run(&parts, |(forger, others, place)| {
            let cms = mail(&forgers[forger]).cms();
            assert_ne!(import(&engine, &opaque(&cms), at(NOW)).outcome, Outcome::Imported, "the forged mail alone");
            let (mut infos, mut certificates): (Vec<_>, Vec<_>) = others.into_iter().unzip();
            infos.insert(place.index(infos.len() + 1), signer_infos(&cms).remove(0));
            certificates.dedup();
            let report = import(&engine, &opaque(&with_signers(&cms, &infos, &certificates)), at(NOW));
            prop_assert_ne!(report.outcome, Outcome::Imported);
            Ok(())
        })
        .unwrap();
}

/// The other way round: a good mail with a second signature is nobody's.
// hardening: D7
#[test]
fn a_good_mail_with_another_signature_is_refused_whoever_made_it() {
    let (engine, alice) = (engine(), alice());
    let cms = mail(&alice).cms();
    let own = signer_infos(&cms).remove(0);
    let others: Vec<Person> = forgers().into_iter().chain([alice]).collect();
    runner("second", 40)
        .run(&(select(others), any::<bool>()), |(other, first)| {
            let second = signer_infos(&mail(&other).cms()).remove(0);
            let infos = if first { [second, own.clone()] } else { [own.clone(), second] };
            let report = import(&engine, &opaque(&with_signers(&cms, &infos, &[other.der().to_vec()])), at(NOW));
            prop_assert_eq!(report.error.map(|error| error.code()), Some(postseal::Code::SignersMany));
            Ok(())
        })
        .unwrap();
}
