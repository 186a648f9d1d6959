//! Resolving recipients: which certificate, from where, and what is said about the others.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "test code"
)]

mod modes;
mod questions;

use postseal::cert::Capabilities;
use postseal::directory::{Directories, DirectoryId, DirectoryReply};
use postseal::drive::{self, Lookup};
use postseal::operation::{Operation, Step};
use postseal::query::{FindStored, PutStored, Unavailable};
use postseal::resolve::{Ask, Context, Outcome, RecipientReport, Resolution, Resolve};
use postseal::seal::{Mode, OnConflict, Policy};
use postseal::store::{CertStore, Change, Decision, Entry, PutOutcome, Tenant};
use postseal::trace::Tracer;
use postseal::verify::{Limits, Profile, TrustAnchors};
use postseal::{Address, Certificate, Code, Engine, PerRoute, UnixTime};
use postseal_testkit::factory::{Authority, CertSpec, Key, KeyUse, extension};
use postseal_testkit::{Loan, MemoryStore, Recorder, ScriptedDirectory};
use std::fs;
use std::path::Path;
use std::sync::Arc;

const NOW: &str = "2026-06-01T00:00:00Z";

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn now() -> UnixTime {
    UnixTime::from_rfc3339(NOW).unwrap()
}

fn root() -> Authority {
    Authority::root("Root", Key::P256(1))
}

fn spec(mailbox: &str, number: u64) -> CertSpec {
    CertSpec { serial: number, ..CertSpec::mailbox(mailbox, Key::P256(100 + number)) }
}

fn issue(spec: &CertSpec) -> Vec<u8> {
    root().issue(spec).der().to_vec()
}

fn print(der: &[u8]) -> String {
    Certificate::from_der(der, &Limits::default()).unwrap().fingerprint().to_string()
}

/// A world of one store and the directories `first` and `second`.
struct World {
    engine: Engine,
    store: MemoryStore,
    first: ScriptedDirectory,
    second: ScriptedDirectory,
    policy: Policy,
}

impl World {
    fn new() -> Self {
        let anchors = TrustAnchors::from_pem(root().pem().as_bytes(), &Limits::default()).unwrap();
        let both = Directories::new().ask(DirectoryId::new("first")).ask(DirectoryId::new("second"));
        Self {
            engine: postseal_testkit::engine(anchors).with_directories(PerRoute::new(both)),
            store: MemoryStore::new(),
            first: ScriptedDirectory::new(),
            second: ScriptedDirectory::new(),
            policy: Policy::default(),
        }
    }

    /// Puts a certificate into the store as an operator would, without looking at its validity now.
    fn keep(&self, der: &[u8], at: &str) -> String {
        let certificate = Certificate::from_der(der, &Limits::for_stored()).unwrap();
        let mailbox =
            certificate.mailboxes(postseal::cert::SubjectEmail::Ignore, &Limits::default()).unwrap().remove(0);
        let entry = self.entry(&mailbox);
        let at = UnixTime::from_rfc3339(at).unwrap();
        let change = self.engine.add_certificate(&Tenant::default(), &entry, &certificate, &[], at).unwrap().unwrap();
        self.put(&entry, change);
        certificate.fingerprint().to_string()
    }

    fn entry(&self, mailbox: &Address) -> Entry {
        self.store.find(&FindStored::new(Tenant::default(), vec![mailbox.clone()])).unwrap().remove(0)
    }

    fn put(&self, entry: &Entry, change: Change) {
        let query = PutStored::new(Tenant::default(), entry.address.clone(), entry.version, change);
        assert_eq!(self.store.put(&query).unwrap(), PutOutcome::Stored);
    }

    fn decide(&self, mailbox: &str, fingerprint: &str, decision: Decision) {
        let entry = self.entry(&address(mailbox));
        self.put(&entry, Change::Decide { fingerprint: fingerprint.parse().unwrap(), decision });
    }

    fn begin(&self, visible: &[&str], tracer: Arc<dyn Tracer>) -> Resolve {
        let context = Context::new(now(), tracer).policy(self.policy.clone());
        self.engine.resolve(visible.iter().map(|text| address(text)).collect(), Vec::new(), context).unwrap()
    }

