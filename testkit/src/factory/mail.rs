use super::certificate::{Authority, Person};
use super::der::{indefinite, integer, octet_string, oid, sequence, set_of, time, tlv};
use base64::Engine as _;
use sha2::{Digest, Sha256};

const PKCS9: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09];
const PKCS7: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07];

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
    /// application/pkcs7-mime as streaming signers write it: indefinite lengths, content in segments of 1 000 octets.
    OpaqueBer,
}

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
    /// Microsoft's attribute.
    Microsoft,
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
    from: String,
    signer: Person,
    body: Vec<u8>,
    form: Form,
    bag: Vec<Vec<u8>>,
    preference: Option<(KeyPreference, Vec<u8>)>,
    signing_time: String,
    capabilities: bool,
}

impl SignedMail {
    /// From `from`, signed by `signer`, whose certificate goes into the bag.
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
            signer: signer.clone(),
            body: b"Hello,\r\n\r\nthis mail is signed.\r\n".to_vec(),
            form: Form::Detached,
            bag: vec![signer.der().to_vec()],
            preference: None,
            signing_time: "2026-05-01T12:00:00Z".to_owned(),
            capabilities: true,
        }
    }

    /// In this form.
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, CertSpec, Form, Key, SignedMail};
    /// # let alice = Authority::root("Root", Key::P256(0)).issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice).form(Form::Opaque);
    /// # let _ = mail;
    /// ```
    #[must_use]
    pub const fn form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    /// With this text, lines ended by CR LF.
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
    /// # let alice = Authority::root("Root", Key::P256(0)).issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice).body(b"short\r\n");
    /// # let _ = mail;
    /// ```
    #[must_use]
    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    /// With a CA certificate in the bag.
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
    /// # let root = Authority::root("Root", Key::P256(0));
    /// # let alice = root.issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice).with_authority(&root);
    /// # let _ = mail;
    /// ```
    #[must_use]
    pub fn with_authority(mut self, authority: &Authority) -> Self {
        self.bag.push(authority.der().to_vec());
        self
    }

    /// With a preference for somebody's certificate, which goes into the bag when `in_bag`.
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key, KeyPreference, SignedMail};
    /// # let alice = Authority::root("Root", Key::P256(0)).issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice).prefers(&alice, KeyPreference::Standard, false);
    /// # let _ = mail;
    /// ```
    #[must_use]
    pub fn prefers(mut self, person: &Person, form: KeyPreference, in_bag: bool) -> Self {
        if in_bag {
            self.bag.push(person.der().to_vec());
        }
        let fields = [person.issuer.as_slice(), &integer(person.serial)];
        let value = match form {
            KeyPreference::Standard => tlv(0xa0, &fields),
            KeyPreference::Microsoft => sequence(&fields),
        };
        self.preference = Some((form, value));
        self
    }

    /// With this signing time (RFC 3339).
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
    /// # let alice = Authority::root("Root", Key::P256(0)).issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// let mail = SignedMail::new("a@goal.example", &alice).signed_at("2026-06-01T00:00:00Z");
    /// # let _ = mail;
    /// ```
    #[must_use]
    pub fn signed_at(mut self, time: &str) -> Self {
        self.signing_time = time.to_owned();
        self
    }

    /// The whole mail.
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
    /// # let alice = Authority::root("Root", Key::P256(0)).issue(&CertSpec::mailbox("a@goal.example", Key::P256(1)));
    /// assert!(SignedMail::new("a@goal.example", &alice).build().ends_with(b"--signed--\r\n"));
    /// ```
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let head = format!(
            "From: {}\r\nTo: archive@goal.example\r\nSubject: signed\r\nDate: Fri, 01 May 2026 12:00:00 +0000\r\n\
             Message-ID: <{}@goal.example>\r\nMIME-Version: 1.0\r\n",
            self.from, self.signer.serial
        );
        let cms = base64_lines(&self.cms());
        match self.form {
            Form::Opaque | Form::OpaqueBer => format!(
                "{head}Content-Type: application/pkcs7-mime; smime-type=signed-data; name=\"smime.p7m\"\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\n{cms}"
            )
            .into_bytes(),
            Form::Detached | Form::DetachedBer => {
                let open = format!(
                    "{head}Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256;\r\n \
                     boundary=\"signed\"\r\n\r\nThis is a cryptographically signed message in MIME format.\r\n\r\n--signed\r\n"
                );
                let close = format!(
                    "\r\n--signed\r\nContent-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n\
                     Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n\
                     {cms}\r\n--signed--\r\n"
                );
                [open.as_bytes(), &self.content(), close.as_bytes()].concat()
            }
        }
    }

    /// The part that is signed.
    fn content(&self) -> Vec<u8> {
        [b"Content-Type: text/plain; charset=utf-8\r\n\r\n".as_slice(), &self.body].concat()
    }

    /// The CMS object (RFC 5652 5.1).
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
            Form::Opaque => tlv(0xa0, &[&octet_string(&self.content())]),
            Form::OpaqueBer => {
                let segments: Vec<Vec<u8>> = self.content().chunks(1000).map(octet_string).collect();
                indefinite(0xa0, &[&indefinite(0x24, &[&segments.concat()])])
            }
        };
        let signed_data = wrap(
            0x30,
            &[
                &integer(1),
                &tlv(0x31, &[&sha256()]),
                &wrap(0x30, &[&pkcs7(1), &content]),
                &wrap(0xa0, &[&self.bag.concat()]),
                &tlv(0x31, &[&self.signer_info()]),
            ],
        );
        wrap(0x30, &[&pkcs7(2), &wrap(0xa0, &[&signed_data])])
    }

    fn signer_info(&self) -> Vec<u8> {
        let attributes = set_of(self.attributes());
        let signature = self.signer.key.sign(&attributes);
        let mut implicit = attributes;
        implicit[0] = 0xa0;
        sequence(&[
            &integer(1),
            &sequence(&[&self.signer.issuer, &integer(self.signer.serial)]),
            &sha256(),
            &implicit,
            &self.signer.key.algorithm(),
            &octet_string(&signature),
        ])
    }

    fn attributes(&self) -> Vec<Vec<u8>> {
        let pkcs9 = |last: &[u8], value: &[u8]| attribute(&[&PKCS9, last].concat(), value);
        let mut attributes = vec![
            pkcs9(&[3], &pkcs7(1)),
            pkcs9(&[4], &octet_string(&Sha256::digest(self.content()))),
            pkcs9(&[5], &time(&self.signing_time)),
        ];
        if self.capabilities {
            // AES-256-GCM and AES-256-CBC (RFC 8551 2.5.2).
            let aes = |last: u8| sequence(&[&oid(&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, last])]);
            attributes.push(pkcs9(&[15], &sequence(&[&aes(46), &aes(42)])));
        }
        match &self.preference {
            Some((KeyPreference::Standard, value)) => attributes.push(pkcs9(&[16, 2, 11], value)),
            Some((KeyPreference::Microsoft, value)) => {
                attributes.push(attribute(&[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x10, 0x04], value));
            }
            None => {}
        }
        attributes
    }
}

fn attribute(kind: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(kind), &tlv(0x31, &[value])])
}

fn pkcs7(last: u8) -> Vec<u8> {
    oid(&[&PKCS7[..], &[last]].concat())
}

fn sha256() -> Vec<u8> {
    sequence(&[&oid(&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01])])
}

fn base64_lines(bytes: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    text.as_bytes().chunks(64).map(|line| format!("{}\r\n", String::from_utf8_lossy(line))).collect()
}
