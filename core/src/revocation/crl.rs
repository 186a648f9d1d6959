use super::distribution::Scope;
use super::reason::Reason;
use crate::cert::{Fingerprint, GeneralName, general_name, name};
use crate::der::{Children, Document, Element, Tag, oids, time};
use crate::error::{Code, Error};
use crate::time::UnixTime;
use crate::verify::Limits;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::cmp::Ordering;
use core::fmt;
use core::ops::Range;
use std::sync::{Arc, OnceLock};

/// A certificate revocation list (RFC 5280 5): a view over its original bytes, with an index by serial number.
///
/// It is read once, whatever its size, and looked up in logarithmic time. To have been read says nothing about trust: a list
/// counts only when its issuer's key stands above the certificate in question, or was certified for it by one that does.
///
/// ```
/// use postseal::{Code, revocation::Crl, verify::Limits};
/// assert_eq!(Crl::from_der(b"\x30\x00", &Limits::default()).unwrap_err().code(), Code::CrlMalformed);
/// ```
#[derive(Clone)]
pub struct Crl(Arc<Fields>);

struct Fields {
    der: Box<[u8]>,
    fingerprint: Fingerprint,
    tbs: Range<usize>,
    inner_algorithm: Range<usize>,
    algorithm: Range<usize>,
    signature: Range<usize>,
    issuer: Range<usize>,
    /// The issuer in the form that is compared.
    issuer_key: Box<[u8]>,
    this_update: UnixTime,
    next_update: Option<UnixTime>,
    extensions: Extensions,
    entries: Vec<Slot>,
    /// The certificate issuers that entries of an indirect list name, in the form that is compared.
    issuers: Vec<Box<[u8]>>,
    /// The key that the signature was found to hold under. A large list is hashed once for it, not for each certificate.
    signed_by: OnceLock<Fingerprint>,
}

#[derive(Default)]
struct Extensions {
    authority_key: Option<Box<[u8]>>,
    /// Without leading zeros, so that longer is larger.
    number: Option<Box<[u8]>>,
    base: Option<Box<[u8]>>,
    scope: Option<Scope>,
    /// The encoded scope: a list of changes has the same (RFC 5280 5.2.4).
    raw_scope: Option<Box<[u8]>>,
    /// A critical extension that is not known, in the list or in an entry: nothing may be concluded from it.
    unknown_critical: bool,
}

/// Where one entry is: offsets into the list, small because there may be millions.
#[derive(Clone, Copy)]
struct Slot {
    entry: u32,
    serial: u32,
    /// The number of the certificate issuer.
    issuer: u32,
    serial_length: u8,
}

/// What a list says of one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Revocation {
    pub(crate) at: UnixTime,
    pub(crate) reason: Reason,
}

impl Crl {
    /// Reads exactly one list.
    ///
    /// # Errors
    /// [`Code::CrlsTooLarge`], and [`Code::CrlMalformed`] when the structure is not that of RFC 5280 5.1.
    ///
    /// ```
    /// use postseal::{revocation::Crl, verify::Limits};
    /// assert!(Crl::from_der(b"no list", &Limits::default()).is_err());
    /// ```
    pub fn from_der(der: &[u8], limits: &Limits) -> Result<Self, Error> {
        if der.len() > limits.crl_bytes || u32::try_from(der.len()).is_err() {
            return Err(Code::CrlsTooLarge.into());
        }
        // The bytes bound the elements: each has at least two.
        let limits = Limits { asn1_elements: der.len(), ..limits.clone() };
        let document = Document::new(der, &limits);
        read(&document, der, &limits).map(|fields| Self(Arc::new(fields))).map_err(|error| match error.fault() {
            crate::error::Fault::LimitExceeded => error,
            _ => Error::from(Code::CrlMalformed).at(error.offset().unwrap_or_default()),
        })
    }

