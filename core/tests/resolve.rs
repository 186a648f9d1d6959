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
use postseal_testkit::factory::{Authority, CertSpec, Key, KeyUse};
use postseal_testkit::{Loan, MemoryStore, Recorder, ScriptedDirectory};
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
        let certificate = Certificate::from_der(der, &Limits::default()).unwrap();
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
fn what_fails_a_check_now_is_rejected_with_its_own_code_wherever_it_comes_from() {
    let wrong_root = Authority::root("Other", Key::P256(9)).issue(&spec(ALICE, 3)).der().to_vec();
    let critical = {
        let mut odd = spec(ALICE, 9);
        odd.overrides.extra_extensions =
            vec![postseal_testkit::factory::extension("1.3.6.1.4.1.99999.1", true, b"\x05\x00")];
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
        (vec![0x30; 70_000], Code::CertificateTooLarge),
    ] {
        let world = World { first: ScriptedDirectory::new().lends(&address(ALICE), der), ..World::new() };
        let report = world.one(ALICE);
        assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Unusable, code));
        assert_eq!(rejections(&report), [("first", code)]);
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
    assert_eq!((report.outcome, report.rejected.len()), (Outcome::Unusable, 32));
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
fn a_directory_is_asked_only_about_its_domains_and_once_for_all_who_need_it() {
    let directories = Directories::new()
        .ask_for(DirectoryId::new("first"), &["goal.example"])
        .unwrap()
        .ask_for(DirectoryId::new("second"), &["other.example"])
        .unwrap();
    let mut world = World::new();
    world.engine = world.engine.with_directories(PerRoute::new(directories));
    world.keep(&issue(&spec(ALICE, 1)), NOW);
    let report = world.resolve(&[ALICE, BOB, "carol@goal.example", "dan@other.example", "erin@third.example"]);
    let outcomes: Vec<_> = report.reports().map(|report| report.outcome.name()).collect();
    assert_eq!(outcomes, ["found", "not-found", "not-found", "not-found", "not-found"]);
    let asked = |directory: &ScriptedDirectory| -> Vec<Vec<String>> {
        let keys = |addresses: &[Address]| addresses.iter().map(|address| address.key().to_owned()).collect();
        directory.asked().iter().map(|query| keys(&query.addresses)).collect()
    };
    assert_eq!(asked(&world.first), [vec!["bob@goal.example", "carol@goal.example"]]);
    assert_eq!(asked(&world.second), [vec!["dan@other.example"]]);
}

#[test]
fn a_directory_that_the_host_does_not_have_is_unavailable() {
    let world = World::new();
    let resolution =
        drive::run(world.begin(&[ALICE], Arc::new(())), &Lookup::new(&world.store), &(), &|| false).unwrap();
    let report = resolution.reports().next().unwrap();
    assert_eq!(report.outcome, Outcome::Unavailable);
    assert_eq!(report.unavailable.as_ref().unwrap().detail(), Code::DirectoryUnknown.sentence());
}

