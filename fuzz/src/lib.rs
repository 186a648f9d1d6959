//! The invariants of the fuzz targets, and mutations that know what they change. `scripts/fuzz` builds and runs them;
//! `docs/fuzzing.md` says what each of them feeds.

#[cfg(not(fuzzing))]
compile_error!("the targets look inside of the crates: run cargo in this folder, or with RUSTFLAGS='--cfg fuzzing'");

#[cfg(feature = "outside")]
mod c_calls;
mod directory_value;
#[cfg(feature = "outside")]
mod entra;
mod header;
mod input;
#[cfg(feature = "outside")]
mod ldap;
mod memory;
pub mod mutate;
mod parts;
mod path;
#[cfg(feature = "outside")]
mod record;
mod resolve;
mod revocation;
mod seal;
pub mod seeds;
mod signed;
mod stub;
#[cfg(test)]
mod tests;
mod verdict;
mod world;

#[cfg(feature = "outside")]
pub use c_calls::c_calls;
pub use directory_value::directory_value;
#[cfg(feature = "outside")]
pub use entra::entra_answer;
#[cfg(feature = "outside")]
pub use ldap::{ldap_answer, ldap_filter};
pub use parts::{address, mime, san};
pub use path::path;
#[cfg(feature = "outside")]
pub use record::store_record;
pub use resolve::resolve;
pub use revocation::{crl, ocsp};
pub use seal::seal;
pub use signed::signed_mail;
pub use verdict::verdict_stub;

use memory::{READING, bounded};
use postseal::cert::SubjectEmail;
use postseal::import::{Context, Outcome};
use postseal::store::{CertStore, Tenant};
use postseal::verify::{Limits, Profile, TrustAnchors, baseline_findings, check_signer, find_path};
use postseal::{Certificate, Engine, UnixTime};
use postseal_testkit::MemoryStore;
use postseal_testkit::factory::{Authority, Key};
use std::sync::OnceLock;

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let mut anchors = TrustAnchors::default();
        for case in postseal_testkit::corpus::attacks().iter().take(1) {
            anchors.extend(case.anchors.clone());
        }
        let root = Authority::root("Example Root", Key::Rsa(0));
        anchors.extend(TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap());
        Engine::new(anchors)
    })
}

fn now() -> UnixTime {
    UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap()
}

/// A raw mail to its verdict: what is stored is for a mailbox of the certificate, and the certificate has a path.
pub fn mail(bytes: &[u8]) {
    // A new one, which has learned nothing from other inputs.
    let (engine, store) = (Engine::new(engine().anchors().clone()), MemoryStore::new());
    let report = bounded(bytes.len(), READING, || engine.import_mail(bytes, Context::new(now()), &store, &()).unwrap());
    let entries = store.entries(&Tenant::default()).unwrap();
    assert_eq!(report.outcome == Outcome::Imported, entries.len() == 1);
    for entry in entries {
        let stored = entry.active().unwrap();
        let mailboxes = stored.certificate.mailboxes(SubjectEmail::Ignore, engine.limits()).unwrap();
        assert!(mailboxes.contains(&entry.address));
        let (anchors, limits) = (engine.anchors(), engine.limits());
        find_path(&stored.certificate, &stored.issuers, anchors, Profile::Default, limits, now()).unwrap();
    }
    let _ = bounded(bytes.len(), READING, || engine.inspect(bytes, now()));
}

/// A CMS object, read for an import and looked at.
pub fn cms(bytes: &[u8]) {
    let engine = engine();
    bounded(bytes.len(), READING, || postseal::fuzzing::signed_data(bytes));
    let _ = bounded(bytes.len(), READING, || engine.inspect_cms(bytes, Some(b"content"), now()));
    let _ = bounded(bytes.len(), READING, || engine.inspect_cms(bytes, None, now()));
}

/// A certificate with all its names; reading it again gives the same.
pub fn certificate(bytes: &[u8]) {
    let (limits, engine) = (Limits::default(), engine());
    bounded(bytes.len(), READING, || read_certificate(bytes, &limits, engine));
}

fn read_certificate(bytes: &[u8], limits: &Limits, engine: &Engine) {
    let Ok(certificate) = Certificate::from_der(bytes, limits) else { return };
    assert_eq!(certificate.der(), bytes);
    let _ = certificate.mailboxes(SubjectEmail::WhenNoMailboxInSan, limits);
    assert!(!certificate.subject_text().chars().any(char::is_control));
    let findings = baseline_findings(&certificate, limits);
    for profile in [Profile::Default, Profile::Strict] {
        let _ = find_path(&certificate, std::slice::from_ref(&certificate), engine.anchors(), profile, limits, now());
    }
    assert!(findings.is_empty() || check_signer(&certificate, Profile::Strict, limits).is_err());
}

/// A From field.
pub fn from(bytes: &[u8]) {
    let mail = [b"From:".as_slice(), bytes, b"\r\n\r\n"].concat();
    bounded(mail.len(), READING, || postseal::fuzzing::author(&mail));
    bounded(bytes.len(), READING, || postseal::fuzzing::author(bytes));
}

/// The BER reader.
pub fn ber(bytes: &[u8]) {
    bounded(bytes.len(), READING, || postseal::fuzzing::ber(bytes));
}
