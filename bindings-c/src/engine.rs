//! The engine, with what it works with.

use crate::argument::{self, place};
use crate::error::{Failure, postseal_error, postseal_status};
use crate::guard::{call, free};
use core::ffi::c_char;
use postseal::Code;
use postseal::directory::DirectoryId;
use postseal_host::{Configuration, ConfigurationError, Host};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

/// An engine with its store, directories, fetcher and tracer, made of a configuration. It can be used from any number of
/// threads at the same time.
#[derive(Debug)]
pub struct postseal_engine {
    host: RwLock<Host>,
    /// The directories that the configuration has.
    directories: BTreeSet<String>,
}

impl postseal_engine {
    /// What a call works with. It goes on with that when another thread changes the engine meanwhile.
    pub(crate) fn host(&self) -> Host {
        self.host.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The directory of this name. One that nobody asks would look like one that has no certificates.
    pub(crate) fn directory(&self, name: &str) -> Result<DirectoryId, Failure> {
        if !self.directories.contains(name) {
            return Err(Failure::with(Code::DirectoryUnknown, format!("There is no [directory.{name}].")));
        }
        Ok(DirectoryId::new(name))
    }

    /// Changes it for calls that begin later.
    pub(crate) fn change(&self, change: impl FnOnce(Host) -> Host) {
        let before = {
            let mut host = self.host.write().unwrap_or_else(PoisonError::into_inner);
            let changed = change(host.clone());
            core::mem::replace(&mut *host, changed)
        };
        // Not under the lock: the host's `destroy` may run here, and may use the engine.
        drop(before);
    }
}

/// The engine of a configuration.
fn configured(configuration: Result<Configuration, ConfigurationError>) -> Result<postseal_engine, Failure> {
    let failed = |error: ConfigurationError| Failure::with(error.code(), error);
    let configuration = configuration.map_err(failed)?;
    let host = RwLock::new(configuration.host().map_err(failed)?);
    Ok(postseal_engine { host, directories: configuration.directories().map(str::to_owned).collect() })
}

/// Makes an engine of the text of a configuration (`postseal.toml`). Paths in it are relative to `folder`, or to the current
/// folder where that is NULL.
///
/// POSTSEAL_CONFIGURATION_INVALID: the message says why. POSTSEAL_ARGUMENT_NULL, POSTSEAL_TEXT_NOT_UTF8.
///
/// Example: `examples/c/own_store.c`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_engine_from_text(
    configuration: *const c_char,
    folder: *const c_char,
    engine: *mut *mut postseal_engine,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (engine, text, folder) =
            unsafe { (place(engine)?, argument::text(configuration)?, argument::optional_text(folder)?) };
        engine.give(configured(Configuration::parse(text, Path::new(folder.unwrap_or("."))))?);
        Ok(())
    })
}

/// Makes an engine of a configuration file. Paths in it are relative to the folder of the file.
///
/// As `postseal_engine_from_text`.
///
/// Example: `examples/c/learn.c`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_engine_from_file(
    path: *const c_char,
    engine: *mut *mut postseal_engine,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (engine, path) = unsafe { (place(engine)?, argument::text(path)?) };
        engine.give(configured(Configuration::read(Path::new(path)))?);
        Ok(())
    })
}

/// Frees an engine. NULL is allowed. No call that was given the engine may be going on; what was made with it lives on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_engine_free(engine: *mut postseal_engine) {
    // SAFETY: as the header says.
    unsafe { free(engine) };
}
