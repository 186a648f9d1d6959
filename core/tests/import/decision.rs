//! The store decision: what mail brings beside what is stored (the table in `docs/import.md`).

use super::*;

/// RFC 8551 2.5.2.
const CAPABILITIES: &str = "1.2.840.113549.1.9.15";

// hardening: D13, I8, I10
#[test]
fn a_second_certificate_is_held_and_the_first_stays_active() {
    for steps in [["seq-alice-original", "seq-alice-attacker-dv"], ["seq-alice-attacker-dv", "seq-alice-original"]] {
        let store = MemoryStore::new();
        let reports = sequence(&steps.map(|step| ("default", step)), &store);
        assert_eq!(outcomes(&reports), [Outcome::Imported, Outcome::Held]);
        assert_eq!(reports[1].error.unwrap().code(), Code::CertificateConflict);
        assert_eq!(states(&store), [State::Active, State::Held]);
        assert_eq!(entry(&store).active().unwrap().certificate.fingerprint(), reports[0].fingerprint.unwrap());
        // The held one again stays held, and changes nothing.
        let version = entry(&store).version;
        let again = sequence(&[("default", steps[1])], &store);
        assert_eq!((again[0].outcome, entry(&store).version), (Outcome::Held, version));
    }
}

// hardening: I5
#[test]
fn a_renewal_in_time_is_active_and_the_old_one_stays_usable() {
    let store = MemoryStore::new();
    let reports = sequence(&[("default", "seq-alice-original"), ("default", "seq-alice-renewed")], &store);
    assert_eq!(outcomes(&reports), [Outcome::Imported, Outcome::Renewed]);
    assert_eq!(states(&store), [State::Superseded, State::Active]);
}

// hardening: D12, D13, I7
#[test]
fn an_older_certificate_of_the_line_changes_nothing() {
    let store = MemoryStore::new();
    let reports = sequence(&[("default", "seq-alice-renewed"), ("default", "seq-alice-replay-old")], &store);
    assert_eq!(outcomes(&reports), [Outcome::Imported, Outcome::Refused]);
    assert_eq!(reports[1].error.unwrap().code(), Code::OlderThanActive);
    assert_eq!(states(&store), [State::Active]);
}

/// The certificates of a CA, of the same key: one that ends in 2027, and the next.
fn renewed_ca() -> (Authority, Authority) {
    let until = |not_after: &str| {
        let mut spec = AuthoritySpec::new("Mail CA", Key::P256(20));
        spec.not_after = format!("{not_after}T00:00:00Z");
        root().subordinate(&spec)
    };
    (until("2027-01-01"), until("2030-01-01"))
}

