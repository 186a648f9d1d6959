use super::der::{bit_string, integer, octet_string, oid, sequence, time, tlv};
use super::key::Key;
use base64::Engine as _;

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
}

/// One name of a subjectAltName.
///
/// ```
/// use postseal_testkit::factory::Name;
/// let name = Name::Rfc822(b"alice@goal.example".to_vec());
/// # let _ = name;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "tests choose one")]
pub enum Name {
    /// An rfc822Name with these octets, whatever they are.
    Rfc822(Vec<u8>),
    /// A SmtpUTF8Mailbox (RFC 9598).
    SmtpUtf8Mailbox(String),
    /// A whole GeneralName, encoded.
    Raw(Vec<u8>),
}

impl Name {
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Rfc822(octets) => tlv(0x81, &[octets]),
            Self::SmtpUtf8Mailbox(text) => {
                let kind = oid(&[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x09]);
                tlv(0xa0, &[&kind, &tlv(0xa0, &[&tlv(0x0c, &[text.as_bytes()])])])
            }
            Self::Raw(octets) => octets.clone(),
        }
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
    /// The subjectAltName.
    pub names: Vec<Name>,
    /// The key.
    pub key: Key,
    /// Key usage.
    pub key_use: KeyUse,
    /// Start of the validity (RFC 3339).
    pub not_before: String,
    /// End of the validity (RFC 3339).
    pub not_after: String,
    /// Serial number.
    pub serial: u64,
}

impl CertSpec {
    /// For one mailbox, to sign and encrypt, valid from 2026 to 2036.
    ///
    /// ```
    /// use postseal_testkit::factory::{CertSpec, Key};
    /// assert_eq!(CertSpec::mailbox("a@goal.example", Key::P256(1)).names.len(), 1);
    /// ```
    #[must_use]
    pub fn mailbox(mailbox: &str, key: Key) -> Self {
        Self {
            subject: mailbox.split('@').next().unwrap_or_default().to_owned(),
            names: vec![Name::Rfc822(mailbox.as_bytes().to_vec())],
            key,
            key_use: KeyUse::SignAndEncrypt,
            not_before: "2026-01-01T00:00:00Z".to_owned(),
            not_after: "2036-01-01T00:00:00Z".to_owned(),
            serial: 4096,
        }
    }
}

/// A CA: its certificate and key.
///
/// ```
/// use postseal_testkit::factory::{Authority, CertSpec, Key};
/// let root = Authority::root("Root", Key::Rsa(0));
/// let alice = root.issue(&CertSpec::mailbox("alice@goal.example", Key::Rsa(1)));
/// assert!(root.pem().starts_with("-----BEGIN CERTIFICATE-----"));
/// assert!(!alice.der().is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct Authority {
    name: Vec<u8>,
    key: Key,
    der: Vec<u8>,
}

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
    pub(super) serial: u64,
    pub(super) key: Key,
    der: Vec<u8>,
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
}

impl Authority {
    /// A self-signed root, valid from 2025 to 2045.
    ///
    /// ```
    /// use postseal_testkit::factory::{Authority, Key};
    /// assert!(!Authority::root("Root", Key::P256(0)).der().is_empty());
    /// ```
    #[must_use]
    pub fn root(subject: &str, key: Key) -> Self {
        let name = name(subject);
        let der =
            certificate(&name, key, &name, key, 1, ["2025-01-01T00:00:00Z", "2045-01-01T00:00:00Z"], &ca_extensions());
        Self { name, key, der }
    }

    /// A CA below this one.
    ///
    /// ```
    /// use postseal_testkit::factory::{Authority, Key};
    /// let root = Authority::root("Root", Key::P256(0));
    /// assert_ne!(root.authority("CA", Key::P256(1)).der(), root.der());
    /// ```
    #[must_use]
    pub fn authority(&self, subject: &str, key: Key) -> Self {
        let name = name(subject);
        let validity = ["2025-01-01T00:00:00Z", "2045-01-01T00:00:00Z"];
        let der = certificate(&self.name, self.key, &name, key, 2, validity, &ca_extensions());
        Self { name, key, der }
    }

