//! Reading SignedData (RFC 5652 5) from BER, as mail clients write it, and the checks of a signer; writing EnvelopedData
//! (RFC 5652 6) and AuthEnvelopedData (RFC 5083).

mod attributes;
#[allow(dead_code, reason = "sealing will use it")]
mod cipher;
#[allow(dead_code, reason = "sealing will use it")]
mod content_encryption;
#[allow(dead_code, reason = "sealing will use it")]
mod enveloped;
#[allow(dead_code, reason = "sealing will use it")]
mod key_agreement;
mod key_preference;
#[allow(dead_code, reason = "sealing will use it")]
mod key_transport;
#[allow(dead_code, reason = "sealing will use it")]
mod recipient_info;
#[cfg(test)]
mod scripted;
mod signed_data;
mod signer;

pub use content_encryption::ContentEncryption;
#[allow(unused_imports, reason = "sealing will use it")]
pub(crate) use enveloped::Enveloper;
pub(crate) use key_preference::KeyPreference;
#[allow(unused_imports, reason = "sealing will use it")]
pub(crate) use key_transport::KeyTransport;
#[allow(unused_imports, reason = "sealing will use it")]
pub(crate) use recipient_info::Recipient;
pub use recipient_info::RecipientIdentifier;
pub(crate) use signed_data::{Kind, SignedData, kind};
pub(crate) use signer::{AttributeOrder, Content, SignerInfo};

#[cfg(test)]
mod tests;
