//! Each rule about structure and attributes, with its code.

use super::encoding::*;
use super::*;

fn opaque() -> Signed {
    Signed::opaque(TEXT)
}

fn code(signed: &Signed) -> Result<(), Code> {
    check(&signed.encode(), None, AttributeOrder::Der)
}

/// The attributes in place of the usual three.
fn only(attributes: &[Vec<u8>]) -> Signed {
    opaque().signer(|signer| signer.attributes = Some(attributes.to_vec()))
}

// hardening: D6, D7
#[test]
fn every_rule_about_signers_and_content_has_its_code() {
    let two = opaque().with(|signed| signed.signers.push(Signer::new(TEXT)));
    let typed = |kind: &'static [u8]| {
        opaque().with(|signed| signed.content_type = kind).signer(|signer| {
            signer.attributes = Some(vec![content_type(kind), message_digest(TEXT)]);
        })
    };
    for (what, signed, expected) in [
        ("no signer", opaque().with(|signed| signed.signers.clear()), Code::CertsOnly),
        ("two signers", two, Code::SignersMany),
        ("no content at all", Signed::detached(TEXT), Code::ContentMissing),
        ("no signed attributes", opaque().signer(|signer| signer.attributes = None), Code::SignedAttributesMissing),
        (
            "another eContentType",
            opaque().with(|signed| signed.content_type = oids::ID_SIGNED_DATA),
            Code::ContentTypeMismatch,
        ),
        ("another type in both places", typed(oids::ID_ENVELOPED_DATA), Code::ContentTypeMismatch),
        ("content that is text", opaque().with(|signed| signed.content = Some(tlv(0x0c, &[TEXT]))), Code::CmsMalformed),
        (
            "content that is a sequence",
            opaque().with(|signed| signed.content = Some(tlv(0x30, &[TEXT]))),
            Code::CmsMalformed,
        ),
        ("no certificate", opaque().with(|signed| signed.certificates.clear()), Code::SignerNotFound),
    ] {
        assert_eq!(code(&signed), Err(expected), "{what}");
    }
}

#[test]
fn content_is_given_once() {
    for inside in [TEXT, b"", b"another"] {
        let object = Signed::detached(TEXT).with(|signed| signed.content = Some(octets(inside))).encode();
        assert_eq!(check(&object, Some(TEXT), AttributeOrder::Der), Err(Code::ContentTwice));
    }
}

// hardening: D6
#[test]
fn content_type_and_message_digest_must_be_there() {
    let (kind, digest) = (content_type(oids::ID_DATA), message_digest(TEXT));
    for (attributes, expected) in [
        (vec![], Err(Code::ContentTypeMissing)),
        (vec![digest.clone()], Err(Code::ContentTypeMissing)),
        (vec![kind.clone()], Err(Code::MessageDigestMissing)),
        (vec![kind.clone(), message_digest(b"another")], Err(Code::DigestMismatch)),
        (vec![content_type(oids::ID_SIGNED_DATA), digest.clone()], Err(Code::ContentTypeMismatch)),
        (vec![kind, digest], Ok(())),
    ] {
        assert_eq!(code(&only(&attributes)), expected, "{attributes:02x?}");
    }
}

// hardening: D6
#[test]
fn no_attribute_stands_twice_known_or_not() {
    let unknown = attribute(&[0x2a, 0x03], &[&octets(b"one")]);
    let other = attribute(&[0x2a, 0x03], &[&octets(b"two")]);
    let preference = attribute(oids::ENCRYPTION_KEY_PREFERENCE, &[&tlv(0x82, &[KEY_IDENTIFIER])]);
    for twice in [
        [unknown.clone(), other],
        [unknown.clone(), unknown.clone()],
        [preference.clone(), preference],
        [
            attribute(oids::SMIME_CAPABILITIES, &[&sequence(&[])]),
            attribute(oids::SMIME_CAPABILITIES, &[&sequence(&[])]),
        ],
    ] {
        assert_eq!(code(&opaque().attributes(&twice)), Err(Code::AttributeRepeated), "{twice:02x?}");
    }
    for repeated in [content_type(oids::ID_DATA), message_digest(TEXT), signing_time()] {
        assert_eq!(code(&opaque().attributes(&[repeated])), Err(Code::AttributeRepeated));
    }
    assert_eq!(code(&opaque().attributes(&[unknown])), Ok(()));
}

