use crate::error::EngineError;
use postseal::store::Tenant;
use postseal::trace::Tracer;
use postseal::{Code, UnixTime, import, resolve};
use postseal_host::Host;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// For whom and when a mail is imported.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct ImportContext {
    /// Whose store; `default` when there is none.
    #[uniffi(default = None)]
    pub tenant: Option<String>,
    /// The route inside the tenant.
    #[uniffi(default = None)]
    pub route: Option<String>,
    /// The clock, in seconds since 1970; the system's when there is none.
    #[uniffi(default = None)]
    pub now: Option<i64>,
    /// Decide, but ask the store for nothing that changes it.
    #[uniffi(default = false)]
    pub dry_run: bool,
    /// Milliseconds after which nobody is asked any more, and the mail is deferred. The step interface leaves time to the host.
    #[uniffi(default = None)]
    pub timeout_ms: Option<u64>,
    /// Randomness for the nonces of OCSP requests (RFC 9654): 32 octets, never used twice. The system's when there is none.
    #[uniffi(default = None)]
    pub ocsp_nonce: Option<Vec<u8>>,
}

/// For whom and when a mail is encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct EncryptContext {
    /// Whose store, directories and policy; `default` when there is none.
    #[uniffi(default = None)]
    pub tenant: Option<String>,
    /// The route inside the tenant.
    #[uniffi(default = None)]
    pub route: Option<String>,
    /// The clock, in seconds since 1970; the system's when there is none.
    #[uniffi(default = None)]
    pub now: Option<i64>,
    /// Milliseconds after which nobody is asked any more, and a recipient is unavailable. The step interface leaves time to the host.
    #[uniffi(default = None)]
    pub timeout_ms: Option<u64>,
    /// Randomness for the nonces of OCSP requests (RFC 9654): 32 octets, never used twice. The system's when there is none.
    #[uniffi(default = None)]
    pub ocsp_nonce: Option<Vec<u8>>,
}

impl ImportContext {
    pub(crate) fn core(self) -> Result<import::Context, EngineError> {
        let mut context = import::Context::new(clock(self.now));
        context.tenant = tenant(self.tenant);
        context.route = self.route;
        context.dry_run = self.dry_run;
        context.ocsp_nonce = nonce(self.ocsp_nonce)?;
        Ok(context)
    }
}

impl EncryptContext {
    pub(crate) fn core(self, tracer: Arc<dyn Tracer>) -> Result<resolve::Context, EngineError> {
        let mut context = resolve::Context::new(clock(self.now), tracer);
        context.tenant = tenant(self.tenant);
        context.route = self.route;
        context.ocsp_nonce = nonce(self.ocsp_nonce)?;
        Ok(context)
    }
}

/// The time given, or the system's.
pub(crate) fn clock(now: Option<i64>) -> UnixTime {
    now.map_or_else(Host::now, UnixTime::from_seconds)
}

/// The tenant given, or the default one.
pub(crate) fn tenant(name: Option<String>) -> Tenant {
    name.map_or_else(Tenant::default, |name| Tenant::new(&name))
}

fn nonce(given: Option<Vec<u8>>) -> Result<Option<[u8; 32]>, EngineError> {
    given.map(|octets| octets.try_into().map_err(|_| Code::ValueUnknown.into())).transpose()
}

/// When a call stops asking.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(crate) fn after(timeout_ms: Option<u64>) -> Self {
        // A time that the clock cannot reach is none.
        Self(timeout_ms.and_then(|ms| Instant::now().checked_add(Duration::from_millis(ms))))
    }

    pub(crate) fn is_over(self) -> bool {
        self.0.is_some_and(|end| end <= Instant::now())
    }
}
