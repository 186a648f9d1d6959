//! Distinguished names: comparison, subtrees, and the mailboxes that old CAs put there (RFC 5280 4.1.2.4, 7.1).

use crate::der::{Document, Element, Tag, oids};
use crate::error::{Code, Error};
use crate::verify::Limits;
use std::borrow::Cow;
use std::fmt::Write;
use zeroize::Zeroizing;

/// One attribute of a name: its type, the tag of its value, the value's octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attribute<'a> {
    pub(crate) kind: &'a [u8],
    pub(crate) tag: Tag,
    pub(crate) value: &'a [u8],
}

impl<'a> Attribute<'a> {
    /// The value as text; what is no text of its kind shows as U+FFFD.
    pub(crate) fn text(&self) -> Cow<'a, str> {
        plain(self)
    }
}

/// Whether two encoded names are the same. Equal octets are; otherwise strings are compared without regard to ASCII
/// case and to the amount of white space (RFC 5280 7.1), in the same order of attributes.
pub(crate) fn equal(a: &[u8], b: &[u8], limits: &Limits) -> bool {
    a == b || comparison_key(a, limits) == comparison_key(b, limits)
}

/// Octets that are the same for names that are the same (see [`equal`]), so that a name that is compared often is read
/// once. A name that cannot be read is the same as itself only.
pub(crate) fn comparison_key(name: &[u8], limits: &Limits) -> Vec<u8> {
    let Ok(parts) = read(name, limits) else { return [b"unreadable", name].concat() };
    // Enough for all, so that no half of a lent certificate's name stays where the vector was before it grew.
    let attributes: usize = parts.iter().map(Vec::len).sum();
    let mut key = Vec::with_capacity(name.len().saturating_add(attributes.saturating_mul(16)));
    for part in &parts {
        let count = u16::try_from(part.len()).unwrap_or(u16::MAX);
        key.extend_from_slice(&count.to_be_bytes());
        if let [only] = part.as_slice() {
            append_attribute(only, &mut key);
            continue;
        }
        let of = |attribute: &Attribute<'_>| {
            let mut member = Vec::with_capacity(attribute.value.len().saturating_add(32));
            append_attribute(attribute, &mut member);
            member
        };
        let mut members: Zeroizing<Vec<_>> = Zeroizing::new(part.iter().map(of).collect());
        members.sort_unstable();
        members.iter().for_each(|member| key.extend_from_slice(member));
    }
    key
}

/// Whether names are read to the same end with these limits as with the usual ones.
pub(crate) fn reads_as_by_default(limits: &Limits) -> bool {
    let of = |limits: &Limits| (limits.names, limits.asn1_depth, limits.asn1_elements);
    of(limits) == of(&Limits::default())
}

/// Type and value with their lengths, so that no two attributes run into each other.
fn append_attribute(attribute: &Attribute<'_>, key: &mut Vec<u8>) {
    let length = |octets: usize| u32::try_from(octets).unwrap_or(u32::MAX).to_be_bytes();
    key.extend_from_slice(&length(attribute.kind.len()));
    key.extend_from_slice(attribute.kind);
    let start = key.len();
    key.extend_from_slice(&[0; 4]);
    match words(attribute) {
        Some(words) => {
            key.extend_from_slice(b"text");
            for (number, word) in words.enumerate() {
                key.extend_from_slice(if number == 0 { b"" } else { b" " });
                key.extend(word.bytes().map(|octet| octet.to_ascii_lowercase()));
            }
        }
        None => {
            key.push(attribute.tag.0);
            key.extend_from_slice(attribute.value);
        }
    }
    let value = length(key.len().saturating_sub(start).saturating_sub(4));
    key.iter_mut().skip(start).zip(value).for_each(|(place, octet)| *place = octet);
}

/// Whether a name lies in a subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    Yes,
    /// To somebody who prepares strings as RFC 5280 7.1 has it, or reads those of other types.
    Perhaps,
    No,
}

/// Whether `name` lies in the subtree of `base`: it begins with all of its relative names (RFC 5280 4.2.1.10).
pub(crate) fn is_within(name: &[u8], base: &[u8], limits: &Limits) -> Result<Within, Error> {
    let (base_parts, parts) = (read(base, limits)?, read(name, limits)?);
    if comparison_key(name, limits).starts_with(&comparison_key(base, limits)) {
        return Ok(Within::Yes);
    }
    let may_meet = |(base, part): (&Vec<Attribute<'_>>, &Vec<Attribute<'_>>)| {
        base.len() == part.len() && base.iter().all(|wanted| part.iter().any(|own| may_be_same(wanted, own)))
    };
    let perhaps = base_parts.len() <= parts.len() && base_parts.iter().zip(&parts).all(may_meet);
    Ok(if perhaps { Within::Perhaps } else { Within::No })
}

