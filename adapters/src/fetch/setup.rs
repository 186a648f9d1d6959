use super::Network;
use thiserror::Error;

/// What a fetcher cannot be set up with.
///
/// ```
/// use postseal_adapters::fetch::{Network, SetupError};
/// assert_eq!("10.1".parse::<Network>(), Err(SetupError::Network("10.1".into())));
/// ```
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetupError {
    /// Not a network: an address, perhaps with a number of bits, beyond which it is zero.
    #[error("`{0}` is not a network such as 10.1.0.0/16")]
    Network(String),
    /// A network that no host may be allowed to have addresses in.
    #[error("{0} holds addresses that no host may have: {1}")]
    NeverAllowed(Network, &'static str),
    /// Not a proxy.
    #[error("`{0}` is not a proxy such as http://proxy.example:3128")]
    Proxy(String),
    /// A name and a password that no header field may have.
    #[error("the name for the proxy is empty or has a colon, or it or the password has control characters")]
    ProxyCredentials,
    /// No certificate among what should be the roots of TLS.
    #[error("there is no usable certificate among the roots for TLS")]
    TlsRoots,
}
