//! A folder of its own for each test, with the command run in it.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "test code, shared by several tests")]

use postseal_testkit::corpus;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// One that has learned from the example mails, with this mail to be sent.
    pub(crate) fn learned(mail: &[u8]) -> Self {
        let place = Self::new();
        let output = place.run(&["import", "--trust", &example("anchors.pem"), AT[0], AT[1], &example("")]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        place.write("mail.eml", mail);
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postseal"));
        command.current_dir(self.folder.path()).args(args).stdin(Stdio::null());
        command
    }
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub(crate) fn example(name: &str) -> String {
    corpus::folder().join("../examples/mail").join(name).canonicalize().unwrap().display().to_string()
}

pub(crate) fn rows(output: &Output) -> Vec<Value> {
    stdout(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// One line on standard error that contains all of these, and this exit code.
pub(crate) fn complains(output: &Output, code: i32, words: &[&str]) {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    assert!(text.starts_with("postseal: ") && words.iter().all(|word| text.contains(word)), "{text}");
}

pub(crate) const AT: [&str; 2] = ["--at", "2026-11-01T00:00:00Z"];
