//! What `postseal trace` finds, over rotated files and while they are rotated.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "test code"
)]

use postseal::cert::{Fingerprint, Source};
use postseal::store::{Decision, Tenant};
use postseal::trace::{Event, Kind, Tracer};
use postseal::{Address, Code, Private, UnixTime};
use postseal_adapters::trace::{JsonLines, Rotation, rotated_files};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

mod place;
use place::{Place, complains, rows, stderr, stdout};

fn fingerprint(digits: &str) -> Fingerprint {
    format!("{digits}{}", "0".repeat(64 - digits.len())).parse().unwrap()
}

fn event(day: i64, address: &str, message: &str, kind: Kind) -> Event {
    let at = UnixTime::from_rfc3339("2026-01-01T00:00:00Z").unwrap().plus_days(day);
    let mut event = Event::by_operator(at, Tenant::default(), Address::parse(address).unwrap(), kind);
    event.message = Some(Private::new(message.to_owned()));
    event
}

fn imported(digits: &str) -> Kind {
    let [not_before, not_after] = [0, 1].map(UnixTime::from_seconds);
    Kind::Imported { source: Source::SignedMail, fingerprint: fingerprint(digits), not_before, not_after }
}

/// Five events of one day each, in files of one event each.
fn five(place: &Place) {
    let tracer = JsonLines::rotating(&place.path("postseal-trace.jsonl"), Rotation::at(1)).unwrap();
    let [not_before, not_after] = [0, 1].map(UnixTime::from_seconds);
    let renewed = Kind::Renewed {
        source: Source::SignedMail,
        fingerprint: fingerprint("bb"),
        not_before,
        not_after,
        previous: fingerprint("aa"),
    };
    let refused = |code: Code| Kind::Refused { fingerprint: None, error: code.into() };
    let decided = Kind::Decided { fingerprint: fingerprint("bb"), decision: Decision::Pin, by: "root".to_owned() };
    for (day, address, kind) in [
        (0, "alice@goal.example", imported("aa")),
        (1, "Alice@GOAL.example", renewed),
        (2, "bob@sub.goal.example", refused(Code::NoCertificate)),
        (3, "carol@other.example", refused(Code::SignatureInvalid)),
        (4, "alice@goal.example", decided),
    ] {
        tracer.event(&event(day, address, &format!("<{day}@mail.example>"), kind));
    }
    assert_eq!(rotated_files(&place.path("postseal-trace.jsonl")).unwrap().len(), 4);
}

#[test]
fn every_filter_chooses_and_all_of_them_together() {
    let place = Place::new();
    five(&place);
    let days = |options: &[&str]| -> Vec<u32> {
        let output = place.run(&[&["trace", "--json"], options].concat());
        assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
        rows(&output).iter().map(|row| row["at"].as_str().unwrap()[8..10].parse::<u32>().unwrap() - 1).collect()
    };
    for (options, expected) in [
        (vec![], vec![0, 1, 2, 3, 4]),
        (vec!["--since", "2026-01-02T00:00:00Z"], vec![1, 2, 3, 4]),
        (vec!["--until", "2026-01-02T00:00:00Z"], vec![0]),
        (vec!["--since", "2026-01-02T00:00:00Z", "--until", "2026-01-04T00:00:00Z"], vec![1, 2]),
        (vec!["--address", "ALICE@goal.example"], vec![0, 1, 4]),
        (vec!["--address", "alice@goal.example", "--address", "carol@other.example"], vec![0, 1, 3, 4]),
        (vec!["--domain", "Goal.example"], vec![0, 1, 4]),
        (vec!["--domain", "goal.example", "--domain", "sub.goal.example"], vec![0, 1, 2, 4]),
        (vec!["--event", "imported", "--event", "renewed"], vec![0, 1]),
        (vec!["--code", Code::NoCertificate.name()], vec![2]),
        (vec!["--code", &Code::SignatureInvalid.number().to_string()], vec![3]),
        (vec!["--fingerprint", "AA"], vec![0, 1]),
        (vec!["--fingerprint", "bb00"], vec![1, 4]),
        (vec!["--message-id", "<2@mail.example>", "--message-id", "3@mail.example"], vec![2, 3]),
        (vec!["--by", "root"], vec![4]),
        (vec!["--by", "roo"], vec![]),
        (vec!["--domain", "goal.example", "--fingerprint", "bb", "--until", "2026-01-03T00:00:00Z"], vec![1]),
    ] {
        assert_eq!(days(&options), expected, "{options:?}");
    }
    let other = place.run(&["trace", "--tenant", "other", "--by", "root"]);
    assert!(other.status.success() && other.stdout.is_empty());
    assert!(stderr(&other).contains("no such event of tenant \"other\", but 1 of others"), "{}", stderr(&other));
    complains(&place.run(&["trace", "--code", "no-such-thing"]), 2, &["no-such-thing", "no such code"]);
    complains(&place.run(&["trace", "--fingerprint", "xyz"]), 2, &["xyz"]);
    complains(&place.run(&["trace", "--address", "nobody"]), 2, &["nobody"]);
    complains(&place.run(&["trace", "--domain", "-"]), 2, &["-"]);
    complains(&place.run(&["trace", "--trace", "missing.jsonl"]), 1, &["missing.jsonl"]);
}

