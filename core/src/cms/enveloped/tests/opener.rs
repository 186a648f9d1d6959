//! Opens what the Enveloper writes, with the crates' own decryption.

use super::person::{Person, Private};
use crate::cms::cipher::Cipher;
use crate::cms::content_encryption::ContentEncryption;
use crate::crypto::PureRust;
use crate::der::{Document, Element, Tag, oids};
use crate::error::Code;
use crate::verify::{Curve, DigestAlgorithm, Limits, mgf1};
use aes::cipher::{Array, BlockModeDecrypt, KeyInit, KeyIvInit};
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use sha2::Sha256;

/// What an opened message said.
pub(super) struct Opened {
    pub(super) content: Vec<u8>,
    /// Version of the EnvelopedData or AuthEnvelopedData.
    pub(super) version: u32,
    /// Each RecipientInfo, as sent.
    pub(super) recipient_infos: Vec<Vec<u8>>,
    pub(super) is_ber: bool,
}

pub(super) fn open(message: &[u8], person: &Person) -> Opened {
    let document = &Document::new(message, &Limits::default());
    let mut content_info = document.children(&document.root().unwrap().expect(Tag::SEQUENCE).unwrap()).unwrap();
    let authenticated = match content_info.required().unwrap().content() {
        oids::ID_ENVELOPED_DATA => false,
        oids::ID_AUTH_ENVELOPED_DATA => true,
        other => panic!("{other:02x?}"),
    };
    let wrapper = content_info.expect(Tag::context_constructed(0)).unwrap();
    content_info.finish().unwrap();
    let mut fields = document.children(&document.children(&wrapper).unwrap().expect(Tag::SEQUENCE).unwrap()).unwrap();
    let version = fields.required().unwrap().small_integer().unwrap();
    let infos = all(document, &fields.expect(Tag::SET).unwrap());
    let mut info = document.children(&fields.expect(Tag::SEQUENCE).unwrap()).unwrap();
    let mac = authenticated.then(|| fields.expect(Tag::OCTET_STRING).unwrap().content());
    fields.finish().unwrap();

    assert_eq!(info.expect(Tag::OBJECT_IDENTIFIER).unwrap().content(), oids::ID_DATA);
    let algorithm = all(document, &info.expect(Tag::SEQUENCE).unwrap());
    let string = info.required().unwrap();
    assert_eq!(string.tag().primitive(), Tag::context(0));
    info.finish().unwrap();
    let ciphertext = document.segments(&string).concat(usize::MAX, Code::CmsTooLarge).unwrap().into_owned();

    let key = infos.iter().find_map(|info| content_key(document, info, person)).expect("not for this person");
    let content = decrypt(document, &algorithm, &key, &ciphertext, mac);
    let recipient_infos = infos.iter().map(|info| info.raw().to_vec()).collect();
    Opened { content, version, recipient_infos, is_ber: document.is_ber() }
}

fn all<'a>(document: &Document<'a>, parent: &Element<'a>) -> Vec<Element<'a>> {
    let mut children = document.children(parent).unwrap();
    std::iter::from_fn(|| children.next().unwrap()).collect()
}

fn decrypt<'a>(
    document: &Document<'a>,
    algorithm: &[Element<'a>],
    key: &[u8],
    ciphertext: &[u8],
    mac: Option<&[u8]>,
) -> Vec<u8> {
    let parameters = algorithm[1];
    let gcm = |algorithm| {
        let parameters = all(document, &parameters);
        assert_eq!(parameters[1].small_integer().unwrap(), 16);
        // The key stream is the same in both directions; the tag is that of the ciphertext.
        let run = |input: &[u8]| {
            let mut cipher = Cipher::new(&PureRust, algorithm, key, parameters[0].content()).unwrap();
            let mut output = Vec::new();
            cipher.update(input, &mut output).unwrap();
            (cipher.finish(&mut Vec::new()).unwrap(), output)
        };
        let (_, content) = run(ciphertext);
        let (tag, again) = run(&content);
        assert_eq!((again.as_slice(), Some(tag.as_slice())), (ciphertext, mac));
        content
    };
    macro_rules! cbc {
        ($aes:ty) => {{
            let mut decryptor = cbc::Decryptor::<$aes>::new_from_slices(key, parameters.content()).unwrap();
            let mut buffer = ciphertext.to_vec();
            let (blocks, rest) = Array::slice_as_chunks_mut(&mut buffer);
            assert!(rest.is_empty());
            decryptor.decrypt_blocks(blocks);
            // RFC 5652 6.3.
            let padding = *buffer.last().unwrap();
            let (content, padded) = buffer.split_at(buffer.len() - usize::from(padding));
            assert!((1..=16).contains(&padding) && padded.iter().all(|octet| *octet == padding));
            content.to_vec()
        }};
    }
    match algorithm[0].content() {
        oids::AES_128_CBC => cbc!(aes::Aes128),
        oids::AES_192_CBC => cbc!(aes::Aes192),
        oids::AES_256_CBC => cbc!(aes::Aes256),
        oids::AES_128_GCM => gcm(ContentEncryption::Aes128Gcm),
        oids::AES_256_GCM => gcm(ContentEncryption::Aes256Gcm),
        other => panic!("{other:02x?}"),
    }
}

