//! What an engine has learned never changes a verdict: every case of the corpus cold, again, and after every other one.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

use postseal::import::{Context, Report};
use postseal::{Engine, UnixTime};
use postseal_testkit::MemoryStore;
use postseal_testkit::corpus::{Case, attacks};

fn import(engine: &Engine, case: &Case) -> Report {
    engine.import_mail(&case.mail, Context::new(case.verify_at), &MemoryStore::new(), &()).unwrap()
}

/// The cases that share anchors, as groups.
fn groups() -> Vec<Vec<Case>> {
    let mut groups: Vec<Vec<Case>> = Vec::new();
    for case in attacks() {
        match groups.iter_mut().find(|group| group[0].anchors == case.anchors) {
            Some(group) => group.push(case),
            None => groups.push(vec![case]),
        }
    }
    groups
}

/// An engine whose anchors were never used, with memory or without.
fn engine(case: &Case, remembers: bool) -> Engine {
    let anchors = case
        .anchors
        .certificates()
        .map(|anchor| postseal::Certificate::from_der(anchor.der(), &postseal::verify::Limits::default()).unwrap());
    let engine = postseal_testkit::engine(postseal::verify::TrustAnchors::new(anchors.collect()));
    let mut limits = engine.limits().clone();
    if !remembers {
        (limits.known_signatures, limits.known_senders, limits.key_tables) = (0, 0, 0);
    }
    engine.with_limits(limits)
}

// hardening: D1
#[test]
fn every_case_has_the_same_report_cold_again_and_among_the_others() {
    let mut compared = 0;
    for group in groups() {
        let cold: Vec<Report> = group.iter().map(|case| import(&engine(case, false), case)).collect();
        let shared = engine(&group[0], true);
        let forwards: Vec<usize> = (0..group.len()).collect();
        let backwards: Vec<usize> = forwards.iter().rev().copied().collect();
        // Enough rounds for the keys of the CAs to get their tables.
        for order in [&forwards, &backwards, &forwards, &backwards, &forwards] {
            for index in order {
                for _ in 0..2 {
                    assert_eq!(import(&shared, &group[*index]), cold[*index], "{}", group[*index].name);
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 1_500, "{compared}");
}

/// Each after each other one, with an engine of their own: `just learned`.
#[test]
#[ignore = "a minute in a release build"]
fn every_case_has_the_same_report_after_every_other_one() {
    for group in groups() {
        let cold: Vec<Report> = group.iter().map(|case| import(&engine(case, false), case)).collect();
        for first in &group {
            for (second, cold) in group.iter().zip(&cold) {
                let engine = engine(first, true);
                import(&engine, first);
                assert_eq!(import(&engine, second), *cold, "{} after {}", second.name, first.name);
            }
        }
    }
}

/// What holds today is asked again tomorrow: only arithmetic is remembered.
#[test]
fn a_sender_who_was_seen_has_expired_all_the_same() {
    let later = UnixTime::from_rfc3339("2090-01-01T00:00:00Z").unwrap();
    let good = groups().into_iter().flatten().find(|case| case.name == "ctl-detached").unwrap();
    let warm = engine(&good, true);
    import(&warm, &good);
    let late = Case { verify_at: later, ..good };
    let cold = import(&engine(&late, false), &late);
    assert!(cold.error.is_some());
    assert_eq!(import(&warm, &late), cold);
}
