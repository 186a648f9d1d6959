#![allow(clippy::arithmetic_side_effects, clippy::as_conversions, reason = "test code")]

use super::*;

fn limits() -> Limits {
    Limits::default()
}

fn value_of(bytes: &[u8]) -> Result<Vec<u8>, Code> {
    let limits = limits();
    let document = Document::new(bytes, &limits);
    let read = || -> Result<Vec<u8>, Error> {
        let root = document.root()?;
        Ok(document.segments(&root).concat(1 << 20, Code::CmsTooLarge)?.into_owned())
    };
    read().map_err(|error| error.code())
}

#[test]
fn definite_and_indefinite_lengths_read_the_same() {
    for bytes in [
        &[0x04, 3, 1, 2, 3][..],
        &[0x04, 0x81, 3, 1, 2, 3],
        &[0x04, 0x84, 0, 0, 0, 3, 1, 2, 3],
        &[0x24, 7, 0x04, 1, 1, 0x04, 2, 2, 3],
        &[0x24, 0x80, 0x04, 1, 1, 0x04, 2, 2, 3, 0, 0],
        &[0x24, 0x80, 0x24, 0x80, 0x04, 1, 1, 0, 0, 0x24, 4, 0x04, 2, 2, 3, 0, 0],
    ] {
        assert_eq!(value_of(bytes), Ok(vec![1, 2, 3]), "{bytes:02x?}");
    }
}

