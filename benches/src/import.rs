//! Verify-and-import. OpenSSL reads the S/MIME structure, verifies signature and path for S/MIME signing; postseal does that,
//! checks From against the certificate, decides and stores in memory. Cold: nothing is kept between mails but the trust
//! anchors, parsed once by both. Warm: the engine remembers which CA signatures hold; OpenSSL does the same as before.

use crate::{in_turns, now};
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::X509VerifyParam;
use openssl::x509::{X509, X509PurposeId};
use postseal::Engine;
use postseal::import::{Context, Outcome};
use postseal::verify::{Limits, TrustAnchors};
use postseal_testkit::MemoryStore;
use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};

pub fn run() {
    for (name, keys) in
        [("RSA-2048", [Key::Rsa(0), Key::Rsa(1), Key::Rsa(2)]), ("P-256", [Key::P256(1), Key::P256(2), Key::P256(3)])]
    {
        let root = Authority::root("Root", keys[0]);
        let ca = root.authority("CA", keys[1]);
        let person = ca.issue(&CertSpec::mailbox("alice@goal.example", keys[2]));
        let engine = Engine::new(TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap());
        let store = store(&root);
        for (label, size, repeat) in [("2 KB", 2_000, 200), ("1 MB", 1_000_000, 5)] {
            let body = b"The quick brown fox jumps over the lazy dog, and then once more.\r\n".repeat(size / 66);
            let mail = SignedMail::new("alice@goal.example", &person).with_authority(&ca).body(&body).build();
            for (state, engine) in [("cold", forgetful(&engine)), ("warm", engine.clone())] {
                let times = in_turns(
                    repeat,
                    |clock| clock.time(|| postseal(&mail, &engine)),
                    |clock| clock.time(|| openssl(&mail, &store)),
                );
                times.row(&format!("{name}, detached, {label}, {state}"));
            }
        }
    }
}

/// The engine without a memory for signatures.
pub fn forgetful(engine: &Engine) -> Engine {
    let mut limits = engine.limits().clone();
    limits.known_signatures = 0;
    engine.clone().with_limits(limits)
}

pub fn store(root: &Authority) -> X509Store {
    let mut builder = X509StoreBuilder::new().unwrap();
    builder.add_cert(X509::from_der(root.der()).unwrap()).unwrap();
    builder.set_purpose(X509PurposeId::SMIME_SIGN).unwrap();
    let mut param = X509VerifyParam::new().unwrap();
    param.set_time(now().seconds());
    builder.set_param(&param).unwrap();
    builder.build()
}

/// Reads and verifies. The binding does not hand out the detached content that OpenSSL split off, so it is cut out again
/// here, which takes a fraction of a per cent.
fn openssl(mail: &[u8], store: &X509Store) {
    let mut cms = CmsContentInfo::smime_read_cms(mail).unwrap();
    let open = mail.windows(10).position(|window| window == b"--signed\r\n").unwrap() + 10;
    let close = mail.windows(12).rposition(|window| window == b"\r\n--signed\r\n").unwrap();
    let certificates = Stack::<X509>::new().unwrap();
    let mut verified = Vec::new();
    cms.verify(Some(&certificates), Some(store), Some(&mail[open..close]), Some(&mut verified), CMSOptions::empty())
        .unwrap();
}

fn postseal(mail: &[u8], engine: &Engine) {
    let report = engine.import_mail(mail, Context::new(now()), &MemoryStore::new(), &()).unwrap();
    assert_eq!(report.outcome, Outcome::Imported);
}
