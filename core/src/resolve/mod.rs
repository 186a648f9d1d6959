//! Finding a certificate for each recipient, and checking it now.
//!
//! ```text
//! new ─FindStored→ all recipients at once ─┬─ usable, or pinned ───────────────────────────────┬→ Done
//!                                          └─ else ─ResolveDirectory→ first, second, … ────────┤
//!                                                    found and usable · nothing left to ask ───┘
//! ```
//! A candidate is tried when everything but its revocation is known to be in order; where the policy fetches, it waits for its
//! sources (`FetchCrl`, `FetchOcsp`), or for an issuer that it did not bring along (`FetchIssuer`).
//!
//! Recipients wait for nobody but their own directories, and each gets one outcome. A store that is down ends the search:
//! what it would have said outranks every directory.

mod ask;
mod choose;
mod key;
mod machine;
mod report;
mod resolution;
mod trial;

pub use ask::Ask;
pub(crate) use key::RecipientKey;
pub use machine::Resolve;
pub use report::{Found, Outcome, RecipientReport, Rejected, Unsealed};
pub(crate) use resolution::Recipient;
pub use resolution::{Plan, Resolution};

use crate::mail;
use crate::private::Private;
use crate::seal::Policy;
use crate::store::Tenant;
use crate::time::UnixTime;
use crate::trace::Tracer;
use crate::verify::Limits;
use std::sync::Arc;

/// For whom and when recipients are resolved, and who hears of it.
///
/// The tracer lives on in what is resolved: it hears when a lent certificate is used and when it is gone, which is after the
/// operation.
///
/// ```
/// use postseal::{UnixTime, resolve::Context, store::Tenant};
/// use std::sync::Arc;
/// let context = Context::new(UnixTime::from_seconds(0), Arc::new(())).tenant(Tenant::new("goal")).route("outbound");
/// assert_eq!(context.route.as_deref(), Some("outbound"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Context {
    /// The clock, fixed for the whole operation.
    pub now: UnixTime,
    /// Whose store, directories and policy.
    pub tenant: Tenant,
    /// The route inside the tenant.
    pub route: Option<String>,
    /// The Message-ID of the mail, for the trace; [`escape`](crate::trace::escape) it.
    pub message: Option<Private<String>>,
    /// Randomness for the nonces of OCSP requests (RFC 9654), never used twice; without it they have none.
    pub ocsp_nonce: Option<[u8; 32]>,
    /// Instead of the policy that the engine has for this tenant and route.
    pub policy: Option<Policy>,
    /// Hears of every decision.
    pub tracer: Arc<dyn Tracer>,
}

impl Context {
    /// For the default tenant, without a route.
    ///
    /// ```
    /// use postseal::{UnixTime, resolve::Context};
    /// let context = Context::new(UnixTime::from_seconds(0), std::sync::Arc::new(()));
    /// assert_eq!(context.tenant.name(), "default");
    /// ```
    pub fn new(now: UnixTime, tracer: Arc<dyn Tracer>) -> Self {
        Self { now, tenant: Tenant::default(), route: None, message: None, ocsp_nonce: None, policy: None, tracer }
    }

    /// For this tenant.
    ///
    /// ```
    /// use postseal::{UnixTime, resolve::Context, store::Tenant};
    /// let context = Context::new(UnixTime::from_seconds(0), std::sync::Arc::new(()));
    /// assert_eq!(context.tenant(Tenant::new("a")).tenant.name(), "a");
    /// ```
    #[must_use]
    pub fn tenant(mut self, tenant: Tenant) -> Self {
        self.tenant = tenant;
        self
    }

    /// On this route.
    ///
    /// ```
    /// use postseal::{UnixTime, resolve::Context};
    /// let context = Context::new(UnixTime::from_seconds(0), std::sync::Arc::new(()));
    /// assert_eq!(context.route("out").route.as_deref(), Some("out"));
    /// ```
    #[must_use]
    pub fn route(mut self, route: &str) -> Self {
        self.route = Some(route.to_owned());
        self
    }

    /// About this message.
    ///
    /// ```
    /// use postseal::{UnixTime, resolve::Context};
    /// let context = Context::new(UnixTime::from_seconds(0), std::sync::Arc::new(()));
    /// assert!(context.message("<1@goal.example>").message.is_some());
    /// ```
    #[must_use]
    pub fn message(mut self, id: &str) -> Self {
        self.message = Some(Private::new(id.to_owned()));
        self
    }

    /// About this mail: its Message-ID, escaped and cut, when it has a readable one and none was given. The header is
    /// enough.
    ///
    /// ```
    /// use postseal::{UnixTime, resolve::Context, verify::Limits};
    /// let context = Context::new(UnixTime::from_seconds(0), std::sync::Arc::new(()));
    /// let context = context.about(b"Message-ID: <1@goal.example>\r\n\r\n", &Limits::default());
    /// assert_eq!(context.message.map(|id| id.into_inner()).as_deref(), Some("<1@goal.example>"));
    /// ```
    #[must_use]
    pub fn about(mut self, mail: &[u8], limits: &Limits) -> Self {
        if self.message.is_none() {
            self.message = mail::message_id(mail, limits).map(Private::new);
        }
        self
    }

    /// With randomness for the nonces of OCSP requests.
    ///
    /// ```
    /// use postseal::{UnixTime, resolve::Context};
    /// let context = Context::new(UnixTime::from_seconds(0), std::sync::Arc::new(()));
    /// assert!(context.ocsp_nonce([7; 32]).ocsp_nonce.is_some());
    /// ```
    #[must_use]
    pub const fn ocsp_nonce(mut self, random: [u8; 32]) -> Self {
        self.ocsp_nonce = Some(random);
        self
    }

    /// With this policy, whatever the engine has for the tenant and route.
    ///
    /// ```
    /// use postseal::{UnixTime, resolve::Context, seal::Policy};
    /// let context = Context::new(UnixTime::from_seconds(0), std::sync::Arc::new(()));
    /// assert!(context.policy(Policy::default()).policy.is_some());
    /// ```
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }
}