// hardening: D6
#[test]
fn attributes_of_one_value_have_exactly_one() {
    let preference = tlv(0x82, &[KEY_IDENTIFIER]);
    for kind in [
        oids::SMIME_CAPABILITIES,
        oids::ENCRYPTION_KEY_PREFERENCE,
        oids::MICROSOFT_ENCRYPTION_KEY_PREFERENCE,
        oids::SIGNING_CERTIFICATE,
        oids::SIGNING_CERTIFICATE_V2,
    ] {
        let two = attribute(kind, &[&preference, &preference]);
        assert_eq!(code(&opaque().attributes(&[two])), Err(Code::AttributeRepeated));
        assert_eq!(code(&opaque().attributes(&[attribute(kind, &[])])), Err(Code::AttributeMalformed));
    }
    // What is not known here may have any number of values.
    for values in [&[][..], &[preference.as_slice(), &preference]] {
        assert_eq!(code(&opaque().attributes(&[attribute(&[0x2a, 0x03], values)])), Ok(()));
    }
}

// hardening: D6
#[test]
fn an_attribute_of_another_type_is_malformed() {
    let (kind, digest) = (content_type(oids::ID_DATA), message_digest(TEXT));
    let text = tlv(0x0c, &[b"text"]);
    for attributes in [
        vec![attribute(oids::CONTENT_TYPE, &[&text]), digest.clone()],
        vec![kind.clone(), attribute(oids::MESSAGE_DIGEST, &[&tlv(0x0c, &[&[0; 64]])])],
        vec![kind.clone(), attribute(oids::MESSAGE_DIGEST, &[&octets(&[0; 65])])],
        vec![kind.clone(), digest.clone(), attribute(oids::SIGNING_TIME, &[&text])],
        vec![kind, digest, attribute(oids::SIGNING_TIME, &[&tlv(0x17, &[b"269901120000Z"])])],
    ] {
        assert_eq!(code(&only(&attributes)), Err(Code::AttributeMalformed), "{attributes:02x?}");
    }
}

// hardening: D6
#[test]
fn what_must_be_signed_is_refused_among_unsigned_attributes_and_other_things_there_are_ignored() {
    let unsigned = |attribute: Vec<u8>| opaque().signer(|signer| signer.unsigned = Some(vec![attribute]));
    for must_be_signed in [content_type(oids::ID_DATA), message_digest(TEXT), signing_time()] {
        assert_eq!(code(&unsigned(must_be_signed)), Err(Code::AttributeNotSigned));
    }
    let preference = attribute(oids::ENCRYPTION_KEY_PREFERENCE, &[&tlv(0x82, &[KEY_IDENTIFIER])]);
    let signed = unsigned(preference);
    assert_eq!(code(&signed), Ok(()));
    let (object, limits) = (signed.encode(), Limits::default());
    let document = Document::new(&object, &limits);
    let signed = SignedData::read(&document, &limits).unwrap();
    assert_eq!(signed.signers[0].signed_attributes.as_ref().unwrap().key_preference(), Ok(None));
}

