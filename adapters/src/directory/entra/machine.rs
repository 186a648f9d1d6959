//! The state machine of a question: which requests go when, and what their answers mean for whom. It sends nothing, waits for
//! nothing and reads no clock.
//!
//! ```text
//! address:  idle -> ready -> flying -> idle ... -> done
//!                     ^        |
//!                     +- later-+   (not now, says the service; or: the token is not taken)
//! token:    none -> flying -> kept     one for each service, fetched by one question for all
//! ```

use super::assertion::Moment;
use super::breaker::{Breaker, Part, Service};
use super::credential::EntraCredential;
use super::fault::{Fault, Kind};
use super::limits::EntraLimits;
use super::lookup::{Ask, Lookup, Plan};
use super::response::{Judgement, judge};
use super::token::{self, Claim, Errand, Token, Tokens};
use super::wishes;
use http::{Request, Response};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use zeroize::Zeroizing;

/// What all questions to a tenant share.
#[derive(Debug)]
pub(super) struct Tenant {
    pub(super) plan: Arc<Plan>,
    pub(super) credential: EntraCredential,
    pub(super) tokens: Arc<Tokens>,
    pub(super) breaker: Breaker,
}

/// The outer world at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) instant: Instant,
    pub(super) clock: SystemTime,
    pub(super) unique: [u8; 16],
}

/// What is to be done next.
#[derive(Debug)]
pub(super) enum Step {
    /// Send this, and bring the answer with the number; it may have so many octets.
    Send(u64, Box<Request<Vec<u8>>>, usize),
    /// Nothing before an answer comes, or before this.
    Wait(Instant),
    Done,
}

/// Somebody who wants answers, one request at a time.
pub(super) trait Seeker {
    /// The next request, or nothing when all is known. The same as long as it has no answer.
    fn next(&mut self) -> Option<Ask>;
    fn answer(&mut self, answer: &serde_json::Value);
    fn missing(&mut self);
    fn refused(&mut self, fault: Fault);
    fn late(&mut self);
}

impl Seeker for Lookup {
    fn next(&mut self) -> Option<Ask> {
        Self::next(self)
    }

    fn answer(&mut self, answer: &serde_json::Value) {
        Self::answer(self, answer);
    }

    fn missing(&mut self) {
        Self::missing(self);
    }

    fn refused(&mut self, fault: Fault) {
        Self::refused(self, fault);
    }

    fn late(&mut self) {
        Self::late(self);
    }
}

/// All of one question.
#[derive(Debug)]
pub(super) struct Machine<S> {
    tenant: Arc<Tenant>,
    deadline: Instant,
    seekers: Vec<(S, State)>,
    access: BTreeMap<Service, Access>,
    /// Until when a service asked this question to wait.
    holds: BTreeMap<Service, Instant>,
    flights: BTreeMap<u64, Flight>,
    count: u64,
}

#[derive(Debug)]
enum State {
    Idle,
    Ready(Wish),
    Flying,
    Done,
}

#[derive(Clone, Debug)]
struct Wish {
    ask: Ask,
    tries: Tries,
    /// Whether its answer was too much beside those of others.
    alone: bool,
}

impl Wish {
    fn new(ask: Ask) -> Self {
        Self { ask, tries: Tries::default(), alone: false }
    }

