//! The candidates of one recipient from one source, tried one after the other, with what must be fetched for each.

use super::choose::{Candidate, Candidates, Judge};
use super::report::{Rejected, is_of_policy};
use crate::cert::Certificate;
use crate::cms::SignedData;
use crate::der::Document;
use crate::directory::Origin;
use crate::error::{Code, Error, Fault};
use crate::query::Unavailable;
use crate::revocation::{Checks, Job, Verdict};
use crate::trace::{Kind, escape};
use crate::verify::{Limits, issuer_locations, wants_issuer};
use core::mem;
use std::collections::{BTreeMap, VecDeque};

/// Addresses whose answers are used for one candidate, whoever asked them first: more issuers are not missing from any
/// ordinary path, and each answer means another search for one.
const PLACES: usize = 2;

/// The trial of one source.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) origin: Origin,
    candidates: Candidates,
    current: Option<Current>,
    is_found: bool,
    /// Whether a candidate was passed over that may be good all the same, or is good and reads nothing that the policy allows.
    stands: bool,
}

/// The candidate in question.
#[derive(Debug)]
struct Current {
    candidate: Candidate,
    /// Its path, once it has one: only its revocation is open.
    job: Option<Job>,
    /// Issuers that it did not bring along, and where they were found.
    fetched: Vec<Certificate>,
    sought: Vec<String>,
    /// Whether one of these did not give what it has.
    is_missing: bool,
}

/// Why a candidate is not taken.
struct Refusal {
    error: Error,
    /// It may be good all the same: it was not judged to its end.
    is_open: bool,
}

/// What became of the next step.
#[derive(Debug)]
pub(super) enum Progress {
    /// Something must be fetched first.
    Waiting,
    Found(Candidate),
    Rejected {
        rejected: Rejected,
        /// Whether it may be good all the same: nobody knows its revocation where the policy wants to know, somebody did
        /// not give a missing issuer, or a limit left something unread.
        is_open: bool,
    },
    /// All were tried. Whether nothing else may be asked, and whether one was usable.
    Over {
        is_final: bool,
        is_found: bool,
    },
}

impl Trial {
    pub(super) const fn new(origin: Origin, candidates: Candidates) -> Self {
        Self { origin, candidates, current: None, is_found: false, stands: false }
    }

    pub(super) fn step(&mut self, judge: &Judge<'_>, checks: &mut Checks, issuers: &mut Issuers) -> Progress {
        loop {
            let Some(mut current) = self.current.take().or_else(|| self.next(judge)) else { return self.over() };
            let result = match &mut current.job {
                Some(job) => checks.verdict(job).map(as_result),
                None => match judge.check(&mut current.candidate, &current.fetched, &self.candidates.limits) {
                    Ok(job) => {
                        current.job = Some(job);
                        self.current = Some(current);
                        continue;
                    }
                    Err(error)
                        if checks.policy().fetch_issuers
                            && wants_issuer(error, &current.candidate.certificate, judge.now) =>
                    {
                        match issuers.seek(&mut current, judge) {
                            Sought::Fetched => {
                                self.current = Some(current);
                                continue;
                            }
                            Sought::Open => None,
                            Sought::Nowhere if current.is_missing => {
                                Some(Err(current.refusal(Code::IssuerUnavailable.into())))
                            }
                            Sought::Nowhere => Some(Err(current.refusal(error))),
                        }
                    }
                    Err(error) => Some(Err(current.refusal(error))),
                },
            };
            return match result {
                None => {
                    self.current = Some(current);
                    Progress::Waiting
                }
                Some(Ok(())) => {
                    self.is_found = true;
                    // A directory may have the same certificate under several attributes. A copy whose signature is broken, or
                    // that comes without its issuers, hides no good one; so the others are passed over only now.
                    let found = &current.candidate.certificate;
                    self.candidates.untried.retain(|other| !other.certificate.is_same_as(found));
                    Progress::Found(current.candidate)
                }
                Some(Err(Refusal { error, is_open })) => {
                    self.stands |= is_open || is_of_policy(error);
                    let fingerprint = Some(current.candidate.certificate.fingerprint());
                    let rejected = Rejected { source: self.origin.clone(), fingerprint, error };
                    Progress::Rejected { rejected, is_open }
                }
            };
        }
    }

    /// The next one that is still wanted.
    fn next(&mut self, judge: &Judge<'_>) -> Option<Current> {
        let enough = self.is_found && !judge.policy.all_valid;
        // Somebody else's, perhaps, whom an operator replaced: for when the one in use certainly cannot be used.
        let in_use_counts = self.is_found || self.stands;
        let mut untried = core::iter::from_fn(|| self.candidates.untried.pop_front());
        let is_wanted = |candidate: &Candidate| !(enough || in_use_counts && candidate.is_superseded());
        let candidate = untried.find(|candidate| candidate.is_refused() || is_wanted(candidate))?;
        Some(Current { candidate, job: None, fetched: Vec::new(), sought: Vec::new(), is_missing: false })
    }

