use std::future::Future;
use std::sync::OnceLock;
use std::sync::mpsc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// An executor of its own, for hosts that have none and for those that call from within theirs, which must not be waited in.
#[derive(Debug)]
pub(crate) struct Executor {
    name: &'static str,
    runtime: OnceLock<Option<Runtime>>,
}

impl Executor {
    /// Its thread, which has this name, is started when it is first needed.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, runtime: OnceLock::new() }
    }

    /// What `future` comes to; `None` when no thread can be had, or when it takes longer than this.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
        most: Duration,
    ) -> Option<T> {
        let runtime = self.runtime.get_or_init(|| start(self.name)).as_ref()?;
        let (sender, receiver) = mpsc::sync_channel(1);
        let task = runtime.spawn(async move {
            // Nobody waits any more when this fails.
            let _ = sender.send(future.await);
        });
        let result = receiver.recv_timeout(most).ok();
        if result.is_none() {
            task.abort();
        }
        result
    }
}

fn start(name: &str) -> Option<Runtime> {
    // Names are resolved in threads of their own; few, since a resolver that hangs would fill any number.
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).max_blocking_threads(8).thread_name(name).enable_all().build().ok()
}

impl Drop for Executor {
    /// Without waiting: within another executor that is not allowed.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take().flatten() {
            runtime.shutdown_background();
        }
    }
}
