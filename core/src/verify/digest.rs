use crate::der::{Document, Tag, oids};
use crate::error::{Code, Error};
use crate::verify::Limits;
use sha2::Digest as _;

/// A digest algorithm that can be computed. Whether it may be relied on is another question, which no backend is asked.
///
/// ```
/// use postseal::crypto::DigestAlgorithm;
/// assert_eq!((DigestAlgorithm::Sha384.name(), DigestAlgorithm::Sha384.size()), ("sha384", 48));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// MD5 (RFC 1321): broken, computed to be named.
    Md5,
    /// SHA-1 (FIPS 180-4 6.1): colliding messages can be made.
    Sha1,
    /// SHA-224 (FIPS 180-4 6.3).
    Sha224,
    /// SHA-256 (FIPS 180-4 6.2).
    Sha256,
    /// SHA-384 (FIPS 180-4 6.5).
    Sha384,
    /// SHA-512 (FIPS 180-4 6.4).
    Sha512,
}

/// Whether SHA-1 may be relied on: as a digest of messages in the legacy profile, nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sha1 {
    Refused,
    Tolerated,
}

impl DigestAlgorithm {
    /// From an encoded AlgorithmIdentifier (RFC 5754 2). The parameters of digests say nothing and are not looked at.
    pub(crate) fn from_algorithm_identifier(raw: &[u8], limits: &Limits) -> Result<Self, Error> {
        let document = Document::new(raw, limits);
        let mut fields = document.children(&document.root()?.expect(Tag::SEQUENCE)?)?;
        match fields.expect(Tag::OBJECT_IDENTIFIER)?.content() {
            oids::MD5 => Ok(Self::Md5),
            oids::SHA_1 => Ok(Self::Sha1),
            oids::SHA_224 => Ok(Self::Sha224),
            oids::SHA_256 => Ok(Self::Sha256),
            oids::SHA_384 => Ok(Self::Sha384),
            oids::SHA_512 => Ok(Self::Sha512),
            oids::MD2 | oids::MD4 => Err(Code::WeakDigest.into()),
            _ => Err(Code::DigestUnsupported.into()),
        }
    }

    /// Whether colliding messages can be made (MD5, SHA-1).
    pub(crate) const fn is_weak(self) -> bool {
        matches!(self, Self::Md5 | Self::Sha1)
    }

    /// Fails unless the digest is one of those that may be relied on: SHA-256, SHA-384, SHA-512, and SHA-1 where the
    /// caller tolerates it.
    pub(crate) fn require(self, tolerated: Sha1) -> Result<(), Error> {
        match self {
            Self::Sha1 if tolerated == Sha1::Tolerated => Ok(()),
            Self::Md5 | Self::Sha1 => Err(Code::WeakDigest.into()),
            Self::Sha224 => Err(Code::DigestUnsupported.into()),
            Self::Sha256 | Self::Sha384 | Self::Sha512 => Ok(()),
        }
    }

    /// `md5`, `sha1`, `sha224`, `sha256`, `sha384` or `sha512`.
    ///
    /// ```
    /// assert_eq!(postseal::crypto::DigestAlgorithm::Sha256.name(), "sha256");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// Octets of its value.
    ///
    /// ```
    /// assert_eq!(postseal::crypto::DigestAlgorithm::Sha512.size(), 64);
    /// ```
    pub const fn size(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    pub(crate) const fn oid(self) -> &'static [u8] {
        match self {
            Self::Md5 => oids::MD5,
            Self::Sha1 => oids::SHA_1,
            Self::Sha224 => oids::SHA_224,
            Self::Sha256 => oids::SHA_256,
            Self::Sha384 => oids::SHA_384,
            Self::Sha512 => oids::SHA_512,
        }
    }

    pub(crate) fn hasher(self) -> Hasher {
        match self {
            Self::Md5 => Hasher::Md5(md5::Md5::new()),
            Self::Sha1 => Hasher::Sha1(sha1::Sha1::new()),
            Self::Sha224 => Hasher::Sha224(sha2::Sha224::new()),
            Self::Sha256 => Hasher::Sha256(sha2::Sha256::new()),
            Self::Sha384 => Hasher::Sha384(sha2::Sha384::new()),
            Self::Sha512 => Hasher::Sha512(sha2::Sha512::new()),
        }
    }

    /// The digest of `pieces`, one after the other.
    pub(crate) fn digest(self, pieces: &[&[u8]]) -> Vec<u8> {
        let mut hasher = self.hasher();
        pieces.iter().for_each(|piece| hasher.update(piece));
        hasher.finish()
    }
}

/// A digest being computed.
#[derive(Clone, Debug)]
pub(crate) enum Hasher {
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha224(sha2::Sha224),
    Sha256(sha2::Sha256),
    Sha384(sha2::Sha384),
    Sha512(sha2::Sha512),
}

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(hasher) => hasher.update(bytes),
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha224(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha384(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        match self {
            Self::Md5(hasher) => hasher.finalize().to_vec(),
            Self::Sha1(hasher) => hasher.finalize().to_vec(),
            Self::Sha224(hasher) => hasher.finalize().to_vec(),
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
            Self::Sha384(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
        }
    }
}
