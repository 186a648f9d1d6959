//! The transcripts show everything that a host can see.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "test code"
)]

use postseal::Code;
use postseal::seal::{ContentEncryption, Mode, PRESETS};
use postseal::store::State;
use postseal_transcripts::{DirectoryReply, MisuseKind, OperationKind, Question, Reply, Transcript, Turn, folder};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use toml::{Table, Value};

fn transcripts() -> BTreeMap<String, Transcript> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let toml = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    toml.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), Transcript::read(&path).unwrap()))
        .collect()
}

fn not_covered(part: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(folder().join("recorder/not-covered.toml")).unwrap();
    let table: Table = toml::from_str(&text).unwrap();
    let reasons = table[part].as_table().unwrap();
    assert!(reasons.values().all(|reason| reason.as_str().unwrap().ends_with('.')));
    reasons.keys().cloned().collect()
}

/// The texts that `fn name` of this type gives: the list of what there is, in the engine's own words.
fn names(file: &str, of: &str) -> BTreeSet<String> {
    let source = fs::read_to_string(folder().join("../core/src").join(file)).unwrap();
    let (_, body) = source.split_once(&format!("impl {of} {{")).unwrap();
    let (_, body) = body.split_once("fn name(").unwrap();
    let (body, _) = body.split_once("\n    }\n").unwrap();
    let names: BTreeSet<String> =
        body.split("=> \"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
    assert!(names.len() > 1, "{of} in {file}");
    names
}

fn owned<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// All tables of a tree.
fn tables<'a>(value: &'a Table, found: &mut Vec<&'a Table>) {
    fn inside<'a>(value: &'a Value, found: &mut Vec<&'a Table>) {
        match value {
            Value::Table(table) => tables(table, found),
            Value::Array(values) => values.iter().for_each(|value| inside(value, found)),
            _ => {}
        }
    }
    found.push(value);
    value.values().for_each(|value| inside(value, found));
}

fn said(transcript: &Transcript) -> Vec<&Table> {
    let mut found = Vec::new();
    tables(&transcript.outcome, &mut found);
    transcript.event.iter().for_each(|event| tables(event, &mut found));
    found
}

/// The texts that stand anywhere under this key in what the engine says.
fn under(all: &BTreeMap<String, Transcript>, key: &str) -> BTreeSet<String> {
    let tables = all.values().flat_map(said);
    tables.filter_map(|table| table.get(key)?.as_str()).map(str::to_owned).collect()
}

fn codes(transcript: &Transcript) -> BTreeSet<String> {
    let misuse = transcript.turn.iter().filter_map(|turn| match turn {
        Turn::Misuse(misuse) => Some(misuse.code.clone()),
        _ => None,
    });
    said(transcript)
        .into_iter()
        .filter_map(|table| Some(table.get("code")?.as_str()?.to_owned()))
        .chain(misuse)
        .collect()
}

// hardening: F4
#[test]
fn every_code_is_in_a_transcript_or_in_the_list_of_those_that_are_not() {
    let all = transcripts();
    assert!(all.len() >= 60);
    let known = owned(Code::ALL.iter().map(|code| code.name()));
    let covered: BTreeSet<String> = all.values().flat_map(codes).collect();
    let excused = not_covered("codes");
    let missing: Vec<_> = known.iter().filter(|code| !covered.contains(*code) && !excused.contains(*code)).collect();
    assert!(missing.is_empty(), "in no transcript, and no reason why: {missing:?}");
    let both: Vec<_> = covered.intersection(&excused).collect();
    assert!(both.is_empty(), "in a transcript, but said not to be: {both:?}");
    let unknown: Vec<_> = covered.union(&excused).filter(|code| !known.contains(*code)).collect();
    assert!(unknown.is_empty(), "no codes: {unknown:?}");
    println!("{} codes in {} transcripts, {} excused", covered.len(), all.len(), excused.len());
}

