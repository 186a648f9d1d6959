//! Connections, and what bounds them: how many, how long, and until when.

use crate::config::{Listen, Settings};
use crate::decide::{Decision, Service, decide};
use crate::log;
use crate::message::Message;
use crate::metrics::Metrics;
use crate::protocol::{Command, Reply};
use crate::session::{Session, Step};
use postseal::store::Tenant;
use std::fs;
use std::io::{ErrorKind, Result};
use std::os::unix::fs::FileTypeExt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, BufWriter};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout, timeout_at};

/// What a worker may take longer than the time of a mail, before he is no longer waited for: who waits for a store or a directory
/// is told by them.
const GRACE: Duration = Duration::from_secs(5);

/// The milter: what it works with, and how many work.
#[derive(Debug)]
pub struct Server {
    now: RwLock<Current>,
    metrics: Arc<Metrics>,
    /// One permit for each mail that may be under way. All are taken when the milter stops.
    mails: Arc<Semaphore>,
    connections: u16,
}

#[derive(Clone, Debug)]
struct Current {
    service: Arc<Service>,
    workers: Arc<Semaphore>,
}

impl Current {
    fn of(service: Service) -> Self {
        let workers = Arc::new(Semaphore::new(service.settings.workers.into()));
        Self { service: Arc::new(service), workers }
    }
}

/// A mail between its beginning and its end: what is worked with, also when a new configuration comes meanwhile.
#[derive(Debug)]
struct UnderWay {
    current: Current,
    _permit: OwnedSemaphorePermit,
}

/// A socket that is listened to.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "there are no more")]
pub enum Listener {
    /// Over TCP.
    Tcp(TcpListener),
    /// On this machine.
    Unix(UnixListener),
}

impl Listener {
    /// Begins to listen. A socket that nobody listens to any more is removed first.
    ///
    /// # Errors
    /// Those of the operating system.
    pub async fn bind(listen: &Listen) -> Result<Self> {
        match listen {
            Listen::Tcp(address) => TcpListener::bind(address).await.map(Self::Tcp),
            Listen::Unix(path) => {
                let is_left = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
                if is_left
                    && UnixStream::connect(path).await.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
                {
                    fs::remove_file(path)?;
                }
                UnixListener::bind(path).map(Self::Unix)
            }
        }
    }
}

impl Server {
    /// With this to begin with.
    #[must_use]
    pub fn new(service: Service) -> Arc<Self> {
        let connections = service.settings.connections;
        let mails = Arc::new(Semaphore::new(connections.into()));
        Arc::new(Self { now: RwLock::new(Current::of(service)), metrics: Arc::default(), mails, connections })
    }

