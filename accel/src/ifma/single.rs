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

/// Square and multiply by the bits of the exponent, which is public and not 0. The multiplication for the last bit is with
/// the plain base, which also leaves the Montgomery form.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn power<const WORDS: usize, const VECTORS: usize>(
    modulus: &Fixed<WORDS, VECTORS>,
    plain: &Vectors<VECTORS>,
    exponent: u64,
) -> Vectors<VECTORS> {
    let base = Zeroizing::new(multiply(modulus, plain, &modulus.square));
    let mut power = Zeroizing::new(*base);
    for bit in (0..exponent.checked_ilog2().unwrap_or_default()).rev() {
        *power = multiply(modulus, &power, &power);
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
#[expect(clippy::indexing_slicing, reason = "every index is below the length of the arrays, which is constant")]
fn multiply<const WORDS: usize, const VECTORS: usize>(
    modulus: &Fixed<WORDS, VECTORS>,
    a: &Vectors<VECTORS>,
    b: &Vectors<VECTORS>,
) -> Vectors<VECTORS> {
    let zero = _mm512_setzero_si512();
    let (mut columns, mut multiples) = ([zero; VECTORS], [zero; VECTORS]);
    for vector in 0..VECTORS {
        columns[vector] = load(&a[vector]);
        multiples[vector] = load(&modulus.limbs[vector]);
    }
    let inverse = _mm512_set1_epi64(modulus.inverse.cast_signed());
    // The higher halves of a row belong one limb higher, and so to the next row after the shift. They wait there, so that the sums
    // depend on the quotients of the rows and on nothing else that takes time.
    let (mut sums, mut higher) = ([zero; VECTORS], [zero; VECTORS]);
    for row in b.as_flattened() {
        let row = _mm512_set1_epi64(row.cast_signed());
        for vector in 0..VECTORS {
            let products = _mm512_madd52lo_epu64(higher[vector], columns[vector], row);
            higher[vector] = _mm512_madd52hi_epu64(zero, columns[vector], row);
            sums[vector] = _mm512_add_epi64(sums[vector], products);
        }
        // The multiple of the modulus that makes the lowest limb zero.
        let quotient = _mm512_madd52lo_epu64(zero, sums[0], inverse);
        let quotient = _mm512_broadcastq_epi64(_mm512_castsi512_si128(quotient));
        for vector in 0..VECTORS {
            sums[vector] = _mm512_madd52lo_epu64(sums[vector], multiples[vector], quotient);
        }
        // One limb lower; what the lowest had above 52 bits stays.
        let carry = _mm512_maskz_srli_epi64::<52>(1, sums[0]);
        let lowest = _mm512_madd52hi_epu64(carry, multiples[0], quotient);
        for vector in 0..VECTORS {
            let next = if vector == VECTORS.wrapping_sub(1) { zero } else { sums[vector.wrapping_add(1)] };
            let shifted = _mm512_alignr_epi64::<1>(next, sums[vector]);
            sums[vector] = if vector == 0 {
                _mm512_add_epi64(shifted, lowest)
            } else {
                _mm512_madd52hi_epu64(shifted, multiples[vector], quotient)
            };
        }
    }
    for vector in 0..VECTORS {
        sums[vector] = _mm512_add_epi64(sums[vector], higher[vector]);
    }
    normalise(&sums)
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
