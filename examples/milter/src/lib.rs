//! A milter for Postfix: learns certificates from signed mail, and seals what goes out. The README says how it is set up.
//!
//! ```text
//! protocol ─ session ─── message ─────── decide ───────────────── server
//! packets    the order   what arrived,   whose it is, learn,      connections, bounds,
//!            of commands what to change  seal, refuse             stop, reload
//! ```
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod config;
pub mod decide;
pub mod log;
pub mod message;
pub mod metrics;
pub mod protocol;
pub mod server;
pub mod session;
