//! What nobody should send.

use crate::mta::{self, Mta, Submission, packet};
use crate::people::{correspondents, holds, hostile, plain};
use crate::world::{CONFIGURATION, Milter, Moody};
use crate::{BOB, learned};
use postseal_testkit::MemoryStore;
use std::io::Read;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_forged_mail_goes_on_and_teaches_nothing() {
    let store = Arc::new(Moody::default());
    let milter = Milter::start(store.clone());
    let mut mta = Mta::connect(milter.address);
    let eve = hostile();
    let arrived = mta.send(&Submission::new(eve.address, &[BOB], eve.mail.clone())).unwrap();
    assert!(holds(&arrived, "X-Postseal-Result: passed; learned=refused\r\n"));
    let mut changed = correspondents()[0].mail.clone();
    let place = changed.windows(9).position(|window| window == b"is signed").unwrap();
    changed[place] = b'I';
    mta.send(&Submission::new("alice@partner.example", &[BOB], changed)).unwrap();
    assert_eq!(store.count("goal"), 0);
    let line = mta.send(&Submission::new(BOB, &[eve.address], plain(eve.address)).login()).unwrap_err();
    assert!(line.ends_with("(no-certificate)"), "{line}");
}

#[test]
fn fields_that_the_milter_writes_are_not_taken_from_others() {
    let milter = Milter::start(Arc::new(MemoryStore::new()));
    let mut mta = Mta::connect(milter.address);
    let forged = [
        b"X-Postseal-Result: sealed\r\nx-postseal-SPLIT: x\r\nX-Postseal-Result: passed; learned=imported\r\n".to_vec(),
        plain(BOB),
    ];
    let arrived =
        String::from_utf8(mta.send(&Submission::new("x@else.example", &[BOB], forged.concat())).unwrap()).unwrap();
    assert_eq!(arrived.to_ascii_lowercase().matches("x-postseal-").count(), 1, "{arrived}");
    assert!(arrived.contains("X-Postseal-Result: passed; learned=not-signed\r\n"), "{arrived}");
}

#[test]
fn a_path_that_no_mta_lets_through_is_refused() {
    let milter = Milter::start(Arc::new(MemoryStore::new()));
    let mut mta = Mta::connect(milter.address);
    let long = format!("{}@partner.example", "x".repeat(2_048));
    let line = mta.send(&Submission::new(&long, &[BOB], plain(BOB))).unwrap_err();
    assert!(line.starts_with("553 5.1.7 "), "{line}");
    let line = mta.send(&Submission::new("x@partner.example", &[BOB, &long], plain(BOB))).unwrap_err();
    assert!(line.starts_with("553 5.1.3 "), "{line}");
    mta.write(&packet(b"A"));
    assert!(mta.send(&Submission::new("x@partner.example", &[BOB], plain(BOB))).is_ok());
}

#[test]
fn a_recipient_that_cannot_be_read_is_refused_where_one_would_be_sealed_to() {
    let forms =
        ["@x:sue@soft.example", "sue(x)@soft.example", "sue..x@soft.example", "sue@soft.example.", "postmaster"];
    let milter = Milter::start(Arc::new(MemoryStore::new()));
    let mut mta = Mta::connect(milter.address);
    let mail = |from: &str, to: &[&str]| Submission::new(from, to, plain("sue@soft.example"));
    for form in forms {
        let outgoing = mail("who@unknown.example", &["x@partner.example", form]).login();
        for mail in [mail("x@else.example", &[form]), mail("x@else.example", &[BOB, form]), outgoing] {
            let line = mta.send(&mail).unwrap_err();
            assert!(line.starts_with("550 5.1.3 ") && line.ends_with("(address-malformed)"), "{form}: {line}");
            assert!(!line.contains("soft"));
            mta.write(&packet(b"A"));
        }
    }
    // At RCPT already: the others get the mail.
    let packets = mail("x@else.example", &[forms[0], BOB]).of_the_mail();
    let answers: Vec<_> = packets.iter().filter_map(|packet| mta.ask(packet)).map(|(letter, _)| letter).collect();
    assert!(answers[..3] == *b"cyc" && !answers[3..].contains(&b'y'), "{answers:?}");
    while mta.reply().is_some_and(|(letter, _)| letter != b'c') {}
    let never = CONFIGURATION.replace(
        "[tenants.soft.routes.delivery]\nencrypt = { mode = \"all-or-nothing\" }",
        "[tenants.soft.routes.delivery]\nencrypt = { mode = \"never\" }",
    );
    assert_ne!(never, CONFIGURATION);
    let milter = Milter::with(&never, |host| host.with_store(Arc::new(MemoryStore::new())));
    let mut mta = Mta::connect(milter.address);
    for form in forms {
        assert!(mta.send(&mail("x@else.example", &[form])).is_ok(), "{form}: nobody is sealed to");
        let line = mta.send(&mail(BOB, &[form]).login()).unwrap_err();
        assert!(line.starts_with("550 5.1.3 "), "{form}: the sender's route seals: {line}");
    }
}

