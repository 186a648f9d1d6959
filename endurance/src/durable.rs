//! How many new senders a second come to be on the disk, and what a second core brings.

use crate::people::now;
use postseal::drive::Lookup;
use postseal::import::{Context, Outcome};
use postseal::store::{CertStore, ManagedStore, Tenant};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Engine, resolve};
use postseal_host::{Archive, BulkOutcome, Host};
use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
use postseal_testkit::{MemoryStore, SeededRandom};
use std::fs;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

/// Keys of senders; each has a certificate of his own over one of them.
const KEYS: usize = 4;
/// Threads that import one mail after the other: one for each connection that a mail server serves.
const THREADS: [usize; 5] = [1, 2, 8, 32, 64];

fn mailbox(number: usize) -> String {
    format!("p{number}@load{}.example", number % 1000)
}

struct Senders {
    root: Authority,
    mails: Vec<Vec<u8>>,
}

impl Senders {
    /// RSA-2048 throughout, 2 KB of text, each mail of a sender of its own.
    fn new(count: usize) -> Self {
        let root = Authority::root("Durable Root", Key::Rsa(0));
        let ca = root.authority("Durable CA", Key::Rsa(1));
        let body: Vec<u8> = b"Two kilobytes of text, in lines as people write them.\r\n".repeat(38);
        let mail = |number: usize| {
            let mut spec = CertSpec::mailbox(&mailbox(number), Key::Rsa(number % KEYS));
            (spec.subject, spec.serial) = (format!("Person {number}"), number as u64 + 1);
            SignedMail::new(&mailbox(number), &ca.issue(&spec)).with_authority(&ca).body(&body).build()
        };
        let mut mails = vec![Vec::new(); count + 1];
        let (half, rest) = mails.split_at_mut(count / 2);
        let make = |first: usize, mails: &mut [Vec<u8>]| {
            mails.iter_mut().zip(first..).for_each(|(slot, number)| *slot = mail(number));
        };
        thread::scope(|scope| {
            scope.spawn(|| make(0, half));
            make(count / 2, rest);
        });
        Self { root, mails }
    }

    /// An engine that knows the CA and none of the senders.
    fn engine(&self) -> Engine {
        let anchors = TrustAnchors::from_pem(self.root.pem().as_bytes(), &Limits::default()).unwrap();
        let engine = postseal_testkit::engine(anchors);
        let report = engine.import_mail(self.mails.last().unwrap(), Context::new(now()), &MemoryStore::new(), &());
        assert_eq!(report.unwrap().outcome, Outcome::Imported);
        engine
    }

    fn new_ones(&self) -> &[Vec<u8>] {
        &self.mails[..self.mails.len() - 1]
    }
}

/// Runs the work for each number below `count` on so many threads, and says how long it took.
fn spread(what: &str, count: usize, threads: usize, work: &(dyn Fn(usize) + Sync)) -> f64 {
    let (next, begun, busy) = (AtomicUsize::new(0), Instant::now(), processor());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    work(number);
                }
            });
        }
    });
    tell(&format!("{what}, {threads} threads"), count, begun, busy)
}

fn tell(what: &str, count: usize, begun: Instant, busy: f64) -> f64 {
    let (count, seconds, busy) = (count as f64, begun.elapsed().as_secs_f64(), processor() - busy);
    let rate = count / seconds;
    println!("{what}: {rate:.0} a second, {:.0} us of processor each, {seconds:.2} s", busy / count * 1e6);
    rate
}

/// Seconds that this process has used of the processor.
fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) / 100.0
}

pub(crate) fn run(name: &str, count: usize, scaling_only: bool) {
    let begun = Instant::now();
    let senders = Senders::new(count);
    println!("{count} mails of {} octets, made in {:?}", senders.mails[0].len(), begun.elapsed());
    if !scaling_only {
        let store = crate::open(name);
        for threads in THREADS {
            one_by_one(&senders, &*store, threads);
        }
        for jobs in [1, 2] {
            archive(&senders, store.clone(), jobs);
        }
        assert_eq!(store.damage().unwrap(), Vec::<String>::new());
    }
    scaling(&senders);
}

/// Every thread imports one mail after the other, and each is on the disk before the next.
fn one_by_one(senders: &Senders, store: &dyn ManagedStore, threads: usize) {
    let (engine, mails) = (senders.engine(), senders.new_ones());
    let tenant = Tenant::new(&format!("threads {threads}"));
    // One fsync each is slow enough.
    let count = if threads < 8 { mails.len() / 4 } else { mails.len() };
    spread("durable imports of new senders", count, threads, &|number| {
        let context = Context::new(now()).tenant(tenant.clone());
        let report = engine.import_mail(&mails[number], context, store, &()).unwrap();
        assert_eq!(report.outcome, Outcome::Imported, "{:?}", report.unavailable);
    });
}

fn archive(senders: &Senders, store: Arc<dyn ManagedStore>, jobs: usize) {
    let mut archive = Archive::default();
    for (number, mail) in senders.new_ones().iter().enumerate() {
        archive.add_mail(&number.to_string(), mail.clone());
    }
    let context = Context::new(now()).tenant(Tenant::new(&format!("jobs {jobs}")));
    let store: Arc<dyn CertStore> = store;
    let host = Host::new(senders.engine()).with_store(store);
    let (mut imported, begun, busy) = (0, Instant::now(), processor());
    let jobs = NonZeroUsize::new(jobs).unwrap();
    host.import_archive(&archive, &context, jobs, &|_| false, &mut |one| {
        let BulkOutcome::Reported(report) = one.outcome else { panic!("{}", one.name) };
        assert_eq!(report.outcome, Outcome::Imported);
        imported += 1;
    })
    .unwrap();
    assert_eq!(imported, archive.len());
    tell(&format!("an archive of new senders, {jobs} jobs"), imported, begun, busy);
}

/// What a second thread brings where no disk is waited for.
fn scaling(senders: &Senders) {
    let mails = senders.new_ones();
    let import = |threads| {
        let (engine, store) = (senders.engine(), MemoryStore::new());
        spread("imports into memory", mails.len(), threads, &|number| {
            let report = engine.import_mail(&mails[number], Context::new(now()), &store, &()).unwrap();
            assert_eq!(report.outcome, Outcome::Imported);
        })
    };
    let (one, two) = (import(1), import(2));
    println!("imports: {:.2} times as many on two threads", two / one);

    let (engine, store) = (senders.engine(), MemoryStore::new());
    let known = mails.len().min(1000);
    for mail in &mails[..known] {
        engine.import_mail(mail, Context::new(now()), &store, &()).unwrap();
    }
    let plain = b"From: a@goal.example\r\nSubject: hello\r\n\r\n".to_vec();
    let plain = [plain, b"Two kilobytes of text, in lines as people write them.\r\n".repeat(38)].concat();
    let seal = |threads| {
        spread("messages sealed", mails.len(), threads, &|number| {
            let to = Address::parse(&mailbox(number % known)).unwrap();
            let context = resolve::Context::new(now(), Arc::new(()));
            let random = &mut SeededRandom::new(number as u64);
            engine.encrypt_mail(&plain, vec![to], Vec::new(), context, &Lookup::new(&store), random).unwrap();
        })
    };
    let (one, two) = (seal(1), seal(2));
    println!("sealing: {:.2} times as many on two threads", two / one);
}
