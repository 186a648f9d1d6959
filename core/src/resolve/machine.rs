use super::choose::{Candidate, Judge};
use super::report::{Found, RecipientReport, Rejected, Unsealed, conclude};
use super::resolution::Recipient;
use super::trial::{Issuers, Progress, Trial};
use super::{Ask, Context, RecipientKey, Resolution};
use crate::cert::{Address, Capabilities, Certificate};
use crate::directory::{DirectoryId, DirectoryReply, Origin};
use crate::engine::Engine;
use crate::error::{Code, Error, Fault};
use crate::operation::{Operation, Step};
use crate::private::Private;
use crate::query::{
    Answer, Body, FetchCrl, FetchIssuer, FetchOcsp, FindStored, Pending, ResolveDirectory, Ticket, Unavailable,
};
use crate::revocation::{Checks, Fetch};
use crate::seal::{Mode, Policy};
use crate::store::Entry;
use crate::trace::{Event, Kind, Tracer};
use crate::verify::Limits;
use core::mem;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// The search for the certificates of a message's recipients. [`Engine::resolve`] makes it; a [driver](crate::drive) runs it.
#[derive(Debug)]
pub struct Resolve {
    engine: Engine,
    context: Context,
    policy: Policy,
    identity: Arc<()>,
    /// Number of the question that was asked last.
    question: u32,
    state: State,
    slots: Vec<Slot>,
    /// The open questions to directories: whose answers each will bring.
    open: BTreeMap<u32, Vec<usize>>,
    checks: Checks,
    issuers: Issuers,
    events: Vec<(Option<Address>, Kind)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The store has not been asked.
    Ready,
    /// `FindStored` is open.
    Finding(u32),
    /// Directories are asked, for whom that is needed.
    Resolving,
    /// The resolution was given.
    Spent,
}

/// One recipient.
#[derive(Debug)]
struct Slot {
    address: Address,
    hidden: bool,
    /// What the store keeps: a directory cannot bring back what an operator refused.
    entry: Entry,
    /// Directories that are still to be asked, in order.
    untried: VecDeque<DirectoryId>,
    /// Whether its answer is outstanding.
    is_waiting: bool,
    /// The candidates that are being tried.
    trial: Option<Trial>,
    keys: Vec<RecipientKey>,
    rejected: Vec<Rejected>,
    unavailable: Option<(Code, Unavailable)>,
    needs_operator: bool,
}

impl Resolve {
    pub(crate) fn new(
        engine: &Engine,
        visible: Vec<Address>,
        hidden: Vec<Address>,
        context: Context,
    ) -> Result<Self, Unsealed> {
        let policy = context.policy.clone();
        let policy = policy.unwrap_or_else(|| engine.policies().of(&context.tenant, context.route.as_deref()).clone());
        check_list(&visible, &hidden, engine.limits().recipients)?;
        let directories = engine.directories().of(&context.tenant, context.route.as_deref());
        let slot = |address: Address, hidden| Slot {
            untried: directories.of(&address).cloned().collect(),
            entry: Entry::absent(address.clone()),
            address,
            hidden,
            is_waiting: false,
            trial: None,
            keys: Vec::new(),
            rejected: Vec::new(),
            unavailable: None,
            needs_operator: false,
        };
        let visible = visible.into_iter().map(|address| slot(address, false));
        let slots = visible.chain(hidden.into_iter().map(|address| slot(address, true))).collect();
        let revocation = *engine.revocation().of(&context.tenant, context.route.as_deref());
        Ok(Self {
            checks: Checks::new(engine, revocation, &context.tenant, context.now, context.ocsp_nonce),
            issuers: Issuers::default(),
            engine: engine.clone(),
            policy,
            context,
            identity: Arc::new(()),
            question: 0,
            state: State::Ready,
            slots,
            open: BTreeMap::new(),
            events: Vec::new(),
        })
    }

