use crate::keys::{Flavour, SecretKey};
use postseal_testkit::factory::der::{bit_string, integer, named_bits, octet_string, oid, sequence, time, tlv, yes};
use postseal_testkit::factory::{Digest, distinguished_name, extension};

const EMAIL_PROTECTION: &str = "1.3.6.1.5.5.7.3.4";
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

/// A CA with its key.
pub struct Authority {
    flavour: Flavour,
    key: SecretKey,
    name: Vec<u8>,
    pub der: Vec<u8>,
}

/// Somebody with a certificate.
pub struct Person {
    pub flavour: Flavour,
    pub key: SecretKey,
    pub address: String,
    pub issuer: Vec<u8>,
    pub serial: Vec<u8>,
    pub der: Vec<u8>,
}

/// What a certificate says beside who signs it.
struct Subject<'a> {
    serial: &'a [u8],
    name: &'a [u8],
    key: &'a SecretKey,
    extensions: Vec<Vec<u8>>,
}

impl Authority {
    pub fn root(flavour: Flavour, key: SecretKey) -> Self {
        let name = distinguished_name(&format!("Bench {} Root CA", flavour.name()), None);
        let unsigned = Self { flavour, key: key.clone(), name: name.clone(), der: Vec::new() };
        let extensions = vec![basic_constraints(None), key_usage(0x0600), subject_key_identifier(&key)];
        let der = unsigned.certify(&Subject { serial: &integer(1), name: &name, key: &key, extensions });
        Self { der, ..unsigned }
    }

    pub fn authority(&self, number: usize, key: SecretKey) -> Self {
        let name = distinguished_name(&format!("Bench {} Issuing CA {number}", self.flavour.name()), None);
        let extensions = vec![
            basic_constraints(Some(0)),
            key_usage(0x0600),
            extended_key_usage(),
            subject_key_identifier(&key),
            authority_key_identifier(&self.key),
        ];
        let serial = serial(&format!("ca {number}"));
        let der = self.certify(&Subject { serial: &serial, name: &name, key: &key, extensions });
        Self { flavour: self.flavour, key, name, der }
    }

    pub fn person(&self, number: usize, key: &SecretKey) -> Person {
        let address = format!("person.{number:04}@{}-{:02}.bench.example", self.flavour.name(), number % 37);
        let serial = serial(&address);
        let name = distinguished_name(&format!("Person {number}"), None);
        let usage = if self.flavour == Flavour::Rsa { 0xa000 } else { 0x8800 };
        let names = sequence(&[&tlv(0x81, &[address.as_bytes()])]);
        let policy = sequence(&[&sequence(&[&oid("2.23.140.1.5.1.2")])]);
        let list = tlv(0x86, &[b"http://pki.bench.example/issuing.crl"]);
        let distribution = sequence(&[&sequence(&[&tlv(0xa0, &[&tlv(0xa0, &[&list])])])]);
        let extensions = vec![
            key_usage(usage),
            extended_key_usage(),
            extension("2.5.29.17", false, &names),
            extension("2.5.29.32", false, &policy),
            extension("2.5.29.31", false, &distribution),
            subject_key_identifier(key),
            authority_key_identifier(&self.key),
        ];
        let der = self.certify(&Subject { serial: &serial, name: &name, key, extensions });
        Person { flavour: self.flavour, key: key.clone(), address, issuer: self.name.clone(), serial, der }
    }

    fn certify(&self, subject: &Subject<'_>) -> Vec<u8> {
        let algorithm = self.flavour.signature_algorithm();
        let tbs = sequence(&[
            &tlv(0xa0, &[&integer(2)]),
            subject.serial,
            &algorithm,
            &self.name,
            &sequence(&[&time("2025-01-01T00:00:00Z"), &time("2045-01-01T00:00:00Z")]),
            subject.name,
            &subject.key.public_key_info(),
            &tlv(0xa3, &[&sequence(&[&subject.extensions.concat()])]),
        ]);
        sequence(&[&tbs, &algorithm, &bit_string(&self.key.sign(&tbs))])
    }
}

/// Sixteen octets that nobody else has.
fn serial(owner: &str) -> Vec<u8> {
    let mut octets = Digest::Sha256.of(owner.as_bytes())[..16].to_vec();
    octets[0] = octets[0] & 0x3f | 0x40;
    tlv(0x02, &[&octets])
}

fn key_identifier(key: &SecretKey) -> Vec<u8> {
    Digest::Sha1.of(&key.public_key_info())
}

fn subject_key_identifier(key: &SecretKey) -> Vec<u8> {
    extension("2.5.29.14", false, &octet_string(&key_identifier(key)))
}

fn authority_key_identifier(key: &SecretKey) -> Vec<u8> {
    extension("2.5.29.35", false, &sequence(&[&tlv(0x80, &[&key_identifier(key)])]))
}

fn basic_constraints(path_length: Option<u64>) -> Vec<u8> {
    let length = path_length.map(integer).unwrap_or_default();
    extension("2.5.29.19", true, &sequence(&[&yes(), &length]))
}

fn key_usage(bits: u16) -> Vec<u8> {
    extension("2.5.29.15", true, &named_bits(bits))
}

fn extended_key_usage() -> Vec<u8> {
    extension("2.5.29.37", false, &sequence(&[&oid(EMAIL_PROTECTION), &oid(CLIENT_AUTH)]))
}
