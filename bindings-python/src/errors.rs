//! The code table and the exceptions. The classes are Python (`postseal/_errors.py`): a stable ABI that goes back to CPython
//! 3.11 has no exception classes of Rust with members, and plain classes can be pickled.

use crate::reports;
use postseal::resolve::Unsealed;
use postseal::{Code, Error};
use pyo3::exceptions::{PyException, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// All codes: number, name, sentence, fault.
pub(crate) fn table(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
    let row = |code: &Code| (code.number(), code.name(), code.sentence(), format!("{:?}", code.fault()));
    PyTuple::new(py, Code::ALL.iter().map(row))
}

/// The exception for an error, not raised.
pub(crate) fn instance<'py>(py: Python<'py>, error: Error, detail: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let make = MAKE.import(py, "postseal._errors", "error_of")?;
    make.call1((error.code().number(), error.offset(), detail))
}

/// The exception for an error.
pub(crate) fn raise(py: Python<'_>, error: Error) -> PyErr {
    instance(py, error, None).map_or_else(|failed| failed, PyErr::from_value)
}

/// The exception for a code.
pub(crate) fn raise_code(py: Python<'_>, code: Code) -> PyErr {
    raise(py, code.into())
}

/// The exception for a code, with what the host should know beside it.
pub(crate) fn raise_with_detail(py: Python<'_>, code: Code, detail: &str) -> PyErr {
    instance(py, code.into(), Some(detail)).map_or_else(|failed| failed, PyErr::from_value)
}

/// The exception for a message that was not made.
pub(crate) fn raise_unsealed(py: Python<'_>, unsealed: &Unsealed, trouble: &Trouble) -> PyErr {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let build = || {
        let recipients = reports::recipients(py, unsealed.recipients.iter())?;
        let class = CLASS.import(py, "postseal._errors", "Unsealed")?;
        class.call1((unsealed.error.code().number(), unsealed.error.offset(), py.None(), recipients))
    };
    let error = build().map_or_else(|failed| failed, PyErr::from_value);
    trouble.explain(py, &error);
    error
}

/// A value behind a lock. Nothing that holds one can panic, so that none is ever poisoned.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first exception of several. Another one goes when nothing is locked any more: its end may run Python.
fn keep_first(kept: &Mutex<Option<PyErr>>, error: PyErr) {
    let mut kept = locked(kept);
    let other = if kept.is_some() { Some(error) } else { kept.replace(error) };
    drop(kept);
    drop(other);
}

/// What went wrong in the host's own objects during one call, so that it can come out of it.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    cause: Mutex<Option<PyErr>>,
    interrupt: Mutex<Option<PyErr>>,
}

impl Trouble {
    /// Takes note. An exception is the cause of what it leads to, the first one of a call; what is none, as KeyboardInterrupt,
    /// ends the call.
    pub(crate) fn record(&self, py: Python<'_>, error: PyErr) {
        if error.is_instance_of::<PyException>(py) {
            keep_first(&self.cause, error);
        } else {
            self.stop(error);
        }
    }

    /// Ends the call with this.
    pub(crate) fn stop(&self, error: PyErr) {
        keep_first(&self.interrupt, error);
    }

    /// Takes over what happened before the call knew of it.
    pub(crate) fn adopt(&self, py: Python<'_>, earlier: &Self) {
        if let Some(cause) = earlier.first(py) {
            self.record(py, cause);
        }
    }

    fn first(&self, py: Python<'_>) -> Option<PyErr> {
        locked(&self.cause).as_ref().map(|error| error.clone_ref(py))
    }

    /// Whether the call must end.
    pub(crate) fn is_interrupted(&self) -> bool {
        locked(&self.interrupt).is_some()
    }

    /// What ends the call, once.
    pub(crate) fn interrupt(&self) -> PyResult<()> {
        let taken = locked(&self.interrupt).take();
        taken.map_or(Ok(()), Err)
    }

    /// The first exception of the call.
    pub(crate) fn cause(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.first(py).map(|error| error.into_value(py).into_any())
    }

    /// Makes the first exception of the call the cause of this one.
    pub(crate) fn explain(&self, py: Python<'_>, error: &PyErr) {
        if let Some(cause) = self.first(py) {
            error.set_cause(py, Some(cause));
        }
    }
}

/// The mail as octets that stay while Python goes on. What is parsed already is no mail to import.
pub(crate) fn refuse_parsed(mail: &Bound<'_, PyAny>) -> PyResult<()> {
    if is_parsed(mail)? {
        return Err(PyTypeError::new_err(
            "import_mail takes the octets of the mail as they were received: an email.message.Message that was parsed and \
             serialised again is not the one that was signed, so that its signature breaks. Pass the bytes that it was \
             parsed from.",
        ));
    }
    Ok(())
}

/// Whether this is a message of the standard library.
pub(crate) fn is_parsed(mail: &Bound<'_, PyAny>) -> PyResult<bool> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    mail.is_instance(CLASS.import(mail.py(), "email.message", "Message")?)
}
