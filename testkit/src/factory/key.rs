use super::der::{bit_string, integer, octet_string, oid, sequence, tlv};
use super::scheme::{Digest, Padding, Scheme};
use rsa::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::signature::hazmat::PrehashSigner;
use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _, Signer};
use std::convert::Infallible;
use std::sync::OnceLock;

const RSA_KEYS: [&[u8]; 6] = [
    include_bytes!("../../data/keys/rsa-2048-0.der"),
    include_bytes!("../../data/keys/rsa-2048-1.der"),
    include_bytes!("../../data/keys/rsa-2048-2.der"),
    include_bytes!("../../data/keys/rsa-2048-3.der"),
    include_bytes!("../../data/keys/rsa-2048-4.der"),
    include_bytes!("../../data/keys/rsa-2048-5.der"),
];

/// A test key. The number chooses one of a few published RSA keys, or seeds a key of another algorithm.
///
/// ```
/// use postseal_testkit::factory::Key;
/// assert_eq!(Key::P256(1), Key::P256(1));
/// assert_ne!(Key::Rsa(0), Key::Rsa(1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "tests choose one")]
pub enum Key {
    /// RSA-2048, numbers 0 to 5.
    Rsa(usize),
    /// ECDSA on P-256.
    P256(u64),
    /// ECDSA on P-384.
    P384(u64),
    /// ECDSA on P-521.
    P521(u64),
    /// Ed25519.
    Ed25519(u64),
    /// X25519, which agrees on keys and signs nothing.
    X25519(u64),
}

/// The algorithm of a key.
///
/// ```
/// use postseal_testkit::factory::{Key, KeyAlgorithm};
/// assert_eq!(Key::P384(7).algorithm(), KeyAlgorithm::P384);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "tests choose one")]
pub enum KeyAlgorithm {
    /// RSA with 2048 bits.
    Rsa2048,
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
    /// ECDSA on P-521.
    P521,
    /// Ed25519.
    Ed25519,
    /// X25519.
    X25519,
}

/// Something for each elliptic curve of ECDSA: the crate of the curve as `$curve`, and the key on it as `$key`.
macro_rules! on_curve {
    ($scalar:expr, $curve:ident, $key:ident => $body:expr) => {{
        let $key = $curve::ecdsa::SigningKey::from_slice(&$scalar).expect("the scalar is smaller than the order");
        $body
    }};
}

/// Something for each digest, with its type as `$type`.
macro_rules! with_digest {
    ($digest:expr, $type:ident => $body:expr) => {
        match $digest {
            Digest::Md5 => {
                type $type = md5::Md5;
                $body
            }
            Digest::Sha1 => {
                type $type = sha1::Sha1;
                $body
            }
            Digest::Sha256 => {
                type $type = sha2::Sha256;
                $body
            }
            Digest::Sha384 => {
                type $type = sha2::Sha384;
                $body
            }
            Digest::Sha512 => {
                type $type = sha2::Sha512;
                $body
            }
        }
    };
}

impl Key {
    /// How many RSA keys there are.
    pub(super) const RSA_KEYS: usize = RSA_KEYS.len();

    /// Its algorithm.
    ///
    /// ```
    /// use postseal_testkit::factory::{Key, KeyAlgorithm};
    /// assert_eq!(Key::Rsa(0).algorithm(), KeyAlgorithm::Rsa2048);
    /// ```
    #[must_use]
    pub const fn algorithm(self) -> KeyAlgorithm {
        match self {
            Self::Rsa(_) => KeyAlgorithm::Rsa2048,
            Self::P256(_) => KeyAlgorithm::P256,
            Self::P384(_) => KeyAlgorithm::P384,
            Self::P521(_) => KeyAlgorithm::P521,
            Self::Ed25519(_) => KeyAlgorithm::Ed25519,
            Self::X25519(_) => KeyAlgorithm::X25519,
        }
    }

    /// How it signs unless it is told otherwise: PKCS #1 v1.5, and the digest that fits the strength.
    ///
    /// ```
    /// use postseal_testkit::factory::{Digest, Key, Scheme};
    /// assert_eq!(Key::P384(1).scheme(), Scheme::with(Digest::Sha384));
    /// ```
    #[must_use]
    pub const fn scheme(self) -> Scheme {
        Scheme::with(match self {
            Self::Rsa(_) | Self::P256(_) => Digest::Sha256,
            Self::P384(_) => Digest::Sha384,
            // RFC 8419 3.1 has SHA-512 for Ed25519.
            Self::P521(_) | Self::Ed25519(_) | Self::X25519(_) => Digest::Sha512,
        })
    }

