use super::{Fingerprint, name};
use crate::der::writer::{header, octets};
use crate::der::{Children, Document, Element, Tag, time};
use crate::error::{Code, Error};
use crate::time::UnixTime;
use crate::verify::Limits;
use crate::verify::{KnownKey, PublicKey};
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Range;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use zeroize::{Zeroize, Zeroizing};

/// An X.509 certificate (RFC 5280 4.1): a view over its original bytes, which are never re-encoded.
///
/// It is read as tolerantly as certificates in use ask for (odd serial numbers, times and strings), and strictly in its
/// structure. To have been read says nothing about trust.
///
/// ```
/// use postseal::{Certificate, Code, verify::Limits};
/// let error = Certificate::from_der(b"\x30\x00", &Limits::default()).unwrap_err();
/// assert_eq!(error.code(), Code::CertificateMalformed);
/// ```
#[derive(Clone)]
pub struct Certificate(Arc<Fields>);

struct Fields {
    der: Box<[u8]>,
    /// Lent by a directory for one delivery: nothing of it stays in memory.
    lent: bool,
    fingerprint: Fingerprint,
    version: u8,
    tbs: Range<usize>,
    serial: Range<usize>,
    inner_algorithm: Range<usize>,
    issuer: Range<usize>,
    not_before: UnixTime,
    not_after: UnixTime,
    subject: Range<usize>,
    public_key_info: Range<usize>,
    extensions: Vec<Slot>,
    algorithm: Range<usize>,
    signature: Range<usize>,
    /// What is found out when it is first asked for; in boxes for the reason that [`KnownKey`] gives.
    key: OnceLock<Arc<KnownKey>>,
    key_fingerprint: OnceLock<Box<Fingerprint>>,
    subject_key: OnceLock<Box<Zeroizing<Vec<u8>>>>,
    issuer_key: OnceLock<Box<Zeroizing<Vec<u8>>>>,
}

struct Slot {
    oid: Range<usize>,
    critical: bool,
    value: Range<usize>,
}

/// One extension: its identifier and value as octets (RFC 5280 4.2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extension<'a> {
    pub(crate) oid: &'a [u8],
    pub(crate) critical: bool,
    pub(crate) value: &'a [u8],
}

impl Certificate {
    /// Reads exactly one certificate.
    ///
    /// # Errors
    /// A limit; [`Code::CertificateMalformed`] when the structure is not that of RFC 5280 4.1;
    /// [`Code::ExtensionRepeated`].
    ///
    /// ```
    /// use postseal::{Certificate, verify::Limits};
    /// assert!(Certificate::from_der(b"no certificate", &Limits::default()).is_err());
    /// ```
    pub fn from_der(der: &[u8], limits: &Limits) -> Result<Self, Error> {
        Self::read(der, false, limits)
    }

    /// The same for one that a directory lends: its octets are overwritten when the last view of it ends.
    pub(crate) fn lent(der: &[u8], limits: &Limits) -> Result<Self, Error> {
        Self::read(der, true, limits)
    }

    fn read(der: &[u8], lent: bool, limits: &Limits) -> Result<Self, Error> {
        if der.len() > limits.certificate_bytes {
            return Err(Code::CertificateTooLarge.into());
        }
        let document = Document::new(der, limits);
        read(&document, der, lent, limits).map(|fields| Self(Arc::new(fields))).map_err(|error| match error.code() {
            Code::ExtensionRepeated | Code::ExtensionsTooMany | Code::DerTime => error,
            _ => Error::from(Code::CertificateMalformed).at(error.offset().unwrap_or_default()),
        })
    }

    /// Whether it is as small as these limits ask for: a store gives back what was accepted under others.
    pub(crate) fn check_size(&self, limits: &Limits) -> Result<(), Error> {
        if self.0.der.len() > limits.certificate_bytes {
            return Err(Code::CertificateTooLarge.into());
        }
        if self.0.extensions.len() > limits.extensions { Err(Code::ExtensionsTooMany.into()) } else { Ok(()) }
    }

