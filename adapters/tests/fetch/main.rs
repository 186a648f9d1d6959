//! The guarded fetcher: what it refuses, what it survives, and real responders and web servers behind it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "test code"
)]

mod faults;
mod guard;
mod mails;
mod namespace;
mod pki;
mod real;
mod servers;
mod tls;
mod world;
