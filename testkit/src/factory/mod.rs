//! A generator of test PKIs and signed mail. Deterministic: the same calls give the same bytes.
//!
//! ```
//! use postseal_testkit::factory::{CertFactory, Form, KeyAlgorithm, SignedMail};
//! let mut factory = CertFactory::new(7);
//! let root = factory.authority("Root", KeyAlgorithm::P256);
//! let alice = root.issue(&factory.person("alice@goal.example", KeyAlgorithm::Rsa2048));
//! let mail = SignedMail::new("Alice <alice@goal.example>", &alice).form(Form::OpaqueBer).build();
//! # let _ = mail;
//! ```
//!
//! Whoever wants to say which key or serial number goes where starts from [`Authority`], [`CertSpec`] and [`Key`].

mod authority;
mod certificate;
mod cms;
pub mod der;
mod key;
mod mail;
mod mime;
mod name;
mod revocation;
mod scheme;
mod seeded;
#[cfg(test)]
mod tests;

pub use authority::{Authority, AuthoritySpec, pem};
pub use certificate::{CertSpec, KeyUse, Overrides, Person, extension};
pub use cms::{KeyPreference, SignerId, attribute};
pub use key::{Key, KeyAlgorithm};
pub use mail::{Form, SignedMail, TransferEncoding};
pub use name::{Name, distinguished_name};
pub use revocation::{CrlSpec, OcspSpec, Revoked, access_at, crl_at, crl_scope, ocsp_nocheck};
pub use scheme::{Digest, Padding, Scheme};
pub use seeded::CertFactory;
