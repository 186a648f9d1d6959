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
    /// Whether it stands in the signed part of a layer that was found already.
    under_signature: bool,
}

/// Every S/MIME entity, outermost first. Walks the tree with a list of its own, also into the signed part of a
/// multipart/signed; what is inside a CMS object is not looked at.
///
/// A limit ends the walk with an error, but not below a signature: the layer above is worth more than what could not be
/// looked at in it.
pub(crate) fn layers<'a>(mail: &'a [u8], limits: &Limits) -> Result<Vec<Layer<'a>>, Error> {
    let mut found = Vec::new();
    let mut open = vec![Open { bytes: mail, path: String::new(), depth: 0, under_signature: false }];
    let mut seen = 0_usize;
    while let Some(next) = open.pop() {
        seen = seen.saturating_add(1);
        match look(&next, limits.mime_parts.saturating_sub(seen), limits) {
            Ok((layer, mut inside)) => {
                found.extend(layer);
                inside.reverse();
                open.append(&mut inside);
            }
            Err(_) if next.under_signature => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The layer that this entity is, and the entities in it.
fn look<'a>(next: &Open<'a>, room: usize, limits: &Limits) -> Result<(Option<Layer<'a>>, Vec<Open<'a>>), Error> {
    if next.depth > limits.mime_depth {
        return Err(Code::MimeTooDeep.into());
    }
    let entity = Entity::read_leniently(next.bytes, limits)?;
    let form = entity.form(limits);
    if form == Form::Other {
        return Ok((None, children(&entity, next, room)?));
    }
    let layer = layer(&entity, form, &next.path, limits);
    let inside = match &layer {
        Some(Layer { content: SignedContent::Detached(content), .. }) => vec![Open {
            bytes: content,
            path: format!("{}/1", next.path),
            depth: next.depth.saturating_add(1),
            under_signature: true,
        }],
        _ => Vec::new(),
    };
    Ok((layer, inside))
}

fn children<'a>(entity: &Entity<'a>, parent: &Open<'a>, room: usize) -> Result<Vec<Open<'a>>, Error> {
    let open = |bytes, path| Open {
        bytes,
        path,
        depth: parent.depth.saturating_add(1),
        under_signature: parent.under_signature,
    };
    if entity.content_type.is("message", "rfc822") {
        return Ok(vec![open(entity.body, format!("{}/m", parent.path))]);
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
            inside.push(open(bytes, format!("{}/{number}", parent.path)));
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
            if known { decode(&signature, limits.cms_bytes) } else { Err(Code::ProtocolMismatch.into()) }
        });
        (SignedContent::Detached(content), object.unwrap_or_else(|| Err(Code::MultipartMalformed.into())))
    } else {
        (SignedContent::Opaque, decode(entity, limits.message_bytes))
    };
    let root = path.is_empty();
    let path = if root { "/".to_owned() } else { path.to_owned() };
    Some(Layer { path, root, content, cms })
}

fn decode<'a>(entity: &Entity<'a>, limit: usize) -> Result<Cow<'a, [u8]>, Error> {
    TransferEncoding::of(&entity.headers)?.decode(entity.body, limit)
}
