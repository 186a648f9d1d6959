use super::authority::Authority;
use super::certificate::Person;
use super::cms::{CAPABILITIES, KeyPreference, SignerId, attribute, capabilities, signing_certificate_v2};
use super::scheme::{Digest, Scheme};

/// How the signature stands in the mail.
///
/// ```
/// assert_ne!(postseal_testkit::factory::Form::Detached, postseal_testkit::factory::Form::OpaqueBer);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "tests choose one")]
pub enum Form {
    /// multipart/signed, DER.
    Detached,
    /// multipart/signed, indefinite lengths.
    DetachedBer,
    /// application/pkcs7-mime, DER.
    Opaque,
    /// application/pkcs7-mime as streaming signers write it: indefinite lengths, content in segments of 1 KiB.
    OpaqueBer,
}

/// The transfer encoding of the part with the CMS object.
///
/// ```
/// assert_ne!(postseal_testkit::factory::TransferEncoding::Base64, postseal_testkit::factory::TransferEncoding::Binary);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "tests choose one")]
pub enum TransferEncoding {
    /// base64, lines of 64.
    Base64,
    /// quoted-printable, every octet escaped.
    QuotedPrintable,
    /// The octets as they are.
    Binary,
    /// The octets as they are under a label that is not true.
    SevenBit,
}

impl TransferEncoding {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::QuotedPrintable => "quoted-printable",
            Self::Binary => "binary",
            Self::SevenBit => "7bit",
        }
    }
}

/// A signed mail in the making.
///
/// ```
/// use postseal_testkit::factory::{Authority, CertSpec, Form, Key, SignedMail};
/// let root = Authority::root("Root", Key::P256(0));
/// let alice = root.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(1)));
/// let mail = SignedMail::new("Alice <alice@goal.example>", &alice).form(Form::OpaqueBer).build();
/// assert!(mail.starts_with(b"From: Alice <alice@goal.example>\r\n"));
/// ```
#[derive(Clone, Debug)]
pub struct SignedMail {
    pub(super) from: String,
    pub(super) subject: String,
    pub(super) headers: Vec<String>,
    body: Vec<u8>,
    entity: Option<Vec<u8>>,
    pub(super) form: Form,
    pub(super) transfer_encoding: TransferEncoding,
    pub(super) line_feeds: bool,
    pub(super) smime_type: Option<String>,
    pub(super) protocol: Option<String>,
    pub(super) micalg: Option<String>,
    pub(super) signers: Vec<Person>,
    pub(super) signer_id: SignerId,
    has_signer_certificates: bool,
    certificates: Vec<Vec<u8>>,
    pub(super) crls: Vec<Vec<u8>>,
    pub(super) digest: Option<Digest>,
    pub(super) scheme: Option<Scheme>,
    pub(super) rsa_encryption: bool,
    pub(super) has_attributes: bool,
    pub(super) signing_time: String,
    pub(super) preference: Option<Vec<u8>>,
    pub(super) signing_certificate: Option<Vec<u8>>,
    pub(super) omitted: Vec<String>,
    pub(super) repeated: Vec<String>,
    pub(super) extra_attributes: Vec<Vec<u8>>,
}

impl SignedMail {
    /// From `from`, signed by `signer`, whose certificate goes into the bag: detached, base64, with the usual attributes.
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
    /// # let alice = Authority::root("Root", Key::P256(0)).issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// assert!(!SignedMail::new("a@goal.example", &alice).build().is_empty());
    /// ```
    #[must_use]
    pub fn new(from: &str, signer: &Person) -> Self {
        Self {
            from: from.to_owned(),
            subject: "signed".to_owned(),
            headers: Vec::new(),
            body: b"Hello,\r\n\r\nthis mail is signed.\r\n".to_vec(),
            entity: None,
            form: Form::Detached,
            transfer_encoding: TransferEncoding::Base64,
            line_feeds: false,
            smime_type: None,
            protocol: None,
            micalg: None,
            signers: vec![signer.clone()],
            signer_id: SignerId::IssuerAndSerial,
            has_signer_certificates: true,
            certificates: Vec::new(),
            crls: Vec::new(),
            digest: None,
            scheme: None,
            rsa_encryption: false,
            has_attributes: true,
            signing_time: "2026-05-01T12:00:00Z".to_owned(),
            preference: None,
            signing_certificate: None,
            omitted: Vec::new(),
            repeated: Vec::new(),
            extra_attributes: Vec::new(),
        }
    }

