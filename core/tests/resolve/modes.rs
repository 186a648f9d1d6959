//! What a policy demands of all recipients together, and what a host may do then.

use super::*;

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

// hardening: E1
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
