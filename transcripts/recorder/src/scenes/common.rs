//! The people, their CAs and what is stored for them.

use crate::form::{DirectoryReply, OperationKind};
use crate::record::{Scene, loan};
use postseal::query::{FindStored, PutStored};
use postseal::store::{CertStore, Change, Decision, Entry, PutOutcome, Tenant};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Certificate, Engine, Fingerprint, UnixTime, import};
use postseal_testkit::MemoryStore;
use postseal_testkit::factory::{
    Authority, AuthoritySpec, CertSpec, CrlSpec, Form, Key, Person, SignedMail, access_at, crl_at,
};

pub(super) const ALICE: &str = "alice@goal.example";
pub(super) const BOB: &str = "bob@goal.example";
pub(super) const FROM: &str = "Alice <alice@goal.example>";
pub(super) const NOW: &str = "2026-06-01T00:00:00Z";

pub(super) const LIST: &str = "http://ca.example/1.crl";
pub(super) const ROOT_LIST: &str = "http://root.example/1.crl";
pub(super) const RESPONDER: &str = "http://ocsp.ca.example/";

/// Whoever imports, with one root.
pub(super) const IMPORTS: &str = "trust = [\"pki/root.pem\"]\nimport = true\n";

/// Whoever encrypts, with one root and nobody to ask but the store.
pub(super) const ENCRYPTS: &str = "trust = [\"pki/root.pem\"]\n";

/// With a directory that the host brings itself.
pub(super) const STAFF: &str =
    "trust = [\"pki/root.pem\"]\ndirectories = [\"staff\"]\n\n[directory.staff]\nkind = \"host\"\n";

pub(super) const PLAIN: &[u8] = b"From: Eve <eve@goal.example>\r\nTo: alice@goal.example\r\nSubject: hello\r\n\
    Message-ID: <7@goal.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nIn confidence.\r\n";

pub(super) fn at(text: &str) -> UnixTime {
    UnixTime::from_rfc3339(text).expect("a time")
}

pub(super) fn address(text: &str) -> Address {
    Address::parse(text).expect("an address")
}

pub(super) fn root() -> Authority {
    Authority::root("Root", Key::P256(1))
}

/// A CA below the root, in whose certificates it stands where revocation lists and responses are.
pub(super) fn middle() -> Authority {
    let mut spec = AuthoritySpec::new("Mail CA", Key::P256(2));
    spec.serial = 77;
    spec.overrides.extra_extensions = vec![crl_at(&[ROOT_LIST])];
    root().subordinate(&spec)
}

/// A certificate for this mailbox; the number makes key and serial number.
pub(super) fn spec(mailbox: &str, number: u64) -> CertSpec {
    CertSpec { serial: 4096 + number, ..CertSpec::mailbox(mailbox, Key::P256(100 + number)) }
}

pub(super) fn valid(spec: CertSpec, from: &str, until: &str) -> CertSpec {
    CertSpec { not_before: format!("{from}T00:00:00Z"), not_after: format!("{until}T00:00:00Z"), ..spec }
}

pub(super) fn issue(spec: &CertSpec) -> Person {
    root().issue(spec)
}

/// By the CA whose lists and responses can be fetched.
pub(super) fn watched(mailbox: &str, number: u64) -> Person {
    let mut spec = spec(mailbox, number);
    spec.overrides.extra_extensions = vec![crl_at(&[LIST]), access_at(&[RESPONDER], &[])];
    middle().issue(&spec)
}

pub(super) fn good_root_list() -> Vec<u8> {
    root().crl(&CrlSpec::new(Vec::new()))
}

/// A signed mail.
pub(super) fn signed(person: &Person) -> SignedMail {
    SignedMail::new(FROM, person).form(Form::OpaqueBer)
}

pub(super) fn fingerprint(person: &Person) -> Fingerprint {
    Certificate::from_der(person.der(), &Limits::default()).expect("a certificate").fingerprint()
}

