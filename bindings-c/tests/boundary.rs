//! The boundary from the Rust side, without cryptography, so that Miri can look at every pointer:
//! `MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test -p postseal-capi --test boundary`.
#![allow(
    clippy::unwrap_used,
    clippy::undocumented_unsafe_blocks,
    reason = "test code: every pointer is made a line above"
)]

use core::ffi::{CStr, c_char, c_void};
use core::ptr::{self, null, null_mut};
use postseal_c::answer::*;
use postseal_c::callback::postseal_callback;
use postseal_c::codes::*;
use postseal_c::engine::*;
use postseal_c::entry::*;
use postseal_c::error::*;
use postseal_c::import::*;
use postseal_c::operation::*;
use postseal_c::operator::*;
use postseal_c::options::postseal_options;
use postseal_c::question::*;
use postseal_c::store::{postseal_engine_set_store, postseal_store_table};
use postseal_c::tracer::{postseal_engine_set_tracer, postseal_tracer_table};
use postseal_c::values::*;
use postseal_testkit::factory::{Authority, CertSpec, Key, extension};
use std::sync::atomic::{AtomicUsize, Ordering};

fn text(text: *const c_char) -> String {
    assert!(!text.is_null());
    unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned()
}

/// A call that gives an object.
fn made<T>(call: impl FnOnce(*mut *mut T, *mut *mut postseal_error) -> postseal_status) -> *mut T {
    let (mut object, mut err) = (null_mut(), null_mut());
    let status = call(&raw mut object, &raw mut err);
    assert_eq!(
        (status, err),
        (POSTSEAL_OK, null_mut()),
        "{}",
        if err.is_null() { String::new() } else { message(err) }
    );
    assert!(!object.is_null());
    object
}

fn message(err: *const postseal_error) -> String {
    text(unsafe { postseal_error_message(err) })
}

fn fails(wanted: postseal_status, call: impl FnOnce(*mut *mut postseal_error) -> postseal_status) {
    let mut err = null_mut();
    assert_eq!(call(&raw mut err), wanted);
    assert_eq!(unsafe { postseal_error_number(err) }, wanted);
    assert!(message(err).starts_with(&text(unsafe { postseal_error_sentence(err) })));
    unsafe { postseal_error_free(err) };
}

fn view(octets: &[u8]) -> postseal_octets {
    postseal_octets { data: octets.as_ptr(), len: octets.len() }
}

const NONE: postseal_octets = postseal_octets { data: null(), len: 0 };

fn engine(configuration: &CStr) -> *mut postseal_engine {
    made(|engine, err| unsafe { postseal_engine_from_text(configuration.as_ptr(), null(), engine, err) })
}

fn absent(address: *const c_char) -> *mut postseal_entry {
    made(|entry, err| unsafe { postseal_entry_new(address, 0, entry, err) })
}

/// An active certificate with nothing beside it. It points to both.
fn stored(der: &[u8], issuer_key: &[u8; 32]) -> postseal_stored_cert {
    postseal_stored_cert {
        struct_size: size_of::<postseal_stored_cert>(),
        state: POSTSEAL_STATE_ACTIVE,
        source: POSTSEAL_SOURCE_OPERATOR,
        der: view(der),
        issuers: null(),
        issuers_len: 0,
        issuer_key: issuer_key.as_ptr(),
        capabilities: NONE,
        capabilities_are_dated: 0,
        reserved: 0,
        capabilities_signed_at: 0,
        imported_at: 0,
    }
}

