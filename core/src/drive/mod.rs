//! Two small drivers for [operations](crate::operation::Operation). Neither does I/O of its own.

mod blocking;
mod concurrent;

pub use blocking::{Keep, Lookup, World, run};
pub use concurrent::run_async;
