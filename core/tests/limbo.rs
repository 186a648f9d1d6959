//! x509-limbo on name constraints and path building, adapted to e-mail: the same verdict, or a divergence with its reason.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "test code"
)]

use base64::Engine as _;
use postseal::cert::SubjectEmail;
use postseal::verify::{Limits, Profile, TrustAnchors, check_signer, find_path};
use postseal::{Address, Certificate, Code, Error, UnixTime};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn certificate(text: &Value, limits: &Limits) -> Result<Certificate, Error> {
    Certificate::from_der(&base64::engine::general_purpose::STANDARD.decode(text.as_str().unwrap()).unwrap(), limits)
}

fn verdict(case: &Value) -> Result<(), Error> {
    let mut limits = Limits::default();
    if let Some(depth) = case["max_depth"].as_u64() {
        limits.path_depth = usize::try_from(depth).unwrap().saturating_add(1);
    }
    let read = |field: &str| {
        case[field].as_array().unwrap().iter().filter_map(|text| certificate(text, &limits).ok()).collect()
    };
    let anchors = TrustAnchors::new(read("trusted"));
    let pool: Vec<Certificate> = read("intermediates");
    let leaf = certificate(&case["leaf"], &limits)?;
    let now = case["validation_time"].as_str().unwrap_or("2026-06-01T00:00:00Z");
    let now = UnixTime::from_rfc3339(now).unwrap();
    find_path(&leaf, &pool, &anchors, Profile::Default, &limits, now)?;
    check_signer(&leaf, Profile::Default, &limits)?;
    if let Some(address) = case["address"].as_str() {
        let mailboxes = leaf.mailboxes(SubjectEmail::Ignore, &limits)?;
        if !mailboxes.contains(&Address::parse(address)?) {
            return Err(Code::AddressMismatch.into());
        }
    }
    Ok(())
}

#[test]
fn the_verdicts_are_those_of_limbo() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    let cases: Vec<Value> = serde_json::from_slice(&fs::read(vectors.join("limbo-email.json")).unwrap()).unwrap();
    let (mut same, mut diverging, mut wrong) = (0_u32, 0_u32, Vec::new());
    for case in cases {
        let result = verdict(&case);
        let agrees = result.is_ok() == (case["expected"] == "valid");
        match (agrees, case.get("divergence").is_none()) {
            (true, true) => same += 1,
            (false, false) => diverging += 1,
            (true, false) => wrong.push(format!("{}: the divergence no longer applies: {result:?}", case["id"])),
            (false, true) => wrong.push(format!("{}: expected {}, got {result:?}", case["id"], case["expected"])),
        }
    }
    println!("{same} as limbo, {diverging} diverge for a reason");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let excluded: toml::Table = fs::read_to_string(vectors.join("limbo-excluded.toml")).unwrap().parse().unwrap();
    let excluded = excluded["case"].as_array().unwrap();
    assert!(excluded.iter().all(|case| case["reason"].as_str().is_some_and(|reason| reason.len() > 20)));
    assert_eq!(same + diverging + u32::try_from(excluded.len()).unwrap(), 207, "every case is accounted for");
}
