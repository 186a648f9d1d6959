use super::SetupError;
use super::http::Fault;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::sync::{Arc, OnceLock};

/// How https is spoken: with `ring`, TLS 1.2 and 1.3, and these roots or the system's.
#[derive(Debug, Default)]
pub(crate) struct Tls {
    roots: Option<RootCertStore>,
    config: OnceLock<Option<Arc<ClientConfig>>>,
}

impl Tls {
    pub(crate) fn with_roots(pem: &[u8]) -> Result<Self, SetupError> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.map_err(|_| SetupError::TlsRoots)?).map_err(|_| SetupError::TlsRoots)?;
        }
        if roots.is_empty() {
            Err(SetupError::TlsRoots)
        } else {
            Ok(Self { roots: Some(roots), config: OnceLock::new() })
        }
    }

    /// Made when it is first needed: most lists come by http, and the system's roots take a while to read.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, Fault> {
        let config = self.config.get_or_init(|| build(self.roots.clone().unwrap_or_else(roots_of_system)));
        config.clone().ok_or_else(|| Fault::new("cannot be spoken to by TLS: this machine has no roots"))
    }
}

fn roots_of_system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn build(roots: RootCertStore) -> Option<Arc<ClientConfig>> {
    if roots.is_empty() {
        return None;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    // One connection, one request: what a ticket would let be recognised by is not kept.
    config.resumption = rustls::client::Resumption::disabled();
    Some(Arc::new(config))
}
