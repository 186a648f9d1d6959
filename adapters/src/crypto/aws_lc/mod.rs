//! AWS-LC, through the crate `aws-lc-rs`.

mod cbc;
mod verifying;

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521, UnparsedPublicKey, X25519};
use aws_lc_rs::digest::{self, Context};
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512, OaepAlgorithm,
    OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::RsaPublicKeyComponents;
use cbc::Cbc;
use postseal::crypto::{
    AgreementCurve, ContentCipher, ContentEncryption, CryptoBackend, Curve, DigestAlgorithm, Hasher, KeyTransport,
    OaepParameters, PureRust, RsaRecipient, SignatureKey, Uses, VerifyingKey,
};
use postseal::{Code, Error, Random};
use std::sync::Arc;
use verifying::{Ecdsa, Rsa};
use zeroize::Zeroizing;

/// Computes with AWS-LC: RSA and ECDSA signatures, RSA key transport, key agreement, AES-CBC and digests.
///
/// What that library has no safe interface for is computed in Rust: Ed25519 (its check lets more signatures pass than RFC 8032
/// 5.1.7 with the checks of `verify_strict`), AES-GCM in pieces, MD5, SHA-224, RSA keys outside 2048 to 8192 bits, PSS and OAEP
/// whose two digests differ or whose salt has not the size of the digest. Key transport takes the randomness of AWS-LC, not
/// what the caller gives. It does not overwrite what it knows of a public key when that ends.
///
/// ```
/// use postseal::{Engine, verify::TrustAnchors};
/// use postseal_adapters::crypto::AwsLc;
/// use std::sync::Arc;
/// let engine = Engine::new(TrustAnchors::default()).with_crypto(Arc::new(AwsLc));
/// assert_eq!(engine.crypto().name(), "aws-lc");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to choose")]
pub struct AwsLc;

impl CryptoBackend for AwsLc {
    fn name(&self) -> &'static str {
        "aws-lc"
    }

    fn verifying_key(&self, key: SignatureKey<'_>, uses: Uses) -> Result<Arc<dyn VerifyingKey>, Error> {
        // For what AWS-LC does not do, and to say why a signature fails.
        let rust = PureRust.verifying_key(key, Uses::Few)?;
        match key {
            SignatureKey::Rsa(key) => Ok(Arc::new(Rsa::new(key, rust))),
            SignatureKey::Ec { curve, point } => Ok(Arc::new(Ecdsa::new(curve, point, rust))),
            other => PureRust.verifying_key(other, uses),
        }
    }

    fn encrypt_content_key(
        &self,
        content_key: &[u8],
        recipients: &[RsaRecipient<'_>],
        random: &mut dyn Random,
    ) -> Result<Vec<Vec<u8>>, Error> {
        let encrypt = |recipient: &RsaRecipient<'_>| match transport(recipient, content_key) {
            Some(encrypted) => Ok(encrypted),
            None => Ok(PureRust.encrypt_content_key(content_key, &[*recipient], &mut *random)?.concat()),
        };
        recipients.iter().map(encrypt).collect()
    }

    fn ephemeral_public_key(&self, curve: AgreementCurve, private: &[u8]) -> Result<Vec<u8>, Error> {
        let public = private_key(curve, private)?.compute_public_key().map_err(|_| malformed())?;
        Ok(public.as_ref().to_vec())
    }

    fn agree(&self, curve: AgreementCurve, private: &[u8], public: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let public = UnparsedPublicKey::new(algorithm(curve)?, public);
        let keep = |secret: &[u8]| Ok(Zeroizing::new(secret.to_vec()));
        agreement::agree(&private_key(curve, private)?, public, malformed(), keep)
    }

    fn content_cipher(
        &self,
        algorithm: ContentEncryption,
        key: &[u8],
        iv: &[u8],
    ) -> Result<Box<dyn ContentCipher>, Error> {
        match algorithm {
            ContentEncryption::Aes128Cbc | ContentEncryption::Aes192Cbc | ContentEncryption::Aes256Cbc => {
                Ok(Box::new(Cbc::new(algorithm, key, iv).ok_or_else(malformed)?))
            }
            _ => PureRust.content_cipher(algorithm, key, iv),
        }
    }

    fn hasher(&self, digest: DigestAlgorithm) -> Box<dyn Hasher> {
        match digest_algorithm(digest) {
            Some(algorithm) => Box::new(Digesting(Context::new(algorithm))),
            None => PureRust.hasher(digest),
        }
    }
}

fn malformed() -> Error {
    Code::KeyMalformed.into()
}

fn digest_algorithm(digest: DigestAlgorithm) -> Option<&'static digest::Algorithm> {
    match digest {
        DigestAlgorithm::Sha1 => Some(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        DigestAlgorithm::Sha256 => Some(&digest::SHA256),
        DigestAlgorithm::Sha384 => Some(&digest::SHA384),
        DigestAlgorithm::Sha512 => Some(&digest::SHA512),
        _ => None,
    }
}

fn algorithm(curve: AgreementCurve) -> Result<&'static agreement::Algorithm, Error> {
    match curve {
        AgreementCurve::Nist(Curve::P256) => Ok(&ECDH_P256),
        AgreementCurve::Nist(Curve::P384) => Ok(&ECDH_P384),
        AgreementCurve::Nist(Curve::P521) => Ok(&ECDH_P521),
        AgreementCurve::X25519 => Ok(&X25519),
        _ => Err(malformed()),
    }
}

fn private_key(curve: AgreementCurve, private: &[u8]) -> Result<agreement::PrivateKey, Error> {
    agreement::PrivateKey::from_private_key(algorithm(curve)?, private).map_err(|_| malformed())
}

/// The encrypted content key; `None` where AWS-LC does not do it.
fn transport(recipient: &RsaRecipient<'_>, content_key: &[u8]) -> Option<Vec<u8>> {
    let components = RsaPublicKeyComponents { n: recipient.key.modulus, e: recipient.key.exponent };
    let key: PublicEncryptingKey = components.try_into().ok()?;
    let mut encrypted = vec![0; recipient.key.modulus.len()];
    let length = match recipient.transport {
        KeyTransport::Pkcs1 => {
            Pkcs1PublicEncryptingKey::new(key).ok()?.encrypt(content_key, &mut encrypted).ok()?.len()
        }
        KeyTransport::Oaep(parameters) => {
            let algorithm = oaep(parameters)?;
            OaepPublicEncryptingKey::new(key).ok()?.encrypt(algorithm, content_key, &mut encrypted, None).ok()?.len()
        }
        _ => return None,
    };
    (length == encrypted.len()).then_some(encrypted)
}

fn oaep(parameters: OaepParameters) -> Option<&'static OaepAlgorithm> {
    if parameters.digest != parameters.mask_digest {
        return None;
    }
    match parameters.digest {
        DigestAlgorithm::Sha1 => Some(&OAEP_SHA1_MGF1SHA1),
        DigestAlgorithm::Sha256 => Some(&OAEP_SHA256_MGF1SHA256),
        DigestAlgorithm::Sha384 => Some(&OAEP_SHA384_MGF1SHA384),
        DigestAlgorithm::Sha512 => Some(&OAEP_SHA512_MGF1SHA512),
        _ => None,
    }
}

struct Digesting(Context);

impl Hasher for Digesting {
    fn update(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    fn finish(self: Box<Self>) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}
