//! Operations step by step: questions out, answers in, one result.

use crate::engine::{Call, detached};
use crate::errors::{locked, raise, raise_code, raise_unsealed};
use crate::questions::{Answer, Asked};
use crate::reports;
use postseal::import::Import;
use postseal::operation::{Operation, Step};
use postseal::query;
use postseal::resolve::{RecipientReport, Resolve, Unsealed};
use postseal::seal::{Begun, Encryption};
use postseal::{Code, Error, resolve};
use postseal_adapters::OsRandom;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyGenericAlias, PyTuple, PyType};
use std::mem;
use std::sync::Mutex;

/// The result of an operation, which is over.
#[pyclass(frozen, module = "postseal")]
#[derive(Debug)]
pub(crate) struct Done {
    /// The result.
    #[pyo3(get)]
    result: Py<PyAny>,
}

#[pymethods]
impl Done {
    #[classmethod]
    fn __class_getitem__<'py>(
        class: &Bound<'py, PyType>,
        of: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyGenericAlias>> {
        PyGenericAlias::new(class.py(), class.as_any(), of)
    }

    fn __repr__(&self) -> &'static str {
        "<postseal.Done>"
    }
}

/// What `poll` gives when there is nothing more to ask until an open question is answered.
#[pyclass(frozen, module = "postseal")]
#[derive(Debug)]
pub(crate) struct Wait;

#[pymethods]
impl Wait {
    fn __repr__(&self) -> &'static str {
        "postseal.WAIT"
    }
}

/// The only one.
pub(crate) fn wait(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    static WAIT: PyOnceLock<Py<Wait>> = PyOnceLock::new();
    Ok(WAIT.get_or_try_init(py, || Py::new(py, Wait))?.bind(py).clone().into_any())
}

/// An operation that is worked on by one call at a time, and never while something is locked: its tracer may be Python.
#[derive(Debug)]
struct Shared<T> {
    slot: Mutex<Slot<T>>,
    call: Call,
}

#[derive(Debug)]
enum Slot<T> {
    Idle(T),
    Busy,
    Closed,
}

impl<T: Send> Shared<T> {
    const fn new(operation: T, call: Call) -> Self {
        Self { slot: Mutex::new(Slot::Idle(operation)), call }
    }

    /// Works on it. What ends the call ends the operation as well: what it gave would be lost.
    fn with<R: Send>(&self, py: Python<'_>, work: impl FnOnce(&mut T) -> R + Send) -> PyResult<R> {
        let mut operation = self.enter().ok_or_else(|| raise_code(py, Code::HandleInUse))?;
        let outcome = detached(py, &self.call.trouble, move || {
            let result = work(&mut operation);
            (operation, result)
        });
        let mut slot = locked(&self.slot);
        match outcome {
            Ok((operation, result)) if matches!(*slot, Slot::Busy) => {
                *slot = Slot::Idle(operation);
                Ok(result)
            }
            Ok((operation, result)) => {
                drop(slot);
                drop(operation);
                self.call.trouble.interrupt()?;
                Ok(result)
            }
            Err(error) => {
                *slot = Slot::Closed;
                Err(error)
            }
        }
    }

    /// The operation for one call, if it is free. One that was closed stays so.
    fn enter(&self) -> Option<T> {
        let mut slot = locked(&self.slot);
        match mem::replace(&mut *slot, Slot::Busy) {
            Slot::Idle(operation) => Some(operation),
            other => {
                *slot = other;
                None
            }
        }
    }

    /// Ends it, and raises what ends the call: its tracer is told of the end.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let before = mem::replace(&mut *locked(&self.slot), Slot::Closed);
        let Slot::Idle(operation) = before else { return Ok(()) };
        py.detach(|| drop(operation));
        self.call.trouble.interrupt()
    }
}

fn done<'py>(py: Python<'py>, result: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    Ok(Done { result: result.unbind() }.into_pyobject(py)?.into_any())
}

/// The import of one mail, in steps.
#[pyclass(frozen, module = "postseal")]
#[derive(Debug)]
pub(crate) struct ImportOperation(Shared<Box<Import>>);

impl ImportOperation {
    pub(crate) fn new(import: Import, call: Call) -> Self {
        Self(Shared::new(Box::new(import), call))
    }
}

#[pymethods]
impl ImportOperation {
    /// A question, `WAIT` when there is none now, or `Done` with the report.
    ///
    /// Raises `ApiMisuse` when the result was given already, or another call works on it.
    ///
    /// >>> importing.poll()
    /// <postseal.FindStoredQuestion>
    /// >>> importing.poll()
    /// postseal.WAIT
    fn poll<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let tracer = self.0.call.host.tracer();
        let step = self.0.with(py, |import| import.poll(&**tracer))?;
        match step.map_err(|error| raise(py, error))? {
            Step::Ask(question) => question.into_python(py),
            Step::Wait => wait(py),
            Step::Done(report) => done(py, reports::import(py, &report, &self.0.call.trouble)?),
        }
    }

    /// Takes the answer to one of the operation's own questions, in any order.
    ///
    /// Raises `ApiMisuse` for an answer that is spent, or is another operation's.
    ///
    /// >>> importing.handle(importing.poll().unavailable("store.db: locked"))
    /// >>> importing.poll().result.outcome
    /// 'deferred'
    fn handle(&self, py: Python<'_>, answer: &Answer) -> PyResult<()> {
        let trouble = &self.0.call.trouble;
        self.0.with(py, |import| import.handle(answer.take(trouble)?))?.map_err(|error| raise(py, error))
    }

    /// Ends the operation, whatever it waits for.
    ///
    /// >>> importing.close()
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.0.close(py)
    }

    const fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, py: Python<'_>, _raised: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.0.close(py)
    }

    fn __repr__(&self) -> &'static str {
        "<postseal.ImportOperation>"
    }
}

