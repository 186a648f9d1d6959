mod name;

use super::value::{CUT, VALUES, decode_all, or_more};
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::dnssec::rdata::DNSSECRData;
use hickory_resolver::proto::dnssec::{Proof, TrustAnchors};
use hickory_resolver::proto::rr::rdata::tlsa::{CertUsage, Matching, Selector};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use hickory_resolver::{Resolver, TokioResolver};
use postseal::Address;
use postseal::directory::{DirectoryReply, DirectoryResolver};
use postseal::query::{ResolveDirectory, Unavailable};
use postseal::verify::Limits;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroize;

/// What a directory in the DNS cannot be set up with.
///
/// ```
/// use postseal_adapters::directory::{SmimeaDirectory, SmimeaSetupError};
/// assert_eq!(SmimeaDirectory::new(&[]).unwrap_err(), SmimeaSetupError::NoServers);
/// ```
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SmimeaSetupError {
    /// Nobody to ask.
    #[error("there is no name server to ask")]
    NoServers,
    /// No DNSKEY record among what should be the trust anchors.
    #[error("there is no usable DNSKEY record among the trust anchors")]
    TrustAnchors,
}

/// How long one question to a directory in the DNS may take.
///
/// ```
/// use postseal_adapters::directory::SmimeaLimits;
/// assert_eq!(SmimeaLimits::default().at_once, 8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SmimeaLimits {
    /// For one query to one server.
    pub query: Duration,
    /// For all addresses of one question together.
    pub total: Duration,
    /// Addresses that are asked about at the same time.
    pub at_once: usize,
}

impl Default for SmimeaLimits {
    /// 2 and 10 seconds: what a mail may wait for a directory.
    fn default() -> Self {
        Self { query: Duration::from_secs(2), total: Duration::from_secs(10), at_once: 8 }
    }
}

/// SMIMEA records (RFC 8162), validated here (RFC 4035), whatever the name server says about them.
///
/// * Only records with whole certificates are read: usage 1 (PKIX-EE) or 3 (DANE-EE), selector 0, matching type 0. Usage 3 means
///   that the domain vouches for the certificate without any CA; the engine wants a path to one of its own anchors all the same,
///   so that it has to be among those that are issued by them. Anchors of a domain (0 and 2), keys and digests are passed over.
/// * A record counts when it is secure, with every alias that leads to it. When one is bogus or cannot be validated, the directory
///   is unavailable. In a zone that is provably not signed there is nothing, as there is where its absence is proved:
///   RFC 8162 5 forbids to use what is there.
/// * The local part is hashed as it is spelled (RFC 8162 3): upper and lower case are different, unless
///   [`also_in_lower_case`](Self::also_in_lower_case); beyond ASCII it is to be in normalisation form C.
/// * Every question starts anew, and nothing of its answers is kept. The buffers of the DNS library are not overwritten.
///
/// The name server should resolve recursively and be near: queries tell who writes to whom.
///
/// ```
/// use postseal_adapters::directory::SmimeaDirectory;
/// let directory = SmimeaDirectory::new(&["127.0.0.1:53".parse()?])?;
/// assert_eq!(format!("{directory:?}"), "SmimeaDirectory([127.0.0.1:53])");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SmimeaDirectory {
    servers: Vec<SocketAddr>,
    anchors: Arc<TrustAnchors>,
    limits: SmimeaLimits,
    reading: Limits,
    in_lower_case: bool,
}

