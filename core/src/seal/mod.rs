//! Encrypting a mail for its recipients (RFC 8551 3.3, 3.4).
//!
//! [`Resolution::complete`](crate::resolve::Resolution::complete), `split` or `plan` give [`Recipients`]; these give one
//! [`Envelope`] for all visible recipients (or several, where they read nothing in common) and one for each hidden one; an
//! envelope takes the mail and gives the message.
//! The object is a CMS EnvelopedData (RFC 5652 6) or AuthEnvelopedData (RFC 5083), with a key of its own for each message.

mod base64_lines;
mod choose;
mod encrypt;
mod policy;
mod preset;
mod recipients;
mod sealer;

pub use crate::cms::{ContentEncryption, RecipientIdentifier};
pub use encrypt::{Begun, Encryption, is_encrypted};
pub(crate) use encrypt::{begin, encrypt};
pub use policy::{Columns, HeaderProtection, KeyTransportRule, Mode, OnConflict, OnEncrypted, Policy};
pub use preset::{PRESETS, Preset};
pub use recipients::{Envelope, Recipients, Sealed};
pub use sealer::Sealer;
