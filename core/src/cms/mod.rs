//! Reading SignedData (RFC 5652 5) from BER, as mail clients write it, and the checks of a signer; writing EnvelopedData
//! (RFC 5652 6) and AuthEnvelopedData (RFC 5083).

pub(crate) mod agreement;
mod attributes;
mod capabilities;
pub(crate) mod cipher;
mod content_encryption;
mod enveloped;
mod key_agreement;
mod key_preference;
pub(crate) mod key_transport;
mod recipient_info;
#[cfg(test)]
mod scripted;
mod signed_data;
mod signer;

pub(crate) use capabilities::capabilities;
pub use content_encryption::ContentEncryption;
pub(crate) use enveloped::{Enveloper, Prepared};
pub(crate) use key_preference::KeyPreference;
pub(crate) use key_transport::KeyTransport;
pub(crate) use recipient_info::Recipient;
pub use recipient_info::RecipientIdentifier;
pub(crate) use signed_data::{Kind, SignedData, kind, kind_of_beginning};
pub(crate) use signer::{AttributeOrder, Content, SignerInfo};

#[cfg(test)]
mod tests;
