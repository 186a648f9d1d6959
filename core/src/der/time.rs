use super::{Element, Tag};
use crate::error::{Code, Error};
use crate::time::{UnixTime, two_digits};

/// Reads a UTCTime or GeneralizedTime (RFC 5280 4.1.2.5).
///
/// Tolerant where certificates in use are: the seconds of a UTCTime may be missing, a numeric offset may stand for the
/// `Z`, a GeneralizedTime may have a fraction and any year. The pivot of a UTCTime is 50 (RFC 5280 4.1.2.5.1).
pub(crate) fn time(element: &Element<'_>) -> Result<UnixTime, Error> {
    let malformed = || Error::from(Code::DerTime).at(element.offset());
    let content = element.content();
    let (year, rest) = match element.tag() {
        Tag::UTC_TIME => {
            let (year, rest) = leading_pair(content).ok_or_else(malformed)?;
            (if year < 50 { 2000_u16 } else { 1900 }.saturating_add(u16::from(year)), rest)
        }
        Tag::GENERALIZED_TIME => {
            let (century, rest) = leading_pair(content).ok_or_else(malformed)?;
            let (year, rest) = leading_pair(rest).ok_or_else(malformed)?;
            (u16::from(century).saturating_mul(100).saturating_add(u16::from(year)), rest)
        }
        _ => return Err(Error::from(Code::DerTag).at(element.offset())),
    };
    after_year(year, rest, element.tag() == Tag::GENERALIZED_TIME).ok_or_else(malformed)
}

fn after_year(year: u16, rest: &[u8], fraction_allowed: bool) -> Option<UnixTime> {
    let (month, rest) = leading_pair(rest)?;
    let (day, rest) = leading_pair(rest)?;
    let (hour, rest) = leading_pair(rest)?;
    let (minute, rest) = leading_pair(rest)?;
    let (second, rest) = leading_pair(rest).unwrap_or((0, rest));
    let zone = match rest.strip_prefix(b".") {
        Some(fraction) if fraction_allowed => {
            let digits = fraction.iter().take_while(|c| c.is_ascii_digit()).count();
            (digits > 0).then(|| fraction.get(digits..)).flatten()?
        }
        _ => rest,
    };
    let local = UnixTime::from_civil(year, month, day, hour, minute, second)?;
    local.seconds().checked_sub(zone_offset(zone)?).map(UnixTime::from_seconds)
}

fn leading_pair(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (pair, rest) = bytes.split_at_checked(2)?;
    let [tens, ones] = *pair else { return None };
    two_digits(tens, ones).map(|value| (value, rest))
}

/// Seconds east of UTC: `Z` or `±hhmm`. A time without a zone is local to nobody knows where, and refused.
fn zone_offset(zone: &[u8]) -> Option<i64> {
    let (sign, digits) = match zone {
        b"Z" => return Some(0),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, rest) = leading_pair(digits)?;
    let (minutes, rest) = leading_pair(rest)?;
    if !rest.is_empty() || hours > 23 || minutes > 59 {
        return None;
    }
    i64::from(hours).checked_mul(60)?.checked_add(i64::from(minutes))?.checked_mul(60)?.checked_mul(sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Document;
    use crate::verify::Limits;

    fn read(tag: u8, text: &str) -> Result<String, Code> {
        let mut bytes = vec![tag, u8::try_from(text.len()).unwrap()];
        bytes.extend_from_slice(text.as_bytes());
        let limits = Limits::default();
        let document = Document::new(&bytes, &limits);
        time(&document.root().unwrap()).map(|time| time.to_string()).map_err(|error| error.code())
    }

    #[test]
    fn times_of_certificates_in_use_are_read() {
        for (tag, text, expected) in [
            (0x17, "260601000000Z", "2026-06-01T00:00:00Z"),
            (0x17, "500101000000Z", "1950-01-01T00:00:00Z"),
            (0x17, "491231235959Z", "2049-12-31T23:59:59Z"),
            (0x17, "2606010000Z", "2026-06-01T00:00:00Z"),
            (0x17, "260601020000+0200", "2026-06-01T00:00:00Z"),
            (0x18, "20500101000000Z", "2050-01-01T00:00:00Z"),
            (0x18, "20260601000000.25Z", "2026-06-01T00:00:00Z"),
            (0x18, "99991231235959Z", "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(read(tag, text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_names_no_point_in_time_is_refused() {
        for (tag, text) in [
            (0x17, ""),
            (0x17, "260601000000"),
            (0x17, "261301000000Z"),
            (0x17, "260631000000Z"),
            (0x17, "260601000000.5Z"),
            (0x17, "260601000000+2500"),
            (0x18, "20260601000000.Z"),
            (0x18, "2026060100000Z"),
            (0x18, "20260601000000ZZ"),
        ] {
            assert_eq!(read(tag, text), Err(Code::DerTime), "{text}");
        }
        assert_eq!(read(0x13, "260601000000Z"), Err(Code::DerTag));
    }
}
