//! Every result beside that of the curves' crates, for signatures that are made to meet each exception of the formulas.
#![allow(clippy::arithmetic_side_effects, clippy::disallowed_methods, reason = "test code")]

use super::*;
use crate::verify::{Limits, PublicKey};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::elliptic_curve::CurveGroup;
use p256::elliptic_curve::group::Group;
use p256::elliptic_curve::sec1::ToSec1Point;
use postseal_testkit::factory::der::sequence;
use postseal_testkit::wycheproof::{files, hex, tests};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// The same verification by the curve's crate.
trait Reference: NistCurve {
    const CURVE: Curve;
    /// Octets of the order.
    const SIZE: usize;

    fn reference(point: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), Error>;
    fn encode(point: &Self::AffinePoint, compress: bool) -> Vec<u8>;
}

macro_rules! reference {
    ($name:ident, $curve:ident, $which:ident, $size:literal) => {
        impl Reference for $name::$curve {
            const CURVE: Curve = Curve::$which;
            const SIZE: usize = $size;

            fn reference(point: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), Error> {
                let key = $name::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| Code::KeyMalformed)?;
                let signature = $name::ecdsa::Signature::from_der(signature).map_err(|_| Code::SignatureMalformed)?;
                let padded = [&vec![0; usize::saturating_sub($size, digest.len())], digest].concat();
                key.verify_prehash(&padded, &signature).map_err(|_| Code::SignatureInvalid.into())
            }

            fn encode(point: &Self::AffinePoint, compress: bool) -> Vec<u8> {
                let key = $name::PublicKey::from_affine(*point).unwrap();
                key.to_sec1_point(compress).as_bytes().to_vec()
            }
        }
    };
}

reference!(p256, NistP256, P256, 32);
reference!(p384, NistP384, P384, 48);
reference!(p521, NistP521, P521, 66);

/// Numbers that look like random ones, always the same (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    /// Octets, in one of three with long runs of zeros and ones, so that carries run far.
    fn fill(&mut self, octets: &mut [u8]) {
        let runs = self.below(3) == 0;
        for chunk in octets.chunks_mut(4) {
            let word = match self.below(3) {
                0 if runs => [0; 4],
                1 if runs => [0xff; 4],
                _ => self.next().to_be_bytes()[..4].try_into().unwrap(),
            };
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }

    /// A number below the order: a small one, one near the order or near a power of two, or any.
    fn scalar<C: NistCurve>(&mut self) -> Scalar<C> {
        let small = Scalar::<C>::from(self.next() % 40);
        match self.below(5) {
            0 => small,
            1 => -small,
            2 => {
                let power = u64::try_from(self.below(C::bits())).unwrap();
                Scalar::<C>::from(2).pow_vartime([power]) + small - Scalar::<C>::from(20)
            }
            _ => {
                let mut octets = FieldBytes::<C>::default();
                self.fill(&mut octets);
                // Reduction wants a number below twice the order.
                if C::bits() == 521 {
                    octets[0] &= 1;
                }
                Scalar::<C>::reduce(&octets)
            }
        }
    }
}

/// A signature with any integers: big-endian octets.
fn signature(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |octets: &[u8]| {
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        let octets = &octets[zeros..];
        let pad = octets.first().is_none_or(|first| *first >= 0x80);
        let content = [if pad { &[0][..] } else { &[] }, octets].concat();
        [&[2, u8::try_from(content.len()).unwrap()], &content[..]].concat()
    };
    sequence(&[&integer(r), &integer(s)])
}

/// A key with and without its table, beside the curve's crate.
struct Both<C> {
    point: Vec<u8>,
    plain: EcVerifier,
    table: EcVerifier,
    curve: core::marker::PhantomData<C>,
}

impl<C: Reference> Both<C> {
    fn new(point: &C::ProjectivePoint) -> Self {
        let point = C::encode(&point.to_affine(), false);
        let plain = EcVerifier::new(C::CURVE, &point).unwrap();
        let table = plain.clone().with_table();
        Self { point, plain, table, curve: core::marker::PhantomData }
    }

    /// The result of all three.
    fn verify(&self, digest: &[u8], signature: &[u8]) -> Result<(), Error> {
        let expected = C::reference(&self.point, digest, signature);
        let told = || format!("{:?} key {:02x?} digest {digest:02x?} signature {signature:02x?}", C::CURVE, self.point);
        assert_eq!(self.plain.verify(digest, signature), expected, "without a table: {}", told());
        assert_eq!(self.table.verify(digest, signature), expected, "with a table: {}", told());
        expected
    }
}

