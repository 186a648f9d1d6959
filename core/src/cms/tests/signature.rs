//! The same signature in every encoding that holds, and what it covers.

use super::encoding::*;
use super::*;
use crate::verify::DigestAlgorithm;

fn opaque() -> Signed {
    Signed::opaque(TEXT)
}

fn holds(signed: &Signed) -> Result<(), Code> {
    check(&signed.encode(), None, AttributeOrder::Der)
}

/// An octet string in segments of three octets, one of them nested.
fn in_segments(value: &[u8]) -> Vec<u8> {
    let segments: Vec<Vec<u8>> = value.chunks(3).map(octets).collect();
    let (first, rest) = segments.split_first().unwrap();
    indefinite(0x24, &[&indefinite(0x24, &[first]), &rest.concat()])
}

#[test]
fn a_signature_holds_in_der_and_in_every_form_of_ber() {
    let forms = [
        ("DER", opaque()),
        ("indefinite lengths outside", opaque().with(|signed| signed.streamed = true)),
        ("indefinite lengths in the SignerInfo", opaque().signer(|signer| signer.streamed = true)),
        ("content in segments", opaque().with(|signed| signed.content = Some(in_segments(TEXT)))),
        ("signature in segments", opaque().signer(|signer| signer.signature = in_segments)),
        ("empty content", Signed::opaque(b"")),
        (
            "all of it",
            opaque().with(|signed| (signed.streamed, signed.content) = (true, Some(in_segments(TEXT)))).signer(
                |signer| {
                    (signer.streamed, signer.signature) = (true, in_segments);
                },
            ),
        ),
    ];
    for (form, signed) in forms {
        assert_eq!(holds(&signed), Ok(()), "{form}");
    }
}

#[test]
fn detached_content_is_hashed_with_canonical_line_ends_and_opaque_content_as_sent() {
    let unix = String::from_utf8(TEXT.to_vec()).unwrap().replace('\r', "");
    let object = Signed::detached(TEXT).encode();
    for beside in [TEXT, unix.as_bytes()] {
        assert_eq!(check(&object, Some(beside), AttributeOrder::Der), Ok(()));
    }
    assert_eq!(check(&object, Some(b"another"), AttributeOrder::Der), Err(Code::DigestMismatch));
    let as_sent = Signed::opaque(unix.as_bytes());
    assert_eq!(holds(&as_sent), Ok(()));
    let changed = opaque().with(|signed| signed.content = Some(octets(unix.as_bytes())));
    assert_eq!(holds(&changed), Err(Code::DigestMismatch));
}

#[test]
fn attributes_are_hashed_in_the_order_of_der_whatever_the_order_as_sent() {
    let reversed = opaque().signer(|signer| signer.attributes.as_mut().unwrap().reverse());
    assert_eq!(holds(&reversed), Ok(()));
    let signed_as_sent = reversed.signer(|signer| signer.signs = signer.attributes.clone()).encode();
    assert_eq!(check(&signed_as_sent, None, AttributeOrder::Der), Err(Code::SignatureInvalid));
    assert_eq!(check(&signed_as_sent, None, AttributeOrder::AsSent), Ok(()));
}

#[test]
fn the_octets_of_an_attribute_are_hashed_as_sent_and_only_the_set_gets_a_new_header() {
    let streamed = indefinite(0x30, &[&oid(oids::SIGNING_TIME), &indefinite(0x31, &[&tlv(0x17, &[b"260501120000Z"])])]);
    let as_sent = opaque().signer(|signer| {
        signer.streamed = true;
        signer.attributes.as_mut().unwrap()[1] = streamed.clone();
    });
    assert_eq!(holds(&as_sent), Ok(()));
    let signed_in_der = as_sent.signer(|signer| {
        let mut attributes = vec![content_type(oids::ID_DATA), signing_time(), message_digest(TEXT)];
        attributes.sort();
        signer.signs = Some(attributes);
    });
    for order in [AttributeOrder::Der, AttributeOrder::AsSent] {
        assert_eq!(check(&signed_in_der.encode(), None, order), Err(Code::SignatureInvalid));
    }
}

#[test]
fn a_constructed_message_digest_is_one_value() {
    let digest = DigestAlgorithm::Sha512.digest(&[TEXT]);
    let split = attribute(oids::MESSAGE_DIGEST, &[&in_segments(&digest)]);
    let signed = opaque().signer(|signer| signer.attributes.as_mut().unwrap()[2] = split);
    assert_eq!(holds(&signed), Ok(()));
}

