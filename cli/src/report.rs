//! One static page about what was learned and what waits: counts from the trace, certificates from the store.

mod certificates;
mod chart;
mod events;
mod held;
mod page;

use crate::args::{ReportOptions, Shared};
use crate::failure::Failure;
use crate::session::Session;
use crate::trace::tell_unreadable;
use certificates::Certificates;
use events::Events;
use postseal::store::{Entries, Filter};
use postseal_adapters::trace::Reader;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use tempfile::NamedTempFile;

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
    write(&options.out, &page).map_err(|error| Failure::input(format_args!("{}: {error}", options.out.display())))?;
    Ok(ExitCode::SUCCESS)
}

fn write(out: &Path, page: &str) -> io::Result<()> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(page.as_bytes())?;
    // Readable by its owner only: it names persons.
    file.persist(out)?;
    Ok(())
}
