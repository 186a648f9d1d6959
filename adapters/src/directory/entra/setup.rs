use thiserror::Error;

/// What a directory in Entra ID cannot be set up with.
///
/// ```
/// use postseal_adapters::directory::entra::{Cloud, EntraError};
/// assert_eq!(Cloud::at("http://login.example", "https://g.example", "https://e.example"), Err(EntraError::BaseUrl));
/// ```
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntraError {
    /// The base of a service is no https URL, or one with more than a host and a path.
    #[error("the address of a service is https with a host and perhaps a path, as https://graph.microsoft.com")]
    BaseUrl,
    /// The certificate and the private key do not belong together.
    #[error("the certificate of the application is not that of its private key")]
    CertificateOfAnotherKey,
    /// The environment does not tell of a managed identity.
    #[error("the environment has no IDENTITY_ENDPOINT and IDENTITY_HEADER that can be used")]
    NoIdentityInEnvironment,
    /// A name that has no place in a path or a query.
    #[error("a tenant, a mailbox or a property has a character that has no place in its name")]
    Name,
    /// The certificate is neither PEM nor DER.
    #[error("the certificate of the application is neither PEM nor DER")]
    UnreadableCertificate,
    /// The private key is none that can be used.
    #[error("the private key of the application is not RSA of 2048 to 4096 bits in PKCS #8 or PKCS #1")]
    UnreadableKey,
    /// No certificate among what should be the roots of TLS.
    #[error("there is no usable certificate among the roots for TLS")]
    TlsRoots,
    /// The endpoint of a managed identity is neither https nor an address of this machine or its host.
    #[error("the endpoint of a managed identity is https, or http to a loopback or link-local address")]
    IdentityEndpoint,
}
