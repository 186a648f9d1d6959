//! The store decision (who is in use, who waits, who is refused) by a model of its own, step for step beside the engine and stores.

use crate::people::People;
use crate::random::Random;
use postseal::import::Context;
use postseal::query::{FindStored, PutStored};
use postseal::store::{CertStore, Change, Decision, Entry, Filter, ManagedStore, PutOutcome, State, Tenant};
use postseal::{Address, Engine, UnixTime};
use postseal_testkit::MemoryStore;
use postseal_testkit::factory::{CertSpec, Key, SignedMail};
use std::sync::Arc;
use std::time::Instant;

const ADDRESSES: usize = 12;
/// Certificates of each address.
const CERTIFICATES: usize = 10;
const DAY: i64 = 86_400;

/// A certificate of the pool, with the facts that the decision rests on.
struct Card {
    mail: Vec<u8>,
    fingerprint: String,
    /// Days since the beginning of 2026.
    from: i64,
    until: i64,
    key: u64,
    subject: u64,
    issuer: usize,
}

/// What is kept of an address: places in the pool, with their states.
type Kept = Vec<(usize, State)>;

struct Pool {
    addresses: Vec<Address>,
    cards: Vec<Vec<Card>>,
    engine: Engine,
}

fn day(day: i64) -> UnixTime {
    UnixTime::from_seconds(UnixTime::from_rfc3339("2026-01-01T00:00:00Z").unwrap().seconds() + day * DAY)
}

impl Pool {
    fn new(random: &mut Random) -> Self {
        let people = People::new();
        let issuers =
            [people.root.authority("First CA", Key::P256(2)), people.root.authority("Second CA", Key::P256(3))];
        let (mut addresses, mut cards) = (Vec::new(), Vec::new());
        for who in 0..ADDRESSES {
            let mailbox = format!("p{who}@model.example");
            let card = |_| {
                let from = random.below(10) as i64 * 30;
                let until = from + 30 + random.below(8) as i64 * 40;
                let (key, subject, issuer) = (random.below(4), random.below(2), random.below(2) as usize);
                let mut spec = CertSpec::mailbox(&mailbox, Key::P256(10 + key));
                (spec.subject, spec.serial) = (format!("Subject {subject}"), random.next() >> 2);
                (spec.not_before, spec.not_after) = (day(from).to_string(), day(until).to_string());
                let person = issuers[issuer].issue(&spec);
                let mail = SignedMail::new(&mailbox, &person).with_authority(&issuers[issuer]).build();
                let certificate = postseal::Certificate::from_der(person.der(), &postseal::verify::Limits::default());
                let fingerprint = certificate.unwrap().fingerprint().to_string();
                Card { mail, fingerprint, from, until, key, subject, issuer }
            };
            cards.push((0..CERTIFICATES).map(card).collect::<Vec<Card>>());
            addresses.push(Address::parse(&mailbox).unwrap());
        }
        Self { addresses, cards, engine: people.engine() }
    }
}

/// The store decision in its own words: the outcome, and what is kept afterwards.
fn decide(cards: &[Card], kept: &mut Kept, new: usize, today: i64) -> &'static str {
    let card = &cards[new];
    let valid = |card: &Card| card.from <= today && today <= card.until;
    if !valid(card) {
        return "refused";
    }
    let in_use = |state: State| matches!(state, State::Active | State::Superseded | State::Pinned);
    if let Some((_, state)) = kept.iter().find(|(at, _)| *at == new) {
        return match state {
            State::Rejected | State::Disabled => "refused",
            State::Held => "held",
            _ => "already-known",
        };
    }
    let hold = |kept: &mut Kept| {
        kept.push((new, State::Held));
        "held"
    };
    if kept.iter().any(|(_, state)| *state == State::Pinned) {
        return hold(kept);
    }
    let active = kept.iter().find(|(_, state)| *state == State::Active).map(|(at, _)| &cards[*at]);
    if let Some(active) = active {
        let same_key = active.key == card.key;
        let same_line = same_key || (active.issuer == card.issuer && active.subject == card.subject);
        let younger = (card.from, card.until) > (active.from, active.until);
        if same_line && (younger || valid(active)) {
            if !younger {
                return "refused";
            }
            if same_key || active.until <= today + 60 || !valid(active) {
                kept.iter_mut()
                    .filter(|(_, state)| *state == State::Active)
                    .for_each(|(_, state)| *state = State::Superseded);
                kept.push((new, State::Active));
                return "renewed";
            }
            return hold(kept);
        }
    }
    if kept.iter().any(|(at, state)| in_use(*state) && valid(&cards[*at])) {
        return hold(kept);
    }
    if kept.iter().any(|(_, state)| !in_use(*state)) {
        return hold(kept);
    }
    kept.iter_mut().filter(|(_, state)| *state == State::Active).for_each(|(_, state)| *state = State::Superseded);
    kept.push((new, State::Active));
    "imported"
}

