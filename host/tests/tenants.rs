//! What one tenant does is the same whatever another one does beside it: reports, trace, questions, stored rows, sealed octets.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]

use postseal::directory::{Directories, DirectoryId};
use postseal::drive::{self, Keep, Lookup};
use postseal::query::FindStored;
use postseal::revocation::{Mode, RevocationPolicy};
use postseal::store::{CertStore, Decision, Quotas, Tenant};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Engine, PerRoute, UnixTime, import, resolve};
use postseal_adapters::directory::NotFoundCache;
use postseal_adapters::store::SqliteStore;
use postseal_adapters::trace::to_json;
use postseal_host::Host;
use postseal_testkit::factory::{Authority, CertSpec, CrlSpec, Key, Revoked, SignedMail, crl_at};
use postseal_testkit::{Recorder, ScriptedDirectory, ScriptedFetcher, SeededRandom};
use std::sync::Arc;

const LIST: &str = "http://ca.example/1.crl";
/// The serial of the certificate that the CA took back.
const REVOKED: u64 = 5;

/// One engine, one store, one fetcher and one directory for all tenants.
struct World {
    root: Authority,
    engine: Engine,
    store: Arc<dyn CertStore>,
    fetcher: ScriptedFetcher,
    staff: NotFoundCache<Arc<ScriptedDirectory>>,
    directory: Arc<ScriptedDirectory>,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let root = Authority::root("Root", Key::P256(1));
        let list = root.crl(&CrlSpec::new(vec![Revoked::new(REVOKED)]));
        let mut revocation = RevocationPolicy::default();
        (revocation.mode, revocation.fetch) = (Mode::Soft, true);
        let asked = Directories::new().ask(DirectoryId::new("staff"));
        let engine =
            postseal_testkit::engine(TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap())
                .with_revocation(PerRoute::new(revocation))
                .with_directories(PerRoute::new(asked));
        let folder = tempfile::tempdir().unwrap();
        let quotas = Quotas {
            addresses_per_tenant: Some(6),
            new_addresses_per_domain_and_day: Some(4),
            certificates_per_address: Some(3),
        };
        let store = SqliteStore::open(&folder.path().join("store.db")).unwrap().with_quotas(PerRoute::new(quotas));
        let lent = Address::parse("lent@goal.example").unwrap();
        let person = root.issue(&CertSpec::mailbox("lent@goal.example", Key::P256(40)));
        let directory = Arc::new(ScriptedDirectory::new().lends(&lent, person.der().to_vec()));
        let staff = NotFoundCache::new(Arc::clone(&directory));
        let fetcher = ScriptedFetcher::new().serves(LIST, list);
        Self { root, engine, store: Arc::new(store), fetcher, staff, directory, folder }
    }

    fn mailbox(number: u64) -> String {
        let domain = ["goal.example", "corp.example"][usize::try_from(number % 2).unwrap()];
        format!("p{}@{domain}", number % 9)
    }

    /// One act of a tenant, chosen by a number; gives everything that the tenant can see of it.
    fn act(&self, tenant: &Tenant, number: u64, now: UnixTime) -> String {
        let (recorder, fetched, asked) =
            (Recorder::default(), self.fetcher.asked().len(), self.directory.asked().len());
        let mailbox = Self::mailbox(number / 4);
        let address = Address::parse(&mailbox).unwrap();
        let seen = match number % 4 {
            0 | 1 => {
                let mut spec = CertSpec::mailbox(&mailbox, Key::P256(10 + number % 5));
                (spec.subject, spec.serial) = (format!("Person {}", number % 3), 1 + number % 7);
                spec.not_before = format!("{}-01-01T00:00:00Z", 2023 + number % 3);
                spec.overrides.extra_extensions = vec![crl_at(&[LIST])];
                let mail = SignedMail::new(&mailbox, &self.root.issue(&spec)).build();
                let operation = self.engine.import(&mail, import::Context::new(now).tenant(tenant.clone()));
                let world = Keep::new(&*self.store).fetching(&self.fetcher);
                format!("{:?}", drive::run(operation, &world, &recorder, &|| false).unwrap())
            }
            2 => {
                let world =
                    Lookup::new(&*self.store).directory(DirectoryId::new("staff"), &self.staff).fetching(&self.fetcher);
                let to = [
                    address,
                    Address::parse("lent@goal.example").unwrap(),
                    Address::parse("none@goal.example").unwrap(),
                ];
                let to = to[..1 + usize::try_from(number % 3).unwrap()].to_vec();
                let events = Arc::new(Recorder::default());
                let context = resolve::Context::new(now, events.clone()).tenant(tenant.clone());
                let mut random = SeededRandom::new(number);
                let sealed =
                    self.engine.encrypt_mail(b"Subject: x\r\n\r\nx\r\n", to, vec![], context, &world, &mut random);
                let sealed = match sealed {
                    Ok(encryption) => {
                        encryption.messages.into_iter().map(|message| message.mail).collect::<Vec<_>>().concat()
                    }
                    Err(unsealed) => format!("{unsealed:?}").into_bytes(),
                };
                events.events().iter().for_each(|event| postseal::trace::Tracer::event(&recorder, event));
                String::from_utf8(sealed).unwrap()
            }
            _ => {
                let host = Host::new(self.engine.clone()).with_store(Arc::clone(&self.store));
                let entry = self.store.find(&FindStored::new(tenant.clone(), vec![address])).unwrap().remove(0);
                let decision = Decision::ALL[usize::try_from(number % 6).unwrap()];
                let first = entry.certs.first().map(|(stored, _)| stored.certificate.fingerprint());
                let decided = first.map(|first| host.decide(tenant, &entry, first, decision, "operator", now));
                format!("{decided:?}")
            }
        };
        let events: Vec<String> = recorder.events().iter().map(|event| to_json(event).to_string()).collect();
        let (fetched, asked) = (&self.fetcher.asked()[fetched..], self.directory.asked().len() - asked);
        format!("{number}: {seen}\n{}\nfetched {fetched:?}, asked {asked}\n", events.join("\n"))
    }

    fn rows(&self, tenant: &Tenant) -> String {
        format!("{:?}", self.store.entries(tenant).unwrap())
    }
}

/// Everything that the tenant `b` sees in a while, with or without another one beside it.
fn seen_by_b(seed: u64, is_alone: bool) -> String {
    let world = World::new();
    let (a, b) = (Tenant::new("a"), Tenant::new("b"));
    let number = |of: u64, step: u64| {
        let mixed = (seed * 1_000_003 + of * 101 + step).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed ^ (mixed >> 29)) % 1_000
    };
    let mut seen = String::new();
    for step in 0..60 {
        let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap().plus_days(i64::try_from(step / 15).unwrap());
        if !is_alone {
            for beside in 0..number(3, step) % 4 {
                world.act(&a, number(1, step * 7 + beside), now);
            }
        }
        seen.push_str(&world.act(&b, number(2, step), now));
    }
    assert!(world.folder.path().exists());
    seen + &world.rows(&b)
}

// hardening: P15
#[test]
fn what_a_tenant_sees_does_not_depend_on_another_one() {
    let mut all = String::new();
    for seed in 0..6 {
        let alone = seen_by_b(seed, true);
        assert!(alone == seen_by_b(seed, false), "seed {seed}");
        all.push_str(&alone);
    }
    // The acts reach what could be shared.
    for words in [
        "Imported",
        "Held",
        "Renewed",
        "quota-exceeded",
        "certificate-revoked",
        LIST,
        "asked 1",
        "lent-used",
        "pkcs7-mime",
    ] {
        assert!(all.contains(words), "{words} never happened");
    }
}
