//! Who may speak about a certificate: authorities that stand above it, and whom they have named for it. Everybody else may
//! have a certificate of the right name.

use super::*;
use postseal::revocation::check_path;
use postseal::verify::{Profile, find_path};
use postseal_testkit::factory::der::{named_bits, octet_string, sequence, tlv};
use postseal_testkit::factory::{Name, distinguished_name, extension};

/// An end entity with the name and, if wanted, the key identifier of an authority, by whoever issues it.
fn namesake(issuer: &Authority, name: &str, identifier: Option<Key>) -> Person {
    let mut spec = CertSpec::mailbox("x@evil.example", Key::P256(6));
    spec.names.clear();
    spec.serial = 99;
    spec.overrides.subject = Some(distinguished_name(name, None));
    let key_usage = extension("2.5.29.15", true, &named_bits(0x0200));
    let identifier = identifier.map(|key| extension("2.5.29.14", false, &octet_string(&key.identifier())));
    spec.overrides.extensions = Some([key_usage].into_iter().chain(identifier).collect());
    issuer.issue(&spec)
}

/// A list by `authority`'s name and with its key's identifier, if wanted, that the namesake signed. It is newer than all.
fn forged(authority: &Authority, identifier: Option<Key>) -> Vec<u8> {
    let named = |key: Key| extension("2.5.29.35", false, &sequence(&[&tlv(0x80, &[&key.identifier()])]));
    authority.crl(&CrlSpec {
        this_update: "2026-06-01T00:00:00Z".to_owned(),
        signed_by: Some(Key::P256(6)),
        key_identifier: false,
        extra_extensions: identifier.map(named).into_iter().collect(),
        ..CrlSpec::new(Vec::new())
    })
}

fn with_lists(mode: Mode, lists: &[&Vec<u8>]) -> Engine {
    engine(policy(mode, false)).with_crls(lists.iter().map(|list| crl(list)).collect())
}

const REVOKED: (&str, Option<Code>) = ("refused", Some(Code::CertificateRevoked));

fn outcome(engine: &Engine, mail: &[u8], fetcher: &ScriptedFetcher) -> (&'static str, Option<Code>) {
    let (outcome, code, _) = import(engine, mail, fetcher);
    (outcome, code)
}

// hardening: D10
#[test]
fn a_revoked_authority_takes_its_revocation_not_back_through_a_certificate_of_its_own() {
    let revoked = root().crl(&CrlSpec::new(vec![Revoked::new(77).because(2)]));
    let own = middle().crl(&CrlSpec::new(Vec::new()));
    for identifier in [Some(Key::P256(1)), None] {
        let fake = namesake(&middle(), "Root", identifier);
        let forged = forged(&root(), identifier);
        let mail = SignedMail::new(ALICE, &alice()).with_authority(&middle()).with_certificate(fake.der());
        let mail = mail.with_crl(&forged).with_crl(&own).build();
        for mode in [Mode::Soft, Mode::Hard] {
            let engine_with = with_lists(mode, &[&revoked]);
            assert_eq!(outcome(&engine_with, &mail, &ScriptedFetcher::new()), REVOKED, "{mode:?}");
            let fetcher = ScriptedFetcher::new().serves(ROOT_LIST, revoked.clone()).serves(LIST, own.clone());
            assert_eq!(outcome(&engine(policy(mode, true)), &mail, &fetcher), REVOKED, "{mode:?}");
        }
        // What nobody who may speak says is not known.
        let silent = outcome(&with_lists(Mode::Hard, &[]), &mail, &ScriptedFetcher::new());
        assert_eq!(silent.0, "refused");
        let pool = [middle().der(), fake.der()].map(|der| Certificate::from_der(der, &Limits::default()).unwrap());
        let leaf = Certificate::from_der(alice().der(), &Limits::default()).unwrap();
        let (anchors, limits) = (engine(policy(Mode::Soft, false)).anchors().clone(), Limits::default());
        let path = find_path(&leaf, &pool, &anchors, Profile::Default, &limits, now()).unwrap();
        let lists = [crl(&revoked), crl(&own), crl(&forged)];
        let statuses = check_path(&path, &lists, &pool, Profile::Default, &limits, now());
        assert!(matches!(statuses[1].1, postseal::revocation::Status::Revoked { .. }), "{statuses:?}");
    }
}

