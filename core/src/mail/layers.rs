use super::entity::{Entity, Form};
use super::root::SignedContent;
use super::transfer::TransferEncoding;
use crate::error::{Code, Error};
use crate::verify::Limits;
use std::borrow::Cow;

/// One S/MIME entity of a mail, wherever it stands. For looking at a mail, never for a decision.
#[derive(Debug)]
pub(crate) struct Layer<'a> {
    /// `/` for the root, `/2` for its second part, `/2/m` for the message inside that part.
    pub(crate) path: String,
    pub(crate) root: bool,
    pub(crate) content: SignedContent<'a>,
    /// The CMS object, decoded from its transfer encoding.
    pub(crate) cms: Result<Cow<'a, [u8]>, Error>,
}

/// An entity that is still to be looked at.
struct Open<'a> {
    bytes: &'a [u8],
    path: String,
    depth: usize,
}

/// Every S/MIME entity, outermost first. Walks the tree with a list of its own; parts of a layer are not descended into.
pub(crate) fn layers<'a>(mail: &'a [u8], limits: &Limits) -> Result<Vec<Layer<'a>>, Error> {
    let mut found = Vec::new();
    let mut open = vec![Open { bytes: mail, path: String::new(), depth: 0 }];
    let mut seen = 0_usize;
    while let Some(next) = open.pop() {
        if next.depth > limits.mime_depth {
            return Err(Code::MimeTooDeep.into());
        }
        seen = seen.saturating_add(1);
        let entity = Entity::read_leniently(next.bytes, limits)?;
        match entity.form(limits) {
            Form::Other => {
                let mut inside = children(&entity, &next, limits.mime_parts.saturating_sub(seen))?;
                inside.reverse();
                open.append(&mut inside);
            }
            form => found.extend(layer(&entity, form, &next.path, limits)),
        }
    }
    Ok(found)
}

fn children<'a>(entity: &Entity<'a>, parent: &Open<'a>, room: usize) -> Result<Vec<Open<'a>>, Error> {
    let depth = parent.depth.saturating_add(1);
    if entity.content_type.is("message", "rfc822") {
        return Ok(vec![Open { bytes: entity.body, path: format!("{}/m", parent.path), depth }]);
    }
    let mut inside = Vec::new();
    if entity.content_type.is_multipart()
        && let Ok(mut parts) = entity.parts()
    {
        while let Some(bytes) = parts.next() {
            let number = inside.len().saturating_add(1);
            if number > room {
                return Err(Code::MimePartsTooMany.into());
            }
            inside.push(Open { bytes, path: format!("{}/{number}", parent.path), depth });
        }
    }
    Ok(inside)
}

/// `None` for a multipart/signed that has no second part of S/MIME.
fn layer<'a>(entity: &Entity<'a>, form: Form, path: &str, limits: &Limits) -> Option<Layer<'a>> {
    let (content, cms) = if form == Form::Detached {
        let mut parts = entity.parts().ok()?;
        let content = parts.next().unwrap_or_default();
        let signature = parts.next().and_then(|part| Entity::read_leniently(part, limits).ok());
        let object = signature.map(|signature| {
            let known = signature.content_type.is_pkcs7("signature") || signature.content_type.is_pkcs7("mime");
            if known { decode(&signature) } else { Err(Code::ProtocolMismatch.into()) }
        });
        (SignedContent::Detached(content), object.unwrap_or_else(|| Err(Code::MultipartMalformed.into())))
    } else {
        (SignedContent::Opaque, decode(entity))
    };
    let root = path.is_empty();
    let path = if root { "/".to_owned() } else { path.to_owned() };
    Some(Layer { path, root, content, cms })
}

fn decode<'a>(entity: &Entity<'a>) -> Result<Cow<'a, [u8]>, Error> {
    TransferEncoding::of(&entity.headers)?.decode(entity.body)
}
