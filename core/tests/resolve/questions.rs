//! Whom a resolution asks, when, and in which order it may be told.

use super::*;

#[test]
fn a_directory_is_asked_only_about_its_domains_and_once_for_all_who_need_it() {
    let directories = Directories::new()
        .ask_for(DirectoryId::new("first"), &["goal.example"])
        .unwrap()
        .ask_for(DirectoryId::new("second"), &["other.example"])
        .unwrap();
    let mut world = World::new();
    world.engine = world.engine.with_directories(PerRoute::new(directories));
    world.keep(&issue(&spec(ALICE, 1)), NOW);
    let report = world.resolve(&[ALICE, BOB, "carol@goal.example", "dan@other.example", "erin@third.example"]);
    let outcomes: Vec<_> = report.reports().map(|report| report.outcome.name()).collect();
    assert_eq!(outcomes, ["found", "not-found", "not-found", "not-found", "not-found"]);
    let asked = |directory: &ScriptedDirectory| -> Vec<Vec<String>> {
        let keys = |addresses: &[Address]| addresses.iter().map(|address| address.key().to_owned()).collect();
        directory.asked().iter().map(|query| keys(&query.addresses)).collect()
    };
    assert_eq!(asked(&world.first), [vec!["bob@goal.example", "carol@goal.example"]]);
    assert_eq!(asked(&world.second), [vec!["dan@other.example"]]);
}

#[test]
fn a_directory_that_the_host_does_not_have_is_unavailable() {
    let world = World::new();
    let resolution =
        drive::run(world.begin(&[ALICE], Arc::new(())), &Lookup::new(&world.store), &(), &|| false).unwrap();
    let report = resolution.reports().next().unwrap();
    assert_eq!(report.outcome, Outcome::Unavailable);
    assert_eq!(report.unavailable.as_ref().unwrap().detail(), Code::DirectoryUnknown.sentence());
}

#[test]
fn after_the_deadline_nothing_is_asked_and_everything_is_unavailable() {
    let world =
        World { first: ScriptedDirectory::new().lends(&address(ALICE), issue(&spec(ALICE, 1))), ..World::new() };
    let resolution = drive::run(world.begin(&[ALICE], Arc::new(())), &world.lookup(), &(), &|| true).unwrap();
    assert_eq!(resolution.reports().next().unwrap().outcome, Outcome::Unavailable);
    assert!(world.first.asked().is_empty());
}

/// Answers the open questions in the order that `next` chooses, and gives the reports and the events.
fn run_in_order(
    world: &World,
    mailboxes: &[&str],
    next: &mut dyn FnMut(usize) -> usize,
) -> (Vec<RecipientReport>, Vec<String>) {
    let recorder = Arc::new(Recorder::default());
    let mut resolve = world.begin(mailboxes, recorder.clone());
    let mut open = Vec::new();
    loop {
        match resolve.poll(&*recorder).unwrap() {
            Step::Ask(ask) => open.push(ask),
            Step::Wait => {
                let answer = drive::World::carry_out(&world.lookup(), open.remove(next(open.len())));
                resolve.handle(answer).unwrap();
            }
            Step::Done(resolution) => {
                let reports = resolution.reports().cloned().collect();
                drop(resolution);
                let mut events: Vec<_> = recorder
                    .events()
                    .iter()
                    .map(|event| {
                        format!(
                            "{event:?} {:?}",
                            event.address.as_ref().map(|address| address.expose().key().to_owned())
                        )
                    })
                    .collect();
                events.sort();
                return (reports, events);
            }
        }
    }
}

#[test]
fn any_order_of_answers_gives_the_same_resolution_and_the_same_set_of_events() {
    let names: Vec<String> = (0..12).map(|number| format!("r{number}@d{}.example", number % 4)).collect();
    let mailboxes: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = World::new();
    let directories = Directories::new()
        .ask_for(DirectoryId::new("first"), &["d0.example", "d1.example"])
        .unwrap()
        .ask_for(DirectoryId::new("second"), &["d1.example", "d2.example", "d3.example"])
        .unwrap()
        .ask_for(DirectoryId::new("first"), &["d2.example"])
        .unwrap();
    world.engine = world.engine.with_directories(PerRoute::new(directories));
    for (number, mailbox) in mailboxes.iter().enumerate() {
        let number = u64::try_from(number).unwrap();
        let der = issue(&spec(mailbox, number));
        match number % 5 {
            0 => world.first = std::mem::take(&mut world.first).lends(&address(mailbox), der),
            1 => world.second = std::mem::take(&mut world.second).lends(&address(mailbox), der),
            2 => world.first = std::mem::take(&mut world.first).is_down_for(&address(mailbox)),
            3 => drop(world.keep(&der, NOW)),
            _ => {}
        }
    }
    let expected = run_in_order(&world, &mailboxes, &mut |_| 0);
    assert_eq!(run_in_order(&world, &mailboxes, &mut |open| open - 1), expected);
    for seed in 1..50_usize {
        let mut state = seed;
        let shuffled = run_in_order(&world, &mailboxes, &mut |open| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % open
        });
        assert_eq!(shuffled, expected, "{seed}");
    }
    let outcomes: std::collections::BTreeSet<_> = expected.0.iter().map(|report| report.outcome.name()).collect();
    assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), ["found", "not-found", "unavailable"]);
}

