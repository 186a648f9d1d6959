use crate::error::{Code, Error};
use memchr::memchr;
use memchr::memmem::Finder;

/// The parts of a multipart body (RFC 2046 5.1.1), each exactly as it was sent: the line end before a delimiter belongs
/// to the delimiter.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    body: &'a [u8],
    /// How a delimiter line that is not the first line begins, with the line feed before it.
    beginning: Finder<'static>,
    position: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Preamble,
    Inside,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delimiter {
    Open,
    Close,
}

impl<'a> Parts<'a> {
    pub(super) fn new(body: &'a [u8], boundary: &[u8]) -> Result<Self, Error> {
        // RFC 2046 5.1.1 allows 70 characters; longer ones are in use.
        if boundary.is_empty() || boundary.len() > 256 {
            return Err(Code::ContentTypeMalformed.into());
        }
        let beginning = Finder::new(&[b"\n--", boundary].concat()).into_owned();
        Ok(Self { body, beginning, position: 0, state: State::Preamble })
    }

    /// The next part; `None` after the closing delimiter, or when the body ends without one (see [`Self::is_closed`]).
    pub(super) fn next(&mut self) -> Option<&'a [u8]> {
        if self.state == State::Preamble {
            let (_, delimiter) = self.delimiter()?;
            self.state = if delimiter == Delimiter::Open { State::Inside } else { State::Closed };
        }
        if self.state == State::Closed {
            return None;
        }
        let start = self.position;
        let Some((end, delimiter)) = self.delimiter() else {
            self.state = State::Closed;
            self.position = usize::MAX;
            return self.body.get(start..);
        };
        if delimiter == Delimiter::Close {
            self.state = State::Closed;
        }
        let part = self.body.get(start..end).unwrap_or_default();
        let part = part.strip_suffix(b"\n").unwrap_or(part);
        Some(part.strip_suffix(b"\r").unwrap_or(part))
    }

    /// Whether the closing delimiter was seen.
    pub(super) fn is_closed(&self) -> bool {
        self.state == State::Closed && self.position != usize::MAX
    }

    /// What stands after the closing delimiter line; nothing while that was not seen.
    pub(super) fn epilogue(&self) -> &'a [u8] {
        if self.is_closed() { self.body.get(self.position..).unwrap_or_default() } else { &[] }
    }

    /// Finds the next delimiter line: where it starts. The position moves behind it.
    fn delimiter(&mut self) -> Option<(usize, Delimiter)> {
        while let Some(start) = self.candidate() {
            let rest = self.body.get(start..).unwrap_or_default();
            let length = memchr(b'\n', rest).map_or(rest.len(), |end| end.saturating_add(1));
            self.position = start.saturating_add(length);
            if let Some(delimiter) = self.classify(rest.get(..length).unwrap_or_default()) {
                return Some((start, delimiter));
            }
        }
        self.position = self.body.len();
        None
    }

    /// Start of the next line that begins as a delimiter line. The position is the start of a line.
    fn candidate(&self) -> Option<usize> {
        let rest = self.body.get(self.position..)?;
        let line = self.beginning.needle().get(1..)?;
        if rest.starts_with(line) {
            return Some(self.position);
        }
        // No line has a line feed before its end; and what repeats itself is not searched for at every octet.
        let (_, inside) = line.split_last()?;
        if memchr(b'\n', inside).is_some() {
            return None;
        }
        let found = self.beginning.find(rest)?;
        Some(self.position.saturating_add(found).saturating_add(1))
    }

    /// A delimiter line has nothing but white space behind the boundary, or behind the two hyphens that close.
    fn classify(&self, line: &[u8]) -> Option<Delimiter> {
        let rest = line.strip_prefix(self.beginning.needle().get(1..)?)?;
        let (rest, delimiter) = match rest.strip_prefix(b"--") {
            Some(rest) => (rest, Delimiter::Close),
            None => (rest, Delimiter::Open),
        };
        rest.iter().all(|octet| matches!(octet, b' ' | b'\t' | b'\r' | b'\n')).then_some(delimiter)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "test code")]
mod tests {
    use super::*;
    use crate::mail::tests::Source;

