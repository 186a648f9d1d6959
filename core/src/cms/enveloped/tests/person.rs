//! Somebody with a certificate and its private key, for every kind of key.

use crate::cert::Certificate;
use crate::der::writer::{algorithm_identifier, element, object_identifier, small_integer, whole_bits};
use crate::der::{Document, Tag, oids};
use crate::verify::{Curve, Limits};

const NULL: &[u8] = &[5, 0];

/// An RSA key that the test kit publishes.
const RSA_KEY: &[u8] = include_bytes!("../../../../../testkit/data/keys/rsa-2048-0.der");

pub(super) enum Private {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ec(Curve, Vec<u8>),
    X25519([u8; 32]),
}

pub(super) struct Person {
    pub(super) certificate: Certificate,
    pub(super) private: Private,
    /// The private key for a peer: PKCS #8 (RFC 5958).
    pub(super) pkcs8: Vec<u8>,
}

impl Person {
    pub(super) fn rsa() -> Self {
        Self::rsa_with(&algorithm_identifier(oids::RSA_ENCRYPTION, NULL))
    }

    /// The algorithm identifier of the key may be another one than rsaEncryption.
    pub(super) fn rsa_with(algorithm: &[u8]) -> Self {
        let limits = Limits::default();
        let outer = Document::new(RSA_KEY, &limits);
        let mut fields = outer.children(&outer.root().unwrap()).unwrap();
        let (_, _) = (fields.required().unwrap(), fields.required().unwrap());
        let key = Document::new(fields.required().unwrap().content(), &limits);
        let mut numbers = key.children(&key.root().unwrap()).unwrap();
        let numbers: Vec<_> = std::iter::from_fn(|| numbers.next().unwrap()).collect();
        let public = element(Tag::SEQUENCE, &[numbers[1].raw(), numbers[2].raw()]);
        Self {
            certificate: certificate(1, &element(Tag::SEQUENCE, &[algorithm, &whole_bits(&public)]), true),
            private: Private::Rsa {
                modulus: numbers[1].content()[1..].to_vec(),
                exponent: numbers[3].content().to_vec(),
            },
            pkcs8: RSA_KEY.to_vec(),
        }
    }

    pub(super) fn ec(curve: Curve) -> Self {
        Self::ec_with(curve, 0x37)
    }

    /// Another one for each first octet of the private key.
    pub(super) fn ec_with(curve: Curve, first: u8) -> Self {
        let (mut scalar, oid) = match curve {
            Curve::P256 => (vec![0x37; 32], oids::P_256),
            Curve::P384 => (vec![0x37; 48], oids::P_384),
            Curve::P521 => (vec![0x01; 66], oids::P_521),
        };
        // The order of P-521 has one bit in its first octet.
        scalar[if curve == Curve::P521 { 1 } else { 0 }] = first;
        let point = match curve {
            Curve::P256 => p256::SecretKey::from_slice(&scalar).unwrap().public_key().to_sec1_bytes(),
            Curve::P384 => p384::SecretKey::from_slice(&scalar).unwrap().public_key().to_sec1_bytes(),
            Curve::P521 => p521::SecretKey::from_slice(&scalar).unwrap().public_key().to_sec1_bytes(),
        };
        let algorithm = algorithm_identifier(oids::EC_PUBLIC_KEY, &object_identifier(oid));
        // RFC 5915 3.
        let key = element(Tag::SEQUENCE, &[&small_integer(1), &element(Tag::OCTET_STRING, &[&scalar])]);
        let serial = first ^ u8::try_from(scalar.len()).unwrap();
        Self {
            certificate: certificate(serial, &element(Tag::SEQUENCE, &[&algorithm, &whole_bits(&point)]), true),
            pkcs8: pkcs8(&algorithm, &key),
            private: Private::Ec(curve, scalar),
        }
    }

    pub(super) fn x25519() -> Self {
        Self::x25519_with(0x51)
    }

    pub(super) fn x25519_with(octet: u8) -> Self {
        let secret = [octet; 32];
        let public = x25519_dalek::PublicKey::from(&x25519_dalek::StaticSecret::from(secret));
        let algorithm = algorithm_identifier(oids::X25519, &[]);
        let spki = element(Tag::SEQUENCE, &[&algorithm, &whole_bits(public.as_bytes())]);
        Self {
            certificate: certificate(octet, &spki, true),
            private: Private::X25519(secret),
            pkcs8: pkcs8(&algorithm, &element(Tag::OCTET_STRING, &[&secret])),
        }
    }

    /// The same key in a certificate without a subjectKeyIdentifier.
    pub(super) fn without_key_identifier(mut self) -> Self {
        self.certificate = certificate(77, self.certificate.public_key_info(), false);
        self
    }

    /// One of each kind.
    pub(super) fn everybody() -> Vec<Self> {
        vec![Self::rsa(), Self::ec(Curve::P256), Self::ec(Curve::P384), Self::ec(Curve::P521), Self::x25519()]
    }
}

fn pkcs8(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    element(Tag::SEQUENCE, &[&small_integer(0), algorithm, &element(Tag::OCTET_STRING, &[key])])
}

/// A certificate whose signature is none: nobody asks for it here.
fn certificate(serial: u8, spki: &[u8], has_key_identifier: bool) -> Certificate {
    let name = |common: &str| {
        let value = element(Tag::UTF8_STRING, &[common.as_bytes()]);
        let attribute = element(Tag::SEQUENCE, &[&object_identifier(&[0x55, 0x04, 0x03]), &value]);
        element(Tag::SEQUENCE, &[&element(Tag::SET, &[&attribute])])
    };
    let algorithm = algorithm_identifier(oids::ED25519, &[]);
    let time = |text: &str| element(Tag::UTC_TIME, &[text.as_bytes()]);
    let identifier = element(Tag::OCTET_STRING, &[&element(Tag::OCTET_STRING, &[&[serial; 20]])]);
    let extension = element(Tag::SEQUENCE, &[&object_identifier(oids::SUBJECT_KEY_IDENTIFIER), &identifier]);
    let extensions = element(Tag::context_constructed(3), &[&element(Tag::SEQUENCE, &[&extension])]);
    let tbs = element(
        Tag::SEQUENCE,
        &[
            &element(Tag::context_constructed(0), &[&small_integer(2)]),
            // Minus something: serial numbers are octets, not numbers.
            &element(Tag::INTEGER, &[&[0xff, serial, 0x00, 0x80]]),
            &algorithm,
            &name("Zertifizierungsstelle \u{fc}"),
            &element(Tag::SEQUENCE, &[&time("260101000000Z"), &time("360101000000Z")]),
            &name("Somebody"),
            spki,
            if has_key_identifier { &extensions } else { &[] },
        ],
    );
    let der = element(Tag::SEQUENCE, &[&tbs, &algorithm, &whole_bits(&[0; 64])]);
    Certificate::from_der(&der, &Limits::default()).unwrap()
}
