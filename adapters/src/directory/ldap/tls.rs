use super::fault::{LdapFault, LdapFaultKind};
use super::setup::LdapSetupError;
use crate::made::Made;
use crate::tls::{client_under, roots_from_pem, under};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::sync::Arc;

/// What is shown to a server that asks who is there.
pub(super) struct ClientIdentity {
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl ClientIdentity {
    pub(super) fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, LdapSetupError> {
        let fault = LdapSetupError::ClientCertificate;
        let certificates = CertificateDer::pem_slice_iter(certificates).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|_| fault("the certificate is no PEM"))?;
        if certificates.is_empty() {
            return Err(fault("there is no certificate"));
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| fault("there is no private key in PEM"))?;
        Ok(Self { certificates, key })
    }
}

/// How TLS is spoken: with these roots, or the system's.
#[derive(Default)]
pub(super) struct Tls {
    roots: Option<RootCertStore>,
    config: Made<Arc<ClientConfig>>,
}

impl Tls {
    pub(super) fn with_roots(pem: &[u8]) -> Result<Self, LdapSetupError> {
        let roots = roots_from_pem(pem).ok_or(LdapSetupError::TlsRoots)?;
        Ok(Self { roots: Some(roots), config: Made::new() })
    }

    /// Made when it is first needed: the system's roots take a while to read.
    pub(super) fn config(&self, identity: Option<&ClientIdentity>) -> Result<Arc<ClientConfig>, LdapFault> {
        let build = |roots| build(roots, identity).ok().map(Arc::new);
        let config = self.config.get(|| under(self.roots.as_ref(), build));
        config.ok_or_else(|| LdapFault::new(LdapFaultKind::Setup, "TLS cannot be spoken: this machine has no roots"))
    }

    /// Whether this identity can be used at all.
    pub(super) fn trial(identity: &ClientIdentity) -> Result<(), LdapSetupError> {
        build(RootCertStore::empty(), Some(identity)).map(drop)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.roots.is_some() { "Tls(own roots)" } else { "Tls(the system's roots)" })
    }
}

fn build(roots: RootCertStore, identity: Option<&ClientIdentity>) -> Result<ClientConfig, LdapSetupError> {
    let unusable = |_| LdapSetupError::ClientCertificate("the key is of an unknown kind, or not the certificate's");
    let builder = client_under(roots).map_err(unusable)?;
    let mut config = match identity {
        Some(ClientIdentity { certificates, key }) => {
            builder.with_client_auth_cert(certificates.clone(), key.clone_key()).map_err(unusable)?
        }
        None => builder.with_no_client_auth(),
    };
    // What a ticket would let be recognised by is not kept.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}
