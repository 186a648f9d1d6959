//! What a policy demands of all recipients together, and what a host may do then.

use super::*;
use postseal::cert::TransientCert;
use postseal::directory::DirectoryResolver;
use postseal::query::ResolveDirectory;
use postseal_testkit::factory::{Form, KeyPreference, Person, SignedMail};

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

/// Capabilities with one algorithm, by the last arc of its name.
fn named(last: u8) -> Option<Capabilities> {
    Some(Capabilities::new(vec![0x30, 13, 0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, last], None))
}

const AES128_GCM: u8 = 0x06;
const AES256_CBC: u8 = 0x2a;
const AES256_GCM: u8 = 0x2e;

/// A world of recipients `r0`, `r1` and so on, who each named one algorithm, under the preset `strict-aead`.
fn readers(of: &[u8]) -> World {
    let lends = |directory: ScriptedDirectory, (number, last): (u64, &u8)| {
        let mailbox = format!("r{number}@goal.example");
        let loan = Loan { capabilities: named(*last), ..Loan::of(issue(&spec(&mailbox, number))) };
        directory.lends_with(&address(&mailbox), loan)
    };
    let mut world = World { first: (0..).zip(of).fold(ScriptedDirectory::new(), lends), ..World::new() };
    world.policy = Policy::preset("strict-aead").unwrap();
    world
}

const R: [&str; 4] = ["r0@goal.example", "r1@goal.example", "r2@goal.example", "r3@goal.example"];

// hardening: E1
#[test]
fn recipients_who_have_no_content_encryption_in_common_get_messages_of_their_own() {
    let world = readers(&[AES256_GCM, AES128_GCM, AES256_GCM]);
    let groups = |mailboxes: &[&str]| -> Vec<Vec<String>> {
        let envelopes = world.resolve(mailboxes).complete().unwrap().envelopes();
        let names =
            |envelope: &postseal::seal::Envelope| envelope.addresses().map(|to| to.as_str().to_owned()).collect();
        envelopes.iter().map(names).collect()
    };
    assert_eq!(groups(&R[..3]), [vec![R[0], R[2]], vec![R[1]]]);
    assert_eq!(groups(&R[..2]), [[R[0]], [R[1]]]);
    assert_eq!(groups(&[R[0], R[2]]), [[R[0], R[2]]]);
    let sealed = world.resolve(&R[..3]).complete().unwrap();
    let sealed = sealed.seal(b"Subject: x\r\n\r\nhello\r\n", &mut postseal_testkit::SeededRandom::new(1)).unwrap();
    let algorithms: Vec<_> = sealed.iter().map(|sealed| sealed.content_encryption.name()).collect();
    assert_eq!(algorithms, ["aes256-gcm", "aes128-gcm"]);
}

// hardening: E1
#[test]
fn somebody_with_a_good_certificate_gets_no_plaintext_because_of_what_he_reads() {
    let mut world = readers(&[AES256_GCM, AES256_CBC]);
    world.policy.mode = Mode::IfPossible;
    let plan = world.resolve(&[R[0], R[1], BOB]).plan().unwrap();
    let left_out: Vec<_> =
        plan.left_out.iter().map(|out| (out.error.unwrap().code(), out.may_get_plaintext())).collect();
    assert_eq!(left_out, [(Code::AeadNotSupported, false), (Code::NoCertificate, true)]);
    // Without authentication as a demand, but with nothing else allowed: who never named it is named himself.
    world.policy = Policy::default();
    world.policy.allowed = vec![postseal::seal::ContentEncryption::Aes256Gcm];
    let report = world.one(R[1]);
    assert_eq!((report.outcome, report.error.unwrap().code()), (Outcome::Unusable, Code::ContentEncryptionMismatch));
    assert!(!report.may_get_plaintext());
}

