use super::agreement::is_private_key;
use crate::crypto::{AgreementCurve, CryptoBackend};
use crate::der::writer::{algorithm_identifier, element, object_identifier, whole_bits};
use crate::der::{Tag, oids};
use crate::error::{Code, Error};
use crate::random::{self, Random};
use crate::verify::{Curve, DigestAlgorithm, EcKey};
use aes::cipher::KeyInit;
use aes::{Aes128, Aes192, Aes256};
use aes_kw::AesKw;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// How often an ephemeral key is drawn. One in 2^32 lies outside the range of P-256 (the other curves refuse fewer
/// still), so that a source that needs the last draw is broken.
const KEY_DRAWS: u32 = 8;

/// A content key that is encrypted under a key which only the recipient and a fresh ephemeral key agree on: the fields of
/// a KeyAgreeRecipientInfo (RFC 5652 6.2.2).
#[derive(Debug)]
pub(crate) struct AgreedKey {
    /// algorithm and publicKey of the OriginatorPublicKey, without the header around them.
    pub(crate) originator_key: Vec<u8>,
    /// keyEncryptionAlgorithm, encoded.
    pub(crate) algorithm: Vec<u8>,
    /// encryptedKey: eight octets longer than the content key.
    pub(crate) encrypted_key: Vec<u8>,
}

/// Ephemeral-static ECDH on a NIST curve (RFC 5753 3.1), without cofactor multiplication: the cofactor is 1.
pub(crate) fn agree_ec(
    crypto: &dyn CryptoBackend,
    key: &EcKey,
    content_key: &[u8],
    random: &mut dyn Random,
) -> Result<AgreedKey, Error> {
    let (scheme, digest, curve) = match key.curve {
        Curve::P256 => (oids::STD_DH_SHA256_KDF, DigestAlgorithm::Sha256, oids::P_256),
        Curve::P384 => (oids::STD_DH_SHA384_KDF, DigestAlgorithm::Sha384, oids::P_384),
        Curve::P521 => (oids::STD_DH_SHA512_KDF, DigestAlgorithm::Sha512, oids::P_521),
    };
    let wrap = KeyWrap::of_size(content_key.len())?;
    let ephemeral = draw_scalar(key.curve, random)?;
    let on = AgreementCurve::Nist(key.curve);
    let public = crypto.ephemeral_public_key(on, &ephemeral)?;
    let secret = crypto.agree(on, &ephemeral, &key.point)?;
    let kek = x963_kdf(digest, &secret, &wrap.shared_info(), wrap.size());
    Ok(AgreedKey {
        originator_key: originator_key(oids::EC_PUBLIC_KEY, &object_identifier(curve), &public),
        algorithm: algorithm_identifier(scheme, &wrap.algorithm_identifier()),
        encrypted_key: wrap.wrap(&kek, content_key)?,
    })
}

/// Ephemeral-static ECDH with X25519 and HKDF (RFC 8418 2.2).
pub(crate) fn agree_x25519(
    crypto: &dyn CryptoBackend,
    key: &[u8; 32],
    content_key: &[u8],
    random: &mut dyn Random,
) -> Result<AgreedKey, Error> {
    let wrap = KeyWrap::of_size(content_key.len())?;
    // RFC 7748 5: any 32 octets are a private key.
    let mut ephemeral = Zeroizing::new([0; 32]);
    random::fill(random, &mut *ephemeral)?;
    let public = crypto.ephemeral_public_key(AgreementCurve::X25519, &*ephemeral)?;
    let secret = crypto.agree(AgreementCurve::X25519, &*ephemeral, key)?;
    let mut kek = Zeroizing::new(vec![0; wrap.size()]);
    // RFC 8418 2.2: without user keying material there is no salt.
    let expanded = Hkdf::<Sha256>::new(None, &secret).expand(&wrap.shared_info(), &mut kek);
    expanded.map_err(|_| Error::from(Code::KeyMalformed))?;
    Ok(AgreedKey {
        // RFC 8410 3: the parameters are absent.
        originator_key: originator_key(oids::X25519, &[], &public),
        algorithm: algorithm_identifier(oids::STD_DH_HKDF_SHA256, &wrap.algorithm_identifier()),
        encrypted_key: wrap.wrap(&kek, content_key)?,
    })
}