    /// The SubjectPublicKeyInfo.
    ///
    /// ```
    /// assert_eq!(postseal_testkit::factory::Key::Ed25519(1).public_key_info().len(), 44);
    /// ```
    #[must_use]
    pub fn public_key_info(self) -> Vec<u8> {
        let ec = |curve: &str, point: &[u8]| {
            sequence(&[&sequence(&[&oid("1.2.840.10045.2.1"), &oid(curve)]), &bit_string(point)])
        };
        match self {
            Self::Rsa(number) => rsa::PublicKey::from(rsa_key(number)).to_public_key_der().unwrap().into_vec(),
            Self::Ed25519(_) => sequence(&[&sequence(&[&oid("1.3.101.112")]), &bit_string(&self.public_key_bits())]),
            Self::X25519(_) => sequence(&[&sequence(&[&oid("1.3.101.110")]), &bit_string(&self.public_key_bits())]),
            Self::P256(_) => ec("1.2.840.10045.3.1.7", &self.public_key_bits()),
            Self::P384(_) => ec("1.3.132.0.34", &self.public_key_bits()),
            Self::P521(_) => ec("1.3.132.0.35", &self.public_key_bits()),
        }
    }

    /// The key identifier: SHA-1 of the public key's bits (RFC 5280 4.2.1.2, method 1).
    ///
    /// ```
    /// assert_eq!(postseal_testkit::factory::Key::P256(1).identifier().len(), 20);
    /// ```
    #[must_use]
    pub fn identifier(self) -> Vec<u8> {
        Digest::Sha1.of(&self.public_key_bits())
    }

    /// The same signature each time: RFC 6979 for ECDSA, for PSS a salt that follows from key and message.
    ///
    /// # Panics
    /// When the scheme asks for a digest that the algorithm does not have, or the algorithm cannot sign.
    ///
    /// ```
    /// use postseal_testkit::factory::{Digest, Key, Scheme};
    /// let scheme = Scheme::pss(Digest::Sha256);
    /// assert_eq!(Key::Rsa(0).sign(scheme, b"text"), Key::Rsa(0).sign(scheme, b"text"));
    /// ```
    #[must_use]
    pub fn sign(self, scheme: Scheme, message: &[u8]) -> Vec<u8> {
        let hash = || scheme.digest.of(message);
        match self {
            Self::Rsa(number) => sign_rsa(number, scheme, message),
            Self::P256(seed) => on_curve!(scalar::<32>(seed), p256, key => {
                let signature: p256::ecdsa::DerSignature = key.sign_prehash(&hash()).unwrap();
                signature.as_bytes().to_vec()
            }),
            Self::P384(seed) => on_curve!(scalar::<48>(seed), p384, key => {
                let signature: p384::ecdsa::DerSignature = key.sign_prehash(&hash()).unwrap();
                signature.as_bytes().to_vec()
            }),
            Self::P521(seed) => on_curve!(scalar_of_p521(seed), p521, key => {
                let signature: p521::ecdsa::DerSignature = key.sign_prehash(&hash()).unwrap();
                signature.as_bytes().to_vec()
            }),
            Self::Ed25519(seed) => ed25519(seed).sign(message).to_bytes().to_vec(),
            Self::X25519(_) => panic!("X25519 does not sign"),
        }
    }

    /// The private key as PKCS #8 (RFC 5958), for a peer that opens what was encrypted to it. Published with the test kit:
    /// a key for tests and nothing else.
    ///
    /// ```
    /// assert_eq!(postseal_testkit::factory::Key::X25519(1).private_key()[0], 0x30);
    /// ```
    #[must_use]
    pub fn private_key(self) -> Vec<u8> {
        let wrapped =
            |algorithm: &[&[u8]], key: &[u8]| sequence(&[&integer(0), &sequence(algorithm), &octet_string(key)]);
        let ec = |curve: &str, scalar: &[u8]| {
            // ECPrivateKey (RFC 5915 3), with the public key, which some readers want.
            let public = tlv(0xa1, &[&bit_string(&self.public_key_bits())]);
            let key = sequence(&[&integer(1), &octet_string(scalar), &public]);
            wrapped(&[&oid("1.2.840.10045.2.1"), &oid(curve)], &key)
        };
        match self {
            Self::Rsa(number) => RSA_KEYS[number].to_vec(),
            Self::P256(seed) => ec("1.2.840.10045.3.1.7", &scalar::<32>(seed)),
            Self::P384(seed) => ec("1.3.132.0.34", &scalar::<48>(seed)),
            Self::P521(seed) => ec("1.3.132.0.35", &scalar_of_p521(seed)),
            Self::Ed25519(seed) => wrapped(&[&oid("1.3.101.112")], &octet_string(&scalar::<32>(seed))),
            Self::X25519(seed) => wrapped(&[&oid("1.3.101.110")], &octet_string(&scalar::<32>(seed))),
        }
    }

