//! A raw mail to its verdict, with signatures that the fuzzer can make.

use crate::memory::bounded;
use crate::world::{VICTIM, World, world};
use postseal::import::{Context, Outcome};
use postseal::store::{CertStore, Entry, ManagedStore, State, Tenant};
use postseal::verify::Profile;
use postseal_testkit::MemoryStore;

/// In each profile: whatever is stored is for a mailbox of its certificate, which leads to the anchor by signatures that hold; the
/// attacker's key is never stored for the victim; and where she is known, her certificate stays in use. What the engine has learned
/// changes no verdict.
pub fn verdict_stub(bytes: &[u8]) {
    let world = world();
    for profile in [Profile::Default, Profile::Legacy, Profile::Strict] {
        let engine = world.engine().with_profile(profile);
        let run = |store: &MemoryStore| {
            let report = engine.import_mail(bytes, Context::new(crate::now()), store, &()).unwrap();
            let entries = store.entries(&Tenant::default()).unwrap();
            entries.iter().for_each(|entry| judge(world, entry));
            (report, entries)
        };
        let (report, entries) = bounded(bytes.len(), BOUND, || run(&MemoryStore::new()));
        assert_eq!(report.outcome == Outcome::Imported, entries.len() == 1, "{report:?}");
        if report.outcome != Outcome::Imported {
            continue;
        }
        let (again, same) = run(&MemoryStore::new());
        assert_eq!((again, same), (report, entries), "what it learned changed the verdict");
        let known = MemoryStore::new();
        known.restore(&Tenant::default(), std::slice::from_ref(&world.known)).unwrap();
        let (_, entries) = run(&known);
        let alice = entries.iter().find(|entry| entry.address.key() == VICTIM).expect("nobody removes her");
        assert!(alice.certs.iter().any(|(_, state)| matches!(state, State::Active | State::Pinned)));
    }
}

/// As for all that reads, and what the store and its copies keep.
const BOUND: usize = 6;

fn judge(world: &World, entry: &Entry) {
    for (stored, _) in &entry.certs {
        world.judge(&entry.address, &stored.certificate, &stored.issuers);
    }
}
