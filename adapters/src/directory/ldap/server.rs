use super::breaker::Breaker;
use super::connection::Connection;
use super::endpoint::Endpoint;
use super::fault::{LdapFault, LdapFaultKind};
use super::inner::Inner;
use super::pool::Pool;
use super::transport::open;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::{Instant, timeout_at};

/// What is remembered of one server.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) endpoint: Endpoint,
    pub(super) pool: Arc<Pool>,
    breaker: Mutex<Breaker>,
    /// Held by who is connecting; when that failed last, and why.
    opening: tokio::sync::Mutex<Option<(Instant, LdapFault)>>,
}

/// A connection for one search.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) connection: Connection,
    /// Whether it comes from the pool, where a server may have left it without a word.
    pub(super) is_used: bool,
}

impl Server {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, pool: Arc::default(), breaker: Mutex::default(), opening: tokio::sync::Mutex::default() }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection from the pool, unless it must be a fresh one. One at a time connects; who waited meanwhile takes its
    /// failure for theirs, so that a server that is gone costs one wait, and wrong credentials are shown once.
    pub(super) async fn lease(&self, inner: &Inner, fresh: bool, deadline: Instant) -> Result<Lease, LdapFault> {
        let pooled = || if fresh { None } else { self.pool.take(&inner.limits) };
        if let Some(connection) = pooled() {
            return Ok(Lease { connection, is_used: true });
        }
        let since = Instant::now();
        let opening = timeout_at(deadline, self.opening.lock()).await;
        let mut opening =
            opening.map_err(|_| LdapFault::new(LdapFaultKind::Late, "could not be connected to in time"))?;
        if let Some(connection) = pooled() {
            return Ok(Lease { connection, is_used: true });
        }
        if let Some((at, fault)) = &*opening
            && *at >= since
        {
            return Err(fault.clone());
        }
        self.breaker().admit(&inner.limits, Instant::now())?;
        match open(&self.endpoint, inner, deadline).await {
            Ok(connection) => Ok(Lease { connection, is_used: false }),
            Err(fault) => {
                self.failed(&fault, inner);
                *opening = Some((Instant::now(), fault.clone()));
                Err(fault)
            }
        }
    }

    pub(super) fn succeeded(&self) {
        self.breaker().succeeded();
    }

    pub(super) fn failed(&self, fault: &LdapFault, inner: &Inner) {
        self.breaker().failed(fault, &inner.limits, Instant::now());
    }
}
