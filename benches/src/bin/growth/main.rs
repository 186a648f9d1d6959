//! Memory and how time grows: one JSON object in a line for each row. `growth [--crypto NAME]`.
//!
//! * `memory`: the most that was allocated at once while a mail was imported or sealed, beyond what was there before.
//! * `growth`: the time for twice as much through the time for once as much; the least of several tries each, on the
//!   thread's CPU clock.

mod jobs;

use peak_alloc::PeakAlloc;
use postseal_benches::{Crypto, thread_time};
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// How often each is tried.
const TRIES: usize = 7;

fn memory(what: &str, input: usize, work: impl FnOnce()) {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    work();
    let peak = ALLOCATOR.peak_usage().saturating_sub(before);
    println!(r#"{{"kind":"memory","what":"{what}","input":{input},"peak":{peak}}}"#);
}

/// `make` prepares so many; the closure that it gives is one try.
fn growth<W: FnMut()>(what: &str, count: usize, make: impl Fn(usize) -> W) {
    let (mut once, mut twice) = (make(count), make(2 * count));
    // In turns, so that a slow moment of the machine meets both.
    let tries: Vec<(Duration, Duration)> = (0..TRIES).map(|_| (timed(&mut once), timed(&mut twice))).collect();
    let (first, second): (Vec<_>, Vec<_>) = tries.into_iter().unzip();
    let [first, second] = [first, second].map(|times| times.into_iter().min().unwrap_or_default().as_secs_f64());
    println!(
        r#"{{"kind":"growth","what":"{what}","count":{count},"once_us":{:.1},"twice_us":{:.1},"ratio":{:.3}}}"#,
        first * 1e6,
        second * 1e6,
        second / first
    );
}

fn timed(work: &mut impl FnMut()) -> Duration {
    let started = thread_time();
    work();
    thread_time() - started
}

fn main() {
    let crypto = Crypto::from_arguments().unwrap_or_else(|error| {
        eprintln!("{error}");
        std::process::exit(2);
    });
    jobs::memory_of_imports(crypto);
    jobs::memory_of_sealing(crypto);
    jobs::growth_of_imports(crypto);
    jobs::growth_of_sealing(crypto);
    jobs::growth_of_stores(crypto);
}
