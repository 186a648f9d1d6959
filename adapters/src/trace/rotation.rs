use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Digits of the number in the name of a rotated file. Dates have 8 and seconds of the epoch 10, so that a copy which somebody
/// made by hand is not taken for one.
const DIGITS: usize = 9;

const DAY: Duration = Duration::from_secs(86_400);

/// When a trace goes on in a new file, and what becomes of the old ones.
///
/// `trace.jsonl` is renamed to `trace.000000001.jsonl`, the next time to `trace.000000002.jsonl`: a greater number is newer, and
/// a file keeps its name. Nothing but that is ever done to a file before it is deleted.
///
/// ```
/// use postseal_adapters::trace::Rotation;
/// let rotation = Rotation::at(100_000_000).keeping_files(20).keeping_days(365);
/// assert_eq!((rotation.octets, rotation.keep_files, rotation.keep_days), (100_000_000, Some(20), Some(365)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rotation {
    /// The size that a file does not grow beyond, in octets; one event alone may.
    pub octets: u64,
    /// How many rotated files are kept; all of them without it.
    pub keep_files: Option<usize>,
    /// For how many days after its last event a rotated file is kept; for ever without it.
    pub keep_days: Option<u32>,
}

impl Rotation {
    /// At this size in octets; every rotated file is kept.
    ///
    /// ```
    /// assert_eq!(postseal_adapters::trace::Rotation::at(1000).keep_files, None);
    /// ```
    pub const fn at(octets: u64) -> Self {
        Self { octets, keep_files: None, keep_days: None }
    }

    /// With so many rotated files at the most; the oldest are deleted.
    ///
    /// ```
    /// assert_eq!(postseal_adapters::trace::Rotation::at(1000).keeping_files(3).keep_files, Some(3));
    /// ```
    #[must_use]
    pub const fn keeping_files(mut self, files: usize) -> Self {
        self.keep_files = Some(files);
        self
    }

    /// Without rotated files whose last event is older than so many days. Files are looked at when one is rotated and when a
    /// process opens the trace; the file in use is never deleted.
    ///
    /// ```
    /// assert_eq!(postseal_adapters::trace::Rotation::at(1000).keeping_days(90).keep_days, Some(90));
    /// ```
    #[must_use]
    pub const fn keeping_days(mut self, days: u32) -> Self {
        self.keep_days = Some(days);
        self
    }

    /// Deletes what is not kept. A file that cannot be deleted stays until the next time.
    pub(super) fn prune(&self, path: &Path) -> io::Result<()> {
        let files = rotated_files(path)?;
        let surplus = self.keep_files.map_or(0, |keep| files.len().saturating_sub(keep));
        let age = self.keep_days.map(|days| DAY.saturating_mul(days));
        let oldest = age.and_then(|age| SystemTime::now().checked_sub(age));
        for (index, (_, file)) in files.iter().enumerate() {
            let written = || fs::metadata(file).and_then(|metadata| metadata.modified()).ok();
            let is_old = oldest.is_some_and(|oldest| written().is_some_and(|written| written < oldest));
            if index < surplus || is_old {
                let _stays = fs::remove_file(file);
            }
        }
        Ok(())
    }
}

/// The rotated files of the trace at this path, oldest first, each with its number. The file in use is not among them.
///
/// # Errors
/// Those of the file system.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("trace.jsonl");
/// std::fs::write(folder.path().join("trace.000000007.jsonl"), "")?;
/// std::fs::write(folder.path().join("trace.old.jsonl"), "")?;
/// let files = postseal_adapters::trace::rotated_files(&path)?;
/// assert_eq!(files.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [7]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn rotated_files(path: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let path = settled(path);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder(&path))? {
        let entry = entry?;
        if let Some(number) = number_of(&path, &entry.file_name()) {
            files.push((number, entry.path()));
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Where a trace is, whatever becomes of the working directory; behind a symbolic link, so that the file is renamed and not the
/// link.
pub(super) fn settled(path: &Path) -> PathBuf {
    match fs::canonicalize(path) {
        Ok(real) if real.is_file() => real,
        _ => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    }
}

/// What the trace is called next; `None` when there are no numbers left.
pub(super) fn next_name(path: &Path) -> io::Result<Option<PathBuf>> {
    let last = rotated_files(path)?.last().map_or(0, |(number, _)| *number);
    let number = format!("{:0DIGITS$}", last.saturating_add(1));
    if number.len() > DIGITS {
        return Ok(None);
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(".");
    name.push(number);
    name.push(ending(path));
    Ok(Some(path.with_file_name(name)))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

fn ending(path: &Path) -> OsString {
    let mut ending = OsString::new();
    if let Some(extension) = path.extension() {
        ending.push(".");
        ending.push(extension);
    }
    ending
}

fn number_of(path: &Path, name: &std::ffi::OsStr) -> Option<u64> {
    let bytes = name.as_encoded_bytes().strip_prefix(path.file_stem()?.as_encoded_bytes())?;
    let digits = bytes.strip_prefix(b".")?.strip_suffix(ending(path).as_encoded_bytes())?;
    if digits.len() != DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_this_makes_are_rotated_files() {
        for (path, name, number) in [
            ("/x/trace.jsonl", "trace.000000012.jsonl", Some(12)),
            ("/x/trace.jsonl", "trace.jsonl", None),
            ("/x/trace.jsonl", "trace.20261128.jsonl", None),
            ("/x/trace.jsonl", "trace.1764300000.jsonl", None),
            ("/x/trace.jsonl", "trace.00000001a.jsonl", None),
            ("/x/trace.jsonl", "trace.000000012.jsonl.gz", None),
            ("/x/trace.jsonl", "other.000000012.jsonl", None),
            ("/x/trace", "trace.000000012", Some(12)),
            ("/x/trace", "trace.000000012.jsonl", None),
        ] {
            assert_eq!(number_of(path.as_ref(), name.as_ref()), number, "{path} {name}");
        }
    }

    #[test]
    fn numbers_go_up_and_never_come_again_while_a_file_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.jsonl");
        assert!(next_name(&path).unwrap().unwrap().ends_with("trace.000000001.jsonl"));
        fs::write(folder.path().join("trace.000000041.jsonl"), "").unwrap();
        assert!(next_name(&path).unwrap().unwrap().ends_with("trace.000000042.jsonl"));
        fs::write(folder.path().join("trace.999999999.jsonl"), "").unwrap();
        assert_eq!(next_name(&path).unwrap(), None);
    }
}
