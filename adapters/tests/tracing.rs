//! Events as a subscriber of the crate `tracing` sees them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

use postseal::cert::{Fingerprint, Source};
use postseal::directory::{DirectoryId, Origin};
use postseal::revocation::Reason;
use postseal::seal::ContentEncryption;
use postseal::store::{Decision, Tenant};
use postseal::trace::{Event, Kind, Tracer};
use postseal::{Address, Code, Private, UnixTime};
use postseal_adapters::trace::{Tracing, to_json};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

const HOSTILE: &str = "a\r\nWARN postseal: forged\0\u{1b}[2J\u{85}\u{2028}\u{202e}\"]\\";

/// One of every kind, in the order of the enum.
fn kinds(text: &str) -> Vec<Kind> {
    let fingerprint: Fingerprint = "0a".repeat(32).parse().unwrap();
    let (not_before, not_after) = (UnixTime::from_seconds(0), UnixTime::from_seconds(1));
    let (error, source) = (Code::SignatureInvalid, Source::SignedMail);
    let error = || postseal::Error::from(error);
    let directory = || DirectoryId::new(text);
    vec![
        Kind::NotActive,
        Kind::NotSigned,
        Kind::SignatureVerified { fingerprint },
        Kind::PathVerified { fingerprint, anchor: fingerprint, length: 2 },
        Kind::RevocationGood { fingerprint },
        Kind::RevocationUnknown { fingerprint, error: error() },
        Kind::CertificateRevoked { fingerprint, at: not_before, reason: Reason::KeyCompromise },
        Kind::CrlUnusable { crl: fingerprint, error: error() },
        Kind::OcspUnusable { fingerprint, error: error() },
        Kind::SourceRejected { at: text.to_owned(), error: error() },
        Kind::SourceUnavailable { at: text.to_owned(), detail: text.to_owned() },
        Kind::KeyPreferenceFollowed { fingerprint },
        Kind::KeyPreferenceRejected { fingerprint, error: error() },
        Kind::BagIgnored { count: 3 },
        Kind::Imported { source, fingerprint, not_before, not_after },
        Kind::Renewed { source, fingerprint, not_before, not_after, previous: fingerprint },
        Kind::AlreadyKnown { fingerprint },
        Kind::CapabilitiesUpdated { fingerprint },
        Kind::PathUpdated { fingerprint },
        Kind::Held { source, fingerprint, not_before, not_after, active: Some(fingerprint) },
        Kind::Refused { fingerprint: Some(fingerprint), error: error() },
        Kind::Deferred { fingerprint: None, error: error() },
        Kind::DirectoryHasNone { directory: directory() },
        Kind::DirectoryUnavailable { directory: directory() },
        Kind::CandidateRejected {
            source: Origin::Directory(directory()),
            fingerprint: Some(fingerprint),
            error: error(),
        },
        Kind::RecipientFound { source: Origin::Store, fingerprint },
        Kind::RecipientMissed { error: error() },
        Kind::LentUsed { directory: directory(), fingerprint },
        Kind::LentDiscarded { directory: directory(), fingerprint },
        Kind::CbcFallback { content_encryption: ContentEncryption::Aes256Cbc },
        Kind::AlreadyEncrypted { passed: true },
        Kind::HeadersNotProtected,
        Kind::Sealed { content_encryption: ContentEncryption::Aes256Gcm, recipients: 2, octets: 7 },
        Kind::Added { fingerprint, not_before, not_after, by: text.to_owned() },
        Kind::Decided { fingerprint, decision: Decision::Pin, by: text.to_owned() },
    ]
}

fn events(text: &str) -> Vec<Event> {
    let address = Address::parse("alice@goal.example").unwrap();
    let event = |kind| {
        let mut event = Event::by_operator(UnixTime::from_seconds(0), Tenant::new(text), address.clone(), kind);
        event.route = Some(text.to_owned());
        event.message = Some(Private::new(format!("<{text}@goal.example>")));
        event
    };
    kinds(text).into_iter().map(event).collect()
}

