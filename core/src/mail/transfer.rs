use super::headers::Headers;
use crate::error::{Code, Error};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use memchr::memchr;
use std::borrow::Cow;

/// How the body of an entity is encoded for transfer (RFC 2045 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TransferEncoding {
    /// 7bit, 8bit, binary: the octets as they are.
    Identity,
    Base64,
    QuotedPrintable,
}

impl TransferEncoding {
    pub(super) fn of(headers: &Headers<'_>) -> Result<Self, Error> {
        let Some(field) = headers.only("content-transfer-encoding", Code::TransferEncodingUnknown)? else {
            return Ok(Self::Identity);
        };
        let value = field.clean_value()?.trim_ascii();
        // Some senders write a comment or a parameter behind the one word.
        let word =
            value.split(|octet| matches!(octet, b' ' | b'\t' | b';' | b'(' | b'\r' | b'\n')).next().unwrap_or_default();
        match word.to_ascii_lowercase().as_slice() {
            b"7bit" | b"8bit" | b"binary" => Ok(Self::Identity),
            b"base64" => Ok(Self::Base64),
            b"quoted-printable" => Ok(Self::QuotedPrintable),
            _ => Err(Code::TransferEncodingUnknown.into()),
        }
    }

    /// The octets that `body` stands for, at most `limit` of them.
    pub(super) fn decode(self, body: &[u8], limit: usize) -> Result<Cow<'_, [u8]>, Error> {
        match self {
            Self::Identity if body.len() > limit => Err(Code::CmsTooLarge.into()),
            Self::Identity => Ok(Cow::Borrowed(body)),
            Self::Base64 => base64(body, limit).map(Cow::Owned),
            Self::QuotedPrintable => quoted_printable(body, limit).map(Cow::Owned),
        }
    }
}

impl TransferEncoding {
    /// As much as can be decoded of a body that may be cut anywhere; for a look at how an object begins.
    pub(super) fn decode_beginning(self, body: &[u8]) -> Vec<u8> {
        const ENOUGH: usize = 64;
        match self {
            Self::Identity => body.get(..ENOUGH.min(body.len())).unwrap_or_default().to_vec(),
            Self::Base64 => {
                let mut digits: Vec<u8> =
                    body.iter().copied().filter(|octet| !octet.is_ascii_whitespace()).take(ENOUGH).collect();
                digits.truncate(digits.len().saturating_sub(digits.len() % 4));
                STANDARD.decode(&digits).unwrap_or_default()
            }
            Self::QuotedPrintable => {
                let whole_lines = body.iter().rposition(|octet| *octet == b'\n').unwrap_or(body.len());
                quoted_printable(body.get(..whole_lines).unwrap_or_default(), usize::MAX).unwrap_or_default()
            }
        }
    }
}

/// Decodes base64 whose only other characters are white space, and whose padding stands at the end. (RFC 2045 6.8 would
/// have other characters ignored; then two readers see two objects.)
fn base64(body: &[u8], limit: usize) -> Result<Vec<u8>, Error> {
    base64_by_lines(body, limit).map_or_else(|| base64_by_groups(body, limit), Ok)
}

/// The same of what encoders write: nothing but base64 between white space at the ends of lines. `None` for anything else,
/// right or wrong.
fn base64_by_lines(body: &[u8], limit: usize) -> Option<Vec<u8>> {
    let decoded = Vec::with_capacity(base64::decoded_len_estimate(body.len()).min(limit));
    let mut window = Window { characters: [0; WINDOW], filled: 0, decoded, limit };
    let mut rest = body;
    while !rest.is_empty() {
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let (line, tail) = rest.split_at(end);
        let line = line.trim_ascii();
        window.take(line)?;
        rest = tail.get(1..).unwrap_or_default();
        // Most lines are as long as the one before, and end as this one: those are not searched for their end.
        while let Some((next, tail)) = rest.split_at_checked(line.len())
            && let Some(tail) = tail.strip_prefix(b"\r\n")
        {
            window.take(next)?;
            rest = tail;
        }
    }
    window.finish()
}

/// Characters that are decoded at a time: whole quantums, many enough for the widest registers.
const WINDOW: usize = 8 << 10;

/// Base64 on its way from lines into octets.
struct Window {
    characters: [u8; WINDOW],
    filled: usize,
    decoded: Vec<u8>,
    limit: usize,
}

impl Window {
    fn take(&mut self, mut line: &[u8]) -> Option<()> {
        loop {
            let room = self.characters.get_mut(self.filled..)?;
            if let Some(place) = room.get_mut(..line.len()) {
                place.copy_from_slice(line);
                self.filled = self.filled.saturating_add(line.len());
                return Some(());
            }
            let (head, tail) = line.split_at_checked(room.len())?;
            room.copy_from_slice(head);
            line = tail;
            // More follows, so that padding in here is refused.
            base64_simd::STANDARD_NO_PAD.decode_append(self.characters.as_slice(), &mut self.decoded).ok()?;
            self.filled = 0;
            if self.decoded.len() > self.limit {
                return None;
            }
        }
    }

