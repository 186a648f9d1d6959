//! Other backends to compute with: values for [`postseal::Engine::with_crypto`].

#[cfg(feature = "accel")]
mod accelerated;
#[cfg(feature = "aws-lc")]
mod aws_lc;

#[cfg(feature = "accel")]
pub use accelerated::Accelerated;
#[cfg(feature = "aws-lc")]
pub use aws_lc::AwsLc;
