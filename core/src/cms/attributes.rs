use super::key_preference::KeyPreference;
use crate::cert::{Certificate, name};
use crate::der::writer::element;
use crate::der::{Children, Document, Element, Tag, oids, time};
use crate::error::{Code, Error};
use crate::time::UnixTime;
use crate::verify::{DigestAlgorithm, Limits};

/// The signed attributes of a SignerInfo (RFC 5652 5.3, 11).
#[derive(Debug)]
pub(crate) struct SignedAttributes<'a> {
    attributes: Vec<Attribute<'a>>,
    limits: Limits,
}

#[derive(Clone, Copy, Debug)]
struct Attribute<'a> {
    raw: &'a [u8],
    kind: &'a [u8],
    /// The first value, encoded.
    value: Option<&'a [u8]>,
    values: usize,
}

/// Attributes that may stand once, with one value: RFC 5652 11.1 to 11.3, RFC 8551 2.5, RFC 5035 5.
const ONCE: [&[u8]; 8] = [
    oids::CONTENT_TYPE,
    oids::MESSAGE_DIGEST,
    oids::SIGNING_TIME,
    oids::SMIME_CAPABILITIES,
    oids::ENCRYPTION_KEY_PREFERENCE,
    oids::MICROSOFT_ENCRYPTION_KEY_PREFERENCE,
    oids::SIGNING_CERTIFICATE,
    oids::SIGNING_CERTIFICATE_V2,
];

impl<'a> SignedAttributes<'a> {
    pub(super) fn read(document: &Document<'a>, set: &Element<'a>, limits: &Limits) -> Result<Self, Error> {
        if set.content().len() > limits.attribute_bytes {
            return Err(Code::AttributesTooLarge.into());
        }
        let mut members = document.children(set)?;
        let mut attributes = Vec::new();
        while let Some(member) = members.next()? {
            if attributes.len() >= limits.attributes {
                return Err(Code::AttributesTooMany.into());
            }
            attributes.push(Attribute::read(document, &member)?);
        }
        Ok(Self { attributes, limits: limits.clone() })
    }

    /// No attribute that may stand once stands twice, or has any other number of values than one.
    pub(crate) fn check_each_once(&self) -> Result<(), Error> {
        for kind in ONCE {
            let mut same = self.attributes.iter().filter(|attribute| attribute.kind == kind);
            match (same.next().map(|attribute| attribute.values), same.next()) {
                (None | Some(1), None) => {}
                (Some(0), None) => return Err(Code::AttributeMalformed.into()),
                _ => return Err(Code::AttributeRepeated.into()),
            }
        }
        Ok(())
    }

    /// No attribute stands twice, also none that is not known here: which one another reader takes cannot be told.
    pub(super) fn check_none_twice(&self) -> Result<(), Error> {
        let mut kinds: Vec<&[u8]> = self.attributes.iter().map(|attribute| attribute.kind).collect();
        kinds.sort_unstable();
        let repeated = kinds.windows(2).any(|pair| matches!(pair, [kind, next] if kind == next));
        if repeated { Err(Code::AttributeRepeated.into()) } else { Ok(()) }
    }

    /// Whether contentType, messageDigest or signingTime is here, which RFC 5652 11 allows among signed attributes only.
    pub(super) fn has_any_that_must_be_signed(&self) -> bool {
        let signed_only = [oids::CONTENT_TYPE, oids::MESSAGE_DIGEST, oids::SIGNING_TIME];
        self.attributes.iter().any(|attribute| signed_only.contains(&attribute.kind))
    }

