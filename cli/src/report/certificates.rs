use super::held::Held;
use crate::output::day;
use postseal::cert::StoredCert;
use postseal::store::{Entry, State};
use postseal::{Certificate, UnixTime};
use std::collections::{BTreeMap, BTreeSet};

/// Months that the chart of ends has a column for each.
const MONTHS: usize = 24;

/// How soon the end of a certificate is told, in days.
pub(super) const SOON: [i64; 3] = [30, 60, 90];

/// What the store comes to.
pub(super) struct Certificates<'a> {
    /// Addresses with a certificate that is used.
    pub(super) addresses: usize,
    /// Certificates in use, each once however many addresses it has.
    pub(super) in_use: usize,
    /// Labels with how many are still valid and how many are not.
    pub(super) ends: Vec<(String, [u64; 2])>,
    pub(super) keys: BTreeMap<String, u64>,
    pub(super) signatures: BTreeMap<String, u64>,
    /// In use without a successor, and over within the last of [`SOON`]; the next one first.
    pub(super) expiring: Vec<(&'a Entry, &'a StoredCert)>,
    pub(super) held: Vec<Held<'a>>,
    pub(super) now: UnixTime,
}

impl<'a> Certificates<'a> {
    pub(super) fn of(entries: &'a [Entry], now: UnixTime) -> Self {
        let all =
            entries.iter().flat_map(|entry| entry.certs.iter().map(move |(stored, state)| (entry, stored, *state)));
        // One that was replaced is of no interest any more when it is over.
        let is_used = |stored: &StoredCert, state: State| {
            state.is_in_use() && (state != State::Superseded || stored.certificate.not_after() >= now)
        };
        let used: Vec<_> = all.filter(|(_, stored, state)| is_used(stored, *state)).collect();
        let mut seen = BTreeSet::new();
        let different: Vec<&Certificate> = used
            .iter()
            .map(|(_, stored, _)| &stored.certificate)
            .filter(|certificate| seen.insert(certificate.fingerprint()))
            .collect();
        let soon = now.plus_days(SOON.into_iter().max().unwrap_or_default());
        let without_successor = used.iter().filter(|(_, _, state)| *state != State::Superseded);
        let expiring = without_successor.filter(|(_, stored, _)| is_between(stored, now, soon));
        let mut expiring: Vec<_> = expiring.map(|(entry, stored, _)| (*entry, *stored)).collect();
        expiring.sort_by_key(|(_, stored)| stored.certificate.not_after());
        Self {
            addresses: used.iter().map(|(entry, ..)| entry.address.key()).collect::<BTreeSet<_>>().len(),
            in_use: different.len(),
            ends: ends(&different, now),
            keys: counts(different.iter().map(|certificate| certificate.key_text())),
            signatures: counts(different.iter().map(|certificate| certificate.signature_text())),
            expiring,
            held: Held::of(entries),
            now,
        }
    }

    /// How many of those that are in use are over within so many days.
    pub(super) fn over_within(&self, days: i64) -> usize {
        let end = self.now.plus_days(days);
        self.expiring.iter().filter(|(_, stored)| is_between(stored, self.now, end)).count()
    }

    pub(super) fn expired(&self) -> u64 {
        self.ends.iter().map(|(_, [_, expired])| *expired).sum()
    }
}

fn is_between(stored: &StoredCert, from: UnixTime, to: UnixTime) -> bool {
    (from..=to).contains(&stored.certificate.not_after())
}

fn counts(names: impl Iterator<Item = String>) -> BTreeMap<String, u64> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for name in names {
        let count = counts.entry(name).or_default();
        *count = count.saturating_add(1);
    }
    counts
}

/// What is over, the next months, and what is over later.
fn ends(certificates: &[&Certificate], now: UnixTime) -> Vec<(String, [u64; 2])> {
    if certificates.is_empty() {
        return Vec::new();
    }
    let mut columns: Vec<(String, [u64; 2])> = vec![("expired".to_owned(), [0, 0])];
    let mut month = month_of(now);
    for _ in 0..MONTHS {
        columns.push((month.clone(), [0, 0]));
        month = month_after(&month);
    }
    columns.push(("later".to_owned(), [0, 0]));
    let later = columns.len().saturating_sub(1);
    for certificate in certificates {
        let end = certificate.not_after();
        let is_over = end < now;
        let label = month_of(end);
        let place = if is_over { 0 } else { columns.iter().position(|(month, _)| *month == label).unwrap_or(later) };
        if let Some((_, [valid, expired])) = columns.get_mut(place) {
            let count = if is_over { expired } else { valid };
            *count = count.saturating_add(1);
        }
    }
    columns
}

fn month_of(time: UnixTime) -> String {
    day(time).chars().take(7).collect()
}

fn month_after(month: &str) -> String {
    // Every month is over after 31 days from its first, and the next one is not.
    UnixTime::from_rfc3339(&format!("{month}-01T00:00:00Z"))
        .map_or_else(String::new, |first| month_of(first.plus_days(31)))
}
