//! RSA public operations: RSAVP1 and RSAEP (RFC 8017 5.1.1, 5.2.2).

mod division;
mod montgomery;

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use montgomery::Montgomery;
use zeroize::Zeroizing;

/// Octets of the largest modulus.
const OCTETS_MAX: usize = 2048;

/// A modulus prepared for many operations. What is kept of it is zeroized at the end.
#[derive(Clone)]
pub(crate) struct Modulus(Prepared);

/// The usual sizes have arithmetic of their own, in blocks of four words; all others are computed by crypto-bigint.
#[derive(Clone)]
enum Prepared {
    Bits2048(Box<Montgomery<8>>),
    Bits3072(Box<Montgomery<12>>),
    Bits4096(Box<Montgomery<16>>),
    Other(Zeroizing<Vec<u8>>),
}

impl Modulus {
    /// `None` unless the modulus (big-endian) is odd, greater than 1 and has at most 2048 octets. It is public, and the
    /// time depends on it.
    pub(crate) fn new(modulus: &[u8]) -> Option<Self> {
        let (last, before) = modulus.split_last()?;
        let above_one = *last > 1 || before.iter().any(|octet| *octet != 0);
        if last & 1 == 0 || !above_one || modulus.len() > OCTETS_MAX {
            return None;
        }
        let usual = match modulus.len() {
            256 => Montgomery::new(modulus).map(Prepared::Bits2048),
            384 => Montgomery::new(modulus).map(Prepared::Bits3072),
            512 => Montgomery::new(modulus).map(Prepared::Bits4096),
            _ => None,
        };
        Some(Self(usual.unwrap_or_else(|| Prepared::Other(Zeroizing::new(modulus.to_vec())))))
    }

    /// `base` to the power of `exponent`, in the octets of the modulus. `None` unless the base (big-endian) has the
    /// octets of the modulus and is smaller than it, or when the exponent is 0.
    ///
    /// The base may be secret: what is done depends on modulus and exponent only, and what is computed on the way is
    /// zeroized.
    pub(crate) fn power(&self, base: &[u8], exponent: u64) -> Option<Vec<u8>> {
        match &self.0 {
            Prepared::Bits2048(modulus) => modulus.power(base, exponent),
            Prepared::Bits3072(modulus) => modulus.power(base, exponent),
            Prepared::Bits4096(modulus) => modulus.power(base, exponent),
            Prepared::Other(modulus) => boxed_power(modulus, base, exponent),
        }
    }
}

impl core::fmt::Debug for Modulus {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Modulus").finish_non_exhaustive()
    }
}

/// For a modulus of any size. Its parameters are computed each time, because what crypto-bigint keeps in them is not
/// zeroized.
fn boxed_power(modulus: &[u8], base: &[u8], exponent: u64) -> Option<Vec<u8>> {
    if base.len() != modulus.len() {
        return None;
    }
    let octets = modulus.len();
    let modulus = BoxedUint::from_be_slice_vartime(modulus);
    let base = Zeroizing::new(BoxedUint::from_be_slice(base, modulus.bits_precision()).ok()?);
    // A comparison in constant time, as are all of this type that do not say otherwise.
    if *base >= modulus {
        return None;
    }
    let modulus: Odd<BoxedUint> = Option::from(modulus.to_odd())?;
    let params = BoxedMontyParams::new_vartime(modulus);
    // The conversion works in the buffer that it is given.
    let base = Zeroizing::new(BoxedMontyForm::new(BoxedUint::clone(&base), &params));
    // Square and multiply by the bits of the exponent, which is public. Tables of powers would stay behind in memory.
    let below_highest = exponent.checked_ilog2()?;
    let power = (0..below_highest).rev().fold(base.clone(), |power, bit| {
        let square = Zeroizing::new(power.square());
        if exponent >> bit & 1 == 1 { Zeroizing::new(square.mul(&base)) } else { square }
    });
    let power = power.retrieve().to_be_bytes();
    power.get(power.len().checked_sub(octets)?..).map(<[u8]>::to_vec)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "test code")]
mod tests;
