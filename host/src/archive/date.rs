//! When a mail was delivered.

use postseal::UnixTime;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// From the beginning of a mail: the date of the uppermost Received field, which the receiving server wrote (RFC 5321 4.4), otherwise
/// the Date field, which is its author's word.
pub(super) fn of_head(head: &[u8]) -> Option<UnixTime> {
    let (mut received, mut date) = (None, None);
    for (name, value) in fields(head) {
        if received.is_none() && name.eq_ignore_ascii_case("received") {
            received = value.rsplit_once(';').and_then(|(_, date)| parse(date));
        } else if date.is_none() && name.eq_ignore_ascii_case("date") {
            date = parse(&value);
        }
        if received.is_some() {
            break;
        }
    }
    received.or(date)
}

/// The header fields, unfolded (RFC 5322 2.2.3).
fn fields(head: &[u8]) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in head.split(|octet| *octet == b'\n') {
        let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            fields.last_mut().into_iter().for_each(|(_, value)| value.push_str(&line));
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim_end().to_owned(), value.to_owned()));
        }
    }
    fields
}

fn parse(text: &str) -> Option<UnixTime> {
    // Comments, as `(CEST)`, stand at the end of most dates.
    let text = text.split('(').next().unwrap_or_default().trim();
    let parsed = OffsetDateTime::parse(text, &Rfc2822).ok()?;
    Some(UnixTime::from_seconds(parsed.unix_timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_receiving_server_is_believed_before_the_author() {
        let at = |text: &str| UnixTime::from_rfc3339(text);
        let cases: [(&str, Option<UnixTime>); 7] = [
            ("Date: Fri, 01 May 2026 12:00:00 +0200\r\n\r\n", at("2026-05-01T10:00:00Z")),
            ("Date: 1 May 2026 12:00:00 GMT (some zone)\n\n", at("2026-05-01T12:00:00Z")),
            (
                "Received: from a by b;\r\n\tSat, 2 May 2026 00:00:00 +0000 (UTC)\r\n\
                 Received: from x by a; Mon, 4 May 2026 00:00:00 +0000\r\nDate: Fri, 01 May 2026 12:00:00 +0000\r\n\r\n",
                at("2026-05-02T00:00:00Z"),
            ),
            ("Received: nonsense\nDate: Fri, 01 May 2026 12:00:00 +0000\n\n", at("2026-05-01T12:00:00Z")),
            ("Date: yesterday\n\n", None),
            ("Subject: x\n\nDate: Fri, 01 May 2026 12:00:00 +0000\n", None),
            ("", None),
        ];
        for (head, expected) in cases {
            assert_eq!(of_head(head.as_bytes()), expected, "{head}");
        }
    }
}
