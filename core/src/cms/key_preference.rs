use crate::cert::{Certificate, name};
use crate::der::{Document, Element, Tag};
use crate::error::{Code, Error};
use crate::verify::Limits;

/// Which certificate the signer wants to be encrypted to (SMIMEEncryptionKeyPreference, RFC 8551 2.5.3). Only a pointer:
/// the certificate must pass every check by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyPreference {
    /// issuerAndSerialNumber: an encoded Name and the octets of a serial number.
    IssuerAndSerial { issuer: Vec<u8>, serial: Vec<u8> },
    /// receipentKeyId and subjectAltKeyIdentifier: a subject key identifier.
    SubjectKeyIdentifier(Vec<u8>),
}

impl KeyPreference {
    pub(super) fn read<'a>(document: &Document<'a>, value: &Element<'a>, limits: &Limits) -> Result<Self, Error> {
        match value.tag() {
            Tag(0xa0) => Self::read_issuer_and_serial(document, value),
            // RecipientKeyIdentifier ::= SEQUENCE { subjectKeyIdentifier OCTET STRING, … }, implicitly tagged.
            Tag(0xa1) => {
                let identifier = document.children(value)?.expect(Tag::OCTET_STRING)?;
                Ok(Self::SubjectKeyIdentifier(identifier.content().to_vec()))
            }
            Tag(0x82 | 0xa2) => {
                let identifier = document.segments(value).concat(limits.attribute_bytes, Code::AttributesTooLarge)?;
                Ok(Self::SubjectKeyIdentifier(identifier.into_owned()))
            }
            _ => Err(Code::AttributeMalformed.into()),
        }
    }

    /// IssuerAndSerialNumber (RFC 5652 10.2.4), under whatever tag.
    pub(super) fn read_issuer_and_serial<'a>(document: &Document<'a>, value: &Element<'a>) -> Result<Self, Error> {
        let mut fields = document.children(value)?;
        let issuer = fields.expect(Tag::SEQUENCE)?.raw().to_vec();
        let serial = fields.expect(Tag::INTEGER)?.content().to_vec();
        fields.finish()?;
        Ok(Self::IssuerAndSerial { issuer, serial })
    }

    pub(crate) fn matches(&self, certificate: &Certificate, limits: &Limits) -> bool {
        match self {
            Self::IssuerAndSerial { issuer, serial } => {
                certificate.serial() == serial && name::equal(certificate.issuer(), issuer, limits)
            }
            Self::SubjectKeyIdentifier(identifier) => certificate.subject_key_identifier() == Some(identifier),
        }
    }
}
