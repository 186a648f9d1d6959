use super::ask::Ask;
use super::candidate;
use super::decide::{Decision, Facts, decide};
use super::report::{CandidateKind, Outcome, Report};
use super::verify::{Candidate, Finding, Verified};
use super::{Context, verify};
use crate::cert::{Certificate, Fingerprint, Source, StoredCert};
use crate::engine::Engine;
use crate::error::{Code, Error, Fault};
use crate::operation::{Operation, Step};
use crate::query::{Answer, Body, FetchCrl, FetchOcsp, FindStored, Pending, PutStored, Ticket, Unavailable};
use crate::revocation::{Checks, Fetch, Job, Verdict};
use crate::store::{Change, Entry, PutOutcome};
use crate::trace::{Event, Kind, Tracer};
use crate::verify::{Path, issuer_locations, wants_issuer};
use core::mem;
use std::sync::Arc;

/// How often a decision is made again when another writer was faster.
const TRIES: u32 = 8;

/// The import of one mail. [`Engine::import`] makes it; a [driver](crate::drive) runs it.
#[derive(Debug)]
pub struct Import {
    engine: Engine,
    context: Context,
    identity: Arc<()>,
    /// Number of the question that is open, or that was asked last.
    question: u32,
    tries: u32,
    state: State,
    report: Report,
    events: Vec<Kind>,
    checks: Checks,
    /// Paths whose revocation is not known yet, and what came of the others.
    jobs: Vec<(Role, Job)>,
    verdicts: Vec<(Role, Verdict)>,
}

/// Whose path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Signer,
    /// The certificate that the signer prefers.
    Preferred,
    /// One that is stored.
    Stored(Fingerprint),
}

#[derive(Debug)]
enum State {
    /// Verified; the revocation of its certificates is being found out.
    Checking(Box<Verified>),
    /// Nothing of it is revoked; the store has not been asked.
    Verified(Box<Verified>),
    /// `FindStored` is open.
    Finding(Box<Verified>),
    /// The entry is known; the revocation of what is in it is being found out.
    Weighing(Box<Verified>, Entry),
    /// Decided; the store has not been told.
    Decided(Box<Plan>),
    /// `PutStored` is open.
    Storing(Box<Plan>),
    /// The report is complete.
    Finished,
    /// The report was given.
    Spent,
}

/// What the store is told, and what becomes of the mail when it agrees.
#[derive(Debug)]
struct Plan {
    verified: Box<Verified>,
    entry: Entry,
    change: Change,
    outcome: Outcome,
    kind: Kind,
}

impl Import {
    pub(crate) fn new(engine: &Engine, mail: &[u8], context: Context) -> Self {
        let policy = *engine.revocation().of(&context.tenant, context.route.as_deref());
        let mut import = Self {
            checks: Checks::new(engine, policy, &context.tenant, context.now, context.ocsp_nonce),
            jobs: Vec::new(),
            verdicts: Vec::new(),
            engine: engine.clone(),
            context,
            identity: Arc::new(()),
            question: 0,
            tries: 0,
            state: State::Finished,
            report: Report::of(Outcome::NotActive),
            events: Vec::new(),
        };
        if !engine.activation().is_active(&import.context.tenant, import.context.route.as_deref()) {
            import.events.push(Kind::NotActive);
            return import;
        }
        let finding = verify::verify(engine, mail, import.context.now, &mut import.report, &mut import.events);
        match finding {
            Ok(Finding::Verified(verified)) => import.check(verified),
            Ok(Finding::NotSigned) => import.finish(Outcome::NotSigned, Kind::NotSigned),
            Err(error) => import.refuse(error),
        }
        import
    }

    fn finish(&mut self, outcome: Outcome, kind: Kind) {
        self.report.outcome = outcome;
        self.events.push(kind);
        self.state = State::Finished;
    }

    fn refuse(&mut self, error: Error) {
        self.report.error = Some(error);
        let fingerprint = self.report.fingerprint;
        self.finish(Outcome::Refused, Kind::Refused { fingerprint, error });
    }

    fn defer(&mut self, code: Code, unavailable: Option<Unavailable>) {
        self.report.error = Some(code.into());
        self.report.unavailable = unavailable;
        let fingerprint = self.report.fingerprint;
        self.finish(Outcome::Deferred, Kind::Deferred { fingerprint, error: code.into() });
    }

