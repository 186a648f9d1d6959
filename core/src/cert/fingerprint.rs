use crate::error::{Code, Error};
use core::fmt;
use core::str::FromStr;
use sha2::{Digest, Sha256};

/// SHA-256 of a certificate's DER, or of a public key's. Formats as 64 lower-case hexadecimal digits.
///
/// ```
/// use postseal::Fingerprint;
/// let fingerprint: Fingerprint = "ab".repeat(32).parse()?;
/// assert_eq!(fingerprint.to_string(), "ab".repeat(32));
/// assert!("ab".parse::<Fingerprint>().is_err());
/// # Ok::<(), postseal::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of these bytes.
    ///
    /// ```
    /// assert!(postseal::Fingerprint::of(b"").to_string().starts_with("e3b0c442"));
    /// ```
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The 32 octets.
    ///
    /// ```
    /// assert_eq!(postseal::Fingerprint::of(b"").as_bytes().len(), 32);
    /// ```
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let digit = |c: u8| char::from(c).to_digit(16).and_then(|value| u8::try_from(value).ok());
        let malformed = || Error::from(Code::FingerprintMalformed);
        let mut octets = [0; 32];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != octets.len() || !rest.is_empty() {
            return Err(malformed());
        }
        for (octet, [high, low]) in octets.iter_mut().zip(pairs) {
            let value = digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low);
            *octet = value.ok_or_else(malformed)?;
        }
        Ok(Self(octets))
    }
}

impl From<[u8; 32]> for Fingerprint {
    fn from(octets: [u8; 32]) -> Self {
        Self(octets)
    }
}