    /// In this form.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().form(Form::Opaque).build());
    /// ```
    #[must_use]
    pub const fn form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    /// With this Subject.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().subject("x").build());
    /// ```
    #[must_use]
    pub fn subject(mut self, subject: &str) -> Self {
        self.subject = subject.to_owned();
        self
    }

    /// With one more header line, without its line end.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().header("Sender: b@goal.example").build());
    /// ```
    #[must_use]
    pub fn header(mut self, line: &str) -> Self {
        self.headers.push(line.to_owned());
        self
    }

    /// With this text, lines ended by CR LF.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().body(b"short\r\n").build());
    /// ```
    #[must_use]
    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    /// With this signed entity, MIME headers and all, instead of a text. Lines end with CR LF.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().entity(b"Content-Type: text/html\r\n\r\n<p>\r\n").build());
    /// ```
    #[must_use]
    pub fn entity(mut self, entity: &[u8]) -> Self {
        self.entity = Some(entity.to_vec());
        self
    }

    /// With this transfer encoding of the CMS object.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().transfer_encoding(TransferEncoding::Binary).build());
    /// ```
    #[must_use]
    pub const fn transfer_encoding(mut self, transfer_encoding: TransferEncoding) -> Self {
        self.transfer_encoding = transfer_encoding;
        self
    }

    /// With bare line feeds. What is signed keeps CR LF, as RFC 8551 3.1.1 has it.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().line_feeds().build());
    /// ```
    #[must_use]
    pub const fn line_feeds(mut self) -> Self {
        self.line_feeds = true;
        self
    }

    /// With this smime-type, opaque forms only; with none when empty.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice).form(Form::Opaque);
    /// assert_ne!(mail.build(), mail.clone().smime_type("enveloped-data").build());
    /// ```
    #[must_use]
    pub fn smime_type(mut self, smime_type: &str) -> Self {
        self.smime_type = Some(smime_type.to_owned());
        self
    }

    /// With this protocol parameter, detached forms only.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().protocol("application/x-pkcs7-signature").build());
    /// ```
    #[must_use]
    pub fn protocol(mut self, protocol: &str) -> Self {
        self.protocol = Some(protocol.to_owned());
        self
    }

    /// With this micalg parameter, detached forms only.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().micalg("sha1").build());
    /// ```
    #[must_use]
    pub fn micalg(mut self, micalg: &str) -> Self {
        self.micalg = Some(micalg.to_owned());
        self
    }

    /// With one more signer.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().signer(&alice).build());
    /// ```
    #[must_use]
    pub fn signer(mut self, signer: &Person) -> Self {
        self.signers.push(signer.clone());
        self
    }

    /// With signers named like this.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().signer_id(SignerId::KeyIdentifier).build());
    /// ```
    #[must_use]
    pub const fn signer_id(mut self, signer_id: SignerId) -> Self {
        self.signer_id = signer_id;
        self
    }

    /// With a CA certificate in the bag.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().with_authority(&root).build());
    /// ```
    #[must_use]
    pub fn with_authority(self, authority: &Authority) -> Self {
        self.with_certificate(authority.der())
    }

    /// With one more certificate, or what pretends to be one, in the bag.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().with_certificate(root.der()).build());
    /// ```
    #[must_use]
    pub fn with_certificate(mut self, der: &[u8]) -> Self {
        self.certificates.push(der.to_vec());
        self
    }

    /// With a revocation list beside the certificates.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().with_crl(&root.crl(&CrlSpec::new(Vec::new()))).build());
    /// ```
    #[must_use]
    pub fn with_crl(mut self, der: &[u8]) -> Self {
        self.crls.push(der.to_vec());
        self
    }

    /// Without the signers' certificates in the bag.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().without_signer_certificate().build());
    /// ```
    #[must_use]
    pub const fn without_signer_certificate(mut self) -> Self {
        self.has_signer_certificates = false;
        self
    }

    /// With this message digest, and signed over it unless [`SignedMail::scheme`] says otherwise.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().digest(Digest::Sha512).build());
    /// ```
    #[must_use]
    pub const fn digest(mut self, digest: Digest) -> Self {
        self.digest = Some(digest);
        self
    }