    /// The certificate as it was sent.
    ///
    /// ```
    /// fn size(certificate: &postseal::Certificate) -> usize { certificate.der().len() }
    /// ```
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// SHA-256 of [`Certificate::der`].
    ///
    /// ```
    /// fn id(certificate: &postseal::Certificate) -> String { certificate.fingerprint().to_string() }
    /// ```
    pub fn fingerprint(&self) -> Fingerprint {
        self.0.fingerprint
    }

    /// 1, 2 or 3.
    ///
    /// ```
    /// fn modern(certificate: &postseal::Certificate) -> bool { certificate.version() == 3 }
    /// ```
    pub fn version(&self) -> u8 {
        self.0.version
    }

    /// The serial number's content octets, as sent.
    ///
    /// ```
    /// fn serial(certificate: &postseal::Certificate) -> &[u8] { certificate.serial() }
    /// ```
    pub fn serial(&self) -> &[u8] {
        self.slice(&self.0.serial)
    }

    /// The issuer's Name, encoded.
    ///
    /// ```
    /// fn self_issued(certificate: &postseal::Certificate) -> bool { certificate.issuer() == certificate.subject() }
    /// ```
    pub fn issuer(&self) -> &[u8] {
        self.slice(&self.0.issuer)
    }

    /// The subject's Name, encoded.
    ///
    /// ```
    /// fn nameless(certificate: &postseal::Certificate) -> bool { certificate.subject() == [0x30, 0] }
    /// ```
    pub fn subject(&self) -> &[u8] {
        self.slice(&self.0.subject)
    }

    /// The subject for people, escaped for a log line (in the manner of RFC 4514).
    ///
    /// ```
    /// fn name(certificate: &postseal::Certificate) -> String { certificate.subject_text() }
    /// ```
    pub fn subject_text(&self) -> String {
        name::display(self.subject(), &Limits::default())
    }

    /// The issuer for people, escaped for a log line.
    ///
    /// ```
    /// fn ca(certificate: &postseal::Certificate) -> String { certificate.issuer_text() }
    /// ```
    pub fn issuer_text(&self) -> String {
        name::display(self.issuer(), &Limits::default())
    }

    /// Algorithm and size of the key, as `rsa-2048`, `ec-p256`, `ed25519` or `x25519`; `unknown` for a key that is none of these.
    ///
    /// ```
    /// fn key(certificate: &postseal::Certificate) -> String { certificate.key_text() }
    /// ```
    pub fn key_text(&self) -> String {
        let key = self.public_key(&Limits::default());
        key.map_or_else(|_| "unknown".to_owned(), |key| key.describe())
    }

    /// Start of the validity; the second itself counts.
    ///
    /// ```
    /// fn begun(certificate: &postseal::Certificate, now: postseal::UnixTime) -> bool { certificate.not_before() <= now }
    /// ```
    pub fn not_before(&self) -> UnixTime {
        self.0.not_before
    }

    /// End of the validity; the second itself counts.
    ///
    /// ```
    /// fn over(certificate: &postseal::Certificate, now: postseal::UnixTime) -> bool { certificate.not_after() < now }
    /// ```
    pub fn not_after(&self) -> UnixTime {
        self.0.not_after
    }

    /// The SubjectPublicKeyInfo, encoded.
    ///
    /// ```
    /// fn same_key(a: &postseal::Certificate, b: &postseal::Certificate) -> bool {
    ///     a.public_key_info() == b.public_key_info()
    /// }
    /// ```
    pub fn public_key_info(&self) -> &[u8] {
        self.slice(&self.0.public_key_info)
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    pub(crate) fn key_fingerprint(&self) -> Fingerprint {
        **self.0.key_fingerprint.get_or_init(|| Box::new(Fingerprint::of(self.public_key_info())))
    }

    /// The subject as it is compared.
    pub(crate) fn subject_key(&self, limits: &Limits) -> Cow<'_, [u8]> {
        comparison_key(&self.0.subject_key, self.subject(), limits)
    }

