//! The strict profile against what zlint and pkilint find by the S/MIME Baseline Requirements, and the table of
//! `docs/baseline-requirements.md` against both.
//!
//! The certificates are not part of the repository; without `../shared/corpus/mail/certs` the test says SKIPPED and checks
//! nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "test code"
)]

use base64::Engine as _;
use postseal::verify::{
    BASELINE_RULES, Limits, Profile, TrustAnchors, baseline_findings, check_recipient, check_signer, find_path,
};
use postseal::{Certificate, Code, UnixTime};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;

/// Where zlint passes a certificate that breaks the rule: (file, finding, reason).
const STRICTER: &[(&str, &str, &str)] = &[
    (
        "certs/zlint/smime__MailboxAddressFromSAN__WithOtherNameMatched.pem",
        "e_mailbox_address_shall_contain_an_rfc822_name",
        "its SmtpUTF8Mailbox has a local part in ASCII, which RFC 9598 3 does not allow",
    ),
    (
        "certs/zlint/smime__mailbox_validated_common_name_good_email.pem",
        "e_commonname_mailbox_validated",
        "the mailbox of its commonName is in no subjectAltName, where 7.1.4.2.2 a wants it",
    ),
];

fn document() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/baseline-requirements.md")).unwrap()
}

/// The cells of the table under a heading.
fn table(document: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, section) = document.split_once(&format!("## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("|--")).skip(1);
    rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// What stands in backticks in a cell.
fn names(cell: &str) -> BTreeSet<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// By finding: the rules that cover it, or none.
fn coverage(document: &str) -> BTreeMap<String, BTreeSet<String>> {
    let rows = table(document, "Findings of zlint and pkilint");
    let covered = rows.iter().map(|row| {
        let rules = names(&row[1]).into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
        assert!(!rules.is_empty() || row[1].starts_with("no: "), "{row:?} says neither a rule nor why not");
        (row[0].trim_matches('`').to_owned(), rules)
    });
    covered.collect()
}

fn certificate(pem: &str) -> Certificate {
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----").unwrap();
    let compact: String = rest.split_once("-----END").unwrap().0.split_ascii_whitespace().collect();
    let der = base64::engine::general_purpose::STANDARD.decode(compact).unwrap();
    Certificate::from_der(&der, &Limits::default()).unwrap()
}

/// One certificate about which somebody says something.
struct Row {
    file: String,
    /// Findings that make it wrong.
    errors: BTreeSet<String>,
    /// What zlint says it does right.
    passes: BTreeSet<String>,
    /// Findings that do not apply to it, or not yet at its time.
    others: BTreeSet<String>,
    /// Whether every S/MIME rule of the linter was applied.
    whole: bool,
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        value => vec![value.as_str().unwrap().to_owned()],
    }
}

fn rows(index: &str) -> Vec<Row> {
    let rows = index.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).filter_map(|row| {
        let file = row["file"].as_str().unwrap().to_owned();
        let zlint = file.starts_with("certs/zlint/smime");
        let whole = file.starts_with("certs/pkilint/integration_certificate__smime_br");
        let of = |list: &str, kind: &str, says: &str, expected: &[&str]| {
            let entries = row[list].as_array().into_iter().flatten();
            let chosen = entries.filter(|entry| expected.contains(&entry[says].as_str().unwrap_or_default()));
            chosen.flat_map(|entry| texts(&entry[kind])).collect::<BTreeSet<_>>()
        };
        let mut errors = of("zlint", "lint", "expected", &["Error"]);
        errors.extend(of("pkilint", "code", "severity", &["ERROR", "FATAL"]));
        let of_errors = |expected: &[&str]| {
            let lints = of("zlint", "lint", "expected", expected).into_iter();
            lints.filter(|lint| lint.starts_with("e_")).collect::<BTreeSet<_>>()
        };
        let (passes, others) = (of_errors(&["Pass"]), of_errors(&["NA", "NE"]));
        (zlint || whole).then_some(Row { file, errors, passes, others, whole })
    });
    rows.collect()
}

#[test]
fn the_document_has_every_rule() {
    let written = table(&document(), "Rules");
    let rules = BASELINE_RULES
        .iter()
        .map(|rule| [rule.section(), &format!("`{}`", rule.name()), rule.sentence()].map(str::to_owned).to_vec());
    assert_eq!(written, rules.collect::<Vec<_>>());
}

