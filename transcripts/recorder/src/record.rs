//! The recorder: an operation is driven in a scripted world, and what is said is written down.

use crate::form::{
    self, Answer, Ask, DirectoryReply, Misuse, MisuseKind, Octets, OperationKind, Question, Reply, Transcript, Turn,
};
use crate::play::event;
use crate::session::{Next, Open, Session, entry_to_form, fault, host};
use postseal::store::Entry;
use postseal::trace::Tracer;
use postseal::{Address, Code};
use postseal_testkit::Recorder;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use toml::Table;

/// In which order open questions are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Each at once, before anything else is asked.
    #[default]
    AtOnce,
    /// When there is nothing more to ask, the first one first.
    First,
    /// When there is nothing more to ask, the last one first.
    Last,
    /// When there is nothing more to ask, one in the middle first.
    Middle,
}

/// What the host knows and says.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// What is stored.
    pub entries: Vec<Entry>,
    /// What the next attempts to store meet instead of what they expect.
    pub conflicts: VecDeque<Entry>,
    /// What directories say, by their name and by address; nothing is "not found".
    pub directories: BTreeMap<(String, String), DirectoryReply>,
    /// What can be fetched.
    pub bodies: BTreeMap<String, Vec<u8>>,
    /// What is answered to the question with this number, whatever else is known.
    pub replies: BTreeMap<u32, Reply>,
}

impl World {
    fn reply(&mut self, number: u32, question: &Question) -> Reply {
        if let Some(reply) = self.replies.get(&number) {
            return reply.clone();
        }
        match question {
            Question::FindStored { addresses, .. } => {
                Reply::Entries(addresses.iter().map(|address| entry_to_form(&self.entry(address))).collect())
            }
            Question::PutStored { .. } => {
                self.conflicts.pop_front().map_or(Reply::Stored(true), |entry| Reply::Conflict(entry_to_form(&entry)))
            }
            Question::ResolveDirectory { directory, addresses, .. } => {
                let reply = |address: &String| {
                    let known = self.directories.get(&(directory.clone(), address.clone()));
                    known.cloned().unwrap_or(DirectoryReply::NotFound(true))
                };
                Reply::Replies(addresses.iter().map(reply).collect())
            }
            Question::FetchCrl { at, limit }
            | Question::FetchIssuer { at, limit }
            | Question::FetchOcsp { at, limit, .. } => match self.bodies.get(at) {
                Some(octets) if octets.len() <= *limit => Reply::Body(Octets(octets.clone())),
                Some(_) => Reply::Unavailable("more octets than asked for".to_owned()),
                None => Reply::Unavailable("nobody there".to_owned()),
            },
        }
    }

    fn entry(&self, address: &str) -> Entry {
        let address = Address::parse(address).expect("it came from the engine");
        let known = self.entries.iter().find(|entry| entry.address == address);
        known.cloned().unwrap_or_else(|| Entry::absent(address))
    }
}

/// What is to be recorded.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The name of the file, without `.toml`.
    pub name: String,
    /// The transcript as far as it is known before: everything but turns, outcome and events.
    pub transcript: Transcript,
    /// The world.
    pub world: World,
    /// The order of answers.
    pub order: Order,
    /// What the host does and must not: before the answer to which question, or at the end.
    pub misuse: Vec<(u32, MisuseKind)>,
}

impl Scene {
    /// Of this kind, of this mail; more is set in the fields.
    ///
    /// ```
    /// use postseal_transcripts::{OperationKind, Scene};
    /// let scene = Scene::new("import-x", OperationKind::Import, "Nobody signed it.", "import = true", b"\r\nhello");
    /// assert!(scene.transcript.turn.is_empty());
    /// ```
    #[must_use]
    pub fn new(name: &str, operation: OperationKind, about: &str, configuration: &str, mail: &[u8]) -> Self {
        let transcript = Transcript {
            about: about.to_owned(),
            operation,
            now: 1_780_272_000,
            tenant: "default".to_owned(),
            route: None,
            ocsp_nonce: None,
            dry_run: false,
            mail: Octets(mail.to_vec()),
            visible: Vec::new(),
            hidden: Vec::new(),
            configuration: configuration.to_owned(),
            turn: Vec::new(),
            outcome: Table::new(),
            event: Vec::new(),
        };
        Self { name: name.to_owned(), transcript, world: World::default(), order: Order::default(), misuse: Vec::new() }
    }

