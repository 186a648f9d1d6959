//! The checks that make a certificate somebody's: the same for one that the signer prefers and for one that is stored.

use super::verify::{Candidate, Verified};
use crate::cert::{Address, Certificate, StoredCert};
use crate::cms::KeyPreference;
use crate::engine::Engine;
use crate::error::{Code, Error};
use crate::store::Entry;
use crate::time::UnixTime;
use crate::verify::{Path, check_recipient, find_path};

/// A certificate that passed path, address and usage.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) path: Path,
}

/// path → address → usage.
pub(super) fn check(
    engine: &Engine,
    address: &Address,
    certificate: &Certificate,
    pool: &[Certificate],
    now: UnixTime,
) -> Result<Checked, Error> {
    let (limits, profile) = (engine.limits(), engine.profile());
    let path = find_path(certificate, pool, engine.anchors(), profile, limits, now)?;
    let mailboxes = certificate.mailboxes(profile.rules().subject_email, limits)?;
    if !mailboxes.contains(address) {
        return Err(Code::AddressMismatch.into());
    }
    check_recipient(certificate, profile, limits)?;
    Ok(Checked { path })
}

/// Whether a stored certificate would be sealed to now.
pub(super) fn is_usable(engine: &Engine, address: &Address, stored: &StoredCert, now: UnixTime) -> bool {
    let pool: Vec<Certificate> = stored.issuers.iter().chain(engine.intermediates().certificates()).cloned().collect();
    check(engine, address, &stored.certificate, &pool, now).is_ok()
}

/// The preferred certificate among the stored ones of the same mailbox (RFC 8551 2.5.3 lets a signer leave it out of his
/// mail). Whatever its state is: the decision knows what to do with each.
pub(super) fn from_store(
    engine: &Engine,
    preference: &KeyPreference,
    verified: &Verified,
    entry: &Entry,
    now: UnixTime,
) -> Result<Candidate, Error> {
    let limits = engine.limits();
    let mut matching =
        entry.certs.iter().map(|(stored, _)| stored).filter(|stored| preference.matches(&stored.certificate, limits));
    let stored = matching.next().ok_or(Code::KeyPreferenceNotFound)?;
    let pool: Vec<Certificate> = stored
        .issuers
        .iter()
        .chain(verified.path.intermediates())
        .chain(engine.intermediates().certificates())
        .cloned()
        .collect();
    let checked = check(engine, &verified.address, &stored.certificate, &pool, now);
    checked.map(|checked| Candidate::Preferred(Box::new(checked))).map_err(|_| Code::KeyPreferenceUnusable.into())
}