    /// The issuer as it is compared.
    pub(crate) fn issuer_key(&self, limits: &Limits) -> Cow<'_, [u8]> {
        comparison_key(&self.0.issuer_key, self.issuer(), limits)
    }

    /// The public key, read once.
    pub(crate) fn public_key(&self, limits: &Limits) -> Result<&Arc<KnownKey>, Error> {
        if let Some(key) = self.0.key.get() {
            return Ok(key);
        }
        let key = PublicKey::from_spki(self.public_key_info(), limits)?;
        Ok(self.0.key.get_or_init(|| Arc::new(KnownKey::from(key))))
    }

    pub(crate) fn has_known_key(&self) -> bool {
        self.0.key.get().is_some()
    }

    /// What was found out about the key, if anybody asked.
    pub(crate) fn known_key(&self) -> Option<Arc<KnownKey>> {
        self.0.key.get().cloned()
    }

    /// What is known of the same octets of a key from before.
    pub(crate) fn set_known_key(&self, key: Arc<KnownKey>) {
        // Another thread may have read it meanwhile: that is as good.
        let _ = self.0.key.set(key);
    }

    /// Whether both are the same certificate: the same signed bytes. The signature around them can be changed by anybody
    /// (an ECDSA signature has a twin), so that fingerprints may differ; a decision about one holds for the other.
    ///
    /// ```
    /// fn again(stored: &postseal::Certificate, comes: &postseal::Certificate) -> bool { stored.is_same_as(comes) }
    /// ```
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.tbs() == other.tbs()
    }

    /// Whether what is around the signed bytes is DER. Nobody signed it, so that any other encoding may be anybody's.
    pub(crate) fn is_wrapped_in_der(&self) -> bool {
        // Compared piece by piece: a copy of a lent certificate would outlive it in freed memory.
        let signature = self.signature();
        let bit_string = header(Tag::BIT_STRING, octets(signature.len().saturating_add(1)));
        let inside = [self.tbs(), self.signature_algorithm(), &bit_string, &[0], signature];
        let sequence = header(Tag::SEQUENCE, octets(inside.iter().map(|piece| piece.len()).sum()));
        let mut pieces = [&*sequence].into_iter().chain(inside);
        pieces.try_fold(self.der(), |rest, piece| rest.strip_prefix(piece)).is_some_and(<[u8]>::is_empty)
    }

    /// The signed bytes.
    pub(crate) fn tbs(&self) -> &[u8] {
        self.slice(&self.0.tbs)
    }

    /// The AlgorithmIdentifier inside the signed bytes.
    pub(crate) fn inner_signature_algorithm(&self) -> &[u8] {
        self.slice(&self.0.inner_algorithm)
    }

    /// The AlgorithmIdentifier beside the signature.
    pub(crate) fn signature_algorithm(&self) -> &[u8] {
        self.slice(&self.0.algorithm)
    }

    pub(crate) fn signature(&self) -> &[u8] {
        self.slice(&self.0.signature)
    }

    pub(crate) fn extensions(&self) -> impl Iterator<Item = Extension<'_>> {
        self.0.extensions.iter().map(|slot| Extension {
            oid: self.slice(&slot.oid),
            critical: slot.critical,
            value: self.slice(&slot.value),
        })
    }

    pub(crate) fn extension(&self, oid: &[u8]) -> Option<Extension<'_>> {
        self.extensions().find(|extension| extension.oid == oid)
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.0.der.get(range.clone()).unwrap_or_default()
    }
}

/// Kept for the usual limits, since others may leave another part of a name unread.
fn comparison_key<'c>(kept: &'c OnceLock<Box<Zeroizing<Vec<u8>>>>, name: &'c [u8], limits: &Limits) -> Cow<'c, [u8]> {
    if !name::reads_as_by_default(limits) {
        return Cow::Owned(name::comparison_key(name, limits));
    }
    let key = || Box::new(Zeroizing::new(name::comparison_key(name, limits)));
    Cow::Borrowed(kept.get_or_init(key))
}

