use super::*;
use crate::cert::Lent;
use postseal_testkit::factory::der::{integer, oid, sequence, set_of, tlv};
use postseal_testkit::factory::{
    Authority, CertSpec, Digest, Form, Key, KeyPreference, KeyUse, Person, Scheme, SignedMail,
};

const ALICE: &str = "alice@goal.example";

struct World {
    root: Authority,
    signer: Person,
    encryption: Person,
}

impl World {
    fn new() -> Self {
        let root = Authority::root("Root", Key::P256(1));
        let issue = |key, key_use, serial| root.issue(&CertSpec { key_use, serial, ..CertSpec::mailbox(ALICE, key) });
        let (signer, encryption) = (issue(Key::P256(2), KeyUse::Sign, 7), issue(Key::P256(3), KeyUse::Encrypt, 8));
        Self { root, signer, encryption }
    }

    /// What Alice published: both certificates, the CA's, capabilities and which one she prefers.
    fn published(&self) -> SignedMail {
        SignedMail::new(ALICE, &self.signer)
            .form(Form::Opaque)
            .with_authority(&self.root)
            .with_certificate(self.encryption.der())
            .prefers(&self.encryption, KeyPreference::Standard, false)
    }
}

fn certs_only(certificates: &[&[u8]]) -> Vec<u8> {
    let data = sequence(&[&oid("1.2.840.113549.1.7.1")]);
    let bag = tlv(0xa0, certificates);
    let signed = sequence(&[&integer(1), &set_of(Vec::new()), &data, &bag, &set_of(Vec::new())]);
    sequence(&[&oid("1.2.840.113549.1.7.2"), &tlv(0xa0, &[&signed])])
}

fn open(lent: TransientCert) -> Result<Lent, Error> {
    let limits = Limits::default();
    let certificate = lent.certificate(&limits)?;
    lent.open(certificate, &limits)
}

fn lent(cms: &[u8], about: &str) -> Vec<TransientCert> {
    TransientCert::from_cms(cms, &Address::parse(about).unwrap(), &Limits::default()).unwrap()
}

/// Fingerprint, number of issuers, whether there are capabilities, whether it is preferred.
fn facts(cms: &[u8], about: &str) -> Vec<(Vec<u8>, usize, bool, bool)> {
    let fact = |lent: TransientCert| {
        let preferred = lent.is_preferred();
        let Lent { certificate, issuers, capabilities, .. } = open(lent).unwrap();
        (certificate.der().to_vec(), issuers.len(), capabilities.is_some(), preferred)
    };
    let mut facts: Vec<_> = lent(cms, about).into_iter().map(fact).collect();
    facts.sort();
    facts
}

fn unsigned(people: &[&Person], issuers: usize) -> Vec<(Vec<u8>, usize, bool, bool)> {
    let mut facts: Vec<_> = people.iter().map(|person| (person.der().to_vec(), issuers, false, false)).collect();
    facts.sort();
    facts
}

#[test]
fn what_the_owner_signed_comes_along() {
    let world = World::new();
    let mut expected =
        vec![(world.signer.der().to_vec(), 1, true, false), (world.encryption.der().to_vec(), 1, true, true)];
    expected.sort();
    for form in [Form::Opaque, Form::OpaqueBer] {
        assert_eq!(facts(&world.published().form(form).cms(), ALICE), expected, "{form:?}");
        assert_eq!(facts(&world.published().form(form).cms(), "Alice@GOAL.example"), expected, "{form:?}");
    }
}

#[test]
fn without_content_the_digest_is_that_of_nothing() {
    let world = World::new();
    let nothing = world.published().entity(b"").form(Form::Detached).cms();
    assert!(facts(&nothing, ALICE).iter().all(|(_, _, capabilities, _)| *capabilities));
    let detached = world.published().form(Form::Detached).cms();
    assert_eq!(facts(&detached, ALICE), unsigned(&[&world.signer, &world.encryption], 1));
}

#[test]
fn certificates_alone_are_lent_without_a_word_about_them() {
    let world = World::new();
    let bag = [world.encryption.der(), world.root.der(), world.signer.der()];
    assert_eq!(facts(&certs_only(&bag), ALICE), unsigned(&[&world.signer, &world.encryption], 1));
    assert_eq!(lent(&certs_only(&[]), ALICE).len(), 0);
    let only_ca = lent(&certs_only(&[world.root.der()]), ALICE);
    assert_eq!(only_ca.into_iter().map(|lent| open(lent).unwrap().certificate.is_ca()).collect::<Vec<_>>(), [true]);
}

