//! Certificates, the names in them, and what a store keeps of them.

mod address;
mod certificate;
mod extensions;
mod fingerprint;
pub(crate) mod name;
mod record;
mod san;
mod stored;

pub use address::Address;
pub use certificate::Certificate;
pub use fingerprint::Fingerprint;
pub use record::{Capabilities, ImportRecord, Source};
pub use san::SubjectEmail;
pub(crate) use san::{GeneralName, general_name};
pub use stored::StoredCert;
