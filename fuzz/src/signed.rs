//! Signed mails of one person, changed, before true arithmetic.

use crate::memory::bounded;
use crate::world::to_be_signed;
use postseal::import::{Context, Outcome};
use postseal::store::{CertStore, Tenant};
use postseal::verify::{Limits, Profile, TrustAnchors};
use postseal::{Engine, Fingerprint};
use postseal_testkit::MemoryStore;
use postseal_testkit::factory::{
    Authority, CertSpec, Digest, Form, Key, KeyPreference, KeyUse, Person, SignedMail, SignerId, TransferEncoding,
};
use std::collections::BTreeSet;
use std::sync::OnceLock;

const ALICE: &str = "alice@goal.example";

struct World {
    engine: Engine,
    /// Of the certificates, of what is signed in them, and of the contents that Alice signed.
    fingerprints: BTreeSet<Fingerprint>,
    certificates: BTreeSet<Vec<u8>>,
    contents: BTreeSet<Vec<u8>>,
    mails: Vec<(String, Vec<u8>)>,
    /// The anchor, and Alice's certificates.
    #[cfg(feature = "outside")]
    pem: String,
    #[cfg(feature = "outside")]
    ders: Vec<Vec<u8>>,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(World::new)
}

/// Alice's mails.
pub fn signed_mail_seeds() -> Vec<(String, Vec<u8>)> {
    world().mails.clone()
}

/// The anchor in PEM, Alice's certificates, her mails.
#[cfg(feature = "outside")]
pub(crate) fn alice() -> (&'static str, &'static [Vec<u8>], &'static [(String, Vec<u8>)]) {
    let world = world();
    (&world.pem, &world.ders, &world.mails)
}

/// What is imported is exactly a certificate that the CA issued for Alice, for her address, and the content is one that she signed,
/// octet by octet. The keys sign with Ed25519, whose signatures nobody can change.
pub fn signed_mail(bytes: &[u8]) {
    let (world, store) = (world(), MemoryStore::new());
    let report =
        bounded(bytes.len(), 6, || world.engine.import_mail(bytes, Context::new(crate::now()), &store, &()).unwrap());
    let entries = store.entries(&Tenant::default()).unwrap();
    assert_eq!(report.outcome == Outcome::Imported, entries.len() == 1);
    for entry in entries {
        assert_eq!(entry.address.key(), ALICE);
        for (stored, _) in &entry.certs {
            assert!(world.certificates.contains(to_be_signed(stored.certificate.der())));
            assert!(world.fingerprints.contains(&stored.certificate.fingerprint()), "another signature of the CA");
        }
        let content = postseal::fuzzing::content_digest(bytes).expect("what was verified can be read");
        assert!(world.contents.contains(&content), "a content that Alice did not sign");
    }
}

impl World {
    fn new() -> Self {
        let root = Authority::root("Root", Key::Ed25519(21));
        let middle = root.authority("Middle", Key::Ed25519(22));
        let issue = |key, key_use, serial| middle.issue(&CertSpec { key_use, serial, ..CertSpec::mailbox(ALICE, key) });
        let sign = issue(Key::Ed25519(23), KeyUse::Sign, 51);
        let encrypt = issue(Key::P256(24), KeyUse::Encrypt, 52);
        let ecdsa = issue(Key::P256(25), KeyUse::SignAndEncrypt, 53);
        let rsa = issue(Key::Rsa(1), KeyUse::SignAndEncrypt, 54);
        let people = [&sign, &encrypt, &ecdsa, &rsa];
        let mails = mails(&middle, &sign, &encrypt, [&ecdsa, &rsa]);
        let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
        let engine = Engine::new(anchors).with_profile(Profile::Default);
        for (name, mail) in &mails {
            let mail = mail.build();
            let report = engine.import_mail(&mail, Context::new(crate::now()), &MemoryStore::new(), &()).unwrap();
            assert_eq!(report.outcome, Outcome::Imported, "{name}: {report:?}");
        }
        Self {
            engine,
            #[cfg(feature = "outside")]
            pem: root.pem(),
            #[cfg(feature = "outside")]
            ders: people.iter().map(|person| person.der().to_vec()).collect(),
            fingerprints: people.iter().map(|person| Fingerprint::of(person.der())).collect(),
            certificates: people.iter().map(|person| to_be_signed(person.der()).to_vec()).collect(),
            contents: mails.iter().map(|(_, mail)| Digest::Sha256.of(&mail.signed_entity())).collect(),
            mails: mails.into_iter().map(|(name, mail)| (name, mail.build())).collect(),
        }
    }
}

fn mails(middle: &Authority, sign: &Person, encrypt: &Person, others: [&Person; 2]) -> Vec<(String, SignedMail)> {
    let from = format!("Alice <{ALICE}>");
    let mail = |signer: &Person| SignedMail::new(&from, signer).with_authority(middle);
    let forms = [Form::Detached, Form::DetachedBer, Form::Opaque, Form::OpaqueBer];
    let mut mails = Vec::new();
    for form in forms {
        let preferring = mail(sign).prefers(encrypt, KeyPreference::Standard, true).form(form);
        mails.push((format!("prefers-{form:?}"), preferring.clone()));
        mails.push((format!("by-key-{form:?}"), preferring.signer_id(SignerId::KeyIdentifier)));
        for (number, other) in others.into_iter().enumerate() {
            mails.push((format!("other-{number}-{form:?}"), mail(other).form(form)));
        }
    }
    let [ecdsa, rsa] = others;
    let protected = format!("From: {from}\r\nContent-Type: text/plain; hp=\"clear\"\r\n\r\nhello\r\n");
    mails.push(("protected".to_owned(), mail(ecdsa).entity(protected.as_bytes()).form(Form::Opaque)));
    mails.push(("protected-detached".to_owned(), mail(rsa).entity(protected.as_bytes())));
    mails.push(("ess".to_owned(), mail(ecdsa).signing_certificate_v2(ecdsa)));
    mails.push(("binary".to_owned(), mail(ecdsa).transfer_encoding(TransferEncoding::Binary)));
    mails.push(("quoted-printable".to_owned(), mail(ecdsa).transfer_encoding(TransferEncoding::QuotedPrintable)));
    mails.push(("line-feeds".to_owned(), mail(rsa).line_feeds()));
    mails
}
