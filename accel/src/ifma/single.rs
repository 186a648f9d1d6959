//! One operation: the limbs of a number lie side by side in vectors.

use super::{load, store};
use crate::modulus::{Fixed, Vectors};
use crate::words;
use core::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_alignr_epi64, _mm512_and_si512, _mm512_broadcastq_epi64, _mm512_castsi512_si128,
    _mm512_cmpeq_epu64_mask, _mm512_cmpgt_epu64_mask, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64,
    _mm512_mask_add_epi64, _mm512_maskz_srli_epi64, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_srli_epi64,
};
use zeroize::Zeroizing;

/// Square and multiply by the bits of the exponent, which is public and not 0. The multiplication for the last bit is
/// with the plain base, which also leaves the Montgomery form.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn power<const WORDS: usize, const VECTORS: usize>(
    modulus: &Fixed<WORDS, VECTORS>,
    plain: &Vectors<VECTORS>,
    exponent: u64,
) -> Vectors<VECTORS> {
    let base = Zeroizing::new(multiply(modulus, plain, &modulus.square));
    let mut power = Zeroizing::new(*base);
    for bit in (0..exponent.checked_ilog2().unwrap_or_default()).rev() {
        *power = square(modulus, &power);
        if bit != 0 && exponent >> bit & 1 == 1 {
            *power = multiply(modulus, &power, &base);
        }
    }
    if exponent == 1 || exponent & 1 == 0 {
        let mut one = [[0; 8]; VECTORS];
        one.as_flattened_mut().first_mut().into_iter().for_each(|lowest| *lowest = 1);
        return multiply(modulus, &power, &one);
    }
    multiply(modulus, &power, plain)
}

/// a · b / 2^(416 · VECTORS) modulo the modulus.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn multiply<const WORDS: usize, const VECTORS: usize>(
    modulus: &Fixed<WORDS, VECTORS>,
    a: &Vectors<VECTORS>,
    b: &Vectors<VECTORS>,
) -> Vectors<VECTORS> {
    let mut rows = Rows::new(modulus, a);
    for limb in b.as_flattened() {
        rows.add::<0>(*limb, false);
        rows.reduce();
    }
    rows.finish::<0>()
}

/// a² / 2^(416 · VECTORS) modulo the modulus.
///
/// Eight rows at a time are added only from their own vector on, and twice what is beyond it.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn square<const WORDS: usize, const VECTORS: usize>(
    modulus: &Fixed<WORDS, VECTORS>,
    a: &Vectors<VECTORS>,
) -> Vectors<VECTORS> {
    let mut rows = Rows::new(modulus, a);
    let mut limbs = a.iter();
    // The vector where the rows begin must be known to the compiler, so that all sums stay in registers.
    macro_rules! each_vector {
        ($($vector:literal)*) => {$(
            if let Some(limbs) = limbs.next() {
                rows.add_own::<$vector>(limbs);
            }
            if VECTORS == $vector + 1 {
                return rows.finish::<$vector>();
            }
        )*};
    }
    each_vector!(0 1 2 3 4 5 6 7 8 9);
    rows.finish::<0>()
}

/// A product that grows row by row, and is divided by 2^52 after each.
struct Rows<const VECTORS: usize> {
    columns: [__m512i; VECTORS],
    modulus: [__m512i; VECTORS],
    inverse: __m512i,
    sums: [__m512i; VECTORS],
    /// The higher halves of a row belong one limb higher, and so to the next row after the division. They wait here,
    /// so that the sums depend on the quotients of the rows and on nothing else that takes time.
    higher: [__m512i; VECTORS],
}

#[expect(clippy::indexing_slicing, reason = "every index is below the length of the arrays, which is constant")]
impl<const VECTORS: usize> Rows<VECTORS> {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new<const WORDS: usize>(modulus: &Fixed<WORDS, VECTORS>, columns: &Vectors<VECTORS>) -> Self {
        let zero = _mm512_setzero_si512();
        let mut rows = Self {
            columns: [zero; VECTORS],
            modulus: [zero; VECTORS],
            inverse: _mm512_set1_epi64(modulus.inverse.cast_signed()),
            sums: [zero; VECTORS],
            higher: [zero; VECTORS],
        };
        rows.columns.iter_mut().zip(columns).for_each(|(vector, limbs)| *vector = load(limbs));
        rows.modulus.iter_mut().zip(&modulus.limbs).for_each(|(vector, limbs)| *vector = load(limbs));
        rows
    }

