//! No bit of what is signed can be another one.

use super::*;
use crate::element::{children, content, signed_data};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postseal_testkit::factory::{Form, KeyPreference, KeyUse, SignedMail};
use std::ops::Range;

/// A good mail, taken apart.
struct Control {
    name: &'static str,
    mail: Vec<u8>,
    cms: Vec<u8>,
    /// Where the base64 of the object stands in the mail.
    base64: Range<usize>,
    /// Where the content stands in the mail; in a detached one only.
    entity: Option<Range<usize>>,
}

impl Control {
    fn new(name: &'static str, mail: &SignedMail) -> Self {
        let (octets, cms, entity) = (mail.build(), mail.cms(), mail.signed_entity());
        let label = octets.windows(6).rposition(|window| window == b"base64").unwrap();
        let find =
            |from: usize, text: &[u8]| octets[from..].windows(4).position(|window| window == text).map(|at| from + at);
        let start = find(label, b"\r\n\r\n").unwrap() + 4;
        let end = find(start, b"\r\n--").unwrap_or(octets.len());
        let entity = octets.windows(entity.len()).position(|window| window == entity).map(|at| at..at + entity.len());
        let control = Self { name, mail: octets, cms, base64: start..end, entity };
        assert_eq!(import(&engine(), &control.with_object(&control.cms), at(NOW)).outcome, Outcome::Imported, "{name}");
        control
    }

    fn with_object(&self, cms: &[u8]) -> Vec<u8> {
        let lines: Vec<u8> =
            STANDARD.encode(cms).into_bytes().chunks(64).flat_map(|line| [line, b"\r\n"].concat()).collect();
        [&self.mail[..self.base64.start], &lines, &self.mail[self.base64.end..]].concat()
    }

    /// Where the octets are that a signature protects: content, signed attributes, signature values, and the certificates
    /// that were given.
    fn protected(&self, certificates: &[&[u8]]) -> Vec<Range<usize>> {
        let fields = signed_data(&self.cms);
        let signer = children(&self.cms, fields.last().unwrap().start).remove(0);
        let signer = children(&self.cms, signer.start);
        let mut protected = vec![content(&self.cms, signer[3].start), content(&self.cms, signer[5].start)];
        // The content of an opaque one: EncapsulatedContentInfo, [0], OCTET STRING.
        if let Some(explicit) = children(&self.cms, fields[2].start).get(1) {
            protected.push(content(&self.cms, children(&self.cms, explicit.start)[0].start));
        }
        for certificate in certificates {
            let at = self.cms.windows(certificate.len()).position(|window| window == *certificate).unwrap();
            protected.push(at..at + certificate.len());
        }
        protected
    }
}

fn controls() -> Vec<(Control, Vec<Vec<u8>>)> {
    let signer = |key| root().issue(&CertSpec::mailbox(ALICE, key));
    let (rsa, ec, p384) = (signer(Key::Rsa(1)), alice(), signer(Key::P384(1)));
    let only = |key_use, key, serial| CertSpec { key_use, serial, ..CertSpec::mailbox(ALICE, key) };
    let signs = root().issue(&only(KeyUse::Sign, Key::P256(2), 7));
    let encrypts = root().issue(&only(KeyUse::Encrypt, Key::Rsa(2), 8));
    let dual = SignedMail::new(FROM, &signs).prefers(&encrypts, KeyPreference::Standard, true);
    let of = |person: &Person| vec![person.der().to_vec()];
    vec![
        (Control::new("RSA, detached", &SignedMail::new(FROM, &rsa)), of(&rsa)),
        (Control::new("RSA, opaque", &SignedMail::new(FROM, &rsa).form(Form::Opaque)), of(&rsa)),
        (Control::new("P-256, detached", &SignedMail::new(FROM, &ec)), of(&ec)),
        (Control::new("P-384, opaque", &SignedMail::new(FROM, &p384).form(Form::Opaque)), of(&p384)),
        (Control::new("two certificates", &dual), [of(&signs), of(&encrypts)].concat()),
    ]
}

/// Every octet with another bit; `POSTSEAL_CASES=8` takes all bits of each.
// hardening: D2
#[test]
fn no_flipped_bit_is_imported() {
    let engine = engine();
    let bits: usize = std::env::var("POSTSEAL_CASES").ok().and_then(|bits| bits.parse().ok()).unwrap_or(1).min(8);
    let mut tried = 0;
    for (control, certificates) in controls() {
        let certificates: Vec<&[u8]> = certificates.iter().map(Vec::as_slice).collect();
        let mut refused = |mail: &[u8], place: &str, octet: usize, bit: usize| {
            tried += 1;
            let report = import(&engine, mail, at(NOW));
            assert_ne!(report.outcome, Outcome::Imported, "{}: {place}, octet {octet}, bit {bit}", control.name);
        };
        for octet in control.protected(&certificates).into_iter().flatten() {
            for bit in (0..bits).map(|bit| (octet + bit) % 8) {
                let mut cms = control.cms.clone();
                cms[octet] ^= 1 << bit;
                refused(&control.with_object(&cms), "object", octet, bit);
            }
        }
        for octet in control.entity.clone().into_iter().flatten() {
            for bit in (0..bits).map(|bit| (octet + bit) % 8) {
                let mut mail = control.mail.clone();
                mail[octet] ^= 1 << bit;
                refused(&mail, "content", octet, bit);
            }
        }
    }
    assert!(tried > 5_000 * bits, "{tried}");
    println!("{tried} mails with one other bit, none imported");
}