    fn ticket(&mut self) -> Ticket {
        self.question = self.question.saturating_add(1);
        Ticket::new(&self.identity, self.question)
    }

    /// Puts the mail's certificates to the question.
    fn check(&mut self, mut verified: Box<Verified>) {
        self.checks.add_from_mail(mem::take(&mut verified.crls));
        let job = |path: &Path| Job::new(path.clone(), verified.pool.clone(), false);
        self.jobs.push((Role::Signer, job(&verified.path)));
        if let Candidate::Preferred(path) = &verified.candidate {
            self.jobs.push((Role::Preferred, job(path)));
        }
        self.state = State::Checking(verified);
    }

    /// Goes on as soon as the revocation of everything in question is known, or can no longer become known.
    fn check_revocation(&mut self) {
        if !matches!(self.state, State::Checking(_) | State::Weighing(..)) {
            return;
        }
        for (role, mut job) in mem::take(&mut self.jobs) {
            match self.checks.verdict(&mut job) {
                Some(verdict) => self.verdicts.push((role, verdict)),
                None => self.jobs.push((role, job)),
            }
        }
        self.events.extend(self.checks.events());
        if !self.jobs.is_empty() {
            return;
        }
        match mem::replace(&mut self.state, State::Spent) {
            State::Checking(verified) => self.checked(verified),
            State::Weighing(verified, entry) => self.consider(verified, entry),
            other => self.state = other,
        }
    }

    /// The path of this role, if nothing of it is revoked. Otherwise the mail is over.
    fn passed(&mut self, role: Role) -> Option<Path> {
        let at = self.verdicts.iter().position(|(other, _)| *other == role)?;
        match self.verdicts.swap_remove(at).1 {
            Verdict::Passed(path) => return Some(path),
            Verdict::Revoked => self.refuse(Code::CertificateRevoked.into()),
            Verdict::Blocked(error) if error.fault() == Fault::Unavailable => self.defer(error.code(), None),
            Verdict::Blocked(error) => self.refuse(error),
        }
        None
    }

    /// Nothing more is asked about the mail's certificates.
    fn checked(&mut self, mut verified: Box<Verified>) {
        let Some(path) = self.passed(Role::Signer) else { return };
        verified.path = path;
        if matches!(verified.candidate, Candidate::Preferred(_)) {
            let Some(path) = self.passed(Role::Preferred) else { return };
            verified.candidate = Candidate::Preferred(Box::new(path));
        }
        if verified.ignored > 0 {
            self.events.push(Kind::BagIgnored { count: verified.ignored });
        }
        self.state = State::Verified(verified);
    }

    /// The entry is known: what of it would be in use, if it is not revoked, and the preferred certificate, if it is there?
    fn weigh(&mut self, verified: Box<Verified>, entry: Entry) {
        let (engine, now) = (&self.engine, self.context.now);
        self.verdicts.clear();
        if let Candidate::Wanted(preference) = &verified.candidate {
            match candidate::from_store(engine, preference, &verified, &entry, now, &mut self.events) {
                Ok(job) => self.jobs.push((Role::Preferred, job)),
                Err(error) => return self.refuse(error),
            }
        }
        for (stored, _) in entry.certs.iter().filter(|(_, state)| state.is_in_use()) {
            let role = Role::Stored(stored.certificate.fingerprint());
            match candidate::usable(engine, &verified.address, stored, now) {
                Ok(job) => self.jobs.push((role, job)),
                // What a limit keeps from being judged may be good, and is not to be replaced without a word; nor is one that is
                // sealed to all the same, with an issuer that is fetched.
                Err(error) if error.fault() == Fault::LimitExceeded || self.is_sealed_to(error, stored) => {
                    self.verdicts.push((role, Verdict::Blocked(error)));
                }
                Err(_) => {}
            }
        }
        self.state = State::Weighing(verified, entry);
        self.check_revocation();
    }

    /// Whether sealing may find the issuer that is missing here.
    fn is_sealed_to(&self, error: Error, stored: &StoredCert) -> bool {
        let certificate = &stored.certificate;
        self.checks.policy().fetch_issuers
            && wants_issuer(error, certificate, self.context.now)
            && !issuer_locations(&self.engine, certificate).is_empty()
    }

