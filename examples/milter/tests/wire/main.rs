//! The milter over its socket, without an MTA.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops where something is wrong"
)]

mod hostile;
mod mta;
#[path = "../shared/people.rs"]
mod people;
mod world;

use mta::{Mta, Submission};
use people::{correspondents, holds, person, plain};
use postseal::Address;
use postseal::directory::DirectoryId;
use postseal_testkit::factory::{Key, KeyUse, SignedMail};
use postseal_testkit::{MemoryStore, Opener, Recorder, ScriptedDirectory};
use std::sync::Arc;
use world::{CONFIGURATION, Milter, Mood, Moody};

const BOB: &str = "bob@goal.example";

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// Everybody writes to Bob once.
fn learned(milter: &Milter) -> Mta {
    let mut mta = Mta::connect(milter.address);
    for sender in correspondents() {
        let arrived = mta.send(&Submission::new(sender.address, &[BOB], sender.mail.clone())).unwrap();
        let text = String::from_utf8_lossy(&arrived);
        assert!(text.contains("X-Postseal-Result: passed; learned=imported\r\n"), "{}: {text}", sender.address);
        assert_eq!(arrived.split_at(sender.mail.len() - 40).1.last_chunk::<40>(), sender.mail.last_chunk::<40>());
    }
    mta
}

#[test]
fn whoever_signed_a_mail_gets_a_sealed_reply() {
    let store = Arc::new(Moody::default());
    let milter = Milter::start(store.clone());
    let mut mta = learned(&milter);
    assert_eq!(store.count("goal"), correspondents().len());
    for sender in correspondents() {
        let reply = Submission::new(BOB, &[sender.address], plain(sender.address)).login();
        let sealed = mta.send(&reply).unwrap();
        let text = String::from_utf8_lossy(&sealed);
        assert!(!text.contains("confidence") && text.contains("Subject: quarterly\r\n figures\r\n"), "{text}");
        let inner = Opener::new(sender.key).open_mail(&sealed).expect(sender.address);
        assert!(holds(&inner, "in confidence \u{fc}\r\n") && holds(&inner, "charset=utf-8"));
        for (name, count) in
            [("content-type:", 1), ("mime-version:", 1), ("content-transfer-encoding:", 1), ("from:", 1)]
        {
            let header = text.split("\r\n\r\n").next().unwrap().to_ascii_lowercase();
            assert_eq!(
                header.matches(&format!("\n{name}")).count() + usize::from(header.starts_with(name)),
                count,
                "{header}"
            );
        }
    }
    assert_eq!(store.count("soft"), 0, "another tenant learned nothing");
}

#[test]
fn a_mail_for_several_is_one_message_that_each_of_them_opens() {
    let milter = Milter::start(Arc::new(MemoryStore::new()));
    let mut mta = learned(&milter);
    let mut big = plain("alice@partner.example, Carol <carol@partner.example>");
    big.extend(b"0123456789abcdef0123456789abcdef\r\n".repeat(20_000));
    let to = ["alice@partner.example", "carol@partner.example"];
    let sealed = mta.send(&Submission::new(BOB, &to, big.clone()).login()).unwrap();
    let (_, body) = mta::read(&big);
    for key in [Key::Rsa(2), Key::P256(7)] {
        assert!(Opener::new(key).open_mail(&sealed).unwrap().ends_with(body), "every octet of {} is there", body.len());
    }
}

#[test]
fn nobody_without_a_certificate_gets_anything_where_the_route_demands_it() {
    let milter = Milter::start(Arc::new(MemoryStore::new()));
    let mut mta = learned(&milter);
    for to in [&["nobody@partner.example"][..], &["alice@partner.example", "nobody@partner.example"]] {
        let line = mta.send(&Submission::new(BOB, to, plain(&to.join(", "))).login()).unwrap_err();
        assert!(line.starts_with("550 5.7.5 postseal: ") && line.ends_with("(no-certificate)"), "{line}");
        assert!(!line.contains("partner.example"));
    }
}

