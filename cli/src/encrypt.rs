//! Encrypting one mail: what was found for each recipient, then the messages, all of them or none.

use crate::args::{EncryptOptions, Shared};
use crate::failure::Failure;
use crate::output::{self, short};
use crate::output_file::{OutputFile, is_standard_output};
use crate::session::Session;
use postseal::drive;
use postseal::error::Fault;
use postseal::resolve::{Context, RecipientReport, Resolution, Unsealed};
use postseal::seal::{Envelope, HeaderProtection, Mode, OnEncrypted, Policy, Sealer, is_encrypted};
use postseal::trace::{Tracer, escape};
use postseal::{Address, Code, Engine};
use postseal_adapters::OsRandom;
use postseal_adapters::trace::JsonLines;
use postseal_host::{Host, check_is_mail};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Octets that are read at a time.
const STEP: usize = 256 << 10;

/// A message was made, but not for everybody.
const NOT_FOR_EVERYBODY: u8 = 66;

pub(crate) fn run(shared: &Shared, options: &EncryptOptions) -> Result<ExitCode, Failure> {
    if !options.bcc.is_empty() && options.out_dir.is_none() && !options.dry_run {
        return Err(Failure::usage("--bcc makes a message for each hidden recipient: give --out-dir DIR for them"));
    }
    let session = Session::new(shared)?;
    let engine = session.engine()?;
    let trace = if options.dry_run { None } else { Some(Arc::new(session.tracer()?)) };
    let run = Run { shared, options, session: &session, engine: &engine, trace };
    let (visible, hidden) = (run.addresses(&options.to)?, run.addresses(&options.bcc)?);
    let mail = Mail::open(&options.file)?;
    let resolution = run.resolve(visible, hidden, &mail)?;
    let reports: Vec<RecipientReport> = resolution.reports().cloned().collect();
    let plan = resolution.plan();
    // Only the plan knows whether the mode lets anybody get plaintext.
    let plaintext_allowed = plan.as_ref().is_ok_and(|plan| plan.plaintext_allowed);
    for report in &reports {
        run.tell(report, plaintext_allowed);
    }
    let plan = plan.map_err(|unsealed| run.unsealed(&unsealed))?;
    for report in &plan.left_out {
        run.complain(report);
    }
    let Some(recipients) = plan.recipients else {
        let waits = |report: &RecipientReport| report.error.is_some_and(|error| error.fault() == Fault::Unavailable);
        let temporary = plan.left_out.iter().all(waits);
        let words = ["no message was made: nobody can be reached"];
        return Err(if temporary { Failure::try_again(&words) } else { Failure::unsealed(&words) });
    };
    let envelopes = recipients.envelopes();
    let visible = envelopes.iter().filter(|envelope| !envelope.is_hidden()).count();
    if visible > 1 && options.out_dir.is_none() {
        return Err(Failure::unsealed(&[
            "the recipients read no content encryption in common, and each group needs a message of its \
                                        own: give --out-dir DIR for them",
        ]));
    }
    if !options.dry_run {
        run.seal(envelopes, mail)?;
        run.check_trace()?;
    }
    Ok(if plan.left_out.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(NOT_FOR_EVERYBODY) })
}

struct Run<'a> {
    shared: &'a Shared,
    options: &'a EncryptOptions,
    session: &'a Session<'a>,
    engine: &'a Engine,
    /// None when nothing may be written.
    trace: Option<Arc<JsonLines>>,
}

