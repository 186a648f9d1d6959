//! What fuzz targets call inside the stores. Only built by a fuzzer.

use super::columns::{Columns, address};
use postseal::cert::StoredCert;
use postseal::store::State;

/// A row, as a database holds it.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a fuzzer writes all of it")]
pub struct Row<'a> {
    /// The mailbox.
    pub address: &'a str,
    /// The state's name.
    pub state: &'a str,
    /// The certificate.
    pub der: &'a [u8],
    /// The fingerprint of the issuer's key.
    pub issuer_key: &'a [u8],
    /// SMIMECapabilities.
    pub capabilities: Option<&'a [u8]>,
    /// When they were signed.
    pub signed_at: Option<i64>,
    /// Where it came from.
    pub source: &'a str,
    /// When it was stored.
    pub imported_at: i64,
}

/// What is made of it. What comes out is what the columns say, to the octet.
pub fn row(row: &Row<'_>) -> Option<(StoredCert, State)> {
    let columns = Columns {
        state: row.state,
        der: row.der,
        issuer_key: row.issuer_key,
        capabilities: row.capabilities,
        signed_at: row.signed_at,
        source: row.source,
        imported_at: row.imported_at,
    };
    if let Ok(address) = address(row.address) {
        assert_eq!(address.as_str(), row.address);
    }
    columns.stored().ok()
}
