//! The transcripts of `../`: their form, what records them, and what replays them in Rust.
//!
//! The other languages have players of their own; that all of them hear the same questions and come to the same end is the point.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "a test kit fails by panicking, and its tests look at everything"
)]

mod form;
mod play;
mod record;
mod scenes;
mod session;
mod write;

pub use form::{
    Answer, Ask, DirectoryReply, Entry, Loan, Misuse, MisuseKind, Octets, OperationKind, Question, Reply, Stored,
    Transcript, Turn,
};
pub use play::Difference;
pub use record::{Order, Scene, World};
pub use scenes::{files, scenes};

use std::path::{Path, PathBuf};

/// The folder of the transcripts.
///
/// ```
/// assert!(postseal_transcripts::folder().join("README.md").exists());
/// ```
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
