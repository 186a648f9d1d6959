use super::answer::{self, Answer, Entry, Message};
use super::fault::{LdapFault, LdapFaultKind, io_words};
use super::limits::{LdapLimits, within};
use super::reference::leads_to_nobody;
use super::request;
use super::result::{self, Extent};
use super::setup::LdapBind;
use crate::wiped;
use ldap3_proto::proto::{LdapFilter, LdapOp};
use std::fmt;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};
use zeroize::{Zeroize, Zeroizing};

/// Octets in both directions, over TLS or not.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// What was received and not read yet.
#[derive(Default)]
pub(super) struct Received(Zeroizing<Vec<u8>>);

/// How much room is made for what comes next.
const PIECE: usize = 16 << 10;

impl Received {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next whole message, whatever it is.
    pub(super) async fn message(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin + ?Sized),
        most: usize,
        deadline: Instant,
    ) -> Result<Zeroizing<Vec<u8>>, LdapFault> {
        loop {
            // A server whose messages are all here already is not waited for, but the time runs.
            if Instant::now() >= deadline {
                return Err(late("did not answer in time"));
            }
            if let Some(length) = answer::message_length(&self.0, most)?
                && let Some(message) = self.0.get(..length)
            {
                let message = Zeroizing::new(message.to_vec());
                self.forget(length);
                return Ok(message);
            }
            wiped::reserve(&mut self.0, PIECE);
            // No more than that at once: what is behind a message moves up with each.
            let piece = u64::try_from(PIECE).unwrap_or(u64::MAX);
            match timeout_at(deadline, (&mut *stream).take(piece).read_buf(&mut *self.0)).await {
                Err(_) => return Err(late("did not answer in time")),
                Ok(Err(error)) => return Err(lost(&error)),
                Ok(Ok(0)) => return Err(LdapFault::new(LdapFaultKind::Unreachable, "closed the connection")),
                Ok(Ok(_)) => {}
            }
        }
    }

    /// What was read is no longer here: the connection may wait for the next search for minutes.
    fn forget(&mut self, length: usize) {
        self.0.copy_within(length.., 0);
        let rest = self.0.len().saturating_sub(length);
        self.0.get_mut(rest..).unwrap_or_default().zeroize();
        self.0.truncate(rest);
    }
}

pub(super) async fn send(
    stream: &mut (impl AsyncWrite + Unpin + ?Sized),
    octets: &[u8],
    deadline: Instant,
) -> Result<(), LdapFault> {
    let sent = timeout_at(deadline, async {
        stream.write_all(octets).await?;
        stream.flush().await
    });
    match sent.await {
        Err(_) => Err(late("did not take a request in time")),
        Ok(result) => result.map_err(|error| lost(&error)),
    }
}

fn late(words: &str) -> LdapFault {
    LdapFault::new(LdapFaultKind::Late, words)
}

fn lost(error: &std::io::Error) -> LdapFault {
    LdapFault::new(LdapFaultKind::Unreachable, format_args!("the connection was lost: {}", io_words(error)))
}

/// A connection that is bound and carries one operation at a time.
pub(super) struct Connection {
    /// Gone when the connection is.
    stream: Option<Box<dyn Duplex>>,
    received: Received,
    last_id: u32,
    /// The search whose end was not seen.
    in_flight: Option<u32>,
    pub(super) since: Instant,
    pub(super) used: Instant,
}

/// What a search found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) values: Vec<Zeroizing<Vec<u8>>>,
    /// Why there may be more.
    pub(super) missing: Option<&'static str>,
}

/// Why there may be more than was found.
pub(super) const REFERS: &str = "refers to other servers, which are not asked";

/// Why a search has no result, and whether the server had begun to answer.
#[derive(Debug)]
pub(super) struct SearchFault {
    pub(super) fault: LdapFault,
    pub(super) answered: bool,
}

/// A search: where, and under which limits.
pub(super) struct Search<'a> {
    pub(super) base: &'a str,
    pub(super) is_anonymous: bool,
    /// Whether there is nobody behind references.
    pub(super) ignores_references: bool,
    pub(super) limits: &'a LdapLimits,
    pub(super) deadline: Instant,
}