/// A level, and the fields by name.
type One = (String, BTreeMap<String, String>);

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<One>>>);

impl<S: tracing::Subscriber> Layer<S> for Seen {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        assert_eq!(metadata.target(), "postseal");
        self.0.lock().unwrap().push((metadata.level().to_string(), fields.0));
    }
}

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl tracing::field::Visit for Fields {
    fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

fn seen(tracer: Tracing, events: &[Event]) -> Vec<One> {
    let seen = Seen::default();
    let subscriber = tracing_subscriber::registry().with(seen.clone());
    tracing::dispatcher::with_default(&tracing::Dispatch::new(subscriber), || {
        events.iter().for_each(|event| tracer.event(event));
    });
    let seen = seen.0.lock().unwrap();
    seen.clone()
}

#[test]
fn every_event_has_the_fields_that_it_has_as_json() {
    let events = events("plain");
    let found = seen(Tracing::new().with_addresses(), &events);
    assert_eq!(found.len(), events.len());
    for (event, (_, fields)) in events.iter().zip(&found) {
        let json = to_json(event);
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let of_json = json.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
        let of_json: BTreeMap<_, _> = of_json.map(|(name, value)| (name.clone(), text(value))).collect();
        assert_eq!(*fields, of_json);
    }
}

#[test]
fn no_kind_is_missing_in_this_test() {
    let source = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../core/src/trace/event.rs")).unwrap();
    let names = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Self::")?.split_once(" => \""))
        .map(|(_, name)| name);
    let names: Vec<_> = names.map(|name| name.trim_end_matches("\",")).collect();
    assert_eq!(kinds("").iter().map(Kind::name).collect::<Vec<_>>(), names);
}

#[test]
fn what_needs_somebody_is_a_warning_and_the_usual_is_quiet() {
    let found = seen(Tracing::new(), &events("plain"));
    let named = |level: &str| -> Vec<&str> {
        found.iter().filter(|(its, _)| its == level).map(|(_, fields)| fields["event"].as_str()).collect()
    };
    for name in ["refused", "held", "deferred", "recipient-missed", "directory-unavailable", "source-unavailable"] {
        assert!(named("WARN").contains(&name), "{name}");
    }
    for name in ["imported", "renewed", "sealed", "lent-used", "added", "decided"] {
        assert!(named("INFO").contains(&name), "{name}");
    }
    assert!(named("DEBUG").contains(&"not-signed") && named("DEBUG").contains(&"already-known"));
    assert!(named("ERROR").is_empty());
}

// hardening: R9
#[test]
fn addresses_and_message_ids_are_redacted_unless_they_are_asked_for() {
    let events = events("plain");
    for (_, fields) in seen(Tracing::new(), &events) {
        assert_eq!((fields["address"].as_str(), fields["message_id"].as_str()), ("[redacted]", "[redacted]"));
        assert!(!format!("{fields:?}").contains("goal.example"));
    }
    for (_, fields) in seen(Tracing::new().with_addresses(), &events) {
        assert_eq!(
            (fields["address"].as_str(), fields["message_id"].as_str()),
            ("alice@goal.example", "<plain@goal.example>")
        );
    }
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

// hardening: R9
#[test]
fn hostile_text_is_one_line_without_control_characters() {
    let events = events(HOSTILE);
    let is_bad = |character: char| character.is_control() || "\u{2028}\u{2029}\u{202e}".contains(character);
    for (_, fields) in seen(Tracing::new().with_addresses(), &events) {
        assert!(!fields.values().any(|value| value.contains(is_bad)), "{fields:?}");
    }
    let written = Written::default();
    let subscriber = tracing_subscriber::fmt().with_writer(written.clone()).with_ansi(false).without_time();
    let subscriber = subscriber.with_max_level(tracing::Level::TRACE).finish();
    tracing::dispatcher::with_default(&tracing::Dispatch::new(subscriber), || {
        events.iter().for_each(|event| Tracing::new().with_addresses().event(event));
    });
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), events.len());
    assert!(!text.replace('\n', "").contains(is_bad));
}
