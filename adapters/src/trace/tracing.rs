use super::{plain, to_json};
use ::tracing::Level;
use postseal::trace::{Event, Kind, Tracer};
use serde_json::Value;

/// What stands for a value that belongs to a person.
const REDACTED: &str = "[redacted]";

/// Hands each event to the crate `tracing`, and so to whatever the program collects that with.
///
/// One event for each decision, with target `postseal` and the keys of [`to_json`] as fields; what is null is not recorded. Text
/// is one line without control characters. Addresses and Message-IDs are `[redacted]` unless [`Tracing::with_addresses`] was
/// called: logs are kept longer and read by more people than a trace.
///
/// - WARN, because somebody did not get what he could have had, or an operator has to look: `refused`, `held`, `deferred`,
///   `candidate-rejected`, `recipient-missed`, `certificate-revoked`, `directory-unavailable`, `source-unavailable`,
///   `source-rejected`, `crl-unusable`, `ocsp-unusable`, `key-preference-rejected`.
/// - INFO, the record of what was done: what changed a store or left the machine, what an operator did, what passed
///   only by policy.
/// - DEBUG, a step on the way or the usual case, one or more for each mail: `not-active`, `not-signed`, `already-known`,
///   `signature-verified`, `path-verified`, `revocation-good`, `key-preference-followed`, `bag-ignored`, `directory-has-none`,
///   `recipient-found`.
///
/// ```
/// use postseal::{Engine, UnixTime, import::Context, verify::TrustAnchors};
/// use postseal_adapters::trace::Tracing;
/// # let store = postseal_testkit::MemoryStore::new();
/// let context = Context::new(UnixTime::from_seconds(0));
/// Engine::new(TrustAnchors::default()).import_mail(b"\r\nhi", context, &store, &Tracing::new())?;
/// # Ok::<(), postseal::Error>(())
/// ```
///
/// # OpenTelemetry
///
/// `opentelemetry-appender-tracing` and `tracing-opentelemetry` take these events as they are, the latter inside the span of the
/// program's own work on the mail. Nothing of it is a dependency here; the program chooses exporter and versions. The code is in
/// `docs/operation.md`, and is run by `tests/opentelemetry.rs`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracing {
    shows_persons: bool,
}

impl Tracing {
    /// Without addresses and Message-IDs.
    ///
    /// ```
    /// let tracer: std::sync::Arc<dyn postseal::trace::Tracer> = std::sync::Arc::new(postseal_adapters::trace::Tracing::new());
    /// ```
    pub const fn new() -> Self {
        Self { shows_persons: false }
    }

    /// With addresses and Message-IDs as they are.
    ///
    /// ```
    /// let tracer = postseal_adapters::trace::Tracing::new().with_addresses();
    /// ```
    #[must_use]
    pub const fn with_addresses(mut self) -> Self {
        self.shows_persons = true;
        self
    }

    fn fields(self, event: &Event) -> Fields {
        let mut fields = to_json(event);
        for (name, value) in fields.as_object_mut().into_iter().flatten() {
            let Value::String(text) = value else { continue };
            let is_of_a_person = matches!(name.as_str(), "address" | "message_id");
            *text = if is_of_a_person && !self.shows_persons { REDACTED.to_owned() } else { plain(text).into_owned() };
        }
        Fields(fields)
    }
}

/// The fields of a call of `tracing` are part of the program: all names that any event has, of which each event fills some.
macro_rules! emit {
    ($level:expr, $fields:expr) => {
        if ::tracing::enabled!(target: "postseal", $level) {
            let fields = $fields;
            ::tracing::event!(
                target: "postseal",
                $level,
                at = fields.text("at"),
                event = fields.text("event"),
                tenant = fields.text("tenant"),
                route = fields.text("route"),
                message_id = fields.text("message_id"),
                address = fields.text("address"),
                fingerprint = fields.text("fingerprint"),
                source = fields.text("source"),
                code = fields.text("code"),
                number = fields.number("number"),
                reason = fields.text("reason"),
                not_before = fields.text("not_before"),
                not_after = fields.text("not_after"),
                previous = fields.text("previous"),
                active = fields.text("active"),
                anchor = fields.text("anchor"),
                length = fields.number("length"),
                count = fields.number("count"),
                content_encryption = fields.text("content_encryption"),
                passed = fields.flag("passed"),
                recipients = fields.number("recipients"),
                bytes = fields.number("bytes"),
                by = fields.text("by"),
                decision = fields.text("decision"),
                revoked_at = fields.text("revoked_at"),
                revocation_reason = fields.text("revocation_reason"),
                crl = fields.text("crl"),
            );
        }
    };
}

impl Tracer for Tracing {
    fn event(&self, event: &Event) {
        match level(&event.kind) {
            Level::WARN => emit!(Level::WARN, self.fields(event)),
            Level::INFO => emit!(Level::INFO, self.fields(event)),
            _ => emit!(Level::DEBUG, self.fields(event)),
        }
    }
}

const fn level(kind: &Kind) -> Level {
    match kind {
        Kind::Refused { .. }
        | Kind::Held { .. }
        | Kind::Deferred { .. }
        | Kind::CandidateRejected { .. }
        | Kind::RecipientMissed { .. }
        | Kind::CertificateRevoked { .. }
        | Kind::DirectoryUnavailable { .. }
        | Kind::SourceUnavailable { .. }
        | Kind::SourceRejected { .. }
        | Kind::CrlUnusable { .. }
        | Kind::OcspUnusable { .. }
        | Kind::KeyPreferenceRejected { .. } => Level::WARN,
        Kind::NotActive
        | Kind::NotSigned
        | Kind::AlreadyKnown { .. }
        | Kind::SignatureVerified { .. }
        | Kind::PathVerified { .. }
        | Kind::RevocationGood { .. }
        | Kind::KeyPreferenceFollowed { .. }
        | Kind::BagIgnored { .. }
        | Kind::DirectoryHasNone { .. }
        | Kind::RecipientFound { .. } => Level::DEBUG,
        _ => Level::INFO,
    }
}

struct Fields(Value);

impl Fields {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(Value::as_u64)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }
}