/// Who was replaced may be somebody else: what she reads is no reason to write to him.
// hardening: E1
#[test]
fn a_superseded_certificate_is_not_used_because_of_what_the_owner_of_the_active_one_reads() {
    let mut world = World::new();
    let his = root().issue(&CertSpec { subject: "somebody else".to_owned(), ..spec(ALICE, 1) });
    let hers = root().issue(&spec(ALICE, 2));
    let import = |mail: SignedMail| {
        let context = postseal::import::Context::new(now());
        world.engine.import_mail(&mail.build(), context, &world.store, &()).unwrap().outcome.name()
    };
    assert_eq!(import(SignedMail::new(ALICE, &his).reads(&[AES256_GCM.into()])), "imported");
    assert_eq!(import(SignedMail::new(ALICE, &hers).reads(&[AES256_CBC.into()])), "held");
    world.decide(ALICE, &print(hers.der()), Decision::Approve);
    world.policy = Policy::preset("strict-aead").unwrap();
    let report = world.one(ALICE);
    assert_eq!((sources(&report), rejections(&report)), (Vec::new(), vec![("store", Code::AeadNotSupported)]));
    assert!(!report.may_get_plaintext());
    // Hers from a directory, where nothing stands beside it, is hers all the same; what she published later counts.
    let lent = |capabilities| Loan { capabilities, ..Loan::of(hers.der().to_vec()) };
    world.first = ScriptedDirectory::new().lends_with(&address(ALICE), lent(None));
    let report = world.one(ALICE);
    assert_eq!(rejections(&report), [("store", Code::AeadNotSupported), ("first", Code::AeadNotSupported)]);
    let list = named(AES256_GCM).unwrap().der().to_vec();
    // As old as what her mail said, and a minute younger.
    let dates = ["2019-01-01T00:00:00Z", "2026-05-01T12:00:00Z", "2026-05-01T12:01:00Z"].map(Some);
    for (signed_at, found) in [(None, 0), (dates[0], 0), (dates[1], 0), (dates[2], 1)] {
        let signed_at = signed_at.map(|text| UnixTime::from_rfc3339(text).unwrap());
        let published = Some(Capabilities::new(list.clone(), signed_at));
        world.first = ScriptedDirectory::new().lends_with(&address(ALICE), lent(published));
        assert_eq!(world.one(ALICE).found.len(), found, "{signed_at:?}");
    }
}

/// The SignedData that a directory has for everybody.
#[derive(Debug)]
struct Published(Vec<u8>);

impl DirectoryResolver for Published {
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        let lend = |about: &Address| TransientCert::from_cms(&self.0, about, &Limits::default()).unwrap();
        Ok(query.addresses.iter().map(|about| DirectoryReply::Found(lend(about))).collect())
    }
}

// hardening: I13
#[test]
fn a_published_preference_counts_when_its_signer_has_a_path_and_no_operator_decided_against_him() {
    let old = root().issue(&spec(ALICE, 1));
    let new = root().issue(&CertSpec { not_before: "2026-05-01T00:00:00Z".to_owned(), ..spec(ALICE, 2) });
    let signer = CertSpec { key_use: KeyUse::Sign, ..spec(ALICE, 3) };
    let (hers, made) = (root().issue(&signer), Authority::root("Nobody", Key::P256(9)).issue(&signer));
    let published = |signer: &Person| {
        let mail = SignedMail::new(ALICE, signer).form(Form::Opaque).with_certificate(new.der());
        Published(mail.prefers(&old, KeyPreference::Standard, true).cms())
    };
    let mut world = World::new();
    world.engine = world.engine.with_directories(PerRoute::new(Directories::new().ask(DirectoryId::new("first"))));
    let first = |world: &World, signer: &Person| {
        let directory = published(signer);
        let lookup = Lookup::new(&world.store).directory(DirectoryId::new("first"), &directory);
        let resolution = drive::run(world.begin(&[ALICE], Arc::new(())), &lookup, &(), &|| false).unwrap();
        resolution.reports().next().unwrap().found[0].fingerprint.to_string()
    };
    assert_eq!(first(&world, &hers), print(old.der()));
    assert_eq!(first(&world, &made), print(new.der()));
    // One certificate only that he signs with: an operator rejected it when mail brought it.
    let both = root().issue(&spec(ALICE, 4));
    assert_eq!(first(&world, &both), print(old.der()));
    let context = postseal::import::Context::new(now());
    let mail = SignedMail::new(ALICE, &both).build();
    assert_eq!(world.engine.import_mail(&mail, context, &world.store, &()).unwrap().outcome.name(), "imported");
    world.decide(ALICE, &print(both.der()), Decision::Reject);
    assert_eq!(first(&world, &both), print(new.der()));
}