// hardening: D10
#[test]
fn a_constrained_authority_beside_says_nothing_about_certificates_of_another() {
    let mut spec = AuthoritySpec::new("Evil", Key::P256(5));
    spec.permitted = vec![Name::Rfc822(b"evil.example".to_vec()), Name::Dns("evil.example".into())];
    spec.path_length = Some(0);
    spec.serial = 71;
    let evil = root().subordinate(&spec);
    let revoked = middle().crl(&CrlSpec::new(vec![Revoked::new(4096).because(1)]));
    for identifier in [Some(Key::P256(2)), None] {
        let fake = namesake(&evil, "Mail CA", identifier);
        let mail = SignedMail::new(ALICE, &alice()).with_authority(&evil).with_certificate(fake.der());
        let mail = mail.with_crl(&forged(&middle(), identifier)).with_crl(&evil.crl(&CrlSpec::new(Vec::new()))).build();
        for mode in [Mode::Soft, Mode::Hard] {
            let engine_with = with_lists(mode, &[&revoked, &good_root_list()]);
            assert_eq!(outcome(&engine_with, &mail, &ScriptedFetcher::new()), REVOKED, "{mode:?}");
            let fetcher = ScriptedFetcher::new().serves(LIST, revoked.clone()).serves(ROOT_LIST, good_root_list());
            assert_eq!(outcome(&engine(policy(mode, true)), &mail, &fetcher), REVOKED, "{mode:?}");
        }
    }
}

// hardening: D10
#[test]
fn a_newer_list_of_another_key_hides_no_revocation() {
    let other_key = root().authority("Mail CA", Key::P256(4));
    for key_identifier in [true, false] {
        let revoked = middle().crl(&CrlSpec { key_identifier, ..CrlSpec::new(vec![Revoked::new(4096).because(1)]) });
        let this_update = "2026-05-20T00:00:00Z".to_owned();
        let newer = other_key.crl(&CrlSpec { key_identifier, this_update, ..CrlSpec::new(Vec::new()) });
        let mail = SignedMail::new(ALICE, &alice()).with_authority(&other_key).build();
        let engine = with_lists(Mode::Soft, &[&revoked, &newer]);
        assert_eq!(outcome(&engine, &mail, &ScriptedFetcher::new()), REVOKED, "{key_identifier}");
    }
}

/// RFC 5280 4.2.1.1: the identifier helps to find the key, and is no answer.
// hardening: D10
#[test]
fn a_list_of_the_issuers_own_key_counts_whatever_identifier_it_names() {
    let mut spec = AuthoritySpec::new("Mail CA", Key::P256(2));
    spec.overrides.extensions = Some(vec![
        extension("2.5.29.19", true, &sequence(&[&[1, 1, 0xff]])),
        extension("2.5.29.15", true, &named_bits(0x0600)),
        extension("2.5.29.14", false, &octet_string(&[7; 20])),
    ]);
    let authority = root().subordinate(&spec);
    let person = authority.issue(&super::spec());
    let revoked = authority.crl(&CrlSpec::new(vec![Revoked::new(4096).because(1)]));
    let mail = SignedMail::new(ALICE, &person).with_authority(&authority);
    let anchors = TrustAnchors::from_pem(root().pem().as_bytes(), &Limits::default()).unwrap();
    let engine = postseal_testkit::engine(anchors).with_crls(vec![crl(&revoked)]);
    assert_eq!(outcome(&engine, &mail.build(), &ScriptedFetcher::new()), REVOKED);
    // Nor does a namesake without an identifier, whom the list may mean and who has no path, keep it from being heard.
    let junk =
        mail.clone().with_certificate(namesake(&Authority::root("Nobody", Key::P256(99)), "Mail CA", None).der());
    assert_eq!(outcome(&engine, &junk.build(), &ScriptedFetcher::new()), REVOKED);
    // Nor does an empty list of another key of that name.
    let other_key = root().authority("Mail CA", Key::P256(4));
    let beside = mail.with_authority(&other_key).with_crl(&other_key.crl(&CrlSpec::new(Vec::new())));
    assert_eq!(outcome(&engine, &beside.build(), &ScriptedFetcher::new()), REVOKED);
}

