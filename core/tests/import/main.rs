//! The import machine, from mails to what a store holds.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "test code"
)]

mod decision;
mod preference;

use base64::Engine as _;
use postseal::cert::SubjectEmail;
use postseal::drive::{self, World};
use postseal::import::{Activation, Ask, CandidateKind, Context, Outcome, Report};
use postseal::operation::{Operation, Step};
use postseal::query::{FindStored, PutStored, Unavailable};
use postseal::store::{CertStore, Change, Decision, Entry, PutOutcome, State, Tenant};
use postseal::verify::{Limits, Profile, TrustAnchors, find_path};
use postseal::{Address, Code, Engine, UnixTime};
use postseal_testkit::corpus::{Case, attacks};
use postseal_testkit::factory::der::{oid, sequence as sequence_of, tlv};
use postseal_testkit::factory::{
    Authority, AuthoritySpec, CertSpec, Form, Key, KeyPreference, KeyUse, Name, Overrides, Person, SignedMail,
    attribute, extension,
};
use postseal_testkit::{MemoryStore, Recorder};
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};

const FROM: &str = "Alice <alice@goal.example>";

fn at(text: &str) -> UnixTime {
    UnixTime::from_rfc3339(text).unwrap()
}

fn now() -> UnixTime {
    at("2026-06-01T00:00:00Z")
}

fn root() -> Authority {
    Authority::root("Root", Key::P256(1))
}

fn engine() -> Engine {
    postseal_testkit::engine(TrustAnchors::from_pem(root().pem().as_bytes(), &Limits::default()).unwrap())
}

fn alice(serial: u64, key: Key, validity: [&str; 2]) -> CertSpec {
    let mut spec = CertSpec::mailbox("alice@goal.example", key);
    spec.serial = serial;
    spec.not_before = format!("{}T00:00:00Z", validity[0]);
    spec.not_after = format!("{}T00:00:00Z", validity[1]);
    spec
}

fn import(mail: &SignedMail, time: &str, store: &dyn CertStore) -> Report {
    engine().import_mail(&mail.build(), Context::new(at(time)), store, &()).unwrap()
}

/// A certificate as the S/MIME Baseline Requirements want it, mailbox-validated and of the Strict Generation.
fn by_the_baseline() -> CertSpec {
    let mut spec = alice(1, Key::P256(2), ["2026-01-01", "2028-01-01"]);
    let list = tlv(0x86, &[b"http://crl.example/ca.crl"]);
    let point = sequence_of(&[&tlv(0xa0, &[&tlv(0xa0, &[&list])])]);
    spec.overrides = Overrides {
        serial: Some(vec![0x4b, 1, 2, 3, 4, 5, 6, 7, 8]),
        subject: Some(sequence_of(&[])),
        extra_extensions: vec![
            extension("2.5.29.32", false, &sequence_of(&[&sequence_of(&[&oid("2.23.140.1.5.1.3")])])),
            extension("2.5.29.31", false, &sequence_of(&[&point])),
        ],
        ..Overrides::default()
    };
    spec
}

#[test]
fn the_strict_profile_imports_by_the_baseline_requirements() {
    let strict = |spec: &CertSpec| {
        let mail = SignedMail::new(FROM, &root().issue(spec)).build();
        let report =
            engine().with_profile(Profile::Strict).import_mail(&mail, Context::new(now()), &MemoryStore::new(), &());
        let report = report.unwrap();
        (report.outcome, report.error.map(|error| error.code()))
    };
    let sound = by_the_baseline();
    assert_eq!(strict(&sound), (Outcome::Imported, None));
    let refused = (Outcome::Refused, Some(Code::ProfileStrict));
    let long = CertSpec { not_after: "2029-01-01T00:00:00Z".to_owned(), ..sound.clone() };
    assert_eq!(strict(&long), refused);
    let elsewhere = CertSpec { subject_email: Some("bob@goal.example".to_owned()), ..sound };
    let elsewhere = CertSpec { overrides: Overrides { subject: None, ..elsewhere.overrides.clone() }, ..elsewhere };
    assert_eq!(strict(&elsewhere), refused);
}

