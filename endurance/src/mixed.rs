//! Many tenants, many processes, one store.

use crate::million::resident;
use crate::people::{People, now};
use crate::random::Random;
use postseal::import::{Context, Outcome};
use postseal::query::{FindStored, PutStored, Unavailable};
use postseal::store::{CertStore, Entries, Entry, Filter, ManagedStore, PutOutcome, Tenant};
use postseal::{Address, Fingerprint};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, thread};

/// Addresses that come again and again, for each tenant.
const ADDRESSES: u64 = 200;
/// People behind one address.
const PEOPLE: u64 = 3;

fn mailbox(tenant: u64, who: u64) -> String {
    format!("p{who}@tenant{tenant}.example")
}

/// Calls of which one fails.
const CALLS: u64 = 200;

/// A store of which a call fails now and then: nothing is done, or it is done and nobody hears of it.
#[derive(Debug)]
struct Faulty {
    store: Arc<dyn ManagedStore>,
    random: Mutex<Random>,
}

impl Faulty {
    fn call<T>(&self, work: impl FnOnce() -> Result<T, Unavailable>) -> Result<T, Unavailable> {
        let drawn = self.random.lock().unwrap().below(2 * CALLS);
        match drawn {
            0 => Err(Unavailable::because("the store failed")),
            1 => work().and(Err(Unavailable::because("the answer was lost"))),
            _ => work(),
        }
    }
}

impl CertStore for Faulty {
    fn find(&self, query: &FindStored) -> Result<Vec<Entry>, Unavailable> {
        self.call(|| self.store.find(query))
    }

    fn put(&self, query: &PutStored) -> Result<PutOutcome, Unavailable> {
        self.call(|| self.store.put(query))
    }

    fn entries(&self, tenant: &Tenant) -> Result<Vec<Entry>, Unavailable> {
        self.store.entries(tenant)
    }
}

pub(crate) fn worker(store: &str, process: u64, seconds: u64, tenants: u64) {
    let people = People::new();
    let store = Faulty { store: crate::open(store), random: Mutex::new(Random(!process)) };
    let engine = people.engine();
    let mut random = Random(process + 1);
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut mails: BTreeMap<(u64, u64, u64), Vec<u8>> = BTreeMap::new();
    let start = Instant::now();
    let (middle, end) = (start + Duration::from_secs(seconds) / 2, start + Duration::from_secs(seconds));
    // The most memory of the first half, and of the second one.
    let (mut memory, mut turn) = ([0; 2], 0);
    while Instant::now() < end {
        turn += 1;
        if turn % 1000 == 1 {
            let half = &mut memory[usize::from(Instant::now() > middle)];
            *half = resident().max(*half);
        }
        let (tenant, who, person) = (random.below(tenants), random.below(ADDRESSES), random.below(PEOPLE));
        let (mailbox, name) = (mailbox(tenant, who), Tenant::new(&format!("tenant{tenant}")));
        if random.below(3) > 0 {
            let query = FindStored::new(name, vec![Address::parse(&mailbox).unwrap()]);
            for (stored, _) in &patiently(|| store.find(&query))[0].certs {
                writeln!(out, "saw {tenant} {mailbox} {}", stored.certificate.fingerprint()).unwrap();
            }
            continue;
        }
        if mails.len() > 2_000 {
            mails.clear();
        }
        let mail = mails
            .entry((tenant, who, person))
            .or_insert_with(|| people.mail(&mailbox, (tenant * ADDRESSES + who) * PEOPLE + person));
        let import = || engine.import_mail(mail, Context::new(now()).tenant(name.clone()), &store, &()).unwrap();
        let mut report = import();
        let was_deferred = report.outcome == Outcome::Deferred;
        // A mail system comes again.
        while report.outcome == Outcome::Deferred {
            writeln!(out, "deferred {tenant} {mailbox} ").unwrap();
            report = import();
        }
        let fingerprint = report.fingerprint.map(|fingerprint| fingerprint.to_string()).unwrap_or_default();
        if was_deferred && report.outcome == Outcome::AlreadyKnown {
            writeln!(out, "unheard {tenant} {mailbox} {fingerprint}").unwrap();
        }
        writeln!(out, "{} {tenant} {mailbox} {fingerprint}", report.outcome.name()).unwrap();
    }
    eprintln!(
        "process {process}: {} KiB at the most in the first half, {} KiB in the second",
        memory[0] >> 10,
        memory[1] >> 10
    );
    assert!(memory[1] < memory[0] + (16 << 20), "its memory grows with the mails");
}