/// Whether preparation could make one of two values the other. What stays of a text under it, its ASCII letters and digits, must
/// then stand in the other in the same order; a value that is no readable text may be anything.
fn may_be_same(a: &Attribute<'_>, b: &Attribute<'_>) -> bool {
    let is_within = |part: &str, whole: &str| {
        let mut rest = whole.chars();
        part.chars().all(|wanted| rest.any(|own| own == wanted))
    };
    a.kind == b.kind
        && match (folded(a), folded(b)) {
            (Some(a), Some(b)) if a.is_ascii() && b.is_ascii() && is_plain(&a) && is_plain(&b) => a == b,
            (Some(a), Some(b)) if b.is_ascii() => is_within(&lasting(&a), &b),
            (Some(a), Some(b)) if a.is_ascii() => is_within(&lasting(&b), &a),
            _ => true,
        }
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|octet| matches!(octet, b' '..=b'~'))
}

fn lasting(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The values of all emailAddress attributes (PKCS #9), as octets.
pub(crate) fn email_addresses<'a>(name: &'a [u8], limits: &Limits) -> Result<Vec<&'a [u8]>, Error> {
    let attributes = attributes(name, limits)?.into_iter();
    Ok(attributes.filter(|attribute| attribute.kind == oids::EMAIL_ADDRESS).map(|attribute| attribute.value).collect())
}

/// Whether both names have an organization in common.
pub(crate) fn share_organization(a: &[u8], b: &[u8], limits: &Limits) -> bool {
    let organizations = |name| -> Vec<Option<String>> {
        let parts = read(name, limits).unwrap_or_default();
        parts.iter().flatten().filter(|attribute| attribute.kind == [0x55, 4, 10]).map(folded).collect()
    };
    let others = organizations(b);
    organizations(a).iter().any(|organization| organization.is_some() && others.contains(organization))
}

/// All attributes, in their order.
pub(crate) fn attributes<'a>(name: &'a [u8], limits: &Limits) -> Result<Vec<Attribute<'a>>, Error> {
    Ok(read(name, limits)?.into_iter().flatten().collect())
}

/// The name for people, most specific part first, escaped for a log line (in the manner of RFC 4514).
pub(crate) fn display(name: &[u8], limits: &Limits) -> String {
    let Ok(parts) = read(name, limits) else { return "(unreadable)".to_owned() };
    let mut text = String::new();
    for attribute in parts.iter().rev().flatten() {
        if !text.is_empty() {
            text.push(',');
        }
        let _infallible = write!(text, "{}={}", short_name(attribute.kind), plain(attribute).replace(',', "\\,"));
    }
    crate::trace::escape(&text)
}

/// The string without regard to ASCII case and runs of spaces; `None` as of [`words`].
fn folded(attribute: &Attribute<'_>) -> Option<String> {
    Some(words(attribute)?.collect::<Vec<_>>().join(" ").to_ascii_lowercase())
}

/// What stands between the spaces of a string; `None` for values that are not text of one octet per ASCII character, which
/// are only compared as octets.
fn words<'a>(attribute: &Attribute<'a>) -> Option<impl Iterator<Item = &'a str> + use<'a>> {
    if !matches!(attribute.tag, Tag::PRINTABLE_STRING | Tag::UTF8_STRING | Tag::IA5_STRING | Tag::TELETEX_STRING) {
        return None;
    }
    let text = core::str::from_utf8(attribute.value).ok()?;
    Some(text.split(' ').filter(|word| !word.is_empty()))
}

fn plain<'a>(attribute: &Attribute<'a>) -> Cow<'a, str> {
    match attribute.tag {
        Tag::BMP_STRING => {
            let units = attribute.value.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
            Cow::Owned(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
        }
        _ => String::from_utf8_lossy(attribute.value),
    }
}

fn short_name(kind: &[u8]) -> String {
    match kind {
        [0x55, 4, 3] => "CN".to_owned(),
        [0x55, 4, 6] => "C".to_owned(),
        [0x55, 4, 7] => "L".to_owned(),
        [0x55, 4, 8] => "ST".to_owned(),
        [0x55, 4, 10] => "O".to_owned(),
        [0x55, 4, 11] => "OU".to_owned(),
        oids::EMAIL_ADDRESS => "emailAddress".to_owned(),
        other => other.iter().take(16).fold("#".to_owned(), |text, octet| format!("{text}{octet:02x}")),
    }
}

fn read<'a>(name: &'a [u8], limits: &Limits) -> Result<Vec<Vec<Attribute<'a>>>, Error> {
    let document = Document::new(name, limits);
    let mut sequence = document.children(&document.root()?.expect(Tag::SEQUENCE)?)?;
    let mut parts = Vec::new();
    let mut count = 0_usize;
    while let Some(set) = sequence.next()? {
        let mut members = document.children(&set.expect(Tag::SET)?)?;
        let mut part = Vec::new();
        while let Some(member) = members.next()? {
            count = count.saturating_add(1);
            if count > limits.names {
                return Err(Code::NamesTooMany.into());
            }
            part.push(attribute(&document, &member)?);
        }
        parts.push(part);
    }
    Ok(parts)
}