#[test]
fn an_entry_gives_what_it_was_given() {
    // Odd lengths and a part that is left out; the certificate is read, its signature is not looked at.
    let der = if cfg!(miri) { DER.to_vec() } else { alice() };
    let key = [7_u8; 32];
    let issuers = [view(&der), view(&der)];
    let cert = postseal_stored_cert {
        state: POSTSEAL_STATE_HELD,
        source: POSTSEAL_SOURCE_SIGNED_MAIL,
        issuers: issuers.as_ptr(),
        issuers_len: issuers.len(),
        capabilities: view(b"\x30\x00"),
        capabilities_signed_at: 5,
        imported_at: -1,
        ..stored(&der, &key)
    };
    let entry = absent(c"alice@goal.example".as_ptr());
    unsafe {
        for _ in 0..3 {
            assert_eq!(postseal_entry_add(entry, &raw const cert, null_mut()), POSTSEAL_OK);
        }
        let mut first = postseal_stored_cert { issuers: null(), der: NONE, ..cert };
        assert_eq!(postseal_entry_cert(entry, 0, &raw mut first, null_mut()), POSTSEAL_OK);
        // It stays where it is while more come.
        for _ in 0..20 {
            assert_eq!(postseal_entry_add(entry, &raw const cert, null_mut()), POSTSEAL_OK);
        }
        assert_eq!(core::slice::from_raw_parts(first.der.data, first.der.len), der);
        assert_eq!(first.issuers_len, 2);
        let second = *first.issuers.add(1);
        assert_eq!(core::slice::from_raw_parts(second.data, second.len), der);
        assert_eq!((first.capabilities_are_dated, first.capabilities_signed_at, first.imported_at), (0, 0, -1));
        assert_eq!(*first.issuer_key.add(31), 7);
        assert_eq!(postseal_entry_cert_count(entry), 23);
        postseal_entry_free(entry);
    }
}

// Elliptic curves take Miri minutes.
#[cfg(not(miri))]
#[test]
fn an_entry_takes_what_was_stored_under_wider_limits() {
    let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(2));
    spec.overrides.extra_extensions =
        (0..70).map(|number| extension(&format!("2.5.30.{number}"), false, b"")).collect();
    let (alice, key) = (Authority::root("Root", Key::P256(0)).issue(&spec), [0_u8; 32]);
    let cert = stored(alice.der(), &key);
    let entry = absent(c"alice@goal.example".as_ptr());
    unsafe {
        assert_eq!(postseal_entry_add(entry, &raw const cert, null_mut()), POSTSEAL_OK);
        postseal_entry_free(entry);
    }
}

fn alice() -> Vec<u8> {
    Authority::root("Root", Key::P256(0)).issue(&CertSpec::mailbox("alice@goal.example", Key::P256(2))).der().to_vec()
}

#[test]
fn the_certificate_for_miri_is_one_of_the_test_kit() {
    assert!(cfg!(miri) || alice() == DER);
}

/// As [`alice`] makes it: elliptic curves take Miri minutes.
const DER: &[u8] = include_bytes!("alice.der");

/// A store that counts, and has nothing.
static FINDS: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" fn find(
    userdata: *mut c_void,
    question: *const postseal_question,
    answer: *mut postseal_answer,
) -> i32 {
    FINDS.fetch_add(1, Ordering::Relaxed);
    let entry = unsafe { absent(postseal_question_address(question, 0)) };
    unsafe {
        assert_eq!(*userdata.cast::<u32>(), 77);
        assert_eq!(postseal_answer_entry(answer, entry, null_mut()), POSTSEAL_OK);
        fails(POSTSEAL_ANSWER_KIND, |err| postseal_answer_stored(answer, err));
        postseal_entry_free(entry);
    }
    0
}

unsafe extern "C" fn entries(_: *mut c_void, question: *const postseal_question, answer: *mut postseal_answer) -> i32 {
    unsafe {
        assert_eq!(postseal_question_kind(question), POSTSEAL_QUESTION_ENTRIES);
        let entry = absent(c"bob@goal.example".as_ptr());
        let status = postseal_answer_entry(answer, entry, null_mut());
        postseal_entry_free(entry);
        status
    }
}

unsafe extern "C" fn destroy(userdata: *mut c_void) {
    drop(unsafe { Box::from_raw(userdata.cast::<u32>()) });
}

fn table() -> postseal_store_table {
    let size = size_of::<postseal_store_table>();
    let find: postseal_callback = Some(find);
    postseal_store_table { struct_size: size, find, put: find, entries: Some(entries), destroy: Some(destroy) }
}