#[test]
fn every_format_is_one_line_for_an_event() {
    let place = Place::new();
    five(&place);
    let text = stdout(&place.run(&["trace", "--event", "renewed"]));
    assert!(text.starts_with("2026-01-02T00:00:00Z  renewed  Alice@GOAL.example  fingerprint bb0000000000"), "{text}");
    let syslog = stdout(&place.run(&["trace", "--event", "renewed", "--format", "syslog"]));
    assert!(syslog.starts_with("[postseal@32473 at=\"2026-01-02T00:00:00Z\" event=\"renewed\""), "{syslog}");
    let json = ["--format", "json"].as_slice();
    for format in [json, &["--format", "syslog"], &["--format", "text"], &["--json"]] {
        assert_eq!(stdout(&place.run(&[&["trace"], format].concat())).lines().count(), 5, "{format:?}");
    }
}

#[test]
fn lines_that_are_no_events_are_counted_and_the_others_shown() {
    let place = Place::new();
    five(&place);
    let path = place.path("postseal-trace.jsonl");
    let mut file = File::options().append(true).open(&path).unwrap();
    file.write_all(b"\xff\xfe\n[]\n\n{\"at\":\"2026-0").unwrap();
    let output = place.run(&["trace", "--json"]);
    assert_eq!((rows(&output).len(), output.status.code()), (5, Some(0)));
    assert_eq!(stderr(&output), "postseal: ".to_owned() + "postseal-trace.jsonl: 3 lines are no events\n");
    let escapes = "{\"at\":\"\\u001b[2J\",\"event\":\"x\",\"tenant\":\"default\",\"by\":\"\\u202e\\r\\n\"}";
    fs::write(&path, format!("{escapes}\n")).unwrap();
    for format in ["text", "syslog"] {
        let shown = stdout(&place.run(&["trace", "--event", "x", "--format", format]));
        assert_eq!(shown.lines().count(), 1);
        assert!(
            !shown.trim_end().contains(|character: char| character.is_control() || character == '\u{202e}'),
            "{shown:?}"
        );
    }
}

#[test]
fn follow_survives_rotation() {
    let place = Place::new();
    let path = place.path("postseal-trace.jsonl");
    let tracer = JsonLines::rotating(&path, Rotation::at(2_000)).unwrap();
    let mut child = place.command(&["trace", "--follow", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for round in 0..4 {
        for number in 0..20 {
            tracer.event(&event(0, "alice@goal.example", &format!("<{round}-{number}@mail.example>"), imported("aa")));
        }
        // Each line comes, in order and once; a line that does not come blocks here.
        for number in 0..20 {
            let line = lines.next().unwrap().unwrap();
            assert!(line.contains(&format!("<{round}-{number}@mail.example>")), "{round} {number}: {line}");
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(rotated_files(&path).unwrap().len() > 8);
}

#[cfg(target_os = "linux")]
#[test]
fn a_line_without_end_needs_no_memory() {
    let place = Place::new();
    five(&place);
    File::options().append(true).open(place.path("postseal-trace.jsonl")).unwrap().set_len(1 << 29).unwrap();
    // 512 MiB of NUL in one line, with 256 MiB of addresses for the whole process.
    let limited = format!("ulimit -v 262144; exec {} trace --json", env!("CARGO_BIN_EXE_postseal"));
    let output = Command::new("sh").args(["-c", &limited]).current_dir(place.path("")).output().unwrap();
    assert_eq!((rows(&output).len(), output.status.code()), (5, Some(0)), "{}", stderr(&output));
    assert!(stderr(&output).contains("1 line is no event"));
}