    /// Drives the operation to its end and writes down what is said. Paths in the configuration are relative to `folder`.
    ///
    /// # Panics
    /// When the scene cannot be played.
    ///
    /// ```
    /// use postseal_transcripts::{OperationKind, Scene};
    /// let scene = Scene::new("import-x", OperationKind::Import, "Nobody signed it.", "import = true", b"\r\nhello");
    /// let transcript = scene.record("".as_ref());
    /// assert_eq!(transcript.outcome["outcome"].as_str(), Some("not-signed"));
    /// ```
    #[must_use]
    pub fn record(&self, folder: &Path) -> Transcript {
        let mut transcript = self.transcript.clone();
        let host = host(&transcript.configuration, folder).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let recorder = Arc::new(Recorder::default());
        let tracer: Arc<dyn Tracer> = recorder.clone();
        match Session::begin(&host, &transcript, &tracer) {
            Err(outcome) => transcript.outcome = outcome,
            Ok(session) => {
                let mut tape =
                    Tape { scene: self, world: self.world.clone(), session, open: Vec::new(), turns: Vec::new() };
                transcript.outcome = tape.run(&*tracer);
                transcript.turn = tape.turns;
            }
        }
        transcript.event = recorder.events().iter().map(event).collect();
        transcript
    }
}

struct Tape<'a> {
    scene: &'a Scene,
    world: World,
    session: Session,
    open: Vec<(u32, Open)>,
    turns: Vec<Turn>,
}

impl Tape<'_> {
    fn run(&mut self, tracer: &dyn Tracer) -> Table {
        let mut asked = 0;
        loop {
            match self.session.poll(tracer).expect("it is polled only while it goes on") {
                Next::Ask(open) => {
                    asked += 1;
                    self.turns.push(Turn::Ask(Ask { number: asked, question: open.question() }));
                    self.open.push((asked, open));
                    if self.scene.order == Order::AtOnce {
                        self.answer(0);
                    }
                }
                Next::Wait => {
                    self.turns.push(Turn::Wait(true));
                    let last = self.open.len().checked_sub(1).expect("it waits for something");
                    self.answer(match self.scene.order {
                        Order::AtOnce | Order::First => 0,
                        Order::Last => last,
                        Order::Middle => last.div_euclid(2),
                    });
                }
                Next::Done(outcome) => {
                    let kinds = self.scene.misuse.iter().map(|(_, kind)| *kind);
                    if kinds.into_iter().any(|kind| kind == MisuseKind::PollAfterDone) {
                        self.misuse(MisuseKind::PollAfterDone, None);
                    }
                    return outcome;
                }
            }
        }
    }

    fn answer(&mut self, at: usize) {
        let (number, open) = self.open.remove(at);
        let misuse: Vec<MisuseKind> =
            self.scene.misuse.iter().filter(|(before, _)| *before == number).map(|(_, kind)| *kind).collect();
        let before = |kind: &&MisuseKind| matches!(kind, MisuseKind::ForeignAnswer | MisuseKind::AnswerKind);
        for kind in misuse.iter().filter(before) {
            self.misuse(*kind, Some(number).filter(|_| *kind == MisuseKind::AnswerKind));
        }
        let reply = self.world.reply(number, &open.question());
        let answer = open.answer(&reply).unwrap_or_else(|error| panic!("{}: {error}", self.scene.name));
        self.turns.push(Turn::Answer(Answer { to: number, reply }));
        self.session.handle(answer).expect("it is the answer to a question of its own");
        if misuse.contains(&MisuseKind::AnswerTwice) {
            self.misuse(MisuseKind::AnswerTwice, Some(number));
        }
    }

    /// What it must come to is the meaning of the code; the player sees whether it does.
    fn misuse(&mut self, kind: MisuseKind, to: Option<u32>) {
        let code = match kind {
            MisuseKind::ForeignAnswer => Code::ForeignAnswer,
            MisuseKind::PollAfterDone => Code::PolledWhileFinished,
            MisuseKind::AnswerTwice => Code::QuestionAnswered,
            MisuseKind::AnswerKind => Code::AnswerKind,
        };
        let fault = fault(code.into()).to_owned();
        self.turns.push(Turn::Misuse(Misuse { kind, to, code: code.name().to_owned(), number: code.number(), fault }));
    }
}

/// One loan, as a directory gives it.
#[must_use]
pub(crate) fn loan(der: &[u8]) -> form::Loan {
    form::Loan { der: Octets(der.to_vec()), issuers: Vec::new(), capabilities: None, signed_at: None, preferred: false }
}
