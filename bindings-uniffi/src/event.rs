use crate::error::HostError;
use core::fmt;
use postseal::trace;
use postseal_adapters::trace::to_json;
use std::sync::Arc;

/// One decision: when, for whom, about which mail and mailbox, and what. It has no field that could hold a certificate.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct Event {
    /// The engine's clock, in seconds since 1970.
    pub at: i64,
    /// What was decided, as the JSON Lines call it: `imported`.
    pub name: String,
    /// Whose mail.
    pub tenant: String,
    /// The route inside the tenant, when there is one.
    pub route: Option<String>,
    /// The Message-ID of the mail, escaped and cut.
    pub message_id: Option<String>,
    /// The mailbox that the decision is about, once it is known.
    pub address: Option<String>,
    /// All of it as one line of JSON, as the JSON Lines have it, with the details of its kind.
    pub details: String,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("at", &self.at).field("name", &self.name).finish_non_exhaustive()
    }
}

impl From<&trace::Event> for Event {
    fn from(event: &trace::Event) -> Self {
        Self {
            at: event.at.seconds(),
            name: event.kind.name().to_owned(),
            tenant: event.tenant.name().to_owned(),
            route: event.route.clone(),
            message_id: event.message.as_ref().map(|id| id.expose().clone()),
            address: event.address.as_ref().map(|address| address.expose().as_str().to_owned()),
            details: to_json(event).to_string(),
        }
    }
}

/// Hears of every decision. It must not block for long; what it raises is dropped, because a decision does not depend on who hears
/// of it.
#[uniffi::export(foreign)]
pub trait Tracer: Send + Sync {
    /// Takes note of one event.
    fn event(&self, event: Event) -> Result<(), HostError>;
}

/// The tracer of the host as the engine's.
pub(crate) struct HostTracer(pub(crate) Arc<dyn Tracer>);

impl fmt::Debug for HostTracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostTracer")
    }
}

impl trace::Tracer for HostTracer {
    fn event(&self, event: &trace::Event) {
        let _not_heard = self.0.event(event.into());
    }
}
