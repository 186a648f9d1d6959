//! What servers answer, read in place.
//!
//! `ldap3_proto` writes the requests. Its reader is not used: it prints operations that it does not know on the standard output,
//! hands every value to `tracing`, makes thirty octets of one, and does not read results whose code or text it does not know.
//! What is read here has a fixed shape, so that nothing nests and nothing recurses.

use super::fault::{LdapFault, LdapFaultKind};

/// The octets of the message that begins here with its header, as soon as they are known.
///
/// # Errors
/// When it is no LDAPMessage of definite length (RFC 4511 5.1), or longer than `most`.
pub(super) fn message_length(octets: &[u8], most: usize) -> Result<Option<usize>, LdapFault> {
    let Some(first) = octets.first() else { return Ok(None) };
    if *first != SEQUENCE {
        return Err(no_ldap());
    }
    let Some((header, length)) = length_of(octets.get(1..).unwrap_or_default())? else { return Ok(None) };
    let total = length.checked_add(header).and_then(|total| total.checked_add(1));
    match total.filter(|total| *total <= most) {
        Some(total) => Ok(Some(total)),
        None => Err(LdapFault::new(LdapFaultKind::TooMuch, format_args!("a message is longer than {most} octets"))),
    }
}

/// A message of a server.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) id: u32,
    pub(super) answer: Answer<'a>,
}

/// The operations that a client is sent (RFC 4511 4.2 to 4.14).
#[derive(Debug)]
pub(super) enum Answer<'a> {
    Bind(Outcome<'a>),
    Entry(Entry<'a>),
    /// Where the server says that the answer goes on: URLs of one place.
    Reference(Vec<&'a [u8]>),
    Done(Outcome<'a>),
    Extended(Outcome<'a>),
    Intermediate,
}

/// The values of the attributes that hold certificates.
#[derive(Debug, Default)]
pub(super) struct Entry<'a> {
    pub(super) values: Vec<&'a [u8]>,
    /// The server has more values and kept them back: Active Directory sends 1 500 of one attribute (MS-ADTS 3.1.1.3.1.3.3).
    pub(super) has_more: bool,
}

/// `LDAPResult` of RFC 4511 4.1.9, without the name and the referral, which nobody follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome<'a> {
    pub(super) code: u32,
    pub(super) message: &'a [u8],
}

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// Reads a whole message. Controls that follow the operation are nobody's here and not looked at.
pub(super) fn read(octets: &[u8]) -> Result<Message<'_>, LdapFault> {
    let mut message = Elements(Elements(octets).only(SEQUENCE)?);
    let id = unsigned(message.expect(INTEGER)?)?;
    let (tag, content) = message.next()?.ok_or_else(no_ldap)?;
    let mut content = Elements(content);
    let answer = match tag {
        0x61 => Answer::Bind(outcome(&mut content)?),
        0x64 => Answer::Entry(entry(&mut content)?),
        0x65 => Answer::Done(outcome(&mut content)?),
        0x73 => Answer::Reference(urls(&mut content)?),
        0x78 => Answer::Extended(outcome(&mut content)?),
        0x79 => Answer::Intermediate,
        _ => return Err(no_ldap()),
    };
    Ok(Message { id, answer })
}

fn outcome<'a>(content: &mut Elements<'a>) -> Result<Outcome<'a>, LdapFault> {
    let code = unsigned(content.expect(ENUMERATED)?)?;
    content.expect(OCTET_STRING)?;
    Ok(Outcome { code, message: content.expect(OCTET_STRING)? })
}

fn entry<'a>(content: &mut Elements<'a>) -> Result<Entry<'a>, LdapFault> {
    content.expect(OCTET_STRING)?;
    let mut attributes = Elements(content.expect(SEQUENCE)?);
    let mut found = Entry::default();
    while let Some((tag, attribute)) = attributes.next()? {
        if tag != SEQUENCE {
            return Err(no_ldap());
        }
        let mut attribute = Elements(attribute);
        let description = attribute.expect(OCTET_STRING)?;
        let holds_certificates = holds_certificates(description);
        found.has_more |= holds_certificates && is_a_part(description);
        let mut values = Elements(attribute.expect(SET)?);
        while let Some((tag, value)) = values.next()? {
            if tag != OCTET_STRING {
                return Err(no_ldap());
            }
            if holds_certificates {
                if found.values.len() >= VALUES {
                    let words = format_args!("an entry has more than {VALUES} values");
                    return Err(LdapFault::new(LdapFaultKind::TooMuch, words));
                }
                found.values.push(value);
            }
        }
    }
    Ok(found)
}

fn urls<'a>(content: &mut Elements<'a>) -> Result<Vec<&'a [u8]>, LdapFault> {
    let mut urls = Vec::new();
    while let Some((tag, url)) = content.next()? {
        if tag != OCTET_STRING || urls.len() >= VALUES {
            return Err(no_ldap());
        }
        urls.push(url);
    }
    Ok(urls)
}

/// Values of one entry: a slice of each of half a million empty ones takes eight times as much memory as the message.
const VALUES: usize = 4_096;