fn entry(store: &dyn CertStore) -> Entry {
    let query = FindStored::new(Tenant::default(), vec![Address::parse("alice@goal.example").unwrap()]);
    store.find(&query).unwrap().remove(0)
}

fn states(store: &dyn CertStore) -> Vec<State> {
    entry(store).certs.into_iter().map(|(_, state)| state).collect()
}

fn case(name: &str) -> Case {
    attacks().into_iter().find(|case| case.name == name).unwrap()
}

fn decide(store: &dyn CertStore, report: &Report, decision: Decision) {
    let change = Change::Decide { fingerprint: report.fingerprint.unwrap(), decision };
    let entry = entry(store);
    let query = PutStored::new(Tenant::default(), entry.address.clone(), entry.version, change);
    assert_eq!(store.put(&query).unwrap(), PutOutcome::Stored);
}

/// Imports corpus mails one after the other; the tenants are given with them.
fn sequence(steps: &[(&str, &str)], store: &dyn CertStore) -> Vec<Report> {
    let run = |(tenant, name): &(&str, &str)| {
        let case = case(name);
        let context = Context::new(case.verify_at).tenant(Tenant::new(tenant));
        case.engine().import_mail(&case.mail, context, store, &()).unwrap()
    };
    steps.iter().map(run).collect()
}

fn outcomes(reports: &[Report]) -> Vec<Outcome> {
    reports.iter().map(|report| report.outcome).collect()
}

// hardening: P15
#[test]
fn tenants_do_not_see_each_other() {
    let store = MemoryStore::new();
    let reports = sequence(&[("a", "seq-alice-attacker-dv"), ("b", "seq-alice-original")], &store);
    assert_eq!(outcomes(&reports), [Outcome::Imported, Outcome::Imported]);
    assert_eq!(store.entries(&Tenant::default()).unwrap().len(), 0);
    assert_eq!(store.entries(&Tenant::new("a")).unwrap().len(), 1);
}

// hardening: P6
#[test]
fn a_hundred_parallel_imports_of_one_mail_store_it_once() {
    let store = MemoryStore::new();
    let case = case("ctl-detached");
    let (imported, known) = (AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                let context = Context::new(case.verify_at);
                match case.engine().import_mail(&case.mail, context, &store, &()).unwrap().outcome {
                    Outcome::Imported => imported.fetch_add(1, Ordering::Relaxed),
                    Outcome::AlreadyKnown => known.fetch_add(1, Ordering::Relaxed),
                    other => panic!("{other:?}"),
                };
            });
        }
    });
    assert_eq!((imported.into_inner(), known.into_inner()), (1, 99));
}

#[test]
fn one_malformed_mailbox_beside_a_good_one_refuses_the_certificate() {
    let good = Name::Rfc822(b"alice@goal.example".to_vec());
    for bad in [b"bob@goal.example ".as_slice(), b"bob@goal.example\0", b"", b"bob", b"a@b,c@d"] {
        for order in [false, true] {
            let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(2));
            spec.names = vec![good.clone(), Name::Rfc822(bad.to_vec())];
            if order {
                spec.names.reverse();
            }
            let report =
                import(&SignedMail::new(FROM, &root().issue(&spec)), "2026-06-01T00:00:00Z", &MemoryStore::new());
            assert_eq!(report.error.map(|error| error.code()), Some(Code::NameUndecodable), "{bad:?}");
        }
    }
}

#[test]
fn labels_that_are_not_mapped_are_refused_in_mail_and_certificate() {
    let person = root().issue(&CertSpec::mailbox("alice@xn--bcher-kva.example", Key::P256(2)));
    let report = |from: &str| import(&SignedMail::new(from, &person), "2026-06-01T00:00:00Z", &MemoryStore::new());
    assert_eq!(report("alice@xn--bcher-kva.example").outcome, Outcome::Imported);
    assert_eq!(report("alice@bücher.example").outcome, Outcome::Imported);
    for from in ["alice@BÜCHER.example", "alice@bü\u{ad}cher.example", "alice@ｂücher.example"] {
        assert_eq!(report(from).error.unwrap().code(), Code::DomainNotMapped, "{from}");
    }
    let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(2));
    spec.names = vec![Name::SmtpUtf8Mailbox("zoë@bücher.example".to_owned())];
    let report = import(
        &SignedMail::new("zoë@bücher.example", &root().issue(&spec)),
        "2026-06-01T00:00:00Z",
        &MemoryStore::new(),
    );
    assert_eq!(report.error.unwrap().code(), Code::NameUndecodable);
    spec.names = vec![Name::SmtpUtf8Mailbox("zoë@xn--bcher-kva.example".to_owned())];
    let report = import(
        &SignedMail::new("zoë@bücher.example", &root().issue(&spec)),
        "2026-06-01T00:00:00Z",
        &MemoryStore::new(),
    );
    assert_eq!(report.outcome, Outcome::Imported);
}

