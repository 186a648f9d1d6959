use crate::error::{Code, Error};
use crate::verify::Limits;
use core::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// The identifier octet of an element: class, constructed bit and number together (X.690 8.1.2).
///
/// High tag numbers (0x1f) do not occur in the structures read here and are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Tag(pub(crate) u8);

impl Tag {
    pub(crate) const BOOLEAN: Self = Self(0x01);
    pub(crate) const INTEGER: Self = Self(0x02);
    pub(crate) const BIT_STRING: Self = Self(0x03);
    pub(crate) const OCTET_STRING: Self = Self(0x04);
    pub(crate) const OBJECT_IDENTIFIER: Self = Self(0x06);
    pub(crate) const UTF8_STRING: Self = Self(0x0c);
    pub(crate) const PRINTABLE_STRING: Self = Self(0x13);
    pub(crate) const TELETEX_STRING: Self = Self(0x14);
    pub(crate) const IA5_STRING: Self = Self(0x16);
    pub(crate) const UTC_TIME: Self = Self(0x17);
    pub(crate) const GENERALIZED_TIME: Self = Self(0x18);
    pub(crate) const BMP_STRING: Self = Self(0x1e);
    pub(crate) const SEQUENCE: Self = Self(0x30);
    pub(crate) const SET: Self = Self(0x31);

    const CONSTRUCTED: u8 = 0x20;

    /// `[number]` in a context, primitive. `number` is below 31.
    pub(crate) const fn context(number: u8) -> Self {
        Self(0x80 | number)
    }

    /// `[number]` in a context, constructed. `number` is below 31.
    pub(crate) const fn context_constructed(number: u8) -> Self {
        Self(0xa0 | number)
    }

    pub(crate) const fn is_constructed(self) -> bool {
        self.0 & Self::CONSTRUCTED != 0
    }

    /// The same tag without its constructed bit.
    pub(crate) const fn primitive(self) -> Self {
        Self(self.0 & !Self::CONSTRUCTED)
    }
}

/// One object to read: its bytes, how much of its budget is left, and where its indefinite lengths end.
///
/// The reader follows the structure that its caller expects. It never descends by itself, so that no input can make it
/// recurse, and it notes the end of every indefinite length it has scanned, so that reading stays linear.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    bytes: &'a [u8],
    /// Start of the content of an element of indefinite length -> position of its end-of-contents octets.
    ends: RefCell<BTreeMap<usize, usize>>,
    elements_left: Cell<usize>,
    indefinite_lengths: usize,
    /// Whether a length was seen that DER does not allow.
    ber: Cell<bool>,
    depth: usize,
    segments: usize,
}

/// One element: identifier, length and content (X.690 8.1.1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    bytes: &'a [u8],
    tag: Tag,
    start: usize,
    content: usize,
    content_end: usize,
    end: usize,
    depth: usize,
}

/// Indefinite lengths in one object. Streamed CMS has a dozen; each takes some forty octets of memory until the object is
/// read, ten times as much as its own.
const INDEFINITE_LENGTHS: usize = 4096;

impl<'a> Document<'a> {
    pub(crate) fn new(bytes: &'a [u8], limits: &Limits) -> Self {
        Self::with(bytes, INDEFINITE_LENGTHS, limits)
    }

    /// One without indefinite lengths, where only DER may stand: what is not asked for is then stepped over, not scanned.
    pub(crate) fn definite(bytes: &'a [u8], limits: &Limits) -> Self {
        Self::with(bytes, 0, limits)
    }

    fn with(bytes: &'a [u8], indefinite_lengths: usize, limits: &Limits) -> Self {
        Self {
            bytes,
            ends: RefCell::default(),
            elements_left: Cell::new(limits.asn1_elements),
            indefinite_lengths,
            ber: Cell::new(false),
            depth: limits.asn1_depth,
            segments: limits.octet_string_segments,
        }
    }

    pub(crate) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether what was read so far has a length that DER does not allow: indefinite, or longer than needed.
    pub(crate) const fn is_ber(&self) -> bool {
        self.ber.get()
    }

