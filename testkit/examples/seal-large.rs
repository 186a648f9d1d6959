//! Sealing at size, with figures: `cargo run --release -p postseal-testkit --example seal-large` (Linux).
//!
//! Two GiB through a sealer with its growth of memory; 10 000 recipients, resolved and sealed; how often a content key or
//! nonce came twice in a million messages.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a tool of the repository"
)]

use postseal::directory::{Directories, DirectoryId};
use postseal::drive::{self, Lookup};
use postseal::import::Context as ImportContext;
use postseal::query::Unavailable;
use postseal::resolve::Context;
use postseal::seal::{ContentEncryption, Policy, Recipients};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Engine, PerRoute, Random, UnixTime};
use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
use postseal_testkit::{MemoryStore, ScriptedDirectory, SeededRandom};
use std::collections::HashSet;
use std::fs;
use std::sync::Arc;
use std::time::Instant;

fn now() -> UnixTime {
    UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap()
}

fn address(number: usize) -> Address {
    Address::parse(&format!("r{number}@goal.example")).unwrap()
}

/// Kibibytes of the process: `VmRSS` now, `VmHWM` at most so far.
fn memory(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn world(key: Key) -> (Engine, ScriptedDirectory) {
    let root = Authority::root("Root", Key::P256(1));
    let der = root.issue(&CertSpec::mailbox(address(0).as_str(), key)).der().to_vec();
    let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
    let directories = Directories::new().ask(DirectoryId::new("d"));
    let engine = Engine::new(anchors).with_directories(PerRoute::new(directories));
    (engine, ScriptedDirectory::new().lends(&address(0), der))
}

fn recipients(engine: &Engine, directory: &ScriptedDirectory, algorithm: ContentEncryption) -> Recipients {
    let mut policy = Policy::default();
    policy.allowed = vec![algorithm];
    policy.assumed = vec![algorithm];
    let context = Context::new(now(), Arc::new(())).policy(policy);
    let resolve = engine.resolve(vec![address(0)], Vec::new(), context).unwrap();
    let store = MemoryStore::new();
    let lookup = Lookup::new(&store).directory(DirectoryId::new("d"), directory);
    drive::run(resolve, &lookup, &(), &|| false).unwrap().complete().unwrap()
}

fn two_gib() {
    const SIZE: u64 = 2 << 30;
    let (engine, directory) = world(Key::Rsa(0));
    let piece = vec![0x5a; 1 << 20];
    let header = b"Subject: large\r\nContent-Type: application/octet-stream\r\n\r\n";
    for (algorithm, known) in [
        (ContentEncryption::Aes256Cbc, true),
        (ContentEncryption::Aes256Cbc, false),
        (ContentEncryption::Aes256Gcm, true),
        (ContentEncryption::Aes256Gcm, false),
    ] {
        let envelope = recipients(&engine, &directory, algorithm).envelopes().remove(0);
        let length = known.then(|| SIZE + u64::try_from(header.len()).unwrap());
        let (before, start) = (memory("VmHWM"), Instant::now());
        let mut sealer = envelope.sealer(length, &mut SeededRandom::new(1)).unwrap();
        let (mut message, mut written) = (Vec::new(), 0);
        sealer.push(header, &mut message).unwrap();
        for _ in 0..SIZE >> 20 {
            sealer.push(&piece, &mut message).unwrap();
            written += message.len();
            message.clear();
        }
        sealer.finish(&mut message).unwrap();
        written += message.len();
        let form = if known { "DER" } else { "BER" };
        let growth = memory("VmHWM") - before;
        println!(
            "2 GiB {algorithm} {form}: {written} bytes, {:.1} s, peak memory grew by {growth} KiB",
            start.elapsed().as_secs_f64()
        );
        assert!(growth < 16 << 10, "memory grows with the message");
    }
}

/// Seconds and KiB at the most of resolving so many recipients and sealing to them.
fn seal_to(engine: &Engine, store: &MemoryStore, count: usize) -> (f64, u64) {
    // The most memory so far is forgotten.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let (before, start) = (memory("VmRSS"), Instant::now());
    let all = (0..count).map(address).collect();
    let resolve = engine.resolve(all, Vec::new(), Context::new(now(), Arc::new(()))).unwrap();
    let resolution = drive::run(resolve, &Lookup::new(store), &(), &|| false).unwrap();
    let resolved = start.elapsed().as_secs_f64();
    let recipients = resolution.complete().unwrap();
    let sealed = recipients.seal(b"Subject: all\r\n\r\nhello\r\n", &mut SeededRandom::new(1)).unwrap();
    let total = start.elapsed().as_secs_f64();
    let growth = memory("VmHWM").saturating_sub(before);
    println!(
        "{count} recipients, RSA-2048, three-certificate paths: {total:.2} s ({resolved:.2} s resolving), {} bytes, \
         peak memory grew by {growth} KiB, {:.1} KiB for each",
        sealed[0].mail.len(),
        growth as f64 / count as f64
    );
    (total, growth)
}

fn ten_thousand() {
    const COUNT: usize = 10_000;
    let root = Authority::root("Root", Key::Rsa(5));
    let middle = root.authority("Middle", Key::Rsa(4));
    let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
    let engine = Engine::new(anchors);
    let store = MemoryStore::new();
    for number in 0..COUNT {
        let serial = u64::try_from(number).unwrap() + 1;
        let spec = CertSpec { serial, ..CertSpec::mailbox(address(number).as_str(), Key::Rsa(number % 4)) };
        let mail = SignedMail::new(address(number).as_str(), &middle.issue(&spec)).with_authority(&middle).build();
        let report = engine.import_mail(&mail, ImportContext::new(now()), &store, &()).unwrap();
        assert_eq!(report.outcome.name(), "imported");
    }
    // What is kept for the next time is there.
    seal_to(&engine, &store, 100);
    let (half, once) = (seal_to(&engine, &store, COUNT / 2), seal_to(&engine, &store, COUNT));
    assert!(once.0 < 2.3 * half.0 && once.0 < 5.0, "time is not linear in the recipients");
    assert!(once.1 * 10 < 23 * half.1 && once.1 < 4 * 10_000, "memory is not linear in the recipients");
}

/// Remembers the first two draws of each message: the content key and the nonce.
struct Watched {
    inner: Os,
    draws: usize,
    key: u128,
    nonce: u128,
}

struct Os(fs::File);

impl Random for Os {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), Unavailable> {
        std::io::Read::read_exact(&mut self.0, octets).map_err(Unavailable::because)
    }
}

