//! ECDSA verification (FIPS 186-5 6.4.2, SEC 1 4.1.4) on P-256, P-384 and P-521. All that it works on is public, so
//! that its time may depend on it.

mod field;
mod point;

use crate::error::{Code, Error};
use crate::verify::Curve;
use core::fmt;
use field::{Field, PrimeP256, PrimeP384, PrimeP521, Residue};
use p256::elliptic_curve::ff::{Field as _, PrimeField};
use p256::elliptic_curve::hazmat::FieldArithmetic;
use p256::elliptic_curve::ops::{Invert, Reduce};
use p256::elliptic_curve::point::AffineCoordinates;
use p256::elliptic_curve::{FieldBytes, Scalar};
use point::{Affine, Jacobian, OddMultiples, Table, multiply_both};
use std::sync::LazyLock;
use zeroize::Zeroizing;

/// Bits of a digit of the number that a point without a table is multiplied with.
const WIDTH: usize = 5;
/// The same for the generator, whose multiples are made once.
const GENERATOR_WIDTH: usize = 8;

/// A curve, and what its crate has no general name for.
trait NistCurve: FieldArithmetic {
    /// The field once more, for variable time.
    type Coordinate: Field;

    /// The point of a key (SEC 1 2.3.4), when it is on the curve and not the neutral one.
    fn point(octets: &[u8]) -> Option<Self::AffinePoint>;
    /// r and s, when the encoding is DER and both lie between 1 and the order.
    fn signature(der: &[u8]) -> Option<(Scalar<Self>, Scalar<Self>)>;
    /// Multiples of the generator, for points without a table.
    fn few() -> &'static OddMultiples<Self::Coordinate>;
    /// Multiples of the generator, for points with a table.
    fn many() -> &'static Table<Self::Coordinate>;

    /// Bits of the order.
    fn bits() -> usize {
        usize::try_from(Scalar::<Self>::NUM_BITS).unwrap_or_default()
    }

    fn coordinates(point: &Self::AffinePoint) -> Affine<Self::Coordinate> {
        Affine { x: Self::Coordinate::from_octets(&point.x()), y: Self::Coordinate::from_octets(&point.y()) }
    }

    /// 1 / `value`; zero for zero.
    fn invert(value: &Self::Coordinate) -> Self::Coordinate {
        let mut octets = FieldBytes::<Self>::default();
        value.write(&mut octets);
        let inverse =
            Self::FieldElement::from_repr(octets).into_option().and_then(|value| value.invert_vartime().into_option());
        inverse.map_or(Self::Coordinate::ZERO, |inverse| Self::Coordinate::from_octets(&inverse.to_repr()))
    }
}

macro_rules! nist_curve {
    ($name:ident, $curve:ident, $coordinate:ty) => {
        impl NistCurve for $name::$curve {
            type Coordinate = $coordinate;

            fn point(octets: &[u8]) -> Option<Self::AffinePoint> {
                $name::PublicKey::from_sec1_bytes(octets).ok().map(|key| *key.as_affine())
            }

            fn signature(der: &[u8]) -> Option<(Scalar<Self>, Scalar<Self>)> {
                let (r, s) = $name::ecdsa::Signature::from_der(der).ok()?.split_scalars();
                Some((*r, *s))
            }

            fn few() -> &'static OddMultiples<Self::Coordinate> {
                static MULTIPLES: LazyLock<OddMultiples<$coordinate>> = LazyLock::new(|| {
                    let generator = $name::$curve::coordinates(&$name::AffinePoint::GENERATOR);
                    OddMultiples::new(&generator, GENERATOR_WIDTH, $name::$curve::invert)
                });
                &MULTIPLES
            }

            fn many() -> &'static Table<Self::Coordinate> {
                static TABLE: LazyLock<Table<$coordinate>> = LazyLock::new(|| {
                    let generator = $name::$curve::coordinates(&$name::AffinePoint::GENERATOR);
                    Table::new(&generator, $name::$curve::bits(), $name::$curve::invert)
                });
                &TABLE
            }
        }
    };
}

nist_curve!(p256, NistP256, Residue<PrimeP256, 4>);
nist_curve!(p384, NistP384, Residue<PrimeP384, 6>);
nist_curve!(p521, NistP521, Residue<PrimeP521, 9>);

/// A key, ready to verify with. What it keeps is overwritten when it is dropped.
#[derive(Clone)]
pub(crate) struct EcVerifier(OnCurve);

impl fmt::Debug for EcVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EcVerifier").finish_non_exhaustive()
    }
}

#[derive(Clone)]
/// In boxes, since the curves differ in size: see [`Octets`](crate::verify::key::Octets).
enum OnCurve {
    P256(Box<Key<p256::NistP256>>),
    P384(Box<Key<p384::NistP384>>),
    P521(Box<Key<p521::NistP521>>),
}

