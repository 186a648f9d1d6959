//! Deciding whether a certificate is to be trusted.

mod digest;
mod key;
mod limits;
mod pss;
mod signature;
mod weak;

pub(crate) use digest::{DigestAlgorithm, Hasher};
pub(crate) use key::{KeyRole, PublicKey};
pub use limits::Limits;
pub(crate) use signature::SignatureAlgorithm;
