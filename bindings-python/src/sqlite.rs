//! The embedded store.

use crate::entries::{Entry, PutOutcome};
use crate::errors::raise_with_detail;
use crate::queries::{FindStored, PutStored};
use postseal::Code;
use postseal::query::Unavailable;
use postseal::store::{CertStore, Tenant};
use postseal_adapters::store;
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

/// The certificates in one SQLite file, for as many threads and processes as there are.
///
/// Raises `Unavailable` when the file cannot be opened, is no store, or is that of a newer version.
///
/// >>> postseal.SqliteStore(folder / "store.db")
/// <postseal.SqliteStore>
#[pyclass(frozen, module = "postseal")]
#[derive(Debug)]
pub(crate) struct SqliteStore(Arc<store::SqliteStore>);

impl SqliteStore {
    /// The store itself, so that the engine needs no interpreter to ask it.
    pub(crate) fn shared(&self) -> Arc<store::SqliteStore> {
        Arc::clone(&self.0)
    }

    fn ask<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&store::SqliteStore) -> Result<T, Unavailable> + Send,
    ) -> PyResult<T> {
        let gone = |unavailable: Unavailable| raise_with_detail(py, Code::StoreUnavailable, unavailable.detail());
        py.detach(|| work(&self.0)).map_err(gone)
    }
}

#[pymethods]
impl SqliteStore {
    /// Opens the file, and makes it when there is none.
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let opened = py.detach(|| store::SqliteStore::open(&path));
        let opened = opened.map_err(|error| raise_with_detail(py, Code::StoreUnavailable, &error.to_string()))?;
        Ok(Self(Arc::new(opened)))
    }

    /// As `CertStore.find`.
    ///
    /// >>> sqlite.find(postseal.FindStored("default", ["bob@goal.example"]))
    /// [<postseal.Entry version 0, 0 certificates>]
    fn find(&self, py: Python<'_>, query: &FindStored) -> PyResult<Vec<Entry>> {
        Ok(self.ask(py, |store| store.find(&query.0))?.into_iter().map(Entry).collect())
    }

    /// As `CertStore.put`.
    ///
    /// >>> sqlite.put(put)
    /// <postseal.PutOutcome stored>
    fn put(&self, py: Python<'_>, query: &PutStored) -> PyResult<PutOutcome> {
        self.ask(py, |store| store.put(&query.0)).map(PutOutcome)
    }

    /// As `CertStore.entries`.
    ///
    /// >>> [entry.address for entry in sqlite.entries("default")]
    /// ['alice@goal.example']
    fn entries(&self, py: Python<'_>, tenant: &str) -> PyResult<Vec<Entry>> {
        let tenant = Tenant::new(tenant);
        Ok(self.ask(py, |store| store.entries(&tenant))?.into_iter().map(Entry).collect())
    }

    fn __repr__(&self) -> &'static str {
        "<postseal.SqliteStore>"
    }
}
