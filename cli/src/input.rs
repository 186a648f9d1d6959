//! Where mails come from: files, folders, standard input.

use crate::failure::Failure;
use postseal_host::Archive;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Most octets of standard input that are read: one more than the engine accepts, so that the engine says what is wrong.
const MAIL_LIMIT: u64 = (50 << 20) + 1;

/// The mails of all these paths; `-` is standard input.
pub(crate) fn archive(paths: &[PathBuf]) -> Result<Archive, Failure> {
    let mut archive = Archive::default();
    for path in paths {
        if path == Path::new("-") {
            let mut mail = Vec::new();
            let read = io::stdin().take(MAIL_LIMIT).read_to_end(&mut mail);
            read.map_err(|error| Failure::input(format_args!("-: {error}")))?;
            archive.add_mail("-", mail);
        } else {
            archive.add_path(path);
        }
    }
    Ok(archive)
}

/// A whole file of so many octets at the most: a device or a pipe may never end.
pub(crate) fn file(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let mut octets = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most.saturating_add(1)).read_to_end(&mut octets));
    let length = read.map_err(|error| Failure::input(format_args!("{}: {error}", path.display())))?;
    if u64::try_from(length).unwrap_or(u64::MAX) > most {
        return Err(Failure::input(format_args!("{}: the file has more than {most} octets", path.display())));
    }
    Ok(octets)
}
