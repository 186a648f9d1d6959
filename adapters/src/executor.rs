use crate::made::{Attempt, Made};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::process;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc as jobs, oneshot};

/// An executor of its own, for hosts that have none and for those that call from within theirs, which must not be waited in. Its
/// thread is started when it is first needed, and ends with it.
#[derive(Debug)]
pub(crate) struct Executor {
    name: &'static str,
    worker: Made<Worker>,
}

#[derive(Clone)]
struct Worker {
    jobs: jobs::UnboundedSender<Job>,
    /// A child that is forked off has no copy of the thread.
    process: u32,
}

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Why nothing came of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    Room,
    Time,
    Fork,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Room => "this machine has no room for a thread",
            Self::Time => "no answer in time",
            Self::Fork => "opened before a fork; open it in the child",
        })
    }
}

impl Executor {
    /// Its thread has this name.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, worker: Made::new() }
    }

    /// Begins with this, beside all else that was begun.
    pub(crate) fn run(&self, job: impl Future<Output = ()> + Send + 'static) -> Result<(), Lack> {
        let start = || start(self.name).map_or(Attempt::Nothing, Attempt::Whole);
        let worker = self.worker.get(start).ok_or(Lack::Room)?;
        if worker.process != process::id() {
            return Err(Lack::Fork);
        }
        worker.jobs.send(Box::pin(job)).map_err(|_| Lack::Room)
    }

    /// What `future` comes to, unless it takes longer than this.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
        most: Duration,
    ) -> Result<T, Lack> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let (waiting, gone) = oneshot::channel::<()>();
        self.run(async move {
            tokio::select! {
                result = future => drop(sender.send(result)),
                _ = gone => {}
            }
        })?;
        let result = receiver.recv_timeout(most);
        drop(waiting);
        result.map_err(|_| Lack::Time)
    }
}

fn start(name: &str) -> Option<Worker> {
    let (jobs, mut inbox) = jobs::unbounded_channel::<Job>();
    let (ready, is_ready) = mpsc::sync_channel(1);
    let body = move || {
        // Made on its own thread: where no thread can be had, a runtime could not even be dropped within that of the caller.
        let Some(runtime) = runtime() else { return };
        // Who started it waits for this.
        let _ = ready.send(());
        runtime.block_on(async move {
            while let Some(job) = inbox.recv().await {
                drop(tokio::spawn(job));
            }
        });
        // A name that is still being resolved holds nobody up.
        runtime.shutdown_background();
    };
    thread::Builder::new().name(name.to_owned()).spawn(body).ok()?;
    is_ready.recv().ok()?;
    Some(Worker { jobs, process: process::id() })
}

fn runtime() -> Option<Runtime> {
    // Names are resolved in threads of their own; few, since a resolver that hangs would fill any number.
    Builder::new_current_thread().max_blocking_threads(8).enable_all().build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_job_that_takes_too_long_is_dropped_and_its_thread_goes_on() {
        let executor = Executor::new("executor-test");
        let alive = Arc::new(());
        let held = Arc::clone(&alive);
        let never = async move {
            std::future::pending::<()>().await;
            drop(held);
        };
        assert_eq!(executor.wait(never, Duration::from_millis(10)), Err(Lack::Time));
        let name = async { thread::current().name().map(str::to_owned) };
        assert_eq!(executor.wait(name, Duration::from_secs(60)).unwrap().as_deref(), Some("executor-test"));
        let is_dropped = || Arc::strong_count(&alive) == 1;
        assert!((0..6_000).any(|_| is_dropped() || executor.wait(async {}, Duration::from_millis(10)).is_err()));
        assert!(is_dropped());
    }

    #[test]
    fn a_job_that_panics_takes_no_other_with_it() {
        let executor = Executor::new("executor-test");
        let panics = async { panic!("as the test wants it") };
        assert_eq!(executor.wait::<()>(panics, Duration::from_secs(60)), Err(Lack::Time));
        assert_eq!(executor.wait(async { 7 }, Duration::from_secs(60)), Ok(7));
    }

    #[test]
    fn a_child_has_no_thread() {
        let executor = Executor::new("executor-test");
        let (jobs, _inbox) = jobs::unbounded_channel();
        let parents = Worker { jobs, process: process::id().wrapping_add(1) };
        assert!(executor.worker.get(|| Attempt::Whole(parents)).is_some());
        assert_eq!(executor.wait(async {}, Duration::from_secs(60)), Err(Lack::Fork));
    }
}
