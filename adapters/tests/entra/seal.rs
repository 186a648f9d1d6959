//! From a mail to its recipient, whose certificate is nowhere but in the tenant.

use crate::microsoft::{Microsoft, base64};
use crate::world::{BOB, contacts, invoke, root};
use postseal::directory::{Directories, DirectoryId};
use postseal::drive::Lookup;
use postseal::query::FindStored;
use postseal::resolve::Context;
use postseal::store::{CertStore as _, Tenant};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Code, Engine, PerRoute, UnixTime};
use postseal_adapters::directory::entra::EntraDirectory;
use postseal_testkit::factory::{CertSpec, Key, KeyUse};
use postseal_testkit::{MemoryStore, Opener, Recorder, SeededRandom};
use serde_json::json as j;
use std::sync::Arc;

const MAIL: &[u8] = b"Subject: hello\r\n\r\nin confidence\r\n";
const ID: &str = "entra:goal";

fn engine() -> Engine {
    let anchors = TrustAnchors::from_pem(root().pem().as_bytes(), &Limits::default()).unwrap();
    postseal_testkit::engine(anchors).with_directories(PerRoute::new(Directories::new().ask(DirectoryId::new(ID))))
}

struct Sealed {
    result: Result<Vec<u8>, Code>,
    events: String,
}

/// Seals to Bob with what this directory lends; the store is empty, and stays so.
fn seal(directory: &EntraDirectory) -> Sealed {
    let (store, recorder) = (MemoryStore::new(), Arc::new(Recorder::default()));
    let bob = Address::parse(BOB).unwrap();
    let kept = || format!("{:?}", store.find(&FindStored::new(Tenant::default(), vec![bob.clone()])).unwrap());
    let before = kept();
    let world = Lookup::new(&store).directory(DirectoryId::new(ID), directory);
    let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    let context = Context::new(now, recorder.clone());
    let random = &mut SeededRandom::new(1);
    let sealed = engine().encrypt_mail(MAIL, vec![bob.clone()], Vec::new(), context, &world, random);
    let result = sealed.map(|mut sealed| sealed.messages.remove(0).mail).map_err(|unsealed| unsealed.error.code());
    assert_eq!(kept(), before);
    Sealed { result, events: format!("{:?}", recorder.events()) }
}

#[test]
fn a_mail_is_sealed_to_whom_only_the_tenant_knows() {
    let person = root().issue(&CertSpec::mailbox(BOB, Key::P256(9)));
    let signing = CertSpec { key_use: KeyUse::Sign, serial: 7, ..CertSpec::mailbox(BOB, Key::P256(8)) };
    let values = j!([base64(root().issue(&signing).der()), base64(person.der())]);
    let fingerprint =
        postseal::Certificate::from_der(person.der(), &Limits::default()).unwrap().fingerprint().to_string();
    for (kind, member, source) in
        [("Get-MailContact", "UserCertificate", invoke()), ("mailbox", "BinaryArray 0x3A70", contacts())]
    {
        let microsoft = Microsoft::start();
        microsoft.add(kind, BOB, member, values.clone());
        let sealed = seal(&microsoft.directory().with_source(source));
        let opened = Opener::new(Key::P256(9)).open_mail(&sealed.result.unwrap()).unwrap();
        assert!(String::from_utf8(opened).unwrap().ends_with("in confidence\r\n"));
        let events = sealed.events.to_lowercase();
        assert!(events.contains(ID) && events.contains(&fingerprint.to_lowercase()), "{events}");
        assert!(events.contains("discard"), "{events}");
        for token in microsoft.state().given() {
            assert!(!sealed.events.contains(&token));
        }
        assert_eq!(microsoft.violations(), Vec::<String>::new());
    }
}

#[test]
fn a_certificate_of_somebody_else_is_not_sealed_to() {
    let microsoft = Microsoft::start();
    let mallory = root().issue(&CertSpec::mailbox("mallory@ext.example", Key::P256(9)));
    microsoft.add("Get-MailContact", BOB, "UserCertificate", j!([base64(mallory.der()), "bm90IGEgY2VydGlmaWNhdGU="]));
    assert!(seal(&microsoft.directory().with_source(invoke())).result.is_err());
}

#[test]
fn a_forbidden_source_defers_and_is_not_one_without_a_certificate() {
    let microsoft = Microsoft::start();
    let directory = microsoft.directory().with_source(invoke());
    let missing = seal(&directory).result.unwrap_err();
    microsoft.state().permissions.clear();
    let forbidden = seal(&directory).result.unwrap_err();
    assert_ne!(missing, forbidden);
    assert_eq!(forbidden, Code::DirectoryUnavailable);
}
