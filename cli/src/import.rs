use crate::args::{ImportOptions, Shared};
use crate::failure::Failure;
use crate::input;
use crate::output;
use crate::resume::Done;
use crate::session::Session;
use indicatif::{ProgressBar, ProgressStyle};
use postseal::Private;
use postseal::cert::Source;
use postseal::import::{Outcome, Report};
use postseal::trace::Tracer;
use postseal_host::{BulkOutcome, Host, Imported};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

/// Verifies every mail and keeps what was learned.
pub(crate) fn run(shared: &Shared, options: &ImportOptions) -> Result<ExitCode, Failure> {
    let session = Session::new(shared)?;
    let engine = session.engine()?;
    let context = if options.dry_run { session.context().dry_run() } else { session.context() };
    let (store, file) = if options.dry_run {
        (session.store_to_read()?, None)
    } else {
        (session.store()?, Some(Arc::new(session.tracer()?)))
    };
    let fetcher = session.fetcher(&engine)?;
    let mut host = Host::new(engine).with_store(store);
    if let Some(file) = &file {
        let tracer: Arc<dyn Tracer> = file.clone();
        host = host.with_tracer(tracer);
    }
    if let Some(fetcher) = fetcher {
        host = host.with_fetcher(Arc::new(fetcher));
    }
    let done = options.resume.as_deref().map(|path| Done::open(path, &context.tenant)).transpose()?;
    let archive = input::archive(&options.paths, host.engine().limits())?.in_order_of_delivery();
    let bar = progress(options.progress, archive.len());
    let mut run =
        Run { shared, dry_run: options.dry_run, done: done.as_ref(), bar, counts: Counts::new(), failed: false };
    let jobs = options.jobs.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let is_done = |digest: &[u8; 32]| done.as_ref().is_some_and(|done| done.has(digest));
    host.import_archive(&archive, &context, jobs, &is_done, &mut |imported| run.one(imported))?;
    run.bar.finish_and_clear();
    if options.progress || shared.verbose {
        summary(&run.counts);
    }
    let failed = run.failed;
    done.map_or(Ok(()), Done::close)?;
    if let Some(lost) = file.as_ref().map(|file| file.lost()).filter(|lost| *lost > 0) {
        return Err(Failure::input(format_args!(
            "{}: {lost} events could not be written",
            session.trace_path()?.display()
        )));
    }
    Ok(ExitCode::from(u8::from(failed)))
}

/// A bar with a count, a rate and the time that is left, on a terminal only.
fn progress(wanted: bool, mails: usize) -> ProgressBar {
    if !wanted || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len} mails, {per_sec}, {elapsed}, {eta} left");
    let bar = ProgressBar::new(u64::try_from(mails).unwrap_or(u64::MAX));
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Mails by outcome and code.
type Counts = BTreeMap<(&'static str, &'static str), u64>;

/// Prints each outcome with its number, and with the codes behind it.
fn summary(counts: &Counts) {
    let mut outcomes: BTreeMap<&str, (u64, Vec<String>)> = BTreeMap::new();
    for ((outcome, code), count) in counts {
        let (sum, codes) = outcomes.entry(outcome).or_default();
        *sum = sum.saturating_add(*count);
        if !code.is_empty() {
            codes.push(format!("{code} {count}"));
        }
    }
    for (outcome, (sum, codes)) in outcomes {
        let codes = if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) };
        output::tell(format_args!("{outcome} {sum}{codes}"));
    }
}

struct Run<'a> {
    shared: &'a Shared,
    dry_run: bool,
    done: Option<&'a Done>,
    bar: ProgressBar,
    counts: Counts,
    failed: bool,
}

impl Run<'_> {
    fn one(&mut self, imported: Imported) {
        self.bar.inc(1);
        let name = &imported.name;
        let is_done = match imported.outcome {
            BulkOutcome::Reported(report) => {
                self.tell(name, &report);
                report.outcome != Outcome::Deferred
            }
            BulkOutcome::Skipped => return self.count("skipped", ""),
            BulkOutcome::Unreadable(error) => return self.fail("unreadable", &format!("{name}: {error}")),
            BulkOutcome::Failed(error) => return self.fail("failed", &format!("{name}: {}", Failure::from(error))),
            _ => return self.fail("failed", name),
        };
        if let (Some(done), Some(digest), true) = (self.done, imported.digest, is_done) {
            done.note(digest);
        }
    }

    fn count(&mut self, outcome: &'static str, code: &'static str) {
        let count = self.counts.entry((outcome, code)).or_default();
        *count = count.saturating_add(1);
    }

    fn fail(&mut self, outcome: &'static str, line: &str) {
        self.failed = true;
        self.count(outcome, "");
        self.bar.suspend(|| output::tell(format_args!("postseal: {line}")));
    }

    fn tell(&mut self, name: &str, report: &Report) {
        self.count(report.outcome.name(), report.error.map(|error| error.code().name()).unwrap_or_default());
        if report.outcome == Outcome::Deferred {
            self.failed = true;
            let why = report.unavailable.as_ref().map(ToString::to_string);
            let why = why.or_else(|| report.error.map(|error| error.to_string())).unwrap_or_default();
            self.bar.suspend(|| output::tell(format_args!("postseal: {name}: {why}")));
        }
        self.bar.suspend(|| {
            if self.shared.json {
                output::json(&json(name, report, self.dry_run))
            } else {
                output::line(&text(name, report))
            }
        });
    }
}

fn json(name: &str, report: &Report, dry_run: bool) -> Value {
    let mut object = json!({
        "input": name,
        "message_id": report.message_id.as_ref().map(Private::expose),
        "outcome": report.outcome.name(),
        "address": report.address.as_ref().map(|address| address.expose().as_str()),
        "fingerprint": report.fingerprint.map(|fingerprint| fingerprint.to_string()),
        "not_before": report.not_before.map(|time| time.to_string()),
        "not_after": report.not_after.map(|time| time.to_string()),
        "source": report.fingerprint.map(|_| Source::SignedMail.name()),
        "signature": report.signature.name(),
        "path": report.path.name(),
        "code": report.error.map(|error| error.code().name()),
        "reason": report.error.map(|error| error.to_string()),
        "candidate": report.candidate.map(postseal::import::CandidateKind::name),
    });
    if dry_run && let Value::Object(object) = &mut object {
        object.insert("dry_run".to_owned(), Value::Bool(true));
    }
    object
}

fn text(name: &str, report: &Report) -> String {
    let mut text = format!("{name}: {}", report.outcome.name());
    if let Some(address) = &report.address {
        text.push_str(&format!(" {}", postseal::trace::escape(address.expose().as_str())));
    }
    if let (Some(fingerprint), Some(not_after)) = (&report.fingerprint, report.not_after) {
        text.push_str(&format!(" {} until {}", output::short(fingerprint), output::day(not_after)));
    }
    if let Some(error) = report.error {
        text.push_str(&format!(" ({}: {error})", error.code()));
    }
    text
}
