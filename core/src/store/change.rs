use super::{Entry, Quota, State};
use crate::cert::{Capabilities, Fingerprint, ImportRecord, Source, StoredCert};

/// What becomes of an entry. The import machine or an operator decides; every store carries it out with
/// [`Change::apply`].
///
/// ```
/// use postseal::{Address, store::{Change, Decision, Entry}};
/// let entry = Entry::absent(Address::parse("alice@goal.example")?);
/// let change = Change::Decide { fingerprint: "00".repeat(32).parse()?, decision: Decision::Reject };
/// assert_eq!(change.apply(entry.clone()), entry, "a decision about an unknown certificate changes nothing");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// First contact, or nothing usable was left: use this certificate.
    Activate(ImportRecord),
    /// The successor of the active certificate, which stays as superseded.
    Renew(ImportRecord),
    /// A candidate that contradicts what is in use.
    Hold(ImportRecord),
    /// A stored certificate's owner signed a newer list of capabilities.
    UpdateCapabilities {
        /// Which certificate.
        fingerprint: Fingerprint,
        /// The new list.
        capabilities: Capabilities,
    },
    /// The path of a stored certificate that is in use holds no longer, and the mail has another: its issuers are replaced,
    /// and its capabilities by those of the record. State, source and time stay.
    UpdatePath(ImportRecord),
    /// An operator's word about a stored certificate.
    Decide {
        /// Which certificate.
        fingerprint: Fingerprint,
        /// What he said.
        decision: Decision,
    },
}

/// What an operator can say about a stored certificate.
///
/// ```
/// assert_eq!(postseal::store::Decision::Approve.name(), "approve");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// Use it from now on; what was active becomes superseded.
    Approve,
    /// Never use it, and refuse it when it comes again.
    Reject,
    /// Use it, and let nothing that mail brings replace it.
    Pin,
    /// Do not use it any more, and refuse it when it comes again.
    Disable,
    /// Forget it.
    Remove,
    /// Take back what was said about it: it is a candidate again, and waits for another word.
    Hold,
}

impl Decision {
    /// All decisions.
    ///
    /// ```
    /// assert_eq!(postseal::store::Decision::ALL.len(), 6);
    /// ```
    pub const ALL: [Self; 6] = [Self::Approve, Self::Reject, Self::Pin, Self::Disable, Self::Remove, Self::Hold];

    /// The name in traces and on the command line.
    ///
    /// ```
    /// assert_eq!(postseal::store::Decision::Remove.name(), "remove");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Pin => "pin",
            Self::Disable => "disable",
            Self::Remove => "remove",
            Self::Hold => "hold",
        }
    }
}

/// What came of a [`PutStored`](crate::query::PutStored).
///
/// ```
/// use postseal::store::PutOutcome;
/// assert!(matches!(PutOutcome::Stored, PutOutcome::Stored));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "compare-and-set has two outcomes, and growth has its quotas")]
pub enum PutOutcome {
    /// The change is durable.
    Stored,
    /// Somebody else changed the entry first; this is what it looks like now.
    Conflict(Entry),
    /// What mail brought would exceed this quota of the store; nothing changed.
    OverQuota(Quota),
}

impl Change {
    /// What mail brought, if this is a certificate that mail brought: the changes that [`Quotas`](super::Quotas) cap.
    ///
    /// ```
    /// use postseal::store::{Change, Decision};
    /// let change = Change::Decide { fingerprint: "00".repeat(32).parse()?, decision: Decision::Hold };
    /// assert!(change.learned().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn learned(&self) -> Option<&ImportRecord> {
        match self {
            Self::Activate(record) | Self::Renew(record) | Self::Hold(record) => {
                (record.source() == Source::SignedMail).then_some(record)
            }
            Self::UpdateCapabilities { .. } | Self::UpdatePath(_) | Self::Decide { .. } => None,
        }
    }

    /// The entry after this change, with the next version. The same entry, version included, when nothing changes.
    /// This is the only place that moves a stored certificate from one state to another.
    ///
    /// ```
    /// use postseal::store::{Change, Entry};
    /// fn after(entry: Entry, changes: &[Change]) -> Entry {
    ///     changes.iter().fold(entry, |entry, change| change.apply(entry))
    /// }
    /// # let _ = after;
    /// ```
    #[must_use]
    pub fn apply(&self, entry: Entry) -> Entry {
        let mut certs = entry.certs.clone();
        match self {
            Self::Activate(record) | Self::Renew(record) => enter(&mut certs, record, State::Active),
            Self::Hold(record) => enter(&mut certs, record, State::Held),
            Self::UpdateCapabilities { fingerprint, capabilities } => {
                if let Some((stored, _)) = find(&mut certs, fingerprint) {
                    stored.capabilities = Some(capabilities.clone());
                }
            }
            Self::UpdatePath(record) => {
                if let Some((stored, _)) = find(&mut certs, &record.certificate().fingerprint()) {
                    let (source, imported_at) = (stored.source, stored.imported_at);
                    *stored = StoredCert { source, imported_at, ..record.into() };
                }
            }
            Self::Decide { fingerprint, decision } => decide(&mut certs, fingerprint, *decision),
        }
        if certs == entry.certs {
            return entry;
        }
        Entry { address: entry.address, version: entry.version.next(), certs }
    }
}

/// Puts a record in with `state`; a certificate that is there already changes its state and keeps its place.
fn enter(certs: &mut Vec<(StoredCert, State)>, record: &ImportRecord, state: State) {
    if state == State::Active {
        supersede(certs);
    }
    match find(certs, &record.certificate().fingerprint()) {
        Some(slot) => *slot = (record.into(), state),
        None => certs.push((record.into(), state)),
    }
}

fn decide(certs: &mut Vec<(StoredCert, State)>, fingerprint: &Fingerprint, decision: Decision) {
    if find(certs, fingerprint).is_none() {
        return;
    }
    let state = match decision {
        Decision::Approve => State::Active,
        Decision::Pin => State::Pinned,
        Decision::Reject => State::Rejected,
        Decision::Disable => State::Disabled,
        Decision::Hold => State::Held,
        Decision::Remove => {
            certs.retain(|(stored, _)| stored.certificate.fingerprint() != *fingerprint);
            return;
        }
    };
    if state.is_in_use() {
        supersede(certs);
    }
    if let Some((_, current)) = find(certs, fingerprint) {
        *current = state;
    }
}

/// At most one certificate is active or pinned: what was, stays usable behind the new one.
fn supersede(certs: &mut [(StoredCert, State)]) {
    for (_, state) in certs.iter_mut().filter(|(_, state)| matches!(state, State::Active | State::Pinned)) {
        *state = State::Superseded;
    }
}

fn find<'a>(certs: &'a mut [(StoredCert, State)], fingerprint: &Fingerprint) -> Option<&'a mut (StoredCert, State)> {
    certs.iter_mut().find(|(stored, _)| stored.certificate.fingerprint() == *fingerprint)
}
