use crate::answer::{Answer, Question};
use crate::engine::Engine;
use crate::error::{EngineError, guard};
use crate::report::{Encryption, ImportReport, RecipientReport};
use core::fmt;
use postseal::Code;
use postseal::import::Import;
use postseal::operation::{Operation, Step};
use postseal::resolve::Resolve;
use postseal::seal::Begun;
use postseal::trace::Tracer;
use postseal_adapters::OsRandom;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What an import wants next.
#[derive(Debug, uniffi::Enum)]
pub enum ImportStep {
    /// Carry this question out and hand its answer to `handle`.
    Ask {
        /// The question.
        question: Arc<Question>,
    },
    /// Nothing more to ask until an open question is answered.
    Wait,
    /// The result. The operation is over.
    Done {
        /// What became of the mail.
        report: ImportReport,
    },
}

/// What an encryption wants next.
#[derive(Debug, uniffi::Enum)]
pub enum EncryptStep {
    /// Carry this question out and hand its answer to `handle`.
    Ask {
        /// The question.
        question: Arc<Question>,
    },
    /// Nothing more to ask until an open question is answered.
    Wait,
    /// The result. The operation is over.
    Done {
        /// The messages.
        encryption: Encryption,
    },
}

/// The object, unless another call is in it: one that waits for that call may be the very call that is waited for. After a panic
/// nobody knows what state it is in, so that it counts as spent.
fn enter<T>(object: &Mutex<T>) -> Result<MutexGuard<'_, T>, EngineError> {
    object.try_lock().map_err(|_| Code::HandleInUse.into())
}

/// The import of one mail, driven by the host. Any number of questions may be open, and any order of their answers gives the same
/// report. One call at a time; another meanwhile is told so (`handle-in-use`).
#[derive(uniffi::Object)]
pub struct ImportOperation {
    import: Mutex<Import>,
    tracer: Arc<dyn Tracer>,
}

impl fmt::Debug for ImportOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ImportOperation(..)")
    }
}

impl ImportOperation {
    pub(crate) fn of(engine: &Engine, import: Import) -> Arc<Self> {
        let tracer = Arc::clone(engine.host.tracer());
        Arc::new(Self { import: Mutex::new(import), tracer })
    }
}

#[uniffi::export]
impl ImportOperation {
    /// The next step; `polled-while-finished` after the result was given.
    pub fn poll(&self) -> Result<ImportStep, EngineError> {
        guard(|| match enter(&self.import)?.poll(&*self.tracer)? {
            Step::Ask(ask) => Ok(ImportStep::Ask { question: Question::of_import(ask)? }),
            Step::Wait => Ok(ImportStep::Wait),
            Step::Done(report) => Ok(ImportStep::Done { report: report.into() }),
        })
    }

    /// Takes the answer to one of its questions: `question-answered` when that was answered before, `answer-kind` when the answer is
    /// of another kind (the question stays open), `foreign-answer` when another operation asked.
    pub fn handle(&self, question: Arc<Question>, answer: Answer) -> Result<(), EngineError> {
        guard(|| {
            let mut import = enter(&self.import)?;
            Ok(import.handle(question.answer(answer)?)?)
        })
    }
}

/// How far an encryption is.
enum State {
    Resolving(Box<Resolve>, Vec<u8>),
    Passed(Encryption),
    Over,
}

/// The encryption of one mail, driven by the host. Any number of questions may be open, and any order of their answers gives the
/// same result. One call at a time; another meanwhile is told so (`handle-in-use`).
#[derive(uniffi::Object)]
pub struct EncryptOperation {
    state: Mutex<State>,
    recipients: Mutex<Vec<RecipientReport>>,
    tracer: Arc<dyn Tracer>,
}

impl fmt::Debug for EncryptOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptOperation(..)")
    }
}

