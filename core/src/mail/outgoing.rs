//! The two headers of a mail that is being encrypted: what moves inside with the content, what stays outside for transport
//! (RFC 8551 3.1), and where header protection puts the rest (RFC 9788).

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

/// Position after the empty line that ends a header block, seen from `from`, a position that was reached before.
pub(crate) fn header_end(mail: &[u8], from: usize) -> Option<usize> {
    let mut start = from;
    while let Some(length) = mail.get(start..)?.iter().position(|octet| *octet == b'\n') {
        let after = start.saturating_add(length).saturating_add(1);
        let line = mail.get(start..after).unwrap_or_default();
        let begins_line = start == 0 || start.checked_sub(1).and_then(|before| mail.get(before)) == Some(&b'\n');
        if begins_line && matches!(line, b"\n" | b"\r\n") {
            return Some(after);
        }
        start = after;
    }
    None
}

/// Whether the mail is encrypted already: enveloped by S/MIME, or of another kind that says so (RFC 1847 2.2).
///
/// `None`: the header does not say, and the object has not come far enough to tell. `is_all` says that nothing follows.
pub(crate) fn is_encrypted(header: &[u8], body: &[u8], is_all: bool, limits: &Limits) -> Result<Option<bool>, Error> {
    let entity = Entity::read_leniently(header, limits)?;
    if entity.content_type.is("multipart", "encrypted") {
        return Ok(Some(true));
    }
    if entity.form(limits) != Form::Opaque {
        return Ok(Some(false));
    }
    let smime_type = entity.content_type.parameter("smime-type")?.map(<[u8]>::to_ascii_lowercase);
    if matches!(smime_type.as_deref(), Some(b"enveloped-data" | b"authenveloped-data")) {
        return Ok(Some(true));
    }
    // The object itself has the last word; senders leave the parameter out.
    let beginning = TransferEncoding::of(&entity.headers)?.decode_beginning(body);
    Ok(match cms::kind_of_beginning(&beginning) {
        Some(kind) => Some(kind == cms::Kind::Encrypted),
        None => is_all.then_some(false),
    })
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
        let is_protected = protect && Entity::read_leniently(header, limits)?.form(limits) == Form::Other;
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

    /// How a field stands outside (`hcp_baseline`): as it is, obscured, or not at all.
    fn outside<'f>(&self, field: &Field<'f>) -> Option<&'f [u8]> {
        match () {
            () if !self.is_protected => Some(field.raw()),
            () if field.is("subject") => Some(OBSCURED_SUBJECT),
            () if field.is("comments") || field.is("keywords") => None,
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
            let (mut scanned, mut found) = (0, None);
            for length in 0..=mail.len() {
                let so_far = &mail.as_bytes()[..length];
                found = found.or_else(|| header_end(so_far, scanned));
                scanned = so_far.iter().rposition(|octet| *octet == b'\n').map_or(0, |last| last.saturating_add(1));
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
            |header: &str, body: &[u8], is_all| is_encrypted(format!("{header}\r\n").as_bytes(), body, is_all, &limits);
        let enveloped = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
        let signed = b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
        for (header, body, is_all, expected) in [
            ("Content-Type: text/plain\r\n", &b""[..], false, Some(false)),
            ("Content-Type: MULTIPART/Encrypted; boundary=b\r\n", b"", false, Some(true)),
            ("Content-Type: application/x-pkcs7-mime; smime-type=Enveloped-Data\r\n", b"", false, Some(true)),
            ("Content-Type: application/pkcs7-mime; smime-type=authenveloped-data\r\n", b"", false, Some(true)),
            ("Content-Type: application/octet-stream; name=x.P7M\r\n", enveloped, false, Some(true)),
            (opaque, enveloped, false, Some(true)),
            (opaque, signed, false, Some(false)),
            (opaque, &enveloped[..6], false, None),
            (opaque, &enveloped[..6], true, Some(false)),
            (opaque, b"", false, None),
            (opaque, b"MIAGCSqGSIb3DQEHA6CA", true, Some(false)),
            (&format!("{opaque}{base64}"), b"MIAG\r\nCSqG SIb3DQEHA6CAxyz", false, Some(true)),
            (&format!("{opaque}{base64}"), b"MIAG\r\nCSq", false, None),
            (&format!("{opaque}{base64}"), b"MIAGCSqGSIb3DQEHAqCA", false, Some(false)),
        ] {
            assert_eq!(told(header, body, is_all), Ok(expected), "{header} {body:02x?}");
        }
    }
}
