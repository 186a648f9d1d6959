use super::append::{Now, Opened, own};
use super::rotation::{Rotation, settled};
use super::to_json;
use postseal::trace::{Event, Tracer};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How often a writer that finds the file rotated opens the new one before it writes into what it has.
const REOPENINGS: usize = 100;

/// Writes each event as one line of JSON at the end of a file, in one write, so that several processes can share it. On Unix a file that it
/// makes can be read and written by its owner only; one that is there keeps its mode.
///
/// Before each event it looks whether the path still leads to the file that is open. When another process rotated the file, or
/// somebody moved or deleted it, the path is opened again; so a folder that was gone is used again as soon as it is back.
/// Rotating processes keep a file named like the trace with `.lock` behind it: it is locked, shared while an event is written and
/// exclusively while files are renamed, and it is never deleted.
///
/// ```
/// use postseal::{Engine, UnixTime, import::Context, verify::TrustAnchors};
/// use postseal_adapters::trace::JsonLines;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("trace.jsonl");
/// let tracer = JsonLines::open(&path)?;
/// # let store = postseal_testkit::MemoryStore::new();
/// let context = Context::new(UnixTime::from_seconds(0));
/// Engine::new(TrustAnchors::default()).import_mail(b"\r\nhi", context, &store, &tracer)?;
/// assert!(std::fs::read_to_string(&path)?.contains(r#""event":"not-signed""#));
/// assert_eq!(tracer.lost(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct JsonLines {
    path: PathBuf,
    rotation: Option<Rotation>,
    /// `None` when it could not be opened again.
    opened: Mutex<Option<Opened>>,
    lost: AtomicU64,
}

impl JsonLines {
    /// Opens the file for appending, and makes it when there is none. It is never rotated by this process.
    ///
    /// # Errors
    /// Those of the file system.
    ///
    /// ```
    /// assert!(postseal_adapters::trace::JsonLines::open("/nowhere/at/all.jsonl".as_ref()).is_err());
    /// ```
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_with(path, None)
    }

    /// Opens the file for appending, goes on in new ones, and deletes old ones.
    ///
    /// # Errors
    /// Those of the file system, also about the lock file.
    ///
    /// ```
    /// use postseal_adapters::trace::{JsonLines, Rotation};
    /// let folder = tempfile::tempdir()?;
    /// let rotation = Rotation::at(100_000_000).keeping_days(365);
    /// let tracer = JsonLines::rotating(&folder.path().join("trace.jsonl"), rotation)?;
    /// assert_eq!(tracer.lost(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn rotating(path: &Path, rotation: Rotation) -> io::Result<Self> {
        Self::open_with(path, Some(rotation))
    }

    fn open_with(path: &Path, rotation: Option<Rotation>) -> io::Result<Self> {
        // A link that leads nowhere yet leads somewhere before it is followed.
        if fs::metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            own().create(true).append(true).open(path)?;
        }
        let path = settled(path);
        let opened = Opened::open(&path, rotation.as_ref())?;
        if let Some(rotation) = &rotation {
            opened.prune(&path, rotation);
        }
        Ok(Self { path, rotation, opened: Mutex::new(Some(opened)), lost: AtomicU64::new(0) })
    }

    /// Events that could not be written.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// let tracer = postseal_adapters::trace::JsonLines::open(&folder.path().join("t.jsonl"))?;
    /// assert_eq!(tracer.lost(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    fn write(&self, slot: &mut Option<Opened>, line: &str) -> io::Result<()> {
        for _ in 0..REOPENINGS {
            let opened = self.opened(slot)?;
            opened.begin_writing();
            match opened.now(&self.path) {
                Now::Other => {}
                Now::Same(size) if self.rotation.is_some_and(|rotation| opened.is_full(&rotation, size, line)) => {
                    opened.end_writing();
                    if !self.rotation.is_some_and(|rotation| opened.rotate(&self.path, &rotation, size)) {
                        continue;
                    }
                }
                now => {
                    let size = if let Now::Same(size) = now { size } else { 0 };
                    let written = opened.append(line, size);
                    opened.end_writing();
                    return written;
                }
            }
            *slot = None;
        }
        self.opened(slot)?.append(line, 0)
    }

    fn opened<'a>(&self, slot: &'a mut Option<Opened>) -> io::Result<&'a mut Opened> {
        let opened = match slot.take() {
            Some(opened) => opened,
            None => Opened::open(&self.path, self.rotation.as_ref())?,
        };
        Ok(slot.insert(opened))
    }
}

impl Tracer for JsonLines {
    fn event(&self, event: &Event) {
        let mut line = to_json(event).to_string();
        line.push('\n');
        let mut slot = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if self.write(&mut slot, &line).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}
