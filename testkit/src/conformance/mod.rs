//! Conformance suites: whoever writes a store or a directory runs them over his own.

mod directory;
mod managed;
mod store;

pub use directory::{Listed, directory};
pub use managed::{managed_store, quotas};
pub use store::store;
