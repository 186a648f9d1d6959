//! Whatever directories say, encryption is to the one valid certificate or to none.

use crate::input::{Input, octets};
use crate::memory::bounded;
use postseal::cert::{Capabilities, TransientCert};
use postseal::directory::{Directories, DirectoryId, DirectoryReply, DirectoryResolver};
use postseal::drive::{self, Lookup};
use postseal::query::{FindStored, PutStored, ResolveDirectory, Unavailable};
use postseal::resolve::{Context, Outcome, RecipientReport};
use postseal::seal::{Mode, Policy};
use postseal::store::{CertStore, Entry, PutOutcome, Tenant};
use postseal::trace::Kind;
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Engine, Fingerprint, PerRoute};
use postseal_testkit::factory::{Authority, AuthoritySpec, CertSpec, Key, KeyUse, Name};
use postseal_testkit::{MemoryStore, Opener, Recorder, SeededRandom};
use std::sync::{Arc, OnceLock};

const KEY: Key = Key::X25519(3);
const NAMES: [&str; 3] = ["first", "second", "third"];
const CONTENT: &[u8] = b"Content-Type: text/plain; charset=us-ascii\r\n\r\nhello\r\n";

/// What one directory does when it is asked.
#[derive(Debug)]
enum Manner {
    Down,
    /// Down for the one address.
    Unavailable,
    NotFound,
    /// Gives no reply, or so many.
    Nonsense(u8),
    Lends(Vec<Loan>),
}

#[derive(Debug)]
struct Loan {
    der: Vec<u8>,
    issuers: Vec<Vec<u8>>,
    capabilities: Option<Vec<u8>>,
    preferred: bool,
}

/// Certificates as the input says: any octets, known ones, known ones with some octets changed. What is found is the planted
/// one; where a directory lends it as it is and whole, it is found; what is sealed for it opens.
pub fn resolve(bytes: &[u8]) {
    world();
    bounded(bytes.len(), BOUND, || look_up(bytes));
}

/// Known certificates are only named in the input.
const BOUND: usize = 4_096;

fn look_up(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let flags = input.octet();
    let count = 1 + usize::from(input.octet()) % NAMES.len();
    let directories: Vec<Manner> = (0..count).map(|_| Manner::read(&mut input)).collect();
    let mut policy = Policy::default();
    policy.all_valid = flags & 1 != 0;
    policy.require_aead = flags & 2 != 0;
    policy.follow_capabilities = flags & 4 == 0;
    policy.mode = Mode::ALL[usize::from(flags >> 3) % Mode::ALL.len()];
    let store_is_down = flags >> 5 == 7;
    let must_be_found = !store_is_down
        && policy.mode != Mode::Never
        && !policy.require_aead
        && directories.iter().any(Manner::lends_what_is_valid);

    let world = world();
    let recorder = Arc::new(Recorder::default());
    let (memory, down) = (MemoryStore::new(), DownStore);
    let mut lookup = Lookup::new(if store_is_down { &down } else { &memory });
    let mut engine_directories = Directories::new();
    for (name, directory) in NAMES.iter().zip(&directories) {
        lookup = lookup.directory(DirectoryId::new(name), directory);
        engine_directories = engine_directories.ask(DirectoryId::new(name));
    }
    let engine = world.engine.clone().with_directories(PerRoute::new(engine_directories));
    let context = Context::new(crate::now(), recorder.clone()).policy(policy);
    let resolve = engine.resolve(vec![world.address.clone()], Vec::new(), context).unwrap();
    let resolution = drive::run(resolve, &lookup, recorder.as_ref(), &|| false).unwrap();
    let reports: Vec<RecipientReport> = resolution.reports().cloned().collect();
    let [report] = reports.as_slice() else { panic!("one recipient, {} reports", reports.len()) };
    check(report, must_be_found);
    let recipients = resolution.complete().ok();
    assert_eq!(recipients.is_some(), report.outcome == Outcome::Found);
    if let Some(recipients) = recipients {
        let sealed = recipients.seal(b"Subject: s\r\n\r\nhello\r\n", &mut SeededRandom::new(1)).unwrap();
        assert_eq!(Opener::new(KEY).open_mail(&sealed[0].mail).as_deref(), Some(CONTENT));
    }
    let events = recorder.events();
    let told = |wanted: fn(&Kind) -> bool| events.iter().filter(|event| wanted(&event.kind)).count();
    assert_eq!(told(|kind| matches!(kind, Kind::LentUsed { .. })), report.found.len());
    assert_eq!(told(|kind| matches!(kind, Kind::LentDiscarded { .. })), report.found.len());
}

fn check(report: &RecipientReport, must_be_found: bool) {
    let world = world();
    let is_found = report.outcome == Outcome::Found;
    assert_eq!(is_found, !report.found.is_empty());
    assert_eq!(is_found, report.error.is_none());
    for found in &report.found {
        assert_eq!(found.fingerprint, world.fingerprint, "another certificate than the planted one");
    }
    assert!(is_found || !must_be_found, "the planted certificate was not found: {report:?}");
}

impl Manner {
    fn read(input: &mut Input<'_>) -> Self {
        match input.octet() {
            0 => Self::Down,
            1 => Self::Unavailable,
            2 => Self::NotFound,
            3 => Self::Nonsense(input.octet()),
            other => Self::Lends((0..(other - 4) % 40).map(|_| Loan::read(input)).collect()),
        }
    }

