//! Structs and tables that grow: the first member is the size that the caller knew.

use crate::error::Failure;
use core::ffi::c_void;
use core::ptr;
use postseal::Code;

/// A struct of the header whose first member is `size_t struct_size`, where zero means "left out" for every other member.
///
/// # Safety
/// `repr(C)`, begins with a `usize`, and all octets zero is a value of it.
pub(crate) unsafe trait Versioned: Copy {}

/// What the caller filled in; what his header did not have yet is zero.
///
/// # Safety
/// `given` is NULL or points to as many octets as its first member says.
pub(crate) unsafe fn read<T: Versioned>(given: *const T) -> Result<T, Failure> {
    if given.is_null() {
        return Err(Code::ArgumentNull.into());
    }
    // SAFETY: not NULL, and every such struct begins with its size.
    let size = unsafe { given.cast::<usize>().read() };
    // A size that cuts a pointer in two is no size of any version.
    let is_whole = size >= size_of::<usize>() && size.checked_rem(align_of::<T>()) == Some(0);
    if !is_whole {
        return Err(Failure::with(Code::ValueUnknown, "struct_size is not the size of the struct."));
    }
    // SAFETY: all zero is a value of `T`.
    let mut whole: T = unsafe { core::mem::zeroed() };
    let octets = size.min(size_of::<T>());
    // SAFETY: both sides have that many octets, and `whole` is a variable of this function.
    unsafe { ptr::copy_nonoverlapping(given.cast::<u8>(), (&raw mut whole).cast::<u8>(), octets) };
    Ok(whole)
}

/// As [`read`], with all zero for NULL.
///
/// # Safety
/// As [`read`].
pub(crate) unsafe fn read_optional<T: Versioned>(given: *const T) -> Result<T, Failure> {
    if given.is_null() {
        // SAFETY: all zero is a value of `T`.
        return Ok(unsafe { core::mem::zeroed() });
    }
    // SAFETY: the caller's word.
    unsafe { read(given) }
}

/// Writes as much of `value` as the caller's struct has room for; its size stays as he set it.
///
/// # Safety
/// `place` is NULL or points to as many octets as its first member says.
pub(crate) unsafe fn write<T: Versioned>(place: *mut T, mut value: T) -> Result<(), Failure> {
    // SAFETY: the caller's word; what is read is only the size, and that it is one.
    unsafe { read(place) }?;
    // SAFETY: not NULL, and every such struct begins with its size.
    let size = unsafe { place.cast::<usize>().read() };
    // SAFETY: the same of `value`.
    unsafe { (&raw mut value).cast::<usize>().write(size) };
    let octets = size.min(size_of::<T>());
    // SAFETY: both sides have that many octets, and `value` is a variable of this function.
    unsafe { ptr::copy_nonoverlapping((&raw const value).cast::<u8>(), place.cast::<u8>(), octets) };
    Ok(())
}

/// The host's side of a table of callbacks. It is given back once, when nobody can call any more.
#[derive(Debug)]
pub(crate) struct Userdata {
    pub(crate) pointer: *mut c_void,
    pub(crate) destroy: Option<unsafe extern "C" fn(userdata: *mut c_void)>,
}

// SAFETY: the header asks that callbacks and `userdata` can be used from every thread; the library itself never reads there.
unsafe impl Send for Userdata {}
// SAFETY: as above.
unsafe impl Sync for Userdata {}

impl Drop for Userdata {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the host's own callback with the host's own pointer, once.
            unsafe { destroy(self.pointer) };
        }
    }
}