/// CAs renew their certificates more often than those of their users end: each mail brings the one of its day.
// hardening: I3
#[test]
fn a_path_that_ended_is_replaced_by_that_of_the_mail() {
    let (first, next) = renewed_ca();
    let person = first.issue(&alice(1, Key::P256(2), ["2026-01-01", "2028-01-01"]));
    let mail = |authority: &Authority| SignedMail::new(FROM, &person).with_authority(authority);
    let usual = mail(&next).extra_attribute(&attribute(CAPABILITIES, &[0x30, 0])).without_attribute(CAPABILITIES);
    let usual = usual.signed_at("2027-01-31T00:00:00Z");
    for newer in [mail(&next), usual] {
        let store = MemoryStore::new();
        assert_eq!(import(&mail(&first), "2026-06-01T00:00:00Z", &store).outcome, Outcome::Imported);
        let before = entry(&store);
        // While the stored one holds, nothing is written.
        assert_eq!(import(&mail(&next), "2026-07-01T00:00:00Z", &store).outcome, Outcome::AlreadyKnown);
        assert_eq!(entry(&store), before);
        let usable = || {
            let context = postseal::resolve::Context::new(at("2027-03-01T00:00:00Z"), std::sync::Arc::new(()));
            let resolve = engine().resolve(vec![entry(&store).address], Vec::new(), context).unwrap();
            let lookup = drive::Lookup::new(&store);
            let resolution = drive::run(resolve, &lookup, &(), &|| false).unwrap();
            resolution.reports().next().unwrap().outcome == postseal::resolve::Outcome::Found
        };
        assert!(!usable());
        // The old path again is none.
        assert_eq!(import(&mail(&first), "2027-02-01T00:00:00Z", &store).outcome, Outcome::Refused);
        assert_eq!(import(&newer, "2027-02-01T00:00:00Z", &store).outcome, Outcome::AlreadyKnown);
        assert!(usable());
        let (kept, now) = (&before.certs[0].0, &entry(&store).certs[0].0);
        assert_eq!((kept.source, kept.imported_at), (now.source, now.imported_at));
        assert_ne!(kept.issuers, now.issuers);
        // Another issuer finds somebody in use.
        let other = root()
            .issue(&CertSpec { subject: "other".to_owned(), ..alice(2, Key::P256(3), ["2026-01-01", "2028-01-01"]) });
        assert_eq!(import(&SignedMail::new(FROM, &other), "2027-03-01T00:00:00Z", &store).outcome, Outcome::Held);
        assert_eq!(states(&store), [State::Active, State::Held]);
    }
}

/// The path is that of the stored octets: what the store would not find is no change.
#[test]
fn a_path_that_comes_with_a_twin_of_the_certificate_changes_nothing() {
    let (first, next) = renewed_ca();
    let spec = alice(1, Key::P256(2), ["2026-01-01", "2028-01-01"]);
    let store = MemoryStore::new();
    import(&SignedMail::new(FROM, &first.issue(&spec)).with_authority(&first), "2026-06-01T00:00:00Z", &store);
    let (before, recorder) = (entry(&store), Recorder::default());
    let mail = SignedMail::new(FROM, &next.issue_twin(&spec)).with_authority(&next).build();
    let report = engine().import_mail(&mail, Context::new(at("2027-02-01T00:00:00Z")), &store, &recorder).unwrap();
    assert_eq!((report.outcome, entry(&store)), (Outcome::AlreadyKnown, before));
    assert!(!recorder.names().contains(&"path-updated"));
}

#[test]
fn what_a_limit_keeps_from_being_judged_is_not_replaced() {
    let mut many = alice(1, Key::P256(2), ["2026-01-01", "2028-01-01"]);
    many.overrides.extra_extensions =
        (0..70).map(|number| extension(&format!("2.5.30.{number}"), false, b"")).collect();
    let somebody = CertSpec { subject: "Somebody".to_owned(), ..alice(2, Key::P256(3), ["2026-02-01", "2028-01-01"]) };
    let (mut wide, store) = (Limits::default(), MemoryStore::new());
    wide.extensions = 100;
    let first = SignedMail::new(FROM, &root().issue(&many)).build();
    let report = engine().with_limits(wide).import_mail(&first, Context::new(now()), &store, &()).unwrap();
    assert_eq!(report.outcome, Outcome::Imported);
    let report = import(&SignedMail::new(FROM, &root().issue(&somebody)), "2026-06-01T00:00:00Z", &store);
    assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Held, Code::CertificateConflict));
    assert_eq!(states(&store), [State::Active, State::Held]);
}

// hardening: I7
#[test]
fn a_certificate_of_the_same_age_and_key_is_no_successor() {
    let store = MemoryStore::new();
    let (one, other) = (1, 2);
    let of = |serial| SignedMail::new(FROM, &root().issue(&alice(serial, Key::P256(2), ["2026-01-01", "2028-01-01"])));
    import(&of(one), "2026-06-01T00:00:00Z", &store);
    let report = import(&of(other), "2026-06-01T00:00:00Z", &store);
    assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Refused, Code::OlderThanActive));
    assert_eq!(states(&store), [State::Active]);
}