impl EcVerifier {
    /// The key whose point is encoded so (SEC 1 2.3.3). Fails with `KeyMalformed` when it is no point of the curve, or
    /// the neutral one.
    pub(crate) fn new(curve: Curve, point: &[u8]) -> Result<Self, Error> {
        Ok(Self(match curve {
            Curve::P256 => OnCurve::P256(Box::new(Key::new(point)?)),
            Curve::P384 => OnCurve::P384(Box::new(Key::new(point)?)),
            Curve::P521 => OnCurve::P521(Box::new(Key::new(point)?)),
        }))
    }

    /// With a table of multiples of the point: 52 KiB for P-256, 116 KiB for P-384, 237 KiB for P-521. Making it takes as
    /// long as five verifications, and each takes a third of its time then. The first one with a table on a curve makes
    /// another of the same size for the generator, once in the process.
    pub(crate) fn with_table(self) -> Self {
        Self(match self.0 {
            OnCurve::P256(key) => OnCurve::P256(Box::new(key.with_table())),
            OnCurve::P384(key) => OnCurve::P384(Box::new(key.with_table())),
            OnCurve::P521(key) => OnCurve::P521(Box::new(key.with_table())),
        })
    }

    /// Verifies a signature in DER over a digest. A digest longer than the order is cut, a shorter one is the same
    /// number with zeros before it. Fails with `SignatureMalformed` when r and s are not encoded as they must be or out
    /// of range, and with `SignatureInvalid`.
    pub(crate) fn verify(&self, digest: &[u8], signature: &[u8]) -> Result<(), Error> {
        match &self.0 {
            OnCurve::P256(key) => key.verify(digest, signature),
            OnCurve::P384(key) => key.verify(digest, signature),
            OnCurve::P521(key) => key.verify(digest, signature),
        }
    }
}

#[derive(Clone)]
struct Key<C: NistCurve> {
    point: Zeroizing<Affine<C::Coordinate>>,
    table: Option<Table<C::Coordinate>>,
}

impl<C: NistCurve> Key<C> {
    fn new(point: &[u8]) -> Result<Self, Error> {
        let point = Zeroizing::new(C::point(point).ok_or(Code::KeyMalformed)?);
        Ok(Self { point: Zeroizing::new(C::coordinates(&point)), table: None })
    }

    fn with_table(self) -> Self {
        let table = self.table.unwrap_or_else(|| Table::new(&self.point, C::bits(), C::invert));
        Self { point: self.point, table: Some(table) }
    }

    #[expect(clippy::arithmetic_side_effects, reason = "modulo the order")]
    fn verify(&self, digest: &[u8], signature: &[u8]) -> Result<(), Error> {
        let (r, s) = C::signature(signature).ok_or(Code::SignatureMalformed)?;
        let inverse = s.invert_vartime().into_option().ok_or(Code::SignatureMalformed)?;
        let u1 = (number::<C>(digest) * inverse).to_repr();
        let u2 = (r * inverse).to_repr();
        let sum = match &self.table {
            Some(table) => C::many().add_multiple(table.add_multiple(Jacobian::NEUTRAL, &u2), &u1),
            None => {
                let multiples = OddMultiples::new(&self.point, WIDTH, C::invert);
                multiply_both((&u1, C::few()), (&u2, &multiples))
            }
        };
        if is_x::<C>(&sum, r) { Ok(()) } else { Err(Code::SignatureInvalid.into()) }
    }
}

/// The number that is signed: as many leading octets of the digest as the order has, which for these curves and the
/// digests that there are is as many bits.
fn number<C: NistCurve>(digest: &[u8]) -> Scalar<C> {
    let mut octets = FieldBytes::<C>::default();
    let digest = digest.get(..octets.len()).unwrap_or(digest);
    octets.iter_mut().rev().zip(digest.iter().rev()).for_each(|(octet, digest)| *octet = *digest);
    Scalar::<C>::reduce(&octets)
}

/// Whether `r` is the x-coordinate of the point modulo the order. The neutral point has none.
#[expect(clippy::arithmetic_side_effects, reason = "modulo the order")]
fn is_x<C: NistCurve>(point: &Jacobian<C::Coordinate>, r: Scalar<C>) -> bool {
    if point.z.is_zero() {
        return false;
    }
    // Without dividing by the square of z.
    let zz = point.z.square();
    let x = C::Coordinate::from_octets(&r.to_repr());
    if x.mul(&zz) == point.x {
        return true;
    }
    // The prime is greater than the order, so that x may be r and the order.
    let largest = C::Coordinate::from_octets(&(-Scalar::<C>::ONE).to_repr());
    let x = x.add(&largest).add(&C::Coordinate::ONE);
    if x.mul(&zz) != point.x {
        return false;
    }
    // Below the order, it is r and the order less the prime, which is another number than r.
    let mut octets = FieldBytes::<C>::default();
    x.write(&mut octets);
    Scalar::<C>::from_repr(octets).is_none().into()
}

#[cfg(test)]
mod tests;
