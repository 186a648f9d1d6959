//! Large bodies, beside what cannot be saved: `cargo run --release -p postseal-testkit --example body-speed` (Linux).
//!
//! Import against SHA-256 over the same octets, sealing against its cipher and against the first touch of the memory that
//! holds the message; and how each grows with what it is given. CPU time of the thread, medians, all in turns in one run.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a tool of the repository"
)]

use aes::Aes256;
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use peak_alloc::PeakAlloc;
use postseal::directory::{Directories, DirectoryId};
use postseal::drive::{self, Lookup};
use postseal::import::Context as ImportContext;
use postseal::resolve::Context;
use postseal::seal::{ContentEncryption, Envelope, Policy};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Engine, PerRoute, UnixTime};
use postseal_testkit::factory::{Authority, CertSpec, Form, Key, SignedMail};
use postseal_testkit::{MemoryStore, ScriptedDirectory, SeededRandom};
use sha2::{Digest, Sha256};
use std::hint::black_box;
use std::sync::Arc;
use std::{fs, thread};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const LARGE: usize = 25_000_000;
const MESSAGE: usize = 34_500_000;

fn now() -> UnixTime {
    UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap()
}

fn address(number: usize) -> Address {
    Address::parse(&format!("r{number}@goal.example")).unwrap()
}

/// Milliseconds of CPU that this thread has had. The kernel brings its figure up to date when the thread yields.
fn clock() -> f64 {
    thread::yield_now();
    let line = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    line.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e6
}

/// What is measured: each gives its own time, so that what it prepares does not count.
type Work<'w> = Box<dyn FnMut() -> f64 + 'w>;

fn timed<T>(work: impl FnOnce() -> T) -> f64 {
    let start = clock();
    let result = black_box(work());
    let time = clock() - start;
    drop(result);
    time
}

/// Medians of all works in turns, each with the octets by which it grew beyond what it began with.
fn in_turns(rounds: usize, works: &mut [Work<'_>]) -> Vec<(f64, usize)> {
    let mut times = vec![Vec::new(); works.len()];
    let mut grown = vec![0; works.len()];
    for _ in 0..rounds {
        for (index, work) in works.iter_mut().enumerate() {
            let before = MEMORY.current_usage();
            MEMORY.reset_peak_usage();
            times[index].push(work());
            grown[index] = MEMORY.peak_usage().saturating_sub(before);
        }
    }
    for times in &mut times {
        times.sort_by(f64::total_cmp);
    }
    times.iter().map(|times| times[times.len() / 2]).zip(grown).collect()
}

fn row(label: &str, (time, grown): (f64, usize), of: f64) {
    println!("{label:<46} {time:8.2} ms  {:5.2}  {:8.2} MiB", time / of, grown as f64 / f64::from(1 << 20));
}

fn body(size: usize) -> Vec<u8> {
    // Lines as those of an attachment in base64.
    let line = b"VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZywgYW5kIHRoZW4gb25jZQ\r\n";
    let entity = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    [entity.as_slice(), &line.repeat(size / line.len())].concat()
}

/// Somebody who signs, and an engine that trusts his CA.
struct Sender {
    engine: Engine,
    root: Authority,
}

impl Sender {
    fn new() -> Self {
        let root = Authority::root("Root", Key::Rsa(5));
        let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
        Self { engine: Engine::new(anchors), root }
    }

    fn mail(&self, form: Form, entity: &[u8]) -> SignedMail {
        let alice = self.root.issue(&CertSpec::mailbox("alice@goal.example", Key::Rsa(1)));
        SignedMail::new("alice@goal.example", &alice).form(form).entity(entity)
    }

    fn import(&self, mail: &[u8]) -> f64 {
        let store = MemoryStore::new();
        timed(|| {
            let report = self.engine.import_mail(mail, ImportContext::new(now()), &store, &()).unwrap();
            assert_eq!(report.outcome.name(), "imported", "{:?}", report.error);
        })
    }
}

fn imports() {
    let sender = Sender::new();
    let entity = body(LARGE);

    let detached = sender.mail(Form::Detached, &entity).build();
    let bare = sender.mail(Form::Detached, &entity).line_feeds().build();
    let opaque = sender.mail(Form::Opaque, &entity).build();
    let ber = sender.mail(Form::OpaqueBer, &entity).build();

    let of = |mail: &Vec<u8>| -> Work<'_> {
        let mail = mail.clone();
        let sender = &sender;
        Box::new(move || sender.import(&mail))
    };
    let mut works: Vec<Work<'_>> = vec![
        Box::new(|| timed(|| Sha256::digest(&entity))),
        Box::new(|| timed(|| entity.chunks(16 << 10).fold(Sha256::new(), |hash, piece| hash.chain_update(piece)))),
        of(&detached),
        of(&bare),
        of(&opaque),
        of(&ber),
    ];
    let results = in_turns(9, &mut works);
    let sha = results[0].0;
    let labels = ["SHA-256", "SHA-256, 16 KiB steps", "detached", "detached, line feeds", "opaque, DER", "opaque, BER"];
    labels.iter().zip(results).for_each(|(label, result)| row(&format!("25 MB {label}"), result, sha));
}