impl Connection {
    /// `last_id` is the number of the last message that was sent on it.
    pub(super) fn new(stream: Box<dyn Duplex>, last_id: u32) -> Self {
        let now = Instant::now();
        Self { stream: Some(stream), received: Received::default(), last_id, in_flight: None, since: now, used: now }
    }

    /// Whether another search may follow.
    pub(super) fn is_usable(&self) -> bool {
        self.stream.is_some() && self.in_flight.is_none() && self.received.is_empty()
    }

    pub(super) async fn bind(
        &mut self,
        bind: &LdapBind,
        limits: &LdapLimits,
        deadline: Instant,
    ) -> Result<(), LdapFault> {
        let Some(op) = request::bind(&bind.0) else { return Ok(()) };
        let deadline = within(limits.bind, deadline);
        let id = self.request(op, deadline).await?;
        let message = self.answer_to(id, limits.message_bytes, deadline).await?;
        match answer::read(&message)?.answer {
            Answer::Bind(outcome) => result::of_bind(outcome, bind.secret()),
            _ => Err(unasked()),
        }
    }

    /// Asks, and reads until the end of the answer.
    pub(super) async fn search(&mut self, search: &Search<'_>, filter: LdapFilter) -> Result<Found, SearchFault> {
        let deadline = within(search.limits.search, search.deadline);
        let unanswered = |fault| SearchFault { fault, answered: false };
        let op = request::search(search.base, filter, search.limits);
        let id = self.request(op, deadline).await.map_err(unanswered)?;
        self.in_flight = Some(id);
        let (mut found, mut tally) = (Found::default(), Tally::default());
        loop {
            let message = self.answer_to(id, search.limits.message_bytes, deadline).await;
            let message = message.map_err(|fault| SearchFault { fault, answered: tally.messages > 0 })?;
            let answered = |fault| SearchFault { fault, answered: true };
            tally.add(&message, search.limits).map_err(answered)?;
            let read = answer::read(&message).map_err(answered);
            match read.inspect_err(|_| self.forget())?.answer {
                Answer::Entry(entry) => found.take(&entry, &mut tally, search.limits).map_err(answered)?,
                // Nobody is asked whom a server names: that would show other servers who writes to whom.
                Answer::Reference(urls) => {
                    if !search.ignores_references && !leads_to_nobody(urls.into_iter()) {
                        found.missing.get_or_insert(REFERS);
                    }
                }
                Answer::Intermediate => {}
                Answer::Done(outcome) => {
                    (self.in_flight, self.used) = (None, Instant::now());
                    if let Extent::Part(words) =
                        result::of_search(outcome.code, search.is_anonymous).map_err(answered)?
                    {
                        found.missing = Some(words);
                    }
                    return Ok(found);
                }
                Answer::Bind(_) | Answer::Extended(_) => {
                    self.forget();
                    return Err(answered(unasked()));
                }
            }
        }
    }

    async fn request(&mut self, op: LdapOp, deadline: Instant) -> Result<u32, LdapFault> {
        let id = self.last_id.saturating_add(1);
        self.last_id = id;
        let octets = request::written(id, op)?;
        let stream = self.stream.as_mut().ok_or_else(|| LdapFault::new(LdapFaultKind::Unreachable, "is gone"))?;
        let sent = send(stream, &octets, deadline).await;
        sent.inspect_err(|_| self.forget()).map(|()| id)
    }

    /// The next message, which must be an answer to this one. Message 0 is a notice that the server is about to leave
    /// (RFC 4511 4.4.1), or one that nobody asked for.
    async fn answer_to(&mut self, id: u32, most: usize, deadline: Instant) -> Result<Zeroizing<Vec<u8>>, LdapFault> {
        let stream = self.stream.as_mut().ok_or_else(|| LdapFault::new(LdapFaultKind::Unreachable, "is gone"))?;
        let message = self.received.message(stream, most, deadline).await;
        let message = message.inspect_err(|fault| {
            if fault.kind() != LdapFaultKind::Late {
                self.forget();
            }
        })?;
        let fault = match answer::read(&message) {
            Ok(Message { id: said, .. }) if said == id => return Ok(message),
            Ok(Message { id: 0, answer: Answer::Extended(outcome) }) => LdapFault::new(
                LdapFaultKind::Unreachable,
                format_args!("says that it is leaving: result {}", outcome.code),
            ),
            Ok(_) => unasked(),
            Err(fault) => fault,
        };
        self.forget();
        Err(fault)
    }

