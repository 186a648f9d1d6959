//! Reading SignedData (RFC 5652 5) from BER, as mail clients write it, and the checks of a signer.

mod attributes;
#[allow(dead_code, reason = "sealing will use it")]
mod cipher;
#[allow(dead_code, reason = "sealing will use it")]
mod content_encryption;
mod key_preference;
mod signed_data;
mod signer;

pub use content_encryption::ContentEncryption;
pub(crate) use key_preference::KeyPreference;
pub(crate) use signed_data::{Kind, SignedData, kind};
pub(crate) use signer::{AttributeOrder, Content, SignerInfo};

#[cfg(test)]
mod tests;