    pub(crate) fn content_type(&self) -> Result<Option<&'a [u8]>, Error> {
        self.typed(oids::CONTENT_TYPE, |_, value| Ok(value.expect(Tag::OBJECT_IDENTIFIER)?.content()))
    }

    pub(crate) fn message_digest(&self) -> Result<Option<Vec<u8>>, Error> {
        self.typed(oids::MESSAGE_DIGEST, |document, value| {
            // Each certificate that may be the signer's asks again: no digest, however it is divided, is longer than this.
            if value.tag().primitive() != Tag::OCTET_STRING || value.raw().len() > 1 << 10 {
                return Err(Code::AttributeMalformed.into());
            }
            Ok(document.segments(&value).concat(64, Code::AttributeMalformed)?.into_owned())
        })
    }

    /// When the signer says he signed. It decides nothing about time.
    pub(crate) fn signing_time(&self) -> Result<Option<UnixTime>, Error> {
        self.typed(oids::SIGNING_TIME, |_, value| time(&value))
    }

    /// SMIMECapabilities as sent (RFC 8551 2.5.2).
    pub(crate) fn capabilities(&self) -> Result<Option<&'a [u8]>, Error> {
        self.typed(oids::SMIME_CAPABILITIES, |_, value| Ok(value.expect(Tag::SEQUENCE)?.raw()))
    }

    /// The certificate that the signer wants to be encrypted to (RFC 8551 2.5.3). Microsoft's own attribute counts only
    /// where the standard one is missing.
    pub(crate) fn key_preference(&self) -> Result<Option<KeyPreference>, Error> {
        let standard = self.typed(oids::ENCRYPTION_KEY_PREFERENCE, |document, value| {
            KeyPreference::read(document, &value, &self.limits)
        })?;
        if standard.is_some() {
            return Ok(standard);
        }
        self.typed(oids::MICROSOFT_ENCRYPTION_KEY_PREFERENCE, |document, value| {
            KeyPreference::read_issuer_and_serial(document, &value)
        })
    }

    /// Fails when a signingCertificate attribute names another certificate (RFC 2634 5.4, RFC 5035 5.4.1): the first
    /// ESSCertID is the signer's, its hash is of the whole certificate, and its issuerSerial, if any, is the signer's.
    pub(crate) fn check_signing_certificate(&self, signer: &Certificate) -> Result<(), Error> {
        let v1 = self.typed(oids::SIGNING_CERTIFICATE, |document, value| {
            let id = first_certificate_id(document, &value)?;
            self.is_id_of(signer, document, id, DigestAlgorithm::Sha1)
        })?;
        let v2 = self.typed(oids::SIGNING_CERTIFICATE_V2, |document, value| {
            let mut id = first_certificate_id(document, &value)?;
            let digest = match id.optional(Tag::SEQUENCE)? {
                Some(algorithm) => DigestAlgorithm::from_algorithm_identifier(algorithm.raw(), &self.limits)?,
                None => DigestAlgorithm::Sha256,
            };
            self.is_id_of(signer, document, id, digest)
        })?;
        if v1.unwrap_or(true) && v2.unwrap_or(true) { Ok(()) } else { Err(Code::SignerMismatch.into()) }
    }

    /// Whether certHash and issuerSerial, with which an ESSCertID goes on, are those of a certificate (RFC 5035 4).
    fn is_id_of(
        &self,
        certificate: &Certificate,
        document: &Document<'a>,
        mut id: Children<'_, 'a>,
        digest: DigestAlgorithm,
    ) -> Result<bool, Error> {
        let hash = id.expect(Tag::OCTET_STRING)?.content();
        let named = match id.optional(Tag::SEQUENCE)? {
            Some(issuer_serial) => self.is_issuer_serial_of(certificate, document, &issuer_serial)?,
            None => true,
        };
        id.finish()?;
        Ok(named && digest.digest(&[certificate.der()]) == hash)
    }

    /// IssuerSerial ::= SEQUENCE { issuer GeneralNames, serialNumber INTEGER }; the issuer is a directoryName.
    fn is_issuer_serial_of(
        &self,
        certificate: &Certificate,
        document: &Document<'a>,
        issuer_serial: &Element<'a>,
    ) -> Result<bool, Error> {
        let mut fields = document.children(issuer_serial)?;
        let mut names = document.children(&fields.expect(Tag::SEQUENCE)?)?;
        let serial = fields.expect(Tag::INTEGER)?.content();
        // Read once: there may be thousands of names, and the issuer may be long.
        let issuer = name::comparison_key(certificate.issuer(), &self.limits);
        let mut is_issuer = false;
        while let Some(general_name) = names.next()? {
            if general_name.tag() == Tag::context_constructed(4) {
                is_issuer |= name::comparison_key(general_name.content(), &self.limits) == issuer;
            }
        }
        Ok(is_issuer && serial == certificate.serial())
    }

    pub(super) fn are_in_der_order(&self) -> bool {
        self.attributes.is_sorted_by_key(|attribute| attribute.raw)
    }

    /// The encoded SET whose octets were signed: with a universal tag and a definite length, the attributes as sent and
    /// in the order of DER (RFC 5652 5.4), or in the order in which they were sent.
    pub(crate) fn signed_octets(&self, order: super::AttributeOrder) -> Vec<u8> {
        let mut pieces: Vec<&[u8]> = self.attributes.iter().map(|attribute| attribute.raw).collect();
        if order == super::AttributeOrder::Der {
            pieces.sort_unstable();
        }
        element(Tag::SET, &pieces)
    }

    /// Names of the attributes, for people.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        let name = |attribute: &Attribute<'_>| match attribute.kind {
            oids::CONTENT_TYPE => "contentType",
            oids::MESSAGE_DIGEST => "messageDigest",
            oids::SIGNING_TIME => "signingTime",
            oids::SMIME_CAPABILITIES => "smimeCapabilities",
            oids::ENCRYPTION_KEY_PREFERENCE => "smimeEncryptionKeyPreference",
            oids::MICROSOFT_ENCRYPTION_KEY_PREFERENCE => "microsoftEncryptionKeyPreference",
            oids::SIGNING_CERTIFICATE => "signingCertificate",
            oids::SIGNING_CERTIFICATE_V2 => "signingCertificateV2",
            _ => "other",
        };
        self.attributes.iter().map(name).collect()
    }

    /// The first value of an attribute, read as its type.
    fn typed<T>(
        &self,
        kind: &[u8],
        read: impl FnOnce(&Document<'a>, Element<'a>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let Some(attribute) = self.attributes.iter().find(|attribute| attribute.kind == kind) else { return Ok(None) };
        let value = attribute.value.ok_or(Code::AttributeMalformed)?;
        let document = Document::new(value, &self.limits);
        let typed = document.root().and_then(|root| read(&document, root));
        typed.map(Some).map_err(|error| match error.code() {
            Code::WeakDigest | Code::DigestUnsupported => error,
            _ => Code::AttributeMalformed.into(),
        })
    }
}

