use postseal::Engine;
use postseal::crypto::{CryptoBackend, PureRust};
use postseal::verify::TrustAnchors;
use std::sync::Arc;

/// An engine for tests, with the backend that the environment variable `POSTSEAL_CRYPTO` names (`rust`, which is the default;
/// `aws-lc` and `accel` with the features of these names), so that every test runs on each.
///
/// # Panics
/// When this build has no such backend. Where the processor has not what `accel` needs, it is the default one by another name.
///
/// ```
/// use postseal::verify::TrustAnchors;
/// let engine = postseal_testkit::engine(TrustAnchors::default());
/// assert!(engine.anchors().is_empty());
/// ```
pub fn engine(anchors: TrustAnchors) -> Engine {
    Engine::new(anchors).with_crypto(crypto())
}

/// The backend for tests: see [`engine`].
///
/// # Panics
/// As [`engine`].
///
/// ```
/// assert!(!postseal_testkit::crypto().name().is_empty());
/// ```
pub fn crypto() -> Arc<dyn CryptoBackend> {
    let name = std::env::var("POSTSEAL_CRYPTO");
    match name.as_deref() {
        Err(_) | Ok("rust") => Arc::new(PureRust),
        #[cfg(feature = "accel")]
        Ok("accel") => Arc::new(postseal_adapters::crypto::Accelerated),
        #[cfg(feature = "aws-lc")]
        Ok("aws-lc") => Arc::new(postseal_adapters::crypto::AwsLc),
        Ok(other) => panic!("POSTSEAL_CRYPTO={other}: no such backend in this build"),
    }
}
