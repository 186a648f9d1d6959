//! Whoever dies, what was acknowledged is there.

use crate::people::{People, now};
use crate::random::Random;
use postseal::import::{Context, Outcome};
use postseal::query::FindStored;
use postseal::store::{Entries, Filter, ManagedStore, Tenant, Version};
use postseal::{Address, Fingerprint};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// Between two imports: fifty a second.
const PACE: Duration = Duration::from_millis(20);

pub(crate) fn importer(store: &str, first: u64) {
    let (people, store) = (People::new(), crate::open(store));
    let engine = people.engine();
    for number in first.. {
        let begun = Instant::now();
        let mailbox = format!("p{number}@load.example");
        let mail = people.mail(&mailbox, number);
        let report = engine.import_mail(&mail, Context::new(now()), &*store, &()).unwrap();
        let mut out = std::io::stdout().lock();
        match report.outcome {
            Outcome::Imported | Outcome::AlreadyKnown => {
                writeln!(out, "stored {mailbox} {}", report.fingerprint.unwrap()).unwrap();
            }
            Outcome::Deferred => writeln!(out, "deferred {}", report.unavailable.unwrap()).unwrap(),
            other => panic!("{mailbox}: {other:?}"),
        }
        out.flush().unwrap();
        thread::sleep(PACE.saturating_sub(begun.elapsed()));
    }
}

struct Importer {
    child: Child,
    lines: Receiver<String>,
}

impl Importer {
    fn start(store: &str, first: u64) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        let mut child = command.args(["importer", store, &first.to_string()]).stdout(Stdio::piped()).spawn().unwrap();
        let (send, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            // A line that was cut by the end of its writer is not an acknowledgement.
            for line in out.split(b'\n').map_while(Result::ok) {
                if send.send(String::from_utf8(line).unwrap()).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.lines.iter().collect()
    }
}

/// What was acknowledged, and how often not.
#[derive(Default)]
struct Told {
    stored: BTreeMap<String, Fingerprint>,
    new: Vec<String>,
    deferred: u64,
}

impl Told {
    fn hear(&mut self, lines: impl IntoIterator<Item = String>) {
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["stored", mailbox, fingerprint] => {
                    let Ok(fingerprint) = fingerprint.parse() else { continue };
                    self.stored.insert(mailbox.to_owned(), fingerprint);
                    self.new.push(mailbox.to_owned());
                }
                ["deferred", ..] => self.deferred += 1,
                _ => {}
            }
        }
    }

    fn next(&self) -> u64 {
        let number = |mailbox: &String| mailbox[1..mailbox.find('@').unwrap()].parse::<u64>().unwrap();
        self.stored.keys().map(number).max().map_or(0, |last| last + 1)
    }

    fn check(&mut self, store: &dyn ManagedStore) {
        for mailbox in std::mem::take(&mut self.new) {
            let query = FindStored::new(Tenant::default(), vec![Address::parse(&mailbox).unwrap()]);
            let entry = store.find(&query).unwrap().remove(0);
            let fingerprint = self.stored[&mailbox];
            assert!(entry.state_of(&fingerprint).is_some(), "{mailbox} was acknowledged and is not there");
        }
        assert_eq!(store.damage().unwrap(), Vec::<String>::new());
    }

    /// Every row: what was acknowledged is there, and nothing is there by half.
    fn check_all(&self, store: &dyn ManagedStore) -> usize {
        let tenant = Tenant::default();
        let mut found = BTreeMap::new();
        for entry in Entries::of(store, &tenant, Filter::All) {
            let entry = entry.unwrap();
            assert_eq!((entry.certs.len(), entry.version), (1, Version::new(1)), "{}", entry.address.as_str());
            found.insert(entry.address.as_str().to_owned(), entry.certs[0].0.certificate.fingerprint());
        }
        for (mailbox, fingerprint) in &self.stored {
            assert_eq!(found.get(mailbox), Some(fingerprint), "{mailbox}");
        }
        found.len()
    }
}

pub(crate) fn run(store: &str, rounds: u64, server: &[PathBuf]) {
    let mut told = Told::default();
    let mut random = Random(0);
    let begun = Instant::now();
    if let [script, folder, port] = server {
        kill_server(store, rounds, &Server { script, folder, port }, &mut told, &mut random);
    } else {
        for round in 1..=rounds {
            let importer = Importer::start(store, told.next());
            thread::sleep(Duration::from_millis(5 + random.below(250)));
            told.hear(importer.kill());
            told.check(&*crate::open(store));
            tell(round, rounds, &told);
        }
    }
    let rows = told.check_all(&*crate::open(store));
    assert!(told.stored.len() as u64 > rounds, "hardly anything was imported");
    let (stored, deferred, seconds) = (told.stored.len(), told.deferred, begun.elapsed().as_secs());
    println!(
        "{rounds} kills, {stored} imports acknowledged, {rows} rows, {deferred} deferred, {seconds} s: all there, none by half"
    );
}

fn tell(round: u64, rounds: u64, told: &Told) {
    if round.is_multiple_of(50) {
        println!("{round} of {rounds}: {} acknowledged, {} deferred", told.stored.len(), told.deferred);
    }
}

struct Server<'a> {
    script: &'a Path,
    folder: &'a Path,
    port: &'a Path,
}

impl Server<'_> {
    /// Starts it until it answers: the memory of the one before may still be in use.
    fn start_for(&self, store: &str) -> Child {
        let mut script = self.start();
        for _ in 0..600 {
            if crate::open(store).tenants().is_ok() {
                return script;
            }
            thread::sleep(Duration::from_millis(50));
            if script.try_wait().unwrap().is_some() {
                script = self.start();
            }
        }
        panic!("the server did not come back");
    }

    fn start(&self) -> Child {
        let quiet = || fs::OpenOptions::new().create(true).append(true).open(self.folder.join("log")).unwrap();
        let mut command = Command::new(self.script);
        command.arg(self.folder).arg(self.port).stdout(quiet()).stderr(quiet());
        command.spawn().unwrap()
    }

    fn kill(&self, mut script: Child) {
        let file = fs::read_to_string(self.folder.join("run/data/postmaster.pid")).unwrap();
        let id = file.lines().next().unwrap().to_owned();
        assert!(Command::new("kill").args(["-9", &id]).status().unwrap().success());
        script.wait().unwrap();
        // Its children notice and end; until then the memory that they share is in the way.
        thread::sleep(Duration::from_millis(300));
    }
}

/// One importer goes on for all rounds: it needs no restart of its own.
fn kill_server(store: &str, rounds: u64, server: &Server<'_>, told: &mut Told, random: &mut Random) {
    let mut script = server.start_for(store);
    let importer = Importer::start(store, 0);
    for round in 1..=rounds {
        thread::sleep(Duration::from_millis(300 + random.below(400)));
        server.kill(script);
        script = server.start_for(store);
        told.hear(importer.lines.try_iter().collect::<Vec<_>>());
        told.check(&*crate::open(store));
        tell(round, rounds, told);
    }
    told.hear(importer.kill());
    told.check_all(&*crate::open(store));
    assert!(told.stored.len() as u64 > rounds, "the importer did not recover");
    let file = fs::read_to_string(server.folder.join("run/data/postmaster.pid")).unwrap();
    let id = file.lines().next().unwrap().to_owned();
    // The last check of the caller needs it; it ends with its folder's owner.
    println!("the server with the id {id} is left running");
}
