//! An operation: questions out, answers in, one result.

use crate::error::Error;
use crate::query::Answer;
use crate::trace::Tracer;

/// What an operation wants next.
///
/// ```
/// use postseal::operation::Step;
/// let step: Step<(), &str> = Step::Done("sealed");
/// assert!(matches!(step, Step::Done("sealed")));
/// ```
#[must_use]
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "every driver must handle every step")]
pub enum Step<A, T> {
    /// Carry this question out and hand its answer to [`Operation::handle`].
    Ask(A),
    /// Nothing more to ask until an open question is answered.
    Wait,
    /// The result. The operation is over.
    Done(T),
}

/// A decision in progress. It does nothing by itself: a driver (see [`crate::drive`]) polls it and carries its questions out.
///
/// Any number of questions may be open, and any order of their answers gives the same output.
pub trait Operation {
    /// The questions this operation may ask: its list of permissions.
    type Ask;
    /// What it comes to.
    type Output;

    /// The next step.
    ///
    /// # Errors
    /// [`Code::PolledWhileFinished`](crate::Code) after the result was given.
    fn poll(&mut self, tracer: &dyn Tracer) -> Result<Step<Self::Ask, Self::Output>, Error>;

    /// Takes the answer to one of the operation's own questions.
    ///
    /// # Errors
    /// [`Code::ForeignAnswer`](crate::Code) when the answer belongs to another operation or another question; the
    /// operation goes on as if it had not been given.
    fn handle(&mut self, answer: Answer) -> Result<(), Error>;
}