    fn parts(body: &str) -> (Vec<&str>, bool) {
        let mut parts = Parts::new(body.as_bytes(), b"b").unwrap();
        let mut found = Vec::new();
        while let Some(part) = parts.next() {
            found.push(core::str::from_utf8(part).unwrap());
        }
        (found, parts.is_closed())
    }

    #[test]
    fn parts_are_exact() {
        assert_eq!(parts("pre\r\n--b\r\none\r\n--b \t\r\ntwo\r\n\r\n--b--\r\nepi"), (vec!["one", "two\r\n"], true));
        assert_eq!(parts("--b\none\n--b--"), (vec!["one"], true));
        assert_eq!(parts("--b\r\n--b\r\n--b--\r\n"), (vec!["", ""], true));
        assert_eq!(parts("--b\r\n--bc\r\n--b-\r\n --b\r\nx--b\r\n--b--"), (vec!["--bc\r\n--b-\r\n --b\r\nx--b"], true));
    }

    #[test]
    fn the_epilogue_is_what_follows_the_closing_line() {
        let epilogue = |body: &'static str| {
            let mut parts = Parts::new(body.as_bytes(), b"b").unwrap();
            while parts.next().is_some() {}
            parts.epilogue()
        };
        assert_eq!(epilogue("--b\r\none\r\n--b-- \t\r\nepi\r\n"), b"epi\r\n");
        assert_eq!(epilogue("--b\r\none\r\n--b--"), b"");
        assert_eq!(epilogue("--b\r\none\r\n"), b"");
    }

    #[test]
    fn an_unclosed_body_is_told() {
        assert_eq!(parts("--b\r\none\r\n"), (vec!["one\r\n"], false));
        assert_eq!(parts("nothing"), (vec![], false));
        assert_eq!(parts("--b--\r\n--b\r\nlate\r\n--b--"), (vec![], true));
    }

    /// The rule, line after line: the parts, whether the last one was closed, the epilogue.
    fn line_by_line(body: &[u8], boundary: &[u8]) -> (Vec<Vec<u8>>, bool, Vec<u8>) {
        let delimiter = |line: &[u8]| {
            let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
            let (rest, closes) = rest.strip_prefix(b"--").map_or((rest, false), |rest| (rest, true));
            rest.iter().all(|octet| b" \t\r\n".contains(octet)).then_some(closes)
        };
        let (mut parts, mut part): (Vec<Vec<u8>>, Option<Vec<u8>>) = (Vec::new(), None);
        let mut lines = body.split_inclusive(|octet| *octet == b'\n');
        while let Some(line) = lines.next() {
            let Some(closes) = delimiter(line) else {
                part.iter_mut().for_each(|part| part.extend_from_slice(line));
                continue;
            };
            let ended = part.replace(Vec::new()).map(|part| {
                let part = part.strip_suffix(b"\n").unwrap_or(&part);
                part.strip_suffix(b"\r").unwrap_or(part).to_vec()
            });
            parts.extend(ended);
            if closes {
                return (parts, true, lines.collect::<Vec<_>>().concat());
            }
        }
        parts.extend(part);
        (parts, false, Vec::new())
    }

    #[test]
    fn any_mixture_of_lines_has_the_parts_that_it_has_line_by_line() {
        let mut source = Source(2);
        let mut found = 0;
        for boundary in [&b"b"[..], b"--", b"-", b"b\r", b"b\n", b"b\nb", b"bb--", b" b", b"=_x.\x80"] {
            let delimiter = [b"--", boundary].concat();
            let pieces: [&[u8]; 14] = [
                &delimiter, &delimiter, &delimiter, b"--", b"-", b"\n", b"\n", b"\r\n", b"\r\n", b"\r", b" ", b"\t",
                b"b", boundary,
            ];
            for _ in 0..3_000 {
                let count = source.below(16);
                let body: Vec<u8> = (0..count).flat_map(|_| source.one_of(&pieces).to_vec()).collect();
                let mut parts = Parts::new(&body, boundary).unwrap();
                let mut split = Vec::new();
                while let Some(part) = parts.next() {
                    split.push(part.to_vec());
                }
                found += split.len();
                let all = (split, parts.is_closed(), parts.epilogue().to_vec());
                assert_eq!(all, line_by_line(&body, boundary), "{:?} in {:?}", boundary, body.escape_ascii());
                assert!(parts.next().is_none());
            }
        }
        assert!(found > 5_000, "{found}");
    }
}
