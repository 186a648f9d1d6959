//! From the directory to the reader: what only LDAP holds is used for one message, and nothing stays.

use crate::servers::Slapd;
use crate::world::{address, certificate, gateway, ldaps, mail, person, root};
use postseal::directory::{Directories, DirectoryId};
use postseal::drive::Lookup;
use postseal::resolve::Context;
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Certificate, PerRoute, UnixTime};
use postseal_adapters::OsRandom;
use postseal_adapters::directory::ldap::LdapDirectory;
use postseal_adapters::store::SqliteStore;
use postseal_testkit::factory::{CertSpec, Key, KeyUse};
use postseal_testkit::{Opener, Recorder};
use std::fs;
use std::sync::Arc;

/// The sealed mail, and what the trace says; the store stays as it is.
pub(crate) fn sealed_for(directory: &LdapDirectory, mailbox: &str) -> (Vec<u8>, String) {
    let id = DirectoryId::new("ldap:staff");
    let anchors = TrustAnchors::from_pem(root().pem().as_bytes(), &Limits::default()).unwrap();
    let engine = postseal_testkit::engine(anchors).with_directories(PerRoute::new(Directories::new().ask(id.clone())));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    // Its own bookkeeping is written when it is closed for the first time.
    drop(SqliteStore::open(&path).unwrap());
    let before = fs::read(&path).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let recorder = Arc::new(Recorder::default());
    let context = Context::new(UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap(), recorder.clone());
    let world = Lookup::new(&store).directory(id, directory);
    let text = b"Subject: hello\r\n\r\nin confidence\r\n";
    let mut sealed =
        engine.encrypt_mail(text, vec![address(mailbox)], Vec::new(), context, &world, &mut OsRandom).unwrap();
    drop(store);
    assert_eq!(fs::read(&path).unwrap(), before, "the store is unchanged");
    let events = format!("{:?}", recorder.events());
    assert!(events.contains("ldap:staff"), "{events}");
    (sealed.messages.remove(0).mail, events)
}

pub(crate) fn is_read_by(key: Key, mail: &[u8]) -> bool {
    let opened = Opener::new(key).open_mail(mail);
    opened.is_some_and(|text| text.windows(13).any(|window| window == b"in confidence"))
}

pub(crate) fn is_told(events: &str, kind: &str, der: &[u8]) -> bool {
    let fingerprint = Certificate::from_der(der, &Limits::default()).unwrap().fingerprint();
    events.contains(kind) && events.contains(&format!("{fingerprint:?}"))
}

#[test]
fn a_mail_is_sealed_for_somebody_whom_only_ldap_knows() {
    let alice = certificate("alice@goal.example", Key::P256(2));
    let sign_only =
        CertSpec { serial: 9, key_use: KeyUse::Sign, ..CertSpec::mailbox("alice@goal.example", Key::P256(3)) };
    let sign_only = root().issue(&sign_only).der().to_vec();
    let entries = person("private", "alice", &[mail("alice@goal.example")], &[&sign_only, &alice]);
    let Some(slapd) = Slapd::start(&entries) else { return };
    let directory = ldaps(&slapd, "localhost").with_bind(gateway("gw-secret")).build().unwrap();
    let (sealed, events) = sealed_for(&directory, "alice@goal.example");
    assert!(is_read_by(Key::P256(2), &sealed) && !is_read_by(Key::P256(3), &sealed));
    for (der, kind) in [(&alice, "LentUsed"), (&alice, "LentDiscarded"), (&sign_only, "LentDiscarded")] {
        assert!(is_told(&events, kind, der), "{kind}: {events}");
    }
}
