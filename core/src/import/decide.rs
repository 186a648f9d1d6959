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
    /// In use already; perhaps its owner signed a newer list of capabilities, or its path ended and the mail has another.
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
    /// It is the signer whom an operator decided against, whatever certificate the mail names.
    RefuseSigner(Code),
}

/// What the decision depends on beside the entry.
pub(super) struct Facts<'a> {
    pub(super) record: &'a ImportRecord,
    /// The certificate under which the mail's signature verified.
    pub(super) signer: &'a Certificate,
    /// The key that certified the signer's.
    pub(super) signer_issuer: Fingerprint,
    pub(super) now: UnixTime,
    /// Whether a stored certificate passes the checks of a recipient now (path, validity, usage, revocation), or may do so.
    pub(super) usable: &'a dyn Fn(&StoredCert) -> bool,
    /// Whether it does so with the issuers that are stored beside it.
    pub(super) has_path: &'a dyn Fn(&StoredCert) -> bool,
}

pub(super) fn decide(entry: &Entry, facts: &Facts<'_>) -> Decision {
    let active = entry.active().map(|stored| stored.certificate.fingerprint());
    let candidate = facts.record.certificate();
    let signer = state_of(entry, facts.signer);
    if let Some(code) = signer.and_then(refusal) {
        return if facts.signer.is_same_as(candidate) { Decision::Refuse(code) } else { Decision::RefuseSigner(code) };
    }
    let known = state_of(entry, candidate);
    if let Some(code) = known.and_then(refusal) {
        return Decision::Refuse(code);
    }
    match known {
        Some(State::Held) => return Decision::AlreadyHeld { active },
        Some(_) => return already_known(entry, facts),
        None => {}
    }
    let speaks = facts.signer.is_same_as(candidate)
        || entry.active().is_some_and(|stored| signer_speaks_for(stored, entry, facts));
    let hold = |code| {
        let capabilities = facts.record.capabilities().filter(|_| speaks).cloned();
        Decision::Hold { change: Change::Hold(facts.record.clone().with_capabilities(capabilities)), active, code }
    };
    // Who waits for an operator's word has none of his own about another certificate.
    if signer == Some(State::Held) || entry.certs.iter().any(|(_, state)| *state == State::Pinned) {
        return hold(Code::CertificateConflict);
    }
    // Only the active certificate has successors: one that an operator replaced must not come back through its own line.
    let line = entry.active().filter(|stored| same_line(stored, candidate, facts.record.issuer_key()));
    if let Some(previous) = line.filter(|previous| is_younger(facts, previous) || (facts.usable)(previous)) {
        return succeed(previous, entry, facts).unwrap_or_else(|| hold(Code::CertificateConflict));
    }
    if in_use(entry).any(|stored| (facts.usable)(stored)) {
        return hold(Code::CertificateConflict);
    }
    if entry.certs.iter().any(|(_, state)| !state.is_in_use()) {
        return hold(Code::AddressDecided);
    }
    Decision::Import(Change::Activate(facts.record.clone()))
}

fn state_of(entry: &Entry, certificate: &Certificate) -> Option<State> {
    entry.certs.iter().find(|(stored, _)| stored.certificate.is_same_as(certificate)).map(|(_, state)| *state)
}

/// Why nothing comes of a certificate in this state, if an operator decided against it.
const fn refusal(state: State) -> Option<Code> {
    match state {
        State::Rejected => Some(Code::CertificateRejected),
        State::Disabled => Some(Code::CertificateDisabled),
        State::Active | State::Superseded | State::Pinned | State::Held => None,
    }
}

fn in_use(entry: &Entry) -> impl Iterator<Item = &StoredCert> {
    entry.certs.iter().filter(|(_, state)| state.is_in_use()).map(|(stored, _)| stored)
}

