//! Which certificate: a pure function of what the store and the directories say (DESIGN 5).

use super::report::Rejected;
use crate::cert::{Address, Capabilities, Certificate, Fingerprint, Lent, StoredCert, TransientCert};
use crate::directory::{DirectoryId, Origin};
use crate::engine::Engine;
use crate::error::{Code, Error};
use crate::revocation::Job;
use crate::seal::{OnConflict, Policy};
use crate::store::{Entry, State};
use crate::time::UnixTime;
use crate::verify::{Limits, Terms, check_candidate, find_path_on};
use core::cmp::Reverse;
use std::collections::VecDeque;

/// What every candidate of one recipient is judged by.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) engine: &'a Engine,
    pub(super) policy: &'a Policy,
    pub(super) address: &'a Address,
    pub(super) now: UnixTime,
    /// Whether the candidates are lent: nothing that is learned about them outlives the operation.
    pub(super) is_lent: bool,
}

/// A certificate in question, with what came beside it.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) certificate: Certificate,
    pub(super) issuers: Vec<Certificate>,
    pub(super) capabilities: Option<Capabilities>,
    /// Who signed the capabilities, if that was another certificate that only came along.
    voucher: Option<Certificate>,
    /// What the store knows of its owner's programs, for when nothing newer counts.
    known: Option<Capabilities>,
    /// Why it is out before anything is checked.
    refusal: Option<Code>,
    /// Another one is in use instead.
    is_superseded: bool,
}

/// What one source has, to be tried in order.
#[derive(Debug)]
pub(super) struct Candidates {
    /// The best one first.
    pub(super) untried: VecDeque<Candidate>,
    /// What each of them may cost.
    pub(super) limits: Limits,
    /// Whether nothing else may be asked: an operator pinned a certificate, or nobody may be believed.
    pub(super) is_final: bool,
    /// Said at the end: what was not even a candidate. Of several reasons that of a certificate says more.
    pub(super) last: Vec<Rejected>,
    /// Said at the end when none was usable.
    pub(super) if_none: Vec<Rejected>,
}

