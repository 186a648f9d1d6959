//! The roots and versions of TLS, for everything here that speaks it: `ring`, TLS 1.2 and 1.3.

#[cfg(any(feature = "fetch", feature = "ldap", feature = "entra"))]
use crate::made::Attempt;
use rustls::client::WantsClientCert;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use std::sync::Arc;

/// The roots of a PEM file; none when one of them cannot be read, or there is none.
pub(crate) fn roots_from_pem(pem: &[u8]) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.ok()?).ok()?;
    }
    (!roots.is_empty()).then_some(roots)
}

/// What is built of these roots, or of the system's, which take a while to read. Where some of those could not be read, perhaps for
/// want of descriptors or because they are being replaced, it is used with the others, and not kept.
#[cfg(any(feature = "fetch", feature = "ldap", feature = "entra"))]
pub(crate) fn under<T>(own: Option<&RootCertStore>, build: impl FnOnce(RootCertStore) -> Option<T>) -> Attempt<T> {
    let (roots, is_whole) = own.map_or_else(roots_of_system, |own| (own.clone(), true));
    match Some(roots).filter(|roots| !roots.is_empty()).and_then(build) {
        None => Attempt::Nothing,
        Some(built) if is_whole => Attempt::Whole(built),
        Some(built) => Attempt::Part(built),
    }
}

/// With whether all of them could be read.
pub(crate) fn roots_of_system() -> (RootCertStore, bool) {
    let mut roots = RootCertStore::empty();
    let read = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(read.certs);
    (roots, read.errors.is_empty())
}

/// A client that trusts these roots, before it is said who it is.
pub(crate) fn client_under(
    roots: RootCertStore,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots))
}
