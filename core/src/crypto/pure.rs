//! The default backend: safe Rust on the crates of RustCrypto and dalek.

use super::{AgreementCurve, ContentCipher, CryptoBackend, Hasher, RsaOperation, SignatureKey, Uses, VerifyingKey};
use crate::cms::{ContentEncryption, agreement, cipher};
use crate::error::Error;
use crate::verify::{DigestAlgorithm, pure_verifying_key, rsa_power};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Safe Rust, on every machine.
///
/// ```
/// use postseal::crypto::{CryptoBackend, PureRust};
/// assert_eq!(PureRust.name(), "rust");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to choose")]
pub struct PureRust;

impl CryptoBackend for PureRust {
    fn name(&self) -> &'static str {
        "rust"
    }
}

pub(super) fn verifying_key(key: SignatureKey<'_>, uses: Uses) -> Result<Arc<dyn VerifyingKey>, Error> {
    pure_verifying_key(key, uses)
}

pub(super) fn rsa_public_operation(operation: RsaOperation<'_>) -> Option<Vec<u8>> {
    rsa_power(operation.key, operation.base)
}

pub(super) fn ephemeral_public_key(curve: AgreementCurve, private: &[u8]) -> Result<Vec<u8>, Error> {
    match curve {
        AgreementCurve::Nist(curve) => agreement::ec_public_key(curve, private),
        AgreementCurve::X25519 => agreement::x25519_public_key(private),
    }
}

pub(super) fn agree(curve: AgreementCurve, private: &[u8], public: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    match curve {
        AgreementCurve::Nist(curve) => agreement::ecdh(curve, private, public),
        AgreementCurve::X25519 => agreement::x25519(private, public),
    }
}

pub(super) fn content_cipher(
    algorithm: ContentEncryption,
    key: &[u8],
    iv: &[u8],
) -> Result<Box<dyn ContentCipher>, Error> {
    cipher::new(algorithm, key, iv)
}

pub(super) fn hasher(digest: DigestAlgorithm) -> Box<dyn Hasher> {
    Box::new(digest.hasher())
}

impl Hasher for crate::verify::Hasher {
    fn update(&mut self, octets: &[u8]) {
        Self::update(self, octets);
    }

    fn finish(self: Box<Self>) -> Vec<u8> {
        Self::finish(*self)
    }
}
