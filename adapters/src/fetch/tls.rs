use super::SetupError;
use super::http::Fault;
use crate::made::Made;
use crate::tls::{client_under, roots_from_pem, under};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// How https is spoken: with these roots, or the system's.
#[derive(Debug, Default)]
pub(crate) struct Tls {
    roots: Option<RootCertStore>,
    config: Made<Arc<ClientConfig>>,
}

impl Tls {
    pub(crate) fn with_roots(pem: &[u8]) -> Result<Self, SetupError> {
        let roots = roots_from_pem(pem).ok_or(SetupError::TlsRoots)?;
        Ok(Self { roots: Some(roots), config: Made::new() })
    }

    /// Made when it is first needed: most lists come by http, and the system's roots take a while to read.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, Fault> {
        let config = self.config.get(|| under(self.roots.as_ref(), build));
        config.ok_or_else(|| Fault::new("cannot be spoken to by TLS: this machine has no roots"))
    }
}

fn build(roots: RootCertStore) -> Option<Arc<ClientConfig>> {
    let mut config = client_under(roots).ok()?.with_no_client_auth();
    // One connection, one request: what a ticket would let be recognised by is not kept.
    config.resumption = rustls::client::Resumption::disabled();
    Some(Arc::new(config))
}
