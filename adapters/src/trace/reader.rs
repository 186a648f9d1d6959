use super::identity::Identity;
use super::rotation::{rotated_files, settled};
use serde_json::Value;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// The most octets of a line. No event comes near it: all text from mail in it is cut.
const LONGEST_LINE: usize = 1 << 16;

/// Reads a trace from its oldest rotated file to the last event, and goes on when more come and when the file is rotated. It
/// holds one line in memory.
///
/// ```
/// use postseal_adapters::trace::Reader;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("trace.jsonl");
/// std::fs::write(folder.path().join("trace.000000001.jsonl"), "{\"event\":\"imported\"}\n")?;
/// std::fs::write(&path, "no event\n{\"event\":\"sealed\"}\n{\"eve")?;
/// let mut reader = Reader::open(&path)?;
/// assert_eq!(reader.next_event()?.unwrap()["event"], "imported");
/// assert_eq!(reader.next_event()?.unwrap()["event"], "sealed");
/// assert!(reader.next_event()?.is_none());
/// assert_eq!((reader.unreadable(), reader.is_within_line()), (1, true));
/// std::fs::write(&path, "no event\n{\"event\":\"sealed\"}\n{\"event\":\"added\"}\n")?;
/// assert_eq!(reader.next_event()?.unwrap()["event"], "added");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    /// The number of the last rotated file that was read.
    last: u64,
    file: Option<Open>,
    line: Vec<u8>,
    /// The line is too long to be kept.
    too_long: bool,
    unreadable: u64,
}

#[derive(Debug)]
struct Open {
    reader: BufReader<File>,
    identity: Identity,
    is_rotated: bool,
}

impl Reader {
    /// Finds the trace and its rotated files.
    ///
    /// # Errors
    /// Those of the file system; when there is neither a file at the path nor a rotated one.
    ///
    /// ```
    /// assert!(postseal_adapters::trace::Reader::open("/nowhere/at/all.jsonl".as_ref()).is_err());
    /// ```
    pub fn open(path: &Path) -> io::Result<Self> {
        let path = settled(path);
        let mut reader = Self { path, last: 0, file: None, line: Vec::new(), too_long: false, unreadable: 0 };
        if !reader.advance()? {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(reader)
    }

    /// The next event, as [`to_json`](super::to_json) made it; `None` when there is none yet. It can be called again then.
    ///
    /// # Errors
    /// Those of the file system.
    ///
    /// ```
    /// let folder = tempfile::tempdir()?;
    /// std::fs::write(folder.path().join("t"), "")?;
    /// assert!(postseal_adapters::trace::Reader::open(&folder.path().join("t"))?.next_event()?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn next_event(&mut self) -> io::Result<Option<Value>> {
        loop {
            while self.read_line()? {
                let event = self.parse();
                self.line.clear();
                self.too_long = false;
                if event.is_some() {
                    return Ok(event);
                }
            }
            if !self.is_over()? {
                return Ok(None);
            }
            // Between the last line and the look at the name more may have come.
            if self.read_some()? {
                continue;
            }
            self.leave()?;
            if !self.advance()? {
                return Ok(None);
            }
        }
    }

    /// Lines until now that are no event: no JSON object, not whole, or too long.
    ///
    /// ```
    /// let folder = tempfile::tempdir()?;
    /// std::fs::write(folder.path().join("t"), "7\n\n")?;
    /// let mut reader = postseal_adapters::trace::Reader::open(&folder.path().join("t"))?;
    /// assert!(reader.next_event()?.is_none());
    /// assert_eq!(reader.unreadable(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub const fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// Whether the trace ends within a line, which is still being written or never will be.
    ///
    /// ```
    /// let folder = tempfile::tempdir()?;
    /// std::fs::write(folder.path().join("t"), "{")?;
    /// let mut reader = postseal_adapters::trace::Reader::open(&folder.path().join("t"))?;
    /// assert!(reader.next_event()?.is_none() && reader.is_within_line());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub const fn is_within_line(&self) -> bool {
        self.too_long || !self.line.is_empty()
    }

    /// Opens the oldest file that was not read; the one in use comes last. Whether there is one.
    fn advance(&mut self) -> io::Result<bool> {
        loop {
            let next = rotated_files(&self.path)?.into_iter().find(|(number, _)| *number > self.last);
            let (file, is_rotated) = match &next {
                Some((number, path)) => {
                    self.last = *number;
                    (File::open(path), true)
                }
                None => (File::open(&self.path), false),
            };
            let file = match file {
                Ok(file) => file,
                // Deleted since it was listed, or not made yet.
                Err(error) if error.kind() == io::ErrorKind::NotFound && is_rotated => continue,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(error),
            };
            // A rotation since the files were listed: older ones come first.
            if !is_rotated && rotated_files(&self.path)?.iter().any(|(number, _)| *number > self.last) {
                continue;
            }
            let identity = Identity::of(&file)?;
            self.file = Some(Open { reader: BufReader::new(file), identity, is_rotated });
            return Ok(true);
        }
    }

    /// Whether nothing more comes in this file: it is a rotated one, or it was rotated, moved or deleted.
    fn is_over(&self) -> io::Result<bool> {
        let Some(file) = &self.file else { return Ok(true) };
        if file.is_rotated {
            return Ok(true);
        }
        match Identity::at(&self.path) {
            Ok(identity) => Ok(identity != file.identity),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(error),
        }
    }

    fn leave(&mut self) -> io::Result<()> {
        if self.is_within_line() {
            self.unreadable = self.unreadable.saturating_add(1);
            self.line.clear();
            self.too_long = false;
        }
        let Some(file) = self.file.take().filter(|file| !file.is_rotated) else { return Ok(()) };
        // Under its new name it has been read.
        for (number, path) in rotated_files(&self.path)? {
            if number > self.last && Identity::at(&path).is_ok_and(|identity| identity == file.identity) {
                self.last = number;
            }
        }
        Ok(())
    }

    /// Reads up to the end of a line; `false` when the file ends before.
    fn read_line(&mut self) -> io::Result<bool> {
        let Some(file) = &mut self.file else { return Ok(false) };
        loop {
            let octets = match file.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                octets => octets?,
            };
            let end = octets.iter().position(|octet| *octet == b'\n');
            let (piece, used) = match end {
                Some(end) => (octets.get(..end), end.saturating_add(1)),
                None => (Some(octets), octets.len()),
            };
            let piece = piece.unwrap_or_default();
            if self.too_long || self.line.len().saturating_add(piece.len()) > LONGEST_LINE {
                self.too_long = true;
                self.line.clear();
            } else {
                self.line.extend_from_slice(piece);
            }
            file.reader.consume(used);
            if used == 0 || end.is_some() {
                return Ok(end.is_some());
            }
        }
    }

    fn read_some(&mut self) -> io::Result<bool> {
        match &mut self.file {
            Some(file) => file.reader.fill_buf().map(|octets| !octets.is_empty()),
            None => Ok(false),
        }
    }

    fn parse(&mut self) -> Option<Value> {
        if self.line.is_empty() && !self.too_long {
            return None;
        }
        let event = serde_json::from_slice(&self.line).ok().filter(Value::is_object);
        if event.is_none() {
            self.unreadable = self.unreadable.saturating_add(1);
        }
        event
    }
}