impl Judge<'_> {
    /// What the store keeps: the pinned certificate and no other, else the active one, else those it superseded.
    pub(super) fn stored(&self, entry: &Entry) -> Candidates {
        let in_state = |wanted| {
            let with_state = entry.certs.iter().filter(move |(_, state)| *state == wanted);
            let mut stored: Vec<&StoredCert> = with_state.map(|(stored, _)| stored).collect();
            stored.sort_by_key(|stored| rank(&stored.certificate));
            stored
        };
        let reject = |stored: Vec<&StoredCert>, code: Code| {
            let rejected = |stored: &StoredCert| Rejected {
                source: Origin::Store,
                fingerprint: Some(stored.certificate.fingerprint()),
                error: code.into(),
            };
            stored.into_iter().map(rejected).collect::<Vec<_>>()
        };
        let pinned = in_state(State::Pinned);
        let held = in_state(State::Held);
        let is_pinned = !pinned.is_empty();
        let (in_use, superseded) = match is_pinned {
            true => (pinned, Vec::new()),
            false => (in_state(State::Active), in_state(State::Superseded)),
        };
        let in_conflict = self.policy.conflict == OnConflict::FailClosed && !held.is_empty() && !is_pinned;
        let refusal = in_conflict.then_some(Code::CertificateConflict);
        let candidate = |stored: &StoredCert, is_superseded| Candidate {
            certificate: stored.certificate.clone(),
            issuers: stored.issuers.clone(),
            capabilities: stored.capabilities.clone(),
            voucher: None,
            known: None,
            refusal,
            is_superseded,
        };
        let in_use = in_use.into_iter().map(|stored| candidate(stored, false));
        Candidates {
            untried: in_use.chain(superseded.into_iter().map(|stored| candidate(stored, true))).collect(),
            limits: self.engine.limits().clone(),
            is_final: is_pinned || in_conflict,
            last: Vec::new(),
            if_none: [
                reject(held, Code::CertificateHeld),
                reject(in_state(State::Rejected), Code::CertificateRejected),
                reject(in_state(State::Disabled), Code::CertificateDisabled),
            ]
            .concat(),
        }
    }

    /// What a directory lends. What an operator rejected or disabled stays refused, wherever it comes from.
    pub(super) fn lent(&self, entry: &Entry, directory: &DirectoryId, lent: Vec<TransientCert>) -> Candidates {
        let limits = self.engine.limits();
        let reject = |error: Error| Rejected { source: Origin::Directory(directory.clone()), fingerprint: None, error };
        let mut too_many = lent.len() > limits.candidates_read();
        let (mut read, mut opened, mut last) = (Vec::new(), Vec::new(), Vec::new());
        for lent in lent.into_iter().take(limits.candidates_read()) {
            match lent.certificate(limits) {
                Ok(certificate) => read.push((certificate, lent)),
                Err(error) => last.push(reject(error)),
            }
        }
        let order =
            |(certificate, lent): &(Certificate, TransientCert)| (Reverse(lent.is_preferred()), rank(certificate));
        if read.len() > limits.candidates {
            // In which order a directory has them says nothing. Those whose time is over, as of many years of logon cards,
            // push out none that may be encrypted to.
            read.sort_by_cached_key(|one| (!self.is_in_time(&one.0), order(one)));
            read.truncate(limits.candidates);
            too_many = true;
        }
        for (certificate, lent) in read {
            match lent.open(certificate, limits) {
                Ok(lent) => opened.push(lent),
                Err(error) => last.push(reject(error)),
            }
        }
        last.extend(too_many.then(|| reject(Code::CandidatesTooMany.into())));
        let limits = shared(limits, opened.len());
        opened.sort_by_cached_key(|lent: &Lent| {
            (Reverse(lent.is_preferred && self.is_owners_word(entry, lent, &limits)), rank(&lent.certificate))
        });
        let candidate = |lent: Lent| {
            let refusal = decided_against(entry, &lent.certificate);
            let stored = entry.certs.iter().find(|(stored, _)| stored.certificate.is_same_as(&lent.certificate));
            let known = stored.and_then(|(stored, _)| stored.capabilities.clone());
            let is_silenced = lent.voucher.as_ref().is_some_and(|signer| decided_against(entry, signer).is_some());
            let Lent { certificate, issuers, capabilities, voucher, .. } = lent;
            let is_news = |new: &Capabilities| {
                let is_later = known.as_ref().is_none_or(|known| new.signed_at() > known.signed_at());
                is_later && new.are_signed_by(self.now) && !is_silenced
            };
            let capabilities = capabilities.filter(is_news);
            Candidate { certificate, issuers, capabilities, voucher, known, refusal, is_superseded: false }
        };
        let untried = opened.into_iter().map(candidate).collect();
        Candidates { untried, limits, is_final: false, last, if_none: Vec::new() }
    }

    /// Whether a preference counts: anybody can make a certificate with this address in it and prefer with it what he likes.
    fn is_owners_word(&self, entry: &Entry, lent: &Lent, limits: &Limits) -> bool {
        let Some(signer) = &lent.voucher else { return true };
        let pool: Vec<Certificate> =
            lent.issuers.iter().chain(self.engine.intermediates().certificates()).cloned().collect();
        decided_against(entry, signer).is_none() && find_path_on(&self.terms(limits), signer, &pool).is_ok()
    }

    fn terms<'t>(&'t self, limits: &'t Limits) -> Terms<'t> {
        let terms = self.engine.terms(self.now);
        let memory = if self.is_lent { terms.memory.without_learning() } else { terms.memory };
        Terms { limits, memory, ..terms }
    }

    fn is_in_time(&self, certificate: &Certificate) -> bool {
        certificate.not_before() <= self.now && self.now <= certificate.not_after()
    }

    /// Everything about the candidate but its revocation. `fetched` are issuers that it did not bring along.
    pub(super) fn check(
        &self,
        candidate: &mut Candidate,
        fetched: &[Certificate],
        limits: &Limits,
    ) -> Result<Job, Error> {
        if let Some(code) = candidate.refusal {
            return Err(code.into());
        }
        let configured = self.engine.intermediates().certificates();
        let pool: Vec<Certificate> = candidate.issuers.iter().chain(fetched).chain(configured).cloned().collect();
        let terms = self.terms(limits);
        let path = check_candidate(&terms, self.address, &candidate.certificate, &pool)?;
        // Anybody can make a certificate with this address in it and sign with it what he likes.
        if candidate.voucher.take().is_some_and(|signer| find_path_on(&terms, &signer, &pool).is_err()) {
            candidate.capabilities = None;
        }
        candidate.capabilities = candidate.capabilities.take().or_else(|| candidate.known.take());
        self.policy.check_readable(candidate.capabilities.as_ref(), limits)?;
        Ok(Job::new(path, pool, self.is_lent))
    }
}

impl Candidate {
    /// Whether anything is left to be checked.
    pub(super) const fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// Whether it is only for when the one in use cannot be used.
    pub(super) const fn is_superseded(&self) -> bool {
        self.is_superseded
    }
}

/// Why a certificate is out for this address, wherever it comes from.
fn decided_against(entry: &Entry, certificate: &Certificate) -> Option<Code> {
    let stored = entry.certs.iter().find(|(stored, _)| stored.certificate.is_same_as(certificate));
    match stored.map(|(_, state)| *state) {
        Some(State::Rejected) => Some(Code::CertificateRejected),
        Some(State::Disabled) => Some(Code::CertificateDisabled),
        _ => None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_of_one_reply_share_what_one_may_cost() {
        let budgets = |limits: &Limits, candidates| {
            let shared = shared(limits, candidates);
            [shared.path_signatures, shared.path_steps, shared.name_comparisons, shared.policy_nodes]
        };
        let whole = Limits::default();
        assert_eq!(budgets(&whole, 1), [100, 200_000, 250_000, 20_000]);
        assert_eq!(budgets(&whole, 4), [25, 50_000, 62_500, 5_000]);
        // As much as an ordinary path costs, but never more than there is.
        assert_eq!(budgets(&whole, 1_000), [12, 1_000, 5_000, 1_000]);
        let mut narrow = Limits::default();
        (narrow.path_signatures, narrow.path_steps, narrow.name_comparisons, narrow.policy_nodes) = (3, 4, 5, 6);
        assert_eq!(budgets(&narrow, 1_000), [3, 4, 5, 6]);
    }
}