    /// The policy that it follows.
    ///
    /// ```
    /// fn mode(resolve: &postseal::resolve::Resolve) -> &'static str { resolve.policy().mode.name() }
    /// # let _ = mode;
    /// ```
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// For the trace: the mail was not sealed, because it is encrypted or says so.
    pub(crate) fn tell_already_encrypted(&self, passed: bool) {
        self.context.tracer.event(&self.context.event(None, Kind::AlreadyEncrypted { passed }));
    }

    fn ticket(&mut self) -> Ticket {
        self.question = self.question.saturating_add(1);
        Ticket::new(&self.identity, self.question)
    }

    /// One question to the next directory that somebody needs, about everybody who needs it now.
    fn next_directory(&mut self) -> Option<Ask> {
        let directory = self.slots.iter().find_map(Slot::needs)?.clone();
        let mut asked = Vec::new();
        let mut addresses = Vec::new();
        for (index, slot) in self.slots.iter_mut().enumerate() {
            if slot.needs() == Some(&directory) {
                slot.is_waiting = true;
                asked.push(index);
                addresses.push(slot.address.clone());
            }
        }
        let ticket = self.ticket();
        self.open.insert(self.question, asked);
        let query = ResolveDirectory::new(self.context.tenant.clone(), directory, addresses);
        Some(Ask::ResolveDirectory(Pending::new(ticket, query)))
    }

    /// The store has answered for everybody, or for nobody.
    fn stored(&mut self, reply: Result<Vec<Entry>, Unavailable>) {
        self.state = State::Resolving;
        let nonsense = "the store did not answer with one entry for each address that was asked for";
        let entries = reply.and_then(|entries| {
            let agree = entries.len() == self.slots.len()
                && entries.iter().zip(&self.slots).all(|(entry, slot)| entry.address == slot.address);
            if agree { Ok(entries) } else { Err(Unavailable::because(nonsense)) }
        });
        match entries {
            Err(unavailable) => {
                for slot in &mut self.slots {
                    // What the store would have said outranks every directory, so that none is asked.
                    slot.untried.clear();
                    slot.unavailable = Some((Code::StoreUnavailable, unavailable.clone()));
                }
            }
            Ok(entries) => {
                for (index, entry) in entries.into_iter().enumerate() {
                    let trial = self.judge(index, false).map(|judge| Trial::new(Origin::Store, judge.stored(&entry)));
                    if let Some(slot) = self.slots.get_mut(index) {
                        slot.trial = trial;
                        // Who needs no directory needs no entry to compare with.
                        if !slot.untried.is_empty() {
                            slot.entry = entry;
                        }
                    }
                    self.try_candidates(index);
                }
            }
        }
    }

    /// A directory has answered about those that it was asked about.
    fn lent(&mut self, asked: &[usize], reply: Result<Vec<DirectoryReply>, Unavailable>) {
        let nonsense = "the directory did not give one reply for each address that it was asked about";
        let reply = reply.and_then(|replies| {
            if replies.len() == asked.len() { Ok(replies) } else { Err(Unavailable::because(nonsense)) }
        });
        let mut replies = reply.map(Vec::into_iter);
        for index in asked {
            let reply = match &mut replies {
                Ok(replies) => replies.next().unwrap_or(DirectoryReply::NotFound),
                Err(unavailable) => DirectoryReply::Unavailable(unavailable.clone()),
            };
            self.replied(*index, reply);
        }
    }

