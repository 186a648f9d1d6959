//! The two headers of a mail that is being encrypted: what moves inside with the content, what stays outside for transport
//! (RFC 8551 3.1), and where header protection puts the rest (RFC 9788).

use super::content_type::ContentType;
use super::entity::{Entity, Form};
use super::headers::{Field, Headers};
use super::transfer::TransferEncoding;
use crate::cms;
use crate::error::Error;
use crate::verify::Limits;

/// What an obscured Subject says (RFC 9788 3.2.1, `hcp_baseline`).
const OBSCURED_SUBJECT: &[u8] = b"Subject: [...]";

/// Fields that hops write and nobody composes; they are not protected, because the next hop changes them again.
const TRACE_FIELDS: &[&str] = &[
    "received",
    "return-path",
    "delivered-to",
    "x-original-to",
    "dkim-signature",
    "authentication-results",
    "received-spf",
    "arc-seal",
    "arc-message-signature",
    "arc-authentication-results",
];

/// A header block in two, each with its line ends, the inner one with the empty line that ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outgoing {
    /// In front of the body, inside.
    pub(crate) inner: Vec<u8>,
    /// Fields for transport. The fields of the new content and the empty line are still missing.
    pub(crate) outer: Vec<u8>,
    /// CR LF, or LF where the mail is in that form.
    pub(crate) line_end: &'static [u8],
    /// Whether the outer fields are obscured and the inner ones protected.
    pub(crate) is_protected: bool,
}

/// What a mail is before it is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Already {
    /// Not encrypted; it may be signed.
    Plain,
    /// Its header says that it is encrypted, or hides what it is: not to be wrapped, and not to be believed.
    Claimed,
    /// The object itself is an encrypted one.
    Encrypted,
}

/// Octets of a body that are looked at, at most, to tell whether it is encrypted already.
pub(crate) const GLANCE: usize = 4096;

/// Position after the empty line that ends a header block. Everything before `looked` was looked at before.
pub(crate) fn header_end(mail: &[u8], looked: usize) -> Option<usize> {
    let mut from = looked;
    while let Some(found) = memchr::memchr(b'\n', mail.get(from..)?) {
        let line_feed = from.saturating_add(found);
        let line = mail.get(..line_feed).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        from = line_feed.saturating_add(1);
        if line.is_empty() || line.ends_with(b"\n") {
            return Some(from);
        }
    }
    None
}

/// Whether the mail is encrypted already: enveloped by S/MIME, or of another kind that says so (RFC 1847 2.2).
///
/// `None`: the header does not say, and the object has not come far enough to tell. `is_all` says that nothing follows.
/// No more of the body than [`GLANCE`] is looked at, so that the answer does not depend on how it comes.
pub(crate) fn already(header: &[u8], body: &[u8], is_all: bool, limits: &Limits) -> Result<Option<Already>, Error> {
    let entity = Entity::read_leniently(header, limits)?;
    if hides_its_type(&entity, limits) || entity.content_type.is("multipart", "encrypted") {
        return Ok(Some(Already::Claimed));
    }
    if entity.form(limits) != Form::Opaque {
        return Ok(Some(Already::Plain));
    }
    if !is_all && body.len() < GLANCE {
        return Ok(None);
    }
    // The object has the last word; senders leave the smime-type out, and some say what is not so.
    let glance = body.get(..GLANCE.min(body.len())).unwrap_or_default();
    let beginning = TransferEncoding::of(&entity.headers).map(|encoding| encoding.decode_beginning(glance));
    let kind = beginning.ok().and_then(|beginning| cms::kind_of_beginning(&beginning));
    let smime_type = entity.content_type.parameter("smime-type").ok().flatten().map(<[u8]>::to_ascii_lowercase);
    let claims = matches!(smime_type.as_deref(), Some(b"enveloped-data" | b"authenveloped-data"));
    Ok(Some(match kind {
        Some(cms::Kind::Encrypted) => Already::Encrypted,
        Some(cms::Kind::Signed | cms::Kind::Other) if !claims => Already::Plain,
        _ => Already::Claimed,
    }))
}

/// The same of a whole mail, whose parts can be looked at too: an OpenPGP message (RFC 3156 4) is in its second part.
pub(crate) fn already_whole(mail: &[u8], limits: &Limits) -> Result<Already, Error> {
    let end = header_end(mail, 0).unwrap_or(mail.len());
    let (header, body) = mail.split_at_checked(end).unwrap_or_default();
    let seen = already(header, body, true, limits)?.unwrap_or(Already::Claimed);
    let is_openpgp = seen == Already::Claimed && is_openpgp(mail, limits) == Some(true);
    Ok(if is_openpgp { Already::Encrypted } else { seen })
}

