//! JSON lines and text, on standard output and standard error.

use crate::failure::Failure;
use serde_json::Value;
use std::fmt;
use std::io::{self, Write};
use std::sync::OnceLock;

/// Why standard output could not be written. What comes after is not written either: it would stand behind a hole.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Prints one line. A reader that has gone away is no error: `postseal … | head` is fine. [`check`] tells every other one.
pub(crate) fn line(text: &str) {
    if LOST.get().is_none() {
        keep(writeln!(io::stdout().lock(), "{text}"));
    }
}

/// Whether all lines were written. Asked at the end, when what they are about is done: mails are imported all the same.
pub(crate) fn check() -> Result<(), Failure> {
    keep(io::stdout().flush());
    LOST.get().map_or(Ok(()), |error| Err(not_written(error)))
}

pub(crate) fn not_written(error: &io::Error) -> Failure {
    Failure::input(format_args!("standard output: {error}"))
}

fn keep(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        let _first = LOST.set(error);
    }
}

/// Says one line to people, on standard error. That nobody can hear it changes neither what is done nor the exit code: `eprintln!`
/// would end the command where it is.
pub(crate) fn tell(text: impl fmt::Display) {
    let _unheard = writeln!(io::stderr().lock(), "{text}");
}

pub(crate) fn json(object: &Value) {
    line(&object.to_string());
}

/// The first twelve digits of a fingerprint, enough for people.
pub(crate) fn short(fingerprint: &postseal::Fingerprint) -> String {
    fingerprint.to_string().chars().take(12).collect()
}

/// The day of a time.
pub(crate) fn day(time: postseal::UnixTime) -> String {
    time.to_string().chars().take(10).collect()
}
