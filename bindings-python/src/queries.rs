//! What the engine asks its host, and what the host answers.

use crate::convert::{addresses, octets, tenant};
use crate::entries::{Change, Entry, PutOutcome};
use crate::errors::Trouble;
use crate::lent::DirectoryReply;
use postseal::directory::DirectoryId;
use postseal::store::Version;
use postseal::{Address, query, store};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PySequence, PyString, PyTuple};

fn texts<'py>(py: Python<'py>, addresses: &[Address]) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, addresses.iter().map(Address::as_str))
}

fn keys<'py>(py: Python<'py>, addresses: &[Address]) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, addresses.iter().map(Address::key))
}

/// What is kept for these addresses. The answer has one `Entry` for each, in the same order, also for those that have none.
///
/// >>> postseal.FindStored("default", ["Alice@GOAL.example"]).keys
/// ('alice@goal.example',)
#[pyclass(frozen, module = "postseal")]
#[derive(Debug)]
pub(crate) struct FindStored(pub(crate) query::FindStored);

#[pymethods]
impl FindStored {
    #[new]
    fn new(tenant: &str, addresses: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self(query::FindStored::new(self::tenant(Some(tenant)), self::addresses(addresses)?)))
    }

    /// Whose store.
    #[getter]
    fn tenant(&self) -> &str {
        self.0.tenant.name()
    }

    /// The mailboxes, each once.
    #[getter]
    fn addresses<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        texts(py, &self.0.addresses)
    }

    /// Their keys, in the same order: two spellings of one mailbox have the same.
    #[getter]
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        keys(py, &self.0.addresses)
    }

    fn __repr__(&self) -> String {
        format!("<postseal.FindStored {} addresses>", self.0.addresses.len())
    }
}

/// Change the entry of one address, if it still has the expected version.
///
/// >>> postseal.PutStored("default", "alice@goal.example", 0, put.change).expect
/// 0
#[pyclass(frozen, module = "postseal")]
#[derive(Debug)]
pub(crate) struct PutStored(pub(crate) query::PutStored);

#[pymethods]
impl PutStored {
    #[new]
    fn new(py: Python<'_>, tenant: &str, address: &str, expect: u64, change: &Change) -> PyResult<Self> {
        let address = crate::convert::address(py, address)?;
        let (tenant, expect) = (self::tenant(Some(tenant)), Version::new(expect));
        Ok(Self(query::PutStored::new(tenant, address, expect, change.0.clone())))
    }

    /// Whose store.
    #[getter]
    fn tenant(&self) -> &str {
        self.0.tenant.name()
    }

    /// The mailbox.
    #[getter]
    fn address(&self) -> &str {
        self.0.address.as_str()
    }

    /// Its key: two spellings of one mailbox have the same.
    #[getter]
    fn key(&self) -> &str {
        self.0.address.key()
    }

    /// The version of the entry that the change was decided on.
    #[getter]
    fn expect(&self) -> u64 {
        self.0.expect.number()
    }

    /// What to change.
    #[getter]
    fn change(&self) -> Change {
        Change(self.0.change.clone())
    }

    fn __repr__(&self) -> String {
        format!("<postseal.PutStored expecting version {}>", self.0.expect.number())
    }
}

/// Certificates that a directory lends for these addresses. The answer has one `DirectoryReply` for each, in the same order.
///
/// >>> postseal.ResolveDirectory("default", "staff", ["alice@goal.example"]).directory
/// 'staff'
#[pyclass(frozen, module = "postseal")]
#[derive(Debug)]
pub(crate) struct ResolveDirectory(pub(crate) query::ResolveDirectory);

#[pymethods]
impl ResolveDirectory {
    #[new]
    fn new(tenant: &str, directory: &str, addresses: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (tenant, directory) = (self::tenant(Some(tenant)), DirectoryId::new(directory));
        Ok(Self(query::ResolveDirectory::new(tenant, directory, self::addresses(addresses)?)))
    }

    /// For whom.
    #[getter]
    fn tenant(&self) -> &str {
        self.0.tenant.name()
    }

    /// The name of the directory.
    #[getter]
    fn directory(&self) -> &str {
        self.0.directory.name()
    }

    /// The mailboxes, each once.
    #[getter]
    fn addresses<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        texts(py, &self.0.addresses)
    }

    /// Their keys, in the same order: two spellings of one mailbox have the same.
    #[getter]
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        keys(py, &self.0.addresses)
    }

    fn __repr__(&self) -> String {
        format!("<postseal.ResolveDirectory {} addresses>", self.0.addresses.len())
    }
}

macro_rules! fetch {
    ($(#[$doc:meta])* $name:ident { $($extra:item)* }) => {
        $(#[$doc])*
        #[pyclass(frozen, module = "postseal")]
        #[derive(Debug)]
        pub(crate) struct $name(pub(crate) query::$name);

        #[pymethods]
        impl $name {
            /// The URL: http or https.
            #[getter]
            fn at(&self) -> &str {
                &self.0.at
            }

            /// Octets that the answer may have.
            #[getter]
            const fn limit(&self) -> usize {
                self.0.limit
            }

            fn __repr__(&self) -> &'static str {
                concat!("<postseal.", stringify!($name), ">")
            }

            $($extra)*
        }
    };
}

fetch! {
    /// The revocation list at an address that a certificate names. The answer is DER, or PEM, as it was served.
    FetchCrl {}
}
fetch! {
    /// The answer of an OCSP responder that a certificate names (RFC 6960 appendix A.1: a POST).
    FetchOcsp {
        /// The OCSPRequest, DER.
        #[getter]
        fn request<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
            octets(py, &self.0.request)
        }
    }
}
fetch! {
    /// The issuer of a certificate, from where the certificate says (RFC 5280 4.2.2.1).
    FetchIssuer {}
}

/// What a sequence holds, which a text or octets are not. How much it should be is the engine's to say; more than one too many is
/// not looked at.
fn listed<'py, T>(
    reply: &Bound<'py, PyAny>,
    expected: usize,
    read: impl Fn(Bound<'py, PyAny>) -> PyResult<T>,
) -> PyResult<Vec<T>> {
    let octets = reply.is_instance_of::<PyBytes>() || reply.is_instance_of::<PyByteArray>();
    if octets || reply.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("the answer is a list, with one reply for each address"));
    }
    let items = reply.cast::<PySequence>()?.try_iter()?.take(expected.saturating_add(1));
    items.map(|item| item.and_then(&read)).collect()
}

/// The entries of a store.
pub(crate) fn entries(reply: &Bound<'_, PyAny>, expected: usize) -> PyResult<Vec<store::Entry>> {
    listed(reply, expected, |entry| Ok(entry.cast::<Entry>()?.get().0.clone()))
}

/// What a store says about a change.
pub(crate) fn put_outcome(reply: &Bound<'_, PyAny>) -> PyResult<store::PutOutcome> {
    Ok(reply.cast::<PutOutcome>()?.get().0.clone())
}

/// The replies of a directory. They are spent here.
pub(crate) fn replies(
    reply: &Bound<'_, PyAny>,
    expected: usize,
    trouble: &Trouble,
) -> PyResult<Vec<postseal::directory::DirectoryReply>> {
    let py = reply.py();
    // First all of them, then each is spent: a reply that is none spends no other.
    let all = listed(reply, expected, |reply| Ok(reply.cast_into::<DirectoryReply>()?))?;
    all.iter().map(|reply| reply.get().take(py, trouble)).collect()
}

/// What a fetcher brings.
pub(crate) fn body(reply: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    Ok(reply.cast::<PyBytes>()?.as_bytes().to_vec())
}
