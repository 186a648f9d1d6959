use super::attributes::begins_as_attributes;
use super::signer::{Content, SignerInfo};
use crate::der::{Document, Element, Tag, oids};
use crate::error::{Code, Error, Fault};
use crate::verify::Limits;

/// What a ContentInfo holds (RFC 5652 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Signed,
    Encrypted,
    Other,
}

/// A SignedData (RFC 5652 5.1) as slices of the input. Certificates, attributes and algorithms are raw: they are never
/// re-encoded.
#[derive(Debug)]
pub(crate) struct SignedData<'a> {
    /// eContentType.
    pub(crate) content_type: &'a [u8],
    /// The octet string of the eContent, when there is one.
    pub(crate) content: Option<Element<'a>>,
    /// X.509 certificates; attribute certificates and other choices are passed over.
    pub(crate) certificates: Vec<&'a [u8]>,
    /// The encoded revocation lists that came along, whatever they are worth.
    pub(crate) crls: Vec<&'a [u8]>,
    pub(crate) signers: Vec<SignerInfo<'a>>,
    /// Whether every length is definite and minimal.
    pub(crate) is_ber: bool,
}

/// The content type of a CMS object, without looking inside.
pub(crate) fn kind(document: &Document<'_>) -> Result<Kind, Error> {
    let content_info = document.first()?.expect(Tag::SEQUENCE)?;
    let oid = document.children(&content_info)?.expect(Tag::OBJECT_IDENTIFIER)?;
    Ok(kind_of(oid.content()))
}

/// The same of an object whose end has not come yet; `None` when not even its beginning has, or it is no object.
pub(crate) fn kind_of_beginning(beginning: &[u8]) -> Option<Kind> {
    let (tag, rest) = beginning.split_first()?;
    let (length, rest) = rest.split_first()?;
    // The length of the whole says nothing here: indefinite, short or long, the content type follows it.
    let skipped = if *length > 0x80 { usize::from(length & 0x7f) } else { 0 };
    let [oid_tag, oid_length, oid @ ..] = rest.get(skipped..)? else { return None };
    if *tag != Tag::SEQUENCE.0 || *oid_tag != Tag::OBJECT_IDENTIFIER.0 {
        return None;
    }
    Some(kind_of(oid.get(..usize::from(*oid_length))?))
}

fn kind_of(content_type: &[u8]) -> Kind {
    match content_type {
        oids::ID_SIGNED_DATA => Kind::Signed,
        oids::ID_ENVELOPED_DATA | oids::ID_AUTH_ENVELOPED_DATA => Kind::Encrypted,
        _ => Kind::Other,
    }
}

impl<'a> SignedData<'a> {
    /// Reads a ContentInfo with a SignedData that fills the document; only white space or zero padding may follow.
    pub(crate) fn read(document: &Document<'a>, limits: &Limits) -> Result<Self, Error> {
        let content_info = document.first()?;
        let trailing = document.bytes().get(content_info.end()..).unwrap_or_default();
        let is_padding = trailing.iter().all(|octet| matches!(octet, 0 | b' ' | b'\t' | b'\r' | b'\n'));
        if !is_padding {
            return Err(Error::from(Code::CmsTrailing).at(content_info.end()));
        }
        Self::read_for_inspection(document, limits)
    }

    /// As [`Self::read`], whatever follows.
    pub(crate) fn read_for_inspection(document: &Document<'a>, limits: &Limits) -> Result<Self, Error> {
        let content_info = document.first()?;
        if kind(document).map_err(|error| as_cms(error, Code::CmsNotSignedData))? != Kind::Signed {
            return Err(Code::CmsNotSignedData.into());
        }
        Self::read_fields(document, &content_info, limits).map_err(|error| as_cms(error, Code::CmsMalformed))
    }

    fn read_fields(document: &Document<'a>, content_info: &Element<'a>, limits: &Limits) -> Result<Self, Error> {
        let mut outer = document.children(content_info)?;
        outer.expect(Tag::OBJECT_IDENTIFIER)?;
        let wrapper = outer.expect(Tag::context_constructed(0))?;
        outer.finish()?;
        let mut wrapped = document.children(&wrapper)?;
        let signed_data = wrapped.expect(Tag::SEQUENCE)?;
        wrapped.finish()?;

        let mut fields = document.children(&signed_data)?;
        fields.expect(Tag::INTEGER)?;
        fields.expect(Tag::SET)?;
        let (content_type, content) = encapsulated(document, &fields.expect(Tag::SEQUENCE)?)?;
        let certificates = match fields.optional(Tag::context_constructed(0))? {
            Some(set) => certificates(document, &set, limits)?,
            None => Vec::new(),
        };
        let crls = match fields.optional(Tag::context_constructed(1))? {
            Some(set) => revocation_lists(document, &set, limits)?,
            None => Vec::new(),
        };
        let signers = signers(document, &fields.expect(Tag::SET)?, limits)?;
        fields.finish()?;
        let is_ber = document.is_ber();
        Ok(Self { content_type, content, certificates, crls, signers, is_ber })
    }

