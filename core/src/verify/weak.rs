//! RSA keys that can be broken, or that cost too much.

use super::key::KeyRole;
use crate::error::{Code, Error};
use crate::verify::Limits;
use crypto_bigint::{BoxedUint, Limb, NonZero};

/// Primes whose residues show a ROCA key (Nemec et al., "The Return of Coppersmith's Attack", CCS 2017, 2.4).
const ROCA_PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/// Fermat's method finds primes that differ in their lower half only within a few rounds (CVE-2022-26320).
const FERMAT_ROUNDS: u32 = 100;

/// Significant bits of a big-endian number without leading zeros.
pub(super) fn bits(number: &[u8]) -> usize {
    let leading = number.first().map_or(0, |first| usize::try_from(first.leading_zeros()).unwrap_or_default());
    number.len().saturating_mul(8).saturating_sub(leading)
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
    let modulus = BoxedUint::from_be_slice_vartime(modulus);
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
    ROCA_PRIMES.iter().all(|prime| {
        let residue = remainder(modulus, *prime);
        let generator = 65_537_u64.rem_euclid(u64::from(*prime));
        let powers = core::iter::successors(Some(1_u64), |power| {
            power.checked_mul(generator).map(|next| next.rem_euclid(u64::from(*prime)))
        });
        // The first `prime` powers contain the whole subgroup.
        powers.take(usize::try_from(*prime).unwrap_or_default()).any(|power| power == residue)
    })
}

/// Looks for a² - n = b² near the square root of n.
fn has_close_primes(modulus: &BoxedUint) -> bool {
    let precision = modulus.bits_precision();
    let one = BoxedUint::one_with_precision(precision);
    let root = modulus.floor_sqrt_vartime();
    let mut a = root.wrapping_add(&one);
    let mut difference = a.wrapping_mul(&a).wrapping_sub(modulus);
    for _ in 0..FERMAT_ROUNDS {
        if may_be_square(&difference) {
            let b = difference.floor_sqrt_vartime();
            if b.wrapping_mul(&b) == difference {
                return true;
            }
        }
        // (a+1)² - n = (a² - n) + 2a + 1
        difference = difference.wrapping_add(&a).wrapping_add(&a).wrapping_add(&one);
        a = a.wrapping_add(&one);
    }
    false
}

/// Squares are rare modulo 63, 64 and 65 together: all but one in sixty numbers need no root.
fn may_be_square(number: &BoxedUint) -> bool {
    [64_u32, 63, 65].into_iter().all(|modulus| {
        let residue = remainder(number, modulus);
        (0..u64::from(modulus)).any(|root| root.wrapping_mul(root).rem_euclid(u64::from(modulus)) == residue)
    })
}

fn remainder(number: &BoxedUint, divisor: u32) -> u64 {
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
}
