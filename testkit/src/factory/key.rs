use super::der::{bit_string, oid, sequence, tlv};
use p256::ecdsa::signature::Signer;
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey};
use rsa::signature::SignatureEncoding;
use sha2::Sha256;

const RSA_KEYS: [&[u8]; 6] = [
    include_bytes!("../../data/keys/rsa-2048-0.der"),
    include_bytes!("../../data/keys/rsa-2048-1.der"),
    include_bytes!("../../data/keys/rsa-2048-2.der"),
    include_bytes!("../../data/keys/rsa-2048-3.der"),
    include_bytes!("../../data/keys/rsa-2048-4.der"),
    include_bytes!("../../data/keys/rsa-2048-5.der"),
];

/// A test key. The number chooses one of a few published RSA keys, or seeds an EC key.
///
/// ```
/// use postseal_testkit::factory::Key;
/// assert_eq!(Key::P256(1), Key::P256(1));
/// assert_ne!(Key::Rsa(0), Key::Rsa(1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "tests choose one")]
pub enum Key {
    /// RSA-2048, signing with PKCS #1 v1.5 and SHA-256; numbers 0 to 5.
    Rsa(usize),
    /// ECDSA on P-256 with SHA-256 and the nonces of RFC 6979.
    P256(u8),
}

impl Key {
    fn rsa(number: usize) -> rsa::PrivateKey {
        rsa::PrivateKey::from_pkcs8_der(RSA_KEYS[number]).expect("the keys of the test kit are PKCS #8")
    }

    fn p256(seed: u8) -> p256::ecdsa::SigningKey {
        let mut scalar = [0x5a; 32];
        scalar[31] = seed;
        p256::ecdsa::SigningKey::from_slice(&scalar).expect("the scalar is smaller than the order")
    }

    /// The SubjectPublicKeyInfo.
    pub(super) fn public_key_info(self) -> Vec<u8> {
        match self {
            Self::Rsa(number) => rsa::PublicKey::from(&Self::rsa(number)).to_public_key_der().unwrap().into_vec(),
            Self::P256(seed) => {
                let point = Self::p256(seed).verifying_key().to_sec1_point(false);
                let algorithm = sequence(&[
                    &oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]),
                    &oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]),
                ]);
                sequence(&[&algorithm, &bit_string(point.as_bytes())])
            }
        }
    }

    /// The AlgorithmIdentifier of its signatures.
    pub(super) fn algorithm(self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => sequence(&[&oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]), &tlv(0x05, &[])]),
            Self::P256(_) => sequence(&[&oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02])]),
        }
    }

    pub(super) fn sign(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(number) => rsa::pkcs1v15::SigningKey::<Sha256>::new(Self::rsa(number)).sign(message).to_vec(),
            Self::P256(seed) => {
                let signature: p256::ecdsa::DerSignature = Self::p256(seed).sign(message);
                signature.as_bytes().to_vec()
            }
        }
    }
}
