use super::{Certificate, Fingerprint};
use crate::time::{CLOCK_SKEW, UnixTime};

/// How a certificate came into the store.
///
/// ```
/// assert_eq!(postseal::cert::Source::SignedMail.name(), "signed-mail");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Learned from a signed mail.
    SignedMail,
    /// Added by an operator.
    Operator,
}

impl Source {
    /// The name in traces and stores.
    ///
    /// ```
    /// assert_eq!(postseal::cert::Source::Operator.name(), "operator");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedMail => "signed-mail",
            Self::Operator => "operator",
        }
    }

    /// The source with this name.
    ///
    /// ```
    /// use postseal::cert::Source;
    /// assert_eq!(Source::from_name("signed-mail"), Some(Source::SignedMail));
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::SignedMail, Self::Operator].into_iter().find(|source| source.name() == name)
    }
}

/// What a recipient's mail client can read, as its owner signed it (SMIMECapabilities, RFC 8551 2.5.2).
///
/// ```
/// use postseal::{UnixTime, cert::Capabilities};
/// let capabilities = Capabilities::new(vec![0x30, 0], Some(UnixTime::from_seconds(9)));
/// assert_eq!(capabilities.der(), [0x30, 0]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    der: Vec<u8>,
    signed_at: Option<UnixTime>,
}

impl Capabilities {
    /// From the encoded SMIMECapabilities and the signing time beside them.
    ///
    /// ```
    /// let capabilities = postseal::cert::Capabilities::new(vec![0x30, 0], None);
    /// assert_eq!(capabilities.signed_at(), None);
    /// ```
    pub const fn new(der: Vec<u8>, signed_at: Option<UnixTime>) -> Self {
        Self { der, signed_at }
    }

    /// The SMIMECapabilities as they were sent.
    ///
    /// ```
    /// assert_eq!(postseal::cert::Capabilities::new(vec![0x30, 0], None).der(), [0x30, 0]);
    /// ```
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether they count at this time: not when their signer says that he signed them in the future (RFC 8551 2.7.1), beyond
    /// what his clock may be ahead.
    pub(crate) fn are_signed_by(&self, now: UnixTime) -> bool {
        self.signed_at.is_none_or(|signed_at| signed_at.seconds() <= now.seconds().saturating_add(CLOCK_SKEW))
    }

    /// The signer's word about when he signed them. It only orders two lists of the same certificate.
    ///
    /// ```
    /// assert_eq!(postseal::cert::Capabilities::new(vec![0x30, 0], None).signed_at(), None);
    /// ```
    pub const fn signed_at(&self) -> Option<UnixTime> {
        self.signed_at
    }
}

/// A certificate that has earned its place in a store. A store accepts nothing else, and only the import machine makes
/// one, after verification; there is no constructor to call:
///
/// ```compile_fail,E0624
/// use postseal::{Certificate, cert::ImportRecord};
/// fn forge(certificate: Certificate) -> ImportRecord {
///     ImportRecord::verified(certificate)
/// }
/// ```
/// ```
/// use postseal::{Certificate, cert::ImportRecord};
/// fn look(record: &ImportRecord) -> &Certificate {
///     record.certificate()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRecord {
    certificate: Certificate,
    issuers: Vec<Certificate>,
    issuer_key: Fingerprint,
    capabilities: Option<Capabilities>,
    source: Source,
    imported_at: UnixTime,
}

impl ImportRecord {
    /// The one way in. `issuers` are the CA certificates of the path without the anchor.
    pub(crate) const fn verified(
        certificate: Certificate,
        issuers: Vec<Certificate>,
        issuer_key: Fingerprint,
        capabilities: Option<Capabilities>,
        imported_at: UnixTime,
    ) -> Self {
        Self { certificate, issuers, issuer_key, capabilities, source: Source::SignedMail, imported_at }
    }

    /// The same for a certificate that an operator brought, checked all the same; nobody signed its capabilities.
    pub(crate) const fn by_operator(
        certificate: Certificate,
        issuers: Vec<Certificate>,
        issuer_key: Fingerprint,
        imported_at: UnixTime,
    ) -> Self {
        Self { certificate, issuers, issuer_key, capabilities: None, source: Source::Operator, imported_at }
    }

    /// The same with other capabilities, or none.
    pub(crate) fn with_capabilities(self, capabilities: Option<Capabilities>) -> Self {
        Self { capabilities, ..self }
    }

    /// The verified certificate.
    ///
    /// ```
    /// fn days(record: &postseal::cert::ImportRecord) -> i64 {
    ///     (record.certificate().not_after().seconds() - record.certificate().not_before().seconds()) / 86_400
    /// }
    /// ```
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The CA certificates of its validated path, nearest issuer first, the trust anchor left out. Path material only:
    /// they never become anchors, and they verify the certificate again when they came only in the mail.
    ///
    /// ```
    /// fn count(record: &postseal::cert::ImportRecord) -> usize { record.issuers().len() }
    /// ```
    pub fn issuers(&self) -> &[Certificate] {
        &self.issuers
    }

    /// SHA-256 of the SubjectPublicKeyInfo that signed the certificate.
    ///
    /// ```
    /// fn same(a: &postseal::cert::ImportRecord, b: &postseal::cert::ImportRecord) -> bool { a.issuer_key() == b.issuer_key() }
    /// ```
    pub const fn issuer_key(&self) -> Fingerprint {
        self.issuer_key
    }

    /// What the signer's client can read, when the mail said so.
    ///
    /// ```
    /// fn known(record: &postseal::cert::ImportRecord) -> bool { record.capabilities().is_some() }
    /// ```
    pub const fn capabilities(&self) -> Option<&Capabilities> {
        self.capabilities.as_ref()
    }

    /// Where it came from.
    ///
    /// ```
    /// fn origin(record: &postseal::cert::ImportRecord) -> &'static str { record.source().name() }
    /// ```
    pub const fn source(&self) -> Source {
        self.source
    }

    /// The engine's clock when it was verified.
    ///
    /// ```
    /// fn when(record: &postseal::cert::ImportRecord) -> postseal::UnixTime { record.imported_at() }
    /// ```
    pub const fn imported_at(&self) -> UnixTime {
        self.imported_at
    }
}