/// The content key, if this RecipientInfo is for the person.
fn content_key<'a>(document: &Document<'a>, info: &Element<'a>, person: &Person) -> Option<Vec<u8>> {
    let fields = all(document, info);
    let version = fields[0].small_integer().unwrap();
    let certificate = &person.certificate;
    let names = |identifier: &Element<'a>, key_identifier: Option<&[u8]>| match key_identifier {
        Some(octets) => Some(octets) == certificate.subject_key_identifier(),
        None => {
            let parts = all(document, identifier);
            parts[0].raw() == certificate.issuer() && parts[1].content() == certificate.serial()
        }
    };
    if info.tag() == Tag::SEQUENCE {
        let by_key = (fields[1].tag() == Tag::context(0)).then(|| fields[1].content());
        assert_eq!(version, if by_key.is_some() { 2 } else { 0 });
        let Private::Rsa { modulus, exponent } = &person.private else { return None };
        let algorithm = all(document, &fields[2]);
        return names(&fields[1], by_key)
            .then(|| transported(document, &algorithm, private_operation(modulus, exponent, fields[3].content())));
    }
    assert_eq!((info.tag(), version), (Tag::context_constructed(1), 3));
    let originator = all(document, &all(document, &fields[1])[0]);
    let algorithm = all(document, &fields[2]);
    let wrapped = all(document, &fields[3]).iter().find_map(|key| {
        let parts = all(document, key);
        let by_key = (parts[0].tag() == Tag::context_constructed(0)).then(|| all(document, &parts[0])[0].content());
        names(&parts[0], by_key).then(|| parts[1].content())
    })?;
    let public = originator[1].whole_bits().unwrap();
    Some(agreed(&algorithm, originator[0].raw(), public, &person.private, wrapped))
}

/// RSADP (RFC 8017 5.1.2).
pub(in crate::cms) fn private_operation(modulus: &[u8], exponent: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    let modulus = BoxedUint::from_be_slice_vartime(modulus);
    let base = BoxedUint::from_be_slice(ciphertext, modulus.bits_precision()).unwrap();
    let params = BoxedMontyParams::new_vartime(Odd::new(modulus).unwrap());
    let power = BoxedMontyForm::new(base, &params).pow(&BoxedUint::from_be_slice_vartime(exponent));
    let octets = power.retrieve().to_be_bytes();
    octets[octets.len() - ciphertext.len()..].to_vec()
}

/// The message in an encoded one (RFC 8017 7.1.2, 7.2.2).
fn transported<'a>(document: &Document<'a>, algorithm: &[Element<'a>], encoded: Vec<u8>) -> Vec<u8> {
    if algorithm[0].content() == oids::RSA_ENCRYPTION {
        let rest = encoded.strip_prefix(&[0, 2]).unwrap();
        let zero = rest.iter().position(|octet| *octet == 0).unwrap();
        assert!(zero >= 8);
        return rest[zero + 1..].to_vec();
    }
    assert_eq!(algorithm[0].content(), oids::RSAES_OAEP);
    let (mut digest, mut mask_digest) = (DigestAlgorithm::Sha1, DigestAlgorithm::Sha1);
    let read = |element: &Element<'a>| DigestAlgorithm::from_algorithm_identifier(element.raw(), &Limits::default());
    for parameter in all(document, &algorithm[1]) {
        let inner = all(document, &parameter)[0];
        match parameter.tag() {
            tag if tag == Tag::context_constructed(0) => digest = read(&inner).unwrap(),
            tag if tag == Tag::context_constructed(1) => mask_digest = read(&all(document, &inner)[1]).unwrap(),
            other => panic!("{other:?}"),
        }
    }
    let xor = |a: &[u8], b: &[u8]| a.iter().zip(b).map(|(a, b)| a ^ b).collect::<Vec<u8>>();
    let (seed, block) = encoded.strip_prefix(&[0]).unwrap().split_at(digest.size());
    let seed = xor(seed, &mgf1(mask_digest, block, seed.len()));
    let block = xor(block, &mgf1(mask_digest, &seed, block.len()));
    let rest = block.strip_prefix(digest.digest(&[]).as_slice()).unwrap();
    let one = rest.iter().position(|octet| *octet != 0).unwrap();
    assert_eq!(rest[one], 1);
    rest[one + 1..].to_vec()
}

