use super::oaep::OaepParameters;
use super::pss::PssParameters;
use super::rsa::{RsaKey, RsaScheme};
use super::weak;
use crate::der::{Document, Element, Tag, oids};
use crate::error::{Code, Error};
use crate::verify::Limits;
use zeroize::Zeroizing;

/// A public key, read from a SubjectPublicKeyInfo (RFC 5280 4.1.2.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey {
    Rsa(Box<RsaKey>),
    Ec(Box<EcKey>),
    Ed25519(Octets),
    X25519(Octets),
}

/// Overwritten at the end. In a box like the other kinds: where the kinds differ in size, what is copied with a smaller one
/// is whatever lay on the stack before, perhaps octets of a lent certificate.
pub(crate) type Octets = Box<Zeroizing<[u8; 32]>>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EcKey {
    pub(crate) curve: Curve,
    /// The point, uncompressed (SEC 1 2.3.3); it is on the curve.
    pub(crate) point: Zeroizing<Vec<u8>>,
    /// id-ecDH: for key agreement only (RFC 5480 2.1.2).
    agreement_only: bool,
}

/// A curve of NIST (SEC 2, FIPS 186-5).
///
/// ```
/// use postseal::crypto::Curve;
/// assert_eq!(Curve::P256, Curve::P256);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Curve {
    /// secp256r1.
    P256,
    /// secp384r1.
    P384,
    /// secp521r1.
    P521,
}

/// Whose key it is; a root that is trusted for e-mail today has an exponent no end entity may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyRole {
    EndEntity,
    Authority,
}

impl PublicKey {
    /// Reads the key. Sizes are checked before any arithmetic, points are checked to be on their curve.
    pub(crate) fn from_spki(spki: &[u8], limits: &Limits) -> Result<Self, Error> {
        let document = Document::new(spki, limits);
        let mut fields = document.children(&document.root()?.expect(Tag::SEQUENCE)?)?;
        let algorithm = fields.expect(Tag::SEQUENCE)?;
        let key = fields.required()?.whole_bits().map_err(|_| Error::from(Code::KeyMalformed))?;
        fields.finish()?;
        let mut algorithm = document.children(&algorithm)?;
        let oid = algorithm.expect(Tag::OBJECT_IDENTIFIER)?.content();
        let parameters = algorithm.next()?;
        algorithm.finish()?;
        // RFC 8410 3: the curve is in the name, and there is nothing to add.
        if matches!(oid, oids::ED25519 | oids::X25519) && parameters.is_some() {
            return Err(Code::KeyMalformed.into());
        }
        match oid {
            // X.509 (1988) had a name of its own for the same key.
            oids::RSA_ENCRYPTION | oids::X500_RSA => RsaKey::read(key, RsaScheme::Any, limits).map(rsa),
            oids::RSAES_OAEP => {
                let parameters = parameters.map(|raw| OaepParameters::read(&document, &raw, limits)).transpose()?;
                RsaKey::read(key, RsaScheme::Oaep(parameters), limits).map(rsa)
            }
            oids::RSASSA_PSS => {
                let parameters = parameters.map(|raw| PssParameters::read(&document, &raw, limits)).transpose()?;
                RsaKey::read(key, RsaScheme::Pss(parameters), limits).map(rsa)
            }
            oids::EC_PUBLIC_KEY => ec(key, parameters, false).map(|key| Self::Ec(Box::new(key))),
            oids::EC_DH => ec(key, parameters, true).map(|key| Self::Ec(Box::new(key))),
            oids::ED25519 => octets(key).map(Self::Ed25519),
            oids::X25519 => octets(key).map(Self::X25519),
            oids::DSA => Err(Code::DsaKey.into()),
            _ => Err(Code::KeyUnsupported.into()),
        }
    }

    /// Refuses keys that are too small, or that cost too much.
    pub(super) fn check_size(&self, role: KeyRole, limits: &Limits) -> Result<(), Error> {
        match self {
            Self::Rsa(key) => weak::check_rsa_size(&key.modulus, &key.exponent, role, limits),
            _ => Ok(()),
        }
    }

    /// Refuses keys that can be broken. Costs about what a signature does, and comes to the same each time.
    pub(super) fn check_soundness(&self) -> Result<(), Error> {
        match self {
            Self::Rsa(key) => weak::check_rsa_primes(&key.modulus),
            // Small-order points sign anything for anybody.
            Self::Ed25519(key) => match ed25519_dalek::VerifyingKey::from_bytes(key) {
                Ok(point) if !point.is_weak() => Ok(()),
                _ => Err(Code::KeyMalformed.into()),
            },
            Self::X25519(key) if is_small_order(***key) => Err(Code::KeyMalformed.into()),
            Self::Ec(_) | Self::X25519(_) => Ok(()),
        }
    }