    /// The one element that fills the whole document.
    pub(crate) fn root(&self) -> Result<Element<'a>, Error> {
        let root = self.first()?;
        if root.end != self.bytes.len() {
            return Err(Error::from(Code::DerTrailing).at(root.end));
        }
        Ok(root)
    }

    /// The first element; bytes may follow it (see [`Element::end`]).
    pub(crate) fn first(&self) -> Result<Element<'a>, Error> {
        self.element(0, self.bytes.len(), 0)
    }

    /// The elements inside a constructed one.
    pub(crate) fn children(&self, parent: &Element<'a>) -> Result<Children<'_, 'a>, Error> {
        if !parent.tag.is_constructed() {
            return Err(Error::from(Code::DerTag).at(parent.start));
        }
        let depth = parent.depth.saturating_add(1);
        if depth > self.depth {
            return Err(Error::from(Code::Asn1TooDeep).at(parent.start));
        }
        Ok(Children { document: self, position: parent.content, end: parent.content_end, depth })
    }

    /// The octets of an octet string, whole or in segments (X.690 8.7). The element's own tag is not looked at: it may
    /// be an implicit one.
    pub(crate) fn segments(&self, string: &Element<'a>) -> Segments<'_, 'a> {
        Segments {
            document: self,
            whole: (!string.tag.is_constructed()).then(|| string.content()),
            open: vec![(string.content, string.content_end)],
            base: string.depth,
            left: self.segments,
        }
    }

    fn element(&self, start: usize, limit: usize, depth: usize) -> Result<Element<'a>, Error> {
        let (tag, content, length) = self.header(start, limit)?;
        if tag.0 == 0 {
            return Err(Error::from(Code::DerTag).at(start));
        }
        let (content_end, end) = match length {
            Some(length) => {
                let end = self.definite_end(start, content, length, limit)?;
                (end, end)
            }
            None => {
                let content_end = self.end_of_contents(content, limit, depth)?;
                (content_end, content_end.saturating_add(2))
            }
        };
        Ok(Element { bytes: self.bytes, tag, start, content, content_end, end, depth })
    }

    fn definite_end(&self, start: usize, content: usize, length: usize, limit: usize) -> Result<usize, Error> {
        let end = content.checked_add(length).ok_or_else(|| Error::from(Code::DerLength).at(start))?;
        if end > limit { Err(Error::from(Code::DerTruncated).at(start)) } else { Ok(end) }
    }

    /// Identifier and length octets at `start`: the tag, where the content begins, and its length unless indefinite.
    fn header(&self, start: usize, limit: usize) -> Result<(Tag, usize, Option<usize>), Error> {
        let left =
            self.elements_left.get().checked_sub(1).ok_or_else(|| Error::from(Code::Asn1ElementsTooMany).at(start))?;
        self.elements_left.set(left);
        let truncated = || Error::from(Code::DerTruncated).at(start);
        let octets = self.bytes.get(start..limit).ok_or_else(truncated)?;
        let (&[identifier, length], rest) = octets.split_first_chunk::<2>().ok_or_else(truncated)?;
        let tag = Tag(identifier);
        if identifier & 0x1f == 0x1f {
            return Err(Error::from(Code::DerTag).at(start));
        }
        let content = start.saturating_add(2);
        if length < 0x80 {
            return Ok((tag, content, Some(usize::from(length))));
        }
        if length == 0x80 {
            self.ber.set(true);
            let is_allowed = tag.is_constructed() && self.indefinite_lengths > 0;
            return if is_allowed { Ok((tag, content, None)) } else { Err(Error::from(Code::DerLength).at(start)) };
        }
        let count = usize::from(length & 0x7f);
        let octets = rest.get(..count).ok_or_else(truncated)?;
        let value = octets
            .iter()
            .try_fold(0_usize, |value, octet| value.checked_mul(256)?.checked_add(usize::from(*octet)))
            .filter(|_| count <= 8)
            .ok_or_else(|| Error::from(Code::DerLength).at(start))?;
        if octets.first() == Some(&0) || value < 0x80 {
            self.ber.set(true);
        }
        Ok((tag, content.saturating_add(count), Some(value)))
    }

    /// Where the content of indefinite length that begins at `content` ends. One forward pass with its own stack; the
    /// ends of nested indefinite elements are noted on the way, so that no byte is scanned twice.
    fn end_of_contents(&self, content: usize, limit: usize, depth: usize) -> Result<usize, Error> {
        let truncated = || Error::from(Code::DerTruncated).at(content);
        if let Some(&end) = self.ends.borrow().get(&content) {
            return if end.saturating_add(2) <= limit { Ok(end) } else { Err(truncated()) };
        }
        let mut ends = self.ends.borrow_mut();
        if ends.len() >= self.indefinite_lengths {
            return Err(Error::from(Code::Asn1ElementsTooMany).at(content));
        }
        let mut open = vec![content];
        let mut position = content;
        while let Some(&innermost) = open.last() {
            if self.bytes.get(position..limit).is_some_and(|rest| rest.starts_with(&[0, 0])) {
                ends.insert(innermost, position);
                open.pop();
                if open.is_empty() {
                    return Ok(position);
                }
                position = position.saturating_add(2);
                continue;
            }
            let (_, inner, length) = self.header(position, limit)?;
            match length {
                Some(length) => position = self.definite_end(position, inner, length, limit)?,
                None if depth.saturating_add(open.len()) >= self.depth => {
                    return Err(Error::from(Code::Asn1TooDeep).at(position));
                }
                None if ends.len().saturating_add(open.len()) >= self.indefinite_lengths => {
                    return Err(Error::from(Code::Asn1ElementsTooMany).at(position));
                }
                None => {
                    open.push(inner);
                    position = inner;
                }
            }
        }
        Err(truncated())
    }
}

