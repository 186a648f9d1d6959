//! Operations that the host drives: it polls, carries the questions out as it likes, and hands the answers in.

use crate::answer::postseal_answer;
use crate::argument::{self, object, octets, place};
use crate::encryption::postseal_encryption;
use crate::engine::postseal_engine;
use crate::error::{Failure, postseal_error, postseal_status};
use crate::guard::{call, free, get};
use crate::hand::Hand;
use crate::import::postseal_report;
use crate::options::{Options, postseal_options};
use crate::plan::postseal_plan;
use crate::question::{Open, postseal_question};
use crate::recipient::postseal_recipient;
use crate::text::address_of;
use core::ffi::c_char;
use core::ptr;
use postseal::Code;
use postseal::drive;
use postseal::import::{self, Import};
use postseal::operation::{Operation as _, Step};
use postseal::query::Answer;
use postseal::resolve::{self, Resolution, Resolve};
use postseal::seal::{Begun, Encryption};
use postseal::trace::Tracer;
use postseal_adapters::OsRandom;
use postseal_host::Host;
use std::sync::{Arc, OnceLock};

/// `postseal_operation_poll` has given a question: carry it out, and hand its answer in.
pub const POSTSEAL_STEP_ASK: i32 = 1;
/// Nothing more to ask until an open question is answered.
pub const POSTSEAL_STEP_WAIT: i32 = 2;
/// The result is there. The operation is over.
pub const POSTSEAL_STEP_DONE: i32 = 3;

/// A decision in progress. It does nothing by itself, and asks nobody: you poll it, carry its questions out in any order, also
/// several at a time, and hand the answers in. It may be freed at any time. One call at a time works with it; another one
/// meanwhile, also out of a callback, gets POSTSEAL_HANDLE_IN_USE.
#[derive(Debug)]
pub struct postseal_operation {
    running: Hand<Running>,
    done: OnceLock<Done>,
    tracer: Arc<dyn Tracer>,
}

#[derive(Debug)]
enum Running {
    Import(Box<Import>),
    Resolve(Box<Resolve>),
    /// The mail is encrypted already, and goes as it is.
    Passed(Option<Encryption>),
    /// The engine has carried it out.
    Over,
}

#[derive(Debug)]
enum Done {
    Import(Box<postseal_report>),
    Encrypt { recipients: Vec<postseal_recipient>, way: Hand<Way> },
}

/// How an encryption goes on.
#[derive(Debug)]
enum Way {
    Seal(Box<Resolution>),
    Pass(Encryption),
}

impl postseal_operation {
    fn new(running: Running, tracer: &Arc<dyn Tracer>) -> Self {
        Self { running: Hand::new(running), done: OnceLock::new(), tracer: Arc::clone(tracer) }
    }

    fn finish(&self, done: Done) -> (i32, Option<Open>) {
        // An operation is done once; the core refuses to be polled again.
        let _ = self.done.set(done);
        (POSTSEAL_STEP_DONE, None)
    }

    fn poll(&self, running: &mut Running) -> Result<(i32, Option<Open>), Failure> {
        Ok(match running {
            Running::Import(import) => match import.poll(&*self.tracer)? {
                Step::Ask(ask) => (POSTSEAL_STEP_ASK, Some(import_question(ask)?)),
                Step::Wait => (POSTSEAL_STEP_WAIT, None),
                Step::Done(report) => self.finish(Done::Import(Box::new(report.into()))),
            },
            Running::Resolve(resolve) => match resolve.poll(&*self.tracer)? {
                Step::Ask(ask) => (POSTSEAL_STEP_ASK, Some(resolve_question(ask)?)),
                Step::Wait => (POSTSEAL_STEP_WAIT, None),
                Step::Done(resolution) => self.finish(Done::resolved(resolution)),
            },
            Running::Passed(encryption) => {
                let encryption = encryption.take().ok_or(Code::PolledWhileFinished)?;
                self.finish(Done::Encrypt { recipients: Vec::new(), way: Hand::new(Way::Pass(encryption)) })
            }
            Running::Over => return Err(Code::PolledWhileFinished.into()),
        })
    }

    /// Resolves with the store, the directories and the fetcher of `host`.
    fn carry_out(&self, running: &mut Running, host: &Host, options: &Options<'_>) -> Result<(), Failure> {
        match running {
            Running::Import(_) => return Err(Failure::with(Code::ValueUnknown, "The operation imports.")),
            Running::Resolve(_) if self.done.get().is_none() => {}
            _ => return self.poll(running).map(drop),
        }
        let world = host.lookup()?;
        if let Running::Resolve(resolve) = core::mem::replace(running, Running::Over) {
            self.finish(Done::resolved(drive::run(*resolve, &world, &*self.tracer, &options.expired())?));
        }
        Ok(())
    }

