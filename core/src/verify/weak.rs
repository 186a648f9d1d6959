//! RSA keys that can be broken, or that cost too much.

use super::key::KeyRole;
use crate::error::{Code, Error};
use crate::verify::Limits;
use crypto_bigint::{BoxedUint, Limb, NonZero};
use zeroize::Zeroizing;

/// Primes whose residues show a ROCA key (Nemec et al., "The Return of Coppersmith's Attack", CCS 2017, 2.4), in
/// groups with products of one word: the long division is done once for each group, and most keys need one group.
const ROCA_PRIMES: [&[u64]; 2] = [&[11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97], &[103, 107, 109, 127, 151, 157]];

/// Fermat's method finds primes that differ in their lower half only within a few rounds (CVE-2022-26320).
const FERMAT_ROUNDS: u64 = 100;

/// Numbers without a common factor, whose product has one word, and which squares are rare modulo: of those that are no
/// squares, one in thirty thousand is a square modulo all of them.
const SQUARE_FILTERS: [Filter; 12] = [
    Filter::new(64),
    Filter::new(63),
    Filter::new(65),
    Filter::new(11),
    Filter::new(17),
    Filter::new(19),
    Filter::new(23),
    Filter::new(29),
    Filter::new(31),
    Filter::new(37),
    Filter::new(41),
    Filter::new(43),
];

/// What is a square modulo a small number.
struct Filter {
    modulus: u64,
    /// One bit for each residue.
    squares: u128,
}

/// Significant bits of a big-endian number without leading zeros.
pub(super) fn bits(number: &[u8]) -> usize {
    let leading = number.first().map_or(0, |first| usize::try_from(first.leading_zeros()).unwrap_or_default());
    number.len().saturating_mul(8).saturating_sub(leading)
}

/// Multiplications and squarings of a power with this exponent.
pub(super) fn multiplications(exponent: &[u8]) -> usize {
    let ones: u32 = exponent.iter().map(|octet| octet.count_ones()).sum();
    bits(exponent).saturating_add(usize::try_from(ones).unwrap_or(usize::MAX)).saturating_sub(1)
}

/// Size and exponent.
pub(super) fn check_rsa_size(modulus: &[u8], exponent: &[u8], role: KeyRole, limits: &Limits) -> Result<(), Error> {
    let size = bits(modulus);
    if size < limits.rsa_bits_min {
        return Err(Code::RsaTooSmall.into());
    }
    if size > limits.rsa_bits_max {
        return Err(Code::RsaTooLarge.into());
    }
    check_exponent(exponent, role)
}

/// ROCA, close primes. The size has been checked.
pub(super) fn check_rsa_primes(modulus: &[u8]) -> Result<(), Error> {
    let modulus = Zeroizing::new(BoxedUint::from_be_slice_vartime(modulus));
    if is_roca(&modulus) {
        return Err(Code::RsaRoca.into());
    }
    if has_close_primes(&modulus) { Err(Code::RsaClosePrimes.into()) } else { Ok(()) }
}

/// Odd, at least 2^16+1 for end entities (CA/B S/MIME BR 6.1.6) and 3 for CAs, at most 2^32.
fn check_exponent(exponent: &[u8], role: KeyRole) -> Result<(), Error> {
    let least = match role {
        KeyRole::EndEntity => 65_537,
        KeyRole::Authority => 3,
    };
    let value = (exponent.len() <= 5)
        .then(|| exponent.iter().fold(0_u64, |value, octet| value << 8 | u64::from(*octet)))
        .filter(|value| value & 1 == 1 && (least..=1 << 32).contains(value));
    value.map(|_| ()).ok_or_else(|| Code::RsaExponent.into())
}

/// The library of CVE-2017-15361 made primes of the form k·M + 65537^a mod M, so that the modulus is a power of 65537
/// modulo every small prime.
fn is_roca(modulus: &BoxedUint) -> bool {
    ROCA_PRIMES.iter().all(|primes| {
        let residue = remainder(modulus, primes.iter().copied().fold(1, u64::wrapping_mul));
        primes.iter().all(|prime| is_power_of_65537(residue.rem_euclid(*prime), *prime))
    })
}

/// Modulo a small prime.
fn is_power_of_65537(residue: u64, prime: u64) -> bool {
    let generator = 65_537_u64.rem_euclid(prime);
    let powers = core::iter::successors(Some(1_u64), |power| Some(power.wrapping_mul(generator).rem_euclid(prime)));
    // The first `prime` powers contain the whole subgroup.
    powers.take(usize::try_from(prime).unwrap_or_default()).any(|power| power == residue)
}

/// Looks for a² - n = b² near the square root of n.
///
/// Nearly all of these numbers are no squares modulo some small number, and that is seen by residues of n and of its
/// root.
fn has_close_primes(modulus: &BoxedUint) -> bool {
    let root = modulus.floor_sqrt_vartime();
    let product = SQUARE_FILTERS.iter().fold(1, |product: u64, filter| product.wrapping_mul(filter.modulus));
    let (root_residue, modulus_residue) = (remainder(&root, product), remainder(modulus, product));
    (1..=FERMAT_ROUNDS).any(|round| {
        let may_be_square = SQUARE_FILTERS.iter().all(|filter| {
            let a = root_residue.rem_euclid(filter.modulus).wrapping_add(round);
            let missing = filter.modulus.wrapping_sub(modulus_residue.rem_euclid(filter.modulus));
            filter.may_be_square(a.wrapping_mul(a).wrapping_add(missing))
        });
        may_be_square && is_square_less(&root.wrapping_add(BoxedUint::from(round)), modulus)
    })
}