/// r, s and the digest for which verification computes u1 times the generator and u2 times the key.
fn made<C: Reference>(r: Scalar<C>, u1: Scalar<C>, u2: Scalar<C>) -> (FieldBytes<C>, FieldBytes<C>, FieldBytes<C>) {
    let s = r * Invert::invert(&u2).unwrap();
    (r.to_repr(), s.to_repr(), (u1 * s).to_repr())
}

fn x_of<C: Reference>(point: &C::ProjectivePoint) -> Scalar<C> {
    let x = C::FieldElement::from_repr(point.to_affine().x()).unwrap();
    let order = C::FieldElement::from_repr((-Scalar::<C>::ONE).to_repr()).unwrap() + C::FieldElement::ONE;
    Scalar::<C>::from_repr(x.to_repr())
        .into_option()
        .unwrap_or_else(|| Scalar::<C>::from_repr((x - order).to_repr()).unwrap())
}

/// Keys and signatures until `count` were compared; how many of them were valid.
fn compare<C: Reference>(count: usize, seed: u64) -> usize {
    let mut numbers = Numbers(seed);
    let generator = C::ProjectivePoint::generator();
    let (mut compared, mut valid) = (0, 0);
    while compared < count {
        let private = numbers.scalar::<C>();
        if bool::from(private.is_zero()) {
            continue;
        }
        let public = generator * private;
        let key = Both::<C>::new(&public);
        for _ in 0..6 {
            let u2 = numbers.scalar::<C>();
            // Equal and inverse points in the last addition, and no part of the generator, besides any.
            let u1 = match numbers.below(6) {
                0 => u2 * private,
                1 => -(u2 * private),
                2 => Scalar::<C>::ZERO,
                3 => u2,
                _ => numbers.scalar::<C>(),
            };
            if bool::from(u2.is_zero()) {
                continue;
            }
            let point = generator * u1 + public * u2;
            let neutral = bool::from(point.is_identity());
            let r = if neutral { numbers.scalar::<C>() } else { x_of::<C>(&point) };
            if bool::from(r.is_zero()) {
                continue;
            }
            let (r, s, digest) = made::<C>(r, u1, u2);
            let result = key.verify(&digest, &signature(&r, &s));
            assert_eq!(result.is_ok(), !neutral, "{private:?} {u1:?} {u2:?}");
            valid += usize::from(result.is_ok());
            compared += 1 + broken(&mut numbers, &key, (&r, &s, &digest));
        }
    }
    valid
}

/// The same signature with something else in it.
fn broken<C: Reference>(numbers: &mut Numbers, key: &Both<C>, (r, s, digest): (&[u8], &[u8], &[u8])) -> usize {
    let mut bits = [r.to_vec(), s.to_vec(), digest.to_vec()];
    let which = numbers.below(3);
    let place = numbers.below(bits[which].len());
    bits[which][place] ^= 1 << numbers.below(8);
    if C::bits() == 521 {
        bits[2][0] &= 1;
    }
    let [r1, s1, digest1] = bits;
    key.verify(&digest1, &signature(&r1, &s1)).unwrap_or_default();
    let any = numbers.scalar::<C>().to_repr();
    key.verify(digest, &signature(&any, s)).unwrap_or_default();
    // Digests of other lengths than the order.
    let digest = &Sha512::digest(digest)[..[20, 28, 32, 48, 64][numbers.below(5)]];
    key.verify(digest, &signature(r, s)).unwrap_or_default();
    3
}

// hardening: D8
#[test]
fn signatures_have_the_results_of_the_curves_crates() {
    assert!(compare::<p256::NistP256>(800, 1) > 120);
    assert!(compare::<p384::NistP384>(120, 2) > 15);
    assert!(compare::<p521::NistP521>(120, 3) > 15);
}

/// `just ecdsa` says how many.
#[test]
#[ignore = "takes minutes"]
fn very_many_signatures_have_the_results_of_the_curves_crates() {
    let count = std::env::var("POSTSEAL_ECDSA").ok().and_then(|count| count.parse().ok()).unwrap_or(100_000);
    let seed = 1 << 32;
    let valid = [
        compare::<p256::NistP256>(count, seed),
        compare::<p384::NistP384>(count, seed + 1),
        compare::<p521::NistP521>(count, seed + 2),
    ];
    println!("{count} signatures on each curve compared; valid ones: {valid:?}");
}

