use super::content_type::{ContentType, file_name};
use super::headers::Headers;
use super::multipart::Parts;
use crate::error::{Code, Error};
use crate::verify::Limits;

/// One MIME entity: its header fields, its body as sent, and its type.
#[derive(Debug)]
pub(super) struct Entity<'a> {
    pub(super) headers: Headers<'a>,
    pub(super) body: &'a [u8],
    pub(super) content_type: ContentType,
}

/// What S/MIME makes of an entity (RFC 8551 3.2, 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// multipart/signed with a PKCS #7 protocol or signature part.
    Detached,
    /// application/pkcs7-mime, or a file with a .p7m name.
    Opaque,
    Other,
}

impl<'a> Entity<'a> {
    pub(super) fn read(bytes: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let (headers, body) = Headers::read(bytes, limits)?;
        let content_type = ContentType::of(&headers, limits)?;
        Ok(Self { headers, body, content_type })
    }

    /// For looking only: odd header lines are passed over, an unreadable type is plain text.
    pub(super) fn read_leniently(bytes: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let (headers, body) = Headers::read_leniently(bytes, limits)?;
        let content_type =
            ContentType::of(&headers, limits).or_else(|_| ContentType::of(&Headers::read(b"", limits)?.0, limits))?;
        Ok(Self { headers, body, content_type })
    }

    pub(super) fn form(&self, limits: &Limits) -> Form {
        let parameter = |name| self.content_type.parameter(name).ok().flatten().map(<[u8]>::to_ascii_lowercase);
        if self.content_type.is("multipart", "signed") {
            let pgp = parameter("protocol").is_some_and(|protocol| protocol == b"application/pgp-signature");
            return if pgp && !self.second_part_is_pkcs7(limits) { Form::Other } else { Form::Detached };
        }
        if self.content_type.is_pkcs7("mime") {
            return Form::Opaque;
        }
        let named = || file_name(&self.headers, &self.content_type, limits);
        let is_p7m = || named().is_some_and(|name| name.to_ascii_lowercase().ends_with(b".p7m"));
        if self.content_type.is("application", "octet-stream") && is_p7m() { Form::Opaque } else { Form::Other }
    }

    pub(super) fn parts(&self) -> Result<Parts<'a>, Error> {
        let boundary = self.content_type.parameter("boundary")?.ok_or(Code::ContentTypeMalformed)?;
        Parts::new(self.body, boundary)
    }

    fn second_part_is_pkcs7(&self, limits: &Limits) -> bool {
        let second = self.parts().ok().and_then(|mut parts| {
            parts.next()?;
            parts.next()
        });
        second
            .and_then(|part| Self::read_leniently(part, limits).ok())
            .is_some_and(|part| part.content_type.is_pkcs7("signature"))
    }
}
