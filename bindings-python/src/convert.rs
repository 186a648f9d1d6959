//! Arguments and results: what Python has for what the engine has.

use crate::errors::{raise, raise_with_detail};
use postseal::store::Tenant;
use postseal::{Address, Code, Fingerprint, UnixTime};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyFloat, PyInt, PyString};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds since 1970, or an aware datetime; the system's clock without either.
pub(crate) fn time(now: Option<&Bound<'_, PyAny>>) -> PyResult<UnixTime> {
    let Some(now) = now else { return Ok(clock()) };
    if now.is_instance_of::<PyInt>() {
        return now.extract().map(UnixTime::from_seconds);
    }
    let now = match now.getattr_opt("tzinfo")? {
        Some(zone) if zone.is_none() => return Err(PyValueError::new_err("now has no time zone: it must be aware")),
        Some(_) => now.call_method0("timestamp")?,
        None => now.clone(),
    };
    if !now.is_instance_of::<PyFloat>() {
        return Err(PyTypeError::new_err("now is seconds since 1970 or an aware datetime"));
    }
    // Python's floor is exact, and fails for what is no number.
    now.call_method0("__floor__")?.extract().map(UnixTime::from_seconds)
}

fn clock() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime::from_seconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// When the time of a call is over.
pub(crate) fn deadline(timeout: Option<f64>) -> PyResult<Option<Instant>> {
    let Some(seconds) = timeout else { return Ok(None) };
    let length = Duration::try_from_secs_f64(seconds)
        .map_err(|_| PyValueError::new_err("timeout is a number of seconds, not negative"))?;
    let end = Instant::now().checked_add(length);
    end.map(Some).ok_or_else(|| PyOverflowError::new_err("timeout is too long"))
}

/// One mailbox.
pub(crate) fn address(py: Python<'_>, text: &str) -> PyResult<Address> {
    Address::parse(text).map_err(|error| raise(py, error))
}

/// Mailboxes; a single one may stand for itself.
pub(crate) fn addresses(texts: &Bound<'_, PyAny>) -> PyResult<Vec<Address>> {
    let py = texts.py();
    if let Ok(one) = texts.cast::<PyString>() {
        return Ok(vec![address(py, &one.to_cow()?)?]);
    }
    texts.try_iter()?.map(|text| address(py, &text?.cast::<PyString>()?.to_cow()?)).collect()
}

/// A tenant, the default one without a name.
pub(crate) fn tenant(name: Option<&str>) -> Tenant {
    name.map(Tenant::new).unwrap_or_default()
}

/// A fingerprint.
pub(crate) fn fingerprint(py: Python<'_>, text: &str) -> PyResult<Fingerprint> {
    text.parse().map_err(|error| raise(py, error))
}

/// A value by its name.
pub(crate) fn named<T>(py: Python<'_>, found: Option<T>, name: &str) -> PyResult<T> {
    found.ok_or_else(|| raise_with_detail(py, Code::ValueUnknown, name))
}

/// Octets for Python.
pub(crate) fn octets<'py>(py: Python<'py>, octets: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, octets)
}
