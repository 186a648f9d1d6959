//! What a store keeps, as Python sees it.

use crate::convert::{address, fingerprint, named, octets};
use crate::errors::raise;
use postseal::Certificate;
use postseal::UnixTime;
use postseal::cert::{Capabilities, Source};
use postseal::store::{State, Version};
use postseal::verify::Limits;
use postseal::{cert, store};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

/// A certificate that a store keeps, with what was known when it was stored. It may be shown and exported, and is checked
/// again each time it is used. Times are seconds since 1970.
///
/// Raises `Malformed` for what is no certificate, and `ApiMisuse` for what is no source or fingerprint.
///
/// >>> columns = (stored.der, stored.issuers, stored.issuer_key, stored.capabilities, stored.signed_at)
/// >>> postseal.StoredCert(*columns, stored.source, stored.imported_at) == stored
/// True
#[pyclass(frozen, eq, module = "postseal")]
#[derive(Debug, PartialEq)]
pub(crate) struct StoredCert(pub(crate) cert::StoredCert);

fn certificate(py: Python<'_>, der: &[u8]) -> PyResult<Certificate> {
    Certificate::from_der(der, &Limits::for_stored()).map_err(|error| raise(py, error))
}

type Row<'py> =
    (Bound<'py, PyBytes>, Bound<'py, PyTuple>, String, Option<Bound<'py, PyBytes>>, Option<i64>, &'static str, i64);

#[pymethods]
impl StoredCert {
    #[new]
    #[pyo3(signature = (der, issuers, issuer_key, capabilities, signed_at, source, imported_at))]
    #[expect(clippy::too_many_arguments, reason = "one for each column of a store")]
    fn new(
        py: Python<'_>,
        der: &[u8],
        issuers: Vec<Bound<'_, PyBytes>>,
        issuer_key: &str,
        capabilities: Option<Vec<u8>>,
        signed_at: Option<i64>,
        source: &str,
        imported_at: i64,
    ) -> PyResult<Self> {
        Ok(Self(cert::StoredCert {
            certificate: certificate(py, der)?,
            issuers: issuers.iter().map(|der| certificate(py, der.as_bytes())).collect::<PyResult<_>>()?,
            issuer_key: fingerprint(py, issuer_key)?,
            capabilities: capabilities.map(|der| Capabilities::new(der, signed_at.map(UnixTime::from_seconds))),
            source: named(py, Source::from_name(source), source)?,
            imported_at: UnixTime::from_seconds(imported_at),
        }))
    }

    /// The certificate, DER.
    #[getter]
    fn der<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        octets(py, self.0.certificate.der())
    }

    /// The CA certificates of the path that it was verified with, DER, nearest issuer first, without the anchor.
    #[getter]
    fn issuers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.issuers.iter().map(|issuer| octets(py, issuer.der())))
    }

    /// SHA-256 of the SubjectPublicKeyInfo that signed it, hexadecimal.
    #[getter]
    fn issuer_key(&self) -> String {
        self.0.issuer_key.to_string()
    }

    /// What its owner's client can read (SMIMECapabilities, RFC 8551 2.5.2), DER.
    #[getter]
    fn capabilities<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.0.capabilities.as_ref().map(|capabilities| octets(py, capabilities.der()))
    }

    /// When the capabilities were signed, as their signer says.
    #[getter]
    fn signed_at(&self) -> Option<i64> {
        self.0.capabilities.as_ref().and_then(Capabilities::signed_at).map(UnixTime::seconds)
    }

    /// Where it came from: "signed-mail" or "operator".
    #[getter]
    fn source(&self) -> &'static str {
        self.0.source.name()
    }

    /// When it was stored.
    #[getter]
    fn imported_at(&self) -> i64 {
        self.0.imported_at.seconds()
    }

    /// SHA-256 of the certificate, hexadecimal.
    #[getter]
    fn fingerprint(&self) -> String {
        self.0.certificate.fingerprint().to_string()
    }

    /// Start of its validity.
    #[getter]
    fn not_before(&self) -> i64 {
        self.0.certificate.not_before().seconds()
    }

    /// End of its validity.
    #[getter]
    fn not_after(&self) -> i64 {
        self.0.certificate.not_after().seconds()
    }

    fn __repr__(&self) -> String {
        format!("<postseal.StoredCert {}>", self.0.certificate.fingerprint())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Row<'py>)> {
        let (py, this) = (slf.py(), slf.get());
        let row = (
            this.der(py),
            this.issuers(py)?,
            this.issuer_key(),
            this.capabilities(py),
            this.signed_at(),
            this.source(),
            this.imported_at(),
        );
        Ok((slf.get_type().into_any(), row))
    }
}

type Parts<'py> = (String, u64, Bound<'py, PyTuple>);

/// Everything that a store keeps for one mailbox of one tenant: the address as it was first spelled, how often the entry was
/// changed, and certificates with their states, oldest first.
///
/// Raises `Malformed` for what is no address, and `ApiMisuse` for what is no state.
///
/// >>> postseal.Entry("alice@goal.example", 1, [(stored, "active")])
/// <postseal.Entry version 1, 1 certificates>
#[pyclass(frozen, eq, module = "postseal")]
#[derive(Debug, PartialEq)]
pub(crate) struct Entry(pub(crate) store::Entry);

