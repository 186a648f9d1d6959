//! Montgomery multiplication ("Modular multiplication without trial division", Mathematics of Computation, 1985) for
//! numbers of a fixed size, in blocks of four words of 64 bits, least significant first.
//!
//! Four rows of a product are computed in one pass: each word of the sum is read and written once for four
//! multiplications, and the four carries are independent of each other. Values between operations are below
//! 2^(256 · blocks) and not always below the modulus; the last step reduces them. Nothing branches on values.

use super::division;
use zeroize::{Zeroize, Zeroizing};

type Block = [u64; 4];

/// Blocks of the product of two of the largest numbers.
const PRODUCT_BLOCKS: usize = 32;

type Product = [Block; PRODUCT_BLOCKS];

/// A modulus of `256 · BLOCKS` bits, its highest bit set.
#[derive(Clone)]
pub(super) struct Montgomery<const BLOCKS: usize> {
    modulus: [Block; BLOCKS],
    /// -1 / modulus modulo 2^64
    inverse: u64,
    /// 2^(512 · BLOCKS) modulo the modulus
    square: [Block; BLOCKS],
}

impl<const BLOCKS: usize> Montgomery<BLOCKS> {
    /// `None` unless the modulus is odd and has exactly the bits of the type.
    pub(super) fn new(modulus: &[u8]) -> Option<Box<Self>> {
        // Filled where it lies, so that nothing stays behind on the stack.
        let mut prepared = Box::new(Self { modulus: [[0; 4]; BLOCKS], inverse: 0, square: [[0; 4]; BLOCKS] });
        read(modulus, &mut prepared.modulus)?;
        let [lowest, ..] = *prepared.modulus.first()?;
        if lowest & 1 == 0 {
            return None;
        }
        // Newton's iteration doubles the bits that are right; an odd number is its own inverse modulo 8.
        let inverse =
            (0..5).fold(lowest, |inverse, _| inverse.wrapping_mul(2_u64.wrapping_sub(lowest.wrapping_mul(inverse))));
        prepared.inverse = inverse.wrapping_neg();
        let Self { modulus, square, .. } = &mut *prepared;
        division::power_of_two(modulus.as_flattened(), modulus.as_flattened().len(), square.as_flattened_mut())?;
        Some(prepared)
    }

    /// `None` unless the base has the octets of the modulus and is smaller than it, or when the exponent is 0.
    pub(super) fn power(&self, base: &[u8], exponent: u64) -> Option<Vec<u8>> {
        let mut plain = Zeroizing::new([[0; 4]; BLOCKS]);
        read(base, &mut plain)?;
        let mut difference = Zeroizing::new(*plain);
        if !subtract(&mut difference, &self.modulus) {
            return None;
        }
        let below_highest = exponent.checked_ilog2()?;
        let mut product = Zeroizing::new([[0; 4]; PRODUCT_BLOCKS]);
        let mut base = Zeroizing::new([[0; 4]; BLOCKS]);
        self.multiply(&plain, &self.square, &mut product, &mut base);
        let mut power = Zeroizing::new(*base);
        let mut factor = Zeroizing::new([[0; 4]; BLOCKS]);
        // Square and multiply by the bits of the exponent, which is public. The multiplication for the last bit is with
        // the plain base, which also leaves the Montgomery form.
        for bit in (0..below_highest).rev() {
            self.square(&mut power, &mut product);
            if bit != 0 && exponent >> bit & 1 == 1 {
                factor.clone_from(&power);
                self.multiply(&factor, &base, &mut product, &mut power);
            }
        }
        factor.clone_from(&power);
        if exponent == 1 || exponent & 1 == 0 {
            plain.zeroize();
            plain.as_flattened_mut().first_mut().into_iter().for_each(|lowest| *lowest = 1);
        }
        self.multiply(&factor, &plain, &mut product, &mut power);
        Some(self.octets(&power))
    }

    /// Big-endian, reduced. The value is below twice the modulus.
    fn octets(&self, value: &[Block; BLOCKS]) -> Vec<u8> {
        let mut reduced = Zeroizing::new(*value);
        let keep = u64::from(subtract(&mut reduced, &self.modulus)).wrapping_neg();
        let words = value.as_flattened().iter().zip(reduced.as_flattened()).rev();
        words.flat_map(|(value, reduced)| (value & keep | reduced & !keep).to_be_bytes()).collect()
    }

