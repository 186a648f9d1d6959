//! Real and published mail: the verdicts of its index, or an exception with a reason.
//!
//! The mail belongs to other people and is not part of the repository; without `../shared/corpus/mail` the tests say
//! SKIPPED and check nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "test code"
)]

use base64::Engine as _;
use postseal::import::{Context, Outcome, Verdict};
use postseal::inspect::Layer;
use postseal::verify::{Limits, Profile, TrustAnchors};
use postseal::{Code, Engine, UnixTime};
use postseal_testkit::MemoryStore;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/mail");
    if folder.join("cases.jsonl").exists() {
        return Some(folder);
    }
    // Straight to the stream: the test harness hides what a passing test prints.
    let _ = writeln!(std::io::stderr(), "SKIPPED: ../shared/corpus/mail is not here; no real mail was checked");
    None
}

fn rows(folder: &Path) -> Vec<Value> {
    let index = fs::read_to_string(folder.join("cases.jsonl")).unwrap();
    index.lines().map(|row| serde_json::from_str(row).unwrap()).collect()
}

struct World {
    folder: PathBuf,
    anchors: BTreeMap<String, TrustAnchors>,
}

impl World {
    fn engine(&mut self, row: &Value) -> Engine {
        let mut limits = Limits::default();
        limits.certificates = 64;
        let Some(file) = row["trust_anchors"].as_str() else {
            return postseal_testkit::engine(TrustAnchors::default()).with_limits(limits);
        };
        let read = || TrustAnchors::from_pem(&fs::read(self.folder.join(file)).unwrap(), &limits).unwrap();
        let anchors = self.anchors.entry(file.to_owned()).or_insert_with(read).clone();
        postseal_testkit::engine(anchors).with_limits(limits)
    }
}

fn time(row: &Value) -> UnixTime {
    row["verification_time"].as_str().and_then(UnixTime::from_rfc3339).unwrap_or_default()
}

/// The layer that the row's verdicts are about.
fn layer(engine: &Engine, row: &Value, bytes: &[u8]) -> Option<Layer> {
    match row["container"].as_str().unwrap() {
        "mail" => {
            let wanted = row["nested_smime"].as_str().unwrap_or("/");
            let layers = engine.inspect(bytes, time(row)).ok()?.layers;
            layers.into_iter().find(|layer| layer.path == wanted)
        }
        "cms-pem" => {
            let text = String::from_utf8_lossy(bytes);
            let body: String = text.lines().filter(|line| !line.starts_with("-----") && !line.contains(':')).collect();
            let der = base64::engine::general_purpose::STANDARD.decode(body.trim()).ok()?;
            Some(engine.inspect_cms(&der, None, time(row)))
        }
        _ => Some(engine.inspect_cms(bytes, None, time(row))),
    }
}

fn exceptions() -> BTreeMap<(String, String), String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/exceptions.toml");
    let table: toml::Table = fs::read_to_string(file).unwrap().parse().unwrap();
    let rows = table.get("real_mail").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let text = |row: &toml::Value, field: &str| row[field].as_str().unwrap().to_owned();
    rows.iter().map(|row| ((text(row, "id"), text(row, "field")), text(row, "reason"))).collect()
}

/// All signers together.
fn verdict(layer: &Layer, of: impl Fn(&postseal::inspect::Signer) -> Verdict) -> &'static str {
    if layer.signers.is_empty() || layer.signers.iter().any(|signer| of(signer) == Verdict::Invalid) {
        "invalid"
    } else if layer.signers.iter().any(|signer| of(signer) == Verdict::NotChecked) {
        "not-checked"
    } else {
        "valid"
    }
}

