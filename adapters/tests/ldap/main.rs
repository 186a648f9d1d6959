//! LDAP: real servers, servers that break every rule, and crowds.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "test code"
)]

mod credentials;
mod crowd;
mod fake;
mod hostile;
mod pooling;
#[path = "../shared/process.rs"]
mod process;
mod samba;
mod sealing;
mod servers;
mod slapd;
mod world;