/// Names are compared without regard to case (RFC 4512 2.5), without options such as `;binary`; a server may say the OID.
fn holds_certificates(description: &[u8]) -> bool {
    let name = description.split(|octet| *octet == b';').next().unwrap_or_default();
    CERTIFICATE_ATTRIBUTES.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// Whether the option is `range=0-1499` and not `range=1500-*`, behind which there are no more.
fn is_a_part(description: &[u8]) -> bool {
    let mut options = description.split(|octet| *octet == b';').skip(1);
    options.any(|option| {
        let (name, range) = option.split_at_checked(6).unwrap_or_default();
        name.eq_ignore_ascii_case(b"range=") && !range.ends_with(b"-*")
    })
}

/// `userCertificate` (RFC 4523 2.1), and `userSMIMECertificate` (RFC 2798 2.8), which Active Directory gives an OID of its own.
const CERTIFICATE_ATTRIBUTES: [&str; 5] =
    ["userCertificate", "userSMIMECertificate", "2.5.4.36", "2.16.840.1.113730.3.1.40", "2.16.840.1.113730.3.140"];

/// BER elements one after another, with single-octet tags and definite lengths: the only ones that LDAP has.
#[derive(Clone, Copy)]
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    fn next(&mut self) -> Result<Option<(u8, &'a [u8])>, LdapFault> {
        let Some((tag, rest)) = self.0.split_first() else { return Ok(None) };
        if tag & 0x1f == 0x1f {
            return Err(no_ldap());
        }
        let (header, length) = length_of(rest)?.ok_or_else(no_ldap)?;
        let rest = rest.get(header..).ok_or_else(no_ldap)?;
        let (content, rest) = rest.split_at_checked(length).ok_or_else(no_ldap)?;
        self.0 = rest;
        Ok(Some((*tag, content)))
    }

    fn expect(&mut self, expected: u8) -> Result<&'a [u8], LdapFault> {
        match self.next()? {
            Some((tag, content)) if tag == expected => Ok(content),
            _ => Err(no_ldap()),
        }
    }

    fn only(mut self, expected: u8) -> Result<&'a [u8], LdapFault> {
        let content = self.expect(expected)?;
        if self.0.is_empty() { Ok(content) } else { Err(no_ldap()) }
    }
}

/// The octets that a length takes, and the length; `None` when octets are missing.
fn length_of(octets: &[u8]) -> Result<Option<(usize, usize)>, LdapFault> {
    let Some((first, rest)) = octets.split_first() else { return Ok(None) };
    if *first < 0x80 {
        return Ok(Some((1, usize::from(*first))));
    }
    let count = usize::from(*first & 0x7f);
    // 0 is the indefinite form; more than 4 octets is more than any message may have.
    if !(1..=4).contains(&count) {
        return Err(no_ldap());
    }
    let Some(digits) = rest.get(..count) else { return Ok(None) };
    let length =
        digits.iter().try_fold(0_usize, |length, digit| length.checked_mul(256)?.checked_add(usize::from(*digit)));
    Ok(Some((count.saturating_add(1), length.ok_or_else(no_ldap)?)))
}

/// Message numbers and result codes: from 0 to `maxInt` of RFC 4511 4.1.1.
fn unsigned(octets: &[u8]) -> Result<u32, LdapFault> {
    match octets {
        [first, ..] if octets.len() <= 4 && *first < 0x80 => {
            Ok(octets.iter().fold(0, |number, octet| (number << 8) | u32::from(*octet)))
        }
        _ => Err(no_ldap()),
    }
}

