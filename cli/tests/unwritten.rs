//! Standard output and standard error that nobody can write to: the work is done, and what was lost is known.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

mod place;

use place::{AT, Place, complains, example, rows, stderr};
use postseal_testkit::Opener;
use postseal_testkit::factory::Key;
use std::fs::{self, File};
use std::process::Output;

const MAIL: &[u8] = b"From: me@goal.example\r\nSubject: hello\r\n\r\nin confidence\r\n";

/// A file that is always full, where the system has one.
fn full() -> Option<File> {
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    if full.is_err() {
        println!("SKIPPED: no /dev/full on this machine");
    }
    full.ok()
}

#[test]
fn standard_error_that_cannot_be_written_changes_neither_work_nor_exit_code() {
    let Some(full) = full() else { return };
    let place = Place::learned(MAIL);
    let anchors = example("anchors.pem");
    let run = |args: &[&str]| -> Output {
        let mut command = place.command(&[args, &["--trust", &anchors, AT[0], AT[1]]].concat());
        command.stderr(full.try_clone().unwrap()).output().unwrap()
    };
    let to = ["encrypt", "--to", "alice@goal.example", "mail.eml"];
    // The facts go to standard error, because the message itself goes to standard output.
    let filtered = run(&to);
    assert_eq!(filtered.status.code(), Some(0));
    assert!(Opener::new(Key::Rsa(2)).open_mail(&filtered.stdout).is_some());
    let some = ["--to", "nobody@goal.example", "--mode", "if-possible", "--out", "out.eml"];
    assert_eq!(run(&[&to[..], &some[..]].concat()).status.code(), Some(66));
    assert!(Opener::new(Key::Rsa(2)).open_mail(&fs::read(place.path("out.eml")).unwrap()).is_some());
    for (args, code) in [
        (&["encrypt", "--to", "nobody@goal.example", "mail.eml"][..], 65),
        (&["encrypt", "--to", "alice@goal.example", "--store", "sqlite:mail.eml", "mail.eml"], 75),
        (&["import", "--verbose", &example("alice-detached.eml")], 0),
        (&["import", "missing.eml", &example("alice-detached.eml")], 1),
        (&["inspect", "missing.eml", &example("alice-detached.eml")], 1),
        (&["certs", "show", "ffff"], 2),
        (&["trace", "--tenant", "other"], 0),
    ] {
        assert_eq!(run(args).status.code(), Some(code), "{args:?}");
    }
}

#[test]
fn standard_output_that_cannot_be_written_is_told_and_the_work_is_done() {
    let Some(full) = full() else { return };
    let place = Place::learned(MAIL);
    let (anchors, mail) = (example("anchors.pem"), example("alice-detached.eml"));
    let run = |args: &[&str]| -> Output {
        let mut command = place.command(&[args, &AT[..]].concat());
        command.stdout(full.try_clone().unwrap()).output().unwrap()
    };
    for args in [
        &["certs", "list"][..],
        &["certs", "list", "--json"],
        &["certs", "expiring", "--days", "9999"],
        &["certs", "expiring", "--days", "9999", "--json"],
        &["certs", "export"],
        &["certs", "export", "alice@goal.example"],
        &["store", "check"],
        &["store", "check", "--json"],
        &["trace"],
        &["trace", "--json"],
        &["trace", "--follow"],
        &["config", "schema"],
        &["config", "check", "--trust", &anchors],
        &["inspect", &mail],
        &["import", "--trust", &anchors, "--json", &mail],
        &["encrypt", "--trust", &anchors, "--to", "alice@goal.example", "--out", "out.eml", "mail.eml"],
    ] {
        complains(&run(args), 1, &["standard output: "]);
    }
    assert!(Opener::new(Key::Rsa(2)).open_mail(&fs::read(place.path("out.eml")).unwrap()).is_some());
    let fresh = ["--store", "sqlite:fresh.db", "--trace", "fresh.jsonl"];
    complains(&run(&[&["import", "--trust", &anchors, &mail], &fresh[..]].concat()), 1, &["standard output: "]);
    assert_eq!(rows(&place.run(&[&["certs", "list", "--json"], &fresh[..]].concat())).len(), 1);
}

#[test]
fn a_reader_who_has_gone_away_is_no_error() {
    let place = Place::learned(MAIL);
    for args in
        [&["certs", "list"][..], &["certs", "list", "--json"], &["certs", "export"], &["trace"], &["config", "schema"]]
    {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = place.command(args).stdout(writer).output().unwrap();
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()), "{args:?}");
    }
}
