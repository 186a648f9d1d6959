//! The core decides and never acts: no I/O crate is below it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "test code"
)]

use std::process::Command;

// hardening: R10, S5
#[test]
fn no_crate_below_the_core_does_io_or_draws_randomness() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["tree", "-p", "postseal", "--edges", "normal", "--prefix", "none", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let tree = String::from_utf8(output.stdout).unwrap();
    assert!(tree.lines().any(|line| line.starts_with("postseal ")), "{}", String::from_utf8_lossy(&output.stderr));
    for name in [
        "tokio",
        "mio",
        "socket2",
        "reqwest",
        "ureq",
        "hyper",
        "rusqlite",
        "getrandom",
        "rand",
        "chrono",
        "openssl-sys",
        "ring",
    ] {
        let found = tree.lines().any(|line| line.split(' ').next() == Some(name));
        assert!(!found, "{name} is below the core:\n{tree}");
    }
}
