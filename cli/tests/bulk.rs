//! Imports of many mails at once.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "test code"
)]

mod place;

use place::{Place, complains, rows, stderr, stdout};
use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

const JUNE: [&str; 2] = ["--at", "2026-06-01T00:00:00Z"];

/// So many mails of few people, not in the order of their delivery: first contacts, renewals, contradictions, forgeries, and mails that
/// are not signed. Each with the moment of its delivery.
fn mails(count: u64) -> (Authority, Vec<(u64, Vec<u8>)>) {
    let (root, other) = (Authority::root("Root", Key::P256(1)), Authority::root("Other", Key::P256(2)));
    let mail = |number: u64| {
        let minute = number.wrapping_mul(7) % count;
        let received =
            format!("Received: from a by b; Fri, 01 May 2026 {:02}:{:02}:00 +0000", minute / 60, minute % 60);
        let mailbox = format!("person{}@goal.example", number % 5);
        let plain =
            |subject| format!("{received}\r\nFrom: {mailbox}\r\nSubject: {subject}\r\n\r\nhello\r\n").into_bytes();
        let mut spec = CertSpec::mailbox(&mailbox, Key::P256(10 + number % 3));
        spec.subject = format!("Person {}", number % 4);
        spec.not_before = format!("2026-0{}-01T00:00:00Z", 1 + number % 4);
        let signed = |authority: &Authority, from: &str| {
            let signed = SignedMail::new(from, &authority.issue(&spec)).build();
            [received.as_bytes(), b"\r\n", &signed].concat()
        };
        let octets = match number % 11 {
            0 => plain("not signed"),
            1 => signed(&other, &mailbox),
            2 => signed(&root, "somebody@else.example"),
            _ => signed(&root, &mailbox),
        };
        (minute, octets)
    };
    let mails = (0..count).map(mail).collect();
    (root, mails)
}

fn mbox(mails: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let unix = |mail: &[u8]| String::from_utf8(mail.to_vec()).unwrap().replace("\r\n", "\n");
    mails
        .iter()
        .map(|(_, mail)| format!("From sender Fri May  1 12:00:00 2026\n{}\n", unix(mail)))
        .collect::<String>()
        .into()
}

/// What the store and the trace have, and what was reported, without the names of the inputs.
fn result(place: &Place, store: &str, reports: &[Value]) -> (String, Vec<Value>, Vec<Value>) {
    let list = stdout(&place.run(&["certs", "--json", "--store", store, "list"]));
    let trace = rows(&place.run(&["trace", "--json", "--trace", &format!("{store}.jsonl")]));
    let nameless = |report: &Value| {
        let mut report = report.clone();
        report.as_object_mut().unwrap().remove("input");
        report
    };
    (list, trace, reports.iter().map(nameless).collect())
}

fn import<'a>(store: &'a str, trace: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["import", "--json", "--trust", "root.pem", "--store", store, "--trace", trace], &JUNE[..], more].concat()
}

#[test]
fn side_by_side_gives_what_mail_by_mail_in_the_order_of_delivery_gives() {
    let place = Place::new();
    let (root, mut mails) = mails(90);
    place.write("root.pem", root.pem().as_bytes());
    place.write("box", &mbox(&mails));
    let bulk = place.run(&import("sqlite:bulk.db", "sqlite:bulk.db.jsonl", &["--jobs", "8", "--verbose", "box"]));
    assert!(bulk.status.success(), "{}", stderr(&bulk));
    let reports = rows(&bulk);
    let outcomes: std::collections::BTreeSet<&str> =
        reports.iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    let all = ["already-known", "held", "imported", "not-signed", "refused", "renewed"];
    assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), all, "the mails show every outcome");

    mails.sort_by_key(|(minute, _)| *minute);
    let mut single = Vec::new();
    for (_, mail) in &mails {
        place.write("mail.eml", String::from_utf8(mail.clone()).unwrap().replace("\r\n", "\n").as_bytes());
        single.extend(rows(&place.run(&import("sqlite:single.db", "sqlite:single.db.jsonl", &["mail.eml"]))));
    }
    let bulk_result = result(&place, "sqlite:bulk.db", &reports);
    assert!(bulk_result == result(&place, "sqlite:single.db", &single), "compare bulk.db with single.db");
    let again = place.run(&import("sqlite:again.db", "sqlite:again.db.jsonl", &["--jobs", "3", "box"]));
    assert!(bulk_result == result(&place, "sqlite:again.db", &rows(&again)), "the same result twice");

    let summary = stderr(&bulk);
    assert!(summary.lines().any(|line| line.starts_with("not-signed 9")), "{summary}");
    assert!(summary.lines().any(|line| line.starts_with("refused ") && line.contains("address-mismatch")), "{summary}");
}

