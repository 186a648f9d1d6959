//! Learning a certificate from a signed mail.
//!
//! ```text
//! new ─┬─ not active, not signed, refused ───────────────────────────────┐
//!      └─ verified → Checking ─FindStored→ Finding → Weighing ─┬─ known, held before, refused ─┤
//!                                             ↑                └─PutStored→ Storing ── stored ─┼→ Done
//!                                             └──────── conflict, at most 8 times ─────────────┘
//! ```
//! Checking asks for the revocation of the mail's certificates, Weighing for that of the stored ones, where the policy fetches
//! (`FetchCrl`, `FetchOcsp`).
//!
//! The mail is read and verified when the operation is built; the machine itself borrows nothing of it.

mod activation;
mod ask;
mod candidate;
mod decide;
mod machine;
mod operator;
mod report;
mod verify;

pub use activation::Activation;
pub use ask::Ask;
pub use machine::Import;
pub(crate) use operator::add;
pub use report::{CandidateKind, Outcome, Report, Verdict};

use crate::store::Tenant;
use crate::time::UnixTime;

/// For whom and when a mail is imported.
///
/// ```
/// use postseal::{UnixTime, import::Context, store::Tenant};
/// let context = Context::new(UnixTime::from_seconds(0)).tenant(Tenant::new("goal")).route("inbound");
/// assert_eq!(context.route.as_deref(), Some("inbound"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// The clock, fixed for the whole operation.
    pub now: UnixTime,
    /// Whose store.
    pub tenant: Tenant,
    /// The route inside the tenant.
    pub route: Option<String>,
    /// Decide, but ask the store for nothing that changes it.
    pub dry_run: bool,
    /// Randomness for the nonces of OCSP requests (RFC 9654), never used twice; without it they have none.
    pub ocsp_nonce: Option<[u8; 32]>,
}

impl Context {
    /// For the default tenant, without a route.
    ///
    /// ```
    /// use postseal::{UnixTime, import::Context};
    /// assert!(!Context::new(UnixTime::from_seconds(0)).dry_run);
    /// ```
    pub fn new(now: UnixTime) -> Self {
        Self { now, tenant: Tenant::default(), route: None, dry_run: false, ocsp_nonce: None }
    }

    /// For this tenant.
    ///
    /// ```
    /// use postseal::{UnixTime, import::Context, store::Tenant};
    /// assert_eq!(Context::new(UnixTime::from_seconds(0)).tenant(Tenant::new("a")).tenant.name(), "a");
    /// ```
    #[must_use]
    pub fn tenant(mut self, tenant: Tenant) -> Self {
        self.tenant = tenant;
        self
    }

    /// On this route.
    ///
    /// ```
    /// use postseal::{UnixTime, import::Context};
    /// assert_eq!(Context::new(UnixTime::from_seconds(0)).route("in").route.as_deref(), Some("in"));
    /// ```
    #[must_use]
    pub fn route(mut self, route: &str) -> Self {
        self.route = Some(route.to_owned());
        self
    }

    /// Without any change to the store; the report says what would have happened.
    ///
    /// ```
    /// use postseal::{UnixTime, import::Context};
    /// assert!(Context::new(UnixTime::from_seconds(0)).dry_run().dry_run);
    /// ```
    #[must_use]
    pub const fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// With randomness for the nonces of OCSP requests.
    ///
    /// ```
    /// use postseal::{UnixTime, import::Context};
    /// assert!(Context::new(UnixTime::from_seconds(0)).ocsp_nonce([7; 32]).ocsp_nonce.is_some());
    /// ```
    #[must_use]
    pub const fn ocsp_nonce(mut self, random: [u8; 32]) -> Self {
        self.ocsp_nonce = Some(random);
        self
    }
}
