//! Where mails come from: files, folders, standard input.

use crate::failure::Failure;
use postseal_host::Archive;
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