#[test]
fn hidden_recipients_are_told_to_nobody() {
    let milter = Milter::start(Arc::new(MemoryStore::new()));
    let mut mta = learned(&milter);
    let both = ["alice@partner.example", "carol@partner.example"];
    let hidden = || Submission::new(BOB, &both, plain(both[0])).login();
    let line = mta.send(&hidden()).unwrap_err();
    assert!(line.starts_with("550 5.7.1 ") && line.ends_with("(hidden)"), "{line}");
    let alone = mta.send(&Submission::new(BOB, &both[1..], plain(both[0])).login()).unwrap();
    assert!(Opener::new(Key::P256(7)).open_mail(&alone).is_some(), "nobody else gets this message");

    let filter = CONFIGURATION.replace("result_header", "split = \"filter\"\nresult_header");
    let milter = Milter::with(&filter, |host| host.with_store(Arc::new(MemoryStore::new())));
    let mut mta = learned(&milter);
    let handed_over = String::from_utf8(mta.send(&hidden()).unwrap()).unwrap();
    assert!(handed_over.contains("\r\nX-Postseal-Split: hidden; tenant=goal; route=outbound\r\n"), "{handed_over}");
}

#[test]
fn who_reads_nothing_in_common_would_need_a_mail_of_his_own() {
    let strict = CONFIGURATION
        .replace("mode = \"all-or-nothing\" }\n[tenants.soft", "preset = \"strict-aead\" }\n[tenants.soft");
    assert_ne!(strict, CONFIGURATION);
    let both = ["alice@partner.example", "carol@partner.example"];
    let started = |configuration: &str| {
        let milter = Milter::with(configuration, |host| host.with_store(Arc::new(MemoryStore::new())));
        let mut mta = Mta::connect(milter.address);
        // AES-256-GCM and nothing else, AES-128-GCM and nothing else (RFC 8551 2.5.2).
        for (sender, key, reads) in [(both[0], Key::Rsa(2), 46), (both[1], Key::Rsa(3), 6)] {
            let signed = SignedMail::new(sender, &person(sender, key, KeyUse::SignAndEncrypt))
                .header("To: bob@goal.example")
                .reads(&[reads]);
            mta.send(&Submission::new(sender, &[BOB], signed.build())).unwrap();
        }
        (milter, mta)
    };
    let together = || Submission::new(BOB, &both, plain(&both.join(", "))).login();
    let (_milter, mut mta) = started(&strict);
    let line = mta.send(&together()).unwrap_err();
    assert!(line.starts_with("550 5.7.1 ") && line.ends_with("(apart)"), "{line}");
    for (to, key) in [(both[0], Key::Rsa(2)), (both[1], Key::Rsa(3))] {
        let alone = mta.send(&Submission::new(BOB, &[to], plain(to)).login()).unwrap();
        assert!(Opener::new(key).open_mail(&alone).is_some(), "{to}");
    }
    let (_milter, mut mta) = started(&strict.replace("result_header", "split = \"filter\"\nresult_header"));
    let handed_over = String::from_utf8(mta.send(&together()).unwrap()).unwrap();
    assert!(handed_over.contains("\r\nX-Postseal-Split: apart; tenant=goal; route=outbound\r\n"), "{handed_over}");
}

#[test]
fn a_directory_lends_and_the_store_stays_as_it_is() {
    let (store, recorder) = (Arc::new(Moody::default()), Arc::new(Recorder::default()));
    let lent = person("lena@staff.example", Key::P256(5), KeyUse::SignAndEncrypt);
    let directory = ScriptedDirectory::new().lends(&address("lena@staff.example"), lent.der().to_vec());
    let directory = Arc::new(directory.is_down_for(&address("gone@staff.example")));
    let milter = Milter::with(CONFIGURATION, |host| {
        host.with_store(store.clone())
            .with_tracer(recorder.clone())
            .with_directory(DirectoryId::new("staff"), directory)
    });
    let mut mta = Mta::connect(milter.address);
    let sealed = mta.send(&Submission::new(BOB, &["lena@staff.example"], plain("lena@staff.example")).login()).unwrap();
    assert!(Opener::new(Key::P256(5)).open_mail(&sealed).is_some());
    assert_eq!(store.count("goal"), 0);
    let names = recorder.names();
    assert!(names.contains(&"lent-used") && names.contains(&"lent-discarded"), "{names:?}");

    for from in [BOB, "sue@soft.example"] {
        let gone = Submission::new(from, &["gone@staff.example"], plain("gone@staff.example")).login();
        let line = mta.send(&gone).unwrap_err();
        assert!(line.starts_with("451 4.4.3 ") && line.ends_with("(directory-unavailable)"), "{from}: {line}");
    }
    // Who is not known yet may have a certificate: the mail is not divided before that is known.
    let to = ["lena@staff.example", "gone@staff.example"];
    let line = mta.send(&Submission::new("sue@soft.example", &to, plain(&to.join(", "))).login()).unwrap_err();
    assert!(line.starts_with("451 4.4.3 "), "{line}");
}

