//! The same work by postseal and by OpenSSL through its C API, in turns, in one process.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml`, or the same with `import`, `path` or `seal` behind `--`.

mod import;
mod path;
mod seal;

use postseal::UnixTime;
use std::time::{Duration, Instant};

const ROUNDS: usize = 9;

/// Adds up what is to be measured, and nothing of what prepares it.
#[derive(Default)]
struct Clock(Duration);

impl Clock {
    fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = work();
        self.0 += started.elapsed();
        result
    }
}

/// Medians of both sides, in microseconds.
struct Times {
    ours: f64,
    theirs: f64,
}

/// Nine rounds of so many repetitions of each side.
fn in_turns(repeat: u32, ours: impl Fn(&mut Clock), theirs: impl Fn(&mut Clock)) -> Times {
    let round = |side: &dyn Fn(&mut Clock)| {
        let mut clock = Clock::default();
        (0..repeat).for_each(|_| side(&mut clock));
        clock.0 / repeat
    };
    let (ours, theirs): (Vec<_>, Vec<_>) = (0..ROUNDS).map(|_| (round(&ours), round(&theirs))).unzip();
    Times { ours: median(ours), theirs: median(theirs) }
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e6
}

impl Times {
    /// A row of the table; of a side that does nothing there is no time.
    fn row(&self, label: &str) {
        let Self { ours, theirs } = self;
        let shown = |time: f64| if time < 10.0 { format!("{time:.1}") } else { format!("{time:.0}") };
        if *theirs == 0.0 {
            println!("| {label} | {} | | |", shown(*ours));
        } else {
            println!("| {label} | {} | {} | {:.2} |", shown(*ours), shown(*theirs), ours / theirs);
        }
    }
}

fn now() -> UnixTime {
    UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap()
}

fn main() {
    let wanted = std::env::args().nth(1);
    let version = openssl::version::version().split(' ').nth(1).unwrap();
    let tables: [(&str, &str, fn()); 3] =
        [("import", "mail", import::run), ("path", "work", path::run), ("seal", "message", seal::run)];
    for (name, what, run) in tables {
        if wanted.as_deref().is_none_or(|wanted| wanted == name) {
            println!("| {what} | postseal, us | OpenSSL {version}, us | ratio |\n|---|--:|--:|--:|");
            run();
            println!();
        }
    }
}
