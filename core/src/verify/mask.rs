//! The mask generation function of PSS and OAEP, and the fields that both have in their parameters.

use super::DigestAlgorithm;
use crate::der::{Children, Document, Element, Tag, oids};
use crate::error::{Code, Error};
use crate::verify::Limits;
use zeroize::Zeroizing;

/// MGF1 (RFC 8017 B.2.1).
pub(crate) fn mgf1(digest: DigestAlgorithm, seed: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let blocks = length.div_ceil(digest.size());
    // With room for all, so that no half of it stays where the vector was before it grew.
    let mut mask = Zeroizing::new(Vec::with_capacity(blocks.saturating_mul(digest.size())));
    for counter in (0..u32::MAX).take(blocks) {
        mask.extend_from_slice(&Zeroizing::new(digest.digest(&[seed, &counter.to_be_bytes()])));
    }
    mask.truncate(length);
    mask
}

/// hashAlgorithm [0] and maskGenAlgorithm [1] (RFC 4055 3.1, 4.1). The default of both is SHA-1, the only mask generation
/// function MGF1.
pub(super) fn read_digests<'a>(
    document: &Document<'a>,
    fields: &mut Children<'_, 'a>,
    limits: &Limits,
) -> Result<(DigestAlgorithm, DigestAlgorithm), Error> {
    let (mut digest, mut mask_digest) = (DigestAlgorithm::Sha1, DigestAlgorithm::Sha1);
    if let Some(wrapper) = fields.optional(Tag::context_constructed(0))? {
        digest = DigestAlgorithm::from_algorithm_identifier(inner(document, &wrapper)?.raw(), limits)?;
    }
    if let Some(wrapper) = fields.optional(Tag::context_constructed(1))? {
        let mut mask = document.children(&inner(document, &wrapper)?.expect(Tag::SEQUENCE)?)?;
        if mask.expect(Tag::OBJECT_IDENTIFIER)?.content() != oids::MGF1 {
            return Err(Code::SignatureUnsupported.into());
        }
        mask_digest = DigestAlgorithm::from_algorithm_identifier(mask.required()?.raw(), limits)?;
    }
    Ok((digest, mask_digest))
}

/// The one element inside an explicit tag.
pub(super) fn inner<'a>(document: &Document<'a>, wrapper: &Element<'a>) -> Result<Element<'a>, Error> {
    let mut fields = document.children(wrapper)?;
    let element = fields.required()?;
    fields.finish()?;
    Ok(element)
}