    fn fits_batch(&self, plan: &Plan) -> bool {
        !self.alone && wishes::fits_batch(plan, &self.ask)
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Tries {
    count: u8,
    broke: bool,
    reauthorised: bool,
    not_before: Option<Instant>,
}

/// How this question stands with the tokens of a service.
#[derive(Debug)]
enum Access {
    /// It fetches one.
    Fetching,
    /// It will fetch one.
    Errand(Errand, Tries),
    /// There is none to be had; why.
    Denied(Fault),
}

#[derive(Debug)]
enum Flight {
    Token(Errand, Tries),
    Asks(Service, Vec<(usize, Wish)>, u64),
}

/// How soon a question looks again for a token that another one fetches.
const GLANCE: Duration = Duration::from_millis(10);

impl<S: Seeker> Machine<S> {
    pub(super) fn new(tenant: Arc<Tenant>, seekers: Vec<S>, now: Instant) -> Self {
        let deadline = now.checked_add(tenant.plan.limits.total).unwrap_or(now);
        let seekers = seekers.into_iter().map(|seeker| (seeker, State::Idle)).collect();
        let (access, holds, flights) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { tenant, deadline, seekers, access, holds, flights, count: 0 }
    }

    pub(super) fn into_seekers(self) -> impl Iterator<Item = S> {
        self.seekers.into_iter().map(|(seeker, _)| seeker)
    }

    pub(super) fn step(&mut self, now: Now) -> Step {
        if now.instant >= self.deadline {
            self.give_up(now.instant);
        }
        loop {
            self.advance();
            if self.seekers.iter().all(|(_, state)| matches!(state, State::Done)) {
                return Step::Done;
            }
            let mut wake = self.deadline;
            if self.flights.len() < self.limits().at_once.max(1) {
                match [Service::Graph, Service::Exchange]
                    .into_iter()
                    .find_map(|service| self.serve(service, now, &mut wake))
                {
                    Some(Served::Send(number, request, limit)) => return Step::Send(number, request, limit),
                    Some(Served::Changed) => continue,
                    None => {}
                }
            }
            return Step::Wait(wake);
        }
    }

    pub(super) fn answer(&mut self, number: u64, answer: Result<Response<Zeroizing<Vec<u8>>>, Fault>, now: Now) {
        match self.flights.remove(&number) {
            Some(Flight::Token(errand, tries)) => self.token_answer(errand, tries, answer, now),
            Some(Flight::Asks(service, wishes, token)) => self.asks_answer(service, wishes, token, answer, now),
            None => {}
        }
    }

    fn limits(&self) -> &EntraLimits {
        &self.tenant.plan.limits
    }

    fn advance(&mut self) {
        for (seeker, state) in &mut self.seekers {
            if matches!(state, State::Idle) {
                *state = seeker.next().map_or(State::Done, |ask| State::Ready(Wish::new(ask)));
            }
        }
    }

    /// Everything that is still open ends without an answer. Whatever is under way is the fault of who does not answer.
    fn give_up(&mut self, now: Instant) {
        let late = Fault::outage("did not answer in time");
        let parts = self.flights.values().map(|flight| match flight {
            Flight::Token(errand, _) => Part::Tokens(errand.service),
            Flight::Asks(service, ..) => Part::Answers(*service),
        });
        let parts: std::collections::BTreeSet<Part> = parts.collect();
        for part in parts {
            self.tenant.breaker.failed(part, &late, self.limits(), now);
        }
        self.flights.clear();
        self.access.clear();
        for (seeker, state) in &mut self.seekers {
            if !matches!(state, State::Done) {
                seeker.late();
                *state = State::Done;
            }
        }
    }

    /// What can be done for a service now. `wake` comes closer to when there will be more.
    fn serve(&mut self, service: Service, now: Now, wake: &mut Instant) -> Option<Served> {
        let is_open = |state: &State| matches!(state, State::Ready(wish) if wish.ask.service == service);
        if !self.seekers.iter().any(|(_, state)| is_open(state)) {
            return None;
        }
        if let Some(fault) = self.tenant.breaker.refusal(Part::Answers(service), now.instant) {
            return Some(self.deny(service, fault.at(self.tenant.plan.host(service))));
        }
        let token = match self.access.remove(&service) {
            Some(Access::Fetching) => {
                self.access.insert(service, Access::Fetching);
                return None;
            }
            Some(Access::Denied(fault)) => {
                self.access.insert(service, Access::Denied(fault.clone()));
                return Some(self.deny(service, fault));
            }
            Some(Access::Errand(errand, tries)) => return self.run_errand(errand, tries, now, wake),
            None => match self.tenant.tokens.claim(service, now.instant) {
                Claim::Have(token) => token,
                Claim::Fetch(errand) => return self.run_errand(errand, Tries::default(), now, wake),
                Claim::Wait => {
                    *wake = now.instant.checked_add(GLANCE).unwrap_or(now.instant).min(*wake);
                    return None;
                }
            },
        };
        self.send_asks(service, &token, now, wake)
    }

    fn run_errand(&mut self, errand: Errand, tries: Tries, now: Now, wake: &mut Instant) -> Option<Served> {
        let service = errand.service;
        if let Some(at) = tries.not_before.filter(|at| *at > now.instant) {
            *wake = at.min(*wake);
            self.access.insert(service, Access::Errand(errand, tries));
            return None;
        }
        if let Some(fault) = self.tenant.breaker.refusal(Part::Tokens(service), now.instant) {
            self.no_token(errand, fault, now.instant);
            return Some(Served::Changed);
        }
        let plan = &self.tenant.plan;
        let resource = match service {
            Service::Graph => plan.cloud.graph.resource(),
            Service::Exchange => plan.cloud.exchange.resource(),
        };
        let since = now.clock.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let moment = Moment { unix: since.as_secs(), unique: now.unique };
        match self.tenant.credential.request((&plan.cloud.login, &plan.tenant), &resource, &moment) {
            Err(fault) => {
                self.no_token(errand, fault, now.instant);
                Some(Served::Changed)
            }
            Ok(request) => {
                self.access.insert(service, Access::Fetching);
                let limit = self.limits().login_bytes;
                Some(self.take_off(Flight::Token(errand, tries), request, limit))
            }
        }
    }

    fn take_off(&mut self, flight: Flight, request: Request<Vec<u8>>, limit: usize) -> Served {
        self.count = self.count.saturating_add(1);
        self.flights.insert(self.count, flight);
        Served::Send(self.count, Box::new(request), limit)
    }

    /// The requests that go now: one, or several together.
    fn send_asks(&mut self, service: Service, token: &Token, now: Now, wake: &mut Instant) -> Option<Served> {
        if let Some(at) = self.holds.get(&service).filter(|at| **at > now.instant) {
            *wake = (*at).min(*wake);
            return None;
        }
        let plan = Arc::clone(&self.tenant.plan);
        let most = if service == Service::Graph { wishes::batch_size(&plan) } else { 1 };
        let mut chosen: Vec<(usize, Wish)> = Vec::new();
        for (index, (_, state)) in self.seekers.iter().enumerate() {
            let State::Ready(wish) = state else { continue };
            let fits = chosen.first().is_none_or(|(_, first)| first.fits_batch(&plan) && wish.fits_batch(&plan));
            if wish.ask.service != service || !fits || chosen.len() >= most {
                continue;
            }
            match wish.tries.not_before.filter(|at| *at > now.instant) {
                Some(at) => *wake = at.min(*wake),
                None => chosen.push((index, wish.clone())),
            }
        }
        let asks: Vec<&Ask> = chosen.iter().map(|(_, wish)| &wish.ask).collect();
        let request = match asks.as_slice() {
            [] => return None,
            [ask] => wishes::single(&plan, ask, token, &now.unique),
            several => wishes::batch(&plan, several, token, &now.unique),
        };
        let host = plan.host(service);
        let request = match request {
            Ok(request) => request,
            Err(fault) => return Some(self.deny(service, fault.at(host))),
        };
        for (index, _) in &chosen {
            self.set(*index, State::Flying);
        }
        let limit = match service {
            Service::Graph => plan.limits.graph_bytes,
            Service::Exchange => plan.limits.exchange_bytes,
        };
        Some(self.take_off(Flight::Asks(service, chosen, token.number), request, limit))
    }

    fn set(&mut self, index: usize, to: State) {
        if let Some((_, state)) = self.seekers.get_mut(index) {
            *state = to;
        }
    }

    /// Nobody gets anything of this service now.
    fn deny(&mut self, service: Service, fault: Fault) -> Served {
        for (seeker, state) in &mut self.seekers {
            if matches!(state, State::Ready(wish) if wish.ask.service == service) {
                seeker.refused(fault.clone());
                *state = State::Idle;
            }
        }
        Served::Changed
    }

    fn no_token(&mut self, errand: Errand, fault: Fault, now: Instant) {
        let service = errand.service;
        let host = self.tenant.credential.host(&self.tenant.plan.cloud.login).to_owned();
        if !errand.fail(now) {
            self.access.insert(service, Access::Denied(fault.at(&host)));
        }
    }

    fn token_answer(
        &mut self,
        errand: Errand,
        tries: Tries,
        answer: Result<Response<Zeroizing<Vec<u8>>>, Fault>,
        now: Now,
    ) {
        let service = errand.service;
        self.access.remove(&service);
        let fault = match answer {
            Ok(response) if response.status() == http::StatusCode::OK => match token::read(&response) {
                Ok((secret, lifetime)) => {
                    self.tenant.breaker.succeeded(Part::Tokens(service));
                    return errand.keep(secret, lifetime, now.instant);
                }
                Err(fault) => fault,
            },
            Ok(response) => match judge(&response, now.clock) {
                Judgement::Later(fault, wish) => match self.again(tries, wish, false, now) {
                    Ok(tries) => {
                        self.access.insert(service, Access::Errand(errand, tries));
                        return;
                    }
                    Err(_) => fault,
                },
                Judgement::Refused(fault) if response.status().is_redirection() => fault,
                _ => token::refusal(&response, now.clock),
            },
            Err(fault) => match self.again(tries, None, true, now) {
                Ok(tries) => {
                    self.access.insert(service, Access::Errand(errand, tries));
                    return;
                }
                Err(_) => fault,
            },
        };
        self.tenant.breaker.failed(Part::Tokens(service), &fault, self.limits(), now.instant);
        self.no_token(errand, fault, now.instant);
    }

    fn asks_answer(
        &mut self,
        service: Service,
        wishes: Vec<(usize, Wish)>,
        token: u64,
        answer: Result<Response<Zeroizing<Vec<u8>>>, Fault>,
        now: Now,
    ) {
        let part = Part::Answers(service);
        let is_batch = wishes.len() > 1;
        let judgement = match answer {
            Ok(response) => judge(&response, now.clock),
            Err(fault) if fault.kind == Kind::TooMuch => return self.was_too_much(service, wishes, &fault),
            Err(fault) => return self.broke(service, wishes, &fault, now),
        };
        match judgement {
            Judgement::Json(mut answer) => {
                self.tenant.breaker.succeeded(part);
                let judgements = match is_batch {
                    true => wishes::split(&mut answer, wishes.len(), now.clock),
                    false => vec![Judgement::Json(answer)],
                };
                for ((index, wish), judgement) in wishes.into_iter().zip(judgements) {
                    self.settle(index, wish, judgement, token, now);
                }
            }
            Judgement::Missing if !is_batch => {
                self.tenant.breaker.succeeded(part);
                wishes.into_iter().for_each(|(index, wish)| self.settle(index, wish, Judgement::Missing, token, now));
            }
            Judgement::Missing => {
                let fault = Fault::new(Kind::Blocked, "answers with status 404");
                self.refuse_all(service, wishes, &fault);
            }
            Judgement::Unauthorised(fault) => {
                for (index, wish) in wishes {
                    self.settle(index, wish, Judgement::Unauthorised(fault.clone()), token, now);
                }
            }
            Judgement::Later(fault, wish) => self.later(service, wishes, &fault, wish, now),
            Judgement::Refused(fault) => {
                if fault.kind == Kind::Outage {
                    self.tenant.breaker.failed(part, &fault, self.limits(), now.instant);
                }
                self.refuse_all(service, wishes, &fault);
            }
        }
    }

    /// One of the answers, for the one who asked.
    fn settle(&mut self, index: usize, mut wish: Wish, judgement: Judgement, token: u64, now: Now) {
        let service = wish.ask.service;
        let host = self.tenant.plan.host(service).to_owned();
        let again = match &judgement {
            Judgement::Unauthorised(_) if !wish.tries.reauthorised => {
                self.tenant.tokens.drop_refused(service, token);
                Some(Tries { reauthorised: true, ..wish.tries })
            }
            Judgement::Later(_, after) => self.again(wish.tries, *after, false, now).ok(),
            _ => None,
        };
        if let Some(tries) = again {
            wish.tries = tries;
            return self.set(index, State::Ready(wish));
        }
        let Some((seeker, state)) = self.seekers.get_mut(index) else { return };
        match judgement {
            Judgement::Json(answer) => seeker.answer(&answer),
            Judgement::Missing => seeker.missing(),
            Judgement::Unauthorised(fault) | Judgement::Later(fault, _) | Judgement::Refused(fault) => {
                seeker.refused(fault.at(&host));
            }
        }
        *state = State::Idle;
    }

    /// The whole service asks to wait.
    fn later(&mut self, service: Service, wishes: Vec<(usize, Wish)>, fault: &Fault, wish: Option<Duration>, now: Now) {
        let part = Part::Answers(service);
        let tries = wishes.iter().map(|(_, wish)| wish.tries).max_by_key(|tries| tries.count).unwrap_or_default();
        match self.again(tries, wish, false, now) {
            Ok(tries) => {
                if let Some(at) = tries.not_before {
                    self.holds.insert(service, at);
                }
                for (index, wish) in wishes {
                    self.set(
                        index,
                        State::Ready(Wish { tries: Tries { reauthorised: wish.tries.reauthorised, ..tries }, ..wish }),
                    );
                }
            }
            Err(how_long) => {
                let breaker = &self.tenant.breaker;
                let fault = match how_long {
                    Some(how_long) => {
                        let rest = how_long.min(self.limits().patience);
                        let words = format!("{fault} and asks to be left alone for {} seconds", how_long.as_secs());
                        let fault = Fault::new(Kind::Throttled(rest), words);
                        breaker.rest(part, &fault, rest, now.instant);
                        fault
                    }
                    None => {
                        breaker.failed(part, fault, self.limits(), now.instant);
                        fault.clone()
                    }
                };
                self.refuse_all(service, wishes, &fault);
            }
        }
    }

    /// What one of them has may be too much for all: each is asked about by itself. It says nothing about the service.
    fn was_too_much(&mut self, service: Service, wishes: Vec<(usize, Wish)>, fault: &Fault) {
        if wishes.len() < 2 {
            return self.refuse_all(service, wishes, fault);
        }
        for (index, wish) in wishes {
            self.set(index, State::Ready(Wish { alone: true, ..wish }));
        }
    }

    /// The connection failed. Once is an accident: a connection that was kept may have ended meanwhile.
    fn broke(&mut self, service: Service, wishes: Vec<(usize, Wish)>, fault: &Fault, now: Now) {
        let mut refused = Vec::new();
        for (index, wish) in wishes {
            match self.again(wish.tries, None, true, now) {
                Ok(tries) => self.set(index, State::Ready(Wish { tries, ..wish })),
                Err(_) => refused.push((index, wish)),
            }
        }
        if !refused.is_empty() {
            self.tenant.breaker.failed(Part::Answers(service), fault, self.limits(), now.instant);
            self.refuse_all(service, refused, fault);
        }
    }

    fn refuse_all(&mut self, service: Service, wishes: Vec<(usize, Wish)>, fault: &Fault) {
        let fault = fault.clone().at(self.tenant.plan.host(service));
        for (index, _) in wishes {
            if let Some((seeker, state)) = self.seekers.get_mut(index) {
                seeker.refused(fault.clone());
                *state = State::Idle;
            }
        }
    }

    /// When it may be tried again; or else, perhaps, for how long it was not to be tried.
    fn again(&self, tries: Tries, wish: Option<Duration>, broke: bool, now: Now) -> Result<Tries, Option<Duration>> {
        let limits = self.limits();
        if tries.count >= limits.retries || (broke && tries.broke) {
            return Err(wish);
        }
        let pause = wish.unwrap_or_else(|| backoff(tries.count, now.unique));
        let at = now.instant.checked_add(pause).filter(|at| pause <= limits.patience && *at < self.deadline);
        let at = at.ok_or(wish)?;
        Ok(Tries { count: tries.count.saturating_add(1), broke: broke || tries.broke, not_before: Some(at), ..tries })
    }
}

#[derive(Debug)]
enum Served {
    Send(u64, Box<Request<Vec<u8>>>, usize),
    /// Something else may be possible now.
    Changed,
}

/// A quarter of a second, a half, a whole; up to a half less by chance, so that not all come back at once.
fn backoff(count: u8, unique: [u8; 16]) -> Duration {
    let whole = Duration::from_millis(250_u64.checked_shl(u32::from(count).min(6)).unwrap_or(250));
    let chance = unique.first().copied().unwrap_or_default();
    let less = whole.checked_div(512).unwrap_or_default().saturating_mul(u32::from(chance));
    whole.saturating_sub(less)
}

#[cfg(test)]
mod tests {
    use super::super::cloud::Cloud;
    use super::super::source::EntraSource;
    use super::*;
    use postseal::Address;
    use postseal::directory::DirectoryReply;

    fn machine(addresses: usize) -> Machine<Lookup> {
        let sources = vec![EntraSource::mailbox_contacts("smime@goal.example").unwrap()];
        let limits = EntraLimits { total: Duration::from_secs(100), at_once: 3, ..EntraLimits::default() };
        let certificates = postseal::verify::Limits::default();
        let plan = Plan { cloud: Cloud::global(), tenant: "goal.example".to_owned(), sources, limits, certificates };
        let credential = EntraCredential::client_secret("app", "s3cr3t");
        let plan = Arc::new(plan);
        let tenant =
            Tenant { plan: Arc::clone(&plan), credential, tokens: Arc::default(), breaker: Breaker::default() };
        let lookup =
            |number| Lookup::new(Arc::clone(&plan), Address::parse(&format!("a{number}@goal.example")).unwrap());
        Machine::new(Arc::new(tenant), (0..addresses).map(lookup).collect(), start())
    }

    fn start() -> Instant {
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        *START.get_or_init(Instant::now)
    }

    fn at(seconds: u64) -> Now {
        let instant = start().checked_add(Duration::from_secs(seconds)).unwrap();
        let clock = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1 << 30)).unwrap();
        Now { instant, clock, unique: [0; 16] }
    }

