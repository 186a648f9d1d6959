//! What stands in the subject (S/MIME BR 7.1.4.2).

use super::organization::is_country;
use super::subscriber::{CertificateType, Generation, Subscriber, has, values};
use crate::cert::Address;
use crate::cert::name::Attribute;
use crate::der::{Tag, oids};

const PERSONAL: [&[u8]; 2] = [oids::GIVEN_NAME, oids::SURNAME];

/// Upper bounds in characters (RFC 5280 A.1).
const BOUNDS: [(&[u8], usize); 11] = [
    (oids::COMMON_NAME, 64),
    (oids::SURNAME, 32_768),
    (oids::SERIAL_NUMBER, 64),
    (oids::LOCALITY_NAME, 128),
    (oids::STATE_OR_PROVINCE_NAME, 128),
    (oids::ORGANIZATION_NAME, 64),
    (oids::ORGANIZATIONAL_UNIT_NAME, 64),
    (oids::TITLE, 64),
    (oids::GIVEN_NAME, 32_768),
    (oids::PSEUDONYM, 128),
    (oids::EMAIL_ADDRESS, 255),
];

pub(super) fn bounds(subscriber: &Subscriber<'_>) -> bool {
    let too_long = |attribute: &Attribute<'_>| {
        let bound = BOUNDS.iter().find(|(kind, _)| *kind == attribute.kind);
        bound.is_some_and(|(_, most)| attribute.text().chars().count() > *most)
    };
    subscriber.names().flatten().any(too_long)
}

pub(super) fn placeholder(subscriber: &Subscriber<'_>) -> bool {
    let says_nothing = |attribute: &Attribute<'_>| {
        attribute.text().chars().all(|character| character.is_whitespace() || matches!(character, '.' | '-'))
    };
    subscriber.names().flatten().any(says_nothing)
}

/// Whatever the attribute is called: an address in a commonName is believed as one in an emailAddress is.
pub(super) fn mailboxes_in_san(subscriber: &Subscriber<'_>) -> bool {
    let missing = |attribute: &Attribute<'_>| {
        let text = attribute.text();
        let claims = attribute.kind == oids::EMAIL_ADDRESS || Address::parse(&text).is_ok();
        claims && !subscriber.is_mailbox_of_san(&text)
    };
    subscriber.names().flatten().any(missing)
}

/// A personal name has no form that could be checked. Beside a pseudonym alone the commonName is not one; a name and a
/// pseudonym together break a rule of their own.
pub(super) fn common_name(subscriber: &Subscriber<'_>) -> bool {
    let Some(certificate_type) = subscriber.certificate_type() else { return false };
    subscriber.names().any(|name| {
        let is_allowed = |text: &str| match certificate_type {
            CertificateType::Mailbox => false,
            CertificateType::Organization => values(name, oids::ORGANIZATION_NAME).any(|value| value == text),
            CertificateType::Sponsor | CertificateType::Individual => {
                let mut pseudonyms = values(name, oids::PSEUDONYM).peekable();
                pseudonyms.peek().is_none() || has(name, &PERSONAL) || pseudonyms.any(|value| text.contains(&*value))
            }
        };
        values(name, oids::COMMON_NAME).any(|text| !subscriber.is_mailbox_of_san(&text) && !is_allowed(&text))
    })
}

pub(super) fn name_and_pseudonym(subscriber: &Subscriber<'_>) -> bool {
    subscriber.names().any(|name| has(name, &[oids::PSEUDONYM]) && has(name, &PERSONAL))
}

pub(super) fn email_address(subscriber: &Subscriber<'_>) -> bool {
    subscriber.names().any(|name| {
        let addresses: Vec<_> = values(name, oids::EMAIL_ADDRESS).collect();
        addresses.len() > 1 || addresses.iter().any(|text| Address::parse(text).is_err())
    })
}

pub(super) fn places(subscriber: &Subscriber<'_>) -> bool {
    let in_country = [oids::LOCALITY_NAME, oids::STATE_OR_PROVINCE_NAME, oids::POSTAL_CODE];
    let around_street = [oids::LOCALITY_NAME, oids::STATE_OR_PROVINCE_NAME];
    subscriber.names().any(|name| {
        has(name, &in_country) && !has(name, &[oids::COUNTRY_NAME])
            || has(name, &[oids::STREET_ADDRESS]) && !has(name, &around_street)
    })
}

/// XX is for a country that has no code.
pub(super) fn country_name(subscriber: &Subscriber<'_>) -> bool {
    let is_code = |attribute: &Attribute<'_>| {
        let text = attribute.text();
        attribute.tag == Tag::PRINTABLE_STRING && (is_country(&text) || text == "XX")
    };
    let mut countries = subscriber.names().flatten().filter(|attribute| attribute.kind == oids::COUNTRY_NAME);
    !countries.all(is_code)
}

pub(super) fn allowed(subscriber: &Subscriber<'_>) -> bool {
    if subscriber.subject.is_none() || subscriber.directory_names.is_none() {
        return true;
    }
    let generation = subscriber.generation();
    subscriber.certificate_type().is_some_and(|certificate_type| {
        subscriber.names().flatten().any(|attribute| !may_have(certificate_type, generation, attribute.kind))
    })
}

/// The tables of S/MIME BR 7.1.4.2.3 to 7.1.4.2.6.
fn may_have(certificate_type: CertificateType, generation: Generation, attribute: &[u8]) -> bool {
    use CertificateType::{Individual, Mailbox, Organization, Sponsor};
    match attribute {
        oids::COMMON_NAME | oids::SERIAL_NUMBER | oids::EMAIL_ADDRESS => true,
        oids::ORGANIZATION_NAME | oids::ORGANIZATIONAL_UNIT_NAME | oids::ORGANIZATION_IDENTIFIER => {
            matches!(certificate_type, Organization | Sponsor)
        }
        oids::GIVEN_NAME | oids::SURNAME | oids::PSEUDONYM | oids::TITLE => {
            matches!(certificate_type, Sponsor | Individual)
        }
        oids::LOCALITY_NAME | oids::STATE_OR_PROVINCE_NAME | oids::COUNTRY_NAME => certificate_type != Mailbox,
        oids::STREET_ADDRESS | oids::POSTAL_CODE => certificate_type != Mailbox && generation != Generation::Strict,
        _ => certificate_type != Mailbox && generation == Generation::Legacy,
    }
}

pub(super) fn required(subscriber: &Subscriber<'_>) -> bool {
    use CertificateType::{Individual, Organization, Sponsor};
    let (Some(certificate_type), Some(subject)) = (subscriber.certificate_type(), &subscriber.subject) else {
        return false;
    };
    let lacks = |kind: &'static [u8]| !has(subject, &[kind]);
    let organization = lacks(oids::ORGANIZATION_NAME) || lacks(oids::ORGANIZATION_IDENTIFIER);
    let person = !has(subject, &PERSONAL) && lacks(oids::PSEUDONYM);
    matches!(certificate_type, Organization | Sponsor) && organization
        || matches!(certificate_type, Sponsor | Individual) && subscriber.generation() != Generation::Legacy && person
}
