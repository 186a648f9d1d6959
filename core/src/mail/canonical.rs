/// Octets that are looked at, and then given away, at a time: they are still in the nearest cache when they are hashed.
const BLOCK: usize = 4 << 10;

/// Gives `bytes` to `sink` with every line end as CR LF, as they are signed (RFC 8551 3.1.1): a LF without a CR before
/// it gets one. Of a text that is canonical already nothing is copied; otherwise no more than a block at a time.
pub(crate) fn canonical_chunks(bytes: &[u8], sink: &mut dyn FnMut(&[u8])) {
    let mut before = 0;
    let mut changed = Vec::new();
    for block in bytes.chunks(BLOCK) {
        if has_bare_line_feed(before, block) {
            changed.clear();
            make_canonical(before, block, &mut changed);
            sink(&changed);
        } else {
            sink(block);
        }
        before = block.last().copied().unwrap_or_default();
    }
}

/// Whether a LF stands in `block` that has no CR before it; `before` stands before the first octet.
fn has_bare_line_feed(before: u8, block: &[u8]) -> bool {
    let Some((first, rest)) = block.split_first() else { return false };
    // Every pair is looked at, without a branch for each line: so the compiler takes many of them in one step.
    let is_bare = |before: u8, octet: u8| (octet == b'\n') & (before != b'\r');
    let pairs = block.iter().zip(rest);
    pairs.fold(is_bare(before, *first), |bare, (before, octet)| bare | is_bare(*before, *octet))
}

fn make_canonical(before: u8, block: &[u8], out: &mut Vec<u8>) {
    let (mut before, mut rest) = (before, block);
    while let Some(line_feed) = memchr::memchr(b'\n', rest) {
        let (line, tail) = rest.split_at(line_feed);
        out.extend_from_slice(line);
        if line.last().copied().unwrap_or(before) != b'\r' {
            out.push(b'\r');
        }
        out.push(b'\n');
        before = b'\n';
        rest = tail.get(1..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::tests::Source;

    fn canonical_octets(bytes: &[u8]) -> Vec<u8> {
        let mut joined = Vec::new();
        canonical_chunks(bytes, &mut |chunk| joined.extend_from_slice(chunk));
        joined
    }

    fn canonical(text: &str) -> String {
        String::from_utf8(canonical_octets(text.as_bytes())).unwrap()
    }

    /// The rule, one octet after the other.
    fn octet_by_octet(bytes: &[u8]) -> Vec<u8> {
        let mut joined = Vec::new();
        for octet in bytes {
            if *octet == b'\n' && joined.last() != Some(&b'\r') {
                joined.push(b'\r');
            }
            joined.push(*octet);
        }
        joined
    }

    #[test]
    fn any_mixture_of_line_ends_is_what_it_is_octet_by_octet() {
        let mut source = Source(1);
        for length in (0..200).chain([BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 7]) {
            for rarity in [2, 4, 200] {
                let text: Vec<u8> =
                    (0..length).map(|_| *b"\n\rab".get(source.below(rarity)).unwrap_or(&b'c')).collect();
                assert_eq!(canonical_octets(&text), octet_by_octet(&text), "{length} {rarity}");
            }
        }
    }

    // hardening: R7
    #[test]
    fn a_line_end_may_stand_across_two_blocks() {
        for line_end in ["\n", "\r\n", "\r\r\n", "\n\n"] {
            for length in BLOCK - 3..=BLOCK {
                let text = [&vec![b'a'; length], line_end.as_bytes(), &vec![b'b'; BLOCK]].concat();
                assert_eq!(canonical_octets(&text), octet_by_octet(&text), "{length} {line_end:?}");
            }
        }
    }

    #[test]
    fn only_a_line_feed_without_its_carriage_return_changes() {
        for (text, expected) in [
            ("", ""),
            ("\n", "\r\n"),
            ("\r\n", "\r\n"),
            ("a\nb\r\nc\r\rd\n\n", "a\r\nb\r\nc\r\rd\r\n\r\n"),
            ("\n\r\n\n", "\r\n\r\n\r\n"),
            ("no line end", "no line end"),
            ("\r", "\r"),
        ] {
            assert_eq!(canonical(text), expected, "{text:?}");
            assert_eq!(canonical(expected), expected);
        }
    }
}
