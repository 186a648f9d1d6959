use crate::ifma::Ifma;
use crate::words;
use zeroize::{Zeroize, Zeroizing};

/// Limbs of a number, eight in a vector.
pub(crate) type Vectors<const VECTORS: usize> = [[u64; 8]; VECTORS];

/// How many operations at least are computed side by side: fewer are faster one after the other.
const LANES_MIN: usize = 6;

/// An RSA modulus, prepared for many operations.
///
/// ```
/// use postseal_accel::Modulus;
///
/// assert!(Modulus::new(&[0xff; 100]).is_none()); // no size that is computed here
/// if let Some(modulus) = Modulus::new(&[0xff; 512]) {
///     let power = modulus.power(&[vec![0; 511], vec![2]].concat(), 65_537);
///     assert_eq!(power.map(|power| power.len()), Some(512));
/// }
/// ```
#[derive(Clone)]
pub struct Modulus {
    instructions: Ifma,
    size: Size,
}

#[derive(Clone)]
enum Size {
    Bits2048(Box<Fixed<32, 5>>),
    Bits3072(Box<Fixed<48, 8>>),
    Bits4096(Box<Fixed<64, 10>>),
}

/// A modulus of `64 · WORDS` bits, its highest bit set, and of at most `416 · VECTORS - 2`.
#[derive(Clone)]
pub(crate) struct Fixed<const WORDS: usize, const VECTORS: usize> {
    words: [u64; WORDS],
    pub(crate) limbs: Vectors<VECTORS>,
    /// -1 / modulus modulo 2^52
    pub(crate) inverse: u64,
    /// 2^(832 · VECTORS) modulo the modulus
    pub(crate) square: Vectors<VECTORS>,
}

/// A modulus and a base below it, in a box: a base that is moved leaves a copy where it was.
pub(crate) type Pair<'a> = (&'a Fixed<32, 5>, Box<Zeroizing<Vectors<5>>>);

impl Modulus {
    /// Prepares a modulus, which is public: the time depends on it.
    ///
    /// `None` on a machine without the instructions, and unless the modulus is odd and has exactly 2048, 3072 or 4096
    /// bits.
    #[must_use]
    pub fn new(modulus: &[u8]) -> Option<Self> {
        let instructions = Ifma::detect()?;
        let size = match modulus.len() {
            256 => Size::Bits2048(Fixed::new(modulus)?),
            384 => Size::Bits3072(Fixed::new(modulus)?),
            512 => Size::Bits4096(Fixed::new(modulus)?),
            _ => return None,
        };
        Some(Self { instructions, size })
    }

    /// `base` to the power of `exponent`, in the octets of the modulus (RFC 8017 5.1.1, 5.2.2). `None` unless the base
    /// has the octets of the modulus and is smaller than it, or when the exponent is 0.
    ///
    /// The base may be secret. The exponent is public.
    ///
    /// ```
    /// if let Some(modulus) = postseal_accel::Modulus::new(&[0xff; 256]) {
    ///     assert_eq!(modulus.power(&[0; 256], 3), Some(vec![0; 256]));
    ///     assert_eq!(modulus.power(&[0xff; 256], 3), None); // not below the modulus
    ///     assert_eq!(modulus.power(&[0; 255], 3), None); // not its octets
    /// }
    /// ```
    #[must_use]
    pub fn power(&self, base: &[u8], exponent: u64) -> Option<Vec<u8>> {
        match &self.size {
            Size::Bits2048(modulus) => modulus.power(self.instructions, base, exponent),
            Size::Bits3072(modulus) => modulus.power(self.instructions, base, exponent),
            Size::Bits4096(modulus) => modulus.power(self.instructions, base, exponent),
        }
    }
}

impl core::fmt::Debug for Modulus {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Modulus").finish_non_exhaustive()
    }
}