fn read(document: &Document<'_>, der: &[u8], lent: bool, limits: &Limits) -> Result<Fields, Error> {
    let certificate = document.root()?.expect(Tag::SEQUENCE)?;
    let mut outer = document.children(&certificate)?;
    let tbs = outer.expect(Tag::SEQUENCE)?;
    let algorithm = outer.expect(Tag::SEQUENCE)?;
    let signature = outer.required()?;
    // Unused bits at the end of a signature are nonsense, and a matter of whoever verifies it.
    if signature.expect(Tag::BIT_STRING)?.content().is_empty() {
        return Err(Error::from(Code::DerValue).at(signature.offset()));
    }
    outer.finish()?;

    let mut fields = document.children(&tbs)?;
    let version = version(document, &mut fields)?;
    let serial = fields.expect(Tag::INTEGER)?;
    let inner_algorithm = fields.expect(Tag::SEQUENCE)?;
    let issuer = fields.expect(Tag::SEQUENCE)?;
    let (not_before, not_after) = validity(document, &fields.expect(Tag::SEQUENCE)?)?;
    let subject = fields.expect(Tag::SEQUENCE)?;
    let public_key_info = fields.expect(Tag::SEQUENCE)?;
    fields.optional(Tag::context(1))?;
    fields.optional(Tag::context(2))?;
    let extensions = match fields.optional(Tag::context_constructed(3))? {
        Some(wrapper) => extensions(document, &wrapper, limits)?,
        None => Vec::new(),
    };
    fields.finish()?;
    Ok(Fields {
        fingerprint: Fingerprint::of(der),
        version,
        tbs: whole(&tbs),
        serial: content(&serial),
        inner_algorithm: whole(&inner_algorithm),
        issuer: whole(&issuer),
        not_before,
        not_after,
        subject: whole(&subject),
        public_key_info: whole(&public_key_info),
        extensions,
        algorithm: whole(&algorithm),
        // The first content octet of a BIT STRING counts its unused bits.
        signature: signature.content_offset().saturating_add(1)..content(&signature).end,
        key: OnceLock::new(),
        key_fingerprint: OnceLock::new(),
        subject_key: OnceLock::new(),
        issuer_key: OnceLock::new(),
        lent,
        der: der.into(),
    })
}

fn version<'a>(document: &Document<'a>, fields: &mut Children<'_, 'a>) -> Result<u8, Error> {
    let Some(wrapper) = fields.optional(Tag::context_constructed(0))? else { return Ok(1) };
    let mut inner = document.children(&wrapper)?;
    let number = inner.required()?.small_integer()?;
    inner.finish()?;
    match number {
        0 => Ok(1),
        1 => Ok(2),
        2 => Ok(3),
        _ => Err(Error::from(Code::DerValue).at(wrapper.offset())),
    }
}

fn validity(document: &Document<'_>, validity: &Element<'_>) -> Result<(UnixTime, UnixTime), Error> {
    let mut times = document.children(validity)?;
    let pair = (time(&times.required()?)?, time(&times.required()?)?);
    times.finish()?;
    Ok(pair)
}

fn extensions(document: &Document<'_>, wrapper: &Element<'_>, limits: &Limits) -> Result<Vec<Slot>, Error> {
    let mut wrapped = document.children(wrapper)?;
    let mut list = document.children(&wrapped.expect(Tag::SEQUENCE)?)?;
    wrapped.finish()?;
    let (mut slots, mut seen) = (Vec::new(), BTreeSet::new());
    while let Some(extension) = list.next()? {
        if slots.len() >= limits.extensions {
            return Err(Code::ExtensionsTooMany.into());
        }
        let mut parts = document.children(&extension.expect(Tag::SEQUENCE)?)?;
        let oid = parts.expect(Tag::OBJECT_IDENTIFIER)?;
        let critical = parts.optional(Tag::BOOLEAN)?.map_or(Ok(false), Element::boolean)?;
        let value = content(&parts.expect(Tag::OCTET_STRING)?);
        parts.finish()?;
        if !seen.insert(oid.content()) {
            return Err(Error::from(Code::ExtensionRepeated).at(extension.offset()));
        }
        slots.push(Slot { oid: content(&oid), critical, value });
    }
    Ok(slots)
}

fn whole(element: &Element<'_>) -> Range<usize> {
    element.offset()..element.end()
}

fn content(element: &Element<'_>) -> Range<usize> {
    element.content_offset()..element.content_offset().saturating_add(element.content().len())
}

impl Drop for Fields {
    fn drop(&mut self) {
        if self.lent {
            self.der.zeroize();
        }
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}

impl Eq for Certificate {}

impl PartialOrd for Certificate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Certificate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.der().cmp(other.der())
    }
}

impl Hash for Certificate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.fingerprint.hash(state);
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.0.fingerprint)
    }
}
