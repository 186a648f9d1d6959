//! Deciding whether a certificate is to be trusted.

mod limits;

pub use limits::Limits;
