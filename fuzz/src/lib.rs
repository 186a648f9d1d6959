//! The invariants of the fuzz targets. `cargo +nightly fuzz run mail` and the others; seeds come with `just fuzz`.

mod directory_value;
mod header;
mod input;
mod resolve;
mod revocation;
mod seal;

pub use directory_value::{directory_value, seeds as directory_value_seeds};
pub use resolve::resolve;
pub use revocation::{crl, ocsp, seeds as revocation_seeds};
pub use seal::seal;

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
    let (engine, store) = (engine(), MemoryStore::new());
    let report = engine.import_mail(bytes, Context::new(now()), &store, &()).unwrap();
    let entries = store.entries(&Tenant::default()).unwrap();
    assert_eq!(report.outcome == Outcome::Imported, entries.len() == 1);
    for entry in entries {
        let stored = entry.active().unwrap();
        let mailboxes = stored.certificate.mailboxes(SubjectEmail::Ignore, engine.limits()).unwrap();
        assert!(mailboxes.contains(&entry.address));
        let (anchors, limits) = (engine.anchors(), engine.limits());
        find_path(&stored.certificate, &stored.issuers, anchors, Profile::Default, limits, now()).unwrap();
    }
    let _ = engine.inspect(bytes, now());
}

/// A CMS object, read for an import and looked at.
pub fn cms(bytes: &[u8]) {
    #[cfg(fuzzing)]
    postseal::fuzzing::signed_data(bytes);
    let _ = engine().inspect_cms(bytes, Some(b"content"), now());
    let _ = engine().inspect_cms(bytes, None, now());
}

/// A certificate with all its names; reading it again gives the same.
pub fn certificate(bytes: &[u8]) {
    let limits = Limits::default();
    let Ok(certificate) = Certificate::from_der(bytes, &limits) else { return };
    assert_eq!(certificate.der(), bytes);
    let _ = certificate.mailboxes(SubjectEmail::WhenNoMailboxInSan, &limits);
    assert!(!certificate.subject_text().chars().any(char::is_control));
    let findings = baseline_findings(&certificate, &limits);
    for profile in [Profile::Default, Profile::Strict] {
        let _ =
            find_path(&certificate, std::slice::from_ref(&certificate), engine().anchors(), profile, &limits, now());
    }
    assert!(findings.is_empty() || check_signer(&certificate, Profile::Strict, &limits).is_err());
}

/// A From field.
pub fn from(bytes: &[u8]) {
    #[cfg(fuzzing)]
    {
        let mail = [b"From:".as_slice(), bytes, b"\r\n\r\n"].concat();
        postseal::fuzzing::author(&mail);
        postseal::fuzzing::author(bytes);
    }
    let _ = bytes;
}

/// The BER reader.
pub fn ber(bytes: &[u8]) {
    #[cfg(fuzzing)]
    postseal::fuzzing::ber(bytes);
    let _ = bytes;
}
