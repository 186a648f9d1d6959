//! What a directory of the host lends: it goes in, and never comes out of anything.

use crate::convert::address;
use crate::errors::{Trouble, locked, raise, raise_code};
use postseal::cert::{Capabilities, TransientCert};
use postseal::query::Unavailable;
use postseal::verify::Limits;
use postseal::{Code, UnixTime, directory};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::sync::Mutex;

/// A certificate that a directory lends for one delivery. It is read and checked when it is used, overwritten afterwards, and
/// cannot be looked at, copied or kept. The octets are taken from any object with a buffer; what the host does with its own copy
/// is the host's.
///
/// `issuers` are CA certificates that came beside it; `capabilities` (DER) are those that its owner signed, at `signed_at`, and whoever
/// gives them has verified that signature; `preferred` is the one that the owner prefers among several.
///
/// >>> postseal.LentCertificate(stored.der, issuers=stored.issuers)
/// <postseal.LentCertificate>
#[pyclass(frozen, module = "postseal")]
#[derive(Debug)]
pub(crate) struct LentCertificate(Mutex<Option<TransientCert>>);

impl LentCertificate {
    fn of(lent: TransientCert) -> Self {
        Self(Mutex::new(Some(lent)))
    }

    fn take(&self, py: Python<'_>) -> PyResult<TransientCert> {
        let taken = locked(&self.0).take();
        taken.ok_or_else(|| raise_code(py, Code::HandleInUse))
    }
}

#[pymethods]
impl LentCertificate {
    /// With CA certificates that came beside it, with the capabilities that its owner signed (whoever gives them has verified
    /// that signature), and as the one that the owner prefers.
    #[new]
    #[pyo3(signature = (der, *, issuers = None, capabilities = None, signed_at = None, preferred = false))]
    fn new(
        py: Python<'_>,
        der: PyBuffer<u8>,
        issuers: Option<Vec<PyBuffer<u8>>>,
        capabilities: Option<Vec<u8>>,
        signed_at: Option<i64>,
        preferred: bool,
    ) -> PyResult<Self> {
        let issuers = issuers.unwrap_or_default();
        let issuers = issuers.iter().map(|issuer| issuer.to_vec(py)).collect::<PyResult<_>>()?;
        let mut lent = TransientCert::from_der(der.to_vec(py)?).with_issuers(issuers);
        if let Some(capabilities) = capabilities {
            lent = lent.with_capabilities(Capabilities::new(capabilities, signed_at.map(UnixTime::from_seconds)));
        }
        Ok(Self::of(if preferred { lent.preferred() } else { lent }))
    }

    /// From a SignedData that a directory has for `about` (userSMIMECertificate, RFC 2798 2.8): each certificate in it, with
    /// what its owner signed as far as the signature holds.
    ///
    /// Raises `Malformed` or `LimitExceeded` when it is none.
    ///
    /// >>> postseal.LentCertificate.from_cms(b"no object", "alice@goal.example")
    /// Traceback (most recent call last):
    /// postseal._errors.Malformed: An ASN.1 element ends before its length says (X.690 8.1).
    #[staticmethod]
    fn from_cms(py: Python<'_>, cms: PyBuffer<u8>, about: &str) -> PyResult<Vec<Self>> {
        let (cms, about) = (cms.to_vec(py)?, address(py, about)?);
        let lent = TransientCert::from_cms(&cms, &about, &Limits::default()).map_err(|error| raise(py, error))?;
        Ok(lent.into_iter().map(Self::of).collect())
    }

    fn __repr__(&self) -> &'static str {
        "<postseal.LentCertificate>"
    }
}

/// What a directory says about one address. It is spent when the engine takes it.
#[pyclass(frozen, module = "postseal")]
#[derive(Debug)]
pub(crate) struct DirectoryReply {
    reply: Mutex<Option<directory::DirectoryReply>>,
    trouble: Trouble,
}

impl DirectoryReply {
    fn of(reply: directory::DirectoryReply) -> Self {
        Self { reply: Mutex::new(Some(reply)), trouble: Trouble::default() }
    }

    /// Spends it. `trouble` takes over the exception that is behind it.
    pub(crate) fn take(&self, py: Python<'_>, trouble: &Trouble) -> PyResult<directory::DirectoryReply> {
        trouble.adopt(py, &self.trouble);
        let taken = locked(&self.reply).take();
        taken.ok_or_else(|| raise_code(py, Code::HandleInUse))
    }
}

#[pymethods]
impl DirectoryReply {
    /// These certificates, whatever they are worth. They are spent on it.
    ///
    /// Raises `ApiMisuse` when one of them is spent already.
    ///
    /// >>> postseal.DirectoryReply.found([postseal.LentCertificate(stored.der)])
    /// <postseal.DirectoryReply>
    #[staticmethod]
    fn found(py: Python<'_>, lent: Vec<Bound<'_, LentCertificate>>) -> PyResult<Self> {
        let lent = lent.iter().map(|lent| lent.get().take(py)).collect::<PyResult<_>>()?;
        Ok(Self::of(directory::DirectoryReply::Found(lent)))
    }

    /// These certificates, and perhaps more: the directory was not heard to its end, because of `reason`. Where none of them
    /// can be used, nobody knows whether there is one that can.
    ///
    /// Raises `ApiMisuse` when one of them is spent already.
    ///
    /// >>> postseal.DirectoryReply.partial([postseal.LentCertificate(stored.der)], "directory.example: size limit")
    /// <postseal.DirectoryReply>
    #[staticmethod]
    fn partial(py: Python<'_>, lent: Vec<Bound<'_, LentCertificate>>, reason: &Bound<'_, PyAny>) -> PyResult<Self> {
        let trouble = Trouble::default();
        let reason = why(reason, &trouble)?;
        let lent = lent.iter().map(|lent| lent.get().take(py)).collect::<PyResult<_>>()?;
        let reply = Mutex::new(Some(directory::DirectoryReply::Partial(lent, reason)));
        Ok(Self { reply, trouble })
    }

    /// The directory was asked, and has none.
    ///
    /// >>> postseal.DirectoryReply.not_found()
    /// <postseal.DirectoryReply>
    #[staticmethod]
    fn not_found() -> Self {
        Self::of(directory::DirectoryReply::NotFound)
    }

    /// The directory could not be asked, or did not answer in time. `reason` names a host or a file, never a person.
    ///
    /// >>> postseal.DirectoryReply.unavailable("directory.example: no route")
    /// <postseal.DirectoryReply>
    #[staticmethod]
    fn unavailable(reason: &Bound<'_, PyAny>) -> PyResult<Self> {
        let trouble = Trouble::default();
        let reply = Mutex::new(Some(directory::DirectoryReply::Unavailable(why(reason, &trouble)?)));
        Ok(Self { reply, trouble })
    }

    fn __repr__(&self) -> &'static str {
        "<postseal.DirectoryReply>"
    }
}

/// Why something did not answer: a text of the host, or an exception, of which the trace and the reports get the class.
/// `trouble` keeps the exception itself.
pub(crate) fn why(reason: &Bound<'_, PyAny>, trouble: &Trouble) -> PyResult<Unavailable> {
    if reason.is_instance_of::<PyException>() {
        let class = reason.get_type().qualname()?.to_string();
        trouble.record(reason.py(), PyErr::from_value(reason.clone()));
        return Ok(Unavailable::because(class));
    }
    Ok(Unavailable::because(reason.cast::<PyString>()?.to_cow()?))
}