/// A person with one certificate to sign and one to decrypt.
fn two_certificates() -> (Person, Person) {
    let mut signs = alice(1, Key::P256(2), ["2026-01-01", "2036-01-01"]);
    signs.key_use = KeyUse::Sign;
    let mut decrypts = alice(2, Key::P256(3), ["2026-01-01", "2036-01-01"]);
    decrypts.key_use = KeyUse::Encrypt;
    (root().issue(&signs), root().issue(&decrypts))
}

#[test]
fn the_preferred_certificate_is_kept_and_found_again_in_the_store() {
    let (signs, decrypts) = two_certificates();
    for form in [KeyPreference::Standard, KeyPreference::Microsoft] {
        let mail = |in_bag| SignedMail::new(FROM, &signs).prefers(&decrypts, form, in_bag);
        let store = MemoryStore::new();
        let unknown = import(&mail(false), "2026-06-01T00:00:00Z", &store);
        assert_eq!(unknown.error.unwrap().code(), Code::KeyPreferenceNotFound);
        let report = import(&mail(true), "2026-06-01T00:00:00Z", &store);
        assert_eq!((report.outcome, report.candidate), (Outcome::Imported, Some(CandidateKind::KeyPreference)));
        assert_eq!(entry(&store).active().unwrap().certificate.der(), decrypts.der());
        let again = import(&mail(false), "2026-06-01T00:00:00Z", &store);
        assert_eq!((again.outcome, again.candidate), (Outcome::AlreadyKnown, Some(CandidateKind::KeyPreference)));
    }
    let signer_only = import(&SignedMail::new(FROM, &signs), "2026-06-01T00:00:00Z", &MemoryStore::new());
    assert_eq!(signer_only.error.unwrap().code(), Code::KeyUsageEncrypt);
}

#[test]
fn an_intermediate_that_came_only_in_the_mail_verifies_the_stored_certificate_later() {
    let ca = root().authority("Mail CA", Key::P256(4));
    let person = ca.issue(&alice(1, Key::P256(2), ["2026-01-01", "2036-01-01"]));
    let store = MemoryStore::new();
    let without = import(&SignedMail::new(FROM, &person), "2026-06-01T00:00:00Z", &store);
    assert_eq!(without.error.unwrap().code(), Code::PathNotFound);
    let report = import(&SignedMail::new(FROM, &person).with_authority(&ca), "2026-06-01T00:00:00Z", &store);
    assert_eq!(report.outcome, Outcome::Imported);
    let entry = entry(&store);
    let stored = entry.active().unwrap();
    assert_eq!(stored.issuers.len(), 1, "the anchor itself is not kept");
    let engine = engine();
    let later = at("2027-01-01T00:00:00Z");
    let again =
        |pool: &[_]| find_path(&stored.certificate, pool, engine.anchors(), Profile::Default, engine.limits(), later);
    assert_eq!(again(&stored.issuers).unwrap().intermediates(), stored.issuers);
    assert!(again(&[]).is_err());
    let mailboxes = stored.certificate.mailboxes(SubjectEmail::Ignore, engine.limits()).unwrap();
    assert_eq!(mailboxes, std::slice::from_ref(&entry.address));
}