    fn lookup(&self) -> Lookup<'_> {
        Lookup::new(&self.store)
            .directory(DirectoryId::new("first"), &self.first)
            .directory(DirectoryId::new("second"), &self.second)
    }

    fn resolve(&self, visible: &[&str]) -> Resolution {
        drive::run(self.begin(visible, Arc::new(())), &self.lookup(), &(), &|| false).unwrap()
    }

    fn one(&self, mailbox: &str) -> RecipientReport {
        self.resolve(&[mailbox]).reports().next().unwrap().clone()
    }
}

fn sources(report: &RecipientReport) -> Vec<(&str, String)> {
    report.found.iter().map(|found| (found.source.name(), found.fingerprint.to_string())).collect()
}

fn rejections(report: &RecipientReport) -> Vec<(&str, Code)> {
    report.rejected.iter().map(|rejected| (rejected.source.name(), rejected.error.code())).collect()
}

const ALICE: &str = "alice@goal.example";
const BOB: &str = "bob@goal.example";

#[test]
fn the_store_comes_first_and_then_nobody_is_asked() {
    let world =
        World { first: ScriptedDirectory::new().lends(&address(ALICE), issue(&spec(ALICE, 2))), ..World::new() };
    let kept = world.keep(&issue(&spec(ALICE, 1)), NOW);
    assert_eq!(sources(&world.one(ALICE)), [("store", kept)]);
    assert!(world.first.asked().is_empty());
}

#[test]
fn a_local_hit_that_cannot_be_used_falls_through_to_the_directories_in_order() {
    let lent = issue(&spec(ALICE, 2));
    let world = World { second: ScriptedDirectory::new().lends(&address(ALICE), lent.clone()), ..World::new() };
    let expired = CertSpec { not_after: "2026-02-01T00:00:00Z".to_owned(), ..spec(ALICE, 1) };
    world.keep(&issue(&expired), "2026-01-15T00:00:00Z");
    let report = world.one(ALICE);
    assert_eq!(sources(&report), [("second", print(&lent))]);
    assert_eq!(rejections(&report), [("store", Code::CertificateExpired)]);
    assert_eq!((world.first.asked().len(), world.second.asked().len()), (1, 1));
}

#[test]
fn a_stored_certificate_is_judged_with_the_limits_of_now() {
    let mut many = spec(ALICE, 1);
    many.overrides.extra_extensions =
        (0..70).map(|number| extension(&format!("2.5.30.{number}"), false, b"")).collect();
    let mut wide = Limits::default();
    wide.extensions = 100;
    let mut world = World::new();
    world.engine = world.engine.with_limits(wide);
    let kept = world.keep(&issue(&many), NOW);
    assert_eq!(sources(&world.one(ALICE)), [("store", kept)]);
    let mut small = Limits::default();
    small.certificate_bytes = 700;
    for (limits, code) in [(Limits::default(), Code::ExtensionsTooMany), (small, Code::CertificateTooLarge)] {
        world.engine = world.engine.with_limits(limits);
        let report = world.one(ALICE);
        assert_eq!((rejections(&report), report.outcome), (vec![("store", code)], Outcome::Unavailable));
    }
}

// hardening: E1
#[test]
fn what_fails_a_check_now_is_rejected_with_its_own_code_wherever_it_comes_from() {
    let wrong_root = Authority::root("Other", Key::P256(9)).issue(&spec(ALICE, 3)).der().to_vec();
    let critical = {
        let mut odd = spec(ALICE, 9);
        odd.overrides.extra_extensions = vec![extension("1.3.6.1.4.1.99999.1", true, b"\x05\x00")];
        odd
    };
    for (der, code) in [
        (issue(&CertSpec { not_after: "2026-02-01T00:00:00Z".to_owned(), ..spec(ALICE, 2) }), Code::CertificateExpired),
        (
            issue(&CertSpec { not_before: "2026-07-01T00:00:00Z".to_owned(), ..spec(ALICE, 2) }),
            Code::CertificateNotYetValid,
        ),
        (issue(&CertSpec { key_use: KeyUse::Sign, ..spec(ALICE, 2) }), Code::KeyUsageEncrypt),
        (
            issue(&CertSpec { extended_key_usage: vec!["1.3.6.1.5.5.7.3.1".to_owned()], ..spec(ALICE, 2) }),
            Code::ExtendedKeyUsage,
        ),
        (issue(&spec(BOB, 2)), Code::AddressMismatch),
        (issue(&CertSpec::mailbox(ALICE, Key::Ed25519(1))), Code::KeyCannotEncrypt),
        (wrong_root, Code::PathNotFound),
        (issue(&critical), Code::CriticalExtension),
        (b"no certificate".to_vec(), Code::CertificateMalformed),
    ] {
        let world = World { first: ScriptedDirectory::new().lends(&address(ALICE), der), ..World::new() };
        let report = world.one(ALICE);
        assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Unusable, code));
        assert_eq!(rejections(&report), [("first", code)]);
    }
}

