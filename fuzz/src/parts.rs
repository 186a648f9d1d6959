//! Parts of a mail and of a certificate by themselves.

use crate::memory::{READING, bounded};
use crate::mutate::Tree;
use postseal::cert::SubjectEmail;
use postseal::verify::{Limits, Profile, check_recipient, check_signer};
use postseal::{Address, Certificate};
use postseal_testkit::factory::{Authority, CertSpec, Key};
use std::sync::OnceLock;

/// The MIME structure: what is signed is a part of the mail as it came, and a root that is signed is seen by who only looks.
pub fn mime(bytes: &[u8]) {
    bounded(bytes.len(), READING, || postseal::fuzzing::mime(bytes));
}

/// Two addresses, the second one after a line feed. One that is read reads the same again from each of its forms; equal is what has
/// the same key; and an rfc822Name or a SmtpUTF8Mailbox of these octets is no other mailbox.
pub fn address(bytes: &[u8]) {
    let split = bytes.iter().position(|octet| *octet == b'\n').unwrap_or(bytes.len());
    let (one, other) = bytes.split_at(split);
    let other = other.get(1..).unwrap_or_default();
    let read = |octets: &[u8]| {
        postseal::fuzzing::names(octets);
        let text = std::str::from_utf8(octets).ok()?;
        let address = Address::parse(text).ok()?;
        check(&address, text);
        Some(address)
    };
    let (one, other) = bounded(bytes.len(), 64, || (read(one), read(other)));
    if let (Some(one), Some(other)) = (one, other) {
        assert_eq!(one == other, one.key() == other.key());
        let local = |address: &Address| address.as_str().rsplit_once('@').map(|(local, _)| local.to_owned());
        if one == other {
            assert_eq!(
                local(&one).map(|text| text.to_ascii_lowercase()),
                local(&other).map(|text| text.to_ascii_lowercase())
            );
        }
    }
}

fn check(address: &Address, text: &str) {
    assert_eq!(address.as_str(), text);
    assert!(text.rsplit_once('@').is_some() && !text.chars().any(char::is_control));
    let (local, domain) = text.rsplit_once('@').unwrap_or_default();
    let swapped = |text: &str| -> String {
        let swap = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        text.chars().map(swap).collect()
    };
    assert!(address.domain().is_ascii() && !address.domain().bytes().any(|octet| octet.is_ascii_uppercase()));
    // An A-label in capitals is not what IDNA compares.
    let mut same = vec![address.key().to_owned(), format!("{local}@{}", address.domain())];
    if domain.is_ascii() && !domain.to_ascii_lowercase().contains("xn--") {
        same.push(format!("{local}@{}", swapped(domain)));
    }
    if local.is_ascii() {
        same.push(format!("{}@{domain}", swapped(local)));
    }
    for spelled in same {
        let again = Address::parse(&spelled);
        assert_eq!(again.as_ref().map(Address::key), Ok(address.key()), "{spelled:?}");
    }
}

struct Template {
    certificate: Tree,
    names: Vec<u8>,
}

/// A certificate with these octets as its SAN: the mailboxes that come out are in them, and read the same again.
pub fn san(bytes: &[u8]) {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(2));
        let names = b"\xff the names".to_vec();
        spec.overrides.names = Some(names.clone());
        let person = Authority::root("Root", Key::Ed25519(1)).issue(&spec);
        Template { certificate: Tree::read(person.der()), names }
    });
    let mut tree = template.certificate.clone();
    assert!(tree.replace(&template.names, bytes));
    let der = tree.write();
    let limits = Limits::default();
    bounded(der.len(), READING, || {
        let Ok(certificate) = Certificate::from_der(&der, &limits) else { return };
        let mailboxes = certificate.mailboxes(SubjectEmail::Ignore, &limits);
        for profile in [Profile::Default, Profile::Strict] {
            let _ = check_signer(&certificate, profile, &limits);
            let _ = check_recipient(&certificate, profile, &limits);
        }
        for mailbox in mailboxes.iter().flatten() {
            check(mailbox, mailbox.as_str());
            let spelled = mailbox.as_str().as_bytes();
            assert!(bytes.windows(spelled.len()).any(|window| window == spelled), "a mailbox from nowhere");
        }
        assert!(mailboxes.is_err() || mailboxes == certificate.mailboxes(SubjectEmail::WhenNoMailboxInSan, &limits));
    });
}