    /// Everything is known: finish the candidate, and decide.
    fn consider(&mut self, mut verified: Box<Verified>, entry: Entry) {
        if matches!(verified.candidate, Candidate::Wanted(_)) {
            let Some(path) = self.passed(Role::Preferred) else { return };
            verified.candidate = Candidate::Preferred(Box::new(path));
        }
        let Some((record, kind)) = verified.record(self.context.now) else {
            return self.refuse(Code::KeyPreferenceNotFound.into());
        };
        let certificate = record.certificate().clone();
        self.report.candidate = Some(kind);
        self.report.set_certificate(&certificate);
        if kind == CandidateKind::KeyPreference && self.tries == 0 {
            self.events.push(Kind::KeyPreferenceFollowed { fingerprint: certificate.fingerprint() });
        }
        let (signer, signer_issuer, now) = (&verified.signer, verified.path.issuer_key(), self.context.now);
        let verdict = |stored: &StoredCert| {
            let role = Role::Stored(stored.certificate.fingerprint());
            self.verdicts.iter().find(|(other, _)| *other == role).map(|(_, verdict)| verdict)
        };
        // What nobody knows to be revoked stays in use: otherwise whoever silences a responder could replace it.
        let usable = |stored: &StoredCert| verdict(stored).is_some_and(|verdict| !matches!(verdict, Verdict::Revoked));
        let lacks_issuer = |stored: &StoredCert| match verdict(stored) {
            Some(Verdict::Blocked(error)) => wants_issuer(*error, &stored.certificate, now),
            _ => false,
        };
        let has_path = |stored: &StoredCert| usable(stored) && !lacks_issuer(stored);
        let facts = Facts { record: &record, signer, signer_issuer, now, usable: &usable, has_path: &has_path };
        let decision = decide(&entry, &facts);
        self.carry_out(decision, verified, entry, &certificate);
    }

    fn carry_out(&mut self, decision: Decision, verified: Box<Verified>, entry: Entry, certificate: &Certificate) {
        let fingerprint = certificate.fingerprint();
        let (change, outcome, kind) = match decision {
            Decision::Refuse(code) => return self.refuse(code.into()),
            Decision::RefuseSigner(code) => {
                self.report.set_certificate(&verified.signer);
                return self.refuse(code.into());
            }
            Decision::AlreadyKnown { update: None } => {
                return self.finish(Outcome::AlreadyKnown, Kind::AlreadyKnown { fingerprint });
            }
            Decision::AlreadyHeld { active } => {
                self.report.error = Some(Code::CertificateConflict.into());
                return self.finish(Outcome::Held, held(certificate, active));
            }
            Decision::AlreadyKnown { update: Some(change @ Change::UpdatePath(_)) } => {
                (change, Outcome::AlreadyKnown, Kind::PathUpdated { fingerprint })
            }
            Decision::AlreadyKnown { update: Some(change) } => {
                (change, Outcome::AlreadyKnown, Kind::CapabilitiesUpdated { fingerprint })
            }
            Decision::Import(change) => (change, Outcome::Imported, imported(certificate)),
            Decision::Renew { change, previous } => (change, Outcome::Renewed, renewed(certificate, previous)),
            Decision::Hold { change, active, code } => {
                self.report.error = Some(code.into());
                (change, Outcome::Held, held(certificate, active))
            }
        };
        if self.context.dry_run {
            return self.finish(outcome, kind);
        }
        self.state = State::Decided(Box::new(Plan { verified, entry, change, outcome, kind }));
    }

    fn found(&mut self, verified: Box<Verified>, reply: Result<Vec<Entry>, Unavailable>) {
        match reply.map(|mut entries| (entries.pop(), entries.is_empty())) {
            Ok((Some(entry), true)) if entry.address == verified.address => self.weigh(verified, entry),
            Ok(_) => {
                let nonsense = Unavailable::because("the store did not answer with the one entry that was asked for");
                self.defer(Code::StoreUnavailable, Some(nonsense));
            }
            Err(unavailable) => self.defer(Code::StoreUnavailable, Some(unavailable)),
        }
    }

