use crate::query::{FetchCrl, FetchIssuer, FetchOcsp, FindStored, Pending, ResolveDirectory};

/// All that resolving may ask: it has no way to write to a store, so that nothing a directory lends can be kept.
///
/// ```
/// fn name(ask: &postseal::resolve::Ask) -> &'static str {
///     match ask {
///         postseal::resolve::Ask::FindStored(_) => "find",
///         postseal::resolve::Ask::ResolveDirectory(_) => "resolve",
///         _ => "something newer",
///     }
/// }
/// # let _ = name;
/// ```
#[non_exhaustive]
#[derive(Debug)]
pub enum Ask {
    /// What is kept for all recipients.
    FindStored(Pending<FindStored>),
    /// What a directory lends for those who need it.
    ResolveDirectory(Pending<ResolveDirectory>),
    /// The revocation list that a certificate with a path to an anchor names.
    FetchCrl(Pending<FetchCrl>),
    /// What an OCSP responder that such a certificate names says.
    FetchOcsp(Pending<FetchOcsp>),
    /// The missing issuer of a recipient's certificate.
    FetchIssuer(Pending<FetchIssuer>),
}