fn no_ldap() -> LdapFault {
    LdapFault::new(LdapFaultKind::Protocol, "what it sends is no LDAP")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use ldap3_proto::LdapCodec;
    use ldap3_proto::proto::{
        LdapMsg, LdapOp, LdapPartialAttribute, LdapResult, LdapResultCode, LdapSearchResultEntry,
    };
    use tokio_util::codec::Encoder;

    fn with(attributes: &[(&str, &[&[u8]])]) -> Vec<u8> {
        let attribute = |(name, values): &(&str, &[&[u8]])| LdapPartialAttribute {
            atype: (*name).into(),
            vals: values.iter().map(|value| value.to_vec()).collect(),
        };
        let attributes = attributes.iter().map(attribute).collect();
        written(LdapOp::SearchResultEntry(LdapSearchResultEntry { dn: "cn=a".into(), attributes }))
    }

    fn written(op: LdapOp) -> Vec<u8> {
        let mut octets = BytesMut::new();
        LdapCodec::default().encode(LdapMsg { msgid: 7, op, ctrl: Vec::new() }, &mut octets).unwrap();
        octets.to_vec()
    }

    #[test]
    fn certificates_are_found_under_every_name_of_their_attributes() {
        let octets = with(&[
            ("userCertificate;binary", &[b"1"]),
            ("USERCERTIFICATE;range=0-1", &[b"2", b""]),
            ("usersmimecertificate", &[b"3"]),
            ("2.5.4.36;binary", &[b"4"]),
            ("mail", &[b"no"]),
            ("userCertificateRevocation", &[b"no"]),
        ]);
        let message = read(&octets).unwrap();
        let Answer::Entry(entry) = message.answer else { panic!() };
        assert_eq!((message.id, entry.values), (7, vec![&b"1"[..], b"2", b"", b"3", b"4"]));
        assert_eq!(message_length(&octets, 1_000).unwrap(), Some(octets.len()));
    }

    #[test]
    fn a_range_of_values_is_not_all_of_them() {
        for (attribute, has_more) in [
            ("userCertificate;binary", false),
            ("userCertificate;range=0-1499", true),
            ("userSMIMECertificate;binary;Range=0-1499", true),
            ("userCertificate;range=1500-*", false),
            ("userCertificate;range=", true),
            ("member;range=0-1499", false),
        ] {
            let octets = with(&[(attribute, &[b"1"]), ("userCertificate", &[])]);
            let Answer::Entry(entry) = read(&octets).unwrap().answer else { panic!() };
            assert_eq!(entry.has_more, has_more, "{attribute}");
        }
    }

    #[test]
    fn results_are_read_also_those_that_nobody_knows() {
        let result = LdapResult {
            code: LdapResultCode::InvalidCredentials,
            matcheddn: "dc=x".into(),
            message: "data 52e".into(),
            referral: vec!["ldap://elsewhere".into()],
        };
        let octets = written(LdapOp::SearchResultDone(result));
        let Answer::Done(outcome) = read(&octets).unwrap().answer else { panic!() };
        assert_eq!(outcome, Outcome { code: 49, message: b"data 52e" });
        let odd = [0x30, 0x0e, 2, 1, 1, 0x65, 9, 0x0a, 2, 0x12, 0x34, 4, 0, 4, 1, 0xff];
        let Answer::Done(outcome) = read(&odd).unwrap().answer else { panic!() };
        assert_eq!(outcome, Outcome { code: 0x1234, message: b"\xff" });
    }

    #[test]
    fn lengths_are_refused_before_anything_is_waited_for() {
        assert_eq!(message_length(b"", 9).unwrap(), None);
        assert_eq!(message_length(&[0x30, 0x84, 0, 0], 9).unwrap(), None);
        assert_eq!(message_length(&[0x30, 0x81, 6], 9).unwrap(), Some(9));
        for (octets, kind) in [
            (&[0x30, 0x81, 7][..], LdapFaultKind::TooMuch),
            (&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff], LdapFaultKind::TooMuch),
            (&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], LdapFaultKind::TooMuch),
            (&[0x30, 0x85], LdapFaultKind::Protocol),
            (&[0x30, 0x80], LdapFaultKind::Protocol),
            (b"HTTP/1.1 400 Bad Request", LdapFaultKind::Protocol),
        ] {
            assert_eq!(message_length(octets, 9).unwrap_err().kind(), kind, "{octets:x?}");
        }
    }

    #[test]
    fn very_many_values_are_refused_before_they_take_more_memory_than_their_message() {
        let entry = |count| with(&[("userCertificate", &vec![&b""[..]; count])]);
        assert!(matches!(read(&entry(VALUES)).unwrap().answer, Answer::Entry(entry) if entry.values.len() == VALUES));
        assert_eq!(read(&entry(VALUES + 1)).unwrap_err().kind(), LdapFaultKind::TooMuch);
    }

    #[test]
    fn what_is_no_ldap_is_refused() {
        for octets in [
            &[0x30, 0][..],
            &[0x30, 3, 2, 1, 1],
            &[0x30, 5, 4, 1, 1, 0x65, 0],
            &[0x30, 5, 2, 1, 1, 0x65, 0],
            &[0x30, 5, 2, 1, 1, 0x7e, 0],
            &[0x30, 5, 2, 1, 0xff, 0x79, 0],
            &[0x30, 4, 2, 0, 0x79, 0],
            &[0x30, 5, 2, 1, 1, 0x7f, 0],
            &[0x30, 5, 2, 1, 1, 0x64, 0x80],
            &[0x30, 5, 2, 1, 1, 0x64, 1],
            &[0x30, 5, 2, 1, 1, 0x79, 0, 0],
        ] {
            assert_eq!(read(octets).unwrap_err().kind(), LdapFaultKind::Protocol, "{octets:x?}");
        }
    }

    /// Every octet of good messages replaced by every other: never a panic, and no value that is not within the message.
    // hardening: P7, R1
    #[test]
    fn mutations_never_panic() {
        let octets = with(&[("userCertificate;binary", &[b"12345", b"6"]), ("mail", &[b"a@b"])]);
        for at in 0..octets.len() {
            for octet in 0..=u8::MAX {
                let mut changed = octets.clone();
                changed[at] = octet;
                let _ = message_length(&changed, 64);
                if let Ok(Message { answer: Answer::Entry(entry), .. }) = read(&changed) {
                    assert!(entry.values.iter().map(|value| value.len()).sum::<usize>() < changed.len());
                }
                let _ = read(&changed[..at]);
            }
        }
    }
}