// hardening: I1
#[test]
fn every_form_of_signed_mail_is_imported() {
    let rsa = Authority::root("RSA Root", Key::Rsa(0));
    let engine = postseal_testkit::engine(TrustAnchors::from_pem(rsa.pem().as_bytes(), &Limits::default()).unwrap());
    for key in [Key::Rsa(1), Key::P256(1)] {
        let person = rsa.issue(&CertSpec::mailbox("alice@goal.example", key));
        for form in [Form::Detached, Form::DetachedBer, Form::Opaque, Form::OpaqueBer] {
            let long = b"line\r\n".repeat(2000);
            let mail = SignedMail::new(FROM, &person).form(form).body(&long).build();
            let report = engine.import_mail(&mail, Context::new(now()), &MemoryStore::new(), &()).unwrap();
            assert_eq!(report.outcome, Outcome::Imported, "{key:?} {form:?} {:?}", report.error);
            if matches!(form, Form::Detached | Form::DetachedBer) {
                let bare: Vec<u8> = mail.into_iter().filter(|octet| *octet != b'\r').collect();
                let report = engine.import_mail(&bare, Context::new(now()), &MemoryStore::new(), &()).unwrap();
                assert_eq!(report.outcome, Outcome::Imported, "bare line feeds: {:?}", report.error);
            }
        }
    }
}

#[test]
fn the_legacy_profile_takes_sha1_for_messages_and_nothing_weaker_beside_it() {
    let import = |mail: &[u8], profile| {
        let case = case("cms-sha1");
        let engine = case.engine().with_profile(profile);
        engine.import_mail(mail, Context::new(case.verify_at), &MemoryStore::new(), &()).unwrap()
    };
    let mail = case("cms-sha1").mail;
    assert_eq!(import(&mail, Profile::Default).error.unwrap().code(), Code::WeakDigest);
    assert_eq!(import(&mail, Profile::Legacy).outcome, Outcome::Imported);
    // The same SignerInfo with MD5 in its signature algorithm.
    let text = String::from_utf8(mail).unwrap();
    let body = text.find("MII").map(|at| text[at..].split("--").next().unwrap().to_owned()).unwrap();
    let compact: String = body.split_ascii_whitespace().collect();
    let mut cms = base64::engine::general_purpose::STANDARD.decode(&compact).unwrap();
    let rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
    let last = cms.windows(8).rposition(|window| window == rsa).unwrap();
    cms[last + 8] = 4;
    let changed = text.replace(&body, &format!("{}\r\n", base64::engine::general_purpose::STANDARD.encode(&cms)));
    assert_ne!(changed, text);
    assert_eq!(import(changed.as_bytes(), Profile::Legacy).error.unwrap().code(), Code::WeakDigest);
}

#[test]
fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let person = root().issue(&alice(1, Key::P256(2), ["2026-01-01", "2036-01-01"]));
    let store = MemoryStore::new();
    let mail = SignedMail::new(FROM, &person).build();
    let report = engine().import_mail(&mail, Context::new(now()).dry_run(), &store, &()).unwrap();
    assert_eq!(report.outcome, Outcome::Imported);
    assert!(store.entries(&Tenant::default()).unwrap().is_empty());
}

#[test]
fn a_tenant_or_route_that_is_off_reads_nothing() {
    let off = Activation::new(true).route(Tenant::default(), "outbound", false);
    let engine = engine().with_activation(off);
    let mail = SignedMail::new(FROM, &root().issue(&alice(1, Key::P256(2), ["2026-01-01", "2036-01-01"]))).build();
    let outcome = |context| engine.import_mail(&mail, context, &MemoryStore::new(), &()).unwrap().outcome;
    assert_eq!(outcome(Context::new(now()).route("outbound")), Outcome::NotActive);
    assert_eq!(outcome(Context::new(now())), Outcome::Imported);
}

/// Answers with an error, or always with a conflict.
#[derive(Debug)]
struct Broken {
    conflict: bool,
}

impl CertStore for Broken {
    fn find(&self, query: &FindStored) -> Result<Vec<Entry>, Unavailable> {
        if self.conflict {
            Ok(query.addresses.iter().cloned().map(Entry::absent).collect())
        } else {
            Err(Unavailable::because("gone"))
        }
    }

    fn put(&self, query: &PutStored) -> Result<PutOutcome, Unavailable> {
        Ok(PutOutcome::Conflict(Entry::absent(query.address.clone())))
    }

