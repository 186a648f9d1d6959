use crate::args::{ImportOptions, Shared};
use crate::failure::Failure;
use crate::input::{self, Input};
use crate::output;
use crate::session::Session;
use indicatif::{ProgressBar, ProgressStyle};
use postseal::Private;
use postseal::cert::Source;
use postseal::import::{Context, Outcome, Report};
use postseal::trace::Tracer;
use postseal_host::Host;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;

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
    let bar = progress(options.progress);
    let mut run = Run { shared, host, context, bar, counts: BTreeMap::new(), failed: false };
    for path in &options.paths {
        input::for_each(path, &mut |input| run.one(input));
    }
    run.bar.finish_and_clear();
    if options.progress || shared.verbose {
        let counts: Vec<_> = run.counts.iter().map(|(outcome, count)| format!("{outcome} {count}")).collect();
        eprintln!("{}", counts.join(", "));
    }
    if let Some(lost) = file.as_ref().map(|file| file.lost()).filter(|lost| *lost > 0) {
        return Err(Failure::input(format_args!(
            "{}: {lost} events could not be written",
            session.trace_path()?.display()
        )));
    }
    Ok(ExitCode::from(u8::from(run.failed)))
}

/// A bar with a count and a rate, on a terminal only.
fn progress(wanted: bool) -> ProgressBar {
    if !wanted || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {pos} mails, {per_sec}, {elapsed} {msg}");
    ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

struct Run<'a> {
    shared: &'a Shared,
    host: Host,
    context: Context,
    bar: ProgressBar,
    counts: BTreeMap<&'static str, usize>,
    failed: bool,
}

impl Run<'_> {
    fn one(&mut self, input: Input) {
        let mail = match input.mail {
            Ok(mail) => mail,
            Err(error) => return self.fail(&format!("{}: {error}", input.name)),
        };
        match self.import(&mail) {
            Ok(report) => self.tell(&input.name, &report),
            Err(error) => self.fail(&format!("{}: {error}", input.name)),
        }
    }

    fn import(&self, mail: &[u8]) -> Result<Report, Failure> {
        self.host.import_mail(mail, self.context.clone(), &|| false).map_err(Failure::from)
    }

    fn fail(&mut self, line: &str) {
        self.failed = true;
        let count = self.counts.entry("unreadable").or_default();
        *count = count.saturating_add(1);
        self.bar.suspend(|| eprintln!("postseal: {line}"));
    }

    fn tell(&mut self, name: &str, report: &Report) {
        self.bar.inc(1);
        let count = self.counts.entry(report.outcome.name()).or_default();
        *count = count.saturating_add(1);
        if report.outcome == Outcome::Deferred {
            self.failed = true;
            let why = report.unavailable.as_ref().map(ToString::to_string);
            let why = why.or_else(|| report.error.map(|error| error.to_string())).unwrap_or_default();
            self.bar.suspend(|| eprintln!("postseal: {name}: {why}"));
        }
        let text =
            if self.shared.json { json(name, report, self.context.dry_run).to_string() } else { text(name, report) };
        self.bar.suspend(|| output::line(&text));
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
