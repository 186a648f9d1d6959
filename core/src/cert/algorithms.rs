use super::Certificate;
use crate::verify::{Limits, SignatureAlgorithm};

impl Certificate {
    /// The algorithm that its issuer signed it with, as `rsa-pkcs1-sha256`, `rsa-pss-sha256`, `ecdsa-sha384` or `ed25519`; `unknown` for one
    /// that is none of these.
    ///
    /// ```
    /// fn is_pss(certificate: &postseal::Certificate) -> bool { certificate.signature_text().starts_with("rsa-pss") }
    /// ```
    pub fn signature_text(&self) -> String {
        let limits = Limits::default();
        let read = SignatureAlgorithm::from_algorithm_identifier(self.signature_algorithm(), None, &limits);
        let Ok(algorithm) = read else { return "unknown".to_owned() };
        let name = match algorithm {
            SignatureAlgorithm::RsaPkcs1(_) => "rsa-pkcs1",
            SignatureAlgorithm::RsaPss(_) => "rsa-pss",
            SignatureAlgorithm::Ecdsa(_) => "ecdsa",
            SignatureAlgorithm::Ed25519 => "ed25519",
        };
        algorithm.digest().map_or_else(|| name.to_owned(), |digest| format!("{name}-{}", digest.name()))
    }
}
