//! Whose word about another certificate counts: the signer's, when the store knows something of him already.

use super::*;
use postseal::trace::Kind;

/// RFC 8551 2.5.2.
const CAPABILITIES: &str = "1.2.840.113549.1.9.15";
const TIME: &str = "2026-06-01T00:00:00Z";
const LONG: [&str; 2] = ["2026-01-01", "2036-01-01"];

/// A list that the genuine ones do not have: AES-128-CBC and nothing else.
fn weak(mail: SignedMail, day: &str) -> SignedMail {
    let list = attribute(CAPABILITIES, &sequence_of(&[&sequence_of(&[&oid("2.16.840.1.101.3.4.1.2")])]));
    mail.signed_at(&format!("2026-05-{day}T00:00:00Z")).without_attribute(CAPABILITIES).extra_attribute(&list)
}

fn capabilities(store: &dyn CertStore) -> Vec<u8> {
    entry(store).active().unwrap().capabilities.as_ref().map(|list| list.der().to_vec()).unwrap_or_default()
}

/// Hers, and one for her mailbox that another CA gave to somebody else.
fn hers_and_his() -> (Person, Person, Authority) {
    let other = root().authority("Other CA", Key::P256(9));
    let his = other.issue(&alice(2, Key::P256(3), LONG));
    (root().issue(&alice(1, Key::P256(2), LONG)), his, other)
}

/// Her certificate that ends within weeks, and its successor.
fn a_renewal() -> (Person, Person) {
    let old = root().issue(&alice(1, Key::P256(2), ["2026-01-01", "2026-07-01"]));
    (old, root().issue(&alice(3, Key::P256(4), ["2026-05-01", "2028-01-01"])))
}

// hardening: I13
#[test]
fn a_signer_whom_an_operator_rejected_changes_nothing_by_naming_another_certificate() {
    for (decision, code) in
        [(Decision::Reject, Code::CertificateRejected), (Decision::Disable, Code::CertificateDisabled)]
    {
        let (hers, his, other) = hers_and_his();
        let younger = root().issue(&alice(3, Key::P256(2), ["2026-02-01", "2036-01-01"]));
        let store = MemoryStore::new();
        import(&SignedMail::new(FROM, &hers).signed_at("2026-05-01T00:00:00Z"), TIME, &store);
        let held = import(&SignedMail::new(FROM, &his).with_authority(&other), TIME, &store);
        assert_eq!(held.outcome, Outcome::Held);
        decide(&store, &held, decision);
        let before = (capabilities(&store), entry(&store).version);
        for named in [&hers, &younger] {
            let mail = SignedMail::new(FROM, &his).with_authority(&other).prefers(named, KeyPreference::Standard, true);
            let report = import(&weak(mail, "20"), TIME, &store);
            assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Refused, code));
            assert_eq!(report.fingerprint, held.fingerprint, "the signer is the reason");
            assert_eq!((capabilities(&store), entry(&store).version), before);
        }
    }
}

// hardening: D11, I14
#[test]
fn who_is_not_of_the_line_says_nothing_about_capabilities() {
    for (waits, decision) in [(false, None), (true, None), (false, Some(Decision::Pin)), (true, Some(Decision::Pin))] {
        let (hers, his, other) = hers_and_his();
        let store = MemoryStore::new();
        let first = import(&SignedMail::new(FROM, &hers).signed_at("2026-05-01T00:00:00Z"), TIME, &store);
        if let Some(decision) = decision {
            decide(&store, &first, decision);
        }
        if waits {
            import(&SignedMail::new(FROM, &his).with_authority(&other), TIME, &store);
        }
        let kept = || {
            let certs = entry(&store).certs;
            certs.iter().find(|(stored, _)| stored.certificate.der() == hers.der()).unwrap().0.capabilities.clone()
        };
        let (before, version) = (kept(), entry(&store).version);
        let mail = SignedMail::new(FROM, &his).with_authority(&other).prefers(&hers, KeyPreference::Standard, false);
        assert_eq!(import(&weak(mail, "20"), TIME, &store).outcome, Outcome::AlreadyKnown);
        assert_eq!((kept(), entry(&store).version), (before.clone(), version));
        // Hers count.
        import(&weak(SignedMail::new(FROM, &hers), "21"), TIME, &store);
        assert_ne!(kept(), before);
    }
}