#[test]
fn what_is_too_large_keeps_no_forged_fields() {
    let milter = Milter::start(Arc::new(MemoryStore::new()));
    let mut mta = Mta::connect(milter.address);
    let forged = b"x-postseal-result: sealed\r\nX-Postseal-Split: x; tenant=goal\r\n";
    let many = [forged, b"A: b\r\n".repeat(1_001).as_slice(), forged, forged, &plain(BOB)].concat();
    let large = [forged, forged, plain(BOB).as_slice(), &b"0123456789\r\n".repeat(200_000)].concat();
    let huge = [forged.as_slice(), b"A: ", &b"b".repeat(900_000), b"\r\n"].concat();
    let huge = [huge.repeat(3), plain(BOB)].concat();
    for mail in [many, large, huge] {
        let arrived = mta.send(&Submission::new("x@else.example", &[BOB], mail)).unwrap();
        let text = String::from_utf8_lossy(&arrived).to_ascii_lowercase();
        assert_eq!(text.matches("x-postseal-").count(), 1);
        assert!(text.contains("x-postseal-result: passed; learned=\r\n") && text.contains("subject: quarterly"));
    }
    let endless = [forged.repeat(501), plain(BOB)].concat();
    let line = mta.send(&Submission::new("x@else.example", &[BOB], endless)).unwrap_err();
    assert!(line.starts_with("552 5.3.4 "), "{line}");
}

#[test]
fn what_is_too_large_is_refused_where_it_would_be_sealed() {
    let milter = Milter::start(Arc::new(MemoryStore::new()));
    let mut mta = learned(&milter);
    let to = "alice@partner.example";
    let mut large = plain(to);
    large.extend(b"0123456789\r\n".repeat(200_000));
    let line = mta.send(&Submission::new(BOB, &[to], large.clone()).login()).unwrap_err();
    assert!(line.starts_with("552 5.3.4 ") && line.ends_with("(message-too-large)"), "{line}");
    let passed = mta.send(&Submission::new("x@else.example", &[BOB], large.clone())).unwrap();
    assert!(passed.ends_with(b"0123456789\r\n") && passed.len() > large.len());
    let many = [b"A: b\r\n".repeat(1_001), plain(to)].concat();
    assert!(mta.send(&Submission::new(BOB, &[to], many).login()).unwrap_err().starts_with("552 "));
}

#[test]
fn an_authenticated_client_lends_nothing_to_the_next_mail() {
    let milter = Milter::start(Arc::new(MemoryStore::new()));
    let mut mta = learned(&milter);
    let outgoing = Submission::new("who@unknown.example", &["y@else.example"], plain("y@else.example"));
    assert!(mta.send(&outgoing.clone().login()).is_err());
    assert!(mta.send(&outgoing).is_ok(), "from outside, to nobody of ours");
    for packet in &outgoing.clone().login().of_the_mail()[..3] {
        mta.ask(packet);
    }
    mta.write(&packet(b"A"));
    assert!(mta.send(&outgoing).is_ok());
}

#[test]
fn commands_out_of_order_are_answered_with_try_again_and_a_hang_up() {
    let milter = Milter::start(Arc::new(MemoryStore::new()));
    let good = Submission::new(BOB, &["x@else.example"], plain("x@else.example")).login();
    let whole = good.packets();
    let orders: Vec<Vec<Vec<u8>>> = vec![
        vec![packet(b"Ma\0")],
        vec![packet(b"O\0\0\0\x06\0\0\0\x01\0\0\0\0")],
        vec![packet(b"O\0\0\0\x01\0\0\x01\xff\0\0\0\0")],
        vec![whole[0].clone(), whole[0].clone()],
        vec![whole[0].clone(), packet(b"M<a@goal.example>\0")],
        [&whole[..5], &[packet(b"E")]].concat(),
        [&whole[..5], &[packet(b"N")]].concat(),
        [&whole[..6], &[packet(b"Bx")]].concat(),
        [&whole[..6], &[packet(b"M<b@goal.example>\0")]].concat(),
        [&whole[..6], &[packet(b"?")]].concat(),
        [&whole[..6], &[packet(b"Lno end")]].concat(),
        vec![vec![0, 0, 0, 0]],
        vec![vec![0xff; 8]],
        vec![b"GET / HTTP/1.1\r\n\r\n".to_vec()],
    ];
    for order in orders {
        let mut mta = Mta::raw(milter.address);
        order.iter().for_each(|packet| mta.write(packet));
        let mut last = None;
        while let Some(reply) = mta.reply() {
            last = Some(reply);
        }
        let (letter, line) = last.expect("an answer before the end");
        assert!(letter == b'y' && line.starts_with(b"451 4.3.0 "), "{order:02x?}");
    }
    assert!(Mta::connect(milter.address).send(&good).is_err(), "it works on");
}

