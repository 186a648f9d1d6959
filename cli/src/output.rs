//! JSON lines and text, on standard output and standard error.

use crate::failure::Failure;
use postseal::trace::escape;
use serde_json::Value;
use std::fmt;
use std::io::{self, Write};
use std::sync::OnceLock;

/// Why standard output could not be written. What comes after is not written either: it would stand behind a hole.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Prints one line to people, whatever stands in it.
pub(crate) fn line(text: &str) {
    whole(&plain(text));
}

pub(crate) fn json(object: &Value) {
    whole(&object.to_string());
}

/// Prints this as it is: what was made for programs, or has lines of its own. A reader that has gone away is no error: `postseal … | head`
/// is fine. [`check`] tells every other one.
pub(crate) fn whole(text: &str) {
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
    let _unheard = writeln!(io::stderr().lock(), "{}", plain(&text.to_string()));
}

/// As [`tell`], to programs.
pub(crate) fn tell_json(object: &Value) {
    let _unheard = writeln!(io::stderr().lock(), "{object}");
}

/// Text that stays on its line and does not command a terminal: names of files may hold anything but a zero. As [`escape`] has it, but whole,
/// because files are told apart by the end of their path, and with backslashes as they are, so that what is escaped stays.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if character == ' ' || character.is_ascii_graphic() {
            plain.push(character);
        } else {
            plain.push_str(&escape(character.encode_utf8(&mut [0; 4])));
        }
    }
    plain
}

/// The first twelve digits of a fingerprint, enough for people.
pub(crate) fn short(fingerprint: &postseal::Fingerprint) -> String {
    fingerprint.to_string().chars().take(12).collect()
}

/// The day of a time.
pub(crate) fn day(time: postseal::UnixTime) -> String {
    time.to_string().chars().take(10).collect()
}
