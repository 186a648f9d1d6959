//! The arithmetic under every verdict and every sealed mail, behind one trait.
//!
//! A backend computes and decides nothing: which algorithms, keys and digests are good enough, how a padding must look and
//! what follows from an answer is said elsewhere, once, and is the same with every backend. Without a choice it is
//! [`PureRust`]; [`Engine::with_crypto`](crate::Engine::with_crypto) takes another one, a value that belongs to that engine.
//!
//! Through the backend go signatures, digests of messages, RSA key transport, key agreement and the content cipher.
//! Fingerprints, the key derivation functions, AES key wrap and the checks for weak keys are computed by postseal itself.

mod batch;
pub(crate) mod ecdsa;
mod pure;
pub(crate) mod rsa_arithmetic;

pub use crate::cms::ContentEncryption;
pub use crate::cms::cipher::MessageAuthenticationCode;
pub use crate::cms::key_transport::KeyTransport;
use crate::error::Error;
use crate::random::Random;
pub use crate::verify::digest::DigestAlgorithm;
pub use crate::verify::key::Curve;
pub use crate::verify::oaep::OaepParameters;
pub use crate::verify::pss::PssParameters;
pub use crate::verify::signature::{SignatureAlgorithm, check_rsa_encoding};
use core::fmt;
pub use pure::PureRust;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What computes. Every method has a default, in safe Rust; a backend replaces what it does better.
///
/// All of it must give the same answers as the defaults: other engines and other machines rely on the same verdict.
///
/// ```
/// use postseal::crypto::CryptoBackend;
/// /// Only its name is new.
/// #[derive(Debug)]
/// struct Mine;
/// impl CryptoBackend for Mine {
///     fn name(&self) -> &'static str {
///         "mine"
///     }
/// }
/// assert_eq!(Mine.name(), "mine");
/// ```
pub trait CryptoBackend: fmt::Debug + Send + Sync {
    /// A name for people, one word; no two backends of a process have the same.
    fn name(&self) -> &'static str;

    /// Prepares a public key to verify with.
    ///
    /// # Errors
    /// [`Code::KeyMalformed`](crate::Code) when these octets are no key.
    fn verifying_key(&self, key: SignatureKey<'_>, uses: Uses) -> Result<Arc<dyn VerifyingKey>, Error> {
        pure::verifying_key(key, uses)
    }

