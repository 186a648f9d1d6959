use super::oaep::OaepParameters;
use super::pss::PssParameters;
use super::weak;
use crate::crypto::rsa_arithmetic::Modulus;
use crate::der::{Document, Element, Tag};
use crate::error::{Code, Error};
use crate::verify::Limits;
use std::sync::OnceLock;
use zeroize::Zeroizing;

/// Largest RSA modulus in bits that is computed with at all, when a mail is only looked at.
const RSA_BITS_COMPUTED: usize = 16_384;

/// Modulus and exponent without leading zeros, and what the key's algorithm identifier allows (RFC 4055 1.2).
#[derive(Clone, Debug)]
pub(crate) struct RsaKey {
    /// Overwritten at the end: of a lent certificate nothing stays in memory.
    pub(super) modulus: Zeroizing<Vec<u8>>,
    pub(super) exponent: Vec<u8>,
    pub(super) scheme: RsaScheme,
    /// The modulus for arithmetic, when the key was used.
    prepared: OnceLock<Option<Modulus>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RsaScheme {
    /// rsaEncryption.
    Any,
    /// id-RSASSA-PSS, perhaps with the parameters that it must be used with.
    Pss(Option<PssParameters>),
    /// id-RSAES-OAEP, perhaps with the parameters that it must be used with.
    Oaep(Option<OaepParameters>),
}

impl RsaKey {
    /// RSAPublicKey (RFC 8017 A.1.1).
    pub(super) fn read(key: &[u8], scheme: RsaScheme, limits: &Limits) -> Result<Self, Error> {
        let malformed = |_| Error::from(Code::KeyMalformed);
        let document = Document::new(key, limits);
        let read = || -> Result<(Vec<u8>, Vec<u8>), Error> {
            let mut fields = document.children(&document.root()?.expect(Tag::SEQUENCE)?)?;
            let pair = (positive(&fields.expect(Tag::INTEGER)?)?, positive(&fields.expect(Tag::INTEGER)?)?);
            fields.finish()?;
            Ok(pair)
        };
        let (modulus, exponent) = read().map_err(malformed)?;
        if weak::bits(&modulus) > RSA_BITS_COMPUTED {
            return Err(Code::RsaTooLarge.into());
        }
        if modulus.last().is_none_or(|last| last & 1 == 0) {
            return Err(Code::KeyMalformed.into());
        }
        Ok(Self { modulus: Zeroizing::new(modulus), exponent, scheme, prepared: OnceLock::new() })
    }

    /// Octets of the modulus, and so of every signature and encrypted key.
    pub(crate) fn size(&self) -> usize {
        self.modulus.len()
    }

    pub(crate) const fn scheme(&self) -> RsaScheme {
        self.scheme
    }

    /// `base` to the power of the public exponent: RSAVP1 and RSAEP (RFC 8017 5.1.1, 5.2.2). `None` unless `base` has
    /// the octets of the modulus and is smaller than it, or when the exponent has more than eight octets.
    ///
    /// The base may be secret: what is done depends on the key only, and what is computed on the way is zeroized.
    pub(crate) fn public_operation(&self, base: &[u8]) -> Option<Vec<u8>> {
        if self.exponent.len() > 8 {
            return None;
        }
        let exponent = self.exponent.iter().fold(0_u64, |exponent, octet| exponent << 8 | u64::from(*octet));
        self.prepared.get_or_init(|| Modulus::new(&self.modulus)).as_ref()?.power(base, exponent)
    }
}

/// The key itself, however far it is prepared.
impl PartialEq for RsaKey {
    fn eq(&self, other: &Self) -> bool {
        (&self.modulus, &self.exponent, self.scheme) == (&other.modulus, &other.exponent, other.scheme)
    }
}

impl Eq for RsaKey {}

/// The octets of a positive INTEGER without leading zeros.
fn positive(integer: &Element<'_>) -> Result<Vec<u8>, Error> {
    let content = integer.content();
    let zeros = content.iter().take_while(|octet| **octet == 0).count();
    let magnitude = content.get(zeros..).unwrap_or_default();
    let negative = content.first().is_some_and(|octet| octet & 0x80 != 0);
    if negative || magnitude.is_empty() { Err(Code::KeyMalformed.into()) } else { Ok(magnitude.to_vec()) }
}
