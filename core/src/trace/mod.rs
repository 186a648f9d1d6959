//! What is told about every decision, and to whom.

mod escape;
mod event;

pub use escape::escape;
pub use event::{Event, Kind};

use core::fmt;

/// Hears of every decision. It must not block for long and cannot fail: what it does with the event is its business.
///
/// `()` is a tracer that forgets.
///
/// ```
/// use postseal::trace::{Event, Tracer};
/// use std::sync::Mutex;
/// #[derive(Debug, Default)]
/// struct Memory(Mutex<Vec<Event>>);
/// impl Tracer for Memory {
///     fn event(&self, event: &Event) {
///         self.0.lock().unwrap().push(event.clone());
///     }
/// }
/// let tracer = Memory::default();
/// assert!(tracer.0.lock().unwrap().is_empty());
/// ```
pub trait Tracer: fmt::Debug + Send + Sync {
    /// Takes note of one event.
    fn event(&self, event: &Event);
}

impl Tracer for () {
    fn event(&self, _: &Event) {}
}

impl<T: Tracer + ?Sized> Tracer for &T {
    fn event(&self, event: &Event) {
        (**self).event(event);
    }
}

impl<T: Tracer + ?Sized> Tracer for std::sync::Arc<T> {
    fn event(&self, event: &Event) {
        (**self).event(event);
    }
}