/// Who lost his key gets another one on the same day, from a CA that rounds its dates.
// hardening: I5, I7
#[test]
fn another_key_of_the_same_age_is_not_older() {
    let spec = |serial, key| alice(serial, Key::P256(key), ["2026-01-01", "2028-01-01"]);
    let (lost, new) = (root().issue(&spec(1, 2)), root().issue(&spec(2, 3)));
    let store = MemoryStore::new();
    import(&SignedMail::new(FROM, &lost), "2026-06-01T00:00:00Z", &store);
    let held = import(&SignedMail::new(FROM, &new), "2026-06-01T00:00:00Z", &store);
    assert_eq!((held.outcome, held.error.unwrap().code()), (Outcome::Held, Code::CertificateConflict));
    assert_eq!(states(&store), [State::Active, State::Held]);
    // Announced by the one in use, or within weeks of its end, it is the next one.
    let announced = SignedMail::new(FROM, &lost).prefers(&new, KeyPreference::Standard, true);
    for (mail, time) in [(announced, "2026-06-01T00:00:00Z"), (SignedMail::new(FROM, &new), "2027-12-01T00:00:00Z")] {
        let store = MemoryStore::new();
        import(&SignedMail::new(FROM, &lost), "2026-06-01T00:00:00Z", &store);
        assert_eq!(import(&mail, time, &store).outcome, Outcome::Renewed);
        assert_eq!(states(&store), [State::Superseded, State::Active]);
    }
}

// hardening: D12, I3
#[test]
fn the_same_mail_three_times_is_one_row_and_one_import_event() {
    let store = MemoryStore::new();
    let recorder = Recorder::default();
    let case = case("ctl-detached");
    for _ in 0..3 {
        case.engine().import_mail(&case.mail, Context::new(case.verify_at), &store, &recorder).unwrap();
    }
    let count = |name| recorder.names().into_iter().filter(|event| *event == name).count();
    assert_eq!((count("imported"), count("already-known")), (1, 2));
    assert_eq!(states(&store), [State::Active]);
}

// hardening: I5, I6
#[test]
fn a_successor_is_taken_in_time_and_held_when_it_comes_too_early() {
    let old = root().issue(&alice(1, Key::P256(2), ["2026-01-01", "2027-01-01"]));
    let new = root().issue(&alice(2, Key::P256(3), ["2026-05-01", "2028-01-01"]));
    let after = |time| {
        let store = MemoryStore::new();
        assert_eq!(import(&SignedMail::new(FROM, &old), "2026-06-01T00:00:00Z", &store).outcome, Outcome::Imported);
        import(&SignedMail::new(FROM, &new), time, &store).outcome
    };
    assert_eq!(after("2026-11-01T00:00:00Z"), Outcome::Held, "61 days before the end");
    assert_eq!(after("2026-11-02T00:00:00Z"), Outcome::Renewed, "60 days before the end");
    assert_eq!(after("2027-06-01T00:00:00Z"), Outcome::Renewed, "after the end");
}

// hardening: I4, I5
#[test]
fn the_same_key_and_an_announcement_renew_at_any_time() {
    let old = root().issue(&alice(1, Key::P256(2), ["2026-01-01", "2036-01-01"]));
    let same_key = root().issue(&alice(2, Key::P256(2), ["2026-05-01", "2036-01-01"]));
    let new_key = root().issue(&alice(3, Key::P256(3), ["2026-05-01", "2036-01-01"]));
    let first = SignedMail::new(FROM, &old);
    let announced = SignedMail::new(FROM, &old).prefers(&new_key, KeyPreference::Standard, true);
    for (mail, expected) in [
        (SignedMail::new(FROM, &same_key), Outcome::Renewed),
        (announced, Outcome::Renewed),
        (SignedMail::new(FROM, &new_key), Outcome::Held),
    ] {
        let store = MemoryStore::new();
        assert_eq!(import(&first, "2026-06-01T00:00:00Z", &store).outcome, Outcome::Imported);
        assert_eq!(import(&mail, "2026-06-02T00:00:00Z", &store).outcome, expected);
    }
}