#[test]
fn a_route_that_seals_for_whom_it_can_lets_others_pass_and_hides_subjects() {
    let milter = Milter::start(Arc::new(MemoryStore::new()));
    let mut mta = Mta::connect(milter.address);
    let alice = &correspondents()[0];
    let to_soft = SignedMail::new(alice.address, &person(alice.address, alice.key, KeyUse::SignAndEncrypt)).build();
    // What comes to this tenant is sealed for its own people, who have no certificate yet: it is learned from all the same.
    let line = mta.send(&Submission::new(alice.address, &["sue@soft.example"], to_soft)).unwrap_err();
    assert!(line.contains("(no-certificate)"), "{line}");
    let from_sue = |to: &[&str]| Submission::new("sue@soft.example", to, plain(&to.join(", "))).login();
    let passed = mta.send(&from_sue(&["nobody@partner.example"])).unwrap();
    assert!(holds(&passed, "in confidence") && !holds(&passed, "X-Postseal"), "others are told nothing");
    let sealed = mta.send(&from_sue(&[alice.address])).unwrap();
    assert!(holds(&sealed, "\r\nSubject: [...]\r\n") && !holds(&sealed, "quarterly"));
    assert!(holds(&Opener::new(alice.key).open_mail(&sealed).unwrap(), "Subject: quarterly\r\n figures"));
    let line = mta.send(&from_sue(&[alice.address, "nobody@partner.example"])).unwrap_err();
    assert!(line.starts_with("550 5.7.1 ") && line.ends_with("(partly-found)"), "{line}");
    // Somebody in the Bcc makes several mails of it only where one is sealed.
    let to_both = |first: &str| {
        let to = [first, "hidden@partner.example"];
        Submission::new("sue@soft.example", &to, plain(first)).login()
    };
    assert!(holds(&mta.send(&to_both("nobody@partner.example")).unwrap(), "in confidence"));
    assert!(mta.send(&to_both(alice.address)).unwrap_err().ends_with("(partly-found)"));
}

#[test]
fn what_comes_in_is_sealed_where_the_route_asks_for_it() {
    let milter = Milter::start(Arc::new(MemoryStore::new()));
    let mut mta = Mta::connect(milter.address);
    let sue = person("sue@soft.example", Key::Rsa(0), KeyUse::SignAndEncrypt);
    // Sue's own certificate is learned when she writes to a colleague, although he has none.
    let own = SignedMail::new("sue@soft.example", &sue).header("To: tom@soft.example").build();
    mta.send(&Submission::new("sue@soft.example", &["tom@soft.example"], own).login()).unwrap_err();
    let sealed =
        mta.send(&Submission::new("x@else.example", &["sue@soft.example"], plain("sue@soft.example"))).unwrap();
    assert!(Opener::new(Key::Rsa(0)).open_mail(&sealed).is_some());
    // Bob's tenant does not ask for it: together they would be two mails.
    for to in [["sue@soft.example", BOB], [BOB, "sue@soft.example"], ["sue@soft.example", "tom@soft.example"]] {
        let line = mta.send(&Submission::new("x@else.example", &to, plain(&to.join(", ")))).unwrap_err();
        assert!(line.starts_with("452 4.5.3 "), "sent once more by its client: {line}");
        mta.write(&mta::packet(b"A"));
    }
    let to = ["sue@soft.example", BOB];
    let ours = Submission::new("who@goal.example", &to, plain(&to.join(", ")));
    let never = CONFIGURATION.replace("all-or-nothing\" }\n[tenants.soft", "never\" }\n[tenants.soft");
    let never = Milter::with(&never, |host| host.with_store(Arc::new(MemoryStore::new())));
    let line = Mta::connect(never.address).send(&ours.login()).unwrap_err();
    assert!(line.ends_with("(routes)"), "{line}");
    // Nor is it enough that the sender's route lets it pass: Tom has no certificate.
    let to_tom = Submission::new("sue@soft.example", &["tom@soft.example"], plain("tom@soft.example")).login();
    let line = mta.send(&to_tom).unwrap_err();
    assert!(line.ends_with("(no-certificate)"), "{line}");
}

