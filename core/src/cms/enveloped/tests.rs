#![allow(clippy::arithmetic_side_effects, reason = "test code")]

mod opener;
mod peers;
mod person;
mod published;

use super::*;
use crate::cms::key_agreement::EphemeralKey;
use crate::cms::key_transport::KeyTransport;
use crate::cms::recipient_info::RecipientIdentifier;
use crate::cms::scripted::Counting;
use crate::crypto::PureRust;
use crate::der::Document;
use crate::verify::{Curve, DigestAlgorithm, OaepParameters, PublicKey};
use opener::open;
pub(in crate::cms) use opener::private_operation;
use person::Person;
use std::collections::BTreeSet;

const OAEP_SHA256: KeyTransport = KeyTransport::Oaep(OaepParameters::with(DigestAlgorithm::Sha256));

fn recipients(people: &[Person], identifier: RecipientIdentifier, key_transport: KeyTransport) -> Vec<Recipient<'_>> {
    people.iter().map(|Person { certificate, .. }| Recipient { certificate, identifier, key_transport }).collect()
}

fn by_issuer(people: &[Person]) -> Vec<Recipient<'_>> {
    recipients(people, RecipientIdentifier::IssuerAndSerialNumber, OAEP_SHA256)
}

/// A message, with the content in pieces of `step` octets.
fn seal(algorithm: ContentEncryption, to: &[Recipient<'_>], content: &[u8], known: bool, step: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let length = known.then(|| octets(content.len()));
    let (random, limits) = (&mut Counting::default(), &Limits::default());
    let mut enveloper = begin(algorithm, to, length, random, limits, &mut out).unwrap();
    content.chunks(step).for_each(|piece| enveloper.push(piece, &mut out).unwrap());
    enveloper.finish(&mut out).unwrap();
    out
}

/// A message that has begun.
fn begin(
    algorithm: ContentEncryption,
    to: &[Recipient<'_>],
    length: Option<u64>,
    random: &mut dyn Random,
    limits: &Limits,
    out: &mut Vec<u8>,
) -> Result<Enveloper, Error> {
    Prepared::new(&PureRust, algorithm, to, random, limits)?.begin(length, out)
}

fn content(length: usize) -> Vec<u8> {
    (0..=250).cycle().take(length).collect()
}

#[test]
fn everybody_opens_what_was_sealed_to_all_of_them() {
    let people = Person::everybody();
    let content = content(100_000);
    for algorithm in ContentEncryption::ALL.iter().copied() {
        for known in [true, false] {
            for identifier in [RecipientIdentifier::IssuerAndSerialNumber, RecipientIdentifier::SubjectKeyIdentifier] {
                let message = seal(algorithm, &recipients(&people, identifier, OAEP_SHA256), &content, known, 5000);
                for person in &people {
                    let opened = open(&message, person);
                    assert!(opened.content == content, "{algorithm} {known} {identifier:?}");
                    assert_eq!(opened.version, if algorithm.is_authenticated() { 0 } else { 2 });
                    assert_eq!(opened.is_ber, !known);
                    assert_eq!(opened.recipient_infos.len(), people.len());
                    assert!(opened.recipient_infos.is_sorted());
                }
            }
        }
    }
}

/// Three of each kind, in an order in which no two neighbours are of one kind.
fn crowd() -> Vec<Person> {
    let kinds = |number| {
        let curves = [Curve::P256, Curve::P384, Curve::P521].map(|curve| Person::ec_with(curve, number));
        [Person::rsa(), Person::x25519_with(0x60 | number)].into_iter().chain(curves)
    };
    (1..=3).flat_map(kinds).collect()
}

/// The originator of a KeyAgreeRecipientInfo, encoded.
fn originator(info: &[u8]) -> Option<Vec<u8>> {
    let document = Document::new(info, &Limits::default());
    let info = document.root().unwrap();
    if info.tag() == Tag::SEQUENCE {
        return None;
    }
    let mut fields = document.children(&info).unwrap();
    fields.required().unwrap();
    let originator = fields.required().unwrap().raw().to_vec();
    fields.required().unwrap();
    let mut keys = document.children(&fields.expect(Tag::SEQUENCE).unwrap()).unwrap();
    keys.required().unwrap();
    // gpgsm finds nobody where there are two.
    keys.finish().unwrap();
    Some(originator)
}

#[test]
fn one_ephemeral_key_is_for_everybody_on_its_curve_and_each_of_them_opens() {
    let people = crowd();
    for identifier in [RecipientIdentifier::IssuerAndSerialNumber, RecipientIdentifier::SubjectKeyIdentifier] {
        let to = recipients(&people, identifier, OAEP_SHA256);
        let message = seal(ContentEncryption::Aes256Gcm, &to, b"text", true, 4);
        for person in &people {
            let opened = open(&message, person);
            assert_eq!(opened.content, b"text");
            assert_eq!(opened.recipient_infos.len(), people.len());
            let originators: BTreeSet<_> = opened.recipient_infos.iter().filter_map(|info| originator(info)).collect();
            assert_eq!(originators.len(), 4);
        }
    }
}

// hardening: E3
#[test]
fn each_recipient_has_a_key_of_his_own_under_the_same_ephemeral_key() {
    // The content key, in what is drawn first.
    let mut random = Counting::default();
    let mut content_key = [0; 32];
    random.fill(&mut content_key).unwrap();
    for people in [[1, 2].map(|number| Person::ec_with(Curve::P256, number)), [1, 2].map(Person::x25519_with)] {
        let keys = people
            .each_ref()
            .map(|person| PublicKey::from_spki(person.certificate.public_key_info(), &Limits::default()).unwrap());
        let ephemeral = EphemeralKey::draw(&keys[0], 32, &mut random).unwrap();
        let wrapped = keys.each_ref().map(|key| ephemeral.encrypt(&PureRust, key, &content_key).unwrap());
        assert_ne!(wrapped[0], wrapped[1]);
        // The same ones again: whom a key is for makes the difference, nothing else.
        assert_eq!(ephemeral.encrypt(&PureRust, &keys[0], &content_key).unwrap(), wrapped[0]);
    }
}

#[test]
fn randomness_is_drawn_once_for_each_curve() {
    let calls = |people: &[Person]| {
        let mut random = Counting::default();
        begin(ContentEncryption::Aes256Gcm, &by_issuer(people), None, &mut random, &Limits::default(), &mut Vec::new())
            .unwrap();
        random.calls
    };
    let kinds: [fn(u8) -> Person; 4] = [
        |number| Person::ec_with(Curve::P256, number),
        |number| Person::ec_with(Curve::P384, number),
        |number| Person::ec_with(Curve::P521, number),
        Person::x25519_with,
    ];
    for kind in kinds {
        let people = [1, 2, 3].map(kind);
        assert_eq!((calls(&people[..1]), calls(&people)), (3, 3));
    }
    // An RSA key needs its own padding each time.
    assert_eq!(calls(&[Person::rsa(), Person::rsa()]), 4);
}

#[test]
fn the_length_of_an_object_is_told_before_its_content_comes() {
    let people = crowd();
    for algorithm in ContentEncryption::ALL.iter().copied() {
        for length in [0, 1, 15, 16, 127, 128, 70_000] {
            let (random, limits) = (&mut Counting::default(), &Limits::default());
            let mut out = Vec::new();
            let known = Some(octets(length));
            let mut enveloper = begin(algorithm, &by_issuer(&people), known, random, limits, &mut out).unwrap();
            let told = enveloper.length();
            enveloper.push(&content(length), &mut out).unwrap();
            enveloper.finish(&mut out).unwrap();
            assert_eq!(told, Some(octets(out.len())), "{algorithm} {length}");
        }
    }
    let (random, limits) = (&mut Counting::default(), &Limits::default());
    let to = by_issuer(&people);
    let enveloper = begin(ContentEncryption::Aes256Gcm, &to, None, random, limits, &mut Vec::new()).unwrap();
    assert_eq!(enveloper.length(), None);
}

#[test]
fn every_key_transport_is_opened() {
    use DigestAlgorithm::{Sha1, Sha256, Sha384, Sha512};
    let people = [Person::rsa()];
    let pairs = [Sha1, Sha256, Sha384, Sha512].map(|digest| [Sha1, Sha256, Sha384, Sha512].map(|mask| (digest, mask)));
    let oaep = |(digest, mask_digest)| KeyTransport::Oaep(OaepParameters { digest, mask_digest });
    let transports = pairs.into_iter().flatten().map(oaep).chain([KeyTransport::Pkcs1]);
    for transport in transports {
        let to = recipients(&people, RecipientIdentifier::IssuerAndSerialNumber, transport);
        let opened = open(&seal(ContentEncryption::Aes256Cbc, &to, b"text", true, 4), &people[0]);
        assert_eq!((opened.content.as_slice(), opened.version), (&b"text"[..], 0), "{transport:?}");
    }
}

#[test]
fn a_key_for_oaep_only_gets_oaep() {
    let demanded = OaepParameters { digest: DigestAlgorithm::Sha512, mask_digest: DigestAlgorithm::Sha1 };
    let algorithm = KeyTransport::Oaep(demanded).algorithm_identifier();
    let people = [Person::rsa_with(&algorithm)];
    let to = recipients(&people, RecipientIdentifier::IssuerAndSerialNumber, KeyTransport::Pkcs1);
    let opened = open(&seal(ContentEncryption::Aes128Gcm, &to, b"text", true, 4), &people[0]);
    assert_eq!(opened.content, b"text");
    assert!(opened.recipient_infos[0].windows(algorithm.len()).any(|window| window == algorithm));
}

#[test]
fn the_version_follows_the_recipient_infos() {
    let version = |person: Person, identifier, algorithm| {
        let people = [person];
        open(&seal(algorithm, &recipients(&people, identifier, OAEP_SHA256), b"text", true, 4), &people[0]).version
    };
    use ContentEncryption::{Aes256Cbc, Aes256Gcm};
    use RecipientIdentifier::{IssuerAndSerialNumber, SubjectKeyIdentifier};
    assert_eq!(version(Person::rsa(), IssuerAndSerialNumber, Aes256Cbc), 0);
    assert_eq!(version(Person::rsa(), SubjectKeyIdentifier, Aes256Cbc), 2);
    // A certificate without the extension is named by issuer and serial number.
    assert_eq!(version(Person::rsa().without_key_identifier(), SubjectKeyIdentifier, Aes256Cbc), 0);
    assert_eq!(version(Person::x25519().without_key_identifier(), SubjectKeyIdentifier, Aes256Cbc), 2);
    assert_eq!(version(Person::ec(Curve::P256), IssuerAndSerialNumber, Aes256Cbc), 2);
    assert_eq!(version(Person::ec(Curve::P256), SubjectKeyIdentifier, Aes256Gcm), 0);
}

#[test]
fn the_pieces_do_not_change_the_message() {
    let people = [Person::ec(Curve::P256), Person::rsa()];
    let to = by_issuer(&people);
    let whole = content(2 * SEGMENT + 33);
    for algorithm in [ContentEncryption::Aes192Cbc, ContentEncryption::Aes256Gcm] {
        for known in [true, false] {
            for length in [0, 1, 15, 16, 17, 1000, SEGMENT - 16, SEGMENT - 1, SEGMENT, SEGMENT + 1, whole.len()] {
                let content = &whole[..length];
                let expected = seal(algorithm, &to, content, known, length.max(1));
                assert_eq!(open(&expected, &people[0]).content, content, "{algorithm} {known} {length}");
                for step in [1, 15, 16, 17, 1000, SEGMENT - 1, SEGMENT, SEGMENT + 1] {
                    assert!(
                        seal(algorithm, &to, content, known, step) == expected,
                        "{algorithm} {known} {length} {step}"
                    );
                }
            }
        }
    }
}

#[test]
fn another_length_than_declared_finishes_no_message() {
    let people = [Person::x25519()];
    let content = content(100);
    for algorithm in [ContentEncryption::Aes128Cbc, ContentEncryption::Aes128Gcm] {
        let declare = |length: u64, out: &mut Vec<u8>| {
            let (random, limits) = (&mut Counting::default(), &Limits::default());
            begin(algorithm, &by_issuer(&people), Some(length), random, limits, out).unwrap()
        };
        for short in [0, 1, 15, 16, 17, 84, 99] {
            let mut out = Vec::new();
            let mut enveloper = declare(100, &mut out);
            enveloper.push(&content[..short], &mut out).unwrap();
            assert_eq!(enveloper.finish(&mut out).map_err(|error| error.code()), Err(Code::LengthMismatch));
        }
        for declared in [0, 1, 15, 16, 99] {
            let mut out = Vec::new();
            let mut enveloper = declare(declared, &mut out);
            let before = out.clone();
            assert_eq!(enveloper.push(&content, &mut out).map_err(|error| error.code()), Err(Code::LengthMismatch));
            assert_eq!(out, before);
            // To go on as if nothing had been refused would finish a message that lacks a piece.
            let rest = &content[..declared.try_into().unwrap()];
            assert_eq!(enveloper.push(rest, &mut out).map_err(|error| error.code()), Err(Code::LengthMismatch));
            assert_eq!(enveloper.finish(&mut out).map_err(|error| error.code()), Err(Code::LengthMismatch));
            assert_eq!(out, before);
        }
    }
}

// hardening: P12
#[test]
fn a_source_that_fails_at_any_call_leaves_nothing_behind() {
    let people = Person::everybody();
    for (algorithm, transport) in
        [(ContentEncryption::Aes256Cbc, KeyTransport::Pkcs1), (ContentEncryption::Aes256Gcm, OAEP_SHA256)]
    {
        let to = recipients(&people, RecipientIdentifier::IssuerAndSerialNumber, transport);
        for length in [Some(4), None] {
            let limits = Limits::default();
            let mut random = Counting::default();
            begin(algorithm, &to, length, &mut random, &limits, &mut Vec::new()).unwrap();
            // The content key, the initialization vector or nonce, and at least one draw for each recipient.
            assert!(random.calls >= 2 + people.len());
            for call in 0..random.calls {
                let mut out = b"before".to_vec();
                let random = &mut Counting::failing_at(call);
                let error = begin(algorithm, &to, length, random, &limits, &mut out).err().unwrap();
                assert_eq!((error.code(), out.as_slice()), (Code::RandomUnavailable, &b"before"[..]), "call {call}");
            }
        }
    }
}

#[test]
fn recipients_are_wanted_but_not_too_many() {
    let refused = |to: &[Recipient<'_>], length, limits: &Limits| {
        let mut out = Vec::new();
        let random = &mut Counting::default();
        let result = begin(ContentEncryption::Aes256Gcm, to, length, random, limits, &mut out);
        assert!(out.is_empty() || result.is_ok());
        result.err().map(|error| error.code())
    };
    let limits = Limits { recipients: 1, candidates: 1, ..Limits::default() };
    let people = [Person::x25519(), Person::ec(Curve::P256)];
    assert_eq!(refused(&[], None, &limits), Some(Code::RecipientsMissing));
    assert_eq!(refused(&by_issuer(&people), None, &limits), Some(Code::RecipientsTooMany));
    // One may have several keys.
    assert_eq!(refused(&by_issuer(&people), None, &Limits { recipients: 1, candidates: 2, ..Limits::default() }), None);
    assert_eq!(refused(&by_issuer(&people[..1]), None, &limits), None);
    assert_eq!(refused(&by_issuer(&people[..1]), Some((1 << 36) - 32), &limits), None);
    assert_eq!(refused(&by_issuer(&people[..1]), Some((1 << 36) - 31), &limits), Some(Code::ContentTooLong));
}

#[test]
fn the_end_of_the_numbers_is_an_error_and_no_overflow() {
    let people = [Person::x25519()];
    for length in [u64::MAX, u64::MAX - 15, u64::MAX - 16, u64::MAX - 100] {
        let mut out = Vec::new();
        let (random, limits) = (&mut Counting::default(), &Limits::default());
        let to = by_issuer(&people);
        let result = begin(ContentEncryption::Aes256Cbc, &to, Some(length), random, limits, &mut out);
        assert_eq!(result.err().map(|error| error.code()), Some(Code::ContentTooLong), "{length}");
        assert!(out.is_empty());
    }
}

// hardening: E6
#[test]
fn keys_that_cannot_encrypt_are_refused() {
    let algorithm = crate::der::writer::algorithm_identifier(oids::RSASSA_PSS, &[]);
    let people = [Person::rsa_with(&algorithm)];
    let (random, limits) = (&mut Counting::default(), &Limits::default());
    let result = begin(ContentEncryption::Aes256Cbc, &by_issuer(&people), None, random, limits, &mut Vec::new());
    assert_eq!(result.err().map(|error| error.code()), Some(Code::KeyCannotEncrypt));
}
