//! The files themselves, with loom's locks, channels and counters in the place of the standard library's: loom tries every
//! order in which threads may come to them. `just loom`.
//!
//! What else is shared lies behind one lock each (the caches of an engine, of revocation, of directories), or is written once
//! (`OnceLock`); ThreadSanitizer looks at those (`just c-race`).
#![cfg(all(test, loom))]

#[path = "../../adapters/src/store/sqlite/group.rs"]
mod group;
#[path = "../../core/src/verify/tables.rs"]
mod tables;

use loom::model::Builder;
use loom::sync::Arc;
use loom::thread;

/// Three threads, switched at most this often where they need not be.
fn model(check: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

/// Whoever brings questions gets the answers to his own, whoever worked for whom; nobody waits for ever (loom finds that nobody
/// can go on); and afterwards the line is free.
#[test]
fn everybody_is_told_his_own_in_any_order() {
    model(|| {
        let line = Arc::new(group::Line::<u32, u32>::new(2));
        let bring = |line: &group::Line<u32, u32>, questions: Vec<u32>| {
            let expected: Vec<u32> = questions.iter().map(|question| question + 100).collect();
            let answers = line.bring(questions, |all| all.iter().map(|question| question + 100).collect());
            assert_eq!(answers, Some(expected));
        };
        let others: Vec<_> = [vec![1], vec![2]]
            .into_iter()
            .map(|questions| {
                let line = Arc::clone(&line);
                thread::spawn(move || bring(&line, questions))
            })
            .collect();
        bring(&line, vec![3, 4]);
        others.into_iter().for_each(|other| other.join().unwrap());
        bring(&line, vec![5]);
    });
}

/// There are never more tables than allowed, and those that went are free again.
#[test]
fn there_are_never_more_tables_than_allowed() {
    model(|| {
        let tables = tables::Tables::default();
        let others: Vec<_> = (0..2)
            .map(|_| {
                let tables = tables.clone();
                thread::spawn(move || tables.take(1).is_some())
            })
            .collect();
        let own = tables.take(1);
        let has_own = own.is_some();
        let taken = others.into_iter().map(|other| other.join().unwrap()).filter(|taken| *taken).count();
        // The others' were dropped at once, so that each may have had one; while this one is kept, nobody else gets one.
        assert!(taken + usize::from(has_own) >= 1);
        assert!(!has_own || tables.take(1).is_none());
        drop(own);
        assert!(tables.take(1).is_some());
    });
}