    /// From PEM, as `X509 CRL` blocks, or from DER.
    ///
    /// # Errors
    /// [`Code::PemMalformed`], and what [`Crl::from_der`] reports.
    ///
    /// ```
    /// use postseal::{revocation::Crl, verify::Limits};
    /// assert!(Crl::read_all(b"-----BEGIN X509 CRL-----", &Limits::default()).is_err());
    /// ```
    pub fn read_all(octets: &[u8], limits: &Limits) -> Result<Vec<Self>, Error> {
        const BEGIN: &str = "-----BEGIN X509 CRL-----";
        const END: &str = "-----END X509 CRL-----";
        if octets.first() == Some(&0x30) {
            return Self::from_der(octets, limits).map(|crl| vec![crl]);
        }
        let malformed = || Error::from(Code::PemMalformed);
        let text = core::str::from_utf8(octets).map_err(|_| malformed())?;
        let mut rest = text;
        let mut crls = Vec::new();
        while let Some((_, after)) = rest.split_once(BEGIN) {
            let (body, after) = after.split_once(END).ok_or_else(malformed)?;
            let compact: String = body.split_ascii_whitespace().collect();
            crls.push(Self::from_der(&STANDARD.decode(compact).map_err(|_| malformed())?, limits)?);
            rest = after;
        }
        if crls.is_empty() { Err(malformed()) } else { Ok(crls) }
    }

    /// The issuer's Name, encoded.
    ///
    /// ```
    /// fn ca(crl: &postseal::revocation::Crl) -> &[u8] { crl.issuer() }
    /// ```
    pub fn issuer(&self) -> &[u8] {
        self.slice(&self.0.issuer)
    }

    /// When it was issued.
    ///
    /// ```
    /// fn age(crl: &postseal::revocation::Crl, now: postseal::UnixTime) -> i64 { now.seconds() - crl.this_update().seconds() }
    /// ```
    pub fn this_update(&self) -> UnixTime {
        self.0.this_update
    }

    /// When there will be a newer one; after that it says nothing good about any certificate.
    ///
    /// ```
    /// fn is_stale(crl: &postseal::revocation::Crl, now: postseal::UnixTime) -> bool {
    ///     crl.next_update().is_none_or(|next| next < now)
    /// }
    /// ```
    pub fn next_update(&self) -> Option<UnixTime> {
        self.0.next_update
    }

    /// How many certificates it names.
    ///
    /// ```
    /// fn how_many(crl: &postseal::revocation::Crl) -> usize { crl.len() }
    /// ```
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Whether it names none.
    ///
    /// ```
    /// fn good_times(crl: &postseal::revocation::Crl) -> bool { crl.is_empty() }
    /// ```
    pub fn is_empty(&self) -> bool {
        self.0.entries.is_empty()
    }

    /// Octets of the list, and of its index.
    pub(crate) fn size(&self) -> usize {
        self.0.der.len().saturating_add(self.0.entries.len().saturating_mul(size_of::<Slot>()))
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.0.fingerprint
    }

    pub(crate) fn issuer_key(&self) -> &[u8] {
        &self.0.issuer_key
    }

    pub(crate) fn tbs(&self) -> &[u8] {
        self.slice(&self.0.tbs)
    }

    pub(crate) fn inner_signature_algorithm(&self) -> &[u8] {
        self.slice(&self.0.inner_algorithm)
    }

    pub(crate) fn signature_algorithm(&self) -> &[u8] {
        self.slice(&self.0.algorithm)
    }

    pub(crate) fn signature(&self) -> &[u8] {
        self.slice(&self.0.signature)
    }

    pub(crate) fn signed_by(&self) -> &OnceLock<Fingerprint> {
        &self.0.signed_by
    }

    pub(crate) fn authority_key(&self) -> Option<&[u8]> {
        self.0.extensions.authority_key.as_deref()
    }

    pub(crate) fn scope(&self) -> Option<&Scope> {
        self.0.extensions.scope.as_ref()
    }

    pub(crate) fn has_unknown_critical(&self) -> bool {
        self.0.extensions.unknown_critical
    }

    pub(crate) fn is_delta(&self) -> bool {
        self.0.extensions.base.is_some()
    }