    fn replied(&mut self, index: usize, reply: DirectoryReply) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        slot.is_waiting = false;
        let Some(directory) = slot.untried.pop_front() else { return };
        let about = Some(slot.address.clone());
        let (lent, missing) = match reply {
            DirectoryReply::Found(lent) => (lent, None),
            DirectoryReply::Partial(lent, unavailable) => (lent, Some(unavailable)),
            DirectoryReply::NotFound => (Vec::new(), None),
            DirectoryReply::Unavailable(unavailable) => (Vec::new(), Some(unavailable)),
        };
        if let Some(unavailable) = missing {
            slot.is_unknown(Code::DirectoryUnavailable, unavailable);
            self.events.push((about, Kind::DirectoryUnavailable { directory: directory.clone() }));
        } else if lent.is_empty() {
            self.events.push((about, Kind::DirectoryHasNone { directory: directory.clone() }));
        }
        if lent.is_empty() {
            return;
        }
        let entry = slot.entry.clone();
        let candidates = self.judge(index, true).map(|judge| judge.lent(&entry, &directory, lent));
        if let Some(slot) = self.slots.get_mut(index) {
            slot.trial = candidates.map(|found| Trial::new(Origin::Directory(directory), found));
        }
        self.try_candidates(index);
    }

    fn judge(&self, index: usize, is_lent: bool) -> Option<Judge<'_>> {
        let slot = self.slots.get(index)?;
        let (engine, policy, now) = (&self.engine, &self.policy, self.context.now);
        Some(Judge { engine, policy, address: &slot.address, now, is_lent })
    }

    /// Tries the candidates of one recipient until something must be fetched, and takes over what they come to.
    fn try_candidates(&mut self, index: usize) {
        while let Some(slot) = self.slots.get_mut(index) {
            let Some(mut trial) = slot.trial.take() else { return };
            let (engine, policy, now) = (&self.engine, &self.policy, self.context.now);
            let is_lent = trial.origin != Origin::Store;
            let judge = Judge { engine, policy, address: &slot.address, now, is_lent };
            let progress = trial.step(&judge, &mut self.checks, &mut self.issuers);
            let about = || Some(slot.address.clone());
            self.events.extend(self.checks.events().into_iter().map(|kind| (about(), kind)));
            match progress {
                Progress::Waiting => {
                    slot.trial = Some(trial);
                    return;
                }
                Progress::Over { is_final, is_found } => {
                    slot.needs_operator |= is_final && !is_found;
                    if is_final || is_found {
                        slot.untried.clear();
                    }
                    return;
                }
                Progress::Found(candidate) if !slot.agrees(&candidate, policy, engine.limits()) => {
                    let fingerprint = Some(candidate.certificate.fingerprint());
                    let (source, error) = (trial.origin.clone(), Code::ContentEncryptionMismatch.into());
                    self.events.push((about(), slot.reject(Rejected { source, fingerprint, error }, false)));
                    slot.trial = Some(trial);
                }
                Progress::Found(candidate) => {
                    let fingerprint = candidate.certificate.fingerprint();
                    self.events.push((about(), Kind::RecipientFound { source: trial.origin.clone(), fingerprint }));
                    let (certificate, capabilities) = (candidate.certificate, candidate.capabilities);
                    slot.keys.push(key(&self.context, &slot.address, &trial.origin, certificate, capabilities));
                    slot.trial = Some(trial);
                }
                Progress::Rejected { rejected, is_open } => {
                    self.events.push((about(), slot.reject(rejected, is_open)));
                    slot.trial = Some(trial);
                }
            }
        }
    }

    /// Something was fetched: whoever waits for it goes on.
    fn fetched(&mut self) {
        let told = self.checks.events().into_iter().chain(self.issuers.events());
        self.events.extend(told.map(|kind| (None, kind)));
        for index in 0..self.slots.len() {
            self.try_candidates(index);
        }
    }

    /// The next question about revocation, or for an issuer.
    fn fetch(&mut self) -> Option<Ask> {
        let number = self.question.saturating_add(1);
        let limits = self.engine.limits();
        let (crl_bytes, ocsp_bytes, cms_bytes) = (limits.crl_bytes, limits.ocsp_bytes, limits.certificate_bytes);
        if let Some(fetch) = self.checks.next_fetch(number) {
            let ticket = self.ticket();
            return Some(match fetch {
                Fetch::Crl { at } => Ask::FetchCrl(Pending::new(ticket, FetchCrl::asking(at, crl_bytes))),
                Fetch::Ocsp { at, request } => {
                    Ask::FetchOcsp(Pending::new(ticket, FetchOcsp::asking(at, request, ocsp_bytes)))
                }
            });
        }
        let at = self.issuers.next_fetch(number)?;
        let ticket = self.ticket();
        Some(Ask::FetchIssuer(Pending::new(ticket, FetchIssuer::asking(at, cms_bytes))))
    }

    fn tell(&mut self, tracer: &dyn Tracer) {
        for (address, kind) in mem::take(&mut self.events) {
            tracer.event(&self.context.event(address, kind));
        }
    }

    /// One outcome for each recipient, in the order in which the host named them.
    fn finish(&mut self) -> Resolution {
        self.state = State::Spent;
        let mut recipients = Vec::new();
        for slot in mem::take(&mut self.slots) {
            if self.policy.mode == Mode::Never {
                let report = RecipientReport::not_asked(slot.address, slot.hidden, Code::RouteNeverSeals.into());
                recipients.push(Recipient { report, keys: Vec::new() });
                continue;
            }
            // An address with a conflict is not an empty one, also when what was in use has ended.
            let is_held = |rejected: &Rejected| rejected.error.code() == Code::CertificateHeld;
            let waits = slot.keys.is_empty() && slot.rejected.iter().any(is_held);
            let unavailable = slot.unavailable.as_ref().map(|(code, _)| Error::from(*code));
            let (outcome, error) = conclude(!slot.keys.is_empty(), &slot.rejected, unavailable);
            if let Some(error) = error {
                self.events.push((Some(slot.address.clone()), Kind::RecipientMissed { error }));
            }
            let found =
                |key: &RecipientKey| Found { source: key.origin.clone(), fingerprint: key.certificate.fingerprint() };
            let report = RecipientReport {
                address: Private::new(slot.address),
                hidden: slot.hidden,
                outcome,
                found: slot.keys.iter().map(found).collect(),
                rejected: slot.rejected,
                error,
                unavailable: slot.unavailable.map(|(_, unavailable)| unavailable),
                needs_operator: slot.needs_operator || waits,
            };
            recipients.push(Recipient { report, keys: slot.keys });
        }
        let (limits, crypto) = (self.engine.limits().clone(), self.engine.shared_crypto());
        Resolution::new(recipients, self.policy.clone(), self.context.clone(), limits, crypto)
    }
}

