use super::oaep::OaepParameters;
use super::pss::PssParameters;
use super::weak;
use crate::crypto::RsaPublicKey;
use crate::crypto::rsa_arithmetic::Modulus;
use crate::der::{Document, Element, Tag};
use crate::error::{Code, Error};
use crate::verify::Limits;
use zeroize::Zeroizing;

/// Largest RSA modulus in bits that is computed with at all, when a mail is only looked at.
const RSA_BITS_COMPUTED: usize = 16_384;

/// Overwritten at the end: of a lent certificate nothing stays in memory.
type Number = Zeroizing<Vec<u8>>;

/// Modulus and exponent without leading zeros, and what the key's algorithm identifier allows (RFC 4055 1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RsaKey {
    pub(super) modulus: Number,
    pub(super) exponent: Number,
    pub(super) scheme: RsaScheme,
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
        let read = || -> Result<(Number, Number), Error> {
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
        Ok(Self { modulus, exponent, scheme })
    }

    pub(crate) const fn scheme(&self) -> RsaScheme {
        self.scheme
    }

    /// Modulus and exponent, to compute with.
    pub(crate) fn numbers(&self) -> RsaPublicKey<'_> {
        RsaPublicKey { modulus: &self.modulus, exponent: &self.exponent }
    }
}

/// An exponent of at most eight octets, as a number.
pub(super) fn exponent(octets: &[u8]) -> Option<u64> {
    let number = octets.iter().fold(0_u64, |exponent, octet| exponent << 8 | u64::from(*octet));
    (octets.len() <= 8).then_some(number)
}

/// `base` to the power of the public exponent: RSAVP1 and RSAEP (RFC 8017 5.1.1, 5.2.2). `None` unless `base` has
/// the octets of the modulus and is smaller than it, or when the exponent has more than eight octets.
///
/// The base may be secret: what is done depends on the key only, and what is computed on the way is zeroized.
pub(crate) fn power(key: RsaPublicKey<'_>, base: &[u8]) -> Option<Vec<u8>> {
    Modulus::new(key.modulus)?.power(base, exponent(key.exponent)?)
}

/// The octets of a positive INTEGER without leading zeros.
fn positive(integer: &Element<'_>) -> Result<Number, Error> {
    let content = integer.content();
    let zeros = content.iter().take_while(|octet| **octet == 0).count();
    let magnitude = content.get(zeros..).unwrap_or_default();
    let negative = content.first().is_some_and(|octet| octet & 0x80 != 0);
    if negative || magnitude.is_empty() {
        Err(Code::KeyMalformed.into())
    } else {
        Ok(Zeroizing::new(magnitude.to_vec()))
    }
}
