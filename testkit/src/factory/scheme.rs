use super::der::{integer, null, oid, sequence, tlv};
use super::key::KeyAlgorithm;
use sha2::Digest as _;

/// A digest, the broken ones too.
///
/// ```
/// use postseal_testkit::factory::Digest;
/// assert_eq!(Digest::Sha256.of(b"").len(), 32);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "tests choose one")]
pub enum Digest {
    /// MD5, refused everywhere.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Digest {
    /// The digest of some octets.
    ///
    /// ```
    /// assert_eq!(postseal_testkit::factory::Digest::Sha1.of(b"abc")[..3], [0xa9, 0x99, 0x3e]);
    /// ```
    #[must_use]
    pub fn of(self, octets: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5 => md5::Md5::digest(octets).to_vec(),
            Self::Sha1 => sha1::Sha1::digest(octets).to_vec(),
            Self::Sha256 => sha2::Sha256::digest(octets).to_vec(),
            Self::Sha384 => sha2::Sha384::digest(octets).to_vec(),
            Self::Sha512 => sha2::Sha512::digest(octets).to_vec(),
        }
    }

    /// Its value of the micalg parameter (RFC 8551 3.5.3.2).
    ///
    /// ```
    /// assert_eq!(postseal_testkit::factory::Digest::Sha512.micalg(), "sha-512");
    /// ```
    #[must_use]
    pub const fn micalg(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha-1",
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    /// Its AlgorithmIdentifier, without parameters.
    ///
    /// ```
    /// assert_eq!(postseal_testkit::factory::Digest::Sha1.algorithm(), b"\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a");
    /// ```
    #[must_use]
    pub fn algorithm(self) -> Vec<u8> {
        sequence(&[&oid(match self {
            Self::Md5 => "1.2.840.113549.2.5",
            Self::Sha1 => "1.3.14.3.2.26",
            Self::Sha256 => "2.16.840.1.101.3.4.2.1",
            Self::Sha384 => "2.16.840.1.101.3.4.2.2",
            Self::Sha512 => "2.16.840.1.101.3.4.2.3",
        })])
    }

    /// RSASSA-PKCS1-v1_5 with this digest (RFC 8017 A.2.4).
    fn rsa(self) -> Vec<u8> {
        let last = match self {
            Self::Md5 => 4,
            Self::Sha1 => 5,
            Self::Sha256 => 11,
            Self::Sha384 => 12,
            Self::Sha512 => 13,
        };
        sequence(&[&oid(&format!("1.2.840.113549.1.1.{last}")), &null()])
    }

    /// RSASSA-PSS with this digest, MGF1 with the same, and a salt of its length (RFC 4055 3.1). DER leaves out what is
    /// the default, which is all of SHA-1.
    fn rsa_pss(self) -> Vec<u8> {
        let parameters = if self == Self::Sha1 {
            sequence(&[])
        } else {
            let mask = sequence(&[&oid("1.2.840.113549.1.1.8"), &self.algorithm()]);
            let salt = integer(u64::try_from(self.of(b"").len()).unwrap());
            sequence(&[&tlv(0xa0, &[&self.algorithm()]), &tlv(0xa1, &[&mask]), &tlv(0xa2, &[&salt])])
        };
        sequence(&[&oid("1.2.840.113549.1.1.10"), &parameters])
    }

    /// ECDSA with this digest (RFC 5758 3.2).
    fn ecdsa(self) -> Vec<u8> {
        sequence(&[&oid(match self {
            Self::Md5 => panic!("there is no ECDSA with MD5"),
            Self::Sha1 => "1.2.840.10045.4.1",
            Self::Sha256 => "1.2.840.10045.4.3.2",
            Self::Sha384 => "1.2.840.10045.4.3.3",
            Self::Sha512 => "1.2.840.10045.4.3.4",
        })])
    }
}

/// How a key signs: the digest, and for RSA the padding. Ed25519 has its own digest and takes no notice of either.
///
/// ```
/// use postseal_testkit::factory::{Digest, Padding, Scheme};
/// let scheme = Scheme { digest: Digest::Sha512, padding: Padding::Pss };
/// # let _ = scheme;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "tests set both")]
pub struct Scheme {
    /// The digest that is signed.
    pub digest: Digest,
    /// The padding of RSA.
    pub padding: Padding,
}

/// The padding of an RSA signature.
///
/// ```
/// assert_ne!(postseal_testkit::factory::Padding::Pkcs1, postseal_testkit::factory::Padding::Pss);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "tests choose one")]
pub enum Padding {
    /// PKCS #1 v1.5.
    Pkcs1,
    /// PSS, salt as long as the digest; the salt follows from key and message.
    Pss,
}

impl Scheme {
    /// PKCS #1 v1.5 or ECDSA with this digest.
    ///
    /// ```
    /// use postseal_testkit::factory::{Digest, Padding, Scheme};
    /// assert_eq!(Scheme::with(Digest::Sha1).padding, Padding::Pkcs1);
    /// ```
    #[must_use]
    pub const fn with(digest: Digest) -> Self {
        Self { digest, padding: Padding::Pkcs1 }
    }

    /// PSS with this digest.
    ///
    /// ```
    /// use postseal_testkit::factory::{Digest, Padding, Scheme};
    /// assert_eq!(Scheme::pss(Digest::Sha256).padding, Padding::Pss);
    /// ```
    #[must_use]
    pub const fn pss(digest: Digest) -> Self {
        Self { digest, padding: Padding::Pss }
    }

    /// The AlgorithmIdentifier of signatures of such a key under this scheme.
    ///
    /// ```
    /// use postseal_testkit::factory::{Key, der};
    /// let key = Key::P256(1);
    /// assert_eq!(key.scheme().algorithm(key.algorithm()), der::sequence(&[&der::oid("1.2.840.10045.4.3.2")]));
    /// ```
    #[must_use]
    pub fn algorithm(self, key: KeyAlgorithm) -> Vec<u8> {
        match (key, self.padding) {
            (KeyAlgorithm::Rsa2048, Padding::Pkcs1) => self.digest.rsa(),
            (KeyAlgorithm::Rsa2048, Padding::Pss) => self.digest.rsa_pss(),
            (KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::P521, _) => self.digest.ecdsa(),
            (KeyAlgorithm::Ed25519, _) => sequence(&[&oid("1.3.101.112")]),
            (KeyAlgorithm::X25519, _) => panic!("X25519 does not sign"),
        }
    }
}