    #[inline(never)]
    fn multiply(&self, a: &[Block; BLOCKS], b: &[Block; BLOCKS], product: &mut Product, out: &mut [Block; BLOCKS]) {
        product.iter_mut().take(BLOCKS.wrapping_mul(2)).for_each(|block| *block = [0; 4]);
        let mut cells: &mut [Block] = product;
        for rows in b {
            multiply_rows(a, rows, cells);
            cells = cells.split_first_mut().map_or(&mut [], |(_, cells)| cells);
        }
        self.reduce(product, out);
    }

    #[inline(never)]
    fn square(&self, value: &mut [Block; BLOCKS], product: &mut Product) {
        product.iter_mut().take(BLOCKS.wrapping_mul(2)).for_each(|block| *block = [0; 4]);
        let (mut columns, mut cells): (&[Block], &mut [Block]) = (value, product);
        while let Some((rows, after)) = columns.split_first() {
            square_rows(rows, after, cells);
            columns = after;
            cells = cells.split_at_mut_checked(2).map_or(&mut [], |(_, cells)| cells);
        }
        double_and_add_squares(value, product);
        self.reduce(product, value);
    }

    /// Divides the product by 2^(256 · BLOCKS) modulo the modulus.
    #[inline(always)]
    fn reduce(&self, product: &mut Product, out: &mut [Block; BLOCKS]) {
        let Some((lowest, modulus)) = self.modulus.split_first() else { return };
        let mut overflow = false;
        let mut cells: &mut [Block] = product;
        for _ in 0..BLOCKS {
            let Some((first, after)) = cells.split_first_mut() else { return };
            let mut carries = [0; 4];
            let rows = self.quotients(lowest, first, &mut carries);
            let Some((sums, [sum, ..])) = after.split_at_mut_checked(modulus.len()) else { return };
            let previous = step_all(&rows, lowest, modulus, sums, &mut carries);
            overflow = finish(&rows, previous, sum, &carries, overflow);
            cells = after;
        }
        // What overflowed is one modulus more than the value that is wanted.
        let mask = u64::from(overflow).wrapping_neg();
        let mut borrow = false;
        let words = out.as_flattened_mut().iter_mut().zip(cells.as_flattened());
        for ((out, word), modulus) in words.zip(self.modulus.as_flattened()) {
            (*out, borrow) = word.borrowing_sub(modulus & mask, borrow);
        }
    }

    /// The four multiples of the modulus that make the block zero.
    #[inline(always)]
    fn quotients(&self, modulus: &Block, block: &Block, carries: &mut Block) -> Block {
        let ([n0, n1, n2, n3], [mut t0, mut t1, mut t2, mut t3], [c0, c1, c2, c3]) = (*modulus, *block, carries);
        let m0 = t0.wrapping_mul(self.inverse);
        multiply_add(&mut t0, m0, n0, c0);
        multiply_add(&mut t1, m0, n1, c0);
        let m1 = t1.wrapping_mul(self.inverse);
        multiply_add(&mut t1, m1, n0, c1);
        multiply_add(&mut t2, m0, n2, c0);
        multiply_add(&mut t2, m1, n1, c1);
        let m2 = t2.wrapping_mul(self.inverse);
        multiply_add(&mut t2, m2, n0, c2);
        multiply_add(&mut t3, m0, n3, c0);
        multiply_add(&mut t3, m1, n2, c1);
        multiply_add(&mut t3, m2, n1, c2);
        let m3 = t3.wrapping_mul(self.inverse);
        multiply_add(&mut t3, m3, n0, c3);
        [m0, m1, m2, m3]
    }
}

impl<const BLOCKS: usize> Drop for Montgomery<BLOCKS> {
    fn drop(&mut self) {
        self.modulus.zeroize();
        self.inverse.zeroize();
        self.square.zeroize();
    }
}

/// Big-endian octets as words. `None` unless there are as many as the number has.
fn read<const BLOCKS: usize>(octets: &[u8], number: &mut [Block; BLOCKS]) -> Option<()> {
    let (words, []) = octets.as_chunks::<8>() else { return None };
    let number = number.as_flattened_mut();
    if words.len() != number.len() {
        return None;
    }
    number.iter_mut().zip(words.iter().rev()).for_each(|(word, octets)| *word = u64::from_be_bytes(*octets));
    Some(())
}

