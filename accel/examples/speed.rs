//! Microseconds of processor time for each operation with the exponent 65537: crypto-bigint, the safe arithmetic of
//! the engine, AVX-512-IFMA, and eight operations side by side.
//!
//! `cargo run --release -p postseal-accel --example speed`
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for people who measure"
)]

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use postseal_accel::{Modulus, power_many};
use std::hint::black_box;

/// As the engine has it, where nothing but the engine may use it.
#[path = "../../core/src/crypto/rsa_arithmetic"]
mod safe {
    mod division;
    mod montgomery;

    /// A modulus of `256 · BLOCKS` bits.
    pub(crate) struct Prepared<const BLOCKS: usize>(Box<montgomery::Montgomery<BLOCKS>>);

    impl<const BLOCKS: usize> Prepared<BLOCKS> {
        pub(crate) fn new(modulus: &[u8]) -> Option<Self> {
            montgomery::Montgomery::new(modulus).map(Self)
        }

        pub(crate) fn power(&self, base: &[u8], exponent: u64) -> Option<Vec<u8>> {
            self.0.power(base, exponent)
        }
    }
}

/// Of this thread, in microseconds.
#[cfg(unix)]
fn now() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    std::time::Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap()).as_secs_f64() * 1e6
}

#[cfg(not(unix))]
fn now() -> f64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed().as_secs_f64() * 1e6
}

/// The median of many short rounds.
fn median(mut operation: impl FnMut()) -> f64 {
    let mut rounds: Vec<f64> = (0..201)
        .map(|_| {
            let start = now();
            (0..16).for_each(|_| operation());
            (now() - start) / 16.0
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

fn row<const BLOCKS: usize>() {
    let octets = BLOCKS * 32;
    let modulus: Vec<u8> = (0..octets).map(|index| u8::try_from(index * 151 % 251).unwrap() | 0x81).collect();
    let base: Vec<u8> = (0..octets).map(|index| u8::try_from(index * 91 % 251).unwrap()).collect();
    let bits = u32::try_from(octets * 8).unwrap();

    let odd = Odd::new(BoxedUint::from_be_slice_vartime(&modulus)).unwrap();
    let params = BoxedMontyParams::new_vartime(odd.clone());
    let bigint = || {
        let base = BoxedMontyForm::new(BoxedUint::from_be_slice(black_box(&base), bits).unwrap(), &params);
        let power = (0..16).fold(base.clone(), |power, _| power.square());
        power.mul(&base).retrieve().to_be_bytes().to_vec()
    };
    let safe = safe::Prepared::<BLOCKS>::new(&modulus).unwrap();
    assert_eq!(safe.power(&base, 65_537), Some(bigint()));

    let bigint_new = median(|| drop(black_box(BoxedMontyParams::new_vartime(black_box(odd.clone())))));
    let bigint_power = median(|| drop(black_box(bigint())));
    let safe_new = median(|| drop(black_box(safe::Prepared::<BLOCKS>::new(black_box(&modulus)))));
    let safe_power = median(|| drop(black_box(safe.power(black_box(&base), 65_537))));
    let show = |name: &str, prepare: Option<f64>, power: f64| {
        let prepare = prepare.map_or_else(String::new, |prepare| format!("{prepare:.2}"));
        println!("{bits:>5} {name:<16} {prepare:>8} {power:>8.2} {:>8.2}", bigint_power / power);
    };
    show("crypto-bigint", Some(bigint_new), bigint_power);
    show("safe", Some(safe_new), safe_power);

    let Some(fast) = Modulus::new(&modulus) else { return };
    assert_eq!(fast.power(&base, 65_537), Some(bigint()));
    let fast_new = median(|| drop(black_box(Modulus::new(black_box(&modulus)))));
    let fast_power = median(|| drop(black_box(fast.power(black_box(&base), 65_537))));
    show("IFMA", Some(fast_new), fast_power);
    if octets == 256 {
        let operations = [(&fast, &base[..]); 8];
        let many = median(|| drop(black_box(power_many(black_box(&operations), 65_537))));
        show("IFMA, 8 lanes", None, many / 8.0);
    }
}

fn main() {
    println!(" bits                   prepare    power    ratio");
    row::<8>();
    row::<12>();
    row::<16>();
}
