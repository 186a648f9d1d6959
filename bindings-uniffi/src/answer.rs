use crate::cert::{Entry, PutOutcome};
use crate::error::{EngineError, first_line};
use crate::lent::DirectoryReply;
use crate::question::{FetchCrl, FetchIssuer, FetchOcsp, FindStored, PutStored, ResolveDirectory};
use crate::world::{entries, put_outcome};
use core::fmt;
use postseal::query::{self, Pending, Unavailable};
use postseal::{Code, import, resolve};
use std::sync::{Arc, Mutex, PoisonError};

/// What an operation asks.
#[derive(Clone, Debug, uniffi::Enum)]
pub enum Asked {
    /// What is kept for these addresses. Answered with `ENTRIES`.
    FindStored {
        /// The question.
        query: FindStored,
    },
    /// Change an entry. Answered with `PUT`.
    PutStored {
        /// The question.
        query: PutStored,
    },
    /// What a directory lends. Answered with `REPLIES`.
    ResolveDirectory {
        /// The question.
        query: ResolveDirectory,
    },
    /// A revocation list. Answered with `BODY`.
    FetchCrl {
        /// The question.
        query: FetchCrl,
    },
    /// An OCSP response. Answered with `BODY`.
    FetchOcsp {
        /// The question.
        query: FetchOcsp,
    },
    /// The issuer of a certificate. Answered with `BODY`.
    FetchIssuer {
        /// The question.
        query: FetchIssuer,
    },
}

/// The answer to a question. It only goes in; `UNAVAILABLE` answers every kind of question.
#[derive(uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum Answer {
    /// One entry for each address that was asked for, in the same order.
    Entries {
        /// The entries.
        entries: Vec<Entry>,
    },
    /// What came of storing.
    Put {
        /// The outcome.
        outcome: PutOutcome,
    },
    /// One reply for each address that was asked for, in the same order.
    Replies {
        /// The replies.
        replies: Vec<DirectoryReply>,
    },
    /// What was fetched, as it was served.
    Body {
        /// The octets.
        octets: Vec<u8>,
    },
    /// It could not be asked, or did not answer. Never the same as having nothing.
    Unavailable {
        /// One line for the host's own log, never about a person.
        reason: String,
    },
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Entries { .. } => "Answer::Entries(..)",
            Self::Put { .. } => "Answer::Put(..)",
            Self::Replies { .. } => "Answer::Replies(..)",
            Self::Body { .. } => "Answer::Body(..)",
            Self::Unavailable { .. } => "Answer::Unavailable(..)",
        })
    }
}

/// An open question with the only right to answer it.
enum Open {
    FindStored(Pending<query::FindStored>),
    PutStored(Pending<query::PutStored>),
    ResolveDirectory(Pending<query::ResolveDirectory>),
    FetchCrl(Pending<query::FetchCrl>),
    FetchOcsp(Pending<query::FetchOcsp>),
    FetchIssuer(Pending<query::FetchIssuer>),
}

impl TryFrom<import::Ask> for Open {
    type Error = EngineError;

    fn try_from(ask: import::Ask) -> Result<Self, EngineError> {
        match ask {
            import::Ask::FindStored(pending) => Ok(Self::FindStored(pending)),
            import::Ask::PutStored(pending) => Ok(Self::PutStored(pending)),
            import::Ask::FetchCrl(pending) => Ok(Self::FetchCrl(pending)),
            import::Ask::FetchOcsp(pending) => Ok(Self::FetchOcsp(pending)),
            _ => Err(Code::ValueUnknown.into()),
        }
    }
}

impl TryFrom<resolve::Ask> for Open {
    type Error = EngineError;

    fn try_from(ask: resolve::Ask) -> Result<Self, EngineError> {
        match ask {
            resolve::Ask::FindStored(pending) => Ok(Self::FindStored(pending)),
            resolve::Ask::ResolveDirectory(pending) => Ok(Self::ResolveDirectory(pending)),
            resolve::Ask::FetchCrl(pending) => Ok(Self::FetchCrl(pending)),
            resolve::Ask::FetchOcsp(pending) => Ok(Self::FetchOcsp(pending)),
            resolve::Ask::FetchIssuer(pending) => Ok(Self::FetchIssuer(pending)),
            _ => Err(Code::ValueUnknown.into()),
        }
    }
}

