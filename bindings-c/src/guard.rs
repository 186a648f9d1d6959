//! The one guard that every exported function runs in.

use crate::error::{Failure, postseal_error, postseal_status};
use core::panic::AssertUnwindSafe;
use core::ptr;
use postseal::Code;
use std::panic::catch_unwind;

/// Success.
const OK: postseal_status = 0;

/// Runs `work`. What it fails with goes to `*err`, unless `err` is NULL, and its number is the status.
///
/// A panic is a mistake of the library. It ends here, as [`Code::InternalError`]: it must not run into the host's frames.
/// What was taken out of a [`crate::hand::Hand`] is gone then, so that nobody meets it half changed.
pub(crate) fn call(err: *mut *mut postseal_error, work: impl FnOnce() -> Result<(), Failure>) -> postseal_status {
    let result = catch_unwind(AssertUnwindSafe(|| {
        trip();
        work()
    }));
    let failure = match result {
        Ok(Ok(())) => None,
        Ok(Err(failure)) => Some(failure),
        Err(_) => Some(Code::InternalError.into()),
    };
    let status = failure.as_ref().map_or(OK, Failure::number);
    if !err.is_null() {
        let error = failure.map_or(ptr::null_mut(), |failure| Box::into_raw(Box::new(failure.into())));
        // SAFETY: the caller gives NULL or a place for one pointer.
        unsafe { err.write(error) };
    }
    status
}

/// What `read` says about the object, or `none` where there is none.
pub(crate) fn get<T, R>(object: *const T, none: R, read: impl FnOnce(&T) -> R) -> R {
    // SAFETY: the caller gives NULL or an object of the library that is not freed yet; it is only read.
    let object = unsafe { object.as_ref() };
    plain(none, || object.map(read))
}

/// What `work` gives, or `none`.
pub(crate) fn plain<R>(none: R, work: impl FnOnce() -> Option<R>) -> R {
    let result = catch_unwind(AssertUnwindSafe(|| {
        trip();
        work()
    }));
    result.ok().flatten().unwrap_or(none)
}

/// Takes an object back. NULL is allowed.
///
/// # Safety
/// `object` is NULL, or was given out by the library as the caller's own and is not used after this.
pub(crate) unsafe fn free<T>(object: *mut T) {
    if object.is_null() {
        return;
    }
    // SAFETY: what the caller owns was made by `Box::into_raw`.
    let object = unsafe { Box::from_raw(object) };
    // What is left when a `Drop` panics is lost, which is better than a half of it used.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(object)));
}

#[cfg(not(feature = "test-panic"))]
const fn trip() {}

#[cfg(feature = "test-panic")]
use test_panic::trip;

/// A switch for the tests of the guard.
#[cfg(feature = "test-panic")]
pub mod test_panic {
    use core::cell::Cell;

    thread_local! {
        static ARMED: Cell<bool> = const { Cell::new(false) };
    }

    /// The next guarded call of this thread panics.
    #[unsafe(no_mangle)]
    pub extern "C" fn postseal_test_panic() {
        ARMED.set(true);
    }

    /// Whether the switch is on: no guarded call came since.
    #[unsafe(no_mangle)]
    pub extern "C" fn postseal_test_panic_is_armed() -> bool {
        ARMED.get()
    }

    #[expect(clippy::panic, reason = "that is what it is for")]
    pub(super) fn trip() {
        if ARMED.replace(false) {
            panic!("a test asked for this");
        }
    }
}
