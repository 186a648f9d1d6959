//! Mails in a row that are decided together: one question to the store for what it has of them, one wait for its disk.

use super::{BulkOutcome, Later, Prepared, Verified};
use crate::Host;
use postseal::drive::{Keep, World as _};
use postseal::import::{Ask, Import};
use postseal::operation::{Operation as _, Step};
use postseal::query::{Answer, FindStored, PutStored, Unavailable};
use postseal::store::{CertStore, PutOutcome, Tenant};
use postseal::{Address, Code, Error};
use std::collections::BTreeSet;

impl Verified {
    /// As far as the operation comes without a question.
    pub(super) fn poll(mut import: Box<Import>, tracer: &Later) -> Self {
        match import.poll(tracer) {
            Ok(Step::Ask(ask)) => Self::Asks(import, ask),
            Ok(Step::Done(report)) => Self::Ends(BulkOutcome::Reported(Box::new(report))),
            Ok(Step::Wait) => Self::failed(Code::Unanswered.into()),
            Err(error) => Self::failed(error),
        }
    }

    /// As far as it comes with this answer.
    pub(super) fn handle(mut import: Box<Import>, answer: Answer, tracer: &Later) -> Self {
        match import.handle(answer) {
            Ok(()) => Self::poll(import, tracer),
            Err(error) => Self::failed(error),
        }
    }

    pub(super) const fn failed(error: Error) -> Self {
        Self::Ends(BulkOutcome::Failed(error))
    }

    fn found(&self) -> Option<&FindStored> {
        match self {
            Self::Asks(_, Ask::FindStored(pending)) => Some(pending.query()),
            _ => None,
        }
    }

    fn put(&self) -> Option<&PutStored> {
        match self {
            Self::Asks(_, Ask::PutStored(pending)) => Some(pending.query()),
            _ => None,
        }
    }

    /// Up to the change that it brings.
    fn until_put(mut self, world: &Keep<'_>, tracer: &Later) -> Self {
        loop {
            match self {
                Self::Asks(_, Ask::PutStored(_)) | Self::Ends(_) => return self,
                Self::Asks(import, ask) => self = Self::handle(import, world.carry_out(ask), tracer),
            }
        }
    }
}

impl Prepared {
    /// Whether it can be decided beside others about these addresses; notes its own. What is decided about one address depends on what
    /// was decided about it before, and on no other address but for quotas, which [`CertStore::put_all`] keeps in order.
    pub(super) fn is_apart(&self, addresses: &mut BTreeSet<String>) -> bool {
        let asked = self.verified.found().map_or(&[][..], |query| &query.addresses);
        asked.iter().all(|address| addresses.insert(address.key().to_owned()))
    }

    fn map(self, work: impl FnOnce(Verified, &Later) -> Verified) -> Self {
        Self { verified: work(self.verified, &self.events), ..self }
    }
}

impl Host {
    /// What becomes of these mails, each about an address of its own; their events are told in their order.
    pub(super) fn decide_together(&self, tenant: &Tenant, run: Vec<Prepared>) -> Result<Vec<Prepared>, Error> {
        let (store, world) = (&**self.needed_store()?, self.keep()?);
        let mut run = find_together(store, tenant, run);
        loop {
            run = run.into_iter().map(|one| one.map(|verified, tracer| verified.until_put(&world, tracer))).collect();
            let changes: Vec<&PutStored> = run.iter().filter_map(|one| one.verified.put()).collect();
            if changes.is_empty() {
                return Ok(run);
            }
            let outcomes = store.put_all(&changes);
            run = hand_out(run, outcomes);
        }
    }
}

fn find_together(store: &dyn CertStore, tenant: &Tenant, run: Vec<Prepared>) -> Vec<Prepared> {
    let asked = run.iter().filter_map(|one| one.verified.found());
    let addresses: Vec<Address> = asked.flat_map(|query| query.addresses.iter().cloned()).collect();
    let count = addresses.len();
    if count < 2 {
        return run;
    }
    let mut entries = match store.find(&FindStored::new(tenant.clone(), addresses)) {
        Ok(entries) if entries.len() == count => entries.into_iter(),
        // Each asks by itself then, so that nobody is deferred for another one's row.
        _ => return run,
    };
    let mut answer = |verified, tracer: &Later| match verified {
        Verified::Asks(import, Ask::FindStored(pending)) => {
            let entries = entries.by_ref().take(pending.query().addresses.len()).collect();
            Verified::handle(import, pending.answer(Ok(entries)), tracer)
        }
        other => other,
    };
    run.into_iter().map(|one| one.map(&mut answer)).collect()
}

fn hand_out(run: Vec<Prepared>, outcomes: Vec<Result<PutOutcome, Unavailable>>) -> Vec<Prepared> {
    let mut outcomes = outcomes.into_iter();
    let mut answer = |verified, tracer: &Later| match verified {
        Verified::Asks(import, Ask::PutStored(pending)) => {
            let nothing = || Err(Unavailable::because("the store did not say what became of a change"));
            let outcome = outcomes.next().unwrap_or_else(nothing);
            Verified::handle(import, pending.answer(outcome), tracer)
        }
        other => other,
    };
    run.into_iter().map(|one| one.map(&mut answer)).collect()
}
