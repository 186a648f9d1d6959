//! Every power beside crypto-bigint's. Nothing is compared on a machine without the instructions.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code"
)]

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use postseal_accel::{Modulus, available, power_many};

const SIZES: [usize; 3] = [256, 384, 512];

/// xorshift64*: the same numbers each time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Random ones, and ones with long runs of zeros and of ones.
    fn octets(&mut self, count: usize) -> Vec<u8> {
        let kind = self.next() % 4;
        let words = core::iter::from_fn(|| {
            let word = self.next();
            Some(match (kind, word % 8) {
                (0, 0) => 0,
                (0, 1) => u64::MAX,
                (0, 2) => 1 << (word >> 58),
                (1, 0..7) => 0,
                (2, 0..7) => u64::MAX,
                _ => word,
            })
        });
        words.flat_map(u64::to_be_bytes).take(count).collect()
    }

    fn modulus(&mut self, octets: usize) -> Vec<u8> {
        let mut modulus = self.octets(octets);
        modulus[0] |= 0x80;
        modulus[octets - 1] |= 1;
        modulus
    }
}

/// What is asked, and what must come out.
struct Case {
    octets: usize,
    params: BoxedMontyParams,
}

impl Case {
    fn new(modulus: &[u8]) -> Self {
        let modulus = Odd::new(BoxedUint::from_be_slice_vartime(modulus)).unwrap();
        let octets = usize::try_from(modulus.bits_precision()).unwrap() / 8;
        Self { octets, params: BoxedMontyParams::new_vartime(modulus) }
    }

    fn power(&self, base: &[u8], exponent: u64) -> Option<Vec<u8>> {
        let bits = self.params.bits_precision();
        let number = BoxedUint::from_be_slice(base, bits).ok().filter(|_| base.len() == self.octets)?;
        if number >= **self.params.modulus() || exponent == 0 {
            return None;
        }
        let power =
            BoxedMontyForm::new(number, &self.params).pow_bounded_exp(&BoxedUint::from(exponent), exponent.ilog2() + 1);
        Some(power.retrieve().to_be_bytes().to_vec())
    }
}

/// Adds a small number, positive or negative.
fn plus(number: &[u8], add: i64) -> Vec<u8> {
    let magnitude = BoxedUint::from(add.unsigned_abs());
    let number = BoxedUint::from_be_slice_vartime(number);
    let sum = if add < 0 { number.wrapping_sub(&magnitude) } else { number.wrapping_add(&magnitude) };
    sum.to_be_bytes().to_vec()
}

/// 2^bit in so many octets.
fn power_of_two(octets: usize, bit: usize) -> Vec<u8> {
    let mut number = vec![0; octets];
    number[octets - 1 - bit / 8] = 1 << (bit % 8);
    number
}

/// At and beside the ends of limbs and words.
fn bits(octets: usize) -> Vec<usize> {
    let ends = (1..octets * 8).filter(|bit| [0, 1, 51].contains(&(bit % 52)) || [0, 1, 63].contains(&(bit % 64)));
    ends.chain([octets * 8 - 2, octets * 8 - 1]).collect()
}

/// Just above 2^(k-1), just below 2^k, one bit beside them, one bit missing, and others.
fn moduli(octets: usize, numbers: &mut Numbers) -> Vec<Vec<u8>> {
    let (half, full) = (power_of_two(octets, octets * 8 - 1), vec![0xff; octets]);
    let mut moduli = vec![plus(&half, 1), plus(&half, 3), full.clone(), plus(&full, -2)];
    for bit in bits(octets).into_iter().step_by(17) {
        let one = power_of_two(octets, bit);
        moduli.push(plus(&half, 1).iter().zip(&one).map(|(modulus, bit)| modulus | bit).collect());
        moduli.push(one.iter().map(|bit| !bit).collect());
    }
    moduli.extend((0..12).map(|_| numbers.modulus(octets)));
    // One bit alone may have been the highest or the lowest.
    moduli.retain(|modulus| modulus[0] >= 0x80 && modulus[octets - 1] & 1 == 1);
    moduli
}

fn bases(modulus: &[u8], numbers: &mut Numbers) -> Vec<Vec<u8>> {
    let octets = modulus.len();
    let mut bases = vec![vec![0; octets], power_of_two(octets, 0), vec![0xff; octets], modulus.to_vec()];
    bases.extend([-2, -1, 1].map(|add| plus(modulus, add)));
    let skip = usize::try_from(numbers.next() % 8).unwrap();
    bases.extend(bits(octets).into_iter().skip(skip).step_by(8).map(|bit| power_of_two(octets, bit)));
    bases.extend((0..8).map(|_| numbers.octets(octets)));
    bases.extend(
        (0..4).map(|_| plus(&power_of_two(octets, octets * 8 - 1), i64::try_from(numbers.next() >> 2).unwrap())),
    );
    bases
}