fn originator_key(algorithm: &[u8], parameters: &[u8], public: &[u8]) -> Vec<u8> {
    [algorithm_identifier(algorithm, parameters), whole_bits(public)].concat()
}

/// A private key by rejection sampling: octets of the size of the order until they are a number in its range.
fn draw_scalar(curve: Curve, random: &mut dyn Random) -> Result<Zeroizing<Vec<u8>>, Error> {
    // The order of P-521 has one bit in its first octet.
    let (size, first) = match curve {
        Curve::P256 => (32, 0xff),
        Curve::P384 => (48, 0xff),
        Curve::P521 => (66, 0x01),
    };
    let mut scalar = Zeroizing::new(vec![0; size]);
    for _ in 0..KEY_DRAWS {
        random::fill(random, &mut scalar)?;
        scalar.iter_mut().take(1).for_each(|octet| *octet &= first);
        if is_private_key(curve, &scalar) {
            return Ok(scalar);
        }
    }
    Err(Code::RandomUnavailable.into())
}

/// ANSI X9.63 KDF (SEC 1 3.6.1).
fn x963_kdf(digest: DigestAlgorithm, secret: &[u8], shared_info: &[u8], size: usize) -> Zeroizing<Vec<u8>> {
    // No key is longer than one digest, so that the counter stays at 1.
    debug_assert!(size <= digest.size(), "one block is enough");
    let mut key = Zeroizing::new(digest.digest(&[secret, &[0, 0, 0, 1], shared_info]));
    key.truncate(size);
    key
}

/// AES key wrap (RFC 3394, RFC 3565 2.3.2) with a key as long as the content key: neither is the weaker one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyWrap {
    Aes128,
    Aes192,
    Aes256,
}

impl KeyWrap {
    fn of_size(octets: usize) -> Result<Self, Error> {
        match octets {
            16 => Ok(Self::Aes128),
            24 => Ok(Self::Aes192),
            32 => Ok(Self::Aes256),
            _ => Err(Code::KeyMalformed.into()),
        }
    }

    /// Octets of its key.
    const fn size(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    /// Without parameters (RFC 3565 2.3.2).
    fn algorithm_identifier(self) -> Vec<u8> {
        let oid = match self {
            Self::Aes128 => oids::AES_128_WRAP,
            Self::Aes192 => oids::AES_192_WRAP,
            Self::Aes256 => oids::AES_256_WRAP,
        };
        algorithm_identifier(oid, &[])
    }

    /// ECC-CMS-SharedInfo (RFC 5753 7.2): keyInfo, and in suppPubInfo [2] the bits of the key in four octets. There is no
    /// user keying material, since the ephemeral key is fresh each time.
    fn shared_info(self) -> Vec<u8> {
        let bits: u32 = match self {
            Self::Aes128 => 128,
            Self::Aes192 => 192,
            Self::Aes256 => 256,
        };
        let bits = element(Tag::OCTET_STRING, &[&bits.to_be_bytes()]);
        element(Tag::SEQUENCE, &[&self.algorithm_identifier(), &element(Tag::context_constructed(2), &[&bits])])
    }

    /// RFC 3394 2.2.1: eight octets longer than `key`.
    fn wrap(self, kek: &[u8], key: &[u8]) -> Result<Vec<u8>, Error> {
        let mut wrapped = vec![0; key.len().saturating_add(8)];
        let done = match self {
            Self::Aes128 => AesKw::<Aes128>::new_from_slice(kek).map(|kek| kek.wrap_key(key, &mut wrapped).is_ok()),
            Self::Aes192 => AesKw::<Aes192>::new_from_slice(kek).map(|kek| kek.wrap_key(key, &mut wrapped).is_ok()),
            Self::Aes256 => AesKw::<Aes256>::new_from_slice(kek).map(|kek| kek.wrap_key(key, &mut wrapped).is_ok()),
        };
        if done == Ok(true) { Ok(wrapped) } else { Err(Code::KeyMalformed.into()) }
    }
}

#[cfg(test)]
mod tests;
