//! Signatures of CA certificates that were seen to hold. Many senders have the same few CAs above them.

use crate::cert::{Certificate, Fingerprint};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Which CA certificates were signed with which keys. That a signature holds is arithmetic: it stays true for every tenant and
/// every anchor, and says nothing of whether anybody is trusted. Only what stood on a path to an anchor is kept, so that
/// nobody else can fill it. Shared by all clones of an engine.
#[derive(Clone, Debug, Default)]
pub(crate) struct SignatureCache(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    known: BTreeSet<Fingerprint>,
    /// The oldest first, to be forgotten first.
    order: VecDeque<Fingerprint>,
}

/// What a search may do with the cache.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Memory<'a> {
    /// Nothing is known, and nothing is kept.
    Off,
    /// For certificates of a directory: nothing that comes from it is kept.
    Read(&'a SignatureCache),
    Learn(&'a SignatureCache),
}

impl<'a> Memory<'a> {
    pub(crate) const fn without_learning(self) -> Self {
        match self {
            Self::Learn(cache) => Self::Read(cache),
            other => other,
        }
    }

    pub(super) fn knows(self, subject: &Certificate, issuer: &Certificate) -> bool {
        match self {
            Self::Off => false,
            Self::Read(cache) | Self::Learn(cache) => cache.with(|held| held.known.contains(&pair(subject, issuer))),
        }
    }

    pub(super) fn learn(self, subject: &Certificate, issuer: &Certificate, limit: usize) {
        let Self::Learn(cache) = self else { return };
        let pair = pair(subject, issuer);
        cache.with(|held| {
            if limit == 0 || !held.known.insert(pair) {
                return;
            }
            held.order.push_back(pair);
            while held.order.len() > limit {
                if let Some(oldest) = held.order.pop_front() {
                    held.known.remove(&oldest);
                }
            }
        });
    }
}

impl SignatureCache {
    /// What is held is whole at every moment that counts: a forgotten pair costs one signature check.
    fn with<T>(&self, look: impl FnOnce(&mut Held) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The whole certificate, its signature included, and the whole key.
fn pair(subject: &Certificate, issuer: &Certificate) -> Fingerprint {
    let key = Fingerprint::of(issuer.public_key_info());
    Fingerprint::of(&[*subject.fingerprint().as_bytes(), *key.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Limits;
    use postseal_testkit::factory::{Authority, AuthoritySpec, Key};

    fn chain() -> [Certificate; 3] {
        let root = Authority::root("Root", Key::P256(1));
        let one = root.subordinate(&AuthoritySpec::new("One", Key::P256(2)));
        let two = root.subordinate(&AuthoritySpec::new("Two", Key::P256(3)));
        [root, one, two].map(|ca| Certificate::from_der(ca.der(), &Limits::default()).unwrap())
    }

    #[test]
    fn a_pair_is_known_after_it_was_learned_and_no_other_is() {
        let ([root, one, two], cache) = (chain(), SignatureCache::default());
        Memory::Read(&cache).learn(&one, &root, 9);
        Memory::Off.learn(&one, &root, 9);
        assert!(!Memory::Learn(&cache).knows(&one, &root));
        Memory::Learn(&cache).learn(&one, &root, 9);
        assert!(Memory::Read(&cache).knows(&one, &root) && !Memory::Off.knows(&one, &root));
        assert!(!Memory::Read(&cache).knows(&two, &root) && !Memory::Read(&cache).knows(&one, &two));
        assert!(!Memory::Read(&cache).knows(&root, &one));
    }

    #[test]
    fn the_oldest_is_forgotten_first_and_a_limit_of_none_keeps_none() {
        let ([root, one, two], cache) = (chain(), SignatureCache::default());
        let memory = Memory::Learn(&cache);
        memory.learn(&one, &root, 0);
        assert!(!memory.knows(&one, &root));
        for subject in [&one, &one, &two] {
            memory.learn(subject, &root, 1);
        }
        assert!(!memory.knows(&one, &root) && memory.knows(&two, &root));
    }
}