#[test]
fn powers_are_those_of_crypto_bigint() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for octets in SIZES {
        let Some(_) = Modulus::new(&vec![0xff; octets]) else { return assert!(!available()) };
        for modulus in moduli(octets, &mut numbers) {
            let (case, prepared) = (Case::new(&modulus), Modulus::new(&modulus).unwrap());
            let bases = bases(&modulus, &mut numbers);
            for (index, base) in bases.iter().enumerate() {
                let exponents: &[u64] = if index % 16 == 0 { &[0, 1, 2, 3, 5, 0xffff_fffe] } else { &[65_537] };
                for exponent in exponents {
                    assert_eq!(prepared.power(base, *exponent), case.power(base, *exponent), "{index} {exponent}");
                }
            }
        }
    }
}

#[test]
fn powers_side_by_side_are_those_of_crypto_bigint() {
    let mut numbers = Numbers(0x0123_4567_89ab_cdef);
    if !available() {
        return;
    }
    // All sizes in one call; lanes that stay empty, and bases that are refused, at every place.
    let moduli: Vec<Vec<u8>> = SIZES.into_iter().flat_map(|octets| moduli(octets, &mut numbers)).collect();
    let prepared: Vec<(Case, Modulus)> =
        moduli.iter().map(|modulus| (Case::new(modulus), Modulus::new(modulus).unwrap())).collect();
    let few: Vec<usize> = (0..prepared.len()).filter(|index| moduli[*index].len() == 256 || index % 7 == 0).collect();
    for (count, exponent) in (0..=20).chain([few.len(); 12]).zip([65_537, 3, 1, 2, 65_537, 0].into_iter().cycle()) {
        let operations: Vec<(usize, Vec<u8>)> = (0..count)
            .map(|_| {
                let index = few[usize::try_from(numbers.next()).unwrap_or_default() % few.len()];
                let mut bases = bases(&moduli[index], &mut numbers);
                let base = usize::try_from(numbers.next() % 64).unwrap() % bases.len();
                (index, bases.swap_remove(base))
            })
            .collect();
        let asked: Vec<(&Modulus, &[u8])> =
            operations.iter().map(|(index, base)| (&prepared[*index].1, &base[..])).collect();
        let powers = power_many(&asked, exponent);
        let expected: Vec<_> =
            operations.iter().map(|(index, base)| prepared[*index].0.power(base, exponent)).collect();
        assert!(powers == expected, "{count} operations, exponent {exponent}");
    }
}

#[test]
fn other_sizes_and_even_numbers_are_not_prepared() {
    for octets in [0, 1, 128, 255, 257, 320, 513, 1024] {
        assert!(Modulus::new(&vec![0xff; octets]).is_none());
    }
    for octets in SIZES {
        let mut even = vec![0xff; octets];
        even[octets - 1] = 0xfe;
        let mut short = vec![0xff; octets];
        short[0] = 0x7f;
        assert!(Modulus::new(&even).is_none() && Modulus::new(&short).is_none());
        if let Some(modulus) = Modulus::new(&vec![0xff; octets]) {
            assert_eq!(modulus.power(&vec![0; octets - 1], 3), None);
            assert_eq!(modulus.power(&vec![0; octets + 1], 3), None);
            assert_eq!(modulus.power(&vec![0; octets], 0), None);
        }
    }
}

/// `just accel-differential`: a million operations, half of them side by side.
#[test]
#[ignore = "takes minutes"]
fn a_million_powers_are_those_of_crypto_bigint() {
    assert!(available(), "this machine does not have AVX-512-IFMA");
    let count: usize = std::env::var("POSTSEAL_ACCEL_INPUTS").map_or(1_000_000, |count| count.parse().unwrap());
    let seed = std::env::var("POSTSEAL_ACCEL_SEED").map_or(1, |seed| seed.parse().unwrap());
    let mut numbers = Numbers(seed);
    let mut done = 0;
    while done < count {
        // Small sizes more often: they are quicker.
        let octets = [256, 256, 256, 256, 384, 512][usize::try_from(numbers.next() % 6).unwrap()];
        let modulus = numbers.modulus(octets);
        let (case, prepared) = (Case::new(&modulus), Modulus::new(&modulus).unwrap());
        let exponent = [65_537, 3, 5, 17][usize::try_from(numbers.next() % 4).unwrap()];
        let bases: Vec<Vec<u8>> = (0..16).map(|_| numbers.octets(octets)).collect();
        let operations: Vec<(&Modulus, &[u8])> = bases.iter().map(|base| (&prepared, &base[..])).collect();
        let (alone, together) = operations.split_at(8);
        let alone = alone.iter().map(|(modulus, base)| modulus.power(base, exponent));
        let powers: Vec<_> = alone.chain(power_many(together, exponent)).collect();
        let expected: Vec<_> = bases.iter().map(|base| case.power(base, exponent)).collect();
        assert!(powers == expected, "seed {seed}, after {done} inputs");
        done += bases.len();
    }
    println!("{done} inputs, no difference");
}
