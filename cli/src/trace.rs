use crate::args::{Shared, TraceOptions};
use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use postseal::{Address, UnixTime};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

/// Reads the trace file, all of it or what was asked for.
pub(crate) fn run(shared: &Shared, options: &TraceOptions) -> Result<ExitCode, Failure> {
    let path = Session::new(shared)?.trace_path()?;
    let named = |error: std::io::Error| Failure::input(format_args!("{}: {error}", path.display()));
    let mut reader = BufReader::new(File::open(&path).map_err(named)?);
    let address = options.address.as_deref().map(Address::parse).transpose().map_err(Failure::usage)?;
    let mut line = String::new();
    loop {
        // A line without its end is still being written: what was read of it stays until the rest comes.
        let read = reader.read_line(&mut line).map_err(named)?;
        if read == 0 || !line.ends_with('\n') {
            if !options.follow {
                return Ok(ExitCode::SUCCESS);
            }
            thread::sleep(Duration::from_millis(200));
            continue;
        }
        show(shared, options, address.as_ref(), line.trim_end());
        line.clear();
    }
}

fn show(shared: &Shared, options: &TraceOptions, address: Option<&Address>, line: &str) {
    let Ok(event) = serde_json::from_str::<Value>(line) else { return };
    let text = |field: &str| event.get(field).and_then(Value::as_str);
    let since =
        options.since.is_none_or(|since| text("at").and_then(UnixTime::from_rfc3339).is_some_and(|at| at >= since));
    let about =
        address.is_none_or(|address| text("address").is_some_and(|text| Address::parse(text).as_ref() == Ok(address)));
    let tenant = text("tenant") == Some(&shared.tenant);
    if !(since && about && tenant) {
        return;
    }
    if shared.json {
        return output::line(line);
    }
    let mut parts = vec![text("at").unwrap_or("?").to_owned(), text("event").unwrap_or("?").to_owned()];
    parts.extend(text("address").map(postseal::trace::escape));
    for field in ["fingerprint", "previous", "active", "anchor"] {
        parts.extend(text(field).map(|value| format!("{field} {}", value.chars().take(12).collect::<String>())));
    }
    for field in ["content_encryption", "source", "not_before", "not_after", "code", "decision", "by", "message_id"] {
        parts.extend(text(field).map(|value| format!("{field} {value}")));
    }
    output::line(&parts.join("  "));
}
