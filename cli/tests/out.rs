//! Where `--out` leads: files that stay as readable as they were, links, pipes, standard output.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

mod place;

use place::{AT, Place, complains, example, stderr, stdout};
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::process::{Command, Output};

const MAIL: &[u8] = b"From: me@goal.example\r\nSubject: hello\r\n\r\nin confidence\r\n";

/// What a file must hold.
const MADE: [(&str, &str); 3] =
    [("encrypt", "MIME-Version: 1.0"), ("report", "<!DOCTYPE html>"), ("export", "-----BEGIN CERTIFICATE-----")];

fn arguments(command: &str, out: &str) -> Vec<String> {
    let trust = example("anchors.pem");
    let words = match command {
        "encrypt" => vec!["encrypt", "--to", "alice@goal.example", "mail.eml", "--trust", &trust],
        "report" => vec!["report"],
        _ => vec!["certs", "export"],
    };
    words.into_iter().chain([AT[0], AT[1], "--out", out]).map(str::to_owned).collect()
}

fn run(place: &Place, command: &str, out: &str) -> Output {
    let arguments = arguments(command, out);
    place.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn succeeds(place: &Place, command: &str, out: &str) -> Output {
    let output = run(place, command, out);
    assert!(output.status.success(), "{command}: {}", stderr(&output));
    output
}

fn mode(place: &Place, name: &str) -> u32 {
    fs::symlink_metadata(place.path(name)).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_file_that_is_there_keeps_its_mode_and_a_new_one_is_private_unless_it_holds_certificates() {
    let place = Place::learned(MAIL);
    for (command, text) in MADE {
        for kept in [0o644, 0o640, 0o600] {
            place.write("old", b"old");
            fs::set_permissions(place.path("old"), fs::Permissions::from_mode(kept)).unwrap();
            succeeds(&place, command, "old");
            assert_eq!(mode(&place, "old"), kept, "{command}");
            assert!(fs::read_to_string(place.path("old")).unwrap().contains(text), "{command}");
        }
        succeeds(&place, command, command);
        // The umask of this process.
        place.write("plain", b"");
        let new = if command == "export" { mode(&place, "plain") } else { 0o600 };
        assert_eq!(mode(&place, command), new, "{command}");
    }
}

#[test]
fn a_link_stays_and_what_it_names_is_replaced_or_made() {
    let place = Place::learned(MAIL);
    for (command, text) in MADE {
        place.write("folder/there", b"old");
        symlink("folder/there", place.path("link")).unwrap();
        symlink("link", place.path("link-to-link")).unwrap();
        symlink("folder/gone", place.path("dangling")).unwrap();
        for (link, file) in [("link", "folder/there"), ("link-to-link", "folder/there"), ("dangling", "folder/gone")] {
            succeeds(&place, command, link);
            assert!(place.path(link).is_symlink(), "{command} {link}");
            assert!(!place.path(file).is_symlink(), "{command} {file}");
            assert!(fs::read_to_string(place.path(file)).unwrap().contains(text), "{command} {link}");
            fs::remove_file(place.path(file)).unwrap();
        }
        for link in ["link", "link-to-link", "dangling"] {
            fs::remove_file(place.path(link)).unwrap();
        }
    }
    symlink("round", place.path("round")).unwrap();
    complains(&run(&place, "report", "round"), 1, &["round"]);
    complains(&run(&place, "report", "folder"), 1, &["folder", "directory"]);
}

#[test]
fn a_pipe_stays_a_pipe_and_takes_what_is_written() {
    let place = Place::learned(MAIL);
    if !Command::new("mkfifo").arg(place.path("pipe")).status().is_ok_and(|status| status.success()) {
        return println!("SKIPPED: no mkfifo");
    }
    symlink("pipe", place.path("link")).unwrap();
    for (command, text) in MADE {
        for out in ["pipe", "link"] {
            // Opened for both, it waits for nobody.
            let pipe = fs::OpenOptions::new().read(true).write(true).open(place.path("pipe")).unwrap();
            let read = fs::File::open(place.path("pipe")).unwrap();
            let reader = std::thread::spawn(move || std::io::read_to_string(read).unwrap());
            let output = run(&place, command, out);
            drop(pipe);
            assert!(output.status.success(), "{command}: {}", stderr(&output));
            assert!(fs::symlink_metadata(place.path("pipe")).unwrap().file_type().is_fifo(), "{command} {out}");
            assert!(place.path("link").is_symlink(), "{command} {out}");
            assert!(reader.join().unwrap().contains(text), "{command} {out}");
        }
    }
}

#[test]
fn a_dash_is_standard_output() {
    let place = Place::learned(MAIL);
    for (command, text) in MADE {
        for out in ["-", "/dev/stdout"] {
            let output = succeeds(&place, command, out);
            assert!(stdout(&output).contains(text), "{command}");
            // What is said beside a message would spoil it.
            assert!(!stdout(&output).contains("found store"), "{command}");
        }
        assert!(!place.path("-").exists(), "{command}");
    }
    let sealed = succeeds(&place, "encrypt", "-");
    assert!(stderr(&sealed).starts_with("alice@goal.example: found store "), "{}", stderr(&sealed));
}
