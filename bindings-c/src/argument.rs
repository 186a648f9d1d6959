//! Arguments, checked before anything is read through them.

use crate::error::Failure;
use core::ffi::{CStr, c_char};
use core::{ptr, slice};
use postseal::{Address, Code};

/// An object of the library.
///
/// # Safety
/// `object` is NULL or points to one that is not freed while `'a` lasts.
pub(crate) unsafe fn object<'a, T>(object: *const T) -> Result<&'a T, Failure> {
    // SAFETY: the caller's word.
    unsafe { object.as_ref() }.ok_or_else(|| Code::ArgumentNull.into())
}

/// Octets. NULL is allowed when there are none of them.
///
/// # Safety
/// `data` is NULL or points to `len` octets that nobody writes to while `'a` lasts.
pub(crate) unsafe fn octets<'a>(data: *const u8, len: usize) -> Result<&'a [u8], Failure> {
    // SAFETY: the caller's word.
    unsafe { items(data, len) }
}

/// A list. NULL is allowed when it is empty.
///
/// # Safety
/// `first` is NULL or points to `len` values that nobody writes to while `'a` lasts.
pub(crate) unsafe fn items<'a, T>(first: *const T, len: usize) -> Result<&'a [T], Failure> {
    if len == 0 {
        return Ok(&[]);
    }
    if first.is_null() {
        return Err(Code::ArgumentNull.into());
    }
    // No object is larger than that, so that this is a length which went below zero.
    let fits = len.checked_mul(size_of::<T>()).is_some_and(|octets| isize::try_from(octets).is_ok());
    if !fits {
        return Err(Failure::with(Code::ValueUnknown, "A length is larger than any object."));
    }
    // SAFETY: not NULL, not too long; the rest is the caller's word.
    Ok(unsafe { slice::from_raw_parts(first, len) })
}

/// A text that must be given: UTF-8, NUL at its end.
///
/// # Safety
/// `text` is NULL or points to octets with a NUL among them, and nobody writes to them while `'a` lasts.
pub(crate) unsafe fn text<'a>(text: *const c_char) -> Result<&'a str, Failure> {
    // SAFETY: the caller's word.
    unsafe { optional_text(text) }?.ok_or_else(|| Code::ArgumentNull.into())
}

/// A text that may be left out with NULL.
///
/// # Safety
/// As [`text`].
pub(crate) unsafe fn optional_text<'a>(text: *const c_char) -> Result<Option<&'a str>, Failure> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: not NULL; the rest is the caller's word.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map(Some).map_err(|_| Code::TextNotUtf8.into())
}

/// Mailboxes.
///
/// # Safety
/// As [`items`], and as [`text`] for each of them.
pub(crate) unsafe fn addresses(first: *const *const c_char, len: usize) -> Result<Vec<Address>, Failure> {
    // SAFETY: the caller's word.
    let texts = unsafe { items(first, len) }?;
    // SAFETY: the caller's word.
    texts.iter().map(|address| Ok(Address::parse(unsafe { text(*address) }?)?)).collect()
}

/// A place for a new object. It is NULL from the beginning, so that a call that fails leaves nothing to free.
///
/// # Safety
/// `place` is NULL or a place for one pointer.
pub(crate) unsafe fn place<'a, T>(place: *mut *mut T) -> Result<Place<'a, T>, Failure> {
    // SAFETY: the caller's word.
    let place = unsafe { place.as_mut() }.ok_or_else(|| Failure::from(Code::ArgumentNull))?;
    *place = ptr::null_mut();
    Ok(Place(place))
}

/// See [`place`].
pub(crate) struct Place<'a, T>(&'a mut *mut T);

impl<T> Place<'_, T> {
    /// Gives the object to the caller.
    pub(crate) fn give(self, object: T) {
        *self.0 = Box::into_raw(Box::new(object));
    }
}

/// Writes a value, if there is one, to where the caller wants it, if he does; and says whether there is one.
pub(crate) fn put<T>(place: *mut T, value: Option<T>) -> bool {
    let is_there = value.is_some();
    if let Some(value) = value
        && !place.is_null()
    {
        // SAFETY: not NULL, and the caller's place for one value.
        unsafe { place.write(value) };
    }
    is_there
}

/// The octets, and their number in `*len` unless that is NULL. NULL and 0 where there are none.
pub(crate) fn put_octets(octets: Option<&[u8]>, len: *mut usize) -> *const u8 {
    put(len, Some(octets.map_or(0, <[u8]>::len)));
    octets.map_or(ptr::null(), <[u8]>::as_ptr)
}
