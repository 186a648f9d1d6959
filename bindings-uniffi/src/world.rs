//! What the host carries out itself, blocking, as the engine's own traits.

use crate::cert::{Entry, PutOutcome};
use crate::error::{EngineError, HostError};
use crate::lent::DirectoryReply;
use crate::question::{FetchCrl, FetchIssuer, FetchOcsp, FindStored, PutStored, ResolveDirectory};
use core::fmt;
use postseal::query::{self, Unavailable};
use postseal::store::{self, Tenant};
use postseal::{directory, fetch};
use std::sync::Arc;

/// Where verified certificates are kept. A store reads an entry, and under a lock it compares the version, lets the change make the
/// new entry, and writes it.
#[uniffi::export(foreign)]
pub trait CertStore: Send + Sync {
    /// One entry for each address asked for, in the same order; an unknown address gives one of version 0 without certificates.
    fn find(&self, query: FindStored) -> Result<Vec<Entry>, HostError>;

    /// Applies the change if the entry still has the expected version. When it returns `STORED`, the change survives a crash.
    fn put(&self, query: PutStored) -> Result<PutOutcome, HostError>;

    /// All entries of a tenant in the order of their addresses, for operators.
    fn entries(&self, tenant: String) -> Result<Vec<Entry>, HostError>;
}

/// The store of the host as the engine's.
pub(crate) struct HostStore(pub(crate) Arc<dyn CertStore>);

impl fmt::Debug for HostStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostStore")
    }
}

/// Entries of the host as the engine reads them. What cannot be read is no answer, never "nothing is kept".
pub(crate) fn entries(entries: Vec<Entry>) -> Result<Vec<store::Entry>, Unavailable> {
    let read = entries.into_iter().map(Entry::core).collect::<Result<_, EngineError>>();
    read.map_err(|error| HostError::from(error).into())
}

/// What came of the host's storing, as the engine reads it.
pub(crate) fn put_outcome(outcome: PutOutcome) -> Result<store::PutOutcome, Unavailable> {
    outcome.core().map_err(|error| HostError::from(error).into())
}

impl store::CertStore for HostStore {
    fn find(&self, query: &query::FindStored) -> Result<Vec<store::Entry>, Unavailable> {
        entries(self.0.find(FindStored::of(query))?)
    }

    fn put(&self, query: &query::PutStored) -> Result<store::PutOutcome, Unavailable> {
        put_outcome(self.0.put(PutStored::of(query))?)
    }

    fn entries(&self, tenant: &Tenant) -> Result<Vec<store::Entry>, Unavailable> {
        entries(self.0.entries(tenant.name().to_owned())?)
    }
}

/// Lends certificates. It holds no rule: everything that it lends is judged by the engine.
#[uniffi::export(foreign)]
pub trait Directory: Send + Sync {
    /// One reply for each address asked for, in the same order.
    fn resolve(&self, query: ResolveDirectory) -> Result<Vec<DirectoryReply>, HostError>;
}

/// The directory of the host as the engine's.
pub(crate) struct HostDirectory(pub(crate) Arc<dyn Directory>);

impl fmt::Debug for HostDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostDirectory")
    }
}

impl directory::DirectoryResolver for HostDirectory {
    fn resolve(&self, query: &query::ResolveDirectory) -> Result<Vec<directory::DirectoryReply>, Unavailable> {
        let replies = self.0.resolve(ResolveDirectory::of(query))?;
        Ok(replies.into_iter().map(Into::into).collect())
    }
}

/// Fetches what certificates point to. Which addresses may be reached is the fetcher's to decide: they were written by whoever made
/// the certificate.
#[uniffi::export(foreign)]
pub trait Fetcher: Send + Sync {
    /// The octets of a revocation list.
    fn fetch_crl(&self, query: FetchCrl) -> Result<Vec<u8>, HostError>;

    /// The octets of an OCSP response.
    fn fetch_ocsp(&self, query: FetchOcsp) -> Result<Vec<u8>, HostError>;

    /// The octets of a certificate or of a certs-only CMS.
    fn fetch_issuer(&self, query: FetchIssuer) -> Result<Vec<u8>, HostError>;
}

/// The fetcher of the host as the engine's.
pub(crate) struct HostFetcher(pub(crate) Arc<dyn Fetcher>);

impl fmt::Debug for HostFetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostFetcher")
    }
}

impl fetch::Fetcher for HostFetcher {
    fn fetch_crl(&self, query: &query::FetchCrl) -> Result<Vec<u8>, Unavailable> {
        Ok(self.0.fetch_crl(FetchCrl::of(query))?)
    }

    fn fetch_ocsp(&self, query: &query::FetchOcsp) -> Result<Vec<u8>, Unavailable> {
        Ok(self.0.fetch_ocsp(FetchOcsp::of(query))?)
    }

    fn fetch_issuer(&self, query: &query::FetchIssuer) -> Result<Vec<u8>, Unavailable> {
        Ok(self.0.fetch_issuer(FetchIssuer::of(query))?)
    }
}