/// [`Modulus::power`] of each pair, in their order: for messages with many recipients, and for many signatures. Eight
/// operations with moduli of 2048 bits are computed side by side, which takes about half the time; the others one by
/// one.
///
/// ```
/// use postseal_accel::{Modulus, power_many};
///
/// if let Some(modulus) = Modulus::new(&[0xff; 256]) {
///     let base = |lowest| [vec![0; 255], vec![lowest]].concat();
///     let bases: Vec<Vec<u8>> = (0..20).map(base).collect();
///     let operations: Vec<(&Modulus, &[u8])> = bases.iter().map(|base| (&modulus, &base[..])).collect();
///     let powers = power_many(&operations, 2);
///     assert_eq!(powers[15], Some(base(225)));
///     assert_eq!(powers.len(), 20);
/// }
/// ```
#[must_use]
pub fn power_many(operations: &[(&Modulus, &[u8])], exponent: u64) -> Vec<Option<Vec<u8>>> {
    let mut powers: Vec<Option<Vec<u8>>> = vec![None; operations.len()];
    let mut waiting: Vec<Waiting<'_>> = Vec::with_capacity(8);
    for (power, (modulus, base)) in powers.iter_mut().zip(operations) {
        match &modulus.size {
            Size::Bits2048(fixed) if exponent != 0 => {
                let mut limbs = Box::new(Zeroizing::new([[0; 8]; 5]));
                if !fixed.read_base(base, &mut limbs) {
                    continue;
                }
                waiting.push(Waiting { power, instructions: modulus.instructions, pair: (fixed, limbs) });
            }
            _ => *power = modulus.power(base, exponent),
        }
        if waiting.len() == 8 {
            side_by_side(&mut waiting, exponent);
        }
    }
    if waiting.len() >= LANES_MIN {
        side_by_side(&mut waiting, exponent);
    }
    for Waiting { power, instructions, pair: (modulus, base) } in waiting {
        *power = Some(modulus.octets(&Zeroizing::new(instructions.power(modulus, &base, exponent))));
    }
    powers
}

/// An operation that waits for others, and where its result goes.
struct Waiting<'a> {
    power: &'a mut Option<Vec<u8>>,
    instructions: Ifma,
    pair: Pair<'a>,
}

/// Computes up to eight operations that wait.
fn side_by_side(waiting: &mut Vec<Waiting<'_>>, exponent: u64) {
    let Some(Waiting { instructions, .. }) = waiting.first() else { return };
    let instructions = *instructions;
    let (places, pairs): (Vec<_>, Vec<_>) = waiting.drain(..).map(|one| (one.power, one.pair)).unzip();
    let results = Zeroizing::new(instructions.power_lanes(&pairs, exponent));
    for ((place, (modulus, _)), result) in places.into_iter().zip(&pairs).zip(results.iter()) {
        *place = Some(modulus.octets(result));
    }
}

impl<const WORDS: usize, const VECTORS: usize> Fixed<WORDS, VECTORS> {
    fn new(modulus: &[u8]) -> Option<Box<Self>> {
        // Filled where it lies, so that nothing stays behind on the stack.
        let (words, limbs, square) = ([0; WORDS], [[0; 8]; VECTORS], [[0; 8]; VECTORS]);
        let mut fixed = Box::new(Self { words, limbs, inverse: 0, square });
        words::read(modulus, &mut fixed.words)?;
        let lowest = *fixed.words.first()?;
        if lowest & 1 == 0 {
            return None;
        }
        fixed.inverse = words::negative_inverse(lowest) & words::LIMB_MASK;
        let more = VECTORS.checked_mul(13)?.checked_sub(WORDS)?;
        let mut square = Zeroizing::new([0; WORDS]);
        words::power_of_two(&fixed.words, more, &mut *square)?;
        words::to_limbs(&*square, fixed.square.as_flattened_mut());
        let Self { words, limbs, .. } = &mut *fixed;
        words::to_limbs(words, limbs.as_flattened_mut());
        Some(fixed)
    }

    /// The base as limbs, written where they stay; whether it has the octets of the modulus and is smaller than it.
    fn read_base(&self, base: &[u8], limbs: &mut Vectors<VECTORS>) -> bool {
        let mut read = Zeroizing::new([0; WORDS]);
        if words::read(base, &mut *read).is_none() {
            return false;
        }
        words::to_limbs(&*read, limbs.as_flattened_mut());
        words::subtract(&mut *read, &self.words)
    }

    fn power(&self, instructions: Ifma, octets: &[u8], exponent: u64) -> Option<Vec<u8>> {
        let mut base = Zeroizing::new([[0; 8]; VECTORS]);
        if !self.read_base(octets, &mut base) {
            return None;
        }
        (exponent != 0).then(|| self.octets(&Zeroizing::new(instructions.power(self, &base, exponent))))
    }

    /// Big-endian, reduced. The value is below twice the modulus.
    fn octets(&self, value: &Vectors<VECTORS>) -> Vec<u8> {
        let mut words = Zeroizing::new([0; WORDS]);
        let above = words::to_words(value.as_flattened(), &mut *words);
        let mut reduced = Zeroizing::new(*words);
        let smaller = u64::from(words::subtract(&mut *reduced, &self.words));
        let keep = (smaller & !above).wrapping_neg();
        let words = words.iter().zip(reduced.iter()).rev();
        words.flat_map(|(word, reduced)| (word & keep | reduced & !keep).to_be_bytes()).collect()
    }
}

impl<const WORDS: usize, const VECTORS: usize> Drop for Fixed<WORDS, VECTORS> {
    fn drop(&mut self) {
        self.words.zeroize();
        self.limbs.zeroize();
        self.inverse.zeroize();
        self.square.zeroize();
    }
}
