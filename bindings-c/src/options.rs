//! For whom and when something is done.

use crate::argument;
use crate::error::Failure;
use crate::table::{Versioned, read_optional};
use core::ffi::{c_char, c_void};
use postseal::store::Tenant;
use postseal::trace::Tracer;
use postseal::{Code, UnixTime, import, resolve};
use postseal_host::Host;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// For whom and when a mail is imported or encrypted. Begin with `{ .struct_size = sizeof(postseal_options) }`; what stays zero
/// is left out.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it has a size of its own")]
pub struct postseal_options {
    /// `sizeof(postseal_options)`.
    pub struct_size: usize,
    /// Whose store, directories and policies; NULL: "default".
    pub tenant: *const c_char,
    /// The route inside the tenant; NULL: none.
    pub route: *const c_char,
    /// The time for which everything is decided, in seconds since 1970 UTC; 0: the clock of the system.
    pub now: i64,
    /// Import only. Not 0: decide, but ask the store for nothing that changes it.
    pub dry_run: i32,
    /// Must be 0.
    pub reserved: i32,
    /// Where the library asks and you wait. Milliseconds after which nothing more is asked, so that what is still
    /// open counts as unavailable. A question that is on its way is not called off. 0: no such time.
    pub timeout_ms: u64,
    /// As `timeout_ms`: is asked before each question, and says with another value than 0 that the time is over. NULL: nobody.
    pub expired: Option<unsafe extern "C" fn(userdata: *mut c_void) -> i32>,
    /// For `expired`.
    pub expired_userdata: *mut c_void,
    /// 32 random octets for the nonces of OCSP requests (RFC 9654), never used twice; NULL: of the system's randomness.
    pub ocsp_nonce: *const u8,
}

// SAFETY: repr(C); pointers, a nullable function and numbers.
unsafe impl Versioned for postseal_options {}

/// The options, checked.
pub(crate) struct Options<'a> {
    tenant: Tenant,
    route: Option<&'a str>,
    now: UnixTime,
    dry_run: bool,
    timeout_ms: u64,
    expired: Option<(unsafe extern "C" fn(*mut c_void) -> i32, *mut c_void)>,
    ocsp_nonce: Option<[u8; 32]>,
}

/// The tenant of this name; NULL is the default one.
///
/// # Safety
/// As [`argument::text`].
pub(crate) unsafe fn tenant(name: *const c_char) -> Result<Tenant, Failure> {
    // SAFETY: the caller's word.
    Ok(unsafe { argument::optional_text(name) }?.map_or_else(Tenant::default, Tenant::new))
}

/// The time; 0 is now.
pub(crate) fn time(seconds: i64) -> UnixTime {
    if seconds == 0 { Host::now() } else { UnixTime::from_seconds(seconds) }
}

impl<'a> Options<'a> {
    /// Reads them.
    ///
    /// # Safety
    /// `given` is NULL or points to options whose texts and octets are there while `'a` lasts.
    pub(crate) unsafe fn read(given: *const postseal_options) -> Result<Self, Failure> {
        // SAFETY: the caller's word.
        let given = unsafe { read_optional(given) }?;
        if given.reserved != 0 {
            return Err(Failure::with(Code::ValueUnknown, "The reserved member of the options is not 0."));
        }
        // SAFETY: the caller's word.
        let (tenant, route) = unsafe { (tenant(given.tenant)?, argument::optional_text(given.route)?) };
        // SAFETY: NULL, or the 32 octets that the header asks for.
        let ocsp_nonce = unsafe { given.ocsp_nonce.cast::<[u8; 32]>().as_ref() }.copied();
        Ok(Self {
            tenant,
            route,
            now: time(given.now),
            dry_run: given.dry_run != 0,
            timeout_ms: given.timeout_ms,
            expired: given.expired.map(|expired| (expired, given.expired_userdata)),
            ocsp_nonce,
        })
    }

    /// As importing wants them.
    pub(crate) fn for_import(&self) -> import::Context {
        let mut context = import::Context::new(self.now).tenant(self.tenant.clone());
        context.route = self.route.map(str::to_owned);
        context.dry_run = self.dry_run;
        context.ocsp_nonce = self.ocsp_nonce;
        context
    }

    /// As resolving wants them.
    ///
    /// # Errors
    /// [`Code::ValueUnknown`] for a dry run: an encryption changes nothing, so that there is nothing to leave out.
    pub(crate) fn for_encryption(&self, tracer: &Arc<dyn Tracer>) -> Result<resolve::Context, Failure> {
        if self.dry_run {
            return Err(Failure::with(Code::ValueUnknown, "Only an import can be run dry."));
        }
        let mut context = resolve::Context::new(self.now, Arc::clone(tracer)).tenant(self.tenant.clone());
        context.route = self.route.map(str::to_owned);
        context.ocsp_nonce = self.ocsp_nonce;
        Ok(context)
    }

    /// Whether the time is over, from now on.
    pub(crate) fn expired(&self) -> impl Fn() -> bool {
        let timeout = (self.timeout_ms != 0).then(|| Duration::from_millis(self.timeout_ms));
        let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let asked = self.expired;
        move || {
            let late = end.is_some_and(|end| Instant::now() >= end);
            // SAFETY: the host's own callback with the host's own pointer, inside of its own call.
            late || asked.is_some_and(|(expired, userdata)| unsafe { expired(userdata) } != 0)
        }
    }
}
