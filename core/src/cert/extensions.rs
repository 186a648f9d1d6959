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

    /// The nine bits; 0x8000 is bit 0, digitalSignature.
    pub(crate) const fn bits(self) -> u16 {
        self.0 & 0xff80
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

    pub(crate) const fn crl_sign(self) -> bool {
        self.bit(6)
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
            let (unused, octets) = match root.expect(Tag::BIT_STRING)?.content() {
                [unused @ 0..=7, octets @ ..] => (u32::from(*unused), octets),
                _ => return Err(Code::DerValue.into()),
            };
            // What stands in the unused bits of the last octet is no bit of the value (X.690 8.6.2).
            let octet = |index: usize| {
                let octet = octets.get(index).copied().unwrap_or_default();
                let used =
                    if octets.len().checked_sub(1) == Some(index) { 0xff_u8.unbounded_shl(unused) } else { 0xff };
                u16::from(octet & used)
            };
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

    /// All purposes of the extended key usage, if there is one.
    pub(crate) fn key_purposes(&self) -> Result<Option<Vec<&[u8]>>, Error> {
        self.decode(oids::EXTENDED_KEY_USAGE, |document, root| {
            let mut list = document.children(&root.expect(Tag::SEQUENCE)?)?;
            let mut purposes = Vec::new();
            while let Some(element) = list.next()? {
                purposes.push(element.expect(Tag::OBJECT_IDENTIFIER)?.content());
            }
            Ok(purposes)
        })
    }

    pub(crate) fn basic_constraints(&self) -> Result<Option<BasicConstraints>, Error> {
        self.decode(oids::BASIC_CONSTRAINTS, |document, root| {
            let mut parts = document.children(&root.expect(Tag::SEQUENCE)?)?;
            let ca = parts.optional(Tag::BOOLEAN)?.map_or(Ok(false), Element::boolean)?;
            let path_length = parts.optional(Tag::INTEGER)?.map(count).transpose()?;
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
        let document = Document::definite(extension.value, &limits);
        Some(document.root().ok()?.expect(Tag::OCTET_STRING).ok()?.content())
    }

    /// The keyIdentifier of the authority (RFC 5280 4.2.1.1), a hint only; unreadable counts as absent.
    pub(crate) fn authority_key_identifier(&self) -> Option<&[u8]> {
        let extension = self.extension(oids::AUTHORITY_KEY_IDENTIFIER)?;
        let limits = Limits::default();
        let document = Document::definite(extension.value, &limits);
        let root = document.root().ok()?.expect(Tag::SEQUENCE).ok()?;
        Some(document.children(&root).ok()?.optional(Tag::context(0)).ok()??.content())
    }

    /// Decodes one extension; what cannot be decoded is an error of its own, never an absent extension.
    pub(crate) fn decode<'a, T>(
        &'a self,
        oid: &[u8],
        decode: impl FnOnce(&Document<'a>, Element<'a>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let Some(extension) = self.extension(oid) else { return Ok(None) };
        let limits = Limits::default();
        let document = Document::definite(extension.value, &limits);
        let value = document.root().and_then(|root| decode(&document, root));
        value.map(Some).map_err(|error| match error.fault() {
            crate::error::Fault::LimitExceeded => error,
            _ => Code::ExtensionMalformed.into(),
        })
    }
}

/// `INTEGER (0..MAX)`, whatever its tag: a number of certificates. One beyond any path is as good as none, but a negative
/// one is no number.
pub(super) fn count(element: Element<'_>) -> Result<u32, Error> {
    let octets = element.content();
    match octets {
        [] => Err(Code::DerValue.into()),
        [first, ..] if first & 0x80 != 0 => Err(Code::DerValue.into()),
        _ => {
            let add = |value: u32, octet: &u8| value.checked_mul(256)?.checked_add(u32::from(*octet));
            Ok(octets.iter().try_fold(0_u32, add).unwrap_or(u32::MAX))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postseal_testkit::factory::{Authority, CertSpec, Key, KeyUse, extension};

    fn with_extension(oid: &str, value: &[u8]) -> Certificate {
        let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(2));
        spec.key_use = KeyUse::Absent;
        spec.overrides.extra_extensions = vec![extension(oid, true, value)];
        let der = Authority::root("Root", Key::P256(1)).issue(&spec);
        Certificate::from_der(der.der(), &Limits::default()).unwrap()
    }

    #[test]
    fn unused_bits_are_no_key_usage() {
        let malformed = Err(Code::ExtensionMalformed.into());
        for (value, expected) in [
            (b"\x03\x02\x05\xa0".as_slice(), Ok(Some(KeyUsage(0xa000)))),
            (b"\x03\x02\x05\xff", Ok(Some(KeyUsage(0xe000)))),
            (b"\x03\x03\x07\x00\xff", Ok(Some(KeyUsage(0x0080)))),
            (b"\x03\x03\x00\x80\x00", Ok(Some(KeyUsage(0x8000)))),
            (b"\x03\x01\x00", Ok(Some(KeyUsage(0)))),
            (b"\x03\x02\x08\xa0", malformed),
            (b"\x03\x00", malformed),
            (b"\x04\x02\x05\xa0", malformed),
        ] {
            assert_eq!(with_extension("2.5.29.15", value).key_usage(), expected, "{value:02x?}");
        }
    }

    #[test]
    fn basic_constraints_are_read_or_the_certificate_is_taken_for_a_ca() {
        let read = |ca, path_length| Ok(Some(BasicConstraints { ca, path_length }));
        let malformed = Err(Code::ExtensionMalformed.into());
        for (value, expected, is_ca) in [
            (b"\x30\x00".as_slice(), read(false, None), false),
            (b"\x30\x03\x01\x01\x00", read(false, None), false),
            (b"\x30\x03\x01\x01\xff", read(true, None), true),
            (b"\x30\x06\x01\x01\xff\x02\x01\x00", read(true, Some(0)), true),
            (b"\x30\x0b\x01\x01\xff\x02\x06\x01\x00\x00\x00\x00\x00", read(true, Some(u32::MAX)), true),
            (b"\x30\x06\x01\x01\xff\x02\x01\xff", malformed, true),
            (b"\x30\x05\x01\x01\xff\x02\x00", malformed, true),
            (b"\x30\x04\x01\x02\xff\xff", malformed, true),
            (b"\x30\x03\x02\x01\x00", read(false, Some(0)), false),
            (b"\x31\x00", malformed, true),
        ] {
            let certificate = with_extension("2.5.29.19", value);
            assert_eq!((certificate.basic_constraints(), certificate.is_ca()), (expected, is_ca), "{value:02x?}");
        }
    }
}