#[test]
fn an_import_that_was_killed_goes_on_where_it_was() {
    let place = Place::new();
    let (root, mails) = mails(200);
    place.write("root.pem", root.pem().as_bytes());
    place.write("box", &mbox(&mails));
    let whole = place.run(&import("sqlite:whole.db", "whole.jsonl", &["box"]));
    let args = import("sqlite:parts.db", "parts.jsonl", &["--resume", "done", "box"]);
    let mut child = place.command(&args).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.by_ref().take(150).count(), 150);
    child.kill().unwrap();
    child.wait().unwrap();
    // Half a line, as a machine that went down leaves it.
    let noted = std::fs::read_to_string(place.path("done")).unwrap();
    place.write("done", format!("{noted}0123").as_bytes());
    let rest = place.run(&args);
    assert!(rest.status.success(), "{}", stderr(&rest));
    let list = |store| stdout(&place.run(&["certs", "--json", "--store", store, "list"]));
    assert_eq!(list("sqlite:parts.db"), list("sqlite:whole.db"));
    assert!(rows(&rest).len() < rows(&whole).len(), "some were skipped");
    let nothing = place.run(&[&args[..], &["--verbose"]].concat());
    assert_eq!((stdout(&nothing).as_str(), stderr(&nothing).as_str()), ("", "skipped 200\n"));
    let other = place.run(&[&args[..], &["--tenant", "other"]].concat());
    complains(&other, 2, &["done", "not the file of an import of this tenant"]);
}

#[test]
fn a_file_to_resume_from_that_is_something_else_is_left_alone() {
    let place = Place::new();
    let (root, mails) = mails(1);
    place.write("root.pem", root.pem().as_bytes());
    place.write("mail.eml", &mails[0].1);
    let import = import("sqlite:store.db", "trace.jsonl", &["--resume", "letter", "mail.eml"]);
    let long = format!("postseal import 1 default\n{}", "no digest ".repeat(10));
    for letter in ["a letter without a line end", "a letter\n", &"x".repeat(10_000), &long] {
        place.write("letter", letter.as_bytes());
        complains(&place.run(&import), 2, &["letter", "not the file of an import of this tenant"]);
        assert_eq!(std::fs::read_to_string(place.path("letter")).unwrap(), letter);
    }
    // What a machine that went down at once leaves.
    for beginning in ["", "postseal imp"] {
        place.write("letter", beginning.as_bytes());
        assert!(place.run(&import).status.success());
        assert!(std::fs::read_to_string(place.path("letter")).unwrap().starts_with("postseal import 1 default\n"));
    }
}

#[test]
fn a_mail_that_was_deferred_is_not_done() {
    let place = Place::new();
    let (root, mails) = mails(11);
    place.write("root.pem", root.pem().as_bytes());
    place.write("mail.eml", &mails[3].1);
    let import = import("sqlite:store.db", "trace.jsonl", &["--resume", "done", "mail.eml"]);
    assert!(place.run(&["certs", "--store", "sqlite:store.db", "list"]).status.success());
    // A store whose rows cannot be read.
    assert_eq!(rows(&place.run(&import))[0]["outcome"], "imported");
    std::fs::remove_file(place.path("done")).unwrap();
    let damage = "import sqlite3; c = sqlite3.connect('store.db'); c.execute(\"UPDATE certificate SET state = '{}'\"); c.commit()";
    let python = |state: &str| {
        let mut command = std::process::Command::new("python3");
        command.current_dir(place.path("")).args(["-c", &damage.replace("{}", state)]);
        command.status().is_ok_and(|status| status.success())
    };
    if !python("nonsense") {
        return println!("SKIPPED: no python3 to damage the store");
    }
    let deferred = place.run(&import);
    assert_eq!((deferred.status.code(), &rows(&deferred)[0]["outcome"]), (Some(1), &"deferred".into()));
    assert!(python("active"));
    assert_eq!(rows(&place.run(&import))[0]["outcome"], "already-known", "it is brought again");
    assert_eq!(stdout(&place.run(&import)), "");
}

#[test]
fn a_mail_is_read_as_far_as_the_configured_limit() {
    let place = Place::new();
    let root = Authority::root("Root", Key::P256(1));
    place.write("root.pem", root.pem().as_bytes());
    let spec = CertSpec::mailbox("alice@goal.example", Key::P256(2));
    let signed = SignedMail::new("alice@goal.example", &root.issue(&spec));
    let line = b"0123456789012345678901234567890123456789012345678901234567890\r\n";
    // More than the 50 MiB that are the default.
    let large = signed.body(&line.repeat((51 << 20) / line.len())).build();
    place.write("large.eml", &large);
    place.write("box", &[b"From sender Fri May  1 12:00:00 2026\n", large.as_slice(), b"\n"].concat());
    let run = |limit: usize, args: &[&str]| {
        place.write("limits.toml", format!("import = true\n[limits]\nmessage_bytes = {limit}\n").as_bytes());
        let shared = ["--config", "limits.toml", "--trust", "root.pem", "--json", JUNE[0], JUNE[1]];
        let mut command = place.command(&[args, &shared].concat());
        command.stdin(std::fs::File::open(place.path("large.eml")).unwrap()).output().unwrap()
    };
    for input in ["large.eml", "box", "-"] {
        for (limit, outcome, code) in [
            (50 << 20, "refused", "message-too-large".into()),
            (large.len() - 1, "refused", "message-too-large".into()),
            (large.len(), "imported", Value::Null),
        ] {
            let output = run(limit, &["import", "--dry-run", input]);
            let row = &rows(&output)[0];
            assert_eq!((&row["outcome"], &row["code"]), (&outcome.into(), &code), "{input} {limit}");
        }
        complains(&run(50 << 20, &["inspect", input]), 1, &["The mail has more bytes"]);
        let inspected = run(60 << 20, &["inspect", input]);
        assert_eq!(rows(&inspected)[0]["signers"][0]["signature"], "valid", "{input}");
    }
}
