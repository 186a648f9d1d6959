use super::cursor::{Cursor, unquote};
use super::headers::Headers;
use crate::error::{Code, Error};
use crate::verify::Limits;

/// A Content-Type field (RFC 2045 5.1): type, subtype and parameter names in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ContentType {
    kind: String,
    subtype: String,
    parameters: Vec<(String, Vec<u8>)>,
}

impl ContentType {
    /// Of an entity; without the field it is text/plain (RFC 2045 5.2).
    pub(super) fn of(headers: &Headers<'_>, limits: &Limits) -> Result<Self, Error> {
        match headers.only("content-type", Code::ContentTypeMalformed)? {
            Some(field) => parse(field.clean_value()?, limits),
            None => Ok(Self { kind: "text".to_owned(), subtype: "plain".to_owned(), parameters: Vec::new() }),
        }
    }

    pub(super) fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind == kind && self.subtype == subtype
    }

    pub(super) fn is_multipart(&self) -> bool {
        self.kind == "multipart"
    }

    /// `application/pkcs7-…` or `application/x-pkcs7-…` (RFC 8551 3.10).
    pub(super) fn is_pkcs7(&self, what: &str) -> bool {
        let subtype = self.subtype.strip_prefix("x-").unwrap_or(&self.subtype);
        self.kind == "application" && subtype.strip_prefix("pkcs7-") == Some(what)
    }

    /// The value of a parameter that decides something. Two values, or one in the pieces of RFC 2231, are ambiguous:
    /// parsers disagree about which one counts.
    pub(super) fn parameter(&self, name: &str) -> Result<Option<&[u8]>, Error> {
        let mut found = None;
        for (parameter, value) in &self.parameters {
            let base = parameter.split('*').next().unwrap_or_default();
            if base == name && (parameter != name || found.replace(value.as_slice()).is_some()) {
                return Err(Code::ContentTypeMalformed.into());
            }
        }
        Ok(found)
    }
}

/// The name that the sender gave the entity's file, in Content-Disposition or Content-Type.
pub(super) fn file_name(headers: &Headers<'_>, content_type: &ContentType, limits: &Limits) -> Option<Vec<u8>> {
    let disposition = headers.first("content-disposition").and_then(|field| {
        // A disposition has the syntax of a Content-Type without its slash (RFC 2183 2).
        let mut value = b"x/".to_vec();
        value.extend_from_slice(field.value().trim_ascii_start());
        parse(&value, limits).ok()?.parameter("filename").ok()?.map(<[u8]>::to_vec)
    });
    disposition.or_else(|| content_type.parameter("name").ok()?.map(<[u8]>::to_vec))
}

/// Parameters of one field: in memory each takes thirty times its octets. Real ones have up to five.
const PARAMETERS: usize = 256;

fn parse(value: &[u8], limits: &Limits) -> Result<ContentType, Error> {
    let mut cursor = Cursor::new(value, limits.comment_depth, Code::ContentTypeMalformed);
    cursor.skip_cfws()?;
    let kind = token(&mut cursor)?;
    cursor.skip_cfws()?;
    if !cursor.take(b'/') {
        return Err(cursor.error());
    }
    cursor.skip_cfws()?;
    let subtype = token(&mut cursor)?;
    let mut parameters = Vec::new();
    loop {
        cursor.skip_cfws()?;
        match cursor.bump() {
            None => return Ok(ContentType { kind, subtype, parameters }),
            Some(b';') => {}
            Some(_) => return Err(cursor.error()),
        }
        cursor.skip_cfws()?;
        if matches!(cursor.peek(), None | Some(b';')) {
            continue;
        }
        let name = token(&mut cursor)?;
        cursor.skip_cfws()?;
        if !cursor.take(b'=') {
            return Err(cursor.error());
        }
        cursor.skip_cfws()?;
        let value = match cursor.peek() {
            Some(b'"') => unquote(cursor.quoted_string()?),
            _ => unquoted(&mut cursor)?,
        };
        if parameters.len() >= PARAMETERS {
            return Err(cursor.error());
        }
        parameters.push((name, value));
    }
}

/// A token of RFC 2045 5.1 in lower case.
fn token(cursor: &mut Cursor<'_>) -> Result<String, Error> {
    let token = cursor.run(|octet| matches!(octet, 33..=126) && !b"()<>@,;:\\\"/[]?=".contains(&octet));
    match core::str::from_utf8(token) {
        Ok(text) if !text.is_empty() => Ok(text.to_ascii_lowercase()),
        _ => Err(cursor.error()),
    }
}

/// A value without quotes. Senders leave the quotes away where they should stand (`smime-type`, boundaries with `=`), so
/// everything up to white space or a semicolon counts.
fn unquoted(cursor: &mut Cursor<'_>) -> Result<Vec<u8>, Error> {
    let value = cursor.run(|octet| matches!(octet, 33..=126) && !b"();\"".contains(&octet));
    if value.is_empty() { Err(cursor.error()) } else { Ok(value.to_vec()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<ContentType, Code> {
        parse(value.as_bytes(), &Limits::default()).map_err(|error| error.code())
    }

    #[test]
    fn parameters_are_read_with_comments_folds_and_quotes() {
        let read =
            read(" Multipart/SIGNED (c);\r\n\tBoundary=\"a \\\"b\"; micalg=sha-256 ; ;protocol=application/x").unwrap();
        assert!(read.is("multipart", "signed") && read.is_multipart());
        assert_eq!(read.parameter("boundary").unwrap(), Some(&b"a \"b"[..]));
        assert_eq!(read.parameter("protocol").unwrap(), Some(&b"application/x"[..]));
        assert_eq!(read.parameter("charset").unwrap(), None);
    }

    #[test]
    fn ambiguous_parameters_are_refused_when_they_decide() {
        for value in ["a/b; boundary=x; boundary=y", "a/b; boundary*=utf-8''x", "a/b; boundary*0=x; boundary*1=y"] {
            let read = read(value).unwrap();
            assert_eq!(read.parameter("boundary").unwrap_err().code(), Code::ContentTypeMalformed, "{value}");
            assert_eq!(read.parameter("charset").unwrap(), None);
        }
    }

    #[test]
    fn what_is_no_content_type_is_refused() {
        for value in ["", "text", "text/", "/plain", "text/plain boundary=x", "text/plain; x", "a/b; x=", "a/b; x=\"y"]
        {
            assert_eq!(read(value), Err(Code::ContentTypeMalformed), "{value}");
        }
    }
}