    /// Whether the algorithm can encrypt, by itself (RSA) or by key agreement (EC, X25519).
    pub(crate) fn check_can_encrypt(&self) -> Result<(), Error> {
        match self {
            Self::Rsa(key) if matches!(key.scheme, RsaScheme::Pss(_)) => Err(Code::KeyCannotEncrypt.into()),
            Self::Ed25519(_) => Err(Code::KeyCannotEncrypt.into()),
            Self::Rsa(_) | Self::Ec(_) | Self::X25519(_) => Ok(()),
        }
    }

    /// Whether the algorithm can verify; an id-RSAES-OAEP or id-ecDH key never does.
    pub(crate) fn check_can_verify(&self) -> Result<(), Error> {
        match self {
            Self::Rsa(key) if matches!(key.scheme, RsaScheme::Oaep(_)) => Err(Code::KeyAlgorithmUse.into()),
            Self::X25519(_) => Err(Code::KeyAlgorithmUse.into()),
            Self::Ec(key) if key.agreement_only => Err(Code::KeyAlgorithmUse.into()),
            _ => Ok(()),
        }
    }

    /// What a signature check with it costs, in checks with the keys that most people have: the work grows with the square
    /// of an RSA modulus and with the bits of its exponent, and P-384 and P-521 take several times what P-256 does.
    pub(crate) fn cost(&self) -> usize {
        match self {
            Self::Rsa(key) => {
                let squares = if weak::bits(&key.modulus) > 4096 { 4 } else { 1 };
                weak::multiplications(&key.exponent).div_ceil(USUAL_MULTIPLICATIONS).max(1).saturating_mul(squares)
            }
            Self::Ec(key) if key.curve != Curve::P256 => 3,
            _ => 1,
        }
    }

    /// Whether it encrypts by key agreement rather than by key transport.
    pub(crate) const fn agrees(&self) -> bool {
        matches!(self, Self::Ec(_) | Self::X25519(_))
    }

    /// `rsa-2048`, `ec-p256`, `ed25519`, `x25519`.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Rsa(key) => format!("rsa-{}", weak::bits(&key.modulus)),
            Self::Ec(key) => match key.curve {
                Curve::P256 => "ec-p256".to_owned(),
                Curve::P384 => "ec-p384".to_owned(),
                Curve::P521 => "ec-p521".to_owned(),
            },
            Self::Ed25519(_) => "ed25519".to_owned(),
            Self::X25519(_) => "x25519".to_owned(),
        }
    }
}

/// Of the exponent 65537.
const USUAL_MULTIPLICATIONS: usize = 18;

/// Whether every private key comes to the same shared secret with this X25519 key, zero, so that it hides nothing
/// (RFC 7748 6.1). The private key is a multiple of the cofactor; any one shows it.
fn is_small_order(key: [u8; 32]) -> bool {
    !x25519_dalek::StaticSecret::from([1; 32]).diffie_hellman(&key.into()).was_contributory()
}

fn rsa(key: RsaKey) -> PublicKey {
    PublicKey::Rsa(Box::new(key))
}

fn octets(key: &[u8]) -> Result<Octets, Error> {
    let mut octets = Octets::default();
    let key: &[u8; 32] = key.try_into().map_err(|_| Error::from(Code::KeyMalformed))?;
    octets.copy_from_slice(key);
    Ok(octets)
}

/// A named curve and a point on it (RFC 5480 2.1.1, 2.2). Curves that are spelled out let an attacker choose the
/// generator, and so the key (CVE-2020-0601).
fn ec(point: &[u8], parameters: Option<Element<'_>>, agreement_only: bool) -> Result<EcKey, Error> {
    let parameters = parameters.ok_or(Code::KeyMalformed)?;
    let curve = match (parameters.tag(), parameters.content()) {
        (Tag::OBJECT_IDENTIFIER, oids::P_256) => Curve::P256,
        (Tag::OBJECT_IDENTIFIER, oids::P_384) => Curve::P384,
        (Tag::OBJECT_IDENTIFIER, oids::P_521) => Curve::P521,
        (Tag::OBJECT_IDENTIFIER, _) => return Err(Code::CurveUnsupported.into()),
        (Tag::SEQUENCE, _) => return Err(Code::ExplicitCurve.into()),
        _ => return Err(Code::KeyMalformed.into()),
    };
    /// Uncompressed, when it is a point of the curve: the root is taken only here.
    macro_rules! read {
        ($curve:ident) => {
            $curve::ecdsa::VerifyingKey::from_sec1_bytes(point).map(|key| key.to_sec1_point(false).as_bytes().to_vec())
        };
    }
    let point = match curve {
        Curve::P256 => read!(p256),
        Curve::P384 => read!(p384),
        Curve::P521 => read!(p521),
    };
    let point = Zeroizing::new(point.map_err(|_| Error::from(Code::KeyMalformed))?);
    Ok(EcKey { curve, point, agreement_only })
}