#[test]
fn a_store_of_callbacks_is_asked_and_given_back() {
    let (engine, table) = (engine(c""), table());
    let userdata = || Box::into_raw(Box::new(77_u32)).cast();
    unsafe {
        assert_eq!(postseal_engine_set_store(engine, &raw const table, userdata(), null_mut()), POSTSEAL_OK);
        // The one before goes, and one that nobody can have goes at once: Miri would tell of a leak.
        assert_eq!(postseal_engine_set_store(engine, &raw const table, userdata(), null_mut()), POSTSEAL_OK);
        fails(POSTSEAL_ARGUMENT_NULL, |err| postseal_engine_set_store(null_mut(), &raw const table, userdata(), err));
        let list = made(|list, err| postseal_engine_entries(engine, null(), list, err));
        assert_eq!(text(postseal_entry_key(postseal_entries_entry(list, 0))), "bob@goal.example");
        assert!(postseal_entries_entry(list, 1).is_null());
        postseal_entries_free(list);
        postseal_engine_free(engine);
    }
}

/// The table of a header that had no `destroy` yet.
#[repr(C)]
struct Older {
    struct_size: usize,
    find: postseal_callback,
    put: postseal_callback,
    entries: postseal_callback,
}

#[test]
fn a_table_that_is_shorter_than_the_librarys_is_read_as_far_as_it_goes() {
    let full = table();
    // On the heap and no longer than it says: reading on would be seen.
    let older =
        Box::new(Older { struct_size: size_of::<Older>(), find: full.find, put: full.put, entries: full.entries });
    let engine = engine(c"");
    let mut seventy_seven = 77_u32;
    let userdata = (&raw mut seventy_seven).cast();
    unsafe {
        let table = ptr::from_ref(&*older).cast();
        assert_eq!(postseal_engine_set_store(engine, table, userdata, null_mut()), POSTSEAL_OK);
        postseal_engine_free(engine);
    }
    let sizes: Vec<usize> = vec![0, 1, 7, 9];
    for size in &sizes {
        fails(POSTSEAL_VALUE_UNKNOWN, |err| unsafe {
            postseal_engine_set_store(null_mut(), ptr::from_ref(size).cast(), null_mut(), err)
        });
    }
    let nothing_but_the_size = size_of::<usize>();
    fails(POSTSEAL_ARGUMENT_NULL, |err| unsafe {
        postseal_engine_set_store(null_mut(), (&raw const nothing_but_the_size).cast(), null_mut(), err)
    });
}

unsafe extern "C" fn event(userdata: *mut c_void, name: *const c_char, json: *const c_char) {
    assert!(text(json).contains(&text(name)));
    let heard = userdata.cast::<usize>();
    unsafe { heard.write((*heard).saturating_add(1)) };
}

#[test]
fn a_mail_that_is_not_signed_goes_through_all_of_it() {
    let engine = engine(c"import = true");
    let tracer =
        postseal_tracer_table { struct_size: size_of::<postseal_tracer_table>(), event: Some(event), destroy: None };
    let options = postseal_options {
        struct_size: size_of::<postseal_options>(),
        tenant: c"goal".as_ptr(),
        route: null(),
        now: 1,
        dry_run: 0,
        reserved: 0,
        timeout_ms: 0,
        expired: None,
        expired_userdata: null_mut(),
        ocsp_nonce: [9_u8; 32].as_ptr(),
    };
    let (mail, table, mut heard) = (b"Message-ID: <1@goal.example>\r\n\r\nhello", table(), 0_usize);
    unsafe {
        assert_eq!(
            postseal_engine_set_tracer(engine, &raw const tracer, (&raw mut heard).cast(), null_mut()),
            POSTSEAL_OK
        );
        let userdata = Box::into_raw(Box::new(77_u32)).cast();
        assert_eq!(postseal_engine_set_store(engine, &raw const table, userdata, null_mut()), POSTSEAL_OK);
        let report = made(|report, err| {
            postseal_import_mail(engine, mail.as_ptr(), mail.len(), &raw const options, report, err)
        });
        assert_eq!(postseal_report_outcome(report), POSTSEAL_OUTCOME_NOT_SIGNED);
        assert_eq!(text(postseal_report_message_id(report)), "<1@goal.example>");
        postseal_report_free(report);
        postseal_engine_free(engine);
    }
    assert_eq!(heard, 1);
}