/// What the processes told.
#[derive(Default)]
struct Told {
    outcomes: BTreeMap<String, u64>,
    /// By tenant and address: who was imported first, and who waits.
    imported: BTreeMap<(u64, String), BTreeSet<Fingerprint>>,
    /// What was known after a call that failed: perhaps that call had stored it.
    unheard: BTreeMap<(u64, String), BTreeSet<Fingerprint>>,
    held: BTreeMap<(u64, String), BTreeSet<Fingerprint>>,
    seen: BTreeMap<(u64, String), BTreeSet<Fingerprint>>,
}

impl Told {
    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let [outcome, tenant, mailbox, fingerprint] = words[..] else { panic!("{line}") };
        *self.outcomes.entry(outcome.to_owned()).or_default() += 1;
        let key = (tenant.parse().unwrap(), mailbox.to_owned());
        let set = match outcome {
            "imported" => {
                let imported = self.imported.entry(key.clone()).or_default();
                assert!(imported.is_empty(), "{line}: a second first contact");
                imported
            }
            "unheard" => self.unheard.entry(key).or_default(),
            "held" => self.held.entry(key).or_default(),
            "saw" => self.seen.entry(key).or_default(),
            _ => return,
        };
        set.insert(fingerprint.parse().unwrap());
    }
}

pub(crate) fn run(store: &str, seconds: u64, processes: u64, tenants: u64) {
    let start = |process: u64| {
        let arguments = [store.to_owned(), process.to_string(), seconds.to_string(), tenants.to_string()];
        let mut command = Command::new(env::current_exe().unwrap());
        command.arg("worker").args(arguments).stdout(Stdio::piped()).spawn().unwrap()
    };
    let (send, lines) = std::sync::mpsc::sync_channel::<String>(10_000);
    let readers: Vec<_> = (0..processes)
        .map(start)
        .map(|mut child| {
            let send = send.clone();
            thread::spawn(move || {
                let out = BufReader::new(child.stdout.take().unwrap());
                out.lines().for_each(|line| send.send(line.unwrap()).unwrap());
                assert!(child.wait().unwrap().success());
            })
        })
        .collect();
    drop(send);
    let mut told = Told::default();
    lines.iter().for_each(|line| told.hear(&line));
    readers.into_iter().for_each(|reader| reader.join().unwrap());
    println!("{:?}", told.outcomes);
    let rows = compare(store, tenants, &told);
    println!("{processes} processes, {tenants} tenants, {seconds} s: {rows} rows, and each was told exactly once");
}

/// A machine with more processes than it can serve answers late.
fn patiently<T>(ask: impl Fn() -> Result<T, Unavailable>) -> T {
    (1..20).find_map(|_| ask().ok()).unwrap_or_else(|| ask().unwrap())
}

/// Exactly what was told is there, in its tenant and nowhere else.
fn compare(store: &str, tenants: u64, told: &Told) -> usize {
    let store = crate::open(store);
    assert_eq!(patiently(|| store.damage()), Vec::<String>::new());
    assert!(patiently(|| store.tenants()).len() as u64 <= tenants);
    let (mut rows, none) = (0, BTreeSet::new());
    let mut addresses = BTreeSet::new();
    for number in 0..tenants {
        let tenant = Tenant::new(&format!("tenant{number}"));
        let read = || Entries::of(&*store, &tenant, Filter::All).collect::<Result<Vec<_>, _>>();
        for entry in patiently(read) {
            assert_eq!(entry.address.domain(), format!("tenant{number}.example"), "a row of somebody else");
            let key = (number, entry.address.as_str().to_owned());
            let of = |held: bool| -> BTreeSet<Fingerprint> {
                let is_held = |state| state == postseal::store::State::Held;
                let certs = entry.certs.iter().filter(|(_, state)| is_held(*state) == held);
                certs.map(|(stored, _)| stored.certificate.fingerprint()).collect()
            };
            let imported = told.imported.get(&key).unwrap_or(&none);
            let (stored, unheard) = (of(false), told.unheard.get(&key).unwrap_or(&none));
            assert!(imported.is_subset(&stored) && stored.len() == 1, "{key:?}: an import was lost");
            assert!(stored == *imported || stored.is_subset(unheard), "{key:?}: nobody imported this");
            assert_eq!(&of(true), told.held.get(&key).unwrap_or(&none), "{key:?}");
            let all: BTreeSet<_> = of(false).union(&of(true)).copied().collect();
            assert!(told.seen.get(&key).unwrap_or(&none).is_subset(&all), "{key:?}: somebody saw what was never there");
            // One change for each certificate, and none was lost.
            assert_eq!(entry.version.number() as usize, entry.certs.len(), "{key:?}");
            rows += entry.certs.len();
            addresses.insert(key);
        }
    }
    assert!(told.imported.keys().all(|key| addresses.contains(key)), "an import was lost");
    rows
}
