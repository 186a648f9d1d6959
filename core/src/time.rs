use core::fmt;

/// A point in time: seconds since 1970-01-01T00:00:00Z, leap seconds not counted. Negative before.
///
/// The core never reads a clock; `now` is always an argument of this type.
///
/// ```
/// use postseal::UnixTime;
/// let time = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
/// assert_eq!(time.seconds(), 1_780_272_000);
/// assert_eq!(time.to_string(), "2026-06-01T00:00:00Z");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(i64);

const SECONDS_PER_DAY: i64 = 86_400;

/// Seconds by which clocks of others, of signers and of issuers, may be ahead.
pub(crate) const CLOCK_SKEW: i64 = 300;

impl UnixTime {
    /// From seconds since the epoch.
    ///
    /// ```
    /// assert_eq!(postseal::UnixTime::from_seconds(0).to_string(), "1970-01-01T00:00:00Z");
    /// ```
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// From calendar fields in UTC; `None` when they name no second (month 13, 30 February, second 60).
    ///
    /// ```
    /// use postseal::UnixTime;
    /// assert!(UnixTime::from_civil(2026, 2, 29, 0, 0, 0).is_none());
    /// assert_eq!(UnixTime::from_civil(1970, 1, 2, 0, 0, 0).unwrap().seconds(), 86_400);
    /// ```
    pub fn from_civil(year: u16, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Option<Self> {
        if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 59 || year > 9999 {
            return None;
        }
        let clock = i64::from(hour)
            .checked_mul(3600)?
            .checked_add(i64::from(minute).checked_mul(60)?)?
            .checked_add(i64::from(second))?;
        days_from_civil(i64::from(year), i64::from(month), i64::from(day))?
            .checked_mul(SECONDS_PER_DAY)?
            .checked_add(clock)
            .map(Self)
    }

    /// Reads an RFC 3339 date and time; a fraction of a second is cut off, a numeric offset is applied.
    ///
    /// ```
    /// use postseal::UnixTime;
    /// let utc = UnixTime::from_rfc3339("2026-06-01T10:00:00Z");
    /// assert_eq!(UnixTime::from_rfc3339("2026-06-01T12:00:00.5+02:00"), utc);
    /// assert_eq!(UnixTime::from_rfc3339("yesterday"), None);
    /// ```
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let (date_time, zone) = bytes.split_at_checked(19)?;
        let [y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, t, h1, h2, b':', mi1, mi2, b':', s1, s2] = *date_time else {
            return None;
        };
        if !matches!(t, b'T' | b't' | b' ') {
            return None;
        }
        let year = u16::from(two_digits(y1, y2)?).checked_mul(100)?.checked_add(u16::from(two_digits(y3, y4)?))?;
        let local = Self::from_civil(
            year,
            two_digits(mo1, mo2)?,
            two_digits(d1, d2)?,
            two_digits(h1, h2)?,
            two_digits(mi1, mi2)?,
            two_digits(s1, s2)?,
        )?;
        local.0.checked_sub(zone_offset(zone)?).map(Self)
    }

    /// Seconds since the epoch.
    ///
    /// ```
    /// assert_eq!(postseal::UnixTime::from_seconds(5).seconds(), 5);
    /// ```
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// This time moved by whole days; stops at the ends of the range.
    ///
    /// ```
    /// use postseal::UnixTime;
    /// assert_eq!(UnixTime::from_seconds(0).plus_days(-1).seconds(), -86_400);
    /// ```
    pub const fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.saturating_mul(SECONDS_PER_DAY)))
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(SECONDS_PER_DAY));
        let clock = self.0.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) =
            (clock.div_euclid(3600), clock.rem_euclid(3600).div_euclid(60), clock.rem_euclid(60));
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// The value of two ASCII digits.
pub(crate) fn two_digits(tens: u8, ones: u8) -> Option<u8> {
    let digit = |c: u8| c.is_ascii_digit().then(|| c.wrapping_sub(b'0'));
    digit(tens)?.checked_mul(10)?.checked_add(digit(ones)?)
}

/// Seconds east of UTC in an RFC 3339 suffix: an optional fraction, then `Z` or `±hh:mm`.
fn zone_offset(suffix: &[u8]) -> Option<i64> {
    let zone = match suffix.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|c| c.is_ascii_digit()).count();
            if digits == 0 {
                return None;
            }
            fraction.get(digits..)?
        }
        None => suffix,
    };
    match *zone {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let minutes =
                i64::from(two_digits(h1, h2)?).checked_mul(60)?.checked_add(i64::from(two_digits(m1, m2)?))?;
            let seconds = minutes.checked_mul(60)?;
            if sign == b'-' { seconds.checked_neg() } else { Some(seconds) }
        }
        _ => None,
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since the epoch of a date in the proleptic Gregorian calendar, counted in years that begin on 1 March, so that
/// the leap day is the last day of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let year = if month <= 2 { year.checked_sub(1)? } else { year };
    let month_from_march = if month > 2 { month.checked_sub(3)? } else { month.checked_add(9)? };
    let day_of_year =
        month_from_march.checked_mul(153)?.checked_add(2)?.div_euclid(5).checked_add(day)?.checked_sub(1)?;
    let leap_days = year.div_euclid(4).checked_sub(year.div_euclid(100))?.checked_add(year.div_euclid(400))?;
    year.checked_mul(365)?.checked_add(leap_days)?.checked_add(day_of_year)?.checked_sub(719_468)
}

/// The inverse of [`days_from_civil`]. Wrapping arithmetic: any `i64` of seconds, divided by a day, stays far inside the range.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days.wrapping_add(719_468);
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = day_of_era
        .wrapping_sub(day_of_era.div_euclid(1460))
        .wrapping_add(day_of_era.div_euclid(36_524))
        .wrapping_sub(day_of_era.div_euclid(146_096))
        .div_euclid(365);
    let day_of_year = day_of_era.wrapping_sub(
        year_of_era.wrapping_mul(365).wrapping_add(year_of_era.div_euclid(4)).wrapping_sub(year_of_era.div_euclid(100)),
    );
    let month_from_march = day_of_year.wrapping_mul(5).wrapping_add(2).div_euclid(153);
    let day =
        day_of_year.wrapping_sub(month_from_march.wrapping_mul(153).wrapping_add(2).div_euclid(5)).wrapping_add(1);
    let month = if month_from_march < 10 { month_from_march.wrapping_add(3) } else { month_from_march.wrapping_sub(9) };
    let year = era.wrapping_mul(400).wrapping_add(year_of_era).wrapping_add(i64::from(month <= 2));
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_eight_centuries_survives_the_round_trip() {
        let mut day = UnixTime::from_civil(1600, 1, 1, 12, 34, 56).unwrap();
        let end = UnixTime::from_civil(2400, 1, 1, 0, 0, 0).unwrap();
        while day < end {
            assert_eq!(UnixTime::from_rfc3339(&day.to_string()), Some(day));
            day = day.plus_days(1);
        }
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in ["2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z"] {
            assert_eq!(UnixTime::from_rfc3339(text), None, "{text}");
        }
        for text in ["2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "２026-01-01T00:00:00Z"] {
            assert_eq!(UnixTime::from_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn the_ends_of_the_range_format_without_a_panic() {
        for seconds in [i64::MIN, i64::MAX] {
            assert!(UnixTime::from_seconds(seconds).to_string().ends_with('Z'));
        }
    }
}
