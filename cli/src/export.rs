use crate::args::ExportOptions;
use crate::failure::Failure;
use crate::output_file::{OutputFile, is_standard_output};
use postseal::Address;
use postseal::query::{FindStored, Unavailable};
use postseal::store::{CertStore, Entries, Entry, Filter, Tenant};
use postseal_host::{Export, ExportError};
use std::fmt::Display;
use std::io::{self, BufWriter, ErrorKind, Write};

/// Writes public certificates, of one address or of all, a page of the store in memory. A file is whole or not there.
pub(crate) fn run(
    store: &dyn CertStore,
    tenant: &Tenant,
    wanted: Option<Address>,
    options: &ExportOptions,
) -> Result<(), Failure> {
    if options.issuers && !options.format.holds_issuers() {
        return Err(Failure::usage("--issuers: only pem and p7c have a place for the certificates of CAs"));
    }
    let Some(address) = wanted else { return deliver(Entries::of(store, tenant, Filter::All), options) };
    let found = store.find(&FindStored::new(tenant.clone(), vec![address]))?;
    deliver(found.into_iter().map(Ok), options)
}

fn deliver(entries: impl Iterator<Item = Result<Entry, Unavailable>>, options: &ExportOptions) -> Result<(), Failure> {
    let Some(path) = options.out.as_deref().filter(|path| !is_standard_output(path)) else {
        return match write(io::stdout().lock(), entries, options) {
            // A reader that has gone away is no error: `postseal … | head` is fine.
            Err(Stopped::Output(ExportError::Output(error))) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            outcome => outcome.map(drop).map_err(|stopped| stopped.failure("standard output")),
        };
    };
    let name = path.display().to_string();
    let not_written = |error: &dyn Display| Failure::input(format_args!("{name}: {error}"));
    let file = OutputFile::public(path).map_err(|error| not_written(&error))?;
    let file = write(file, entries, options).map_err(|stopped| stopped.failure(&name))?;
    file.finish().map_err(|error| not_written(&error))
}

/// Why nothing more is written.
enum Stopped {
    Store(Unavailable),
    Output(ExportError),
}

impl From<ExportError> for Stopped {
    fn from(error: ExportError) -> Self {
        Self::Output(error)
    }
}

impl Stopped {
    fn failure(self, output: &str) -> Failure {
        match self {
            Self::Store(unavailable) => unavailable.into(),
            Self::Output(error) => Failure::input(format_args!("{output}: {error}")),
        }
    }
}

fn write<W: Write>(
    out: W,
    entries: impl Iterator<Item = Result<Entry, Unavailable>>,
    options: &ExportOptions,
) -> Result<W, Stopped> {
    let mut export = Export::new(options.format, BufWriter::new(out));
    if options.issuers {
        export = export.with_issuers();
    }
    if options.unused {
        export = export.with_unused();
    }
    if let Some(base) = &options.base {
        export = export.below(base);
    }
    for entry in entries {
        export.entry(&entry.map_err(Stopped::Store)?)?;
    }
    export.finish()?.into_inner().map_err(|error| ExportError::Output(error.into_error()).into())
}
