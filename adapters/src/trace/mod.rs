//! Tracers, and what reads a trace.

#[cfg(feature = "jsonl")]
mod append;
#[cfg(feature = "jsonl")]
mod identity;
#[cfg(any(feature = "jsonl", feature = "tracing"))]
mod json;
#[cfg(feature = "jsonl")]
mod jsonl;
#[cfg(any(feature = "jsonl", feature = "tracing"))]
mod line;
#[cfg(feature = "jsonl")]
mod reader;
#[cfg(feature = "jsonl")]
mod rotation;
#[cfg(feature = "tracing")]
mod tracing;

#[cfg(feature = "tracing")]
pub use self::tracing::Tracing;
#[cfg(any(feature = "jsonl", feature = "tracing"))]
pub use json::to_json;
#[cfg(feature = "jsonl")]
pub use jsonl::JsonLines;
#[cfg(any(feature = "jsonl", feature = "tracing"))]
pub use line::{plain, structured_data};
#[cfg(feature = "jsonl")]
pub use reader::Reader;
#[cfg(feature = "jsonl")]
pub use rotation::{Rotation, rotated_files};