impl SmimeaDirectory {
    /// Asks these name servers, and trusts the keys of the root zone.
    ///
    /// # Errors
    /// [`SmimeaSetupError::NoServers`].
    ///
    /// ```
    /// use postseal_adapters::directory::SmimeaDirectory;
    /// assert!(SmimeaDirectory::new(&["[::1]:53".parse()?]).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(servers: &[SocketAddr]) -> Result<Self, SmimeaSetupError> {
        if servers.is_empty() {
            return Err(SmimeaSetupError::NoServers);
        }
        Ok(Self {
            servers: servers.to_vec(),
            anchors: Arc::new(TrustAnchors::default()),
            limits: SmimeaLimits::default(),
            reading: Limits::default(),
            in_lower_case: false,
        })
    }

    /// Trusts these keys instead of those of the root zone: DNSKEY records of any zone, as they stand in zone files, with their
    /// TTL.
    ///
    /// # Errors
    /// [`SmimeaSetupError::TrustAnchors`] when there is none.
    ///
    /// ```
    /// use postseal_adapters::directory::{SmimeaDirectory, SmimeaSetupError};
    /// let refused = SmimeaDirectory::new(&["127.0.0.1:53".parse()?])?.with_trust_anchors("nothing");
    /// assert_eq!(refused.unwrap_err(), SmimeaSetupError::TrustAnchors);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_trust_anchors(mut self, dnskeys: &str) -> Result<Self, SmimeaSetupError> {
        let is_record = |line: &&str| !line.trim_ascii().is_empty() && !line.trim_ascii_start().starts_with(';');
        let records: Vec<&str> = dnskeys.lines().filter(is_record).collect();
        let anchors = TrustAnchors::from_str(&format!("{}\n", records.join("\n")));
        self.anchors = Arc::new(anchors.map_err(|_| SmimeaSetupError::TrustAnchors)?);
        if records.is_empty() { Err(SmimeaSetupError::TrustAnchors) } else { Ok(self) }
    }

    /// With these limits.
    ///
    /// ```
    /// use postseal_adapters::directory::{SmimeaDirectory, SmimeaLimits};
    /// let directory = SmimeaDirectory::new(&["127.0.0.1:53".parse()?])?.with_limits(SmimeaLimits::default());
    /// # let _ = directory;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn with_limits(mut self, limits: SmimeaLimits) -> Self {
        self.limits = limits;
        self
    }

    /// With the engine's limits, for reading what comes.
    ///
    /// ```
    /// use postseal::verify::Limits;
    /// use postseal_adapters::directory::SmimeaDirectory;
    /// let directory = SmimeaDirectory::new(&["127.0.0.1:53".parse()?])?.with_reading_limits(Limits::default());
    /// # let _ = directory;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_reading_limits(mut self, limits: Limits) -> Self {
        self.reading = limits;
        self
    }

    /// Asks a second time with the local part in lower case (ASCII) when there is nothing for it as it is spelled. RFC 8162 knows
    /// no such thing, but most people's mailboxes are the same in both.
    ///
    /// ```
    /// use postseal_adapters::directory::SmimeaDirectory;
    /// let directory = SmimeaDirectory::new(&["127.0.0.1:53".parse()?])?.also_in_lower_case();
    /// # let _ = directory;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn also_in_lower_case(mut self) -> Self {
        self.in_lower_case = true;
        self
    }

    fn resolver(&self) -> Result<TokioResolver, NetError> {
        let server = |at: &SocketAddr| {
            let mut server = NameServerConfig::udp_and_tcp(at.ip());
            server.connections.iter_mut().for_each(|connection| connection.port = at.port());
            server
        };
        let config = ResolverConfig::from_parts(None, Vec::new(), self.servers.iter().map(server).collect());
        let mut options = ResolverOpts::default();
        options.timeout = self.limits.query;
        options.attempts = 1;
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never;
        options.preserve_intermediates = true;
        options.validate = true;
        let builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
        builder.with_options(options).with_trust_anchor(Arc::clone(&self.anchors)).build()
    }

    /// The names to ask about, in order.
    fn names(&self, about: &Address) -> Vec<Option<Name>> {
        let mut names = vec![name::owner(about.as_str(), about.domain())];
        if self.in_lower_case && about.as_str().bytes().any(|octet| octet.is_ascii_uppercase()) {
            names.push(name::owner(&about.as_str().to_ascii_lowercase(), about.domain()));
        }
        names.dedup();
        names
    }

    /// Asks about all of them on this thread's own runtime.
    fn ask(&self, runtime: &Runtime, addresses: &[Address], deadline: Instant) -> Result<Vec<Found>, Unavailable> {
        let _inside = runtime.enter();
        let resolver = self.resolver().map_err(|_| Unavailable::because("the DNS library does not start"))?;
        let at_once = self.limits.at_once.max(1);
        let mut tasks = JoinSet::new();
        for first in 0..at_once.min(addresses.len()) {
            let share = addresses.iter().enumerate().skip(first).step_by(at_once);
            let share: Vec<_> = share.map(|(index, address)| (index, self.names(address))).collect();
            let resolver = resolver.clone();
            tasks.spawn(async move {
                let mut found = Vec::new();
                for (index, names) in share {
                    let late = || Answer::Unavailable("no name server answers in time");
                    found.push((
                        index,
                        timeout_at(deadline, first_of(&resolver, names)).await.unwrap_or_else(|_| late()),
                    ));
                }
                found
            });
        }
        let mut found: Vec<Found> = runtime.block_on(tasks.join_all()).into_iter().flatten().collect();
        found.sort_by_key(|(index, _)| *index);
        Ok(found)
    }

    fn reply(&self, answer: Answer, about: &Address) -> DirectoryReply {
        match answer {
            Answer::Nothing => DirectoryReply::NotFound,
            Answer::Unavailable(words) => {
                DirectoryReply::Unavailable(Unavailable::because(format!("{}: {words}", about.domain())))
            }
            Answer::Certificates(mut values) => {
                let reply = decode_all(values.iter().take(VALUES).map(Vec::as_slice), about, &self.reading);
                let reply = if values.len() > VALUES { or_more(reply, Unavailable::because(CUT)) } else { reply };
                values.iter_mut().for_each(Zeroize::zeroize);
                reply
            }
        }
    }
}

