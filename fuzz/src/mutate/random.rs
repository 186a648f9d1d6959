/// xorshift64*, so that a seed repeats a mutation.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// From libFuzzer's seed.
    pub fn new(seed: u32) -> Self {
        let mut random = Self(u64::from(seed) << 17 ^ 0x9e37_79b9_7f4a_7c15);
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Smaller than this; 0 for 0.
    pub fn below(&mut self, limit: usize) -> usize {
        ((self.next() >> 11) % limit.max(1) as u64) as usize
    }

    pub fn octet(&mut self) -> u8 {
        self.below(256) as u8
    }

    /// One of them, of which there must be some.
    pub fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.below(among.len())]
    }

    /// A place inside or at the end, and one not before it.
    pub fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let end = start + self.below((length - start).min(40) + 1);
        start..end
    }
}

/// A few octets replaced, left out or put in.
pub(super) fn octets(octets: &mut Vec<u8>, random: &mut Random) {
    let range = random.range(octets.len());
    match random.below(6) {
        0 => drop(octets.splice(range.start..range.start, [random.octet()])),
        1 => drop(octets.drain(range)),
        2 => {
            let copy = octets[range].to_vec();
            let to = random.below(octets.len() + 1);
            octets.splice(to..to, copy);
        }
        3 if range.start < octets.len() => octets[range.start] = random.octet(),
        _ if range.start < octets.len() => octets[range.start] ^= 1 << random.below(8),
        _ => octets.push(random.octet()),
    }
}
