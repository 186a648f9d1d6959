//! The extensions about certificate policies (RFC 5280 4.2.1.4, 4.2.1.5, 4.2.1.11, 4.2.1.14).

use super::Certificate;
use super::extensions::count;
use crate::der::{Tag, oids};
use crate::error::{Code, Error};
use crate::verify::Limits;
use std::collections::BTreeSet;

/// After how many certificates a policy must be valid, and mappings end (RFC 5280 4.2.1.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PolicyConstraints {
    pub(crate) require_explicit_policy: Option<u32>,
    pub(crate) inhibit_policy_mapping: Option<u32>,
}

/// issuerDomainPolicy and subjectDomainPolicy, the octets of their identifiers.
pub(crate) type Mapping<'a> = (&'a [u8], &'a [u8]);

impl Certificate {
    /// The policies by the octets of their identifiers. None stands twice, and there is at least one (RFC 5280 4.2.1.4).
    /// Qualifiers are text for people and are not read.
    pub(crate) fn certificate_policies(&self, limits: &Limits) -> Result<Option<BTreeSet<&[u8]>>, Error> {
        self.decode(oids::CERTIFICATE_POLICIES, |document, root| {
            let mut list = document.children(&root.expect(Tag::SEQUENCE)?)?;
            let mut policies = BTreeSet::new();
            while let Some(information) = list.next()? {
                if policies.len() >= limits.policies {
                    return Err(Code::PoliciesTooMany.into());
                }
                let mut parts = document.children(&information.expect(Tag::SEQUENCE)?)?;
                let policy = parts.expect(Tag::OBJECT_IDENTIFIER)?.content();
                parts.optional(Tag::SEQUENCE)?;
                parts.finish()?;
                if policy.is_empty() || !policies.insert(policy) {
                    return Err(Code::DerValue.into());
                }
            }
            if policies.is_empty() { Err(Code::DerValue.into()) } else { Ok(policies) }
        })
    }