    /// Whether this list of changes continues `complete` (RFC 5280 5.2.4, 6.3.3 c; names and keys of the issuers are
    /// compared by whoever knows them).
    pub(crate) fn continues(&self, complete: &Self) -> bool {
        let (changes, whole) = (&self.0.extensions, &complete.0.extensions);
        let (Some(base), Some(number)) = (&changes.base, &changes.number) else { return false };
        let Some(from) = &whole.number else { return false };
        order(base, from) != Ordering::Greater
            && order(from, number) == Ordering::Less
            && changes.raw_scope == whole.raw_scope
            && changes.authority_key == whole.authority_key
    }

    /// What it says of the certificate with this serial number of this issuer, both in the form that is compared. Entries of
    /// the same certificate agree, or the one that revokes counts.
    pub(crate) fn find(&self, serial: &[u8], issuer: &[u8]) -> Result<Option<Revocation>, Error> {
        let wanted = significant(serial);
        let entries = &self.0.entries;
        let first = entries.partition_point(|slot| order(self.serial(slot), wanted) == Ordering::Less);
        let same = entries.iter().skip(first).take_while(|slot| self.serial(slot) == wanted);
        let mut found: Option<Revocation> = None;
        for slot in same {
            let named = self.0.issuers.get(usize::try_from(slot.issuer).unwrap_or_default());
            if named.is_none_or(|named| **named != *issuer) {
                continue;
            }
            let revocation = self.entry(slot)?;
            if found.is_none_or(|found| found.reason == Reason::RemoveFromCrl) {
                found = Some(revocation);
            }
        }
        Ok(found)
    }

    fn serial(&self, slot: &Slot) -> &[u8] {
        serial(&self.0.der, slot)
    }

    fn entry(&self, slot: &Slot) -> Result<Revocation, Error> {
        let rest = usize::try_from(slot.entry).ok().and_then(|at| self.0.der.get(at..)).unwrap_or_default();
        let limits = Limits::default();
        let document = Document::new(rest, &limits);
        let mut fields = document.children(&document.first()?)?;
        fields.required()?;
        let at = time(&fields.required()?)?;
        let mut reason = Reason::Unspecified;
        if let Some(extensions) = fields.next()? {
            each_extension(&document, &extensions, |oid, _, value| {
                if oid == oids::REASON_CODE {
                    // It is revoked, whatever the reason looks like.
                    let value = Document::new(value, &limits);
                    let root = value.root().and_then(|root| root.expect(Tag(0x0a)));
                    reason = root.and_then(Reason::read).unwrap_or(Reason::Unspecified);
                }
                Ok(())
            })?;
        }
        Ok(Revocation { at, reason })
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.0.der.get(range.clone()).unwrap_or_default()
    }
}

fn read(document: &Document<'_>, der: &[u8], limits: &Limits) -> Result<Fields, Error> {
    let mut outer = document.children(&document.root()?.expect(Tag::SEQUENCE)?)?;
    let tbs = outer.expect(Tag::SEQUENCE)?;
    let algorithm = outer.expect(Tag::SEQUENCE)?;
    let signature = outer.required()?;
    signature.whole_bits()?;
    outer.finish()?;

    let mut fields = document.children(&tbs)?;
    fields.optional(Tag::INTEGER)?;
    let inner_algorithm = fields.expect(Tag::SEQUENCE)?;
    let issuer = fields.expect(Tag::SEQUENCE)?;
    let this_update = time(&fields.required()?)?;
    let next_update = match fields.peek() {
        Some(Tag::UTC_TIME | Tag::GENERALIZED_TIME) => Some(time(&fields.required()?)?),
        _ => None,
    };
    let list = fields.optional(Tag::SEQUENCE)?;
    let mut extensions = match fields.optional(Tag::context_constructed(0))? {
        Some(wrapper) => extensions(document, &wrapper, issuer.raw(), limits)?,
        None => Extensions::default(),
    };
    fields.finish()?;
    let issuer_key: Box<[u8]> = name::comparison_key(issuer.raw(), limits).into();
    let indirect = extensions.scope.as_ref().is_some_and(|scope| scope.indirect);
    let mut entries = Entries { slots: Vec::new(), issuers: vec![issuer_key.clone()], unknown_critical: false };
    if let Some(list) = list {
        entries.read(document, document.children(&list)?, indirect, limits)?;
    }
    extensions.unknown_critical |= entries.unknown_critical;
    entries.slots.sort_unstable_by(|a, b| order(serial(der, a), serial(der, b)).then(a.entry.cmp(&b.entry)));
    Ok(Fields {
        fingerprint: Fingerprint::of(der),
        tbs: whole(&tbs),
        inner_algorithm: whole(&inner_algorithm),
        algorithm: whole(&algorithm),
        // The first content octet of a BIT STRING counts its unused bits.
        signature: signature.content_offset().saturating_add(1)
            ..signature.content_offset().saturating_add(signature.content().len()),
        issuer: whole(&issuer),
        issuer_key,
        this_update,
        next_update,
        extensions,
        entries: entries.slots,
        issuers: entries.issuers,
        signed_by: OnceLock::new(),
        der: der.into(),
    })
}