/// Keys of the attack corpus, each in a certificate of the corpus's CA for this address.
// hardening: E1, E6
#[test]
fn a_public_key_that_is_none_or_weak_is_not_sealed_to() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/attacks");
    let read = |file: &str| fs::read(folder.join(file)).unwrap();
    let anchors = TrustAnchors::from_pem(&read("anchors/ca.pem"), &Limits::default()).unwrap();
    let directories = PerRoute::new(Directories::new().ask(DirectoryId::new("first")));
    let engine = postseal_testkit::engine(anchors).with_directories(directories);
    for (name, code) in [
        ("key-rsa1024", Code::RsaTooSmall),
        ("key-roca", Code::RsaRoca),
        ("key-rsa-hugeexp", Code::RsaExponent),
        ("key-ec-f2m", Code::ExplicitCurve),
        ("key-ec-infinity", Code::KeyMalformed),
    ] {
        let der = read(&format!("certs/{name}.der"));
        let first = ScriptedDirectory::new().lends(&address(ALICE), der);
        let world = World { engine: engine.clone(), first, ..World::new() };
        let report = world.one(ALICE);
        assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Unusable, code), "{name}");
        assert_eq!(rejections(&report), [("first", code)], "{name}");
    }
}

#[test]
fn the_strict_profile_is_asked_again_wherever_a_certificate_comes_from() {
    let lent = issue(&spec(ALICE, 2));
    let mut world = World { first: ScriptedDirectory::new().lends(&address(ALICE), lent), ..World::new() };
    let kept = world.keep(&issue(&spec(ALICE, 1)), NOW);
    assert_eq!(sources(&world.one(ALICE)), [("store", kept)]);
    world.engine = world.engine.with_profile(Profile::Strict);
    let report = world.one(ALICE);
    assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Unusable, Code::ProfileStrict));
    assert_eq!(rejections(&report), [("store", Code::ProfileStrict), ("first", Code::ProfileStrict)]);
}

#[test]
fn a_directory_that_is_down_is_never_one_without_a_certificate() {
    let lends = |number| ScriptedDirectory::new().lends(&address(ALICE), issue(&spec(ALICE, number)));
    let down = || ScriptedDirectory::new().is_down();
    let none = ScriptedDirectory::new;
    let unusable = || ScriptedDirectory::new().lends(&address(ALICE), issue(&spec(BOB, 7)));
    for (first, second, outcome, code) in [
        (none(), none(), Outcome::NotFound, Some(Code::NoCertificate)),
        (down(), none(), Outcome::Unavailable, Some(Code::DirectoryUnavailable)),
        (none(), down(), Outcome::Unavailable, Some(Code::DirectoryUnavailable)),
        (none().talks_nonsense(), none(), Outcome::Unavailable, Some(Code::DirectoryUnavailable)),
        (none().is_down_for(&address(ALICE)), none(), Outcome::Unavailable, Some(Code::DirectoryUnavailable)),
        (down(), unusable(), Outcome::Unavailable, Some(Code::DirectoryUnavailable)),
        (unusable(), down(), Outcome::Unavailable, Some(Code::DirectoryUnavailable)),
        (unusable(), none(), Outcome::Unusable, Some(Code::AddressMismatch)),
        (down(), lends(3), Outcome::Found, None),
        (lends(3), down(), Outcome::Found, None),
        (none().is_partial_for(&address(ALICE)), none(), Outcome::Unavailable, Some(Code::DirectoryUnavailable)),
        (unusable().is_partial_for(&address(ALICE)), none(), Outcome::Unavailable, Some(Code::DirectoryUnavailable)),
        (unusable().is_partial_for(&address(ALICE)), lends(3), Outcome::Found, None),
        (lends(3).is_partial_for(&address(ALICE)), none(), Outcome::Found, None),
    ] {
        let world = World { first, second, ..World::new() };
        let report = world.one(ALICE);
        assert_eq!((report.outcome, report.error.map(|error| error.code())), (outcome, code));
    }
}

