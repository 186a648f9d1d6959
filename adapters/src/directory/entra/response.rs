//! What an answer says, before anybody looks for a person in it.

use super::fault::{Fault, Kind, code};
use http::{HeaderMap, Response, StatusCode, header};
use serde_json::Value;
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// What became of a request.
#[derive(Debug)]
pub(super) enum Judgement {
    /// This.
    Json(Value),
    /// There is no such object; the service said so itself.
    Missing,
    /// The token is not taken.
    Unauthorised(Fault),
    /// Not now; perhaps it says when.
    Later(Fault, Option<Duration>),
    /// No.
    Refused(Fault),
}

/// Judges a whole answer. `now` is what a date is compared with when the answer has none of its own.
pub(super) fn judge(response: &Response<Zeroizing<Vec<u8>>>, now: SystemTime) -> Judgement {
    let headers = response.headers();
    let is_json = headers.get(header::CONTENT_TYPE).is_some_and(is_json);
    let body = if is_json { serde_json::from_slice(response.body()).ok() } else { None };
    if response.status() == StatusCode::OK {
        return match body {
            Some(body) => Judgement::Json(body),
            None if is_json => Judgement::Refused(Fault::outage("answers with JSON that is none")),
            None => Judgement::Refused(Fault::outage("answers with something that is no JSON")),
        };
    }
    judge_status(response.status().as_u16(), headers, body.as_ref(), now)
}

/// Judges an answer by its status, as one item of a batch has it.
pub(super) fn judge_status(status: u16, headers: &HeaderMap, body: Option<&Value>, now: SystemTime) -> Judgement {
    let code = body.and_then(error_code);
    let with_code = |words: &str| match code {
        Some(code) => format!("answers with status {status} ({code}){words}"),
        None => format!("answers with status {status}{words}"),
    };
    let refused = |kind, words: &str| Judgement::Refused(Fault::new(kind, with_code(words)));
    match status {
        300..=399 => refused(Kind::Blocked, "; redirects are not followed"),
        400 if body.is_some_and(says_no_such_object) => Judgement::Missing,
        400 => refused(Kind::BadRequest, ": it does not know what it is asked for"),
        401 => Judgement::Unauthorised(Fault::new(Kind::Forbidden, with_code(": it does not take the token"))),
        403 => refused(Kind::Forbidden, ": the application lacks a permission"),
        404 if body.is_some_and(says_no_such_object) => Judgement::Missing,
        404 | 405 | 410 | 501 => refused(Kind::Blocked, ": this service does not offer it"),
        424 | 429 | 500 | 502..=504 => Judgement::Later(Fault::outage(with_code("")), retry_after(headers, now)),
        _ => refused(Kind::Outage, ""),
    }
}

fn is_json(value: &http::HeaderValue) -> bool {
    let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

/// The deepest code of an error: codes nest, and the inner ones say more.
fn error_code(body: &Value) -> Option<&str> {
    let mut error = body.get("error")?;
    let mut found = None;
    // Deeper than any service nests.
    for _ in 0..8 {
        let own = error.get("code").and_then(Value::as_str).and_then(code);
        // The inner code of a throttled request is its status once more.
        found = own.filter(|own| found.is_none() || !own.bytes().all(|octet| octet.is_ascii_digit())).or(found);
        match error.get("innerError").or_else(|| error.get("innererror")) {
            Some(inner) => error = inner,
            None => break,
        }
    }
    found
}

/// Graph names the case in the code. Exchange's is `NotFound` also for what it does not offer at all; what tells is the exception
/// of the cmdlet, before the sentence that repeats whom it was asked about: `Ex6F9304|Microsoft...NotFoundException|The ...`.
fn says_no_such_object(body: &Value) -> bool {
    const CODES: [&str; 2] = ["Request_ResourceNotFound", "ErrorItemNotFound"];
    const EXCEPTION: &str = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException";
    let Some(error) = body.get("error") else { return false };
    let details = error.get("details").and_then(Value::as_array).into_iter().flatten().chain([error]);
    let mut messages = details.filter_map(|detail| detail.get("message")?.as_str());
    let is_code = |code: &Value| code.as_str().is_some_and(|code| CODES.contains(&code));
    error.get("code").is_some_and(is_code) || messages.any(|message| message.split('|').nth(1) == Some(EXCEPTION))
}

/// Seconds, also with a fraction, or a date (RFC 9110 10.2.3), which is counted from the date of the answer, so that a wrong
/// clock here does not matter.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok()).map(str::trim);
    let wish = text(header::RETRY_AFTER)?;
    if wish.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.') {
        let seconds: f64 = wish.parse().ok()?;
        // More than a clock can count is as good as never.
        return Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
    }
    let at = httpdate::parse_http_date(wish).ok()?;
    let from = text(header::DATE).and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
    Some(at.duration_since(from).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use serde_json::json;

    fn wish(fields: &[(header::HeaderName, &str)]) -> Option<Duration> {
        let fields = fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()));
        retry_after(&fields.collect(), httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:30 GMT").unwrap())
    }

    #[test]
    fn retry_after_has_three_forms() {
        let after = |text| wish(&[(header::RETRY_AFTER, text)]);
        assert_eq!(after("2"), Some(Duration::from_secs(2)));
        assert_eq!(after("2.128"), Some(Duration::from_millis(2_128)));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(7)));
        assert_eq!(after("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(after("99999999999999999999999999"), Some(Duration::MAX));
        for none in ["", "soon", "-1", "1e9", "NaN", "inf", "1.2.3"] {
            assert_eq!(after(none), None, "{none}");
        }
        let own = (header::DATE, "Sun, 06 Nov 1994 09:00:00 GMT");
        assert_eq!(wish(&[own, (header::RETRY_AFTER, "Sun, 06 Nov 1994 09:00:05 GMT")]), Some(Duration::from_secs(5)));
    }

    /// Whoever is asked about must not be able to say so himself, by his name.
    #[test]
    fn only_the_service_says_that_there_is_nobody() {
        const CAPTURED: &str =
            "Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|The operation";
        const IN_A_NAME: &str = "x ManagementObjectNotFoundException@goal.example|Microsoft";
        for (error, expected) in [
            (json!({"code": "NotFound", "details": [{"message": CAPTURED}]}), true),
            (json!({"code": "BadRequest", "message": CAPTURED}), true),
            (json!({"code": "Request_ResourceNotFound"}), true),
            (json!({"code": "ErrorItemNotFound"}), true),
            (json!({"code": "NotFound", "message": "no such route"}), false),
            (json!({"code": "NotFound", "details": [{"message": IN_A_NAME}]}), false),
            (json!("NotFound"), false),
        ] {
            assert_eq!(says_no_such_object(&json!({"error": error})), expected, "{error}");
        }
    }

    #[test]
    fn the_deepest_code_counts() {
        let code = |body: Value| error_code(&body).map(ToOwned::to_owned);
        assert_eq!(code(json!({"error": {"code": "A", "innerError": {"code": "B"}}})), Some("B".into()));
        assert_eq!(code(json!({"error": {"code": "A", "innererror": {"code": "429", "x": 1}}})), Some("A".into()));
        assert_eq!(code(json!({"error": {"code": "alice@goal.example"}})), None);
        assert_eq!(code(json!(["error"])), None);
    }
}
