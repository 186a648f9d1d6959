//! What the store says about the certificate in question.

use super::verify::Verified;
use crate::cert::{Address, Certificate, StoredCert};
use crate::cms::KeyPreference;
use crate::engine::Engine;
use crate::error::{Code, Error, Fault};
use crate::revocation::Job;
use crate::store::{Entry, State};
use crate::time::UnixTime;
use crate::trace::Kind;
use crate::verify::check_candidate;
use core::cmp::Reverse;

/// The path of a stored certificate that would be sealed to now, if it is not revoked, with what may help to find another.
pub(super) fn usable(engine: &Engine, address: &Address, stored: &StoredCert, now: UnixTime) -> Result<Job, Error> {
    let pool: Vec<Certificate> = stored.issuers.iter().chain(engine.intermediates().certificates()).cloned().collect();
    let path = check_candidate(&engine.terms(now), address, &stored.certificate, &pool)?;
    Ok(Job::new(path, pool, false))
}

/// What is said of a mail whose preferred certificate failed a check: that it is out of bounds, where that is why.
pub(super) fn unusable(error: Error) -> Error {
    if error.fault() == Fault::LimitExceeded { error } else { Code::KeyPreferenceUnusable.into() }
}

/// The preferred certificate among the stored ones of the same mailbox (RFC 8551 2.5.3 lets a signer leave it out of his
/// mail). Whatever its state is: the decision knows what to do with each.
pub(super) fn from_store(
    engine: &Engine,
    preference: &KeyPreference,
    verified: &Verified,
    entry: &Entry,
    now: UnixTime,
    events: &mut Vec<Kind>,
) -> Result<Job, Error> {
    let limits = engine.limits();
    let mut matching: Vec<&(StoredCert, State)> =
        entry.certs.iter().filter(|(stored, _)| preference.matches(&stored.certificate, limits)).collect();
    // An identifier of a key may name several (RFC 5280 4.2.1.2).
    matching.sort_by_key(|(stored, state)| {
        let certificate = &stored.certificate;
        Reverse((*state == State::Active || *state == State::Pinned, state.is_in_use(), certificate.not_before()))
    });
    let mut result = Err(Code::KeyPreferenceNotFound.into());
    for (stored, _) in matching {
        let pool: Vec<Certificate> = stored
            .issuers
            .iter()
            .chain(verified.path.intermediates())
            .chain(engine.intermediates().certificates())
            .cloned()
            .collect();
        match check_candidate(&engine.terms(now), &verified.address, &stored.certificate, &pool) {
            Ok(path) => return Ok(Job::new(path, pool, false)),
            Err(error) => {
                events.push(Kind::KeyPreferenceRejected { fingerprint: stored.certificate.fingerprint(), error });
                result = Err(unusable(error));
            }
        }
    }
    result
}