impl<'a> Attribute<'a> {
    /// Attribute ::= SEQUENCE { attrType, attrValues SET } (RFC 5652 5.3).
    fn read(document: &Document<'a>, attribute: &Element<'a>) -> Result<Self, Error> {
        let mut fields = document.children(&attribute.expect(Tag::SEQUENCE)?)?;
        let kind = fields.expect(Tag::OBJECT_IDENTIFIER)?.content();
        let mut members = document.children(&fields.expect(Tag::SET)?)?;
        fields.finish()?;
        let (mut value, mut values) = (None, 0_usize);
        while let Some(member) = members.next()? {
            value.get_or_insert_with(|| member.raw());
            values = values.saturating_add(1);
        }
        Ok(Self { raw: attribute.raw(), kind, value, values })
    }
}

/// Whether `content` begins as an encoded SET of attributes, or as attributes without the SET around them. A signature
/// over attributes is also a signature without attributes over such content, so that one can be passed off as the other
/// (draft-ietf-lamps-cms-euf-cma-signeddata).
///
/// Only the beginning counts: no size, count or length further on takes the shape away, and no text has an octet 6 where
/// the attribute's identifier begins.
pub(super) fn begins_as_attributes(content: &[u8]) -> bool {
    let attributes = open(content, Tag::SET).map_or(content, |(_, members)| members);
    let values = open(attributes, Tag::SEQUENCE)
        .and_then(|(_, fields)| open(fields, Tag::OBJECT_IDENTIFIER))
        .and_then(|(length, rest)| rest.get(length..));
    values.is_some_and(|values| open(values, Tag::SET).is_some())
}

/// What follows the header of an element with `tag`, and its length (0 for an indefinite one). The element may be cut.
fn open(octets: &[u8], tag: Tag) -> Option<(usize, &[u8])> {
    let (&[identifier, length], rest) = octets.split_first_chunk::<2>()?;
    if Tag(identifier) != tag {
        return None;
    }
    if length <= 0x80 {
        return Some((usize::from(length & 0x7f), rest));
    }
    let (length, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
    // A length that no number holds is longer than anything: saturated, it reaches beyond the end.
    let value =
        length.iter().fold(0_usize, |value, octet| value.saturating_mul(256).saturating_add(usize::from(*octet)));
    Some((value, rest))
}

/// The fields of the first ESSCertID or ESSCertIDv2 in a SigningCertificate.
fn first_certificate_id<'d, 'a>(document: &'d Document<'a>, value: &Element<'a>) -> Result<Children<'d, 'a>, Error> {
    let list = document.children(&value.expect(Tag::SEQUENCE)?)?.expect(Tag::SEQUENCE)?;
    let first = document.children(&list)?.expect(Tag::SEQUENCE)?;
    document.children(&first)
}
