use super::certificate::{
    CertSpec, Fields, KeyUse, Overrides, Person, assemble, extended_key_usage, extension, key_identifiers, key_usage,
};
use super::der::{integer, sequence, tlv, yes};
use super::key::Key;
use super::name::{Name, distinguished_name};
use base64::Engine as _;

/// What a CA's certificate is to say. Start from [`AuthoritySpec::new`] and change what the test is about.
///
/// ```
/// use postseal_testkit::factory::{AuthoritySpec, Key, Name};
/// let mut spec = AuthoritySpec::new("Mail CA", Key::P256(1));
/// spec.path_length = Some(0);
/// spec.permitted = vec![Name::Rfc822(b"goal.example".to_vec())];
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "tests set what they are about")]
pub struct AuthoritySpec {
    /// The common name.
    pub subject: String,
    /// The key.
    pub key: Key,
    /// Key usage.
    pub key_use: KeyUse,
    /// The extended key usage, dotted; no extension when empty.
    pub extended_key_usage: Vec<String>,
    /// The cA flag; no basicConstraints extension for `None`.
    pub is_ca: Option<bool>,
    /// pathLenConstraint.
    pub path_length: Option<u64>,
    /// permittedSubtrees of the name constraints.
    pub permitted: Vec<Name>,
    /// excludedSubtrees of the name constraints.
    pub excluded: Vec<Name>,
    /// Start of the validity (RFC 3339).
    pub not_before: String,
    /// End of the validity (RFC 3339).
    pub not_after: String,
    /// Serial number.
    pub serial: u64,
    /// Oddities. `names` is taken no notice of: a CA has no subjectAltName.
    pub overrides: Overrides,
}

impl AuthoritySpec {
    /// A CA without constraints that signs certificates and CRLs, valid from 2026 to 2036.
    ///
    /// ```
    /// use postseal_testkit::factory::{AuthoritySpec, Key};
    /// assert_eq!(AuthoritySpec::new("Root", Key::P256(1)).is_ca, Some(true));
    /// ```
    #[must_use]
    pub fn new(subject: &str, key: Key) -> Self {
        Self {
            subject: subject.to_owned(),
            key,
            key_use: KeyUse::Bits(0x0600),
            extended_key_usage: Vec::new(),
            is_ca: Some(true),
            path_length: None,
            permitted: Vec::new(),
            excluded: Vec::new(),
            not_before: "2026-01-01T00:00:00Z".to_owned(),
            not_after: "2036-01-01T00:00:00Z".to_owned(),
            serial: 1,
            overrides: Overrides::default(),
        }
    }

    /// Valid from 2025 to 2045, and with this serial number.
    fn long_lived(subject: &str, key: Key, serial: u64) -> Self {
        let mut spec = Self::new(subject, key);
        spec.not_before = "2025-01-01T00:00:00Z".to_owned();
        spec.not_after = "2045-01-01T00:00:00Z".to_owned();
        spec.serial = serial;
        spec
    }

    fn name(&self) -> Vec<u8> {
        self.overrides.subject.clone().unwrap_or_else(|| distinguished_name(&self.subject, None))
    }

    fn extensions(&self, issuer: Key) -> Vec<Vec<u8>> {
        let constraints = self.is_ca.map(|is_ca| {
            let is_ca = if is_ca { yes() } else { Vec::new() };
            extension("2.5.29.19", true, &sequence(&[&is_ca, &self.path_length.map(integer).unwrap_or_default()]))
        });
        let usual = [
            constraints.into_iter().collect(),
            key_usage(self.key_use, self.key),
            extended_key_usage(&self.extended_key_usage),
            self.name_constraints(),
            key_identifiers(self.key, issuer),
        ];
        self.overrides.extensions(usual.concat())
    }

    /// RFC 5280 4.2.1.10.
    fn name_constraints(&self) -> Vec<Vec<u8>> {
        if self.permitted.is_empty() && self.excluded.is_empty() {
            return Vec::new();
        }
        let subtrees = |tag: u8, names: &[Name]| {
            let subtrees: Vec<Vec<u8>> = names.iter().map(|name| sequence(&[&name.encode()])).collect();
            if subtrees.is_empty() { Vec::new() } else { tlv(tag, &[&subtrees.concat()]) }
        };
        let value = sequence(&[&subtrees(0xa0, &self.permitted), &subtrees(0xa1, &self.excluded)]);
        vec![extension("2.5.29.30", true, &value)]
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
    pub(super) name: Vec<u8>,
    pub(super) key: Key,
    der: Vec<u8>,
}

impl Authority {
    /// A self-signed root without constraints, valid from 2025 to 2045.
    ///
    /// ```
    /// use postseal_testkit::factory::{Authority, Key};
    /// assert!(!Authority::root("Root", Key::P256(0)).der().is_empty());
    /// ```
    #[must_use]
    pub fn root(subject: &str, key: Key) -> Self {
        Self::self_signed(&AuthoritySpec::long_lived(subject, key, 1))
    }

