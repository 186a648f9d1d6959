//! Recipients and operators: certificates from the store, lent ones, and missing issuers.

use super::*;
use postseal::cert::StoredCert;
use postseal::query::FindStored;
use postseal::store::{CertStore, State};

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

/// Whoever stands on the way to a CA can answer with a list that ended, or with one of his own, as well as not at all.
#[test]
fn nobody_gets_plaintext_because_a_state_that_the_policy_wants_is_not_known() {
    let ended = CrlSpec { next_update: Some("2026-05-20T00:00:00Z".to_owned()), ..CrlSpec::new(Vec::new()) };
    let ended = middle().crl(&ended);
    let strangers = Authority::root("Mail CA", Key::P256(66)).crl(&CrlSpec::new(Vec::new()));
    let of_others = root().authority("Other CA", Key::P256(67)).crl(&CrlSpec::new(Vec::new()));
    let at = |list: &Vec<u8>| ScriptedFetcher::new().serves(ROOT_LIST, good_root_list()).serves(LIST, list.clone());
    let hard = || engine(policy(Mode::Hard, true));
    let configured = engine(policy(Mode::Hard, false)).with_crls(vec![crl(&ended), crl(&good_root_list())]);
    let nobody = ScriptedFetcher::new();
    for (engine, fetcher) in
        [(hard(), at(&ended)), (hard(), at(&strangers)), (hard(), at(&of_others)), (configured, nobody)]
    {
        // The responder says nothing good either.
        let old = OcspSpec { next_update: Some("2026-05-31T12:00:00Z".to_owned()), ..OcspSpec::good() };
        let fetcher = fetcher.serves(RESPONDER, middle().ocsp(&alice(), &old));
        let store = MemoryStore::new();
        let (lent, recorder) = report(&engine, &[alice().der()], &store, &fetcher);
        assert_eq!(lent.outcome, Outcome::Unavailable, "{:?} {:?}", lent.error, recorder.names());
        assert!(!lent.may_get_plaintext() && lent.unavailable.is_some());
        let operation =
            self::engine(policy(Mode::Soft, false)).import(&mail(&alice(), Vec::new()), import::Context::new(now()));
        drive::run(operation, &Keep::new(&store), &(), &|| false).unwrap();
        let (stored, _) = report(&engine, &[], &store, &fetcher);
        assert!(!stored.may_get_plaintext(), "{:?}", stored.error);
    }
}

