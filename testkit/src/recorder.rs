use postseal::trace::{Event, Tracer};
use std::sync::{Mutex, PoisonError};

/// A tracer that remembers, for tests that look at events.
///
/// ```
/// use postseal::{Engine, UnixTime, import::Context, verify::TrustAnchors};
/// use postseal_testkit::{MemoryStore, Recorder};
/// let recorder = Recorder::default();
/// let context = Context::new(UnixTime::from_seconds(0));
/// Engine::new(TrustAnchors::default()).import_mail(b"\r\nhi", context, &MemoryStore::new(), &recorder)?;
/// assert_eq!(recorder.names(), ["not-signed"]);
/// # Ok::<(), postseal::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<Event>>);

impl Recorder {
    /// All events so far.
    ///
    /// ```
    /// assert!(postseal_testkit::Recorder::default().events().is_empty());
    /// ```
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The names of all events so far.
    ///
    /// ```
    /// assert!(postseal_testkit::Recorder::default().names().is_empty());
    /// ```
    pub fn names(&self) -> Vec<&'static str> {
        self.events().iter().map(|event| event.kind.name()).collect()
    }
}

impl Tracer for Recorder {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
    }
}
