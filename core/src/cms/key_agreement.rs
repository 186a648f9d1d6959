use super::agreement::is_private_key;
use crate::crypto::{AgreementCurve, CryptoBackend};
use crate::der::writer::{algorithm_identifier, element, object_identifier, whole_bits};
use crate::der::{Tag, oids};
use crate::error::{Code, Error};
use crate::random::{self, Random};
use crate::verify::{Curve, DigestAlgorithm, PublicKey};
use aes::cipher::KeyInit;
use aes::{Aes128, Aes192, Aes256};
use aes_kw::AesKw;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// How often an ephemeral key is drawn. One in 2^32 lies outside the range of P-256 (the other curves refuse fewer
/// still), so that a source that needs the last draw is broken.
const KEY_DRAWS: u32 = 8;

/// A fresh key pair for one message: every recipient with a key on its curve agrees with it on a key of his own, because
/// the shared secret is that of this key and his (RFC 5753 3.1.1, RFC 8418 2.1).
pub(crate) struct EphemeralKey {
    private: Private,
    wrap: KeyWrap,
}

enum Private {
    Ec(Curve, Zeroizing<Vec<u8>>),
    X25519(Zeroizing<[u8; 32]>),
}

impl EphemeralKey {
    /// Draws one that agrees with `key`, for a content key of so many octets.
    ///
    /// # Errors
    /// [`Code::KeyCannotEncrypt`] where the key agrees with none; [`Code::RandomUnavailable`].
    pub(crate) fn draw(key: &PublicKey, content_key_size: usize, random: &mut dyn Random) -> Result<Self, Error> {
        let wrap = KeyWrap::of_size(content_key_size)?;
        let private = match key {
            PublicKey::Ec(key) => Private::Ec(key.curve, draw_scalar(key.curve, random)?),
            PublicKey::X25519(_) => {
                // RFC 7748 5: any 32 octets are a private key.
                let mut private = Zeroizing::new([0; 32]);
                random::fill(random, &mut *private)?;
                Private::X25519(private)
            }
            PublicKey::Rsa(_) | PublicKey::Ed25519(_) => return Err(Code::KeyCannotEncrypt.into()),
        };
        Ok(Self { private, wrap })
    }

    /// Whether `key` is on its curve.
    pub(crate) fn is_for(&self, key: &PublicKey) -> bool {
        match (&self.private, key) {
            (Private::Ec(curve, _), PublicKey::Ec(key)) => *curve == key.curve,
            (Private::X25519(_), PublicKey::X25519(_)) => true,
            _ => false,
        }
    }

    /// algorithm and publicKey of the OriginatorPublicKey (RFC 5652 6.2.2), without the header around them.
    pub(crate) fn originator_key(&self, crypto: &dyn CryptoBackend) -> Result<Vec<u8>, Error> {
        let (algorithm, public) = match &self.private {
            Private::Ec(curve, private) => {
                let named = match curve {
                    Curve::P256 => oids::P_256,
                    Curve::P384 => oids::P_384,
                    Curve::P521 => oids::P_521,
                };
                (
                    algorithm_identifier(oids::EC_PUBLIC_KEY, &object_identifier(named)),
                    crypto.ephemeral_public_key(AgreementCurve::Nist(*curve), private)?,
                )
            }
            // RFC 8410 3: the parameters are absent.
            Private::X25519(private) => (
                algorithm_identifier(oids::X25519, &[]),
                crypto.ephemeral_public_key(AgreementCurve::X25519, &**private)?,
            ),
        };
        Ok([algorithm, whole_bits(&public)].concat())
    }

    /// keyEncryptionAlgorithm, encoded.
    pub(crate) fn algorithm(&self) -> Vec<u8> {
        let scheme = match &self.private {
            Private::Ec(Curve::P256, _) => oids::STD_DH_SHA256_KDF,
            Private::Ec(Curve::P384, _) => oids::STD_DH_SHA384_KDF,
            Private::Ec(Curve::P521, _) => oids::STD_DH_SHA512_KDF,
            Private::X25519(_) => oids::STD_DH_HKDF_SHA256,
        };
        algorithm_identifier(scheme, &self.wrap.algorithm_identifier())
    }

    /// encryptedKey for the owner of `key`: eight octets longer than the content key.
    pub(crate) fn encrypt(
        &self,
        crypto: &dyn CryptoBackend,
        key: &PublicKey,
        content_key: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let shared_info = self.wrap.shared_info();
        let kek = match (&self.private, key) {
            // Ephemeral-static ECDH (RFC 5753 3.1), without cofactor multiplication: the cofactor is 1.
            (Private::Ec(curve, private), PublicKey::Ec(key)) if *curve == key.curve => {
                let digest = match curve {
                    Curve::P256 => DigestAlgorithm::Sha256,
                    Curve::P384 => DigestAlgorithm::Sha384,
                    Curve::P521 => DigestAlgorithm::Sha512,
                };
                let secret = crypto.agree(AgreementCurve::Nist(*curve), private, &key.point)?;
                x963_kdf(digest, &secret, &shared_info, self.wrap.size())
            }
            // X25519 and HKDF (RFC 8418 2.2); without user keying material there is no salt.
            (Private::X25519(private), PublicKey::X25519(key)) => {
                let mut kek = Zeroizing::new(vec![0; self.wrap.size()]);
                let secret = crypto.agree(AgreementCurve::X25519, &**private, &***key)?;
                let expanded = Hkdf::<Sha256>::new(None, &secret).expand(&shared_info, &mut kek);
                expanded.map_err(|_| Error::from(Code::KeyMalformed))?;
                kek
            }
            _ => return Err(Code::KeyCannotEncrypt.into()),
        };
        self.wrap.wrap(&kek, content_key)
    }
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
    /// user keying material, since the ephemeral key is fresh for each message.
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