/// Recipients whose certificates a directory lends.
struct World {
    engine: Engine,
    directory: ScriptedDirectory,
    count: usize,
}

impl World {
    fn new(count: usize, key: impl Fn(usize) -> Key) -> Self {
        let root = Authority::root("Root", Key::P256(1));
        let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
        let engine =
            Engine::new(anchors).with_directories(PerRoute::new(Directories::new().ask(DirectoryId::new("d"))));
        let mut directory = ScriptedDirectory::new();
        for number in 0..count {
            let serial = number as u64 + 1;
            let spec = CertSpec { serial, ..CertSpec::mailbox(address(number).as_str(), key(number)) };
            directory = directory.lends(&address(number), root.issue(&spec).der().to_vec());
        }
        Self { engine, directory, count }
    }

    fn envelope(&self, algorithm: ContentEncryption) -> Envelope {
        let mut policy = Policy::default();
        policy.allowed = vec![algorithm];
        policy.assumed = vec![algorithm];
        let context = Context::new(now(), Arc::new(())).policy(policy);
        let resolve = self.engine.resolve((0..self.count).map(address).collect(), Vec::new(), context).unwrap();
        let store = MemoryStore::new();
        let lookup = Lookup::new(&store).directory(DirectoryId::new("d"), &self.directory);
        let recipients = drive::run(resolve, &lookup, &(), &|| false).unwrap().complete().unwrap();
        recipients.envelopes().remove(0)
    }

    /// Into fresh memory.
    fn seal(&self, algorithm: ContentEncryption, mail: &[u8]) -> f64 {
        let envelope = self.envelope(algorithm);
        timed(|| envelope.seal(mail, &mut SeededRandom::new(1)).unwrap())
    }

    /// Into memory that was used before.
    fn seal_again(&self, algorithm: ContentEncryption, mail: &[u8], out: &mut Vec<u8>) -> f64 {
        let (envelope, length) = (self.envelope(algorithm), u64::try_from(mail.len()).ok());
        out.clear();
        timed(|| {
            let mut sealer = envelope.sealer(length, &mut SeededRandom::new(1)).unwrap();
            sealer.push(mail, out).unwrap();
            sealer.finish(out).unwrap();
        })
    }

    /// In pieces, each put out before the next one.
    fn stream(&self, algorithm: ContentEncryption, mail: &[u8], piece: usize) -> f64 {
        let (envelope, length) = (self.envelope(algorithm), u64::try_from(mail.len()).ok());
        timed(|| {
            let mut sealer = envelope.sealer(length, &mut SeededRandom::new(1)).unwrap();
            let mut out = Vec::new();
            for piece in mail.chunks(piece) {
                sealer.push(piece, &mut out).unwrap();
                black_box(&out);
                out.clear();
            }
            sealer.finish(&mut out).unwrap();
            out
        })
    }
}

/// The cipher alone, in a window that stays in the cache.
fn cbc(content: &[u8]) -> f64 {
    timed(|| {
        let mut encryptor = cbc::Encryptor::<Aes256>::new(&[7; 32].into(), &[9; 16].into());
        let mut window = vec![0; 64 << 10];
        for piece in content.chunks(64 << 10) {
            let window = &mut window[..piece.len() & !15];
            window.copy_from_slice(&piece[..window.len()]);
            let (blocks, _) = aes::cipher::Array::slice_as_chunks_mut(window);
            encryptor.encrypt_blocks(blocks);
        }
        window
    })
}