#[test]
fn content_that_begins_as_attributes_is_refused_in_every_encoding_and_at_any_size() {
    let one = content_type(oids::ID_DATA);
    let usual = [one.clone(), signing_time(), message_digest(TEXT)].concat();
    let streamed = indefinite(0x30, &[&oid(oids::CONTENT_TYPE), &indefinite(0x31, &[&oid(oids::ID_DATA)])]);
    let many: Vec<u8> = (0..100).flat_map(|_| one.clone()).collect();
    let large = attribute(oids::SMIME_CAPABILITIES, &[&octets(&[0; 70_000])]);
    let just_too_long = tlv(0x31, &[&attribute(oids::SMIME_CAPABILITIES, &[&octets(&[0; 65_516])])]);
    for content in [
        tlv(0x31, &[&usual]),
        indefinite(0x31, &[&usual]),
        tlv(0x31, &[&streamed]),
        usual.clone(),
        [streamed, one].concat(),
        tlv(0x31, &[&many]),
        tlv(0x31, &[&usual, &large]),
        just_too_long,
        [tlv(0x31, &[&usual]), b"\r\nand more".to_vec()].concat(),
    ] {
        assert_eq!(code(&Signed::opaque(&content)), Err(Code::ContentIsAttributes), "{} octets", content.len());
        let in_segments: Vec<Vec<u8>> = content.chunks(5).map(octets).collect();
        let segmented =
            Signed::opaque(&content).with(|signed| signed.content = Some(indefinite(0x24, &[&in_segments.concat()])));
        assert_eq!(code(&segmented), Err(Code::ContentIsAttributes), "{} octets in segments", content.len());
    }
}

#[test]
fn detached_content_is_looked_at_as_it_is_hashed() {
    // A SET whose length octets are CR LF: sent with a bare LF it has no such shape, hashed it has.
    let hashed = tlv(0x31, &[&attribute(&[0x2a; 3328], &[])]);
    assert!(hashed.starts_with(&[0x31, 0x82, b'\r', b'\n']));
    let sent = [&hashed[..2], &hashed[3..]].concat();
    let object = Signed::detached(&hashed).encode();
    for beside in [hashed.as_slice(), &sent] {
        assert_eq!(check(&object, Some(beside), AttributeOrder::Der), Err(Code::ContentIsAttributes));
    }
}

#[test]
fn text_that_begins_with_the_same_octets_is_no_attribute() {
    for content in [
        b"0: value\r\n\r\n0".as_slice(),
        b"10: value\r\n\r\n",
        b"1",
        b"0",
        b"",
        "1\u{e9}0\u{e9}".as_bytes(),
        TEXT,
        // A ContentInfo: an identifier, but no set behind it.
        &sequence(&[&oid(oids::ID_DATA), &tlv(0xa0, &[&octets(b"")])]),
    ] {
        assert_eq!(code(&Signed::opaque(content)), Ok(()), "{content:02x?}");
    }
}

#[test]
fn only_white_space_and_zeros_may_follow_the_object() {
    for (after, expected) in
        [(b"\r\n \t\0\0".as_slice(), Ok(())), (b"x", Err(Code::CmsTrailing)), (b"\0\0\x30\0", Err(Code::CmsTrailing))]
    {
        assert_eq!(code(&opaque().with(|signed| signed.after = after.to_vec())), expected);
    }
}

// hardening: R2
#[test]
fn limits_have_their_codes() {
    let many = |count: u8| (0..count).map(|last| attribute(&[0x2a, last], &[])).collect::<Vec<_>>();
    assert_eq!(code(&opaque().attributes(&many(61))), Ok(()));
    assert_eq!(code(&opaque().attributes(&many(62))), Err(Code::AttributesTooMany));
    let large = attribute(&[0x2a, 0x03], &[&octets(&[0; 70_000])]);
    assert_eq!(code(&opaque().attributes(&[large])), Err(Code::AttributesTooLarge));
    let certificates = |count: usize| opaque().with(|signed| signed.certificates = vec![certificate(); count]);
    assert_eq!(code(&certificates(32)), Ok(()));
    assert_eq!(code(&certificates(33)), Err(Code::CertificatesTooMany));
    let long = opaque().signer(|signer| signer.signature = |_| octets(&[0; 8193]));
    assert_eq!(code(&long), Err(Code::SignatureMalformed));
    let none = opaque().signer(|signer| signer.signature = |_| octets(b""));
    assert!(code(&none).is_err());
}

