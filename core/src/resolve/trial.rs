//! The candidates of one recipient from one source, tried one after the other, with what must be fetched for each.

use super::choose::{Candidate, Candidates, Judge};
use super::report::Rejected;
use crate::cert::{Certificate, name};
use crate::cms::SignedData;
use crate::der::{Document, oids};
use crate::directory::Origin;
use crate::error::{Code, Error};
use crate::query::Unavailable;
use crate::revocation::{Checks, Job, Verdict};
use crate::trace::{Kind, escape};
use crate::verify::Limits;
use core::mem;
use std::collections::{BTreeMap, VecDeque};

/// Issuers that are fetched for one candidate: more are not missing from any ordinary path.
const FETCHES: usize = 2;

/// The trial of one source.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) origin: Origin,
    candidates: Candidates,
    current: Option<Current>,
    is_found: bool,
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
    /// How many addresses were asked because of it, whether they answered or not.
    asked: usize,
}

/// What became of the next step.
#[derive(Debug)]
pub(super) enum Progress {
    /// Something must be fetched first.
    Waiting,
    Found(Candidate),
    Rejected(Rejected),
    /// All were tried. Whether nothing else may be asked, and whether one was usable.
    Over {
        is_final: bool,
        is_found: bool,
    },
}

impl Trial {
    pub(super) const fn new(origin: Origin, candidates: Candidates) -> Self {
        Self { origin, candidates, current: None, is_found: false }
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
                    Err(error) if checks.policy().fetch_issuers && wants_issuer(error, &current, judge) => {
                        match issuers.seek(&mut current, judge) {
                            Sought::Fetched => {
                                self.current = Some(current);
                                continue;
                            }
                            Sought::Open => None,
                            Sought::Nowhere => Some(Err(error)),
                            Sought::Unavailable => Some(Err(Code::IssuerUnavailable.into())),
                        }
                    }
                    Err(error) => Some(Err(error)),
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
                Some(Err(error)) => {
                    let fingerprint = Some(current.candidate.certificate.fingerprint());
                    Progress::Rejected(Rejected { source: self.origin.clone(), fingerprint, error })
                }
            };
        }
    }

    /// The next one that is still wanted.
    fn next(&mut self, judge: &Judge<'_>) -> Option<Current> {
        let enough = self.is_found && !judge.policy.all_valid;
        let mut untried = core::iter::from_fn(|| self.candidates.untried.pop_front());
        let candidate = untried.find(|candidate| !enough || candidate.is_refused())?;
        Some(Current { candidate, job: None, fetched: Vec::new(), sought: Vec::new(), asked: 0 })
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
        Progress::Rejected(left.remove(0))
    }
}

/// Whether another issuer may help: there is none, or the one at hand has another key, as before a rekey, or its time is over.
fn wants_issuer(error: Error, current: &Current, judge: &Judge<'_>) -> bool {
    let own = &current.candidate.certificate;
    match error.code() {
        Code::PathNotFound | Code::PathSignatureInvalid => true,
        Code::CertificateExpired => judge.now <= own.not_after(),
        Code::CertificateNotYetValid => judge.now >= own.not_before(),
        _ => false,
    }
}

fn as_result(verdict: Verdict) -> Result<(), Error> {
    match verdict {
        Verdict::Passed(_) => Ok(()),
        Verdict::Revoked => Err(Code::CertificateRevoked.into()),
        Verdict::Blocked(error) => Err(error),
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
    /// Somebody who might have it did not give it.
    Unavailable,
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

    /// The missing issuer of the candidate, or of an issuer that was fetched for it. Only under the name of an organization
    /// that the tenant trusts: the address is the word of whoever made the certificate.
    fn seek(&mut self, current: &mut Current, judge: &Judge<'_>) -> Sought {
        let limits = judge.engine.limits();
        let trusted = |issuer: &[u8]| {
            judge
                .engine
                .anchors()
                .certificates()
                .chain(judge.engine.intermediates().certificates())
                .any(|known| name::share_organization(known.subject(), issuer, limits))
        };
        let below: Vec<Certificate> =
            core::iter::once(&current.candidate.certificate).chain(&current.fetched).cloned().collect();
        let mut nowhere = Sought::Nowhere;
        for certificate in below.iter().filter(|certificate| trusted(certificate.issuer())) {
            for at in certificate.access_locations(oids::CA_ISSUERS, limits) {
                match self.known.get(&at) {
                    _ if current.sought.contains(&at) => {}
                    Some(Place::Failed) => nowhere = Sought::Unavailable,
                    Some(Place::Gave(certificates)) => {
                        current.sought.push(at);
                        current.fetched.extend(certificates.iter().cloned());
                        return Sought::Fetched;
                    }
                    Some(Place::Asked) => return Sought::Open,
                    None if current.asked >= FETCHES => return nowhere,
                    None => {
                        current.asked = current.asked.saturating_add(1);
                        self.known.insert(at.clone(), Place::Asked);
                        self.outbox.push_back(at);
                        return Sought::Open;
                    }
                }
            }
        }
        nowhere
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
    Ok(signed.certificates.into_iter().filter_map(|raw| Certificate::from_der(raw, limits).ok()).collect())
}
