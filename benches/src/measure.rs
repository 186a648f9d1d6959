use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// How much longer than its CPU time a measurement may take on a machine with other work.
const PATIENCE: u32 = 20;

/// What this thread has worked so far. The wall clock would count what others do on a shared machine.
pub fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

/// Adds up what is to be measured, and nothing of what prepares it.
#[derive(Debug, Default)]
pub struct Clock(pub Duration);

impl Clock {
    pub fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let started = thread_time();
        let result = work();
        self.0 += thread_time() - started;
        result
    }
}

/// One time for each repetition, sorted.
#[derive(Debug)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// `0.5` for the median.
    pub fn quantile(&self, part: f64) -> Duration {
        let last = self.0.len() - 1;
        self.0[(last as f64 * part).round() as usize]
    }

    /// The answer of a worker.
    pub fn json(&self) -> String {
        let [low, median, high] = [0.1, 0.5, 0.9].map(|part| self.quantile(part).as_nanos());
        format!(r#"{{"n":{},"median_ns":{median},"p10_ns":{low},"p90_ns":{high}}}"#, self.0.len())
    }
}

/// Repeats until it has worked for so long, or so often (0: as often as it takes); once at least. Neither what
/// `prepare` does nor that what `work` gives back is dropped is measured.
pub fn measure<T, R>(
    time: Duration,
    most: usize,
    mut prepare: impl FnMut(usize) -> T,
    mut work: impl FnMut(usize, T) -> R,
) -> Samples {
    let (started, mut worked, mut samples) = (Instant::now(), Duration::ZERO, Vec::new());
    loop {
        let prepared = prepare(samples.len());
        let mut clock = Clock::default();
        drop(clock.time(|| work(samples.len(), prepared)));
        worked += clock.0;
        samples.push(clock.0);
        if samples.len() == most || worked >= time || started.elapsed() >= time * PATIENCE {
            samples.sort();
            return Samples(samples);
        }
    }
}
