//! Certificates, the names in them, and what a store keeps of them.

mod address;
mod algorithms;
mod certificate;
mod certs_only;
mod extensions;
mod fingerprint;
pub(crate) mod name;
mod policies;
mod published;
mod record;
mod san;
mod stored;
mod transient;

pub use address::Address;
pub(crate) use address::comparable_domain;
pub use certificate::Certificate;
pub use certs_only::certs_only;
pub use fingerprint::Fingerprint;
pub(crate) use policies::Mapping;
pub use record::{Capabilities, ImportRecord, Source};
pub use san::SubjectEmail;
pub(crate) use san::{GeneralName, general_name};
pub use stored::StoredCert;
pub(crate) use transient::Lent;
pub use transient::TransientCert;