    /// RSAVP1 and RSAEP (RFC 8017 5.1.1, 5.2.2), each by itself. The bases may be secret: what is done must depend on
    /// the keys only. `None` where a base has not the octets of the modulus or is not smaller than it, or where the key
    /// cannot be computed with.
    fn rsa_public_operations(&self, operations: &[RsaOperation<'_>]) -> Vec<Option<Vec<u8>>> {
        operations.iter().map(|operation| pure::rsa_public_operation(*operation)).collect()
    }

    /// The content key, encrypted for each recipient in this order (RFC 8017 7.1.1, 7.2.1).
    ///
    /// The default draws what the padding needs from `random`; another backend may have a source of its own.
    ///
    /// # Errors
    /// [`Code::RsaTooSmall`](crate::Code), [`Code::RandomUnavailable`](crate::Code), [`Code::KeyMalformed`](crate::Code);
    /// then nobody gets anything.
    fn encrypt_content_key(
        &self,
        content_key: &[u8],
        recipients: &[RsaRecipient<'_>],
        random: &mut dyn Random,
    ) -> Result<Vec<Vec<u8>>, Error> {
        batch::encrypt_content_key(|operations| self.rsa_public_operations(operations), content_key, recipients, random)
    }

    /// The public key of an ephemeral private key, as it is sent: SEC 1 uncompressed, or the 32 octets of X25519.
    ///
    /// # Errors
    /// [`Code::KeyMalformed`](crate::Code) when `private` is none.
    fn ephemeral_public_key(&self, curve: AgreementCurve, private: &[u8]) -> Result<Vec<u8>, Error> {
        pure::ephemeral_public_key(curve, private)
    }

    /// What both sides agree on: the x-coordinate of the product (SEC 1 3.3.1), or the output of X25519 (RFC 7748 6.1).
    ///
    /// # Errors
    /// [`Code::KeyMalformed`](crate::Code) when one of both is no key, or when the public key has no part in the secret.
    fn agree(&self, curve: AgreementCurve, private: &[u8], public: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        pure::agree(curve, private, public)
    }

    /// Encryption of a content, piece by piece. `key` and `iv` have the sizes of the algorithm.
    ///
    /// # Errors
    /// [`Code::KeyMalformed`](crate::Code) when they have not.
    fn content_cipher(
        &self,
        algorithm: ContentEncryption,
        key: &[u8],
        iv: &[u8],
    ) -> Result<Box<dyn ContentCipher>, Error> {
        pure::content_cipher(algorithm, key, iv)
    }

    /// A digest, piece by piece.
    fn hasher(&self, digest: DigestAlgorithm) -> Box<dyn Hasher> {
        pure::hasher(digest)
    }
}

/// How often a key will be used, so far as is known.
///
/// ```
/// use postseal::crypto::Uses;
/// assert_ne!(Uses::Few, Uses::Many);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing between")]
pub enum Uses {
    /// Once, or a few times: nothing is worth preparing that costs more than a check.
    Few,
    /// It has signed many certificates: a table of some hundred kilobytes pays.
    Many,
}

/// A public key to verify with; its octets have been read and checked for their form.
///
/// ```
/// use postseal::crypto::SignatureKey;
/// let key = SignatureKey::Ed25519(&[0; 32]);
/// assert!(matches!(key, SignatureKey::Ed25519(_)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureKey<'a> {
    /// RSA (RFC 8017 3.1).
    Rsa(RsaPublicKey<'a>),
    /// A point on a curve (SEC 1 2.3.3), which was found to be on it.
    Ec {
        /// Its curve.
        curve: Curve,
        /// Its octets, compressed or not.
        point: &'a [u8],
    },
    /// Ed25519 (RFC 8032).
    Ed25519(&'a [u8; 32]),
}

/// Modulus and exponent, big-endian, without leading zeros.
///
/// ```
/// use postseal::crypto::RsaPublicKey;
/// let key = RsaPublicKey { modulus: &[0xc5], exponent: &[3] };
/// assert_eq!(key.modulus.len(), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "RFC 8017 3.1")]
pub struct RsaPublicKey<'a> {
    /// The modulus, odd.
    pub modulus: &'a [u8],
    /// The public exponent, at most eight octets of which are computed with.
    pub exponent: &'a [u8],
}

/// A number to be raised to the power of a public exponent.
///
/// ```
/// use postseal::crypto::{CryptoBackend, PureRust, RsaOperation, RsaPublicKey};
/// // 2^3 = 8 modulo 197
/// let operation = RsaOperation { key: RsaPublicKey { modulus: &[197], exponent: &[3] }, base: &[2] };
/// assert_eq!(PureRust.rsa_public_operations(&[operation]), [Some(vec![8])]);
/// ```
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "RFC 8017 5.1.1")]
pub struct RsaOperation<'a> {
    /// Whose.
    pub key: RsaPublicKey<'a>,
    /// As many octets as the modulus has.
    pub base: &'a [u8],
}

impl fmt::Debug for RsaOperation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The base may be a content key.
        f.debug_struct("RsaOperation").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Somebody with an RSA key, and how the content key is encrypted for it.
///
/// ```
/// use postseal::crypto::{KeyTransport, RsaPublicKey, RsaRecipient};
/// let key = RsaPublicKey { modulus: &[0xff; 256], exponent: &[1, 0, 1] };
/// let recipient = RsaRecipient { key, transport: KeyTransport::Pkcs1 };
/// assert_eq!(recipient.key.modulus.len(), 256);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "RFC 5652 6.2.1")]
pub struct RsaRecipient<'a> {
    /// The key.
    pub key: RsaPublicKey<'a>,
    /// The padding.
    pub transport: KeyTransport,
}