    fn response(status: u16, after: Option<&str>, body: &str) -> Result<Response<Zeroizing<Vec<u8>>>, Fault> {
        let mut response = Response::builder().status(status).header("content-type", "application/json");
        if let Some(after) = after {
            response = response.header("retry-after", after);
        }
        Ok(response.body(Zeroizing::new(body.as_bytes().to_vec())).unwrap())
    }

    fn sent(machine: &mut Machine<Lookup>, now: Now) -> (u64, String) {
        match machine.step(now) {
            Step::Send(number, request, _) => (number, format!("{} {}", request.method(), request.uri())),
            other => panic!("{other:?}"),
        }
    }

    const TOKEN: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"x"}"#;

    /// In simulated time: a minute is waited for when it is asked for, and more than the limit is not.
    #[test]
    fn waiting_is_as_long_as_it_was_asked_for() {
        for (after, wait) in [("60", Some(60)), ("Sat, 10 Jan 2004 13:37:34 GMT", Some(30)), ("61", None)] {
            let mut machine = machine(1);
            let (number, request) = sent(&mut machine, at(0));
            assert_eq!(request, "POST https://login.microsoftonline.com/goal.example/oauth2/v2.0/token");
            machine.answer(number, response(200, None, TOKEN), at(0));
            let (number, request) = sent(&mut machine, at(0));
            assert!(request.starts_with("GET https://graph.microsoft.com/v1.0/users/smime%40goal.example/contacts?"));
            machine.answer(number, response(429, Some(after), "{}"), at(0));
            let step = machine.step(at(0));
            let Some(wait) = wait else {
                assert!(matches!(step, Step::Done));
                continue;
            };
            assert!(matches!(step, Step::Wait(until) if until == at(wait).instant), "{step:?}");
            assert!(matches!(machine.step(at(wait - 1)), Step::Wait(_)));
            let (number, _) = sent(&mut machine, at(wait));
            machine.answer(number, response(200, None, r#"{"value":[]}"#), at(wait));
            assert!(matches!(machine.step(at(wait)), Step::Done));
            assert!(matches!(machine.into_seekers().next().map(Lookup::into_reply), Some(DirectoryReply::NotFound)));
        }
    }

    /// No answer, a late answer, an answer to nothing: all of it ends with the deadline.
    #[test]
    fn the_deadline_ends_everything() {
        let mut machine = machine(50);
        let (number, _) = sent(&mut machine, at(0));
        assert!(matches!(machine.step(at(99)), Step::Wait(until) if until == at(100).instant));
        assert!(matches!(machine.step(at(100)), Step::Done));
        machine.answer(number, response(200, None, TOKEN), at(101));
        machine.answer(77, response(200, None, TOKEN), at(101));
        assert!(matches!(machine.step(at(101)), Step::Done));
        let replies = machine.into_seekers().map(Lookup::into_reply);
        assert!(replies.into_iter().all(|reply| matches!(reply, DirectoryReply::Unavailable(_))));
    }

    #[test]
    fn no_more_are_under_way_than_is_allowed() {
        let mut machine = machine(100);
        let (number, _) = sent(&mut machine, at(0));
        machine.answer(number, response(200, None, TOKEN), at(0));
        for _ in 0..3 {
            assert_eq!(sent(&mut machine, at(0)).1, "POST https://graph.microsoft.com/v1.0/$batch");
        }
        assert!(matches!(machine.step(at(0)), Step::Wait(_)));
    }
}
