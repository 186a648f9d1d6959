//! A tracer of the host's own.

use crate::argument::object;
use crate::callback::{Callbacks, Table, taking};
use crate::engine::postseal_engine;
use crate::error::{postseal_error, postseal_status};
use crate::table::Versioned;
use crate::text::{shown, text};
use core::ffi::{c_char, c_void};
use postseal::trace::{Event, Tracer};
use postseal_adapters::trace::to_json;
use std::sync::Arc;

/// A tracer of your own. Begin with `{ .struct_size = sizeof(postseal_tracer_table) }`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it has a size of its own")]
pub struct postseal_tracer_table {
    /// `sizeof(postseal_tracer_table)`.
    pub struct_size: usize,
    /// One event: its name, and all of it as one JSON object, as a line of the JSON Lines trace. Both are there until it returns.
    /// It names persons. Needed; it must not block for long, and what a callback must not do, it must not do either.
    pub event: Option<unsafe extern "C" fn(userdata: *mut c_void, name: *const c_char, json: *const c_char)>,
    /// Called once, when no event can come any more. May be NULL.
    pub destroy: Option<unsafe extern "C" fn(userdata: *mut c_void)>,
}

// SAFETY: repr(C); a number and nullable functions.
unsafe impl Versioned for postseal_tracer_table {}

impl Table for postseal_tracer_table {
    fn destroy(&self) -> Option<unsafe extern "C" fn(userdata: *mut c_void)> {
        self.destroy
    }

    fn is_complete(&self) -> bool {
        self.event.is_some()
    }
}

impl Tracer for Callbacks<postseal_tracer_table> {
    fn event(&self, event: &Event) {
        let Some(callback) = self.table.event else { return };
        let (name, json) = (text(event.kind.name()), shown(to_json(event)));
        // SAFETY: the host's own callback with the host's own pointer; both texts are there until it returns.
        unsafe { callback(self.userdata(), name.as_ptr(), json.as_ptr()) };
    }
}

/// Gives the engine a tracer of your own, instead of one that is configured. It hears of every decision. `userdata` as with
/// `postseal_engine_set_store`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_engine_set_tracer(
    engine: *mut postseal_engine,
    table: *const postseal_tracer_table,
    userdata: *mut c_void,
    err: *mut *mut postseal_error,
) -> postseal_status {
    taking(err, table, userdata, |tracer| {
        // SAFETY: as the header says.
        let engine = unsafe { object(engine) }?;
        engine.change(|host| host.with_tracer(Arc::new(tracer)));
        Ok(())
    })
}