#[test]
fn mail_of_nobody_is_treated_as_configured() {
    let milter = Milter::start(Arc::new(MemoryStore::new()));
    let mut mta = Mta::connect(milter.address);
    let outgoing = |from: &str| Submission::new(from, &["x@partner.example"], plain("x@partner.example")).login();
    for from in ["who@unknown.example", "", "no address"] {
        let line = mta.send(&outgoing(from)).unwrap_err();
        assert!(line.starts_with("550 5.7.1 ") && line.ends_with("(unknown-sender)"), "{line}");
    }
    let incoming = Submission::new("x@partner.example", &["y@unknown.example"], plain("y@unknown.example"));
    assert!(holds(&mta.send(&incoming).unwrap(), "in confidence"));
    let tempfail = CONFIGURATION
        .replace("message_seconds", "null_sender = \"soft.example\"\nunknown_sender = \"tempfail\"\nmessage_seconds");
    let milter = Milter::with(&tempfail, |host| host.with_store(Arc::new(MemoryStore::new())));
    let mut mta = Mta::connect(milter.address);
    assert!(mta.send(&outgoing("who@unknown.example")).unwrap_err().starts_with("451 4.7.1 "));
    assert!(mta.send(&outgoing("")).is_ok(), "a report of a machine, as the tenant's own mail");
}

#[test]
fn without_a_sender_whom_to_believe_what_leaves_is_outgoing() {
    let believed = CONFIGURATION.replace("message_seconds", "outgoing = [\"sender\"]\nmessage_seconds");
    let to = |to: &str| Submission::new("", &[to], plain(to));
    let milter = Milter::with(&believed, |host| host.with_store(Arc::new(MemoryStore::new())));
    let mut mta = Mta::connect(milter.address);
    for from in ["", "sales..eu@goal.example", "@relay.example:bob@goal.example"] {
        let line = mta.send(&Submission::new(from, &["x@partner.example"], plain("x@partner.example"))).unwrap_err();
        assert!(line.starts_with("550 5.7.1 ") && line.ends_with("(unknown-sender)"), "{from}: {line}");
        mta.write(&mta::packet(b"A"));
    }
    assert!(mta.send(&to(BOB)).is_ok(), "a report from elsewhere");
    let known = believed.replace("message_seconds", "null_sender = \"goal.example\"\nmessage_seconds");
    let milter = Milter::with(&known, |host| host.with_store(Arc::new(MemoryStore::new())));
    let mut mta = Mta::connect(milter.address);
    let line = mta.send(&to("x@partner.example")).unwrap_err();
    assert!(line.ends_with("(no-certificate)"), "as the mail of goal.example: {line}");
    assert!(mta.send(&to(BOB)).is_ok());
}

#[test]
fn many_connections_at_once_seal_each_mail_for_its_own_recipient() {
    let two = CONFIGURATION.replace("message_seconds", "workers = 2\nmessage_seconds");
    let milter = Milter::with(&two, |host| host.with_store(Arc::new(MemoryStore::new())));
    drop(learned(&milter));
    let address = milter.address;
    let threads = (0..8).map(|number| {
        std::thread::spawn(move || {
            let sender = correspondents().remove(number % 4);
            let mut mta = Mta::connect(address);
            for _ in 0..5 {
                let sealed = mta.send(&Submission::new(BOB, &[sender.address], plain(sender.address)).login()).unwrap();
                assert!(Opener::new(sender.key).open_mail(&sealed).is_some());
            }
        })
    });
    threads.collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn a_store_that_fails_panics_or_sleeps_lets_nothing_out() {
    let store = Arc::new(Moody::default());
    let hasty = CONFIGURATION.replace("message_seconds = 20", "message_seconds = 1");
    let milter = Milter::with(&hasty, |host| host.with_store(store.clone()));
    let mut mta = learned(&milter);
    let alice = &correspondents()[0];
    let signed = Submission::new(alice.address, &[BOB], alice.mail.clone());
    let reply = Submission::new(BOB, &[alice.address], plain(alice.address)).login();
    let open = Submission::new("sue@soft.example", &[alice.address], plain(alice.address)).login();
    for (mood, words) in [(Mood::Fails, "(store-unavailable)"), (Mood::Panics, "The milter failed"), (Mood::Slow, "")] {
        for submission in [&signed, &reply, &open] {
            store.is(mood);
            match mta.send(submission) {
                Err(line) => assert!(line.starts_with("451 4.") && line.contains(words), "{mood:?}: {line}"),
                Ok(mail) => assert!(mood == Mood::Slow && holds(&mail, "pkcs7"), "only what was sealed or signed"),
            }
            store.is(Mood::Works);
        }
        assert!(mta.send(&reply).is_ok(), "all is well again after {mood:?}");
    }
}