#[test]
fn answers_of_others_are_refused_and_change_nothing() {
    let world = World::new();
    let (mut one, mut other) = (world.begin(&[ALICE], Arc::new(())), world.begin(&[ALICE], Arc::new(())));
    let Step::Ask(Ask::FindStored(mine)) = one.poll(&()).unwrap() else { panic!() };
    let Step::Ask(Ask::FindStored(foreign)) = other.poll(&()).unwrap() else { panic!() };
    let entries = || Ok(vec![Entry::absent(address(ALICE))]);
    assert_eq!(one.handle(foreign.answer(entries())).unwrap_err().code(), Code::ForeignAnswer);
    assert!(matches!(one.poll(&()).unwrap(), Step::Wait));
    one.handle(mine.answer(entries())).unwrap();
    let Step::Ask(Ask::ResolveDirectory(first)) = one.poll(&()).unwrap() else { panic!() };
    one.handle(first.answer(Ok(vec![DirectoryReply::NotFound]))).unwrap();
    let Step::Ask(Ask::ResolveDirectory(second)) = one.poll(&()).unwrap() else { panic!() };
    one.handle(second.answer(Ok(vec![DirectoryReply::Found(Vec::new())]))).unwrap();
    let Step::Done(resolution) = one.poll(&()).unwrap() else { panic!() };
    assert_eq!(resolution.reports().next().unwrap().outcome, Outcome::NotFound);
    assert_eq!(one.poll(&()).unwrap_err().code(), Code::PolledWhileFinished);
}

#[test]
fn a_resolution_that_is_dropped_gives_back_what_was_lent() {
    let der = issue(&spec(ALICE, 1));
    let world = World { first: ScriptedDirectory::new().lends(&address(ALICE), der), ..World::new() };
    let recorder = Arc::new(Recorder::default());
    let resolution =
        drive::run(world.begin(&[ALICE], recorder.clone()), &world.lookup(), &*recorder, &|| false).unwrap();
    assert_eq!(recorder.names(), ["revocation-unknown", "recipient-found"]);
    drop(resolution);
    assert_eq!(recorder.names().last(), Some(&"lent-discarded"));
}

#[test]
fn with_an_executor_all_open_questions_are_carried_out_at_once() {
    use std::cell::Cell;
    use std::future::Future;
    use std::task::{Poll, Waker};

    let mut world = World::new();
    let directories = Directories::new()
        .ask_for(DirectoryId::new("first"), &["goal.example"])
        .unwrap()
        .ask_for(DirectoryId::new("second"), &["other.example"])
        .unwrap();
    world.engine = world.engine.with_directories(PerRoute::new(directories));
    world.first = std::mem::take(&mut world.first).lends(&address(ALICE), issue(&spec(ALICE, 1)));
    let (open, most) = (Cell::new(0), Cell::new(0));
    let future = drive::run_async(world.begin(&[ALICE, "dan@other.example"], Arc::new(())), &(), |ask| {
        let (world, open, most) = (&world, &open, &most);
        async move {
            open.set(open.get() + 1);
            // Comes back once before it answers, as a network would.
            let mut waited = false;
            std::future::poll_fn(
                |_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending },
            )
            .await;
            most.set(most.get().max(open.get()));
            let answer = drive::World::carry_out(&world.lookup(), ask);
            open.set(open.get() - 1);
            answer
        }
    });
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(Waker::noop());
    let resolution = loop {
        if let Poll::Ready(resolution) = future.as_mut().poll(&mut context) {
            break resolution.unwrap();
        }
    };
    assert_eq!(resolution.reports().map(|report| report.outcome.name()).collect::<Vec<_>>(), ["found", "not-found"]);
    assert_eq!(most.get(), 2, "both directories at the same time");
}