#[test]
fn a_store_that_is_down_ends_the_search_for_everybody() {
    #[derive(Debug)]
    struct Down;
    impl CertStore for Down {
        fn find(&self, _: &FindStored) -> Result<Vec<Entry>, Unavailable> {
            Err(Unavailable::because("gone"))
        }
        fn put(&self, _: &PutStored) -> Result<PutOutcome, Unavailable> {
            panic!("resolving writes nothing")
        }
        fn entries(&self, _: &Tenant) -> Result<Vec<Entry>, Unavailable> {
            panic!("resolving lists nothing")
        }
    }
    let world =
        World { first: ScriptedDirectory::new().lends(&address(ALICE), issue(&spec(ALICE, 2))), ..World::new() };
    let lookup = Lookup::new(&Down).directory(DirectoryId::new("first"), &world.first);
    let resolution = drive::run(world.begin(&[ALICE, BOB], Arc::new(())), &lookup, &(), &|| false).unwrap();
    assert!(resolution.reports().all(|report| report.outcome == Outcome::Unavailable));
    assert!(world.first.asked().is_empty());
    let unsealed = resolution.complete().unwrap_err();
    assert!(unsealed.is_temporary() && unsealed.recipients.len() == 2);
    assert_eq!(unsealed.recipients[0].unavailable, Some(Unavailable::because("gone")));
}

#[test]
fn a_store_that_answers_nonsense_is_one_that_is_down() {
    let world = World::new();
    for entries in [Vec::new(), vec![Entry::absent(address(BOB))], vec![Entry::absent(address(ALICE)); 2]] {
        let mut resolve = world.begin(&[ALICE], Arc::new(()));
        let Step::Ask(Ask::FindStored(pending)) = resolve.poll(&()).unwrap() else { panic!() };
        resolve.handle(pending.answer(Ok(entries))).unwrap();
        let Step::Done(resolution) = resolve.poll(&()).unwrap() else { panic!() };
        assert_eq!(resolution.reports().next().unwrap().outcome, Outcome::Unavailable);
    }
}

#[test]
fn operators_have_the_last_word() {
    let world =
        World { first: ScriptedDirectory::new().lends(&address(ALICE), issue(&spec(ALICE, 9))), ..World::new() };
    let old = world.keep(&issue(&spec(ALICE, 1)), NOW);
    let newest = CertSpec { not_before: "2026-05-01T00:00:00Z".to_owned(), ..spec(ALICE, 2) };
    let new = world.keep(&issue(&newest), NOW);
    assert_eq!(sources(&world.one(ALICE)), [("store", new.clone())], "the active one");
    // An imposter that an operator replaced does not win by a newer notBefore.
    world.decide(ALICE, &old, Decision::Approve);
    assert_eq!(sources(&world.one(ALICE)), [("store", old.clone())]);
    // Nor beside the one that took his place.
    let mut world = world;
    world.policy.all_valid = true;
    assert_eq!(sources(&world.one(ALICE)), [("store", old.clone())]);
    world.policy.all_valid = false;
    world.decide(ALICE, &new, Decision::Pin);
    assert_eq!(sources(&world.one(ALICE)), [("store", new.clone())], "the pinned one");
    world.decide(ALICE, &new, Decision::Disable);
    assert_eq!(sources(&world.one(ALICE)), [("store", old.clone())], "the superseded one stays usable");
    world.decide(ALICE, &old, Decision::Reject);
    let report = world.one(ALICE);
    assert_eq!(sources(&report), [("first", print(&issue(&spec(ALICE, 9))))]);
    assert_eq!(rejections(&report), [("store", Code::CertificateRejected), ("store", Code::CertificateDisabled)]);
}