#[test]
fn an_encryption_asks_and_takes_one_answer() {
    let engine = engine(c"");
    let to = [c"alice@goal.example".as_ptr(), c"bob@goal.example".as_ptr()];
    let begin = |to: &[*const c_char]| {
        made(|operation, err| unsafe {
            let (mail, none) = (b"\r\n".as_ptr(), null());
            postseal_encrypt_operation(engine, mail, 2, to.as_ptr(), to.len(), none, 0, null(), operation, err)
        })
    };
    let poll = |operation| {
        let mut step = 0;
        let mut question = null_mut();
        let status = unsafe { postseal_operation_poll(operation, &raw mut step, &raw mut question, null_mut()) };
        assert_eq!(status, POSTSEAL_OK);
        (step, question)
    };
    let (operation, other) = (begin(&to), begin(&to[..1]));
    unsafe {
        postseal_engine_free(engine);
        let (step, question) = poll(operation);
        assert_eq!((step, postseal_question_address_count(question)), (POSTSEAL_STEP_ASK, 2));
        assert_eq!(poll(operation), (POSTSEAL_STEP_WAIT, null_mut()));
        let (_, others) = poll(other);
        let answer = made(|answer, err| postseal_answer_new(question, answer, err));
        let late = made(|answer, err| postseal_answer_new(question, answer, err));
        let foreign = made(|answer, err| postseal_answer_new(others, answer, err));
        postseal_question_free(question);
        postseal_question_free(others);
        fails(POSTSEAL_FOREIGN_ANSWER, |err| postseal_operation_answer(operation, foreign, err));
        assert_eq!(postseal_answer_unavailable(answer, c"down".as_ptr(), null_mut()), POSTSEAL_OK);
        assert_eq!(postseal_operation_answer(operation, answer, null_mut()), POSTSEAL_OK);
        fails(POSTSEAL_QUESTION_ANSWERED, |err| postseal_operation_answer(operation, late, err));
        fails(POSTSEAL_QUESTION_ANSWERED, |err| postseal_operation_answer(operation, answer, err));
        for answer in [answer, late, foreign] {
            postseal_answer_free(answer);
        }
        assert_eq!(poll(operation).0, POSTSEAL_STEP_DONE);
        assert_eq!(postseal_operation_recipient_count(operation), 2);
        let mut encryption = null_mut();
        fails(POSTSEAL_STORE_UNAVAILABLE, |err| {
            postseal_operation_seal(operation, b"\r\n".as_ptr(), 2, &raw mut encryption, err)
        });
        fails(POSTSEAL_HANDLE_IN_USE, |err| {
            postseal_operation_seal(operation, b"\r\n".as_ptr(), 2, &raw mut encryption, err)
        });
        postseal_operation_free(operation);
        postseal_operation_free(other);
    }
}

/// A SignedData without signers and with an empty bag of certificates (RFC 5652 5.1).
const CERTS_ONLY: &[u8] = b"\x30\x25\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x18\x30\x16\x02\x01\x01\x31\x00\
    \x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x00\x31\x00";

#[test]
fn an_answer_knows_whom_it_is_about_when_its_question_is_gone() {
    let engine = engine(c"directories = [\"staff\"]\n[directory.staff]\nkind = \"host\"\n");
    let to = [c"alice@goal.example".as_ptr()];
    let operation = made(|operation, err| unsafe {
        postseal_encrypt_operation(engine, null(), 0, to.as_ptr(), 1, null(), 0, null(), operation, err)
    });
    let (mut step, mut question) = (0, null_mut());
    unsafe {
        postseal_engine_free(engine);
        assert_eq!(postseal_operation_poll(operation, &raw mut step, &raw mut question, null_mut()), POSTSEAL_OK);
        let answer = made(|answer, err| postseal_answer_new(question, answer, err));
        let entry = absent(to[0]);
        assert_eq!(postseal_answer_entry(answer, entry, null_mut()), POSTSEAL_OK);
        assert_eq!(postseal_operation_answer(operation, answer, null_mut()), POSTSEAL_OK);
        postseal_entry_free(entry);
        postseal_answer_free(answer);
        postseal_question_free(question);
        assert_eq!(postseal_operation_poll(operation, &raw mut step, &raw mut question, null_mut()), POSTSEAL_OK);
        assert_eq!(postseal_question_kind(question), POSTSEAL_QUESTION_RESOLVE_DIRECTORY);
        let answer = made(|answer, err| postseal_answer_new(question, answer, err));
        postseal_question_free(question);
        fails(POSTSEAL_ASN1_TRUNCATED, |err| postseal_answer_found_cms(answer, 0, CERTS_ONLY.as_ptr(), 37, err));
        let len = CERTS_ONLY.len();
        assert_eq!(postseal_answer_found_cms(answer, 0, CERTS_ONLY.as_ptr(), len, null_mut()), POSTSEAL_OK);
        fails(POSTSEAL_VALUE_UNKNOWN, |err| postseal_answer_not_found(answer, 0, err));
        assert_eq!(postseal_operation_answer(operation, answer, null_mut()), POSTSEAL_OK);
        postseal_answer_free(answer);
        postseal_operation_free(operation);
    }
}

