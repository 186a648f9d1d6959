use super::Columns;
use base64_simd::{AsOut, STANDARD};

/// Lines that are encoded at a time: their text is still in the nearest cache when it is put into lines.
const LINES: usize = 64;

impl Columns {
    /// Characters of a line.
    const fn width(self) -> usize {
        match self {
            Self::C64 => 64,
            Self::C76 => 76,
        }
    }

    /// Octets that a line stands for.
    const fn octets(self) -> usize {
        match self {
            Self::C64 => 48,
            Self::C76 => 57,
        }
    }
}

/// Base64 in lines, from pieces of any size (RFC 2045 6.8).
#[derive(Debug)]
pub(super) struct Base64Lines {
    columns: Columns,
    line_end: &'static [u8],
    /// The beginning of a line.
    carry: Vec<u8>,
    /// The text of several lines before their line ends are put between them.
    text: Vec<u8>,
}

impl Base64Lines {
    pub(super) fn new(columns: Columns, line_end: &'static [u8]) -> Self {
        let text = vec![0; columns.width().saturating_mul(LINES)];
        Self { columns, line_end, carry: Vec::with_capacity(columns.octets()), text }
    }

    /// Octets of the text for `octets` octets, all its lines ended.
    pub(super) fn length(columns: Columns, line_end: &[u8], octets: u64) -> Option<u64> {
        let text = octets.div_ceil(3).checked_mul(4)?;
        let ends = octets.div_ceil(u64::try_from(columns.octets()).ok()?);
        text.checked_add(ends.checked_mul(u64::try_from(line_end.len()).ok()?)?)
    }

    pub(super) fn push(&mut self, mut octets: &[u8], out: &mut Vec<u8>) {
        let line = self.columns.octets();
        if !self.carry.is_empty() {
            let missing = line.saturating_sub(self.carry.len()).min(octets.len());
            let (head, tail) = octets.split_at_checked(missing).unwrap_or((octets, &[]));
            self.carry.extend_from_slice(head);
            octets = tail;
            if self.carry.len() < line {
                return;
            }
            encode(&self.carry, &mut self.text, self.columns, self.line_end, out);
            self.carry.clear();
        }
        let mut blocks = octets.chunks_exact(line.saturating_mul(LINES));
        for block in &mut blocks {
            encode(block, &mut self.text, self.columns, self.line_end, out);
        }
        let rest = blocks.remainder();
        let (whole, rest) = rest.split_at(rest.len().saturating_sub(rest.len().checked_rem(line).unwrap_or_default()));
        encode(whole, &mut self.text, self.columns, self.line_end, out);
        self.carry.extend_from_slice(rest);
    }

    pub(super) fn finish(self, out: &mut Vec<u8>) {
        if !self.carry.is_empty() {
            STANDARD.encode_append(&self.carry, out);
            out.extend_from_slice(self.line_end);
        }
    }
}

/// Whole lines, as many as `text` has room for.
fn encode(octets: &[u8], text: &mut [u8], columns: Columns, line_end: &[u8], out: &mut Vec<u8>) {
    let text = STANDARD.encode(octets, text.as_out());
    match (columns, line_end) {
        (Columns::C64, b"\r\n") => with_line_ends::<64, 66>(text, out),
        (Columns::C76, b"\r\n") => with_line_ends::<76, 78>(text, out),
        _ => text.chunks(columns.width()).for_each(|line| out.extend([line, line_end].into_iter().flatten())),
    }
}

/// Lines of one length, which the compiler knows, so that none of them is copied octet by octet.
fn with_line_ends<const WIDTH: usize, const ENDED: usize>(text: &[u8], out: &mut Vec<u8>) {
    let (lines, _) = text.as_chunks::<WIDTH>();
    out.extend(lines.iter().flat_map(|line| {
        let mut ended = [0; ENDED];
        if let Some((place, end)) = ended.split_first_chunk_mut::<WIDTH>() {
            *place = *line;
            end.copy_from_slice(b"\r\n");
        }
        ended
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn lines_have_their_length_whatever_the_pieces() {
        let octets: Vec<u8> = (0..=255).cycle().take(9_000).collect();
        for (columns, line_end) in [Columns::C64, Columns::C76].into_iter().flat_map(|columns| {
            let line_ends: [&'static [u8]; 2] = [b"\r\n", b"\n"];
            line_ends.map(|line_end| (columns, line_end))
        }) {
            for length in [0, 1, 2, 3, 47, 48, 49, 56, 57, 58, 3_071, 3_072, 3_648, 3_649, 9_000] {
                let octets = &octets[..length];
                let whole = STANDARD.encode(octets);
                let expected = whole.as_bytes().chunks(columns.width()).flat_map(|line| [line, line_end].concat());
                let expected: Vec<u8> = expected.collect();
                let told = Base64Lines::length(columns, line_end, u64::try_from(length).unwrap());
                assert_eq!(told, u64::try_from(expected.len()).ok());
                for piece in [1, 2, 3, 47, 48, 49, 57, 100, 1_000, 3_072, 3_648, 3_700, 9_000] {
                    let (mut lines, mut out) = (Base64Lines::new(columns, line_end), Vec::new());
                    octets.chunks(piece).for_each(|piece| lines.push(piece, &mut out));
                    lines.finish(&mut out);
                    assert_eq!(out, expected, "{length} in pieces of {piece}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_no_line() {
        let mut out = Vec::new();
        Base64Lines::new(Columns::C64, b"\n").finish(&mut out);
        assert!(out.is_empty());
    }
}
