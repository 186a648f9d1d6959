use crate::engine::{Crypto, engine};
use crate::now;
use postseal::directory::{Directories, DirectoryId};
use postseal::drive::{self, Lookup};
use postseal::resolve::Context;
use postseal::seal::{ContentEncryption, KeyTransportRule, Policy, Recipients};
use postseal::verify::TrustAnchors;
use postseal::{Address, Engine, PerRoute};
use postseal_testkit::{Loan, MemoryStore, ScriptedDirectory};
use std::sync::Arc;

/// One content encryption and one key transport for everybody.
pub fn policy(content: ContentEncryption, key_transport: KeyTransportRule) -> Policy {
    let mut policy = Policy::default();
    policy.allowed = vec![content];
    policy.assumed = vec![content];
    policy.key_transport = key_transport;
    policy
}

/// Recipients whose certificates a directory lends, with the CAs between them and the anchor.
#[derive(Debug)]
pub struct SealTo {
    engine: Engine,
    directory: ScriptedDirectory,
    addresses: Vec<Address>,
}

impl SealTo {
    /// CAs issued certificates in turn: with each one its own is lent.
    pub fn new(crypto: Crypto, anchors: TrustAnchors, issuers: &[Vec<u8>], lent: Vec<(Address, Vec<u8>)>) -> Self {
        let engine =
            engine(crypto, anchors).with_directories(PerRoute::new(Directories::new().ask(DirectoryId::new("d"))));
        let (mut directory, mut addresses) = (ScriptedDirectory::new(), Vec::new());
        for ((address, der), issuer) in lent.into_iter().zip(issuers.iter().cycle()) {
            directory = directory.lends_with(&address, Loan { issuers: vec![issuer.clone()], ..Loan::of(der) });
            addresses.push(address);
        }
        Self { engine, directory, addresses }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.addresses.len()
    }

    /// The first so many, found and checked: what sealing starts from, and consumes.
    pub fn resolve(&self, count: usize, policy: Policy) -> Recipients {
        let context = Context::new(now(), Arc::new(())).policy(policy);
        let resolve = self.engine.resolve(self.addresses[..count].to_vec(), Vec::new(), context).unwrap();
        let store = MemoryStore::new();
        let lookup = Lookup::new(&store).directory(DirectoryId::new("d"), &self.directory);
        drive::run(resolve, &lookup, &(), &|| false).unwrap().complete().unwrap()
    }
}