impl DirectoryResolver for SmimeaDirectory {
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        let total = Instant::now().checked_add(self.limits.total);
        let deadline = total.ok_or_else(|| Unavailable::because("the time limit is beyond what the clock can tell"))?;
        // From here on it must not simply be dropped: that is not allowed inside of a runtime.
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Unavailable::because)?;
        // The caller may stand inside of a runtime of his own, where no other may be waited for.
        let found = thread::scope(|scope| {
            let ask = || self.ask(&runtime, &query.addresses, deadline);
            let asking = thread::Builder::new().name("smimea".to_owned()).spawn_scoped(scope, ask);
            let asking = asking.map_err(Unavailable::because)?;
            asking.join().unwrap_or_else(|_| Err(Unavailable::because("the DNS library failed")))
        });
        // What still hangs in it is not waited for.
        runtime.shutdown_background();
        let replies = found?.into_iter().zip(&query.addresses).map(|((_, answer), about)| self.reply(answer, about));
        Ok(replies.collect())
    }
}

impl fmt::Debug for SmimeaDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmimeaDirectory({:?})", self.servers)
    }
}

type Found = (usize, Answer);

/// What the DNS says about one name.
enum Answer {
    Certificates(Vec<Vec<u8>>),
    Nothing,
    Unavailable(&'static str),
}

/// The answer for the first of the names that there is anything for.
async fn first_of(resolver: &TokioResolver, names: Vec<Option<Name>>) -> Answer {
    for name in names {
        let Some(name) = name else { continue };
        match of_name(resolver, name).await {
            Answer::Nothing => {}
            answer => return answer,
        }
    }
    Answer::Nothing
}

/// Aliases in a row that are followed.
const ALIASES: usize = 8;

/// What there is under this name. The library follows aliases, but says neither whether they hold nor for which name it has seen a
/// proof that there is nothing, and it takes a record in any section for the answer: whoever is on the way could answer with what is
/// true of another name. So each alias is asked for by itself, and of an answer counts what it says about the name in question.
async fn of_name(resolver: &TokioResolver, mut name: Name) -> Answer {
    for _ in 0..=ALIASES {
        match resolver.lookup(name.clone(), RecordType::SMIMEA).await {
            Ok(found) if records(&found, &name, RecordType::CNAME).next().is_none() => return read(&found, &name),
            Ok(_) => {}
            Err(NetError::Dns(DnsError::NoRecordsFound(denial))) if name == *denial.query.name() => {
                return if is_proved(&denial, &name) { Answer::Nothing } else { Answer::Unavailable(BOGUS) };
            }
            // Nor does the library find the proof for an alias by a wildcard beside that for what it leads to.
            Err(NetError::Dns(DnsError::NoRecordsFound(_) | DnsError::Nsec { .. } | DnsError::DnssecBogus)) => {}
            Err(error) => return refused(&error),
        }
        let found = match resolver.lookup(name.clone(), RecordType::CNAME).await {
            Ok(found) => found,
            Err(NetError::Dns(DnsError::NoRecordsFound(_))) => return Answer::Unavailable(BOGUS),
            Err(error) => return refused(&error),
        };
        let target = records(&found, &name, RecordType::CNAME).find_map(|record| match &record.data {
            RData::CNAME(target) => Some(target.0.clone()),
            _ => None,
        });
        match (proof(&found, &name, RecordType::CNAME), target) {
            (Proof::Secure, Some(target)) => name = target,
            (Proof::Insecure, _) => return Answer::Nothing,
            _ => return Answer::Unavailable(BOGUS),
        }
    }
    Answer::Unavailable(BOGUS)
}

/// Whether there is nothing under this name, by proof, or because nothing can be proved in its zone. That of another zone, which
/// need not be signed, proves nothing.
fn is_proved(denial: &NoRecords, name: &Name) -> bool {
    let records = denial.authorities.as_deref().unwrap_or_default().iter();
    let mut records = records.filter(|record| record.record_type() != RecordType::RRSIG).peekable();
    records.peek().is_some()
        && records.all(|record| match record.proof {
            Proof::Secure => true,
            Proof::Insecure => record.name.zone_of(name),
            Proof::Bogus | Proof::Indeterminate => false,
        })
}

fn read(lookup: &Lookup, name: &Name) -> Answer {
    match proof(lookup, name, RecordType::SMIMEA) {
        Proof::Insecure => return Answer::Nothing,
        Proof::Bogus | Proof::Indeterminate => return Answer::Unavailable(BOGUS),
        Proof::Secure => {}
    }
    let certificate = |record: &Record| match &record.data {
        RData::SMIMEA(record) => {
            let record = &record.0;
            let is_person = matches!(record.cert_usage, CertUsage::PkixEe | CertUsage::DaneEe);
            let is_whole = record.selector == Selector::Full && record.matching == Matching::Raw;
            (is_person && is_whole).then(|| record.cert_data.clone())
        }
        _ => None,
    };
    let certificates: Vec<_> = records(lookup, name, RecordType::SMIMEA).filter_map(certificate).collect();
    if certificates.is_empty() { Answer::Nothing } else { Answer::Certificates(certificates) }
}

/// What the answer section has of this kind under this name.
fn records<'a>(lookup: &'a Lookup, name: &'a Name, kind: RecordType) -> impl Iterator<Item = &'a Record> {
    lookup.answers().iter().filter(move |record| record.name == *name && record.record_type() == kind)
}

/// What can be said of all records of this kind under this name together; without any, nothing holds.
fn proof(lookup: &Lookup, name: &Name, kind: RecordType) -> Proof {
    match records(lookup, name, kind).map(|record| record.proof).min_by_key(|proof| rank(*proof)) {
        Some(Proof::Secure) if is_of_this_name(lookup, name, kind) => Proof::Secure,
        None | Some(Proof::Secure) => Proof::Bogus,
        Some(proof) => proof,
    }
}

/// Whether secure records are this name's own, or it is proved that there are no others. A wildcard's signature is good for every
/// name below it, those with records of their own among them (RFC 4035 5.3.4), and the library looks at the proof only where there is one.
fn is_of_this_name(lookup: &Lookup, name: &Name, kind: RecordType) -> bool {
    let labels = |record: &Record| match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) if signature.input().type_covered == kind => {
            Some(signature.input().num_labels)
        }
        _ => None,
    };
    let signed: Vec<u8> = records(lookup, name, RecordType::RRSIG).filter_map(labels).collect();
    let denies = |record: &Record| matches!(record.record_type(), RecordType::NSEC | RecordType::NSEC3);
    let is_looked_at = lookup.authorities().iter().any(|record| record.proof == Proof::Secure && denies(record));
    !signed.is_empty() && (is_looked_at || signed.iter().all(|labels| *labels == name.num_labels()))
}

const fn rank(proof: Proof) -> u8 {
    match proof {
        Proof::Bogus => 0,
        Proof::Indeterminate => 1,
        Proof::Insecure => 2,
        Proof::Secure => 3,
    }
}

fn refused(error: &NetError) -> Answer {
    match error {
        NetError::Dns(DnsError::Nsec { .. } | DnsError::DnssecBogus) => Answer::Unavailable(BOGUS),
        NetError::Dns(_) => Answer::Unavailable("the name server fails"),
        NetError::Timeout => Answer::Unavailable("no name server answers in time"),
        _ => Answer::Unavailable("no name server can be asked"),
    }
}

const BOGUS: &str = "what the name server says does not hold by DNSSEC";
