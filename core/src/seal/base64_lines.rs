use super::Columns;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Base64 in lines, from pieces of any size (RFC 2045 6.8).
#[derive(Debug)]
pub(super) struct Base64Lines {
    /// Octets of one line.
    octets: usize,
    line_end: &'static [u8],
    /// The beginning of a line.
    carry: Vec<u8>,
}

impl Base64Lines {
    pub(super) fn new(columns: Columns, line_end: &'static [u8]) -> Self {
        let octets = match columns {
            Columns::C64 => 48,
            Columns::C76 => 57,
        };
        Self { octets, line_end, carry: Vec::with_capacity(octets) }
    }

    pub(super) fn push(&mut self, mut octets: &[u8], out: &mut Vec<u8>) {
        if !self.carry.is_empty() {
            let missing = self.octets.saturating_sub(self.carry.len()).min(octets.len());
            let (head, tail) = octets.split_at_checked(missing).unwrap_or((octets, &[]));
            self.carry.extend_from_slice(head);
            octets = tail;
            if self.carry.len() < self.octets {
                return;
            }
            line(&self.carry, self.line_end, out);
            self.carry.clear();
        }
        let mut lines = octets.chunks_exact(self.octets);
        for whole in &mut lines {
            line(whole, self.line_end, out);
        }
        self.carry.extend_from_slice(lines.remainder());
    }

    pub(super) fn finish(self, out: &mut Vec<u8>) {
        if !self.carry.is_empty() {
            line(&self.carry, self.line_end, out);
        }
    }
}

fn line(octets: &[u8], line_end: &[u8], out: &mut Vec<u8>) {
    let mut text = [0; 76];
    // A line of at most 57 octets always fits.
    let length = STANDARD.encode_slice(octets, &mut text).unwrap_or_default();
    out.extend_from_slice(text.get(..length).unwrap_or_default());
    out.extend_from_slice(line_end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_their_length_whatever_the_pieces() {
        let octets: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for (columns, width) in [(Columns::C64, 64), (Columns::C76, 76)] {
            let whole = STANDARD.encode(&octets);
            let expected: String =
                whole.as_bytes().chunks(width).map(|line| format!("{}\r\n", String::from_utf8_lossy(line))).collect();
            for piece in [1, 2, 3, 47, 48, 49, 57, 100, 1000] {
                let (mut lines, mut out) = (Base64Lines::new(columns, b"\r\n"), Vec::new());
                octets.chunks(piece).for_each(|piece| lines.push(piece, &mut out));
                lines.finish(&mut out);
                assert_eq!(String::from_utf8(out).unwrap(), expected, "{piece}");
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
