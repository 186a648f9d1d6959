//! Points of the curves y^2 = x^3 - 3 x + b, and multiples of them. Everything here takes time that depends on the
//! values: for public ones only.

use super::field::Field;
use zeroize::{DefaultIsZeroes, Zeroizing};

/// A point with its coordinates; never the neutral one.
#[derive(Clone, Copy, Default, Debug, PartialEq)]
pub(super) struct Affine<F> {
    pub(super) x: F,
    pub(super) y: F,
}

impl<F: Field> DefaultIsZeroes for Affine<F> {}

/// The point (x / z^2, y / z^3); the neutral one when z is zero.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Jacobian<F> {
    pub(super) x: F,
    pub(super) y: F,
    pub(super) z: F,
}

impl<F: Field> DefaultIsZeroes for Jacobian<F> {}

impl<F: Field> From<&Affine<F>> for Jacobian<F> {
    fn from(point: &Affine<F>) -> Self {
        Self { x: point.x, y: point.y, z: F::ONE }
    }
}

impl<F: Field> Jacobian<F> {
    pub(super) const NEUTRAL: Self = Self { x: F::ONE, y: F::ONE, z: F::ZERO };

    /// The double. No point of a curve of odd order has y = 0, and with z = 0 it stays the neutral one.
    pub(super) fn double(&self) -> Self {
        let delta = self.z.square();
        let gamma = self.y.square();
        let beta = self.x.mul(&gamma);
        let alpha = self.x.sub(&delta).mul(&self.x.add(&delta));
        let alpha = alpha.double().add(&alpha);
        let beta4 = beta.double().double();
        let x = alpha.square().sub(&beta4.double());
        let z = self.y.mul(&self.z).double();
        let gamma8 = gamma.square().double().double().double();
        let y = alpha.mul(&beta4.sub(&x)).sub(&gamma8);
        Self { x, y, z }
    }

    /// The sum, whatever the two points are.
    pub(super) fn add(&self, other: &Affine<F>) -> Self {
        if self.z.is_zero() {
            return other.into();
        }
        let zz = self.z.square();
        let h = other.x.mul(&zz).sub(&self.x);
        let r = other.y.mul(&zz.mul(&self.z)).sub(&self.y);
        if h.is_zero() {
            // The same x: the same point, or its inverse.
            return if r.is_zero() { self.double() } else { Self::NEUTRAL };
        }
        let hh = h.square();
        let hhh = hh.mul(&h);
        let v = self.x.mul(&hh);
        let x = r.square().sub(&hhh).sub(&v.double());
        let y = r.mul(&v.sub(&x)).sub(&self.y.mul(&hhh));
        Self { x, y, z: self.z.mul(&h) }
    }

    /// The sum with what `multiple` has for the absolute value of the digit, if anything, with the sign of the digit.
    #[inline(always)]
    fn add_digit(&self, digit: i8, multiple: impl FnOnce(usize) -> Option<Affine<F>>) -> Self {
        let Some(point) = multiple(digit.unsigned_abs().into()) else { return *self };
        self.add(&if digit < 0 { Affine { x: point.x, y: point.y.negate() } } else { point })
    }
}

/// The points with their coordinates; none may be the neutral one. `invert` is called once.
fn normalize<F: Field>(points: &[Jacobian<F>], invert: impl Fn(&F) -> F) -> Zeroizing<Vec<Affine<F>>> {
    let mut normalized = Zeroizing::new(vec![Affine::default(); points.len()]);
    // Until the way back, the products of the z before each point are kept where its x will be.
    let mut product = F::ONE;
    for (point, normalized) in points.iter().zip(normalized.iter_mut()) {
        normalized.x = product;
        product = product.mul(&point.z);
    }
    let mut inverse = invert(&product);
    for (point, normalized) in points.iter().zip(normalized.iter_mut()).rev() {
        let z = inverse.mul(&normalized.x);
        inverse = inverse.mul(&point.z);
        let zz = z.square();
        *normalized = Affine { x: point.x.mul(&zz), y: point.y.mul(&zz).mul(&z) };
    }
    normalized
}

/// Bits of a digit of a number that a `Table` multiplies with.
const WINDOW: usize = 5;
/// Multiples for one place of a `Table`: a digit lies between -15 and 16.
const ROW: usize = 1 << (WINDOW - 1);

/// Multiples of a point: 1 to 16 times 2^(5 i) times it for each i, so that a product needs no doubling.
#[derive(Clone)]
pub(super) struct Table<F: Field>(pub(super) Zeroizing<Vec<Affine<F>>>);

impl<F: Field> Table<F> {
    /// The table for numbers of so many bits.
    pub(super) fn new(point: &Affine<F>, bits: usize, invert: impl Fn(&F) -> F) -> Self {
        let rows = digits(bits);
        let mut bases = Zeroizing::new(vec![Jacobian::default(); rows]);
        let mut base = Jacobian::from(point);
        for each in bases.iter_mut() {
            *each = base;
            base = (0..WINDOW).fold(base, |base, _| base.double());
        }
        let bases = normalize(&bases, &invert);
        let mut multiples = Zeroizing::new(vec![Jacobian::default(); rows.saturating_mul(ROW)]);
        for (base, row) in bases.iter().zip(multiples.chunks_exact_mut(ROW)) {
            let mut multiple = Jacobian::NEUTRAL;
            for each in row {
                multiple = multiple.add(base);
                *each = multiple;
            }
        }
        Self(normalize(&multiples, &invert))
    }

