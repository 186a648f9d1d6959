//! The prime fields of the curves. Everything here takes time that depends on the values: for public ones only.

use core::marker::PhantomData;
use p521::elliptic_curve::ff::{self, PrimeField};
use p521::elliptic_curve::hazmat::FieldArithmetic;
use zeroize::DefaultIsZeroes;

/// A coordinate: an integer modulo the prime of a curve.
pub(crate) trait Field: Copy + Default + PartialEq + DefaultIsZeroes + Send + Sync + 'static {
    const ZERO: Self;
    const ONE: Self;

    /// From big-endian octets, as many as the prime has, of a number below the prime.
    fn from_octets(octets: &[u8]) -> Self;

    /// The number below the prime in big-endian octets, as many as the prime has.
    fn write(&self, octets: &mut [u8]);

    fn is_zero(&self) -> bool;
    fn add(&self, other: &Self) -> Self;
    fn sub(&self, other: &Self) -> Self;
    fn mul(&self, other: &Self) -> Self;
    fn square(&self) -> Self;

    fn double(&self) -> Self {
        self.add(self)
    }

    fn negate(&self) -> Self {
        Self::ZERO.sub(self)
    }
}

/// A prime of N words, the least significant first, with what Montgomery multiplication needs; R is 2^(64 N).
pub(crate) trait Prime<const N: usize>: Copy + Default + PartialEq + Send + Sync + 'static {
    const PRIME: [u64; N];
    /// -1 / p mod 2^64.
    const NEGATED_INVERSE: u64;
    /// R mod p.
    const R: [u64; N];
    /// R^2 mod p.
    const R_SQUARED: [u64; N];
}

/// p = 2^256 - 2^224 + 2^192 + 2^96 - 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PrimeP256;

impl Prime<4> for PrimeP256 {
    const PRIME: [u64; 4] = [u64::MAX, 0xffff_ffff, 0, 0xffff_ffff_0000_0001];
    const NEGATED_INVERSE: u64 = 1;
    const R: [u64; 4] = [1, 0xffff_ffff_0000_0000, u64::MAX, 0xffff_fffe];
    const R_SQUARED: [u64; 4] = [3, 0xffff_fffb_ffff_ffff, 0xffff_ffff_ffff_fffe, 0x4_ffff_fffd];
}

/// p = 2^384 - 2^128 - 2^96 + 2^32 - 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PrimeP384;

impl Prime<6> for PrimeP384 {
    const PRIME: [u64; 6] =
        [0xffff_ffff, 0xffff_ffff_0000_0000, 0xffff_ffff_ffff_fffe, u64::MAX, u64::MAX, u64::MAX];
    const NEGATED_INVERSE: u64 = 0x1_0000_0001;
    const R: [u64; 6] = [0xffff_ffff_0000_0001, 0xffff_ffff, 1, 0, 0, 0];
    const R_SQUARED: [u64; 6] =
        [0xffff_fffe_0000_0001, 0x2_0000_0000, 0xffff_fffe_0000_0000, 0x2_0000_0000, 1, 0];
}

/// An integer x below p as x R mod p.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Residue<P, const N: usize>([u64; N], PhantomData<P>);

impl<P, const N: usize> Default for Residue<P, N> {
    fn default() -> Self {
        Self([0; N], PhantomData)
    }
}

impl<P: Prime<N>, const N: usize> DefaultIsZeroes for Residue<P, N> {}

impl<P: Prime<N>, const N: usize> Residue<P, N> {
    const fn new(words: [u64; N]) -> Self {
        Self(words, PhantomData)
    }

    /// `words`, with 2^(64 N) above them where there is a `carry`, less p unless it is below p; it is below 2 p.
    #[inline(always)]
    fn reduce(words: [u64; N], carry: bool) -> Self {
        let mut less = words;
        let mut borrow = false;
        for (word, prime) in less.iter_mut().zip(P::PRIME) {
            (*word, borrow) = word.borrowing_sub(prime, borrow);
        }
        // Without a branch, which would be foretold wrongly every second time.
        let keep = if borrow && !carry { u64::MAX } else { 0 };
        for (word, whole) in less.iter_mut().zip(words) {
            *word = (whole & keep) | (*word & !keep);
        }
        Self::new(less)
    }
}

