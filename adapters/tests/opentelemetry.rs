//! Events as an exporter of OpenTelemetry gets them: as log records, and in the span of the program's own work.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

use opentelemetry::trace::TracerProvider;
use opentelemetry::{logs::Severity, trace::SpanId};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use postseal::UnixTime;
use postseal::import::{Context, Report};
use postseal::store::Tenant;
use postseal::trace::{Event, Tracer};
use postseal::verify::{Limits, TrustAnchors};
use postseal_adapters::trace::Tracing;
use postseal_testkit::MemoryStore;
use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
use std::collections::BTreeMap;
use std::sync::Mutex;
use tracing::Subscriber;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};

// What stands between these two lines is in docs/operation.md.
// begin
fn subscriber(logs: &SdkLoggerProvider, spans: &SdkTracerProvider) -> impl Subscriber + Send + Sync + use<> {
    // Only postseal's: an exporter that speaks HTTP has events of its own, which it would export again.
    let only_postseal = filter_fn(|metadata| metadata.target() == "postseal");
    let records = OpenTelemetryTracingBridge::new(logs).with_filter(only_postseal);
    let spans = tracing_opentelemetry::layer().with_tracer(spans.tracer("mail-gateway"));
    tracing_subscriber::registry().with(spans).with(records)
}
// end

type Fields = BTreeMap<String, String>;

/// A log record: what it says, how grave it is, and in which span.
#[derive(Debug)]
struct Record {
    fields: Fields,
    severity: Severity,
    span: SpanId,
}

/// What arrived.
struct Exported {
    records: Vec<Record>,
    span: SpanId,
    span_events: Vec<Fields>,
}

/// Three mails within one span, and their reports: the second contradicts the first, a stranger issued the third.
fn import_three(tracer: Tracing) -> (Exported, [Report; 3]) {
    let (log_exporter, span_exporter) = (InMemoryLogExporter::default(), InMemorySpanExporter::default());
    let logs = SdkLoggerProvider::builder().with_batch_exporter(log_exporter.clone()).build();
    let spans = SdkTracerProvider::builder().with_simple_exporter(span_exporter.clone()).build();
    let dispatch = tracing::Dispatch::new(subscriber(&logs, &spans));
    let reports: [Report; 3] = tracing::dispatcher::with_default(&dispatch, || {
        let _work = tracing::info_span!(target: "gateway", "delivery").entered();
        tracing::info!(target: "gateway", "not an event of postseal");
        import(&tracer)
    });
    logs.force_flush().unwrap();
    let records = log_exporter.get_emitted_logs().unwrap();
    let records = records.iter().map(|log| {
        assert_eq!(log.record.target().unwrap(), "postseal");
        let fields = log.record.attributes_iter();
        let text = |value: &opentelemetry::logs::AnyValue| match value {
            opentelemetry::logs::AnyValue::String(text) => text.to_string(),
            opentelemetry::logs::AnyValue::Int(number) => number.to_string(),
            other => format!("{other:?}"),
        };
        Record {
            fields: fields.map(|(key, value)| (key.to_string(), text(value))).collect(),
            severity: log.record.severity_number().unwrap(),
            span: log.record.trace_context().unwrap().span_id,
        }
    });
    let finished = span_exporter.get_finished_spans().unwrap();
    let [delivery] = &finished[..] else { panic!("{finished:?}") };
    let fields = |event: &opentelemetry::trace::Event| -> Fields {
        event.attributes.iter().map(|pair| (pair.key.to_string(), pair.value.to_string())).collect()
    };
    let exported = Exported {
        records: records.collect(),
        span: delivery.span_context.span_id(),
        span_events: delivery.events.iter().map(fields).filter(|fields| fields["target"] == "postseal").collect(),
    };
    (exported, reports)
}

/// The names of the events, without anything between.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<String>>);

impl Tracer for Told {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap().push(event.kind.name().to_owned());
    }
}

fn import(tracer: &dyn Tracer) -> [Report; 3] {
    let (root, stranger) = (Authority::root("Root", Key::P256(1)), Authority::root("Stranger", Key::P256(2)));
    let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
    let (engine, store) = (postseal_testkit::engine(anchors), MemoryStore::new());
    [(&root, "Alice", 10), (&root, "Mallory", 11), (&stranger, "Alice", 12)].map(|(issuer, subject, key)| {
        let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(key));
        subject.clone_into(&mut spec.subject);
        let mail = SignedMail::new("alice@goal.example", &issuer.issue(&spec)).build();
        let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
        let context = Context::new(now).tenant(Tenant::new("north"));
        engine.import_mail(&mail, context, &store, tracer).unwrap()
    })
}

fn named<'a>(events: impl IntoIterator<Item = &'a Fields>, name: &str) -> Vec<&'a Fields> {
    events.into_iter().filter(|fields| fields["event"] == name).collect()
}

#[test]
fn each_decision_is_a_log_record_in_the_span_of_the_work_on_the_mail() {
    let (exported, reports) = import_three(Tracing::new());
    let graveness = [("imported", Severity::Info), ("held", Severity::Warn), ("refused", Severity::Warn)];
    for (report, (name, severity)) in reports.iter().zip(graveness) {
        assert_eq!(report.outcome.name(), name);
        let of_name = exported.records.iter().filter(|record| record.fields["event"] == name);
        let [record] = of_name.collect::<Vec<_>>()[..] else { panic!("{name}") };
        let field = |name: &str| record.fields.get(name).map(String::as_str);
        assert_eq!((field("tenant"), record.severity), (Some("north"), severity));
        let fingerprint = report.fingerprint.map(|fingerprint| fingerprint.to_string());
        assert!(fingerprint.is_some() && field("fingerprint") == fingerprint.as_deref(), "{name}");
        // A held certificate waits, and nothing is wrong with the mail that brought it.
        let error = report.error.as_ref().filter(|_| name == "refused");
        assert_eq!(field("code"), error.map(|error| error.code().name()));
        assert_eq!(record.span, exported.span);
    }
    assert!(reports[2].error.is_some());
    // The span has the same events with the same fields, and what the bridge adds to each.
    assert_eq!(exported.span_events.len(), exported.records.len());
    for (in_span, record) in exported.span_events.iter().zip(&exported.records) {
        for (name, value) in &record.fields {
            assert_eq!(in_span.get(name), Some(value), "{name}");
        }
    }
    let names: Vec<_> = exported.records.iter().map(|record| record.fields["event"].clone()).collect();
    let told = Told::default();
    import(&told);
    assert_eq!(names, told.0.into_inner().unwrap(), "none is lost, and none comes twice");
}

#[test]
fn persons_are_redacted_unless_they_are_asked_for() {
    for (tracer, address) in [(Tracing::new(), "[redacted]"), (Tracing::new().with_addresses(), "alice@goal.example")] {
        let (exported, _) = import_three(tracer);
        let all = || exported.records.iter().map(|record| &record.fields).chain(&exported.span_events);
        assert!(named(all(), "imported").iter().all(|fields| fields["address"] == address));
        let shown = all().any(|fields| format!("{fields:?}").contains("goal.example"));
        assert_eq!(shown, address != "[redacted]");
    }
}

#[test]
fn the_manual_shows_what_is_tested_here() {
    let (code, manual) = (include_str!("opentelemetry.rs"), include_str!("../../docs/operation.md"));
    let (_, code) = code.split_once("// begin\n").unwrap();
    let (code, _) = code.split_once("// end\n").unwrap();
    assert!(manual.contains(code));
}