impl Run<'_> {
    /// All that are no addresses are named, not only the first.
    fn addresses(&self, texts: &[String]) -> Result<Vec<Address>, Failure> {
        let mut wrong = Vec::new();
        let mut addresses = Vec::new();
        for text in texts {
            match Address::parse(text) {
                Ok(address) => addresses.push(address),
                Err(error) => wrong.push(format!("{}: {}: {error}", escape(text), error.code())),
            }
        }
        if wrong.is_empty() { Ok(addresses) } else { Err(Failure::unsealed(&wrong)) }
    }

    fn resolve(&self, visible: Vec<Address>, hidden: Vec<Address>, mail: &Mail) -> Result<Resolution, Failure> {
        let tracer: Arc<dyn Tracer> = match &self.trace {
            Some(trace) => trace.clone(),
            None => Arc::new(()),
        };
        let policy = self.policy();
        let encrypted = is_encrypted(&mail.head, self.engine.limits()).map_err(|error| refused(&mail.name, error))?;
        if encrypted && policy.mode != Mode::Never {
            let word = if policy.already_encrypted == OnEncrypted::Pass { "send it as it is: " } else { "" };
            return Err(refused(&format!("{word}{}", mail.name), Code::AlreadyEncrypted.into()));
        }
        let mut context = Context::new(self.session.now(), Arc::clone(&tracer)).tenant(self.session.tenant());
        context = context.policy(policy).about(&mail.head, self.engine.limits());
        if let Some(route) = &self.shared.route {
            context = context.route(route);
        }
        let fetcher = self.session.fetcher(self.engine)?;
        let mut host = Host::new(self.engine.clone());
        if let Some(fetcher) = fetcher {
            host = host.with_fetcher(Arc::new(fetcher));
        }
        let resolve = host.resolve(visible, hidden, context).map_err(|unsealed| self.unsealed(&unsealed))?;
        let store = self.session.store_to_read()?;
        host = self.session.with_directories(host.with_store(store))?;
        let world = host.lookup().map_err(Failure::input)?;
        drive::run(resolve, &world, &*tracer, &|| false).map_err(Failure::input)
    }

    /// The configured policy with what the options say.
    fn policy(&self) -> Policy {
        let configured = self.engine.policies().of(&self.session.tenant(), self.shared.route.as_deref());
        let mut policy = configured.clone();
        if let Some(preset) = self.options.preset {
            policy = policy.with_preset(preset);
        }
        if let Some(mode) = self.options.mode {
            policy.mode = mode;
        }
        if self.options.protect_headers {
            policy.header_protection = HeaderProtection::Baseline;
        }
        policy
    }

    /// Feeds the mail to all messages at once, and shows files only when every message is whole.
    fn seal(&self, envelopes: Vec<Envelope>, mut mail: Mail) -> Result<(), Failure> {
        let mut messages = Vec::new();
        let (mut visible, mut hidden) = (0, 0);
        for envelope in envelopes {
            let number = if envelope.is_hidden() { &mut hidden } else { &mut visible };
            *number = usize::saturating_add(*number, 1);
            messages.push(Message::begin(envelope, *number, mail.length, self.options)?);
        }
        let name = mail.name.clone();
        let unreadable = |error: io::Error| Failure::input(format_args!("{name}: {error}"));
        let head = std::mem::take(&mut mail.head);
        messages.iter_mut().try_for_each(|message| message.push(&head, &name))?;
        let mut piece = vec![0; STEP];
        loop {
            let read = mail.rest.read(&mut piece).map_err(unreadable)?;
            if read == 0 {
                break;
            }
            let piece = piece.get(..read).unwrap_or_default();
            messages.iter_mut().try_for_each(|message| message.push(piece, &name))?;
        }
        let whole: Vec<Whole> = messages.into_iter().map(|message| message.finish(&name)).collect::<Result<_, _>>()?;
        whole.into_iter().try_for_each(|message| message.show(self))
    }

    /// The message is there, but what the trace lost must be known.
    fn check_trace(&self) -> Result<(), Failure> {
        match self.trace.as_ref().map(|trace| trace.lost()) {
            Some(lost) if lost > 0 => {
                let path = self.session.trace_path()?;
                Err(Failure::input(format_args!("{}: {lost} events could not be written", path.display())))
            }
            _ => Ok(()),
        }
    }

    fn tell(&self, report: &RecipientReport, plaintext_allowed: bool) {
        if self.shared.json {
            self.say_json(&json(report, plaintext_allowed, self.options.dry_run));
        } else if let Some(found) = report.found.first() {
            let address = escape(report.address.expose().as_str());
            self.say(&format!("{address}: found {} {}", found.source.name(), short(&found.fingerprint)));
        }
    }

    fn say(&self, line: &str) {
        if self.is_output_free() { output::line(line) } else { output::tell(line) }
    }

    fn say_json(&self, object: &Value) {
        if self.is_output_free() { output::json(object) } else { output::tell_json(object) }
    }

    /// Facts go to standard output, unless the message itself goes there.
    fn is_output_free(&self) -> bool {
        self.options.dry_run || file_of(self.options).is_some() || self.options.out_dir.is_some()
    }

    fn complain(&self, report: &RecipientReport) {
        output::tell(format_args!("postseal: {}", missed(report, self.shared.verbose)));
    }

    fn unsealed(&self, unsealed: &Unsealed) -> Failure {
        let missed = unsealed.recipients.iter().map(|report| missed(report, self.shared.verbose));
        let mut lines: Vec<String> = missed.collect();
        if lines.is_empty() {
            lines.push(format!("{}: {}", unsealed.error.code(), unsealed.error));
        }
        if unsealed.is_temporary() { Failure::try_again(&lines) } else { Failure::unsealed(&lines) }
    }
}

