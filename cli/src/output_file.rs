//! Files that `--out` names: whole, or as they were.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::iter;
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// Links that are followed, as many as Linux follows.
const LINKS: usize = 40;

/// A file on its way: what is written becomes visible with [`OutputFile::finish`], and not before.
#[derive(Debug)]
pub(crate) struct OutputFile {
    written: NamedTempFile,
    target: Target,
}

#[derive(Debug)]
enum Target {
    StandardOutput,
    /// A pipe, a terminal, a device: it stays what it is, and takes what is written.
    Into(PathBuf),
    /// A file that is replaced, or made, and who may read the old one.
    File(PathBuf, Option<fs::Permissions>),
}

/// Whether this means standard output and no file.
pub(crate) fn is_standard_output(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new("/dev/stdout")
}

impl OutputFile {
    /// Readable by its owner only where it is new: it names persons. An old file stays as readable as it is.
    pub(crate) fn private(path: &Path) -> io::Result<Self> {
        Self::begin(path, &Builder::new())
    }

    /// As readable as any new file, by the umask.
    pub(crate) fn public(path: &Path) -> io::Result<Self> {
        let mut builder = Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        Self::begin(path, &builder)
    }

    pub(crate) fn standard_output() -> io::Result<Self> {
        Ok(Self { written: NamedTempFile::new()?, target: Target::StandardOutput })
    }

    fn begin(path: &Path, builder: &Builder<'_, '_>) -> io::Result<Self> {
        if is_standard_output(path) {
            return Self::standard_output();
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if found.is_file() => {
                let path = fs::canonicalize(path)?;
                // What a file that may be for its owner only holds is for nobody else while it is written either.
                let written = NamedTempFile::new_in(folder(&path))?;
                Ok(Self { written, target: Target::File(path, Some(found.permissions())) })
            }
            Ok(_) => Ok(Self { written: NamedTempFile::new()?, target: Target::Into(path.to_owned()) }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let path = followed(path);
                Ok(Self { written: builder.tempfile_in(folder(&path))?, target: Target::File(path, None) })
            }
            Err(error) => Err(error),
        }
    }

    /// All of it becomes visible.
    pub(crate) fn finish(self) -> io::Result<()> {
        match &self.target {
            Target::StandardOutput => copy(&self.written, &mut io::stdout().lock()),
            Target::Into(path) => copy(&self.written, &mut OpenOptions::new().write(true).open(path)?),
            Target::File(path, permissions) => {
                if let Some(permissions) = permissions {
                    self.written.as_file().set_permissions(permissions.clone())?;
                }
                self.written.persist(path).map(drop).map_err(|error| error.error)
            }
        }
    }
}

impl Write for OutputFile {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.written.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.written.flush()
    }
}

fn copy(written: &NamedTempFile, out: &mut impl Write) -> io::Result<()> {
    let mut file: File = written.reopen()?;
    io::copy(&mut file, out).and_then(|_| out.flush())
}

/// What a link to nothing names, which is made as if no link were there.
fn followed(path: &Path) -> PathBuf {
    let next = |path: &PathBuf| fs::read_link(path).ok().map(|target| folder(path).join(target));
    let path = path.to_owned();
    iter::successors(Some(path.clone()), next).take(LINKS).last().unwrap_or(path)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}
