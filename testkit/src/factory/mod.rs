//! A generator of test PKIs and signed mail. Deterministic: the same calls give the same bytes.

mod certificate;
mod der;
mod key;
mod mail;

pub use certificate::{Authority, CertSpec, KeyUse, Name, Person};
pub use key::Key;
pub use mail::{Form, KeyPreference, SignedMail};