impl EncryptOperation {
    pub(crate) fn of(engine: &Engine, begun: Begun, mail: Vec<u8>) -> Arc<Self> {
        let state = match begun {
            Begun::Resolve(resolve) => State::Resolving(Box::new(resolve), mail),
            Begun::Passed(encryption) => State::Passed(encryption.into()),
        };
        let tracer = Arc::clone(engine.host.tracer());
        Arc::new(Self { state: Mutex::new(state), recipients: Mutex::default(), tracer })
    }

    /// What `recipients` gives. Waited for, since nobody who has it waits himself: who came in vain would lose the result.
    fn reports(&self) -> MutexGuard<'_, Vec<RecipientReport>> {
        self.recipients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The result, when there is nothing to ask any more.
    fn next(&self, state: &mut State) -> Result<EncryptStep, EngineError> {
        let State::Resolving(resolve, _) = state else {
            return match std::mem::replace(state, State::Over) {
                State::Passed(encryption) => Ok(EncryptStep::Done { encryption }),
                _ => Err(Code::PolledWhileFinished.into()),
            };
        };
        let resolution = match resolve.poll(&*self.tracer)? {
            Step::Ask(ask) => return Ok(EncryptStep::Ask { question: Question::of_resolve(ask)? }),
            Step::Wait => return Ok(EncryptStep::Wait),
            Step::Done(resolution) => resolution,
        };
        let recipients = resolution.reports().cloned().map(Into::into).collect();
        *self.reports() = recipients;
        let State::Resolving(_, mail) = std::mem::replace(state, State::Over) else {
            return Err(Code::InternalError.into());
        };
        let encryption = resolution.seal(&mail, &mut OsRandom)?.into();
        Ok(EncryptStep::Done { encryption })
    }
}

#[uniffi::export]
impl EncryptOperation {
    /// The next step; `polled-while-finished` after the result was given. `Unsealed` is a result as well: no message was made.
    pub fn poll(&self) -> Result<EncryptStep, EngineError> {
        guard(|| self.next(&mut *enter(&self.state)?))
    }

    /// Takes the answer to one of its questions: `question-answered` when that was answered before, `answer-kind` when the answer is
    /// of another kind (the question stays open), `foreign-answer` when another operation asked.
    pub fn handle(&self, question: Arc<Question>, answer: Answer) -> Result<(), EngineError> {
        guard(|| match &mut *enter(&self.state)? {
            State::Resolving(resolve, _) => Ok(resolve.handle(question.answer(answer)?)?),
            State::Passed(_) | State::Over => {
                let _spent = question.answer(answer)?;
                Err(Code::ForeignAnswer.into())
            }
        })
    }

    /// One report for each recipient, in the order in which the host named them, the visible ones first; none before all questions
    /// are answered, and none for a mail that goes out as it is.
    pub fn recipients(&self) -> Result<Vec<RecipientReport>, EngineError> {
        Ok(self.reports().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::EncryptContext;
    use std::{thread, time::Duration};

    #[test]
    fn who_looks_at_the_recipients_meanwhile_loses_no_result() {
        let text = "trust = []\nimport = true\n[encrypt]\nmode = \"if-possible\"\n".to_owned();
        let engine = Engine::from_configuration(text, String::new()).unwrap();
        let to = vec!["alice@goal.example".to_owned()];
        let operation = engine.encrypt_operation(b"\r\nx".to_vec(), to, Vec::new(), EncryptContext::default()).unwrap();
        let EncryptStep::Ask { question } = operation.poll().unwrap() else { panic!("nothing is asked") };
        let reason = "none".to_owned();
        operation.handle(question, Answer::Unavailable { reason }).unwrap();
        let looks = operation.recipients.lock().unwrap();
        let polls = thread::spawn({
            let operation = Arc::clone(&operation);
            move || operation.poll()
        });
        thread::sleep(Duration::from_millis(50));
        drop(looks);
        let EncryptStep::Done { encryption } = polls.join().unwrap().unwrap() else { panic!("it is not over") };
        assert_eq!((encryption.left_out.len(), operation.recipients().unwrap().len()), (1, 1));
    }
}
