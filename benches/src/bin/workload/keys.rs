use p256::ecdsa::SigningKey as P256Key;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::pkcs8::EncodePrivateKey as _;
use postseal_testkit::factory::Digest;
use postseal_testkit::factory::der::{bit_string, null, oid, sequence};
use rsa::pkcs8::EncodePublicKey as _;
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::signature::{SignatureEncoding as _, Signer as _};
use std::convert::Infallible;

/// All else follows from it.
const SEED: &str = "postseal benches 1";

/// Which keys there are in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    Rsa,
    Ec,
}

impl Flavour {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ec => "ec",
        }
    }

    /// AlgorithmIdentifier of signatures with SHA-256.
    pub fn signature_algorithm(self) -> Vec<u8> {
        match self {
            Self::Rsa => sequence(&[&oid("1.2.840.113549.1.1.11"), &null()]),
            Self::Ec => sequence(&[&oid("1.2.840.10045.4.3.2")]),
        }
    }
}

/// A key of somebody in a world.
#[derive(Clone)]
pub enum SecretKey {
    Rsa(Box<rsa::PrivateKey>),
    Ec(P256Key),
}

impl SecretKey {
    pub fn new(flavour: Flavour, is_root: bool, owner: &str) -> Self {
        let mut stream = Stream::new(&format!("key {} {owner}", flavour.name()));
        match flavour {
            Flavour::Rsa => {
                let bits = if is_root { 4096 } else { 2048 };
                Self::Rsa(Box::new(rsa::PrivateKey::new(&mut stream, bits).unwrap()))
            }
            Flavour::Ec => {
                let mut scalar = stream.octets::<32>();
                // Below the order of the curve, which begins with four octets 0xff.
                scalar[0] &= 0x7f;
                Self::Ec(P256Key::from_slice(&scalar).unwrap())
            }
        }
    }

    /// With SHA-256; PKCS #1 v1.5 for RSA.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(key) => rsa::pkcs1v15::SigningKey::<sha2::Sha256>::new((**key).clone()).sign(message).to_vec(),
            Self::Ec(key) => {
                let signature: p256::ecdsa::DerSignature = key.sign_prehash(&Digest::Sha256.of(message)).unwrap();
                signature.as_bytes().to_vec()
            }
        }
    }

    pub fn public_key_info(&self) -> Vec<u8> {
        match self {
            Self::Rsa(key) => rsa::PublicKey::from(&**key).to_public_key_der().unwrap().into_vec(),
            Self::Ec(key) => {
                let algorithm = sequence(&[&oid("1.2.840.10045.2.1"), &oid("1.2.840.10045.3.1.7")]);
                sequence(&[&algorithm, &bit_string(key.verifying_key().to_sec1_point(false).as_bytes())])
            }
        }
    }

    pub fn pem(&self) -> String {
        match self {
            Self::Rsa(key) => key.to_pkcs8_pem(Default::default()).unwrap().to_string(),
            Self::Ec(key) => key.to_pkcs8_pem(Default::default()).unwrap().to_string(),
        }
    }
}

/// Octets that follow from the seed and a name.
pub struct Stream {
    name: String,
    count: u64,
}

impl Stream {
    pub fn new(name: &str) -> Self {
        Self { name: format!("{SEED} {name}"), count: 0 }
    }

    pub fn fill(&mut self, target: &mut [u8]) {
        for chunk in target.chunks_mut(32) {
            self.count += 1;
            let block = Digest::Sha256.of(&[&self.count.to_be_bytes()[..], self.name.as_bytes()].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }

    pub fn octets<const SIZE: usize>(&mut self) -> [u8; SIZE] {
        let mut octets = [0; SIZE];
        self.fill(&mut octets);
        octets
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_be_bytes(self.octets()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_be_bytes(self.octets()))
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Infallible> {
        self.fill(target);
        Ok(())
    }
}

impl TryCryptoRng for Stream {}