pub(super) fn import(name: &str, about: &str, mail: &SignedMail) -> Scene {
    import_octets(name, about, &mail.build())
}

pub(super) fn import_octets(name: &str, about: &str, mail: &[u8]) -> Scene {
    Scene::new(name, OperationKind::Import, about, IMPORTS, mail)
}

pub(super) fn encrypt(name: &str, about: &str, configuration: &str, visible: &[&str]) -> Scene {
    let mut scene = Scene::new(name, OperationKind::Encrypt, about, configuration, PLAIN);
    scene.transcript.visible = visible.iter().map(|text| (*text).to_owned()).collect();
    scene
}

/// Changes of a scene, one after the other.
impl Scene {
    pub(super) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(super) fn configured(self, more: &str) -> Self {
        self.with(|scene| scene.transcript.configuration.push_str(more))
    }

    pub(super) fn under(self, configuration: &str) -> Self {
        self.with(|scene| configuration.clone_into(&mut scene.transcript.configuration))
    }

    pub(super) fn at(self, time: &str) -> Self {
        self.with(|scene| scene.transcript.now = at(time).seconds())
    }

    pub(super) fn stored(self, entries: Vec<Entry>) -> Self {
        self.with(|scene| scene.world.entries = entries)
    }

    pub(super) fn replies(self, number: u32, reply: crate::form::Reply) -> Self {
        self.with(|scene| drop(scene.world.replies.insert(number, reply)))
    }

    pub(super) fn serves(self, url: &str, octets: Vec<u8>) -> Self {
        self.with(|scene| drop(scene.world.bodies.insert(url.to_owned(), octets)))
    }

    pub(super) fn says(self, directory: &str, address: &str, reply: DirectoryReply) -> Self {
        self.with(|scene| drop(scene.world.directories.insert((directory.to_owned(), address.to_owned()), reply)))
    }

    pub(super) fn lends(self, directory: &str, address: &str, ders: &[&[u8]]) -> Self {
        self.says(directory, address, DirectoryReply::Found(ders.iter().map(|der| loan(der)).collect()))
    }
}

/// What is stored for one mailbox after all that.
pub(super) struct Shelf {
    engine: Engine,
    store: MemoryStore,
    address: Address,
}

impl Shelf {
    pub(super) fn of(mailbox: &str) -> Self {
        let anchors = TrustAnchors::from_pem(root().pem().as_bytes(), &Limits::default()).expect("the root");
        Self { engine: Engine::new(anchors), store: MemoryStore::new(), address: address(mailbox) }
    }

    pub(super) fn entry(&self) -> Entry {
        let query = FindStored::new(Tenant::default(), vec![self.address.clone()]);
        self.store.find(&query).expect("a store in memory").remove(0)
    }

    fn put(self, change: Change) -> Self {
        let entry = self.entry();
        let query = PutStored::new(Tenant::default(), entry.address, entry.version, change);
        assert_eq!(self.store.put(&query).expect("a store in memory"), PutOutcome::Stored);
        self
    }

    /// From a mail, at that time.
    pub(super) fn imports(self, mail: &SignedMail, time: &str) -> Self {
        let report = self.engine.import_mail(&mail.build(), import::Context::new(at(time)), &self.store, &());
        let report = report.expect("no misuse");
        assert!(matches!(report.outcome.name(), "imported" | "renewed" | "held"), "{report:?}");
        self
    }

    /// By an operator, at that time.
    pub(super) fn adds(self, person: &Person, time: &str) -> Self {
        let certificate = Certificate::from_der(person.der(), &Limits::default()).expect("a certificate");
        let change = self.engine.add_certificate(&Tenant::default(), &self.entry(), &certificate, &[], at(time));
        self.put(change.expect("it passes").expect("it is new"))
    }

    pub(super) fn decides(self, person: &Person, decision: Decision) -> Self {
        self.put(Change::Decide { fingerprint: fingerprint(person), decision })
    }
}
