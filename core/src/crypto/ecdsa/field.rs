//! The prime fields of the curves, for public values: the crates of the curves have them for secret ones, at twice the
//! cost.

use core::marker::PhantomData;
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
    /// R mod p.
    const R: [u64; N];
    /// R^2 mod p.
    const R_SQUARED: [u64; N];

    /// (`sum` + R `top` + m p) / 2^64 with the m below 2^64 that leaves no remainder; and whether R must be added.
    fn fold(sum: [u64; N], top: u64) -> ([u64; N], bool);
}

/// p = 2^256 - 2^224 + 2^192 + 2^96 - 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PrimeP256;

impl Prime<4> for PrimeP256 {
    const PRIME: [u64; 4] = [u64::MAX, 0xffff_ffff, 0, 0xffff_ffff_0000_0001];
    const R: [u64; 4] = [1, 0xffff_ffff_0000_0000, u64::MAX, 0xffff_fffe];
    const R_SQUARED: [u64; 4] = [3, 0xffff_fffb_ffff_ffff, 0xffff_ffff_ffff_fffe, 0x4_ffff_fffd];

    /// m is the first word, and m (p + 1) is m 2^96 and, three words up, m times the last word of p.
    #[inline(always)]
    fn fold([m, a, b, c]: [u64; 4], top: u64) -> ([u64; 4], bool) {
        let [_, _, _, last] = Self::PRIME;
        let (low, high) = m.carrying_mul(last, 0);
        let (a, carry) = a.overflowing_add(m << 32);
        let (b, carry) = b.carrying_add(m >> 32, carry);
        let (c, carry) = c.carrying_add(low, carry);
        let (top, carry) = top.carrying_add(high, carry);
        ([a, b, c, top], carry)
    }
}

/// p = 2^384 - 2^128 - 2^96 + 2^32 - 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PrimeP384;

impl Prime<6> for PrimeP384 {
    const PRIME: [u64; 6] = [0xffff_ffff, 0xffff_ffff_0000_0000, 0xffff_ffff_ffff_fffe, u64::MAX, u64::MAX, u64::MAX];
    const R: [u64; 6] = [0xffff_ffff_0000_0001, 0xffff_ffff, 1, 0, 0, 0];
    const R_SQUARED: [u64; 6] = [0xffff_fffe_0000_0001, 0x2_0000_0000, 0xffff_fffe_0000_0000, 0x2_0000_0000, 1, 0];

    /// m is the first word times 2^32 + 1, and p is R less three words.
    #[inline(always)]
    fn fold([first, a, b, c, d, e]: [u64; 6], top: u64) -> ([u64; 6], bool) {
        let m = first.wrapping_add(first << 32);
        let [low, middle, ..] = Self::R;
        let (_, carry) = m.carrying_mul(low, 0);
        let (word, carry) = m.carrying_mul(middle, carry);
        let (last, more) = m.overflowing_add(carry);
        let (a, borrow) = a.overflowing_sub(word);
        let (b, borrow) = b.borrowing_sub(last, borrow);
        let (c, borrow) = c.borrowing_sub(u64::from(more), borrow);
        let (d, borrow) = d.borrowing_sub(0, borrow);
        let (e, borrow) = e.borrowing_sub(0, borrow);
        let (top, carry) = top.overflowing_add(m);
        let (top, borrow) = top.borrowing_sub(0, borrow);
        ([a, b, c, d, e, top], carry && !borrow)
    }
}

/// p = 2^521 - 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PrimeP521;

impl Prime<9> for PrimeP521 {
    const PRIME: [u64; 9] = [u64::MAX, u64::MAX, u64::MAX, u64::MAX, u64::MAX, u64::MAX, u64::MAX, u64::MAX, 0x1ff];
    const R: [u64; 9] = [1 << 55, 0, 0, 0, 0, 0, 0, 0, 0];
    const R_SQUARED: [u64; 9] = [0, 1 << 46, 0, 0, 0, 0, 0, 0, 0];

    /// m is the first word, and m (p + 1) is m 2^521.
    #[inline(always)]
    fn fold([m, a, b, c, d, e, f, g, h]: [u64; 9], top: u64) -> ([u64; 9], bool) {
        let (h, carry) = h.overflowing_add(m << 9);
        let (top, carry) = top.carrying_add(m >> 55, carry);
        ([a, b, c, d, e, f, g, h, top], carry)
    }
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

/// a b / R, below 2 p; and whether R must be added to it.
#[expect(
    clippy::indexing_slicing,
    reason = "the arrays have N words, and the compiler sees it: this is the innermost loop"
)]
#[inline(always)]
fn multiply<P: Prime<N>, const N: usize>(a: &[u64; N], b: &[u64; N]) -> ([u64; N], bool) {
    let mut sum = [0; N];
    let mut above = false;
    for factor in b {
        let mut carry = 0;
        for j in 0..N {
            (sum[j], carry) = a[j].carrying_mul_add(*factor, sum[j], carry);
        }
        let (top, over) = carry.overflowing_add(u64::from(above));
        (sum, above) = P::fold(sum, top);
        above |= over;
    }
    (sum, above)
}

/// a^2 / R, below 2 p; and whether R must be added to it. Each product of two different words is made once and doubled.
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "the arrays have N and 2 N words")]
#[inline(always)]
fn square<P: Prime<N>, const N: usize>(a: &[u64; N]) -> ([u64; N], bool) {
    let mut halves = [[0; N]; 2];
    let words = halves.as_flattened_mut();
    for i in 0..N {
        let mut carry = 0;
        for j in i + 1..N {
            (words[i + j], carry) = a[i].carrying_mul_add(a[j], words[i + j], carry);
        }
        words[i + N] = carry;
    }
    let (mut bit, mut carry) = (0, false);
    for i in 0..N {
        let (even, odd) = (words[2 * i], words[2 * i + 1]);
        let (low, high) = a[i].carrying_mul(a[i], 0);
        (words[2 * i], carry) = low.carrying_add((even << 1) | bit, carry);
        (words[2 * i + 1], carry) = high.carrying_add((odd << 1) | (even >> 63), carry);
        bit = odd >> 63;
    }
    let [mut sum, high] = halves;
    let mut above = false;
    for word in high {
        let (top, over) = word.overflowing_add(u64::from(above));
        (sum, above) = P::fold(sum, top);
        above |= over;
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
        for (octets, word) in octets.rchunks_mut(8).zip(plain.0) {
            octets.iter_mut().rev().zip(word.to_le_bytes()).for_each(|(octet, byte)| *octet = byte);
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
        let (words, carry) = multiply::<P, N>(&self.0, &other.0);
        Self::reduce(words, carry)
    }

    #[inline(always)]
    fn square(&self) -> Self {
        let (words, carry) = square::<P, N>(&self.0);
        Self::reduce(words, carry)
    }
}
