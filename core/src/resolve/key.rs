use crate::cert::{Capabilities, Certificate};
use crate::directory::Origin;
use crate::trace::{Event, Tracer};
use std::sync::Arc;

/// A certificate that passed every check of a recipient, on its way to the recipient info.
#[derive(Debug)]
pub(crate) struct RecipientKey {
    // Fields are dropped in this order: the octets are gone when the trace says so.
    pub(crate) certificate: Certificate,
    pub(crate) capabilities: Option<Capabilities>,
    pub(crate) origin: Origin,
    /// For a lent certificate: says that it is gone.
    _discard: Option<Discard>,
}

impl RecipientKey {
    /// One that the store keeps.
    pub(super) const fn stored(certificate: Certificate, capabilities: Option<Capabilities>) -> Self {
        Self { certificate, capabilities, origin: Origin::Store, _discard: None }
    }

    /// One that a directory lends; `discarded` is told when it ends, whichever way it ends.
    pub(super) fn lent(
        certificate: Certificate,
        capabilities: Option<Capabilities>,
        origin: Origin,
        tracer: &Arc<dyn Tracer>,
        discarded: Event,
    ) -> Self {
        let discard = Discard { tracer: Arc::clone(tracer), event: discarded };
        Self { certificate, capabilities, origin, _discard: Some(discard) }
    }
}

#[derive(Debug)]
struct Discard {
    tracer: Arc<dyn Tracer>,
    event: Event,
}

impl Drop for Discard {
    fn drop(&mut self) {
        self.tracer.event(&self.event);
    }
}