    fn finish(mut self) -> Option<Vec<u8>> {
        let rest = self.characters.get(..self.filled)?;
        base64_simd::STANDARD.decode_append(rest, &mut self.decoded).ok()?;
        (self.decoded.len() <= self.limit).then_some(self.decoded)
    }
}

/// Character by character; what is wrong is told from the first group that is wrong or too much.
fn base64_by_groups(body: &[u8], limit: usize) -> Result<Vec<u8>, Error> {
    const GROUP: usize = 4096;
    let malformed = || Error::from(Code::Base64Malformed);
    let mut decoded = Vec::with_capacity(base64::decoded_len_estimate(body.len()).min(limit));
    let mut group = Vec::with_capacity(GROUP);
    let mut rest = body;
    loop {
        rest = gather(rest, &mut group, GROUP);
        if rest.is_empty() {
            STANDARD.decode_vec(&group, &mut decoded).map_err(|_| malformed())?;
            return if decoded.len() > limit { Err(Code::CmsTooLarge.into()) } else { Ok(decoded) };
        }
        STANDARD_NO_PAD.decode_vec(&group, &mut decoded).map_err(|_| malformed())?;
        if decoded.len() > limit {
            return Err(Code::CmsTooLarge.into());
        }
        group.clear();
    }
}

/// Moves characters that are no white space into `group` until it is full, and gives what is left, which begins with no
/// white space.
fn gather<'a>(body: &'a [u8], group: &mut Vec<u8>, full: usize) -> &'a [u8] {
    let mut taken = 0_usize;
    for octet in body {
        if !octet.is_ascii_whitespace() {
            if group.len() == full {
                break;
            }
            group.push(*octet);
        }
        taken = taken.saturating_add(1);
    }
    body.get(taken..).unwrap_or_default()
}

/// Decodes quoted-printable (RFC 2045 6.7): soft line breaks, hexadecimal pairs, white space at line ends dropped.
fn quoted_printable(body: &[u8], limit: usize) -> Result<Vec<u8>, Error> {
    let malformed = || Error::from(Code::QuotedPrintableMalformed);
    let mut decoded = Vec::with_capacity(body.len().min(limit));
    for line in body.split_inclusive(|octet| *octet == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let (text, line_end) = match text.strip_suffix(b"\r") {
            Some(text) => (text, &b"\r\n"[..]),
            None => (text, line.get(text.len()..).unwrap_or_default()),
        };
        let text = text.trim_ascii_end();
        let (text, line_end) = match text.strip_suffix(b"=") {
            Some(text) => (text, &b""[..]),
            None => (text, line_end),
        };
        let mut octets = text.iter();
        while let Some(octet) = octets.next() {
            match octet {
                b'=' => {
                    let digit = |octet: Option<&u8>| char::from(*octet?).to_digit(16);
                    let pair = digit(octets.next()).zip(digit(octets.next()));
                    let value = pair.and_then(|(high, low)| u8::try_from(high << 4 | low).ok());
                    decoded.push(value.ok_or_else(malformed)?);
                }
                b'\t' | b' '..=b'~' => decoded.push(*octet),
                _ => return Err(malformed()),
            }
            if decoded.len() > limit {
                return Err(Code::CmsTooLarge.into());
            }
        }
        decoded.extend_from_slice(line_end);
        if decoded.len() > limit {
            return Err(Code::CmsTooLarge.into());
        }
    }
    Ok(decoded)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::as_conversions, reason = "test code")]
mod tests {
    use super::*;
    use crate::mail::tests::Source;

    #[test]
    fn base64_of_every_length_is_read_with_any_white_space() {
        for length in (0..200).chain([3071, 3072, 3073, 6143, 6144, 6145, 10_000]) {
            let value: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let text = STANDARD.encode(&value);
            let folded: String = text
                .chars()
                .enumerate()
                .map(|(i, c)| if i % 7 == 6 { format!("{c}\r\n ") } else { c.into() })
                .collect();
            assert_eq!(base64(text.as_bytes(), usize::MAX).unwrap(), value);
            assert_eq!(base64(folded.as_bytes(), usize::MAX).unwrap(), value);
        }
    }

    #[test]
    fn the_word_ends_at_a_fold_of_any_line_end() {
        for value in ["7bit", "7bit\r\n\t(comment)", "7bit\n\t(comment)", "7bit; x", "7bit(comment)"] {
            let line_end = if value.contains('\r') { "\r\n" } else { "\n" };
            let field = format!("Content-Transfer-Encoding: {value}{line_end}");
            let (headers, _) = Headers::read(field.as_bytes(), &crate::verify::Limits::default()).unwrap();
            assert_eq!(TransferEncoding::of(&headers), Ok(TransferEncoding::Identity), "{value:?}");
        }
    }

