use crate::error::{Code, Error};

/// Reads the lexical units that structured header fields share (RFC 5322 3.2): one position, no recursion.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
    comment_depth: usize,
    malformed: Code,
}

impl<'a> Cursor<'a> {
    /// Over the raw value of a field; `malformed` is the code of what does not follow the grammar.
    pub(super) const fn new(bytes: &'a [u8], comment_depth: usize, malformed: Code) -> Self {
        Self { bytes, position: 0, comment_depth, malformed }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    pub(super) fn bump(&mut self) -> Option<u8> {
        let octet = self.peek()?;
        self.position = self.position.saturating_add(1);
        Some(octet)
    }

    /// Takes `octet` if it is next.
    pub(super) fn take(&mut self, octet: u8) -> bool {
        let is_next = self.peek() == Some(octet);
        if is_next {
            self.position = self.position.saturating_add(1);
        }
        is_next
    }

    pub(super) const fn error(&self) -> Error {
        Error::new(self.malformed)
    }

    /// Skips white space, line folds and comments.
    pub(super) fn skip_cfws(&mut self) -> Result<(), Error> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => {
                    self.bump();
                }
                Some(b'(') => self.skip_comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn skip_comment(&mut self) -> Result<(), Error> {
        let mut depth = 0_usize;
        loop {
            match self.bump() {
                Some(b'(') => {
                    depth = depth.saturating_add(1);
                    if depth > self.comment_depth {
                        return Err(Code::CommentTooDeep.into());
                    }
                }
                Some(b')') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Ok(());
                    }
                }
                Some(b'\\') => {
                    self.bump();
                }
                Some(_) => {}
                None => return Err(self.error()),
            }
        }
    }

    /// The longest run of octets that `member` accepts; may be empty.
    pub(super) fn run(&mut self, member: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let length = rest.iter().position(|octet| !member(*octet)).unwrap_or(rest.len());
        self.position = self.position.saturating_add(length);
        rest.get(..length).unwrap_or_default()
    }

    /// A quoted-string whose opening quote is next: its raw octets, quotes included.
    pub(super) fn quoted_string(&mut self) -> Result<&'a [u8], Error> {
        let start = self.position;
        self.bump();
        loop {
            match self.bump() {
                Some(b'"') => return Ok(self.bytes.get(start..self.position).unwrap_or_default()),
                Some(b'\\') => {
                    self.bump().ok_or_else(|| self.error())?;
                }
                Some(_) => {}
                None => return Err(self.error()),
            }
        }
    }
}

/// The value of a raw quoted-string: without its quotes, quoted pairs resolved, line folds removed.
pub(super) fn unquote(quoted: &[u8]) -> Vec<u8> {
    let inner = quoted.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(quoted);
    let mut value = Vec::with_capacity(inner.len());
    let mut octets = inner.iter().copied();
    while let Some(octet) = octets.next() {
        match octet {
            b'\r' | b'\n' => {}
            b'\\' => value.extend(octets.next()),
            other => value.push(other),
        }
    }
    value
}
