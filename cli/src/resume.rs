//! Which mails of a long import are done.

use crate::failure::Failure;
use postseal::store::Tenant;
use postseal::trace::escape;
use std::collections::HashSet;
use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The first line of the file, before the tenant.
const FIRST: &str = "postseal import 1 ";

/// Most octets of a line that are read: a device may never end one.
const LONGEST_LINE: u64 = 4096;

/// Digits of a SHA-256.
const DIGITS: usize = 64;

/// A file with the SHA-256 of each mail that is done, a line each. A mail that was stored and is not noted is imported again, which
/// changes nothing; so a line that was lost costs time and no more.
pub(crate) struct Done {
    path: PathBuf,
    digests: HashSet<[u8; 32]>,
    file: Mutex<(BufWriter<File>, Option<std::io::Error>)>,
}

impl Done {
    pub(crate) fn open(path: &Path, tenant: &Tenant) -> Result<Self, Failure> {
        let failed = |error: &dyn fmt::Display| Failure::input(format_args!("{}: {error}", path.display()));
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = open.map_err(|error| failed(&error))?;
        let first = format!("{FIRST}{}\n", escape(tenant.name()));
        let mut lines = BufReader::new(&file);
        let (mut line, mut digests, mut end) = (String::new(), HashSet::new(), 0_u64);
        loop {
            line.clear();
            let read = lines.by_ref().take(LONGEST_LINE).read_line(&mut line).map_err(|error| failed(&error))?;
            // A line without its end was being written when the import was interrupted; what is no beginning of one is somebody else's.
            let is_whole = line.ends_with('\n');
            let is_ours = if end > 0 { is_whole || read <= DIGITS } else { first.starts_with(&line) };
            if !is_ours || (end == 0 && is_whole && line != first) {
                let text = "not the file of an import of this tenant";
                return Err(Failure::usage(format_args!("{}: {text}", path.display())));
            }
            if !is_whole {
                break;
            }
            if end > 0 {
                digests.insert(digest(line.trim_end()).ok_or_else(|| failed(&"a line is no SHA-256"))?);
            }
            end = end.saturating_add(u64::try_from(read).unwrap_or_default());
        }
        file.set_len(end).and_then(|()| file.seek(SeekFrom::Start(end))).map_err(|error| failed(&error))?;
        if end == 0 {
            file.write_all(first.as_bytes()).map_err(|error| failed(&error))?;
        }
        Ok(Self { path: path.to_owned(), digests, file: Mutex::new((BufWriter::new(file), None)) })
    }

    pub(crate) fn has(&self, digest: &[u8; 32]) -> bool {
        self.digests.contains(digest)
    }

    /// Told at the end, when it cannot be written.
    pub(crate) fn note(&self, digest: [u8; 32]) {
        let mut line = String::with_capacity(65);
        for octet in digest {
            let _never = write!(line, "{octet:02x}");
        }
        line.push('\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.0.write_all(line.as_bytes()) {
            file.1.get_or_insert(error);
        }
    }

    pub(crate) fn close(self) -> Result<(), Failure> {
        let (mut file, error) = self.file.into_inner().unwrap_or_else(PoisonError::into_inner);
        let result = error.map_or_else(|| file.flush(), Err);
        result.map_err(|error| Failure::input(format_args!("{}: {error}", self.path.display())))
    }
}

fn digest(line: &str) -> Option<[u8; 32]> {
    let fingerprint: postseal::Fingerprint = line.parse().ok()?;
    Some(*fingerprint.as_bytes())
}
