//! Mutations of good mails: no panic, no hang, and no import that the original did not allow.
//!
//! A few thousand in CI; `just mutations` runs two million in a release build and checks the time of each.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "test code"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postseal::import::{Context, Outcome};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Engine, Fingerprint, UnixTime};
use postseal_testkit::MemoryStore;
use postseal_testkit::corpus::{Expected, attacks};
use postseal_testkit::factory::{Authority, CertSpec, Form, Key, SignedMail};
use std::time::{Duration, Instant};

/// xorshift64*, so that a seed repeats a run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

struct Seed {
    engine: Engine,
    at: UnixTime,
    mail: Vec<u8>,
    /// What the unchanged mail imports.
    fingerprint: Fingerprint,
    address: String,
}

/// Twenty good mails: eight of the generator, in all forms, and good ones of the corpus.
fn seeds() -> Vec<Seed> {
    let mut mails = Vec::new();
    for key in [Key::Rsa(1), Key::P256(1)] {
        let root = Authority::root("Root", Key::P256(9));
        let person = root.issue(&CertSpec::mailbox("alice@goal.example", key));
        let engine =
            postseal_testkit::engine(TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap());
        for form in [Form::Detached, Form::DetachedBer, Form::Opaque, Form::OpaqueBer] {
            let at = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
            mails.push((engine.clone(), at, SignedMail::new("Alice <alice@goal.example>", &person).form(form).build()));
        }
    }
    let good = attacks().into_iter().filter(|case| case.expected == Expected::MayImport).take(12);
    mails.extend(good.map(|case| (case.engine(), case.verify_at, case.mail)));
    let seed = |(engine, at, mail): (Engine, UnixTime, Vec<u8>)| {
        let report = engine.import_mail(&mail, Context::new(at), &MemoryStore::new(), &()).unwrap();
        assert_eq!(report.outcome, Outcome::Imported);
        let address = report.address.unwrap().expose().key().to_owned();
        Seed { engine, at, mail, fingerprint: report.fingerprint.unwrap(), address }
    };
    mails.into_iter().map(seed).collect()
}

/// Where the base64 of the CMS object stands: the last long run of lines.
fn cms_range(mail: &[u8]) -> Option<std::ops::Range<usize>> {
    let text = String::from_utf8_lossy(mail);
    let start = text.rfind("base64").and_then(|at| text[at..].find("\r\n\r\n").map(|end| at + end + 4))?;
    let end = text[start..].find("\r\n--").map_or(text.len(), |end| start + end);
    (text.len() == mail.len() && start < end).then_some(start..end)
}

fn mutate(mail: &[u8], random: &mut Random) -> Vec<u8> {
    if let Some(range) = cms_range(mail).filter(|_| random.below(3) > 0) {
        let compact: Vec<u8> =
            mail[range.clone()].iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect();
        if let Ok(mut cms) = STANDARD.decode(&compact) {
            for _ in 0..=random.below(3) {
                mutate_structure(&mut cms, random);
            }
            let text = STANDARD.encode(&cms);
            return [&mail[..range.start], text.as_bytes(), &mail[range.end..]].concat();
        }
    }
    let mut mail = mail.to_vec();
    for _ in 0..=random.below(4) {
        mutate_bytes(&mut mail, random);
    }
    mail
}

fn mutate_bytes(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    let end = (at + 1 + random.below(40)).min(bytes.len());
    match random.below(6) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
        1 if !bytes.is_empty() => bytes[at] = random.next() as u8,
        2 => drop(bytes.drain(at.min(bytes.len())..end)),
        3 => {
            let copy = bytes[at.min(end)..end].to_vec();
            let to = random.below(bytes.len());
            bytes.splice(to..to, copy);
        }
        4 => {
            let tokens: [&[u8]; 8] =
                [b"\r\n", b"\n", b"From: eve@evil.example\r\n", b"--", b";", b"\"", b"<eve@evil.example>", b"\0"];
            bytes.splice(at..at, tokens[random.below(tokens.len())].iter().copied());
        }
        _ => bytes.truncate(at),
    }
}

/// Changes tags, lengths and whole elements, found by walking headers from a random place.
fn mutate_structure(der: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(der.len());
    match random.below(7) {
        0 if !der.is_empty() => der[at] ^= 0x20,
        1 if !der.is_empty() => der[at] = [0x02, 0x04, 0x06, 0x24, 0x30, 0x31, 0x80, 0xa0, 0xa1][random.below(9)],
        2 if at + 1 < der.len() => der[at + 1] = [0x00, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x88, 0xff][random.below(8)],
        3 => drop(der.splice(at..at, [0, 0])),
        4 if at + 2 < der.len() => {
            let length = usize::from(der[at + 1] & 0x7f) + 2;
            let element = der[at..(at + length).min(der.len())].to_vec();
            let to = random.below(der.len());
            drop(der.splice(to..to, element));
        }
        _ => mutate_bytes(der, random),
    }
}

fn run(seeds: &[Seed], count: usize, seed: u64, timed: bool) -> (usize, Duration) {
    let mut random = Random(seed);
    let (mut imported, mut slowest) = (0, Duration::ZERO);
    for number in 0..count {
        let seed = &seeds[number % seeds.len()];
        let mail = mutate(&seed.mail, &mut random);
        let started = Instant::now();
        let report = seed.engine.import_mail(&mail, Context::new(seed.at), &MemoryStore::new(), &()).unwrap();
        slowest = slowest.max(started.elapsed());
        assert!(!timed || started.elapsed() < Duration::from_millis(50), "{number}: {:?}", started.elapsed());
        if report.outcome == Outcome::Imported {
            imported += 1;
            assert_eq!(report.fingerprint, Some(seed.fingerprint), "mutation {number}");
            assert_eq!(report.address.unwrap().expose().key(), seed.address, "mutation {number}");
        }
        if number % 16 == 0 {
            let _ = seed.engine.inspect(&mail, seed.at);
        }
    }
    (imported, slowest)
}

// hardening: D2, R1
#[test]
fn no_mutation_imports_anything_else() {
    let seeds = seeds();
    assert_eq!(seeds.len(), 20);
    let wanted = std::env::var("POSTSEAL_MUTATIONS").ok().and_then(|count| count.parse::<usize>().ok());
    let (count, timed) = wanted.map_or((4_000, false), |count| (count, true));
    let halves = std::thread::scope(|scope| {
        let work = |seed| {
            scope.spawn({
                let seeds = &seeds;
                move || run(seeds, count / 2, seed, timed)
            })
        };
        [work(0x1234_5678_9abc_def1), work(0xfeed_beef_dead_cafe)].map(|half| half.join().unwrap())
    });
    let imported: usize = halves.iter().map(|(imported, _)| imported).sum();
    let slowest = halves.iter().map(|(_, slowest)| *slowest).max().unwrap();
    println!("{count} mutations, {imported} still imported what the original does, slowest {slowest:?}");
    assert!(imported > 0, "some mutations touch nothing that matters");
}
