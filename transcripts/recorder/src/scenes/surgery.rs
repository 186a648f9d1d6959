//! Changes of DER that the generator has no words for.

use postseal_testkit::factory::Key;
use postseal_testkit::factory::der::tlv;

/// The members of a constructed element with definite lengths.
pub(super) fn members(der: &[u8]) -> Vec<Vec<u8>> {
    let (mut rest, mut members) = (content(der), Vec::new());
    while !rest.is_empty() {
        let (member, after) = rest.split_at(size(rest));
        members.push(member.to_vec());
        rest = after;
    }
    members
}

fn length(der: &[u8]) -> (usize, usize) {
    let first = usize::from(der[1]);
    if first < 0x80 {
        return (2, first);
    }
    let octets = &der[2..2 + (first & 0x7f)];
    (2 + octets.len(), octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)))
}

fn size(der: &[u8]) -> usize {
    let (header, length) = length(der);
    header + length
}

fn content(der: &[u8]) -> &[u8] {
    &der[length(der).0..]
}

/// The same element with its members changed.
pub(super) fn changed(der: &[u8], change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let mut members = members(der);
    change(&mut members);
    tlv(der[0], &[&members.concat()])
}

/// A certificate with the fields of what is signed changed; its signature does not fit any more.
pub(super) fn certificate(der: &[u8], change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    changed(der, |parts| parts[0] = changed(&parts[0], change))
}

/// The fields: version, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, extensions.
pub(super) const VALIDITY: usize = 4;
pub(super) const PUBLIC_KEY: usize = 6;

/// A CMS object with its SignerInfo changed: version, sid, digestAlgorithm, signedAttrs, signatureAlgorithm, signature.
pub(super) fn signer_info(cms: &[u8], change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    changed(cms, |info| {
        info[1] = changed(&info[1], |wrapped| {
            wrapped[0] = changed(&wrapped[0], |fields| {
                let signers = fields.last_mut().expect("a SignedData has signers");
                *signers = changed(signers, |signers| signers[0] = changed(&signers[0], change));
            });
        });
    })
}

/// The attributes of a SignerInfo in the opposite order, and signed like that.
pub(super) fn turned_around(fields: &mut [Vec<u8>], key: Key) {
    let mut attributes = members(&fields[3]);
    attributes.reverse();
    let signed = tlv(0x31, &[&attributes.concat()]);
    fields[3] = tlv(0xa0, &[&attributes.concat()]);
    fields[5] = tlv(0x04, &[&key.sign(key.scheme(), &signed)]);
}