fn already_known(entry: &Entry, facts: &Facts<'_>) -> Decision {
    let record = facts.record;
    let Some(stored) = in_use(entry).find(|stored| stored.certificate.is_same_as(record.certificate())) else {
        return Decision::AlreadyKnown { update: None };
    };
    let old = stored.capabilities.as_ref();
    let newer = record.capabilities().filter(|new| signer_speaks_for(stored, entry, facts) && is_newer(new, old));
    // Her CA renewed its certificate, say: with the issuers that came first nobody could encrypt to her any more.
    let fingerprint = stored.certificate.fingerprint();
    let has_another = stored.issuers != record.issuers() && fingerprint == record.certificate().fingerprint();
    if has_another && !(facts.has_path)(stored) {
        let record = record.clone().with_capabilities(newer.or(old).cloned());
        return Decision::AlreadyKnown { update: Some(Change::UpdatePath(record)) };
    }
    let update = newer.map(|new| Change::UpdateCapabilities { fingerprint, capabilities: new.clone() });
    Decision::AlreadyKnown { update }
}

/// Only a later signing time replaces a list, so that an old mail brought again does not (as RFC 8551 2.5.3 has it for preferences).
fn is_newer(new: &Capabilities, old: Option<&Capabilities>) -> bool {
    old.is_none_or(|old| new.der() != old.der() && new.signed_at() > old.signed_at())
}

/// Whether the signer may say what the holder of a stored certificate can read: he is in use for the mailbox himself, or he has
/// the same key, or the same name by the same issuer, as the certificate for signing of one who has two; other names in it,
/// as for logging on, make no difference. Somebody else who got a certificate for the mailbox may name hers and sign a list
/// of weak algorithms beside it.
fn signer_speaks_for(stored: &StoredCert, entry: &Entry, facts: &Facts<'_>) -> bool {
    let (own, signer) = (&stored.certificate, facts.signer);
    match state_of(entry, signer) {
        Some(state) => state.is_in_use(),
        None => {
            same_key(own, signer) || (stored.issuer_key == facts.signer_issuer && own.subject() == signer.subject())
        }
    }
}

/// Whether a certificate continues what the stored one began: the same key, or the same issuer key and the same identity.
fn same_line(stored: &StoredCert, certificate: &Certificate, issuer_key: Fingerprint) -> bool {
    same_key(&stored.certificate, certificate)
        || (stored.issuer_key == issuer_key && same_identity(&stored.certificate, certificate))
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

/// A certificate of the same line is a successor when it is younger, or as old with another key, and comes in time. It changes nothing
/// when it is older; `None` when it comes too early to be taken for a renewal.
fn succeed(previous: &StoredCert, entry: &Entry, facts: &Facts<'_>) -> Option<Decision> {
    let has_same_key = same_key(&previous.certificate, facts.record.certificate());
    // A CA that rounds its dates gives whoever lost his key a certificate of the same day.
    let is_twin = !has_same_key && age(facts.record.certificate()) == age(&previous.certificate);
    if !is_younger(facts, previous) && !is_twin {
        return Some(Decision::Refuse(Code::OlderThanActive));
    }
    let ends_soon = previous.certificate.not_after() <= facts.now.plus_days(RENEWAL_WINDOW_DAYS);
    let announced = facts.signer.is_same_as(&previous.certificate);
    let in_time = has_same_key || ends_soon || announced || !(facts.usable)(previous);
    // What was known of her before is nearer than nothing.
    let speaks = signer_speaks_for(previous, entry, facts);
    let capabilities = if speaks { facts.record.capabilities() } else { previous.capabilities.as_ref() }.cloned();
    in_time.then(|| Decision::Renew {
        change: Change::Renew(facts.record.clone().with_capabilities(capabilities)),
        previous: previous.certificate.fingerprint(),
    })
}

fn is_younger(facts: &Facts<'_>, previous: &StoredCert) -> bool {
    age(facts.record.certificate()) > age(&previous.certificate)
}

fn age(certificate: &Certificate) -> (UnixTime, UnixTime) {
    (certificate.not_before(), certificate.not_after())
}
