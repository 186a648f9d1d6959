//! Almost-Montgomery multiplication in radix 2^52 (Gueron and Krasnov, "Software implementation of modular
//! exponentiation, using advanced vector instructions architectures", WAIFI 2012): what goes in and comes out is below
//! twice the modulus, of which four times fit below the power of two that is divided by. Only the conversion to octets
//! reduces it.
//!
//! The instructions multiply the lower 52 bits of eight numbers and add the lower or the higher 52 bits of the product
//! to 64 bits, so that hundreds of products are summed before a carry is looked at.

mod lanes;
mod single;

use crate::modulus::{Fixed, Pair, Vectors};
use core::arch::x86_64::{__m512i, _mm512_loadu_si512, _mm512_storeu_si512};

/// Proof that the machine has the instructions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ifma(());

impl Ifma {
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma")).then_some(Self(()))
    }

    /// The power, below twice the modulus. The exponent is not 0.
    pub(crate) fn power<const WORDS: usize, const VECTORS: usize>(
        self,
        modulus: &Fixed<WORDS, VECTORS>,
        base: &Vectors<VECTORS>,
        exponent: u64,
    ) -> Vectors<VECTORS> {
        // SAFETY: whoever has `self` has seen that the machine has the instructions, because only `detect` makes one.
        unsafe { single::power(modulus, base, exponent) }
    }

    /// The powers of up to eight, each below twice its modulus. The exponent is not 0.
    pub(crate) fn power_lanes(self, pairs: &[Pair<'_>], exponent: u64) -> Vec<Vectors<5>> {
        // SAFETY: whoever has `self` has seen that the machine has the instructions, because only `detect` makes one.
        unsafe { lanes::power(pairs, exponent) }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(numbers: &[u64; 8]) -> __m512i {
    // SAFETY: the reference is valid for reads of its 64 octets, and the instruction asks for no alignment.
    unsafe { _mm512_loadu_si512(numbers.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(numbers: &mut [u64; 8], vector: __m512i) {
    // SAFETY: the reference is valid for writes of its 64 octets, and the instruction asks for no alignment.
    unsafe { _mm512_storeu_si512(numbers.as_mut_ptr().cast(), vector) }
}
