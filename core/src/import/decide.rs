//! Keep, renew, hold or refuse: a pure function of the entry and the candidate (DESIGN: store decision).

use crate::cert::{Capabilities, Certificate, Fingerprint, ImportRecord, StoredCert};
use crate::der::oids;
use crate::error::Code;
use crate::store::{Change, Entry, State};
use crate::time::UnixTime;

/// A successor may come this many days before the end of the certificate it follows.
const RENEWAL_WINDOW_DAYS: i64 = 60;

/// What the store is asked to do, if anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// In use already; perhaps its owner signed a newer list of capabilities.
    AlreadyKnown {
        update: Option<Change>,
    },
    /// Waits for an operator since an earlier mail.
    AlreadyHeld {
        active: Option<Fingerprint>,
    },
    /// First contact, or nothing usable is left.
    Import(Change),
    /// The successor of `previous`.
    Renew {
        change: Change,
        previous: Fingerprint,
    },
    /// Contradicts what is stored.
    Hold {
        change: Change,
        active: Option<Fingerprint>,
        code: Code,
    },
    Refuse(Code),
}

/// What the decision depends on beside the entry.
pub(super) struct Facts<'a> {
    pub(super) record: &'a ImportRecord,
    /// The certificate under which the mail's signature verified.
    pub(super) signer: &'a Certificate,
    pub(super) now: UnixTime,
    /// Whether a stored certificate passes the checks of a recipient now: path, validity, usage, revocation.
    pub(super) usable: &'a dyn Fn(&StoredCert) -> bool,
}

pub(super) fn decide(entry: &Entry, facts: &Facts<'_>) -> Decision {
    let active = entry.active().map(|stored| stored.certificate.fingerprint());
    let known = entry.certs.iter().find(|(stored, _)| stored.certificate.is_same_as(facts.record.certificate()));
    match known.map(|(_, state)| *state) {
        Some(State::Rejected) => return Decision::Refuse(Code::CertificateRejected),
        Some(State::Disabled) => return Decision::Refuse(Code::CertificateDisabled),
        Some(State::Held) => return Decision::AlreadyHeld { active },
        Some(State::Active | State::Superseded | State::Pinned) => return already_known(entry, facts),
        None => {}
    }
    let hold = |code| Decision::Hold { change: Change::Hold(facts.record.clone()), active, code };
    if entry.certs.iter().any(|(_, state)| *state == State::Pinned) {
        return hold(Code::CertificateConflict);
    }
    // Only the active certificate has successors: one that an operator replaced must not come back through its own line.
    let line = entry.active().filter(|stored| same_line(stored, facts));
    if let Some(previous) = line.filter(|previous| is_younger(facts, previous) || (facts.usable)(previous)) {
        return succeed(previous, facts).unwrap_or_else(|| hold(Code::CertificateConflict));
    }
    if in_use(entry).any(|stored| (facts.usable)(stored)) {
        return hold(Code::CertificateConflict);
    }
    if entry.certs.iter().any(|(_, state)| !state.is_in_use()) {
        return hold(Code::AddressDecided);
    }
    Decision::Import(Change::Activate(facts.record.clone()))
}

fn in_use(entry: &Entry) -> impl Iterator<Item = &StoredCert> {
    entry.certs.iter().filter(|(_, state)| state.is_in_use()).map(|(stored, _)| stored)
}

fn already_known(entry: &Entry, facts: &Facts<'_>) -> Decision {
    let stored = in_use(entry).find(|stored| stored.certificate.is_same_as(facts.record.certificate()));
    let update = stored.zip(facts.record.capabilities()).and_then(|(stored, new)| {
        let fingerprint = stored.certificate.fingerprint();
        let newer = is_newer(new, stored.capabilities.as_ref());
        newer.then(|| Change::UpdateCapabilities { fingerprint, capabilities: new.clone() })
    });
    Decision::AlreadyKnown { update }
}

/// Only a later signing time replaces a list, so that an old mail brought again does not (RFC 8551 2.5.3).
fn is_newer(new: &Capabilities, old: Option<&Capabilities>) -> bool {
    old.is_none_or(|old| new.der() != old.der() && new.signed_at() > old.signed_at())
}

/// Whether the candidate continues what the stored certificate began: the same key, or the same issuer key and the same
/// identity.
fn same_line(stored: &StoredCert, facts: &Facts<'_>) -> bool {
    let candidate = facts.record.certificate();
    same_key(&stored.certificate, candidate)
        || (stored.issuer_key == facts.record.issuer_key() && same_identity(&stored.certificate, candidate))
}

fn same_key(a: &Certificate, b: &Certificate) -> bool {
    a.public_key_info() == b.public_key_info()
}

fn same_identity(a: &Certificate, b: &Certificate) -> bool {
    let names = |certificate: &Certificate| {
        certificate.extension(oids::SUBJECT_ALT_NAME).map(|extension| extension.value.to_vec())
    };
    a.subject() == b.subject() && names(a) == names(b)
}

/// A certificate of the same line is a successor when it is younger and comes in time, and changes nothing when it is
/// older; `None` when it comes too early to be taken for a renewal.
fn succeed(previous: &StoredCert, facts: &Facts<'_>) -> Option<Decision> {
    if !is_younger(facts, previous) {
        return Some(Decision::Refuse(Code::OlderThanActive));
    }
    let ends_soon = previous.certificate.not_after() <= facts.now.plus_days(RENEWAL_WINDOW_DAYS);
    let announced = facts.signer.is_same_as(&previous.certificate);
    let in_time = same_key(&previous.certificate, facts.record.certificate())
        || ends_soon
        || announced
        || !(facts.usable)(previous);
    in_time.then(|| Decision::Renew {
        change: Change::Renew(facts.record.clone()),
        previous: previous.certificate.fingerprint(),
    })
}

fn is_younger(facts: &Facts<'_>, previous: &StoredCert) -> bool {
    age(facts.record.certificate()) > age(&previous.certificate)
}

fn age(certificate: &Certificate) -> (UnixTime, UnixTime) {
    (certificate.not_before(), certificate.not_after())
}
