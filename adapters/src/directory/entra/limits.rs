use std::time::Duration;

/// How long and how much a question to Entra ID may take.
///
/// ```
/// use postseal_adapters::directory::entra::EntraLimits;
/// use std::time::Duration;
/// let mut limits = EntraLimits::default();
/// limits.total = Duration::from_secs(5);
/// assert_eq!(limits.connect, Duration::from_secs(3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntraLimits {
    /// For making one connection.
    pub connect: Duration,
    /// For one request and its answer.
    pub request: Duration,
    /// For everything: tokens, all addresses, all sources, all waiting.
    pub total: Duration,
    /// The longest that a service may ask to be left alone and still be waited for.
    pub patience: Duration,
    /// How often a request is sent again after an answer that says "not now".
    pub retries: u8,
    /// Requests that are under way at once.
    pub at_once: usize,
    /// Addresses in one `$batch` of Graph, at most 20; 1 is no batch at all.
    pub batch: usize,
    /// Pages of one list that are read.
    pub pages: usize,
    /// Objects looked at for one address in one source.
    pub objects: usize,
    /// Values taken from one object.
    pub values: usize,
    /// Octets of an answer of the login service.
    pub login_bytes: usize,
    /// Octets of an answer of Graph.
    pub graph_bytes: usize,
    /// Octets of an answer of Exchange.
    pub exchange_bytes: usize,
    /// Failures in a row after which a service is left alone.
    pub failures: u32,
    /// How long it is left alone.
    pub rest: Duration,
}

impl Default for EntraLimits {
    /// 3 and 10 seconds: what a mail may wait for a directory. 20 requests in a batch: the most that Graph takes. 1 MiB and
    /// 4 MiB: ten times and more what the services send about one person. 64 values: Entra Connect exports no more than 15.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            request: Duration::from_secs(10),
            total: Duration::from_secs(10),
            patience: Duration::from_secs(60),
            retries: 3,
            at_once: 8,
            batch: 20,
            pages: 4,
            objects: 16,
            values: 64,
            login_bytes: 64 << 10,
            graph_bytes: 1 << 20,
            exchange_bytes: 4 << 20,
            failures: 3,
            rest: Duration::from_secs(30),
        }
    }
}
