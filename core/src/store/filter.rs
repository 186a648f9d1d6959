use super::Entry;
use crate::cert::{Certificate, Fingerprint};
use crate::time::UnixTime;
use core::ops::RangeInclusive;

/// Which entries an operator wants to see: those with a certificate like this. A store may answer each kind from an index.
///
/// ```
/// use postseal::{Address, store::{Entry, Filter}};
/// let entry = Entry::absent(Address::parse("alice@goal.example")?);
/// assert!(Filter::All.matches(&entry));
/// assert!(!Filter::fingerprint("ab").is_some_and(|filter| filter.matches(&entry)));
/// # Ok::<(), postseal::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All.
    All,
    /// The fingerprint lies in this range.
    Fingerprint(RangeInclusive<Fingerprint>),
    /// It ends before this time.
    EndsBefore(UnixTime),
}

impl Filter {
    /// By the beginning of the fingerprint in hexadecimal; `None` for a text that is none.
    ///
    /// ```
    /// use postseal::store::Filter;
    /// let filter = Filter::fingerprint("AB3").unwrap();
    /// let Filter::Fingerprint(range) = filter else { panic!() };
    /// assert!(range.start().to_string().starts_with("ab30") && range.end().to_string().starts_with("ab3f"));
    /// assert_eq!(Filter::fingerprint("xyz"), None);
    /// ```
    pub fn fingerprint(prefix: &str) -> Option<Self> {
        let all = |filler: char| {
            let text: String = prefix.chars().chain(std::iter::repeat(filler)).take(64).collect();
            text.parse::<Fingerprint>().ok()
        };
        (prefix.len() <= 64).then_some(())?;
        Some(Self::Fingerprint(all('0')?..=all('f')?))
    }

    /// Whether one of the entry's certificates is like that; an entry without certificates is one of all.
    ///
    /// ```
    /// use postseal::{Address, UnixTime, store::{Entry, Filter}};
    /// let entry = Entry::absent(Address::parse("alice@goal.example")?);
    /// assert!(!Filter::EndsBefore(UnixTime::from_seconds(0)).matches(&entry));
    /// # Ok::<(), postseal::Error>(())
    /// ```
    pub fn matches(&self, entry: &Entry) -> bool {
        let any = |like: &dyn Fn(&Certificate) -> bool| entry.certs.iter().any(|(stored, _)| like(&stored.certificate));
        match self {
            Self::All => true,
            Self::Fingerprint(range) => any(&|certificate| range.contains(&certificate.fingerprint())),
            Self::EndsBefore(time) => any(&|certificate| certificate.not_after() < *time),
        }
    }
}
