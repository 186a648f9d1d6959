//! The manual names every code and every event, once and as they are.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "test code"
)]

use postseal::Code;
use std::collections::BTreeSet;

const CODES: &str = include_str!("../../docs/codes.md");
const EVENTS: &str = include_str!("../../docs/events.md");
const LIMITS: &str = include_str!("../../docs/limits.md");
const LIMIT_SOURCE: &str = include_str!("../../core/src/verify/limits.rs");
const EVENT_SOURCE: &str = include_str!("../../core/src/trace/event.rs");

/// The first cells of a table's rows, without the marks of code.
fn rows(page: &str) -> Vec<Vec<String>> {
    let lines = page.lines().filter(|line| line.starts_with("| `"));
    lines.map(|line| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

#[test]
fn every_code_has_its_row() {
    let expected: Vec<_> = Code::ALL
        .iter()
        .map(|code| vec![format!("`{}`", code.name()), code.number().to_string(), code.sentence().to_owned()])
        .collect();
    let written: Vec<_> = rows(CODES).iter().map(|row| row[..3].to_vec()).collect();
    assert_eq!(written, expected);
}

#[test]
fn every_event_has_its_row() {
    let named = rows(EVENTS)
        .into_iter()
        .flat_map(|row| row[0].split(", ").map(|name| name.trim_matches('`').to_owned()).collect::<Vec<_>>());
    // `Kind` has fields and no list of itself; its names stand in one function.
    let function = EVENT_SOURCE
        .split("pub const fn name(&self)")
        .nth(1)
        .or_else(|| EVENT_SOURCE.split("pub fn name(&self)").nth(1))
        .unwrap();
    let body = function.split("\n    }\n").next().unwrap();
    let names = body.split("=> \"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    assert_eq!(named.collect::<BTreeSet<_>>(), names.collect::<BTreeSet<_>>());
}

#[test]
fn every_limit_has_its_row() {
    let (fields, defaults) = LIMIT_SOURCE.split_once("impl Default for Limits").unwrap();
    let default_of = |name: &str| {
        let rest = defaults.split(&format!(" {name}: ")).nth(1).unwrap();
        rest.split(",\n").next().unwrap().to_owned()
    };
    let (mut expected, mut about) = (Vec::new(), Vec::new());
    for line in fields.lines().map(str::trim) {
        match (line.strip_prefix("/// "), line.strip_prefix("pub ").and_then(|field| field.split_once(": usize"))) {
            (Some(text), _) => about.push(text),
            (None, Some((name, _))) => {
                expected.push(vec![format!("`{name}`"), format!("`{}`", default_of(name)), about.join(" ")]);
                about.clear();
            }
            (None, None) if line.starts_with("#[") => {}
            (None, None) => about.clear(),
        }
    }
    assert!(expected.len() > 30);
    assert_eq!(rows(LIMITS), expected);
}
