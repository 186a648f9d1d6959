//! The PostgreSQL store, against a real server: conformance, races, failures at every octet, restarts.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "test code"
)]

mod failures;
#[path = "../shared/process.rs"]
mod process;
mod proxy;
mod server;
mod store;
