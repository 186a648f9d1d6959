/// Gives `bytes` to `sink` with every line end as CR LF, as they are signed (RFC 8551 3.1.1): a LF without a CR before
/// it gets one. Nothing is copied; the pieces are slices of the input and of a constant.
pub(crate) fn canonical_chunks(bytes: &[u8], sink: &mut dyn FnMut(&[u8])) {
    let mut rest = bytes;
    let mut from = 0;
    while let Some(found) = rest.get(from..).and_then(|tail| tail.iter().position(|octet| *octet == b'\n')) {
        let line_feed = from.saturating_add(found);
        let after_cr = line_feed.checked_sub(1).and_then(|before| rest.get(before)) == Some(&b'\r');
        if after_cr {
            from = line_feed.saturating_add(1);
            continue;
        }
        let (line, tail) = rest.split_at(line_feed);
        sink(line);
        sink(b"\r");
        rest = tail;
        from = 1;
    }
    sink(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        let mut joined = Vec::new();
        canonical_chunks(text.as_bytes(), &mut |chunk| joined.extend_from_slice(chunk));
        String::from_utf8(joined).unwrap()
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