#[test]
fn codes_have_their_numbers() {
    for (name, transcript) in transcripts() {
        let misuse = transcript.turn.iter().filter_map(|turn| match turn {
            Turn::Misuse(misuse) => Some((misuse.code.clone(), i64::from(misuse.number))),
            _ => None,
        });
        let tables = said(&transcript).into_iter();
        let pairs = tables
            .filter_map(|table| Some((table.get("code")?.as_str()?.to_owned(), table.get("number")?.as_integer()?)));
        for (code, number) in pairs.chain(misuse) {
            let known = Code::from_number(u16::try_from(number).unwrap()).unwrap();
            assert_eq!(known.name(), code, "{name}");
        }
    }
}

#[test]
fn every_event_is_there() {
    let all = transcripts();
    let covered: BTreeSet<String> = all
        .values()
        .flat_map(|transcript| &transcript.event)
        .map(|event| event["event"].as_str().unwrap().to_owned())
        .collect();
    let excused = not_covered("events");
    assert_eq!(&covered | &excused, names("trace/event.rs", "Kind"));
    assert!(covered.is_disjoint(&excused));
}

#[test]
fn every_outcome_is_there() {
    let all = transcripts();
    let of = |kind| -> BTreeMap<String, Transcript> {
        all.clone().into_iter().filter(|(_, transcript)| transcript.operation == kind).collect()
    };
    let (imports, encryptions) = (of(OperationKind::Import), of(OperationKind::Encrypt));
    assert_eq!(under(&imports, "outcome"), names("import/report.rs", "Outcome"));
    assert_eq!(under(&imports, "signature"), names("import/report.rs", "Verdict"));
    assert_eq!(under(&imports, "path"), names("import/report.rs", "Verdict"));
    assert_eq!(under(&imports, "candidate"), names("import/report.rs", "CandidateKind"));
    assert_eq!(under(&encryptions, "outcome"), names("resolve/report.rs", "Outcome"));
    assert_eq!(
        under(&encryptions, "content_encryption"),
        owned(ContentEncryption::ALL.iter().map(|algorithm| algorithm.name()))
    );
    let faults = owned(["api-misuse", "limit-exceeded", "malformed", "refused", "unavailable", "untrusted"]);
    let misuse = owned(["api-misuse"]);
    assert_eq!(&under(&all, "fault") | &misuse, faults);
    for (key, encryptions) in
        [("is_passed", &encryptions), ("plaintext_allowed", &encryptions), ("hidden", &encryptions)]
    {
        let values: BTreeSet<bool> =
            encryptions.values().flat_map(said).filter_map(|table| table.get(key)?.as_bool()).collect();
        assert_eq!(values.len(), 2, "{key}");
    }
    assert!(encryptions.values().any(|transcript| transcript.outcome.contains_key("error")));
}

#[test]
fn every_mode_is_there() {
    let all = transcripts();
    for mode in Mode::ALL {
        let line = format!("mode = \"{}\"\n", mode.name());
        assert!(all.values().any(|transcript| transcript.configuration.contains(&line)), "{line}");
    }
}

#[test]
fn every_preset_is_there() {
    let all = transcripts();
    let (default, named) = PRESETS.split_first().unwrap();
    assert_eq!(default.name, "default");
    for preset in named {
        let line = format!("preset = \"{}\"\n", preset.name);
        assert!(all.values().any(|transcript| transcript.configuration.contains(&line)), "{line}");
    }
}

