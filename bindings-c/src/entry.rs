//! What a store keeps for one mailbox.

use crate::argument::{self, items, object, octets, place};
use crate::error::{Failure, postseal_error, postseal_status};
use crate::guard::{call, free, get};
use crate::table::{self, Versioned};
use crate::text::{Text, pointer, shown, text};
use crate::values::{self, number_of, value_of};
use core::ffi::c_char;
use core::ptr;
use postseal::cert::{Capabilities, StoredCert};
use postseal::store::{Entry, State, Version};
use postseal::verify::Limits;
use postseal::{Address, Certificate, Code, Fingerprint, UnixTime};
use std::sync::{Arc, Mutex, PoisonError};

/// Octets of somebody else.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it never grows")]
pub struct postseal_octets {
    /// The first; may be NULL when there are none.
    pub data: *const u8,
    /// How many.
    pub len: usize,
}

/// A certificate that a store keeps, with what is kept beside it: all that a store has to write down and to bring back.
///
/// Begin with `{ .struct_size = sizeof(postseal_stored_cert) }`. What `postseal_entry_cert` fills in is borrowed from the entry.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it has a size of its own")]
pub struct postseal_stored_cert {
    /// `sizeof(postseal_stored_cert)`.
    pub struct_size: usize,
    /// What it is to its mailbox, a `POSTSEAL_STATE_*`.
    pub state: i32,
    /// Where it came from, a `POSTSEAL_SOURCE_*`.
    pub source: i32,
    /// The certificate, DER.
    pub der: postseal_octets,
    /// CA certificates of the path that it was verified with, nearest issuer first, without the anchor, DER.
    pub issuers: *const postseal_octets,
    /// How many.
    pub issuers_len: usize,
    /// 32 octets: SHA-256 of the SubjectPublicKeyInfo that signed it.
    pub issuer_key: *const u8,
    /// The SMIMECapabilities that its owner signed, DER; `{NULL, 0}` without any.
    pub capabilities: postseal_octets,
    /// Not 0: `capabilities_signed_at` is known.
    pub capabilities_are_dated: i32,
    /// Must be 0.
    pub reserved: i32,
    /// When its owner says that he signed them, in seconds since 1970 UTC.
    pub capabilities_signed_at: i64,
    /// When it was stored, in seconds since 1970 UTC.
    pub imported_at: i64,
}

// SAFETY: repr(C); pointers and numbers.
unsafe impl Versioned for postseal_stored_cert {}

/// What a store keeps for one mailbox: the address, a version, and certificates with their states, oldest first. Certificates are
/// only ever added to it, so that what was borrowed from it stays until it is freed.
#[derive(Debug)]
pub struct postseal_entry {
    address: Address,
    version: Version,
    spelled: Text,
    key: Text,
    certs: Mutex<Vec<Arc<Kept>>>,
}

/// A certificate of an entry, in a place where it stays.
#[derive(Debug)]
struct Kept {
    cert: StoredCert,
    state: State,
    fingerprint: Text,
    issuers: Vec<postseal_octets>,
}

// SAFETY: the pointers in `issuers` lead into `cert`, which nobody changes while `Kept` is there.
unsafe impl Send for Kept {}
// SAFETY: as above.
unsafe impl Sync for Kept {}

fn view(octets: &[u8]) -> postseal_octets {
    postseal_octets { data: octets.as_ptr(), len: octets.len() }
}

impl Kept {
    fn new(cert: StoredCert, state: State) -> Self {
        // A certificate keeps its DER on the heap: moving `cert` does not move it.
        let issuers = cert.issuers.iter().map(|issuer| view(issuer.der())).collect();
        Self { fingerprint: shown(cert.certificate.fingerprint()), issuers, state, cert }
    }

