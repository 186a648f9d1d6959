use crate::der::writer::{algorithm_identifier, element, small_integer};
use crate::der::{Tag, oids};

/// Octets of an AES block, of the initialization vector of CBC, and of the tag of GCM.
pub(super) const BLOCK: usize = 16;

/// Octets of a GCM nonce: the size that RFC 5084 3.2 recommends, and the only one that needs no hashing.
const NONCE: usize = 12;

/// The most that GCM encrypts under one key and nonce, in octets: 2^32 - 2 blocks (NIST SP 800-38D 5.2.1.1).
pub(super) const GCM_LONGEST: u64 = (1 << 36) - 32;

/// How the content of a message is encrypted (RFC 3565, RFC 5084).
///
/// ```
/// use postseal::seal::ContentEncryption;
/// let algorithm = ContentEncryption::Aes256Gcm;
/// assert_eq!(algorithm.to_string(), "aes256-gcm");
/// assert_eq!(ContentEncryption::from_name("aes256-gcm"), Some(algorithm));
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentEncryption {
    /// AES-128 in CBC mode.
    Aes128Cbc,
    /// AES-192 in CBC mode.
    Aes192Cbc,
    /// AES-256 in CBC mode.
    Aes256Cbc,
    /// AES-128 in Galois/Counter mode.
    Aes128Gcm,
    /// AES-256 in Galois/Counter mode.
    Aes256Gcm,
}

impl ContentEncryption {
    /// All of them; the later ones are preferred.
    ///
    /// ```
    /// use postseal::seal::ContentEncryption;
    /// assert!(ContentEncryption::ALL.is_sorted());
    /// ```
    pub const ALL: &'static [Self] =
        &[Self::Aes128Cbc, Self::Aes192Cbc, Self::Aes256Cbc, Self::Aes128Gcm, Self::Aes256Gcm];

    /// The name that traces and the command print: `aes128-cbc`, `aes256-gcm`.
    ///
    /// ```
    /// use postseal::seal::ContentEncryption;
    /// assert_eq!(ContentEncryption::Aes192Cbc.name(), "aes192-cbc");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes128Cbc => "aes128-cbc",
            Self::Aes192Cbc => "aes192-cbc",
            Self::Aes256Cbc => "aes256-cbc",
            Self::Aes128Gcm => "aes128-gcm",
            Self::Aes256Gcm => "aes256-gcm",
        }
    }

    /// The algorithm with this name.
    ///
    /// ```
    /// use postseal::seal::ContentEncryption;
    /// assert_eq!(ContentEncryption::from_name("des-ede3-cbc"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name)
    }

    /// Whether it protects the content from being changed, too: AuthEnvelopedData (RFC 5083) instead of EnvelopedData.
    ///
    /// ```
    /// use postseal::seal::ContentEncryption;
    /// assert!(ContentEncryption::Aes128Gcm.is_authenticated() && !ContentEncryption::Aes256Cbc.is_authenticated());
    /// ```
    pub const fn is_authenticated(self) -> bool {
        matches!(self, Self::Aes128Gcm | Self::Aes256Gcm)
    }

    /// Bits of the key.
    ///
    /// ```
    /// use postseal::seal::ContentEncryption;
    /// assert_eq!(ContentEncryption::Aes256Gcm.key_bits(), 256);
    /// ```
    pub const fn key_bits(self) -> u32 {
        match self {
            Self::Aes128Cbc | Self::Aes128Gcm => 128,
            Self::Aes192Cbc => 192,
            Self::Aes256Cbc | Self::Aes256Gcm => 256,
        }
    }

    /// Octets of the key.
    ///
    /// ```
    /// assert_eq!(postseal::seal::ContentEncryption::Aes192Cbc.key_size(), 24);
    /// ```
    pub const fn key_size(self) -> usize {
        match self {
            Self::Aes128Cbc | Self::Aes128Gcm => 16,
            Self::Aes192Cbc => 24,
            Self::Aes256Cbc | Self::Aes256Gcm => 32,
        }
    }

    /// Octets of the initialization vector (CBC) or nonce (GCM).
    ///
    /// ```
    /// assert_eq!(postseal::seal::ContentEncryption::Aes256Gcm.iv_size(), 12);
    /// ```
    pub const fn iv_size(self) -> usize {
        if self.is_authenticated() { NONCE } else { BLOCK }
    }

    pub(crate) const fn oid(self) -> &'static [u8] {
        match self {
            Self::Aes128Cbc => oids::AES_128_CBC,
            Self::Aes192Cbc => oids::AES_192_CBC,
            Self::Aes256Cbc => oids::AES_256_CBC,
            Self::Aes128Gcm => oids::AES_128_GCM,
            Self::Aes256Gcm => oids::AES_256_GCM,
        }
    }

    /// The encoded contentEncryptionAlgorithm: AES-IV (RFC 3565 4.1) or GCMParameters (RFC 5084 3.2), whose tag has 16
    /// octets where the default would be 12.
    pub(crate) fn algorithm_identifier(self, iv: &[u8]) -> Vec<u8> {
        let iv = element(Tag::OCTET_STRING, &[iv]);
        if self.is_authenticated() {
            algorithm_identifier(self.oid(), &element(Tag::SEQUENCE, &[&iv, &small_integer(16)]))
        } else {
            algorithm_identifier(self.oid(), &iv)
        }
    }

    /// Octets of the encrypted content, the tag not counted; `None` when the algorithm cannot encrypt so much.
    pub(crate) fn ciphertext_length(self, plain: u64) -> Option<u64> {
        if self.is_authenticated() {
            return (plain <= GCM_LONGEST).then_some(plain);
        }
        // RFC 5652 6.3: one to sixteen octets of padding.
        plain.checked_add(16).map(|longest| longest & !15)
    }
}

