//! What the store says about the certificate in question.

use super::verify::Verified;
use crate::cert::{Address, Certificate, StoredCert};
use crate::cms::KeyPreference;
use crate::engine::Engine;
use crate::error::{Code, Error};
use crate::revocation::Job;
use crate::store::Entry;
use crate::time::UnixTime;
use crate::verify::check_candidate;

/// The path of a stored certificate that would be sealed to now, if it is not revoked, with what may help to find another.
pub(super) fn usable(engine: &Engine, address: &Address, stored: &StoredCert, now: UnixTime) -> Option<Job> {
    let pool: Vec<Certificate> = stored.issuers.iter().chain(engine.intermediates().certificates()).cloned().collect();
    let path = check_candidate(&engine.terms(now), address, &stored.certificate, &pool).ok()?;
    Some(Job::new(path, pool, false))
}

/// The preferred certificate among the stored ones of the same mailbox (RFC 8551 2.5.3 lets a signer leave it out of his
/// mail). Whatever its state is: the decision knows what to do with each.
pub(super) fn from_store(
    engine: &Engine,
    preference: &KeyPreference,
    verified: &Verified,
    entry: &Entry,
    now: UnixTime,
) -> Result<Job, Error> {
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
    let path = check_candidate(&engine.terms(now), &verified.address, &stored.certificate, &pool);
    path.map(|path| Job::new(path, pool, false)).map_err(|_| Code::KeyPreferenceUnusable.into())
}
