use crate::query::{FetchCrl, FetchOcsp, FindStored, Pending, PutStored};

/// All that importing may ask: it has no way to reach a directory, and none to fetch an issuer from an address that
/// whoever made the certificate chose.
///
/// ```
/// fn name(ask: &postseal::import::Ask) -> &'static str {
///     match ask {
///         postseal::import::Ask::FindStored(_) => "find",
///         postseal::import::Ask::PutStored(_) => "put",
///         _ => "something newer",
///     }
/// }
/// # let _ = name;
/// ```
#[non_exhaustive]
#[derive(Debug)]
pub enum Ask {
    /// What is kept for the sender's mailbox.
    FindStored(Pending<FindStored>),
    /// Keep what was decided.
    PutStored(Pending<PutStored>),
    /// The revocation list that a certificate with a path to an anchor names.
    FetchCrl(Pending<FetchCrl>),
    /// What an OCSP responder that such a certificate names says.
    FetchOcsp(Pending<FetchOcsp>),
}