#[expect(clippy::indexing_slicing, reason = "every index is below N, and the compiler sees it")]
#[expect(clippy::arithmetic_side_effects, reason = "j begins at 1")]
#[inline(always)]
fn montgomery<P: Prime<N>, const N: usize>(a: &[u64; N], b: &[u64; N]) -> ([u64; N], bool) {
    let mut sum = [0; N];
    let mut above = false;
    for factor in b {
        let mut carry = 0;
        for (word, a) in sum.iter_mut().zip(a) {
            (*word, carry) = a.carrying_mul_add(*factor, *word, carry);
        }
        let (top, over) = carry.overflowing_add(u64::from(above));
        let multiple = sum[0].wrapping_mul(P::NEGATED_INVERSE);
        let (_, mut carry) = multiple.carrying_mul_add(P::PRIME[0], sum[0], 0);
        for j in 1..N {
            (sum[j - 1], carry) = multiple.carrying_mul_add(P::PRIME[j], sum[j], carry);
        }
        let (top, again) = top.overflowing_add(carry);
        sum[N - 1] = top;
        above = over || again;
    }
    (sum, above)
}

impl<P: Prime<N>, const N: usize> Field for Residue<P, N> {
    const ZERO: Self = Self::new([0; N]);
    const ONE: Self = Self::new(P::R);

    fn from_octets(octets: &[u8]) -> Self {
        let mut words = [0; N];
        for (word, octets) in words.iter_mut().zip(octets.rchunks(8)) {
            *word = octets.iter().fold(0, |word, octet| (word << 8) | u64::from(*octet));
        }
        Self::new(words).mul(&Self::new(P::R_SQUARED))
    }

    fn write(&self, octets: &mut [u8]) {
        let mut one = [0; N];
        one.iter_mut().take(1).for_each(|word| *word = 1);
        let plain = self.mul(&Self::new(one));
        for (octets, word) in octets.rchunks_exact_mut(8).zip(plain.0) {
            octets.copy_from_slice(&word.to_be_bytes());
        }
    }

    #[inline(always)]
    fn is_zero(&self) -> bool {
        self.0.iter().fold(0, |all, word| all | word) == 0
    }

    #[inline(always)]
    fn add(&self, other: &Self) -> Self {
        let mut sum = self.0;
        let mut carry = false;
        for (word, other) in sum.iter_mut().zip(other.0) {
            (*word, carry) = word.carrying_add(other, carry);
        }
        Self::reduce(sum, carry)
    }

    #[inline(always)]
    fn sub(&self, other: &Self) -> Self {
        let mut difference = self.0;
        let mut borrow = false;
        for (word, other) in difference.iter_mut().zip(other.0) {
            (*word, borrow) = word.borrowing_sub(other, borrow);
        }
        let mask = if borrow { u64::MAX } else { 0 };
        let mut carry = false;
        for (word, prime) in difference.iter_mut().zip(P::PRIME) {
            (*word, carry) = word.carrying_add(prime & mask, carry);
        }
        Self::new(difference)
    }

    #[inline(always)]
    fn mul(&self, other: &Self) -> Self {
        let (words, carry) = montgomery::<P, N>(&self.0, &other.0);
        Self::reduce(words, carry)
    }

    #[inline(always)]
    fn square(&self) -> Self {
        self.mul(self)
    }
}

/// An integer below p = 2^521 - 1, in the arithmetic of the curve's crate, which is fast enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ElementP521(<p521::NistP521 as FieldArithmetic>::FieldElement);

impl DefaultIsZeroes for ElementP521 {}

impl Field for ElementP521 {
    const ZERO: Self = Self(ff::Field::ZERO);
    const ONE: Self = Self(ff::Field::ONE);

    fn from_octets(octets: &[u8]) -> Self {
        let octets = p521::FieldBytes::try_from(octets).unwrap_or_default();
        Self(PrimeField::from_repr(octets).unwrap_or(ff::Field::ZERO))
    }

    fn write(&self, octets: &mut [u8]) {
        octets.copy_from_slice(&self.0.to_repr());
    }

    #[inline(always)]
    fn is_zero(&self) -> bool {
        ff::Field::is_zero_vartime(&self.0)
    }

    #[inline(always)]
    fn add(&self, other: &Self) -> Self {
        Self(self.0 + other.0)
    }

    #[inline(always)]
    fn sub(&self, other: &Self) -> Self {
        Self(self.0 - other.0)
    }

    #[inline(always)]
    fn mul(&self, other: &Self) -> Self {
        Self(self.0 * other.0)
    }

    #[inline(always)]
    fn square(&self) -> Self {
        Self(ff::Field::square(&self.0))
    }
}
