use super::Certificate;
use crate::verify::{Limits, PublicKey, SignatureAlgorithm};

impl Certificate {
    /// Algorithm and size of its key for people: `rsa-2048`, `ec-p256`, `ed25519`, `x25519`; `None` where postseal does not know it.
    ///
    /// ```
    /// fn key(certificate: &postseal::Certificate) -> String { certificate.key_text().unwrap_or_else(|| "unknown".to_owned()) }
    /// ```
    pub fn key_text(&self) -> Option<String> {
        PublicKey::from_spki(self.public_key_info(), &Limits::default()).ok().map(|key| key.describe())
    }

    /// The algorithm that its issuer signed it with, for people: `rsa-pkcs1-sha256`, `rsa-pss-sha256`, `ecdsa-sha384`, `ed25519`; `None`
    /// where postseal does not know it.
    ///
    /// ```
    /// fn is_pss(certificate: &postseal::Certificate) -> bool {
    ///     certificate.signature_text().is_some_and(|name| name.starts_with("rsa-pss"))
    /// }
    /// ```
    pub fn signature_text(&self) -> Option<String> {
        let limits = Limits::default();
        let algorithm =
            SignatureAlgorithm::from_algorithm_identifier(self.signature_algorithm(), None, &limits).ok()?;
        let name = match algorithm {
            SignatureAlgorithm::RsaPkcs1(_) => "rsa-pkcs1",
            SignatureAlgorithm::RsaPss(_) => "rsa-pss",
            SignatureAlgorithm::Ecdsa(_) => "ecdsa",
            SignatureAlgorithm::Ed25519 => "ed25519",
        };
        Some(algorithm.digest().map_or_else(|| name.to_owned(), |digest| format!("{name}-{}", digest.name())))
    }
}
