//! The machines themselves: how much they ask, that they end, and that they can be left at any moment.

use super::*;
use postseal::directory::{Directories, DirectoryId};
use postseal::drive::{self, World as _};
use postseal::import::Ask;
use postseal::operation::{Operation, Step};
use postseal::query::Answer;
use postseal::store::{Entry, PutOutcome};
use postseal::{Address, Code, PerRoute, resolve};
use postseal_testkit::corpus::attacks;
use postseal_testkit::factory::{Form, SignedMail};
use postseal_testkit::{Recorder, ScriptedDirectory};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};

/// One look at the store, and at most eight changes that came too late.
const MOST_QUESTIONS: usize = 9;

/// Runs an import; the store is asked, or never agrees. Gives how much was asked.
fn questions(engine: &Engine, mail: &[u8], now: UnixTime, agrees: bool) -> usize {
    let store = MemoryStore::new();
    let mut operation = engine.import(mail, Context::new(now));
    let mut asked = 0;
    loop {
        match operation.poll(&()).unwrap() {
            Step::Ask(Ask::PutStored(pending)) if !agrees => {
                asked += 1;
                let changed = Entry::absent(pending.query().address.clone());
                operation.handle(pending.answer(Ok(PutOutcome::Conflict(changed)))).unwrap();
            }
            Step::Ask(ask) => {
                asked += 1;
                operation.handle(drive::Keep::new(&store).carry_out(ask)).unwrap();
            }
            Step::Wait => panic!("it waits for nobody"),
            Step::Done(_) => break,
        }
        assert!(asked <= MOST_QUESTIONS, "{asked}");
    }
    // Over is over: whoever goes on is told so, and nothing more is asked.
    for _ in 0..3 {
        assert_eq!(operation.poll(&()).unwrap_err().code(), Code::PolledWhileFinished);
        assert_eq!(operation.handle(foreign_answer(engine)).unwrap_err().code(), Code::ForeignAnswer);
    }
    asked
}

/// An answer to a question of another operation.
fn foreign_answer(engine: &Engine) -> Answer {
    let address = vec![Address::parse(ALICE).unwrap()];
    let context = resolve::Context::new(at(NOW), Arc::new(()));
    let mut other = engine.resolve(address, Vec::new(), context).unwrap();
    let Step::Ask(resolve::Ask::FindStored(pending)) = other.poll(&()).unwrap() else {
        panic!("the store comes first")
    };
    pending.answer(Ok(Vec::new()))
}

// hardening: R1
#[test]
fn every_import_ends_after_few_questions_and_stays_ended() {
    let mut most = 0;
    for case in attacks() {
        for agrees in [true, false] {
            most = most.max(questions(&case.engine(), &case.mail, case.verify_at, agrees));
        }
    }
    assert_eq!(most, MOST_QUESTIONS, "a store that never agrees is asked as often as is allowed");
}

/// Comes back `times` times before it goes on.
async fn wait(times: usize) {
    let mut left = times;
    poll_fn(|_| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        Poll::Pending
    })
    .await;
}

/// Polls a future at most so often, then drops it.
fn polled<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = std::task::Context::from_waker(Waker::noop());
    for _ in 0..times {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
    }
    None
}

// hardening: R8
#[test]
fn an_import_that_is_dropped_anywhere_left_all_or_nothing_and_can_be_made_again() {
    let (engine, mail) = (engine(), SignedMail::new(FROM, &alice()).form(Form::Opaque).build());
    let mut was_complete = [false, false];
    for times in 0..20 {
        let (store, recorder) = (MemoryStore::new(), Recorder::default());
        let done = {
            let ask = |ask: Ask| {
                let store = &store;
                async move {
                    wait(2).await;
                    let answer = drive::Keep::new(store).carry_out(ask);
                    wait(2).await;
                    answer
                }
            };
            polled(drive::run_async(engine.import(&mail, Context::new(at(NOW))), &recorder, ask), times)
        };
        let entries = store.entries(&Tenant::default()).unwrap();
        assert!(entries.iter().all(|entry| entry.certs.len() == 1 && entry.active().is_some()), "{times}");
        let told = recorder.names().iter().filter(|name| **name == "imported").count();
        assert!(told <= entries.len(), "told and not stored, {times}");
        if let Some(report) = done {
            assert_eq!((report.unwrap().outcome, entries.len(), told), (Outcome::Imported, 1, 1));
        }
        was_complete[usize::from(!entries.is_empty())] = true;
        let again = engine.import_mail(&mail, Context::new(at(NOW)), &store, &()).unwrap();
        let expected = if entries.is_empty() { Outcome::Imported } else { Outcome::AlreadyKnown };
        assert_eq!(again.outcome, expected, "{times}");
    }
    assert_eq!(was_complete, [true, true]);
}

// hardening: R8
#[test]
fn a_resolution_that_is_dropped_anywhere_gives_back_all_that_was_lent() {
    let address = Address::parse(ALICE).unwrap();
    let directory = ScriptedDirectory::new().lends(&address, alice().der().to_vec());
    let engine = engine().with_directories(PerRoute::new(Directories::new().ask(DirectoryId::new("staff"))));
    let mut finished = 0;
    for times in 0..20 {
        let (store, recorder) = (MemoryStore::new(), Arc::new(Recorder::default()));
        let context = resolve::Context::new(at(NOW), recorder.clone());
        let operation = engine.resolve(vec![address.clone()], Vec::new(), context).unwrap();
        let lookup = drive::Lookup::new(&store).directory(DirectoryId::new("staff"), &directory);
        let ask = |ask| {
            let lookup = &lookup;
            async move {
                wait(2).await;
                let answer = lookup.carry_out(ask);
                wait(2).await;
                answer
            }
        };
        if let Some(resolution) = polled(drive::run_async(operation, &*recorder, ask), times) {
            assert_eq!(resolution.unwrap().reports().next().unwrap().outcome, resolve::Outcome::Found);
            finished += 1;
        }
        let count = |wanted: &str| recorder.names().iter().filter(|name| **name == wanted).count();
        assert_eq!(count("recipient-found"), count("lent-discarded"), "{times}");
        assert_eq!(Arc::strong_count(&recorder), 1, "somebody still holds the tracer, {times}");
        assert!(store.entries(&Tenant::default()).unwrap().is_empty());
    }
    assert!((1..19).contains(&finished), "{finished}");
}