    /// A CA below this one without constraints, valid from 2025 to 2045.
    ///
    /// ```
    /// use postseal_testkit::factory::{Authority, Key};
    /// let root = Authority::root("Root", Key::P256(0));
    /// assert_ne!(root.authority("CA", Key::P256(1)).der(), root.der());
    /// ```
    #[must_use]
    pub fn authority(&self, subject: &str, key: Key) -> Self {
        self.subordinate(&AuthoritySpec::long_lived(subject, key, 2))
    }

    /// A self-signed root as it is asked for.
    ///
    /// ```
    /// use postseal_testkit::factory::{Authority, AuthoritySpec, Key};
    /// let mut spec = AuthoritySpec::new("Root", Key::P384(0));
    /// spec.path_length = Some(1);
    /// assert_eq!(Authority::self_signed(&spec).der()[0], 0x30);
    /// ```
    #[must_use]
    pub fn self_signed(spec: &AuthoritySpec) -> Self {
        Self { name: spec.name(), key: spec.key, der: Vec::new() }.subordinate(spec)
    }

    /// A CA below this one as it is asked for.
    ///
    /// ```
    /// use postseal_testkit::factory::{Authority, AuthoritySpec, Key};
    /// let root = Authority::root("Root", Key::P384(0));
    /// assert_ne!(root.subordinate(&AuthoritySpec::new("CA", Key::Ed25519(0))).der(), root.der());
    /// ```
    #[must_use]
    pub fn subordinate(&self, spec: &AuthoritySpec) -> Self {
        let fields = Fields {
            serial: spec.overrides.serial(spec.serial),
            issuer: &self.name,
            issuer_key: self.key,
            validity: [&spec.not_before, &spec.not_after],
            subject: spec.name(),
            key: spec.key,
            extensions: spec.extensions(self.key),
            overrides: &spec.overrides,
        };
        Self { name: spec.name(), key: spec.key, der: assemble(&fields.sign()) }
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
        let der = assemble(&self.fields(spec).sign());
        Person { issuer: self.name.clone(), spec: spec.clone(), der }
    }

    /// The same certificate with the twin of its ECDSA signature, as anybody can make it: other bytes, equally valid.
    ///
    /// # Panics
    /// When this CA does not sign with ECDSA on P-256.
    ///
    /// ```
    /// # use postseal_testkit::factory::{Authority, CertSpec, Key};
    /// let (root, spec) = (Authority::root("Root", Key::P256(1)), CertSpec::mailbox("a@goal.example", Key::P256(2)));
    /// assert_ne!(root.issue(&spec).der(), root.issue_twin(&spec).der());
    /// ```
    #[must_use]
    pub fn issue_twin(&self, spec: &CertSpec) -> Person {
        assert!(matches!(self.key, Key::P256(_)), "this CA does not sign with ECDSA on P-256");
        let [tbs, algorithm, signature] = self.fields(spec).sign();
        let signature = p256::ecdsa::Signature::from_der(&signature).expect("it was just made");
        let twin = p256::ecdsa::Signature::from_scalars(signature.r().to_bytes(), (-*signature.s()).to_bytes());
        let twin = twin.expect("the twin is a signature").to_der().as_bytes().to_vec();
        Person { issuer: self.name.clone(), spec: spec.clone(), der: assemble(&[tbs, algorithm, twin]) }
    }

    fn fields<'a>(&'a self, spec: &'a CertSpec) -> Fields<'a> {
        Fields {
            serial: spec.overrides.serial(spec.serial),
            issuer: &self.name,
            issuer_key: self.key,
            validity: [&spec.not_before, &spec.not_after],
            subject: spec.subject(),
            key: spec.key,
            extensions: spec.extensions(self.key),
            overrides: &spec.overrides,
        }
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
        pem(&self.der)
    }
}

/// A certificate in PEM (RFC 7468).
///
/// ```
/// use postseal_testkit::factory::{Authority, Key, pem};
/// let root = Authority::root("Root", Key::P256(0));
/// assert_eq!(pem(root.der()), root.pem());
/// ```
#[must_use]
pub fn pem(der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