#[test]
fn a_pinned_certificate_that_cannot_be_used_is_not_replaced() {
    let world =
        World { first: ScriptedDirectory::new().lends(&address(ALICE), issue(&spec(ALICE, 9))), ..World::new() };
    world.keep(&issue(&spec(ALICE, 2)), NOW);
    let expired = CertSpec { not_after: "2026-02-01T00:00:00Z".to_owned(), ..spec(ALICE, 1) };
    let pinned = world.keep(&issue(&expired), "2026-01-15T00:00:00Z");
    world.decide(ALICE, &pinned, Decision::Pin);
    let report = world.one(ALICE);
    assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Unusable, Code::CertificateExpired));
    assert!(world.first.asked().is_empty());
}

#[test]
fn what_an_operator_refused_is_refused_from_a_directory_too() {
    let der = issue(&spec(ALICE, 1));
    for (decision, code) in
        [(Decision::Reject, Code::CertificateRejected), (Decision::Disable, Code::CertificateDisabled)]
    {
        let world = World { first: ScriptedDirectory::new().lends(&address(ALICE), der.clone()), ..World::new() };
        let kept = world.keep(&der, NOW);
        world.decide(ALICE, &kept, decision);
        let report = world.one(ALICE);
        assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Unusable, code));
        assert_eq!(rejections(&report), [("store", code), ("first", code)]);

        // One that may be used beside it is, and what was refused is named all the same.
        let other = issue(&CertSpec { not_before: "2026-05-01T00:00:00Z".to_owned(), ..spec(ALICE, 2) });
        let beside = World { first: world.first.lends(&address(ALICE), other.clone()), ..world };
        let report = beside.one(ALICE);
        assert_eq!(sources(&report), [("first", print(&other))]);
        assert_eq!(rejections(&report), [("store", code), ("first", code)]);
    }
}

/// Alice with one active certificate and one that waits.
fn conflicted() -> (World, String) {
    let world =
        World { first: ScriptedDirectory::new().lends(&address(ALICE), issue(&spec(ALICE, 2))), ..World::new() };
    let active = world.keep(&issue(&spec(ALICE, 1)), NOW);
    let other = root().issue(&CertSpec { subject: "somebody else".to_owned(), ..spec(ALICE, 2) });
    let mail = postseal_testkit::factory::SignedMail::new(ALICE, &other).build();
    let context = postseal::import::Context::new(now());
    let report = world.engine.import_mail(&mail, context, &world.store, &()).unwrap();
    assert_eq!(report.outcome.name(), "held");
    (world, active)
}

#[test]
fn a_held_candidate_changes_nothing_unless_the_policy_fails_closed() {
    let (mut world, active) = conflicted();
    assert_eq!(sources(&world.one(ALICE)), [("store", active)]);
    world.policy.conflict = OnConflict::FailClosed;
    let report = world.one(ALICE);
    assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Unusable, Code::CertificateConflict));
    assert_eq!(rejections(&report), [("store", Code::CertificateConflict), ("store", Code::CertificateHeld)]);
    assert!(world.first.asked().is_empty());
}

#[test]
fn the_best_of_a_directory_is_preferred_newest_and_longest() {
    let at = |number, not_before: &str, not_after: &str| {
        issue(&CertSpec { not_before: not_before.to_owned(), not_after: not_after.to_owned(), ..spec(ALICE, number) })
    };
    let old = at(1, "2026-01-01T00:00:00Z", "2036-01-01T00:00:00Z");
    let short = at(2, "2026-05-01T00:00:00Z", "2030-01-01T00:00:00Z");
    let long = at(3, "2026-05-01T00:00:00Z", "2031-01-01T00:00:00Z");
    let preferred = |der: &Vec<u8>| Loan { preferred: true, ..Loan::of(der.clone()) };
    let plain = |der: &Vec<u8>| Loan::of(der.clone());
    for (loans, best) in [
        (vec![plain(&old), plain(&short), plain(&long)], &long),
        (vec![plain(&long), plain(&short), plain(&old)], &long),
        (vec![plain(&short), plain(&old)], &short),
        (vec![plain(&long), preferred(&old), plain(&short)], &old),
        (vec![plain(&long), plain(&long)], &long),
    ] {
        let fill = |directory: ScriptedDirectory, loan: &Loan| directory.lends_with(&address(ALICE), loan.clone());
        let mut world = World { first: loans.iter().fold(ScriptedDirectory::new(), fill), ..World::new() };
        let report = world.one(ALICE);
        assert_eq!(sources(&report), [("first", print(best))]);
        world.policy.all_valid = true;
        let mut prints: Vec<_> = loans.iter().map(|loan| print(&loan.der)).collect();
        prints.sort();
        prints.dedup();
        let report = world.one(ALICE);
        assert_eq!(sources(&report)[0], ("first", print(best)));
        assert_eq!(report.found.len(), prints.len(), "all valid ones, each once");
    }
}