    /// `sum` and so many times the point; the number is big-endian.
    pub(super) fn add_multiple(&self, mut sum: Jacobian<F>, number: &[u8]) -> Jacobian<F> {
        let mut carry = 0;
        for (place, row) in self.0.chunks_exact(ROW).enumerate() {
            let digit;
            (digit, carry) = signed(bits(number, place.saturating_mul(WINDOW), WINDOW).saturating_add(carry), WINDOW);
            sum = sum.add_digit(digit, |digit| row.get(digit.wrapping_sub(1)).copied());
        }
        sum
    }
}

/// Digits of a number of so many bits: one bit is for the carry.
const fn digits(bits: usize) -> usize {
    bits.saturating_add(1).div_ceil(WINDOW)
}

/// Odd multiples of a point: 1, 3, 5, ... 2^(width - 1) - 1 times it, for the digits of a number that have `width` bits
/// and a sign.
#[derive(Clone)]
pub(super) struct OddMultiples<F: Field> {
    points: Zeroizing<Vec<Affine<F>>>,
    width: usize,
}

impl<F: Field> OddMultiples<F> {
    /// For digits of 2 to 8 bits.
    pub(super) fn new(point: &Affine<F>, width: usize, invert: impl Fn(&F) -> F) -> Self {
        // Additions, unlike doublings, do not ask for the curve's coefficients: they hold on the curve that scaling by
        // the z of the double makes of this one, where the double has z = 1 and is added more cheaply. No sum here is of
        // equal points (which would be a doubling) or of inverse ones: the order is a large prime.
        let Jacobian { x, y, z } = Jacobian::from(point).double();
        let double = Affine { x, y };
        let zz = z.square();
        let mut multiple = Jacobian { x: point.x.mul(&zz), y: point.y.mul(&zz).mul(&z), z: F::ONE };
        let mut multiples = Zeroizing::new(vec![Jacobian::default(); 1 << width.saturating_sub(2)]);
        for each in multiples.iter_mut() {
            *each = Jacobian { z: multiple.z.mul(&z), ..multiple };
            multiple = multiple.add(&double);
        }
        Self { points: normalize(&multiples, invert), width }
    }

    fn add_digit(&self, sum: Jacobian<F>, digit: i8) -> Jacobian<F> {
        if digit == 0 { sum } else { sum.add_digit(digit, |digit| self.points.get(digit >> 1).copied()) }
    }
}

/// Digits of the largest number: of 521 bits, with a carry.
const PLACES: usize = 522;

/// `a` times one point and `b` times another; the numbers are big-endian.
pub(super) fn multiply_both<F: Field>(
    (a, first): (&[u8], &OddMultiples<F>),
    (b, second): (&[u8], &OddMultiples<F>),
) -> Jacobian<F> {
    let (a, b) = (sparse_digits(a, first.width), sparse_digits(b, second.width));
    let mut sum = Jacobian::NEUTRAL;
    for (a, b) in a.iter().zip(&b).rev().skip_while(|(a, b)| (**a, **b) == (0, 0)) {
        sum = second.add_digit(first.add_digit(sum.double(), *a), *b);
    }
    sum
}

/// The number as the sum of digits times two to the power of their index: each digit is zero, or is odd and below
/// 2^(width - 1) in absolute value, and then the next `width` - 1 digits are zero.
fn sparse_digits(number: &[u8], width: usize) -> [i8; PLACES] {
    let mut digits = [0; PLACES];
    let mut carry = 0;
    let mut place = 0;
    while let Some(digit) = digits.get_mut(place) {
        if bits(number, place, 1) == carry {
            place = place.saturating_add(1);
        } else {
            (*digit, carry) = signed(bits(number, place, width).saturating_add(carry), width);
            place = place.saturating_add(width);
        }
    }
    digits
}

/// A digit of so many bits as one of at most half the size with a sign, and what the next digit has more for it.
fn signed(digit: u8, width: usize) -> (i8, u8) {
    let half = 1 << width.saturating_sub(1);
    if digit > half { (digit.wrapping_sub(half).wrapping_sub(half).cast_signed(), 1) } else { (digit.cast_signed(), 0) }
}

/// At most eight bits of a big-endian number, the lowest of which has the index `from`.
fn bits(number: &[u8], from: usize, count: usize) -> u8 {
    let octet = |index: usize| number.iter().rev().nth(index).copied().unwrap_or(0);
    let index = from >> 3;
    let pair = u16::from_be_bytes([octet(index.saturating_add(1)), octet(index)]);
    let [_, low] = ((pair >> (from & 7)) & !(u16::MAX << count)).to_be_bytes();
    low
}
