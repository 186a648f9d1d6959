//! Stores, directories, fetchers and tracers that are Python objects. Each is made for one call, so that what goes wrong in it
//! comes out of that call and of no other. The engine calls them with nothing locked and the interpreter released.

use crate::entries::Entry;
use crate::errors::Trouble;
use crate::queries::{FetchCrl, FetchIssuer, FetchOcsp, FindStored, PutStored, ResolveDirectory};
use crate::queries::{body, entries, put_outcome, replies};
use crate::reports;
use postseal::directory::{self, DirectoryResolver};
use postseal::fetch::Fetcher;
use postseal::query::{self, Unavailable};
use postseal::store::{self, CertStore, Tenant};
use postseal::trace::{Event, Tracer};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::sync::Arc;

/// A Python object, and where its exceptions go.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) object: Py<PyAny>,
    pub(crate) trouble: Arc<Trouble>,
}

impl Own {
    /// Calls a method and reads what it gives. Whatever goes wrong is an answer that is missing.
    fn ask<'a, T>(
        &self,
        method: &str,
        arguments: impl FnOnce(Python<'_>) -> PyResult<Bound<'_, PyTuple>> + 'a,
        read: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>,
    ) -> Result<T, Unavailable> {
        let call = |py: Python<'_>| {
            let reply = self.object.bind(py).call_method1(method, arguments(py)?)?;
            read(&reply)
        };
        let outcome = Python::try_attach(|py| {
            call(py).map_err(|error| {
                let class = error.get_type(py).qualname().map(|name| name.to_string());
                self.trouble.record(py, error);
                Unavailable::because(class.unwrap_or_default())
            })
        });
        outcome.unwrap_or_else(|| Err(Unavailable::because("the interpreter is shutting down")))
    }
}

impl CertStore for Own {
    fn find(&self, query: &query::FindStored) -> Result<Vec<store::Entry>, Unavailable> {
        let count = query.addresses.len();
        self.ask("find", |py| (FindStored(query.clone()),).into_pyobject(py), |reply| entries(reply, count))
    }

    fn put(&self, query: &query::PutStored) -> Result<store::PutOutcome, Unavailable> {
        self.ask("put", |py| (PutStored(query.clone()),).into_pyobject(py), put_outcome)
    }

    fn entries(&self, tenant: &Tenant) -> Result<Vec<store::Entry>, Unavailable> {
        let all = |reply: &Bound<'_, PyAny>| {
            reply.try_iter()?.map(|entry| Ok(entry?.cast::<Entry>()?.get().0.clone())).collect()
        };
        self.ask("entries", |py| (tenant.name(),).into_pyobject(py), all)
    }
}

impl DirectoryResolver for Own {
    fn resolve(&self, query: &query::ResolveDirectory) -> Result<Vec<directory::DirectoryReply>, Unavailable> {
        let count = query.addresses.len();
        self.ask(
            "resolve",
            |py| (ResolveDirectory(query.clone()),).into_pyobject(py),
            |reply| replies(reply, count, &self.trouble),
        )
    }
}

impl Fetcher for Own {
    fn fetch_crl(&self, query: &query::FetchCrl) -> Result<Vec<u8>, Unavailable> {
        self.ask("fetch_crl", |py| (FetchCrl(query.clone()),).into_pyobject(py), body)
    }

    fn fetch_ocsp(&self, query: &query::FetchOcsp) -> Result<Vec<u8>, Unavailable> {
        self.ask("fetch_ocsp", |py| (FetchOcsp(query.clone()),).into_pyobject(py), body)
    }

    fn fetch_issuer(&self, query: &query::FetchIssuer) -> Result<Vec<u8>, Unavailable> {
        self.ask("fetch_issuer", |py| (FetchIssuer(query.clone()),).into_pyobject(py), body)
    }
}

impl Tracer for Own {
    fn event(&self, event: &Event) {
        // Without an interpreter there is nobody to tell.
        let _ = Python::try_attach(|py| {
            // An operation may end, and tell so, while an exception is on its way.
            let on_its_way = PyErr::take(py);
            let told = reports::event(py, event).and_then(|event| self.object.bind(py).call1((event,)));
            match told {
                Ok(_) => {}
                // A tracer changes no verdict.
                Err(error) if error.is_instance_of::<PyException>(py) => {
                    error.write_unraisable(py, Some(self.object.bind(py)));
                }
                Err(interrupt) => self.trouble.record(py, interrupt),
            }
            if let Some(error) = on_its_way {
                error.restore(py);
            }
        });
    }
}