fn attribute<'a>(document: &Document<'a>, member: &Element<'a>) -> Result<Attribute<'a>, Error> {
    let mut fields = document.children(&member.expect(Tag::SEQUENCE)?)?;
    let kind = fields.expect(Tag::OBJECT_IDENTIFIER)?.content();
    let value = fields.required()?;
    fields.finish()?;
    Ok(Attribute { kind, tag: value.tag(), value: value.content() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Name from (last octet of the type, tag, value), one attribute in each relative name.
    fn name(attributes: &[(u8, u8, &[u8])]) -> Vec<u8> {
        let element = |tag: u8, content: &[u8]| [&[tag, u8::try_from(content.len()).unwrap()], content].concat();
        let part = |(kind, tag, value): &(u8, u8, &[u8])| {
            element(0x31, &element(0x30, &[element(6, &[0x55, 4, *kind]), element(*tag, value)].concat()))
        };
        element(0x30, &attributes.iter().flat_map(part).collect::<Vec<_>>())
    }

    #[test]
    fn strings_are_compared_without_case_and_runs_of_spaces() {
        let limits = Limits::default();
        let base = name(&[(10, 0x13, b"Goal  Ltd"), (3, 0x0c, "Zo\u{eb}".as_bytes())]);
        for (other, expected) in [
            (name(&[(10, 0x0c, b" goal LTD "), (3, 0x0c, "zo\u{eb}".as_bytes())]), true),
            (name(&[(10, 0x13, b"GoalLtd"), (3, 0x0c, "Zo\u{eb}".as_bytes())]), false),
            (name(&[(3, 0x0c, "Zo\u{eb}".as_bytes()), (10, 0x13, b"Goal  Ltd")]), false),
            (name(&[(10, 0x13, b"Goal  Ltd")]), false),
            (name(&[(10, 0x1e, b"Goal  Ltd"), (3, 0x0c, "Zo\u{eb}".as_bytes())]), false),
        ] {
            assert_eq!(equal(&base, &other, &limits), expected, "{other:02x?}");
        }
    }

    #[test]
    fn a_subtree_is_the_beginning_of_a_name() {
        let limits = Limits::default();
        let whole = name(&[(6, 0x13, b"DE"), (10, 0x13, b"Goal"), (3, 0x13, b"Alice")]);
        assert_eq!(is_within(&whole, &name(&[(6, 0x13, b"de"), (10, 0x13, b"goal")]), &limits), Ok(Within::Yes));
        assert_eq!(is_within(&whole, &name(&[(10, 0x13, b"Goal")]), &limits), Ok(Within::No));
        assert_eq!(is_within(&whole, &name(&[]), &limits), Ok(Within::Yes));
        assert_eq!(is_within(&name(&[]), &whole, &limits), Ok(Within::No));
        let corp = |tag, text: &[u8]| {
            is_within(&name(&[(10, tag, text), (3, 0x0c, b"a")]), &name(&[(10, 0x13, b"Victim Corp")]), &limits)
        };
        assert_eq!(corp(0x0c, b"VICTIM  corp"), Ok(Within::Yes));
        assert_eq!(corp(0x0c, b"Victim Corps"), Ok(Within::No));
        let utf16: Vec<u8> = "Victim Corp".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (tag, text) in [
            (0x1e, &utf16[..]),
            (0x1a, b"Victim Corp"),
            (0x0c, "Victim\u{a0}Corp".as_bytes()),
            (0x0c, b"Victim\tCorp"),
            (0x0c, "Vic\u{ad}tim Corp".as_bytes()),
            (0x14, b"V\xefctim Corp"),
        ] {
            assert_eq!(corp(tag, text), Ok(Within::Perhaps), "{tag:02x} {text:02x?}");
        }
        assert_eq!(corp(0x0c, "M\u{fc}ller GmbH".as_bytes()), Ok(Within::No));
        let muller = |text: &[u8]| {
            is_within(&name(&[(10, 0x0c, text)]), &name(&[(10, 0x0c, "M\u{fc}ller".as_bytes())]), &limits)
        };
        assert_eq!(muller("M\u{fc}LLER".as_bytes()), Ok(Within::Yes));
        assert_eq!(muller("Mu\u{308}ller".as_bytes()), Ok(Within::Perhaps));
        assert_eq!(
            is_within(&name(&[(11, 0x0c, b"\xc3\xbc")]), &name(&[(10, 0x0c, b"\xc3\xbc")]), &limits),
            Ok(Within::No)
        );
        assert!(is_within(&whole, b"\x30\x05", &limits).is_err());
    }

    #[test]
    fn text_for_people_is_escaped() {
        let text = display(&name(&[(10, 0x0c, b"a,b\r\n"), (3, 0x0c, "\u{202e}x".as_bytes())]), &Limits::default());
        assert_eq!(text, "CN=\\u{202e}x,O=a\\u{5c},b\\u{d}\\u{a}");
    }
}