// hardening: R1
#[test]
fn an_object_cut_anywhere_is_an_error_and_no_panic() {
    let object = opaque().with(|signed| signed.streamed = true).signer(|signer| signer.streamed = true).encode();
    for length in 0..object.len() {
        assert!(check(&object[..length], None, AttributeOrder::Der).is_err(), "{length}");
    }
}

#[test]
fn every_form_of_a_key_preference_points_at_its_certificate_and_at_no_other() {
    let limits = Limits::default();
    let read = |der: &[u8]| Certificate::from_der(der, &limits).unwrap();
    let alice = read(&certificate());
    let others = [
        read(&certificate_with(8, "CA", &[0x11, 0x23], &[0xaa, 0xbb, 0xcc])),
        read(&certificate_with(8, "CB", &[0x11, 0x22], &[0xbb])),
    ];
    let issuer_and_serial = |tag: u8| tlv(tag, &[&name("CA"), &tlv(0x02, &[&[0x11, 0x22]])]);
    let (head, tail) = KEY_IDENTIFIER.split_at(1);
    let date = tlv(0x18, &[b"20260501120000Z"]);
    for (kind, value) in [
        (oids::ENCRYPTION_KEY_PREFERENCE, issuer_and_serial(0xa0)),
        (oids::ENCRYPTION_KEY_PREFERENCE, tlv(0xa1, &[&octets(KEY_IDENTIFIER)])),
        (oids::ENCRYPTION_KEY_PREFERENCE, tlv(0xa1, &[&octets(KEY_IDENTIFIER), &date])),
        (oids::ENCRYPTION_KEY_PREFERENCE, tlv(0x82, &[KEY_IDENTIFIER])),
        (oids::ENCRYPTION_KEY_PREFERENCE, indefinite(0xa2, &[&octets(head), &octets(tail)])),
        (oids::MICROSOFT_ENCRYPTION_KEY_PREFERENCE, issuer_and_serial(0x30)),
    ] {
        let object = opaque().attributes(&[attribute(kind, &[&value])]).encode();
        let document = Document::new(&object, &limits);
        let signed = SignedData::read(&document, &limits).unwrap();
        let attributes = signed.signers[0].signed_attributes.as_ref().unwrap();
        let preference = attributes.key_preference().unwrap().unwrap();
        assert!(preference.matches(&alice, &limits), "{value:02x?}");
        assert!(!others.iter().any(|other| preference.matches(other, &limits)), "{value:02x?}");
    }
}

#[test]
fn a_key_preference_that_cannot_be_read_is_malformed_and_the_standard_one_comes_first() {
    let limits = Limits::default();
    let preference = |attributes: &[Vec<u8>]| {
        let object = opaque().attributes(attributes).encode();
        let document = Document::new(&object, &limits);
        let signed = SignedData::read(&document, &limits).unwrap();
        signed.signers[0].signed_attributes.as_ref().unwrap().key_preference().map_err(|error| error.code())
    };
    for value in [octets(KEY_IDENTIFIER), tlv(0xa0, &[]), tlv(0xa1, &[]), tlv(0xa3, &[]), tlv(0xa0, &[&sequence(&[])])]
    {
        let attribute = attribute(oids::ENCRYPTION_KEY_PREFERENCE, &[&value]);
        assert_eq!(preference(&[attribute]), Err(Code::AttributeMalformed), "{value:02x?}");
    }
    let microsoft = attribute(oids::MICROSOFT_ENCRYPTION_KEY_PREFERENCE, &[&issuer_and_serial()]);
    let standard = attribute(oids::ENCRYPTION_KEY_PREFERENCE, &[&tlv(0x82, &[&[1]])]);
    let expected = Ok(Some(KeyPreference::SubjectKeyIdentifier(vec![1])));
    assert_eq!(preference(&[microsoft, standard]), expected);
    assert_eq!(preference(&[]), Ok(None));
}
