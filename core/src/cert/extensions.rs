//! Typed views of single extensions, decoded when they are asked for (RFC 5280 4.2.1).

use super::Certificate;
use crate::der::{Document, Element, Tag, oids};
use crate::error::{Code, Error};
use crate::verify::Limits;

/// Which operations the key is for (RFC 5280 4.2.1.3). Bits beyond the ninth are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyUsage(u16);

impl KeyUsage {
    const fn bit(self, number: u16) -> bool {
        self.0 & (0x8000 >> number) != 0
    }

    pub(crate) const fn digital_signature(self) -> bool {
        self.bit(0)
    }

    pub(crate) const fn non_repudiation(self) -> bool {
        self.bit(1)
    }

    pub(crate) const fn key_encipherment(self) -> bool {
        self.bit(2)
    }

    pub(crate) const fn key_agreement(self) -> bool {
        self.bit(4)
    }

    pub(crate) const fn key_cert_sign(self) -> bool {
        self.bit(5)
    }
}

/// Whether the subject is a CA, and how many CAs may follow below it (RFC 5280 4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BasicConstraints {
    pub(crate) ca: bool,
    pub(crate) path_length: Option<u32>,
}

impl Certificate {
    pub(crate) fn key_usage(&self) -> Result<Option<KeyUsage>, Error> {
        self.decode(oids::KEY_USAGE, |_, root| {
            let bits = root.expect(Tag::BIT_STRING)?.content().get(1..).unwrap_or_default();
            let octet = |index| u16::from(bits.get(index).copied().unwrap_or_default());
            Ok(KeyUsage(octet(0) << 8 | octet(1)))
        })
    }

    /// Whether the extended key usage, if there is one, includes `purpose` (RFC 5280 4.2.1.12).
    pub(crate) fn extended_key_usage(&self, purpose: &[u8]) -> Result<Option<bool>, Error> {
        self.decode(oids::EXTENDED_KEY_USAGE, |document, root| {
            let mut purposes = document.children(&root.expect(Tag::SEQUENCE)?)?;
            let mut found = false;
            while let Some(element) = purposes.next()? {
                found |= element.expect(Tag::OBJECT_IDENTIFIER)?.content() == purpose;
            }
            Ok(found)
        })
    }

    pub(crate) fn basic_constraints(&self) -> Result<Option<BasicConstraints>, Error> {
        self.decode(oids::BASIC_CONSTRAINTS, |document, root| {
            let mut parts = document.children(&root.expect(Tag::SEQUENCE)?)?;
            let ca = parts.optional(Tag::BOOLEAN)?.map_or(Ok(false), Element::boolean)?;
            let path_length = parts.optional(Tag::INTEGER)?.map(path_length).transpose()?;
            parts.finish()?;
            Ok(BasicConstraints { ca, path_length })
        })
    }

    /// Whether this is a CA certificate, as far as the certificate itself says. One that cannot be read is taken for a CA,
    /// because a CA is never a correspondent.
    pub(crate) fn is_ca(&self) -> bool {
        self.basic_constraints().map_or(true, |constraints| constraints.is_some_and(|constraints| constraints.ca))
    }

    /// A hint for path building and the identifier of a signer (RFC 5280 4.2.1.2); unreadable counts as absent.
    pub(crate) fn subject_key_identifier(&self) -> Option<&[u8]> {
        let extension = self.extension(oids::SUBJECT_KEY_IDENTIFIER)?;
        let limits = Limits::default();
        let document = Document::new(extension.value, &limits);
        Some(document.root().ok()?.expect(Tag::OCTET_STRING).ok()?.content())
    }

    /// The keyIdentifier of the authority (RFC 5280 4.2.1.1), a hint only; unreadable counts as absent.
    pub(crate) fn authority_key_identifier(&self) -> Option<&[u8]> {
        let extension = self.extension(oids::AUTHORITY_KEY_IDENTIFIER)?;
        let limits = Limits::default();
        let document = Document::new(extension.value, &limits);
        let root = document.root().ok()?.expect(Tag::SEQUENCE).ok()?;
        Some(document.children(&root).ok()?.optional(Tag::context(0)).ok()??.content())
    }

    /// Decodes one extension; what cannot be decoded is an error of its own, never an absent extension.
    pub(super) fn decode<T>(
        &self,
        oid: &[u8],
        decode: impl FnOnce(&Document<'_>, Element<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let Some(extension) = self.extension(oid) else { return Ok(None) };
        let limits = Limits::default();
        let document = Document::new(extension.value, &limits);
        let value = document.root().and_then(|root| decode(&document, root));
        value.map(Some).map_err(|error| match error.fault() {
            crate::error::Fault::LimitExceeded => error,
            _ => Code::ExtensionMalformed.into(),
        })
    }
}

/// A pathLenConstraint beyond any path is as good as none, but a negative one is no number.
fn path_length(element: Element<'_>) -> Result<u32, Error> {
    match element.content() {
        [first, ..] if first & 0x80 != 0 => Err(Code::DerValue.into()),
        _ => element.small_integer().or(Ok(u32::MAX)),
    }
}
