//! One open trace: the file, and the lock that keeps a rotation and the writers apart.

use super::identity::Identity;
use super::rotation::{self, Rotation};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// A writer waits so many times a millisecond for a rotation to end, then it writes all the same: the event is not lost, it only
/// may stand in the file that was just rotated.
const WAITS_OF_A_WRITER: u32 = 250;
/// A rotation waits so many times a millisecond for writers, then it is left for a later event.
const WAITS_OF_A_ROTATION: u32 = 20;
/// For so long no writer waits again after one that waited in vain. Whoever may read the lock file may hold the lock for ever, and must not
/// slow down every event by that.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Opened {
    file: File,
    /// Of a regular file; what is none is never rotated or looked at again.
    identity: Option<Identity>,
    /// Whether its last octet can be looked at.
    readable: bool,
    lock: Option<File>,
    /// A rotation that failed is not tried again below this size.
    rotate_from: u64,
    /// When a writer last waited in vain.
    waited: Option<Instant>,
}

/// What became of the file at the path since it was opened.
pub(super) enum Now {
    /// It is the one that is open, with so many octets.
    Same(u64),
    /// It is another one, or there is none.
    Other,
    /// It is a pipe or a device.
    Special,
}

impl Opened {
    /// The lock is made only where somebody rotates; one that another process made is respected.
    pub(super) fn open(path: &Path, rotation: Option<&Rotation>) -> io::Result<Self> {
        let lock = own().read(true).write(true).create(rotation.is_some()).truncate(false).open(lock_of(path));
        let lock = match lock {
            Err(error) if rotation.is_some() => return Err(error),
            lock => lock.ok(),
        };
        let appending = || own().create(true).append(true).clone();
        // Reading tells whether the last line is whole. Who may only write goes without, and a pipe must not be opened to read.
        let is_special = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
        let both = if is_special { None } else { appending().read(true).open(path).ok() };
        let readable = both.is_some();
        let file = both.map_or_else(|| appending().open(path), Ok)?;
        let identity = if file.metadata()?.is_file() { Some(Identity::of(&file)?) } else { None };
        Ok(Self { file, identity, readable, lock, rotate_from: 0, waited: None })
    }

    pub(super) fn now(&self, path: &Path) -> Now {
        let Some(identity) = &self.identity else { return Now::Special };
        match Identity::at(path) {
            Ok(there) if there == *identity => Now::Same(self.file.metadata().map_or(0, |metadata| metadata.len())),
            // Whoever may not look goes on with what is open.
            Err(error) if error.kind() != io::ErrorKind::NotFound => Now::Same(0),
            _ => Now::Other,
        }
    }

    /// Keeps rotations away while somebody writes.
    pub(super) fn begin_writing(&mut self) {
        let Some(lock) = &self.lock else { return };
        let is_held = || !matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock));
        let waits = self.waits();
        if !wait(waits, is_held) && waits > 0 {
            self.waited = Some(Instant::now());
        }
    }

    fn waits(&self) -> u32 {
        if self.waited.is_some_and(|waited| waited.elapsed() < PATIENCE) { 0 } else { WAITS_OF_A_WRITER }
    }

    pub(super) fn end_writing(&self) {
        if let Some(lock) = &self.lock {
            let _released = lock.unlock();
        }
    }

    /// One write, so that lines of several processes do not mix. What a full disk left of a line ends before the next one begins.
    pub(super) fn append(&mut self, line: &str, size: u64) -> io::Result<()> {
        let mut octets = Vec::with_capacity(line.len().saturating_add(1));
        if self.readable && size > 0 && self.last_octet()? != b'\n' {
            octets.push(b'\n');
        }
        octets.extend_from_slice(line.as_bytes());
        if self.identity.is_none() {
            return self.file.write_all(&octets);
        }
        loop {
            match self.file.write(&octets) {
                Ok(written) if written == octets.len() => return Ok(()),
                // The rest would come after what others wrote in the meantime.
                Ok(_) => return Err(io::ErrorKind::WriteZero.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn last_octet(&mut self) -> io::Result<u8> {
        let mut octet = [0];
        self.file.seek(SeekFrom::End(-1))?;
        self.file.read_exact(&mut octet)?;
        let [octet] = octet;
        Ok(octet)
    }

    /// Whether a line of this length begins a new file.
    pub(super) fn is_full(&self, rotation: &Rotation, size: u64, line: &str) -> bool {
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        size > 0 && size >= self.rotate_from && size.saturating_add(length) > rotation.octets
    }

    /// Renames the file and deletes what is not kept. Afterwards the path must be opened again; not so after `false`: then others
    /// write all the time, or the folder does not let this process, and the file goes on for a while.
    pub(super) fn rotate(&mut self, path: &Path, rotation: &Rotation, size: u64) -> bool {
        let done = self.exclusively(WAITS_OF_A_ROTATION, |opened| opened.rename(path, rotation));
        if done != Some(true) {
            self.rotate_from = size.saturating_add(rotation.octets.div_ceil(8));
        }
        done == Some(true)
    }

    /// Deletes what is not kept, if nobody is busy.
    pub(super) fn prune(&self, path: &Path, rotation: &Rotation) {
        let _later = self.exclusively(1, |_| rotation.prune(path).is_ok());
    }

    fn exclusively(&self, waits: u32, work: impl FnOnce(&Self) -> bool) -> Option<bool> {
        let lock = self.lock.as_ref()?;
        if !wait(waits, || lock.try_lock().is_ok()) {
            return None;
        }
        let done = work(self);
        let _released = lock.unlock();
        Some(done)
    }

    fn rename(&self, path: &Path, rotation: &Rotation) -> bool {
        let is_still = |file: &File, path: &Path| {
            Identity::of(file).is_ok_and(|mine| Identity::at(path).is_ok_and(|there| there == mine))
        };
        // Another process was quicker, or the folder was made anew: all is opened again.
        let holds = self.lock.as_ref().is_some_and(|lock| is_still(lock, &lock_of(path))) && is_still(&self.file, path);
        if !holds {
            return true;
        }
        let Ok(Some(name)) = rotation::next_name(path) else { return false };
        if fs::rename(path, name).is_err() {
            return false;
        }
        let _later = rotation.prune(path);
        true
    }
}

/// What is made belongs to its owner: a trace names persons.
pub(super) fn own() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn lock_of(path: &Path) -> std::path::PathBuf {
    let mut name = OsString::from(path);
    name.push(".lock");
    name.into()
}

fn wait(times: u32, mut is_done: impl FnMut() -> bool) -> bool {
    for _ in 0..times {
        if is_done() {
            return true;
        }
        thread::sleep(Duration::from_millis(1));
    }
    is_done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_never_lets_go_of_the_lock_is_waited_for_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.jsonl");
        let mut opened = Opened::open(&path, Some(&Rotation::at(1_000))).unwrap();
        let other = File::open(lock_of(&path)).unwrap();
        other.lock().unwrap();
        assert_eq!(opened.waits(), WAITS_OF_A_WRITER);
        opened.begin_writing();
        opened.end_writing();
        assert_eq!(opened.waits(), 0);
        other.unlock().unwrap();
        opened.begin_writing();
        assert!(other.try_lock().is_err(), "once it is free, it is taken");
    }
}
