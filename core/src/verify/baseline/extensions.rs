//! The extensions of a subscriber's certificate (S/MIME BR 7.1.2.3, and 7.1.4.2.1 for the forms of names).

use super::algorithms::{KeyKind, key_kind};
use super::organization::is_lei;
use super::subscriber::{CertificateType, Generation, Subscriber};
use crate::cert::{GeneralName, general_name};
use crate::der::{Document, Element, Tag, oids};
use crate::error::Error;

const DIGITAL_SIGNATURE: u16 = 0x8000;
const NON_REPUDIATION: u16 = 0x4000;
const KEY_ENCIPHERMENT: u16 = 0x2000;
const DATA_ENCIPHERMENT: u16 = 0x1000;
const KEY_AGREEMENT: u16 = 0x0800;
const ENCIPHER_ONLY: u16 = 0x0100;
const DECIPHER_ONLY: u16 = 0x0080;

pub(super) fn is_critical(subscriber: &Subscriber<'_>, oid: &[u8]) -> bool {
    subscriber.certificate.extension(oid).is_some_and(|extension| extension.critical)
}

pub(super) fn is_present(subscriber: &Subscriber<'_>, oid: &[u8]) -> bool {
    subscriber.certificate.extension(oid).is_some()
}

pub(super) fn reserved_policy(subscriber: &Subscriber<'_>) -> bool {
    subscriber.reserved.len() != 1
}

pub(super) fn policy_qualifiers(subscriber: &Subscriber<'_>) -> bool {
    let right = subscriber.certificate.decode(oids::CERTIFICATE_POLICIES, |document, root| {
        let mut list = document.children(&root.expect(Tag::SEQUENCE)?)?;
        let mut right = true;
        while let Some(information) = list.next()? {
            let mut parts = document.children(&information.expect(Tag::SEQUENCE)?)?;
            parts.expect(Tag::OBJECT_IDENTIFIER)?;
            let Some(qualifiers) = parts.optional(Tag::SEQUENCE)? else { continue };
            let mut qualifiers = document.children(&qualifiers)?;
            while let Some(qualifier) = qualifiers.next()? {
                right &= qualifier_is_right(document, &qualifier)?;
            }
        }
        Ok(right)
    });
    !matches!(right, Ok(Some(true) | None))
}

/// RFC 5280 4.2.1.4; of qualifiers that nobody knows, nothing is asked.
fn qualifier_is_right(document: &Document<'_>, qualifier: &Element<'_>) -> Result<bool, Error> {
    let mut parts = document.children(&qualifier.expect(Tag::SEQUENCE)?)?;
    match parts.expect(Tag::OBJECT_IDENTIFIER)?.content() {
        oids::QT_CPS => {
            let url = parts.expect(Tag::IA5_STRING)?.content();
            Ok(has_scheme(url, b"http://") || has_scheme(url, b"https://"))
        }
        oids::QT_USER_NOTICE => {
            let mut fields = document.children(&parts.expect(Tag::SEQUENCE)?)?;
            let reference = fields.optional(Tag::SEQUENCE)?;
            Ok(reference.is_none() && fields.next()?.is_some())
        }
        _ => Ok(true),
    }
}

fn has_scheme(url: &[u8], scheme: &[u8]) -> bool {
    url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

fn is_http(name: &GeneralName<'_>) -> bool {
    matches!(name, GeneralName::Uri(url) if has_scheme(url, b"http://"))
}

/// In the Legacy Generation other schemes may stand beside HTTP.
fn are_http(subscriber: &Subscriber<'_>, locations: &[GeneralName<'_>]) -> bool {
    match subscriber.generation() {
        Generation::Legacy => locations.iter().any(is_http),
        Generation::Multipurpose | Generation::Strict => locations.iter().all(is_http),
    }
}

/// The URIs of the full names; `None` when the extension is absent or cannot be read (RFC 5280 4.2.1.13).
fn crl_uris<'a>(subscriber: &Subscriber<'a>) -> Option<Vec<GeneralName<'a>>> {
    let uris = subscriber.certificate.decode(oids::CRL_DISTRIBUTION_POINTS, |document, root| {
        let mut points = document.children(&root.expect(Tag::SEQUENCE)?)?;
        let mut uris = Vec::new();
        while let Some(point) = points.next()? {
            let mut fields = document.children(&point.expect(Tag::SEQUENCE)?)?;
            let Some(name) = fields.optional(Tag::context_constructed(0))? else { continue };
            let Some(full) = document.children(&name)?.optional(Tag::context_constructed(0))? else { continue };
            let mut names = document.children(&full)?;
            while let Some(element) = names.next()? {
                let name = general_name(document, &element);
                uris.extend(matches!(name, GeneralName::Uri(_)).then_some(name));
            }
        }
        Ok(uris)
    });
    uris.ok().flatten()
}

