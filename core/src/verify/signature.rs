use super::digest::{DigestAlgorithm, Sha1};
use super::key::PublicKey;
use super::pss::PssParameters;
use super::rsa::{RsaScheme, exponent};
use super::weak;
use crate::crypto::ecdsa::EcVerifier;
use crate::crypto::rsa_arithmetic::Modulus;
use crate::crypto::{SignatureKey, Uses, VerifyingKey};
use crate::der::{Document, Tag, oids};
use crate::error::{Code, Error};
use crate::verify::Limits;
use std::sync::Arc;
use zeroize::Zeroizing;

/// How a signature is made: the algorithm with all its parameters.
///
/// ```
/// use postseal::crypto::{DigestAlgorithm, SignatureAlgorithm};
/// let algorithm = SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256);
/// assert_ne!(algorithm, SignatureAlgorithm::Ed25519);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 8.2).
    RsaPkcs1(DigestAlgorithm),
    /// RSASSA-PSS (RFC 8017 8.1, RFC 4056).
    RsaPss(PssParameters),
    /// ECDSA (RFC 5753 2.1, RFC 5758 3.2).
    Ecdsa(DigestAlgorithm),
    /// Ed25519 (RFC 8410, RFC 8419).
    Ed25519,
}

impl SignatureAlgorithm {
    /// From an encoded AlgorithmIdentifier. In a SignerInfo the identifier may name only the key's algorithm; then
    /// `digest`, the digestAlgorithm beside it, completes it (RFC 3370 3.2, RFC 5754 3).
    pub(crate) fn from_algorithm_identifier(
        raw: &[u8],
        digest: Option<DigestAlgorithm>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let document = Document::new(raw, limits);
        let mut fields = document.children(&document.root()?.expect(Tag::SEQUENCE)?)?;
        let oid = fields.expect(Tag::OBJECT_IDENTIFIER)?.content();
        let parameters = fields.next()?;
        // RFC 5280 4.1.1.2: an algorithm and its parameters. What else is signed there, somebody else may read.
        fields.finish().map_err(|_| Error::from(Code::SignatureMalformed))?;
        let beside = || digest.ok_or_else(|| Error::from(Code::SignatureUnsupported));
        Ok(match oid {
            oids::RSA_ENCRYPTION => Self::RsaPkcs1(beside()?),
            oids::MD5_WITH_RSA => Self::RsaPkcs1(DigestAlgorithm::Md5),
            oids::SHA1_WITH_RSA | oids::OIW_SHA1_WITH_RSA => Self::RsaPkcs1(DigestAlgorithm::Sha1),
            oids::SHA224_WITH_RSA => Self::RsaPkcs1(DigestAlgorithm::Sha224),
            oids::SHA256_WITH_RSA => Self::RsaPkcs1(DigestAlgorithm::Sha256),
            oids::SHA384_WITH_RSA => Self::RsaPkcs1(DigestAlgorithm::Sha384),
            oids::SHA512_WITH_RSA => Self::RsaPkcs1(DigestAlgorithm::Sha512),
            oids::RSASSA_PSS => {
                let parameters = parameters.ok_or(Code::SignatureMalformed)?;
                Self::RsaPss(PssParameters::read(&document, &parameters, limits)?)
            }
            oids::EC_PUBLIC_KEY => Self::Ecdsa(beside()?),
            oids::ECDSA_WITH_SHA1 => Self::Ecdsa(DigestAlgorithm::Sha1),
            oids::ECDSA_WITH_SHA224 => Self::Ecdsa(DigestAlgorithm::Sha224),
            oids::ECDSA_WITH_SHA256 => Self::Ecdsa(DigestAlgorithm::Sha256),
            oids::ECDSA_WITH_SHA384 => Self::Ecdsa(DigestAlgorithm::Sha384),
            oids::ECDSA_WITH_SHA512 => Self::Ecdsa(DigestAlgorithm::Sha512),
            oids::ED25519 => Self::Ed25519,
            oids::DSA | oids::DSA_WITH_SHA1 | oids::DSA_WITH_SHA224 | oids::DSA_WITH_SHA256 => {
                return Err(Code::DsaKey.into());
            }
            oids::MD2_WITH_RSA | oids::MD4_WITH_RSA => return Err(Code::WeakDigest.into()),
            _ => return Err(Code::SignatureUnsupported.into()),
        })
    }

    /// The digest over the signed bytes; Ed25519 has its own inside.
    pub(crate) const fn digest(&self) -> Option<DigestAlgorithm> {
        match self {
            Self::RsaPkcs1(digest) | Self::Ecdsa(digest) => Some(*digest),
            Self::RsaPss(parameters) => Some(parameters.digest),
            Self::Ed25519 => None,
        }
    }

    /// Fails when a digest of the algorithm, the mask of PSS included, may not be relied on.
    pub(crate) fn require_digests(&self, sha1: Sha1) -> Result<(), Error> {
        if let Self::RsaPss(parameters) = self {
            parameters.mask_digest.require(sha1)?;
        }
        self.digest().map_or(Ok(()), |digest| digest.require(sha1))
    }

    /// Whether the key may be used with this algorithm at all.
    pub(super) fn check_key(&self, key: &PublicKey) -> Result<(), Error> {
        key.check_can_verify()?;
        match (self, key) {
            (Self::RsaPkcs1(_), PublicKey::Rsa(key)) if key.scheme == RsaScheme::Any => Ok(()),
            (Self::RsaPss(parameters), PublicKey::Rsa(key)) => match key.scheme {
                RsaScheme::Pss(Some(demanded)) if !demanded.allow(parameters) => Err(Code::KeyAlgorithmUse.into()),
                _ => Ok(()),
            },
            (Self::Ecdsa(_), PublicKey::Ec(_)) | (Self::Ed25519, PublicKey::Ed25519(_)) => Ok(()),
            _ => Err(Code::SignatureUnsupported.into()),
        }
    }
}

