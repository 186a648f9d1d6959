//! What an engine has found out by arithmetic, so that it need not be computed again: many senders have the same few CAs above
//! them, and most mail comes from senders that were seen before.

use super::Limits;
use super::known_key::KnownKey;
use super::tables::Tables;
use crate::cert::{Certificate, Fingerprint};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

/// Which certificates were signed with which keys, and these keys, prepared. That a signature holds is arithmetic: it stays true
/// for every tenant, at every time and with every anchor, and says nothing of whether anybody is trusted; time, revocation,
/// names and policies are looked at anew each time, so that no verdict can come from here. Only what stood on a path to an
/// anchor is kept, so that nobody else can fill it. Shared by all clones of an engine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Learned(Arc<RwLock<Held>>);

#[derive(Debug, Default)]
struct Held {
    authorities: Known,
    /// Apart, so that many senders do not push out the few CAs.
    senders: Known,
    tables: Tables,
}

#[derive(Debug, Default)]
struct Known {
    links: Oldest<Link, ()>,
    keys: Oldest<Fingerprint, Arc<KnownKey>>,
}

/// A certificate and the key of its issuer.
type Link = (Fingerprint, Fingerprint);

/// A map that forgets what came first.
#[derive(Debug)]
struct Oldest<K, T> {
    known: BTreeMap<K, T>,
    order: VecDeque<K>,
}

/// What a search may do with it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Memory<'a> {
    /// Nothing is known, and nothing is kept.
    Off,
    /// For certificates of a directory: nothing that comes from it is kept.
    Read(&'a Learned),
    Learn(&'a Learned),
}

impl<'a> Memory<'a> {
    pub(crate) const fn without_learning(self) -> Self {
        match self {
            Self::Learn(learned) => Self::Read(learned),
            other => other,
        }
    }

    const fn held(self) -> Option<&'a Learned> {
        match self {
            Self::Off => None,
            Self::Read(learned) | Self::Learn(learned) => Some(learned),
        }
    }

    /// Whether the signature of `issuer` on `subject` is known to hold.
    pub(super) fn knows(self, subject: &Certificate, issuer: &Certificate) -> bool {
        self.held().is_some_and(|learned| {
            let link = link(subject, issuer);
            learned.read(|held| [&held.authorities, &held.senders].iter().any(|known| known.links.has(&link)))
        })
    }

    /// Gives the certificate what is known of its key, unless it has it.
    pub(crate) fn recall(self, certificate: &Certificate) {
        if certificate.has_known_key() {
            return;
        }
        let Some(learned) = self.held() else { return };
        let name = certificate.key_fingerprint();
        let known = learned.read(|held| {
            [&held.authorities, &held.senders].iter().find_map(|known| known.keys.known.get(&name).cloned())
        });
        if let Some(key) = known {
            certificate.set_known_key(key);
        }
    }

    /// How many tables there are; without a memory, none may be made.
    pub(super) fn tables(self) -> Option<Tables> {
        self.held().map(|learned| learned.read(|held| held.tables.clone()))
    }

    /// Keeps the signatures and keys of a path that holds: the certificate first, its issuers after it.
    pub(super) fn learn<'c>(
        self,
        leaf: &'c Certificate,
        authorities: impl Iterator<Item = &'c Certificate> + Clone,
        limits: &Limits,
    ) {
        let Self::Learn(learned) = self else { return };
        let path = || [leaf].into_iter().chain(authorities.clone());
        for (number, (subject, issuer)) in path().zip(authorities.clone()).enumerate() {
            let link = link(subject, issuer);
            let is_sender = number == 0;
            if learned.read(|held| held.group(is_sender).links.has(&link)) {
                continue;
            }
            let name = subject.key_fingerprint();
            let key = subject.known_key();
            learned.write(|held| {
                let (known, limit) = if is_sender {
                    (&mut held.senders, limits.known_senders)
                } else {
                    (&mut held.authorities, limits.known_signatures)
                };
                known.links.put(link, (), limit);
                if let Some(key) = key {
                    known.keys.put(name, key, limit);
                }
            });
        }
    }
}

impl Held {
    const fn group(&self, is_sender: bool) -> &Known {
        if is_sender { &self.senders } else { &self.authorities }
    }
}