    fn stored(&mut self, plan: Plan, reply: Result<PutOutcome, Unavailable>) {
        match reply {
            Ok(PutOutcome::Stored) => self.finish(plan.outcome, plan.kind),
            Ok(PutOutcome::Conflict(entry)) => {
                self.tries = self.tries.saturating_add(1);
                self.report.error = None;
                if self.tries >= TRIES {
                    return self.defer(Code::StoreContended, None);
                }
                self.found(plan.verified, Ok(vec![entry]));
            }
            Ok(PutOutcome::OverQuota(_)) => self.refuse(Code::QuotaExceeded.into()),
            Err(unavailable) => self.defer(Code::StoreUnavailable, Some(unavailable)),
        }
    }

    /// The next question about revocation.
    fn fetch(&mut self) -> Option<Ask> {
        let fetch = self.checks.next_fetch(self.question.saturating_add(1))?;
        let ticket = self.ticket();
        let limits = self.engine.limits();
        Some(match fetch {
            Fetch::Crl { at } => Ask::FetchCrl(Pending::new(ticket, FetchCrl::asking(at, limits.crl_bytes))),
            Fetch::Ocsp { at, request } => {
                Ask::FetchOcsp(Pending::new(ticket, FetchOcsp::asking(at, request, limits.ocsp_bytes)))
            }
        })
    }

    fn tell(&mut self, tracer: &dyn Tracer) {
        for kind in mem::take(&mut self.events) {
            tracer.event(&Event {
                at: self.context.now,
                tenant: self.context.tenant.clone(),
                route: self.context.route.clone(),
                message: self.report.message_id.clone(),
                address: self.report.address.clone(),
                kind,
            });
        }
    }
}

impl Operation for Import {
    type Ask = Ask;
    type Output = Report;

    fn poll(&mut self, tracer: &dyn Tracer) -> Result<Step<Ask, Report>, Error> {
        self.check_revocation();
        self.tell(tracer);
        // What is over, as by one revoked certificate, asks no more about the others.
        if !matches!(self.state, State::Finished)
            && let Some(ask) = self.fetch()
        {
            return Ok(Step::Ask(ask));
        }
        match mem::replace(&mut self.state, State::Spent) {
            State::Verified(verified) => {
                let addresses = vec![verified.address.clone()];
                let query = FindStored::new(self.context.tenant.clone(), addresses);
                self.state = State::Finding(verified);
                Ok(Step::Ask(Ask::FindStored(Pending::new(self.ticket(), query))))
            }
            State::Decided(plan) => {
                let (tenant, address) = (self.context.tenant.clone(), plan.verified.address.clone());
                let query = PutStored::new(tenant, address, plan.entry.version, plan.change.clone());
                self.state = State::Storing(plan);
                Ok(Step::Ask(Ask::PutStored(Pending::new(self.ticket(), query))))
            }
            State::Finished => Ok(Step::Done(self.report.clone())),
            State::Spent => Err(Code::PolledWhileFinished.into()),
            open @ (State::Checking(_) | State::Finding(_) | State::Weighing(..) | State::Storing(_)) => {
                self.state = open;
                Ok(Step::Wait)
            }
        }
    }

    fn handle(&mut self, answer: Answer) -> Result<(), Error> {
        let answer = match answer.body {
            Body::FetchCrl(reply) | Body::FetchOcsp(reply) => {
                let number = answer.ticket.number_for(&self.identity).ok_or(Code::ForeignAnswer)?;
                return self.checks.answered(number, reply);
            }
            body => Answer { body, ..answer },
        };
        if !answer.ticket.is(&self.identity, self.question) {
            return Err(Code::ForeignAnswer.into());
        }
        match (mem::replace(&mut self.state, State::Spent), answer.body) {
            (State::Finding(verified), Body::FindStored(reply)) => self.found(verified, reply),
            (State::Storing(plan), Body::PutStored(reply)) => self.stored(*plan, reply),
            (state, _) => {
                self.state = state;
                return Err(Code::ForeignAnswer.into());
            }
        }
        Ok(())
    }
}

fn imported(certificate: &Certificate) -> Kind {
    Kind::Imported {
        source: Source::SignedMail,
        fingerprint: certificate.fingerprint(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
    }
}

fn renewed(certificate: &Certificate, previous: Fingerprint) -> Kind {
    Kind::Renewed {
        source: Source::SignedMail,
        fingerprint: certificate.fingerprint(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
        previous,
    }
}

fn held(certificate: &Certificate, active: Option<Fingerprint>) -> Kind {
    Kind::Held {
        source: Source::SignedMail,
        fingerprint: certificate.fingerprint(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
        active,
    }
}
