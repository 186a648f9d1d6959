//! As `overhead.c`, without C.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a tool of the tests")]

use postseal::import::{self, Outcome};
use postseal::{Address, UnixTime, resolve};
use postseal_host::{Configuration, Host};
use postseal_testkit::MemoryStore;
use std::sync::Arc;
use std::time::Instant;
use std::{env, fs};

const NOW: UnixTime = UnixTime::from_seconds(1_780_272_000);

fn import(host: Host, mail: &[u8]) -> Host {
    let host = host.with_store(Arc::new(MemoryStore::new()));
    let report = host.import_mail(mail, import::Context::new(NOW), &|| false).unwrap();
    assert_eq!(report.outcome, Outcome::Imported);
    host
}

fn encrypt(host: &Host, mail: &[u8]) {
    let context = resolve::Context::new(NOW, Arc::clone(host.tracer()));
    let to = vec![Address::parse("alice@goal.example").unwrap()];
    assert_eq!(host.encrypt_mail(mail, to, Vec::new(), context, &|| false).unwrap().messages.len(), 1);
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, rounds] = &arguments[..] else { panic!("overhead FIXTURES ROUNDS") };
    let configuration = Configuration::parse("trust = [\"root.pem\"]\nimport = true\n", folder.as_ref()).unwrap();
    let mut host = configuration.host().unwrap();
    let read = |name: &str| fs::read(format!("{folder}/{name}")).unwrap();
    let (signed, plain) = (read("large-signed.eml"), read("large.eml"));
    for _ in 0..rounds.parse().unwrap() {
        let begin = Instant::now();
        host = import(host, &signed);
        println!("import {}", begin.elapsed().as_nanos());
        let begin = Instant::now();
        encrypt(&host, &plain);
        println!("encrypt {}", begin.elapsed().as_nanos());
    }
}
