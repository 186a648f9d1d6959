use postseal::Random;
use postseal::query::Unavailable;

/// The randomness of the operating system (getrandom(2) on Linux).
///
/// ```
/// use postseal::Random;
/// let (mut one, mut two) = ([0; 32], [0; 32]);
/// postseal_adapters::OsRandom.fill(&mut one)?;
/// postseal_adapters::OsRandom.fill(&mut two)?;
/// assert_ne!(one, two);
/// # Ok::<(), postseal::query::Unavailable>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no state and never will")]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), Unavailable> {
        getrandom::fill(octets).map_err(Unavailable::because)
    }
}
