//! Reading SignedData (RFC 5652 5) from BER, as mail clients write it, and the checks of a signer.

mod attributes;
mod key_preference;
mod signed_data;
mod signer;

pub(crate) use key_preference::KeyPreference;
pub(crate) use signed_data::{Kind, SignedData, kind};
pub(crate) use signer::{AttributeOrder, Content, SignerInfo};

#[cfg(test)]
mod tests;
