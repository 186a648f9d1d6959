//! Powers of two modulo a number, by long division (Knuth, The Art of Computer Programming, 4.3.1, algorithm D).

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
pub(super) fn power_of_two(modulus: &[u64], more: usize, power: &mut [u64]) -> Option<()> {
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
