//! The player: the engine is driven turn by turn, and has to say what the transcript says.

use crate::form::{Misuse, MisuseKind, Transcript, Turn};
use crate::session::{Next, Open, Session, fault, host};
use postseal::Error;
use postseal::trace::{Event, Tracer};
use postseal_adapters::trace::to_json;
use postseal_host::Host;
use postseal_testkit::Recorder;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use toml::Table;

/// Where the engine said something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where: `turn 3`, `outcome`, `event 2`.
    pub place: String,
    /// What the transcript says.
    pub expected: String,
    /// What the engine said.
    pub got: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got {}", self.place, self.expected, self.got)
    }
}

impl std::error::Error for Difference {}

fn compare<T: PartialEq + fmt::Debug>(place: &str, expected: &T, got: &T) -> Result<(), Difference> {
    if expected == got {
        return Ok(());
    }
    Err(differs(place, &format!("{expected:?}"), &format!("{got:?}")))
}

fn differs(place: &str, expected: &str, got: &str) -> Difference {
    Difference { place: place.to_owned(), expected: expected.to_owned(), got: got.to_owned() }
}

/// What a transcript says of an event: the JSON Lines, without what is null.
pub(crate) fn event(event: &Event) -> Table {
    let serde_json::Value::Object(mut members) = to_json(event) else { panic!("an event is an object") };
    members.retain(|_, value| !value.is_null());
    Table::try_from(members).expect("an event has texts, numbers and truth values")
}

fn made(transcript: &Transcript, folder: &Path) -> Result<Host, Difference> {
    host(&transcript.configuration, folder).map_err(|error| differs("configuration", "one that can be used", &error))
}

struct Player<'a> {
    transcript: &'a Transcript,
    folder: &'a Path,
    host: Host,
    tracer: Arc<dyn Tracer>,
    session: Option<Session>,
    open: BTreeMap<u32, Open>,
    asked: u32,
    outcome: Option<Table>,
}

impl Transcript {
    /// Plays it against the engine of its configuration; paths in that are relative to `folder`.
    ///
    /// # Errors
    /// The first [`Difference`].
    ///
    /// ```
    /// use postseal_transcripts::{Transcript, folder};
    /// let transcript = Transcript::read(&folder().join("import-first.toml"))?;
    /// assert_eq!(transcript.play(&folder()), Ok(()));
    /// # Ok::<(), String>(())
    /// ```
    pub fn play(&self, folder: &Path) -> Result<(), Difference> {
        let host = made(self, folder)?;
        let recorder = Arc::new(Recorder::default());
        let tracer: Arc<dyn Tracer> = recorder.clone();
        let mut player = Player {
            transcript: self,
            folder,
            host,
            tracer,
            session: None,
            open: BTreeMap::new(),
            asked: 0,
            outcome: None,
        };
        player.begin();
        for (number, turn) in self.turn.iter().enumerate() {
            player.turn(turn).map_err(|difference| Difference {
                place: format!("turn {number}: {}", difference.place),
                ..difference
            })?;
        }
        let outcome = player.end()?;
        compare("outcome", &self.outcome, &outcome)?;
        let events: Vec<Table> = recorder.events().iter().map(event).collect();
        for (number, (expected, got)) in self.event.iter().zip(&events).enumerate() {
            compare(&format!("event {number}"), expected, got)?;
        }
        compare("number of events", &self.event.len(), &events.len())
    }
}

impl Player<'_> {
    fn begin(&mut self) {
        match Session::begin(&self.host, self.transcript, &self.tracer) {
            Ok(session) => self.session = Some(session),
            Err(outcome) => self.outcome = Some(outcome),
        }
    }

    fn poll(&mut self) -> Result<Next, Difference> {
        let over = || differs("poll", "a conversation", "the end");
        let session = self.session.as_mut().ok_or_else(over)?;
        session.poll(&*self.tracer).map_err(|error| differs("poll", "a step", error.code().name()))
    }

    fn turn(&mut self, turn: &Turn) -> Result<(), Difference> {
        match turn {
            Turn::Ask(ask) => {
                let Next::Ask(open) = self.poll()? else { return Err(differs("poll", "a question", "none")) };
                self.asked += 1;
                compare("number", &ask.number, &self.asked)?;
                compare("question", &ask.question, &open.question())?;
                self.open.insert(self.asked, open);
                Ok(())
            }
            Turn::Wait(_) => match self.poll()? {
                Next::Wait => Ok(()),
                Next::Ask(open) => Err(differs("poll", "nothing more to ask", &format!("{:?}", open.question()))),
                Next::Done(outcome) => Err(differs("poll", "nothing more to ask", &format!("the end: {outcome:?}"))),
            },
            Turn::Answer(answer) => {
                let missing = || differs("answer", "an open question", &format!("none has the number {}", answer.to));
                let open = self.open.remove(&answer.to).ok_or_else(missing)?;
                let made = open.answer(&answer.reply).map_err(|error| differs("answer", "one of its kind", &error))?;
                let session = self.session.as_mut().ok_or_else(missing)?;
                session.handle(made).map_err(|error| differs("answer", "taken", error.code().name()))
            }
            Turn::Misuse(misuse) => self.misuse(misuse),
        }
    }

    fn misuse(&mut self, misuse: &Misuse) -> Result<(), Difference> {
        let error = match misuse.kind {
            // The types of Rust have no words for these two.
            MisuseKind::AnswerTwice | MisuseKind::AnswerKind => return Ok(()),
            MisuseKind::ForeignAnswer => self.foreign_answer()?,
            MisuseKind::PollAfterDone => {
                let outcome = self.end()?;
                let session = self.session.as_mut().ok_or_else(|| differs("poll", "a conversation", "none"))?;
                let error = session.poll(&*self.tracer).err();
                self.outcome = Some(outcome);
                error.ok_or_else(|| differs("poll", &misuse.code, "a step"))?
            }
        };
        compare("code", &misuse.code.as_str(), &error.code().name())?;
        compare("number", &misuse.number, &error.code().number())?;
        compare("fault", &misuse.fault.as_str(), &fault(error))
    }

    /// The answer to the first question of another operation about the same.
    fn foreign_answer(&mut self) -> Result<Error, Difference> {
        let nobody: Arc<dyn Tracer> = Arc::new(());
        let other = Session::begin(&made(self.transcript, self.folder)?, self.transcript, &nobody);
        let mut other = other.map_err(|_| differs("another operation", "a conversation", "its end"))?;
        let Ok(Next::Ask(open)) = other.poll(&()) else {
            return Err(differs("another operation", "a question", "none"));
        };
        let session = self.session.as_mut().ok_or_else(|| differs("answer", "a conversation", "none"))?;
        let taken = session.handle(open.give_up("of another operation"));
        taken.err().ok_or_else(|| differs("answer", "refused", "taken"))
    }

    fn end(&mut self) -> Result<Table, Difference> {
        if let Some(outcome) = self.outcome.take() {
            return Ok(outcome);
        }
        match self.poll()? {
            Next::Done(outcome) => Ok(outcome),
            Next::Wait => Err(differs("poll", "the end", "it waits")),
            Next::Ask(open) => Err(differs("poll", "the end", &format!("{:?}", open.question()))),
        }
    }
}