    /// What is left to say, one at a time.
    fn over(&mut self) -> Progress {
        let Candidates { last, if_none, is_final, .. } = &mut self.candidates;
        if self.is_found {
            if_none.clear();
        }
        let left = if if_none.is_empty() { last } else { if_none };
        if left.is_empty() {
            return Progress::Over { is_final: *is_final, is_found: self.is_found };
        }
        let rejected = left.remove(0);
        let is_open = is_unjudged(rejected.error);
        Progress::Rejected { rejected, is_open }
    }
}

impl Current {
    fn refusal(&self, error: Error) -> Refusal {
        // Whoever answers for the address, or stands on the way to it, may give something else than the issuer. What a policy
        // says comes after the path.
        Refusal { error, is_open: is_unjudged(error) || (!self.sought.is_empty() && !is_of_policy(error)) }
    }
}

/// What did not answer, or was not read for a limit, says nothing about the certificate.
fn is_unjudged(error: Error) -> bool {
    matches!(error.fault(), Fault::Unavailable | Fault::LimitExceeded)
}

fn as_result(verdict: Verdict) -> Result<(), Refusal> {
    match verdict {
        Verdict::Passed(_) => Ok(()),
        Verdict::Revoked => Err(Refusal { error: Code::CertificateRevoked.into(), is_open: false }),
        // An old list, or one that a stranger signed, is no more than silence: both can be brought about on the way.
        Verdict::Blocked(error) => Err(Refusal { error, is_open: true }),
    }
}

/// Issuers that were fetched in this operation, each address once.
#[derive(Debug, Default)]
pub(super) struct Issuers {
    known: BTreeMap<String, Place>,
    outbox: VecDeque<String>,
    open: BTreeMap<u32, String>,
    events: Vec<Kind>,
}

/// What an address gave.
#[derive(Debug)]
enum Place {
    Asked,
    Gave(Vec<Certificate>),
    Failed,
}

enum Sought {
    Fetched,
    Open,
    Nowhere,
}

impl Issuers {
    /// The next address to be asked, under this number.
    pub(super) fn next_fetch(&mut self, number: u32) -> Option<String> {
        let at = self.outbox.pop_front()?;
        self.open.insert(number, at.clone());
        Some(at)
    }

    /// An address has answered, or not. An error when the number is of no open question.
    pub(super) fn answered(
        &mut self,
        number: u32,
        reply: Result<Vec<u8>, Unavailable>,
        limits: &Limits,
    ) -> Result<(), Error> {
        let at = self.open.remove(&number).ok_or(Code::ForeignAnswer)?;
        let place = match reply.map(|octets| read(&octets, limits)) {
            Ok(Ok(certificates)) => Place::Gave(certificates),
            Ok(Err(error)) => {
                self.events.push(Kind::SourceRejected { at: escape(&at), error });
                Place::Failed
            }
            Err(unavailable) => {
                self.events.push(Kind::SourceUnavailable { at: escape(&at), detail: escape(unavailable.detail()) });
                Place::Failed
            }
        };
        self.known.insert(at, place);
        Ok(())
    }

    /// What there is to tell, oldest first.
    pub(super) fn events(&mut self) -> Vec<Kind> {
        mem::take(&mut self.events)
    }

    /// The missing issuer of the candidate, or of an issuer that was fetched for it.
    fn seek(&mut self, current: &mut Current, judge: &Judge<'_>) -> Sought {
        let below: Vec<Certificate> =
            core::iter::once(&current.candidate.certificate).chain(&current.fetched).cloned().collect();
        for certificate in &below {
            for at in issuer_locations(judge.engine, certificate) {
                if current.sought.contains(&at) {
                    continue;
                }
                if current.sought.len() >= PLACES {
                    return Sought::Nowhere;
                }
                match self.known.get(&at) {
                    Some(Place::Failed) => {
                        current.sought.push(at);
                        current.is_missing = true;
                    }
                    Some(Place::Gave(certificates)) => {
                        current.sought.push(at);
                        current.fetched.extend(certificates.iter().cloned());
                        return Sought::Fetched;
                    }
                    Some(Place::Asked) => return Sought::Open,
                    None => {
                        self.known.insert(at.clone(), Place::Asked);
                        self.outbox.push_back(at);
                        return Sought::Open;
                    }
                }
            }
        }
        Sought::Nowhere
    }
}

/// One certificate, or those of a certs-only CMS (RFC 5280 4.2.2.1).
fn read(octets: &[u8], limits: &Limits) -> Result<Vec<Certificate>, Error> {
    let error = match Certificate::from_der(octets, limits) {
        Ok(certificate) => return Ok(vec![certificate]),
        Err(error) => error,
    };
    let document = Document::new(octets, limits);
    let signed = SignedData::read(&document, limits).map_err(|_| error)?;
    let read = signed.certificates.into_iter().filter_map(|raw| Certificate::from_der(raw, limits).ok());
    let read: Vec<Certificate> = read.collect();
    if read.is_empty() { Err(error) } else { Ok(read) }
}
