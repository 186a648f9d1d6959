//! The trace as several processes write it: nothing is lost or torn while files are rotated, and what is old goes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "test code"
)]

mod corpus;
mod rotation;
mod trouble;

use postseal::store::{Decision, Tenant};
use postseal::trace::{Event, Kind};
use postseal::{Address, UnixTime};
use postseal_adapters::trace::Reader;
use serde_json::Value;
use std::path::Path;

/// An event that says who wrote it, and as which one of his.
fn event(by: &str) -> Event {
    let kind =
        Kind::Decided { fingerprint: "00".repeat(32).parse().unwrap(), decision: Decision::Pin, by: by.to_owned() };
    Event::by_operator(
        UnixTime::from_seconds(0),
        Tenant::default(),
        Address::parse("alice@goal.example").unwrap(),
        kind,
    )
}

/// All events, and how many lines are none.
fn read(path: &Path) -> (Vec<Value>, u64) {
    let mut reader = Reader::open(path).unwrap();
    let events = std::iter::from_fn(|| reader.next_event().unwrap()).collect();
    assert!(!reader.is_within_line());
    (events, reader.unreadable())
}

fn writers(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| event["by"].as_str().unwrap().to_owned()).collect()
}