    /// The shared secret with the owner of this public point or key, for opening what was encrypted by key agreement.
    pub(crate) fn agree(self, public: &[u8]) -> Option<Vec<u8>> {
        macro_rules! agree {
            ($curve:ident, $scalar:expr) => {{
                let secret = $curve::SecretKey::from_slice(&$scalar).unwrap();
                let public = $curve::PublicKey::from_sec1_bytes(public).ok()?;
                let shared = $curve::ecdh::diffie_hellman(secret.to_nonzero_scalar(), public.as_affine());
                Some(shared.raw_secret_bytes().to_vec())
            }};
        }
        match self {
            Self::P256(seed) => agree!(p256, scalar::<32>(seed)),
            Self::P384(seed) => agree!(p384, scalar::<48>(seed)),
            Self::P521(seed) => agree!(p521, scalar_of_p521(seed)),
            Self::X25519(seed) => {
                let public: [u8; 32] = public.try_into().ok()?;
                let secret = x25519_dalek::StaticSecret::from(scalar::<32>(seed));
                Some(secret.diffie_hellman(&public.into()).as_bytes().to_vec())
            }
            Self::Rsa(_) | Self::Ed25519(_) => None,
        }
    }

    /// What the BIT STRING of the SubjectPublicKeyInfo holds.
    pub(super) fn public_key_bits(self) -> Vec<u8> {
        match self {
            Self::Rsa(number) => {
                use rsa::pkcs1::EncodeRsaPublicKey as _;
                rsa::PublicKey::from(rsa_key(number)).to_pkcs1_der().unwrap().into_vec()
            }
            Self::P256(seed) => on_curve!(scalar::<32>(seed), p256, key => {
                key.verifying_key().to_sec1_point(false).as_bytes().to_vec()
            }),
            Self::P384(seed) => on_curve!(scalar::<48>(seed), p384, key => {
                key.verifying_key().to_sec1_point(false).as_bytes().to_vec()
            }),
            Self::P521(seed) => on_curve!(scalar_of_p521(seed), p521, key => {
                key.verifying_key().to_sec1_point(false).as_bytes().to_vec()
            }),
            Self::Ed25519(seed) => ed25519(seed).verifying_key().to_bytes().to_vec(),
            Self::X25519(seed) => {
                let secret = x25519_dalek::StaticSecret::from(scalar::<32>(seed));
                x25519_dalek::PublicKey::from(&secret).as_bytes().to_vec()
            }
        }
    }
}

/// Parsing checks a key, which takes longer than signing with it: once for each is enough.
fn rsa_key(number: usize) -> &'static rsa::PrivateKey {
    static PARSED: [OnceLock<rsa::PrivateKey>; RSA_KEYS.len()] = [const { OnceLock::new() }; RSA_KEYS.len()];
    PARSED[number].get_or_init(|| {
        rsa::PrivateKey::from_pkcs8_der(RSA_KEYS[number]).expect("the keys of the test kit are PKCS #8")
    })
}

fn sign_rsa(number: usize, scheme: Scheme, message: &[u8]) -> Vec<u8> {
    let key = rsa_key(number).clone();
    with_digest!(scheme.digest, Chosen => match scheme.padding {
        Padding::Pkcs1 => Signer::sign(&rsa::pkcs1v15::SigningKey::<Chosen>::new(key), message).to_vec(),
        Padding::Pss => {
            let mut salt = Stream::new(&[&[u8::try_from(number).unwrap()], message].concat());
            rsa::pss::SigningKey::<Chosen>::new(key).sign_with_rng(&mut salt, message).to_vec()
        }
    })
}

/// A secret scalar of so many octets, smaller than the order of every curve of this size.
fn scalar<const SIZE: usize>(seed: u64) -> [u8; SIZE] {
    let mut scalar = [0x5a; SIZE];
    let last = seed ^ u64::from_be_bytes([0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0]);
    scalar[SIZE - 8..].copy_from_slice(&last.to_be_bytes());
    scalar
}

/// The order of P-521 has 521 bits: the first of 66 octets is 0 or 1.
fn scalar_of_p521(seed: u64) -> [u8; 66] {
    let mut scalar = scalar::<66>(seed);
    scalar[0] = 0;
    scalar
}

fn ed25519(seed: u64) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&scalar::<32>(seed))
}

/// Octets that follow from a message, for what asks for random ones.
struct Stream {
    message: Vec<u8>,
    count: u64,
}

impl Stream {
    fn new(message: &[u8]) -> Self {
        Self { message: message.to_vec(), count: 0 }
    }

    fn octets<const SIZE: usize>(&mut self) -> [u8; SIZE] {
        let mut octets = [0; SIZE];
        let Ok(()) = self.try_fill_bytes(&mut octets);
        octets
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_be_bytes(self.octets()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_be_bytes(self.octets()))
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Infallible> {
        for chunk in target.chunks_mut(32) {
            self.count += 1;
            let block = Digest::Sha256.of(&[&self.count.to_be_bytes()[..], &self.message].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Stream {}
