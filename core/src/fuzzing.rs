//! What fuzz targets call inside the crate. Only built by a fuzzer.

use crate::cert::{Address, Certificate};
use crate::cms::{Content, SignedData};
use crate::crypto::{DigestAlgorithm, PureRust};
use crate::der::Document;
use crate::mail::{self, Root, SignedContent};
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
        assert_eq!(Address::parse(address.as_str()).as_ref(), Ok(&address));
        assert!(!address.as_str().chars().any(char::is_control));
    }
    let _ = mail::author_texts(bytes, &limits);
}

/// Reads the MIME structure. What is signed is a piece of the mail as it came; a root that is signed is seen, too, by who only
/// looks, and is not taken for a mail that is encrypted; line ends become canonical as the rule says, octet by octet.
pub fn mime(bytes: &[u8]) {
    let limits = Limits::default();
    let _ = (mail::message_id(bytes, &limits), mail::author(bytes, &limits), mail::author_texts(bytes, &limits));
    let _ = mail::already_whole(bytes, &limits);
    let end = mail::header_end(bytes, 0).unwrap_or(bytes.len());
    assert!(end <= bytes.len());
    let layers = mail::layers(bytes, &limits);
    for layer in layers.iter().flatten() {
        if let SignedContent::Detached(content) = layer.content {
            assert!(is_inside(bytes, content));
        }
    }
    let Ok(Root::Signed(entity)) = mail::root(bytes, &limits) else { return };
    assert!(entity.cms.len() <= bytes.len());
    if let Ok(layers) = &layers {
        let first = layers.first().filter(|layer| layer.root);
        let seen = first.and_then(|layer| layer.cms.as_ref().ok());
        assert_eq!(seen, Some(&entity.cms), "who only looks sees another object");
        assert_eq!(first.map(|layer| layer.content), Some(entity.content));
    }
    if let SignedContent::Detached(content) = entity.content {
        assert!(is_inside(bytes, content));
        check_canonical(content);
        let _ = entity.protected_author(content, &limits);
    }
}

fn is_inside(bytes: &[u8], piece: &[u8]) -> bool {
    let (around, inside) = (bytes.as_ptr_range(), piece.as_ptr_range());
    piece.is_empty() || (around.start <= inside.start && inside.end <= around.end)
}

/// RFC 8551 3.1.1, one octet after the other.
fn check_canonical(content: &[u8]) {
    let mut expected = content.iter().scan(0_u8, |before, octet| {
        let is_bare = *octet == b'\n' && *before != b'\r';
        *before = *octet;
        Some((is_bare, *octet))
    });
    let mut pending = None;
    mail::canonical_chunks(content, &mut |chunk| {
        for octet in chunk {
            let wanted = pending.take().or_else(|| {
                let (is_bare, octet) = expected.next()?;
                pending = is_bare.then_some(octet);
                Some(if is_bare { b'\r' } else { octet })
            });
            assert_eq!(wanted, Some(*octet));
        }
    });
    assert!(pending.is_none() && expected.next().is_none());
}

/// SHA-256 of the content that a mail with a signature at its root is verified over.
pub fn content_digest(bytes: &[u8]) -> Option<Vec<u8>> {
    let limits = Limits::default();
    let Ok(Root::Signed(entity)) = mail::root(bytes, &limits) else { return None };
    let document = Document::new(&entity.cms, &limits);
    let signed = SignedData::read(&document, &limits).ok()?;
    let content = match (entity.content, signed.content) {
        (SignedContent::Detached(bytes), _) => Content::Detached(bytes),
        (SignedContent::Opaque, Some(string)) => Content::Encapsulated(&document, string),
        (SignedContent::Opaque, None) => return None,
    };
    content.digest(&PureRust, DigestAlgorithm::Sha256).ok()
}

/// Reads the two forms that a mailbox has in a certificate: they are no other mailbox than the same text.
pub fn names(octets: &[u8]) {
    let parsed = core::str::from_utf8(octets).ok().and_then(|text| Address::parse(text).ok());
    let (rfc822, utf8) = (Address::from_rfc822_name(octets), Address::from_smtp_utf8_mailbox(octets));
    assert!(rfc822.is_err() || utf8.is_err(), "a mailbox is in one of the two forms");
    for address in [rfc822, utf8].into_iter().flatten() {
        assert_eq!(parsed.as_ref().map(Address::key), Some(address.key()));
    }
}