    fn entries(&self, _: &Tenant) -> Result<Vec<Entry>, Unavailable> {
        Ok(Vec::new())
    }
}

// hardening: P1
#[test]
fn a_store_that_does_not_answer_or_never_agrees_defers_the_mail() {
    let mail = SignedMail::new(FROM, &root().issue(&alice(1, Key::P256(2), ["2026-01-01", "2036-01-01"])));
    for (conflict, code) in [(false, Code::StoreUnavailable), (true, Code::StoreContended)] {
        let report = import(&mail, "2026-06-01T00:00:00Z", &Broken { conflict });
        assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Deferred, code));
        assert_eq!(report.unavailable.is_some(), !conflict);
    }
}

#[test]
fn an_answer_to_another_operation_is_refused_and_harms_nothing() {
    let mail = SignedMail::new(FROM, &root().issue(&alice(1, Key::P256(2), ["2026-01-01", "2036-01-01"]))).build();
    let (mut one, mut two) = (engine().import(&mail, Context::new(now())), engine().import(&mail, Context::new(now())));
    let ask = |import: &mut postseal::import::Import| match import.poll(&()).unwrap() {
        Step::Ask(Ask::FindStored(pending)) => pending,
        other => panic!("{other:?}"),
    };
    let (first, second) = (ask(&mut one), ask(&mut two));
    let absent = vec![Entry::absent(Address::parse("alice@goal.example").unwrap())];
    assert_eq!(one.handle(second.answer(Ok(absent.clone()))).unwrap_err().code(), Code::ForeignAnswer);
    assert!(matches!(one.poll(&()), Ok(Step::Wait)));
    one.handle(first.answer(Ok(absent))).unwrap();
    assert!(matches!(one.poll(&()), Ok(Step::Ask(Ask::PutStored(_)))));
}

#[test]
fn after_the_deadline_the_store_is_not_asked_any_more() {
    let mail = SignedMail::new(FROM, &root().issue(&alice(1, Key::P256(2), ["2026-01-01", "2036-01-01"]))).build();
    let store = MemoryStore::new();
    let operation = engine().import(&mail, Context::new(now()));
    let report = drive::run(operation, &drive::Keep::new(&store), &(), &|| true).unwrap();
    assert_eq!(report.outcome, Outcome::Deferred);
    assert!(report.unavailable.unwrap().detail().contains("deadline"));
    assert!(store.entries(&Tenant::default()).unwrap().is_empty());
}

#[test]
fn both_drivers_give_the_same_report_and_events() {
    let mail = SignedMail::new(FROM, &root().issue(&alice(1, Key::P256(2), ["2026-01-01", "2036-01-01"]))).build();
    let (blocking, concurrent) = (Recorder::default(), Recorder::default());
    let expected = engine().import_mail(&mail, Context::new(now()), &MemoryStore::new(), &blocking).unwrap();
    let store = MemoryStore::new();
    let future = drive::run_async(engine().import(&mail, Context::new(now())), &concurrent, |ask| {
        let answer = drive::Keep::new(&store).carry_out(ask);
        async { answer }
    });
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(report) = std::pin::pin!(future).poll(&mut context) else { panic!("nothing waits") };
    assert_eq!(report.unwrap(), expected);
    assert_eq!(concurrent.events(), blocking.events());
}

#[test]
fn the_result_is_given_once() {
    let mut import = engine().import(b"\r\nhello", Context::new(now()));
    assert!(matches!(import.poll(&()), Ok(Step::Done(_))));
    assert_eq!(import.poll(&()).unwrap_err().code(), Code::PolledWhileFinished);
}

// hardening: R9
#[test]
fn no_event_or_report_shows_a_person_in_its_debug_output() {
    let recorder = Recorder::default();
    let mail = SignedMail::new(FROM, &root().issue(&alice(1, Key::P256(2), ["2026-01-01", "2036-01-01"]))).build();
    let report = engine().import_mail(&mail, Context::new(now()), &MemoryStore::new(), &recorder).unwrap();
    let text = format!("{report:?} {:?}", recorder.events());
    assert!(!text.to_lowercase().contains("alice"), "{text}");
}
