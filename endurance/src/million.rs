//! How a store behaves that holds very many certificates.

use crate::people::{People, now};
use crate::random::Random;
use postseal::cert::{Capabilities, Certificate, Source, StoredCert};
use postseal::import::{Context, Outcome};
use postseal::query::FindStored;
use postseal::store::{Entry, Filter, State, Tenant, Version};
use postseal::verify::Limits;
use postseal::{Address, UnixTime};
use std::fs;
use std::time::{Duration, Instant};

const BATCH: u64 = 1000;
/// The first serial number.
const SERIAL: u64 = 0x5a5a_0000_0000_0000;

fn mailbox(number: u64) -> String {
    format!("p{number}@load{}.example", number % 1000)
}

/// `is_filled`: by an earlier run; then only the look-ups are measured.
pub(crate) fn run(name: &str, count: u64, is_filled: bool) {
    let people = People::new();
    let tenant = Tenant::default();
    let begun = Instant::now();
    let template = people.person(&mailbox(0), SERIAL - 1).der().to_vec();
    let serial = template.windows(8).position(|octets| octets == SERIAL.to_be_bytes()).unwrap();
    let store = crate::open(name);
    for first in (0..count).step_by(BATCH as usize).filter(|_| !is_filled) {
        let entries: Vec<Entry> =
            (first..count.min(first + BATCH)).map(|number| entry(&template, serial, number)).collect();
        store.restore(&tenant, &entries).unwrap();
    }
    println!("filled with {count} certificates in {} s", begun.elapsed().as_secs());
    drop(store);

    let memory = resident();
    let begun = Instant::now();
    let store = crate::open(name);
    let find = |number: u64| {
        let query = FindStored::new(tenant.clone(), vec![Address::parse(&mailbox(number)).unwrap()]);
        store.find(&query).unwrap().remove(0)
    };
    assert_eq!(find(0).certs.len(), 1);
    let opened = begun.elapsed();
    println!("open and first lookup: {opened:?}");
    assert!(opened < Duration::from_secs(2));

    let mut random = Random(1);
    let lookups = measure(100_000, &mut || assert_eq!(find(random.below(count)).certs.len(), 1));
    println!("lookup: {}", percentiles(&lookups));
    // What goes to a server and back may take longer.
    let times = if name.starts_with("sqlite:") { 1 } else { 5 };
    assert!(at(&lookups, 99) < times * Duration::from_millis(1));
    let misses = measure(20_000, &mut || assert!(find(count + 1 + random.below(count)).certs.is_empty()));
    println!("lookup of an address that has none: {}", percentiles(&misses));
    let text = find(count / 2).certs[0].0.certificate.fingerprint().to_string();
    let filter = Filter::fingerprint(&text[..16]).unwrap();
    let found = measure(1_000, &mut || assert_eq!(store.page(&tenant, &filter, None, 2).unwrap().len(), 1));
    println!("by the beginning of a fingerprint: {}", percentiles(&found));
    let batches = measure(1_000, &mut || {
        let addresses = (0..100).map(|_| Address::parse(&mailbox(random.below(count))).unwrap()).collect();
        assert_eq!(store.find(&FindStored::new(tenant.clone(), addresses)).unwrap().len(), 100);
    });
    println!("lookup of a hundred: {}", percentiles(&batches));
    let after = resident();
    println!("memory: {} MiB before, {} MiB after", memory >> 20, after >> 20);
    assert!(after < memory + (16 << 20), "memory grows with the certificates");
    if is_filled {
        return;
    }

    let engine = people.engine();
    let mut mails = (2 * count..2 * count + 2_000)
        .map(|number| people.mail(&mailbox(number), number))
        .collect::<Vec<_>>()
        .into_iter();
    let imports = measure(2_000, &mut || {
        let report = engine.import_mail(&mails.next().unwrap(), Context::new(now()), &*store, &()).unwrap();
        assert_eq!(report.outcome, Outcome::Imported);
    });
    println!("import of a new sender, on the disk: {}", percentiles(&imports));
    // The disk is also for others.
    assert!(at(&imports, 50) < times * Duration::from_millis(10));
    if let Some(path) = name.strip_prefix("sqlite:") {
        let octets = fs::metadata(path).unwrap().len();
        println!("file: {} MiB, {} octets for each certificate", octets >> 20, octets / count);
    }
    let begun = Instant::now();
    assert_eq!(store.damage().unwrap(), Vec::<String>::new());
    println!("sound, as the database says after {:?}", begun.elapsed());
}

/// One certificate of many, which only its serial number tells from the others: nobody verifies it here, and signing a million takes
/// an hour.
fn entry(template: &[u8], serial: usize, number: u64) -> Entry {
    let mut der = template.to_vec();
    der[serial..serial + 8].copy_from_slice(&(SERIAL + number).to_be_bytes());
    let stored = StoredCert {
        certificate: Certificate::from_der(&der, &Limits::default()).unwrap(),
        issuers: Vec::new(),
        issuer_key: postseal::Fingerprint::from([1; 32]),
        capabilities: Some(Capabilities::new(vec![0x30; 60], Some(UnixTime::from_seconds(1)))),
        source: Source::SignedMail,
        imported_at: now(),
    };
    Entry {
        address: Address::parse(&mailbox(number)).unwrap(),
        version: Version::new(1),
        certs: vec![(stored, State::Active)],
    }
}

fn measure(count: u64, work: &mut dyn FnMut()) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..count)
        .map(|_| {
            let begun = Instant::now();
            work();
            begun.elapsed()
        })
        .collect();
    times.sort();
    times
}

fn at(times: &[Duration], percent: usize) -> Duration {
    times[times.len() * percent / 100]
}

fn percentiles(times: &[Duration]) -> String {
    format!("p50 {:?}, p99 {:?}, most {:?}", at(times, 50), at(times, 99), times.last().unwrap())
}

/// Octets of this process that are in memory.
pub(crate) fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() << 10
}