/// The entries while they are read: an entry without a certificate issuer belongs to the one of the entry before it
/// (RFC 5280 5.3.3).
struct Entries {
    slots: Vec<Slot>,
    issuers: Vec<Box<[u8]>>,
    unknown_critical: bool,
}

impl Entries {
    fn read(
        &mut self,
        document: &Document<'_>,
        mut list: Children<'_, '_>,
        indirect: bool,
        limits: &Limits,
    ) -> Result<(), Error> {
        let mut issuer = 0_u32;
        while let Some(entry) = list.next()? {
            let mut fields = document.children(&entry.expect(Tag::SEQUENCE)?)?;
            let serial = fields.expect(Tag::INTEGER)?;
            time(&fields.required()?)?;
            if let Some(extensions) = fields.next()? {
                let mut named = None;
                each_extension(document, &extensions, |oid, critical, value| {
                    match oid {
                        oids::CERTIFICATE_ISSUER => named = Some(certificate_issuer(value, limits)?),
                        oids::REASON_CODE | oids::INVALIDITY_DATE => {}
                        _ => self.unknown_critical |= critical,
                    }
                    Ok(())
                })?;
                if let Some(named) = named {
                    // A list that is not indirect has nothing to say about the certificates of others.
                    self.unknown_critical |= !indirect;
                    issuer = self.issuer(named);
                }
            }
            fields.finish()?;
            let octets = significant(serial.content());
            let offset = serial.content_offset().saturating_add(serial.content().len().saturating_sub(octets.len()));
            let narrow = |offset: usize| u32::try_from(offset).map_err(|_| Error::from(Code::CrlsTooLarge));
            let serial_length = u8::try_from(octets.len()).map_err(|_| Error::from(Code::DerValue).at(offset))?;
            self.slots.push(Slot { entry: narrow(entry.offset())?, serial: narrow(offset)?, issuer, serial_length });
        }
        Ok(())
    }

    /// The number of this issuer; usually that of the entry before.
    fn issuer(&mut self, key: Box<[u8]>) -> u32 {
        // No further back than this: a list may name another issuer in each of its entries.
        let recent = self.issuers.len().saturating_sub(64);
        let number = match self.issuers.iter().skip(recent).rposition(|known| *known == key) {
            Some(known) => recent.saturating_add(known),
            None => {
                self.issuers.push(key);
                self.issuers.len().saturating_sub(1)
            }
        };
        u32::try_from(number).unwrap_or(u32::MAX)
    }
}

/// The directory name in a certificateIssuer, in the form that is compared.
fn certificate_issuer(value: &[u8], limits: &Limits) -> Result<Box<[u8]>, Error> {
    let document = Document::new(value, limits);
    let mut names = document.children(&document.root()?.expect(Tag::SEQUENCE)?)?;
    while let Some(element) = names.next()? {
        if let GeneralName::Directory(encoded) = general_name(&document, &element) {
            return Ok(name::comparison_key(encoded, limits).into());
        }
    }
    Err(Code::DerValue.into())
}

