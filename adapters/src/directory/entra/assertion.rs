use super::EntraError;
use super::fault::{Fault, Kind};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PSS_SHA256;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use zeroize::Zeroizing;

/// What a statement of identity is made with: when, and which one.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    /// Seconds since 1970.
    pub(super) unix: u64,
    /// Sixteen octets that no other has.
    pub(super) unique: [u8; 16],
}

/// Signs who asks (RFC 7523), as `learn: certificate-credentials` has it: PS256, thumbprint of the certificate in the header.
pub(super) struct Assertion {
    client: String,
    key: KeyPair,
    thumbprint: String,
}

/// Seconds before now from when on it is good: clocks differ.
const EARLIER: u64 = 60;
/// Seconds for which it is good. Entra ID takes no more than ten minutes.
const LIFETIME: u64 = 540;

impl Assertion {
    pub(super) fn new(client: &str, certificate: &[u8], private_key: &[u8]) -> Result<Self, EntraError> {
        let certificate = certificate_of(certificate)?;
        let key = key_of(private_key).ok_or(EntraError::UnreadableKey)?;
        // The certificate has the very octets of RSAPublicKey in it.
        let public = key.public().as_ref();
        if !certificate.windows(public.len()).any(|window| window == public) {
            return Err(EntraError::CertificateOfAnotherKey);
        }
        let thumbprint = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &certificate));
        Ok(Self { client: client.to_owned(), key, thumbprint })
    }

    /// For whoever listens at this address, and for nobody else.
    pub(super) fn sign(&self, audience: &str, moment: &Moment) -> Result<Zeroizing<String>, Fault> {
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let not_before = moment.unix.saturating_sub(EARLIER);
        let claims = json!({
            "aud": audience, "iss": self.client, "sub": self.client, "jti": guid(&moment.unique),
            "nbf": not_before, "iat": moment.unix, "exp": not_before.saturating_add(LIFETIME),
        });
        let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let mut signed = Zeroizing::new(format!("{}.{}", encode(&header), encode(&claims)));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| Fault::new(Kind::Forbidden, "the key of the application does not sign"))?;
        signed.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut signed);
        Ok(signed)
    }
}

fn certificate_of(given: &[u8]) -> Result<Vec<u8>, EntraError> {
    match CertificateDer::from_pem_slice(given) {
        Ok(certificate) => Ok(certificate.to_vec()),
        Err(_) if given.first() == Some(&0x30) => Ok(given.to_vec()),
        Err(_) => Err(EntraError::UnreadableCertificate),
    }
}

fn key_of(given: &[u8]) -> Option<KeyPair> {
    match PrivateKeyDer::from_pem_slice(given) {
        Ok(PrivateKeyDer::Pkcs8(key)) => KeyPair::from_pkcs8(key.secret_pkcs8_der()).ok(),
        Ok(PrivateKeyDer::Pkcs1(key)) => KeyPair::from_der(key.secret_pkcs1_der()).ok(),
        Ok(_) => None,
        Err(_) => KeyPair::from_pkcs8(given).or_else(|_| KeyPair::from_der(given)).ok(),
    }
}

/// As RFC 9562 writes a random one.
pub(super) fn guid(octets: &[u8; 16]) -> String {
    let number = u128::from_be_bytes(*octets) & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let digits = format!("{number:032x}");
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_of_the_random_kind() {
        assert_eq!(guid(&[0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(guid(&[0; 16]), "00000000-0000-4000-8000-000000000000");
    }
}
