//! Import of many mails: verified side by side, decided in turn.

mod decide;

use crate::{Archive, Host};
use postseal::drive::{Keep, World as _};
use postseal::import::{Ask, Context, Import, Report};
use postseal::trace::{Event, Tracer};
use postseal::{Code, Error};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::{io, mem, thread};

/// Mails that each worker may be ahead.
const AHEAD: usize = 32;

/// Mails that may be decided together, where the store gains by it: enough that one wait for the disk is short beside verifying them, and
/// few, because a process that is killed has stored them and not told of them.
const TOGETHER: usize = 32;

/// What became of one mail of an archive.
///
/// ```
/// # use postseal_host::{BulkOutcome, Imported};
/// fn is_done(imported: &Imported) -> bool {
///     matches!(imported.outcome, BulkOutcome::Reported(_) | BulkOutcome::Skipped)
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Imported {
    /// Its number in the archive.
    pub at: usize,
    /// Its name for people.
    pub name: String,
    /// SHA-256 of its octets, when it could be read.
    pub digest: Option<[u8; 32]>,
    /// What came of it.
    pub outcome: BulkOutcome,
}

/// How far a mail of an archive came.
///
/// ```
/// assert!(matches!(postseal_host::BulkOutcome::Skipped, postseal_host::BulkOutcome::Skipped));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum BulkOutcome {
    /// The engine's report.
    Reported(Box<Report>),
    /// It was done before, by its digest.
    Skipped,
    /// It could not be read.
    Unreadable(io::Error),
    /// The engine could not begin or end.
    Failed(Error),
}

/// A mail whose signature, path and address are verified, as far as that goes without the store.
enum Verified {
    /// The operation with its next question.
    Asks(Box<Import>, Ask),
    Ends(BulkOutcome),
}

struct Prepared {
    digest: Option<[u8; 32]>,
    verified: Verified,
    events: Later,
}

/// What workers and the one who decides share.
#[derive(Default)]
struct Line {
    next: usize,
    decided: usize,
    ready: BTreeMap<usize, Prepared>,
    /// Somebody ended before his work was done.
    is_broken: bool,
}

struct Shared<'a> {
    archive: &'a Archive,
    ahead: usize,
    /// Mails that are decided together at the most.
    together: usize,
    line: Mutex<Line>,
    moved: Condvar,
}

impl Shared<'_> {
    fn locked(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'l>(&self, line: MutexGuard<'l, Line>) -> MutexGuard<'l, Line> {
        self.moved.wait(line).unwrap_or_else(PoisonError::into_inner)
    }

    /// The next mail to verify; `None` when there is none left.
    fn take(&self) -> Option<usize> {
        let mut line = self.locked();
        while !line.is_broken && line.next >= line.decided.saturating_add(self.ahead) {
            line = self.wait(line);
        }
        let at = line.next;
        line.next = at.saturating_add(1);
        (!line.is_broken && at < self.archive.len()).then_some(at)
    }

    fn bring(&self, at: usize, prepared: Prepared) {
        self.locked().ready.insert(at, prepared);
        self.moved.notify_all();
    }

    /// What was prepared for this mail, once it is, and for some after it that are ready and about other addresses; nothing when nobody
    /// prepares any more.
    fn fetch(&self, at: usize) -> Vec<Prepared> {
        let mut line = self.locked();
        while !line.is_broken && !line.ready.contains_key(&at) {
            line = self.wait(line);
        }
        let (mut run, mut addresses) = (Vec::new(), BTreeSet::new());
        while run.len() < self.together
            && let Some(next) = line.ready.first_entry()
            && *next.key() == at.saturating_add(run.len())
            && (next.get().is_apart(&mut addresses) || run.is_empty())
        {
            run.push(next.remove());
        }
        line.decided = at.saturating_add(run.len());
        self.moved.notify_all();
        run
    }
}

/// Tells the others when its owner ends, also when he ends in the middle of something.
struct Leaving<'a, 'b>(&'a Shared<'b>, bool);

impl Drop for Leaving<'_, '_> {
    fn drop(&mut self) {
        if !self.1 {
            self.0.locked().is_broken = true;
        }
        self.0.moved.notify_all();
    }
}

/// Keeps the events of one mail until its turn.
#[derive(Debug, Default)]
struct Later(Mutex<Vec<Event>>);

impl Tracer for Later {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
    }
}

impl Later {
    fn tell(self, tracer: &dyn Tracer) {
        let events = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        events.iter().for_each(|event| tracer.event(event));
    }
}