#[test]
fn after_the_deadline_nothing_is_asked_and_everything_is_unavailable() {
    let world =
        World { first: ScriptedDirectory::new().lends(&address(ALICE), issue(&spec(ALICE, 1))), ..World::new() };
    let resolution = drive::run(world.begin(&[ALICE], Arc::new(())), &world.lookup(), &(), &|| true).unwrap();
    assert_eq!(resolution.reports().next().unwrap().outcome, Outcome::Unavailable);
    assert!(world.first.asked().is_empty());
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

#[test]
fn authenticated_encryption_is_a_demand_on_candidates() {
    let gcm = Capabilities::new(b"\x30\x0d\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2e".to_vec(), None);
    let able = issue(&spec(ALICE, 1));
    let unable = issue(&CertSpec { not_before: "2026-05-01T00:00:00Z".to_owned(), ..spec(ALICE, 2) });
    let directory = ScriptedDirectory::new()
        .lends(&address(ALICE), unable.clone())
        .lends_with(&address(ALICE), Loan { capabilities: Some(gcm), ..Loan::of(able.clone()) });
    let mut world = World { first: directory, ..World::new() };
    assert_eq!(sources(&world.one(ALICE)), [("first", print(&unable))]);
    world.policy.require_aead = true;
    let report = world.one(ALICE);
    assert_eq!(sources(&report), [("first", print(&able))]);
    assert_eq!(rejections(&report), [("first", Code::AeadNotSupported)]);
}

#[test]
fn modes_say_who_is_left_out_and_what_the_host_may_do() {
    let mut world =
        World { second: ScriptedDirectory::new().is_down_for(&address("dan@goal.example")), ..World::new() };
    world.keep(&issue(&spec(ALICE, 1)), NOW);
    let plan = |world: &World, mailboxes: &[&str]| world.resolve(mailboxes).plan();
    for mode in [Mode::AllOrNothing, Mode::OnlyEncrypted, Mode::IfPossible] {
        world.policy.mode = mode;
        let all = plan(&world, &[ALICE]).unwrap();
        assert!(all.recipients.is_some() && all.left_out.is_empty());
    }
    world.policy.mode = Mode::AllOrNothing;
    let unsealed = plan(&world, &[ALICE, "dan@goal.example", BOB]).unwrap_err();
    assert_eq!((unsealed.error.code(), unsealed.recipients.len()), (Code::NoCertificate, 2));
    assert!(plan(&world, &[ALICE, "dan@goal.example"]).unwrap_err().is_temporary());

    world.policy.mode = Mode::OnlyEncrypted;
    let some = plan(&world, &[ALICE, BOB]).unwrap();
    assert!(some.recipients.is_some() && !some.plaintext_allowed);
    assert_eq!(*some.left_out[0].address.expose(), address(BOB));
    assert_eq!(plan(&world, &[BOB]).unwrap_err().error.code(), Code::NoCertificate);

    world.policy.mode = Mode::IfPossible;
    let none = plan(&world, &[BOB]).unwrap();
    assert!(none.recipients.is_none() && none.plaintext_allowed && none.left_out.len() == 1);

    world.policy.mode = Mode::Never;
    let never = world.resolve(&[ALICE, BOB]);
    assert!(never.reports().all(|report| report.outcome == Outcome::NotAsked));
    assert!(never.plan().unwrap().recipients.is_none());
    assert_eq!(world.resolve(&[ALICE]).complete().unwrap_err().error.code(), Code::RouteNeverSeals);
}

#[test]
fn recipients_who_have_no_content_encryption_in_common_are_named_before_anything_is_sealed() {
    let named = |last: u8| {
        Some(Capabilities::new(vec![0x30, 13, 0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, last], None))
    };
    let (gcm128, gcm256) = (named(0x06), named(0x2e));
    let lends = |directory: ScriptedDirectory, (number, capabilities): (u64, &Option<Capabilities>)| {
        let mailbox = format!("r{number}@goal.example");
        let loan = Loan { capabilities: capabilities.clone(), ..Loan::of(issue(&spec(&mailbox, number))) };
        directory.lends_with(&address(&mailbox), loan)
    };
    let everybody = [&gcm256, &gcm128, &gcm256];
    let directory = (0..).zip(everybody).fold(ScriptedDirectory::new(), lends);
    let mut world = World { first: directory, ..World::new() };
    world.policy = Policy::preset("strict-aead").unwrap();
    let mailboxes = ["r0@goal.example", "r1@goal.example", "r2@goal.example"];
    let unsealed = world.resolve(&mailboxes).complete().unwrap_err();
    assert_eq!((unsealed.error.code(), unsealed.recipients.len()), (Code::ContentEncryptionMismatch, 1));
    assert_eq!(*unsealed.recipients[0].address.expose(), address("r1@goal.example"));
    assert!(world.resolve(&mailboxes[..2]).complete().is_err());
    let (recipients, left_out) = world.resolve(&mailboxes).split();
    assert_eq!((recipients.unwrap().envelopes()[0].addresses().count(), left_out.len()), (2, 1));
    // Without authentication as a demand, but with nothing else allowed: who never named it is named himself.
    world.policy = Policy::default();
    world.policy.allowed = vec![postseal::seal::ContentEncryption::Aes256Gcm];
    let report = world.one("r1@goal.example");
    assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Unusable, Code::ContentEncryptionMismatch));
}

