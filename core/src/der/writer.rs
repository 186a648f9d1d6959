//! Writing DER, and the indefinite lengths of BER where a length is not known beforehand (X.690 8.1.3, 10.1).

use super::Tag;

/// What closes an element of indefinite length.
pub(crate) const END_OF_CONTENTS: [u8; 2] = [0, 0];

/// A whole element: its content is the parts, one after the other.
pub(crate) fn element(tag: Tag, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    let mut encoded = Vec::with_capacity(LONGEST_HEADER.saturating_add(length));
    append(&mut encoded, tag, parts);
    encoded
}

/// The same behind what `out` holds already, so that it takes no memory of its own.
pub(crate) fn append(out: &mut Vec<u8>, tag: Tag, parts: &[&[u8]]) {
    let length = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    out.extend_from_slice(&header(tag, octets(length)));
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

/// Makes one element of all that stands in `out` from `start`. Linear in that: for contents that are short.
pub(crate) fn enclose(out: &mut Vec<u8>, start: usize, tag: Tag) {
    let header = header(tag, octets(out.len().saturating_sub(start)));
    out.splice(start..start, header.iter().copied());
}

/// Octets of identifier and length, at most.
const LONGEST_HEADER: usize = 10;

/// Identifier and length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    octets: [u8; LONGEST_HEADER],
    /// How many of them there are.
    filled: usize,
}

impl Header {
    fn push(&mut self, octet: u8) {
        if let Some(place) = self.octets.get_mut(self.filled) {
            *place = octet;
            self.filled = self.filled.saturating_add(1);
        }
    }
}

impl core::ops::Deref for Header {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.octets.get(..self.filled).unwrap_or_default()
    }
}

/// Identifier and length of an element whose content, of `length` octets, follows.
pub(crate) fn header(tag: Tag, length: u64) -> Header {
    let mut header = Header { octets: [0; LONGEST_HEADER], filled: 0 };
    header.push(tag.0);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => header.push(short),
        _ => {
            let octets = length.to_be_bytes();
            let zeros = octets.iter().take_while(|octet| **octet == 0).count();
            let significant = octets.get(zeros..).unwrap_or_default();
            header.push(0x80 | u8::try_from(significant.len()).unwrap_or_default());
            significant.iter().for_each(|octet| header.push(*octet));
        }
    }
    header
}

/// Identifier and length of a constructed element that [`END_OF_CONTENTS`] will close.
pub(crate) const fn indefinite_header(tag: Tag) -> [u8; 2] {
    [tag.0, 0x80]
}

/// OBJECT IDENTIFIER; `oid` are its content octets.
pub(crate) fn object_identifier(oid: &[u8]) -> Vec<u8> {
    element(Tag::OBJECT_IDENTIFIER, &[oid])
}

/// AlgorithmIdentifier (RFC 5280 4.1.1.2): the identifier and encoded parameters, which may be absent.
pub(crate) fn algorithm_identifier(oid: &[u8], parameters: &[u8]) -> Vec<u8> {
    element(Tag::SEQUENCE, &[&object_identifier(oid), parameters])
}

/// INTEGER from 0 to 127: versions and sizes.
pub(crate) fn small_integer(value: u8) -> Vec<u8> {
    debug_assert!(value < 0x80, "a larger number would be read as a negative one");
    element(Tag::INTEGER, &[&[value]])
}

/// BIT STRING of whole octets.
pub(crate) fn whole_bits(bits: &[u8]) -> Vec<u8> {
    element(Tag::BIT_STRING, &[&[0], bits])
}

/// SET OF encoded members, in the order of DER (X.690 11.6).
pub(crate) fn set_of(mut members: Vec<Vec<u8>>) -> Vec<u8> {
    // No encoding is the beginning of another one, so that padding the shorter one would change nothing.
    members.sort_unstable();
    let members: Vec<&[u8]> = members.iter().map(Vec::as_slice).collect();
    element(Tag::SET, &members)
}

/// A size in memory as the length of an element.
pub(crate) fn octets(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        for (length, expected) in [
            (0, &[0x00][..]),
            (127, &[0x7f]),
            (128, &[0x81, 0x80]),
            (255, &[0x81, 0xff]),
            (256, &[0x82, 0x01, 0x00]),
            (0xffff, &[0x82, 0xff, 0xff]),
            (1 << 32, &[0x85, 1, 0, 0, 0, 0]),
            (u64::MAX, &[0x88, 255, 255, 255, 255, 255, 255, 255, 255]),
        ] {
            assert_eq!(*header(Tag::SEQUENCE, length), *[&[0x30], expected].concat(), "{length}");
        }
    }

    #[test]
    fn what_is_enclosed_or_appended_is_the_element() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let content = vec![7; length];
            let mut out = b"before".to_vec();
            out.extend_from_slice(&content);
            enclose(&mut out, 6, Tag::SET);
            append(&mut out, Tag::SEQUENCE, &[&content, b"more"]);
            let expected = [element(Tag::SET, &[&content]), element(Tag::SEQUENCE, &[&content, b"more"])].concat();
            assert_eq!(out, [b"before", expected.as_slice()].concat(), "{length}");
        }
    }

    #[test]
    fn members_of_a_set_are_sorted_by_their_octets() {
        let members = vec![vec![4, 2, 0, 0], vec![4, 1, 9], vec![2, 1, 5], vec![4, 2, 0, 0]];
        assert_eq!(set_of(members), [0x31, 14, 2, 1, 5, 4, 1, 9, 4, 2, 0, 0, 4, 2, 0, 0]);
    }

    #[test]
    fn what_is_written_reads_back() {
        use crate::der::Document;
        use crate::verify::Limits;
        let written = element(Tag::SEQUENCE, &[&small_integer(3), &whole_bits(&[7; 200]), &object_identifier(&[0x2a])]);
        let document = Document::new(&written, &Limits::default());
        let mut fields = document.children(&document.root().unwrap().expect(Tag::SEQUENCE).unwrap()).unwrap();
        assert_eq!(fields.required().unwrap().small_integer().unwrap(), 3);
        assert_eq!(fields.required().unwrap().whole_bits().unwrap(), [7; 200]);
        assert_eq!(fields.expect(Tag::OBJECT_IDENTIFIER).unwrap().content(), [0x2a]);
        fields.finish().unwrap();
        assert!(!document.is_ber());
    }
}
