use crate::error::{Code, Error};
use crate::operation::{Operation, Step};
use crate::query::Answer;
use crate::trace::Tracer;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll};

/// Runs an operation on any executor, with all its open questions carried out at the same time.
///
/// `ask` turns a question into a future of its answer. Dropping the returned future at any point leaves nothing behind:
/// the operation and its open questions are dropped with it. Deadlines are the host's: let the futures of `ask` answer
/// `Err(Unavailable)` when time is over.
///
/// # Errors
/// As [`run`](super::run).
///
/// ```
/// # use postseal_testkit::MemoryStore;
/// use postseal::{Engine, UnixTime, drive, import::{Ask, Context}, store::CertStore, verify::TrustAnchors};
/// let engine = Engine::new(TrustAnchors::default());
/// let store = MemoryStore::new();
/// let operation = engine.import(b"Subject: plain\r\n\r\nHello\r\n", Context::new(UnixTime::from_seconds(0)));
/// let future = drive::run_async(operation, &(), |ask| async {
///     match ask {
///         Ask::FindStored(pending) => { let reply = store.find(pending.query()); pending.answer(reply) }
///         Ask::PutStored(pending) => { let reply = store.put(pending.query()); pending.answer(reply) }
///         _ => unreachable!("importing asks nothing else"),
///     }
/// });
/// let mut future = std::pin::pin!(future);
/// let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// let std::task::Poll::Ready(report) = future.as_mut().poll(&mut context) else { panic!("nothing here waits") };
/// assert_eq!(report?.outcome.name(), "not-signed");
/// # use std::future::Future;
/// # Ok::<(), postseal::Error>(())
/// ```
pub async fn run_async<O: Operation, F: Future<Output = Answer>>(
    mut operation: O,
    tracer: &dyn Tracer,
    mut ask: impl FnMut(O::Ask) -> F,
) -> Result<O::Output, Error> {
    let mut open: Vec<Pin<Box<F>>> = Vec::new();
    loop {
        match operation.poll(tracer)? {
            Step::Ask(question) => open.push(Box::pin(ask(question))),
            Step::Wait if open.is_empty() => return Err(Code::Unanswered.into()),
            Step::Wait => operation.handle(poll_fn(|context| first_ready(&mut open, context)).await)?,
            Step::Done(output) => return Ok(output),
        }
    }
}

/// The answer of whichever future is ready first; the future is removed.
fn first_ready<F: Future>(open: &mut Vec<Pin<Box<F>>>, context: &mut Context<'_>) -> Poll<F::Output> {
    let ready = open.iter_mut().enumerate().find_map(|(index, future)| match future.as_mut().poll(context) {
        Poll::Ready(output) => Some((index, output)),
        Poll::Pending => None,
    });
    match ready {
        Some((index, output)) => {
            drop(open.swap_remove(index));
            Poll::Ready(output)
        }
        None => Poll::Pending,
    }
}