    /// Each mapping once (RFC 5280 4.2.1.5).
    pub(crate) fn policy_mappings(&self, limits: &Limits) -> Result<BTreeSet<Mapping<'_>>, Error> {
        let mappings = self.decode(oids::POLICY_MAPPINGS, |document, root| {
            let mut list = document.children(&root.expect(Tag::SEQUENCE)?)?;
            let mut mappings = BTreeSet::new();
            let mut number = 0_usize;
            while let Some(mapping) = list.next()? {
                if number >= limits.policies {
                    return Err(Code::PoliciesTooMany.into());
                }
                number = number.saturating_add(1);
                let mut parts = document.children(&mapping.expect(Tag::SEQUENCE)?)?;
                let issuer = parts.expect(Tag::OBJECT_IDENTIFIER)?.content();
                let subject = parts.expect(Tag::OBJECT_IDENTIFIER)?.content();
                parts.finish()?;
                if issuer.is_empty() || subject.is_empty() {
                    return Err(Code::DerValue.into());
                }
                mappings.insert((issuer, subject));
            }
            if mappings.is_empty() { Err(Code::DerValue.into()) } else { Ok(mappings) }
        });
        mappings.map(Option::unwrap_or_default)
    }

    /// RFC 5280 4.2.1.11; it must say something.
    pub(crate) fn policy_constraints(&self) -> Result<Option<PolicyConstraints>, Error> {
        self.decode(oids::POLICY_CONSTRAINTS, |document, root| {
            let mut fields = document.children(&root.expect(Tag::SEQUENCE)?)?;
            let require_explicit_policy = fields.optional(Tag::context(0))?.map(count).transpose()?;
            let inhibit_policy_mapping = fields.optional(Tag::context(1))?.map(count).transpose()?;
            fields.finish()?;
            if require_explicit_policy.is_none() && inhibit_policy_mapping.is_none() {
                return Err(Code::DerValue.into());
            }
            Ok(PolicyConstraints { require_explicit_policy, inhibit_policy_mapping })
        })
    }

    /// After how many certificates anyPolicy stands for nothing any more (RFC 5280 4.2.1.14).
    pub(crate) fn inhibit_any_policy(&self) -> Result<Option<u32>, Error> {
        self.decode(oids::INHIBIT_ANY_POLICY, |_, root| count(root.expect(Tag::INTEGER)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postseal_testkit::factory::{Authority, CertSpec, Key, extension};

    fn with_extension(oid: &str, value: &[u8]) -> Certificate {
        let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(2));
        spec.overrides.extra_extensions = vec![extension(oid, false, value)];
        let der = Authority::root("Root", Key::P256(1)).issue(&spec);
        Certificate::from_der(der.der(), &Limits::default()).unwrap()
    }

    fn malformed<T>() -> Result<T, Error> {
        Err(Code::ExtensionMalformed.into())
    }

    #[test]
    fn a_policy_stands_once_and_there_is_one() {
        let limits = Limits::default();
        let set = |policies: &[&'static [u8]]| Ok(Some(policies.iter().copied().collect::<BTreeSet<_>>()));
        for (value, expected) in [
            (b"\x30\x05\x30\x03\x06\x01\x2a".as_slice(), set(&[b"\x2a"])),
            (b"\x30\x07\x30\x05\x06\x01\x2a\x30\x00", set(&[b"\x2a"])),
            (b"\x30\x0a\x30\x03\x06\x01\x2a\x30\x03\x06\x01\x2b", set(&[b"\x2a", b"\x2b"])),
            (b"\x30\x0a\x30\x03\x06\x01\x2a\x30\x03\x06\x01\x2a", malformed()),
            (b"\x30\x00", malformed()),
            (b"\x30\x04\x30\x02\x06\x00", malformed()),
            (b"\x30\x03\x06\x01\x2a", malformed()),
            (b"\x30\x07\x30\x05\x06\x01\x2a\x05\x00", malformed()),
            (b"\x31\x05\x30\x03\x06\x01\x2a", malformed()),
        ] {
            let certificate = with_extension("2.5.29.32", value);
            assert_eq!(certificate.certificate_policies(&limits), expected, "{value:02x?}");
        }
        let limits = Limits { policies: 1, ..Limits::default() };
        let two = with_extension("2.5.29.32", b"\x30\x0a\x30\x03\x06\x01\x2a\x30\x03\x06\x01\x2b");
        assert_eq!(two.certificate_policies(&limits), Err(Code::PoliciesTooMany.into()));
    }

    #[test]
    fn mappings_are_pairs() {
        let limits = Limits::default();
        let one = b"\x30\x08\x30\x06\x06\x01\x2a\x06\x01\x2b";
        for (value, expected) in [
            (one.as_slice(), Ok(BTreeSet::from([(b"\x2a".as_slice(), b"\x2b".as_slice())]))),
            (b"\x30\x00", malformed()),
            (b"\x30\x05\x30\x03\x06\x01\x2a", malformed()),
            (b"\x30\x07\x30\x05\x06\x01\x2a\x06\x00", malformed()),
        ] {
            assert_eq!(with_extension("2.5.29.33", value).policy_mappings(&limits), expected, "{value:02x?}");
        }
        assert_eq!(with_extension("2.5.29.99", one).policy_mappings(&limits), Ok(BTreeSet::new()));
        let limits = Limits { policies: 0, ..Limits::default() };
        assert_eq!(with_extension("2.5.29.33", one).policy_mappings(&limits), Err(Code::PoliciesTooMany.into()));
    }

    #[test]
    fn numbers_of_certificates_are_not_negative() {
        let constraints = |require_explicit_policy, inhibit_policy_mapping| {
            Ok(Some(PolicyConstraints { require_explicit_policy, inhibit_policy_mapping }))
        };
        for (value, expected) in [
            (b"\x30\x03\x80\x01\x00".as_slice(), constraints(Some(0), None)),
            (b"\x30\x03\x81\x01\x05", constraints(None, Some(5))),
            (b"\x30\x06\x80\x01\x01\x81\x01\x02", constraints(Some(1), Some(2))),
            (b"\x30\x08\x80\x06\x01\x00\x00\x00\x00\x00", constraints(Some(u32::MAX), None)),
            (b"\x30\x00", malformed()),
            (b"\x30\x03\x80\x01\xff", malformed()),
            (b"\x30\x02\x80\x00", malformed()),
            (b"\x30\x03\x82\x01\x00", malformed()),
            (b"\x30\x06\x81\x01\x01\x80\x01\x02", malformed()),
        ] {
            assert_eq!(with_extension("2.5.29.36", value).policy_constraints(), expected, "{value:02x?}");
        }
        for (value, expected) in [
            (b"\x02\x01\x00".as_slice(), Ok(Some(0))),
            (b"\x02\x05\x01\x00\x00\x00\x00", Ok(Some(u32::MAX))),
            (b"\x02\x01\x80", malformed()),
            (b"\x80\x01\x00", malformed()),
            (b"\x02\x01\x00\x00", malformed()),
        ] {
            assert_eq!(with_extension("2.5.29.54", value).inhibit_any_policy(), expected, "{value:02x?}");
        }
    }
}