fn is_openpgp(mail: &[u8], limits: &Limits) -> Option<bool> {
    let mut parts = Entity::read(mail, limits).ok()?.parts().ok()?;
    let (version, message) = (parts.next()?, parts.next()?);
    let alone = parts.next().is_none() && parts.is_closed();
    let version = Entity::read(version, limits).ok()?.content_type.is("application", "pgp-encrypted");
    let message = Entity::read(message, limits).ok()?.body.trim_ascii();
    let armor = message.starts_with(b"-----BEGIN PGP MESSAGE-----") && message.ends_with(b"-----END PGP MESSAGE-----");
    Some(alone && version && armor)
}

/// Whether the Content-Type cannot be read, or stands twice, and speaks of encryption: other readers may understand it.
fn hides_its_type(entity: &Entity<'_>, limits: &Limits) -> bool {
    let speaks = |field: &Field<'_>| {
        let text = field.value().to_ascii_lowercase();
        let says = |word: &str| text.windows(word.len()).any(|window| window == word.as_bytes());
        says("pkcs7-mime") || says("multipart/encrypted") || says(".p7m")
    };
    ContentType::of(&entity.headers, limits).is_err() && entity.headers.all("content-type").any(speaks)
}

impl Outgoing {
    /// Splits a header block. With `protect`, fields that people read stand inside too, and the outer Subject is obscured;
    /// not in a mail that is signed, because what its signature covers cannot be added to.
    pub(crate) fn split(header: &[u8], protect: bool, limits: &Limits) -> Result<Self, Error> {
        let (headers, _) = Headers::read(header, limits)?;
        for field in headers.fields() {
            field.clean_value()?;
        }
        let line_end: &'static [u8] = match header.iter().position(|octet| *octet == b'\n') {
            Some(first) if first.checked_sub(1).and_then(|before| header.get(before)) != Some(&b'\r') => b"\n",
            _ => b"\r\n",
        };
        let is_protected = protect && can_be_protected(&Entity::read_leniently(header, limits)?, limits);
        let mut split = Self { inner: Vec::new(), outer: Vec::new(), line_end, is_protected };
        for field in headers.fields() {
            split.place(field);
        }
        if headers.first("content-type").is_none() {
            // What its absence means (RFC 2045 5.2), said: an entity that begins with an empty line is easily misread.
            split.add_content_type(b"Content-Type: text/plain; charset=us-ascii");
        }
        if is_protected {
            split.add_outer_copies(&headers);
        }
        split.inner.extend_from_slice(line_end);
        Ok(split)
    }

    fn place(&mut self, field: &Field<'_>) {
        let is = |name: &str| field.is(name);
        if is("mime-version") || is("bcc") || is("resent-bcc") || is("hp-outer") {
            // The version is written anew; a list of hidden recipients goes to nobody (RFC 5322 3.6.3); and HP-Outer has
            // its place inside, where only whoever encrypts may write it (RFC 9788 2.2).
        } else if is("content-type") {
            self.add_content_type(field.raw());
        } else if field.name_begins_with("content-") {
            append(&mut self.inner, field.raw(), self.line_end);
        } else {
            if self.is_protected && is_composed(field) {
                append(&mut self.inner, field.raw(), self.line_end);
            }
            if let Some(line) = self.outside(field) {
                append(&mut self.outer, line, self.line_end);
            }
        }
    }

    /// How a field stands outside: as it is, obscured, or not at all. As `hcp_baseline` (RFC 9788 3.2.1) has it, and without the field in
    /// which Exchange repeats the subject.
    fn outside<'f>(&self, field: &Field<'f>) -> Option<&'f [u8]> {
        match () {
            () if !self.is_protected => Some(field.raw()),
            () if field.is("subject") => Some(OBSCURED_SUBJECT),
            () if field.is("comments") || field.is("keywords") || field.is("thread-topic") => None,
            () => Some(field.raw()),
        }
    }

    fn add_content_type(&mut self, field: &[u8]) {
        self.inner.extend_from_slice(field);
        if self.is_protected {
            self.inner.extend_from_slice(b";");
            self.inner.extend_from_slice(self.line_end);
            self.inner.extend_from_slice(b" hp=\"cipher\"");
        }
        self.inner.extend_from_slice(self.line_end);
    }

    /// What stands outside, for a reader who wants to know which fields were confidential (RFC 9788 2.2).
    fn add_outer_copies(&mut self, headers: &Headers<'_>) {
        for field in headers.fields().filter(|field| is_composed(field)) {
            if let Some(line) = self.outside(field) {
                self.inner.extend_from_slice(b"HP-Outer: ");
                append(&mut self.inner, line, self.line_end);
            }
        }
    }
}

