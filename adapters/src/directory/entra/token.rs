use super::breaker::Service;
use super::fault::{Fault, Kind, code};
use http::{HeaderValue, Response, header};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use zeroize::Zeroizing;

/// A token for one service. It shows nothing of itself.
#[derive(Clone)]
pub(super) struct Token {
    secret: Arc<Zeroizing<String>>,
    /// Which one it is, so that only the one that was refused is dropped.
    pub(super) number: u64,
    refresh_at: Instant,
    ends_at: Instant,
}

impl Token {
    /// The header field, marked so that nothing shows it.
    pub(super) fn bearer(&self) -> Result<HeaderValue, Fault> {
        let text = Zeroizing::new(format!("Bearer {}", self.secret.as_str()));
        let mut value = HeaderValue::from_str(&text).map_err(|_| Fault::outage("answers with a token that is none"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// The tokens of one tenant, one for each service, fetched by one question at a time.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    services: BTreeMap<Service, Slot>,
    count: u64,
}

#[derive(Debug, Default)]
struct Slot {
    token: Option<Token>,
    is_being_fetched: bool,
}

/// What a question does about a token.
#[derive(Debug)]
pub(super) enum Claim {
    /// Uses this one.
    Have(Token),
    /// Fetches one for everybody.
    Fetch(Errand),
    /// Waits for somebody else who fetches it.
    Wait,
}

impl Tokens {
    pub(super) fn claim(self: &Arc<Self>, service: Service, now: Instant) -> Claim {
        let mut kept = self.lock();
        let slot = kept.services.entry(service).or_default();
        let good = slot.token.clone().filter(|token| now < token.ends_at);
        match good {
            Some(token) if now < token.refresh_at || slot.is_being_fetched => Claim::Have(token),
            _ if slot.is_being_fetched => Claim::Wait,
            _ => {
                slot.is_being_fetched = true;
                Claim::Fetch(Errand { tokens: Arc::clone(self), service })
            }
        }
    }

    /// This one was refused.
    pub(super) fn drop_refused(&self, service: Service, number: u64) {
        if let Some(slot) = self.lock().services.get_mut(&service) {
            slot.token = slot.token.take().filter(|token| token.number != number);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right and the duty to fetch a token. Whoever gives it up lets the next one go.
#[derive(Debug)]
pub(super) struct Errand {
    tokens: Arc<Tokens>,
    pub(super) service: Service,
}

/// How long a token that is still good is used on after it could not be renewed.
const NEXT_TRY: Duration = Duration::from_secs(30);

impl Errand {
    pub(super) fn keep(self, secret: Zeroizing<String>, lifetime: Duration, now: Instant) {
        let mut kept = self.tokens.lock();
        kept.count = kept.count.saturating_add(1);
        // At four fifths: before it ends, even if the two clocks run differently.
        let four_fifths = lifetime.saturating_sub(lifetime.checked_div(5).unwrap_or_default());
        let refresh_at = now.checked_add(four_fifths).unwrap_or(now);
        let ends_at = now.checked_add(lifetime).unwrap_or(now);
        let token = Token { secret: Arc::new(secret), number: kept.count, refresh_at, ends_at };
        kept.services.entry(self.service).or_default().token = Some(token);
        drop(kept);
    }

    /// There is none to be had. `true` when the one that is kept will do for a while.
    pub(super) fn fail(self, now: Instant) -> bool {
        let mut kept = self.tokens.lock();
        let token = kept.services.get_mut(&self.service).and_then(|slot| slot.token.as_mut());
        let good = token.filter(|token| now < token.ends_at);
        let is_good = good.is_some();
        if let Some(token) = good {
            token.refresh_at = now.checked_add(NEXT_TRY).unwrap_or(now);
        }
        drop(kept);
        is_good
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        if let Some(slot) = self.tokens.lock().services.get_mut(&self.service) {
            slot.is_being_fetched = false;
        }
    }
}

/// Longest lifetime that is believed; those of managed identities are good for a day.
const DAY: u64 = 86_400;
/// A clock that is so far off lets a statement of identity end before it begins.
const SKEW: Duration = Duration::from_secs(240);

/// The token in an answer of the login service, and for how long it is good.
pub(super) fn read(response: &Response<Zeroizing<Vec<u8>>>) -> Result<(Zeroizing<String>, Duration), Fault> {
    let Ok(mut body) = serde_json::from_slice::<Value>(response.body()) else {
        return Err(Fault::outage("answers with something that is no token"));
    };
    let lifetime = match body.get("expires_in") {
        Some(Value::Number(seconds)) => seconds.as_u64(),
        // Managed identities write it so.
        Some(Value::String(seconds)) => seconds.parse().ok(),
        _ => None,
    };
    let is_bearer =
        body.get("token_type").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
    let secret = match body.get_mut("access_token").map(Value::take) {
        Some(Value::String(secret)) if !secret.is_empty() => Zeroizing::new(secret),
        _ => return Err(Fault::outage("answers with something that is no token")),
    };
    match lifetime.filter(|_| is_bearer) {
        Some(seconds @ 1..) => Ok((secret, Duration::from_secs(seconds.min(DAY)))),
        _ => Err(Fault::outage("answers with a token of another kind, or without its lifetime")),
    }
}

/// Why the login service gives no token: its codes, and whether the clocks may be the reason.
pub(super) fn refusal(response: &Response<Zeroizing<Vec<u8>>>, now: SystemTime) -> Fault {
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let error = body.get("error").and_then(Value::as_str).and_then(code);
    let number = body.get("error_codes").and_then(|codes| codes.get(0)).and_then(Value::as_u64);
    let mut words = format!("gives no token: status {}", response.status().as_u16());
    match (error, number) {
        (Some(error), Some(number)) => words.push_str(&format!(" ({error}, AADSTS{number})")),
        (Some(error), None) => words.push_str(&format!(" ({error})")),
        _ => {}
    }
    let date =
        response.headers().get(header::DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    let skew = date.map(|date| date.duration_since(now).unwrap_or_else(|earlier| earlier.duration()));
    if let Some(skew) = skew.filter(|skew| *skew > SKEW) {
        words.push_str(&format!("; the clock of this machine differs from its by {} seconds", skew.as_secs()));
    }
    Fault::new(Kind::Forbidden, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Zeroizing<String> {
        Zeroizing::new("secret".to_owned())
    }

    #[test]
    fn one_fetches_and_the_others_wait_or_use_what_is_there() {
        let (tokens, start) = (Arc::new(Tokens::default()), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let Claim::Fetch(errand) = tokens.claim(Service::Graph, at(0)) else { panic!() };
        assert!(matches!(tokens.claim(Service::Graph, at(0)), Claim::Wait));
        let Claim::Fetch(other) = tokens.claim(Service::Exchange, at(0)) else { panic!("each its own") };
        drop(other);
        errand.keep(secret(), Duration::from_secs(1_000), at(0));
        assert!(matches!(tokens.claim(Service::Graph, at(799)), Claim::Have(_)));
        let Claim::Fetch(errand) = tokens.claim(Service::Graph, at(800)) else { panic!("renewed at four fifths") };
        assert!(matches!(tokens.claim(Service::Graph, at(900)), Claim::Have(_)), "meanwhile the old one");
        assert!(errand.fail(at(900)), "which does for a while");
        assert!(matches!(tokens.claim(Service::Graph, at(901)), Claim::Have(_)));
        let Claim::Fetch(errand) = tokens.claim(Service::Graph, at(1_000)) else { panic!("ended") };
        assert!(!errand.fail(at(1_000)));
        assert!(matches!(tokens.claim(Service::Graph, at(1_000)), Claim::Fetch(_)), "the next one goes");
    }

    #[test]
    fn only_the_refused_one_is_dropped() {
        let (tokens, now) = (Arc::new(Tokens::default()), Instant::now());
        let Claim::Fetch(errand) = tokens.claim(Service::Graph, now) else { panic!() };
        errand.keep(secret(), Duration::from_secs(1_000), now);
        let Claim::Have(token) = tokens.claim(Service::Graph, now) else { panic!() };
        tokens.drop_refused(Service::Graph, token.number + 1);
        assert!(matches!(tokens.claim(Service::Graph, now), Claim::Have(_)));
        tokens.drop_refused(Service::Graph, token.number);
        assert!(matches!(tokens.claim(Service::Graph, now), Claim::Fetch(_)));
    }

    #[test]
    fn nothing_shows_it() {
        let now = Instant::now();
        let token = Token { secret: Arc::new(secret()), number: 1, refresh_at: now, ends_at: now };
        assert!(!format!("{token:?} {:?}", token.bearer().unwrap()).contains("secret"));
    }

    #[test]
    fn lifetimes_are_numbers_and_strings() {
        let read = |body: &str| read(&Response::new(Zeroizing::new(body.as_bytes().to_vec())));
        for lifetime in ["3599", "\"3599\""] {
            let body = format!(r#"{{"token_type":"Bearer","expires_in":{lifetime},"access_token":"x"}}"#);
            assert_eq!(read(&body).unwrap().1, Duration::from_secs(3_599));
        }
        for bad in [
            "",
            "[]",
            r#"{"token_type":"Bearer","expires_in":0,"access_token":"x"}"#,
            r#"{"token_type":"Bearer","expires_in":-5,"access_token":"x"}"#,
            r#"{"token_type":"Bearer","expires_in":"soon","access_token":"x"}"#,
            r#"{"token_type":"Bearer","access_token":"x"}"#,
            r#"{"token_type":"pop","expires_in":5,"access_token":"x"}"#,
            r#"{"token_type":"Bearer","expires_in":5,"access_token":["x"]}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
