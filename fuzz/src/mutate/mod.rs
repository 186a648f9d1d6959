//! Mutations that know what they change: elements of BER, fields and parts of mails. What comes out is well-formed most of the
//! time, so that the fuzzer gets past the first check.
//!
//! libFuzzer gives a seed, and the same seed gives the same mutation. `plain` is libFuzzer's own mutation of octets.

mod ber;
mod mime;
mod random;
mod tree;

pub use random::Random;
pub use tree::{Tree, element};

/// libFuzzer's own mutation: the octets, how many of them are the input, how many it may have then.
pub type Plain = fn(&mut [u8], usize, usize) -> usize;

/// Changes a BER object.
pub fn ber(data: &mut [u8], size: usize, most: usize, seed: u32, plain: Plain) -> usize {
    structured(data, size, most, seed, plain, ber::mutate)
}

/// Changes a mail, and the CMS object in it.
pub fn mail(data: &mut [u8], size: usize, most: usize, seed: u32, plain: Plain) -> usize {
    structured(data, size, most, seed, plain, mime::mutate)
}

fn structured(
    data: &mut [u8],
    size: usize,
    most: usize,
    seed: u32,
    plain: Plain,
    mutate: fn(&[u8], &mut Random) -> Vec<u8>,
) -> usize {
    let mut random = Random::new(seed);
    if size == 0 || random.below(5) == 0 {
        return plain(data, size, most);
    }
    let mut changed = data[..size].to_vec();
    for _ in 0..=random.below(3) {
        changed = mutate(&changed, &mut random);
    }
    if changed.len() > most || changed.len() > data.len() || changed.is_empty() {
        return plain(data, size, most);
    }
    data[..changed.len()].copy_from_slice(&changed);
    changed.len()
}

#[cfg(test)]
mod tests;
