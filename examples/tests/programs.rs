//! Every program, as its first lines say, and what it prints.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

use std::path::Path;
use std::process::Command;

fn run(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{program}: {}{printed}", String::from_utf8_lossy(&output.stderr));
    printed
}

fn mail() -> String {
    format!("{}/mail", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_mailbox_and_an_async_host_come_to_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let anchors = format!("{}/anchors.pem", mail());
    let program = env!("CARGO_BIN_EXE_import-a-mailbox");
    let one = run(program, &[&anchors, &mail(), "store.db"], folder.path());
    assert!(one.ends_with("{\"imported\": 4, \"refused\": 2}\n"), "{one}");
    let many = run(env!("CARGO_BIN_EXE_async-host"), &[&anchors, &mail()], folder.path());
    assert_eq!((many.matches(": imported").count(), many.matches(": refused").count()), (4, 2), "{many}");
}

#[test]
fn own_parts() {
    let folder = tempfile::tempdir().unwrap();
    let _printed = run(env!("CARGO_BIN_EXE_a-store-of-your-own"), &[], folder.path());
    let sealed = run(env!("CARGO_BIN_EXE_a-directory-of-your-own"), &[], folder.path());
    assert!(
        sealed.contains("enveloped-data") && !sealed.contains("in confidence") && sealed.contains("lent-discarded")
    );
}

#[test]
fn a_compose_window_and_what_the_trace_says_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let anchors = format!("{}/anchors.pem", mail());
    run(env!("CARGO_BIN_EXE_import-a-mailbox"), &[&anchors, &mail(), "store.db"], folder.path());
    let configuration = format!("trust = [{anchors:?}]\nstore = \"sqlite:store.db\"\ntrace = \"trace.jsonl\"\n");
    std::fs::write(folder.path().join("postseal.toml"), configuration).unwrap();
    let recipients = ["postseal.toml", "alice@goal.example", "nobody@goal.example"];
    let printed = run(env!("CARGO_BIN_EXE_compose-window"), &recipients, folder.path());
    assert!(printed.contains("alice@goal.example: will be encrypted\n"), "{printed}");
    assert!(printed.contains("nobody@goal.example: cannot be encrypted to. Neither the store"), "{printed}");
    let reader = env!("CARGO_BIN_EXE_reading-the-trace");
    let printed = run(reader, &["trace.jsonl", "nobody@goal.example"], folder.path());
    assert!(printed.contains("recipient-missed no-certificate"), "{printed}");
}

#[test]
fn renewals_pass_and_contradictions_wait() {
    let printed = run(env!("CARGO_BIN_EXE_renewals-and-held"), &[], Path::new("."));
    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(lines.first(), Some(&"first contact: imported"));
    assert_eq!(lines.get(1), Some(&"her renewal: renewed"));
    assert_eq!(lines.get(2), Some(&"another CA's: held"));
    assert_eq!(lines.last(), Some(&"the same again: refused (certificate-rejected)"));
}
