//! Where mails come from: files, folders, standard input.

use crate::failure::Failure;
use postseal::verify::Limits;
use postseal_host::Archive;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The mails of all these paths; `-` is standard input, of which one octet more is read than the engine accepts, so that the engine says
/// what is wrong.
pub(crate) fn archive(paths: &[PathBuf], limits: &Limits) -> Result<Archive, Failure> {
    let most = u64::try_from(limits.message_bytes).unwrap_or(u64::MAX).saturating_add(1);
    let mut archive = Archive::default();
    for path in paths {
        if path == Path::new("-") {
            let mut mail = Vec::new();
            let read = io::stdin().take(most).read_to_end(&mut mail);
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