impl<'a> Element<'a> {
    pub(crate) const fn tag(&self) -> Tag {
        self.tag
    }

    /// Where the element starts in its document.
    pub(crate) const fn offset(&self) -> usize {
        self.start
    }

    /// Where the next element would start in the document.
    pub(crate) const fn end(&self) -> usize {
        self.end
    }

    /// The content octets, without the end-of-contents octets.
    pub(crate) fn content(&self) -> &'a [u8] {
        self.bytes.get(self.content..self.content_end).unwrap_or_default()
    }

    /// Where the content starts in the document.
    pub(crate) const fn content_offset(&self) -> usize {
        self.content
    }

    /// All octets of the element as they were sent.
    pub(crate) fn raw(&self) -> &'a [u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// This element if it has `tag`.
    pub(crate) fn expect(self, tag: Tag) -> Result<Self, Error> {
        if self.tag == tag { Ok(self) } else { Err(Error::from(Code::DerTag).at(self.start)) }
    }

    /// The bits of a BIT STRING that fills whole octets: all but the leading count of unused bits, which must be 0.
    pub(crate) fn whole_bits(self) -> Result<&'a [u8], Error> {
        match self.expect(Tag::BIT_STRING)?.content() {
            [0, bits @ ..] => Ok(bits),
            _ => Err(Error::from(Code::DerValue).at(self.start)),
        }
    }

    /// A BOOLEAN: any octet but 0 is true (X.690 8.2; encoders that write 01 exist).
    pub(crate) fn boolean(self) -> Result<bool, Error> {
        match self.expect(Tag::BOOLEAN)?.content() {
            [octet] => Ok(*octet != 0),
            _ => Err(Error::from(Code::DerValue).at(self.start)),
        }
    }

    /// A small INTEGER that is not negative.
    pub(crate) fn small_integer(self) -> Result<u32, Error> {
        let malformed = || Error::from(Code::DerValue).at(self.start);
        let content = self.expect(Tag::INTEGER)?.content();
        if content.is_empty() || content.first().is_some_and(|octet| octet & 0x80 != 0) {
            return Err(malformed());
        }
        content
            .iter()
            .try_fold(0_u32, |value, octet| value.checked_mul(256)?.checked_add(u32::from(*octet)))
            .ok_or_else(malformed)
    }
}

