//! The extension module of the Python package `postseal`. It converts arguments, answers and results, gives other threads the
//! interpreter while the engine works, and decides nothing.

mod convert;
mod engine;
mod entries;
mod errors;
mod lent;
mod own;
mod queries;
mod questions;
mod reports;
mod sqlite;
mod steps;
#[cfg(feature = "test-panic")]
mod test_panic;

use postseal::Address;
use pyo3::prelude::*;

/// What addresses of the same mailbox have in common: a store's key for them.
///
/// Raises `Malformed` for what is no address.
///
/// >>> postseal.address_key("Alice@GOAL.example")
/// 'alice@goal.example'
#[pyfunction]
fn address_key(py: Python<'_>, address: &str) -> PyResult<String> {
    Address::parse(address).map(|address| address.key().to_owned()).map_err(|error| errors::raise(py, error))
}

#[pymodule]
mod _postseal {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::address_key;
    #[pymodule_export]
    use super::engine::Engine;
    #[pymodule_export]
    use super::entries::{Change, Entry, PutOutcome, StoredCert};
    #[pymodule_export]
    use super::lent::{DirectoryReply, LentCertificate};
    #[pymodule_export]
    use super::queries::{FetchCrl, FetchIssuer, FetchOcsp, FindStored, PutStored, ResolveDirectory};
    #[pymodule_export]
    use super::questions::{
        Answer, FetchCrlQuestion, FetchIssuerQuestion, FetchOcspQuestion, FindStoredQuestion, PutStoredQuestion,
        ResolveDirectoryQuestion,
    };
    #[pymodule_export]
    use super::sqlite::SqliteStore;
    #[pymodule_export]
    use super::steps::{Done, EncryptOperation, ImportOperation, Wait};

    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        #[cfg(feature = "test-panic")]
        super::test_panic::add(module)?;
        module.add("CODES", super::errors::table(py)?)?;
        module.add("WAIT", super::steps::wait(py)?)
    }
}
