//! What is remembered about hosts: how often they were asked, and when they failed.

use super::limits::FetchLimits;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub(super) struct Budget {
    hosts: BTreeMap<String, Host>,
}

#[derive(Clone, Debug)]
struct Host {
    /// The minute that is being counted.
    since: Instant,
    requests: u32,
    /// When it failed, by port. A certificate may name a port where a good host has nothing to say: that must not keep others
    /// from asking at the right one.
    failed: BTreeMap<u16, Instant>,
    last: Instant,
}

const MINUTE: Duration = Duration::from_secs(60);

impl Budget {
    /// Takes one request from the host's share.
    pub(super) fn take(
        &mut self,
        host: &str,
        port: u16,
        limits: &FetchLimits,
        now: Instant,
    ) -> Result<(), &'static str> {
        self.make_room(host, limits.hosts);
        let fresh = Host { since: now, requests: 0, failed: BTreeMap::new(), last: now };
        let entry = self.hosts.entry(host.to_owned()).or_insert(fresh);
        let rests = |failed: &Instant| now.saturating_duration_since(*failed) < limits.rest_after_failure;
        if entry.failed.get(&port).is_some_and(rests) {
            return Err("failed a short while ago and is left alone");
        }
        if now.saturating_duration_since(entry.since) >= MINUTE {
            (entry.since, entry.requests) = (now, 0);
        }
        if entry.requests >= limits.requests_per_minute {
            return Err("was asked too often in the last minute");
        }
        entry.requests = entry.requests.saturating_add(1);
        entry.failed.remove(&port);
        entry.last = now;
        Ok(())
    }

    pub(super) fn failed(&mut self, host: &str, port: u16, now: Instant) {
        if let Some(entry) = self.hosts.get_mut(host) {
            entry.failed.insert(port, now);
        }
    }

    fn make_room(&mut self, host: &str, most: usize) {
        while self.hosts.len() >= most.max(1) && !self.hosts.contains_key(host) {
            let oldest = self.hosts.iter().min_by_key(|(_, entry)| entry.last).map(|(name, _)| name.clone());
            let Some(oldest) = oldest else { return };
            self.hosts.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> FetchLimits {
        FetchLimits { requests_per_minute: 2, hosts: 3, ..FetchLimits::default() }
    }

    #[test]
    fn a_host_has_its_share_each_minute_and_no_other_hosts() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(budget.take("a", 80, &limits(), at(0)).is_ok() && budget.take("a", 80, &limits(), at(1)).is_ok());
        assert_eq!(budget.take("a", 80, &limits(), at(59)), Err("was asked too often in the last minute"));
        assert!(budget.take("b", 80, &limits(), at(59)).is_ok());
        assert!(budget.take("a", 80, &limits(), at(60)).is_ok());
        assert!(budget.take("a", 443, &limits(), at(61)).is_ok());
        assert!(budget.take("a", 80, &limits(), at(62)).is_err(), "its ports share");
    }

    #[test]
    fn a_host_that_failed_is_left_alone_for_a_while() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(budget.take("a", 80, &limits(), at(0)).is_ok());
        budget.failed("a", 80, at(5));
        assert!(budget.take("a", 443, &limits(), at(6)).is_ok(), "another port has not failed");
        assert_eq!(budget.take("a", 80, &limits(), at(64)), Err("failed a short while ago and is left alone"));
        assert!(budget.take("b", 80, &limits(), at(64)).is_ok());
        assert!(budget.take("a", 80, &limits(), at(65)).is_ok());
        assert!(budget.take("a", 80, &limits(), at(66)).is_ok(), "forgotten with the next try");
    }

    #[test]
    fn the_table_is_bounded_and_the_oldest_is_forgotten() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        for number in 0..1_000_u64 {
            assert!(budget.take(&number.to_string(), 80, &limits(), start + Duration::from_millis(number)).is_ok());
        }
        assert_eq!(budget.hosts.keys().collect::<Vec<_>>(), ["997", "998", "999"]);
    }
}