// hardening: D15
#[test]
fn inspect_agrees_with_every_scored_verdict() {
    let Some(folder) = folder() else { return };
    let exceptions = exceptions();
    let mut unused: BTreeSet<_> =
        exceptions.keys().filter(|(_, field)| !field.starts_with("import")).cloned().collect();
    let mut world = World { folder: folder.clone(), anchors: BTreeMap::new() };
    let mut differences = Vec::new();
    let (mut signatures, mut paths, mut fingerprints) = (0, 0, 0);
    for row in rows(&folder) {
        let id = row["id"].as_str().unwrap().to_owned();
        let expected = row["expected_signature"].as_str().unwrap();
        if !matches!(expected, "valid" | "invalid") {
            continue;
        }
        let bytes = fs::read(folder.join(row["file"].as_str().unwrap())).unwrap();
        let found = layer(&world.engine(&row), &row, &bytes);
        let mut differ = |field: &str, detail: String| {
            if exceptions.contains_key(&(id.clone(), field.to_owned())) {
                unused.remove(&(id.clone(), field.to_owned()));
            } else {
                differences.push(format!("{id} {field}: {detail}"));
            }
        };
        let Some(layer) = found else {
            differ("signature", "no such layer".to_owned());
            continue;
        };
        signatures += 1;
        let signature = verdict(&layer, |signer| signer.signature);
        if signature != expected {
            let errors: Vec<_> = layer.signers.iter().map(|signer| signer.error).collect();
            differ("signature", format!("{signature} instead of {expected}: {:?} {errors:?}", layer.error));
        }
        let expected_signers: Vec<_> =
            row["signer_sha256"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let signers: Vec<_> =
            layer.signers.iter().filter_map(|signer| signer.fingerprint).map(|f| f.to_string()).collect();
        fingerprints += 1;
        if signers != expected_signers {
            differ("signer", format!("{signers:?} instead of {expected_signers:?}"));
        }
        let expected = row["expected_path"].as_str().unwrap();
        if row["set"] != "pkits" && matches!(expected, "valid" | "invalid") {
            paths += 1;
            let path = verdict(&layer, |signer| signer.path);
            if path != expected {
                let errors: Vec<_> = layer.signers.iter().map(|signer| signer.path_error.map(|e| e.code())).collect();
                differ("path", format!("{path} instead of {expected}: {errors:?}"));
            }
        }
    }
    println!(
        "{signatures} signatures, {fingerprints} signers, {paths} paths compared; {} exceptions",
        exceptions.len()
    );
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
    assert!(unused.is_empty(), "exceptions that no longer apply: {unused:?}");
}

// hardening: D15
#[test]
fn list_mail_that_is_good_is_imported() {
    let Some(folder) = folder() else { return };
    let mut world = World { folder: folder.clone(), anchors: BTreeMap::new() };
    let exceptions = exceptions();
    let (mut imported, mut sha1_paths, mut missed, mut wrong) = (0, Vec::new(), Vec::new(), Vec::new());
    for row in rows(&folder).iter().filter(|row| row["set"] == "lists") {
        let is = |field: &str, value: &str| row[field] == value;
        let good = is("expected_signature", "valid")
            && is("expected_path", "valid")
            && is("expected_email_match", "match")
            && row["nested_smime"].is_null()
            && row["expected_whole_message_signed"] != false;
        let bytes = fs::read(folder.join(row["file"].as_str().unwrap())).unwrap();
        let engine = world.engine(row).with_profile(Profile::Legacy);
        let report = engine.import_mail(&bytes, Context::new(time(row)), &MemoryStore::new(), &()).unwrap();
        let line = format!("{} {:?} {:?}", row["id"], report.outcome, report.error.map(|error| error.code()));
        match (good, report.outcome) {
            (true, Outcome::Imported) => imported += 1,
            (true, _) if report.error.is_some_and(|error| error.code() == Code::WeakDigest) => sha1_paths.push(line),
            (true, outcome) => {
                let id = row["id"].as_str().unwrap().to_owned();
                if !exceptions.contains_key(&(id, format!("import: {}", outcome.name()))) {
                    missed.push(line);
                }
            }
            (false, Outcome::Imported) => wrong.push(line),
            (false, _) => {}
        }
    }
    println!("{imported} imported, {} need SHA-1 inside a certificate", sha1_paths.len());
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let excepted = exceptions.keys().filter(|(_, field)| field.starts_with("import")).count();
    let counts = (imported, sha1_paths.len(), excepted);
    assert_eq!(counts, (95, 1, 1), "an exception no longer applies, or the index has changed: {sha1_paths:?}");
}
