//! What one import and one encryption cost in Rust, for `overhead.sh`: microseconds, the median of many.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement fails by panicking")]

use postseal::Address;
use postseal::import;
use postseal::resolve;
use postseal_host::{Configuration, Host};
use postseal_testkit::MemoryStore;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

fn median(mut work: impl FnMut()) -> u128 {
    (0..50).for_each(|_| work());
    let mut times: Vec<u128> = (0..300).map(|_| time(&mut work)).collect();
    times.sort_unstable();
    times[150]
}

fn time(work: &mut impl FnMut()) -> u128 {
    let start = Instant::now();
    work();
    start.elapsed().as_micros()
}

fn main() {
    let folder = std::env::args().nth(1).unwrap();
    let read = |name: &str| std::fs::read(Path::new(&folder).join(name)).unwrap();
    let (signed, plain) = (read("large.eml"), read("large-plain.eml"));
    let text = "trust = [\"anchors.pem\"]\nimport = true";
    let host = Configuration::parse(text, Path::new(&folder)).unwrap().host().unwrap();
    let host = host.with_store(Arc::new(MemoryStore::new()));
    let import = || drop(host.import_mail(&signed, import::Context::new(Host::now()), &|| false).unwrap());
    import();
    let encrypt = || {
        let context = resolve::Context::new(Host::now(), Arc::clone(host.tracer()));
        let alice = vec![Address::parse("alice@goal.example").unwrap()];
        drop(host.encrypt_mail(&plain, alice, Vec::new(), context, &|| false).unwrap());
    };
    println!("{} {}", median(import), median(encrypt));
}
