use crate::args::Period;
use postseal::{Code, UnixTime};
use serde_json::Value;
use std::collections::BTreeMap;

const SECONDS_PER_DAY: i64 = 86_400;

/// What became of the certificates of incoming mail, and what operators brought.
pub(super) const OUTCOMES: [&str; 4] = ["learned", "held", "refused", "deferred"];

/// What the trace comes to: a count for each day and for each outcome, however many events there are.
pub(super) struct Events<'a> {
    tenant: &'a str,
    period: Period,
    /// Days since the epoch; in the order of [`OUTCOMES`].
    pub(super) days: BTreeMap<i64, [u64; 4]>,
    /// Outcomes of import, each with its code where it has one.
    pub(super) import: BTreeMap<String, u64>,
    /// Outcomes of encryption.
    pub(super) encryption: BTreeMap<String, u64>,
    pub(super) first: Option<UnixTime>,
    pub(super) last: Option<UnixTime>,
    pub(super) counted: u64,
    pub(super) unreadable: u64,
    pub(super) is_missing: bool,
}

impl<'a> Events<'a> {
    pub(super) const fn new(tenant: &'a str, period: Period) -> Self {
        Self {
            tenant,
            period,
            days: BTreeMap::new(),
            import: BTreeMap::new(),
            encryption: BTreeMap::new(),
            first: None,
            last: None,
            counted: 0,
            unreadable: 0,
            is_missing: false,
        }
    }

    pub(super) fn count(&mut self, event: &Value) {
        let text = |field: &str| event.get(field).and_then(Value::as_str);
        let Some(at) = text("at").and_then(UnixTime::from_rfc3339).filter(|at| self.period.holds(*at)) else { return };
        let Some(name) = text("event").filter(|_| text("tenant") == Some(self.tenant)) else { return };
        self.counted = self.counted.saturating_add(1);
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
        let column = match name {
            "imported" | "renewed" | "added" => Some(0),
            "held" => Some(1),
            "refused" => Some(2),
            "deferred" => Some(3),
            _ => None,
        };
        let day = self.days.entry(at.seconds().div_euclid(SECONDS_PER_DAY)).or_default();
        if let Some(count) = column.and_then(|column| day.get_mut(column)) {
            *count = count.saturating_add(1);
        }
        let outcomes = match name {
            "imported" | "renewed" | "added" | "held" | "refused" | "deferred" | "already-known" | "not-signed"
            | "not-active" => &mut self.import,
            "sealed" | "recipient-missed" | "candidate-rejected" | "directory-unavailable" | "cbc-fallback" => {
                &mut self.encryption
            }
            _ => return,
        };
        // Only codes that exist: what a file says does not choose how many counts there are.
        let code = text("code").and_then(|code| Code::ALL.iter().find(|known| known.name() == code));
        let label = code.map_or_else(|| name.to_owned(), |code| format!("{name}: {}", code.name()));
        let count = outcomes.entry(label).or_default();
        *count = count.saturating_add(1);
    }

    /// The days in columns without a gap: days, weeks or months, as many as can be looked at.
    pub(super) fn columns(&self) -> (&'static str, Vec<(String, [u64; 4])>) {
        let (Some((first, _)), Some((last, _))) = (self.days.first_key_value(), self.days.last_key_value()) else {
            return ("day", Vec::new());
        };
        let span = last.saturating_sub(*first);
        let unit = match span {
            ..=45 => "day",
            46..=400 => "week",
            _ => "month",
        };
        // A clock that was wrong once must not make a million columns.
        let first = (*first).max(last.saturating_sub(40_000));
        let mut columns: Vec<(String, [u64; 4])> = Vec::new();
        for day in first..=*last {
            let label = label(day, unit);
            if columns.last().is_none_or(|(last, _)| *last != label) {
                columns.push((label, [0; 4]));
            }
            let counts = self.days.get(&day).copied().unwrap_or_default();
            if let Some((_, column)) = columns.last_mut() {
                column.iter_mut().zip(counts).for_each(|(sum, count)| *sum = sum.saturating_add(count));
            }
        }
        (unit, columns)
    }
}

fn label(day: i64, unit: &str) -> String {
    // The first day of the epoch was a Thursday; weeks begin on Monday (ISO 8601).
    let monday = day.saturating_sub(day.saturating_add(3).rem_euclid(7));
    let (day, digits) = match unit {
        "week" => (monday, 10),
        "month" => (day, 7),
        _ => (day, 10),
    };
    UnixTime::from_seconds(day.saturating_mul(SECONDS_PER_DAY)).to_string().chars().take(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn columns_have_no_gap_and_lose_nothing() {
        for (last, unit, columns) in
            [("2026-01-20", "day", 20), ("2026-06-30", "week", 27), ("2028-01-31", "month", 25)]
        {
            let mut events = Events::new("t", Period { since: None, until: None });
            for day in ["2026-01-01", last, last] {
                events.count(&json!({ "at": format!("{day}T12:00:00Z"), "event": "imported", "tenant": "t" }));
            }
            let (found, all) = events.columns();
            assert_eq!((found, all.len()), (unit, columns), "{last}");
            assert_eq!(all.iter().map(|(_, counts)| counts[0]).collect::<Vec<_>>().iter().sum::<u64>(), 3);
            assert_eq!(all.last().unwrap().1[0], 2);
        }
        assert_eq!(label(0, "week"), "1969-12-29");
    }
}
