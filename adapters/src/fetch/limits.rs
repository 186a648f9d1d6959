use std::time::{Duration, Instant};

/// How long and how much a fetch may take.
///
/// ```
/// use postseal_adapters::fetch::FetchLimits;
/// use std::time::Duration;
/// let mut limits = FetchLimits::default();
/// limits.total = Duration::from_secs(2);
/// assert_eq!(limits.connect, Duration::from_secs(3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchLimits {
    /// For making the connection.
    pub connect: Duration,
    /// For everything, from the name to the last octet.
    pub total: Duration,
    /// Octets of the status line and the header fields.
    pub header_bytes: usize,
    /// Requests to one host in a minute.
    pub requests_per_minute: u32,
    /// How long a host that failed is left alone.
    pub rest_after_failure: Duration,
    /// Hosts about which something is remembered; the ones that were asked longest ago are forgotten first.
    pub hosts: usize,
}

impl Default for FetchLimits {
    /// 3 and 5 seconds and a minute's rest: what a mail may wait for revocation. 16 KiB: what web servers take themselves
    /// for header fields. 30 requests a minute: no CA has so many lists.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            total: Duration::from_secs(5),
            header_bytes: 16 << 10,
            requests_per_minute: 30,
            rest_after_failure: Duration::from_secs(60),
            hosts: 4_096,
        }
    }
}

/// A point in time that is not to be passed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(crate) fn after(duration: Duration) -> Self {
        Self(Instant::now().checked_add(duration))
    }

    /// What is left, perhaps nothing. A deadline beyond what the clock can tell never comes.
    pub(crate) fn left(self) -> Duration {
        let most = || Duration::from_secs(u64::from(u32::MAX));
        self.0.map_or_else(most, |at| at.saturating_duration_since(Instant::now()))
    }
}
