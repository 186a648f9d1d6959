//! Recipients and operators: certificates from the store, lent ones, and missing issuers.

use super::*;

#[test]
fn a_revoked_certificate_in_the_store_makes_room_for_another() {
    let other =
        middle().issue(&CertSpec { serial: 5000, key: Key::P256(60), ..CertSpec::mailbox(ALICE, Key::P256(60)) });
    for (entries, outcome) in [(Vec::new(), "held"), (vec![Revoked::new(4096).because(1)], "imported")] {
        let store = MemoryStore::new();
        let run = |engine: &Engine, mail: &[u8]| {
            let operation = engine.import(mail, import::Context::new(now()));
            drive::run(operation, &Keep::new(&store), &(), &|| false).unwrap().outcome.name()
        };
        assert_eq!(run(&engine(policy(Mode::Soft, false)), &mail(&alice(), Vec::new())), "imported");
        // Another subject: no renewal.
        let spec = CertSpec { subject: "somebody".to_owned(), ..other.spec().clone() };
        let with = engine(policy(Mode::Soft, false)).with_crls(vec![crl(&middle().crl(&CrlSpec::new(entries)))]);
        assert_eq!(run(&with, &mail(&middle().issue(&spec), Vec::new())), outcome);
    }
}

// hardening: D10
#[test]
fn recipients_are_checked_now_wherever_their_certificates_come_from() {
    let good = middle().crl(&CrlSpec::new(Vec::new()));
    let revoked = middle().crl(&CrlSpec::new(vec![Revoked::new(4096).because(1)]));
    let world = |list: Option<&Vec<u8>>| {
        let fetcher = ScriptedFetcher::new().serves(ROOT_LIST, good_root_list());
        match list {
            Some(list) => fetcher.serves(LIST, list.clone()),
            None => fetcher,
        }
    };
    let hard = engine(policy(Mode::Hard, true));
    for (list, outcome, code) in [
        (Some(&good), Outcome::Found, None),
        (Some(&revoked), Outcome::Unusable, Some(Code::CertificateRevoked)),
        (None, Outcome::Unavailable, Some(Code::RevocationUnavailable)),
    ] {
        // A fresh engine, so that nothing is cached.
        let lent = resolve(&engine(policy(Mode::Hard, true)), alice().der(), &MemoryStore::new(), &world(list));
        assert_eq!((lent.0, lent.1), (outcome, code), "{:?}", lent.2.names());
    }
    // What the store holds was good when it came, and is revoked now; the directory has another one.
    let store = MemoryStore::new();
    let soft = engine(policy(Mode::Soft, false));
    let operation = soft.import(&mail(&alice(), Vec::new()), import::Context::new(now()));
    drive::run(operation, &Keep::new(&store), &(), &|| false).unwrap();
    let other = middle().issue(&CertSpec { serial: 5000, key: Key::P256(60), ..spec() });
    let (outcome, _, recorder) = resolve(&hard, other.der(), &store, &world(Some(&revoked)));
    assert_eq!(outcome, Outcome::Found);
    let names = recorder.names();
    let place = |wanted| names.iter().position(|name| *name == wanted).unwrap();
    assert!(place("certificate-revoked") < place("candidate-rejected"), "{names:?}");
    assert!(place("candidate-rejected") < place("recipient-found"), "{names:?}");
}

#[test]
fn nothing_that_is_learned_about_a_lent_certificate_is_kept() {
    let engine = engine(policy(Mode::Hard, true));
    let fetcher = ScriptedFetcher::new()
        .serves(LIST, middle().crl(&CrlSpec::new(Vec::new())))
        .serves(ROOT_LIST, good_root_list());
    for times in 1..3 {
        let (outcome, _, _) = resolve(&engine, alice().der(), &MemoryStore::new(), &fetcher);
        assert_eq!((outcome, fetcher.asked().len()), (Outcome::Found, times * 2));
    }
}

