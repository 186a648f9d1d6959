use crate::error::{EngineError, guard};
use core::fmt;
use postseal::cert::{Capabilities, Certificate, Fingerprint};
use postseal::store::{self, State, Version};
use postseal::verify::Limits;
use postseal::{Address, Code, UnixTime};
use std::sync::Arc;

/// What a stored certificate is to its mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum CertState {
    /// In use.
    Active,
    /// Was in use before the active one; stays usable until it ends.
    Superseded,
    /// A candidate that contradicts what is in use; an operator decides.
    Held,
    /// An operator said no. It stays, so that it is refused when it comes again.
    Rejected,
    /// An operator switched it off. It stays as well.
    Disabled,
    /// An operator chose it. Nothing that mail brings replaces it.
    Pinned,
}

impl CertState {
    const ALL: [(Self, State); 6] = [
        (Self::Active, State::Active),
        (Self::Superseded, State::Superseded),
        (Self::Held, State::Held),
        (Self::Rejected, State::Rejected),
        (Self::Disabled, State::Disabled),
        (Self::Pinned, State::Pinned),
    ];

    fn of(state: State) -> Result<Self, EngineError> {
        let known = Self::ALL.iter().find(|(_, core)| *core == state);
        known.map(|(own, _)| *own).ok_or_else(|| Code::ValueUnknown.into())
    }

    fn core(self) -> Result<State, EngineError> {
        let known = Self::ALL.iter().find(|(own, _)| *own == self);
        known.map(|(_, core)| *core).ok_or_else(|| Code::ValueUnknown.into())
    }
}

/// How a certificate came into the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Source {
    /// Learned from a signed mail.
    SignedMail,
    /// Added by an operator.
    Operator,
}

/// A certificate that a store keeps. It is checked again each time it is used, and never trusted for being stored.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct StoredCert {
    /// What it is to its mailbox.
    pub state: CertState,
    /// The certificate, DER.
    pub der: Vec<u8>,
    /// CA certificates of the path it was verified with, nearest issuer first, without the anchor, DER.
    pub issuers: Vec<Vec<u8>>,
    /// SHA-256 of the SubjectPublicKeyInfo that signed it: 64 hexadecimal digits.
    pub issuer_key: String,
    /// What its owner's client can read: the SMIMECapabilities as they were signed (RFC 8551 2.5.2), DER.
    #[uniffi(default = None)]
    pub capabilities: Option<Vec<u8>>,
    /// When its owner says that he signed them, in seconds since 1970.
    #[uniffi(default = None)]
    pub signed_at: Option<i64>,
    /// Where it came from.
    pub source: Source,
    /// When it was stored, in seconds since 1970.
    pub imported_at: i64,
}

impl fmt::Debug for StoredCert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredCert").field("state", &self.state).field("source", &self.source).finish_non_exhaustive()
    }
}

impl StoredCert {
    fn of((stored, state): &(postseal::cert::StoredCert, State)) -> Result<Self, EngineError> {
        let source = match stored.source {
            postseal::cert::Source::SignedMail => Source::SignedMail,
            postseal::cert::Source::Operator => Source::Operator,
            _ => return Err(Code::ValueUnknown.into()),
        };
        Ok(Self {
            state: CertState::of(*state)?,
            der: stored.certificate.der().to_vec(),
            issuers: stored.issuers.iter().map(|issuer| issuer.der().to_vec()).collect(),
            issuer_key: stored.issuer_key.to_string(),
            capabilities: stored.capabilities.as_ref().map(|capabilities| capabilities.der().to_vec()),
            signed_at: stored.capabilities.as_ref().and_then(Capabilities::signed_at).map(UnixTime::seconds),
            source,
            imported_at: stored.imported_at.seconds(),
        })
    }

    fn core(self) -> Result<(postseal::cert::StoredCert, State), EngineError> {
        let limits = Limits::for_stored();
        let read = |der: &Vec<u8>| Certificate::from_der(der, &limits);
        let signed_at = self.signed_at.map(UnixTime::from_seconds);
        let stored = postseal::cert::StoredCert {
            certificate: read(&self.der)?,
            issuers: self.issuers.iter().map(read).collect::<Result<_, _>>()?,
            issuer_key: self.issuer_key.parse()?,
            capabilities: self.capabilities.map(|der| Capabilities::new(der, signed_at)),
            source: match self.source {
                Source::SignedMail => postseal::cert::Source::SignedMail,
                Source::Operator => postseal::cert::Source::Operator,
            },
            imported_at: UnixTime::from_seconds(self.imported_at),
        };
        Ok((stored, self.state.core()?))
    }
}

/// Everything a store keeps for one mailbox of one tenant.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct Entry {
    /// The mailbox as it was spelled when it was first stored.
    pub address: String,
    /// How often the entry was changed; 0 for an address that nothing is kept for.
    #[uniffi(default = 0)]
    pub version: u64,
    /// Certificates with their states, oldest entry first.
    #[uniffi(default = [])]
    pub certs: Vec<StoredCert>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address: _, version, certs } = self;
        f.debug_struct("Entry").field("version", version).field("certs", certs).finish_non_exhaustive()
    }
}

impl Entry {
    pub(crate) fn of(entry: &store::Entry) -> Result<Self, EngineError> {
        let certs = entry.certs.iter().map(StoredCert::of).collect::<Result<_, _>>()?;
        Ok(Self { address: entry.address.as_str().to_owned(), version: entry.version.number(), certs })
    }

