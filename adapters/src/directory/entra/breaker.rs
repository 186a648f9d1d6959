use super::fault::Fault;
use super::limits::EntraLimits;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What is asked about people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Service {
    Graph,
    Exchange,
}

/// What fails by itself: a service, or the tokens for it, which may be refused for the one and given for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Answers(Service),
    Tokens(Service),
}

/// Leaves a service alone that failed several times in a row, or that asked for it.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<BTreeMap<Part, Health>>);

#[derive(Debug, Default)]
struct Health {
    failures: u32,
    closed_until: Option<(Instant, String)>,
}

impl Breaker {
    /// Why it is not asked now.
    pub(super) fn refusal(&self, part: Part, now: Instant) -> Option<Fault> {
        let health = self.lock();
        let (until, words) = health.get(&part)?.closed_until.as_ref()?;
        (now < *until).then(|| Fault::outage(format!("is left alone for a while: {words}")))
    }

    pub(super) fn succeeded(&self, part: Part) {
        self.lock().remove(&part);
    }

    pub(super) fn failed(&self, part: Part, fault: &Fault, limits: &EntraLimits, now: Instant) {
        let mut health = self.lock();
        let own = health.entry(part).or_default();
        own.failures = own.failures.saturating_add(1);
        if own.failures >= limits.failures {
            own.closed_until = now.checked_add(limits.rest).map(|until| (until, fault.to_string()));
        }
    }

    /// It asked to be left alone, for longer than this question can wait.
    pub(super) fn rest(&self, part: Part, fault: &Fault, how_long: Duration, now: Instant) {
        let until = now.checked_add(how_long).map(|until| (until, fault.to_string()));
        self.lock().entry(part).or_default().closed_until = until;
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Part, Health>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAPH: Part = Part::Answers(Service::Graph);

    #[test]
    fn three_failures_in_a_row_are_enough() {
        let (breaker, limits, start) = (Breaker::default(), EntraLimits::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let fault = Fault::outage("does not answer");
        for _ in 0..2 {
            breaker.failed(GRAPH, &fault, &limits, at(0));
        }
        breaker.succeeded(GRAPH);
        for second in 1..4 {
            assert_eq!(breaker.refusal(GRAPH, at(second)), None);
            breaker.failed(GRAPH, &fault, &limits, at(second));
        }
        let refusal = breaker.refusal(GRAPH, at(32)).unwrap();
        assert_eq!(refusal.to_string(), "is left alone for a while: does not answer");
        assert_eq!(breaker.refusal(Part::Tokens(Service::Graph), at(4)), None, "others are not meant");
        assert_eq!(breaker.refusal(GRAPH, at(33)), None);
        breaker.failed(GRAPH, &fault, &limits, at(33));
        assert!(breaker.refusal(GRAPH, at(34)).is_some(), "one more is enough then");
    }
}
