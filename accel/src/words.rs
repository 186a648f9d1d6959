//! Octets, words of 64 bits and limbs of 52 bits, all least significant first but the octets; and powers of two modulo
//! a number.

/// Bits of a limb.
const LIMB_BITS: u32 = 52;

pub(crate) const LIMB_MASK: u64 = (1 << LIMB_BITS) - 1;

/// `None` unless there are as many octets as the number has.
pub(crate) fn read(octets: &[u8], number: &mut [u64]) -> Option<()> {
    let (words, []) = octets.as_chunks::<8>() else { return None };
    if words.len() != number.len() {
        return None;
    }
    number.iter_mut().zip(words.iter().rev()).for_each(|(word, octets)| *word = u64::from_be_bytes(*octets));
    Some(())
}

/// Moves numbers of `from` bits to numbers of `to` bits, and gives what is left, of which there must be less than `to`
/// bits.
#[inline(always)]
fn regroup(numbers: &[u64], from: u32, out: &mut [u64], to: u32) -> u64 {
    let mask = u64::MAX.unbounded_shr(64_u32.saturating_sub(to));
    let mut numbers = numbers.iter();
    let (mut held, mut bits) = (0_u128, 0_u32);
    for out in out {
        // From 52 to 64 bits, two may be needed.
        for _ in 0..2 {
            if bits < to {
                held |= u128::from(numbers.next().copied().unwrap_or_default()) << bits;
                bits = bits.saturating_add(from);
            }
        }
        *out = low(held) & mask;
        held >>= to;
        bits = bits.saturating_sub(to);
    }
    low(held)
}

/// The lower half.
fn low(number: u128) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = number.to_le_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// Words as limbs.
pub(crate) fn to_limbs(words: &[u64], limbs: &mut [u64]) {
    regroup(words, 64, limbs, LIMB_BITS);
}

/// Limbs as words, and what is above the last word.
pub(crate) fn to_words(limbs: &[u64], words: &mut [u64]) -> u64 {
    regroup(limbs, LIMB_BITS, words, 64)
}

/// Whether the number was smaller.
pub(crate) fn subtract(number: &mut [u64], less: &[u64]) -> bool {
    let mut borrow = false;
    for (word, less) in number.iter_mut().zip(less) {
        (*word, borrow) = word.borrowing_sub(*less, borrow);
    }
    borrow
}

/// -1 / `odd` modulo 2^64.
pub(crate) fn negative_inverse(odd: u64) -> u64 {
    // Newton's iteration doubles the bits that are right; an odd number is its own inverse modulo 8.
    let inverse = (0..5).fold(odd, |inverse, _| inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse))));
    inverse.wrapping_neg()
}

/// A divisor of one word with its highest bit set, and its reciprocal (Möller and Granlund, "Improved division by
/// invariant integers", IEEE Transactions on Computers, 2011, algorithm 4).
struct Divisor {
    word: u64,
    /// (2^128 - 1) / word - 2^64
    reciprocal: u64,
}

impl Divisor {
    fn new(word: u64) -> Option<Self> {
        let below = u128::from(!word) << 64 | u128::from(u64::MAX);
        let reciprocal = u64::try_from(below.checked_div(u128::from(word))?).ok()?;
        Some(Self { word, reciprocal })
    }

    /// Quotient and remainder of two words, of which the higher one is below the divisor.
    fn divide(&self, high: u64, low: u64) -> (u64, u64) {
        let (product_low, product_high) = high.carrying_mul(self.reciprocal, 0);
        let (estimate_low, carry) = product_low.overflowing_add(low);
        let (estimate, _) = product_high.carrying_add(high, carry);
        let mut quotient = estimate.wrapping_add(1);
        let mut remainder = low.wrapping_sub(quotient.wrapping_mul(self.word));
        if remainder > estimate_low {
            quotient = quotient.wrapping_sub(1);
            remainder = remainder.wrapping_add(self.word);
        }
        if remainder >= self.word {
            quotient = quotient.wrapping_add(1);
            remainder = remainder.wrapping_sub(self.word);
        }
        (quotient, remainder)
    }
}

/// Writes 2^(64 · (words of the modulus + `more`)) modulo `modulus`. Least significant words first; the modulus is
/// odd, has its highest bit set and three words or more, and `power` has as many. `None` otherwise.
pub(crate) fn power_of_two(modulus: &[u64], more: usize, power: &mut [u64]) -> Option<()> {
    let [.., second, first] = *modulus else { return None };
    if first >> 63 == 0 || power.len() != modulus.len() {
        return None;
    }
    let divisor = Divisor::new(first)?;
    // The first remainder is what is missing to the next power of two.
    let mut borrow = false;
    for (word, modulus) in power.iter_mut().zip(modulus) {
        (*word, borrow) = 0_u64.borrowing_sub(*modulus, borrow);
    }
    for _ in 0..more {
        let [.., low, middle, high] = *power else { return None };
        let quotient = estimate(&divisor, second, [high, middle, low]);
        let (mut below, mut carry) = (0_u64, 0);
        for (word, modulus) in power.iter_mut().zip(modulus) {
            let (product, above) = quotient.carrying_mul(*modulus, carry);
            let (difference, borrow) = below.overflowing_sub(product);
            // A product whose higher word is full has a lower word of 0.
            carry = above.wrapping_add(u64::from(borrow));
            below = core::mem::replace(word, difference);
        }
        // The estimate is too high by two at most, and seldom.
        let mut missing = carry.wrapping_sub(high);
        while missing != 0 {
            let mut carry = false;
            for (word, modulus) in power.iter_mut().zip(modulus) {
                (*word, carry) = word.carrying_add(*modulus, carry);
            }
            missing = missing.wrapping_sub(u64::from(carry));
        }
    }
    Some(())
}

/// Step D3: a digit of the quotient from three words of the dividend and two of the divisor.
fn estimate(divisor: &Divisor, second: u64, [high, middle, low]: [u64; 3]) -> u64 {
    if high >= divisor.word {
        return u64::MAX;
    }
    let (mut quotient, mut remainder) = divisor.divide(high, middle);
    loop {
        let (product_low, product_high) = quotient.carrying_mul(second, 0);
        if (product_high, product_low) <= (remainder, low) {
            return quotient;
        }
        quotient = quotient.wrapping_sub(1);
        let overflow;
        (remainder, overflow) = remainder.overflowing_add(divisor.word);
        if overflow {
            return quotient;
        }
    }
}
