use super::digest_algorithm;
use aws_lc_rs::digest::{Context, Digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA1_ASN1, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1,
    ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA512_ASN1, ECDSA_P521_SHA1_ASN1,
    ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, EcdsaVerificationAlgorithm,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
};
use postseal::crypto::{Curve, DigestAlgorithm, PssParameters, RsaPublicKey, SignatureAlgorithm, VerifyingKey};
use postseal::{Code, Error};
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

/// The moduli that the library verifies with, in bits.
const RSA_BITS: RangeInclusive<usize> = 2048..=8192;

/// Odd, above 1 and of at most 33 bits: the exponents that the library verifies with.
fn is_usual(exponent: &[u8]) -> bool {
    let number = exponent.iter().fold(0_u64, |number, octet| number << 8 | u64::from(*octet));
    exponent.len() <= 5 && number & 1 == 1 && (3..1 << 33).contains(&number)
}

/// A key that is read once for each way it is used: the library binds a key to one.
struct Ways<const N: usize>([OnceLock<Option<ParsedPublicKey>>; N]);

impl<const N: usize> Ways<N> {
    fn new() -> Self {
        Self(std::array::from_fn(|_| OnceLock::new()))
    }

    /// The key for this way, or `None` when the library does not take it.
    fn get(&self, way: usize, read: impl FnOnce() -> Option<ParsedPublicKey>) -> Option<&ParsedPublicKey> {
        self.0.get(way)?.get_or_init(read).as_ref()
    }
}

pub(super) struct Rsa {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    ways: Ways<7>,
    rust: Arc<dyn VerifyingKey>,
}

impl Rsa {
    pub(super) fn new(key: RsaPublicKey<'_>, rust: Arc<dyn VerifyingKey>) -> Self {
        Self { modulus: key.modulus.to_vec(), exponent: key.exponent.to_vec(), ways: Ways::new(), rust }
    }

    fn key(&self, algorithm: &SignatureAlgorithm) -> Option<&ParsedPublicKey> {
        let unused = self.modulus.first()?.leading_zeros();
        let bits = self.modulus.len().saturating_mul(8).saturating_sub(usize::try_from(unused).ok()?);
        // The library reads other keys and then says of each signature that it is invalid.
        if !RSA_BITS.contains(&bits) || !is_usual(&self.exponent) {
            return None;
        }
        let (way, parameters) = rsa_way(algorithm)?;
        self.ways.get(way, || {
            RsaPublicKeyComponents { n: &*self.modulus, e: &*self.exponent }.to_parsed_public_key(parameters).ok()
        })
    }
}

fn rsa_way(algorithm: &SignatureAlgorithm) -> Option<(usize, &'static RsaParameters)> {
    match algorithm {
        SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha1) => Some((0, &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY)),
        SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256) => Some((1, &RSA_PKCS1_2048_8192_SHA256)),
        SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha384) => Some((2, &RSA_PKCS1_2048_8192_SHA384)),
        SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha512) => Some((3, &RSA_PKCS1_2048_8192_SHA512)),
        SignatureAlgorithm::RsaPss(PssParameters { digest, mask_digest, salt_length })
            if digest == mask_digest && *salt_length == digest.size() =>
        {
            match digest {
                DigestAlgorithm::Sha256 => Some((4, &RSA_PSS_2048_8192_SHA256)),
                DigestAlgorithm::Sha384 => Some((5, &RSA_PSS_2048_8192_SHA384)),
                DigestAlgorithm::Sha512 => Some((6, &RSA_PSS_2048_8192_SHA512)),
                _ => None,
            }
        }
        _ => None,
    }
}

pub(super) struct Ecdsa {
    curve: Curve,
    point: Vec<u8>,
    ways: Ways<4>,
    rust: Arc<dyn VerifyingKey>,
}

impl Ecdsa {
    pub(super) fn new(curve: Curve, point: &[u8], rust: Arc<dyn VerifyingKey>) -> Self {
        Self { curve, point: point.to_vec(), ways: Ways::new(), rust }
    }

    fn key(&self, algorithm: &SignatureAlgorithm) -> Option<&ParsedPublicKey> {
        let SignatureAlgorithm::Ecdsa(digest) = algorithm else { return None };
        let (way, parameters) = ecdsa_way(self.curve, *digest)?;
        self.ways.get(way, || ParsedPublicKey::new(parameters, &self.point).ok())
    }
}

fn ecdsa_way(curve: Curve, digest: DigestAlgorithm) -> Option<(usize, &'static EcdsaVerificationAlgorithm)> {
    match (curve, digest) {
        (Curve::P256, DigestAlgorithm::Sha1) => Some((0, &ECDSA_P256_SHA1_ASN1)),
        (Curve::P256, DigestAlgorithm::Sha256) => Some((1, &ECDSA_P256_SHA256_ASN1)),
        (Curve::P256, DigestAlgorithm::Sha384) => Some((2, &ECDSA_P256_SHA384_ASN1)),
        (Curve::P256, DigestAlgorithm::Sha512) => Some((3, &ECDSA_P256_SHA512_ASN1)),
        (Curve::P384, DigestAlgorithm::Sha256) => Some((1, &ECDSA_P384_SHA256_ASN1)),
        (Curve::P384, DigestAlgorithm::Sha384) => Some((2, &ECDSA_P384_SHA384_ASN1)),
        (Curve::P384, DigestAlgorithm::Sha512) => Some((3, &ECDSA_P384_SHA512_ASN1)),
        (Curve::P521, DigestAlgorithm::Sha1) => Some((0, &ECDSA_P521_SHA1_ASN1)),
        (Curve::P521, DigestAlgorithm::Sha256) => Some((1, &ECDSA_P521_SHA256_ASN1)),
        (Curve::P521, DigestAlgorithm::Sha384) => Some((2, &ECDSA_P521_SHA384_ASN1)),
        (Curve::P521, DigestAlgorithm::Sha512) => Some((3, &ECDSA_P521_SHA512_ASN1)),
        _ => None,
    }
}

macro_rules! verifying_key {
    ($name:ident) => {
        impl VerifyingKey for $name {
            fn verify(&self, algorithm: &SignatureAlgorithm, message: &[&[u8]], signature: &[u8]) -> Result<(), Error> {
                let Some((key, digest)) = self.key(algorithm).zip(digest_of(algorithm, message)) else {
                    return self.rust.verify(algorithm, message, signature);
                };
                if key.verify_digest_sig(&digest, signature).is_ok() {
                    return Ok(());
                }
                // The library does not say why. Its verdict stands.
                self.rust.verify(algorithm, message, signature).and(Err(Code::SignatureInvalid.into()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

verifying_key!(Rsa);
verifying_key!(Ecdsa);

fn digest_of(algorithm: &SignatureAlgorithm, message: &[&[u8]]) -> Option<Digest> {
    let digest = match algorithm {
        SignatureAlgorithm::RsaPkcs1(digest) | SignatureAlgorithm::Ecdsa(digest) => *digest,
        SignatureAlgorithm::RsaPss(parameters) => parameters.digest,
        _ => return None,
    };
    let mut context = Context::new(digest_algorithm(digest)?);
    message.iter().for_each(|piece| context.update(piece));
    Some(context.finish())
}
