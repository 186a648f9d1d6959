use crate::factory::Digest;
use postseal::Random;
use postseal::query::Unavailable;

/// The same octets for the same seed: for tests that compare messages, and for nothing else.
///
/// ```
/// use postseal::Random;
/// use postseal_testkit::SeededRandom;
/// let (mut one, mut two) = ([0; 40], [0; 40]);
/// SeededRandom::new(7).fill(&mut one)?;
/// SeededRandom::new(7).fill(&mut two)?;
/// assert_eq!(one, two);
/// # Ok::<(), postseal::query::Unavailable>(())
/// ```
#[derive(Clone, Debug)]
pub struct SeededRandom {
    seed: u64,
    count: u64,
}

impl SeededRandom {
    /// From this seed.
    ///
    /// ```
    /// let random = postseal_testkit::SeededRandom::new(1);
    /// # let _ = random;
    /// ```
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, count: 0 }
    }
}

impl Random for SeededRandom {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), Unavailable> {
        for chunk in octets.chunks_mut(32) {
            self.count += 1;
            let block = Digest::Sha256.of(&[self.seed.to_be_bytes(), self.count.to_be_bytes()].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

/// Works some times, and then no more: for tests of what happens without entropy.
///
/// ```
/// use postseal::Random;
/// let mut random = postseal_testkit::BrokenRandom::after(1);
/// assert!(random.fill(&mut [0; 8]).is_ok());
/// assert!(random.fill(&mut [0; 8]).is_err());
/// ```
#[derive(Clone, Debug)]
pub struct BrokenRandom {
    inner: SeededRandom,
    left: usize,
}

impl BrokenRandom {
    /// Fails after so many calls.
    ///
    /// ```
    /// let random = postseal_testkit::BrokenRandom::after(0);
    /// # let _ = random;
    /// ```
    #[must_use]
    pub const fn after(calls: usize) -> Self {
        Self { inner: SeededRandom::new(0), left: calls }
    }
}

impl Random for BrokenRandom {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), Unavailable> {
        self.left = self.left.checked_sub(1).ok_or_else(|| Unavailable::because("no entropy"))?;
        self.inner.fill(octets)
    }
}
