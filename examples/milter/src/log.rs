//! One line for each thing that happens, as `key=value`, without an address, a subject or anything else of a mail.

use postseal::trace::escape;
use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line to standard error, where the service manager takes it with the time.
pub fn line(event: &str, members: &[(&str, &str)]) {
    say(text(event, members));
}

/// Writes this to standard error, when somebody is there to take it: mail goes on without its lines, and `eprintln!` would panic, in the
/// hook for panics too, which ends the process.
pub fn say(words: impl Display) {
    let _unheard = writeln!(io::stderr().lock(), "{words}");
}

fn text(event: &str, members: &[(&str, &str)]) -> String {
    let mut line = format!("event={event}");
    for (key, value) in members.iter().filter(|(_, value)| !value.is_empty()) {
        let value = escape(value);
        line.push_str(&if value.contains([' ', '"', '=']) {
            format!(" {key}=\"{}\"", value.replace('"', "'"))
        } else {
            format!(" {key}={value}")
        });
    }
    line
}

#[cfg(test)]
mod tests {
    #[test]
    fn nobody_writes_a_line_of_his_own() {
        let line = super::text("message", &[("queue", "4F\nevent=\"x\""), ("code", ""), ("ms", "3")]);
        assert_eq!(line, "event=message queue=\"4F\\u{a}event='x'\" ms=3");
    }
}