// hardening: R3
#[test]
fn every_lie_about_a_length_has_its_code() {
    for (bytes, code) in [
        (&[][..], Code::DerTruncated),
        (&[0x04], Code::DerTruncated),
        (&[0x04, 5, 1], Code::DerTruncated),
        (&[0x04, 0x84, 0xff, 0xff, 0xff, 0xff], Code::DerTruncated),
        (&[0x04, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Code::DerLength),
        (&[0x04, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 1, 9], Code::DerLength),
        (&[0x04, 0x80, 0, 0], Code::DerLength),
        (&[0x24, 0x80, 0x04, 1, 1], Code::DerTruncated),
        (&[0x00, 0x00], Code::DerTag),
        (&[0x1f, 0x81, 0x00, 0x00], Code::DerTag),
        (&[0x04, 1, 1, 0], Code::DerTrailing),
        (&[0x24, 3, 0x02, 1, 1], Code::DerTag),
    ] {
        assert_eq!(value_of(bytes), Err(code), "{bytes:02x?}");
    }
}

#[test]
fn an_inner_indefinite_element_cannot_reach_beyond_its_parent() {
    // The sequence of 4 octets holds an indefinite one whose end-of-contents octets stand outside of it.
    let bytes = [0x30, 0x80, 0x30, 2, 0x30, 0x80, 0, 0, 0, 0];
    let limits = limits();
    let document = Document::new(&bytes, &limits);
    let root = document.first().unwrap();
    let inner = document.children(&root).unwrap().required().unwrap();
    let error = document.children(&inner).unwrap().next().unwrap_err();
    assert_eq!(error.code(), Code::DerTruncated);
}

// hardening: R2
#[test]
fn depth_is_limited_for_every_kind_of_nesting() {
    let limits = limits();
    for (open, close) in [(&[0x24, 0x80][..], &[0, 0][..]), (&[0x30, 0x80], &[0, 0])] {
        let mut bytes = open.repeat(1000);
        bytes.extend(close.repeat(1000));
        assert_eq!(Document::new(&bytes, &limits).root().unwrap_err().code(), Code::Asn1TooDeep);
    }
    let mut bytes = vec![0x04, 1, 7];
    for _ in 0..40 {
        let mut outer = vec![0x24, 0x82];
        outer.extend(u16::try_from(bytes.len()).unwrap().to_be_bytes());
        outer.extend(bytes);
        bytes = outer;
    }
    assert_eq!(value_of(&bytes), Err(Code::Asn1TooDeep));
}

// hardening: R2
#[test]
fn elements_and_segments_are_counted() {
    let mut limits = limits();
    let mut bytes = vec![0x24, 0x80];
    bytes.extend([0x04, 1, 7].repeat(100));
    bytes.extend([0, 0]);
    limits.octet_string_segments = 100;
    let document = Document::new(&bytes, &limits);
    let root = document.root().unwrap();
    assert_eq!(document.segments(&root).concat(1000, Code::CmsTooLarge).unwrap().len(), 100);
    assert_eq!(document.segments(&root).concat(99, Code::CmsTooLarge).unwrap_err().code(), Code::CmsTooLarge);
    limits.octet_string_segments = 99;
    let document = Document::new(&bytes, &limits);
    let root = document.root().unwrap();
    assert_eq!(document.segments(&root).concat(1000, Code::CmsTooLarge).unwrap_err().code(), Code::SegmentsTooMany);
    limits.asn1_elements = 50;
    assert_eq!(Document::new(&bytes, &limits).root().unwrap_err().code(), Code::Asn1ElementsTooMany);
}

#[test]
fn nested_indefinite_elements_are_scanned_once() {
    // A budget of two elements a level is enough only when inner ends are remembered.
    let depth = 30;
    let mut bytes = [0x30, 0x80].repeat(depth);
    bytes.extend([0, 0].repeat(depth));
    let mut limits = limits();
    limits.asn1_elements = 2 * depth;
    let document = Document::new(&bytes, &limits);
    let mut element = document.root().unwrap();
    for _ in 1..depth {
        element = document.children(&element).unwrap().required().unwrap();
    }
    assert_eq!(element.content(), b"");
}

// hardening: R3
#[test]
fn indefinite_lengths_are_counted_or_none_is_allowed() {
    let limits = limits();
    for (count, expected) in [(4094, Ok(())), (4095, Err(Code::Asn1ElementsTooMany))] {
        let siblings = [b"\x30\x80\x30\x80".as_slice(), &b"\x30\x80\0\0".repeat(count), b"\0\0\0\0"].concat();
        let document = Document::new(&siblings, &limits);
        let read = || {
            let root = document.root()?;
            // What was counted once is not counted again.
            let inner = document.children(&root)?.required()?;
            let mut members = document.children(&inner)?;
            while members.next()?.is_some() {}
            Ok(())
        };
        assert_eq!(read().map_err(|error: Error| error.code()), expected, "{count}");
    }
    let one_after_the_other = [b"\x30\x82\x40\x04".as_slice(), &b"\x30\x80\0\0".repeat(4097)].concat();
    let document = Document::new(&one_after_the_other, &limits);
    let mut members = document.children(&document.root().unwrap()).unwrap();
    let read = (0..4097).map(|_| members.next().map_err(|error| error.code()).map(|_| ()));
    assert_eq!(read.filter(|read| *read == Err(Code::Asn1ElementsTooMany)).count(), 1);
    let definite = |bytes| Document::definite(bytes, &limits).root().map(|_| ()).map_err(|error| error.code());
    assert_eq!(definite(&[0x30, 0x80, 0, 0]), Err(Code::DerLength));
    assert_eq!(definite(&[0x30, 2, 0x30, 0]), Ok(()));
}

#[test]
fn small_values_are_read_and_odd_ones_refused() {
    let limits = limits();
    let read = |bytes: &'static [u8]| Document::new(bytes, &limits).root().unwrap();
    assert_eq!(read(&[2, 2, 1, 0]).small_integer(), Ok(256));
    assert!(read(&[2, 1, 0xff]).small_integer().is_err());
    assert!(read(&[2, 5, 1, 0, 0, 0, 0]).small_integer().is_err());
    assert_eq!(read(&[1, 1, 1]).boolean(), Ok(true));
    assert_eq!(read(&[1, 1, 0]).boolean(), Ok(false));
    assert!(read(&[1, 0]).boolean().is_err());
    assert_eq!(read(&[3, 2, 0, 9]).whole_bits(), Ok(&[9][..]));
    assert!(read(&[3, 2, 1, 8]).whole_bits().is_err());
}
