//! One static page about what was learned and what waits: counts from the trace, certificates from the store.

mod certificates;
mod chart;
mod events;
mod held;
mod page;

use crate::args::{ReportOptions, Shared};
use crate::failure::Failure;
use crate::output;
use crate::output_file::{OutputFile, is_standard_output};
use crate::session::Session;
use crate::trace::tell_unreadable;
use certificates::Certificates;
use events::Events;
use postseal::store::{Entries, Filter};
use postseal_adapters::trace::Reader;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// Streams the trace, reads the store, and writes the page; the old one stays until the new one is whole.
pub(crate) fn run(shared: &Shared, options: &ReportOptions) -> Result<ExitCode, Failure> {
    let session = Session::new(shared)?;
    let path = session.trace_path()?;
    let mut events = Events::new(&shared.tenant, options.period);
    let named = |error: io::Error| Failure::input(format_args!("{}: {error}", path.display()));
    match Reader::open(&path) {
        Ok(mut reader) => {
            while let Some(event) = reader.next_event().map_err(named)? {
                events.count(&event);
            }
            tell_unreadable(&path, reader.unreadable(), 0);
            events.unreadable = reader.unreadable();
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => events.is_missing = true,
        Err(error) => return Err(named(error)),
    }
    let (store, tenant) = (session.store_to_read()?, session.tenant());
    let entries = Entries::of(&*store, &tenant, Filter::All);
    let certificates = Certificates::of(entries, session.now())?;
    let page = page::render(&shared.tenant, session.now(), options.period, &events, &certificates);
    write(&options.out, &page)?;
    Ok(ExitCode::SUCCESS)
}

fn write(out: &Path, page: &str) -> Result<(), Failure> {
    if is_standard_output(out) {
        output::whole(page);
        return Ok(());
    }
    let mut file = OutputFile::private(out).map_err(|error| not_written(out, &error))?;
    file.write_all(page.as_bytes()).and_then(|()| file.finish()).map_err(|error| not_written(out, &error))
}

fn not_written(out: &Path, error: &io::Error) -> Failure {
    Failure::input(format_args!("{}: {error}", out.display()))
}
