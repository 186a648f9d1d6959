//! What stands around the fetcher in these tests.

use postseal::query::Unavailable;
use postseal_adapters::fetch::{Connect, FetchLimits, GuardedFetcher, Resolve};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Answers with what was written down for a name, the last answer again and again.
#[derive(Debug, Default)]
pub(crate) struct Names {
    answers: Mutex<BTreeMap<String, Vec<Vec<IpAddr>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Names {
    pub(crate) fn with(self, name: &str, answers: &[&[&str]]) -> Self {
        let parse = |answer: &&[&str]| answer.iter().map(|one| one.parse().unwrap()).collect();
        self.answers.lock().unwrap().insert(name.to_owned(), answers.iter().map(parse).collect());
        self
    }

    /// Every question so far, also later ones.
    pub(crate) fn asked(&self) -> Arc<Mutex<Vec<String>>> {
        Arc::clone(&self.asked)
    }
}

impl Resolve for Names {
    fn resolve(&self, name: &str, _within: Duration) -> Result<Vec<IpAddr>, Unavailable> {
        self.asked.lock().unwrap().push(name.to_owned());
        let mut answers = self.answers.lock().unwrap();
        match answers.get_mut(name) {
            Some(left) if left.len() > 1 => Ok(left.remove(0)),
            Some(left) => Ok(left[0].clone()),
            None => Err(Unavailable::because("the name does not resolve")),
        }
    }
}

/// Writes down where connections were to go, and goes nowhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections {
    seen: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Connections {
    pub(crate) fn seen(&self) -> Vec<SocketAddr> {
        self.seen.lock().unwrap().clone()
    }
}

impl Connect for Connections {
    fn connect(&self, address: SocketAddr, _within: Duration) -> io::Result<TcpStream> {
        self.seen.lock().unwrap().push(address);
        Err(io::ErrorKind::ConnectionRefused.into())
    }
}

/// Every name leads to this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loopback;

impl Resolve for Loopback {
    fn resolve(&self, _name: &str, _within: Duration) -> Result<Vec<IpAddr>, Unavailable> {
        Ok(vec![IpAddr::from([127, 0, 0, 1])])
    }
}

/// With the allowance that tests need: these hosts may be this machine, at this port.
pub(crate) fn fetcher_for(hosts: &[&str], ports: &[u16]) -> GuardedFetcher {
    let fetcher = ports.iter().fold(GuardedFetcher::new(), |fetcher, port| fetcher.allow_port(*port));
    hosts.iter().fold(fetcher.with_resolver(Loopback), |fetcher, host| fetcher.allow_this_machine_in_tests(host))
}

/// Deadlines that a test can wait for.
pub(crate) fn short() -> FetchLimits {
    let mut limits = unbound();
    limits.connect = Duration::from_secs(1);
    limits.total = Duration::from_secs(1);
    limits
}

/// For servers that do answer, however busy the machine is.
pub(crate) fn patient() -> FetchLimits {
    let mut limits = unbound();
    limits.connect = Duration::from_secs(20);
    limits.total = Duration::from_secs(30);
    limits
}

/// A host may be asked again and again.
pub(crate) fn unbound() -> FetchLimits {
    let mut limits = FetchLimits::default();
    limits.requests_per_minute = u32::MAX;
    limits.rest_after_failure = Duration::ZERO;
    limits
}

/// The URL with this address for its host.
pub(crate) fn literal(address: &str) -> String {
    match address.parse().unwrap() {
        IpAddr::V4(address) => format!("http://{address}/"),
        IpAddr::V6(address) => format!("http://[{address}]/"),
    }
}