impl Slot {
    /// The directory that must be asked next, if one must.
    fn needs(&self) -> Option<&DirectoryId> {
        self.untried.front().filter(|_| !self.is_waiting && self.trial.is_none())
    }

    /// Whether the candidate reads something together with the better ones: all keys of a recipient are in one message.
    fn agrees(&self, candidate: &Candidate, policy: &Policy, limits: &Limits) -> bool {
        let known = self.keys.iter().map(|key| key.capabilities.as_ref());
        let all = known.chain(core::iter::once(candidate.capabilities.as_ref()));
        policy.content_encryption(all, limits).is_ok()
    }

    /// Keeps the reason, and gives the event that tells of it. What was not judged to its end may be good.
    fn reject(&mut self, rejected: Rejected, is_open: bool) -> Kind {
        let Rejected { source, fingerprint, error } = rejected.clone();
        if is_open {
            self.is_unknown(error.code(), Unavailable::because(error.code().sentence()));
        }
        self.rejected.push(rejected);
        Kind::CandidateRejected { source, fingerprint, error }
    }

    /// Somebody did not answer, or not to the end. The first of several reasons counts, but one that waiting mends before
    /// others.
    fn is_unknown(&mut self, code: Code, unavailable: Unavailable) {
        let is_lasting = |code: &Code| Error::from(*code).fault() != Fault::Unavailable;
        if self.unavailable.as_ref().is_none_or(|(known, _)| is_lasting(known) && !is_lasting(&code)) {
            self.unavailable = Some((code, unavailable));
        }
    }
}

impl Context {
    /// An event of this message.
    pub(crate) fn event(&self, address: Option<Address>, kind: Kind) -> Event {
        Event {
            at: self.now,
            tenant: self.tenant.clone(),
            route: self.route.clone(),
            message: self.message.clone(),
            address: address.map(Private::new),
            kind,
        }
    }
}