#[test]
fn the_signer_is_named_by_issuer_and_serial_or_by_key_identifier_in_any_encoding() {
    let (head, tail) = KEY_IDENTIFIER.split_at(1);
    for identifier in [
        issuer_and_serial(),
        tlv(0x80, &[KEY_IDENTIFIER]),
        tlv(0xa0, &[&octets(KEY_IDENTIFIER)]),
        indefinite(0xa0, &[&octets(head), &octets(tail)]),
        tlv(0xa0, &[&tlv(0x24, &[&octets(head), &octets(tail)])]),
    ] {
        let signed = opaque().signer(|signer| signer.identifier = identifier.clone());
        assert_eq!(holds(&signed), Ok(()), "{identifier:02x?}");
    }
}

#[test]
fn a_signer_that_names_another_certificate_is_not_found() {
    let (head, tail) = KEY_IDENTIFIER.split_at(2);
    for identifier in [
        sequence(&[&name("Another CA"), &tlv(0x02, &[&[0x11, 0x22]])]),
        sequence(&[&name("CA"), &tlv(0x02, &[&[0x11, 0x23]])]),
        tlv(0x80, &[head]),
        tlv(0xa0, &[&octets(tail), &octets(head)]),
        // Only all of the segments are the identifier.
        tlv(0xa0, &[&octets(KEY_IDENTIFIER), &octets(&[0xee])]),
    ] {
        let signed = opaque().signer(|signer| signer.identifier = identifier.clone());
        assert_eq!(holds(&signed), Err(Code::SignerNotFound), "{identifier:02x?}");
    }
}

#[test]
fn without_attributes_the_content_itself_is_signed_and_only_inspection_takes_it() {
    let object = opaque().signer(|signer| signer.attributes = None).encode();
    assert_eq!(check(&object, None, AttributeOrder::Der), Err(Code::SignedAttributesMissing));
    let limits = Limits::default();
    let document = Document::new(&object, &limits);
    let signed = SignedData::read_for_inspection(&document, &limits).unwrap();
    let content = content(&document, &signed, None);
    assert_eq!(verify(&signed, &signed.signers[0], &content, AttributeOrder::Der, &limits), Ok(()));
    let other = Content::Detached(b"another");
    let error = verify(&signed, &signed.signers[0], &other, AttributeOrder::Der, &limits).unwrap_err();
    assert_eq!(error.code(), Code::SignatureInvalid);
}

// hardening: D6
#[test]
fn a_signing_certificate_attribute_must_name_the_signer_by_hash_issuer_and_serial() {
    use DigestAlgorithm::{Sha1, Sha256, Sha384};
    let hash = |digest: DigestAlgorithm| octets(&digest.digest(&[&certificate()]));
    let issuer_serial =
        |ca: &str, serial: &[u8]| sequence(&[&sequence(&[&tlv(0xa4, &[&name(ca)])]), &tlv(0x02, &[serial])]);
    let list = |id: &[&[u8]]| sequence(&[&sequence(&[&sequence(id)])]);
    let v1 = |id: &[&[u8]]| attribute(oids::SIGNING_CERTIFICATE, &[&list(id)]);
    let v2 = |id: &[&[u8]]| attribute(oids::SIGNING_CERTIFICATE_V2, &[&list(id)]);
    let right = issuer_serial("CA", &[0x11, 0x22]);
    let wrong = octets(&[0; 32]);
    for (what, attribute, expected) in [
        ("v1", v1(&[&hash(Sha1)]), Ok(())),
        ("v1 and issuer", v1(&[&hash(Sha1), &right]), Ok(())),
        ("v2, SHA-256 by default", v2(&[&hash(Sha256)]), Ok(())),
        ("v2 with another digest", v2(&[&algorithm(Sha384.oid()), &hash(Sha384), &right]), Ok(())),
        ("another certificate", v2(&[&wrong]), Err(Code::SignerMismatch)),
        ("another certificate, v1", v1(&[&octets(&[0; 20])]), Err(Code::SignerMismatch)),
        ("another issuer", v2(&[&hash(Sha256), &issuer_serial("CB", &[0x11, 0x22])]), Err(Code::SignerMismatch)),
        ("another serial", v1(&[&hash(Sha1), &issuer_serial("CA", &[0x11])]), Err(Code::SignerMismatch)),
        ("unknown digest", v2(&[&algorithm(&[0x2a, 0x03]), &wrong]), Err(Code::DigestUnsupported)),
        ("no certificate", attribute(oids::SIGNING_CERTIFICATE_V2, &[&sequence(&[])]), Err(Code::AttributeMalformed)),
    ] {
        assert_eq!(holds(&opaque().attributes(&[attribute])), expected, "{what}");
    }
    // Where both stand, both must name the signer.
    let both = [v1(&[&octets(&[0; 20])]), v2(&[&hash(Sha256)])];
    assert_eq!(holds(&opaque().attributes(&both)), Err(Code::SignerMismatch));
}