    /// Nothing more is said on it, not even a farewell.
    fn forget(&mut self) {
        self.stream = None;
    }
}

/// What one search has sent so far.
#[derive(Default)]
struct Tally {
    messages: usize,
    octets: usize,
    entries: usize,
}

impl Tally {
    fn add(&mut self, message: &[u8], limits: &LdapLimits) -> Result<(), LdapFault> {
        self.messages = self.messages.saturating_add(1);
        // Each message costs something, also an empty one.
        self.octets = self.octets.saturating_add(message.len()).saturating_add(64);
        if self.octets <= limits.lookup_bytes {
            return Ok(());
        }
        Err(LdapFault::new(
            LdapFaultKind::TooMuch,
            format_args!("an answer is longer than {} octets", limits.lookup_bytes),
        ))
    }
}

impl Found {
    fn take(&mut self, entry: &Entry<'_>, tally: &mut Tally, limits: &LdapLimits) -> Result<(), LdapFault> {
        tally.entries = tally.entries.saturating_add(1);
        if tally.entries > limits.entries {
            let words = format_args!("an answer has more than {} entries", limits.entries);
            return Err(LdapFault::new(LdapFaultKind::TooMuch, words));
        }
        if entry.has_more {
            self.missing.get_or_insert("sends a part of the values of an attribute");
        }
        for value in &entry.values {
            // The same value may come twice: with `;binary` and without.
            if self.values.iter().any(|known| known.as_slice() == *value) {
                continue;
            }
            if self.values.len() >= limits.values {
                self.missing.get_or_insert("has more values than are read");
                break;
            }
            self.values.push(Zeroizing::new(value.to_vec()));
        }
        Ok(())
    }
}

fn unasked() -> LdapFault {
    LdapFault::new(LdapFaultKind::Protocol, "answers something that it was not asked")
}

/// How long a server may take to be told good-bye.
const FAREWELL: Duration = Duration::from_secs(1);

impl Drop for Connection {
    /// Tells the server to stop searching (RFC 4511 4.11), and that the client leaves. Where no executor runs, the closed
    /// connection tells it.
    fn drop(&mut self) {
        let (Some(mut stream), Ok(runtime)) = (self.stream.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        let id = |ahead: u32| self.last_id.saturating_add(ahead);
        let abandon = self.in_flight.and_then(|searched| {
            let searched = i32::try_from(searched).ok()?;
            request::written(id(1), LdapOp::AbandonRequest(searched)).ok()
        });
        let unbind = request::written(id(2), LdapOp::UnbindRequest).ok();
        let farewell = async move {
            for octets in [abandon, unbind].into_iter().flatten() {
                stream.write_all(&octets).await?;
            }
            stream.shutdown().await
        };
        runtime.spawn(async move {
            let _ = timeout(FAREWELL, farewell).await;
        });
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that sends without end is not read without end.
    #[tokio::test]
    async fn the_time_runs_also_while_nothing_is_waited_for() {
        let octets = [0x30, 5, 2, 1, 2, 0x73, 0].repeat(100_000);
        let (mut stream, mut received) = (octets.as_slice(), Received::default());
        let deadline = Instant::now() + Duration::from_millis(50);
        assert_eq!(received.message(&mut stream, 100, deadline).await.unwrap().len(), 7);
        assert!(received.0.len() <= PIECE, "{}", received.0.len());
        tokio::time::sleep_until(deadline).await;
        assert!(!received.is_empty());
        assert_eq!(received.message(&mut stream, 100, deadline).await.unwrap_err().kind(), LdapFaultKind::Late);
    }
}
