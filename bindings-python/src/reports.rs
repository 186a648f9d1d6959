//! Results. Their classes are Python's dataclasses (`postseal/_reports.py`), so that they can be pickled and compared.

use crate::convert::octets;
use crate::errors::{Trouble, instance};
use postseal::import::Report;
use postseal::query::Unavailable;
use postseal::resolve::{RecipientReport, Rejected};
use postseal::seal::{Encryption, Sealed};
use postseal::trace::Event;
use postseal::{Address, Error, Fingerprint, UnixTime};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};
use serde_json::Value;

/// The class of this name in `postseal._reports`.
macro_rules! class {
    ($py:ident, $name:literal) => {{
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        CLASS.import($py, "postseal._reports", $name)
    }};
}

fn error<'py>(py: Python<'py>, error: Option<Error>) -> PyResult<Option<Bound<'py, PyAny>>> {
    error.map(|error| instance(py, error, None)).transpose()
}

fn hexadecimal(fingerprint: Option<Fingerprint>) -> Option<String> {
    fingerprint.map(|fingerprint| fingerprint.to_string())
}

/// What became of one mail, with the exception of the host's own objects that it came from.
pub(crate) fn import<'py>(py: Python<'py>, report: &Report, trouble: &Trouble) -> PyResult<Bound<'py, PyAny>> {
    let proof = (report.signature.name(), report.path.name(), report.candidate.map(|kind| kind.name()));
    class!(py, "ImportReport")?.call1((
        report.outcome.name(),
        report.message_id.as_ref().map(|id| id.expose().as_str()),
        report.address.as_ref().map(|address| address.expose().as_str()),
        hexadecimal(report.fingerprint),
        report.not_before.map(UnixTime::seconds),
        report.not_after.map(UnixTime::seconds),
        proof.0,
        proof.1,
        proof.2,
        error(py, report.error)?,
        report.unavailable.as_ref().map(Unavailable::detail),
        trouble.cause(py),
    ))
}

fn rejected<'py>(py: Python<'py>, rejected: &Rejected) -> PyResult<Bound<'py, PyAny>> {
    let fingerprint = hexadecimal(rejected.fingerprint);
    class!(py, "Rejected")?.call1((rejected.source.name(), fingerprint, instance(py, rejected.error, None)?))
}

fn recipient<'py>(py: Python<'py>, report: &RecipientReport) -> PyResult<Bound<'py, PyAny>> {
    let found = report
        .found
        .iter()
        .map(|found| class!(py, "Found")?.call1((found.source.name(), found.fingerprint.to_string())));
    let rejected = report.rejected.iter().map(|candidate| rejected(py, candidate));
    class!(py, "RecipientReport")?.call1((
        report.address.expose().as_str(),
        report.hidden,
        report.outcome.name(),
        PyTuple::new(py, found.collect::<PyResult<Vec<_>>>()?)?,
        PyTuple::new(py, rejected.collect::<PyResult<Vec<_>>>()?)?,
        error(py, report.error)?,
        report.unavailable.as_ref().map(Unavailable::detail),
        report.needs_operator,
        report.may_get_plaintext(),
    ))
}

/// What became of recipients, in their order.
pub(crate) fn recipients<'py, 'a>(
    py: Python<'py>,
    reports: impl Iterator<Item = &'a RecipientReport>,
) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, reports.map(|report| recipient(py, report)).collect::<PyResult<Vec<_>>>()?)
}

fn sealed<'py>(py: Python<'py>, sealed: &Sealed) -> PyResult<Bound<'py, PyAny>> {
    let addresses = PyTuple::new(py, sealed.addresses.iter().map(Address::as_str))?;
    let (name, mail) = (sealed.content_encryption.name(), octets(py, &sealed.mail));
    class!(py, "Sealed")?.call1((addresses, sealed.hidden, name, mail))
}

/// What came of encrypting one mail, with the exception of the host's own objects that it came from.
pub(crate) fn encryption<'py>(
    py: Python<'py>,
    encryption: &Encryption,
    trouble: &Trouble,
) -> PyResult<Bound<'py, PyAny>> {
    let messages = encryption.messages.iter().map(|message| sealed(py, message)).collect::<PyResult<Vec<_>>>()?;
    class!(py, "Encryption")?.call1((
        PyTuple::new(py, messages)?,
        recipients(py, encryption.left_out.iter())?,
        encryption.plaintext_allowed,
        encryption.is_passed,
        trouble.cause(py),
    ))
}

/// A decision, in the form that the JSON Lines have.
pub(crate) fn event<'py>(py: Python<'py>, event: &Event) -> PyResult<Bound<'py, PyAny>> {
    let mut members = match postseal_adapters::trace::to_json(event) {
        Value::Object(members) => members,
        _ => serde_json::Map::new(),
    };
    let mut take = |name: &str| json(py, &members.remove(name).unwrap_or_default());
    let head = (take("at")?, take("event")?, take("tenant")?, take("route")?, take("message_id")?, take("address")?);
    let details = PyDict::new(py);
    for (name, value) in &members {
        details.set_item(name, json(py, value)?)?;
    }
    class!(py, "Event")?.call1((head.0, head.1, head.2, head.3, head.4, head.5, details))
}

/// A member of an event: these are texts, numbers, truth values and null.
fn json<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::String(text) => text.into_pyobject(py)?.into_any(),
        Value::Bool(truth) => truth.into_pyobject(py)?.to_owned().into_any(),
        Value::Number(number) => number.as_u64().into_pyobject(py)?,
        _ => py.None().into_bound(py),
    })
}
