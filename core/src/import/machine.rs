use super::ask::Ask;
use super::candidate;
use super::decide::{Decision, Facts, decide};
use super::report::{CandidateKind, Outcome, Report};
use super::verify::{Candidate, Finding, Verified};
use super::{Context, verify};
use crate::cert::{Certificate, Fingerprint, Source, StoredCert};
use crate::engine::Engine;
use crate::error::{Code, Error};
use crate::operation::{Operation, Step};
use crate::query::{Answer, Body, FindStored, Pending, PutStored, Ticket, Unavailable};
use crate::store::{Change, Entry, PutOutcome};
use crate::trace::{Event, Kind, Tracer};
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
}

#[derive(Debug)]
enum State {
    /// Verified; the store has not been asked.
    Verified(Box<Verified>),
    /// `FindStored` is open.
    Finding(Box<Verified>),
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
        let mut import = Self {
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
            Ok(Finding::Verified(verified)) => import.state = State::Verified(verified),
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

    /// The entry is known: finish the candidate, and decide.
    fn consider(&mut self, mut verified: Box<Verified>, entry: Entry) {
        if let Candidate::Wanted(preference) = &verified.candidate {
            match candidate::from_store(&self.engine, preference, &verified, &entry, self.context.now) {
                Ok(found) => verified.candidate = found,
                Err(error) => return self.refuse(error),
            }
        }
        let Some((record, kind)) = verified.record(self.context.now) else {
            return self.refuse(Code::KeyPreferenceNotFound.into());
        };
        let certificate = record.certificate().clone();
        self.report.candidate = Some(kind);
        self.report.fingerprint = Some(certificate.fingerprint());
        self.report.not_before = Some(certificate.not_before());
        self.report.not_after = Some(certificate.not_after());
        if kind == CandidateKind::KeyPreference && self.tries == 0 {
            self.events.push(Kind::KeyPreferenceFollowed { fingerprint: certificate.fingerprint() });
        }
        let (engine, address, now) = (&self.engine, &verified.address, self.context.now);
        let usable = |stored: &StoredCert| candidate::is_usable(engine, address, stored, now);
        let decision = decide(&entry, &Facts { record: &record, signer: &verified.signer, now, usable: &usable });
        self.carry_out(decision, verified, entry, &certificate);
    }

    fn carry_out(&mut self, decision: Decision, verified: Box<Verified>, entry: Entry, certificate: &Certificate) {
        let fingerprint = certificate.fingerprint();
        let (change, outcome, kind) = match decision {
            Decision::Refuse(code) => return self.refuse(code.into()),
            Decision::AlreadyKnown { update: None } => {
                return self.finish(Outcome::AlreadyKnown, Kind::AlreadyKnown { fingerprint });
            }
            Decision::AlreadyHeld { active } => {
                self.report.error = Some(Code::CertificateConflict.into());
                return self.finish(Outcome::Held, held(certificate, active));
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
            Ok((Some(entry), true)) if entry.address == verified.address => self.consider(verified, entry),
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
            Err(unavailable) => self.defer(Code::StoreUnavailable, Some(unavailable)),
        }
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
        self.tell(tracer);
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
            open @ (State::Finding(_) | State::Storing(_)) => {
                self.state = open;
                Ok(Step::Wait)
            }
        }
    }

    fn handle(&mut self, answer: Answer) -> Result<(), Error> {
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
