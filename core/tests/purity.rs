//! The core decides and never acts: no I/O crate is below it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "test code"
)]

use postseal::import::Context;
use postseal_testkit::MemoryStore;
use postseal_testkit::corpus::{self, Case};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, UdpSocket};
use std::process::{Command, Stdio};
use std::{env, fs};

// hardening: R10, S5
#[test]
fn no_crate_below_the_core_does_io_or_draws_randomness() {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
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

/// What the engine says about a mail of the corpus: what it stores, and what it shows.
fn said(case: &Case) -> String {
    let (engine, store) = (case.engine(), MemoryStore::new());
    let report = engine.import_mail(&case.mail, Context::new(case.verify_at), &store, &()).unwrap();
    let again = engine.import_mail(&case.mail, Context::new(case.verify_at), &store, &()).unwrap();
    let shown = format!("{:?}", engine.inspect(&case.mail, case.verify_at));
    format!("said {} {:?} {} {shown:?}", case.name, report, again.outcome.name())
}

/// Not a test of its own: reads the corpus, waits until nothing can be opened any more, and says what the engine says.
#[test]
fn locked_in() {
    if env::var_os("POSTSEAL_LOCKED_IN").is_none() {
        return;
    }
    let cases = corpus::attacks();
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    assert!(fs::File::open("/dev/null").is_err() && UdpSocket::bind("127.0.0.1:0").is_err(), "it is not locked in");
    assert!(TcpListener::bind("127.0.0.1:0").is_err(), "it is not locked in");
    cases.iter().for_each(|case| println!("{}", said(case)));
}

// hardening: S5
#[test]
fn an_engine_that_can_open_no_file_and_no_socket_says_the_same_of_every_mail() {
    let mut worker = Command::new(env::current_exe().unwrap())
        .args(["locked_in", "--exact", "--nocapture", "--test-threads=1"])
        .env("POSTSEAL_LOCKED_IN", "")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(worker.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut lines = lines.skip_while(|line| !line.ends_with("ready"));
    assert!(lines.next().is_some(), "the worker ended");
    let id = worker.id().to_string();
    let limit = Command::new("prlimit").args(["--pid", &id, "--nofile=3:3"]).status();
    if !limit.is_ok_and(|status| status.success()) {
        let _ended = worker.kill().and_then(|()| worker.wait());
        return println!("SKIPPED: no prlimit on this machine");
    }
    writeln!(worker.stdin.take().unwrap()).unwrap();
    let locked_in: Vec<String> = lines.filter(|line| line.starts_with("said ")).collect();
    assert!(worker.wait().unwrap().success(), "{}", locked_in.last().map_or("", String::as_str));
    let free: Vec<String> = corpus::attacks().iter().map(said).collect();
    assert!(free.len() > 150 && free == locked_in);
}
