//! The root certificates that Mozilla trusts for e-mail.

use postseal::Error;
use postseal::verify::{Limits, TrustAnchors};

/// The day of the data.
///
/// ```
/// assert_eq!(postseal_adapters::email_roots::AS_OF, "2026-10-28");
/// ```
pub const AS_OF: &str = "2026-10-28";

/// The roots in PEM: those that NSS 3.132 trusts for e-mail (MPL-2.0; see `data/README.md`).
///
/// ```
/// assert!(postseal_adapters::email_roots::PEM.contains("BEGIN CERTIFICATE"));
/// ```
pub const PEM: &str = include_str!("../data/mozilla-email-roots.pem");

/// The roots as trust anchors.
///
/// # Errors
/// None in practice: a test reads the data.
///
/// ```
/// assert_eq!(postseal_adapters::email_roots::trust_anchors()?.len(), 88);
/// # Ok::<(), postseal::Error>(())
/// ```
pub fn trust_anchors() -> Result<TrustAnchors, Error> {
    TrustAnchors::from_pem(PEM.as_bytes(), &Limits::default())
}