/// Whether the number was smaller.
fn subtract<const BLOCKS: usize>(number: &mut [Block; BLOCKS], less: &[Block; BLOCKS]) -> bool {
    let mut borrow = false;
    for (word, less) in number.as_flattened_mut().iter_mut().zip(less.as_flattened()) {
        (*word, borrow) = word.borrowing_sub(*less, borrow);
    }
    borrow
}

/// sum + a · b + carry: never more than two words.
#[inline(always)]
fn multiply_add(sum: &mut u64, a: u64, b: u64, carry: &mut u64) {
    (*sum, *carry) = a.carrying_mul_add(b, *sum, *carry);
}

/// Adds `rows · columns` to the sums.
#[inline(always)]
fn multiply_rows<const BLOCKS: usize>(columns: &[Block; BLOCKS], rows: &Block, sums: &mut [Block]) {
    let (Some((first, after)), Some((sum, sums))) = (columns.split_first(), sums.split_first_mut()) else { return };
    let Some((sums, [last, ..])) = sums.split_at_mut_checked(after.len()) else { return };
    let mut carries = [0; 4];
    begin(rows, first, sum, &mut carries);
    let previous = step_all(rows, first, after, sums, &mut carries);
    finish(rows, previous, last, &carries, false);
}

/// Adds to the sums what is right of the diagonal of a square: the rows with themselves, and with the columns after
/// them.
#[inline(always)]
fn square_rows(rows: &Block, after: &[Block], sums: &mut [Block]) {
    let [own, next, sums @ ..] = sums else { return };
    let mut carries = [0; 4];
    begin_square(rows, own, &mut carries);
    let Some((first, after)) = after.split_first() else { return finish_square(rows, next, &carries) };
    step_square(rows, first, next, &mut carries);
    let Some((sums, [last, ..])) = sums.split_at_mut_checked(after.len()) else { return };
    let previous = step_all(rows, first, after, sums, &mut carries);
    finish(rows, previous, last, &carries, false);
}

/// Rows by all blocks of columns. Gives the last one.
#[inline(always)]
fn step_all<'a>(
    rows: &Block,
    mut previous: &'a Block,
    columns: &'a [Block],
    sums: &mut [Block],
    carries: &mut Block,
) -> &'a Block {
    for (columns, sum) in columns.iter().zip(sums) {
        step(rows, previous, columns, sum, carries);
        previous = columns;
    }
    previous
}

/// Doubles what is right of the diagonal and adds the diagonal.
#[inline(always)]
fn double_and_add_squares(value: &[Block], product: &mut Product) {
    let (mut shifted, mut carry) = (0, false);
    let pairs = product.as_flattened_mut().as_chunks_mut::<2>().0;
    for (word, [low, high]) in value.as_flattened().iter().zip(pairs) {
        let (square_low, square_high) = word.carrying_mul(*word, 0);
        let (double_low, double_high) = (*low << 1 | shifted, *high << 1 | *low >> 63);
        shifted = *high >> 63;
        (*low, carry) = double_low.carrying_add(square_low, carry);
        (*high, carry) = double_high.carrying_add(square_high, carry);
    }
}

/// Rows by the first block of columns: row `i` begins in column `i` of the sums.
#[inline(always)]
fn begin(rows: &Block, columns: &Block, sums: &mut Block, carries: &mut Block) {
    let ([b0, b1, b2, b3], [a0, a1, a2, a3]) = (*rows, *columns);
    let ([t0, t1, t2, t3], [c0, c1, c2, c3]) = (sums, carries);
    multiply_add(t0, b0, a0, c0);
    multiply_add(t1, b0, a1, c0);
    multiply_add(t1, b1, a0, c1);
    multiply_add(t2, b0, a2, c0);
    multiply_add(t2, b1, a1, c1);
    multiply_add(t2, b2, a0, c2);
    multiply_add(t3, b0, a3, c0);
    multiply_add(t3, b1, a2, c1);
    multiply_add(t3, b2, a1, c2);
    multiply_add(t3, b3, a0, c3);
}

