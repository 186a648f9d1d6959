//! A switch for the tests of what becomes of a panic.
#![expect(clippy::panic, reason = "that is what it is for")]

use pyo3::prelude::*;
use std::cell::Cell;

thread_local! {
    static ARMED: Cell<bool> = const { Cell::new(false) };
}

/// The next call of an engine or an operation on this thread panics, where it works with the interpreter released.
#[pyfunction]
fn test_panic() {
    ARMED.set(true);
}

/// Panics where nothing but PyO3 stands between Rust and Python.
#[pyfunction]
fn test_panic_at_once() {
    panic!("a test asked for this");
}

pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(test_panic, module)?)?;
    module.add_function(wrap_pyfunction!(test_panic_at_once, module)?)
}

pub(crate) fn trip() {
    if ARMED.replace(false) {
        panic!("a test asked for this");
    }
}
