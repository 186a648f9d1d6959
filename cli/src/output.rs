//! JSON lines and text, on standard output and standard error.

use serde_json::Value;
use std::fmt;
use std::io::{self, Write};

/// Prints one line. A reader that has gone away is no error: `postseal … | head` is fine.
pub(crate) fn line(text: &str) {
    let _gone = writeln!(io::stdout().lock(), "{text}");
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