// hardening: I2, I8
#[test]
fn another_issuer_replaces_only_what_has_ended() {
    let other = root().authority("Other CA", Key::P256(9));
    let old = root().issue(&alice(1, Key::P256(2), ["2026-01-01", "2026-07-01"]));
    let new = SignedMail::new(FROM, &other.issue(&alice(2, Key::P256(3), ["2026-05-01", "2028-01-01"])))
        .with_authority(&other);
    for (time, expected) in [("2026-06-30T00:00:00Z", Outcome::Held), ("2026-07-02T00:00:00Z", Outcome::Imported)] {
        let store = MemoryStore::new();
        import(&SignedMail::new(FROM, &old), "2026-06-01T00:00:00Z", &store);
        assert_eq!(import(&new, time, &store).outcome, expected);
    }
}

// hardening: I11, I12
#[test]
fn a_rejected_or_disabled_certificate_is_refused_when_it_comes_again() {
    let mail = SignedMail::new(FROM, &root().issue(&alice(1, Key::P256(2), ["2026-01-01", "2036-01-01"])));
    let other = SignedMail::new(FROM, &root().issue(&alice(2, Key::P256(3), ["2026-01-01", "2036-01-01"])));
    for (decision, code) in
        [(Decision::Reject, Code::CertificateRejected), (Decision::Disable, Code::CertificateDisabled)]
    {
        let store = MemoryStore::new();
        decide(&store, &import(&mail, "2026-06-01T00:00:00Z", &store), decision);
        let again = import(&mail, "2026-06-01T00:00:00Z", &store);
        assert_eq!((again.outcome, again.error.unwrap().code()), (Outcome::Refused, code));
        // An address with nothing but tombstones is not empty.
        let report = import(&other, "2026-06-01T00:00:00Z", &store);
        assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Held, Code::AddressDecided));
        decide(&store, &report, Decision::Approve);
        assert_eq!(import(&other, "2026-06-01T00:00:00Z", &store).outcome, Outcome::AlreadyKnown);
    }
}

// hardening: I11
#[test]
fn a_rejected_certificate_does_not_come_back_under_another_signature() {
    let spec = alice(1, Key::P256(2), ["2026-01-01", "2036-01-01"]);
    let (person, twin) = (root().issue(&spec), root().issue_twin(&spec));
    let store = MemoryStore::new();
    let first = import(&SignedMail::new(FROM, &person), "2026-06-01T00:00:00Z", &store);
    let known = import(&SignedMail::new(FROM, &twin), "2026-06-01T00:00:00Z", &store);
    assert_eq!((first.outcome, known.outcome), (Outcome::Imported, Outcome::AlreadyKnown));
    assert_ne!(first.fingerprint, known.fingerprint);
    decide(&store, &first, Decision::Reject);
    let again = import(&SignedMail::new(FROM, &twin), "2026-06-01T00:00:00Z", &store);
    assert_eq!(again.error.unwrap().code(), Code::CertificateRejected);
}

// hardening: I9
#[test]
fn nothing_that_mail_brings_replaces_a_pinned_certificate() {
    let old = alice(1, Key::P256(2), ["2026-01-01", "2027-01-01"]);
    let store = MemoryStore::new();
    let first = import(&SignedMail::new(FROM, &root().issue(&old)), "2026-06-01T00:00:00Z", &store);
    decide(&store, &first, Decision::Pin);
    for (serial, key) in [(2, Key::P256(2)), (3, Key::P256(3))] {
        let new = root().issue(&alice(serial, key, ["2026-05-01", "2036-01-01"]));
        assert_eq!(import(&SignedMail::new(FROM, &new), "2028-01-01T00:00:00Z", &store).outcome, Outcome::Held);
    }
    assert_eq!(states(&store), [State::Pinned, State::Held, State::Held]);
}

