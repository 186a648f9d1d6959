//! Arithmetic of public keys where the general crates are slower than public values allow.

pub(crate) mod ecdsa;
