use std::time::Duration;
use tokio::time::Instant;

/// How long and how much a lookup may take.
///
/// ```
/// use postseal_adapters::directory::ldap::LdapLimits;
/// use std::time::Duration;
/// let mut limits = LdapLimits::default();
/// limits.total = Duration::from_secs(5);
/// assert_eq!(limits.connect, Duration::from_secs(3));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LdapLimits {
    /// For making a connection, the handshake of TLS included.
    pub connect: Duration,
    /// For the answer to a bind.
    pub bind: Duration,
    /// For the answer to one search. The server is told so, too, in whole seconds.
    pub search: Duration,
    /// For everything that one question causes, however many addresses, servers and tries it has.
    pub total: Duration,
    /// Octets of one message of a server.
    pub message_bytes: usize,
    /// Octets of all messages about one address.
    pub lookup_bytes: usize,
    /// Entries taken about one address; a server that sends more has not kept to `size_limit`.
    pub entries: usize,
    /// Entries that the server is asked for (RFC 4511 4.5.1.4). 0 leaves it to the server.
    pub size_limit: u16,
    /// Values looked at about one address.
    pub values: usize,
    /// Connections that exist at once.
    pub connections: usize,
    /// How long a connection is kept that nobody uses.
    pub idle: Duration,
    /// How long a connection is kept at most.
    pub age: Duration,
    /// Failures in a row after which a server is left alone.
    pub failures: u32,
    /// How long a server that failed so often is left alone.
    pub rest: Duration,
}

impl Default for LdapLimits {
    /// 3, 3, 5 and 10 seconds: what a mail may wait for a directory. 1 MiB and 8 MiB: some hundred times what a person's
    /// certificates take. 20 entries asked for: public directories keep one for each certificate. 256
    /// values: as many certificates as the engine reads of one directory. 4 connections kept for 60
    /// seconds at most: servers drop idle ones without a word.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            bind: Duration::from_secs(3),
            search: Duration::from_secs(5),
            total: Duration::from_secs(10),
            message_bytes: 1 << 20,
            lookup_bytes: 8 << 20,
            entries: 100,
            size_limit: 20,
            values: 256,
            connections: 4,
            idle: Duration::from_secs(60),
            age: Duration::from_secs(600),
            failures: 3,
            rest: Duration::from_secs(30),
        }
    }
}

impl LdapLimits {
    /// The time limit that a server is told: whole seconds, at least one, since 0 means none (RFC 4511 4.5.1.5).
    pub(super) fn time_limit(&self) -> i32 {
        i32::try_from(self.search.as_secs()).unwrap_or(i32::MAX).max(1)
    }
}

/// The earlier of this much from now and a deadline over everything.
pub(super) fn within(duration: Duration, deadline: Instant) -> Instant {
    Instant::now().checked_add(duration).map_or(deadline, |end| end.min(deadline))
}

/// This much from now; what the clock cannot tell is a day.
pub(super) fn after(duration: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(duration).or_else(|| now.checked_add(Duration::from_secs(86_400))).unwrap_or(now)
}