/// r and s at both ends of their range and outside.
fn range<C: Reference>() {
    let key = Both::<C>::new(&(C::ProjectivePoint::generator() * Scalar::<C>::from(7)));
    let last = (-Scalar::<C>::ONE).to_repr().to_vec();
    let more = |by: u8| {
        let mut octets = last.clone();
        *octets.last_mut().unwrap() += by;
        octets
    };
    let numbers = [vec![0], vec![1], vec![2], last.clone(), more(1), more(2), vec![0x7f; C::SIZE + 1]];
    for (i, r) in numbers.iter().enumerate() {
        for (j, s) in numbers.iter().enumerate() {
            let expected = if (1..=3).contains(&i) && (1..=3).contains(&j) {
                Code::SignatureInvalid
            } else {
                Code::SignatureMalformed
            };
            for digest in [&[0; 32][..], &[0xff; 64], &[], &last] {
                assert_eq!(key.verify(digest, &signature(r, s)), Err(expected.into()), "{r:02x?} {s:02x?}");
            }
        }
    }
    for malformed in
        [&[][..], &[0x30, 0], &[0x30, 3, 2, 1, 1], &[0x30, 6, 2, 1, 1, 2, 1, 1, 0], &[0x31, 6, 2, 1, 1, 2, 1, 1]]
    {
        assert_eq!(key.verify(&[1; 32], malformed), Err(Code::SignatureMalformed.into()));
    }
}

#[test]
fn numbers_out_of_range_are_malformed() {
    range::<p256::NistP256>();
    range::<p384::NistP384>();
    range::<p521::NistP521>();
}

/// The point with the first x from `x` on that there is a point with.
fn point_with<C: Reference>(mut x: C::FieldElement) -> (C::ProjectivePoint, C::FieldElement) {
    loop {
        let encoded = [&[2], &x.to_repr()[..]].concat();
        if let Some(point) = C::point(&encoded) {
            return (point.into(), x);
        }
        x += C::FieldElement::ONE;
    }
}

/// An x-coordinate is compared modulo the order, and r is not compared modulo the prime.
fn wrap<C: Reference>() {
    let generator = C::ProjectivePoint::generator();
    let order = C::FieldElement::from_repr((-Scalar::<C>::ONE).to_repr()).unwrap() + C::FieldElement::ONE;
    let prime = Scalar::<C>::reduce(&(-C::FieldElement::ONE).to_repr()) + Scalar::<C>::ONE;
    let mut numbers = Numbers(4);
    for _ in 0..4 {
        let (u1, u2) = (numbers.scalar::<C>(), numbers.scalar::<C>() + Scalar::<C>::from(100));
        let skip = C::FieldElement::from(numbers.next());
        let key_for = |point: C::ProjectivePoint| (point - generator * u1) * Invert::invert(&u2).unwrap();

        // x lies between the order and the prime.
        let (point, x) = point_with::<C>(order + skip);
        let r = Scalar::<C>::from_repr((x - order).to_repr()).unwrap();
        let (r, s, digest) = made::<C>(r, u1, u2);
        assert_eq!(Both::<C>::new(&key_for(point)).verify(&digest, &signature(&r, &s)), Ok(()));

        // r and the order are x and the prime.
        let (point, x) = point_with::<C>(skip);
        let right = Scalar::<C>::from_repr(x.to_repr()).unwrap();
        for (r, expected) in [(right, Ok(())), (right + prime, Err(Code::SignatureInvalid.into()))] {
            let (r, s, digest) = made::<C>(r, u1, u2);
            assert_eq!(Both::<C>::new(&key_for(point)).verify(&digest, &signature(&r, &s)), expected);
        }
    }
}

#[test]
fn x_coordinates_are_compared_modulo_the_order() {
    wrap::<p256::NistP256>();
    wrap::<p384::NistP384>();
    wrap::<p521::NistP521>();
}

