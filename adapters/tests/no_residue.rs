//! After resolving and sealing with what directories lent, nothing of it is in the store or the trace.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

use postseal::directory::{Directories, DirectoryId};
use postseal::drive::Lookup;
use postseal::resolve::Context;
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, PerRoute, UnixTime};
use postseal_adapters::OsRandom;
use postseal_adapters::store::SqliteStore;
use postseal_adapters::trace::JsonLines;
use postseal_testkit::factory::{Authority, CertSpec, Key, KeyUse, SignedMail};
use postseal_testkit::{Opener, ScriptedDirectory};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let read = |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap());
    fs::read_dir(folder).unwrap().map(|entry| read(entry.unwrap())).collect()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn the_store_is_unchanged_and_no_trace_line_holds_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (stores, traces) = (folder.path().join("store"), folder.path().join("trace"));
    fs::create_dir_all(&stores).unwrap();
    fs::create_dir_all(&traces).unwrap();
    let root = Authority::root("Root", Key::P256(1));
    let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    let engine = postseal_testkit::engine(TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap())
        .with_directories(PerRoute::new(Directories::new().ask(DirectoryId::new("ldap:staff"))));
    {
        let store = SqliteStore::open(&stores.join("store.db")).unwrap();
        let kept = root.issue(&CertSpec::mailbox("kept@goal.example", Key::P256(2)));
        let mail = SignedMail::new("kept@goal.example", &kept).build();
        engine.import_mail(&mail, postseal::import::Context::new(now), &store, &()).unwrap();
    }
    let before = files(&stores);

    let alice = Address::parse("alice@goal.example").unwrap();
    let used = root.issue(&CertSpec { serial: 7001, ..CertSpec::mailbox(alice.as_str(), Key::P256(3)) }).der().to_vec();
    let rejected = CertSpec { serial: 7002, key_use: KeyUse::Sign, ..CertSpec::mailbox(alice.as_str(), Key::P256(4)) };
    let rejected = root.issue(&rejected).der().to_vec();
    let directory = ScriptedDirectory::new().lends(&alice, used.clone()).lends(&alice, rejected.clone());
    {
        let store = SqliteStore::open(&stores.join("store.db")).unwrap();
        let tracer = Arc::new(JsonLines::open(&traces.join("trace.jsonl")).unwrap());
        let world = Lookup::new(&store).directory(DirectoryId::new("ldap:staff"), &directory);
        let to = vec![alice, Address::parse("kept@goal.example").unwrap()];
        let mail = b"Message-ID: <1@goal.example>\r\nSubject: x\r\n\r\nhello\r\n";
        let context = Context::new(now, tracer);
        let encryption = engine.encrypt_mail(mail, to, Vec::new(), context, &world, &mut OsRandom).unwrap();
        assert!(Opener::new(Key::P256(3)).open_mail(&encryption.messages[0].mail).is_some());
        let shown = format!("{encryption:?}");
        assert!(!shown.contains(&format!("{:?}", &used[4..20]).trim_matches(['[', ']']).to_owned()));
    }
    assert_eq!(files(&stores), before, "byte for byte");

    let trace = fs::read_to_string(traces.join("trace.jsonl")).unwrap();
    for event in ["recipient-found", "lent-used", "lent-discarded", "sealed"] {
        assert!(trace.contains(&format!("\"event\":\"{event}\"")), "{event}: {trace}");
    }
    use base64::Engine as _;
    for der in [&used, &rejected] {
        let base64 = base64::engine::general_purpose::STANDARD.encode(der);
        let hex: String = der.iter().map(|octet| format!("{octet:02x}")).collect();
        for needle in [der[10..26].to_vec(), base64.as_bytes()[16..40].to_vec(), hex.as_bytes()[20..52].to_vec()] {
            assert!(!contains(trace.as_bytes(), &needle));
        }
    }
    for line in trace.lines().filter(|line| line.contains("lent-")) {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let keys: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["address", "at", "event", "fingerprint", "message_id", "route", "source", "tenant"]);
    }
}