    /// The numbers.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Mails that begin from now on are worked on with this.
    pub fn replace(&self, service: Service) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Current::of(service);
    }

    /// The settings of now.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.current().service.settings.clone()
    }

    fn current(&self) -> Current {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes connections for ever. When there are as many as there may be, further ones wait until one ends.
    pub async fn accept(self: Arc<Self>, listener: Listener) {
        let connections = Arc::new(Semaphore::new(self.connections.into()));
        while let Ok(permit) = Arc::clone(&connections).acquire_owned().await {
            let server = Arc::clone(&self);
            let accepted = match &listener {
                Listener::Tcp(listener) => listener.accept().await.map(|(stream, _)| {
                    let _ = stream.set_nodelay(true);
                    tokio::spawn(async move {
                        server.serve(stream).await;
                        drop(permit);
                    });
                }),
                Listener::Unix(listener) => listener.accept().await.map(|(stream, _)| {
                    tokio::spawn(async move {
                        server.serve(stream).await;
                        drop(permit);
                    });
                }),
            };
            if accepted.is_err() {
                // Out of file descriptors, as a rule: they come back.
                sleep(Duration::from_millis(100)).await;
            }
        }
    }

    /// No mail begins any more; returns when all that are under way are through, or after the time for that.
    pub async fn stop(&self) {
        // Permits that come back go to this one first, so that nobody else gets one.
        let through = timeout(self.settings().stop_time, self.mails.acquire_many(self.connections.into())).await;
        log::line("stopped", &[("all_through", if through.is_ok() { "yes" } else { "no" })]);
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) {
        let outcome = match self.talk(stream).await {
            Ok(()) => "ended",
            Err(error) if error.kind() == ErrorKind::InvalidData => "out-of-order",
            Err(error) if error.kind() == ErrorKind::TimedOut => "idle",
            Err(_) => "cut",
        };
        self.metrics.connection(outcome);
        if outcome != "ended" {
            log::line("connection", &[("outcome", outcome)]);
        }
    }

    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> Result<()> {
        let (reader, writer) = tokio::io::split(stream);
        let (mut reader, mut writer) = (BufReader::new(reader), BufWriter::new(writer));
        let settings = self.settings();
        let mut session = Session::new(settings.room);
        let mut under_way = None;
        loop {
            let command = in_time(settings.idle_time, Command::read(&mut reader)).await;
            let step = command.and_then(|command| match command {
                None => Ok(Step::End),
                Some(command) => session.take(command).map_err(|_| ErrorKind::InvalidData.into()),
            });
            let replies = match step {
                Ok(Step::End) => return Ok(()),
                Ok(step) => self.replies(step, &mut session, &mut under_way).await,
                Err(error) => {
                    if error.kind() == ErrorKind::InvalidData {
                        // Said before hanging up, so that it does not depend on what the MTA does without its milter.
                        let line = "451 4.3.0 postseal: The milter did not understand".to_owned();
                        in_time(settings.idle_time, send(&mut writer, &[Reply::Refuse(line)])).await?;
                    }
                    return Err(error);
                }
            };
            in_time(settings.idle_time, send(&mut writer, &replies)).await?;
            if !session.is_in_message() {
                under_way = None;
            }
        }
    }

    async fn replies(&self, step: Step, session: &mut Session, under_way: &mut Option<UnderWay>) -> Vec<Reply> {
        match (step, &*under_way) {
            (Step::Nothing | Step::End, _) => Vec::new(),
            (Step::Reply(reply), _) => vec![reply],
            (Step::Begin, _) => {
                let permit = Arc::clone(&self.mails).try_acquire_owned().ok();
                *under_way = permit.map(|permit| UnderWay { current: self.current(), _permit: permit });
                if under_way.is_some() {
                    return vec![Reply::Continue];
                }
                session.forget();
                vec![Reply::Refuse("421 4.3.2 postseal: The service is stopping".to_owned())]
            }
            (Step::Recipient(recipient), Some(mail)) => {
                match mail.current.service.admits(session.message(), &recipient) {
                    Ok(()) => {
                        session.admit(recipient);
                        vec![Reply::Continue]
                    }
                    Err(line) => vec![Reply::Refuse(line)],
                }
            }
            (Step::Decide(message), Some(mail)) => self.decide(&mail.current, message).await,
            (Step::Recipient(_) | Step::Decide(_), None) => {
                Decision::refuse("451 4.3.0 postseal: The milter failed", "no-beginning").replies
            }
        }
    }

    /// Whatever goes wrong here, the mail comes again.
    async fn decide(&self, current: &Current, message: Message) -> Vec<Reply> {
        let began = Instant::now();
        let (queue_id, recipients, octets) = (message.queue_id.clone(), message.recipients.len(), message.octets);
        let decision = self.worked_on(current, message, began).await;
        let route = decision.route.unwrap_or_else(|| (Tenant::new(""), None));
        let reason = if decision.reason.is_empty() { "-" } else { decision.reason };
        self.metrics.decided(decision.outcome, decision.reason, began.elapsed());
        log::line(
            "message",
            &[
                ("queue", &queue_id),
                ("outcome", decision.outcome),
                ("reason", reason),
                ("learned", &decision.learned.join(",")),
                ("tenant", route.0.name()),
                ("route", route.1.as_deref().unwrap_or_default()),
                ("recipients", &recipients.to_string()),
                ("octets", &octets.to_string()),
                ("ms", &began.elapsed().as_millis().to_string()),
            ],
        );
        decision.replies
    }

    async fn worked_on(&self, current: &Current, message: Message, began: Instant) -> Decision {
        let end = began.checked_add(current.service.settings.message_time).unwrap_or(began);
        let busy = || Decision::refuse("451 4.3.2 postseal: Too much to do", "busy");
        let Ok(Ok(permit)) = timeout_at(end.into(), Arc::clone(&current.workers).acquire_owned()).await else {
            return busy();
        };
        let service = Arc::clone(&current.service);
        let metrics = Arc::clone(&self.metrics);
        let worker = tokio::task::spawn_blocking(move || {
            let decision = decide(&service, &message, &metrics, &|| Instant::now() >= end);
            drop(permit);
            decision
        });
        match timeout_at(end.checked_add(GRACE).unwrap_or(end).into(), worker).await {
            Ok(Ok(decision)) => decision,
            Ok(Err(_)) => Decision::refuse("451 4.3.0 postseal: The milter failed", "panic"),
            Err(_) => Decision::refuse("451 4.3.0 postseal: It took too long", "late"),
        }
    }
}

async fn in_time<T>(time: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(time, work).await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}

async fn send(writer: &mut (impl AsyncWrite + Unpin), replies: &[Reply]) -> Result<()> {
    for reply in replies {
        writer.write_all(&reply.packet()).await?;
    }
    writer.flush().await
}
