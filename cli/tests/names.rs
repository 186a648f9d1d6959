//! Names of files that pretend: a name is one line, whatever stands in it, and commands no terminal.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

mod place;

use place::{AT, Place, complains, example, rows, stderr, stdout};
use std::fs;

/// As long as a path may well be, with a line of its own and a command to the terminal at its end.
fn name(ending: &str) -> String {
    format!("{}\npostseal: x.eml: imported\u{1b}[2J\u{9b}2J\u{202e}{ending}", "long/".repeat(60))
}

/// What is shown of it: everything, with its end.
fn shown(ending: &str) -> String {
    format!("{}\\u{{a}}postseal: x.eml: imported\\u{{1b}}[2J\\u{{9b}}2J\\u{{202e}}{ending}", "long/".repeat(60))
}

// hardening: R9
#[test]
fn a_name_of_a_file_is_one_line_and_no_command() {
    let place = Place::new();
    let anchors = example("anchors.pem");
    let mail = fs::read(example("alice-detached.eml")).unwrap();
    let good = name("good.eml");
    place.write(&good, &mail);
    let run = |args: &[&str]| place.run(&[args, &["--trust", &anchors, AT[0], AT[1]]].concat());
    let imported = stdout(&run(&["import", &good]));
    assert!(imported.starts_with(&format!("{}: imported alice@", shown("good.eml"))), "{imported}");
    assert_eq!(imported.lines().count(), 1);
    assert_eq!(rows(&run(&["import", "--json", &good]))[0]["input"], good, "a program is told the name itself");
    let inspected = stdout(&run(&["inspect", &good]));
    assert!(inspected.starts_with(&shown("good.eml")) && !inspected.contains('\u{1b}'), "{inspected}");
    let out = name("out.eml");
    let to = ["encrypt", "--to", "alice@goal.example", "--out", &out];
    place.write("mail.eml", b"Subject: hello\r\n\r\nin confidence\r\n");
    let sealed = stdout(&run(&[&to[..], &["mail.eml"]].concat()));
    assert!(sealed.lines().count() == 2 && sealed.contains(&shown("out.eml")), "{sealed}");
    let json = [&["encrypt", "--json", "--to", "alice@goal.example", "--out", &out][..], &["mail.eml"]].concat();
    assert_eq!(rows(&run(&json))[1]["file"], out);
}

#[test]
fn a_name_of_a_file_in_a_complaint_is_one_line_too() {
    let place = Place::new();
    let anchors = example("anchors.pem");
    let (empty, missing) = (name("empty.eml"), name("missing.eml"));
    place.write(&empty, b"");
    let config = name("none.toml");
    let nowhere = format!("{missing}/out.eml");
    place.write("mail.eml", b"Subject: hello\r\n\r\nin confidence\r\n");
    for (args, code, ending) in [
        (&["import", &missing][..], 1, "missing.eml"),
        (&["import", &empty], 1, "empty.eml"),
        (&["inspect", &missing], 1, "missing.eml"),
        (&["encrypt", "--to", "alice@goal.example", &missing], 1, "missing.eml"),
        (&["encrypt", "--to", "alice@goal.example", &empty], 1, "empty.eml"),
        (&["certs", "add", &missing], 1, "missing.eml"),
        (&["certs", "export", "--out", &nowhere], 1, "missing.eml/out.eml"),
        (&["config", "check", "--config", &config], 2, "none.toml"),
        (&["trace", "--trace", &missing], 1, "missing.eml"),
        (&["store", "check", "--store", &format!("sqlite:{missing}")], 1, "missing.eml"),
    ] {
        let output = place.run(&[args, &["--trust", &anchors, AT[0], AT[1]]].concat());
        complains(&output, code, &[&shown(ending)]);
        assert!(!stderr(&output).contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{args:?}");
    }
}