// hardening: I3
#[test]
fn a_certificate_for_signing_of_the_same_line_says_what_its_holder_can_read() {
    let (signs, decrypts) = two_certificates();
    let store = MemoryStore::new();
    let mail = || SignedMail::new(FROM, &signs).prefers(&decrypts, KeyPreference::Standard, true);
    import(&mail().signed_at("2026-05-01T00:00:00Z"), TIME, &store);
    let before = capabilities(&store);
    assert_eq!(import(&weak(mail(), "20"), TIME, &store).outcome, Outcome::AlreadyKnown);
    assert_ne!(capabilities(&store), before);
}

// hardening: D11, I5, I14
#[test]
fn a_successor_that_a_stranger_names_comes_without_his_capabilities() {
    let (_, his, other) = hers_and_his();
    let (old, new) = a_renewal();
    let store = MemoryStore::new();
    import(&SignedMail::new(FROM, &old).signed_at("2026-05-01T00:00:00Z"), TIME, &store);
    let hers = capabilities(&store);
    let mail = SignedMail::new(FROM, &his).with_authority(&other).prefers(&new, KeyPreference::Standard, true);
    assert_eq!(import(&weak(mail, "20"), TIME, &store).outcome, Outcome::Renewed);
    assert_eq!(entry(&store).active().unwrap().certificate.der(), new.der());
    assert_eq!(capabilities(&store), hers);
}

// hardening: I14
#[test]
fn a_signer_who_waits_for_an_operator_renews_nothing() {
    let (_, his, other) = hers_and_his();
    let (old, new) = a_renewal();
    let store = MemoryStore::new();
    import(&SignedMail::new(FROM, &old), TIME, &store);
    import(&SignedMail::new(FROM, &his).with_authority(&other), TIME, &store);
    let mail = SignedMail::new(FROM, &his).with_authority(&other).prefers(&new, KeyPreference::Standard, true);
    let report = import(&mail, TIME, &store);
    assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Held, Code::CertificateConflict));
    assert_eq!(states(&store), [State::Active, State::Held, State::Held]);
}

// hardening: I14
#[test]
fn what_a_stranger_says_of_her_waits_with_no_certificate_for_approval() {
    let (hers, his, other) = hers_and_his();
    let next = root().issue(&alice(3, Key::P256(4), ["2026-02-01", "2036-01-01"]));
    let store = MemoryStore::new();
    import(&SignedMail::new(FROM, &hers), TIME, &store);
    let mail = SignedMail::new(FROM, &his).with_authority(&other).prefers(&next, KeyPreference::Standard, true);
    let held = import(&weak(mail, "20"), TIME, &store);
    assert_eq!(held.outcome, Outcome::Held);
    decide(&store, &held, Decision::Approve);
    assert_eq!(entry(&store).active().unwrap().certificate.der(), next.der());
    assert!(entry(&store).active().unwrap().capabilities.is_none());
}

/// What is wrong with the certificate that she prefers is nowhere else: the mail's own is hers for signing.
// hardening: I3
#[test]
fn the_trace_says_what_is_wrong_with_the_preferred_certificate() {
    let (signs, good) = two_certificates();
    let encrypts = |mailbox: &str, validity| {
        let names = CertSpec::mailbox(mailbox, Key::P256(5)).names;
        root().issue(&CertSpec { key_use: KeyUse::Encrypt, names, ..alice(9, Key::P256(5), validity) })
    };
    let told = |preferred: &Person, in_bag: bool, store: &MemoryStore, engine: &Engine| {
        let mail = SignedMail::new(FROM, &signs).prefers(preferred, KeyPreference::Standard, in_bag).build();
        let recorder = Recorder::default();
        let report = engine.import_mail(&mail, Context::new(at(TIME)), store, &recorder).unwrap();
        let rejected = recorder.events().into_iter().find_map(|event| match event.kind {
            Kind::KeyPreferenceRejected { fingerprint, error } => Some((fingerprint.to_string(), error.code())),
            _ => None,
        });
        (report.error.map(|error| error.code()), rejected)
    };
    let print = |person: &Person| {
        postseal::Certificate::from_der(person.der(), &Limits::default()).unwrap().fingerprint().to_string()
    };
    for (preferred, code) in [
        (encrypts("alice@goal.example", ["2020-01-01", "2021-01-01"]), Code::CertificateExpired),
        (encrypts("bob@goal.example", LONG), Code::AddressMismatch),
    ] {
        let rejected = Some((print(&preferred), code));
        assert_eq!(
            told(&preferred, true, &MemoryStore::new(), &engine()),
            (Some(Code::KeyPreferenceUnusable), rejected)
        );
    }
    // The stored one ended.
    let ended = encrypts("alice@goal.example", ["2026-01-01", "2026-05-01"]);
    let store = MemoryStore::new();
    let first = SignedMail::new(FROM, &signs).prefers(&ended, KeyPreference::Standard, true);
    assert_eq!(import(&first, "2026-04-01T00:00:00Z", &store).outcome, Outcome::Imported);
    let rejected = Some((print(&ended), Code::CertificateExpired));
    assert_eq!(told(&ended, false, &store, &engine()), (Some(Code::KeyPreferenceUnusable), rejected));
    // What a limit stops is said to be the limit.
    for signatures in 0..=3 {
        let mut limits = Limits::default();
        limits.path_signatures = signatures;
        let (error, _) = told(&good, true, &MemoryStore::new(), &engine().with_limits(limits));
        assert_eq!(error, (signatures < 3).then_some(Code::SignatureBudget), "{signatures}");
    }
}