/// Nobody's word, or somebody else's: the certificates stay, and are judged for themselves.
#[test]
fn what_was_not_signed_by_the_owner_counts_for_nothing() {
    let world = World::new();
    let people = unsigned(&[&world.signer, &world.encryption], 1);
    assert_eq!(facts(&world.published().cms(), "bob@goal.example"), people, "asked about somebody else");

    let mut broken = world.published().cms();
    *broken.last_mut().unwrap() ^= 1;
    assert_eq!(facts(&broken, ALICE), people, "a broken signature");

    let other = Authority::root("Other", Key::P256(9));
    let mallory = other.issue(&CertSpec::mailbox("mallory@goal.example", Key::P256(5)));
    let by_mallory = SignedMail::new(ALICE, &mallory)
        .form(Form::Opaque)
        .with_certificate(world.encryption.der())
        .prefers(&world.encryption, KeyPreference::Standard, false);
    assert_eq!(facts(&by_mallory.cms(), ALICE), unsigned(&[&mallory, &world.encryption], 0), "another mailbox");

    let cannot_sign = SignedMail::new(ALICE, &world.encryption).form(Form::Opaque);
    assert_eq!(facts(&cannot_sign.cms(), ALICE), unsigned(&[&world.encryption], 0), "a key that signs nothing");

    let two = world.published().signer(&world.signer);
    assert!(facts(&two.cms(), ALICE).iter().all(|(_, _, capabilities, preferred)| !capabilities && !preferred));

    let rsa = world.root.issue(&CertSpec { serial: 9, ..CertSpec::mailbox(ALICE, Key::Rsa(1)) });
    let weak = SignedMail::new(ALICE, &rsa).form(Form::Opaque).digest(Digest::Sha1).scheme(Scheme::with(Digest::Sha1));
    assert_eq!(facts(&weak.cms(), ALICE), unsigned(&[&rsa], 0), "a digest that can be forged");
}

#[test]
fn what_cannot_be_read_is_lent_to_be_named_and_limits_hold() {
    let (world, limits) = (World::new(), Limits::default());
    let alice = Address::parse(ALICE).unwrap();
    let cms = certs_only(&[[0x30_u8, 0].as_slice(), world.encryption.der()]);
    let lent = TransientCert::from_cms(&cms, &alice, &limits).unwrap();
    let opened: Vec<_> = lent.into_iter().map(|lent| open(lent).map_err(|error| error.code())).collect();
    assert!(matches!(opened.as_slice(), [Err(Code::CertificateMalformed), Ok(_)]), "{opened:?}");

    let code = |cms: &[u8], limits: &Limits| TransientCert::from_cms(cms, &alice, limits).unwrap_err().code();
    assert_eq!(code(world.encryption.der(), &limits), Code::CmsNotSignedData);
    assert_eq!(code(&certs_only(&[[0x30_u8, 0].as_slice(); 33]), &limits), Code::CertificatesTooMany);
    let small = Limits { cms_bytes: cms.len() - 1, ..Limits::default() };
    assert_eq!(code(&cms, &small), Code::CmsTooLarge);
    for end in 0..cms.len() {
        assert!(TransientCert::from_cms(&cms[..end], &alice, &limits).is_err(), "{end}");
    }
}

/// A directory may put any number of certificates under the signer's name; not each of them costs a signature check.
#[test]
fn few_certificates_are_tried_for_one_signature() {
    let world = World::new();
    let twin = |number| {
        let spec = CertSpec { key_use: KeyUse::Sign, serial: 7, ..CertSpec::mailbox(ALICE, Key::P256(number)) };
        world.root.issue(&spec).der().to_vec()
    };
    let behind = |twins: usize| {
        let signed = SignedMail::new(ALICE, &world.signer).form(Form::Opaque).without_signer_certificate();
        let twins = (10..).map(twin).take(twins);
        twins.fold(signed, |mail, der| mail.with_certificate(&der)).with_certificate(world.signer.der()).cms()
    };
    let counts = |cms: &[u8]| facts(cms, ALICE).iter().all(|(_, _, capabilities, _)| *capabilities);
    assert!(counts(&behind(SIGNERS - 1)));
    assert!(!counts(&behind(SIGNERS)));
}
