use super::{Capabilities, Certificate, Fingerprint, ImportRecord, Source};
use crate::time::UnixTime;

/// A certificate that a store keeps. It may be shown and exported; it is checked again each time it is used, and never
/// trusted for being stored.
///
/// ```
/// use postseal::cert::StoredCert;
/// fn label(stored: &StoredCert) -> String {
///     format!("{} until {}", stored.certificate.fingerprint(), stored.certificate.not_after())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build it from their rows; a new column must reach each of them")]
pub struct StoredCert {
    /// The certificate.
    pub certificate: Certificate,
    /// CA certificates of the path it was verified with, nearest issuer first, without the anchor.
    pub issuers: Vec<Certificate>,
    /// SHA-256 of the SubjectPublicKeyInfo that signed it.
    pub issuer_key: Fingerprint,
    /// What its owner's client can read.
    pub capabilities: Option<Capabilities>,
    /// Where it came from.
    pub source: Source,
    /// When it was stored.
    pub imported_at: UnixTime,
}

impl From<&ImportRecord> for StoredCert {
    fn from(record: &ImportRecord) -> Self {
        Self {
            certificate: record.certificate().clone(),
            issuers: record.issuers().to_vec(),
            issuer_key: record.issuer_key(),
            capabilities: record.capabilities().cloned(),
            source: record.source(),
            imported_at: record.imported_at(),
        }
    }
}
