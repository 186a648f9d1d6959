//! A bound on the memory of one run.

use peak_alloc::PeakAlloc;

/// libFuzzer's own memory is C++'s, and not counted here.
#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Runs `work`, which may use `factor` times so many octets as the input has, and a mebibyte more. What is made once and kept must
/// have been made before.
pub(crate) fn bounded<T>(input: usize, factor: usize, work: impl FnOnce() -> T) -> T {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let result = work();
    let grown = ALLOCATOR.peak_usage().saturating_sub(before);
    assert!(grown <= factor * input + (1 << 20), "{grown} octets of memory for {input} of input");
    result
}

/// What `SECURITY.md` promises of all that reads.
pub(crate) const READING: usize = 4;
