//! Other backends to compute with: values for [`postseal::Engine::with_crypto`].

#[cfg(feature = "aws-lc")]
mod aws_lc;

#[cfg(feature = "aws-lc")]
pub use aws_lc::AwsLc;