/// What was superseded is for when the active one certainly cannot be used, not for when its CA cannot be asked.
#[test]
fn silence_about_the_active_certificate_brings_no_superseded_one_back() {
    let other = root().authority("Other CA", Key::P256(68));
    let imposter = other.issue(&CertSpec::mailbox(ALICE, Key::P256(69)));
    let world = |list: Vec<u8>| {
        let of_imposter = other.crl(&CrlSpec::new(Vec::new()));
        let fetcher = ScriptedFetcher::new().serves(ROOT_LIST, good_root_list()).serves(LIST, list);
        let intermediates = [middle().pem(), other.pem()].concat();
        let intermediates = Intermediates::from_pem(intermediates.as_bytes(), &Limits::default()).unwrap();
        let lists = vec![crl(&of_imposter), crl(&good_root_list())];
        (engine(policy(Mode::Hard, true)).with_intermediates(intermediates).with_crls(lists), fetcher)
    };
    let store = MemoryStore::new();
    let (engine, _) = world(Vec::new());
    for der in [imposter.der(), alice().der()] {
        let address = Address::parse(ALICE).unwrap();
        let query = FindStored::new(Tenant::default(), vec![address.clone()]);
        let entry = CertStore::find(&store, &query).unwrap().remove(0);
        let certificate = Certificate::from_der(der, &Limits::default()).unwrap();
        let soft = engine.clone().with_revocation(PerRoute::new(policy(Mode::Soft, false)));
        let change = soft.add_certificate(&Tenant::default(), &entry, &certificate, &[], now()).unwrap().unwrap();
        let put = postseal::query::PutStored::new(Tenant::default(), address, entry.version, change);
        CertStore::put(&store, &put).unwrap();
    }
    let good = middle().crl(&CrlSpec::new(Vec::new()));
    let revoked = middle().crl(&CrlSpec::new(vec![Revoked::new(4096)]));
    let of_others = other.crl(&CrlSpec::new(Vec::new()));
    let print = |person: &Person| Certificate::from_der(person.der(), &Limits::default()).unwrap().fingerprint();
    for (list, outcome, found) in [
        (good, Outcome::Found, Some(print(&alice()))),
        (of_others, Outcome::Unavailable, None),
        (Vec::new(), Outcome::Unavailable, None),
        (revoked, Outcome::Found, Some(print(&imposter))),
    ] {
        let (engine, fetcher) = world(list);
        let (report, recorder) = report(&engine, &[], &store, &fetcher);
        let first = report.found.first().map(|found| found.fingerprint);
        assert_eq!((report.outcome, first), (outcome, found), "{:?} {:?}", report.error, recorder.names());
    }
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
    let authority = |name: &str, common: &str, key| {
        let mut spec = AuthoritySpec::new(common, key);
        spec.overrides.subject = Some(named(name, common));
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

/// What is sealed to with an issuer that is fetched is in use: nothing replaces it without a word.
// hardening: I2
#[test]
fn a_certificate_whose_issuer_sealing_fetches_is_not_replaced() {
    let anchor = chain(0).remove(0);
    let ca = |not_after: &str| {
        let mut spec = AuthoritySpec::new("CA", Key::P256(12));
        spec.overrides.subject = Some(named("Goal", "CA"));
        spec.not_after = not_after.to_owned();
        anchor.subordinate(&spec)
    };
    let (first, next) = (ca("2026-09-01T00:00:00Z"), ca("2030-01-01T00:00:00Z"));
    let hers = issued_by(&first, 1);
    let other = CertSpec { subject: "somebody else".to_owned(), ..CertSpec::mailbox(ALICE, Key::P256(4)) };
    let other = anchor.issue(&other);
    let later = UnixTime::from_rfc3339("2026-10-01T00:00:00Z").unwrap();
    let with = |fetches| match fetches {
        true => fetching_issuers(&anchor),
        false => fetching_issuers(&anchor).with_revocation(PerRoute::default()),
    };
    for (fetches, outcome) in [(true, "held"), (false, "imported")] {
        let (engine, store) = (with(fetches), MemoryStore::new());
        let import = |mail: &[u8], at| {
            let report = engine.import_mail(mail, import::Context::new(at), &store, &()).unwrap();
            report.outcome.name()
        };
        assert_eq!(import(&mail(&hers, vec![first.der().to_vec()]), now()), "imported");
        assert_eq!(import(&mail(&other, Vec::new()), later), outcome);
        // Another path is taken all the same.
        assert_eq!(import(&mail(&hers, vec![next.der().to_vec()]), later), "already-known");
        let query = FindStored::new(Tenant::default(), vec![Address::parse(ALICE).unwrap()]);
        let entry = store.find(&query).unwrap().remove(0);
        let is_hers = |(stored, _): &&(StoredCert, State)| stored.certificate.der() == hers.der();
        let (stored, _) = entry.certs.iter().find(is_hers).unwrap();
        assert_eq!(stored.issuers[0].der(), next.der(), "{fetches}");
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

/// CAs below one another, each with its certificate at an address of its own: the anchor first.
fn chain(length: u64) -> Vec<Authority> {
    let spec = |number: u64| {
        let mut spec = AuthoritySpec::new("CA", Key::P256(80 + number));
        spec.overrides.subject = Some(named("Goal", &format!("CA {number}")));
        if number > 1 {
            spec.overrides.extra_extensions = vec![access_at(&[], &[&place(number - 1)])];
        }
        spec
    };
    let mut all = vec![Authority::self_signed(&spec(0))];
    for number in 1..=length {
        all.push(all.last().unwrap().subordinate(&spec(number)));
    }
    all
}

fn place(number: u64) -> String {
    format!("http://ca.example/{number}.cer")
}

fn fetching_issuers(anchor: &Authority) -> Engine {
    let mut policy = RevocationPolicy::default();
    policy.fetch_issuers = true;
    let anchors = TrustAnchors::from_pem(anchor.pem().as_bytes(), &Limits::default()).unwrap();
    postseal_testkit::engine(anchors).with_revocation(PerRoute::new(policy))
}

fn issued_by(authority: &Authority, number: u64) -> Person {
    let mut spec = CertSpec::mailbox(ALICE, Key::P256(3));
    spec.overrides.extra_extensions = vec![access_at(&[], &[&place(number)])];
    authority.issue(&spec)
}

/// A missing issuer that is not given leaves open what the certificate is worth, whatever came instead of it.
#[test]
fn nobody_gets_plaintext_because_a_missing_issuer_was_not_given() {
    let authorities = chain(4);
    let other = Authority::self_signed(&AuthoritySpec::new("Other", Key::P256(99)));
    let none = postseal::cert::certs_only(&[]);
    for (served, error) in [
        (Some(other.der().to_vec()), Code::PathNotFound),
        (Some(none), Code::IssuerUnavailable),
        (Some(b"<html>".to_vec()), Code::IssuerUnavailable),
        (None, Code::IssuerUnavailable),
    ] {
        let fetcher = match served {
            Some(octets) => ScriptedFetcher::new().serves(&place(1), octets),
            None => ScriptedFetcher::new(),
        };
        let lent = issued_by(&authorities[1], 1);
        let (report, _) = report(&fetching_issuers(&authorities[0]), &[lent.der()], &MemoryStore::new(), &fetcher);
        assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Unavailable, error));
        assert!(!report.may_get_plaintext());
    }
    // All of a path may be missing that is as long as ordinary ones; one that is longer is not known to be useless.
    let serve = |fetcher: ScriptedFetcher, number: u64| {
        fetcher.serves(&place(number), authorities[usize::try_from(number).unwrap()].der().to_vec())
    };
    for (length, outcome) in [(1, Outcome::Found), (2, Outcome::Found), (3, Outcome::Unavailable)] {
        let fetcher = (1..=4).fold(ScriptedFetcher::new(), serve);
        let lent = issued_by(&authorities[usize::try_from(length).unwrap()], length);
        let (report, _) = report(&fetching_issuers(&authorities[0]), &[lent.der()], &MemoryStore::new(), &fetcher);
        assert_eq!(report.outcome, outcome, "{length}: {:?}", report.error);
        assert!(!report.may_get_plaintext());
        assert!(fetcher.asked().len() <= 2);
    }
}

/// What somebody else's certificate was asked for counts for each that uses it: the outcome is the same in any order, and a
/// maze of certificates that refer to one another ends.
#[test]
fn issuers_that_others_asked_for_are_used_within_the_same_bound() {
    let authorities = chain(4);
    let serve = |fetcher: ScriptedFetcher, number: u64| {
        fetcher.serves(&place(number), authorities[usize::try_from(number).unwrap()].der().to_vec())
    };
    let long = issued_by(&authorities[4], 4);
    let short = issued_by(&authorities[1], 1);
    for lent in [[short.der(), long.der()], [long.der(), short.der()]] {
        let fetcher = (1..=4).fold(ScriptedFetcher::new(), serve);
        let mut engine = fetching_issuers(&authorities[0]);
        let mut policy = postseal::seal::Policy::default();
        policy.all_valid = true;
        engine = engine.with_policies(PerRoute::new(policy));
        let (report, _) = report(&engine, &lent, &MemoryStore::new(), &fetcher);
        let found: Vec<_> = report.found.iter().map(|found| found.fingerprint).collect();
        let print = Certificate::from_der(short.der(), &Limits::default()).unwrap().fingerprint();
        assert_eq!(found, [print], "{:?}", report.rejected);
    }
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
