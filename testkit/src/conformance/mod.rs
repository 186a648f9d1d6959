//! Conformance suites: whoever writes a store or a directory runs them over his own.

mod directory;
mod store;

pub use directory::{Listed, directory};
pub use store::store;
