use super::fault::{LdapFault, LdapFaultKind};
use super::limits::LdapLimits;
use tokio::time::Instant;

/// Keeps a server that fails from being asked by everybody.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    /// Until when it is left alone, and for what.
    rest: Option<(Instant, LdapFault)>,
}

impl Breaker {
    /// Whether it may be connected to now. When its rest is over one may try; the others wait for what comes of it.
    pub(super) fn admit(&mut self, limits: &LdapLimits, now: Instant) -> Result<(), LdapFault> {
        let Some((until, fault)) = &mut self.rest else { return Ok(()) };
        if now < *until {
            // Wrong credentials stay what they are.
            let kind = if fault.is_for_all_servers() { fault.kind() } else { LdapFaultKind::Resting };
            return Err(LdapFault::new(kind, format_args!("is left alone for a while, after this: {fault}")));
        }
        *until = now.checked_add(limits.rest).unwrap_or(now);
        Ok(())
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Credentials that were not accepted are not tried again at once: an account locks after some tries.
    pub(super) fn failed(&mut self, fault: &LdapFault, limits: &LdapLimits, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= limits.failures || fault.is_for_all_servers() {
            self.rest = now.checked_add(limits.rest).map(|until| (until, fault.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn fault(kind: LdapFaultKind) -> LdapFault {
        LdapFault::new(kind, "is gone")
    }

    #[test]
    fn three_failures_in_a_row_make_it_rest_and_one_tries_again() {
        let (mut breaker, limits, start) = (Breaker::default(), LdapLimits::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        breaker.failed(&fault(LdapFaultKind::Late), &limits, at(0));
        breaker.failed(&fault(LdapFaultKind::Late), &limits, at(0));
        breaker.succeeded();
        for _ in 0..2 {
            breaker.failed(&fault(LdapFaultKind::Late), &limits, at(0));
            assert!(breaker.admit(&limits, at(0)).is_ok());
        }
        breaker.failed(&fault(LdapFaultKind::Late), &limits, at(1));
        let resting = breaker.admit(&limits, at(30)).unwrap_err();
        assert_eq!(resting.kind(), LdapFaultKind::Resting);
        assert_eq!(resting.to_string(), "is left alone for a while, after this: is gone");
        assert!(breaker.admit(&limits, at(31)).is_ok());
        assert!(breaker.admit(&limits, at(31)).is_err(), "only one tries");
        breaker.failed(&fault(LdapFaultKind::Late), &limits, at(32));
        assert!(breaker.admit(&limits, at(61)).is_err());
        breaker.succeeded();
        assert!(breaker.admit(&limits, at(61)).is_ok());
    }

    #[test]
    fn wrong_credentials_are_shown_once() {
        let (mut breaker, limits, now) = (Breaker::default(), LdapLimits::default(), Instant::now());
        breaker.failed(&fault(LdapFaultKind::Setup), &limits, now);
        assert_eq!(breaker.admit(&limits, now).unwrap_err().kind(), LdapFaultKind::Setup);
    }
}
