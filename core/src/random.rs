use crate::error::{Code, Error};
use crate::query::Unavailable;

/// A source of randomness for sealing: content keys, nonces, ephemeral keys and paddings come from it.
///
/// It must be fit for cryptography. When it fails, sealing fails, and there is no output.
///
/// ```
/// use postseal::{Random, query::Unavailable};
/// struct Broken;
/// impl Random for Broken {
///     fn fill(&mut self, _: &mut [u8]) -> Result<(), Unavailable> {
///         Err(Unavailable::because("no entropy"))
///     }
/// }
/// assert!(Broken.fill(&mut [0; 16]).is_err());
/// ```
pub trait Random {
    /// Fills the octets, all of them or none.
    ///
    /// # Errors
    /// [`Unavailable`] when there is no randomness to be had. What the octets hold then is not used.
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), Unavailable>;
}

impl<T: Random + ?Sized> Random for &mut T {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), Unavailable> {
        (**self).fill(octets)
    }
}

/// Fills `octets`, or says that nothing is to be encrypted.
pub(crate) fn fill(random: &mut dyn Random, octets: &mut [u8]) -> Result<(), Error> {
    random.fill(octets).map_err(|_| Code::RandomUnavailable.into())
}