    /// The public key, as a SubjectPublicKeyInfo.
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, Key};
    /// assert_eq!(Authority::root("A", Key::P256(1)).public_key(), Authority::root("B", Key::P256(1)).public_key());
    /// ```
    #[must_use]
    pub fn public_key(&self) -> Vec<u8> {
        self.key.public_key_info()
    }

    /// A person's certificate.
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key};
    /// let alice = Authority::root("Root", Key::P256(0)).issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// # let _ = alice;
    /// ```
    #[must_use]
    pub fn issue(&self, spec: &CertSpec) -> Person {
        let validity = [spec.not_before.as_str(), spec.not_after.as_str()];
        let subject = name(&spec.subject);
        let der =
            certificate(&self.name, self.key, &subject, spec.key, spec.serial, validity, &person_extensions(spec));
        Person { issuer: self.name.clone(), serial: spec.serial, key: spec.key, der }
    }

    /// The same certificate with the twin of its ECDSA signature, as anybody can make it: other bytes, equally valid.
    ///
    /// # Panics
    /// When this CA does not sign with ECDSA.
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key};
    /// let (root, spec) = (Authority::root("Root", Key::P256(1)), CertSpec::mailbox("a@goal.example", Key::P256(2)));
    /// assert_ne!(root.issue(&spec).der(), root.issue_twin(&spec).der());
    /// ```
    #[must_use]
    pub fn issue_twin(&self, spec: &CertSpec) -> Person {
        let mut person = self.issue(spec);
        // The signature is the last field; its length has one octet for P-256.
        let signed =
            (0..person.der.len()).rev().find(|at| p256::ecdsa::Signature::from_der(&person.der[*at..]).is_ok());
        let at = signed.expect("the certificate is signed with ECDSA");
        let signature = p256::ecdsa::Signature::from_der(&person.der[at..]).expect("it was just read");
        let twin = p256::ecdsa::Signature::from_scalars(signature.r().to_bytes(), (-*signature.s()).to_bytes());
        let bits = bit_string(twin.expect("the twin is a signature").to_der().as_bytes());
        let tbs_and_algorithm = tbs_and_algorithm(&person.der);
        person.der = sequence(&[tbs_and_algorithm, &bits]);
        person
    }

    /// The certificate.
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, Key};
    /// assert_eq!(Authority::root("Root", Key::P256(0)).der()[0], 0x30);
    /// ```
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate in PEM.
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, Key};
    /// assert!(Authority::root("Root", Key::P256(0)).pem().ends_with("-----END CERTIFICATE-----\n"));
    /// ```
    #[must_use]
    pub fn pem(&self) -> String {
        let text = base64::engine::general_purpose::STANDARD.encode(&self.der);
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }
}

/// What stands before the signature of a certificate whose outer length and signature have the forms of P-256.
fn tbs_and_algorithm(der: &[u8]) -> &[u8] {
    let content = &der[4..];
    let tbs = 4 + (usize::from(content[2]) << 8 | usize::from(content[3]));
    let algorithm = 2 + usize::from(content[tbs + 1]);
    &content[..tbs + algorithm]
}

/// A Name with an organisation and a common name.
fn name(common: &str) -> Vec<u8> {
    let attribute =
        |last: u8, value: &str| tlv(0x31, &[&sequence(&[&oid(&[0x55, 4, last]), &tlv(0x0c, &[value.as_bytes()])])]);
    sequence(&[&attribute(10, "postseal test"), &attribute(3, common)])
}

fn extension(last: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { tlv(0x01, &[&[0xff]]) } else { Vec::new() };
    sequence(&[&oid(&[0x55, 0x1d, last]), &critical, &octet_string(value)])
}

fn ca_extensions() -> Vec<Vec<u8>> {
    let is_ca = sequence(&[&tlv(0x01, &[&[0xff]])]);
    vec![extension(19, true, &is_ca), extension(15, true, &tlv(0x03, &[&[1, 0x06]]))]
}

fn person_extensions(spec: &CertSpec) -> Vec<Vec<u8>> {
    let encrypt = if matches!(spec.key, Key::Rsa(_)) { 0x20 } else { 0x08 };
    let usage = match spec.key_use {
        KeyUse::Sign => 0x80,
        KeyUse::Encrypt => encrypt,
        KeyUse::SignAndEncrypt => 0x80 | encrypt,
    };
    let names: Vec<Vec<u8>> = spec.names.iter().map(Name::encode).collect();
    let mail = oid(&[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x04]);
    vec![
        extension(15, true, &tlv(0x03, &[&[3, usage]])),
        extension(37, false, &sequence(&[&mail])),
        extension(17, false, &sequence(&[&names.concat()])),
    ]
}

fn certificate(
    issuer: &[u8],
    issuer_key: Key,
    subject: &[u8],
    key: Key,
    serial: u64,
    [not_before, not_after]: [&str; 2],
    extensions: &[Vec<u8>],
) -> Vec<u8> {
    let tbs = sequence(&[
        &tlv(0xa0, &[&integer(2)]),
        &integer(serial),
        &issuer_key.algorithm(),
        issuer,
        &sequence(&[&time(not_before), &time(not_after)]),
        subject,
        &key.public_key_info(),
        &tlv(0xa3, &[&sequence(&[&extensions.concat()])]),
    ]);
    sequence(&[&tbs, &issuer_key.algorithm(), &bit_string(&issuer_key.sign(&tbs))])
}
