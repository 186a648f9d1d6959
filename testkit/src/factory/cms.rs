use super::certificate::Person;
use super::der::{indefinite, integer, null, octet_string, oid, sequence, set_of, time, tlv};
use super::mail::{Form, SignedMail};
use super::scheme::{Digest, Scheme};

const DATA: &str = "1.2.840.113549.1.7.1";
const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
pub(super) const CAPABILITIES: &str = "1.2.840.113549.1.9.15";
const KEY_PREFERENCE: &str = "1.2.840.113549.1.9.16.2.11";
const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";
const MICROSOFT_KEY_PREFERENCE: &str = "1.3.6.1.4.1.311.16.4";

/// How many octets of content a streaming signer puts into one segment.
const SEGMENT: usize = 1024;

/// How the encryption key preference names its certificate (RFC 8551 2.5.3).
///
/// ```
/// assert_ne!(postseal_testkit::factory::KeyPreference::Standard, postseal_testkit::factory::KeyPreference::Microsoft);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "tests choose one")]
pub enum KeyPreference {
    /// SMIMEEncryptionKeyPreference with issuerAndSerialNumber.
    Standard,
    /// SMIMEEncryptionKeyPreference with receipentKeyId.
    RecipientKeyId,
    /// SMIMEEncryptionKeyPreference with subjectAltKeyIdentifier.
    SubjectKeyId,
    /// Microsoft's attribute, which has issuerAndSerialNumber.
    Microsoft,
}

impl KeyPreference {
    /// The attribute that prefers this person's certificate.
    pub(super) fn attribute(self, person: &Person) -> Vec<u8> {
        let identifier = person.spec.key.identifier();
        match self {
            Self::Standard => attribute(KEY_PREFERENCE, &tlv(0xa0, &[&person.issuer_and_serial()])),
            Self::RecipientKeyId => attribute(KEY_PREFERENCE, &tlv(0xa1, &[&octet_string(&identifier)])),
            Self::SubjectKeyId => attribute(KEY_PREFERENCE, &tlv(0x82, &[&identifier])),
            Self::Microsoft => attribute(MICROSOFT_KEY_PREFERENCE, &sequence(&[&person.issuer_and_serial()])),
        }
    }
}

/// How a SignerInfo names its signer (RFC 5652 5.3).
///
/// ```
/// assert_ne!(postseal_testkit::factory::SignerId::IssuerAndSerial, postseal_testkit::factory::SignerId::KeyIdentifier);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "tests choose one")]
pub enum SignerId {
    /// issuerAndSerialNumber.
    IssuerAndSerial,
    /// subjectKeyIdentifier.
    KeyIdentifier,
}

/// An Attribute with one value.
///
/// ```
/// use postseal_testkit::factory::{attribute, der};
/// assert_eq!(attribute("1.2.3", &der::null()), b"\x30\x08\x06\x02\x2a\x03\x31\x02\x05\x00");
/// ```
#[must_use]
pub fn attribute(dotted: &str, value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(dotted), &tlv(0x31, &[value])])
}

/// SigningCertificateV2 (RFC 5035 3) with SHA-256, the default, and IssuerSerial.
pub(super) fn signing_certificate_v2(person: &Person) -> Vec<u8> {
    let names = sequence(&[&tlv(0xa4, &[&person.issuer])]);
    let serial = person.spec.overrides.serial(person.spec.serial);
    let id = sequence(&[&octet_string(&Digest::Sha256.of(person.der())), &sequence(&[&names, &serial])]);
    attribute(SIGNING_CERTIFICATE_V2, &sequence(&[&sequence(&[&id])]))
}

impl SignedMail {
    /// The CMS object (RFC 5652 5.1).
    ///
    /// # Panics
    /// When a signer's key does not have the digest that is asked for.
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
    /// # let alice = Authority::root("Root", Key::P256(0)).issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// assert_eq!(SignedMail::new("a@goal.example", &alice).cms()[0], 0x30);
    /// ```
    #[must_use]
    pub fn cms(&self) -> Vec<u8> {
        let streamed = matches!(self.form, Form::DetachedBer | Form::OpaqueBer);
        let wrap = |tag: u8, pieces: &[&[u8]]| if streamed { indefinite(tag, pieces) } else { tlv(tag, pieces) };
        let content = match self.form {
            Form::Detached | Form::DetachedBer => Vec::new(),
            Form::Opaque => tlv(0xa0, &[&octet_string(&self.signed_entity())]),
            Form::OpaqueBer => {
                let segments: Vec<Vec<u8>> = self.signed_entity().chunks(SEGMENT).map(octet_string).collect();
                indefinite(0xa0, &[&indefinite(0x24, &[&segments.concat()])])
            }
        };
        let bag = self.bag().concat();
        let certificates = if bag.is_empty() { Vec::new() } else { wrap(0xa0, &[&bag]) };
        let crls = self.crls.concat();
        let crls = if crls.is_empty() { Vec::new() } else { wrap(0xa1, &[&crls]) };
        let digests = self.digests().into_iter().map(Digest::algorithm).collect();
        let signers = self.signers.iter().map(|signer| self.signer_info(signer)).collect();
        let signed_data = wrap(
            0x30,
            &[
                &integer(self.version()),
                &set_of(digests),
                &wrap(0x30, &[&oid(DATA), &content]),
                &certificates,
                &crls,
                &set_of(signers),
            ],
        );
        wrap(0x30, &[&oid(SIGNED_DATA), &wrap(0xa0, &[&signed_data])])
    }