impl Host {
    /// Imports the mails of an archive. So many threads read and verify, or as many as the system has; what they verified is decided and
    /// stored in the archive's order, so that the result, the reports and the trace are those of mail-by-mail import: mails in a row that
    /// are about different addresses together, up to 32 of them with one wait for the disk where the store can
    /// ([`most_together`](postseal::store::CertStore::most_together)), and all others one after the other. Mails whose digest `is_done`
    /// says yes to are skipped. `each` hears of every mail, in that order, once what it says is in the store and its events are told.
    ///
    /// Events are told as soon as the store has acknowledged what they tell of, and before it is asked for the next. Whoever ends the
    /// process between the two, with `kill -9` for instance, leaves that many mails stored, and neither traced nor told to `each`: up to
    /// 32, and one where the store makes one change after the other, as when mails are imported one by one. Brought again they are
    /// already known or held, and that is their event; the one that says when they came is missing. Nothing is traced that is not stored.
    ///
    /// Not more than `jobs` mails are in memory, and the certificates of `jobs` times 32.
    ///
    /// # Errors
    /// [`Code::StoreMissing`]. What becomes of single mails is told to `each`.
    ///
    /// ```
    /// # use postseal::{Engine, import::Context, verify::TrustAnchors};
    /// # use postseal_host::{Archive, Host};
    /// let store = std::sync::Arc::new(postseal_testkit::MemoryStore::new());
    /// let host = Host::new(Engine::new(TrustAnchors::default())).with_store(store);
    /// let mut archive = Archive::default();
    /// archive.add_mail("hello", b"Subject: hello\r\n\r\nhello\r\n".to_vec());
    /// let jobs = std::thread::available_parallelism()?;
    /// host.import_archive(&archive, &Context::new(Host::now()), jobs, &|_| false, &mut |imported| {
    ///     println!("{}: {:?}", imported.name, imported.outcome);
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn import_archive(
        &self,
        archive: &Archive,
        context: &Context,
        jobs: NonZeroUsize,
        is_done: &(dyn Fn(&[u8; 32]) -> bool + Sync),
        each: &mut dyn FnMut(Imported),
    ) -> Result<(), Error> {
        let together = self.needed_store()?.most_together().clamp(1, TOGETHER);
        let jobs = jobs.get().min(archive.len());
        let ahead = jobs.saturating_mul(AHEAD);
        let shared = &Shared { archive, ahead, together, line: Mutex::default(), moved: Condvar::new() };
        thread::scope(|scope| {
            let mut leaving = Leaving(shared, false);
            let prepare = move |at| shared.bring(at, self.prepare(archive, at, context, is_done));
            let work = move || {
                let mut leaving = Leaving(shared, false);
                while let Some(at) = shared.take() {
                    prepare(at);
                }
                leaving.1 = true;
            };
            // Where the system has no more threads, fewer do the work, or else this one.
            let start = |_: &usize| thread::Builder::new().spawn_scoped(scope, work).is_ok();
            let is_alone = (0..jobs).take_while(start).count() == 0;
            let mut at = 0;
            while at < archive.len() {
                if is_alone {
                    prepare(at);
                }
                let run = shared.fetch(at);
                if run.is_empty() {
                    return Err(Code::InternalError.into());
                }
                let mut decided = self.decide_together(&context.tenant, run)?;
                decided.iter_mut().for_each(|one| mem::take(&mut one.events).tell(&**self.tracer()));
                for Prepared { digest, verified, .. } in decided {
                    let Verified::Ends(outcome) = verified else { return Err(Code::InternalError.into()) };
                    each(Imported { at, name: archive.name(at), digest, outcome });
                    at = at.saturating_add(1);
                }
            }
            leaving.1 = true;
            Ok(())
        })
    }

    fn prepare(
        &self,
        archive: &Archive,
        at: usize,
        context: &Context,
        is_done: &(dyn Fn(&[u8; 32]) -> bool + Sync),
    ) -> Prepared {
        let ends = |digest, outcome| Prepared { digest, verified: Verified::Ends(outcome), events: Later::default() };
        let mail = match archive.read_within(at, self.engine().limits()) {
            Ok(mail) => mail,
            Err(error) => return ends(None, BulkOutcome::Unreadable(error)),
        };
        let digest: [u8; 32] = Sha256::digest(&mail).into();
        if is_done(&digest) {
            return ends(Some(digest), BulkOutcome::Skipped);
        }
        let events = Later::default();
        let verified = self.verify(&mail, context.clone(), &events).unwrap_or_else(Verified::failed);
        Prepared { digest: Some(digest), verified, events }
    }

    /// Everything up to the first question to the store.
    fn verify(&self, mail: &[u8], context: Context, tracer: &Later) -> Result<Verified, Error> {
        let world = self.keep()?;
        let mut verified = Verified::poll(Box::new(self.import(mail, context)?), tracer);
        loop {
            match verified {
                Verified::Asks(_, Ask::FindStored(_) | Ask::PutStored(_)) | Verified::Ends(_) => return Ok(verified),
                Verified::Asks(import, ask) => verified = Verified::handle(import, world.carry_out(ask), tracer),
            }
        }
    }

    /// What carries out the questions of an import.
    pub(crate) fn keep(&self) -> Result<Keep<'_>, Error> {
        let world = Keep::new(&**self.needed_store()?);
        Ok(match self.fetcher() {
            Some(fetcher) => world.fetching(&**fetcher),
            None => world,
        })
    }
}
