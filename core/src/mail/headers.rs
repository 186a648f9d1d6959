use crate::error::{Code, Error};
use crate::verify::Limits;

/// The header fields of one entity, raw and in order (RFC 5322 2.2).
#[derive(Clone, Debug)]
pub(super) struct Headers<'a> {
    fields: Vec<Field<'a>>,
}

/// One header field: the name without white space before its colon, and everything after the colon but the line end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    name: &'a [u8],
    value: &'a [u8],
    raw: &'a [u8],
    offset: usize,
}

impl<'a> Headers<'a> {
    /// Reads the fields up to the empty line, and gives what follows it.
    ///
    /// Line ends must be all CR LF or all LF: where they differ, parsers disagree about where a field ends.
    pub(super) fn read(entity: &'a [u8], limits: &Limits) -> Result<(Self, &'a [u8]), Error> {
        Self::read_lines(entity, limits, true)
    }

    /// The same, but lines that are no header fields are passed over and line ends may be mixed.
    pub(super) fn read_leniently(entity: &'a [u8], limits: &Limits) -> Result<(Self, &'a [u8]), Error> {
        Self::read_lines(entity, limits, false)
    }

    fn read_lines(entity: &'a [u8], limits: &Limits, strict: bool) -> Result<(Self, &'a [u8]), Error> {
        let mut fields = Vec::new();
        let mut lines = Lines { bytes: entity, position: 0, limit: limits.header_bytes, crlf: None };
        while let Some((start, mut end)) = lines.next(strict)? {
            if start == end {
                break;
            }
            while lines.continues() {
                let Some((_, more)) = lines.next(strict)? else { break };
                end = more;
            }
            let field = entity.get(start..end).unwrap_or_default();
            if field.len() > limits.header_field_bytes {
                return Err(Error::from(Code::HeaderLineTooLong).at(start));
            }
            if fields.len() >= limits.header_fields {
                return Err(Error::from(Code::HeadersTooMany).at(start));
            }
            match split(field, strict) {
                Some((name, value)) => fields.push(Field { name, value, raw: field, offset: start }),
                None if strict => return Err(Error::from(Code::HeaderMalformed).at(start)),
                None => {}
            }
        }
        Ok((Self { fields }, entity.get(lines.position..).unwrap_or_default()))
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &Field<'a>> {
        self.fields.iter()
    }

    /// All fields with this name, which is given in lower case.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Field<'a>> {
        self.fields.iter().filter(move |field| field.is(name))
    }

    pub(super) fn first(&self, name: &str) -> Option<&Field<'a>> {
        self.all(name).next()
    }

    /// The only field with this name, if there is one; a second one is `repeated`.
    pub(super) fn only(&self, name: &str, repeated: Code) -> Result<Option<&Field<'a>>, Error> {
        let mut fields = self.all(name);
        let first = fields.next();
        match fields.next() {
            Some(second) => Err(Error::from(repeated).at(second.offset)),
            None => Ok(first),
        }
    }
}

impl<'a> Field<'a> {
    /// The raw value, checked for octets that no parser agrees on: NUL, and a CR or LF that is not part of a fold.
    pub(super) fn clean_value(&self) -> Result<&'a [u8], Error> {
        let stray = self.value.iter().enumerate().any(|(index, octet)| {
            let next = self.value.get(index.saturating_add(1)).copied();
            match octet {
                0 => true,
                b'\r' => next != Some(b'\n'),
                b'\n' => !matches!(next, Some(b' ' | b'\t')),
                _ => false,
            }
        });
        if stray { Err(Error::from(Code::HeaderMalformed).at(self.offset)) } else { Ok(self.value) }
    }

    /// The value without its line folds (RFC 5322 2.2.3).
    pub(super) fn unfolded(&self) -> Vec<u8> {
        self.value.iter().copied().filter(|octet| !matches!(octet, b'\r' | b'\n')).collect()
    }

    /// Whether it has this name, which is given in lower case.
    pub(super) const fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    pub(super) fn name_begins_with(&self, prefix: &str) -> bool {
        self.name.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix.as_bytes()))
    }

    /// The whole field as sent, with its folds, without the line end behind it.
    pub(super) const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    pub(super) const fn value(&self) -> &'a [u8] {
        self.value
    }
}

/// Name and value of one unfolded-or-not field; `None` for a line that is none.
///
/// Before the colon may stand spaces, tabs and folds (RFC 5322 4.5). Some parsers read a bare CR as a line end, so it is
/// none of them; but where a field is only looked for, it is found behind any white space, as others might find it.
fn split(field: &[u8], strict: bool) -> Option<(&[u8], &[u8])> {
    let colon = field.iter().position(|octet| *octet == b':')?;
    let (name, value) = field.split_at(colon);
    let name = if strict { before_folds(name) } else { name.trim_ascii_end() };
    let printable = !name.is_empty() && name.iter().all(|octet| matches!(octet, 33..=126));
    printable.then(|| (name, value.get(1..).unwrap_or_default()))
}

