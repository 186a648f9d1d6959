use crate::{event, read, writers};
use postseal::trace::Tracer;
use postseal_adapters::trace::{JsonLines, Reader, Rotation, rotated_files};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

const PROCESSES: usize = 4;
const EVENTS: usize = 400;
/// Of each line, about 260 octets: a rotation every few events.
const TINY: u64 = 2_000;

/// Not a test of its own: what the other processes do.
#[test]
fn a_writer() {
    let Ok(task) = std::env::var("POSTSEAL_TEST_WRITER") else { return };
    let (name, path) = task.split_once(' ').unwrap();
    let tracer = match name {
        // It knows nothing of rotation, and has to notice what the others do.
        "plain" => JsonLines::open(path.as_ref()).unwrap(),
        _ => JsonLines::rotating(path.as_ref(), Rotation::at(TINY)).unwrap(),
    };
    for number in 0..EVENTS {
        tracer.event(&event(&format!("{name} {number}")));
    }
    assert_eq!(tracer.lost(), 0);
}

fn writer(name: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "rotation::a_writer"])
        .env("POSTSEAL_TEST_WRITER", format!("{name} {}", path.display()))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn every_event_of_every_process_is_there_once_while_files_are_rotated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    // The reader follows from before the first event.
    File::create(&path).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    let names: Vec<_> = (0..PROCESSES).map(|number| number.to_string()).chain(["plain".to_owned()]).collect();
    let mut children: Vec<_> = names.iter().map(|name| writer(name, &path)).collect();
    let mut followed = Vec::new();
    let mut running = true;
    while running {
        running = children.iter_mut().any(|child| child.try_wait().unwrap().is_none());
        followed.extend(std::iter::from_fn(|| reader.next_event().unwrap()));
    }
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));

    let all: BTreeSet<_> =
        names.iter().flat_map(|name| (0..EVENTS).map(move |number| format!("{name} {number}"))).collect();
    let (events, unreadable) = read(&path);
    let found = writers(&events);
    assert_eq!((found.len(), unreadable), (all.len(), 0));
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), all);
    let files = rotated_files(&path).unwrap();
    assert!(files.len() > 50, "{} rotated files", files.len());
    // Two that found it full at the same time rotate it once.
    assert!(files.iter().all(|(_, file)| fs::metadata(file).unwrap().len() > TINY - 400));
    // In each process's own order, the one without the lock apart: it may write into a file that was just renamed.
    for name in &names[..PROCESSES] {
        let own: Vec<_> = writers(&events).into_iter().filter(|by| by.starts_with(&format!("{name} "))).collect();
        assert_eq!(own, (0..EVENTS).map(|number| format!("{name} {number}")).collect::<Vec<_>>());
    }
    let locked = |by: &String| !by.starts_with("plain");
    assert_eq!(writers(&followed).into_iter().filter(locked).count(), PROCESSES * EVENTS);
}

#[test]
fn a_file_does_not_grow_beyond_the_size_and_the_oldest_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    let tracer = JsonLines::rotating(&path, Rotation::at(TINY).keeping_files(3)).unwrap();
    for number in 0..100 {
        tracer.event(&event(&number.to_string()));
    }
    let files = rotated_files(&path).unwrap();
    assert_eq!(files.len(), 3);
    assert!(files[0].0 > 5, "the first ones are gone");
    for (_, file) in &files {
        let size = fs::metadata(file).unwrap().len();
        assert!(size <= TINY && size > TINY / 2, "{size}");
    }
    let found = writers(&read(&path).0);
    let first = 100 - found.len();
    assert_eq!(found, (first..100).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[test]
fn after_a_rotation_everybody_writes_into_the_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    let (plain, rotating) = (JsonLines::open(&path).unwrap(), JsonLines::rotating(&path, Rotation::at(1)).unwrap());
    plain.event(&event("first"));
    rotating.event(&event("second"));
    plain.event(&event("third"));
    let lines = |path: &Path| fs::read_to_string(path).unwrap().lines().count();
    assert_eq!((lines(&rotated_files(&path).unwrap()[0].1), lines(&path)), (1, 2));
    assert_eq!(writers(&read(&path).0), ["first", "second", "third"]);
}

#[test]
fn an_event_that_is_larger_than_a_file_may_be_is_written_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    let tracer = JsonLines::rotating(&path, Rotation::at(1)).unwrap();
    for number in 0..5 {
        tracer.event(&event(&number.to_string()));
    }
    assert_eq!(writers(&read(&path).0), ["0", "1", "2", "3", "4"]);
    assert_eq!(rotated_files(&path).unwrap().len(), 4);
}

#[test]
fn files_whose_last_event_is_too_old_go_when_the_trace_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    let day = Duration::from_secs(86_400);
    let aged = |name: &str, days: u32| {
        let file = File::create(folder.path().join(name)).unwrap();
        file.set_modified(SystemTime::now() - day * days).unwrap();
    };
    for (name, days) in [
        ("trace.000000001.jsonl", 40),
        ("trace.000000002.jsonl", 31),
        ("trace.000000003.jsonl", 29),
        ("trace.000000004.jsonl", 1),
        // Neither the file in use nor what this never made.
        ("trace.jsonl", 400),
        ("trace.2025-01-01.jsonl", 400),
        ("other.000000001.jsonl", 400),
    ] {
        aged(name, days);
    }
    let names = || {
        let entries = fs::read_dir(folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<BTreeSet<_>>()
    };
    JsonLines::open(&path).unwrap();
    assert_eq!(names().len(), 7, "who does not rotate deletes nothing, and makes no lock");
    JsonLines::rotating(&path, Rotation::at(TINY).keeping_days(30)).unwrap();
    let left = ["other.000000001.jsonl", "trace.000000003.jsonl", "trace.000000004.jsonl", "trace.2025-01-01.jsonl"];
    let left = left.into_iter().chain(["trace.jsonl", "trace.jsonl.lock"]);
    assert_eq!(names(), left.map(str::to_owned).collect());
    JsonLines::rotating(&path, Rotation::at(TINY).keeping_days(30).keeping_files(1)).unwrap();
    assert_eq!(rotated_files(&path).unwrap().first().unwrap().0, 4);
}
