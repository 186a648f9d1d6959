//! The arithmetic of key agreement: ephemeral-static ECDH on the NIST curves and X25519.

use crate::error::{Code, Error};
use crate::verify::Curve;
use zeroize::Zeroizing;

/// Something for a curve: its crate as `$name`.
macro_rules! on_curve {
    ($curve:expr, $name:ident => $body:expr) => {
        match $curve {
            Curve::P256 => {
                use p256 as $name;
                $body
            }
            Curve::P384 => {
                use p384 as $name;
                $body
            }
            Curve::P521 => {
                use p521 as $name;
                $body
            }
        }
    };
}

fn malformed() -> Error {
    Code::KeyMalformed.into()
}

/// Whether these octets are a private key of the curve: a number from 1 to below its order.
pub(super) fn is_private_key(curve: Curve, octets: &[u8]) -> bool {
    on_curve!(curve, nist => nist::SecretKey::from_slice(octets).is_ok())
}

/// Uncompressed (SEC 1 2.3.3).
pub(crate) fn ec_public_key(curve: Curve, private: &[u8]) -> Result<Vec<u8>, Error> {
    on_curve!(curve, nist => {
        let private = nist::SecretKey::from_slice(private).map_err(|_| malformed())?;
        Ok(private.public_key().to_sec1_bytes().to_vec())
    })
}

/// The x-coordinate of the product (SEC 1 3.3.1). The cofactor is 1.
pub(crate) fn ecdh(curve: Curve, private: &[u8], public: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    on_curve!(curve, nist => {
        let private = nist::SecretKey::from_slice(private).map_err(|_| malformed())?;
        let point = nist::PublicKey::from_sec1_bytes(public).map_err(|_| malformed())?;
        let secret = nist::ecdh::diffie_hellman(private.to_nonzero_scalar(), point.as_affine());
        Ok(Zeroizing::new(secret.raw_secret_bytes().to_vec()))
    })
}

fn x25519_private_key(private: &[u8]) -> Result<x25519_dalek::StaticSecret, Error> {
    // RFC 7748 5: any 32 octets are a private key.
    let private: Zeroizing<[u8; 32]> = Zeroizing::new(private.try_into().map_err(|_| malformed())?);
    Ok(x25519_dalek::StaticSecret::from(*private))
}

pub(crate) fn x25519_public_key(private: &[u8]) -> Result<Vec<u8>, Error> {
    x25519_private_key(private).map(|private| x25519_dalek::PublicKey::from(&private).as_bytes().to_vec())
}

/// RFC 7748 6.1, with its check that the key has a part in the secret.
pub(crate) fn x25519(private: &[u8], public: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let public: [u8; 32] = public.try_into().map_err(|_| malformed())?;
    let secret = x25519_private_key(private)?.diffie_hellman(&public.into());
    if secret.was_contributory() { Ok(Zeroizing::new(secret.as_bytes().to_vec())) } else { Err(malformed()) }
}
