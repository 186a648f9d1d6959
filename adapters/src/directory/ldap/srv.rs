//! Servers that a domain names in the DNS (RFC 2782).

use super::endpoint::Endpoint;
use super::setup::LdapTransport;
use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::pin::Pin;

/// One SRV record: where a service is, and in which order such places are tried.
///
/// ```
/// use postseal_adapters::directory::ldap::SrvRecord;
/// let record = SrvRecord::new(0, 100, 389, "dc1.goal.example.");
/// assert_eq!(record.target, "dc1.goal.example.");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SrvRecord {
    /// Lower ones are tried first.
    pub priority: u16,
    /// Among those of one priority, a share of the questions.
    pub weight: u16,
    /// Where it listens.
    pub port: u16,
    /// The host. `.` says that there is no such service.
    pub target: String,
}

impl SrvRecord {
    /// With these fields.
    ///
    /// ```
    /// use postseal_adapters::directory::ldap::SrvRecord;
    /// assert_eq!(SrvRecord::new(0, 100, 389, "dc1.goal.example").port, 389);
    /// ```
    pub fn new(priority: u16, weight: u16, port: u16, target: &str) -> Self {
        Self { priority, weight, port, target: target.to_owned() }
    }
}

/// What a lookup comes to, when it does.
///
/// ```
/// use postseal_adapters::directory::ldap::{SrvAnswer, SrvRecord};
/// let answer: SrvAnswer<'_> = Box::pin(async { Ok(vec![SrvRecord::new(0, 100, 389, "dc1.goal.example")]) });
/// # drop(answer);
/// ```
pub type SrvAnswer<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SrvRecord>>> + Send + 'a>>;

/// Looks up SRV records.
///
/// ```
/// use postseal_adapters::directory::ldap::{SrvAnswer, SrvLookup, SrvRecord};
///
/// /// Knows one answer.
/// #[derive(Debug)]
/// struct Fixed;
///
/// impl SrvLookup for Fixed {
///     fn lookup<'a>(&'a self, name: &'a str) -> SrvAnswer<'a> {
///         assert_eq!(name, "_ldap._tcp.goal.example");
///         Box::pin(async { Ok(vec![SrvRecord::new(0, 100, 389, "dc1.goal.example")]) })
///     }
/// }
/// # drop(Fixed.lookup("_ldap._tcp.goal.example"));
/// ```
pub trait SrvLookup: fmt::Debug + Send + Sync {
    /// The records of this name; an empty list when it has none.
    fn lookup<'a>(&'a self, name: &'a str) -> SrvAnswer<'a>;
}

/// The name servers that the system is set up with.
///
/// ```
/// use postseal_adapters::directory::ldap::{SrvLookup, SystemSrvLookup};
/// let lookup = SystemSrvLookup.lookup("_ldap._tcp.goal.example");
/// # drop(lookup);
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no state and never will")]
pub struct SystemSrvLookup;

impl SrvLookup for SystemSrvLookup {
    fn lookup<'a>(&'a self, name: &'a str) -> SrvAnswer<'a> {
        Box::pin(async move {
            let builder = TokioResolver::builder_tokio().map_err(|_| io::Error::other("no name servers"))?;
            let resolver = builder.build().map_err(|_| io::Error::other("no name servers"))?;
            records(&resolver, name).await
        })
    }
}

async fn records(resolver: &TokioResolver, name: &str) -> io::Result<Vec<SrvRecord>> {
    // With a dot at its end, so that no search list is tried.
    let answer = match resolver.srv_lookup(format!("{}.", name.trim_end_matches('.'))).await {
        Ok(answer) => answer,
        Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
        Err(_) => return Err(io::Error::other("the name servers do not answer")),
    };
    let record = |data: &RData| match data {
        RData::SRV(srv) => Some(SrvRecord::new(srv.priority, srv.weight, srv.port, &srv.target.to_ascii())),
        _ => None,
    };
    Ok(answer.answers().iter().filter_map(|answer| record(&answer.data)).collect())
}

/// Servers that are taken from the DNS.
const MOST: usize = 16;

/// The servers in the order of RFC 2782. Those outside of `domain` are left out: whoever writes an answer of the DNS could
/// name a host of their own with a good certificate of its own.
pub(super) fn endpoints(records: &[SrvRecord], domain: &str, transport: LdapTransport) -> Vec<Endpoint> {
    let mut records: Vec<_> = records.iter().filter(|record| is_within(&record.target, domain)).cloned().collect();
    records.truncate(MOST);
    let mut endpoints = Vec::new();
    let mut random = || RandomState::new().build_hasher().finish();
    while let Some(record) = next(&mut records, &mut random) {
        endpoints.extend(Endpoint::new(&record.target, Some(port_for(record.port, transport))));
    }
    endpoints
}

fn is_within(target: &str, domain: &str) -> bool {
    let target = target.trim_end_matches('.').to_ascii_lowercase();
    target == domain || target.strip_suffix(domain).is_some_and(|host| host.len() > 1 && host.ends_with('.'))
}

