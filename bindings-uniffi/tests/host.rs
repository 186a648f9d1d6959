//! The binding as other languages see it, from Rust: hosts that panic, and hosts that do not block.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

use async_trait::async_trait;
use postseal_testkit::factory::{Authority, CertSpec, Form, Key, SignedMail, extension};
use postseal_uniffi::*;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

const NOW: Option<i64> = Some(1_780_272_000);

struct Pki {
    folder: tempfile::TempDir,
    mail: Vec<u8>,
    bob: Vec<u8>,
}

fn pki() -> Pki {
    let folder = tempfile::tempdir().unwrap();
    let root = Authority::root("Root", Key::P256(1));
    std::fs::write(folder.path().join("anchors.pem"), root.pem()).unwrap();
    let alice = root.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(2)));
    let bob = root.issue(&CertSpec::mailbox("bob@goal.example", Key::P256(3)));
    let mail = SignedMail::new("alice@goal.example", &alice).form(Form::OpaqueBer).build();
    Pki { folder, mail, bob: bob.der().to_vec() }
}

fn engine(pki: &Pki) -> Arc<Engine> {
    let text = "trust = [\"anchors.pem\"]\nimport = true\ndirectories = [\"a\", \"b\"]\n\
        [directory.a]\nkind = \"host\"\ndomains = [\"goal.example\"]\n\
        [directory.b]\nkind = \"host\"\ndomains = [\"other.example\"]\n[encrypt]\nmode = \"if-possible\"\n";
    Engine::from_configuration(text.to_owned(), pki.folder.path().display().to_string()).unwrap()
}

fn import_context() -> ImportContext {
    ImportContext { now: NOW, ..ImportContext::default() }
}

fn encrypt_context() -> EncryptContext {
    EncryptContext { now: NOW, ..EncryptContext::default() }
}

#[derive(Default)]
struct Memory(Mutex<Option<Entry>>);

impl Memory {
    fn entries(&self, addresses: Vec<String>) -> Vec<Entry> {
        let kept = self.0.lock().unwrap();
        let of = |address: String| match &*kept {
            Some(entry) if entry.address == address => entry.clone(),
            _ => Entry { address, version: 0, certs: Vec::new() },
        };
        addresses.into_iter().map(of).collect()
    }

    fn keep(&self, query: PutStored) -> PutOutcome {
        let before = self.entries(vec![query.address]).remove(0);
        *self.0.lock().unwrap() = Some(query.change.apply(before).unwrap());
        PutOutcome::Stored
    }
}

impl CertStore for Memory {
    fn find(&self, query: FindStored) -> Result<Vec<Entry>, HostError> {
        Ok(self.entries(query.addresses))
    }

    fn put(&self, query: PutStored) -> Result<PutOutcome, HostError> {
        Ok(self.keep(query))
    }

    fn entries(&self, _: String) -> Result<Vec<Entry>, HostError> {
        Ok(self.0.lock().unwrap().iter().cloned().collect())
    }
}

#[async_trait]
impl AsyncCertStore for Memory {
    async fn find(&self, query: FindStored) -> Result<Vec<Entry>, HostError> {
        once_pending().await;
        Ok(self.entries(query.addresses))
    }

    async fn put(&self, query: PutStored) -> Result<PutOutcome, HostError> {
        once_pending().await;
        Ok(self.keep(query))
    }
}

/// Lets others go first.
async fn once_pending() {
    let mut polled = false;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
    panic!("it never ends");
}

struct Panics;

impl Tracer for Panics {
    fn event(&self, _: Event) -> Result<(), HostError> {
        panic!("of the host")
    }
}

#[test]
fn a_panic_is_an_error_and_the_engine_goes_on() {
    let pki = pki();
    let engine = engine(&pki).with_store(Arc::new(Memory::default()));
    let code = |result: Result<ImportReport, EngineError>| match result.unwrap_err() {
        EngineError::Failed { failure, .. } => failure.number,
        EngineError::Unsealed { failure, .. } => failure.number,
    };
    let broken = engine.with_tracer(Arc::new(Panics));
    assert_eq!(code(broken.import_mail(pki.mail.clone(), import_context())), 508);
    assert_eq!(code(block_on(broken.import_mail_async(pki.mail.clone(), import_context()))), 508);
    let operation = broken.import_operation(b"\r\nplain".to_vec(), import_context()).unwrap();
    assert!(operation.poll().is_err());
    assert!(operation.poll().is_err(), "the operation is in no state to go on, and says so");
    let report = engine.import_mail(pki.mail, import_context()).unwrap();
    assert_eq!(report.outcome, ImportOutcome::Imported);
}

/// Counts how many it answers at the same time.
struct Busy {
    now: AtomicUsize,
    most: AtomicUsize,
    bob: Vec<u8>,
}

#[async_trait]
impl AsyncDirectory for Busy {
    async fn resolve(&self, query: ResolveDirectory) -> Result<Vec<DirectoryReply>, HostError> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        once_pending().await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        if query.directory == "b" {
            return Err(HostError::Unavailable { reason: "down".to_owned() });
        }
        let lent = LentCertificate {
            der: self.bob.clone().into(),
            issuers: Vec::new(),
            capabilities: None,
            signed_at: None,
            preferred: true,
        };
        Ok(vec![DirectoryReply::Found { certificates: vec![lent] }])
    }
}

