//! Text on its way out.

use core::ffi::c_char;
use core::{fmt, ptr};
use std::ffi::CString;

/// Text with a NUL at its end, which C borrows. Much of it names persons, so that none of it is shown to Rust's `Debug`.
pub(crate) struct Text(CString);

impl Text {
    pub(crate) fn as_ptr(&self) -> *const c_char {
        self.0.as_ptr()
    }

    pub(crate) fn as_str(&self) -> &str {
        // It was made of a `str`.
        self.0.to_str().unwrap_or_default()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// This text. A NUL inside, which no address and no escaped text has, becomes U+FFFD.
pub(crate) fn text(text: &str) -> Text {
    Text(CString::new(text).unwrap_or_else(|_| CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()))
}

/// As [`text`], of anything that has a text form.
pub(crate) fn shown(value: impl ToString) -> Text {
    text(&value.to_string())
}

/// The address of a text; NULL where there is none.
pub(crate) fn pointer(text: Option<&Text>) -> *const c_char {
    text.map_or(ptr::null(), Text::as_ptr)
}

/// The address of a part; NULL where there is none.
pub(crate) fn address_of<T>(part: Option<&T>) -> *const T {
    part.map_or(ptr::null(), ptr::from_ref)
}

#[cfg(test)]
mod tests {
    use super::text;
    use core::ffi::CStr;

    #[test]
    fn a_nul_inside_ends_nothing_and_nobody_is_shown() {
        let text = text("alice\0@goal.example");
        // SAFETY: the text is there, and has a NUL at its end.
        let seen = unsafe { CStr::from_ptr(text.as_ptr()) };
        assert_eq!(seen.to_str(), Ok("alice\u{fffd}@goal.example"));
        assert_eq!(format!("{text:?}"), "[redacted]");
    }
}