#[test]
fn plaintext_is_for_nobody_about_whom_an_operator_must_decide_or_nobody_answered() {
    let (mut world, _) = conflicted();
    world.policy.mode = Mode::IfPossible;
    world.policy.conflict = OnConflict::FailClosed;
    let plan = world.resolve(&[ALICE, BOB]).plan().unwrap();
    let may: Vec<bool> = plan.left_out.iter().map(RecipientReport::may_get_plaintext).collect();
    assert_eq!((plan.plaintext_allowed, may), (true, vec![false, true]));
    let down = World { first: ScriptedDirectory::new().is_down(), ..World::new() };
    assert!(!down.one(BOB).may_get_plaintext());
}

/// Answers the open questions in the order that `next` chooses, and gives the reports and the events.
fn run_in_order(
    world: &World,
    mailboxes: &[&str],
    next: &mut dyn FnMut(usize) -> usize,
) -> (Vec<RecipientReport>, Vec<String>) {
    let recorder = Arc::new(Recorder::default());
    let mut resolve = world.begin(mailboxes, recorder.clone());
    let mut open = Vec::new();
    loop {
        match resolve.poll(&*recorder).unwrap() {
            Step::Ask(ask) => open.push(ask),
            Step::Wait => {
                let answer = drive::World::carry_out(&world.lookup(), open.remove(next(open.len())));
                resolve.handle(answer).unwrap();
            }
            Step::Done(resolution) => {
                let reports = resolution.reports().cloned().collect();
                drop(resolution);
                let mut events: Vec<_> = recorder
                    .events()
                    .iter()
                    .map(|event| {
                        format!(
                            "{event:?} {:?}",
                            event.address.as_ref().map(|address| address.expose().key().to_owned())
                        )
                    })
                    .collect();
                events.sort();
                return (reports, events);
            }
        }
    }
}

#[test]
fn any_order_of_answers_gives_the_same_resolution_and_the_same_set_of_events() {
    let names: Vec<String> = (0..12).map(|number| format!("r{number}@d{}.example", number % 4)).collect();
    let mailboxes: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = World::new();
    let directories = Directories::new()
        .ask_for(DirectoryId::new("first"), &["d0.example", "d1.example"])
        .unwrap()
        .ask_for(DirectoryId::new("second"), &["d1.example", "d2.example", "d3.example"])
        .unwrap()
        .ask_for(DirectoryId::new("first"), &["d2.example"])
        .unwrap();
    world.engine = world.engine.with_directories(PerRoute::new(directories));
    for (number, mailbox) in mailboxes.iter().enumerate() {
        let number = u64::try_from(number).unwrap();
        let der = issue(&spec(mailbox, number));
        match number % 5 {
            0 => world.first = std::mem::take(&mut world.first).lends(&address(mailbox), der),
            1 => world.second = std::mem::take(&mut world.second).lends(&address(mailbox), der),
            2 => world.first = std::mem::take(&mut world.first).is_down_for(&address(mailbox)),
            3 => drop(world.keep(&der, NOW)),
            _ => {}
        }
    }
    let expected = run_in_order(&world, &mailboxes, &mut |_| 0);
    assert_eq!(run_in_order(&world, &mailboxes, &mut |open| open - 1), expected);
    for seed in 1..50_usize {
        let mut state = seed;
        let shuffled = run_in_order(&world, &mailboxes, &mut |open| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % open
        });
        assert_eq!(shuffled, expected, "{seed}");
    }
    let outcomes: std::collections::BTreeSet<_> = expected.0.iter().map(|report| report.outcome.name()).collect();
    assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), ["found", "not-found", "unavailable"]);
}

