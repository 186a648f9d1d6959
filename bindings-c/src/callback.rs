//! Callbacks of the host: how a question gets there, and the answer back.

use crate::answer::{Content, postseal_answer};
use crate::error::{Failure, postseal_error, postseal_status};
use crate::guard::call;
use crate::question::postseal_question;
use crate::table::{self, Userdata, Versioned};
use core::ffi::c_void;
use core::fmt;
use postseal::Code;
use postseal::query::Unavailable;

/// Answers one question. `question` and `answer` are there until it returns. 0: what was put into `answer` counts; any other
/// value: whatever was asked was not to be had.
///
/// It is called on the thread that made the call, by several threads at once when several make calls. It must not unwind,
/// `longjmp` or throw through the library. It may call the library, also with the same engine.
pub type postseal_callback = Option<
    unsafe extern "C" fn(
        userdata: *mut c_void,
        question: *const postseal_question,
        answer: *mut postseal_answer,
    ) -> i32,
>;

/// A table of callbacks with the host's side of it.
pub(crate) struct Callbacks<T> {
    pub(crate) table: T,
    userdata: Userdata,
}

impl<T> fmt::Debug for Callbacks<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callbacks(..)")
    }
}

/// Every table has a last word.
pub(crate) trait Table: Versioned {
    /// What gives the host's side back.
    fn destroy(&self) -> Option<unsafe extern "C" fn(userdata: *mut c_void)>;
    /// Whether everything is there that must be.
    fn is_complete(&self) -> bool;
}

impl<T: Table> Callbacks<T> {
    /// Takes over `userdata`: from here on it is given back whatever happens.
    ///
    /// # Safety
    /// As [`table::read`].
    pub(crate) unsafe fn new(given: *const T, userdata: *mut c_void) -> Result<Self, Failure> {
        // SAFETY: the caller's word.
        let table = unsafe { table::read(given) }?;
        let userdata = Userdata { pointer: userdata, destroy: table.destroy() };
        if !table.is_complete() {
            return Err(Failure::with(Code::ArgumentNull, "The table lacks a callback that is needed."));
        }
        Ok(Self { table, userdata })
    }

    pub(crate) const fn userdata(&self) -> *mut c_void {
        self.userdata.pointer
    }

    /// Asks a callback.
    pub(crate) fn ask<R>(
        &self,
        callback: postseal_callback,
        question: impl Into<postseal_question>,
        read: impl FnOnce(Content) -> Result<R, Unavailable>,
    ) -> Result<R, Unavailable> {
        let question = question.into();
        let mut answer = postseal_answer::to(&question);
        let Some(callback) = callback else {
            return Err(Unavailable::because("the host has no such callback"));
        };
        // SAFETY: the host's own callback with the host's own pointer; both objects are there until it returns.
        let status = unsafe { callback(self.userdata(), &raw const question, &raw mut answer) };
        answer.after_callback(status, read)
    }
}

/// Runs a call that takes over `userdata`, and gives it back at once when the call fails before it could.
pub(crate) fn taking<T: Table>(
    err: *mut *mut postseal_error,
    given: *const T,
    userdata: *mut c_void,
    work: impl FnOnce(Callbacks<T>) -> Result<(), Failure>,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        work(unsafe { Callbacks::new(given, userdata) }?)
    })
}