/// The key in the form that the default backend verifies with.
pub(crate) fn pure_verifying_key(key: SignatureKey<'_>, uses: Uses) -> Result<Arc<dyn VerifyingKey>, Error> {
    Ok(match key {
        SignatureKey::Rsa(key) => Arc::new(PureRsa {
            modulus: Modulus::new(key.modulus).ok_or(Code::KeyMalformed)?,
            bits: weak::bits(key.modulus),
            // What is not computed with verifies nothing.
            exponent: exponent(key.exponent).unwrap_or_default(),
        }),
        SignatureKey::Ec { curve, point } => {
            let key = EcVerifier::new(curve, point)?;
            Arc::new(if uses == Uses::Many { key.with_table() } else { key })
        }
        SignatureKey::Ed25519(key) => Arc::new(PureEd25519(Zeroizing::new(*key))),
    })
}

#[derive(Debug)]
struct PureRsa {
    modulus: Modulus,
    bits: usize,
    exponent: u64,
}

impl VerifyingKey for PureRsa {
    fn verify(&self, algorithm: &SignatureAlgorithm, message: &[&[u8]], signature: &[u8]) -> Result<(), Error> {
        if !matches!(algorithm, SignatureAlgorithm::RsaPkcs1(_) | SignatureAlgorithm::RsaPss(_)) {
            return Err(Code::SignatureUnsupported.into());
        }
        let encoded = self.modulus.power(signature, self.exponent).ok_or_else(invalid)?;
        check_rsa_encoding(algorithm, message, &encoded, self.bits)
    }
}

impl VerifyingKey for EcVerifier {
    fn verify(&self, algorithm: &SignatureAlgorithm, message: &[&[u8]], signature: &[u8]) -> Result<(), Error> {
        let SignatureAlgorithm::Ecdsa(digest) = algorithm else { return Err(Code::SignatureUnsupported.into()) };
        Self::verify(self, &digest.digest(message), signature)
    }
}

#[derive(Debug)]
struct PureEd25519(Zeroizing<[u8; 32]>);

impl VerifyingKey for PureEd25519 {
    fn verify(&self, algorithm: &SignatureAlgorithm, message: &[&[u8]], signature: &[u8]) -> Result<(), Error> {
        if *algorithm != SignatureAlgorithm::Ed25519 {
            return Err(Code::SignatureUnsupported.into());
        }
        ed25519(&self.0, message, signature)
    }
}

fn invalid() -> Error {
    Code::SignatureInvalid.into()
}

/// What is left to check when RSAVP1 is done: the encoding of the digest (RFC 8017 8.1.2 and 8.2.2). `encoded` has the octets of
/// the modulus, which has `bits` bits. For backends that compute RSAVP1 only.
///
/// # Errors
/// [`Code::SignatureInvalid`]; [`Code::SignatureUnsupported`] for an algorithm that is not RSA.
///
/// ```
/// use postseal::crypto::{DigestAlgorithm, SignatureAlgorithm, check_rsa_encoding};
/// let algorithm = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256);
/// assert!(check_rsa_encoding(&algorithm, &[b"message"], &[0; 256], 2048).is_err());
/// ```
pub fn check_rsa_encoding(
    algorithm: &SignatureAlgorithm,
    message: &[&[u8]],
    encoded: &[u8],
    bits: usize,
) -> Result<(), Error> {
    match algorithm {
        SignatureAlgorithm::RsaPkcs1(digest) => {
            let expected = emsa_pkcs1(*digest, &digest.digest(message), encoded.len());
            if expected.is_some_and(|expected| expected == encoded) { Ok(()) } else { Err(invalid()) }
        }
        SignatureAlgorithm::RsaPss(parameters) => parameters.verify(message, encoded, bits.saturating_sub(1)),
        _ => Err(Code::SignatureUnsupported.into()),
    }
}

/// EMSA-PKCS1-v1_5 (RFC 8017 9.2). The expected encoding is made and compared as a whole, so that nothing in a padding
/// or a parameter can be chosen; `None` when the modulus is too short for it.
fn emsa_pkcs1(digest: DigestAlgorithm, value: &[u8], length: usize) -> Option<Vec<u8>> {
    let oid = digest.oid();
    let octet = |length: usize| u8::try_from(length).ok();
    let algorithm_length = oid.len().checked_add(4)?;
    let mut info = vec![0x30, octet(algorithm_length.checked_add(value.len())?.checked_add(4)?)?];
    info.extend([0x30, octet(algorithm_length)?, 0x06, octet(oid.len())?]);
    info.extend_from_slice(oid);
    info.extend([0x05, 0x00, 0x04, octet(value.len())?]);
    info.extend_from_slice(value);
    let padding = length.checked_sub(info.len())?.checked_sub(3).filter(|padding| *padding >= 8)?;
    let mut encoded = vec![0x00, 0x01];
    encoded.extend(core::iter::repeat_n(0xff, padding));
    encoded.push(0x00);
    encoded.append(&mut info);
    Some(encoded)
}

fn ed25519(key: &[u8; 32], message: &[&[u8]], signature: &[u8]) -> Result<(), Error> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(key).map_err(|_| Error::from(Code::KeyMalformed))?;
    let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| Code::SignatureMalformed)?;
    key.verify_strict(&message.concat(), &signature).map_err(|_| invalid())
}

#[cfg(test)]
mod tests;