pub(super) fn has_http_crl(subscriber: &Subscriber<'_>) -> bool {
    crl_uris(subscriber).is_some_and(|uris| uris.iter().any(is_http))
}

pub(super) fn crl_distribution_points(subscriber: &Subscriber<'_>) -> bool {
    crl_uris(subscriber).is_none_or(|uris| uris.is_empty())
}

pub(super) fn crl_scheme(subscriber: &Subscriber<'_>) -> bool {
    crl_uris(subscriber).is_some_and(|uris| !uris.is_empty() && !are_http(subscriber, &uris))
}

/// The locations for one access method; `None` when the extension cannot be read (RFC 5280 4.2.2.1).
fn access_locations<'a>(subscriber: &Subscriber<'a>, method: &[u8]) -> Option<Vec<GeneralName<'a>>> {
    let locations = subscriber.certificate.decode(oids::AUTHORITY_INFORMATION_ACCESS, |document, root| {
        let mut list = document.children(&root.expect(Tag::SEQUENCE)?)?;
        let mut locations = Vec::new();
        while let Some(description) = list.next()? {
            let mut fields = document.children(&description.expect(Tag::SEQUENCE)?)?;
            let is_asked_for = fields.expect(Tag::OBJECT_IDENTIFIER)?.content() == method;
            let location = general_name(document, &fields.required()?);
            fields.finish()?;
            locations.extend(is_asked_for.then_some(location));
        }
        Ok(locations)
    });
    locations.ok().map(Option::unwrap_or_default)
}

pub(super) fn authority_information_access(subscriber: &Subscriber<'_>) -> bool {
    is_critical(subscriber, oids::AUTHORITY_INFORMATION_ACCESS) || access_locations(subscriber, oids::AD_OCSP).is_none()
}

pub(super) fn ocsp_scheme(subscriber: &Subscriber<'_>) -> bool {
    is_elsewhere(subscriber, oids::AD_OCSP)
}

pub(super) fn ca_issuers_scheme(subscriber: &Subscriber<'_>) -> bool {
    is_elsewhere(subscriber, oids::AD_CA_ISSUERS)
}

fn is_elsewhere(subscriber: &Subscriber<'_>, method: &[u8]) -> bool {
    let locations = access_locations(subscriber, method).unwrap_or_default();
    !locations.is_empty() && !are_http(subscriber, &locations)
}

pub(super) fn basic_constraints(subscriber: &Subscriber<'_>) -> bool {
    let constraints = subscriber.certificate.basic_constraints();
    constraints.map_or(true, |constraints| {
        constraints.is_some_and(|constraints| constraints.ca || constraints.path_length.is_some())
    })
}

/// A key of an algorithm that is not listed has no bits of its own; `public-key-algorithm` is broken then.
pub(super) fn key_usage(subscriber: &Subscriber<'_>) -> bool {
    let Ok(Some(usage)) = subscriber.certificate.key_usage() else { return true };
    let Some(kind) = key_kind(subscriber) else { return false };
    let data = if subscriber.generation() == Generation::Strict { 0 } else { DATA_ENCIPHERMENT };
    let (management, beside_management) = match kind {
        KeyKind::Rsa => (KEY_ENCIPHERMENT, data),
        KeyKind::Ec => (KEY_AGREEMENT, ENCIPHER_ONLY | DECIPHER_ONLY),
        KeyKind::Signature => (0, 0),
        KeyKind::Encapsulation => return usage.bits() != KEY_ENCIPHERMENT,
    };
    let bits = usage.bits();
    let (signs, manages) = (bits & DIGITAL_SIGNATURE != 0, bits & management != 0);
    let signing = if signs { DIGITAL_SIGNATURE | NON_REPUDIATION } else { 0 };
    let managing = if manages { management | beside_management } else { 0 };
    let both = ENCIPHER_ONLY | DECIPHER_ONLY;
    !(signs || manages) || bits & !(signing | managing) != 0 || bits & both == both
}

