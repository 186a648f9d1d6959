//! DER objects of the generator, taken apart and put together again.

use postseal_testkit::factory::der::{sequence, tlv};
use std::ops::Range;

/// Where the content of the element at `at` is; its last octet is the element's.
pub(crate) fn content(der: &[u8], at: usize) -> Range<usize> {
    let first = usize::from(der[at + 1]);
    let long = if first < 0x80 { 0 } else { first & 0x7f };
    let length = if long == 0 {
        first
    } else {
        der[at + 2..at + 2 + long].iter().fold(0, |length, octet| length << 8 | usize::from(*octet))
    };
    let start = at + 2 + long;
    start..start + length
}

/// Where the elements inside of the one at `at` are, headers and all.
pub(crate) fn children(der: &[u8], at: usize) -> Vec<Range<usize>> {
    let Range { start: mut next, end } = content(der, at);
    let mut children = Vec::new();
    while next < end {
        let child = next..content(der, next).end;
        next = child.end;
        children.push(child);
    }
    children
}

/// Where the fields of the SignedData are.
pub(crate) fn signed_data(cms: &[u8]) -> Vec<Range<usize>> {
    children(cms, children(cms, children(cms, 0)[1].start)[0].start)
}

/// The SignerInfos of a CMS object.
pub(crate) fn signer_infos(cms: &[u8]) -> Vec<Vec<u8>> {
    let signers = signed_data(cms).pop().unwrap();
    children(cms, signers.start).into_iter().map(|signer| cms[signer].to_vec()).collect()
}

/// The object with these SignerInfos, in this order, and with more certificates.
pub(crate) fn with_signers(cms: &[u8], signers: &[Vec<u8>], more_certificates: &[Vec<u8>]) -> Vec<u8> {
    let content_type = &cms[children(cms, 0)[0].clone()];
    let mut fields: Vec<Vec<u8>> = signed_data(cms).into_iter().map(|field| cms[field].to_vec()).collect();
    *fields.last_mut().unwrap() = tlv(0x31, &[&signers.concat()]);
    if let Some(bag) = fields.iter_mut().find(|field| field[0] == 0xa0) {
        let before = bag[content(bag, 0)].to_vec();
        *bag = tlv(0xa0, &[&before, &more_certificates.concat()]);
    }
    sequence(&[content_type, &tlv(0xa0, &[&sequence(&[&fields.concat()])])])
}
