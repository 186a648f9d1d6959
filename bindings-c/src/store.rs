//! A store of the host's own.

use crate::answer::Content;
use crate::argument::object;
use crate::callback::{Callbacks, Table, postseal_callback, taking};
use crate::engine::postseal_engine;
use crate::error::{postseal_error, postseal_status};
use crate::question::postseal_question;
use crate::table::Versioned;
use core::ffi::c_void;
use postseal::query::{FindStored, PutStored, Unavailable};
use postseal::store::{CertStore, Entry, PutOutcome, Tenant};
use std::sync::Arc;

/// A store of your own. Begin with `{ .struct_size = sizeof(postseal_store_table) }`.
///
/// A store holds no rule: it reads an entry, and under a lock it compares the version, lets `postseal_change_apply` make the new
/// entry, and writes it. All callbacks are needed, but for `destroy`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it has a size of its own")]
pub struct postseal_store_table {
    /// `sizeof(postseal_store_table)`.
    pub struct_size: usize,
    /// find-stored: `postseal_answer_entry` for each address of the question, in the same order, with version 0 and no certificate
    /// for one that is not known.
    pub find: postseal_callback,
    /// put-stored: compares, applies, writes, and says `postseal_answer_stored` when the change survives a crash, or
    /// `postseal_answer_conflict`.
    pub put: postseal_callback,
    /// entries: `postseal_answer_entry` for each that the tenant has, in the order of their keys.
    pub entries: postseal_callback,
    /// Called once, when nobody can call the store any more. May be NULL.
    pub destroy: Option<unsafe extern "C" fn(userdata: *mut c_void)>,
}

// SAFETY: repr(C); a number and nullable functions.
unsafe impl Versioned for postseal_store_table {}

impl Table for postseal_store_table {
    fn destroy(&self) -> Option<unsafe extern "C" fn(userdata: *mut c_void)> {
        self.destroy
    }

    fn is_complete(&self) -> bool {
        self.find.is_some() && self.put.is_some() && self.entries.is_some()
    }
}

impl CertStore for Callbacks<postseal_store_table> {
    fn find(&self, query: &FindStored) -> Result<Vec<Entry>, Unavailable> {
        self.ask(self.table.find, query, Content::entries)
    }

    fn put(&self, query: &PutStored) -> Result<PutOutcome, Unavailable> {
        self.ask(self.table.put, query, Content::outcome)
    }

    fn entries(&self, tenant: &Tenant) -> Result<Vec<Entry>, Unavailable> {
        self.ask(self.table.entries, postseal_question::entries(tenant), Content::entries)
    }
}

/// Gives the engine a store of your own, instead of one that is configured. Calls that are going on end with the one before.
/// `userdata` is the library's from here on, also when the call fails, as far as the table could be read: it goes back through
/// `destroy`.
///
/// Example: `examples/c/own_store.c`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_engine_set_store(
    engine: *mut postseal_engine,
    table: *const postseal_store_table,
    userdata: *mut c_void,
    err: *mut *mut postseal_error,
) -> postseal_status {
    taking(err, table, userdata, |store| {
        // SAFETY: as the header says.
        let engine = unsafe { object(engine) }?;
        engine.change(|host| host.with_store(Arc::new(store)));
        Ok(())
    })
}