    fn fields(&self) -> postseal_stored_cert {
        let capabilities = self.cert.capabilities.as_ref();
        let signed_at = capabilities.and_then(Capabilities::signed_at);
        let nothing = postseal_octets { data: ptr::null(), len: 0 };
        postseal_stored_cert {
            struct_size: size_of::<postseal_stored_cert>(),
            state: number_of(values::STATES, self.state),
            source: number_of(values::SOURCES, self.cert.source),
            der: view(self.cert.certificate.der()),
            issuers: self.issuers.as_ptr(),
            issuers_len: self.issuers.len(),
            issuer_key: self.cert.issuer_key.as_bytes().as_ptr(),
            capabilities: capabilities.map_or(nothing, |capabilities| view(capabilities.der())),
            capabilities_are_dated: signed_at.is_some().into(),
            reserved: 0,
            capabilities_signed_at: signed_at.map_or(0, UnixTime::seconds),
            imported_at: self.cert.imported_at.seconds(),
        }
    }
}

impl From<Entry> for postseal_entry {
    fn from(entry: Entry) -> Self {
        let (spelled, key) = (text(entry.address.as_str()), text(entry.address.key()));
        let certs = entry.certs.into_iter().map(|(cert, state)| Arc::new(Kept::new(cert, state)));
        Self { address: entry.address, version: entry.version, spelled, key, certs: Mutex::new(certs.collect()) }
    }
}

impl postseal_entry {
    fn certs(&self) -> Vec<Arc<Kept>> {
        self.certs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The entry as the engine has it.
    pub(crate) fn entry(&self) -> Entry {
        let certs = self.certs().iter().map(|kept| (kept.cert.clone(), kept.state)).collect();
        Entry { address: self.address.clone(), version: self.version, certs }
    }

    fn kept(&self, index: usize) -> Option<Arc<Kept>> {
        self.certs().get(index).map(Arc::clone)
    }
}

/// Each octet string of a list.
///
/// # Safety
/// As [`items`], and as [`octets`] for each of them.
pub(crate) unsafe fn each(first: *const postseal_octets, len: usize) -> Result<Vec<Vec<u8>>, Failure> {
    // SAFETY: the caller's word.
    let all = unsafe { items(first, len) }?;
    // SAFETY: the caller's word.
    all.iter().map(|one| Ok(unsafe { octets(one.data, one.len) }?.to_vec())).collect()
}

/// Capabilities; none for NULL.
///
/// # Safety
/// As [`octets`].
pub(crate) unsafe fn capabilities(
    der: postseal_octets,
    signed_at: Option<i64>,
) -> Result<Option<Capabilities>, Failure> {
    if der.data.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's word.
    let der = unsafe { octets(der.data, der.len) }?.to_vec();
    Ok(Some(Capabilities::new(der, signed_at.map(UnixTime::from_seconds))))
}

/// A certificate out of a store.
///
/// # Safety
/// What the struct points to is there.
unsafe fn stored(fields: &postseal_stored_cert) -> Result<(StoredCert, State), Failure> {
    let unknown = |what| move || Failure::with(Code::ValueUnknown, what);
    if fields.reserved != 0 {
        return Err(unknown("The reserved member of the certificate is not 0.")());
    }
    let limits = Limits::for_stored();
    let state = value_of(values::STATES, fields.state).ok_or_else(unknown("The state is none."))?;
    let source = value_of(values::SOURCES, fields.source).ok_or_else(unknown("The source is none."))?;
    // SAFETY: the caller's word.
    let (der, issuers) =
        unsafe { (octets(fields.der.data, fields.der.len)?, each(fields.issuers, fields.issuers_len)?) };
    let issuers = issuers.iter().map(|der| Certificate::from_der(der, &limits)).collect::<Result<_, _>>()?;
    // SAFETY: NULL, or the 32 octets that the header asks for.
    let issuer_key = *unsafe { object(fields.issuer_key.cast::<[u8; 32]>()) }?;
    let signed_at = (fields.capabilities_are_dated != 0).then_some(fields.capabilities_signed_at);
    let cert = StoredCert {
        certificate: Certificate::from_der(der, &limits)?,
        issuers,
        issuer_key: Fingerprint::from(issuer_key),
        // SAFETY: the caller's word.
        capabilities: unsafe { capabilities(fields.capabilities, signed_at) }?,
        source,
        imported_at: UnixTime::from_seconds(fields.imported_at),
    };
    Ok((cert, state))
}

/// Begins an entry: the mailbox as it was spelled when it was first stored, and how often its entry was changed. With version 0
/// and without a certificate it is that of an address for which nothing is kept. Free it with `postseal_entry_free`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_entry_new(
    address: *const c_char,
    version: u64,
    entry: *mut *mut postseal_entry,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (entry, address) = unsafe { (place(entry)?, argument::text(address)?) };
        let absent = Entry { version: Version::new(version), ..Entry::absent(Address::parse(address)?) };
        entry.give(absent.into());
        Ok(())
    })
}

