//! What an operator does: he looks at what is stored, and decides.

use crate::argument::{self, object, place};
use crate::engine::postseal_engine;
use crate::entry::postseal_entry;
use crate::error::{Failure, postseal_error, postseal_status};
use crate::guard::{call, free, get};
use crate::options::{tenant, time};
use crate::text::address_of;
use crate::values::{self, value_of};
use core::ffi::c_char;
use core::ptr;
use postseal::Code;

/// All that is stored for a tenant, in the order of the addresses. Free it with `postseal_entries_free`.
#[derive(Debug)]
pub struct postseal_entries(Vec<postseal_entry>);

/// Lists what is stored for a tenant; NULL is "default".
///
/// POSTSEAL_STORE_MISSING, POSTSEAL_STORE_UNAVAILABLE.
///
/// Example: `examples/c/own_store.c`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_engine_entries(
    engine: *const postseal_engine,
    tenant_name: *const c_char,
    entries: *mut *mut postseal_entries,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (entries, engine, tenant) = unsafe { (place(entries)?, object(engine)?, tenant(tenant_name)?) };
        let all = engine.host().entries(&tenant)?;
        entries.give(postseal_entries(all.into_iter().map(Into::into).collect()));
        Ok(())
    })
}

/// How many there are. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_entries_count(entries: *const postseal_entries) -> usize {
    get(entries, 0, |entries| entries.0.len())
}

/// One of them, borrowed. NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_entries_entry(
    entries: *const postseal_entries,
    index: usize,
) -> *const postseal_entry {
    get(entries, ptr::null(), |entries| address_of(entries.0.get(index)))
}

/// Frees a list with its entries. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_entries_free(entries: *mut postseal_entries) {
    // SAFETY: as the header says.
    unsafe { free(entries) };
}

/// An operator's decision, a `POSTSEAL_DECISION_*`, about a stored certificate, with an event that says who made it. `entry` is
/// what the operator looked at, `fingerprint` 64 hexadecimal digits, `by` who he is, as you know him. `now`: seconds since 1970
/// UTC; 0: the clock of the system.
///
/// POSTSEAL_NO_CERTIFICATE: the entry does not have it. POSTSEAL_STORE_CONTENDED: the entry has changed in the meantime.
/// POSTSEAL_FINGERPRINT_MALFORMED, POSTSEAL_VALUE_UNKNOWN, POSTSEAL_STORE_MISSING, POSTSEAL_STORE_UNAVAILABLE.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_engine_decide(
    engine: *const postseal_engine,
    tenant_name: *const c_char,
    entry: *const postseal_entry,
    fingerprint: *const c_char,
    decision: i32,
    by: *const c_char,
    now: i64,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (engine, tenant, entry) = unsafe { (object(engine)?, tenant(tenant_name)?, object(entry)?) };
        // SAFETY: as the header says.
        let (fingerprint, by) = unsafe { (argument::text(fingerprint)?, argument::text(by)?) };
        let unknown = || Failure::with(Code::ValueUnknown, "The decision is none.");
        let decision = value_of(values::DECISIONS, decision).ok_or_else(unknown)?;
        engine.host().decide(&tenant, &entry.entry(), fingerprint.parse()?, decision, by, time(now))?;
        Ok(())
    })
}