impl<K, T> Default for Oldest<K, T> {
    fn default() -> Self {
        Self { known: BTreeMap::new(), order: VecDeque::new() }
    }
}

impl<K: Copy + Ord, T> Oldest<K, T> {
    fn has(&self, name: &K) -> bool {
        self.known.contains_key(name)
    }

    fn put(&mut self, name: K, value: T, limit: usize) {
        if limit == 0 || self.has(&name) {
            return;
        }
        self.known.insert(name, value);
        self.order.push_back(name);
        while self.order.len() > limit {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }
}

impl Learned {
    // What is held is whole at every moment that counts: what was forgotten costs one signature check.
    fn read<T>(&self, look: impl FnOnce(&Held) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Held) -> T) -> T {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The whole certificate, its signature included, and the whole key.
fn link(subject: &Certificate, issuer: &Certificate) -> Link {
    (subject.fingerprint(), issuer.key_fingerprint())
}

#[cfg(test)]
mod tests {
    use super::*;
    use postseal_testkit::factory::{Authority, AuthoritySpec, Key};

    fn chain() -> [Certificate; 3] {
        let root = Authority::root("Root", Key::P256(1));
        let one = root.subordinate(&AuthoritySpec::new("One", Key::P256(2)));
        let two = root.subordinate(&AuthoritySpec::new("Two", Key::P256(3)));
        [root, one, two].map(|ca| Certificate::from_der(ca.der(), &Limits::default()).unwrap())
    }

    fn learn(memory: Memory<'_>, [leaf, issuer, anchor]: [&Certificate; 3], limit: usize) {
        let limits = Limits { known_signatures: limit, known_senders: limit, ..Limits::default() };
        memory.learn(leaf, [issuer, anchor].into_iter(), &limits);
    }

    #[test]
    fn many_senders_do_not_push_out_an_authority() {
        let ([root, one, two], cache) = (chain(), Learned::default());
        let memory = Memory::Learn(&cache);
        learn(memory, [&two, &one, &root], 1);
        learn(memory, [&root, &one, &root], 1);
        assert!(memory.knows(&one, &root) && memory.knows(&root, &one) && !memory.knows(&two, &one));
    }

    #[test]
    fn the_key_of_another_certificate_with_the_same_key_is_recalled() {
        let ([root, one, two], cache) = (chain(), Learned::default());
        one.public_key(&Limits::default()).unwrap();
        learn(Memory::Learn(&cache), [&two, &one, &root], 9);
        let again = Certificate::from_der(one.der(), &Limits::default()).unwrap();
        Memory::Off.recall(&again);
        assert!(!again.has_known_key());
        Memory::Read(&cache).recall(&again);
        assert!(Arc::ptr_eq(&again.known_key().unwrap(), &one.known_key().unwrap()));
        // Nobody had asked for the key of the leaf.
        Memory::Read(&cache).recall(&two);
        assert!(!two.has_known_key());
    }

    #[test]
    fn a_pair_is_known_after_it_was_learned_and_no_other_is() {
        let ([root, one, two], cache) = (chain(), Learned::default());
        learn(Memory::Read(&cache), [&two, &one, &root], 9);
        learn(Memory::Off, [&two, &one, &root], 9);
        assert!(!Memory::Learn(&cache).knows(&one, &root));
        learn(Memory::Learn(&cache), [&two, &one, &root], 9);
        assert!(Memory::Read(&cache).knows(&one, &root) && !Memory::Off.knows(&one, &root));
        assert!(Memory::Read(&cache).knows(&two, &one));
        assert!(!Memory::Read(&cache).knows(&two, &root) && !Memory::Read(&cache).knows(&one, &two));
        assert!(!Memory::Read(&cache).knows(&root, &one));
    }

    #[test]
    fn the_oldest_is_forgotten_first_and_a_limit_of_none_keeps_none() {
        let ([root, one, two], cache) = (chain(), Learned::default());
        let memory = Memory::Learn(&cache);
        learn(memory, [&two, &one, &root], 0);
        assert!(!memory.knows(&one, &root) && !memory.knows(&two, &one));
        // What is above the first: twice the same, then another one.
        for subject in [&one, &one, &two] {
            learn(memory, [&root, subject, &root], 1);
        }
        assert!(!memory.knows(&one, &root) && memory.knows(&two, &root));
    }
}
