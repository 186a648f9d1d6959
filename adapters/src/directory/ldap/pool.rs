use super::connection::Connection;
use super::limits::{LdapLimits, after};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Connections to one server that nobody uses now.
#[derive(Debug, Default)]
pub(super) struct Pool {
    idle: Mutex<Vec<Connection>>,
    /// Whether somebody looks after those that get old.
    is_tended: AtomicBool,
}

impl Pool {
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one that was used last, unless it is too old.
    pub(super) fn take(&self, limits: &LdapLimits) -> Option<Connection> {
        let mut idle = self.idle();
        purge(&mut idle, limits.idle, limits.age);
        idle.pop()
    }

    pub(super) fn put(self: &Arc<Self>, connection: Connection, limits: &LdapLimits) {
        {
            let mut idle = self.idle();
            if connection.is_usable() && idle.len() < limits.connections {
                idle.push(connection);
            }
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current()
            && !self.is_tended.swap(true, Ordering::SeqCst)
        {
            let tender = Tender(Arc::downgrade(self));
            let (idle, age) = (limits.idle, limits.age);
            runtime.spawn(async move { tender.tend(idle, age).await });
        }
    }
}

/// Closes what nobody has used for a while. It ends with the last connection, with the pool and with the executor.
struct Tender(Weak<Pool>);

impl Tender {
    async fn tend(self, idle: Duration, age: Duration) {
        loop {
            let Some(next) = self.0.upgrade().and_then(|pool| pool.idle().first().map(|first| first.used)) else {
                return;
            };
            let at = next.checked_add(idle).unwrap_or_else(|| after(idle));
            sleep_until(at.max(after(Duration::from_millis(100)))).await;
            if let Some(pool) = self.0.upgrade() {
                purge(&mut pool.idle(), idle, age);
            }
        }
    }
}

impl Drop for Tender {
    fn drop(&mut self) {
        if let Some(pool) = self.0.upgrade() {
            pool.is_tended.store(false, Ordering::SeqCst);
        }
    }
}

fn purge(connections: &mut Vec<Connection>, idle: Duration, age: Duration) {
    let now = Instant::now();
    let is_over = |since: Instant, most: Duration| now.saturating_duration_since(since) >= most;
    connections.retain(|connection| !is_over(connection.used, idle) && !is_over(connection.since, age));
}
