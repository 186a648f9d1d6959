//! What one call at a time may have in hand.

use crate::error::Failure;
use postseal::Code;
use std::sync::{Mutex, PoisonError};

/// A value that a call takes out, works with and puts back. Whoever comes in between, another thread or a callback of this very
/// call, finds nothing there, and so does whoever comes after it was spent, or after a panic. No lock is held meanwhile.
#[derive(Debug)]
pub(crate) struct Hand<T>(Mutex<Option<T>>);

impl<T> Hand<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Mutex::new(Some(value)))
    }

    fn set(&self, value: Option<T>) -> Option<T> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        core::mem::replace(&mut place, value)
    }

    /// Takes the value for good.
    pub(crate) fn spend(&self) -> Result<T, Failure> {
        self.set(None).ok_or_else(|| Code::HandleInUse.into())
    }

    /// Works with the value.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> Result<R, Failure>) -> Result<R, Failure> {
        let mut value = self.spend()?;
        let result = work(&mut value);
        self.set(Some(value));
        result
    }

    /// Puts the value back, or another one in.
    pub(crate) fn put(&self, value: T) {
        self.set(Some(value));
    }
}