fn refused(name: &str, error: postseal::Error) -> Failure {
    Failure::unsealed(&[format_args!("{name}: {}: {error}", error.code())])
}

/// One line about a recipient who cannot be reached.
fn missed(report: &RecipientReport, verbose: bool) -> String {
    let mut line = format!("{}: {}", escape(report.address.expose().as_str()), report.outcome.name());
    if let Some(error) = report.error {
        line.push_str(&format!(" ({}: {error})", error.code()));
    }
    if let Some(unavailable) = &report.unavailable {
        line.push_str(&format!(" {unavailable}"));
    }
    if report.needs_operator {
        line.push_str("; plaintext is not allowed: an operator has to decide");
    }
    if verbose {
        for rejected in &report.rejected {
            let fingerprint = rejected.fingerprint.as_ref().map_or_else(|| "unreadable".to_owned(), short);
            line.push_str(&format!("; {} {fingerprint} {}", rejected.source.name(), rejected.error.code()));
        }
    }
    line
}

fn json(report: &RecipientReport, plaintext_allowed: bool, dry_run: bool) -> Value {
    let best = report.found.first();
    let rejected = |rejected: &postseal::resolve::Rejected| {
        json!({
            "source": rejected.source.name(),
            "fingerprint": rejected.fingerprint.map(|fingerprint| fingerprint.to_string()),
            "code": rejected.error.code().name(),
            "reason": rejected.error.to_string(),
        })
    };
    let mut object = json!({
        "address": report.address.expose().as_str(),
        "hidden": report.hidden,
        "outcome": report.outcome.name(),
        "source": best.map(|found| found.source.name()),
        "fingerprint": best.map(|found| found.fingerprint.to_string()),
        "code": report.error.map(|error| error.code().name()),
        "reason": report.error.map(|error| error.to_string()),
        "rejected": report.rejected.iter().map(rejected).collect::<Vec<_>>(),
        "unavailable": report.unavailable.as_ref().map(ToString::to_string),
        "needs_operator": report.needs_operator,
        "may_get_plaintext": plaintext_allowed && report.may_get_plaintext(),
    });
    if dry_run && let Value::Object(object) = &mut object {
        object.insert("dry_run".to_owned(), Value::Bool(true));
    }
    object
}

/// The mail as it comes in: its beginning, and the rest still to be read.
struct Mail {
    name: String,
    head: Vec<u8>,
    rest: Box<dyn Read>,
    length: Option<u64>,
}

impl Mail {
    fn open(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let unreadable = |error: io::Error| Failure::input(format_args!("{name}: {error}"));
        let (mut rest, length): (Box<dyn Read>, _) = if name == "-" {
            (Box::new(io::stdin()), None)
        } else {
            let file = File::open(path).map_err(unreadable)?;
            let metadata = file.metadata().map_err(unreadable)?;
            if metadata.is_dir() {
                return Err(Failure::input(format_args!("{name}: is a folder; give one mail")));
            }
            // A pipe has no length that means anything.
            let length = metadata.is_file().then_some(metadata.len());
            (Box::new(file), length)
        };
        let mut head = Vec::new();
        let limit = u64::try_from(STEP).unwrap_or(u64::MAX);
        rest.by_ref().take(limit.saturating_add(limit)).read_to_end(&mut head).map_err(unreadable)?;
        check_is_mail(&head).map_err(unreadable)?;
        Ok(Self { name, head, rest, length })
    }
}

