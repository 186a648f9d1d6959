//! Tracers.

#[cfg(feature = "jsonl")]
mod jsonl;

#[cfg(feature = "jsonl")]
pub use jsonl::{JsonLines, to_json};
