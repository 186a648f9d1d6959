use crate::cert::Change;
use core::fmt;
use postseal::{Address, query};
use std::sync::Arc;

fn texts(addresses: &[Address]) -> Vec<String> {
    addresses.iter().map(|address| address.as_str().to_owned()).collect()
}

fn octets(limit: usize) -> u64 {
    limit.try_into().unwrap_or(u64::MAX)
}

/// What is kept for these addresses? The answer has one entry for each address, in the same order, also for an address that nothing
/// is kept for.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct FindStored {
    /// Whose store.
    pub tenant: String,
    /// The mailboxes, each once. Two spellings of a mailbox are the same entry: `address_key` says what to compare.
    pub addresses: Vec<String>,
}

impl FindStored {
    pub(crate) fn of(query: &query::FindStored) -> Self {
        Self { tenant: query.tenant.name().to_owned(), addresses: texts(&query.addresses) }
    }
}

impl fmt::Debug for FindStored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.addresses.len();
        f.debug_struct("FindStored").field("tenant", &self.tenant).field("addresses", &count).finish()
    }
}

/// Change the entry of one address, if it still has the expected version.
#[derive(Clone, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct PutStored {
    /// Whose store.
    pub tenant: String,
    /// The mailbox.
    pub address: String,
    /// The version of the entry that the change was decided on.
    pub expect: u64,
    /// What to change.
    pub change: Arc<Change>,
}

impl PutStored {
    pub(crate) fn of(query: &query::PutStored) -> Self {
        Self {
            tenant: query.tenant.name().to_owned(),
            address: query.address.as_str().to_owned(),
            expect: query.expect.number(),
            change: Change::of(query.change.clone()),
        }
    }
}

impl fmt::Debug for PutStored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PutStored").field("tenant", &self.tenant).field("expect", &self.expect).finish_non_exhaustive()
    }
}

/// Certificates that a directory lends for these addresses. The answer has one reply for each address, in the same order.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct ResolveDirectory {
    /// For whom.
    pub tenant: String,
    /// Which directory.
    pub directory: String,
    /// The mailboxes, each once.
    pub addresses: Vec<String>,
}

impl ResolveDirectory {
    pub(crate) fn of(query: &query::ResolveDirectory) -> Self {
        let (tenant, directory) = (query.tenant.name().to_owned(), query.directory.name().to_owned());
        Self { tenant, directory, addresses: texts(&query.addresses) }
    }
}

impl fmt::Debug for ResolveDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (directory, count) = (&self.directory, self.addresses.len());
        f.debug_struct("ResolveDirectory").field("directory", directory).field("addresses", &count).finish()
    }
}

/// The revocation list at an address that a certificate names. The answer is DER, or PEM, as it was served.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct FetchCrl {
    /// The URL: http or https.
    pub at: String,
    /// Octets that the answer may have.
    pub limit: u64,
}

/// The answer of an OCSP responder that a certificate names (RFC 6960 appendix A.1: a POST).
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct FetchOcsp {
    /// The URL: http or https.
    pub at: String,
    /// The OCSPRequest, DER.
    pub request: Vec<u8>,
    /// Octets that the answer may have.
    pub limit: u64,
}

impl fmt::Debug for FetchOcsp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchOcsp").field("at", &self.at).field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// The issuer of a certificate, from where the certificate says (RFC 5280 4.2.2.1). The answer is one certificate, or a certs-only
/// CMS, as it was served.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct FetchIssuer {
    /// The URL: http or https.
    pub at: String,
    /// Octets that the answer may have.
    pub limit: u64,
}

impl FetchCrl {
    pub(crate) fn of(query: &query::FetchCrl) -> Self {
        Self { at: query.at.clone(), limit: octets(query.limit) }
    }
}

impl FetchOcsp {
    pub(crate) fn of(query: &query::FetchOcsp) -> Self {
        Self { at: query.at.clone(), request: query.request.clone(), limit: octets(query.limit) }
    }
}

impl FetchIssuer {
    pub(crate) fn of(query: &query::FetchIssuer) -> Self {
        Self { at: query.at.clone(), limit: octets(query.limit) }
    }
}