#[test]
fn a_worse_copy_of_a_certificate_hides_no_good_one() {
    let middle = root().authority("Middle", Key::P256(5));
    let der = middle.issue(&spec(ALICE, 1)).der().to_vec();
    let mut broken = der.clone();
    *broken.last_mut().unwrap() ^= 1;
    let issuers = vec![middle.der().to_vec()];
    let good = Loan { issuers: issuers.clone(), ..Loan::of(der.clone()) };
    let bare = Loan { preferred: true, ..Loan::of(der.clone()) };
    let broken = Loan { issuers, preferred: true, ..Loan::of(broken) };
    for loans in [[&bare, &good, &broken], [&broken, &bare, &good], [&good, &broken, &good]] {
        let fill = |directory: ScriptedDirectory, loan: &&Loan| directory.lends_with(&address(ALICE), (*loan).clone());
        let mut world = World { first: loans.iter().fold(ScriptedDirectory::new(), fill), ..World::new() };
        for all_valid in [false, true] {
            world.policy.all_valid = all_valid;
            assert_eq!(sources(&world.one(ALICE)), [("first", print(&der))], "{all_valid}");
        }
    }
}

#[test]
fn more_certificates_than_the_limit_are_said_to_be_too_many() {
    let fill = |directory: ScriptedDirectory, number| directory.lends(&address(ALICE), issue(&spec(BOB, number)));
    let world = World { first: (1..=40).fold(ScriptedDirectory::new(), fill), ..World::new() };
    let report = world.one(ALICE);
    assert_eq!(report.rejected.len(), world.engine.limits().candidates + 1);
    assert_eq!(report.rejected.last().unwrap().error.code(), Code::CandidatesTooMany);
    // Among those that were not judged may be a good one. Waiting does not mend that.
    assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Unavailable, Code::CandidatesTooMany));
    assert!(!report.may_get_plaintext());
    assert!(!world.resolve(&[ALICE]).complete().unwrap_err().is_temporary());
    // A directory that is down may mend, and then it counts before the limit.
    let world = World { second: ScriptedDirectory::new().is_down(), ..world };
    assert!(world.resolve(&[ALICE]).complete().unwrap_err().is_temporary());
}

#[test]
fn a_good_certificate_is_found_among_many_old_ones_wherever_it_stands() {
    let expired = |number| {
        let not_before = "2026-01-05T00:00:00Z".to_owned();
        issue(&CertSpec { not_before, not_after: "2026-02-01T00:00:00Z".to_owned(), ..spec(ALICE, number) })
    };
    let good = issue(&spec(ALICE, 99));
    let old: Vec<_> = (1..=40).map(expired).collect();
    for place in [0, 20, 40] {
        let mut all = old.clone();
        all.insert(place, good.clone());
        let fill = |directory: ScriptedDirectory, der| directory.lends(&address(ALICE), der);
        let world = World { first: all.into_iter().fold(ScriptedDirectory::new(), fill), ..World::new() };
        assert_eq!(sources(&world.one(ALICE)), [("first", print(&good))], "{place}");
    }
}

#[test]
fn what_a_limit_leaves_unread_is_not_known_to_be_useless() {
    let world = World { first: ScriptedDirectory::new().lends(&address(ALICE), vec![0x30; 70_000]), ..World::new() };
    let report = world.one(ALICE);
    assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Unavailable, Code::CertificateTooLarge));
    assert!(!report.may_get_plaintext());
    assert!(!world.resolve(&[ALICE]).complete().unwrap_err().is_temporary());
    // Behind as many unreadable ones as are read may be a good one; as the last that is read it is found.
    let junk = |directory: ScriptedDirectory, _| directory.lends(&address(ALICE), b"junk".to_vec());
    let behind = |count: usize| {
        let first = (0..count).fold(ScriptedDirectory::new(), junk).lends(&address(ALICE), issue(&spec(ALICE, 1)));
        World { first, ..World::new() }.one(ALICE)
    };
    let most = Limits::default().candidates_read();
    let report = behind(most - 1);
    assert_eq!(report.found.len(), 1);
    assert!(report.rejected.iter().all(|rejected| rejected.error.code() == Code::CertificateMalformed));
    let report = behind(most);
    assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Unavailable, Code::CandidatesTooMany));
    assert!(!report.may_get_plaintext());
}

