//! Text on its way out.

use core::ffi::c_char;
use core::ptr;
use std::ffi::CString;

/// Text with a NUL at its end. One inside, which no address and no escaped text has, becomes U+FFFD.
pub(crate) fn text(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default())
}

/// As [`text`], of anything that has a text form.
pub(crate) fn shown(value: impl ToString) -> CString {
    text(&value.to_string())
}

/// The address of a text; NULL where there is none.
pub(crate) fn pointer(text: Option<&CString>) -> *const c_char {
    text.map_or(ptr::null(), |text| text.as_ptr())
}

/// The address of a part; NULL where there is none.
pub(crate) fn address_of<T>(part: Option<&T>) -> *const T {
    part.map_or(ptr::null(), ptr::from_ref)
}