/// One message on its way into a temporary file.
struct Message {
    sealer: Sealer,
    addresses: Vec<String>,
    hidden: bool,
    file: OutputFile,
    target: Option<PathBuf>,
    pending: Vec<u8>,
    octets: u64,
}

/// One whole message.
struct Whole {
    content_encryption: &'static str,
    addresses: Vec<String>,
    hidden: bool,
    file: OutputFile,
    target: Option<PathBuf>,
    octets: u64,
}

impl Message {
    /// `number` counts the visible ones and the hidden ones, each from 1.
    fn begin(
        envelope: Envelope,
        number: usize,
        length: Option<u64>,
        options: &EncryptOptions,
    ) -> Result<Self, Failure> {
        let addresses = envelope.addresses().map(|address| address.as_str().to_owned()).collect();
        let hidden = envelope.is_hidden();
        let target = match (&options.out_dir, &options.out) {
            (Some(folder), _) if hidden => Some(folder.join(format!("bcc-{number}.eml"))),
            (Some(folder), _) if number > 1 => Some(folder.join(format!("message-{number}.eml"))),
            (Some(folder), _) => Some(folder.join("message.eml")),
            (None, _) => file_of(options).map(Path::to_owned),
        };
        let file = target.as_deref().map_or_else(OutputFile::standard_output, OutputFile::private);
        let file = file.map_err(|error| not_written(target.as_deref(), &error))?;
        let sealer = envelope.sealer(length, &mut OsRandom);
        let sealer = sealer.map_err(|error| match error.fault() {
            Fault::Unavailable => Failure::try_again(&[error]),
            _ => Failure::unsealed(&[format_args!("{}: {error}", error.code())]),
        })?;
        Ok(Self { sealer, addresses, hidden, file, target, pending: Vec::new(), octets: 0 })
    }

    fn push(&mut self, piece: &[u8], name: &str) -> Result<(), Failure> {
        self.sealer.push(piece, &mut self.pending).map_err(|error| refused(name, error))?;
        self.write()
    }

    fn write(&mut self) -> Result<(), Failure> {
        self.octets = self.octets.saturating_add(u64::try_from(self.pending.len()).unwrap_or(u64::MAX));
        let written = self.file.write_all(&self.pending);
        self.pending.clear();
        written.map_err(|error| not_written(self.target.as_deref(), &error))
    }

    fn finish(mut self, name: &str) -> Result<Whole, Failure> {
        let content_encryption = self.sealer.content_encryption().name();
        let mut rest = Vec::new();
        let Self { sealer, addresses, hidden, mut file, target, octets, .. } = {
            self.pending.clear();
            self
        };
        sealer.finish(&mut rest).map_err(|error| refused(name, error))?;
        file.write_all(&rest).map_err(|error| not_written(target.as_deref(), &error))?;
        let octets = octets.saturating_add(u64::try_from(rest.len()).unwrap_or(u64::MAX));
        Ok(Whole { content_encryption, addresses, hidden, file, target, octets })
    }
}

impl Whole {
    /// A message that did not arrive whole is none, whoever was to read it.
    fn show(self, run: &Run<'_>) -> Result<(), Failure> {
        let target = self.target.as_deref();
        self.file.finish().map_err(|error| not_written(target, &error))?;
        if run.shared.json {
            run.say_json(&json!({
                "sealed": true, "content_encryption": self.content_encryption, "recipients": self.addresses.len(),
                "bytes": self.octets, "hidden": self.hidden, "addresses": self.addresses,
                "file": target.map(|path| path.display().to_string()),
            }));
        } else if let Some(path) = target {
            run.say(&format!("{}: {} for {}", path.display(), self.content_encryption, self.addresses.join(", ")));
        }
        Ok(())
    }
}

/// The file that the message goes to, if it does not go to standard output.
fn file_of(options: &EncryptOptions) -> Option<&Path> {
    options.out.as_deref().filter(|path| !is_standard_output(path))
}

fn not_written(target: Option<&Path>, error: &io::Error) -> Failure {
    let name = target.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string());
    Failure::input(format_args!("{name}: {error}"))
}