    pub(crate) fn core(self) -> Result<store::Entry, EngineError> {
        Ok(store::Entry {
            address: Address::parse(&self.address)?,
            version: Version::new(self.version),
            certs: self.certs.into_iter().map(StoredCert::core).collect::<Result<_, _>>()?,
        })
    }
}

/// What a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ChangeKind {
    /// First contact, or nothing usable was left.
    Activate,
    /// The successor of the certificate in use.
    Renew,
    /// A candidate that contradicts what is in use.
    Hold,
    /// A newer list of capabilities of a stored certificate.
    UpdateCapabilities,
    /// Other issuers for a stored certificate whose path holds no longer.
    UpdatePath,
    /// An operator's word about a stored certificate.
    Decide,
}

/// What becomes of an entry. The engine decides; a store carries it out with `apply`, and holds no rule of its own. There is no
/// way to make one: a change is the proof that it was earned.
#[derive(Debug, uniffi::Object)]
pub struct Change {
    change: store::Change,
}

impl Change {
    pub(crate) fn of(change: store::Change) -> Arc<Self> {
        Arc::new(Self { change })
    }
}

#[uniffi::export]
impl Change {
    /// What it does.
    pub fn kind(&self) -> Result<ChangeKind, EngineError> {
        match self.change {
            store::Change::Activate(_) => Ok(ChangeKind::Activate),
            store::Change::Renew(_) => Ok(ChangeKind::Renew),
            store::Change::Hold(_) => Ok(ChangeKind::Hold),
            store::Change::UpdateCapabilities { .. } => Ok(ChangeKind::UpdateCapabilities),
            store::Change::UpdatePath(_) => Ok(ChangeKind::UpdatePath),
            store::Change::Decide { .. } => Ok(ChangeKind::Decide),
            _ => Err(Code::ValueUnknown.into()),
        }
    }

    /// SHA-256 of the certificate that it is about: 64 hexadecimal digits.
    pub fn fingerprint(&self) -> Result<String, EngineError> {
        let fingerprint: Fingerprint = match &self.change {
            store::Change::Activate(record)
            | store::Change::Renew(record)
            | store::Change::Hold(record)
            | store::Change::UpdatePath(record) => record.certificate().fingerprint(),
            store::Change::UpdateCapabilities { fingerprint, .. } | store::Change::Decide { fingerprint, .. } => {
                *fingerprint
            }
            _ => return Err(Code::ValueUnknown.into()),
        };
        Ok(fingerprint.to_string())
    }

    /// The entry after this change, with the next version; the same entry, version included, when nothing changes.
    pub fn apply(&self, entry: Entry) -> Result<Entry, EngineError> {
        guard(|| Entry::of(&self.change.apply(entry.core()?)))
    }
}

/// What came of storing.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum PutOutcome {
    /// The change is durable.
    Stored,
    /// Somebody else changed the entry first.
    Conflict {
        /// What it looks like now.
        entry: Entry,
    },
}

impl PutOutcome {
    pub(crate) fn core(self) -> Result<store::PutOutcome, EngineError> {
        match self {
            Self::Stored => Ok(store::PutOutcome::Stored),
            Self::Conflict { entry } => Ok(store::PutOutcome::Conflict(entry.core()?)),
        }
    }
}

/// What a certificate says about itself.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct CertificateFacts {
    /// SHA-256 of the certificate: 64 hexadecimal digits.
    pub fingerprint: String,
    /// Its subject, escaped, for people.
    pub subject: String,
    /// Its issuer, escaped, for people.
    pub issuer: String,
    /// Start of its validity, in seconds since 1970.
    pub not_before: i64,
    /// End of its validity, in seconds since 1970.
    pub not_after: i64,
}

impl fmt::Debug for CertificateFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateFacts").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

/// Reads a certificate that is stored (DER), to show it. Nothing is verified.
#[uniffi::export]
pub fn read_certificate(der: Vec<u8>) -> Result<CertificateFacts, EngineError> {
    guard(|| {
        let certificate = Certificate::from_der(&der, &Limits::for_stored())?;
        Ok(CertificateFacts {
            fingerprint: certificate.fingerprint().to_string(),
            subject: certificate.subject_text(),
            issuer: certificate.issuer_text(),
            not_before: certificate.not_before().seconds(),
            not_after: certificate.not_after().seconds(),
        })
    })
}

/// What two spellings of a mailbox have in common: the key for a store to keep its entry under.
#[uniffi::export]
pub fn address_key(address: String) -> Result<String, EngineError> {
    guard(|| Ok(Address::parse(&address)?.key().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_own() {
        for state in State::ALL {
            let own = CertState::of(state).unwrap();
            assert_eq!(format!("{own:?}"), format!("{state:?}"));
            assert_eq!(own.core().unwrap(), state);
        }
    }

    #[test]
    fn an_entry_that_cannot_be_read_is_an_error() {
        let entry = |address: &str, certs| Entry { address: address.to_owned(), version: 1, certs };
        let stored = |der: Vec<u8>, issuer_key: String| StoredCert {
            state: CertState::Active,
            der,
            issuers: Vec::new(),
            issuer_key,
            capabilities: None,
            signed_at: None,
            source: Source::Operator,
            imported_at: 0,
        };
        assert!(entry("alice@goal.example", Vec::new()).core().is_ok());
        assert!(entry("nobody", Vec::new()).core().is_err());
        assert!(entry("alice@goal.example", vec![stored(vec![0x30, 0], "00".repeat(32))]).core().is_err());
    }
}