#[test]
fn a_connection_that_is_cut_anywhere_harms_nobody() {
    let store = Arc::new(Moody::default());
    let milter = Milter::start(store.clone());
    let alice = &correspondents()[0];
    let stream = Submission::new(alice.address, &[BOB], alice.mail.clone()).packets().concat();
    for length in (0..stream.len()).step_by(stream.len() / 97) {
        Mta::raw(milter.address).write(&stream[..length]);
    }
    assert_eq!(store.count("goal"), 0, "nothing is learned from a part");
    // And in pieces of any size it is a mail.
    let mut mta = Mta::raw(milter.address);
    for piece in stream.chunks(7) {
        mta.write(piece);
    }
    while store.count("goal") == 0 {
        assert!(mta.reply().is_some());
    }
}

#[test]
fn more_connections_than_there_may_be_wait() {
    let few = CONFIGURATION.replace("message_seconds", "connections = 2\nidle_seconds = 2\nmessage_seconds");
    let milter = Milter::with(&few, |host| host.with_store(Arc::new(MemoryStore::new())));
    let (first, _second) = (Mta::connect(milter.address), Mta::connect(milter.address));
    let mut third = TcpStream::connect(milter.address).unwrap();
    third.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    std::io::Write::write_all(&mut third, &mta::begin()[0]).unwrap();
    assert!(third.read(&mut [0; 1]).is_err(), "nobody answers yet");
    drop(first);
    third.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(third.read(&mut [0; 1]).unwrap(), 1);
}

#[test]
fn a_milter_that_stops_ends_what_is_under_way_and_begins_nothing() {
    let milter = Milter::start(Arc::new(MemoryStore::new()));
    let mut under_way = learned(&milter);
    let (mut idle, mut given_up) = (Mta::connect(milter.address), Mta::connect(milter.address));
    given_up.ask(&packet(b"M<a@else.example>\0"));
    let mail = Submission::new(BOB, &["alice@partner.example"], plain("alice@partner.example")).login();
    let packets = mail.of_the_mail();
    let (begun, rest) = packets.split_at(4);
    for packet in begun {
        under_way.ask(packet);
    }
    let stopped = milter.stop();
    given_up.write(&packet(b"A"));
    let refused = (0..100).find_map(|_| {
        let answer = idle.send(&mail);
        std::thread::sleep(Duration::from_millis(10));
        answer.err()
    });
    assert!(refused.is_some_and(|line| line.starts_with("421 4.3.2 ")));
    assert!(!stopped.is_finished());
    let answers: Vec<_> = rest.iter().filter_map(|packet| under_way.ask(packet)).collect();
    assert!(answers.iter().all(|(letter, _)| b"chmb".contains(letter)), "the mail that was under way is sealed");
    while under_way.reply().is_some_and(|(letter, _)| letter != b'c') {}
    // Long before the 20 s of `stop_seconds`: nobody waits for the mail that was given up, or for who is idle.
    for _ in 0..500 {
        if stopped.is_finished() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it does not stop");
}

#[test]
fn whoever_says_nothing_or_half_a_packet_is_sent_away_and_delays_no_stop() {
    let hasty = CONFIGURATION.replace("message_seconds", "idle_seconds = 1\nstop_seconds = 1\nmessage_seconds");
    let milter = Milter::with(&hasty, |host| host.with_store(Arc::new(MemoryStore::new())));
    let mut silent = Mta::connect(milter.address);
    assert!(silent.reply().is_none());
    let mut half = Mta::connect(milter.address);
    half.write(b"\0\0\x10\0M<");
    assert!(half.reply().is_none());

    let slow = CONFIGURATION.replace("message_seconds", "stop_seconds = 1\nmessage_seconds");
    let milter = Milter::with(&slow, |host| host.with_store(Arc::new(MemoryStore::new())));
    let mut under_way = Mta::connect(milter.address);
    under_way.ask(&packet(b"M<a@else.example>\0"));
    let stopped = milter.stop();
    for _ in 0..1_000 {
        if stopped.is_finished() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it waits for somebody who never ends");
}
