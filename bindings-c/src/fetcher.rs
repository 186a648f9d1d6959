//! A fetcher of the host's own.

use crate::answer::Content;
use crate::argument::object;
use crate::callback::{Callbacks, Table, postseal_callback, taking};
use crate::engine::postseal_engine;
use crate::error::{postseal_error, postseal_status};
use crate::table::Versioned;
use core::ffi::c_void;
use postseal::fetch::Fetcher;
use postseal::query::{FetchCrl, FetchIssuer, FetchOcsp, Unavailable};
use std::sync::Arc;

/// What fetches from the addresses that certificates name. Begin with `{ .struct_size = sizeof(postseal_fetcher_table) }`.
///
/// The addresses were written by whoever made the certificates: which of them may be reached is yours to decide. Everything that
/// comes back is checked by the engine.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it has a size of its own")]
pub struct postseal_fetcher_table {
    /// `sizeof(postseal_fetcher_table)`.
    pub struct_size: usize,
    /// fetch-crl, fetch-ocsp and fetch-issuer: `postseal_answer_body`, or `postseal_answer_unavailable` also for a kind that you
    /// do not fetch. Needed.
    pub fetch: postseal_callback,
    /// Called once, when nobody can call the fetcher any more. May be NULL.
    pub destroy: Option<unsafe extern "C" fn(userdata: *mut c_void)>,
}

// SAFETY: repr(C); a number and nullable functions.
unsafe impl Versioned for postseal_fetcher_table {}

impl Table for postseal_fetcher_table {
    fn destroy(&self) -> Option<unsafe extern "C" fn(userdata: *mut c_void)> {
        self.destroy
    }

    fn is_complete(&self) -> bool {
        self.fetch.is_some()
    }
}

impl Fetcher for Callbacks<postseal_fetcher_table> {
    fn fetch_crl(&self, query: &FetchCrl) -> Result<Vec<u8>, Unavailable> {
        self.ask(self.table.fetch, query, Content::body)
    }

    fn fetch_ocsp(&self, query: &FetchOcsp) -> Result<Vec<u8>, Unavailable> {
        self.ask(self.table.fetch, query, Content::body)
    }

    fn fetch_issuer(&self, query: &FetchIssuer) -> Result<Vec<u8>, Unavailable> {
        self.ask(self.table.fetch, query, Content::body)
    }
}

/// Gives the engine a fetcher of your own, instead of the library's. Whether anything is fetched is said in the configuration
/// (`[revocation]`). `userdata` as with `postseal_engine_set_store`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_engine_set_fetcher(
    engine: *mut postseal_engine,
    table: *const postseal_fetcher_table,
    userdata: *mut c_void,
    err: *mut *mut postseal_error,
) -> postseal_status {
    taking(err, table, userdata, |fetcher| {
        // SAFETY: as the header says.
        let engine = unsafe { object(engine) }?;
        engine.change(|host| host.with_fetcher(Arc::new(fetcher)));
        Ok(())
    })
}