#[test]
fn answers_of_others_are_refused_and_change_nothing() {
    let world = World::new();
    let (mut one, mut other) = (world.begin(&[ALICE], Arc::new(())), world.begin(&[ALICE], Arc::new(())));
    let Step::Ask(Ask::FindStored(mine)) = one.poll(&()).unwrap() else { panic!() };
    let Step::Ask(Ask::FindStored(foreign)) = other.poll(&()).unwrap() else { panic!() };
    let entries = || Ok(vec![Entry::absent(address(ALICE))]);
    assert_eq!(one.handle(foreign.answer(entries())).unwrap_err().code(), Code::ForeignAnswer);
    assert!(matches!(one.poll(&()).unwrap(), Step::Wait));
    one.handle(mine.answer(entries())).unwrap();
    let Step::Ask(Ask::ResolveDirectory(first)) = one.poll(&()).unwrap() else { panic!() };
    one.handle(first.answer(Ok(vec![DirectoryReply::NotFound]))).unwrap();
    let Step::Ask(Ask::ResolveDirectory(second)) = one.poll(&()).unwrap() else { panic!() };
    one.handle(second.answer(Ok(vec![DirectoryReply::Found(Vec::new())]))).unwrap();
    let Step::Done(resolution) = one.poll(&()).unwrap() else { panic!() };
    assert_eq!(resolution.reports().next().unwrap().outcome, Outcome::NotFound);
    assert_eq!(one.poll(&()).unwrap_err().code(), Code::PolledWhileFinished);
}

#[test]
fn a_resolution_that_is_dropped_gives_back_what_was_lent() {
    let der = issue(&spec(ALICE, 1));
    let world = World { first: ScriptedDirectory::new().lends(&address(ALICE), der), ..World::new() };
    let recorder = Arc::new(Recorder::default());
    let resolution =
        drive::run(world.begin(&[ALICE], recorder.clone()), &world.lookup(), &*recorder, &|| false).unwrap();
    assert_eq!(recorder.names(), ["revocation-unknown", "recipient-found"]);
    drop(resolution);
    assert_eq!(recorder.names().last(), Some(&"lent-discarded"));
}

#[test]
fn with_an_executor_all_open_questions_are_carried_out_at_once() {
    use std::cell::Cell;
    use std::future::Future;
    use std::task::{Poll, Waker};

    let mut world = World::new();
    let directories = Directories::new()
        .ask_for(DirectoryId::new("first"), &["goal.example"])
        .unwrap()
        .ask_for(DirectoryId::new("second"), &["other.example"])
        .unwrap();
    world.engine = world.engine.with_directories(PerRoute::new(directories));
    world.first = std::mem::take(&mut world.first).lends(&address(ALICE), issue(&spec(ALICE, 1)));
    let (open, most) = (Cell::new(0), Cell::new(0));
    let future = drive::run_async(world.begin(&[ALICE, "dan@other.example"], Arc::new(())), &(), |ask| {
        let (world, open, most) = (&world, &open, &most);
        async move {
            open.set(open.get() + 1);
            // Comes back once before it answers, as a network would.
            let mut waited = false;
            std::future::poll_fn(
                |_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending },
            )
            .await;
            most.set(most.get().max(open.get()));
            let answer = drive::World::carry_out(&world.lookup(), ask);
            open.set(open.get() - 1);
            answer
        }
    });
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(Waker::noop());
    let resolution = loop {
        if let Poll::Ready(resolution) = future.as_mut().poll(&mut context) {
            break resolution.unwrap();
        }
    };
    assert_eq!(resolution.reports().map(|report| report.outcome.name()).collect::<Vec<_>>(), ["found", "not-found"]);
    assert_eq!(most.get(), 2, "both directories at the same time");
}
