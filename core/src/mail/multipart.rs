use crate::error::{Code, Error};

/// The parts of a multipart body (RFC 2046 5.1.1), each exactly as it was sent: the line end before a delimiter belongs
/// to the delimiter.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    body: &'a [u8],
    boundary: Vec<u8>,
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
    pub(super) fn new(body: &'a [u8], boundary: Vec<u8>) -> Result<Self, Error> {
        // RFC 2046 5.1.1 allows 70 characters; longer ones are in use.
        if boundary.is_empty() || boundary.len() > 256 {
            return Err(Code::ContentTypeMalformed.into());
        }
        Ok(Self { body, boundary, position: 0, state: State::Preamble })
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
        loop {
            let start = self.position;
            let rest = self.body.get(start..).filter(|rest| !rest.is_empty())?;
            let length = rest.iter().position(|octet| *octet == b'\n').map_or(rest.len(), |end| end.saturating_add(1));
            self.position = start.saturating_add(length);
            let line = rest.get(..length).unwrap_or_default();
            if let Some(delimiter) = self.classify(line) {
                return Some((start, delimiter));
            }
        }
    }

    /// A delimiter line has nothing but white space behind the boundary, or behind the two hyphens that close.
    fn classify(&self, line: &[u8]) -> Option<Delimiter> {
        let rest = line.strip_prefix(b"--")?.strip_prefix(self.boundary.as_slice())?;
        let (rest, delimiter) = match rest.strip_prefix(b"--") {
            Some(rest) => (rest, Delimiter::Close),
            None => (rest, Delimiter::Open),
        };
        rest.iter().all(|octet| matches!(octet, b' ' | b'\t' | b'\r' | b'\n')).then_some(delimiter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(body: &str) -> (Vec<&str>, bool) {
        let mut parts = Parts::new(body.as_bytes(), b"b".to_vec()).unwrap();
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
            let mut parts = Parts::new(body.as_bytes(), b"b".to_vec()).unwrap();
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
}
