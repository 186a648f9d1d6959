use super::held::Held;
use crate::output::day;
use postseal::cert::StoredCert;
use postseal::query::Unavailable;
use postseal::store::{Entry, State};
use postseal::{Address, Certificate, Fingerprint, UnixTime};
use std::collections::{BTreeMap, HashSet};

/// Months that the chart of ends has a column for each.
const MONTHS: usize = 24;

/// How soon the end of a certificate is told, in days.
pub(super) const SOON: [i64; 3] = [30, 60, 90];

/// What the store comes to. Only what ends soon and what waits is kept whole; of the rest numbers, and the fingerprints.
pub(super) struct Certificates {
    /// Addresses with a certificate that is used.
    pub(super) addresses: u64,
    /// Certificates in use, each once however many addresses it has.
    pub(super) in_use: u64,
    /// Labels with how many are still valid and how many are not.
    pub(super) ends: Vec<(String, [u64; 2])>,
    pub(super) keys: BTreeMap<String, u64>,
    pub(super) signatures: BTreeMap<String, u64>,
    /// In use without a successor, and over within the last of [`SOON`]; the next one first.
    pub(super) expiring: Vec<(Address, Certificate)>,
    pub(super) held: Vec<Held>,
    pub(super) now: UnixTime,
    seen: HashSet<Fingerprint>,
}

impl Certificates {
    pub(super) fn of(
        entries: impl Iterator<Item = Result<Entry, Unavailable>>,
        now: UnixTime,
    ) -> Result<Self, Unavailable> {
        let mut certificates = Self {
            addresses: 0,
            in_use: 0,
            ends: columns(now),
            keys: BTreeMap::new(),
            signatures: BTreeMap::new(),
            expiring: Vec::new(),
            held: Vec::new(),
            now,
            seen: HashSet::new(),
        };
        for entry in entries {
            certificates.add(&entry?);
        }
        if certificates.in_use == 0 {
            certificates.ends.clear();
        }
        certificates.expiring.sort_by_key(|(_, certificate)| certificate.not_after());
        certificates.held.sort_by_key(Held::since);
        Ok(certificates)
    }

    fn add(&mut self, entry: &Entry) {
        let now = self.now;
        // One that was replaced is of no interest any more when it is over.
        let is_used = |stored: &StoredCert, state: State| {
            state.is_in_use() && (state != State::Superseded || stored.certificate.not_after() >= now)
        };
        let soon = now.plus_days(SOON.into_iter().max().unwrap_or_default());
        let mut has_any = false;
        for (stored, state) in entry.certs.iter().filter(|(stored, state)| is_used(stored, *state)) {
            has_any = true;
            let certificate = &stored.certificate;
            if *state != State::Superseded && is_between(certificate, now, soon) {
                self.expiring.push((entry.address.clone(), certificate.clone()));
            }
            if self.seen.insert(certificate.fingerprint()) {
                self.count(certificate);
            }
        }
        self.addresses = self.addresses.saturating_add(u64::from(has_any));
        self.held.extend(Held::of(entry));
    }

    /// One that was not counted before.
    fn count(&mut self, certificate: &Certificate) {
        self.in_use = self.in_use.saturating_add(1);
        add_one(self.keys.entry(certificate.key_text()).or_default());
        add_one(self.signatures.entry(certificate.signature_text()).or_default());
        let end = certificate.not_after();
        let (is_over, label, later) = (end < self.now, month_of(end), self.ends.len().saturating_sub(1));
        let place = if is_over { 0 } else { self.ends.iter().position(|(month, _)| *month == label).unwrap_or(later) };
        if let Some((_, [valid, expired])) = self.ends.get_mut(place) {
            add_one(if is_over { expired } else { valid });
        }
    }

    /// How many of those that are in use are over within so many days.
    pub(super) fn over_within(&self, days: i64) -> usize {
        let end = self.now.plus_days(days);
        self.expiring.iter().filter(|(_, certificate)| is_between(certificate, self.now, end)).count()
    }

    pub(super) fn expired(&self) -> u64 {
        self.ends.iter().map(|(_, [_, expired])| *expired).sum()
    }
}

fn is_between(certificate: &Certificate, from: UnixTime, to: UnixTime) -> bool {
    (from..=to).contains(&certificate.not_after())
}

const fn add_one(count: &mut u64) {
    *count = count.saturating_add(1);
}

/// What is over, the next months, and what is over later.
fn columns(now: UnixTime) -> Vec<(String, [u64; 2])> {
    let mut columns: Vec<(String, [u64; 2])> = vec![("expired".to_owned(), [0, 0])];
    let mut month = month_of(now);
    for _ in 0..MONTHS {
        columns.push((month.clone(), [0, 0]));
        month = month_after(&month);
    }
    columns.push(("later".to_owned(), [0, 0]));
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
