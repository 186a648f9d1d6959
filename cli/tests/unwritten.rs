//! Standard output and standard error that nobody can write to: the work is done, and what was lost is known.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

mod place;

use place::{AT, Place, example, stderr};
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

/// A place that has learned from the example mails.
fn place() -> Place {
    let place = Place::new();
    let output = place.run(&["import", "--trust", &example("anchors.pem"), AT[0], AT[1], &example("")]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    place.write("mail.eml", MAIL);
    place
}

#[test]
fn standard_error_that_cannot_be_written_changes_neither_work_nor_exit_code() {
    let Some(full) = full() else { return };
    let place = place();
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
