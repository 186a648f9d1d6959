//! Deciding whether a certificate is to be trusted.

mod anchors;
mod baseline;
mod budget;
mod cache;
mod candidate;
mod certificate;
pub(crate) mod digest;
mod inputs;
pub(crate) mod key;
mod known_key;
mod limits;
mod mask;
mod names;
pub(crate) mod oaep;
mod path;
mod policies;
mod profile;
pub(crate) mod pss;
mod rsa;
pub(crate) mod signature;
mod tables;
mod usage;
mod weak;

pub use anchors::{Intermediates, TrustAnchors};
pub use baseline::{BASELINE_RULES, BaselineRule, baseline_findings};
pub(crate) use budget::{Budget, is_spent};
pub(crate) use cache::{Learned, Memory};
pub(crate) use candidate::{check_candidate, check_candidate_within};
pub(crate) use certificate::check_certificate;
pub(crate) use digest::{DigestAlgorithm, Hasher, Sha1};
pub(crate) use inputs::NO_DEMANDS;
pub use inputs::{CertPolicyId, PathInputs};
pub(crate) use key::{Curve, KeyRole, PublicKey};
#[cfg(test)]
pub(crate) use key::{EcKey, Octets};
pub(crate) use known_key::KnownKey;
pub use limits::Limits;
pub(crate) use mask::mgf1;
pub(crate) use oaep::OaepParameters;
pub use path::{Path, find_path, find_path_with};
pub(crate) use path::{Terms, Weakness, find_path_on, find_path_within};
pub use profile::Profile;
pub(crate) use rsa::{RsaKey, RsaScheme, power as rsa_power};
pub(crate) use signature::{SignatureAlgorithm, pure_verifying_key};
pub(crate) use usage::check_signing;
pub use usage::{check_recipient, check_signer};
