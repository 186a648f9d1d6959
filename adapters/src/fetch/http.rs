//! As much of HTTP/1.1 (RFC 9110, 9112) as one request on one connection needs. Heads are read by `httparse`; what is here
//! are the limits and the body.

use crate::wiped::append;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use zeroize::Zeroizing;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) accept: &'static str,
    /// A POST with this body and type, or a GET.
    pub(crate) body: Option<(&'static str, &'a [u8])>,
    pub(crate) authorization: Option<&'a Authorization>,
    /// For the proxy that passes the request on.
    pub(crate) proxy_authorization: Option<&'a Authorization>,
    /// Octets that the answer may have.
    pub(crate) limit: usize,
}

/// The value of an Authorization field. It is never shown, and overwritten at its end.
pub(crate) struct Authorization(Zeroizing<String>);

impl Authorization {
    /// RFC 7617, or nothing where the name is empty or has a colon, or one of them has control characters.
    pub(crate) fn basic(name: &str, password: &str) -> Option<Self> {
        let is_plain = |text: &str| !text.chars().any(char::is_control);
        if name.is_empty() || name.contains(':') || !is_plain(name) || !is_plain(password) {
            return None;
        }
        let mut pair =
            Zeroizing::new(String::with_capacity(name.len().saturating_add(password.len()).saturating_add(1)));
        [name, ":", password].iter().for_each(|part| pair.push_str(part));
        Some(Self::new("Basic ", &Zeroizing::new(STANDARD.encode(pair.as_bytes()))))
    }

    /// With a scheme and the space after it.
    pub(crate) fn new(scheme: &str, credentials: &str) -> Self {
        let mut value = Zeroizing::new(String::with_capacity(scheme.len().saturating_add(credentials.len())));
        value.push_str(scheme);
        value.push_str(credentials);
        Self(value)
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization([redacted])")
    }
}

/// What came back.
pub(crate) enum Answer {
    /// The body of an answer with status 200.
    Body(Zeroizing<Vec<u8>>),
    /// Another status.
    Status(u16),
}

/// What went wrong on the way, in words for a log. Nothing of what the peer wrote is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    words: String,
    /// Whether the host may be asked again at once: it answered properly, only not with what was asked for, or it was not even
    /// looked for.
    pub(super) spares_host: bool,
}

impl Fault {
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self { words: words.into(), spares_host: false }
    }

    fn answer(words: impl Into<String>) -> Self {
        Self { words: words.into(), spares_host: true }
    }

    pub(crate) fn of(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::TimedOut => Self::new("did not answer in time"),
            // One and the same to whoever waits; which of them it is depends on what crossed on the way.
            ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe => Self::new("ended the connection too early"),
            kind => match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                // Its own words may hold names from the peer's certificate.
                Some(rustls::Error::InvalidCertificate(_)) => {
                    Self::new("shows no TLS certificate that is trusted for it")
                }
                Some(_) => Self::new("does not agree on TLS"),
                None => Self::new(kind.to_string()),
            },
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

/// Header fields that an answer may have; hyper's own limit.
const FIELDS: usize = 100;
/// Octets of a chunk's size line with its extensions.
const SIZE_LINE: usize = 256;
const PIECE: usize = 16 << 10;

/// One request, one answer of status 200. `line` is what the request line asks for, `host` the Host field.
pub(super) fn exchange(
    wire: &mut (impl Read + Write),
    line: &str,
    host: &str,
    request: &Request<'_>,
    header_bytes: usize,
) -> Result<Vec<u8>, Fault> {
    match ask(wire, line, host, request, header_bytes)? {
        Answer::Body(mut body) => Ok(core::mem::take(&mut *body)),
        Answer::Status(status) => Err(status_fault(status)),
    }
}

/// The same for whoever knows what other statuses mean.
pub(crate) fn ask(
    wire: &mut (impl Read + Write),
    line: &str,
    host: &str,
    request: &Request<'_>,
    header_bytes: usize,
) -> Result<Answer, Fault> {
    wire.write_all(&head_of(line, host, request)).map_err(|error| Fault::of(&error))?;
    if let Some((_, body)) = request.body {
        wire.write_all(body).map_err(|error| Fault::of(&error))?;
    }
    wire.flush().map_err(|error| Fault::of(&error))?;
    let mut input = Input::new(wire);
    let body = match input.answer(header_bytes)? {
        (status, _) if status != 200 => return Ok(Answer::Status(status)),
        (_, Length::Known(octets)) => input.known(octets, request.limit),
        (_, Length::Chunked) => input.chunked(request.limit),
        (_, Length::UntilClosed) => input.until_closed(request.limit),
    };
    body.map(Answer::Body)
}