/// Whether a² - n is a square.
fn is_square_less(a: &BoxedUint, modulus: &BoxedUint) -> bool {
    let difference = a.wrapping_mul(a).wrapping_sub(modulus);
    let b = difference.floor_sqrt_vartime();
    b.wrapping_mul(&b) == difference
}

impl Filter {
    /// For a modulus of at most 128.
    #[expect(clippy::arithmetic_side_effects, reason = "computed by the compiler, which would refuse it")]
    const fn new(modulus: u64) -> Self {
        let (mut root, mut squares) = (0, 0);
        while root < modulus {
            squares |= 1 << (root * root % modulus);
            root += 1;
        }
        Self { modulus, squares }
    }

    const fn may_be_square(&self, number: u64) -> bool {
        self.squares >> number.rem_euclid(self.modulus) & 1 == 1
    }
}

fn remainder(number: &BoxedUint, divisor: u64) -> u64 {
    let divisor = NonZero::new(Limb::from(divisor)).into_option();
    divisor.map_or(0, |divisor| u64::from(number.rem_limb(divisor)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_have_their_range_for_each_role() {
        let check = |exponent: &[u8], role| check_exponent(exponent, role).is_ok();
        assert!(check(&[1, 0, 1], KeyRole::EndEntity) && check(&[1, 0, 1], KeyRole::Authority));
        assert!(check(&[3], KeyRole::Authority) && !check(&[3], KeyRole::EndEntity));
        assert!(check(&[0xa8, 0x8b], KeyRole::Authority));
        assert!(check(&[0xff; 4], KeyRole::EndEntity) && !check(&[1, 0, 0, 0, 1], KeyRole::EndEntity));
        for even_or_one in [&[1, 0, 0][..], &[1], &[], &[0xff; 6]] {
            assert!(!check(even_or_one, KeyRole::Authority));
        }
    }

    #[test]
    fn products_of_neighbours_are_found_and_others_are_not() {
        let number = |text: &str| BoxedUint::from_be_slice_vartime(&text.parse::<u128>().unwrap().to_be_bytes());
        // 4294967291 and 4294967279 are neighbouring primes; 4294967291 * 65537 is no such product.
        assert!(
            has_close_primes(&number("18446744009290559389"))
                == (4_294_967_291_u128 * 4_294_967_279 == 18_446_744_009_290_559_389)
        );
        assert!(has_close_primes(&number(&(4_294_967_291_u128 * 4_294_967_279).to_string())));
        assert!(!has_close_primes(&number(&(4_294_967_291_u128 * 65_537).to_string())));
    }

    /// Up to the last round and beyond it, beside the same search without any short cut.
    // hardening: D8
    #[test]
    #[allow(clippy::arithmetic_side_effects, reason = "test code")]
    fn close_primes_are_those_of_the_plain_search() {
        let mut found = [0, 0];
        for a in [9_999_991_u128, 4_294_967_296, 1 << 40, (1 << 50) + 12_345] {
            // So far from the middle that the search ends after about so many rounds.
            for rounds in (0..130).chain([1_000, 1_000_000]) {
                let b = (2 * a * rounds).isqrt() | 1;
                let number = a * a - b * b;
                let plain = (1..=100).map(|round| number.isqrt() + round).any(|a| {
                    let difference = a * a - number;
                    difference.isqrt().pow(2) == difference
                });
                let words = BoxedUint::from_be_slice_vartime(&number.to_be_bytes());
                assert_eq!(has_close_primes(&words), plain, "{a} {b}");
                found[usize::from(plain)] += 1;
            }
        }
        assert!(found[0] > 50 && found[1] > 200, "{found:?}");
    }

    // hardening: D8
    #[test]
    fn powers_of_65537_modulo_all_small_primes_are_roca() {
        let generator = BoxedUint::from_words_with_precision([65_537], 512);
        let power = (0..20).fold(BoxedUint::one_with_precision(512), |power, _| power.wrapping_mul(&generator));
        assert!(is_roca(&power));
        // 3 is no power of 65537 modulo 17, where 65537 is 2, and modulo others.
        assert!(!is_roca(&power.wrapping_mul(BoxedUint::from(3_u32))));
        // The same but modulo one prime: all others have their part of the product.
        let primes = || ROCA_PRIMES.into_iter().flatten().copied();
        for left_out in primes() {
            let others = primes().filter(|prime| *prime != left_out);
            let step = others.fold(BoxedUint::one_with_precision(512), |product, prime| {
                product.wrapping_mul(BoxedUint::from(prime))
            });
            let moved = core::iter::successors(Some(power.clone()), |number| Some(number.wrapping_add(&step)));
            // One of as many as the prime has residues is a multiple of it, which no power is.
            assert!(!moved.take(157).all(|number| is_roca(&number)), "{left_out}");
        }
    }
}
