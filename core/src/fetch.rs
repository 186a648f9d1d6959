//! What carries out the questions to addresses that certificates name.

use crate::query::{FetchCrl, FetchIssuer, FetchOcsp, Unavailable};
use core::fmt;

/// Fetches what certificates point to.
///
/// The engine asks only for certificates with a path to an anchor (issuers: of recipients' certificates, under an anchor's
/// name), and checks everything that comes back. Which addresses may be reached is the fetcher's to decide: they were written by
/// whoever made the certificate. `postseal-adapters` has a fetcher that is guarded against all that is known.
///
/// ```
/// use postseal::fetch::Fetcher;
/// use postseal::query::{FetchCrl, FetchIssuer, FetchOcsp, Unavailable};
///
/// /// For hosts without a network.
/// #[derive(Debug)]
/// struct Nothing;
///
/// impl Fetcher for Nothing {
///     fn fetch_crl(&self, _: &FetchCrl) -> Result<Vec<u8>, Unavailable> { Err(Unavailable::because("no network")) }
///     fn fetch_ocsp(&self, _: &FetchOcsp) -> Result<Vec<u8>, Unavailable> { Err(Unavailable::because("no network")) }
///     fn fetch_issuer(&self, _: &FetchIssuer) -> Result<Vec<u8>, Unavailable> { Err(Unavailable::because("no network")) }
/// }
/// assert!(Nothing.fetch_crl(&FetchCrl::new("http://ca.example/1.crl", 1 << 20)).is_err());
/// ```
pub trait Fetcher: fmt::Debug + Send + Sync {
    /// The octets of a revocation list.
    ///
    /// # Errors
    /// [`Unavailable`] when there are none: the address is not allowed, nobody answers, or with too much.
    fn fetch_crl(&self, query: &FetchCrl) -> Result<Vec<u8>, Unavailable>;

    /// The octets of an OCSP response.
    ///
    /// # Errors
    /// As [`Fetcher::fetch_crl`].
    fn fetch_ocsp(&self, query: &FetchOcsp) -> Result<Vec<u8>, Unavailable>;

    /// The octets of a certificate or of a certs-only CMS.
    ///
    /// # Errors
    /// As [`Fetcher::fetch_crl`].
    fn fetch_issuer(&self, query: &FetchIssuer) -> Result<Vec<u8>, Unavailable>;
}
