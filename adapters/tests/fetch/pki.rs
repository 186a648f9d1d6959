//! A small PKI whose certificates point somewhere, and the two operations that follow.

use postseal::directory::{Directories, DirectoryId};
use postseal::drive::{self, Keep, Lookup};
use postseal::fetch::Fetcher;
use postseal::revocation::{Mode, Order, RevocationPolicy};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Code, Engine, PerRoute, UnixTime, import, resolve};
use postseal_testkit::factory::{Authority, CertSpec, Form, Key, Person, SignedMail, access_at, crl_at};
use postseal_testkit::{MemoryStore, Recorder, ScriptedDirectory};
use std::sync::Arc;

pub(crate) const ALICE: &str = "alice@goal.example";

pub(crate) fn root() -> Authority {
    Authority::root("Root", Key::P256(1))
}

/// Alice's certificate with this serial number, which names these places.
pub(crate) fn alice(serial: u64, lists: &[&str], responders: &[&str], issuers: &[&str]) -> Person {
    let mut spec = CertSpec::mailbox(ALICE, Key::P256(3));
    spec.serial = serial;
    "2025-01-01T00:00:00Z".clone_into(&mut spec.not_before);
    "2045-01-01T00:00:00Z".clone_into(&mut spec.not_after);
    if !lists.is_empty() {
        spec.overrides.extra_extensions.push(crl_at(lists));
    }
    if !responders.is_empty() || !issuers.is_empty() {
        spec.overrides.extra_extensions.push(access_at(responders, issuers));
    }
    root().issue(&spec)
}

/// Fetches; unknown passes or blocks.
pub(crate) fn policy(mode: Mode, order: Order) -> RevocationPolicy {
    let mut policy = RevocationPolicy::default();
    (policy.mode, policy.order, policy.fetch, policy.fetch_issuers) = (mode, order, true, true);
    policy
}

pub(crate) fn engine(policy: RevocationPolicy) -> Engine {
    let anchors = TrustAnchors::from_pem(root().pem().as_bytes(), &Limits::default()).unwrap();
    postseal_testkit::engine(anchors).with_revocation(PerRoute::new(policy))
}

/// What became of it, why, and every step in between.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) outcome: &'static str,
    pub(crate) code: Option<Code>,
    pub(crate) events: String,
}

/// Imports a mail that this person signed, into an empty store.
pub(crate) fn import(engine: &Engine, person: &Person, fetcher: &dyn Fetcher, now: UnixTime) -> Verdict {
    let mail = SignedMail::new(&format!("Alice <{ALICE}>"), person).form(Form::OpaqueBer).build();
    let (store, recorder) = (MemoryStore::new(), Recorder::default());
    let operation = engine.import(&mail, import::Context::new(now));
    let report = drive::run(operation, &Keep::new(&store).fetching(fetcher), &recorder, &|| false).unwrap();
    let code = report.error.map(|error| error.code());
    Verdict { outcome: report.outcome.name(), code, events: format!("{:?}", recorder.events()) }
}

/// Looks for a certificate to seal with, in a directory that lends this one.
pub(crate) fn resolve(engine: &Engine, lent: &Person, fetcher: &dyn Fetcher, now: UnixTime) -> Verdict {
    let staff = DirectoryId::new("staff");
    let engine = engine.clone().with_directories(PerRoute::new(Directories::new().ask(staff.clone())));
    let address = Address::parse(ALICE).unwrap();
    let directory = ScriptedDirectory::new().lends(&address, lent.der().to_vec());
    let (store, recorder) = (MemoryStore::new(), Arc::new(Recorder::default()));
    let context = resolve::Context::new(now, recorder.clone());
    let operation = engine.resolve(vec![address], Vec::new(), context).unwrap();
    let world = Lookup::new(&store).directory(staff, &directory).fetching(fetcher);
    let resolution = drive::run(operation, &world, &*recorder, &|| false).unwrap();
    let report = resolution.reports().next().unwrap();
    let code = report.error.as_ref().map(postseal::Error::code);
    Verdict { outcome: report.outcome.name(), code, events: format!("{:?}", recorder.events()) }
}