/// Adds a certificate, the oldest first. Everything is copied. Certificates that cannot be read are refused here; whether they
/// are any good is decided each time they are used.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_entry_add(
    entry: *mut postseal_entry,
    cert: *const postseal_stored_cert,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (entry, fields) = unsafe { (object(entry)?, table::read(cert)?) };
        // SAFETY: as the header says.
        let (cert, state) = unsafe { stored(&fields) }?;
        entry.certs.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::new(Kept::new(cert, state)));
        Ok(())
    })
}

/// The mailbox as it was spelled when it was first stored. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_entry_address(entry: *const postseal_entry) -> *const c_char {
    get(entry, ptr::null(), |entry| entry.spelled.as_ptr())
}

/// The mailbox in the form that is compared, octet by octet: what a store has as its key. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_entry_key(entry: *const postseal_entry) -> *const c_char {
    get(entry, ptr::null(), |entry| entry.key.as_ptr())
}

/// How often the entry was changed; 0: nothing was ever stored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_entry_version(entry: *const postseal_entry) -> u64 {
    get(entry, 0, |entry| entry.version.number())
}

/// How many certificates it has. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_entry_cert_count(entry: *const postseal_entry) -> usize {
    get(entry, 0, |entry| entry.certs().len())
}

/// Fills `*cert`, whose `struct_size` is set, from one of its certificates.
///
/// POSTSEAL_VALUE_UNKNOWN when it has not as many.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_entry_cert(
    entry: *const postseal_entry,
    index: usize,
    cert: *mut postseal_stored_cert,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let entry = unsafe { object(entry) }?;
        let kept = entry.kept(index).ok_or_else(|| Failure::with(Code::ValueUnknown, "The entry has not as many."))?;
        // The entry has it as well, and keeps it.
        // SAFETY: as the header says.
        unsafe { table::write(cert, kept.fields()) }
    })
}

/// SHA-256 of one of its certificates, as 64 hexadecimal digits. NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_entry_fingerprint(entry: *const postseal_entry, index: usize) -> *const c_char {
    get(entry, ptr::null(), |entry| pointer(entry.kept(index).as_ref().map(|kept| &kept.fingerprint)))
}

/// Whether it has as many certificates, and the start and the end of the validity of this one, in seconds since 1970 UTC, in what
/// of `*not_before` and `*not_after` is not NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_entry_validity(
    entry: *const postseal_entry,
    index: usize,
    not_before: *mut i64,
    not_after: *mut i64,
) -> bool {
    get(entry, false, |entry| {
        let kept = entry.kept(index);
        let certificate = kept.as_ref().map(|kept| &kept.cert.certificate);
        argument::put(not_before, certificate.map(|certificate| certificate.not_before().seconds()));
        argument::put(not_after, certificate.map(|certificate| certificate.not_after().seconds()))
    })
}

/// Frees an entry of your own. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_entry_free(entry: *mut postseal_entry) {
    // SAFETY: as the header says.
    unsafe { free(entry) };
}
