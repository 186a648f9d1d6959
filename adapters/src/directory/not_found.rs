use core::fmt;
use postseal::Address;
use postseal::directory::{DirectoryId, DirectoryReply, DirectoryResolver};
use postseal::query::{ResolveDirectory, Unavailable};
use postseal::store::Tenant;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A directory that is not asked again for a while about whom it did not know. Only that is remembered, in memory and for each
/// tenant: what a directory lends, and that it did not answer, never.
///
/// ```
/// use postseal_adapters::directory::NotFoundCache;
/// use postseal_testkit::ScriptedDirectory;
/// use std::time::Duration;
/// let staff = NotFoundCache::new(ScriptedDirectory::new()).for_at_most(Duration::from_secs(60));
/// # drop(staff);
/// ```
pub struct NotFoundCache<D> {
    directory: D,
    time_to_live: Duration,
    entries: usize,
    known: Mutex<BTreeMap<Key, Instant>>,
}

/// The address as it was spelled: to some directories, as the DNS, upper and lower case are two people.
type Key = (Tenant, DirectoryId, Box<str>);

impl<D> NotFoundCache<D> {
    /// For five minutes, about 10 000 addresses.
    ///
    /// ```
    /// let staff = postseal_adapters::directory::NotFoundCache::new(postseal_testkit::ScriptedDirectory::new());
    /// # drop(staff);
    /// ```
    pub const fn new(directory: D) -> Self {
        Self { directory, time_to_live: Duration::from_secs(300), entries: 10_000, known: Mutex::new(BTreeMap::new()) }
    }

    /// How long it is remembered. A person who gets a certificate is without encryption for that long.
    ///
    /// ```
    /// use postseal_adapters::directory::NotFoundCache;
    /// let staff = NotFoundCache::new(postseal_testkit::ScriptedDirectory::new()).for_at_most(std::time::Duration::ZERO);
    /// # drop(staff);
    /// ```
    #[must_use]
    pub const fn for_at_most(mut self, time_to_live: Duration) -> Self {
        self.time_to_live = time_to_live;
        self
    }

    /// About how many addresses. When there are more, those that were asked about longest ago are forgotten.
    ///
    /// ```
    /// use postseal_adapters::directory::NotFoundCache;
    /// let staff = NotFoundCache::new(postseal_testkit::ScriptedDirectory::new()).about_at_most(100);
    /// # drop(staff);
    /// ```
    #[must_use]
    pub const fn about_at_most(mut self, entries: usize) -> Self {
        self.entries = entries;
        self
    }

    /// What is remembered is whole at every moment.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Instant>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, key: Key, now: Instant) {
        if self.entries == 0 || self.time_to_live.is_zero() {
            return;
        }
        let mut known = self.lock();
        known.insert(key, now);
        if known.len() > self.entries {
            known.retain(|_, since| now.saturating_duration_since(*since) < self.time_to_live);
        }
        if known.len() > self.entries {
            // Half at once, so that the next ones need no search for the oldest.
            let mut times: Vec<Instant> = known.values().copied().collect();
            times.sort_unstable();
            let middle = times.get(times.len().div_euclid(2)).copied().unwrap_or(now);
            known.retain(|_, since| *since > middle);
        }
    }
}

impl<D: fmt::Debug> fmt::Debug for NotFoundCache<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NotFoundCache").field(&self.directory).finish()
    }
}

impl<D: DirectoryResolver> DirectoryResolver for NotFoundCache<D> {
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        let now = Instant::now();
        let key = |address: &Address| (query.tenant.clone(), query.directory.clone(), address.as_str().into());
        let is_known = |address: &Address| {
            let known = self.lock();
            known.get(&key(address)).is_some_and(|since| now.saturating_duration_since(*since) < self.time_to_live)
        };
        let known: Vec<bool> = query.addresses.iter().map(is_known).collect();
        let of_all = || query.addresses.iter().zip(&known);
        let open: Vec<Address> =
            of_all().filter(|(_, is_known)| !**is_known).map(|(address, _)| address.clone()).collect();
        if open.is_empty() {
            return Ok(query.addresses.iter().map(|_| DirectoryReply::NotFound).collect());
        }
        let asked = ResolveDirectory::new(query.tenant.clone(), query.directory.clone(), open);
        let replies = self.directory.resolve(&asked)?;
        if replies.len() != asked.addresses.len() {
            // Which reply is for whom cannot be told.
            return Err(Unavailable::because("the directory gave another number of replies than there were addresses"));
        }
        // By their place, not by address: one that was asked about twice has two replies.
        let mut replies = replies.into_iter();
        let unasked = || DirectoryReply::Unavailable(Unavailable::because("the directory was not asked"));
        let reply_for = |(address, is_known): (&Address, &bool)| {
            if *is_known {
                return DirectoryReply::NotFound;
            }
            let reply = replies.next().unwrap_or_else(unasked);
            if matches!(reply, DirectoryReply::NotFound) {
                self.remember(key(address), now);
            }
            reply
        };
        Ok(of_all().map(reply_for).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postseal_testkit::ScriptedDirectory;
    use postseal_testkit::conformance::{self, Listed};

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn ask(cache: &NotFoundCache<&ScriptedDirectory>, tenant: &str, addresses: &[&str]) -> Vec<&'static str> {
        let addresses = addresses.iter().map(|text| address(text)).collect();
        let query = ResolveDirectory::new(Tenant::new(tenant), DirectoryId::new("staff"), addresses);
        let name = |reply: &DirectoryReply| match reply {
            DirectoryReply::Found(_) => "found",
            DirectoryReply::Partial(..) => "partial",
            DirectoryReply::NotFound => "not-found",
            DirectoryReply::Unavailable(_) => "unavailable",
        };
        cache.resolve(&query).unwrap().iter().map(name).collect()
    }