/// Opens a tunnel through a proxy (RFC 9110 9.3.6).
pub(super) fn open_tunnel(
    wire: &mut (impl Read + Write),
    authority: &str,
    credentials: Option<&Authorization>,
    header_bytes: usize,
) -> Result<(), Fault> {
    let fields = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: postseal\r\n");
    wire.write_all(&with_credentials(&fields, &[("Proxy-Authorization: ", credentials)]))
        .map_err(|error| Fault::of(&error))?;
    let mut input = Input::new(wire);
    match input.answer(header_bytes)?.0 {
        200..=299 if input.rest().is_empty() => Ok(()),
        200..=299 => Err(Fault::new("the proxy speaks before it is its turn")),
        status => Err(Fault::new(format!("the proxy answers with status {status}"))),
    }
}

fn head_of(line: &str, host: &str, request: &Request<'_>) -> Zeroizing<Vec<u8>> {
    let method = if request.body.is_some() { "POST" } else { "GET" };
    let mut fields = format!(
        "{method} {line} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: postseal\r\nAccept: {}\r\nAccept-Encoding: identity\r\n\
         Connection: close\r\n",
        request.accept
    );
    if let Some((kind, body)) = request.body {
        fields.push_str(&format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len()));
    }
    let credentials =
        [("Authorization: ", request.authorization), ("Proxy-Authorization: ", request.proxy_authorization)];
    with_credentials(&fields, &credentials)
}

/// A head that is overwritten at its end, made at once so that no part of it stays behind.
fn with_credentials(fields: &str, credentials: &[(&str, Option<&Authorization>)]) -> Zeroizing<Vec<u8>> {
    let given = credentials.iter().filter_map(|(name, value)| value.map(|value| [name, value.0.as_str(), "\r\n"]));
    let pieces: Vec<&str> = [fields].into_iter().chain(given.flatten()).chain(["\r\n"]).collect();
    let mut head = Zeroizing::new(Vec::with_capacity(pieces.iter().map(|piece| piece.len()).sum()));
    pieces.iter().for_each(|piece| head.extend_from_slice(piece.as_bytes()));
    head
}

pub(crate) fn status_fault(status: u16) -> Fault {
    let words = match status {
        300..=399 => format!("answers with status {status}; redirects are not followed"),
        _ => format!("answers with status {status}"),
    };
    // Asked too often, or out of order: the whole host, not only what was asked for.
    if status == 429 || !(300..=499).contains(&status) { Fault::new(words) } else { Fault::answer(words) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Known(usize),
    Chunked,
    UntilClosed,
}

/// The status, and how the body ends (RFC 9112 6.3).
fn read_head(head: &[u8]) -> Result<(u16, Length), Fault> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    match response.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) | Err(_) => return Err(Fault::new("does not speak HTTP")),
    }
    let status = response.code.ok_or_else(|| Fault::new("does not speak HTTP"))?;
    if status != 200 {
        return Ok((status, Length::UntilClosed));
    }
    let values = |name: &str| {
        let named = response.headers.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
        named.map(|field| field.value.trim_ascii()).collect::<Vec<_>>()
    };
    if values("content-encoding").iter().any(|value| !value.eq_ignore_ascii_case(b"identity")) {
        return Err(Fault::answer("answers in an encoding that was not asked for"));
    }
    let length = match (values("transfer-encoding").as_slice(), values("content-length").as_slice()) {
        ([], []) => Length::UntilClosed,
        ([], [length]) => {
            Length::Known(decimal(length).ok_or_else(|| Fault::new("answers with a length that is none"))?)
        }
        ([coding], []) if coding.eq_ignore_ascii_case(b"chunked") => Length::Chunked,
        _ => return Err(Fault::new("answers with a length that is ambiguous")),
    };
    Ok((status, length))
}

