//! `postseal encrypt`: messages that open, one clear line for each recipient who cannot be reached, and exit codes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

mod place;

use place::{AT, Place, complains, example, rows, stderr, stdout};
use postseal_testkit::Opener;
use postseal_testkit::factory::{Authority, CertSpec, Key, KeyUse, SignedMail};
use std::fs;
use std::io::Write;
use std::process::{Output, Stdio};

const MAIL: &[u8] = b"From: me@goal.example\r\nSubject: hello\r\nMessage-ID: <7@goal.example>\r\n\r\nin confidence\r\n";
const INNER: &[u8] = b"Content-Type: text/plain; charset=us-ascii\r\n\r\nin confidence\r\n";
/// The key of `alice-detached.eml` and of `bob-opaque-ber.eml`.
const ALICE: Key = Key::Rsa(2);
const BOB: Key = Key::Rsa(3);

fn encrypt(place: &Place, arguments: &[&str]) -> Output {
    let anchors = example("anchors.pem");
    place.run(&[&["encrypt", "--trust", &anchors, AT[0], AT[1]], arguments].concat())
}

#[test]
fn a_message_opens_for_its_recipients_and_the_trace_tells() {
    let place = Place::learned(MAIL);
    let output = encrypt(
        &place,
        &["--json", "--to", "alice@goal.example", "--to", "Bob@goal.example", "--out", "out.eml", "mail.eml"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let message = fs::read(place.path("out.eml")).unwrap();
    for key in [ALICE, BOB] {
        assert_eq!(Opener::new(key).open_mail(&message).as_deref(), Some(INNER));
    }
    let rows = rows(&output);
    assert_eq!(rows.len(), 3);
    for row in &rows[..2] {
        assert_eq!((row["outcome"].as_str(), row["source"].as_str()), (Some("found"), Some("store")));
        assert_eq!(row["fingerprint"].as_str().map(str::len), Some(64));
        assert_eq!(row["rejected"].as_array().map(Vec::len), Some(0));
    }
    assert_eq!((rows[2]["sealed"].as_bool(), rows[2]["recipients"].as_u64()), (Some(true), Some(2)));
    assert_eq!(rows[2]["bytes"].as_u64(), u64::try_from(message.len()).ok());
    let trace = fs::read_to_string(place.path("postseal-trace.jsonl")).unwrap();
    assert!(trace.contains("\"event\":\"sealed\"") && trace.contains("<7@goal.example>"), "{trace}");
}

#[test]
fn standard_input_and_standard_output_are_a_filter() {
    let place = Place::learned(MAIL);
    let anchors = example("anchors.pem");
    let mut command = place.command(&["encrypt", "--trust", &anchors, AT[0], AT[1], "--to", "alice@goal.example", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(MAIL).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(Opener::new(ALICE).open_mail(&output.stdout).as_deref(), Some(INNER));
    assert!(stderr(&output).starts_with("alice@goal.example: found store "));
}

#[test]
fn a_message_that_did_not_arrive_is_no_success() {
    let place = Place::learned(MAIL);
    let anchors = example("anchors.pem");
    let mut command =
        place.command(&["encrypt", "--trust", &anchors, AT[0], AT[1], "--to", "alice@goal.example", "mail.eml"]);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command.stdout(Stdio::from(full)).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("postseal: standard output: "), "{}", stderr(&output));
}

#[test]
fn hidden_recipients_have_files_of_their_own() {
    let place = Place::learned(MAIL);
    fs::create_dir(place.path("out")).unwrap();
    let to = ["--to", "alice@goal.example", "--bcc", "bob@goal.example"];
    complains(&encrypt(&place, &[&to[..], &["mail.eml"]].concat()), 2, &["--out-dir"]);
    let output = encrypt(&place, &[&to[..], &["--out-dir", "out", "mail.eml"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let message = |name: &str| fs::read(place.path("out").join(name)).unwrap();
    assert_eq!(Opener::new(ALICE).open_mail(&message("message.eml")).as_deref(), Some(INNER));
    assert_eq!(Opener::new(BOB).open_mail(&message("message.eml")), None);
    assert_eq!(Opener::new(BOB).open_mail(&message("bcc-1.eml")).as_deref(), Some(INNER));
    assert_eq!(fs::read_dir(place.path("out")).unwrap().count(), 2);
    let only_hidden = encrypt(&place, &["--bcc", "bob@goal.example", "--out-dir", "out", "mail.eml"]);
    assert_eq!(only_hidden.status.code(), Some(0));
}

#[test]
fn who_reads_nothing_in_common_gets_a_message_of_his_own() {
    let root = Authority::root("Root", Key::P256(1));
    let place = Place::new();
    place.write("anchors.pem", root.pem().as_bytes());
    place.write("mail.eml", MAIL);
    fs::create_dir(place.path("out")).unwrap();
    // AES-256-GCM and nothing else, AES-128-GCM and nothing else (RFC 8551 2.5.2).
    for (mailbox, key, reads) in [("alice@goal.example", ALICE, 46), ("bob@goal.example", BOB, 6)] {
        let signed = SignedMail::new(mailbox, &root.issue(&CertSpec::mailbox(mailbox, key))).reads(&[reads]);
        place.write("learn.eml", &signed.build());
        let learned = place.run(&["import", "--trust", "anchors.pem", AT[0], AT[1], "learn.eml"]);
        assert_eq!(learned.status.code(), Some(0), "{}", stderr(&learned));
    }
    let to = ["--to", "alice@goal.example", "--to", "bob@goal.example", "--preset", "strict-aead"];
    let run = |more: &[&str]| {
        let fixed = ["encrypt", "--trust", "anchors.pem", AT[0], AT[1]];
        place.run(&[&fixed, &to[..], more, &["mail.eml"]].concat())
    };
    let one = run(&["--out", "one.eml"]);
    assert_eq!(one.status.code(), Some(65));
    assert!(stderr(&one).contains("give --out-dir DIR"), "{}", stderr(&one));
    assert!(!place.path("one.eml").exists());
    let output = run(&["--json", "--out-dir", "out"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for (name, reader, stranger) in [("message.eml", ALICE, BOB), ("message-2.eml", BOB, ALICE)] {
        let message = fs::read(place.path("out").join(name)).unwrap();
        assert_eq!(Opener::new(reader).open_mail(&message).as_deref(), Some(INNER), "{name}");
        assert_eq!(Opener::new(stranger).open_mail(&message), None, "{name}");
    }
    assert_eq!(fs::read_dir(place.path("out")).unwrap().count(), 2);
    let made: Vec<_> = rows(&output).into_iter().filter(|row| row["sealed"] == true).collect();
    assert_eq!(made.len(), 2, "{}", stdout(&output));
}

#[test]
fn a_dry_run_tells_the_plan_and_writes_nothing() {
    let place = Place::learned(MAIL);
    let before = fs::read(place.path("postseal-trace.jsonl")).unwrap();
    let arguments = ["--dry-run", "--json", "--to", "alice@goal.example", "--bcc", "bob@goal.example", "mail.eml"];
    let output = encrypt(&place, &arguments);
    assert_eq!(output.status.code(), Some(0));
    let rows = rows(&output);
    assert!(rows.iter().all(|row| row["dry_run"] == true && row["outcome"] == "found"));
    assert_eq!(rows.iter().map(|row| row["hidden"].as_bool().unwrap()).collect::<Vec<_>>(), [false, true]);
    assert_eq!(fs::read(place.path("postseal-trace.jsonl")).unwrap(), before);
    assert_eq!(encrypt(&place, &["--dry-run", "--to", "nobody@goal.example", "mail.eml"]).status.code(), Some(65));
}

// hardening: E1
#[test]
fn every_recipient_who_cannot_be_reached_is_named_with_the_reason_and_there_is_no_file() {
    let root = Authority::root("Root", Key::P256(1));
    let other = Authority::root("Other root", Key::P256(2));
    let place = Place::new();
    place.write("anchors.pem", root.pem().as_bytes());
    place.write("mail.eml", MAIL);
    let sends = |name: &str, key: Key, change: &dyn Fn(&mut CertSpec), at: &str| {
        let mailbox = format!("{name}@goal.example");
        let mut spec = CertSpec::mailbox(&mailbox, key);
        change(&mut spec);
        place.write(&format!("{name}.eml"), &SignedMail::new(&mailbox, &root.issue(&spec)).build());
        let output = place.run(&["import", "--trust", "anchors.pem", "--at", at, &format!("{name}.eml")]);
        stdout(&output)
    };
    let now = "2026-06-01T00:00:00Z";
    let expires = |spec: &mut CertSpec| spec.not_after = "2026-03-01T00:00:00Z".to_owned();
    assert!(sends("good", Key::P256(9), &|_| {}, now).contains("imported"));
    assert!(sends("expired", Key::P256(10), &expires, "2026-02-01T00:00:00Z").contains("imported"));
    // A certificate that only signs is never learned, so nothing is there.
    assert!(sends("signonly", Key::P256(11), &|spec| spec.key_use = KeyUse::Sign, now).contains("key-usage-encrypt"));
    assert!(sends("rejected", Key::P256(12), &|_| {}, now).contains("imported"));
    let listed = rows(&place.run(&["certs", "list", "--json"]));
    let rejected = listed.iter().find(|row| row["address"] == "rejected@goal.example").unwrap();
    let rejected = rejected["fingerprint"].as_str().unwrap();
    assert_eq!(place.run(&["certs", "reject", rejected]).status.code(), Some(0));

    let run = |arguments: &[&str]| {
        let arguments = [&["encrypt", "--trust", "anchors.pem", "--at", now, "--out", "out.eml"], arguments].concat();
        place.run(&arguments)
    };
    let everybody = ["good", "expired", "signonly", "rejected", "nobody"].map(|name| format!("{name}@goal.example"));
    let to: Vec<&str> = everybody.iter().flat_map(|mailbox| ["--to", mailbox.as_str()]).collect();
    let output = run(&[to.as_slice(), &["mail.eml"]].concat());
    assert_eq!(output.status.code(), Some(65));
    let text = stderr(&output);
    for (name, code) in [
        ("expired", "unusable (certificate-expired"),
        ("signonly", "not-found (no-certificate"),
        ("rejected", "unusable (certificate-rejected"),
        ("nobody", "not-found (no-certificate"),
    ] {
        assert!(text.contains(&format!("postseal: {name}@goal.example: {code}")), "{name}: {text}");
    }
    assert!(!text.contains("good@"), "{text}");
    assert!(!place.path("out.eml").exists());

    for (arguments, words) in [
        (&["mail.eml"][..], &["recipients-missing"][..]),
        (&["--to", "good@goal.example", "--to", "GOOD@goal.example", "mail.eml"], &["recipient-repeated"]),
        (&["--to", "no address", "mail.eml"], &["no address", "address-malformed"]),
    ] {
        complains(&run(arguments), 65, words);
        assert!(!place.path("out.eml").exists());
    }
    // Anchors that the certificate does not lead to.
    place.write("anchors.pem", other.pem().as_bytes());
    complains(&run(&["--to", "good@goal.example", "mail.eml"]), 65, &["good@goal.example", "path-not-found"]);
}

#[test]
fn modes_decide_about_those_who_are_left_out() {
    let place = Place::learned(MAIL);
    let run = |mode: &str, more: &[&str]| {
        let mailboxes = ["--to", "nobody@goal.example", "--out", "out.eml", "--mode", mode, "mail.eml"];
        let output = encrypt(&place, &[more, &mailboxes].concat());
        let made = fs::remove_file(place.path("out.eml")).is_ok();
        (output.status.code(), made, stderr(&output).contains("nobody@goal.example: not-found"))
    };
    let alice = ["--to", "alice@goal.example"];
    assert_eq!(run("if-possible", &alice), (Some(66), true, true));
    assert_eq!(run("only-encrypted", &alice), (Some(66), true, true));
    assert_eq!(run("all-or-nothing", &alice), (Some(65), false, true));
    assert_eq!(run("if-possible", &[]), (Some(65), false, true));
    assert_eq!(run("only-encrypted", &[]), (Some(65), false, true));
    assert_eq!(run("never", &alice).0, Some(2), "a mode of configurations");
}

#[test]
fn whether_plaintext_is_allowed_is_said_for_each_recipient() {
    let root = Authority::root("Root", Key::P256(1));
    let place = Place::new();
    place.write("anchors.pem", root.pem().as_bytes());
    place.write("mail.eml", MAIL);
    let learns = |mailbox: &str, key: u64, until: &str| {
        let mut spec = CertSpec::mailbox(mailbox, Key::P256(key));
        (spec.subject, spec.not_after) = (format!("Person {key}"), until.to_owned());
        place.write("learn.eml", &SignedMail::new(mailbox, &root.issue(&spec)).build());
        place.run(&["import", "--trust", "anchors.pem", "--at", "2026-02-01T00:00:00Z", "learn.eml"]);
    };
    for (name, key) in [("pinned", 9), ("expired", 10), ("held", 11)] {
        learns(&format!("{name}@goal.example"), key, "2026-03-01T00:00:00Z");
    }
    learns("held@goal.example", 12, "2027-01-01T00:00:00Z");
    learns("good@goal.example", 13, "2027-01-01T00:00:00Z");
    let listed = rows(&place.run(&["certs", "list", "--json", "--address", "pinned@goal.example"]));
    assert!(place.run(&["certs", "pin", listed[0]["fingerprint"].as_str().unwrap()]).status.success());

    let run = |mode: &str, more: &[&str]| {
        let at = ["encrypt", "--trust", "anchors.pem", "--at", "2026-06-01T00:00:00Z", "--dry-run", "--mode", mode];
        let names = ["pinned", "expired", "held", "unknown", "good"].map(|name| format!("{name}@goal.example"));
        let to: Vec<&str> = names.iter().flat_map(|name| ["--to", name.as_str()]).collect();
        place.run(&[&at, to.as_slice(), more, &["mail.eml"]].concat())
    };
    let fields = |output: &Output, name: &str| -> Vec<bool> {
        rows(output).iter().map(|row| row[name].as_bool().unwrap()).collect()
    };
    let output = run("if-possible", &["--json"]);
    assert_eq!(output.status.code(), Some(66), "{}", stderr(&output));
    assert_eq!(fields(&output, "needs_operator"), [true, false, true, false, false]);
    assert_eq!(fields(&output, "may_get_plaintext"), [false, true, false, true, false]);
    assert!(rows(&output).iter().all(|row| row.as_object().unwrap()["unavailable"].is_null()));
    for (mode, code) in [("only-encrypted", 66), ("all-or-nothing", 65)] {
        let output = run(mode, &["--json"]);
        assert_eq!(output.status.code(), Some(code));
        assert_eq!(fields(&output, "needs_operator"), [true, false, true, false, false], "{mode}");
        assert_eq!(fields(&output, "may_get_plaintext"), [false; 5], "{mode}");
    }
    let text = stderr(&run("if-possible", &[]));
    let waits: Vec<&str> = text.lines().filter(|line| line.contains("an operator has to decide")).collect();
    assert_eq!(waits.len(), 2, "{text}");
    assert!(waits[0].contains("pinned@goal.example: ") && waits[1].contains("held@goal.example: "), "{text}");
    assert!(waits.iter().all(|line| line.contains("plaintext is not allowed")), "{text}");
}

#[test]
fn who_did_not_answer_is_said_and_plaintext_is_not_allowed_then() {
    let place = Place::learned(MAIL);
    let text = "directories = [\"gone\"]\n[directory.gone]\nkind = \"http\"\nurl = \"https://127.0.0.1:9/{addr}\"\n";
    place.write("gone.toml", text.as_bytes());
    let to = ["--to", "nobody@goal.example", "--mode", "if-possible", "--dry-run", "--json", "mail.eml"];
    let output = encrypt(&place, &[&["--config", "gone.toml"], &to[..]].concat());
    assert_eq!(output.status.code(), Some(75), "{}", stderr(&output));
    let row = &rows(&output)[0];
    assert_eq!((&row["outcome"], &row["may_get_plaintext"]), (&"unavailable".into(), &false.into()));
    assert!(row["unavailable"].as_str().unwrap().contains("127.0.0.1"), "{row}");
}

#[test]
fn a_store_that_does_not_answer_is_a_reason_to_try_again() {
    let place = Place::learned(MAIL);
    place.write("broken.db", b"this is no database, and never was one");
    let output =
        encrypt(&place, &["--store", "sqlite:broken.db", "--to", "alice@goal.example", "--out", "out.eml", "mail.eml"]);
    complains(&output, 75, &["broken.db"]);
    assert!(!place.path("out.eml").exists());
}

#[cfg(unix)]
#[test]
fn a_store_that_cannot_be_reached_is_not_taken_for_an_empty_one() {
    let place = Place::learned(MAIL);
    std::os::unix::fs::symlink("gone.db", place.path("link.db")).unwrap();
    std::os::unix::fs::symlink("round.db", place.path("round.db")).unwrap();
    let anchors = example("anchors.pem");
    for store in ["link.db", "round.db", "mail.eml/store.db", "not/mounted/store.db"] {
        let url = format!("sqlite:{store}");
        let at = ["--store", &url, "--trace", "trace.jsonl", "--trust", &anchors, AT[0], AT[1]];
        let run = |command: &[&str]| place.run(&[command, &at].concat());
        let to = ["encrypt", "--to", "alice@goal.example", "--out", "out.eml", "mail.eml"];
        complains(&run(&to), 75, &[store]);
        complains(&run(&[&to[..], &["--mode", "if-possible"]].concat()), 75, &[store]);
        complains(&run(&[&to[..], &["--dry-run"]].concat()), 75, &[store]);
        for command in [
            &["certs", "list"][..],
            &["certs", "list", "--address", "alice@goal.example"],
            &["certs", "show", "00"],
            &["certs", "held"],
            &["certs", "export"],
            &["certs", "export", "alice@goal.example", "--out", "certs.pem"],
            &["certs", "expiring"],
            &["certs", "purge", "--ended", "30"],
            &["certs", "disable", "00"],
            &["store", "check"],
            &["store", "copy", "--to", "sqlite:copy.db"],
            &["report", "--out", "report.html"],
            &["import", "--dry-run", &example("alice-detached.eml")],
        ] {
            complains(&run(command), 75, &[store]);
        }
    }
    for name in ["out.eml", "gone.db", "certs.pem", "copy.db", "report.html"] {
        assert!(!place.path(name).exists(), "{name}");
    }
    // Where nothing is, nothing was learned, and nothing is made.
    let none = place.run(&["certs", "list", "--store", "sqlite:none.db"]);
    assert_eq!((none.status.code(), stdout(&none)), (Some(0), String::new()));
    assert!(!place.path("none.db").exists());
}

#[test]
fn inputs_that_are_no_mail_are_named() {
    let place = Place::learned(MAIL);
    place.write("empty.eml", b"");
    place.write("broken.eml", b"Subject: x\r\nno field\r\n\r\nhello");
    let run = |file: &str| encrypt(&place, &["--to", "alice@goal.example", "--out", "out.eml", file]);
    complains(&run("missing.eml"), 1, &["missing.eml"]);
    complains(&run("empty.eml"), 1, &["empty.eml"]);
    complains(&run("."), 1, &["folder"]);
    let broken = run("broken.eml");
    assert_eq!(broken.status.code(), Some(65));
    assert!(stderr(&broken).contains("broken.eml: header-malformed"), "{}", stderr(&broken));
    let output = encrypt(&place, &["--to", "alice@goal.example", "--out", "nowhere/out.eml", "mail.eml"]);
    complains(&output, 1, &["nowhere/out.eml"]);
    assert!(!place.path("out.eml").exists());
    assert_eq!(run("mail.eml").status.code(), Some(0));
    let twice = encrypt(&place, &["--to", "alice@goal.example", "--out", "twice.eml", "out.eml"]);
    complains(&twice, 65, &["out.eml", "already-encrypted"]);
}

#[test]
fn presets_protected_headers_and_configuration_are_followed() {
    let place = Place::learned(MAIL);
    let run = |more: &[&str]| {
        let output = encrypt(&place, &[more, &["--to", "alice@goal.example", "mail.eml"]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    assert!(run(&["--preset", "strict-aead"]).contains("smime-type=authEnveloped-data"));
    assert!(run(&["--preset", "outlook-classic"]).contains("smime-type=enveloped-data"));
    let protected = run(&["--protect-headers"]);
    assert!(protected.contains("Subject: [...]") && !protected.contains("hello"));
    let unknown = encrypt(&place, &["--preset", "best", "--to", "alice@goal.example", "mail.eml"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("not a preset: default, outlook-classic"), "{}", stderr(&unknown));

    let config = "[encrypt]\npreset = \"outlook-classic\"\n[tenants.default.encrypt]\nprotect_headers = true\n\
                  [tenants.default.routes.quiet.encrypt]\nmode = \"never\"\n";
    place.write("config.toml", config.as_bytes());
    let configured = run(&["--config", "config.toml"]);
    assert!(configured.contains("smime-type=enveloped-data") && configured.contains("Subject: [...]"));
    let arguments = ["--config", "config.toml", "--route", "quiet", "--to", "alice@goal.example", "mail.eml"];
    let never = encrypt(&place, &arguments);
    assert_eq!(never.status.code(), Some(65));
    assert!(stderr(&never).contains("route-never-seals"), "{}", stderr(&never));
    place.write("config.toml", b"[encrypt]\nmode = \"maybe\"\n");
    complains(&encrypt(&place, &arguments), 2, &["config.toml:2", "maybe"]);
}

#[test]
fn a_larger_mail_goes_through_in_pieces() {
    let place = Place::learned(MAIL);
    let body: Vec<u8> = (0..=255).cycle().take(3 << 20).collect();
    let mail = [b"Subject: x\r\nContent-Type: application/octet-stream\r\n\r\n".as_slice(), &body].concat();
    place.write("large.eml", &mail);
    let output = encrypt(&place, &["--to", "alice@goal.example", "--out", "out.eml", "large.eml"]);
    assert_eq!(output.status.code(), Some(0));
    let opened = Opener::new(ALICE).open_mail(&fs::read(place.path("out.eml")).unwrap()).unwrap();
    assert!(opened.ends_with(&body));
}