    /// Signed like this.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().scheme(Scheme::with(Digest::Sha384)).build());
    /// ```
    #[must_use]
    pub const fn scheme(mut self, scheme: Scheme) -> Self {
        self.scheme = Some(scheme);
        self
    }

    /// With rsaEncryption as signature algorithm, which leaves the digest to digestAlgorithm: what most programs write
    /// (RFC 3370 3.2). For RSA with PKCS #1 v1.5.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().rsa_encryption().build());
    /// ```
    #[must_use]
    pub const fn rsa_encryption(mut self) -> Self {
        self.rsa_encryption = true;
        self
    }

    /// With this signing time (RFC 3339).
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().signed_at("2026-06-01T00:00:00Z").build());
    /// ```
    #[must_use]
    pub fn signed_at(mut self, time: &str) -> Self {
        self.signing_time = time.to_owned();
        self
    }

    /// With a preference for somebody's certificate, which goes into the bag when `in_bag`.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().prefers(&alice, KeyPreference::Standard, false).build());
    /// ```
    #[must_use]
    pub fn prefers(mut self, person: &Person, form: KeyPreference, in_bag: bool) -> Self {
        if in_bag {
            self.certificates.push(person.der().to_vec());
        }
        self.preference = Some(form.attribute(person));
        self
    }

    /// With signingCertificateV2 (RFC 5035) that names this person's certificate: the signer's, if it is to be right.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().signing_certificate_v2(&alice).build());
    /// ```
    #[must_use]
    pub fn signing_certificate_v2(mut self, person: &Person) -> Self {
        self.signing_certificate = Some(signing_certificate_v2(person));
        self
    }

    /// Without the signed attributes of this type, dotted; [`SignedMail::extra_attribute`] can put another in its place.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().without_attribute("1.2.840.113549.1.9.5").build());
    /// ```
    #[must_use]
    pub fn without_attribute(mut self, dotted: &str) -> Self {
        self.omitted.push(dotted.to_owned());
        self
    }

    /// With the signed attributes of this type, dotted, once more.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().repeat_attribute("1.2.840.113549.1.9.5").build());
    /// ```
    #[must_use]
    pub fn repeat_attribute(mut self, dotted: &str) -> Self {
        self.repeated.push(dotted.to_owned());
        self
    }

    /// With one more signed attribute, encoded; see [`attribute`](super::attribute).
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().extra_attribute(&attribute("1.2.3", &der::null())).build());
    /// ```
    #[must_use]
    pub fn extra_attribute(mut self, encoded: &[u8]) -> Self {
        self.extra_attributes.push(encoded.to_vec());
        self
    }

    /// Says that its signer reads these of NIST's AES algorithms, by the last arcs of their identifiers: 6 and 46 are AES-GCM with
    /// 128 and 256 bits, 2 and 42 AES-CBC (RFC 8551 2.5.2). Without this it is 46 and 42.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().reads(&[6]).build());
    /// ```
    #[must_use]
    pub fn reads(self, aes: &[u64]) -> Self {
        let list = attribute(CAPABILITIES, &capabilities(aes));
        self.without_attribute(CAPABILITIES).extra_attribute(&list)
    }

    /// Without signed attributes: the content itself is signed.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice);
    /// assert_ne!(mail.build(), mail.clone().without_attributes().build());
    /// ```
    #[must_use]
    pub const fn without_attributes(mut self) -> Self {
        self.has_attributes = false;
        self
    }

    /// The part that is signed.
    ///
    /// ```
    /// # use postseal_testkit::factory::*;
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// assert!(SignedMail::new("a@goal.example", &alice).signed_entity().starts_with(b"Content-Type: text/plain"));
    /// ```
    #[must_use]
    pub fn signed_entity(&self) -> Vec<u8> {
        let text = || [b"Content-Type: text/plain; charset=utf-8\r\n\r\n".as_slice(), &self.body].concat();
        self.entity.clone().unwrap_or_else(text)
    }

    pub(super) fn bag(&self) -> Vec<Vec<u8>> {
        let signers = self.signers.iter().filter(|_| self.has_signer_certificates).map(|signer| signer.der().to_vec());
        signers.chain(self.certificates.iter().cloned()).collect()
    }
}