pub(super) fn extended_key_usage(subscriber: &Subscriber<'_>) -> bool {
    const PROHIBITED: [&[u8]; 4] =
        [oids::SERVER_AUTH, oids::CODE_SIGNING, oids::TIME_STAMPING, oids::ANY_EXTENDED_KEY_USAGE];
    let Ok(Some(purposes)) = subscriber.certificate.key_purposes() else { return true };
    let others = purposes.iter().any(|purpose| *purpose != oids::EMAIL_PROTECTION);
    !purposes.contains(&oids::EMAIL_PROTECTION)
        || purposes.iter().any(|purpose| PROHIBITED.contains(purpose))
        || others && subscriber.generation() == Generation::Strict
}

pub(super) fn authority_key_identifier(subscriber: &Subscriber<'_>) -> bool {
    !is_key_identifier_alone(subscriber) || is_critical(subscriber, oids::AUTHORITY_KEY_IDENTIFIER)
}

/// Whether authorityKeyIdentifier has a keyIdentifier and nothing else.
pub(super) fn is_key_identifier_alone(subscriber: &Subscriber<'_>) -> bool {
    let alone = subscriber.certificate.decode(oids::AUTHORITY_KEY_IDENTIFIER, |document, root| {
        let mut fields = document.children(&root.expect(Tag::SEQUENCE)?)?;
        fields.expect(Tag::context(0))?;
        fields.finish()
    });
    matches!(alone, Ok(Some(())))
}

pub(super) fn mailbox_present(subscriber: &Subscriber<'_>) -> bool {
    subscriber.mailboxes.is_empty()
}

pub(super) fn name_forms(subscriber: &Subscriber<'_>) -> bool {
    let Some(names) = &subscriber.alternative_names else { return true };
    let is_allowed = |name: &GeneralName<'_>| match name {
        GeneralName::Rfc822(_) | GeneralName::SmtpUtf8Mailbox(_) | GeneralName::Directory(_) => true,
        GeneralName::Other(0) => subscriber.generation() != Generation::Strict,
        _ => false,
    };
    !names.iter().all(is_allowed)
}

pub(super) fn smime_capabilities(subscriber: &Subscriber<'_>) -> bool {
    is_critical(subscriber, oids::SMIME_CAPABILITIES)
}

pub(super) fn subject_directory_attributes(subscriber: &Subscriber<'_>) -> bool {
    let extension = oids::SUBJECT_DIRECTORY_ATTRIBUTES;
    let prohibited = subscriber.generation() != Generation::Legacy;
    is_critical(subscriber, extension) || prohibited && is_present(subscriber, extension)
}

pub(super) fn qc_statements(subscriber: &Subscriber<'_>) -> bool {
    is_critical(subscriber, oids::QC_STATEMENTS)
}

pub(super) fn legal_entity_identifier(subscriber: &Subscriber<'_>) -> bool {
    let [entity, role] = [is_present(subscriber, oids::LEI), is_present(subscriber, oids::LEI_ROLE)];
    let prohibited = match subscriber.certificate_type() {
        Some(CertificateType::Mailbox | CertificateType::Individual) => entity || role,
        Some(CertificateType::Organization) => role,
        Some(CertificateType::Sponsor) | None => false,
    };
    let digits = subscriber.certificate.decode(oids::LEI, |_, root| {
        let text = root.expect(Tag::PRINTABLE_STRING)?.content();
        Ok(core::str::from_utf8(text).is_ok_and(is_lei))
    });
    let critical = is_critical(subscriber, oids::LEI) || is_critical(subscriber, oids::LEI_ROLE);
    prohibited || critical || !matches!(digits, Ok(Some(true) | None))
}

pub(super) fn adobe_extensions(subscriber: &Subscriber<'_>) -> bool {
    let prohibited = subscriber.generation() == Generation::Strict;
    [oids::ADOBE_TIME_STAMP, oids::ADOBE_ARCHIVE_REV_INFO]
        .into_iter()
        .any(|oid| is_critical(subscriber, oid) || prohibited && is_present(subscriber, oid))
}

pub(super) fn subject_key_identifier(subscriber: &Subscriber<'_>) -> bool {
    is_critical(subscriber, oids::SUBJECT_KEY_IDENTIFIER)
}