/// The curves of key agreement (RFC 5753, RFC 8418).
///
/// ```
/// use postseal::crypto::{AgreementCurve, CryptoBackend, Curve, PureRust};
/// let curve = AgreementCurve::Nist(Curve::P256);
/// let (one, two) = ([1; 32], [2; 32]);
/// let public = PureRust.ephemeral_public_key(curve, &two)?;
/// let mine = PureRust.agree(curve, &one, &public)?;
/// let theirs = PureRust.agree(curve, &two, &PureRust.ephemeral_public_key(curve, &one)?)?;
/// assert_eq!(mine, theirs);
/// # Ok::<(), postseal::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgreementCurve {
    /// A curve of NIST.
    Nist(Curve),
    /// X25519 (RFC 7748).
    X25519,
}

/// A key that is ready to verify with. It may be used by many threads at once, and for as long as its backend likes.
///
/// ```
/// use postseal::crypto::{CryptoBackend, PureRust, RsaPublicKey, SignatureAlgorithm, SignatureKey, Uses, DigestAlgorithm};
/// let modulus = [0xff; 256];
/// let key = SignatureKey::Rsa(RsaPublicKey { modulus: &modulus, exponent: &[1, 0, 1] });
/// let key = PureRust.verifying_key(key, Uses::Few)?;
/// let algorithm = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256);
/// assert!(key.verify(&algorithm, &[b"signed ", b"octets"], &[0; 256]).is_err());
/// # Ok::<(), postseal::Error>(())
/// ```
pub trait VerifyingKey: fmt::Debug + Send + Sync {
    /// Whether `signature` is one over `message`, which comes in pieces. The algorithm is one that the key may be used with.
    ///
    /// # Errors
    /// [`Code::SignatureInvalid`](crate::Code), [`Code::SignatureMalformed`](crate::Code), and
    /// [`Code::SignatureUnsupported`](crate::Code) when algorithm and key do not belong together.
    fn verify(&self, algorithm: &SignatureAlgorithm, message: &[&[u8]], signature: &[u8]) -> Result<(), Error>;
}

/// A content being encrypted: any division into pieces gives the same octets.
///
/// ```
/// use postseal::crypto::{ContentEncryption, CryptoBackend, PureRust};
/// let mut cipher = PureRust.content_cipher(ContentEncryption::Aes128Cbc, &[0; 16], &[0; 16])?;
/// let mut out = Vec::new();
/// cipher.update(b"not yet a block", &mut out)?;
/// assert!(cipher.finish(&mut out).is_none());
/// assert_eq!(out.len(), 16);
/// # Ok::<(), postseal::Error>(())
/// ```
pub trait ContentCipher: Send + Sync {
    /// Appends the ciphertext of `plain` to `out`. CBC keeps what does not fill a block for the next call.
    ///
    /// # Errors
    /// [`Code::ContentTooLong`](crate::Code), before anything is appended.
    fn update(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), Error>;

    /// Appends what is left: the padded block of CBC (RFC 5652 6.3). An authenticated mode has a tag instead.
    fn finish(self: Box<Self>, out: &mut Vec<u8>) -> Option<MessageAuthenticationCode>;
}

/// A digest being computed.
///
/// ```
/// use postseal::crypto::{CryptoBackend, DigestAlgorithm, PureRust};
/// let mut hasher = PureRust.hasher(DigestAlgorithm::Sha256);
/// hasher.update(b"abc");
/// assert_eq!(hasher.finish().len(), 32);
/// ```
pub trait Hasher: Send {
    /// Takes the next octets.
    fn update(&mut self, octets: &[u8]);

    /// The digest of all.
    fn finish(self: Box<Self>) -> Vec<u8>;
}
