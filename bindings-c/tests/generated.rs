//! What is generated is what would be generated now: the codes, from the engine's table, and the header.
//!
//! `POSTSEAL_GENERATE=1 cargo test -p postseal-capi --test generated` writes them again.
#![cfg(not(miri))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

use postseal::Code;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The name of the constant of a code.
fn constant(code: Code) -> String {
    format!("POSTSEAL_{}", code.name().to_uppercase().replace('-', "_"))
}

fn codes() -> String {
    let mut text = String::from(
        "//! Generated from the engine's table of codes by `tests/generated.rs`. Not to be edited.\n\n\
         use core::ffi::CStr;\n\n/// Success.\npub const POSTSEAL_OK: i32 = 0;\n",
    );
    for code in Code::ALL {
        writeln!(text, "/// {}\npub const {}: i32 = {};", code.sentence(), constant(*code), code.number()).unwrap();
    }
    text.push_str("\n/// Number, name, sentence.\npub(crate) const WORDS: &[(i32, &CStr, &CStr)] = &[\n");
    for code in Code::ALL {
        writeln!(text, "    ({}, c\"{}\", c\"{}\"),", constant(*code), code.name(), code.sentence()).unwrap();
    }
    text.push_str("];\n");
    text
}

fn header() -> String {
    let config = cbindgen::Config::from_file(here("cbindgen.toml")).unwrap();
    let bindings = cbindgen::Builder::new().with_config(config).with_crate(here(".")).generate().unwrap();
    let mut text = Vec::new();
    bindings.write(&mut text);
    String::from_utf8(text).unwrap()
}

fn check(path: &str, wanted: &str) {
    let path = here(path);
    if env::var_os("POSTSEAL_GENERATE").is_some() {
        fs::write(&path, wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "{} is not what the sources give: see the first lines of this test", path.display());
}

#[test]
fn codes_are_those_of_the_engine() {
    check("src/codes.rs", &codes());
}

#[test]
fn the_header_is_that_of_the_sources() {
    check("include/postseal.h", &header());
}