/// An address of an object, to be given to threads.
struct Shared<T>(*mut T);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Shared<T> {}

// SAFETY: the objects of the library may be used from every thread; Miri sees to it.
unsafe impl<T> Send for Shared<T> {}

impl<T> Shared<T> {
    fn get(self) -> *mut T {
        self.0
    }
}

#[test]
fn several_threads_use_one_object() {
    let engine = engine(c"");
    let to = [c"alice@goal.example".as_ptr()];
    let operation = made(|operation, err| unsafe {
        postseal_encrypt_operation(engine, null(), 0, to.as_ptr(), 1, null(), 0, null(), operation, err)
    });
    let entry = Shared(absent(c"alice@goal.example".as_ptr()));
    let (engine, operation) = (Shared(engine), Shared(operation));
    let work = move || unsafe {
        let key = [7_u8; 32];
        let cert = stored(DER, &key);
        let mut first = cert;
        assert_eq!(postseal_entry_add(entry.get(), &raw const cert, null_mut()), POSTSEAL_OK);
        assert_eq!(postseal_entry_cert(entry.get(), 0, &raw mut first, null_mut()), POSTSEAL_OK);
        assert_eq!(*first.der.data, DER[0]);
        let (mut step, mut question, table) = (0, null_mut(), table());
        let status = postseal_operation_poll(operation.get(), &raw mut step, &raw mut question, null_mut());
        assert!(status == POSTSEAL_OK || status == POSTSEAL_HANDLE_IN_USE);
        let userdata = Box::into_raw(Box::new(77_u32)).cast();
        assert_eq!(postseal_engine_set_store(engine.get(), &raw const table, userdata, null_mut()), POSTSEAL_OK);
        let asked = !question.is_null();
        postseal_question_free(question);
        asked
    };
    let threads: Vec<_> = (0..3).map(|_| std::thread::spawn(work)).collect();
    let asked = threads.into_iter().map(|thread| thread.join().unwrap()).filter(|asked| *asked).count();
    assert_eq!(asked, 1);
    unsafe {
        assert_eq!(postseal_entry_cert_count(entry.get()), 3);
        postseal_entry_free(entry.get());
        postseal_operation_free(operation.get());
        postseal_engine_free(engine.get());
    }
}

// hardening: F6
#[test]
fn every_object_can_be_used_from_every_thread() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<postseal_engine>();
    is_shared::<postseal_error>();
    is_shared::<postseal_report>();
    is_shared::<postseal_entry>();
    is_shared::<postseal_entries>();
    is_shared::<postseal_question>();
    is_shared::<postseal_answer>();
    is_shared::<postseal_operation>();
    is_shared::<postseal_c::encryption::postseal_encryption>();
    is_shared::<postseal_c::plan::postseal_plan>();
    is_shared::<postseal_c::plan::postseal_sealer>();
}

#[test]
fn nobody_is_shown_to_debug() {
    let entry = absent(c"alice@goal.example".as_ptr());
    unsafe {
        assert!(!format!("{:?}", *entry).contains("alice"));
        postseal_entry_free(entry);
    }
    let engine = engine(c"");
    let to = [c"alice@goal.example".as_ptr()];
    let operation = made(|operation, err| unsafe {
        postseal_encrypt_operation(engine, null(), 0, to.as_ptr(), 1, null(), 0, null(), operation, err)
    });
    let (mut step, mut question) = (0, null_mut());
    unsafe {
        assert_eq!(postseal_operation_poll(operation, &raw mut step, &raw mut question, null_mut()), POSTSEAL_OK);
        assert!(!format!("{:?} {:?}", *question, *operation).contains("alice"));
        postseal_question_free(question);
        postseal_operation_free(operation);
        postseal_engine_free(engine);
    }
}
