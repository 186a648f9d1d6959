//! Deciding whether a certificate is to be trusted.

mod anchors;
mod baseline;
mod budget;
mod candidate;
mod digest;
mod inputs;
mod key;
mod limits;
mod mask;
mod names;
mod oaep;
mod path;
mod policies;
mod profile;
mod pss;
mod rsa;
mod signature;
mod usage;
mod weak;

pub use anchors::{Intermediates, TrustAnchors};
pub use baseline::{BASELINE_RULES, BaselineRule, baseline_findings};
pub(crate) use candidate::check_candidate;
pub(crate) use digest::{DigestAlgorithm, Sha1};
pub(crate) use inputs::NO_DEMANDS;
pub use inputs::{CertPolicyId, PathInputs};
pub(crate) use key::{Curve, EcKey, KeyRole, PublicKey};
pub use limits::Limits;
pub(crate) use mask::mgf1;
pub(crate) use oaep::OaepParameters;
pub use path::{Path, find_path, find_path_with};
pub(crate) use path::{Terms, Weakness, find_path_on};
pub use profile::Profile;
pub(crate) use rsa::{RsaKey, RsaScheme};
pub(crate) use signature::SignatureAlgorithm;
pub(crate) use usage::check_signing;
pub use usage::{check_recipient, check_signer};
