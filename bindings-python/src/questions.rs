//! Questions, and the answers that they are spent on.

use crate::errors::{Trouble, locked, raise_code};
use crate::lent::why;
use crate::queries::{self, body, entries, put_outcome, replies};
use postseal::query::{self, Pending};
use postseal::{Code, Error, import, resolve};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use std::sync::Mutex;

/// A spent question. Only a question makes one, only the operation that asked takes it, and once.
#[pyclass(frozen, module = "postseal")]
#[derive(Debug)]
pub(crate) struct Answer {
    answer: Mutex<Option<query::Answer>>,
    trouble: Trouble,
}

impl Answer {
    /// Spends it: only whoever works on the operation may, or an answer that was refused for that would be lost. `trouble` takes
    /// over the exception that is behind it.
    pub(crate) fn take(&self, trouble: &Trouble) -> Result<query::Answer, Error> {
        let answer = locked(&self.answer).take().ok_or(Code::QuestionAnswered)?;
        // Without an interpreter there is nobody to raise it to.
        let _ = Python::try_attach(|py| trouble.adopt(py, &self.trouble));
        Ok(answer)
    }
}

#[pymethods]
impl Answer {
    fn __repr__(&self) -> &'static str {
        "<postseal.Answer>"
    }
}

/// What is no answer to the question is a misuse of it; what the host itself raises meanwhile stays what it is.
fn wrong_kind(py: Python<'_>, error: PyErr) -> PyErr {
    if !error.is_instance_of::<PyTypeError>(py) && !error.is_instance_of::<PyValueError>(py) {
        return error;
    }
    let misuse = raise_code(py, Code::AnswerKind);
    misuse.set_cause(py, Some(error));
    misuse
}

macro_rules! question {
    ($(#[$doc:meta])* $name:ident, $query:ident, |$reply:ident, $asked:ident, $trouble:ident| $read:expr) => {
        $(#[$doc])*
        #[pyclass(frozen, module = "postseal")]
        #[derive(Debug)]
        pub(crate) struct $name {
            asked: query::$query,
            pending: Mutex<Option<Pending<query::$query>>>,
        }

        impl $name {
            fn new(pending: Pending<query::$query>) -> Self {
                Self { asked: pending.query().clone(), pending: Mutex::new(Some(pending)) }
            }

            fn spend(&self, py: Python<'_>) -> PyResult<Pending<query::$query>> {
                locked(&self.pending).take().ok_or_else(|| raise_code(py, Code::QuestionAnswered))
            }
        }

        #[pymethods]
        impl $name {
            /// What is asked.
            #[getter]
            fn query(&self) -> queries::$query {
                queries::$query(self.asked.clone())
            }

            /// Spends the question on its answer. When that is none, the question stays open.
            ///
            /// Raises `ApiMisuse` when it is spent already, or for what is no answer to it.
            ///
            /// >>> question = encrypting.poll()
            /// >>> question.answer(store.find(question.query))
            /// <postseal.Answer>
            fn answer(&self, reply: &Bound<'_, PyAny>) -> PyResult<Answer> {
                let (py, $trouble) = (reply.py(), Trouble::default());
                if locked(&self.pending).is_none() {
                    return Err(raise_code(py, Code::QuestionAnswered));
                }
                let ($reply, $asked) = (reply, &self.asked);
                let read = $read.map_err(|error| wrong_kind(py, error))?;
                Ok(Answer { answer: Mutex::new(Some(self.spend(py)?.answer(Ok(read)))), trouble: $trouble })
            }

            /// Spends the question: nobody answers it. `reason` is a text for the host's own log, or the exception.
            ///
            /// Raises `ApiMisuse` when it is spent already.
            ///
            /// >>> encrypting.poll().unavailable(TimeoutError())
            /// <postseal.Answer>
            fn unavailable(&self, reason: &Bound<'_, PyAny>) -> PyResult<Answer> {
                let trouble = Trouble::default();
                let why = why(reason, &trouble)?;
                Ok(Answer { answer: Mutex::new(Some(self.spend(reason.py())?.answer(Err(why)))), trouble })
            }

            fn __repr__(&self) -> &'static str {
                concat!("<postseal.", stringify!($name), ">")
            }
        }
    };
}

question! {
    /// What is kept for these addresses: a list of one `Entry` for each.
    FindStoredQuestion, FindStored, |reply, asked, _trouble| entries(reply, asked.addresses.len())
}
question! {
    /// A change to an entry: a `PutOutcome`.
    PutStoredQuestion, PutStored, |reply, _asked, _trouble| put_outcome(reply)
}
question! {
    /// What a directory lends: a list of one `DirectoryReply` for each address.
    ResolveDirectoryQuestion, ResolveDirectory, |reply, asked, trouble| replies(reply, asked.addresses.len(), &trouble)
}
question! {
    /// A revocation list: its octets.
    FetchCrlQuestion, FetchCrl, |reply, _asked, _trouble| body(reply)
}
question! {
    /// An OCSP response: its octets.
    FetchOcspQuestion, FetchOcsp, |reply, _asked, _trouble| body(reply)
}
question! {
    /// A certificate's issuer: the octets of a certificate or of a certs-only CMS.
    FetchIssuerQuestion, FetchIssuer, |reply, _asked, _trouble| body(reply)
}

/// A question as Python sees it.
pub(crate) trait Asked {
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>>;
}

impl Asked for import::Ask {
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::FindStored(pending) => Ok(FindStoredQuestion::new(pending).into_pyobject(py)?.into_any()),
            Self::PutStored(pending) => Ok(PutStoredQuestion::new(pending).into_pyobject(py)?.into_any()),
            Self::FetchCrl(pending) => Ok(FetchCrlQuestion::new(pending).into_pyobject(py)?.into_any()),
            Self::FetchOcsp(pending) => Ok(FetchOcspQuestion::new(pending).into_pyobject(py)?.into_any()),
            _ => Err(raise_code(py, Code::InternalError)),
        }
    }
}

impl Asked for resolve::Ask {
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::FindStored(pending) => Ok(FindStoredQuestion::new(pending).into_pyobject(py)?.into_any()),
            Self::ResolveDirectory(pending) => Ok(ResolveDirectoryQuestion::new(pending).into_pyobject(py)?.into_any()),
            Self::FetchCrl(pending) => Ok(FetchCrlQuestion::new(pending).into_pyobject(py)?.into_any()),
            Self::FetchOcsp(pending) => Ok(FetchOcspQuestion::new(pending).into_pyobject(py)?.into_any()),
            Self::FetchIssuer(pending) => Ok(FetchIssuerQuestion::new(pending).into_pyobject(py)?.into_any()),
            _ => Err(raise_code(py, Code::InternalError)),
        }
    }
}
