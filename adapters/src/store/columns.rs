//! What the tables of a store hold, and what is made of it.

use postseal::cert::{Capabilities, Source, StoredCert};
use postseal::store::State;
use postseal::verify::Limits;
use postseal::{Address, Certificate, Fingerprint, UnixTime};

/// A row of the table of certificates, as it lies in the database's memory.
pub(super) struct Columns<'a> {
    pub(super) state: &'a str,
    pub(super) der: &'a [u8],
    pub(super) issuer_key: &'a [u8],
    pub(super) capabilities: Option<&'a [u8]>,
    pub(super) signed_at: Option<i64>,
    pub(super) source: &'a str,
    pub(super) imported_at: i64,
}

/// A value that this postseal did not write. The whole entry is unavailable then, which is never "no certificate".
#[derive(Debug, thiserror::Error)]
#[error("the store holds an unreadable {0}")]
pub(super) struct Corrupt(pub(super) &'static str);

impl Columns<'_> {
    /// The certificate, without its issuers.
    pub(super) fn stored(&self) -> Result<(StoredCert, State), Corrupt> {
        let issuer_key = <[u8; 32]>::try_from(self.issuer_key).map_err(|_| Corrupt("fingerprint"))?;
        let signed_at = self.signed_at.map(UnixTime::from_seconds);
        let stored = StoredCert {
            certificate: certificate(self.der)?,
            issuers: Vec::new(),
            issuer_key: Fingerprint::from(issuer_key),
            capabilities: self.capabilities.map(|der| Capabilities::new(der.to_vec(), signed_at)),
            source: Source::from_name(self.source).ok_or(Corrupt("source"))?,
            imported_at: UnixTime::from_seconds(self.imported_at),
        };
        Ok((stored, State::from_name(self.state).ok_or(Corrupt("state"))?))
    }
}

pub(super) fn address(spelled: &str) -> Result<Address, Corrupt> {
    Address::parse(spelled).map_err(|_| Corrupt("address"))
}

pub(super) fn certificate(der: &[u8]) -> Result<Certificate, Corrupt> {
    Certificate::from_der(der, &Limits::for_stored()).map_err(|_| Corrupt("certificate"))
}
