//! A directory of the host's own.

use crate::answer::Content;
use crate::argument::{object, text};
use crate::callback::{Callbacks, Table, postseal_callback, taking};
use crate::engine::postseal_engine;
use crate::error::{postseal_error, postseal_status};
use crate::table::Versioned;
use core::ffi::{c_char, c_void};
use postseal::directory::{DirectoryReply, DirectoryResolver};
use postseal::query::{ResolveDirectory, Unavailable};
use std::sync::Arc;

/// A directory of your own. Begin with `{ .struct_size = sizeof(postseal_directory_table) }`.
///
/// It holds no rule: everything that it lends is judged by the engine. It keeps nothing of what it lent.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it has a size of its own")]
pub struct postseal_directory_table {
    /// `sizeof(postseal_directory_table)`.
    pub struct_size: usize,
    /// resolve-directory: for each address of the question one of `postseal_answer_found`, `postseal_answer_found_cms`,
    /// `postseal_answer_not_found` and `postseal_answer_not_answered`. An address without a reply counts as not answered. Needed.
    pub resolve: postseal_callback,
    /// Called once, when nobody can call the directory any more. May be NULL.
    pub destroy: Option<unsafe extern "C" fn(userdata: *mut c_void)>,
}

// SAFETY: repr(C); a number and nullable functions.
unsafe impl Versioned for postseal_directory_table {}

impl Table for postseal_directory_table {
    fn destroy(&self) -> Option<unsafe extern "C" fn(userdata: *mut c_void)> {
        self.destroy
    }

    fn is_complete(&self) -> bool {
        self.resolve.is_some()
    }
}

impl DirectoryResolver for Callbacks<postseal_directory_table> {
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        self.ask(self.table.resolve, query, Content::replies)
    }
}

/// Gives the engine a directory of your own under this name, instead of one that is configured. Who asks it, in which order and
/// about which domains, is said in the configuration: `[directory.NAME]` with `kind = "host"`. `userdata` as with
/// `postseal_engine_set_store`.
///
/// POSTSEAL_DIRECTORY_UNKNOWN: the configuration has no directory of this name, so that nobody would ask it.
///
/// Example: `examples/c/own_directory.c`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_engine_set_directory(
    engine: *mut postseal_engine,
    name: *const c_char,
    table: *const postseal_directory_table,
    userdata: *mut c_void,
    err: *mut *mut postseal_error,
) -> postseal_status {
    taking(err, table, userdata, |directory| {
        // SAFETY: as the header says.
        let (engine, name) = unsafe { (object(engine)?, text(name)?) };
        let id = engine.directory(name)?;
        engine.change(|host| host.with_directory(id, Arc::new(directory)));
        Ok(())
    })
}
