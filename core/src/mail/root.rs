use super::entity::{Entity, Form};
use super::from::author_of;
use super::headers::Headers;
use super::layers::layers;
use super::transfer::TransferEncoding;
use crate::cert::Address;
use crate::error::{Code, Error};
use crate::verify::Limits;
use std::borrow::Cow;

/// What stands at the MIME root of a mail.
#[derive(Debug)]
pub(crate) enum Root<'a> {
    Signed(SignedEntity<'a>),
    Encrypted,
    NotSigned,
}

/// A signed entity at the root: nothing stands beside it, so that the signature covers all that a reader sees.
#[derive(Debug)]
pub(crate) struct SignedEntity<'a> {
    pub(crate) content: SignedContent<'a>,
    /// The CMS object, decoded from its transfer encoding.
    pub(crate) cms: Cow<'a, [u8]>,
    pub(crate) smime_type: Option<SmimeType>,
}

/// Where the signed content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignedContent<'a> {
    /// Beside the CMS object: the first part with its headers, as sent.
    Detached(&'a [u8]),
    /// Inside the CMS object.
    Opaque,
}

/// The smime-type parameter (RFC 8551 3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SmimeType {
    SignedData,
    CertsOnly,
    Other,
}

/// Finds the signed entity by the root rule.
pub(crate) fn root<'a>(mail: &'a [u8], limits: &Limits) -> Result<Root<'a>, Error> {
    let entity = Entity::read(mail, limits)?;
    match entity.form(limits) {
        Form::Detached => detached(&entity, limits).map(Root::Signed),
        Form::Opaque => opaque(&entity, limits),
        Form::Other if layers(mail, limits)?.is_empty() => Ok(Root::NotSigned),
        Form::Other => Err(Code::SignatureNotAtRoot.into()),
    }
}

impl SignedEntity<'_> {
    /// The From field inside the signed content, when the sender protected it (RFC 9788 2.1): any From field in the
    /// header of the signed part itself counts, whether or not it is announced, because some clients show it.
    ///
    /// `content` may be cut at `Limits::header_bytes`. A header that does not end there, or breaks another limit, is an
    /// error and not "no From field".
    pub(crate) fn protected_author(&self, content: &[u8], limits: &Limits) -> Option<Result<Address, Error>> {
        // A client may show a From field that stands in an odd header; then the header must be readable to the letter.
        let (shown, body) = match Headers::read_leniently(content, limits) {
            Ok(read) => read,
            // Where this reader stops, another one may go on and find a From field.
            Err(error) => return Some(Err(error)),
        };
        let cut_inside_header = body.is_empty() && content.len() >= limits.header_bytes;
        if cut_inside_header {
            return Some(Err(Code::HeaderBlockTooLarge.into()));
        }
        shown.first("from")?;
        Some(Headers::read(content, limits).and_then(|(headers, _)| author_of(&headers, limits)))
    }
}

/// The two parts of a multipart/signed (RFC 1847 2.1, RFC 8551 3.5.3).
fn detached<'a>(entity: &Entity<'a>, limits: &Limits) -> Result<SignedEntity<'a>, Error> {
    // Gateways write quoted-printable on a multipart whose parts they leave alone. What is signed are the raw parts, so
    // that is how they are read (docs/decisions/0002); base64 hides the parts, and is refused as RFC 2045 6.4 says.
    if TransferEncoding::of(&entity.headers)? == TransferEncoding::Base64 {
        return Err(Code::MultipartEncoded.into());
    }
    let protocol = entity.content_type.parameter("protocol")?.map(<[u8]>::to_ascii_lowercase);
    let is_pkcs7 =
        |protocol: &[u8]| matches!(protocol, b"application/pkcs7-signature" | b"application/x-pkcs7-signature");
    if !protocol.is_some_and(|protocol| is_pkcs7(&protocol)) {
        return Err(Code::ProtocolMismatch.into());
    }
    let mut parts = entity.parts()?;
    let (Some(content), Some(signature), None, true) = (parts.next(), parts.next(), parts.next(), parts.is_closed())
    else {
        return Err(Code::MultipartMalformed.into());
    };
    // Text there is outside the signature, and some readers show it. The preamble is another matter: senders write
    // "This is a cryptographically signed message" there, and no reader that knows multipart shows it.
    if !parts.epilogue().iter().all(u8::is_ascii_whitespace) {
        return Err(Code::MultipartMalformed.into());
    }
    let signature = Entity::read(signature, limits)?;
    if !signature.content_type.is_pkcs7("signature") {
        return Err(Code::ProtocolMismatch.into());
    }
    let cms = TransferEncoding::of(&signature.headers)?.decode(signature.body, limits.cms_bytes)?;
    Ok(SignedEntity { content: SignedContent::Detached(content), cms, smime_type: None })
}

/// An application/pkcs7-mime entity (RFC 8551 3.2).
fn opaque<'a>(entity: &Entity<'a>, limits: &Limits) -> Result<Root<'a>, Error> {
    let smime_type = match entity.content_type.parameter("smime-type")?.map(<[u8]>::to_ascii_lowercase).as_deref() {
        None => None,
        Some(b"signed-data") => Some(SmimeType::SignedData),
        Some(b"certs-only") => Some(SmimeType::CertsOnly),
        Some(b"enveloped-data" | b"authenveloped-data") => return Ok(Root::Encrypted),
        Some(_) => Some(SmimeType::Other),
    };
    let cms = TransferEncoding::of(&entity.headers)?.decode(entity.body, limits.message_bytes)?;
    Ok(Root::Signed(SignedEntity { content: SignedContent::Opaque, cms, smime_type }))
}
