use std::fs::File;
use std::io;
use std::path::Path;

/// Which file it is, whatever it is called by now. It says something as long as the file is open: its number is not given to
/// another one before that.
#[cfg(unix)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    number: u64,
}

#[cfg(unix)]
impl Identity {
    pub(super) fn of(file: &File) -> io::Result<Self> {
        file.metadata().map(|metadata| Self::from(&metadata))
    }

    pub(super) fn at(path: &Path) -> io::Result<Self> {
        std::fs::metadata(path).map(|metadata| Self::from(&metadata))
    }
}

#[cfg(unix)]
impl From<&std::fs::Metadata> for Identity {
    fn from(metadata: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device: metadata.dev(), number: metadata.ino() }
    }
}

/// Elsewhere a file must be opened to be told from another.
#[cfg(not(unix))]
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Identity(same_file::Handle);

#[cfg(not(unix))]
impl Identity {
    pub(super) fn of(file: &File) -> io::Result<Self> {
        same_file::Handle::from_file(file.try_clone()?).map(Self)
    }

    pub(super) fn at(path: &Path) -> io::Result<Self> {
        same_file::Handle::from_path(path).map(Self)
    }
}
