//! Every transcript is played, and recorded again.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "test code"
)]

use postseal_transcripts::{OperationKind, Order, Scene, Transcript, Turn, files, folder, scenes};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn committed() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            found.push((path.file_stem().unwrap().to_str().unwrap().to_owned(), path));
        }
    }
    found.sort();
    found
}

#[test]
fn every_transcript_is_what_the_engine_says() {
    let mut different = Vec::new();
    let all = committed();
    for (name, path) in &all {
        let transcript = Transcript::read(path).unwrap();
        if let Err(difference) = transcript.play(&folder()) {
            different.push(format!("{name}: {difference}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    println!("{} transcripts played", all.len());
}

#[test]
fn recorded_again_they_are_the_same_octets() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("pki")).unwrap();
    let hint = "run `just transcripts`";
    for (name, octets) in files() {
        fs::write(place.path().join(&name), &octets).unwrap();
        assert!(fs::read(folder().join(&name)).unwrap() == octets, "{name} differs: {hint}");
    }
    let scenes = scenes();
    for scene in &scenes {
        let text = scene.record(place.path()).write();
        let name = format!("{}.toml", scene.name);
        assert!(fs::read_to_string(folder().join(&name)).unwrap() == text, "{name} differs: {hint}");
        assert_eq!(Transcript::parse(&text).unwrap().write(), text, "{name}");
    }
    let recorded: BTreeSet<&str> = scenes.iter().map(|scene| scene.name.as_str()).collect();
    let all = committed();
    let committed: BTreeSet<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(committed, recorded, "nothing records what is only in one of them");
}

/// Who asks several questions at once may have them answered in any order: the same end, and the same events, in some order.
#[test]
fn any_order_of_answers_comes_to_the_same() {
    let ended = |scene: &Scene, order: Order| {
        let transcript = Scene { order, misuse: Vec::new(), ..scene.clone() }.record(&folder());
        let mut events: Vec<String> = transcript.event.iter().map(ToString::to_string).collect();
        events.sort();
        (transcript.outcome, events)
    };
    let mut several = 0;
    // What is answered by the number of a question is about another question in another order.
    for scene in scenes().iter().filter(|scene| scene.world.replies.is_empty() && scene.world.conflicts.is_empty()) {
        let expected = ended(scene, Order::First);
        for order in [Order::AtOnce, Order::Last, Order::Middle] {
            assert_eq!(ended(scene, order), expected, "{} {order:?}", scene.name);
        }
        let turns = Scene { order: Order::First, ..scene.clone() }.record(&folder()).turn;
        several += usize::from(turns.windows(2).any(|pair| matches!(pair, [Turn::Ask(_), Turn::Ask(_)])));
    }
    assert!(several >= 2, "{several} scenes have two questions open at once");
}

/// A player that finds no difference where there is one would show nothing.
#[test]
fn whatever_is_changed_is_found() {
    let mut changes = 0;
    for (name, path) in committed() {
        let good = Transcript::read(&path).unwrap();
        let mut changed = Vec::new();
        for at in 0..good.turn.len() {
            // Waiting is allowed, and not every answer is needed for the end.
            if matches!(good.turn[at], Turn::Ask(_)) {
                let mut bad = good.clone();
                bad.turn.remove(at);
                changed.push((format!("without turn {at}"), bad));
            }
        }
        for key in good.outcome.keys() {
            let mut bad = good.clone();
            bad.outcome.remove(key);
            changed.push((format!("without {key}"), bad));
        }
        for at in 0..good.event.len() {
            let mut bad = good.clone();
            bad.event.remove(at);
            changed.push((format!("without event {at}"), bad));
        }
        let mut bad = good.clone();
        bad.tenant.push('x');
        changed.push(("another tenant".to_owned(), bad));
        changes += changed.len();
        for (what, bad) in changed {
            let is_same = good.event.is_empty() && what == "another tenant";
            assert!(is_same || bad.play(&folder()).is_err(), "{name} {what}");
        }
    }
    println!("{changes} changes found");
}

#[test]
fn both_operations_are_there_and_no_file_is_large() {
    let mut size = 0;
    let mut operations = [0, 0];
    for (name, path) in committed() {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.len() < 60 << 10, "{name} has {} octets", text.len());
        size += text.len();
        operations[usize::from(Transcript::parse(&text).unwrap().operation == OperationKind::Encrypt)] += 1;
    }
    assert!(size < 3 << 20, "{size} octets");
    assert!(operations.iter().all(|count| *count >= 8), "{operations:?}");
    println!("{operations:?} imports and encryptions, {size} octets");
}

#[test]
fn the_flat_form_holds_everything() {
    let script = folder().join("../scripts/flatten-transcripts.py");
    let run =
        |arguments: &[&std::ffi::OsStr]| std::process::Command::new("python3").arg(&script).args(arguments).output();
    let Ok(tested) = run(&["--test".as_ref()]) else {
        println!("SKIPPED: no python3; the flat form of the transcripts was not checked");
        return;
    };
    assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stderr));
    let place = tempfile::tempdir().unwrap();
    assert!(run(&[folder().as_os_str(), place.path().as_os_str()]).unwrap().status.success());
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), committed().len());
    let first = fs::read_to_string(place.path().join("import-first.flat")).unwrap();
    assert!(first.contains("turn.0.ask.question\tfind-stored\n") && first.contains("turn.#\t4\n"), "{first}");
}

#[test]
fn what_is_no_transcript_is_said_with_its_place() {
    let good = fs::read_to_string(folder().join("import-crl.toml")).unwrap();
    for (old, new, says) in [
        ("operation = \"import\"", "operation = \"export\"", "unknown variant `export`"),
        ("tenant = \"default\"\nocsp", "tenants = \"default\"\nocsp", "unknown field `tenants`"),
        ("question = \"fetch-crl\"", "question = \"fetch\"", "unknown variant `fetch`"),
        ("mail = \"\"\"\\\n", "mail = \"\"\"!\\\n", "base64"),
        ("ocsp_nonce = \"01", "ocsp_nonce = \"", "64 hexadecimal digits"),
        ("now = ", "now = x", "line 3"),
    ] {
        let bad = good.replacen(old, new, 1);
        assert_ne!(bad, good, "{old}");
        let error = Transcript::parse(&bad).unwrap_err();
        assert!(error.contains(says), "{old}: {error}");
    }
}
