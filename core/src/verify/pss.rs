use super::digest::DigestAlgorithm;
use super::mask::{inner, mgf1, read_digests};
use crate::der::{Document, Element, Tag};
use crate::error::{Code, Error};
use crate::verify::Limits;

/// RSASSA-PSS-params (RFC 4055 3.1), with their defaults filled in. The mask generation function is MGF1.
///
/// ```
/// use postseal::crypto::{DigestAlgorithm::Sha256, PssParameters};
/// let usual = PssParameters { digest: Sha256, mask_digest: Sha256, salt_length: 32 };
/// assert_eq!(usual.salt_length, Sha256.size());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "RFC 4055 3.1")]
pub struct PssParameters {
    /// Of the message.
    pub digest: DigestAlgorithm,
    /// Of MGF1.
    pub mask_digest: DigestAlgorithm,
    /// Octets of the salt.
    pub salt_length: usize,
}

impl PssParameters {
    /// Reads the parameters. The only mask generation function is MGF1, the only trailer field 1.
    pub(super) fn read<'a>(document: &Document<'a>, raw: &Element<'a>, limits: &Limits) -> Result<Self, Error> {
        let mut fields = document.children(&raw.expect(Tag::SEQUENCE)?)?;
        let (digest, mask_digest) = read_digests(document, &mut fields, limits)?;
        let mut parameters = Self { digest, mask_digest, salt_length: 20 };
        if let Some(wrapper) = fields.optional(Tag::context_constructed(2))? {
            let length = inner(document, &wrapper)?.small_integer()?;
            parameters.salt_length = usize::try_from(length).map_err(|_| Error::from(Code::SignatureMalformed))?;
        }
        if let Some(wrapper) = fields.optional(Tag::context_constructed(3))?
            && inner(document, &wrapper)?.small_integer()? != 1
        {
            return Err(Code::SignatureUnsupported.into());
        }
        fields.finish()?;
        Ok(parameters)
    }

    /// Whether a signature with `used` may be made by a key that demands these (RFC 4055 3.3): the same digests, and at
    /// least as long a salt.
    pub(super) fn allow(&self, used: &Self) -> bool {
        self.digest == used.digest && self.mask_digest == used.mask_digest && used.salt_length >= self.salt_length
    }

    /// EMSA-PSS-VERIFY (RFC 8017 9.1.2). `encoded` has the octets of the modulus, `bits` is its size less one.
    pub(crate) fn verify(&self, message: &[&[u8]], encoded: &[u8], bits: usize) -> Result<(), Error> {
        let digest = &*self.digest.digest(message);
        let invalid = || Error::from(Code::SignatureInvalid);
        let length = bits.div_ceil(8);
        let (leading, encoded) = encoded.split_at_checked(encoded.len().saturating_sub(length)).ok_or_else(invalid)?;
        let minimum = digest.len().saturating_add(self.salt_length).saturating_add(2);
        if leading.iter().any(|octet| *octet != 0) || encoded.len() < minimum {
            return Err(invalid());
        }
        let Some((0xbc, encoded)) = encoded.split_last().map(|(last, rest)| (*last, rest)) else {
            return Err(invalid());
        };
        let masked_length = encoded.len().saturating_sub(digest.len());
        let (masked, hash) = encoded.split_at_checked(masked_length).ok_or_else(invalid)?;
        let unused = u32::try_from(length.saturating_mul(8).saturating_sub(bits)).unwrap_or_default();
        let top_mask = 0xff_u8.checked_shr(unused).unwrap_or_default();
        if masked.first().is_none_or(|first| first & !top_mask != 0) {
            return Err(invalid());
        }
        let mut block = mgf1(self.mask_digest, hash, masked.len());
        block.iter_mut().zip(masked).for_each(|(octet, masked)| *octet ^= masked);
        if let Some(first) = block.first_mut() {
            *first &= top_mask;
        }
        let zeros = block.len().saturating_sub(self.salt_length).saturating_sub(1);
        let (padding, salt) = block.split_at_checked(zeros.saturating_add(1)).ok_or_else(invalid)?;
        if padding.split_last().is_none_or(|(last, zeros)| *last != 1 || zeros.iter().any(|octet| *octet != 0)) {
            return Err(invalid());
        }
        let expected = self.digest.digest(&[&[0; 8], digest, salt]);
        if expected == hash { Ok(()) } else { Err(invalid()) }
    }
}
