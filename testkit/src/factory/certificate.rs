use super::der::{bit_string, integer, named_bits, octet_string, oid, sequence, time, tlv, yes};
use super::key::{Key, KeyAlgorithm};
use super::name::{Name, distinguished_name};
use super::scheme::Scheme;

/// What a certificate may be used for.
///
/// ```
/// assert_ne!(postseal_testkit::factory::KeyUse::Sign, postseal_testkit::factory::KeyUse::SignAndEncrypt);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "tests choose one")]
pub enum KeyUse {
    /// digitalSignature.
    Sign,
    /// keyEncipherment (RSA) or keyAgreement (EC).
    Encrypt,
    /// Both.
    SignAndEncrypt,
    /// These bits: 0x8000 is bit 0, digitalSignature (RFC 5280 4.2.1.3).
    Bits(u16),
    /// No keyUsage extension.
    Absent,
}

/// What makes a certificate odd. Nothing, unless a test sets it.
///
/// ```
/// use postseal_testkit::factory::{CertSpec, Key};
/// let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(1));
/// spec.overrides.serial = Some(vec![0xff]); // minus one
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "tests set what they are about")]
pub struct Overrides {
    /// The version number as people say it, instead of 3. Version 1 is written by leaving the field out.
    pub version: Option<u8>,
    /// The content octets of the serial number.
    pub serial: Option<Vec<u8>>,
    /// The whole subject, encoded.
    pub subject: Option<Vec<u8>>,
    /// What the subjectAltName extension holds, encoded or not.
    pub names: Option<Vec<u8>>,
    /// Whole Extensions, after the others; see [`extension`].
    pub extra_extensions: Vec<Vec<u8>>,
    /// Whole Extensions, instead of all others. None at all when empty.
    pub extensions: Option<Vec<Vec<u8>>>,
    /// How the issuer signs, instead of the way of its key.
    pub signature: Option<Scheme>,
    /// Breaks the signature.
    pub broken_signature: bool,
}

impl Overrides {
    pub(super) fn serial(&self, number: u64) -> Vec<u8> {
        self.serial.as_ref().map_or_else(|| integer(number), |octets| tlv(0x02, &[octets]))
    }

    pub(super) fn extensions(&self, usual: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        self.extensions.clone().unwrap_or_else(|| [usual, self.extra_extensions.clone()].concat())
    }
}

/// What a person's certificate is to say. Start from [`CertSpec::mailbox`] and change what the test is about.
///
/// ```
/// use postseal_testkit::factory::{CertSpec, Key};
/// let mut spec = CertSpec::mailbox("alice@goal.example", Key::Rsa(1));
/// spec.not_after = "2027-01-01T00:00:00Z".to_owned();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "tests set what they are about")]
pub struct CertSpec {
    /// The common name.
    pub subject: String,
    /// The emailAddress of the subject.
    pub subject_email: Option<String>,
    /// The subjectAltName; no extension when empty.
    pub names: Vec<Name>,
    /// The key.
    pub key: Key,
    /// Key usage.
    pub key_use: KeyUse,
    /// The extended key usage, dotted; no extension when empty.
    pub extended_key_usage: Vec<String>,
    /// Start of the validity (RFC 3339).
    pub not_before: String,
    /// End of the validity (RFC 3339).
    pub not_after: String,
    /// Serial number.
    pub serial: u64,
    /// Oddities.
    pub overrides: Overrides,
}

impl CertSpec {
    /// For one mailbox, to sign and (if the key can) to encrypt, valid from 2026 to 2036.
    ///
    /// ```
    /// use postseal_testkit::factory::{CertSpec, Key};
    /// assert_eq!(CertSpec::mailbox("a@goal.example", Key::P256(1)).names.len(), 1);
    /// ```
    #[must_use]
    pub fn mailbox(mailbox: &str, key: Key) -> Self {
        Self {
            subject: mailbox.split('@').next().unwrap_or_default().to_owned(),
            subject_email: None,
            names: vec![Name::Rfc822(mailbox.as_bytes().to_vec())],
            key,
            key_use: match key {
                Key::Ed25519(_) => KeyUse::Sign,
                Key::X25519(_) => KeyUse::Encrypt,
                _ => KeyUse::SignAndEncrypt,
            },
            extended_key_usage: vec![EMAIL_PROTECTION.to_owned()],
            not_before: "2026-01-01T00:00:00Z".to_owned(),
            not_after: "2036-01-01T00:00:00Z".to_owned(),
            serial: 4096,
            overrides: Overrides::default(),
        }
    }

    pub(super) fn subject(&self) -> Vec<u8> {
        let usual = || distinguished_name(&self.subject, self.subject_email.as_deref());
        self.overrides.subject.clone().unwrap_or_else(usual)
    }

    pub(super) fn extensions(&self, issuer: Key) -> Vec<Vec<u8>> {
        let names = match &self.overrides.names {
            Some(octets) => vec![extension("2.5.29.17", false, octets)],
            None if self.names.is_empty() => Vec::new(),
            None => {
                let names: Vec<Vec<u8>> = self.names.iter().map(Name::encode).collect();
                vec![extension("2.5.29.17", false, &sequence(&[&names.concat()]))]
            }
        };
        let usual = [
            key_usage(self.key_use, self.key),
            extended_key_usage(&self.extended_key_usage),
            names,
            key_identifiers(self.key, issuer),
        ];
        self.overrides.extensions(usual.concat())
    }
}

const EMAIL_PROTECTION: &str = "1.3.6.1.5.5.7.3.4";