/// Records of `_ldap._tcp` name the ports of LDAP; TLS from the first octet has its own beside them.
const fn port_for(port: u16, transport: LdapTransport) -> u16 {
    match (port, transport) {
        (389, LdapTransport::Ldaps) => 636,
        (3268, LdapTransport::Ldaps) => 3269,
        _ => port,
    }
}

/// Takes the next one: of the lowest priority, by a throw of the dice in which weights are shares.
fn next(records: &mut Vec<SrvRecord>, random: &mut dyn FnMut() -> u64) -> Option<SrvRecord> {
    let priority = records.iter().map(|record| record.priority).min()?;
    let share = |record: &SrvRecord| if record.priority == priority { u64::from(record.weight) } else { 0 };
    let sum = records.iter().map(share).fold(0, u64::saturating_add);
    let thrown = random().checked_rem(sum.saturating_add(1)).unwrap_or(0);
    let mut running = 0_u64;
    let chosen = records.iter().position(|record| {
        running = running.saturating_add(share(record));
        record.priority == priority && running >= thrown
    })?;
    Some(records.remove(chosen))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(priority: u16, weight: u16, target: &str) -> SrvRecord {
        SrvRecord::new(priority, weight, 389, target)
    }

    #[test]
    fn priorities_come_in_order_and_weights_are_shares() {
        let mut first = [0_u32; 3];
        let mut state = 7_u64;
        for _ in 0..10_000 {
            let mut records =
                vec![record(1, 9, "c"), record(0, 10, "a"), record(0, 30, "b"), record(0, 0, "z"), record(1, 9, "d")];
            let mut order = Vec::new();
            let mut random = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                state >> 33
            };
            while let Some(record) = next(&mut records, &mut random) {
                order.push(record);
            }
            let priorities: Vec<_> = order.iter().map(|record| record.priority).collect();
            assert_eq!(priorities, [0, 0, 0, 1, 1]);
            first[["a", "b", "z"].iter().position(|name| *name == order[0].target).unwrap()] += 1;
        }
        assert!((2_000..3_000).contains(&first[0]) && (7_000..8_000).contains(&first[1]), "{first:?}");
    }

    /// Answers one question over UDP with these records and this result code (RFC 1035 4.1).
    fn name_server(code: u8, records: &[(u16, &str)]) -> (u16, std::thread::JoinHandle<()>) {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let mut answers = Vec::new();
        for (port, target) in records {
            let labels =
                target.split('.').flat_map(|label| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat());
            let data: Vec<u8> = [0, 1, 0, 2].into_iter().chain(port.to_be_bytes()).chain(labels).chain([0]).collect();
            // The name that was asked for, SRV, IN, a minute.
            answers.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, u8::try_from(data.len()).unwrap()]);
            answers.extend(data);
        }
        let count = u8::try_from(records.len()).unwrap();
        let thread = std::thread::spawn(move || {
            let mut piece = [0; 512];
            let (read, peer) = socket.recv_from(&mut piece).unwrap();
            // The header, and behind the root's empty label the type and the class.
            let end = piece[12..read].iter().position(|octet| *octet == 0).unwrap().checked_add(12 + 5).unwrap();
            let mut answer = piece[..end].to_vec();
            answer[2..12].copy_from_slice(&[0x85, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]);
            answer.extend(answers);
            socket.send_to(&answer, peer).unwrap();
        });
        (port, thread)
    }

    #[test]
    fn records_are_looked_up() {
        use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
        use hickory_resolver::net::runtime::TokioRuntimeProvider;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let looked_up = |code, held: &[(u16, &str)]| {
            let (port, thread) = name_server(code, held);
            let mut connection = ConnectionConfig::udp();
            connection.port = port;
            let server = NameServerConfig::new([127, 0, 0, 1].into(), true, vec![connection]);
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
            let found = runtime.block_on(async {
                let resolver =
                    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).build().unwrap();
                records(&resolver, "_ldap._tcp.goal.example").await
            });
            thread.join().unwrap();
            found.unwrap()
        };
        let expected = [389, 3268].map(|port| SrvRecord::new(1, 2, port, "dc1.goal.example."));
        assert_eq!(looked_up(0, &[(389, "dc1.goal.example"), (3268, "dc1.goal.example")]), expected);
        assert_eq!(looked_up(3, &[]), []);
    }

    #[test]
    fn hosts_of_others_are_left_out() {
        let records =
            ["dc1.goal.example.", "GOAL.example", "evilgoal.example", ".goal.example", "dc.evil.example", "."];
        let records: Vec<_> = records.map(|target| record(0, 0, target)).to_vec();
        let mut hosts: Vec<_> = endpoints(&records, "goal.example", LdapTransport::Ldaps)
            .into_iter()
            .map(|endpoint| endpoint.to_string())
            .collect();
        hosts.sort();
        assert_eq!(hosts, ["dc1.goal.example:636", "goal.example:636"]);
    }
}