impl Open {
    fn asked(&self) -> Asked {
        match self {
            Self::FindStored(open) => Asked::FindStored { query: FindStored::of(open.query()) },
            Self::PutStored(open) => Asked::PutStored { query: PutStored::of(open.query()) },
            Self::ResolveDirectory(open) => Asked::ResolveDirectory { query: ResolveDirectory::of(open.query()) },
            Self::FetchCrl(open) => Asked::FetchCrl { query: FetchCrl::of(open.query()) },
            Self::FetchOcsp(open) => Asked::FetchOcsp { query: FetchOcsp::of(open.query()) },
            Self::FetchIssuer(open) => Asked::FetchIssuer { query: FetchIssuer::of(open.query()) },
        }
    }

    /// Spends the question on its answer, or gives it back when the answer is of another kind.
    fn answer(self, answer: Answer) -> Result<query::Answer, Box<Self>> {
        match (self, answer) {
            (open, Answer::Unavailable { reason }) => Ok(open.unavailable(Unavailable::because(first_line(&reason)))),
            (Self::FindStored(open), Answer::Entries { entries: kept }) => Ok(open.answer(entries(kept))),
            (Self::PutStored(open), Answer::Put { outcome }) => Ok(open.answer(put_outcome(outcome))),
            (Self::ResolveDirectory(open), Answer::Replies { replies }) => {
                Ok(open.answer(Ok(replies.into_iter().map(Into::into).collect())))
            }
            (Self::FetchCrl(open), Answer::Body { octets }) => Ok(open.answer(Ok(octets))),
            (Self::FetchOcsp(open), Answer::Body { octets }) => Ok(open.answer(Ok(octets))),
            (Self::FetchIssuer(open), Answer::Body { octets }) => Ok(open.answer(Ok(octets))),
            (open, _) => Err(Box::new(open)),
        }
    }

    fn unavailable(self, why: Unavailable) -> query::Answer {
        match self {
            Self::FindStored(open) => open.answer(Err(why)),
            Self::PutStored(open) => open.answer(Err(why)),
            Self::ResolveDirectory(open) => open.answer(Err(why)),
            Self::FetchCrl(open) => open.answer(Err(why)),
            Self::FetchOcsp(open) => open.answer(Err(why)),
            Self::FetchIssuer(open) => open.answer(Err(why)),
        }
    }
}

/// A question that an operation asks. It is answered once, with the `handle` of the operation that asked it.
#[derive(uniffi::Object)]
pub struct Question {
    asked: Asked,
    open: Mutex<Option<Open>>,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").field("asked", &self.asked).finish_non_exhaustive()
    }
}

impl Question {
    pub(crate) fn of_import(ask: import::Ask) -> Result<Arc<Self>, EngineError> {
        Ok(Self::new(ask.try_into()?))
    }

    pub(crate) fn of_resolve(ask: resolve::Ask) -> Result<Arc<Self>, EngineError> {
        Ok(Self::new(ask.try_into()?))
    }

    fn new(open: Open) -> Arc<Self> {
        let asked = open.asked();
        Arc::new(Self { asked, open: Mutex::new(Some(open)) })
    }

    /// Spends the question. An answer of another kind leaves it open.
    pub(crate) fn answer(&self, answer: Answer) -> Result<query::Answer, EngineError> {
        let mut slot = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let open = slot.take().ok_or(Code::QuestionAnswered)?;
        open.answer(answer).map_err(|open| {
            *slot = Some(*open);
            Code::AnswerKind.into()
        })
    }
}

#[uniffi::export]
impl Question {
    /// What is asked.
    pub fn asked(&self) -> Asked {
        self.asked.clone()
    }

    /// Whether it has been answered.
    pub fn is_answered(&self) -> bool {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }
}