// hardening: D8
#[test]
fn every_wycheproof_vector_has_the_same_result_with_a_table() {
    let mut run = 0;
    for (name, file) in files("ecdsa_") {
        let mut keys = std::collections::BTreeMap::new();
        for (group, test) in tests(&file) {
            let spki = hex(&group["publicKeyDer"]);
            let Ok(PublicKey::Ec(key)) = PublicKey::from_spki(&spki, &Limits::default()) else { continue };
            let verifier = EcVerifier::new(key.curve, &key.point).unwrap();
            let table = keys.entry(spki).or_insert_with(|| verifier.clone().with_table());
            let message = hex(&test["msg"]);
            let digest = match group["sha"].as_str().unwrap() {
                "SHA-256" => Sha256::digest(&message).to_vec(),
                "SHA-384" => Sha384::digest(&message).to_vec(),
                "SHA-512" => Sha512::digest(&message).to_vec(),
                _ => continue,
            };
            let signature = hex(&test["sig"]);
            let result = table.verify(&digest, &signature);
            assert_eq!(verifier.verify(&digest, &signature), result, "{name} {test}");
            assert_eq!(result.is_ok(), test["result"] == "valid", "{name} {test}");
            run += 1;
        }
    }
    assert!(run > 2000, "only {run} vectors were found");
}

fn points<C: Reference>() {
    let point = (C::ProjectivePoint::generator() * Scalar::<C>::from(5)).to_affine();
    let encoded = C::encode(&point, false);
    let compressed = C::encode(&point, true);
    let (r, s, digest) = made::<C>(x_of::<C>(&point.into()), Scalar::<C>::ZERO, Scalar::<C>::ONE);
    for good in [&encoded, &compressed] {
        assert_eq!(EcVerifier::new(C::CURVE, good).unwrap().verify(&digest, &signature(&r, &s)), Ok(()));
    }
    let mut off = encoded.clone();
    *off.last_mut().unwrap() ^= 1;
    let mut hybrid = encoded.clone();
    hybrid[0] = 6;
    let mut large = encoded.clone();
    large[1..].fill(0xff);
    for bad in [
        &[][..],
        &[0],
        &encoded[1..],
        &encoded[..encoded.len() - 1],
        &[&encoded[..], &[0]].concat(),
        &off,
        &hybrid,
        &large,
    ] {
        assert_eq!(EcVerifier::new(C::CURVE, bad).unwrap_err(), Code::KeyMalformed.into(), "{bad:02x?}");
    }
}

// hardening: E6
#[test]
fn only_points_of_the_curve_become_keys() {
    points::<p256::NistP256>();
    points::<p384::NistP384>();
    points::<p521::NistP521>();
}

/// Both fields side by side.
fn fields<C: Reference>(count: usize) {
    let mut numbers = Numbers(5);
    let one = C::FieldElement::ONE;
    let pick = |numbers: &mut Numbers| loop {
        let small = C::FieldElement::from(numbers.next() % 4);
        let mut octets = FieldBytes::<C>::default();
        numbers.fill(&mut octets);
        let any = C::FieldElement::from_repr(octets).into_option();
        match numbers.below(6) {
            0 => return small,
            1 => return -small - one,
            _ => {}
        }
        if let Some(any) = any {
            return any;
        }
    };
    let ours = |value: &C::FieldElement| C::Coordinate::from_octets(&value.to_repr());
    let same = |ours: C::Coordinate, theirs: C::FieldElement| {
        let mut octets = FieldBytes::<C>::default();
        ours.write(&mut octets);
        assert_eq!(octets, theirs.to_repr());
        assert_eq!(ours.is_zero(), bool::from(theirs.is_zero()));
        assert!(ours == C::Coordinate::from_octets(&octets), "a number has more than one form");
    };
    for _ in 0..count {
        let (a, b) = (pick(&mut numbers), pick(&mut numbers));
        let (x, y) = (ours(&a), ours(&b));
        same(x, a);
        same(x.add(&y), a + b);
        same(x.sub(&y), a - b);
        same(x.mul(&y), a * b);
        same(x.square(), a.square());
        same(x.double(), a.double());
        same(x.negate(), -a);
        let inverse = C::invert(&x);
        same(inverse.mul(&x), if bool::from(a.is_zero()) { a } else { one });
    }
}

#[test]
fn fields_have_the_results_of_the_curves_crates() {
    fields::<p256::NistP256>(3000);
    fields::<p384::NistP384>(2000);
    fields::<p521::NistP521>(1000);
}

#[test]
fn tables_have_the_size_that_is_told() {
    assert_eq!(size_of_val(&p256::NistP256::many().0[..]), 52 * 1024);
    assert_eq!(size_of_val(&p384::NistP384::many().0[..]), 118_272);
    assert_eq!(size_of_val(&p521::NistP521::many().0[..]), 241_920);
}
