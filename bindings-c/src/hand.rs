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

#[cfg(test)]
mod tests {
    use super::Hand;
    use crate::error::{Failure, postseal_error_number};
    use crate::guard::call;
    use core::ptr::null_mut;
    use postseal::Code;

    fn number(work: impl FnOnce() -> Result<(), Failure>) -> i32 {
        call(null_mut(), work)
    }

    const IN_USE: i32 = 113;

    #[test]
    fn one_call_at_a_time() {
        let hand = Hand::new(1);
        let inner = || hand.with(|_| Ok(()));
        let outer = || {
            hand.with(|value| {
                *value = 2;
                assert_eq!(number(inner), IN_USE);
                Ok(())
            })
        };
        assert_eq!(number(outer), 0);
        assert_eq!(hand.spend().ok(), Some(2));
        assert_eq!(number(|| hand.spend().map(drop)), IN_USE);
    }

    #[test]
    fn a_failure_puts_it_back_and_a_panic_does_not() {
        let hand = Hand::new(());
        assert_eq!(number(|| hand.with(|()| Err(Code::Unanswered.into()))), 102);
        let mut err = null_mut();
        assert_eq!(
            call(&raw mut err, || hand.with(|()| -> Result<(), Failure> { panic!("a test asked for this") })),
            508
        );
        // SAFETY: it was just made.
        unsafe {
            assert_eq!(postseal_error_number(err), 508);
            crate::error::postseal_error_free(err);
        }
        assert_eq!(number(|| hand.with(|()| Ok(()))), IN_USE);
    }
}
