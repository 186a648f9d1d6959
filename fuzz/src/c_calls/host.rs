//! The host's side: callbacks, and what they are called with.

use core::ffi::{CStr, c_char, c_void};
use core::ptr::null_mut;
use postseal_c::answer::*;
use postseal_c::callback::postseal_callback;
use postseal_c::codes::POSTSEAL_OK;
use postseal_c::directory::postseal_directory_table;
use postseal_c::entry::*;
use postseal_c::fetcher::postseal_fetcher_table;
use postseal_c::question::*;
use postseal_c::store::postseal_store_table;
use postseal_c::tracer::postseal_tracer_table;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::CString;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

static GIVEN: AtomicUsize = AtomicUsize::new(0);
static RETURNED: AtomicUsize = AtomicUsize::new(0);

pub(super) fn given() -> usize {
    GIVEN.load(Ordering::Relaxed)
}

pub(super) fn returned() -> usize {
    RETURNED.load(Ordering::Relaxed)
}

/// A folder with the anchor, for the configuration.
pub(super) fn folder() -> &'static CString {
    static FOLDER: OnceLock<CString> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder: PathBuf = std::env::temp_dir().join(format!("postseal-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("root.pem"), crate::signed::alice().0).unwrap();
        CString::new(folder.to_str().unwrap()).unwrap()
    })
}

pub(super) fn warm_up() {
    folder();
}

/// What the callbacks of a table know: how they behave, and what a store holds.
#[derive(Debug, Default)]
pub(super) struct Side {
    manner: u8,
    /// Entries by their keys. Of the library, and its to be freed.
    entries: RefCell<BTreeMap<Vec<u8>, Owned>>,
}

#[derive(Debug)]
struct Owned(*mut postseal_entry);

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: nobody else has it.
        unsafe { postseal_entry_free(self.0) };
    }
}

/// The host's side of a table, which comes back through `destroy`.
pub(super) fn side(manner: u8) -> *mut c_void {
    GIVEN.fetch_add(1, Ordering::Relaxed);
    Box::into_raw(Box::new(Side { manner, entries: RefCell::default() })).cast()
}

unsafe extern "C" fn destroy(userdata: *mut c_void) {
    RETURNED.fetch_add(1, Ordering::Relaxed);
    // SAFETY: made in `side`, and given back once, which the count shows.
    drop(unsafe { Box::from_raw(userdata.cast::<Side>()) });
}

fn octets_of(text: *const c_char) -> Vec<u8> {
    assert!(!text.is_null());
    // SAFETY: a text of the library ends with a NUL.
    unsafe { CStr::from_ptr(text) }.to_bytes().to_vec()
}

/// An entry without certificates.
fn absent(address: *const c_char) -> Owned {
    let mut entry = null_mut();
    // SAFETY: a text of the library, and a place.
    let status = unsafe { postseal_entry_new(address, 0, &raw mut entry, null_mut()) };
    assert_eq!(status, POSTSEAL_OK, "an address of the library is none");
    Owned(entry)
}

unsafe extern "C" fn find(
    userdata: *mut c_void,
    question: *const postseal_question,
    answer: *mut postseal_answer,
) -> i32 {
    // SAFETY: a table's own side, and what the library gave for this call.
    unsafe {
        let side = &*userdata.cast::<Side>();
        let entries = side.entries.borrow();
        if side.manner & 3 == 3 {
            return 1;
        }
        for index in 0..postseal_question_address_count(question) {
            let key = octets_of(postseal_question_key(question, index));
            let new = absent(postseal_question_address(question, index));
            let known = entries.get(&key).map_or(new.0, |entry| entry.0);
            assert_eq!(postseal_answer_entry(answer, known, null_mut()), POSTSEAL_OK);
        }
        i32::from(side.manner & 7 == 6)
    }
}

unsafe extern "C" fn put(
    userdata: *mut c_void,
    question: *const postseal_question,
    answer: *mut postseal_answer,
) -> i32 {
    // SAFETY: as above.
    unsafe {
        let side = &*userdata.cast::<Side>();
        let mut entries = side.entries.borrow_mut();
        let key = octets_of(postseal_question_key(question, 0));
        let now = entries.remove(&key).unwrap_or_else(|| absent(postseal_question_address(question, 0)));
        let is_expected = postseal_entry_version(now.0) == postseal_question_expect(question);
        let mut after = null_mut();
        let status = postseal_change_apply(postseal_question_change(question), now.0, &raw mut after, null_mut());
        assert_eq!(status, POSTSEAL_OK);
        let after = Owned(after);
        if side.manner & 8 != 0 || !is_expected {
            let _ = postseal_answer_conflict(answer, now.0, null_mut());
            entries.insert(key, now);
            return 0;
        }
        entries.insert(key, after);
        postseal_answer_stored(answer, null_mut())
    }
}