fn key(
    context: &Context,
    address: &Address,
    origin: &Origin,
    certificate: Certificate,
    capabilities: Option<Capabilities>,
) -> RecipientKey {
    match origin {
        Origin::Store => RecipientKey::stored(certificate, capabilities),
        Origin::Directory(directory) => {
            let kind = Kind::LentDiscarded { directory: directory.clone(), fingerprint: certificate.fingerprint() };
            let discarded = context.event(Some(address.clone()), kind);
            RecipientKey::lent(certificate, capabilities, origin.clone(), &context.tracer, discarded)
        }
    }
}

/// A list that can be worked on: somebody, each once, not too many.
fn check_list(visible: &[Address], hidden: &[Address], limit: usize) -> Result<(), Unsealed> {
    if visible.is_empty() && hidden.is_empty() {
        return Err(Error::from(Code::RecipientsMissing).into());
    }
    if visible.len().saturating_add(hidden.len()) > limit {
        return Err(Error::from(Code::RecipientsTooMany).into());
    }
    let all = visible.iter().map(|address| (address, false)).chain(hidden.iter().map(|address| (address, true)));
    let mut seen = BTreeSet::new();
    let repeated: Vec<_> = all.filter(|(address, _)| !seen.insert(*address)).collect();
    if repeated.is_empty() {
        return Ok(());
    }
    let report = |(address, hidden): (&Address, bool)| {
        RecipientReport::not_asked(address.clone(), hidden, Code::RecipientRepeated.into())
    };
    Err(Unsealed::because_of(repeated.into_iter().map(report).collect()))
}

impl Operation for Resolve {
    type Ask = Ask;
    type Output = Resolution;

    fn poll(&mut self, tracer: &dyn Tracer) -> Result<Step<Ask, Resolution>, Error> {
        self.tell(tracer);
        if let Some(ask) = self.fetch() {
            return Ok(Step::Ask(ask));
        }
        match self.state {
            State::Spent => Err(Code::PolledWhileFinished.into()),
            State::Ready if self.policy.mode == Mode::Never => Ok(Step::Done(self.finish())),
            State::Ready => {
                let addresses = self.slots.iter().map(|slot| slot.address.clone()).collect();
                let query = FindStored::new(self.context.tenant.clone(), addresses);
                let ticket = self.ticket();
                self.state = State::Finding(self.question);
                Ok(Step::Ask(Ask::FindStored(Pending::new(ticket, query))))
            }
            State::Finding(_) => Ok(Step::Wait),
            State::Resolving => match self.next_directory() {
                Some(ask) => Ok(Step::Ask(ask)),
                None if self.open.is_empty() && self.slots.iter().all(|slot| slot.trial.is_none()) => {
                    let resolution = self.finish();
                    self.tell(tracer);
                    Ok(Step::Done(resolution))
                }
                None => Ok(Step::Wait),
            },
        }
    }

    fn handle(&mut self, answer: Answer) -> Result<(), Error> {
        let number = answer.ticket.number_for(&self.identity).ok_or(Code::ForeignAnswer)?;
        match answer.body {
            Body::FindStored(reply) if self.state == State::Finding(number) => {
                self.stored(reply);
                Ok(())
            }
            Body::ResolveDirectory(reply) => match self.open.remove(&number) {
                Some(asked) => {
                    self.lent(&asked, reply);
                    Ok(())
                }
                None => Err(Code::ForeignAnswer.into()),
            },
            Body::FetchCrl(reply) | Body::FetchOcsp(reply) => {
                self.checks.answered(number, reply)?;
                self.fetched();
                Ok(())
            }
            Body::FetchIssuer(reply) => {
                self.issuers.answered(number, reply, self.engine.limits())?;
                self.fetched();
                Ok(())
            }
            _ => Err(Code::ForeignAnswer.into()),
        }
    }
}
