//! Eight operations with moduli of 2048 bits: each lane of the vectors belongs to one of them.

use super::{load, store};
use crate::modulus::{Pair, Vectors};
use crate::words;
use core::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_set1_epi64,
    _mm512_setzero_si512, _mm512_srli_epi64,
};
use zeroize::{Zeroize, Zeroizing};

/// Limbs of a number.
const LIMBS: usize = 40;

/// Limb by limb, eight numbers.
#[repr(align(64))]
struct Lanes<const LENGTH: usize>([[u64; 8]; LENGTH]);

impl<const LENGTH: usize> Lanes<LENGTH> {
    const ZERO: Self = Self([[0; 8]; LENGTH]);
}

impl<const LENGTH: usize> Zeroize for Lanes<LENGTH> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

type Numbers = Lanes<LIMBS>;
type Products = Lanes<80>;

/// The moduli of the lanes, and what is -1 divided by each modulo 2^52.
struct Moduli {
    limbs: Numbers,
    inverses: [u64; 8],
}

/// As for one operation. Lanes that nobody needs compute with zeros.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn power(pairs: &[Pair<'_>], exponent: u64) -> Vec<Vectors<5>> {
    let mut moduli = Moduli { limbs: Lanes::ZERO, inverses: [0; 8] };
    let (mut plain, mut squares) = (Zeroizing::new(Lanes::ZERO), Lanes::ZERO);
    for (lane, (modulus, base)) in pairs.iter().enumerate() {
        place(&modulus.limbs, lane, &mut moduli.limbs);
        place(&modulus.square, lane, &mut squares);
        place(base, lane, &mut plain);
        moduli.inverses.get_mut(lane).into_iter().for_each(|inverse| *inverse = modulus.inverse);
    }
    let mut products = Zeroizing::new(Lanes::ZERO);
    let mut base = Zeroizing::new(Lanes::ZERO);
    multiply(&moduli, &plain, &squares, &mut products, &mut base);
    let mut power = Zeroizing::new(Lanes(base.0));
    let mut factor = Zeroizing::new(Lanes::ZERO);
    for bit in (0..exponent.checked_ilog2().unwrap_or_default()).rev() {
        square(&moduli, &mut power, &mut products);
        if bit != 0 && exponent >> bit & 1 == 1 {
            factor.0 = power.0;
            multiply(&moduli, &factor, &base, &mut products, &mut power);
        }
    }
    if exponent == 1 || exponent & 1 == 0 {
        plain.zeroize();
        plain.0.first_mut().into_iter().for_each(|lowest| *lowest = [1; 8]);
    }
    factor.0 = power.0;
    multiply(&moduli, &factor, &plain, &mut products, &mut power);
    moduli.limbs.zeroize();
    squares.zeroize();
    (0..pairs.len()).map(|lane| taken(&power, lane)).collect()
}

fn place(number: &Vectors<5>, lane: usize, lanes: &mut Numbers) {
    for (limbs, limb) in lanes.0.iter_mut().zip(number.as_flattened()) {
        limbs.get_mut(lane).into_iter().for_each(|place| *place = *limb);
    }
}

fn taken(lanes: &Numbers, lane: usize) -> Vectors<5> {
    let mut number = [[0; 8]; 5];
    for (limb, limbs) in number.as_flattened_mut().iter_mut().zip(&lanes.0) {
        *limb = limbs.get(lane).copied().unwrap_or_default();
    }
    number
}

/// Adds the lower half of a product.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn low(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
    _mm512_madd52lo_epu64(sum, a, b)
}

/// Adds the higher half of a product.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn high(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
    _mm512_madd52hi_epu64(sum, a, b)
}

/// Two rows of limbs that are multiplied with a number in one pass over the sums. The second row begins one limb
/// higher, and higher halves belong one limb higher again: of the limbs that were seen, the last two are needed.
struct Rows {
    first: __m512i,
    second: __m512i,
    last: __m512i,
    before_last: __m512i,
}