#[test]
fn what_the_linters_find_is_refused_and_what_they_find_right_is_not() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/mail");
    let Ok(index) = fs::read_to_string(folder.join("certs/certs-index.jsonl")) else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: ../shared/corpus/mail/certs is not here; no finding was checked");
        return;
    };
    let limits = Limits::default();
    let coverage = coverage(&document());
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    let (mut refused, mut clean, mut unsupported, mut passes, mut not_covered) = (0, 0, 0, 0, 0);
    for row in rows(&index) {
        let certificate = certificate(&fs::read_to_string(folder.join(&row.file)).unwrap());
        let findings: BTreeSet<_> = baseline_findings(&certificate, &limits).iter().map(|rule| rule.name()).collect();
        let verdicts = [check_signer, check_recipient].map(|check| check(&certificate, Profile::Strict, &limits));
        let is_accepted = verdicts.iter().any(Result::is_ok);
        let is_unsupported =
            verdicts.iter().all(|verdict| matches!(verdict, Err(error) if error.code() == Code::KeyUnsupported));
        let covering = |finding: &String| coverage.get(finding).cloned().unwrap_or_default();
        let expected: BTreeSet<_> = row.errors.iter().flat_map(covering).collect();
        seen.extend(row.errors.iter().chain(&row.passes).chain(&row.others).cloned());
        let mut fault = |text: String| wrong.push(format!("{}: {text}\n    findings {findings:?}", row.file));
        for finding in &row.errors {
            let rules = covering(finding);
            // Without a reserved policy there is no Certificate Type to judge by.
            let untyped = findings.contains("certificate-policies");
            if !rules.is_empty() && !untyped && !rules.iter().any(|rule| findings.contains(rule.as_str())) {
                fault(format!("{finding} is not found by any of {rules:?}"));
            }
        }
        if !expected.is_empty() {
            refused += 1;
            if is_accepted {
                fault("is accepted".to_owned());
            }
        } else if !row.errors.is_empty() {
            not_covered += 1;
        }
        for finding in &row.passes {
            passes += 1;
            let broken: Vec<_> = covering(finding)
                .into_iter()
                .filter(|rule| findings.contains(rule.as_str()) && !expected.contains(rule))
                .collect();
            let known = STRICTER.iter().any(|(file, lint, _)| *file == row.file && lint == finding);
            if broken.is_empty() == known {
                fault(format!("{finding} passes, but {broken:?} are broken; known: {known}"));
            }
        }
        if row.whole {
            let others: Vec<_> = findings.iter().filter(|rule| !expected.contains(**rule)).collect();
            if !others.is_empty() {
                fault(format!("{others:?} are broken for nobody else"));
            }
            match (row.errors.is_empty(), is_accepted, is_unsupported) {
                (false, _, _) => {}
                (true, true, _) => clean += 1,
                // ML-DSA and ML-KEM.
                (true, false, true) => unsupported += 1,
                (true, false, false) => fault(format!("is clean, but {verdicts:?}")),
            }
        }
    }
    println!(
        "{refused} with covered findings refused, {not_covered} with others only; {clean} clean ones accepted, {unsupported} have keys that nobody here computes with; {passes} passes agree"
    );
    let listed: BTreeSet<_> = coverage.keys().cloned().collect();
    assert_eq!(listed.difference(&seen).collect::<Vec<_>>(), Vec::<&String>::new(), "listed, but not in the corpus");
    assert_eq!(seen.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "in the corpus, but not listed");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!((refused, not_covered, clean, unsupported, passes), (71, 1, 21, 2, 45), "every row is accounted for");
}

/// The certificates in a file, DER or PEM.
fn certificates(bytes: &[u8]) -> Vec<Certificate> {
    let limits = Limits::default();
    let text = String::from_utf8_lossy(bytes);
    if !text.contains("-----BEGIN CERTIFICATE-----") {
        return Certificate::from_der(bytes, &limits).into_iter().collect();
    }
    let bodies = text.split("-----BEGIN CERTIFICATE-----").skip(1).map(|rest| rest.split("-----END").next().unwrap());
    let ders = bodies.map(|body| {
        let compact: String = body.split_ascii_whitespace().collect();
        base64::engine::general_purpose::STANDARD.decode(compact).unwrap()
    });
    ders.filter_map(|der| Certificate::from_der(&der, &limits).ok()).collect()
}

/// A rule that real certificates break is read wrongly, or of no use.
#[test]
fn what_public_authorities_have_issued_since_is_accepted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/mail");
    let Ok(files) = fs::read_dir(folder.join("certs/from-mail")) else {
        let _ =
            writeln!(std::io::stderr(), "SKIPPED: ../shared/corpus/mail is not here; no real certificate was checked");
        return;
    };
    let limits = Limits::default();
    let read = |path: &Path| certificates(&fs::read(path).unwrap());
    let mut pool: Vec<_> = files.flat_map(|file| read(&file.unwrap().path())).collect();
    pool.sort_by_key(|certificate| certificate.fingerprint());
    let authorities = read(&folder.join("anchors/intermediates-from-real-mail.pem"));
    let anchors = TrustAnchors::new(read(&folder.join("anchors/mozilla-email-roots-all-time.pem")));
    let effective = UnixTime::from_rfc3339("2023-09-01T00:00:00Z").unwrap();
    let (mut accepted, mut private, mut wrong) = (0, 0, Vec::new());
    for person in pool.iter().filter(|certificate| certificate.not_before() >= effective) {
        let verdict = |profile| {
            find_path(person, &authorities, &anchors, profile, &limits, person.not_before().plus_days(1))?;
            check_signer(person, profile, &limits).or_else(|_| check_recipient(person, profile, &limits))
        };
        match (verdict(Profile::Default), verdict(Profile::Strict)) {
            (Ok(()), Ok(())) => accepted += 1,
            (Ok(()), Err(_)) => wrong.push((person.fingerprint(), baseline_findings(person, &limits))),
            (Err(_), _) => private += 1,
        }
    }
    println!("{accepted} of public authorities accepted, {private} CAs and certificates of private ones");
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(accepted >= 15);
}