fn touch() -> f64 {
    timed(|| {
        let mut memory = Vec::with_capacity(MESSAGE);
        for _ in 0..MESSAGE / 4096 {
            memory.extend_from_slice(&[7_u8; 4096]);
        }
        memory
    })
}

fn seals() {
    let world = World::new(1, |_| Key::Rsa(0));
    let mail = [b"From: eve@goal.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n".as_slice(), &body(LARGE)].concat();
    let (cbc_256, gcm_256) = (ContentEncryption::Aes256Cbc, ContentEncryption::Aes256Gcm);
    let mut memory = [Vec::with_capacity(MESSAGE), Vec::with_capacity(MESSAGE)];
    let [first, second] = &mut memory;
    let mut works: Vec<Work<'_>> = vec![
        Box::new(|| cbc(&mail)),
        Box::new(touch),
        Box::new(|| world.seal(cbc_256, &mail)),
        Box::new(|| world.seal_again(cbc_256, &mail, first)),
        Box::new(|| world.stream(cbc_256, &mail, 64 << 10)),
        Box::new(|| world.seal(gcm_256, &mail)),
        Box::new(|| world.seal_again(gcm_256, &mail, second)),
        Box::new(|| world.stream(gcm_256, &mail, 64 << 10)),
    ];
    let results = in_turns(9, &mut works);
    let cipher = results[0].0;
    let labels = [
        "AES-256-CBC alone",
        "first touch of 34.5 MB",
        "CBC",
        "CBC, memory used again",
        "CBC, streamed",
        "GCM",
        "GCM, memory used again",
        "GCM, streamed",
    ];
    labels.iter().zip(results).for_each(|(label, result)| row(&format!("25 MB {label}"), result, cipher));
}

fn growth() {
    let sender = Sender::new();
    let mails: Vec<(&str, Vec<Vec<u8>>)> = vec![
        ("detached", [4, 8].map(|size| sender.mail(Form::Detached, &body(size << 20)).build()).into()),
        (
            "opaque, segments of 1 KiB",
            [4, 8].map(|size| sender.mail(Form::OpaqueBer, &body(size << 20)).build()).into(),
        ),
        ("certificates in the bag", [12, 24].map(|count| with_bag(&sender, count)).into()),
    ];
    for (label, mails) in &mails {
        let mut works: Vec<Work<'_>> = mails.iter().map(|mail| Box::new(|| sender.import(mail)) as Work<'_>).collect();
        let results = in_turns(15, &mut works);
        row(&format!("{label}: twice as much"), results[1], results[0].0);
    }
    for (label, is_rsa) in [("RSA", true), ("P-256", false)] {
        let key = |number| if is_rsa { Key::Rsa(number % 4) } else { Key::P256(number as u64 % 50) };
        let worlds = [100, 200].map(|count| World::new(count, key));
        let mut works: Vec<Work<'_>> = worlds
            .iter()
            .map(|world| Box::new(|| world.seal(ContentEncryption::Aes256Gcm, &body(2_000))) as Work<'_>)
            .collect();
        let results = in_turns(9, &mut works);
        row(&format!("100 recipients, {label}"), results[0], results[0].0);
        row(&format!("200 recipients, {label}"), results[1], results[0].0);
    }
}

fn with_bag(sender: &Sender, count: u64) -> Vec<u8> {
    let other = |serial| {
        let spec = CertSpec { serial, ..CertSpec::mailbox("bob@goal.example", Key::Rsa(2)) };
        sender.root.issue(&spec).der().to_vec()
    };
    let mail = sender.mail(Form::Detached, &body(2_000));
    (100..100 + count).fold(mail, |mail, serial| mail.with_certificate(&other(serial))).build()
}

fn main() {
    let wanted = std::env::args().nth(1);
    let runs: [(&str, fn()); 3] = [("import", imports), ("seal", seals), ("growth", growth)];
    for (name, run) in runs {
        if wanted.as_deref().is_none_or(|wanted| wanted == name) {
            run();
        }
    }
}
