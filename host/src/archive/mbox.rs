//! The mbox format (RFC 4155), with quoted `From ` lines as mboxrd has them.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

/// Octets of a line that are looked at at once; what is longer is gone over in pieces.
const LINE_LIMIT: u64 = 64 << 10;
/// Octets at the beginning of a mail that are kept for its date.
const HEAD_LIMIT: usize = 64 << 10;

/// A mail of an mbox.
pub(super) struct Found<'a> {
    /// Counted from 1.
    pub(super) number: u32,
    /// Its octets in the file.
    pub(super) octets: Range<u64>,
    /// Its beginning.
    pub(super) head: &'a [u8],
}

/// Calls `each` with every mail. A mail begins behind a `From ` line that stands
/// first or follows an empty line.
///
/// # Errors
/// What reading fails with, and the number of the mail that was being read: nobody knows what comes after.
pub(super) fn index(mut reader: BufReader<impl Read>, each: &mut dyn FnMut(Found<'_>)) -> Result<(), (u32, io::Error)> {
    let (mut number, mut offset, mut start) = (0_u32, 0_u64, 0_u64);
    let (mut at_line_start, mut after_empty) = (true, true);
    let (mut line, mut head) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        let read = reader.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut line);
        let read = read.map_err(|error| (number.max(1), error))?;
        if read == 0 {
            break;
        }
        let begins = at_line_start && after_empty && line.starts_with(b"From ");
        if begins && number > 0 {
            each(Found { number, octets: start..offset, head: &head });
        }
        offset = offset.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        if begins {
            (number, start) = (number.saturating_add(1), offset);
            head.clear();
        } else if head.len() < HEAD_LIMIT {
            head.extend_from_slice(&line);
        }
        after_empty = at_line_start && matches!(line.as_slice(), b"\n" | b"\r\n");
        at_line_start = line.ends_with(b"\n");
    }
    each(Found { number, octets: start..offset, head: &head });
    Ok(())
}

/// The mail as it was before it was put into the mbox: without the empty line that ends it, and with one `>` less where a line is a
/// quoted `From ` line.
pub(super) fn unquoted(stored: &[u8]) -> Vec<u8> {
    let stored = without_last_empty_line(stored);
    let mut mail = Vec::with_capacity(stored.len());
    for line in stored.split_inclusive(|octet| *octet == b'\n') {
        let quotes = line.iter().take_while(|octet| **octet == b'>').count();
        let is_quoted = quotes > 0 && line.get(quotes..).is_some_and(|rest| rest.starts_with(b"From "));
        mail.extend_from_slice(if is_quoted { line.get(1..).unwrap_or_default() } else { line });
    }
    mail
}

/// So many octets of an mbox are enough for so many of a mail: a line that loses its `>` has five others at least, and the last line end
/// goes.
pub(super) const fn quoted_length(length: usize) -> usize {
    length.saturating_add(length / 4).saturating_add(16)
}

/// The last mail of some mboxes has no empty line behind it; its own last line stays whole then.
fn without_last_empty_line(stored: &[u8]) -> &[u8] {
    let shorter = stored.strip_suffix(b"\r\n").or_else(|| stored.strip_suffix(b"\n"));
    shorter.filter(|shorter| shorter.is_empty() || shorter.ends_with(b"\n")).unwrap_or(stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mails(mbox: &[u8]) -> Vec<(u32, Vec<u8>)> {
        let mut mails = Vec::new();
        index(BufReader::with_capacity(7, mbox), &mut |Found { number, octets, head }| {
            let range = usize::try_from(octets.start).unwrap()..usize::try_from(octets.end).unwrap();
            assert!(mbox[range.clone()].starts_with(head));
            mails.push((number, unquoted(&mbox[range])));
        })
        .unwrap();
        mails
    }

    #[test]
    fn mails_come_out_as_they_went_in() {
        let mbox = b"From a\nA: 1\n\nFrom the start\n>From x\n>>From y\n> From z\n\nFrom b\r\nB: 2\r\n\r\ntwo\r\n\r\n";
        // A `From ` line after an empty line begins a mail, whatever was meant: that is what quoting is for.
        let all = mails(mbox);
        assert_eq!(all[0].1, b"A: 1\n");
        assert_eq!(all[1].1, b"From x\n>From y\n> From z\n");
        assert_eq!(all[2].1, b"B: 2\r\n\r\ntwo\r\n");
        assert_eq!(all.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn long_lines_and_missing_ends_hide_no_mail() {
        let mut mbox = b"From a\nA: 1\n\n".to_vec();
        mbox.extend(vec![b'x'; 200_000]);
        // Pieces of a long line are no lines: a piece may begin with anything.
        mbox.extend(b"From in the middle\n\nFrom b\nB: 2\n\ntwo");
        let all = mails(&mbox);
        assert_eq!(all.len(), 2);
        assert!(all[0].1.ends_with(b"From in the middle\n"));
        assert_eq!(all[1], (2, b"B: 2\n\ntwo".to_vec()));
    }

    #[test]
    fn the_last_line_of_the_last_mail_stays_whole() {
        assert_eq!(mails(b"From a\nA: 1\n\none\n"), [(1, b"A: 1\n\none\n".to_vec())]);
        assert_eq!(mails(b"From a\nA: 1\r\n\r\none\r\n\r\n"), [(1, b"A: 1\r\n\r\none\r\n".to_vec())]);
    }

    #[test]
    fn enough_is_read_of_an_mbox_for_a_mail_of_any_length() {
        for length in 0..200 {
            let stored = b">From \n".repeat(100);
            assert!(unquoted(&stored[..quoted_length(length)]).len() >= length, "{length}");
        }
    }

    #[test]
    fn an_empty_mail_is_one_that_cannot_be_read() {
        assert_eq!(mails(b"From a\n"), [(1, Vec::new())]);
    }
}