/// Not what is signed, by S/MIME or by OpenPGP, because the fields would have to stand under the signature; and only where a
/// parameter can be added that its reader finds, and finds once.
fn can_be_protected(entity: &Entity<'_>, limits: &Limits) -> bool {
    let is_fit = |content_type: ContentType| {
        !content_type.is("multipart", "signed") && matches!(content_type.parameter("hp"), Ok(None))
    };
    entity.form(limits) == Form::Other && ContentType::of(&entity.headers, limits).is_ok_and(is_fit)
}

fn append(header: &mut Vec<u8>, field: &[u8], line_end: &[u8]) {
    header.extend_from_slice(field);
    header.extend_from_slice(line_end);
}

/// Whether somebody wrote the field for its reader: it is neither structural (RFC 9787 1.1.1) nor a hop's, and it goes
/// outside at all.
fn is_composed(field: &Field<'_>) -> bool {
    let stays = ["mime-version", "bcc", "resent-bcc", "hp-outer"];
    !field.name_begins_with("content-") && !stays.iter().chain(TRACE_FIELDS).any(|name| field.is(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_ends_at_its_first_empty_line_however_it_comes() {
        for (mail, end) in [
            ("A: 1\r\n\r\nbody", Some(8)),
            ("A: 1\n\nbody", Some(6)),
            ("\r\nbody", Some(2)),
            ("\nbody", Some(1)),
            ("A: 1\r\n \r\n\r\n", Some(11)),
            ("A: 1\r\n\tx\r\n", None),
            ("A: 1\r\r\n\r", None),
            ("", None),
            ("A", None),
        ] {
            assert_eq!(header_end(mail.as_bytes(), 0), end, "{mail:?}");
            // In pieces: what was looked at before is not looked at again.
            let mut found = None;
            for length in 0..=mail.len() {
                found = found.or_else(|| header_end(&mail.as_bytes()[..length], length.saturating_sub(1)));
            }
            assert_eq!(found, end, "{mail:?}");
        }
    }

    #[test]
    fn what_is_encrypted_is_told_from_the_header_or_the_object() {
        let limits = Limits::default();
        let opaque = "Content-Type: application/pkcs7-mime; name=smime.p7m\r\n";
        let base64 = "Content-Transfer-Encoding: base64\r\n";
        let told =
            |header: &str, body: &[u8], is_all| already(format!("{header}\r\n").as_bytes(), body, is_all, &limits);
        let enveloped = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
        let signed = b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
        let (plain, claimed, encrypted) = (Some(Already::Plain), Some(Already::Claimed), Some(Already::Encrypted));
        let typed = "Content-Type: application/x-pkcs7-mime; smime-type=Enveloped-Data\r\n";
        let in_base64 = &format!("{opaque}{base64}");
        let late = [&[b' '; GLANCE][..], b"MIAGCSqGSIb3DQEHA6CA"].concat();
        for (header, body, is_all, expected) in [
            ("Content-Type: text/plain\r\n", &b""[..], false, plain),
            ("Content-Type: MULTIPART/Encrypted; boundary=b\r\n", b"", false, claimed),
            (typed, b"", false, None),
            (typed, b"my secret in the clear", true, claimed),
            (typed, signed, true, claimed),
            (typed, enveloped, true, encrypted),
            ("Content-Type: application/octet-stream; name=x.P7M\r\n", enveloped, true, encrypted),
            (opaque, enveloped, false, None),
            (opaque, enveloped, true, encrypted),
            (opaque, signed, true, plain),
            (opaque, &enveloped[..6], true, claimed),
            (opaque, b"", false, None),
            (opaque, b"MIAGCSqGSIb3DQEHA6CA", true, claimed),
            (in_base64, b"MIAG\r\nCSqG SIb3DQEHA6CAxyz", true, encrypted),
            (in_base64, b"MIAGCSqGSIb3DQEHAqCA", true, plain),
            (in_base64, b"!MIAGCSqGSIb3DQEHA6CA", true, claimed),
            (in_base64, &late, false, claimed),
            (&format!("{opaque}{opaque}"), b"", false, claimed),
            ("Content-Type: application/pkcs7-mime; name=smime p7m\r\n", b"", false, claimed),
            ("Content-Type: application/pkcs7-mime; name=smime(1.p7m\r\n", b"", false, claimed),
            ("Content-Type: text/plain; charset=(\r\n", b"", false, plain),
        ] {
            assert_eq!(told(header, body, is_all), Ok(expected), "{header} {body:02x?}");
        }
    }
}