// hardening: D13
#[test]
fn a_certificate_that_an_operator_replaced_does_not_come_back_through_a_successor() {
    let other = root().authority("Other CA", Key::P256(9));
    let imposter = root().issue(&alice(1, Key::P256(2), ["2026-01-01", "2026-07-01"]));
    let genuine = SignedMail::new(FROM, &other.issue(&alice(2, Key::P256(3), ["2026-01-01", "2028-01-01"])));
    let store = MemoryStore::new();
    import(&SignedMail::new(FROM, &imposter), "2026-06-01T00:00:00Z", &store);
    let held = import(&genuine.with_authority(&other), "2026-06-01T00:00:00Z", &store);
    assert_eq!(held.outcome, Outcome::Held);
    decide(&store, &held, Decision::Approve);
    for (serial, key) in [(3, Key::P256(2)), (4, Key::P256(4))] {
        let successor = root().issue(&alice(serial, key, ["2026-05-01", "2027-01-01"]));
        assert_eq!(import(&SignedMail::new(FROM, &successor), "2026-06-15T00:00:00Z", &store).outcome, Outcome::Held);
    }
    assert_eq!(entry(&store).active().unwrap().certificate.fingerprint(), held.fingerprint.unwrap());
}

// hardening: I3
#[test]
fn capabilities_are_kept_updated_and_never_from_the_future() {
    let person = root().issue(&alice(1, Key::P256(2), ["2026-01-01", "2036-01-01"]));
    let store = MemoryStore::new();
    let future = SignedMail::new(FROM, &person).signed_at("2026-07-01T00:00:00Z");
    import(&future, "2026-06-01T00:00:00Z", &store);
    assert!(entry(&store).active().unwrap().capabilities.is_none());
    // But clocks differ.
    let ahead = MemoryStore::new();
    import(&SignedMail::new(FROM, &person).signed_at("2026-06-01T00:05:00Z"), "2026-06-01T00:00:00Z", &ahead);
    assert!(entry(&ahead).active().unwrap().capabilities.is_some());
    let report = import(&SignedMail::new(FROM, &person), "2026-06-01T00:00:00Z", &store);
    assert_eq!(report.outcome, Outcome::AlreadyKnown);
    assert!(entry(&store).active().unwrap().capabilities.is_some());
}

/// RFC 8551 2.5.3: an old mail that comes again takes nothing back.
// hardening: I3
#[test]
fn only_a_list_that_was_signed_later_replaces_capabilities() {
    let person = root().issue(&alice(1, Key::P256(2), ["2026-01-01", "2036-01-01"]));
    let other = attribute(CAPABILITIES, &sequence_of(&[&sequence_of(&[&oid("2.16.840.1.101.3.4.1.2")])]));
    let usual = |day: &str| SignedMail::new(FROM, &person).signed_at(&format!("2026-05-{day}T00:00:00Z"));
    let short = |day: &str| usual(day).without_attribute(CAPABILITIES).extra_attribute(&other);
    let store = MemoryStore::new();
    import(&usual("10"), "2026-06-01T00:00:00Z", &store);
    let kept = || entry(&store).active().unwrap().capabilities.as_ref().unwrap().der().to_vec();
    let version = || entry(&store).version;
    let (first, at_first) = (kept(), version());
    for mail in [short("09"), short("10"), usual("11")] {
        assert_eq!(import(&mail, "2026-06-01T00:00:00Z", &store).outcome, Outcome::AlreadyKnown);
        assert_eq!((kept(), version()), (first.clone(), at_first));
    }
    import(&short("12"), "2026-06-01T00:00:00Z", &store);
    assert_ne!(kept(), first);
    let later = (kept(), version());
    import(&usual("11"), "2026-06-01T00:00:00Z", &store);
    assert_eq!((kept(), version()), later);
}