/// An operator's word, as the model has it.
fn say(kept: &mut Kept, at: usize, decision: Decision) {
    let state = match decision {
        Decision::Approve => State::Active,
        Decision::Pin => State::Pinned,
        Decision::Reject => State::Rejected,
        Decision::Disable => State::Disabled,
        Decision::Hold => State::Held,
        _ => return kept.retain(|(other, _)| *other != at),
    };
    if matches!(state, State::Active | State::Pinned) {
        for (_, other) in kept.iter_mut().filter(|(_, other)| matches!(other, State::Active | State::Pinned)) {
            *other = State::Superseded;
        }
    }
    kept.iter_mut().filter(|(other, _)| *other == at).for_each(|(_, other)| *other = state);
}

struct Run {
    pool: Pool,
    random: Random,
    model: Vec<Kept>,
    stores: Vec<(String, Arc<dyn ManagedStore>)>,
    tenant: Tenant,
}

impl Run {
    fn entry(&self, store: &dyn CertStore, who: usize) -> Entry {
        let query = FindStored::new(self.tenant.clone(), vec![self.pool.addresses[who].clone()]);
        store.find(&query).unwrap().remove(0)
    }

    /// What a store has, as places of the pool.
    fn kept(&self, entry: &Entry, who: usize) -> Kept {
        let place = |text: String| self.pool.cards[who].iter().position(|card| card.fingerprint == text).unwrap();
        entry
            .certs
            .iter()
            .map(|(stored, state)| (place(stored.certificate.fingerprint().to_string()), *state))
            .collect()
    }

    fn import(&mut self, who: usize, step: u64) {
        let (at, today) = (self.random.below(CERTIFICATES as u64) as usize, self.random.below(500) as i64);
        let expected = decide(&self.pool.cards[who], &mut self.model[who], at, today);
        let context = Context::new(day(today)).tenant(self.tenant.clone());
        for (name, store) in &self.stores {
            let mail = &self.pool.cards[who][at].mail;
            let report = self.pool.engine.import_mail(mail, context.clone(), &**store, &()).unwrap();
            assert_eq!(
                report.outcome.name(),
                expected,
                "step {step}: {name}: p{who}, certificate {at}, day {today}: {report:?}"
            );
        }
    }

    fn decision(&mut self, who: usize, step: u64) {
        if self.model[who].is_empty() {
            return;
        }
        let at = self.model[who][self.random.below(self.model[who].len() as u64) as usize].0;
        let decision = Decision::ALL[self.random.below(6) as usize];
        let stale = self.random.below(8) == 0;
        for (name, store) in &self.stores {
            let entry = self.entry(&**store, who);
            let fingerprint = self.pool.cards[who][at].fingerprint.parse().unwrap();
            let expect = if stale { entry.version.next() } else { entry.version };
            let change = Change::Decide { fingerprint, decision };
            let query = PutStored::new(self.tenant.clone(), entry.address.clone(), expect, change);
            let outcome = store.put(&query).unwrap();
            let expected = if stale { PutOutcome::Conflict(entry) } else { PutOutcome::Stored };
            assert_eq!(outcome, expected, "step {step}: {name}");
        }
        if !stale {
            say(&mut self.model[who], at, decision);
        }
    }

    fn compare(&self, who: usize, step: u64) {
        let first = self.entry(&*self.stores[0].1, who);
        for (name, store) in &self.stores {
            let entry = self.entry(&**store, who);
            assert_eq!(self.kept(&entry, who), self.model[who], "step {step}: {name}: p{who}");
            assert_eq!(entry, first, "step {step}: {name}: p{who}");
        }
    }

    fn pages(&mut self, step: u64) {
        let prefix = format!("{:02x}", self.random.below(256));
        let ends = Filter::EndsBefore(day(self.random.below(500) as i64));
        let after = self.pool.addresses[self.random.below(ADDRESSES as u64) as usize].clone();
        let after = (self.random.below(2) == 0).then_some(after);
        for filter in [Filter::All, Filter::fingerprint(&prefix).unwrap(), ends] {
            let most = 1 + self.random.below(5) as usize;
            let pages =
                self.stores.iter().map(|(_, store)| store.page(&self.tenant, &filter, after.as_ref(), most).unwrap());
            let pages: Vec<Vec<Entry>> = pages.collect();
            assert!(pages.iter().all(|page| *page == pages[0]), "step {step}: {filter:?}");
        }
    }
}

pub(crate) fn run(stores: &[String], steps: u64, seed: u64) {
    let mut random = Random(seed);
    let memory: Arc<dyn ManagedStore> = Arc::new(MemoryStore::new());
    let mut all = vec![("memory".to_owned(), memory)];
    all.extend(stores.iter().map(|name| (name.clone(), crate::open(name))));
    let pool = Pool::new(&mut random);
    let mut run = Run { pool, random, model: vec![Kept::new(); ADDRESSES], stores: all, tenant: Tenant::new("model") };
    let begun = Instant::now();
    for step in 0..steps {
        let who = run.random.below(ADDRESSES as u64) as usize;
        match run.random.below(20) {
            0..=11 => run.import(who, step),
            12..=17 => run.decision(who, step),
            _ => run.pages(step),
        }
        run.compare(who, step);
        if step % 100_000 == 99_999 {
            println!("{} steps, {} s", step + 1, begun.elapsed().as_secs());
        }
    }
    for (name, store) in &run.stores {
        assert_eq!(store.damage().unwrap(), Vec::<String>::new(), "{name}");
    }
    println!("{steps} steps in {} stores, {} s: as the model has it", run.stores.len(), begun.elapsed().as_secs());
}