fn decimal(text: &[u8]) -> Option<usize> {
    let text = str::from_utf8(text).ok()?;
    if text.bytes().all(|octet| octet.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// What comes in, with what was read ahead. It may be a certificate that is lent, so that what is given back is overwritten.
struct Input<'a, W> {
    wire: &'a mut W,
    ahead: Zeroizing<Vec<u8>>,
    /// Octets of `ahead` that are done with. They go when there is more to read, so that small chunks move nothing.
    used: usize,
}

impl<'a, W: Read> Input<'a, W> {
    fn new(wire: &'a mut W) -> Self {
        Self { wire, ahead: Zeroizing::new(Vec::new()), used: 0 }
    }

    fn rest(&self) -> &[u8] {
        self.ahead.get(self.used..).unwrap_or_default()
    }

    fn into_rest(mut self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.ahead.split_off(self.used))
    }

    fn take(&mut self, octets: usize) {
        self.used = self.used.saturating_add(octets).min(self.ahead.len());
    }

    /// Reads some more; `false` at the end.
    fn more(&mut self) -> Result<bool, Fault> {
        self.ahead.drain(..core::mem::take(&mut self.used));
        let mut piece = Zeroizing::new([0; PIECE]);
        let read = self.wire.read(&mut *piece).map_err(|error| Fault::of(&error))?;
        append(&mut self.ahead, piece.get(..read).unwrap_or_default());
        Ok(read > 0)
    }

    fn more_or_fault(&mut self) -> Result<(), Fault> {
        if self.more()? { Ok(()) } else { Err(Fault::new("ended the connection too early")) }
    }

    /// The status and the length of the answer, after the interim ones (RFC 9110 15.2), which share its limit.
    fn answer(&mut self, limit: usize) -> Result<(u16, Length), Fault> {
        let mut left = limit;
        loop {
            let head = self.head(left)?;
            match read_head(&head)? {
                // 101 would be a protocol that was not asked for.
                (100 | 102..=199, _) => left = left.saturating_sub(head.len()),
                answer => return Ok(answer),
            }
        }
    }

    /// The status line and the header fields. Their end is looked for only in what is new.
    fn head(&mut self, limit: usize) -> Result<Vec<u8>, Fault> {
        let mut searched = 0_usize;
        loop {
            if let Some(end) = end_of_head(self.rest(), searched).filter(|end| *end <= limit) {
                let head = self.rest().get(..end).unwrap_or_default().to_vec();
                self.take(end);
                return Ok(head);
            }
            if self.rest().len() > limit {
                return Err(Fault::new("answers with too long a header"));
            }
            searched = self.rest().len().saturating_sub(3);
            self.more_or_fault()?;
        }
    }

    /// A body of a length that was announced.
    fn known(mut self, octets: usize, limit: usize) -> Result<Zeroizing<Vec<u8>>, Fault> {
        if octets > limit {
            return Err(too_much());
        }
        while self.rest().len() < octets {
            self.more_or_fault()?;
        }
        let mut body = self.into_rest();
        body.truncate(octets);
        Ok(body)
    }

    fn until_closed(mut self, limit: usize) -> Result<Zeroizing<Vec<u8>>, Fault> {
        loop {
            if self.rest().len() > limit {
                return Err(too_much());
            }
            if !self.more()? {
                return Ok(self.into_rest());
            }
        }
    }

    /// RFC 9112 7.1. The trailer is not waited for.
    fn chunked(mut self, limit: usize) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let mut body = Zeroizing::new(Vec::new());
        loop {
            let size = self.chunk_size()?;
            if size == 0 {
                return Ok(body);
            }
            if size > limit.saturating_sub(body.len()) {
                return Err(too_much());
            }
            let with_end = size.saturating_add(2);
            while self.rest().len() < with_end {
                self.more_or_fault()?;
            }
            let chunk = self.rest().get(..with_end).and_then(|chunk| chunk.strip_suffix(b"\r\n"));
            append(&mut body, chunk.ok_or_else(broken_chunk)?);
            self.take(with_end);
        }
    }

    fn chunk_size(&mut self) -> Result<usize, Fault> {
        loop {
            // `httparse` takes no digits at all for the last chunk: a body that was cut off would look whole.
            if self.rest().first().is_some_and(|octet| !octet.is_ascii_hexdigit()) {
                return Err(broken_chunk());
            }
            match httparse::parse_chunk_size(self.rest()) {
                Ok(httparse::Status::Complete((used, size))) => {
                    self.take(used);
                    return usize::try_from(size).map_err(|_| too_much());
                }
                Ok(httparse::Status::Partial) if self.rest().len() <= SIZE_LINE => self.more_or_fault()?,
                _ => return Err(broken_chunk()),
            }
        }
    }
}

fn end_of_head(octets: &[u8], from: usize) -> Option<usize> {
    let new = octets.get(from..)?;
    let end = |pattern: &[u8]| {
        let at = new.windows(pattern.len()).position(|window| window == pattern)?;
        from.checked_add(at)?.checked_add(pattern.len())
    };
    [end(b"\n\r\n"), end(b"\n\n")].into_iter().flatten().min()
}

fn too_much() -> Fault {
    Fault::answer("answers with more than is allowed")
}

fn broken_chunk() -> Fault {
    Fault::new("answers with broken chunks")
}
