//! NIST PKITS 1.0.1 through the path call, with the initial settings and the revocation lists of each row.
//!
//! The certificates are not part of the repository; without `../shared/corpus/mail` the test says SKIPPED and checks
//! nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "test code"
)]

use postseal::import::Verdict;
use postseal::inspect::Signer;
use postseal::revocation::{self, Crl, Status};
use postseal::verify::{CertPolicyId, Limits, PathInputs, Profile, TrustAnchors, find_path_with};
use postseal::{Certificate, Code, Error, UnixTime};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Rows that are valid for who knows DSA, which no S/MIME agent needs any more (RFC 8551 2.2).
const NEEDS_DSA: &[(&str, &[u8])] = &[("4.1", &[4, 5])];

fn is_in(table: &[(&str, &[u8])], number: &str) -> bool {
    let (section, test) = number.rsplit_once('.').unwrap();
    table.iter().any(|(listed, tests)| *listed == section && tests.contains(&test.parse().unwrap()))
}

fn policy(name: &Value) -> CertPolicyId {
    match name.as_str().unwrap().strip_prefix("NIST-test-policy-") {
        Some(number) => CertPolicyId::from_dotted(&format!("2.16.840.1.101.3.2.1.48.{number}")).unwrap(),
        None => CertPolicyId::any_policy(),
    }
}

fn policies(row: &Value, field: &str) -> Option<BTreeSet<CertPolicyId>> {
    row[field].as_array().map(|names| names.iter().map(policy).collect())
}

fn now() -> UnixTime {
    UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap()
}

fn inputs(row: &Value) -> PathInputs {
    let flag = |field: &str| row[field].as_bool().unwrap_or_default();
    let mut inputs = PathInputs::default();
    inputs.user_initial_policy_set = policies(row, "initial_policy_set");
    inputs.initial_explicit_policy = flag("initial_explicit_policy");
    inputs.initial_policy_mapping_inhibit = flag("initial_policy_mapping_inhibit");
    inputs.initial_any_policy_inhibit = flag("initial_inhibit_any_policy");
    inputs
}

/// The user-constrained-policy-set, or why there is no path.
fn verdict(folder: &Path, row: &Value, inputs: &PathInputs) -> Result<BTreeSet<CertPolicyId>, Error> {
    let (limits, now) = (Limits::default(), now());
    let mut chain = Vec::new();
    for file in row["cert_files"].as_array().unwrap() {
        chain.push(Certificate::from_der(&fs::read(folder.join(file.as_str().unwrap())).unwrap(), &limits)?);
    }
    let leaf = chain.pop().unwrap();
    let anchors = TrustAnchors::new(vec![chain.remove(0)]);
    let path = find_path_with(&leaf, &chain, &anchors, inputs, Profile::Default, &limits, now)?;
    let mut crls = Vec::new();
    for file in row["crl_files"].as_array().unwrap() {
        // A list that cannot be read is as good as none.
        crls.extend(Crl::from_der(&fs::read(folder.join(file.as_str().unwrap())).unwrap(), &limits).ok());
    }
    for (_, status) in revocation::check_path(&path, &crls, &chain, Profile::Default, &limits, now) {
        match status {
            Status::Good => {}
            Status::Revoked { .. } => return Err(Code::CertificateRevoked.into()),
            Status::Unknown(error) => return Err(error),
        }
    }
    Ok(path.user_constrained_policy_set().clone())
}

/// The rows with their folder, when they are here.
fn table() -> Option<(PathBuf, Vec<Value>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/mail/data/pkits");
    let Ok(table) = fs::read(folder.join("pkits-tests.json")) else {
        // Straight to the stream: the test harness hides what a passing test prints.
        let _ = writeln!(std::io::stderr(), "SKIPPED: ../shared/corpus/mail is not here; no PKITS row was checked");
        return None;
    };
    let table: Value = serde_json::from_slice(&table).unwrap();
    Some((folder, table["tests"].as_array().unwrap().clone()))
}

/// The signed mail of a test says what the path call says about its certificates and lists; both with the settings that an
/// import has.
#[test]
fn the_signed_mails_give_the_verdicts_of_the_path_call() {
    let Some((folder, rows)) = table() else { return };
    let limits = Limits::default();
    let root = fs::read(folder.join("certs/TrustAnchorRootCertificate.crt")).unwrap();
    let engine = postseal_testkit::engine(TrustAnchors::new(vec![Certificate::from_der(&root, &limits).unwrap()]));
    let (mut seen, mut valid, mut wrong) = (BTreeSet::new(), 0_u32, Vec::new());
    for row in rows {
        let Some(mail) = row["smime"].as_str() else { continue };
        if !seen.insert(mail.to_owned()) {
            continue;
        }
        let called = verdict(&folder, &row, &PathInputs::default());
        let inspection = engine.inspect(&fs::read(folder.join(mail)).unwrap(), now()).unwrap();
        let signer = &inspection.layers[0].signers[0];
        let Signer { signature, path, revocation, .. } = signer;
        let inspected = *signature == Verdict::Valid && *path == Verdict::Valid && *revocation == Some(Status::Good);
        valid = valid.saturating_add(u32::from(inspected));
        if inspected != called.is_ok() {
            wrong.push(format!("{mail}: {called:?}, but {signer:?}"));
        }
    }
    let files = fs::read_dir(folder.join("smime")).unwrap().count();
    println!("PKITS: {} signed mails, {valid} of them good", seen.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!((seen.len(), valid), (files, 101), "every mail belongs to a row");
}

// hardening: D9
#[test]
fn every_row_agrees() {
    let Some((folder, rows)) = table() else { return };
    let (mut agree, mut dsa, mut wrong) = (0_u32, 0_u32, Vec::new());
    for row in &rows {
        let number = row["test"].as_str().unwrap();
        let result = verdict(&folder, row, &inputs(row));
        // What the set must be is said of invalid rows too, where nobody can ask for it.
        let set = policies(row, "user_constrained_policy_set").filter(|_| result.is_ok());
        let valid = row["expected"] == "valid";
        let counter = match &result {
            Err(error) if is_in(NEEDS_DSA, number) && valid && error.code() == Code::DsaKey => &mut dsa,
            _ if is_in(NEEDS_DSA, number) => {
                wrong.push(format!("{number} {}: is listed, but {result:?}", row["title"]));
                continue;
            }
            Ok(valid_for) if valid && set.is_none_or(|set| set == *valid_for) => &mut agree,
            Err(_) if !valid => &mut agree,
            _ => {
                wrong.push(format!("{number} {}: expected {}, got {result:?}", row["title"], row["expected"]));
                continue;
            }
        };
        *counter = counter.saturating_add(1);
    }
    println!("PKITS: {agree} rows agree, {dsa} need DSA");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!((agree, dsa), (247, 2), "every row is accounted for");
}