/// The elements inside a constructed one, in order.
#[derive(Clone, Debug)]
pub(crate) struct Children<'d, 'a> {
    document: &'d Document<'a>,
    position: usize,
    end: usize,
    depth: usize,
}

impl<'a> Children<'_, 'a> {
    /// The next element, if there is one. (Not an `Iterator`: after an error there is no next.)
    pub(crate) fn next(&mut self) -> Result<Option<Element<'a>>, Error> {
        if self.position >= self.end {
            return Ok(None);
        }
        let element = self.document.element(self.position, self.end, self.depth)?;
        self.position = element.end;
        Ok(Some(element))
    }

    /// The next element, which must be there.
    pub(crate) fn required(&mut self) -> Result<Element<'a>, Error> {
        let at = self.position;
        self.next()?.ok_or_else(|| Error::from(Code::DerTruncated).at(at))
    }

    /// The next element, which must have `tag`.
    pub(crate) fn expect(&mut self, tag: Tag) -> Result<Element<'a>, Error> {
        self.required()?.expect(tag)
    }

    /// The next element if it has `tag`; otherwise nothing is read.
    pub(crate) fn optional(&mut self, tag: Tag) -> Result<Option<Element<'a>>, Error> {
        if self.peek() == Some(tag) { self.next() } else { Ok(None) }
    }

    /// The tag of the next element, if there is one.
    pub(crate) fn peek(&self) -> Option<Tag> {
        (self.position < self.end).then(|| self.document.bytes.get(self.position).copied().map(Tag)).flatten()
    }

    /// Fails unless everything was read.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        if self.position < self.end { Err(Error::from(Code::DerTrailing).at(self.position)) } else { Ok(()) }
    }
}

/// The pieces of an octet string, each a slice of the input; together they are its value.
#[derive(Debug)]
pub(crate) struct Segments<'d, 'a> {
    document: &'d Document<'a>,
    whole: Option<&'a [u8]>,
    /// Position and end of every constructed string that is open, outermost first.
    open: Vec<(usize, usize)>,
    base: usize,
    left: usize,
}

impl<'a> Segments<'_, 'a> {
    /// The next piece, if there is one.
    pub(crate) fn next(&mut self) -> Result<Option<&'a [u8]>, Error> {
        if let Some(whole) = self.whole.take() {
            self.open.clear();
            return Ok(Some(whole));
        }
        loop {
            let depth = self.base.saturating_add(self.open.len());
            let Some((position, end)) = self.open.last_mut() else { return Ok(None) };
            if *position >= *end {
                self.open.pop();
                continue;
            }
            self.left = self.left.checked_sub(1).ok_or_else(|| Error::from(Code::SegmentsTooMany).at(*position))?;
            let piece = self.document.element(*position, *end, depth)?;
            *position = piece.end;
            if piece.tag.primitive() != Tag::OCTET_STRING {
                return Err(Error::from(Code::DerTag).at(piece.start));
            }
            if !piece.tag.is_constructed() {
                return Ok(Some(piece.content()));
            }
            if depth >= self.document.depth {
                return Err(Error::from(Code::Asn1TooDeep).at(piece.start));
            }
            self.open.push((piece.content, piece.content_end));
        }
    }

    /// All pieces in one: borrowed when there is only one, copied otherwise. At most `limit` octets, else `too_large`.
    pub(crate) fn concat(mut self, limit: usize, too_large: Code) -> Result<std::borrow::Cow<'a, [u8]>, Error> {
        let mut joined = std::borrow::Cow::Borrowed(&[][..]);
        while let Some(piece) = self.next()? {
            if joined.len().saturating_add(piece.len()) > limit {
                return Err(too_large.into());
            }
            if joined.is_empty() {
                joined = std::borrow::Cow::Borrowed(piece);
            } else {
                joined.to_mut().extend_from_slice(piece);
            }
        }
        Ok(joined)
    }
}

#[cfg(test)]
mod tests;
