//! Which version this is.

use crate::guard::plain;
use core::ffi::{CStr, c_char};
use core::ptr;

/// Of the header that a program was compiled with. Before 1.0 another minor version may be another interface.
pub const POSTSEAL_VERSION_MAJOR: i32 = 0;
/// See `POSTSEAL_VERSION_MAJOR`.
pub const POSTSEAL_VERSION_MINOR: i32 = 1;
/// See `POSTSEAL_VERSION_MAJOR`.
pub const POSTSEAL_VERSION_PATCH: i32 = 0;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

/// Of the library that is loaded, as "0.1.0". It is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn postseal_version() -> *const c_char {
    plain(ptr::null(), || Some(VERSION.as_ptr()))
}