fn agreed(algorithm: &[Element<'_>], originator: &[u8], public: &[u8], private: &Private, wrapped: &[u8]) -> Vec<u8> {
    let wrap = algorithm[1].raw();
    // aes128-wrap, aes192-wrap, aes256-wrap.
    let size: u8 = match wrap.last().unwrap() {
        0x05 => 16,
        0x19 => 24,
        0x2d => 32,
        other => panic!("{other:02x}"),
    };
    let bits = u16::from(size) * 8;
    // RFC 5753 7.2, by hand.
    let shared_info = [&[0x30, 21], wrap, &[0xa2, 6, 4, 4, 0, 0], bits.to_be_bytes().as_slice()].concat();
    let secret = match private {
        Private::Ec(Curve::P256, scalar) => {
            let public = p256::PublicKey::from_sec1_bytes(public).unwrap();
            let secret = p256::SecretKey::from_slice(scalar).unwrap();
            p256::ecdh::diffie_hellman(secret.to_nonzero_scalar(), public.as_affine()).raw_secret_bytes().to_vec()
        }
        Private::Ec(Curve::P384, scalar) => {
            let public = p384::PublicKey::from_sec1_bytes(public).unwrap();
            let secret = p384::SecretKey::from_slice(scalar).unwrap();
            p384::ecdh::diffie_hellman(secret.to_nonzero_scalar(), public.as_affine()).raw_secret_bytes().to_vec()
        }
        Private::Ec(Curve::P521, scalar) => {
            let public = p521::PublicKey::from_sec1_bytes(public).unwrap();
            let secret = p521::SecretKey::from_slice(scalar).unwrap();
            p521::ecdh::diffie_hellman(secret.to_nonzero_scalar(), public.as_affine()).raw_secret_bytes().to_vec()
        }
        Private::X25519(secret) => {
            // id-X25519 without parameters.
            assert_eq!(originator, [0x30, 5, 6, 3, 0x2b, 0x65, 0x6e]);
            let public: [u8; 32] = public.try_into().unwrap();
            x25519_dalek::x25519(*secret, public).to_vec()
        }
        Private::Rsa { .. } => panic!("an RSA key agrees on nothing"),
    };
    let digest = match algorithm[0].content() {
        oids::STD_DH_SHA256_KDF => DigestAlgorithm::Sha256,
        oids::STD_DH_SHA384_KDF => DigestAlgorithm::Sha384,
        oids::STD_DH_SHA512_KDF => DigestAlgorithm::Sha512,
        oids::STD_DH_HKDF_SHA256 => {
            let mut key = vec![0; size.into()];
            hkdf::Hkdf::<Sha256>::new(None, &secret).expand(&shared_info, &mut key).unwrap();
            return unwrap(&key, wrapped);
        }
        other => panic!("{other:02x?}"),
    };
    let key = digest.digest(&[&[secret.as_slice(), &[0, 0, 0, 1], &shared_info].concat()]);
    unwrap(&key[..size.into()], wrapped)
}

fn unwrap(key: &[u8], wrapped: &[u8]) -> Vec<u8> {
    let mut unwrapped = vec![0; wrapped.len() - 8];
    match key.len() {
        16 => aes_kw::KwAes128::new_from_slice(key).unwrap().unwrap_key(wrapped, &mut unwrapped).unwrap(),
        24 => aes_kw::KwAes192::new_from_slice(key).unwrap().unwrap_key(wrapped, &mut unwrapped).unwrap(),
        _ => aes_kw::KwAes256::new_from_slice(key).unwrap().unwrap_key(wrapped, &mut unwrapped).unwrap(),
    };
    unwrapped
}