    /// Whether it lends the planted certificate with its issuer, inside the limits. Worse copies beside it hide it not; but
    /// loans share a budget, of which each is only sure to get what an ordinary path takes, and many issuers are a maze.
    fn lends_what_is_valid(&self) -> bool {
        let (world, limits) = (world(), Limits::default());
        let Self::Lends(loans) = self else { return false };
        let ordinary = |loan: &Loan| loans.len() == 1 || loan.issuers.len() <= 2;
        let valid = |loan: &Loan| loan.der == world.planted && loan.issuers.contains(&world.middle);
        // Of more, only the best are judged.
        loans.len() <= limits.candidates && loans.iter().any(|loan| valid(loan) && ordinary(loan))
    }
}

impl DirectoryResolver for Manner {
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        assert_eq!(query.addresses, [world().address.clone()]);
        Ok(vec![match self {
            Self::Down => return Err(Unavailable::because("down")),
            Self::Unavailable => DirectoryReply::Unavailable(Unavailable::because("down for this address")),
            Self::NotFound => DirectoryReply::NotFound,
            Self::Nonsense(count) => {
                let count = if *count == 1 { 2 } else { *count };
                let planted = || TransientCert::from_der(world().planted.clone());
                let lend = || planted().with_issuers(vec![world().middle.clone()]);
                return Ok((0..count).map(|_| DirectoryReply::Found(vec![lend()])).collect());
            }
            Self::Lends(loans) => DirectoryReply::Found(loans.iter().map(Loan::lend).collect()),
        }])
    }
}

impl Loan {
    fn read(input: &mut Input<'_>) -> Self {
        let flags = input.octet();
        Self {
            der: octets(input, &world().candidates),
            issuers: (0..flags % 8).map(|_| octets(input, &world().issuers)).collect(),
            capabilities: (flags & 64 != 0).then(|| input.sized().to_vec()),
            preferred: flags & 128 != 0,
        }
    }

    fn lend(&self) -> TransientCert {
        let mut lent = TransientCert::from_der(self.der.clone()).with_issuers(self.issuers.clone());
        if let Some(capabilities) = &self.capabilities {
            lent = lent.with_capabilities(Capabilities::new(capabilities.clone(), None));
        }
        if self.preferred { lent.preferred() } else { lent }
    }
}

#[derive(Debug)]
struct DownStore;

impl CertStore for DownStore {
    fn find(&self, _: &FindStored) -> Result<Vec<Entry>, Unavailable> {
        Err(Unavailable::because("down"))
    }

    fn put(&self, _: &PutStored) -> Result<PutOutcome, Unavailable> {
        panic!("resolving writes nothing")
    }

    fn entries(&self, _: &Tenant) -> Result<Vec<Entry>, Unavailable> {
        panic!("resolving lists nothing")
    }
}

struct World {
    engine: Engine,
    address: Address,
    planted: Vec<u8>,
    fingerprint: Fingerprint,
    middle: Vec<u8>,
    /// The planted certificate, and others that must not be used.
    candidates: Vec<Vec<u8>>,
    /// CAs: the one between the anchor and the planted certificate, and others.
    issuers: Vec<Vec<u8>>,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(World::new)
}

impl World {
    fn new() -> Self {
        let root = Authority::root("Root", Key::Ed25519(1));
        let middle = root.authority("Middle", Key::Ed25519(2));
        // Of the names of the true ones, and others' keys.
        let false_root = Authority::root("Root", Key::Ed25519(9));
        let false_middle = false_root.authority("Middle", Key::Ed25519(2));
        let other_middle = root.authority("Middle", Key::Ed25519(8));
        let subordinate = |name: &str, change: &dyn Fn(&mut AuthoritySpec)| {
            let mut spec = AuthoritySpec::new(name, Key::Ed25519(7));
            change(&mut spec);
            root.subordinate(&spec)
        };
        let expired = subordinate("Expired", &|spec| spec.not_after = "2026-02-01T00:00:00Z".to_owned());
        let elsewhere =
            subordinate("Elsewhere", &|spec| spec.permitted = vec![Name::Rfc822(b"other.example".to_vec())]);
        let no_ca = subordinate("No CA", &|spec| spec.is_ca = Some(false));
        let address = Address::parse("alice@goal.example").unwrap();
        let spec = CertSpec::mailbox(address.as_str(), KEY);
        let planted = middle.issue(&spec).der().to_vec();
        let with = |change: &dyn Fn(&mut CertSpec)| {
            let mut changed = CertSpec { serial: 5000, ..spec.clone() };
            change(&mut changed);
            middle.issue(&changed).der().to_vec()
        };
        let candidates = vec![
            planted.clone(),
            with(&|spec| spec.not_after = "2026-03-01T00:00:00Z".to_owned()),
            with(&|spec| spec.not_before = "2026-09-01T00:00:00Z".to_owned()),
            with(&|spec| spec.names = vec![Name::Rfc822(b"bob@goal.example".to_vec())]),
            with(&|spec| spec.names.clear()),
            with(&|spec| spec.key_use = KeyUse::Sign),
            with(&|spec| spec.key = Key::Ed25519(3)),
            with(&|spec| spec.extended_key_usage = vec!["1.3.6.1.5.5.7.3.1".to_owned()]),
            with(&|spec| spec.overrides.broken_signature = true),
            false_root.issue(&spec).der().to_vec(),
            other_middle.issue(&spec).der().to_vec(),
            expired.issue(&spec).der().to_vec(),
            elsewhere.issue(&spec).der().to_vec(),
            no_ca.issue(&spec).der().to_vec(),
            root.der().to_vec(),
        ];
        let others = [&false_middle, &false_root, &expired, &elsewhere, &no_ca, &root];
        let issuers = [&middle].into_iter().chain(others).map(|authority| authority.der().to_vec()).collect();
        let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
        Self {
            engine: Engine::new(anchors),
            address,
            fingerprint: Fingerprint::of(&planted),
            middle: middle.der().to_vec(),
            planted,
            candidates,
            issuers,
        }
    }
}