#[pymethods]
impl Entry {
    #[new]
    fn new(py: Python<'_>, address: &str, version: u64, certs: Vec<(Bound<'_, StoredCert>, String)>) -> PyResult<Self> {
        let pair = |(stored, state): (Bound<'_, StoredCert>, String)| {
            Ok((stored.get().0.clone(), named(py, State::from_name(&state), &state)?))
        };
        let certs = certs.into_iter().map(pair).collect::<PyResult<_>>()?;
        Ok(Self(store::Entry { address: self::address(py, address)?, version: Version::new(version), certs }))
    }

    /// The entry of an address that nothing is kept for.
    ///
    /// >>> postseal.Entry.absent("alice@goal.example").version
    /// 0
    #[staticmethod]
    fn absent(py: Python<'_>, address: &str) -> PyResult<Self> {
        Ok(Self(store::Entry::absent(self::address(py, address)?)))
    }

    /// The mailbox as it was spelled when it was first stored.
    #[getter]
    fn address(&self) -> &str {
        self.0.address.as_str()
    }

    /// What addresses of the same mailbox have in common: the key of a store.
    #[getter]
    fn key(&self) -> &str {
        self.0.address.key()
    }

    /// How often the entry was changed; 0 when nothing was ever stored.
    #[getter]
    fn version(&self) -> u64 {
        self.0.version.number()
    }

    /// Certificates with their states.
    #[getter]
    fn certs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.certs.iter().map(|(stored, state)| (StoredCert(stored.clone()), state.name())))
    }

    /// The certificate in use: the pinned one, else the active one.
    #[getter]
    fn active(&self) -> Option<StoredCert> {
        self.0.active().cloned().map(StoredCert)
    }

    fn __repr__(&self) -> String {
        format!("<postseal.Entry version {}, {} certificates>", self.0.version.number(), self.0.certs.len())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Parts<'py>)> {
        let this = slf.get();
        Ok((slf.get_type().into_any(), (this.address().to_owned(), this.version(), this.certs(slf.py())?)))
    }
}

/// What becomes of an entry. The engine or an operator decided it, and every store carries it out with `apply`.
#[pyclass(frozen, module = "postseal")]
#[derive(Debug)]
pub(crate) struct Change(pub(crate) store::Change);

#[pymethods]
impl Change {
    /// "activate", "renew", "hold", "update-capabilities", "update-path" or "decide".
    #[getter]
    fn kind(&self) -> &'static str {
        match &self.0 {
            store::Change::Activate(_) => "activate",
            store::Change::Renew(_) => "renew",
            store::Change::Hold(_) => "hold",
            store::Change::UpdateCapabilities { .. } => "update-capabilities",
            store::Change::UpdatePath(_) => "update-path",
            store::Change::Decide { .. } => "decide",
            _ => "other",
        }
    }

    /// SHA-256 of the certificate in question, hexadecimal.
    #[getter]
    fn fingerprint(&self) -> Option<String> {
        let fingerprint = match &self.0 {
            store::Change::Activate(record)
            | store::Change::Renew(record)
            | store::Change::Hold(record)
            | store::Change::UpdatePath(record) => record.certificate().fingerprint(),
            store::Change::UpdateCapabilities { fingerprint, .. } | store::Change::Decide { fingerprint, .. } => {
                *fingerprint
            }
            _ => return None,
        };
        Some(fingerprint.to_string())
    }

    /// The entry after this change, with the next version; the same entry when nothing changes.
    ///
    /// >>> put.change.apply(postseal.Entry.absent("alice@goal.example"))
    /// <postseal.Entry version 1, 1 certificates>
    fn apply(&self, entry: &Entry) -> Entry {
        Entry(self.0.apply(entry.0.clone()))
    }

    fn __repr__(&self) -> String {
        format!("<postseal.Change {}>", self.kind())
    }
}

/// What came of a `PutStored`.
#[pyclass(frozen, eq, module = "postseal")]
#[derive(Debug, PartialEq)]
pub(crate) struct PutOutcome(pub(crate) store::PutOutcome);

#[pymethods]
impl PutOutcome {
    /// The change is durable.
    ///
    /// >>> postseal.PutOutcome.stored().entry is None
    /// True
    #[staticmethod]
    const fn stored() -> Self {
        Self(store::PutOutcome::Stored)
    }

    /// Somebody else changed the entry first; this is what it looks like now.
    ///
    /// >>> postseal.PutOutcome.conflict(postseal.Entry.absent("alice@goal.example")).entry.version
    /// 0
    #[staticmethod]
    fn conflict(entry: &Entry) -> Self {
        Self(store::PutOutcome::Conflict(entry.0.clone()))
    }

    /// The entry of somebody else; none when the change was stored.
    #[getter]
    fn entry(&self) -> Option<Entry> {
        match &self.0 {
            store::PutOutcome::Stored | store::PutOutcome::OverQuota(_) => None,
            store::PutOutcome::Conflict(entry) => Some(Entry(entry.clone())),
        }
    }

    fn __repr__(&self) -> &'static str {
        match &self.0 {
            store::PutOutcome::Stored => "<postseal.PutOutcome stored>",
            store::PutOutcome::Conflict(_) => "<postseal.PutOutcome conflict>",
            store::PutOutcome::OverQuota(_) => "<postseal.PutOutcome over quota>",
        }
    }
}
