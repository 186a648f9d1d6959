//! The trace for people and for other programs, all of it or what was asked for.

mod filter;

use crate::args::{Shared, TraceFormat, TraceOptions};
use crate::failure::Failure;
use crate::output;
use crate::session::Session;
use filter::Filter;
use postseal_adapters::trace::{Reader, plain, structured_data};
use serde_json::Value;
use std::borrow::Cow;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

/// Reads the rotated files and the one in use, an event at a time.
pub(crate) fn run(shared: &Shared, options: &TraceOptions) -> Result<ExitCode, Failure> {
    let path = Session::new(shared)?.trace_path()?;
    let named = |error: io::Error| Failure::input(format_args!("{}: {error}", path.display()));
    let filter = Filter::new(&shared.tenant, options)?;
    let format = options.format.unwrap_or(if shared.json { TraceFormat::Json } else { TraceFormat::Text });
    let mut reader = Reader::open(&path).map_err(named)?;
    let mut output = BufWriter::new(io::stdout().lock());
    let (mut told, mut ours, mut of_others) = (0, 0_u64, 0_u64);
    loop {
        while let Some(event) = reader.next_event().map_err(named)? {
            if !filter.wants(&event) {
                continue;
            }
            let count = if filter.is_of_tenant(&event) { &mut ours } else { &mut of_others };
            *count = count.saturating_add(1);
            if filter.is_of_tenant(&event)
                && let Err(error) = writeln!(output, "{}", shown(&event, format))
            {
                return unwritten(&error);
            }
        }
        if let Err(error) = output.flush() {
            return unwritten(&error);
        }
        let ends_within = u64::from(!options.follow && reader.is_within_line());
        told = tell_unreadable(&path, reader.unreadable().saturating_add(ends_within), told);
        if !options.follow {
            if ours == 0 && of_others > 0 {
                let tenant = &shared.tenant;
                output::tell(format_args!(
                    "postseal: no such event of tenant {tenant:?}, but {of_others} of others (--tenant)"
                ));
            }
            return Ok(ExitCode::SUCCESS);
        }
        thread::sleep(Duration::from_millis(200));
    }
}

/// A reader that has gone away is no error: `postseal trace | head` is fine.
fn unwritten(error: &io::Error) -> Result<ExitCode, Failure> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(ExitCode::SUCCESS) } else { Err(output::not_written(error)) }
}

/// Says on standard error how many lines are no events, when they are more than it said before.
pub(crate) fn tell_unreadable(path: &Path, unreadable: u64, told: u64) -> u64 {
    if unreadable > told {
        let lines = if unreadable == 1 { "1 line is no event" } else { &format!("{unreadable} lines are no events") };
        output::tell(format_args!("postseal: {}: {lines}", path.display()));
    }
    unreadable
}

fn shown(event: &Value, format: TraceFormat) -> String {
    match format {
        TraceFormat::Text => text(event),
        TraceFormat::Json => event.to_string(),
        TraceFormat::Syslog => structured_data(event),
    }
}

fn text(event: &Value) -> String {
    let text = |field: &str| event.get(field).and_then(Value::as_str).map(plain);
    let or_unknown = |field: &str| text(field).map_or_else(|| "?".to_owned(), Cow::into_owned);
    let mut parts = vec![or_unknown("at"), or_unknown("event")];
    parts.extend(text("address").map(|address| postseal::trace::escape(&address)));
    for field in ["fingerprint", "previous", "active", "anchor"] {
        parts.extend(text(field).map(|value| format!("{field} {}", value.chars().take(12).collect::<String>())));
    }
    for field in ["content_encryption", "source", "not_before", "not_after", "code", "decision", "by", "message_id"] {
        parts.extend(text(field).map(|value| format!("{field} {value}")));
    }
    parts.join("  ")
}