    /// Adds the columns from the vector `FROM` on, and twice what is beyond it when it is the rows' own.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add<const FROM: usize>(&mut self, row: u64, own: bool) {
        let row = _mm512_set1_epi64(row.cast_signed());
        for vector in FROM..VECTORS {
            let products = _mm512_madd52lo_epu64(self.higher[vector], self.columns[vector], row);
            self.higher[vector] = _mm512_madd52hi_epu64(_mm512_setzero_si512(), self.columns[vector], row);
            let products = if own && vector > FROM { _mm512_add_epi64(products, products) } else { products };
            self.sums[vector] = _mm512_add_epi64(self.sums[vector], products);
        }
    }

    /// Adds eight rows of a square that have their own columns in the vector `FROM`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_own<const FROM: usize>(&mut self, limbs: &[u64; 8]) {
        if let Some(before) = FROM.checked_sub(1) {
            // The rows before do not wait any longer, and were to be added twice in what is now the own vector.
            self.sums[before] = _mm512_add_epi64(self.sums[before], self.higher[before]);
            self.higher[FROM] = _mm512_add_epi64(self.higher[FROM], self.higher[FROM]);
        }
        for limb in limbs {
            self.add::<FROM>(*limb, true);
            self.reduce();
        }
    }

    /// Adds the multiple of the modulus that makes the lowest limb zero, and moves all one limb lower.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn reduce(&mut self) {
        let (zero, modulus, sums) = (_mm512_setzero_si512(), &self.modulus, &mut self.sums);
        let quotient = _mm512_madd52lo_epu64(zero, sums[0], self.inverse);
        let quotient = _mm512_broadcastq_epi64(_mm512_castsi512_si128(quotient));
        for vector in 0..VECTORS {
            sums[vector] = _mm512_madd52lo_epu64(sums[vector], modulus[vector], quotient);
        }
        // What the lowest limb has above 52 bits stays.
        let carry = _mm512_maskz_srli_epi64::<52>(1, sums[0]);
        let lowest = _mm512_madd52hi_epu64(carry, modulus[0], quotient);
        for vector in 0..VECTORS {
            let next = if vector == VECTORS.wrapping_sub(1) { zero } else { sums[vector.wrapping_add(1)] };
            let shifted = _mm512_alignr_epi64::<1>(next, sums[vector]);
            sums[vector] = if vector == 0 {
                _mm512_add_epi64(shifted, lowest)
            } else {
                _mm512_madd52hi_epu64(shifted, modulus[vector], quotient)
            };
        }
    }

    /// The product, after rows from the vector `FROM` on.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn finish<const FROM: usize>(mut self) -> Vectors<VECTORS> {
        for vector in FROM..VECTORS {
            self.sums[vector] = _mm512_add_epi64(self.sums[vector], self.higher[vector]);
        }
        normalise(&self.sums)
    }
}

/// Carries what limbs have above 52 bits.
#[inline]
#[target_feature(enable = "avx512f")]
fn normalise<const VECTORS: usize>(sums: &[__m512i; VECTORS]) -> Vectors<VECTORS> {
    let (mask, one) = (_mm512_set1_epi64(words::LIMB_MASK.cast_signed()), _mm512_set1_epi64(1));
    let mut before = _mm512_setzero_si512();
    let mut limbs = *sums;
    // Each limb gets what the one below has too much: then all are below 2^53.
    let (mut overflows, mut full) = ([0; 16], [0; 16]);
    for ((limb, overflow), full) in limbs.iter_mut().zip(&mut overflows).zip(&mut full) {
        let above = _mm512_srli_epi64::<52>(*limb);
        *limb = _mm512_add_epi64(_mm512_and_si512(*limb, mask), _mm512_alignr_epi64::<7>(above, before));
        before = above;
        *overflow = _mm512_cmpgt_epu64_mask(*limb, mask);
        *full = _mm512_cmpeq_epu64_mask(*limb, mask);
    }
    // What remains is carries of one, through limbs that are full: an addition of bits, one for each limb.
    let (overflows, full) = (u128::from_le_bytes(overflows), u128::from_le_bytes(full));
    let carries = ((overflows << 1).wrapping_add(full) ^ full).to_le_bytes();
    let mut out = [[0; 8]; VECTORS];
    for ((out, limb), carries) in out.iter_mut().zip(limbs).zip(carries) {
        store(out, _mm512_and_si512(_mm512_mask_add_epi64(limb, carries, limb, one), mask));
    }
    out
}