#[test]
fn every_question_and_every_answer_is_there() {
    let all = transcripts();
    let turns = || all.values().flat_map(|transcript| &transcript.turn);
    let (mut questions, mut changes, mut answers, mut misuses) = <[BTreeSet<&str>; 4]>::default().into();
    for turn in turns() {
        match turn {
            Turn::Ask(ask) => drop(questions.insert(match &ask.question {
                Question::FindStored { .. } => "find-stored",
                Question::PutStored { change, .. } => {
                    changes.insert(change.as_str());
                    "put-stored"
                }
                Question::ResolveDirectory { .. } => "resolve-directory",
                Question::FetchCrl { .. } => "fetch-crl",
                Question::FetchOcsp { .. } => "fetch-ocsp",
                Question::FetchIssuer { .. } => "fetch-issuer",
            })),
            Turn::Answer(answer) => answers.extend(match &answer.reply {
                Reply::Unavailable(_) => vec!["unavailable"],
                Reply::Entries(_) => vec!["entries"],
                Reply::Stored(_) => vec!["stored"],
                Reply::Conflict(_) => vec!["conflict"],
                Reply::Body(_) => vec!["body"],
                Reply::Replies(replies) => replies
                    .iter()
                    .map(|reply| match reply {
                        DirectoryReply::Found(_) => "found",
                        DirectoryReply::NotFound(_) => "not-found",
                        DirectoryReply::Unavailable(_) => "unavailable-for-one",
                    })
                    .collect(),
            }),
            Turn::Misuse(misuse) => drop(misuses.insert(match misuse.kind {
                MisuseKind::ForeignAnswer => "foreign-answer",
                MisuseKind::PollAfterDone => "poll-after-done",
                MisuseKind::AnswerTwice => "answer-twice",
                MisuseKind::AnswerKind => "answer-kind",
            })),
            Turn::Wait(_) => {}
        }
    }
    assert_eq!(questions.len(), 6, "{questions:?}");
    assert_eq!(
        changes.into_iter().collect::<Vec<_>>(),
        ["activate", "hold", "renew", "update-capabilities", "update-path"]
    );
    assert_eq!(answers.len(), 8, "{answers:?}");
    assert_eq!(misuses.len(), 4, "{misuses:?}");
    assert!(turns().any(|turn| matches!(turn, Turn::Wait(_))));
}

#[test]
fn every_state_and_source_of_a_stored_certificate_is_there() {
    let all = transcripts();
    let answers = all.values().flat_map(|transcript| &transcript.turn).filter_map(|turn| match turn {
        Turn::Answer(answer) => Some(&answer.reply),
        _ => None,
    });
    let entries = answers.flat_map(|reply| match reply {
        Reply::Entries(entries) => entries.iter().collect(),
        Reply::Conflict(entry) => vec![entry],
        _ => Vec::new(),
    });
    let certs: Vec<_> = entries.flat_map(|entry| &entry.certs).collect();
    let states: BTreeSet<&str> = certs.iter().map(|cert| cert.state.as_str()).collect();
    assert_eq!(states, State::ALL.iter().map(|state| state.name()).collect());
    let sources: BTreeSet<&str> = certs.iter().map(|cert| cert.source.as_str()).collect();
    assert_eq!(sources, BTreeSet::from(["operator", "signed-mail"]));
    assert!(
        certs.iter().any(|cert| cert.capabilities.is_some()) && certs.iter().any(|cert| cert.capabilities.is_none())
    );
    assert!(certs.iter().any(|cert| !cert.issuers.is_empty()) && certs.iter().any(|cert| cert.issuers.is_empty()));
}

#[test]
fn what_a_transcript_is_named_after_is_in_it() {
    let known = owned(Code::ALL.iter().map(|code| code.name()));
    for (name, transcript) in transcripts() {
        let Some((kind, rest)) = name.split_once('-') else { panic!("{name}") };
        let outcome = &transcript.outcome;
        let of_outcome = || outcome.get("code").or_else(|| outcome.get("error")?.get("code")).and_then(Value::as_str);
        if known.contains(rest) {
            match kind {
                "refused" | "deferred" | "unsealed" | "error" => assert_eq!(of_outcome(), Some(rest), "{name}"),
                "recipient" | "revocation" => assert!(codes(&transcript).contains(rest), "{name}"),
                _ => {}
            }
        }
        let word = outcome.get("outcome").and_then(Value::as_str);
        match kind {
            "refused" | "deferred" => assert_eq!(word, Some(kind), "{name}"),
            "unsealed" | "error" => assert!(of_outcome().is_some(), "{name}"),
            "encrypt" | "import" | "misuse" | "recipient" | "revocation" => {}
            _ => panic!("{name} begins with a word that has no meaning yet"),
        }
    }
}