    #[test]
    fn base64_with_anything_else_is_refused() {
        for text in ["YQ", "YQ=", "YQ==YQ==", "Y!Q==", "YQ==-", "Y", "=", "YR==", "YQ==\0"] {
            assert_eq!(base64(text.as_bytes(), usize::MAX).unwrap_err().code(), Code::Base64Malformed, "{text}");
        }
        let long = format!("{}YQ=={}", "AAAA".repeat(1023), "AAAA");
        assert!(
            base64(long.as_bytes(), usize::MAX).is_err(),
            "padding at the end of a group is still padding in the middle"
        );
    }

    /// Both ways over one text: what the fast one takes, the other one takes, too, and makes the same of it.
    fn both(text: &[u8], limit: usize) -> (bool, bool) {
        let fast = base64_by_lines(text, limit);
        let slow = base64_by_groups(text, limit);
        if let Some(decoded) = &fast {
            assert_eq!(slow.as_ref(), Ok(decoded), "{:?} {limit}", text.escape_ascii());
        }
        assert_eq!(base64(text, limit), slow, "{:?} {limit}", text.escape_ascii());
        (fast.is_some(), slow.is_ok())
    }

    #[test]
    fn both_ways_of_decoding_are_one() {
        let mut source = Source(3);
        let (mut fast, mut slow) = (0, 0);
        let pieces = ["YWJj", "YWJj", "YWJj", "+/9A", "YQ==", "YWI=", "YR==", "YWJ=", "=", "==", "\r\n", "\r\n", "\n"];
        let odd = ["Y\r\nWJj", "YW Jj", "\r", " ", "\t", "\x0c", "\x0b", "Y", "YW", "-_-_", "\0", "!", "\u{80}"];
        for round in 0..30_000 {
            let count = source.below(10);
            let text: String = (0..count)
                .map(|_| if source.below(8) < round % 8 { *source.one_of(&pieces) } else { *source.one_of(&odd) })
                .collect();
            for limit in [usize::MAX, source.below(12)] {
                let (is_fast, is_right) = both(text.as_bytes(), limit);
                (fast, slow) = (fast + i32::from(is_fast), slow + i32::from(is_right));
            }
        }
        assert!(fast > 5_000 && slow > fast + 500, "{fast} {slow}");
    }

    #[test]
    fn lines_of_every_length_are_read_and_a_wrong_octet_anywhere_is_found() {
        let text = STANDARD.encode((0..=255).cycle().take(9_000).collect::<Vec<u8>>());
        for columns in (4..200).chain([1_000, 4_096, 12_000]) {
            for line_end in ["\r\n", "\n", " \r\n", "\r\n\r\n"] {
                let folded = text.as_bytes().chunks(columns).map(|line| [line, line_end.as_bytes()].concat());
                let folded = folded.collect::<Vec<_>>().concat();
                let (fast, slow) = both(&folded, usize::MAX);
                assert!(slow && (fast || line_end != "\r\n"), "{columns} {line_end:?}");
                both(&folded, 8_999);
            }
        }
        let mut source = Source(4);
        for _ in 0..2_000 {
            let mut wrong = text.as_bytes()[..400].to_vec();
            let (at, octet) = (source.below(400), source.below(256) as u8);
            wrong[at] = octet;
            for columns in [400, 76] {
                both(&wrong.chunks(columns).collect::<Vec<_>>().join(&b"\r\n"[..]), usize::MAX);
            }
        }
    }

    #[test]
    fn the_limit_counts_decoded_octets() {
        let limited = |encoding: TransferEncoding, text: &'static [u8], limit| {
            encoding.decode(text, limit).map(|decoded| decoded.len()).map_err(|error| error.code())
        };
        for (encoding, text, length) in [
            (TransferEncoding::Identity, &b"abc"[..], 3),
            (TransferEncoding::Base64, b" YW\r\nJj ", 3),
            (TransferEncoding::QuotedPrintable, b"=61b=\r\nc", 3),
            (TransferEncoding::QuotedPrintable, b"\n\n\n", 3),
        ] {
            assert_eq!(limited(encoding, text, length), Ok(length), "{encoding:?}");
            assert_eq!(limited(encoding, text, length - 1), Err(Code::CmsTooLarge), "{encoding:?}");
        }
    }

    #[test]
    fn quoted_printable_is_read() {
        assert_eq!(quoted_printable(b"a=3D=\r\nb \r\n=0a", usize::MAX).unwrap(), b"a=b\r\n\x0a");
        for text in [&b"=4"[..], b"=4g", b"a=zz", b"\x80", b"=x=\r\n"] {
            assert_eq!(
                quoted_printable(text, usize::MAX).unwrap_err().code(),
                Code::QuotedPrintableMalformed,
                "{text:?}"
            );
        }
    }
}
