//! Odd and good certificates of others: what OpenSSL reads is read, with the same validity, or the reason is here.
//!
//! They are not part of the repository; without `../shared/corpus/mail/certs` the test says SKIPPED and checks nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "test code"
)]

use base64::Engine as _;
use postseal::cert::SubjectEmail;
use postseal::verify::Limits;
use postseal::{Certificate, Code};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

/// Why certificates that OpenSSL reads are refused, by code: (code, most of them, reason).
const REFUSED: &[(Code, usize, &str)] = &[
    (Code::CertificateMalformed, 5, "a version above 3, which X.509 does not have (RFC 5280 4.1.2.1)"),
    (Code::ExtensionRepeated, 3, "the same extension twice (RFC 5280 4.2): which of the two counts, nobody can say"),
];

/// Times that the index gives otherwise: it does not apply the offset of a UTCTime (OpenSSL and postseal do), and writes
/// the year 1 with one digit.
const TIMES_OF_THE_INDEX: [&str; 2] =
    ["certs/zlint/generalizedNoSeconds.pem", "certs/zlint/dNSNameWithUnderscores.pem"];

fn der(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    match text.split_once("-----BEGIN CERTIFICATE-----").and_then(|(_, rest)| rest.split_once("-----END")) {
        Some((body, _)) => {
            let compact: String = body.split_ascii_whitespace().collect();
            base64::engine::general_purpose::STANDARD.decode(compact).unwrap()
        }
        None => bytes.to_vec(),
    }
}

#[test]
fn what_openssl_reads_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/mail");
    let Ok(index) = fs::read_to_string(folder.join("certs/certs-index.jsonl")) else {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: ../shared/corpus/mail/certs is not here; no odd certificate was checked"
        );
        return;
    };
    let limits = Limits::default();
    let (mut read, mut refused, mut wrong) = (0, BTreeMap::<Code, Vec<String>>::new(), Vec::new());
    for row in index.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let Ok(bytes) = fs::read(folder.join(row["file"].as_str().unwrap())) else { continue };
        if row["type"] != "cert" || row["openssl_3.0_parses"] != true {
            continue;
        }
        match Certificate::from_der(&der(&bytes), &limits) {
            Ok(certificate) => {
                read += 1;
                for (field, time) in [("not_before", certificate.not_before()), ("not_after", certificate.not_after())]
                {
                    let known = TIMES_OF_THE_INDEX.iter().any(|file| row["file"] == *file);
                    if !known && row[field].as_str().is_some_and(|expected| expected != time.to_string()) {
                        wrong.push(format!("{} {field}: {time} instead of {}", row["file"], row[field]));
                    }
                }
                // Whatever the names are, reading them ends in a result.
                let _ = certificate.mailboxes(SubjectEmail::WhenNoMailboxInSan, &limits);
            }
            Err(error) => refused.entry(error.code()).or_default().push(row["file"].to_string()),
        }
    }
    println!("{read} read, {} refused", refused.values().map(Vec::len).sum::<usize>());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (code, files) in &refused {
        let explained = REFUSED.iter().find(|(expected, _, _)| expected == code).map_or(0, |(_, most, _)| *most);
        assert!(
            files.len() == explained,
            "{code}: {} refused, {explained} explained:\n{}",
            files.len(),
            files.join("\n")
        );
    }
    assert!(read > 1_200);
}
