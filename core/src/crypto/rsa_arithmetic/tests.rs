use super::*;

/// xorshift64*: the same numbers each time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Words that carries like to go wrong with come often.
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
}

/// Adds a small number, positive or negative.
fn plus(number: &[u8], add: i64) -> Vec<u8> {
    let bits = u32::try_from(number.len() * 8).unwrap();
    let number = BoxedUint::from_be_slice(number, bits).unwrap();
    let magnitude = BoxedUint::from(add.unsigned_abs());
    let sum = if add < 0 { number.wrapping_sub(&magnitude) } else { number.wrapping_add(&magnitude) };
    sum.to_be_bytes().to_vec()
}

/// 2^bit in so many octets.
fn power_of_two(octets: usize, bit: usize) -> Vec<u8> {
    let mut number = vec![0; octets];
    number[octets - 1 - bit / 8] = 1 << (bit % 8);
    number
}

fn moduli(octets: usize, numbers: &mut Numbers) -> Vec<Vec<u8>> {
    let (half, bits) = (power_of_two(octets, octets * 8 - 1), octets * 8);
    let mut moduli = vec![plus(&half, 1), plus(&half, 3), vec![0xff; octets], plus(&vec![0xff; octets], -2)];
    // All words full but one, and the other way round.
    moduli.extend([64, 192, 256, bits - 128].map(|bit| {
        plus(&plus(&half, 1), 0).iter().zip(power_of_two(octets, bit)).map(|(a, b)| a | b).collect::<Vec<u8>>()
    }));
    moduli.extend(
        [64, 192, 256, bits - 128].map(|bit| power_of_two(octets, bit).iter().map(|b| !b).collect::<Vec<u8>>()),
    );
    for _ in 0..12 {
        let mut modulus = numbers.octets(octets);
        modulus[0] |= 0x80;
        modulus[octets - 1] |= 1;
        moduli.push(modulus);
    }
    // One bit less: not the size of the fast arithmetic.
    let mut short = numbers.octets(octets);
    short[0] = 0x7f;
    short[octets - 1] |= 1;
    moduli.push(short);
    moduli
}

fn bases(modulus: &[u8], numbers: &mut Numbers) -> Vec<Vec<u8>> {
    let octets = modulus.len();
    let mut bases = vec![vec![0; octets], plus(&vec![0; octets], 1), vec![0xff; octets], modulus.to_vec()];
    bases.extend([-2, -1, 1].map(|add| plus(modulus, add)));
    bases.extend([1, 63, 64, 65, 255, 256, octets * 8 - 2, octets * 8 - 1].map(|bit| power_of_two(octets, bit)));
    bases.extend((0..6).map(|_| numbers.octets(octets)));
    bases.extend((0..2).map(|_| {
        let mut base = numbers.octets(octets);
        base[0] = 0;
        base
    }));
    bases
}

#[test]
fn powers_are_those_of_crypto_bigint() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for octets in [256, 384, 512] {
        for modulus in moduli(octets, &mut numbers) {
            let prepared = Modulus::new(&modulus).unwrap();
            assert_eq!(matches!(prepared.0, Prepared::Other(_)), modulus[0] < 0x80);
            for (index, base) in bases(&modulus, &mut numbers).iter().enumerate() {
                let exponents: &[u64] = if index % 8 == 0 { &[1, 2, 3, 5, 65_537, 0xffff_fffe] } else { &[3, 65_537] };
                for exponent in exponents {
                    assert_eq!(prepared.power(base, *exponent), boxed_power(&modulus, base, *exponent));
                }
            }
        }
    }
}

#[test]
fn what_is_no_modulus_base_or_exponent_is_refused() {
    assert!(Modulus::new(&[]).is_none() && Modulus::new(&[1]).is_none() && Modulus::new(&[0, 1]).is_none());
    assert!(Modulus::new(&[4]).is_none() && Modulus::new(&[0xff; 2049]).is_none());
    assert!(Modulus::new(&[3]).is_some() && Modulus::new(&[1, 1]).is_some() && Modulus::new(&[0xff; 2048]).is_some());
    for octets in [7, 256, 384, 512, 520] {
        let modulus = Modulus::new(&vec![0xff; octets]).unwrap();
        let mut base = vec![0; octets];
        base[octets - 1] = 2;
        let power = modulus.power(&base, 10).unwrap();
        assert_eq!((power.len(), &power[octets - 2..]), (octets, &[4, 0][..]));
        assert_eq!(modulus.power(&base, 0), None);
        assert_eq!(modulus.power(&base[1..], 3), None);
        assert_eq!(modulus.power(&[&base[..], &[0]].concat(), 3), None);
        assert_eq!(modulus.power(&vec![0xff; octets], 3), None);
    }
}