    fn asked(directory: &ScriptedDirectory) -> usize {
        directory.asked().iter().map(|query| query.addresses.len()).sum()
    }

    #[test]
    fn only_not_found_is_remembered_and_for_its_tenant() {
        let alice = address("alice@goal.example");
        let staff = ScriptedDirectory::new().lends(&alice, vec![0x30, 0]).is_down_for(&address("down@goal.example"));
        let staff = staff.is_partial_for(&address("half@goal.example"));
        let cache = NotFoundCache::new(&staff);
        let everybody = ["nobody@goal.example", "alice@goal.example", "down@goal.example", "half@goal.example"];
        for _ in 0..2 {
            assert_eq!(ask(&cache, "one", &everybody), ["not-found", "found", "unavailable", "partial"]);
        }
        assert_eq!(asked(&staff), 4 + 3, "the second time about the other three");
        assert_eq!(ask(&cache, "two", &["nobody@goal.example"]), ["not-found"]);
        assert_eq!(asked(&staff), 8);
        assert_eq!(ask(&cache, "two", &["nobody@goal.example"]), ["not-found"]);
        assert_eq!(asked(&staff), 8);
    }

    /// Nobody is taken for unknown who is asked about twice, or spelled in another way than who is unknown.
    #[test]
    fn each_spelling_is_somebody_and_each_reply_is_given() {
        /// As the DNS has it (RFC 8162 3).
        #[derive(Debug)]
        struct Spelled;
        impl DirectoryResolver for Spelled {
            fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
                let reply = |address: &Address| match address.as_str() {
                    "alice@goal.example" => DirectoryReply::Found(Vec::new()),
                    _ => DirectoryReply::NotFound,
                };
                Ok(query.addresses.iter().map(reply).collect())
            }
        }
        let cache = NotFoundCache::new(Spelled);
        let is_found = |addresses: &[&str]| -> Vec<bool> {
            let addresses = addresses.iter().map(|text| address(text)).collect();
            let query = ResolveDirectory::new(Tenant::default(), DirectoryId::new("dns"), addresses);
            let replies = cache.resolve(&query).unwrap();
            replies.iter().map(|reply| matches!(reply, DirectoryReply::Found(_))).collect()
        };
        assert_eq!(is_found(&["alice@goal.example", "alice@goal.example"]), [true, true]);
        assert_eq!(is_found(&["ALICE@goal.example"]), [false]);
        assert_eq!(is_found(&["alice@goal.example", "ALICE@goal.example"]), [true, false]);
        assert_eq!(is_found(&["ALICE@goal.example", "Alice@goal.example", "alice@goal.example"]), [false, false, true]);
    }

    #[test]
    fn time_and_number_are_bounded() {
        let staff = ScriptedDirectory::new();
        let at_once = NotFoundCache::new(&staff).for_at_most(Duration::ZERO);
        for _ in 0..2 {
            ask(&at_once, "one", &["nobody@goal.example"]);
        }
        assert_eq!(asked(&staff), 2);
        let few = NotFoundCache::new(&staff).about_at_most(10);
        for number in 0..100 {
            ask(&few, "one", &[&format!("n{number}@goal.example")]);
            assert!(few.lock().len() <= 10);
        }
    }

    #[test]
    fn it_conforms() {
        let fill = |listed: &[Listed]| {
            listed
                .iter()
                .fold(ScriptedDirectory::new(), |directory, one| directory.lends(&one.address, one.der.clone()))
        };
        conformance::directory(&|listed| Box::new(NotFoundCache::new(fill(listed))), &|| {
            Box::new(NotFoundCache::new(ScriptedDirectory::new().is_down()))
        });
    }
}