impl Rows {
    /// Adds to the sums: for each limb what belongs to its place, and then what is above the last one.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add<'a>(mut self, limbs: &[[u64; 8]], mut sums: impl Iterator<Item = &'a mut [u64; 8]>) {
        for (limb, sum) in limbs.iter().zip(sums.by_ref()) {
            let limb = load(limb);
            let total = high(low(load(sum), limb, self.first), self.last, self.first);
            let total = high(low(total, self.last, self.second), self.before_last, self.second);
            store(sum, total);
            (self.before_last, self.last) = (self.last, limb);
        }
        if let Some(sum) = sums.next() {
            let total = high(load(sum), self.last, self.first);
            store(sum, high(low(total, self.last, self.second), self.before_last, self.second));
        }
        if let Some(sum) = sums.next() {
            store(sum, high(load(sum), self.last, self.second));
        }
    }
}

#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma")]
fn multiply(moduli: &Moduli, a: &Numbers, b: &Numbers, products: &mut Products, out: &mut Numbers) {
    let zero = _mm512_setzero_si512();
    products.0 = [[0; 8]; 80];
    for (place, [first, second]) in b.0.as_chunks::<2>().0.iter().enumerate() {
        let rows = Rows { first: load(first), second: load(second), last: zero, before_last: zero };
        rows.add(&a.0, products.0.iter_mut().skip(place.wrapping_mul(2)));
    }
    reduce(moduli, products, out);
}

#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma")]
fn square(moduli: &Moduli, number: &mut Numbers, products: &mut Products) {
    let zero = _mm512_setzero_si512();
    products.0 = [[0; 8]; 80];
    // What is right of the diagonal.
    let mut limbs: &[[u64; 8]] = &number.0;
    let mut place = 1_usize;
    while let [first, second, after @ ..] = limbs {
        let (first, second) = (load(first), load(second));
        let mut sums = products.0.iter_mut().skip(place);
        if let Some(sum) = sums.next() {
            store(sum, low(load(sum), first, second));
        }
        if let (Some(sum), next) = (sums.next(), after.first()) {
            let total = high(load(sum), first, second);
            let last = next.map_or(zero, |limb| load(limb));
            store(sum, low(total, first, last));
            let after = after.get(1..).unwrap_or_default();
            Rows { first, second, last, before_last: zero }.add(after, sums);
        }
        limbs = after;
        place = place.wrapping_add(4);
    }
    // Twice that, and the diagonal.
    for (limb, [lower, upper]) in number.0.iter().zip(products.0.as_chunks_mut::<2>().0) {
        let (limb, lower_sum, upper_sum) = (load(limb), load(lower), load(upper));
        store(lower, low(_mm512_add_epi64(lower_sum, lower_sum), limb, limb));
        store(upper, high(_mm512_add_epi64(upper_sum, upper_sum), limb, limb));
    }
    reduce(moduli, products, number);
}

/// Divides the products by 2^2080 modulo the moduli.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn reduce(moduli: &Moduli, products: &mut Products, out: &mut Numbers) {
    let zero = _mm512_setzero_si512();
    let inverses = load(&moduli.inverses);
    let [lowest, second, above @ ..] = &moduli.limbs.0;
    let (lowest, second) = (load(lowest), load(second));
    let mut carry = zero;
    for place in (0..LIMBS).step_by(2) {
        let mut sums = products.0.iter_mut().skip(place);
        let (Some(first_sum), Some(second_sum)) = (sums.next(), sums.next()) else { return };
        // The two multiples of the modulus that make two limbs zero.
        let sum = _mm512_add_epi64(load(first_sum), carry);
        let first = low(zero, sum, inverses);
        carry = _mm512_srli_epi64::<52>(low(sum, lowest, first));
        let sum = _mm512_add_epi64(load(second_sum), carry);
        let sum = low(high(sum, lowest, first), second, first);
        let quotient = low(zero, sum, inverses);
        carry = _mm512_srli_epi64::<52>(low(sum, lowest, quotient));
        Rows { first, second: quotient, last: second, before_last: lowest }.add(above, sums);
    }
    let mask = _mm512_set1_epi64(words::LIMB_MASK.cast_signed());
    for (out, sum) in out.0.iter_mut().zip(products.0.iter().skip(LIMBS)) {
        let sum = _mm512_add_epi64(load(sum), carry);
        store(out, _mm512_and_si512(sum, mask));
        carry = _mm512_srli_epi64::<52>(sum);
    }
}