#[test]
fn whatever_can_be_asked_at_the_same_time_is() {
    let pki = pki();
    let directory = Arc::new(Busy { now: AtomicUsize::new(0), most: AtomicUsize::new(0), bob: pki.bob.clone() });
    let engine = engine(&pki)
        .with_async_store(Arc::new(Memory::default()))
        .with_async_directory("a".to_owned(), directory.clone())
        .unwrap()
        .with_async_directory("b".to_owned(), directory.clone())
        .unwrap();
    let recipients = vec!["bob@goal.example".to_owned(), "dan@other.example".to_owned()];
    let encryption =
        block_on(engine.encrypt_async(b"Subject: x\r\n\r\nx".to_vec(), recipients, Vec::new(), encrypt_context()))
            .unwrap();
    assert_eq!(directory.most.load(Ordering::SeqCst), 2);
    assert_eq!(encryption.messages[0].addresses, ["bob@goal.example"]);
    assert_eq!(encryption.left_out[0].outcome, RecipientOutcome::Unavailable);
    assert!(!encryption.left_out[0].may_get_plaintext);
}

#[test]
fn a_store_stays_readable_when_limits_are_lowered() {
    let (folder, root) = (tempfile::tempdir().unwrap(), Authority::root("Root", Key::P256(1)));
    std::fs::write(folder.path().join("anchors.pem"), root.pem()).unwrap();
    let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(2));
    spec.overrides.extra_extensions =
        (0..70).map(|number| extension(&format!("2.5.30.{number}"), false, b"")).collect();
    let mail = SignedMail::new("alice@goal.example", &root.issue(&spec)).build();
    let store = Arc::new(Memory::default());
    let engine = |limits: &str| {
        let text = format!("trust = [\"anchors.pem\"]\nimport = true\n{limits}");
        Engine::from_configuration(text, folder.path().display().to_string()).unwrap().with_store(store.clone())
    };
    let (wide, usual) = (engine("[limits]\nextensions = 100\n"), engine(""));
    for outcome in [ImportOutcome::Imported, ImportOutcome::AlreadyKnown] {
        assert_eq!(wide.import_mail(mail.clone(), import_context()).unwrap().outcome, outcome);
    }
    assert_eq!(usual.entries(None).unwrap()[0].certs.len(), 1);
    let encrypt = |engine: &Engine| {
        let recipients = vec!["alice@goal.example".to_owned()];
        engine.encrypt(b"Subject: x\r\n\r\nx".to_vec(), recipients, Vec::new(), encrypt_context())
    };
    assert_eq!(encrypt(&wide).unwrap().messages.len(), 1);
    let EngineError::Unsealed { recipients, .. } = encrypt(&usual).unwrap_err() else { panic!("another error") };
    assert_eq!(recipients[0].rejected[0].error.name, "extensions-too-many");
}

fn unknown<T>(made: Result<T, EngineError>) -> bool {
    matches!(made, Err(EngineError::Failed { failure, .. }) if failure.name == "directory-unknown")
}

#[test]
fn a_directory_that_nobody_asks_is_an_error() {
    let (pki, directory) = (pki(), Arc::new(Nobody));
    let engine = engine(&pki);
    assert!(engine.with_directory("a".to_owned(), directory.clone()).is_ok());
    assert!(unknown(engine.with_directory("aa".to_owned(), directory.clone())));
    assert!(engine.with_async_directory("b".to_owned(), directory.clone()).is_ok());
    assert!(unknown(engine.with_async_directory("bb".to_owned(), directory)));
}

/// A directory without a certificate.
struct Nobody;

impl Directory for Nobody {
    fn resolve(&self, query: ResolveDirectory) -> Result<Vec<DirectoryReply>, HostError> {
        Ok(query.addresses.iter().map(|_| DirectoryReply::NotFound).collect())
    }
}

#[async_trait]
impl AsyncDirectory for Nobody {
    async fn resolve(&self, query: ResolveDirectory) -> Result<Vec<DirectoryReply>, HostError> {
        Directory::resolve(self, query)
    }
}

#[test]
fn nothing_private_is_shown() {
    let pki = pki();
    let store = Arc::new(Memory::default());
    let engine = engine(&pki).with_async_store(store.clone());
    let report = block_on(engine.import_mail_async(pki.mail.clone(), import_context())).unwrap();
    assert_eq!(report.address.as_deref(), Some("alice@goal.example"));
    let entry = store.0.lock().unwrap().clone().unwrap();
    let question = FindStored { tenant: "default".to_owned(), addresses: vec!["alice@goal.example".to_owned()] };
    let lent = DirectoryReply::Found {
        certificates: vec![LentCertificate {
            der: pki.bob.clone().into(),
            issuers: Vec::new(),
            capabilities: None,
            signed_at: None,
            preferred: false,
        }],
    };
    let octets = format!("{}, {}", pki.bob[100], pki.bob[101]);
    for shown in [
        format!("{report:?}"),
        format!("{entry:?}"),
        format!("{question:?}"),
        format!("{lent:?}"),
        format!("{engine:?}"),
    ] {
        assert!(!shown.contains("alice") && !shown.contains(&octets), "{shown}");
    }
    assert_eq!(format!("{lent:?}"), "Found { certificates: [LentCertificate(..)] }");
}
