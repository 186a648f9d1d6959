//! From the raw mail to the signed entity and the author's mailbox. Slices only; no trust.

mod canonical;
mod content_type;
mod cursor;
mod entity;
mod from;
mod headers;
mod layers;
mod multipart;
mod outgoing;
mod root;
mod transfer;

#[cfg(test)]
mod tests;

pub(crate) use canonical::canonical_chunks;
pub(crate) use from::{author, author_texts};
pub(crate) use layers::layers;
pub(crate) use outgoing::{Already, GLANCE, Outgoing, already, already_whole, header_end};
pub(crate) use root::{Root, SignedContent, SignedEntity, SmimeType, root};

use crate::trace::escape;
use crate::verify::Limits;

/// The Message-ID as text for traces, if the mail has a readable one.
pub(crate) fn message_id(mail: &[u8], limits: &Limits) -> Option<String> {
    let (headers, _) = headers::Headers::read_leniently(mail, limits).ok()?;
    let value = headers.first("message-id")?.unfolded();
    let text = escape(String::from_utf8_lossy(&value).trim());
    (!text.is_empty()).then_some(text)
}