    /// The one SignerInfo of a signature that may be imported, after every check that needs no key:
    /// one signer, signed attributes, content types, content given once.
    pub(crate) fn only_signer(&self, content: &Content<'_, 'a>, limits: &Limits) -> Result<&SignerInfo<'a>, Error> {
        self.only_signer_of(&[oids::ID_DATA], content, limits)
    }

    /// The same for content of one of these types.
    pub(crate) fn only_signer_of(
        &self,
        types: &[&[u8]],
        content: &Content<'_, 'a>,
        limits: &Limits,
    ) -> Result<&SignerInfo<'a>, Error> {
        let signer = match self.signers.as_slice() {
            [] => return Err(Code::CertsOnly.into()),
            [signer] => signer,
            _ => return Err(Code::SignersMany.into()),
        };
        match (content, &self.content) {
            (Content::Detached(_), Some(_)) => return Err(Code::ContentTwice.into()),
            (Content::Absent, _) => return Err(Code::ContentMissing.into()),
            // What PKCS #7 allows in place of the octet string is no content of RFC 5652 5.2: readers disagree about it.
            (Content::Encapsulated(_, other), _) if other.tag().primitive() != Tag::OCTET_STRING => {
                return Err(Error::from(Code::CmsMalformed).at(other.offset()));
            }
            _ => {}
        }
        if begins_as_attributes(&content.beginning_as_hashed(limits.attribute_bytes)?) {
            return Err(Code::ContentIsAttributes.into());
        }
        let attributes = signer.signed_attributes.as_ref().ok_or(Code::SignedAttributesMissing)?;
        attributes.check_none_twice()?;
        self.check_attributes(signer)?;
        if !types.contains(&self.content_type) {
            return Err(Code::ContentTypeMismatch.into());
        }
        Ok(signer)
    }

    /// The rules for signed attributes, where there are any (RFC 5652 5.3, 11): each once, of its type, contentType and
    /// messageDigest there, contentType the same as the eContentType.
    pub(crate) fn check_attributes(&self, signer: &SignerInfo<'a>) -> Result<(), Error> {
        let Some(attributes) = &signer.signed_attributes else { return Ok(()) };
        attributes.check_each_once()?;
        if signer.misplaced {
            return Err(Code::AttributeNotSigned.into());
        }
        let content_type = attributes.content_type()?.ok_or(Code::ContentTypeMissing)?;
        if content_type != self.content_type {
            return Err(Code::ContentTypeMismatch.into());
        }
        attributes.message_digest()?.ok_or(Code::MessageDigestMissing)?;
        attributes.signing_time()?;
        Ok(())
    }
}

/// Errors of the reader as errors of the object that was read; limits stay what they are.
fn as_cms(error: Error, code: Code) -> Error {
    match error.code() {
        Code::DerTruncated | Code::DerTag | Code::DerLength | Code::DerTrailing | Code::DerValue
            if error.fault() == Fault::Malformed =>
        {
            Error::from(code).at(error.offset().unwrap_or_default())
        }
        _ => error,
    }
}

/// EncapsulatedContentInfo (RFC 5652 5.2).
fn encapsulated<'a>(document: &Document<'a>, info: &Element<'a>) -> Result<(&'a [u8], Option<Element<'a>>), Error> {
    let mut fields = document.children(info)?;
    let content_type = fields.expect(Tag::OBJECT_IDENTIFIER)?.content();
    let content = match fields.optional(Tag::context_constructed(0))? {
        Some(wrapper) => {
            let mut wrapped = document.children(&wrapper)?;
            let content = wrapped.required()?;
            wrapped.finish()?;
            Some(content)
        }
        None => None,
    };
    fields.finish()?;
    Ok((content_type, content))
}

/// CertificateSet (RFC 5652 10.2.3): hostile until proved otherwise, so only counted and sliced here.
fn certificates<'a>(document: &Document<'a>, set: &Element<'a>, limits: &Limits) -> Result<Vec<&'a [u8]>, Error> {
    let mut members = document.children(set)?;
    let mut certificates = Vec::new();
    while let Some(member) = members.next()? {
        if member.tag() != Tag::SEQUENCE {
            continue;
        }
        if certificates.len() >= limits.certificates {
            return Err(Code::CertificatesTooMany.into());
        }
        certificates.push(member.raw());
    }
    Ok(certificates)
}

/// The CertificateLists among the RevocationInfoChoices (RFC 5652 10.2.1), as they were sent; the others must be readable.
fn revocation_lists<'a>(document: &Document<'a>, set: &Element<'a>, limits: &Limits) -> Result<Vec<&'a [u8]>, Error> {
    if set.content().len() > limits.crl_bytes {
        return Err(Code::CrlsTooLarge.into());
    }
    let mut members = document.children(set)?;
    let mut crls = Vec::new();
    while let Some(member) = members.next()? {
        let mut fields = document.children(&member)?;
        while fields.next()?.is_some() {}
        // As many as there may be certificates that they could be about.
        if member.tag() == Tag::SEQUENCE && crls.len() < limits.certificates {
            crls.push(member.raw());
        }
    }
    Ok(crls)
}

fn signers<'a>(document: &Document<'a>, set: &Element<'a>, limits: &Limits) -> Result<Vec<SignerInfo<'a>>, Error> {
    let mut members = document.children(set)?;
    let mut signers = Vec::new();
    while let Some(member) = members.next()? {
        if signers.len() >= limits.attributes {
            return Err(Code::SignersMany.into());
        }
        signers.push(SignerInfo::read(document, &member, limits)?);
    }
    Ok(signers)
}
