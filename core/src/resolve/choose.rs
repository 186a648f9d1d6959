//! Which certificate: a pure function of what the store and the directories say (DESIGN 5).

use super::report::Rejected;
use crate::cert::{Address, Capabilities, Certificate, Fingerprint, StoredCert, TransientCert};
use crate::directory::{DirectoryId, Origin};
use crate::engine::Engine;
use crate::error::{Code, Error};
use crate::seal::{OnConflict, Policy};
use crate::store::{Entry, State};
use crate::time::UnixTime;
use crate::verify::{Limits, Terms, check_candidate};
use core::cmp::Reverse;

/// What every candidate of one recipient is judged by.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) engine: &'a Engine,
    pub(super) policy: &'a Policy,
    pub(super) address: &'a Address,
    pub(super) now: UnixTime,
}

/// A certificate in question, with what came beside it.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    certificate: &'a Certificate,
    issuers: &'a [Certificate],
    capabilities: Option<&'a Capabilities>,
}

/// What one source comes to.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// The usable ones, best first: one, or all where the policy wants all.
    pub(super) chosen: Vec<(Certificate, Option<Capabilities>)>,
    pub(super) rejected: Vec<Rejected>,
    /// Whether nothing else may be asked: an operator pinned a certificate, or nobody may be believed.
    pub(super) is_final: bool,
}

impl Judge<'_> {
    /// From what the store keeps: the pinned certificate and no other, else the active one, else those it superseded.
    pub(super) fn stored(&self, entry: &Entry) -> Choice {
        let mut choice = Choice::default();
        let in_state = |wanted| {
            let with_state = entry.certs.iter().filter(move |(_, state)| *state == wanted);
            let mut stored: Vec<&StoredCert> = with_state.map(|(stored, _)| stored).collect();
            stored.sort_by_key(|stored| rank(&stored.certificate));
            stored
        };
        let pinned = in_state(State::Pinned);
        let held = in_state(State::Held);
        choice.is_final = !pinned.is_empty();
        let in_use =
            if pinned.is_empty() { [in_state(State::Active), in_state(State::Superseded)].concat() } else { pinned };
        if self.policy.conflict == OnConflict::FailClosed && !held.is_empty() && !choice.is_final {
            choice.is_final = true;
            choice.reject_all(&in_use, Code::CertificateConflict);
        } else {
            for stored in in_use {
                let (certificate, issuers) = (&stored.certificate, &stored.issuers);
                let candidate = Candidate { certificate, issuers, capabilities: stored.capabilities.as_ref() };
                self.consider(&mut choice, &Origin::Store, &candidate, self.engine.limits());
            }
        }
        if choice.chosen.is_empty() {
            choice.reject_all(&held, Code::CertificateHeld);
            choice.reject_all(&in_state(State::Rejected), Code::CertificateRejected);
            choice.reject_all(&in_state(State::Disabled), Code::CertificateDisabled);
        }
        choice
    }

    /// From what a directory lends. What an operator rejected or disabled stays refused, wherever it comes from.
    pub(super) fn lent(&self, entry: &Entry, directory: &DirectoryId, lent: Vec<TransientCert>) -> Choice {
        let limits = self.engine.limits();
        let origin = Origin::Directory(directory.clone());
        let mut choice = Choice::default();
        let too_many = lent.len() > limits.candidates;
        let (mut opened, mut unreadable) = (Vec::new(), Vec::new());
        for certificate in lent.into_iter().take(limits.candidates) {
            match certificate.open(limits) {
                Ok(certificate) => opened.push(certificate),
                Err(error) => unreadable.push(error),
            }
        }
        opened.sort_by_key(|lent| (Reverse(lent.preferred), rank(&lent.certificate)));
        let limits = shared(limits, opened.len());
        for lent in &opened {
            // A directory may have the same certificate under several attributes. A copy whose signature is broken, or that
            // comes without its issuers, hides no good one; so only after one that was taken the others are passed over.
            if choice.chosen.iter().any(|(chosen, _)| chosen.is_same_as(&lent.certificate)) {
                continue;
            }
            let decided = entry.certs.iter().find(|(stored, _)| stored.certificate.is_same_as(&lent.certificate));
            let refusal = match decided.map(|(_, state)| *state) {
                Some(State::Rejected) => Some(Code::CertificateRejected),
                Some(State::Disabled) => Some(Code::CertificateDisabled),
                _ => None,
            };
            match refusal {
                Some(code) => choice.reject(&origin, Some(lent.certificate.fingerprint()), code.into()),
                None => {
                    let (certificate, issuers) = (&lent.certificate, &lent.issuers);
                    let candidate = Candidate { certificate, issuers, capabilities: lent.capabilities.as_ref() };
                    self.consider(&mut choice, &origin, &candidate, &limits);
                }
            }
        }
        // Last: of several reasons that of a certificate says more.
        for error in unreadable {
            choice.reject(&origin, None, error);
        }
        if too_many {
            choice.reject(&origin, None, Code::CandidatesTooMany.into());
        }
        choice
    }

    /// Takes the candidate if it passes every check, and if one is still wanted.
    fn consider(&self, choice: &mut Choice, origin: &Origin, candidate: &Candidate<'_>, limits: &Limits) {
        let Candidate { certificate, issuers, capabilities } = *candidate;
        if !choice.chosen.is_empty() && !self.policy.all_valid {
            return;
        }
        let pool: Vec<Certificate> =
            issuers.iter().chain(self.engine.intermediates().certificates()).cloned().collect();
        let terms = Terms { limits, ..self.engine.terms(self.now) };
        let checked = check_candidate(&terms, self.address, certificate, &pool)
            .and_then(|_| self.policy.check_readable(capabilities, limits));
        match checked {
            Ok(()) => choice.chosen.push((certificate.clone(), capabilities.cloned())),
            Err(error) => choice.reject(origin, Some(certificate.fingerprint()), error),
        }
    }
}

impl Choice {
    fn reject(&mut self, source: &Origin, fingerprint: Option<Fingerprint>, error: Error) {
        self.rejected.push(Rejected { source: source.clone(), fingerprint, error });
    }

    fn reject_all(&mut self, stored: &[&StoredCert], code: Code) {
        for stored in stored {
            self.reject(&Origin::Store, Some(stored.certificate.fingerprint()), code.into());
        }
    }
}

/// The limits for each of so many candidates of one reply. Whoever lends many, with many issuers, gets no more work done
/// than for one; but an ordinary path is always found.
fn shared(limits: &Limits, candidates: usize) -> Limits {
    let share = |whole: usize, ordinary: usize| whole.checked_div(candidates).unwrap_or(whole).max(ordinary.min(whole));
    Limits {
        path_signatures: share(limits.path_signatures, 12),
        path_steps: share(limits.path_steps, 1_000),
        name_comparisons: share(limits.name_comparisons, 5_000),
        policy_nodes: share(limits.policy_nodes, 1_000),
        ..limits.clone()
    }
}

/// The newest first; of two that begin together the one that ends last. The fingerprint makes the order of any answer the
/// same.
fn rank(certificate: &Certificate) -> (Reverse<UnixTime>, Reverse<UnixTime>, Fingerprint) {
    (Reverse(certificate.not_before()), Reverse(certificate.not_after()), certificate.fingerprint())
}