#[test]
fn a_missing_issuer_is_fetched_for_a_recipient_only_and_only_under_a_trusted_name() {
    let issuer = "http://ca.example/ca.cer";
    let organization = |name: &str, common: &str| {
        use postseal_testkit::factory::der::{oid, sequence, set_of, utf8};
        let part = |kind: &str, text: &str| set_of(vec![sequence(&[&oid(kind), &utf8(text)])]);
        sequence(&[&part("2.5.4.10", name), &part("2.5.4.3", common)])
    };
    let authority = |name: &str, common: &str, key| {
        let mut spec = AuthoritySpec::new(common, key);
        spec.overrides.subject = Some(organization(name, common));
        spec
    };
    let root = Authority::self_signed(&authority("Goal", "Root", Key::P256(70)));
    let limits = Limits::default();
    let engine = |fetch_issuers| {
        let mut policy = RevocationPolicy::default();
        policy.fetch_issuers = fetch_issuers;
        postseal_testkit::engine(TrustAnchors::from_pem(root.pem().as_bytes(), &limits).unwrap())
            .with_revocation(PerRoute::new(policy))
    };
    let mut spec = CertSpec::mailbox(ALICE, Key::P256(3));
    spec.overrides.extra_extensions = vec![access_at(&[], &[issuer])];
    let middle = root.subordinate(&authority("Goal", "CA", Key::P256(71)));
    let stranger = root.subordinate(&authority("Other", "CA", Key::P256(72)));
    for (middle, fetches, found, asked) in
        [(&middle, true, true, 1), (&middle, false, false, 0), (&stranger, true, false, 0)]
    {
        let fetcher = ScriptedFetcher::new().serves(issuer, middle.der().to_vec());
        let alice = middle.issue(&spec);
        let (outcome, _, _) = resolve(&engine(fetches), alice.der(), &MemoryStore::new(), &fetcher);
        assert_eq!((outcome == Outcome::Found, fetcher.asked().len()), (found, asked));
        // An import never does: the address is the sender's word.
        let store = MemoryStore::new();
        let operation = engine(true).import(&mail(&alice, Vec::new()), import::Context::new(now()));
        let report = drive::run(operation, &Keep::new(&store).fetching(&fetcher), &(), &|| false).unwrap();
        assert_eq!((report.outcome.name(), fetcher.asked().len()), ("refused", asked));
    }
}

#[test]
fn an_operator_cannot_add_what_is_known_to_be_revoked() {
    let revoked = middle().crl(&CrlSpec::new(vec![Revoked::new(4096)]));
    let engine = engine(policy(Mode::Soft, true)).with_crls(vec![crl(&revoked)]);
    let certificate = Certificate::from_der(alice().der(), &Limits::default()).unwrap();
    let entry = postseal::store::Entry::absent(Address::parse(ALICE).unwrap());
    let error = engine.add_certificate(&Tenant::default(), &entry, &certificate, &[], now()).unwrap_err();
    assert_eq!(error.code(), Code::CertificateRevoked);
}

/// After a CA's new key or new certificate the old one is still at hand somewhere.
#[test]
fn the_right_issuer_is_fetched_although_another_of_its_name_is_at_hand() {
    const AT: &str = "http://ca.example/ca.cer";
    let right = root().authority("Mail CA", Key::P256(2));
    let mut spec = CertSpec::mailbox(ALICE, Key::P256(3));
    spec.overrides.extra_extensions = vec![access_at(&[], &[AT])];
    let other_key = root().authority("Mail CA", Key::P256(12));
    let ended = |not_before: &str, not_after: &str| {
        let mut spec = AuthoritySpec::new("Mail CA", Key::P256(2));
        (spec.not_before, spec.not_after) = (not_before.to_owned(), not_after.to_owned());
        root().subordinate(&spec)
    };
    let expired = ended("2020-01-01T00:00:00Z", "2026-05-01T00:00:00Z");
    let not_yet = ended("2026-07-01T00:00:00Z", "2030-01-01T00:00:00Z");
    for at_hand in [other_key, expired, not_yet] {
        let mut policy = policy(Mode::Soft, false);
        policy.fetch_issuers = true;
        let at_hand = Intermediates::from_pem(at_hand.pem().as_bytes(), &Limits::default()).unwrap();
        let engine = engine(policy).with_intermediates(at_hand);
        let fetcher = ScriptedFetcher::new().serves(AT, right.der().to_vec());
        let (outcome, code, _) = resolve(&engine, right.issue(&spec).der(), &MemoryStore::new(), &fetcher);
        assert_eq!((outcome, code), (Outcome::Found, None));
        // Nobody is asked for the sake of a certificate whose own time is over.
        let over = CertSpec { not_after: "2026-05-01T00:00:00Z".to_owned(), ..spec.clone() };
        let fetcher = ScriptedFetcher::new().serves(AT, right.der().to_vec());
        let (outcome, code, _) = resolve(&engine, right.issue(&over).der(), &MemoryStore::new(), &fetcher);
        assert_eq!((outcome, code), (Outcome::Unusable, Some(Code::CertificateExpired)));
        assert!(fetcher.asked().is_empty());
    }
}
