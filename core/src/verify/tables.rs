//! How many keys have a table.

#[cfg(loom)]
use loom::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
#[cfg(not(loom))]
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// How many keys have a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables(Arc<AtomicUsize>);

/// One of them, while it lives.
#[derive(Debug)]
pub(crate) struct Table(Tables);

impl Tables {
    pub(crate) fn take(&self, limit: usize) -> Option<Table> {
        let more = |count: usize| count.checked_add(1).filter(|count| *count <= limit);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(|_| Table(self.clone()))
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