#[test]
fn of_all_valid_keys_those_are_used_that_read_something_together_with_the_best() {
    let loan = |number, last| Loan { capabilities: named(last), ..Loan::of(issue(&spec(ALICE, number))) };
    let best = Loan { preferred: true, ..loan(2, AES128_GCM) };
    let (print_of_best, other) = (print(&best.der), loan(1, AES256_GCM));
    let mut world = readers(&[AES256_GCM]);
    world.first = world.first.lends_with(&address(ALICE), other).lends_with(&address(ALICE), best);
    world.policy.all_valid = true;
    let report = world.one(ALICE);
    assert_eq!(sources(&report), [("first", print_of_best)]);
    assert_eq!(rejections(&report), [("first", Code::ContentEncryptionMismatch)]);
    for (visible, hidden) in [(&[R[0], ALICE][..], &[][..]), (&[R[0]], &[ALICE]), (&[], &[R[0], ALICE])] {
        let all = |texts: &[&str]| texts.iter().map(|text| address(text)).collect();
        let context = Context::new(now(), Arc::new(())).policy(world.policy.clone());
        let resolve = world.engine.resolve(all(visible), all(hidden), context).unwrap();
        let resolution = drive::run(resolve, &world.lookup(), &(), &|| false).unwrap();
        let mut random = postseal_testkit::SeededRandom::new(1);
        let sealed = resolution.complete().unwrap().seal(b"Subject: x\r\n\r\nhello\r\n", &mut random).unwrap();
        assert_eq!(sealed.len(), 2, "{visible:?} {hidden:?}");
    }
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

/// Anybody who can sign mail with the address can bring that about, and wait for the active one to end.
#[test]
fn plaintext_is_for_nobody_whose_certificate_has_ended_while_another_one_waits() {
    let mut world = World::new();
    world.policy.mode = Mode::IfPossible;
    let ends = CertSpec { not_after: "2026-05-20T00:00:00Z".to_owned(), ..spec(ALICE, 1) };
    world.keep(&issue(&ends), "2026-05-01T00:00:00Z");
    let other = root().issue(&CertSpec { subject: "somebody else".to_owned(), ..spec(ALICE, 2) });
    let mail = SignedMail::new(ALICE, &other).build();
    let before = UnixTime::from_rfc3339("2026-05-10T00:00:00Z").unwrap();
    let report = world.engine.import_mail(&mail, postseal::import::Context::new(before), &world.store, &()).unwrap();
    assert_eq!(report.outcome.name(), "held");
    let plan = world.resolve(&[ALICE]).plan().unwrap();
    let report = &plan.left_out[0];
    assert_eq!(rejections(report), [("store", Code::CertificateExpired), ("store", Code::CertificateHeld)]);
    assert_eq!((report.outcome, report.needs_operator, report.may_get_plaintext()), (Outcome::Unusable, true, false));
    // What a directory has is used all the same.
    world.first = ScriptedDirectory::new().lends(&address(ALICE), issue(&spec(ALICE, 3)));
    assert!(!world.one(ALICE).needs_operator && world.one(ALICE).outcome == Outcome::Found);
}