impl Random for Watched {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), Unavailable> {
        self.inner.fill(octets)?;
        let beginning =
            |octets: &[u8]| octets.iter().take(16).fold(0_u128, |number, octet| number << 8 | u128::from(*octet));
        match self.draws {
            0 => self.key = beginning(octets),
            1 => self.nonce = beginning(octets),
            _ => {}
        }
        self.draws += 1;
        Ok(())
    }
}

/// One message after the other from one source, as a host would: each must draw anew.
fn a_million() {
    const COUNT: usize = 1_000_000;
    let (engine, directory) = world(Key::X25519(3));
    let (mut keys, mut nonces, mut bodies) = (HashSet::new(), HashSet::new(), HashSet::new());
    let mut random = Watched { inner: Os(fs::File::open("/dev/urandom").unwrap()), draws: 0, key: 0, nonce: 0 };
    let start = Instant::now();
    for _ in 0..COUNT {
        random.draws = 0;
        let sealed =
            recipients(&engine, &directory, ContentEncryption::Aes256Gcm).seal(b"A: b\r\n\r\nhello", &mut random);
        let mail = sealed.unwrap().remove(0).mail;
        keys.insert(random.key);
        nonces.insert(random.nonce);
        bodies.insert(mail[mail.len() - 40..].to_vec());
    }
    println!(
        "{COUNT} messages: {} content keys, {} nonces, {} ciphertexts that differ, {:.0} s",
        keys.len(),
        nonces.len(),
        bodies.len(),
        start.elapsed().as_secs_f64()
    );
    assert!(keys.len() == COUNT && nonces.len() == COUNT && bodies.len() == COUNT);
}

fn main() {
    let wanted = std::env::args().nth(1);
    let runs: [(&str, fn()); 3] = [("bytes", two_gib), ("recipients", ten_thousand), ("messages", a_million)];
    for (name, run) in runs {
        if wanted.as_deref().is_none_or(|wanted| wanted == name) {
            run();
        }
    }
}
