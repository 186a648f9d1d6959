//! Requests as they are sent, and their answers taken apart: one by one, or twenty in a batch.

use super::assertion::guid;
use super::breaker::Service;
use super::fault::Fault;
use super::lookup::{Ask, Plan, odd_shape};
use super::response::{Judgement, judge_status};
use super::token::Token;
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use serde_json::{Value, json};
use std::time::SystemTime;

/// Requests in one batch that Graph takes.
const BATCH: usize = 20;

/// How many may go together.
pub(super) fn batch_size(plan: &Plan) -> usize {
    plan.limits.batch.clamp(1, BATCH)
}

/// Whether it can be one of a batch: those are written relative to the version of Graph.
pub(super) fn fits_batch(plan: &Plan, ask: &Ask) -> bool {
    ask.body.is_none() && relative(plan, ask).is_some()
}

fn relative<'a>(plan: &Plan, ask: &'a Ask) -> Option<&'a str> {
    let rest = ask.url.strip_prefix(plan.cloud.graph.as_str())?.strip_prefix("/v1.0")?;
    rest.starts_with('/').then_some(rest)
}

/// One request.
pub(super) fn single(plan: &Plan, ask: &Ask, token: &Token, unique: &[u8; 16]) -> Result<Request<Vec<u8>>, Fault> {
    let method = if ask.body.is_some() { "POST" } else { "GET" };
    let mut request = Request::builder().method(method).uri(&ask.url).body(ask.body.clone().unwrap_or_default());
    if let Ok(request) = &mut request {
        let fields = request.headers_mut();
        common(fields, token, unique)?;
        if ask.body.is_some() {
            fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if ask.service == Service::Exchange {
            exchange(fields, &plan.tenant)?;
        }
    }
    request.map_err(|_| odd_shape())
}

/// Several, in this order.
pub(super) fn batch(plan: &Plan, asks: &[&Ask], token: &Token, unique: &[u8; 16]) -> Result<Request<Vec<u8>>, Fault> {
    let items = asks.iter().enumerate().map(|(number, ask)| {
        json!({ "id": number.to_string(), "method": "GET", "url": relative(plan, ask).unwrap_or_default() })
    });
    let body = json!({ "requests": items.collect::<Vec<_>>() }).to_string().into_bytes();
    let at = format!("{}/v1.0/$batch", plan.cloud.graph.as_str());
    let mut request = Request::post(at).body(body).map_err(|_| odd_shape())?;
    common(request.headers_mut(), token, unique)?;
    request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(request)
}

fn common(fields: &mut HeaderMap, token: &Token, unique: &[u8; 16]) -> Result<(), Fault> {
    fields.insert(header::AUTHORIZATION, token.bearer()?);
    fields.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    // What Microsoft's support asks for first.
    fields.insert("client-request-id", HeaderValue::from_str(&guid(unique)).map_err(|_| odd_shape())?);
    Ok(())
}

/// What Microsoft's own module sends. The mailbox is one that every tenant has; it leads the request to where the tenant lives.
fn exchange(fields: &mut HeaderMap, tenant: &str) -> Result<(), Fault> {
    let anchor = format!("UPN:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{tenant}");
    fields.insert("x-anchormailbox", HeaderValue::from_str(&anchor).map_err(|_| odd_shape())?);
    fields.insert("x-responseformat", HeaderValue::from_static("json"));
    fields.insert("x-serializationlevel", HeaderValue::from_static("Partial"));
    fields.insert("prefer", HeaderValue::from_static("odata.maxpagesize=1000"));
    Ok(())
}

/// The judgements on the items of a batch, in the order of the requests: answers come in any.
pub(super) fn split(answer: &mut Value, count: usize, now: SystemTime) -> Vec<Judgement> {
    let mut judgements: Vec<Option<Judgement>> = (0..count).map(|_| None).collect();
    let responses = answer.get_mut("responses").and_then(Value::as_array_mut);
    for response in responses.into_iter().flatten() {
        let number = response.get("id").and_then(Value::as_str).and_then(|id| id.parse::<usize>().ok());
        if let Some(slot @ None) = number.and_then(|number| judgements.get_mut(number)) {
            *slot = Some(judge_item(response, now));
        }
    }
    let unanswered = || Judgement::Refused(Fault::outage("leaves a request of a batch without an answer"));
    judgements.into_iter().map(|judgement| judgement.unwrap_or_else(unanswered)).collect()
}

fn judge_item(response: &mut Value, now: SystemTime) -> Judgement {
    let body = response.get_mut("body").map(Value::take).unwrap_or_default();
    let status = response.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    match status {
        None => Judgement::Refused(odd_shape()),
        Some(200) if body.is_object() => Judgement::Json(body),
        Some(200) => Judgement::Refused(odd_shape()),
        Some(status) => judge_status(status, &fields(response), Some(&body), now),
    }
}

fn fields(response: &Value) -> HeaderMap {
    let fields = response.get("headers").and_then(Value::as_object).into_iter().flatten();
    let field = |(name, value): (&String, &Value)| {
        Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value.as_str()?).ok()?))
    };
    fields.filter_map(field).collect()
}