fn extensions(
    document: &Document<'_>,
    wrapper: &Element<'_>,
    issuer: &[u8],
    limits: &Limits,
) -> Result<Extensions, Error> {
    let mut inside = document.children(wrapper)?;
    let list = inside.required()?;
    inside.finish()?;
    let mut read = Extensions::default();
    let mut seen: Vec<&[u8]> = Vec::new();
    each_extension(document, &list, |oid, critical, value| {
        if seen.contains(&oid) || seen.len() >= limits.extensions {
            return Err(Code::ExtensionRepeated.into());
        }
        seen.push(oid);
        let integer = || Document::new(value, limits).root().and_then(|root| number(&root));
        match oid {
            oids::AUTHORITY_KEY_IDENTIFIER => read.authority_key = key_identifier(value, limits)?,
            oids::CRL_NUMBER => read.number = Some(integer()?),
            oids::DELTA_CRL_INDICATOR => read.base = Some(integer()?),
            oids::ISSUING_DISTRIBUTION_POINT => {
                read.scope = Some(Scope::read(value, issuer, limits)?);
                read.raw_scope = Some(value.into());
            }
            oids::FRESHEST_CRL => {}
            _ => read.unknown_critical |= critical,
        }
        Ok(())
    })?;
    Ok(read)
}

/// Calls `take` with the identifier, criticality and value of each extension of a list.
fn each_extension<'a>(
    document: &Document<'a>,
    list: &Element<'a>,
    mut take: impl FnMut(&'a [u8], bool, &'a [u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut members = document.children(&list.expect(Tag::SEQUENCE)?)?;
    while let Some(extension) = members.next()? {
        let mut parts = document.children(&extension.expect(Tag::SEQUENCE)?)?;
        let oid = parts.expect(Tag::OBJECT_IDENTIFIER)?.content();
        let critical = parts.optional(Tag::BOOLEAN)?.map_or(Ok(false), Element::boolean)?;
        let value = parts.expect(Tag::OCTET_STRING)?.content();
        parts.finish()?;
        take(oid, critical, value)?;
    }
    Ok(())
}

fn key_identifier(value: &[u8], limits: &Limits) -> Result<Option<Box<[u8]>>, Error> {
    let document = Document::new(value, limits);
    let mut fields = document.children(&document.root()?.expect(Tag::SEQUENCE)?)?;
    Ok(fields.optional(Tag::context(0))?.map(|element| element.content().into()))
}

/// A number that is not negative, without leading zeros.
fn number(element: &Element<'_>) -> Result<Box<[u8]>, Error> {
    let octets = element.expect(Tag::INTEGER)?.content();
    match octets {
        [] => Err(Error::from(Code::DerValue).at(element.offset())),
        [first, ..] if first & 0x80 != 0 => Err(Error::from(Code::DerValue).at(element.offset())),
        _ => {
            let zeros = octets.iter().take_while(|octet| **octet == 0).count();
            Ok(octets.get(zeros..).unwrap_or_default().into())
        }
    }
}

/// The octets of an INTEGER without those that only repeat its sign (X.690 8.3.2): two encodings of one serial number are
/// the same number.
pub(super) fn significant(mut octets: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = octets {
        let repeats = rest.first().is_some_and(|next| match first {
            0 => next & 0x80 == 0,
            0xff => next & 0x80 != 0,
            _ => false,
        });
        if !repeats {
            break;
        }
        octets = rest;
    }
    octets
}

/// That of numbers without leading zeros. For serial numbers any order will do, if it is fast.
fn order(a: &[u8], b: &[u8]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn serial<'a>(der: &'a [u8], slot: &Slot) -> &'a [u8] {
    let start = usize::try_from(slot.serial).unwrap_or(usize::MAX);
    der.get(start..start.saturating_add(usize::from(slot.serial_length))).unwrap_or_default()
}

fn whole(element: &Element<'_>) -> Range<usize> {
    element.offset()..element.end()
}

impl PartialEq for Crl {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Crl {}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crl({}, {} entries)", self.0.fingerprint, self.len())
    }
}