unsafe extern "C" fn entries(userdata: *mut c_void, _: *const postseal_question, answer: *mut postseal_answer) -> i32 {
    // SAFETY: as above.
    unsafe {
        let side = &*userdata.cast::<Side>();
        for entry in side.entries.borrow().values() {
            assert_eq!(postseal_answer_entry(answer, entry.0, null_mut()), POSTSEAL_OK);
        }
    }
    0
}

unsafe extern "C" fn resolve(
    userdata: *mut c_void,
    question: *const postseal_question,
    answer: *mut postseal_answer,
) -> i32 {
    // SAFETY: as above.
    unsafe {
        let side = &*userdata.cast::<Side>();
        for index in 0..postseal_question_address_count(question) {
            let status = match side.manner & 3 {
                0 => postseal_answer_not_found(answer, index, null_mut()),
                1 => postseal_answer_not_answered(answer, index, c"down".as_ptr(), null_mut()),
                2 => postseal_answer_found(answer, index, &raw const *&loan(side.manner), null_mut()),
                _ => return 1,
            };
            assert_eq!(status, POSTSEAL_OK);
        }
    }
    0
}

/// One of Alice's certificates.
pub(super) fn loan(which: u8) -> postseal_loan {
    let ders = crate::signed::alice().1;
    let none = postseal_octets { data: core::ptr::null(), len: 0 };
    let der = &ders[usize::from(which >> 2) % ders.len()];
    postseal_loan {
        struct_size: size_of::<postseal_loan>(),
        der: postseal_octets { data: der.as_ptr(), len: der.len() },
        issuers: core::ptr::null(),
        issuers_len: 0,
        capabilities: none,
        capabilities_signed_at: 0,
        capabilities_are_dated: 0,
        preferred: i32::from(which & 1),
    }
}

unsafe extern "C" fn fetch(
    userdata: *mut c_void,
    question: *const postseal_question,
    answer: *mut postseal_answer,
) -> i32 {
    // SAFETY: as above.
    unsafe {
        let side = &*userdata.cast::<Side>();
        assert!(!octets_of(postseal_question_at(question)).is_empty());
        let body = [side.manner; 40];
        postseal_answer_body(answer, body.as_ptr(), body.len(), null_mut())
    }
}

unsafe extern "C" fn event(_: *mut c_void, name: *const c_char, json: *const c_char) {
    let (name, json) = (octets_of(name), octets_of(json));
    assert!(json.windows(name.len()).any(|window| window == name), "an event without its name");
}

/// Tables whose callbacks are there or, by a bit of `manner`, not.
fn callback(callback: postseal_callback, manner: u8) -> postseal_callback {
    callback.filter(|_| manner & 0x40 == 0)
}

fn size<T>(manner: u8) -> usize {
    // What this library knows, or too short for any callback.
    if manner & 0x80 == 0 { size_of::<T>() } else { usize::from(manner & 0x0f) }
}

pub(super) fn store_table(manner: u8) -> postseal_store_table {
    let (find, put) = (callback(Some(find), manner), Some(put as unsafe extern "C" fn(_, _, _) -> _));
    let struct_size = size::<postseal_store_table>(manner);
    postseal_store_table { struct_size, find, put, entries: Some(entries), destroy: Some(destroy) }
}

pub(super) fn directory_table(manner: u8) -> postseal_directory_table {
    let struct_size = size::<postseal_directory_table>(manner);
    postseal_directory_table { struct_size, resolve: callback(Some(resolve), manner), destroy: Some(destroy) }
}

pub(super) fn fetcher_table(manner: u8) -> postseal_fetcher_table {
    let struct_size = size::<postseal_fetcher_table>(manner);
    postseal_fetcher_table { struct_size, fetch: callback(Some(fetch), manner), destroy: Some(destroy) }
}

pub(super) fn tracer_table(manner: u8) -> postseal_tracer_table {
    let struct_size = size::<postseal_tracer_table>(manner);
    postseal_tracer_table { struct_size, event: Some(event), destroy: Some(destroy) }
}

/// A table of an unknown size is not read, so that its side stays here.
pub(super) fn take_back(userdata: *mut c_void, before: usize) {
    if returned() == before {
        // SAFETY: the library did not take it.
        unsafe { destroy(userdata) };
    }
}