impl core::fmt::Display for ContentEncryption {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keys_and_sizes_agree() {
        for algorithm in ContentEncryption::ALL.iter().copied() {
            assert_eq!(ContentEncryption::from_name(algorithm.name()), Some(algorithm));
            assert!(algorithm.name().starts_with(&format!("aes{}-", algorithm.key_bits())));
            assert_eq!(algorithm.name().ends_with("-gcm"), algorithm.is_authenticated());
            assert_eq!(algorithm.key_size() * 8, usize::try_from(algorithm.key_bits()).unwrap());
        }
        assert_eq!(ContentEncryption::from_name("AES256-GCM"), None);
    }

    #[test]
    fn ciphertext_lengths_count_the_padding_and_know_their_limits() {
        let lengths = |algorithm: ContentEncryption, plain: [u64; 5]| plain.map(|n| algorithm.ciphertext_length(n));
        assert_eq!(
            lengths(ContentEncryption::Aes256Cbc, [0, 1, 15, 16, 17]),
            [Some(16), Some(16), Some(16), Some(32), Some(32)]
        );
        assert_eq!(ContentEncryption::Aes128Cbc.ciphertext_length(u64::MAX - 16), Some(u64::MAX - 15));
        assert_eq!(ContentEncryption::Aes128Cbc.ciphertext_length(u64::MAX - 15), None);
        assert_eq!(
            lengths(ContentEncryption::Aes128Gcm, [0, 17, GCM_LONGEST, GCM_LONGEST + 1, u64::MAX]),
            [Some(0), Some(17), Some(GCM_LONGEST), None, None]
        );
    }

    #[test]
    fn gcm_parameters_say_that_the_tag_has_sixteen_octets() {
        let encoded = ContentEncryption::Aes256Gcm.algorithm_identifier(&[7; 12]);
        let expected = [&[0x30, 30, 6, 9][..], oids::AES_256_GCM, &[0x30, 17, 4, 12], &[7; 12], &[2, 1, 16]].concat();
        assert_eq!(encoded, expected);
        let encoded = ContentEncryption::Aes128Cbc.algorithm_identifier(&[7; 16]);
        assert_eq!(encoded, [&[0x30, 29, 6, 9][..], oids::AES_128_CBC, &[4, 16], &[7; 16]].concat());
    }
}