/// A CA that gives each of its keys a list of its own goes on with that of the old key for years, and says nothing in it about
/// what the new one has issued.
// hardening: D10
#[test]
fn a_list_of_another_key_of_the_name_says_of_nobody_that_he_is_good() {
    let other_key = root().authority("Mail CA", Key::P256(4));
    let empty = || CrlSpec::new(Vec::new());
    let mail = SignedMail::new(ALICE, &alice()).with_authority(&middle()).with_authority(&other_key);
    let mail = mail.with_crl(&good_root_list());
    let unknown = ("refused", Some(Code::RevocationUnknown));
    let hard = || engine(policy(Mode::Hard, false));
    let of_other_key = mail.clone().with_crl(&other_key.crl(&empty()));
    assert_eq!(outcome(&hard(), &of_other_key.build(), &ScriptedFetcher::new()), unknown);
    let own = mail.clone().with_crl(&middle().crl(&empty()));
    assert_eq!(outcome(&hard(), &own.build(), &ScriptedFetcher::new()), ("imported", None));
    // Nor that of a younger key, when it comes with the mail.
    let mut spec = AuthoritySpec::new("Mail CA", Key::P256(4));
    spec.not_before = "2026-05-01T00:00:00Z".to_owned();
    let renewed = root().subordinate(&spec);
    let of_renewed = mail.clone().with_authority(&renewed).with_crl(&renewed.crl(&empty()));
    assert_eq!(outcome(&hard(), &of_renewed.build(), &ScriptedFetcher::new()), unknown);
    // What it revokes is revoked: a serial number is given once by a name (RFC 5280 4.1.2.2).
    let revoking = mail.with_crl(&other_key.crl(&CrlSpec::new(vec![Revoked::new(4096).because(1)])));
    assert_eq!(outcome(&hard(), &revoking.build(), &ScriptedFetcher::new()), REVOKED);
    // Nor is it kept for the next mail when it is what answers at the certificate's own address.
    let engine = engine(policy(Mode::Hard, true));
    let serve = |list: Vec<u8>| ScriptedFetcher::new().serves(ROOT_LIST, good_root_list()).serves(LIST, list);
    let plain = SignedMail::new(ALICE, &alice()).with_authority(&other_key).build();
    assert_eq!(outcome(&engine, &plain, &serve(other_key.crl(&empty()))).0, "deferred");
    let revoked = middle().crl(&CrlSpec::new(vec![Revoked::new(4096).because(1)]));
    assert_eq!(outcome(&engine, &plain, &serve(revoked)), REVOKED);
}

/// An engine with little work to spend, these intermediates and lists.
fn frugal(path_signatures: usize, intermediates: &[&[u8]], lists: &[Vec<u8>]) -> Engine {
    let read = |der: &&[u8]| Certificate::from_der(der, &Limits::default()).unwrap();
    let engine = engine(policy(Mode::Soft, false));
    let mut limits = engine.limits().clone();
    limits.path_signatures = path_signatures;
    let intermediates = Intermediates::new(intermediates.iter().map(read).collect());
    engine.with_limits(limits).with_intermediates(intermediates).with_crls(lists.iter().map(|list| crl(list)).collect())
}

/// A CA may have a certificate of its own for lists.
// hardening: D10
#[test]
fn no_certificates_that_a_sender_adds_keep_the_operators_list_from_being_heard() {
    let mut spec = AuthoritySpec::new("Mail CA", Key::P256(8));
    spec.key_use = KeyUse::Bits(0x0200);
    let signer = root().subordinate(&spec);
    let revoked = middle().crl(&CrlSpec {
        signed_by: Some(Key::P256(8)),
        key_identifier: false,
        ..CrlSpec::new(vec![Revoked::new(4096).because(1)])
    });
    let engine = frugal(10, &[middle().der(), signer.der()], &[revoked]);
    let mail = SignedMail::new(ALICE, &alice());
    assert_eq!(outcome(&engine, &mail.build(), &ScriptedFetcher::new()), REVOKED);
    // By somebody, by the root's name, and with the very key that signed the list.
    let mut junk = mail;
    for serial in 0..9 {
        for (issuer, key) in [("Nobody", 30 + serial), ("Root", 40 + serial), ("Root", 8)] {
            let mut spec = AuthoritySpec::new("Mail CA", Key::P256(key));
            spec.serial = 500 + serial;
            junk = junk.with_authority(&Authority::root(issuer, Key::P256(99)).subordinate(&spec));
        }
    }
    assert_eq!(outcome(&engine, &junk.build(), &ScriptedFetcher::new()), REVOKED);
}

// hardening: D10
#[test]
fn lists_of_an_issuers_other_keys_keep_its_own_from_being_heard_neither() {
    let revoked = middle().crl(&CrlSpec::new(vec![Revoked::new(4096).because(1)]));
    let newer = |key| {
        let this_update = "2026-05-20T00:00:00Z".to_owned();
        root().authority("Mail CA", Key::P256(key)).crl(&CrlSpec { this_update, ..CrlSpec::new(Vec::new()) })
    };
    let lists: Vec<_> = (20..24).map(newer).chain([revoked]).collect();
    let engine = frugal(4, &[middle().der()], &lists);
    let mail = SignedMail::new(ALICE, &alice()).build();
    assert_eq!(outcome(&engine, &mail, &ScriptedFetcher::new()), REVOKED);
}
