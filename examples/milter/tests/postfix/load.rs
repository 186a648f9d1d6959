//! Ten thousand mails at twenty connections, once with a milter that is killed nine times: `just milter-load`.

use crate::people::{holds, root};
use crate::servers::{Milter, can_run, opened, postfix_with};
use crate::smtp::{Client, Delivered, Sink, send};
use postseal_testkit::factory::{CertSpec, Key, SignedMail};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

const BOB: &str = "bob@goal.example";
const CONNECTIONS: usize = 20;
/// One mail of each that is signed and one reply are this large in every fifth group.
const LARGE: usize = 1 << 20;
/// Far more than some mails of that size at once take.
const MEMORY_KIB: u64 = 256 << 10;
/// What the second half of the mails may add.
const MORE_KIB: u64 = 16 << 10;
/// Postfix would think of twenty connections from one place as an attack.
const POSTFIX: [&str; 3] =
    ["smtpd_client_connection_count_limit=0", "smtpd_client_connection_rate_limit=0", "queue_run_delay=5s"];
const CONFIGURATION: &str = "
trace = \"trace.jsonl\"
trust = [\"root.pem\"]
store = \"sqlite:store.db\"
[tenants.goal]
import = true
[tenants.goal.routes.outbound]
encrypt = { mode = \"all-or-nothing\", protect_headers = true }
[program.milter]
listen = \"127.0.0.1:PORT\"
metrics = \"127.0.0.1:METRICS\"
[program.milter.domains]
\"goal.example\" = { tenant = \"goal\", outgoing = \"outbound\" }
";

fn correspondent(number: usize) -> (String, Key) {
    let key = if number.is_multiple_of(2) {
        Key::Rsa(2 + number / 2 % 3)
    } else {
        Key::P256(u64::try_from(10 + number % 64).unwrap())
    };
    (format!("c{number}@partner.example"), key)
}

/// The words by which a mail is known again wherever it can be read.
fn marker(number: usize) -> String {
    format!("load-marker-{number:06}.")
}

fn text(number: usize, size: usize) -> String {
    let mut text = format!("in confidence: {}\r\n", marker(number));
    while text.len() < size {
        text.push_str("and one more line of a very large mail, which is there only because it is large\r\n");
    }
    text
}

/// The first mail of somebody.
fn signed(number: usize, size: usize, person: usize) -> Vec<u8> {
    let (address, key) = correspondent(person);
    let serial = u64::try_from(person + 1).unwrap();
    let certified = root().issue(&CertSpec { serial, ..CertSpec::mailbox(&address, key) });
    let mail = SignedMail::new(&address, &certified).header(&format!("To: {BOB}"));
    mail.body(text(number, size).as_bytes()).build()
}

fn reply(number: usize, to: &str, size: usize) -> Vec<u8> {
    let header = format!("From: {BOB}\r\nTo: {to}\r\nSubject: {}\r\n", marker(number));
    format!("{header}MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n{}", text(number, size)).into_bytes()
}

/// The numbers in all markers of a mail that can be read, also in base64, in each of its three positions.
fn readable(mail: &[u8]) -> BTreeSet<usize> {
    let plain = b"load-marker-";
    let places = mail.windows(plain.len()).enumerate().filter(|(_, window)| *window == plain);
    let number = |place: usize| std::str::from_utf8(mail.get(place + 12..place + 18)?).ok()?.parse().ok();
    let mut found: BTreeSet<usize> = places.map(|(place, _)| number(place).unwrap()).collect();
    if ["bG9hZC1tYXJrZXIt", "xvYWQtbWFya2VyL", "sb2FkLW1hcmtlci"].iter().any(|words| holds(mail, words)) {
        found.insert(usize::MAX);
    }
    found
}

/// What the clients were told.
#[derive(Default)]
struct Told {
    accepted: AtomicUsize,
    refused: AtomicUsize,
    deferred: AtomicUsize,
    is_over: AtomicBool,
}

impl Told {
    /// Sends it until it is taken or refused for good, as a client does; the line of the refusal.
    fn bring(&self, port: u16, client: Client, from: &str, to: &[&str], mail: &[u8]) -> Option<String> {
        let end = Instant::now() + Duration::from_secs(300);
        loop {
            match send(port, client, from, to, mail) {
                Ok(()) => {
                    self.accepted.fetch_add(1, Ordering::Relaxed);
                    return None;
                }
                Err(line) if line.starts_with('4') => {
                    self.deferred.fetch_add(1, Ordering::Relaxed);
                    assert!(Instant::now() < end, "it is not taken: {line}");
                    sleep(Duration::from_millis(300));
                }
                Err(line) => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    return Some(line);
                }
            }
        }
    }

    /// Four people write for the first time and get a reply each; two mails go to somebody who has no certificate.
    fn group(&self, port: u16, group: usize) {
        for number in group * 4..group * 4 + 4 {
            let size = if group.is_multiple_of(5) && number.is_multiple_of(4) { LARGE } else { 2_000 };
            let address = correspondent(number).0;
            let told = self.bring(port, Client::Outside, &address, &[BOB], &signed(number * 2, size, number));
            assert_eq!(told, None);
            let told = self.bring(port, Client::Ours, BOB, &[&address], &reply(number * 2 + 1, &address, size));
            assert_eq!(told, None);
        }
        let (nobody, known) = (format!("nobody{group}@partner.example"), correspondent(group * 4).0);
        for recipients in [&[nobody.as_str()][..], &[&known, &nobody]] {
            let mail = reply(900_000, &recipients.join(", "), 2_000);
            let line = self.bring(port, Client::Ours, BOB, recipients, &mail).unwrap();
            assert!(line.starts_with("550 5.7.5 "), "{line}");
        }
    }
}

/// What came to the end, by the number of the mail. Replies cannot be read, and are known by their recipient.
struct Arrived {
    times: BTreeMap<usize, usize>,
    samples: Vec<(usize, Delivered)>,
}

impl Arrived {
    fn keep(&mut self, delivered: Delivered) {
        let found = readable(&delivered.mail);
        let [to] = delivered.to.as_slice() else { panic!("it is for {:?}", delivered.to) };
        let number = if to == BOB {
            assert_eq!(found.len(), 1, "{}", String::from_utf8_lossy(&delivered.mail));
            found.first().copied().unwrap()
        } else {
            assert!(found.is_empty(), "it can be read: {}", String::from_utf8_lossy(&delivered.mail));
            assert!(holds(&delivered.mail.to_ascii_lowercase(), "enveloped-data"), "it is not sealed");
            let person = to.strip_prefix('c').and_then(|rest| rest.strip_suffix("@partner.example"));
            let person: usize = person.unwrap_or_else(|| panic!("nothing may go to {to}")).parse().unwrap();
            if person.is_multiple_of(97) {
                self.samples.push((person, delivered));
            }
            person * 2 + 1
        };
        *self.times.entry(number).or_default() += 1;
    }
}

/// A gateway under load.
struct Load {
    milter: Mutex<Milter>,
    sink: Sink,
    told: Told,
    groups: usize,
}

impl Load {
    /// Waits until so many mails were taken, and meanwhile puts away what arrives.
    fn wait_for(&self, accepted: usize, arrived: &mut Arrived) {
        while self.told.accepted.load(Ordering::Relaxed) < accepted && !self.told.is_over.load(Ordering::Relaxed) {
            self.sink.drain().into_iter().for_each(|mail| arrived.keep(mail));
            sleep(Duration::from_millis(100));
        }
    }

    fn memory(&self, when: &str) -> u64 {
        let [most, now] = self.milter.lock().unwrap().memory();
        println!("the milter's memory {when}: {now} KiB, {most} KiB at the most");
        assert!(most < MEMORY_KIB, "it holds what it is done with");
        now
    }

    /// At the end each mail that was taken has arrived once.
    fn all_arrive(&self, arrived: &mut Arrived) {
        let expected: BTreeSet<usize> = (0..self.groups * 8).collect();
        let (mut before, mut since) = (0, Instant::now());
        while arrived.times.len() < expected.len() {
            self.sink.drain().into_iter().for_each(|mail| arrived.keep(mail));
            if arrived.times.len() > before {
                (before, since) = (arrived.times.len(), Instant::now());
            }
            assert!(since.elapsed() < Duration::from_secs(120), "lost: {:?}", {
                let there: BTreeSet<usize> = arrived.times.keys().copied().collect();
                expected.difference(&there).copied().collect::<Vec<_>>()
            });
            sleep(Duration::from_millis(50));
        }
    }
}

/// A panic of a thread must end the run as well.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

fn run(is_killed: bool) {
    if !can_run(&[]) {
        return;
    }
    let mails: usize = std::env::var("POSTSEAL_LOAD").map_or(10_000, |count| count.parse().unwrap());
    let groups = mails.div_ceil(10);
    let mut milter = Milter::with(CONFIGURATION);
    milter.start();
    let sink = Sink::start();
    let (_postfix, port) = postfix_with(milter.port, &sink, &sink, &POSTFIX);
    let load = Load { milter: Mutex::new(milter), sink, told: Told::default(), groups };
    let mut arrived = Arrived { times: BTreeMap::new(), samples: Vec::new() };
    let mut middle = load.memory("at the start");
    let start = Instant::now();
    let next = AtomicUsize::new(0);
    scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                let _over = Over(&load.told.is_over);
                loop {
                    let group = next.fetch_add(1, Ordering::Relaxed);
                    if group >= groups || load.told.is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    load.told.group(port, group);
                }
            });
        }
        let _over = Over(&load.told.is_over);
        for tenth in 1..10 {
            load.wait_for(groups * 8 * tenth / 10, &mut arrived);
            if tenth == 5 {
                middle = load.memory("in the middle");
            }
            if is_killed {
                let mut milter = load.milter.lock().unwrap();
                milter.kill();
                sleep(Duration::from_secs(3));
                milter.start();
            }
        }
        load.wait_for(groups * 8, &mut arrived);
    });
    let taken = start.elapsed().as_secs_f64();
    load.all_arrive(&mut arrived);
    let all = start.elapsed().as_secs_f64();
    let end = load.memory("at the end");
    assert!(is_killed || end < middle + MORE_KIB, "its memory grows with the mails");
    // What would be there twice comes a little later.
    sleep(Duration::from_secs(3));
    load.sink.drain().into_iter().for_each(|mail| arrived.keep(mail));
    assert!(arrived.times.values().all(|times| *times == 1), "twice: {:?}", arrived.times);
    check(&load, &arrived, is_killed);
    let told = &load.told;
    let (accepted, refused) = (told.accepted.load(Ordering::Relaxed), told.refused.load(Ordering::Relaxed));
    let rate = f64::from(u32::try_from(accepted + refused).unwrap()) / taken;
    println!(
        "{accepted} accepted and each delivered once, {refused} refused, none readable; 4xx said {} times; \
         {taken:.0} s until the last answer, {all:.0} s until the last delivery; {rate:.0} mails a second",
        told.deferred.load(Ordering::Relaxed)
    );
}

fn check(load: &Load, arrived: &Arrived, is_killed: bool) {
    let told = &load.told;
    assert_eq!(told.accepted.load(Ordering::Relaxed), load.groups * 8);
    assert_eq!(told.refused.load(Ordering::Relaxed), load.groups * 2);
    let deferred = told.deferred.load(Ordering::Relaxed);
    assert_eq!(deferred > 0, is_killed, "4xx was said {deferred} times");
    let milter = load.milter.lock().unwrap();
    assert_eq!(milter.stored(), load.groups * 4);
    for (person, delivered) in &arrived.samples {
        let key = correspondent(*person).1;
        let inner = opened(&delivered.mail, &key.private_key(), milter.folder.path());
        assert_eq!(readable(&inner), BTreeSet::from([person * 2 + 1]));
    }
    println!("{} sealed mails were opened", arrived.samples.len());
}

#[test]
#[ignore = "takes minutes: `just milter-load`"]
fn load() {
    run(false);
}

#[test]
#[ignore = "takes minutes: `just milter-load`"]
fn load_while_the_milter_is_killed() {
    run(true);
}