    /// What leads on from an encryption that is done; it does once.
    fn way(&self) -> Result<Way, Failure> {
        match self.done.get() {
            None => Err(Failure::with(Code::Unanswered, "The operation has no result yet.")),
            Some(Done::Import(_)) => Err(Failure::with(Code::ValueUnknown, "The operation imports.")),
            Some(Done::Encrypt { way, .. }) => way.spend(),
        }
    }

    fn recipients(&self) -> &[postseal_recipient] {
        match self.done.get() {
            Some(Done::Encrypt { recipients, .. }) => recipients,
            _ => &[],
        }
    }
}

impl Done {
    fn resolved(resolution: Resolution) -> Self {
        let recipients = resolution.reports().map(Into::into).collect();
        Self::Encrypt { recipients, way: Hand::new(Way::Seal(Box::new(resolution))) }
    }
}

impl Running {
    fn handle(&mut self, answer: Answer) -> Result<(), Failure> {
        match self {
            Self::Import(import) => import.handle(answer)?,
            Self::Resolve(resolve) => resolve.handle(answer)?,
            Self::Passed(_) | Self::Over => return Err(Code::ForeignAnswer.into()),
        }
        Ok(())
    }
}

/// A question that came into the engine later than this table.
fn unknown() -> Failure {
    Failure::with(Code::InternalError, "A question of a kind that this interface does not know.")
}

fn import_question(ask: import::Ask) -> Result<Open, Failure> {
    Ok(match ask {
        import::Ask::FindStored(pending) => Open::FindStored(pending),
        import::Ask::PutStored(pending) => Open::PutStored(pending),
        import::Ask::FetchCrl(pending) => Open::FetchCrl(pending),
        import::Ask::FetchOcsp(pending) => Open::FetchOcsp(pending),
        _ => return Err(unknown()),
    })
}

fn resolve_question(ask: resolve::Ask) -> Result<Open, Failure> {
    Ok(match ask {
        resolve::Ask::FindStored(pending) => Open::FindStored(pending),
        resolve::Ask::ResolveDirectory(pending) => Open::ResolveDirectory(pending),
        resolve::Ask::FetchCrl(pending) => Open::FetchCrl(pending),
        resolve::Ask::FetchOcsp(pending) => Open::FetchOcsp(pending),
        resolve::Ask::FetchIssuer(pending) => Open::FetchIssuer(pending),
        _ => return Err(unknown()),
    })
}

/// Begins to learn from one mail as it was received. The mail is read and verified here; nothing of it is kept. What is wrong with
/// it is in the report. `timeout_ms` and `expired` of the options are not looked at: time is yours.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_import_operation(
    engine: *const postseal_engine,
    mail: *const u8,
    mail_len: usize,
    options: *const postseal_options,
    operation: *mut *mut postseal_operation,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (operation, engine, mail, options) =
            unsafe { (place(operation)?, object(engine)?, octets(mail, mail_len)?, Options::read(options)?) };
        let host = engine.host();
        let import = host.import(mail, options.for_import())?;
        operation.give(postseal_operation::new(Running::Import(Box::new(import)), host.tracer()));
        Ok(())
    })
}

/// Begins to encrypt one mail: the operation finds a certificate for each recipient. As `postseal_encrypt`, and the options as with
/// `postseal_import_operation`.
///
/// A mail that goes in pieces through a sealer afterwards need not be there yet: `mail` NULL. Whether it is encrypted already is
/// then only seen by the sealer, which refuses it.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_encrypt_operation(
    engine: *const postseal_engine,
    mail: *const u8,
    mail_len: usize,
    visible: *const *const c_char,
    visible_len: usize,
    hidden: *const *const c_char,
    hidden_len: usize,
    options: *const postseal_options,
    operation: *mut *mut postseal_operation,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (operation, engine, octets, options) =
            unsafe { (place(operation)?, object(engine)?, octets(mail, mail_len)?, Options::read(options)?) };
        // SAFETY: as the header says.
        let (visible, hidden) =
            unsafe { (argument::addresses(visible, visible_len)?, argument::addresses(hidden, hidden_len)?) };
        let host = engine.host();
        let context = options.for_encryption(host.tracer())?;
        let begun = if mail.is_null() {
            Begun::Resolve(host.resolve(visible, hidden, context)?)
        } else {
            host.begin_encryption(octets, visible, hidden, context)?
        };
        let running = match begun {
            Begun::Resolve(resolve) => Running::Resolve(Box::new(resolve)),
            Begun::Passed(encryption) => Running::Passed(Some(encryption)),
        };
        operation.give(postseal_operation::new(running, host.tracer()));
        Ok(())
    })
}

