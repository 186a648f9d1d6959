use postseal::Engine;
use postseal::import::{Context, Outcome};
use postseal::verify::{Limits, TrustAnchors};
use postseal_benches::{Crypto, Samples, engine, measure, now};
use postseal_testkit::MemoryStore;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// What is known before a mail comes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Full,
    Warm,
    Hot,
    Sha256,
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "full" => Ok(Self::Full),
            "warm" => Ok(Self::Warm),
            "hot" => Ok(Self::Hot),
            "sha256" => Ok(Self::Sha256),
            other => Err(format!("no such mode: {other}")),
        }
    }
}

struct Mail {
    octets: Vec<u8>,
    sender: String,
    /// A small mail of somebody else with the same CA certificates.
    primer: Vec<u8>,
}

/// Mails to import, and what stays from one to the next where something does.
pub struct Import {
    crypto: Crypto,
    /// PEM.
    root: Vec<u8>,
    mails: Vec<Mail>,
    /// Those that know every sender.
    known: Option<(Engine, MemoryStore)>,
}

impl Import {
    pub fn load(crypto: Crypto, list: &str, root: &str) -> Result<Self, String> {
        let read = |path: &str| fs::read(path).map_err(|error| format!("{path}: {error}"));
        let text = |path: &Path| fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
        let list = Path::new(list);
        let mut mails = Vec::new();
        for (line, primer) in text(list)?.lines().zip(text(&list.with_file_name("primers.txt"))?.lines()) {
            let (path, sender) = line.split_once('\t').ok_or("a line without a sender")?;
            mails.push(Mail { octets: read(path)?, sender: sender.to_owned(), primer: read(primer)? });
        }
        let root = read(root)?;
        TrustAnchors::from_pem(&root, &Limits::default()).map_err(|error| error.to_string())?;
        Ok(Self { crypto, root, mails, known: None })
    }

    pub const fn count(&self) -> usize {
        self.mails.len()
    }

    pub fn run(&mut self, mode: Mode, time: Duration, most: usize) -> Samples {
        if mode == Mode::Hot && self.known.is_none() {
            let (engine, store) = (self.fresh(), MemoryStore::new());
            self.mails.iter().for_each(|mail| import(mail, &engine, &store, Outcome::Imported));
            self.known = Some((engine, store));
        }
        let mails = &self.mails;
        let mail = |turn: usize| &mails[turn % mails.len()];
        match (mode, &self.known) {
            (Mode::Sha256, _) => measure(time, most, |_| (), |turn, ()| black_box(Sha256::digest(&mail(turn).octets))),
            (Mode::Hot, Some((engine, store))) => {
                measure(time, most, |_| (), |turn, ()| import(mail(turn), engine, store, Outcome::AlreadyKnown))
            }
            _ => {
                let prepare = |turn: usize| {
                    let engine = self.fresh();
                    if mode == Mode::Warm {
                        imported(&mail(turn).primer, &engine, &MemoryStore::new(), Outcome::Imported);
                    }
                    (engine, MemoryStore::new())
                };
                measure(time, most, prepare, |turn, fresh| {
                    import(mail(turn), &fresh.0, &fresh.1, Outcome::Imported);
                    fresh
                })
            }
        }
    }

    /// With anchors of its own: a certificate keeps what was found out about its key.
    fn fresh(&self) -> Engine {
        engine(self.crypto, TrustAnchors::from_pem(&self.root, &Limits::default()).expect("read before"))
    }
}

/// The whole job; `sender` is whom it must end with.
fn import(mail: &Mail, engine: &Engine, store: &MemoryStore, outcome: Outcome) {
    let address = imported(&mail.octets, engine, store, outcome);
    assert_eq!(address.as_deref(), Some(mail.sender.as_str()));
}

fn imported(mail: &[u8], engine: &Engine, store: &MemoryStore, outcome: Outcome) -> Option<String> {
    let report = engine.import_mail(mail, Context::new(now()), store, &()).unwrap();
    assert_eq!(report.outcome, outcome, "{:?}", report.error);
    report.address.map(|address| address.expose().as_str().to_owned())
}