fn before_folds(mut name: &[u8]) -> &[u8] {
    const BLANK: [&[u8]; 4] = [b" ", b"\t", b"\r\n", b"\n"];
    while let Some(shorter) = BLANK.into_iter().find_map(|blank| name.strip_suffix(blank)) {
        name = shorter;
    }
    name
}

/// Lines of a header block.
struct Lines<'a> {
    bytes: &'a [u8],
    position: usize,
    limit: usize,
    crlf: Option<bool>,
}

impl Lines<'_> {
    /// Start and end of the next line without its line end.
    fn next(&mut self, strict: bool) -> Result<Option<(usize, usize)>, Error> {
        let start = self.position;
        let window = self.bytes.get(start..self.limit.min(self.bytes.len())).unwrap_or_default();
        let Some(length) = memchr::memchr(b'\n', window) else {
            if self.bytes.len() > self.limit {
                return Err(Error::from(Code::HeaderBlockTooLarge).at(start));
            }
            self.position = self.bytes.len();
            return Ok((start < self.position).then_some((start, self.position)));
        };
        let line_feed = start.saturating_add(length);
        self.position = line_feed.saturating_add(1);
        let has_cr = window.get(..length).is_some_and(|line| line.ends_with(b"\r"));
        if strict && *self.crlf.get_or_insert(has_cr) != has_cr {
            return Err(Error::from(Code::HeaderMalformed).at(line_feed));
        }
        Ok(Some((start, if has_cr { line_feed.saturating_sub(1) } else { line_feed })))
    }

    /// Whether the next line continues the field.
    fn continues(&self) -> bool {
        matches!(self.bytes.get(self.position), Some(b' ' | b'\t'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<String>, Code> {
        let (headers, _) = Headers::read(text.as_bytes(), &Limits::default()).map_err(|error| error.code())?;
        Ok(headers.fields.iter().map(|field| String::from_utf8_lossy(field.name).into_owned()).collect())
    }

    #[test]
    fn fields_are_split_folded_and_ended() {
        assert_eq!(names("A: 1\r\nB : 2\r\n\tmore\r\n\r\nC: 3\r\n"), Ok(vec!["A".into(), "B".into()]));
        assert_eq!(names("A \t\r\n : 1\r\nB\r\n\t\r\n : 2"), Ok(vec!["A".into(), "B".into()]));
        assert_eq!(names("A: 1\nB: 2"), Ok(vec!["A".into(), "B".into()]));
        assert_eq!(names("\r\nA: 1\r\n"), Ok(vec![]));
        assert_eq!(names(""), Ok(vec![]));
    }

    #[test]
    fn lines_that_parsers_read_differently_are_refused() {
        for text in ["A: 1\r\nB: 2\n\r\n", "A: 1\nB: 2\r\n\n", "A 1\r\n\r\n", ": 1\r\n\r\n", "A\x01B: 1\r\n\r\n"] {
            assert_eq!(names(text), Err(Code::HeaderMalformed), "{text:?}");
        }
        for text in [
            "A\r: 1\r\n\r\n",
            "A \r: 1\r\n\r\n",
            "A\r : 1\r\n\r\n",
            "A\r\r\n : 1\r\n\r\n",
            "A\r: 1\n\n",
            "A\x0c: 1\r\n\r\n",
        ] {
            assert_eq!(names(text), Err(Code::HeaderMalformed), "{text:?}");
        }
        let limits = Limits::default();
        for (value, fine) in [("a\r\n b", true), ("a\rb", false), ("a\0b", false)] {
            let text = format!("From:{value}\r\n\r\n");
            let (headers, _) = Headers::read(text.as_bytes(), &limits).unwrap();
            assert_eq!(headers.first("from").unwrap().clean_value().is_ok(), fine, "{value:?}");
        }
    }

    #[test]
    fn who_only_looks_finds_a_name_behind_any_white_space() {
        for text in ["From\r: a\r\n\r\n", "From\x0c: a\n\n", "From \t\r\n : a\r\n\r\n"] {
            let (headers, _) = Headers::read_leniently(text.as_bytes(), &Limits::default()).unwrap();
            assert!(headers.first("from").is_some(), "{text:?}");
        }
    }

    #[test]
    fn size_and_number_are_limited() {
        let limits = Limits::default();
        let read = |text: &str| Headers::read(text.as_bytes(), &limits).unwrap_err().code();
        assert_eq!(read(&"A: 1\r\n".repeat(1001)), Code::HeadersTooMany);
        assert_eq!(read(&format!("A: {}\r\n\r\n", "x".repeat(65 << 10))), Code::HeaderLineTooLong);
        assert_eq!(read(&format!("A: {}\r\n\r\n", "x".repeat(300 << 10))), Code::HeaderBlockTooLarge);
    }
}