#[test]
fn what_cannot_be_read_is_named_last() {
    let expired = issue(&CertSpec { not_after: "2026-02-01T00:00:00Z".to_owned(), ..spec(ALICE, 2) });
    let directory = ScriptedDirectory::new().lends(&address(ALICE), b"junk".to_vec()).lends(&address(ALICE), expired);
    let report = World { first: directory, ..World::new() }.one(ALICE);
    assert_eq!(rejections(&report), [("first", Code::CertificateExpired), ("first", Code::CertificateMalformed)]);
    assert_eq!(report.error.unwrap().code(), Code::CertificateExpired);
}

#[test]
fn a_directory_that_lends_a_maze_gets_no_more_work_done_than_for_one_certificate() {
    let issuers: Vec<Vec<u8>> =
        (0..32).map(|number| Authority::root("Maze", Key::P521(500 + number)).der().to_vec()).collect();
    let signer = Authority::root("Maze", Key::P521(900));
    let fill = |directory: ScriptedDirectory, number| {
        let der = signer.issue(&spec(ALICE, number)).der().to_vec();
        directory.lends_with(&address(ALICE), Loan { issuers: issuers.clone(), ..Loan::of(der) })
    };
    let world = World { first: (1..=32).fold(ScriptedDirectory::new(), fill), ..World::new() };
    let report = world.one(ALICE);
    assert_eq!((report.outcome, report.rejected.len()), (Outcome::Unavailable, 32));
    // Four checks with a key that counts three times are its share.
    assert!(report.rejected.iter().all(|rejected| rejected.error.code() == Code::SignatureBudget), "{report:?}");
}

#[test]
fn path_material_that_a_directory_lends_helps_and_is_no_anchor() {
    let middle = root().authority("Middle", Key::P256(5));
    let der = middle.issue(&spec(ALICE, 1)).der().to_vec();
    let foreign = Authority::root("Foreign", Key::P256(6));
    let by_foreign = foreign.issue(&spec(ALICE, 2)).der().to_vec();
    let loan =
        |der: &[u8], issuer: &[u8]| Loan { issuers: vec![b"junk".to_vec(), issuer.to_vec()], ..Loan::of(der.to_vec()) };
    let lends = |loan| ScriptedDirectory::new().lends_with(&address(ALICE), loan);
    let world = World { first: lends(loan(&der, middle.der())), ..World::new() };
    assert_eq!(sources(&world.one(ALICE)), [("first", print(&der))]);
    let world = World { first: lends(loan(&by_foreign, foreign.der())), ..World::new() };
    assert_eq!(world.one(ALICE).error.unwrap().code(), Code::PathNotFound);
}

#[test]
fn a_list_that_is_none_is_refused_by_name_before_anything_is_asked() {
    let world = World::new();
    let resolve = |visible: &[&str], hidden: &[&str]| {
        let all = |texts: &[&str]| texts.iter().map(|text| address(text)).collect();
        world.engine.resolve(all(visible), all(hidden), Context::new(now(), Arc::new(()))).map(|_| ()).unwrap_err()
    };
    assert_eq!(resolve(&[], &[]).error.code(), Code::RecipientsMissing);
    for (visible, hidden) in [(&[ALICE, "ALICE@goal.example"][..], &[][..]), (&[ALICE], &[ALICE]), (&[], &[BOB, BOB])] {
        let unsealed = resolve(visible, hidden);
        assert_eq!(unsealed.error.code(), Code::RecipientRepeated);
        assert_eq!(unsealed.recipients.len(), 1);
        assert_eq!(unsealed.recipients[0].error.unwrap().code(), Code::RecipientRepeated);
        assert!(!unsealed.is_temporary() && !format!("{unsealed} {unsealed:?}").contains("goal.example"));
    }
}