    /// The digests of the signers, each once.
    pub(super) fn digests(&self) -> Vec<Digest> {
        let mut digests = Vec::new();
        for digest in self.signers.iter().map(|signer| self.digest_of(signer)) {
            if !digests.contains(&digest) {
                digests.push(digest);
            }
        }
        digests
    }

    /// The version of the SignedData and of each SignerInfo (RFC 5652 5.1, 5.3).
    const fn version(&self) -> u64 {
        match self.signer_id {
            SignerId::IssuerAndSerial => 1,
            SignerId::KeyIdentifier => 3,
        }
    }

    fn scheme_of(&self, signer: &Person) -> Scheme {
        let usual = signer.spec.key.scheme();
        self.scheme.unwrap_or_else(|| Scheme::with(self.digest.unwrap_or(usual.digest)))
    }

    fn digest_of(&self, signer: &Person) -> Digest {
        self.digest.unwrap_or_else(|| self.scheme_of(signer).digest)
    }

    fn signer_info(&self, signer: &Person) -> Vec<u8> {
        let (key, scheme) = (signer.spec.key, self.scheme_of(signer));
        let signer_id = match self.signer_id {
            SignerId::IssuerAndSerial => sequence(&[&signer.issuer_and_serial()]),
            SignerId::KeyIdentifier => tlv(0x80, &[&key.identifier()]),
        };
        let (implicit, signed) = if self.has_attributes {
            let attributes = set_of(self.attributes(signer));
            // Signed as a SET OF, sent as [0] IMPLICIT (RFC 5652 5.4).
            ([&[0xa0], &attributes[1..]].concat(), attributes)
        } else {
            (Vec::new(), self.signed_entity())
        };
        let algorithm = if self.rsa_encryption {
            sequence(&[&oid(RSA_ENCRYPTION), &null()])
        } else {
            scheme.algorithm(key.algorithm())
        };
        sequence(&[
            &integer(self.version()),
            &signer_id,
            &self.digest_of(signer).algorithm(),
            &implicit,
            &algorithm,
            &octet_string(&key.sign(scheme, &signed)),
        ])
    }

    fn attributes(&self, signer: &Person) -> Vec<Vec<u8>> {
        let mut attributes = vec![
            attribute(CONTENT_TYPE, &oid(DATA)),
            attribute(MESSAGE_DIGEST, &octet_string(&self.digest_of(signer).of(&self.signed_entity()))),
            attribute(SIGNING_TIME, &time(&self.signing_time)),
            attribute(CAPABILITIES, &capabilities(&[46, 42])),
        ];
        attributes.extend(self.preference.clone());
        attributes.extend(self.signing_certificate.clone());
        attributes.retain(|attribute| !self.omitted.iter().any(|dotted| is_of(attribute, dotted)));
        let again: Vec<Vec<u8>> = self
            .repeated
            .iter()
            .flat_map(|dotted| attributes.iter().filter(move |attribute| is_of(attribute, dotted)))
            .cloned()
            .collect();
        [attributes, again, self.extra_attributes.clone()].concat()
    }
}

/// Whether an encoded attribute is of this type.
fn is_of(attribute: &[u8], dotted: &str) -> bool {
    let header = if attribute[1] < 0x80 { 2 } else { 2 + usize::from(attribute[1] & 0x7f) };
    attribute[header..].starts_with(&oid(dotted))
}

/// SMIMECapabilities of NIST's AES algorithms, by the last arcs of their identifiers (RFC 8551 2.5.2).
pub(super) fn capabilities(aes: &[u64]) -> Vec<u8> {
    let each = |last: &u64| sequence(&[&oid(&format!("2.16.840.1.101.3.4.1.{last}"))]);
    sequence(&[&aes.iter().flat_map(each).collect::<Vec<u8>>()])
}