/// How far an encryption is.
#[derive(Debug)]
enum Encrypting {
    Resolving(Box<Resolve>),
    Passed(Encryption),
    Over,
}

/// One step of it.
enum Sealing {
    Asked(resolve::Ask),
    Waiting,
    Over(Vec<RecipientReport>, Result<Encryption, Unsealed>),
}

impl Encrypting {
    fn step(&mut self, mail: &[u8], call: &Call) -> Result<Sealing, Error> {
        match mem::replace(self, Self::Over) {
            Self::Resolving(mut resolve) => {
                let step = resolve.poll(&**call.host.tracer())?;
                *self = Self::Resolving(resolve);
                Ok(match step {
                    Step::Ask(question) => Sealing::Asked(question),
                    Step::Wait => Sealing::Waiting,
                    Step::Done(resolution) => {
                        let reports = resolution.reports().cloned().collect();
                        Sealing::Over(reports, resolution.seal(mail, &mut OsRandom))
                    }
                })
            }
            Self::Passed(encryption) => Ok(Sealing::Over(Vec::new(), Ok(encryption))),
            Self::Over => Err(Code::PolledWhileFinished.into()),
        }
    }

    fn handle(&mut self, answer: query::Answer) -> Result<(), Error> {
        match self {
            Self::Resolving(resolve) => resolve.handle(answer),
            Self::Passed(_) | Self::Over => Err(Code::ForeignAnswer.into()),
        }
    }
}

/// The encryption of one mail, in steps. Nothing leads from a question about a directory to a store.
#[pyclass(frozen, module = "postseal")]
#[derive(Debug)]
pub(crate) struct EncryptOperation {
    shared: Shared<Encrypting>,
    mail: PyBackedBytes,
    recipients: Mutex<Option<Py<PyTuple>>>,
}

impl EncryptOperation {
    pub(crate) fn new(begun: Begun, mail: PyBackedBytes, call: Call) -> Self {
        let state = match begun {
            Begun::Resolve(resolve) => Encrypting::Resolving(Box::new(resolve)),
            Begun::Passed(encryption) => Encrypting::Passed(encryption),
        };
        Self { shared: Shared::new(state, call), mail, recipients: Mutex::default() }
    }
}

#[pymethods]
impl EncryptOperation {
    /// A question, `WAIT` when there is none now, or `Done` with the encryption. Raises `Unsealed` when there is none.
    ///
    /// >>> encrypting.poll()
    /// <postseal.FindStoredQuestion>
    fn poll<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let Shared { call, .. } = &self.shared;
        let step = self.shared.with(py, |state| state.step(&self.mail, call))?;
        match step.map_err(|error| raise(py, error))? {
            Sealing::Asked(question) => question.into_python(py),
            Sealing::Waiting => wait(py),
            Sealing::Over(recipients, outcome) => {
                *locked(&self.recipients) = Some(reports::recipients(py, recipients.iter())?.unbind());
                let outcome = outcome.map_err(|unsealed| raise_unsealed(py, &unsealed, &call.trouble))?;
                done(py, reports::encryption(py, &outcome, &call.trouble)?)
            }
        }
    }

    /// Takes the answer to one of the operation's own questions, in any order.
    ///
    /// Raises `ApiMisuse` for an answer that is spent, or is another operation's.
    ///
    /// >>> question = encrypting.poll()
    /// >>> encrypting.handle(question.answer(store.find(question.query)))
    /// >>> encrypting.poll().result.messages[0].addresses
    /// ('alice@goal.example',)
    fn handle(&self, py: Python<'_>, answer: &Answer) -> PyResult<()> {
        let trouble = &self.shared.call.trouble;
        self.shared.with(py, |state| state.handle(answer.take(trouble)?))?.map_err(|error| raise(py, error))
    }

    /// What became of each recipient, once they are all resolved; `None` before.
    #[getter]
    fn recipients(&self, py: Python<'_>) -> Option<Py<PyTuple>> {
        locked(&self.recipients).as_ref().map(|recipients| recipients.clone_ref(py))
    }

    /// Ends the operation, whatever it waits for. What was lent for it is gone afterwards.
    ///
    /// >>> encrypting.close()
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.shared.close(py)
    }

    const fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, py: Python<'_>, _raised: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.shared.close(py)
    }

    fn __repr__(&self) -> &'static str {
        "<postseal.EncryptOperation>"
    }
}
