//! Signatures without arithmetic, so that the fuzzer gets past them.
//!
//! Who owns which key decides. An *honest* key is that of a CA that everybody trusts, or of somebody who is not the attacker: it has
//! signed what it really signed when the world was made, and nothing else, whatever octets stand for the signature. Every other key
//! is the attacker's, those that the fuzzer invents included: with those he signs what he likes, so that every signature holds.
//!
//! Contents are digested the same way. One that an honest person signed has its true digest; every other one has [`ANY`], which
//! the attacker can write into his attributes without computing anything. So honest signatures stay bound to their contents, and
//! contents of the attacker can be changed freely.
//!
//! Fingerprints and everything else are true: the engine computes them by itself.

use postseal::crypto::{
    CryptoBackend, DigestAlgorithm, Hasher, PureRust, SignatureAlgorithm, SignatureKey, Uses, VerifyingKey,
};
use postseal::{Code, Error};
use postseal_testkit::factory::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// Each octet of the digest of a content that no honest person signed.
pub(crate) const ANY: u8 = 0x5a;

/// A key, the same for each way to write it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyId(Vec<u8>);

impl KeyId {
    pub(crate) fn of(key: &SignatureKey<'_>) -> Self {
        let id = match key {
            SignatureKey::Rsa(key) => [key.modulus, key.exponent].concat(),
            // Compressed or not: the parity of y, and x.
            SignatureKey::Ec { point: [first @ (2 | 3), x @ ..], .. } => [&[first & 1][..], x].concat(),
            SignatureKey::Ec { point: [_, rest @ ..], .. } => {
                let (x, y) = rest.split_at(rest.len() / 2);
                [&[y.last().copied().unwrap_or_default() & 1][..], x].concat()
            }
            SignatureKey::Ed25519(key) => key.to_vec(),
            other => panic!("a key of a kind that the stub does not know: {other:?}"),
        };
        Self(id)
    }

    /// That of a SubjectPublicKeyInfo of the test kit.
    pub(crate) fn of_info(info: &[u8]) -> Self {
        if info.len() == 44 {
            return Self(info[12..].to_vec());
        }
        let point = &info[info.len() - 65..];
        Self([&[point[64] & 1][..], &point[1..33]].concat())
    }
}

fn digest(octets: &[u8]) -> [u8; 32] {
    Digest::Sha256.of(octets).try_into().unwrap_or_default()
}

/// What honest people signed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Honest {
    signed: BTreeMap<KeyId, BTreeSet<[u8; 32]>>,
    contents: BTreeSet<Vec<u8>>,
}

impl Honest {
    pub(crate) fn sign(&mut self, key: KeyId, message: &[u8]) {
        self.signed.entry(key).or_default().insert(digest(message));
    }

    /// Whether a signature with this key over this message holds.
    pub(crate) fn holds(&self, key: &KeyId, message: &[u8]) -> bool {
        self.signed.get(key).is_none_or(|signed| signed.contains(&digest(message)))
    }

    pub(crate) fn owns(&self, key: &KeyId) -> bool {
        self.signed.contains_key(key)
    }
}

/// The backend.
#[derive(Debug)]
pub(crate) struct Stub(pub(crate) Arc<Honest>);

#[derive(Debug)]
struct StubKey(KeyId, Arc<Honest>);

impl CryptoBackend for Stub {
    fn name(&self) -> &'static str {
        "stub"
    }

    fn verifying_key(&self, key: SignatureKey<'_>, _: Uses) -> Result<Arc<dyn VerifyingKey>, Error> {
        Ok(Arc::new(StubKey(KeyId::of(&key), Arc::clone(&self.0))))
    }

    fn hasher(&self, digest: DigestAlgorithm) -> Box<dyn Hasher> {
        Box::new(StubHasher(PureRust.hasher(digest), Arc::clone(&self.0)))
    }
}

impl VerifyingKey for StubKey {
    fn verify(&self, _: &SignatureAlgorithm, message: &[&[u8]], _: &[u8]) -> Result<(), Error> {
        if self.1.holds(&self.0, &message.concat()) { Ok(()) } else { Err(Code::SignatureInvalid.into()) }
    }
}

struct StubHasher(Box<dyn Hasher>, Arc<Honest>);

impl Hasher for StubHasher {
    fn update(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    fn finish(self: Box<Self>) -> Vec<u8> {
        let true_one = self.0.finish();
        if self.1.contents.contains(&true_one) { true_one } else { vec![ANY; true_one.len()] }
    }
}

/// True arithmetic that writes down whose signature held over what, to make the world of honest mails.
#[derive(Debug, Default)]
pub(crate) struct Recording(Arc<Mutex<Honest>>);

#[derive(Debug)]
struct RecordingKey(KeyId, Arc<dyn VerifyingKey>, Arc<Mutex<Honest>>);

struct RecordingHasher(Box<dyn Hasher>, Arc<Mutex<Honest>>);

impl Recording {
    pub(crate) fn of(honest: Honest) -> Self {
        Self(Arc::new(Mutex::new(honest)))
    }

    pub(crate) fn honest(&self) -> Honest {
        self.0.lock().unwrap().clone()
    }
}

impl CryptoBackend for Recording {
    fn name(&self) -> &'static str {
        "recording"
    }

    fn verifying_key(&self, key: SignatureKey<'_>, uses: Uses) -> Result<Arc<dyn VerifyingKey>, Error> {
        Ok(Arc::new(RecordingKey(KeyId::of(&key), PureRust.verifying_key(key, uses)?, Arc::clone(&self.0))))
    }

    fn hasher(&self, digest: DigestAlgorithm) -> Box<dyn Hasher> {
        Box::new(RecordingHasher(PureRust.hasher(digest), Arc::clone(&self.0)))
    }
}

impl VerifyingKey for RecordingKey {
    fn verify(&self, algorithm: &SignatureAlgorithm, message: &[&[u8]], signature: &[u8]) -> Result<(), Error> {
        self.1.verify(algorithm, message, signature)?;
        self.2.lock().unwrap().sign(self.0.clone(), &message.concat());
        Ok(())
    }
}

impl Hasher for RecordingHasher {
    fn update(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    fn finish(self: Box<Self>) -> Vec<u8> {
        let digest = self.0.finish();
        self.1.lock().unwrap().contents.insert(digest.clone());
        digest
    }
}