/// Rows by a block of columns, and by what is left of the block before it.
#[inline(always)]
fn step(rows: &Block, previous: &Block, columns: &Block, sums: &mut Block, carries: &mut Block) {
    let ([b0, b1, b2, b3], [_, p1, p2, p3], [a0, a1, a2, a3]) = (*rows, *previous, *columns);
    let ([mut t0, mut t1, mut t2, mut t3], [c0, c1, c2, c3]) = (*sums, carries);
    multiply_add(&mut t0, b0, a0, c0);
    multiply_add(&mut t0, b1, p3, c1);
    multiply_add(&mut t0, b2, p2, c2);
    multiply_add(&mut t0, b3, p1, c3);
    multiply_add(&mut t1, b0, a1, c0);
    multiply_add(&mut t1, b1, a0, c1);
    multiply_add(&mut t1, b2, p3, c2);
    multiply_add(&mut t1, b3, p2, c3);
    multiply_add(&mut t2, b0, a2, c0);
    multiply_add(&mut t2, b1, a1, c1);
    multiply_add(&mut t2, b2, a0, c2);
    multiply_add(&mut t2, b3, p3, c3);
    multiply_add(&mut t3, b0, a3, c0);
    multiply_add(&mut t3, b1, a2, c1);
    multiply_add(&mut t3, b2, a1, c2);
    multiply_add(&mut t3, b3, a0, c3);
    *sums = [t0, t1, t2, t3];
}

/// What is left of the last block, and the carries of the rows, each where its row has ended. Takes what overflowed
/// before and gives what overflows now.
#[inline(always)]
fn finish(rows: &Block, previous: &Block, sums: &mut Block, carries: &Block, overflow: bool) -> bool {
    let ([_, b1, b2, b3], [_, p1, p2, p3]) = (*rows, *previous);
    let ([t0, t1, t2, t3], [c0, mut c1, mut c2, mut c3]) = (*sums, *carries);
    let (mut t0, overflow) = t0.carrying_add(c0, overflow);
    multiply_add(&mut t0, b1, p3, &mut c1);
    multiply_add(&mut t0, b2, p2, &mut c2);
    multiply_add(&mut t0, b3, p1, &mut c3);
    let (mut t1, overflow) = t1.carrying_add(c1, overflow);
    multiply_add(&mut t1, b2, p3, &mut c2);
    multiply_add(&mut t1, b3, p2, &mut c3);
    let (mut t2, overflow) = t2.carrying_add(c2, overflow);
    multiply_add(&mut t2, b3, p3, &mut c3);
    let (t3, overflow) = t3.carrying_add(c3, overflow);
    *sums = [t0, t1, t2, t3];
    overflow
}

/// Rows by themselves, right of the diagonal: the lower columns.
#[inline(always)]
fn begin_square(rows: &Block, sums: &mut Block, carries: &mut Block) {
    let ([b0, b1, b2, b3], [_, t1, t2, t3], [c0, c1, ..]) = (*rows, sums, carries);
    multiply_add(t1, b0, b1, c0);
    multiply_add(t2, b0, b2, c0);
    multiply_add(t3, b0, b3, c0);
    multiply_add(t3, b1, b2, c1);
}

/// Rows by the block after them, and the higher columns of the rows by themselves.
#[inline(always)]
fn step_square(rows: &Block, columns: &Block, sums: &mut Block, carries: &mut Block) {
    let ([b0, b1, b2, b3], [a0, a1, a2, a3]) = (*rows, *columns);
    let ([t0, t1, t2, t3], [c0, c1, c2, c3]) = (sums, carries);
    multiply_add(t0, b0, a0, c0);
    multiply_add(t0, b1, b3, c1);
    multiply_add(t1, b0, a1, c0);
    multiply_add(t1, b1, a0, c1);
    multiply_add(t1, b2, b3, c2);
    multiply_add(t2, b0, a2, c0);
    multiply_add(t2, b1, a1, c1);
    multiply_add(t2, b2, a0, c2);
    multiply_add(t3, b0, a3, c0);
    multiply_add(t3, b1, a2, c1);
    multiply_add(t3, b2, a1, c2);
    multiply_add(t3, b3, a0, c3);
}

/// The higher columns of the last rows by themselves, and their carries.
#[inline(always)]
fn finish_square(rows: &Block, sums: &mut Block, carries: &Block) {
    let ([_, b1, b2, b3], [t0, t1, t2, t3], [c0, mut c1, mut c2, _]) = (*rows, *sums, *carries);
    let (mut t0, overflow) = t0.carrying_add(c0, false);
    multiply_add(&mut t0, b1, b3, &mut c1);
    let (mut t1, overflow) = t1.carrying_add(c1, overflow);
    multiply_add(&mut t1, b2, b3, &mut c2);
    let (t2, overflow) = t2.carrying_add(c2, overflow);
    let (t3, _) = t3.carrying_add(0, overflow);
    *sums = [t0, t1, t2, t3];
}