/// A person: his certificate and key.
///
/// ```
/// use postseal_testkit::factory::{Authority, CertSpec, Key};
/// let alice = Authority::root("Root", Key::P256(0)).issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
/// assert_eq!(alice.der(), alice.clone().der());
/// ```
#[derive(Clone, Debug)]
pub struct Person {
    pub(super) issuer: Vec<u8>,
    pub(super) spec: CertSpec,
    pub(super) der: Vec<u8>,
}

impl Person {
    /// The certificate.
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key};
    /// let alice = Authority::root("Root", Key::P256(0)).issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// assert_eq!(alice.der()[0], 0x30);
    /// ```
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// What the certificate was made from, to issue one that differs in something.
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key};
    /// let alice = Authority::root("Root", Key::P256(0)).issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// assert_eq!(alice.spec().serial, 4096);
    /// ```
    #[must_use]
    pub const fn spec(&self) -> &CertSpec {
        &self.spec
    }

    /// What a successor is to say: the next serial number, this validity, and the same key or a new one.
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key};
    /// let root = Authority::root("Root", Key::P256(0));
    /// let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let validity = ["2035-06-01T00:00:00Z", "2037-06-01T00:00:00Z"];
    /// let renewed = root.issue(&alice.renewal(validity, None));
    /// assert_eq!((renewed.spec().serial, renewed.spec().key), (4097, Key::P256(1)));
    /// ```
    #[must_use]
    pub fn renewal(&self, [not_before, not_after]: [&str; 2], new_key: Option<Key>) -> CertSpec {
        CertSpec {
            serial: self.spec.serial + 1,
            key: new_key.unwrap_or(self.spec.key),
            not_before: not_before.to_owned(),
            not_after: not_after.to_owned(),
            ..self.spec.clone()
        }
    }

    /// The fields of IssuerAndSerialNumber, without their SEQUENCE.
    pub(super) fn issuer_and_serial(&self) -> Vec<u8> {
        [self.issuer.clone(), self.spec.overrides.serial(self.spec.serial)].concat()
    }
}

/// An Extension.
///
/// ```
/// use postseal_testkit::factory::{extension, der};
/// let unknown = extension("1.3.6.1.4.1.99999.1", true, &der::null());
/// assert_eq!(unknown[0], 0x30);
/// ```
#[must_use]
pub fn extension(dotted: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { yes() } else { Vec::new() };
    sequence(&[&oid(dotted), &critical, &octet_string(value)])
}

pub(super) fn key_usage(key_use: KeyUse, key: Key) -> Vec<Vec<u8>> {
    let encrypt = if key.algorithm() == KeyAlgorithm::Rsa2048 { 0x2000 } else { 0x0800 };
    let bits = match key_use {
        KeyUse::Sign => 0x8000,
        KeyUse::Encrypt => encrypt,
        KeyUse::SignAndEncrypt => 0x8000 | encrypt,
        KeyUse::Bits(bits) => bits,
        KeyUse::Absent => return Vec::new(),
    };
    vec![extension("2.5.29.15", true, &named_bits(bits))]
}

pub(super) fn extended_key_usage(purposes: &[String]) -> Vec<Vec<u8>> {
    if purposes.is_empty() {
        return Vec::new();
    }
    let purposes: Vec<Vec<u8>> = purposes.iter().map(|dotted| oid(dotted)).collect();
    vec![extension("2.5.29.37", false, &sequence(&[&purposes.concat()]))]
}

/// subjectKeyIdentifier and authorityKeyIdentifier.
pub(super) fn key_identifiers(key: Key, issuer: Key) -> Vec<Vec<u8>> {
    vec![
        extension("2.5.29.14", false, &octet_string(&key.identifier())),
        extension("2.5.29.35", false, &sequence(&[&tlv(0x80, &[&issuer.identifier()])])),
    ]
}

/// The fields of a TBSCertificate that differ between people and CAs.
pub(super) struct Fields<'a> {
    pub(super) serial: Vec<u8>,
    pub(super) issuer: &'a [u8],
    pub(super) issuer_key: Key,
    pub(super) validity: [&'a str; 2],
    pub(super) subject: Vec<u8>,
    pub(super) key: Key,
    pub(super) extensions: Vec<Vec<u8>>,
    pub(super) overrides: &'a Overrides,
}

impl Fields<'_> {
    /// TBSCertificate, AlgorithmIdentifier and signature value.
    pub(super) fn sign(&self) -> [Vec<u8>; 3] {
        let scheme = self.overrides.signature.unwrap_or_else(|| self.issuer_key.scheme());
        let algorithm = scheme.algorithm(self.issuer_key.algorithm());
        let version = match self.overrides.version.unwrap_or(3) {
            1 => Vec::new(),
            version => tlv(0xa0, &[&integer(u64::from(version.wrapping_sub(1)))]),
        };
        let extensions =
            if self.extensions.is_empty() { Vec::new() } else { tlv(0xa3, &[&sequence(&[&self.extensions.concat()])]) };
        let tbs = sequence(&[
            &version,
            &self.serial,
            &algorithm,
            self.issuer,
            &sequence(&[&time(self.validity[0]), &time(self.validity[1])]),
            &self.subject,
            &self.key.public_key_info(),
            &extensions,
        ]);
        let mut signature = self.issuer_key.sign(scheme, &tbs);
        if self.overrides.broken_signature {
            *signature.last_mut().unwrap() ^= 1;
        }
        [tbs, algorithm, signature]
    }
}

/// The Certificate of these three.
pub(super) fn assemble([tbs, algorithm, signature]: &[Vec<u8>; 3]) -> Vec<u8> {
    sequence(&[tbs, algorithm, &bit_string(signature)])
}