// hardening: I8
#[test]
fn what_somebody_says_of_his_own_certificate_waits_with_it() {
    let (hers, his, other) = hers_and_his();
    let store = MemoryStore::new();
    import(&SignedMail::new(FROM, &hers), TIME, &store);
    let held = import(&weak(SignedMail::new(FROM, &his).with_authority(&other), "20"), TIME, &store);
    assert_eq!(held.outcome, Outcome::Held);
    decide(&store, &held, Decision::Approve);
    let list = weak(SignedMail::new(FROM, &hers), "20");
    let expected = MemoryStore::new();
    import(&list, TIME, &expected);
    assert_eq!(capabilities(&store), capabilities(&expected));
    assert!(!capabilities(&store).is_empty());
}

// hardening: I3
#[test]
fn a_certificate_for_signing_may_have_more_names() {
    let mut signs = alice(1, Key::P256(2), LONG);
    signs.key_use = KeyUse::Sign;
    signs.names.push(Name::Rfc822(b"a.liddell@goal.example".to_vec()));
    let (signs, (_, decrypts)) = (root().issue(&signs), two_certificates());
    let store = MemoryStore::new();
    let mail = || SignedMail::new(FROM, &signs).prefers(&decrypts, KeyPreference::Standard, true);
    import(&mail().signed_at("2026-05-01T00:00:00Z"), TIME, &store);
    let before = capabilities(&store);
    import(&weak(mail(), "20"), TIME, &store);
    assert_ne!(capabilities(&store), before);
}

/// RFC 5280 4.2.1.2: certificates of one key have one identifier.
#[test]
fn of_several_stored_certificates_with_the_preferred_identifier_the_one_in_use_is_taken() {
    let mut signs = alice(1, Key::P256(2), LONG);
    signs.key_use = KeyUse::Sign;
    let signs = root().issue(&signs);
    let decrypts = |serial, validity| {
        let mut spec = alice(serial, Key::P256(3), validity);
        spec.key_use = KeyUse::Encrypt;
        root().issue(&spec)
    };
    let old = decrypts(2, ["2026-01-01", "2026-08-01"]);
    let new = decrypts(3, ["2026-05-01", "2036-01-01"]);
    let by_key = |person, in_bag| SignedMail::new(FROM, &signs).prefers(person, KeyPreference::SubjectKeyId, in_bag);
    for decision in [None, Some(Decision::Reject)] {
        let store = MemoryStore::new();
        let first = import(&by_key(&old, true), TIME, &store);
        assert_eq!(first.outcome, Outcome::Imported);
        let renewed = import(&by_key(&new, true), TIME, &store);
        assert_eq!(renewed.outcome, Outcome::Renewed);
        if let Some(decision) = decision {
            decide(&store, &first, decision);
        }
        for time in [TIME, "2027-01-01T00:00:00Z"] {
            let again = import(&by_key(&new, false), time, &store);
            assert_eq!((again.outcome, again.fingerprint), (Outcome::AlreadyKnown, renewed.fingerprint));
        }
    }
}