/// The next step, a `POSTSEAL_STEP_*`, in `*step`. With POSTSEAL_STEP_ASK, a question of your own in `*question`; else that is
/// NULL.
///
/// POSTSEAL_POLLED_WHILE_FINISHED after POSTSEAL_STEP_DONE; POSTSEAL_HANDLE_IN_USE.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_operation_poll(
    operation: *mut postseal_operation,
    step: *mut i32,
    question: *mut *mut postseal_question,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (question, operation) = unsafe { (place(question)?, object(operation)?) };
        // SAFETY: as the header says.
        unsafe { object(step) }?;
        let (next, open) = operation.running.with(|running| operation.poll(running))?;
        argument::put(step, Some(next));
        if let Some(open) = open {
            question.give(open.into());
        }
        Ok(())
    })
}

/// Hands in the answer to one of the operation's own questions. The answer is spent by that, and the question is answered.
///
/// POSTSEAL_QUESTION_ANSWERED: it was before; nothing changes. POSTSEAL_FOREIGN_ANSWER: the question is another operation's; this
/// operation goes on as if nothing had been handed in, and the question is lost for the other one. POSTSEAL_HANDLE_IN_USE.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_operation_answer(
    operation: *mut postseal_operation,
    answer: *mut postseal_answer,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (operation, answer) = unsafe { (object(operation)?, object(answer)?) };
        operation.running.with(|running| running.handle(answer.finish()?))
    })
}

/// Does for an encryption what is left to do, with the store, the directories and the fetcher of the engine, and blocks meanwhile:
/// the beginning of `postseal_encrypt`, for a mail that goes in pieces. Of the options, `timeout_ms` and `expired` count.
///
/// POSTSEAL_STORE_MISSING: the engine has no store. POSTSEAL_VALUE_UNKNOWN: it is an import. POSTSEAL_UNANSWERED: a question is open
/// that was given to you, and the operation is given up. POSTSEAL_POLLED_WHILE_FINISHED, POSTSEAL_HANDLE_IN_USE.
///
/// Example: `examples/c/stream.c`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_operation_carry_out(
    operation: *mut postseal_operation,
    engine: *const postseal_engine,
    options: *const postseal_options,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (operation, engine, options) = unsafe { (object(operation)?, object(engine)?, Options::read(options)?) };
        operation.running.with(|running| operation.carry_out(running, &engine.host(), &options))
    })
}

/// The report of an import that is done, borrowed from the operation. NULL before, and for an encryption.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_operation_report(operation: *const postseal_operation) -> *const postseal_report {
    get(operation, ptr::null(), |operation| match operation.done.get() {
        Some(Done::Import(report)) => ptr::from_ref(&**report),
        _ => ptr::null(),
    })
}

/// How many recipients an encryption has that is done: the visible ones first, in the order in which they were given. 0 before,
/// and when the mail goes as it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_operation_recipient_count(operation: *const postseal_operation) -> usize {
    get(operation, 0, |operation| operation.recipients().len())
}

/// What became of one of them, borrowed from the operation. NULL where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_operation_recipient(
    operation: *const postseal_operation,
    index: usize,
) -> *const postseal_recipient {
    get(operation, ptr::null(), |operation| address_of(operation.recipients().get(index)))
}

/// Seals the mail with what an encryption has found, once: what directories lent was lent for one mail. `mail` is the one that it
/// began with. As `postseal_encrypt`.
///
/// POSTSEAL_UNANSWERED: it is not done. POSTSEAL_HANDLE_IN_USE: this, or `postseal_operation_plan`, was called before.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_operation_seal(
    operation: *mut postseal_operation,
    mail: *const u8,
    mail_len: usize,
    encryption: *mut *mut postseal_encryption,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (encryption, operation, mail) =
            unsafe { (place(encryption)?, object(operation)?, octets(mail, mail_len)?) };
        let sealed = match operation.way()? {
            Way::Seal(resolution) => resolution.seal(mail, &mut OsRandom)?,
            Way::Pass(encryption) => encryption,
        };
        encryption.give(sealed.into());
        Ok(())
    })
}

/// As `postseal_operation_seal`, for a mail that goes in pieces: which messages are to be made, and who gets none.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_operation_plan(
    operation: *mut postseal_operation,
    plan: *mut *mut postseal_plan,
    err: *mut *mut postseal_error,
) -> postseal_status {
    call(err, || {
        // SAFETY: as the header says.
        let (plan, operation) = unsafe { (place(plan)?, object(operation)?) };
        plan.give(match operation.way()? {
            Way::Seal(resolution) => resolution.plan()?.into(),
            Way::Pass(encryption) => encryption.into(),
        });
        Ok(())
    })
}

/// Frees an operation, done or not, with what is borrowed from it. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn postseal_operation_free(operation: *mut postseal_operation) {
    // SAFETY: as the header says.
    unsafe { free(operation) };
}
