//! What the programs of this package share: how an engine is made, what is measured, and by which clock.

mod engine;
mod measure;
mod sealing;

pub use engine::{Crypto, engine};
pub use measure::{Clock, Samples, measure, thread_time};
pub use sealing::{SealTo, policy};

use postseal::UnixTime;

/// When everything happens: all certificates of the workload are valid.
pub fn now() -> UnixTime {
    UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap()
}
