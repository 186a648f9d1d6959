//! What fuzz targets call inside the crate. Only built by a fuzzer.

use crate::cert::Certificate;
use crate::cms::SignedData;
use crate::der::Document;
use crate::mail;
use crate::verify::Limits;

/// Walks a BER object to its end: every element is inside its parent, and children do not overlap.
pub fn ber(bytes: &[u8]) {
    let limits = Limits::default();
    let document = Document::new(bytes, &limits);
    let Ok(root) = document.first() else { return };
    let mut open = vec![root];
    while let Some(element) = open.pop() {
        assert!(element.content().len() <= element.raw().len() && element.end() <= bytes.len());
        let Ok(mut children) = document.children(&element) else { continue };
        let mut position = element.content_offset();
        while let Ok(Some(child)) = children.next() {
            assert_eq!(child.offset(), position);
            assert!(child.end() <= element.end());
            position = child.end();
            open.push(child);
        }
    }
    let mut segments = document.segments(&root);
    let mut length = 0_usize;
    while let Ok(Some(segment)) = segments.next() {
        length = length.saturating_add(segment.len());
    }
    assert!(length <= bytes.len());
}

/// Reads a SignedData; what it gives are slices of the input.
pub fn signed_data(bytes: &[u8]) {
    let limits = Limits::default();
    let document = Document::new(bytes, &limits);
    if let Ok(signed) = SignedData::read(&document, &limits) {
        assert!(signed.certificates.len() <= limits.certificates);
        for raw in &signed.certificates {
            let _ = Certificate::from_der(raw, &limits);
        }
    }
}

/// Reads the one author; an address that comes out reads the same again.
pub fn author(bytes: &[u8]) {
    let limits = Limits::default();
    if let Ok(address) = mail::author(bytes, &limits) {
        assert_eq!(crate::Address::parse(address.as_str()).as_ref(), Ok(&address));
        assert!(!address.as_str().chars().any(char::is_control));
    }
    let _ = mail::author_texts(bytes, &limits);
}
