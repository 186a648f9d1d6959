use super::key_preference::KeyPreference;
use crate::cert::Certificate;
use crate::der::{Document, Element, Tag, oids, time};
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

    /// No attribute that may stand once stands twice or has several values.
    pub(crate) fn check_each_once(&self) -> Result<(), Error> {
        let once = ONCE.iter().all(|kind| {
            let mut same = self.attributes.iter().filter(|attribute| attribute.kind == *kind);
            let single = same.next().is_none_or(|attribute| attribute.values == 1);
            single && same.next().is_none()
        });
        if once { Ok(()) } else { Err(Code::AttributeRepeated.into()) }
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
            if value.tag().primitive() != Tag::OCTET_STRING {
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
    /// ESSCertID is the signer's, and its hash is of the whole certificate.
    pub(crate) fn check_signing_certificate(&self, signer: &Certificate) -> Result<(), Error> {
        let v1 = self.typed(oids::SIGNING_CERTIFICATE, |document, value| {
            let mut id = first_certificate_id(document, &value)?;
            Ok((DigestAlgorithm::Sha1, id.expect(Tag::OCTET_STRING)?.content()))
        })?;
        let v2 = self.typed(oids::SIGNING_CERTIFICATE_V2, |document, value| {
            let mut id = first_certificate_id(document, &value)?;
            let digest = match id.optional(Tag::SEQUENCE)? {
                Some(algorithm) => DigestAlgorithm::from_algorithm_identifier(algorithm.raw(), &self.limits)?,
                None => DigestAlgorithm::Sha256,
            };
            Ok((digest, id.expect(Tag::OCTET_STRING)?.content()))
        })?;
        let names_signer = |(digest, hash): (DigestAlgorithm, &[u8])| digest.digest(&[signer.der()]) == hash;
        if v1.is_none_or(names_signer) && v2.is_none_or(names_signer) {
            Ok(())
        } else {
            Err(Code::SignerMismatch.into())
        }
    }

    /// The encoded SET whose octets were signed: with a universal tag and a definite length, the attributes as sent and
    /// in the order of DER (RFC 5652 5.4), or in the order in which they were sent.
    pub(crate) fn signed_octets(&self, order: super::AttributeOrder) -> Vec<u8> {
        let mut pieces: Vec<&[u8]> = self.attributes.iter().map(|attribute| attribute.raw).collect();
        if order == super::AttributeOrder::Der {
            pieces.sort_unstable();
        }
        let length = pieces.iter().fold(0_usize, |sum, piece| sum.saturating_add(piece.len()));
        let mut octets = vec![Tag::SET.0];
        octets.extend(crate::der::definite_length(length));
        pieces.iter().for_each(|piece| octets.extend_from_slice(piece));
        octets
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

/// Whether `content` is itself an encoded SET of attributes. A signature over attributes is also a signature without
/// attributes over such content, so that one can be passed off as the other (draft-ietf-lamps-cms-euf-cma-signeddata).
pub(crate) fn is_attributes(content: &[u8], limits: &Limits) -> bool {
    let document = Document::new(content, limits);
    let Ok(set) = document.root().and_then(|root| root.expect(Tag::SET)) else { return false };
    SignedAttributes::read(&document, &set, limits).is_ok_and(|set| !set.attributes.is_empty())
}

/// The fields of the first ESSCertID or ESSCertIDv2 in a SigningCertificate.
fn first_certificate_id<'d, 'a>(
    document: &'d Document<'a>,
    value: &Element<'a>,
) -> Result<crate::der::Children<'d, 'a>, Error> {
    let list = document.children(&value.expect(Tag::SEQUENCE)?)?.expect(Tag::SEQUENCE)?;
    let first = document.children(&list)?.expect(Tag::SEQUENCE)?;
    document.children(&first)
}
