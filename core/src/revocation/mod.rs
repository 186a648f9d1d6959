//! Whether a certificate was taken back before its time: lists (RFC 5280 5 and 6.3) and the online protocol (RFC 6960).
//!
//! ```text
//! a path that holds ─ configured lists, the mail's, the cache ─┬─ revoked: never used
//!                            ↑                                 ├─ good
//!                            └── FetchCrl · FetchOcsp ─────────┴─ unknown: the policy decides
//! ```
//! Nothing is fetched before a path has reached an anchor, so that a certificate that nobody vouches for sends no packet
//! anywhere.

mod cache;
mod checks;
mod crl;
mod distribution;
mod lists;
mod ocsp;
mod policy;
mod reason;
mod speakers;
mod status;

pub(crate) use cache::Cache;
pub(crate) use checks::{Checks, Fetch, Job, Verdict};
pub use crl::Crl;
pub use policy::{Mode, Order, RevocationPolicy};
pub use reason::Reason;
pub use status::Status;

use crate::cert::{Certificate, Fingerprint};
use crate::engine::Engine;
use crate::error::Error;
use crate::store::Tenant;
use crate::time::UnixTime;
use crate::verify::Path;
use crate::verify::{Limits, Profile, TrustAnchors};

/// What these lists say about each certificate of a path, leaf first, the anchor left out; it ends with one that is revoked.
///
/// For those who validate paths with [`find_path_with`](crate::verify::find_path_with). `pool` may help to find the issuers
/// of lists; a list issuer's own certificate must be known to be good.
///
/// ```
/// use postseal::{Certificate, UnixTime, revocation::{self, Crl, Status}};
/// use postseal::verify::{Limits, Path, Profile};
/// fn all_good(path: &Path, crls: &[Crl], pool: &[Certificate], now: UnixTime) -> bool {
///     let statuses = revocation::check_path(path, crls, pool, Profile::Default, &Limits::default(), now);
///     statuses.iter().all(|(_, status)| *status == Status::Good)
/// }
/// # let _ = all_good;
/// ```
pub fn check_path(
    path: &Path,
    crls: &[Crl],
    pool: &[Certificate],
    profile: Profile,
    limits: &Limits,
    now: UnixTime,
) -> Vec<(Fingerprint, Status)> {
    let engine = Engine::new(TrustAnchors::new(vec![path.anchor().clone()]))
        .with_profile(profile)
        .with_limits(limits.clone())
        .with_crls(crls.to_vec());
    let policy = RevocationPolicy { mode: Mode::Hard, ..RevocationPolicy::default() };
    let mut job = Job::new(path.clone(), pool.to_vec(), false);
    Checks::new(&engine, policy, &Tenant::default(), now, None).known(&mut job)
}

/// What the configured lists and these, which came with a mail, say about a whole path: the first certificate that is
/// revoked, else the first about which nothing is known.
pub(crate) fn look(engine: &Engine, path: Path, pool: Vec<Certificate>, from_mail: Vec<Crl>, now: UnixTime) -> Status {
    let policy = RevocationPolicy { mode: Mode::Hard, ..RevocationPolicy::default() };
    let mut checks = Checks::new(engine, policy, &Tenant::default(), now, None);
    checks.add_from_mail(from_mail);
    let statuses = checks.known(&mut Job::new(path, pool, false));
    let first = |wanted: fn(&Status) -> bool| statuses.iter().map(|(_, status)| *status).find(wanted);
    let revoked = first(|status| matches!(status, Status::Revoked { .. }));
    revoked.or_else(|| first(|status| matches!(status, Status::Unknown(_)))).unwrap_or(Status::Good)
}

/// What a path comes to without asking anybody: for decisions that are made at once.
///
/// # Errors
/// [`Code::CertificateRevoked`](crate::Code), and what the policy does not let pass.
pub(crate) fn check_at_once(
    engine: &Engine,
    policy: RevocationPolicy,
    tenant: &Tenant,
    path: Path,
    pool: Vec<Certificate>,
    now: UnixTime,
) -> Result<Path, Error> {
    let mut checks = Checks::new(engine, policy, tenant, now, None).without_asking();
    match checks.verdict(&mut Job::new(path, pool, false)) {
        Some(Verdict::Passed(path)) => Ok(path),
        Some(Verdict::Blocked(error)) => Err(error),
        Some(Verdict::Revoked) | None => Err(crate::Code::CertificateRevoked.into()),
    }
}
