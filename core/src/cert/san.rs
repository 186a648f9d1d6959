use super::{Address, Certificate, name};
use crate::der::{Document, Element, Tag, oids};
use crate::error::{Code, Error};
use crate::verify::Limits;
use std::collections::BTreeSet;

/// One name of a subjectAltName or a name constraint, decoded by itself (RFC 5280 4.2.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GeneralName<'a> {
    /// The octets of an rfc822Name.
    Rfc822(&'a [u8]),
    /// The octets of the UTF8String of a SmtpUTF8Mailbox (RFC 9598 3).
    SmtpUtf8Mailbox(&'a [u8]),
    Dns(&'a [u8]),
    /// Four or sixteen octets; in a constraint an address and a mask.
    Ip(&'a [u8]),
    Uri(&'a [u8]),
    /// An encoded Name.
    Directory(&'a [u8]),
    /// A form that is only compared by its kind: the tag of the choice.
    Other(u8),
    /// The name claims a form whose value cannot be read: the tag of the choice.
    Undecodable(u8),
}

/// When an emailAddress in the subject counts as a mailbox.
///
/// ```
/// assert_ne!(postseal::cert::SubjectEmail::Ignore, postseal::cert::SubjectEmail::WhenNoMailboxInSan);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the two answers to one question")]
pub enum SubjectEmail {
    /// Never: the S/MIME Baseline Requirements want every mailbox in the SAN.
    Ignore,
    /// In certificates whose SAN names no mailbox, as private CAs made them (legacy profile).
    WhenNoMailboxInSan,
}

impl Certificate {
    /// The names of the subjectAltName. A name that cannot be decoded does not hide the others.
    ///
    /// An error means that the list itself cannot be read, or has more than `Limits::names` names.
    pub(crate) fn subject_alt_names(&self, limits: &Limits) -> Result<Option<Vec<GeneralName<'_>>>, Error> {
        let Some(extension) = self.extension(oids::SUBJECT_ALT_NAME) else { return Ok(None) };
        let document = Document::definite(extension.value, limits);
        general_names(&document, limits).map(Some).map_err(|error| match error.code() {
            Code::NamesTooMany => error,
            _ => Code::ExtensionMalformed.into(),
        })
    }

    /// The mailboxes that the certificate is for (RFC 8550 3, RFC 9598), each once.
    ///
    /// # Errors
    /// [`Code::NameUndecodable`] when any rfc822Name or SmtpUTF8Mailbox is outside the strict grammar: such a
    /// certificate is refused as a whole, because other software may read it as somebody else's.
    /// [`Code::AddressMissing`] when there is none.
    ///
    /// ```
    /// use postseal::{Certificate, Error, cert::SubjectEmail, verify::Limits};
    /// fn is_for(certificate: &Certificate, mailbox: &postseal::Address) -> Result<bool, Error> {
    ///     Ok(certificate.mailboxes(SubjectEmail::Ignore, &Limits::default())?.contains(mailbox))
    /// }
    /// ```
    pub fn mailboxes(&self, subject_email: SubjectEmail, limits: &Limits) -> Result<Vec<Address>, Error> {
        let names = self.subject_alt_names(limits)?.unwrap_or_default();
        let mut mailboxes = Vec::new();
        for name in names {
            let mailbox = match name {
                GeneralName::Rfc822(octets) => Address::from_rfc822_name(octets),
                GeneralName::SmtpUtf8Mailbox(octets) => Address::from_smtp_utf8_mailbox(octets),
                // An other name that cannot be read may be a SmtpUTF8Mailbox. The forms that are never a mailbox are
                // nobody's concern here, only where a name constraint of their form applies.
                GeneralName::Undecodable(0 | 1) => return Err(Code::NameUndecodable.into()),
                _ => continue,
            };
            mailboxes.push(mailbox.map_err(|_| Error::from(Code::NameUndecodable))?);
        }
        if mailboxes.is_empty() && subject_email == SubjectEmail::WhenNoMailboxInSan {
            for octets in name::email_addresses(self.subject(), limits)? {
                mailboxes.push(Address::from_rfc822_name(octets).map_err(|_| Error::from(Code::NameUndecodable))?);
            }
        }
        if mailboxes.len() > 1 {
            let mut seen = BTreeSet::new();
            mailboxes.retain(|mailbox| seen.insert(mailbox.key().to_owned()));
        }
        if mailboxes.is_empty() { Err(Code::AddressMissing.into()) } else { Ok(mailboxes) }
    }
}

fn general_names<'a>(document: &Document<'a>, limits: &Limits) -> Result<Vec<GeneralName<'a>>, Error> {
    let mut list = document.children(&document.root()?.expect(Tag::SEQUENCE)?)?;
    let mut names = Vec::new();
    while let Some(element) = list.next()? {
        if names.len() >= limits.names {
            return Err(Code::NamesTooMany.into());
        }
        names.push(general_name(document, &element));
    }
    Ok(names)
}

/// Decodes one GeneralName. The tags are those of the choice in RFC 5280 4.2.1.6.
pub(crate) fn general_name<'a>(document: &Document<'a>, element: &Element<'a>) -> GeneralName<'a> {
    match element.tag() {
        Tag(0xa0) => other_name(document, element).unwrap_or(GeneralName::Undecodable(0)),
        Tag(0x81) => GeneralName::Rfc822(element.content()),
        Tag(0x82) => GeneralName::Dns(element.content()),
        Tag(0xa4) => directory_name(document, element).unwrap_or(GeneralName::Undecodable(4)),
        Tag(0xa3) => GeneralName::Other(3),
        Tag(0xa5) => GeneralName::Other(5),
        Tag(0x86) => GeneralName::Uri(element.content()),
        Tag(0x87) => GeneralName::Ip(element.content()),
        Tag(0x88) => GeneralName::Other(8),
        Tag(tag) => GeneralName::Undecodable(tag & 0x1f),
    }
}

fn directory_name<'a>(document: &Document<'a>, element: &Element<'a>) -> Result<GeneralName<'a>, Error> {
    let mut inner = document.children(element)?;
    let name = inner.expect(Tag::SEQUENCE)?;
    inner.finish()?;
    Ok(GeneralName::Directory(name.raw()))
}

fn other_name<'a>(document: &Document<'a>, element: &Element<'a>) -> Result<GeneralName<'a>, Error> {
    let mut parts = document.children(element)?;
    let kind = parts.expect(Tag::OBJECT_IDENTIFIER)?;
    if kind.content() != oids::SMTP_UTF8_MAILBOX {
        return Ok(GeneralName::Other(0));
    }
    let wrapper = parts.expect(Tag::context_constructed(0))?;
    parts.finish()?;
    let mut inner = document.children(&wrapper)?;
    let text = inner.expect(Tag::UTF8_STRING)?;
    inner.finish()?;
    Ok(GeneralName::SmtpUtf8Mailbox(text.content()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use postseal_testkit::factory::{Authority, CertSpec, Key, Name};

    fn mailboxes(names: &[&[u8]]) -> Result<Vec<String>, Code> {
        let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(2));
        spec.names.extend(names.iter().map(|name| Name::Raw(name.to_vec())));
        let person = Authority::root("Root", Key::P256(1)).issue(&spec);
        let limits = Limits::default();
        let certificate = Certificate::from_der(person.der(), &limits).unwrap();
        let found = certificate.mailboxes(SubjectEmail::Ignore, &limits).map_err(|error| error.code())?;
        Ok(found.iter().map(|address| address.key().to_owned()).collect())
    }

    #[test]
    fn a_name_that_may_be_a_mailbox_must_be_one_and_others_do_not_matter() {
        let alice = || Ok(vec!["alice@goal.example".to_owned()]);
        let undecodable = || Err(Code::NameUndecodable);
        for (name, expected) in [
            (b"\x82\x03\xff..".as_slice(), alice()),
            (b"\x86\x03:::", alice()),
            (b"\x87\x03\x0a\x00\x00", alice()),
            (b"\xa4\x02\x05\x00", alice()),
            (b"\xa4\x00", alice()),
            (b"\x89\x00", alice()),
            // A user principal name, as Microsoft's CAs write it.
            (b"\xa0\x14\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03\xa0\x06\x0c\x04a@bc", alice()),
            (b"\xa0\x00", undecodable()),
            (b"\xa0\x0c\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x09\x05\x00", undecodable()),
            (b"\xa1\x05\x04\x03a@b", undecodable()),
            (b"\x81\x00", undecodable()),
            (b"\x81\x04a@b ", undecodable()),
            (b"\x81\x04a@b\x00", undecodable()),
            (b"\x81\x05<a@b>", undecodable()),
            (b"\x81\x07a@b,c@d", undecodable()),
            (b"\x81\x04a@b.", undecodable()),
            (b"\x81\x05a@b\xc3\xb6", undecodable()),
        ] {
            assert_eq!(mailboxes(&[name]), expected, "{name:02x?}");
        }
        let both = || Ok(vec!["alice@goal.example".into(), "bob@goal.ex".into()]);
        assert_eq!(mailboxes(&[b"\x81\x0bBob@GOAL.ex"]), both());
        assert_eq!(mailboxes(&[b"\x81\x0bBob@GOAL.ex", b"\x81\x0bbob@goal.EX"]), both(), "each once");
    }
}
