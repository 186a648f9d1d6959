use super::http::Fault;
use super::limits::Deadline;
use super::target::TargetHost;
use postseal::query::Unavailable;
use std::fmt;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

/// Turns a host's name into addresses. It is asked once for a fetch; what it says is what is connected to.
///
/// ```
/// use postseal::query::Unavailable;
/// use postseal_adapters::fetch::Resolve;
/// use std::{net::IpAddr, time::Duration};
///
/// /// Only knows one host.
/// #[derive(Debug)]
/// struct Hosts;
///
/// impl Resolve for Hosts {
///     fn resolve(&self, name: &str, _within: Duration) -> Result<Vec<IpAddr>, Unavailable> {
///         if name == "crl.ca.example" { Ok(vec![IpAddr::from([9, 9, 9, 9])]) } else { Err(Unavailable::because("no such host")) }
///     }
/// }
/// assert!(Hosts.resolve("other.example", Duration::from_secs(1)).is_err());
/// ```
pub trait Resolve: fmt::Debug + Send + Sync {
    /// All addresses of the host, within this time.
    ///
    /// # Errors
    /// [`Unavailable`] when there are none, or nobody answers in time.
    fn resolve(&self, name: &str, within: Duration) -> Result<Vec<IpAddr>, Unavailable>;
}

/// The resolver of the operating system.
///
/// It cannot be interrupted, so each question has a thread, which goes on by itself when time is over; there are at most
/// [`SystemResolver::AT_ONCE`] of them.
///
/// ```
/// use postseal_adapters::fetch::{Resolve, SystemResolver};
/// let late = SystemResolver::default().resolve("crl.ca.example", std::time::Duration::ZERO);
/// assert!(late.is_err());
/// ```
#[derive(Clone, Debug, Default)]
pub struct SystemResolver {
    open: Arc<AtomicUsize>,
}

impl SystemResolver {
    /// Questions that may be open at once. A mail system waits for a handful; more are stuck ones.
    ///
    /// ```
    /// assert_eq!(postseal_adapters::fetch::SystemResolver::AT_ONCE, 64);
    /// ```
    pub const AT_ONCE: usize = 64;
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: &str, within: Duration) -> Result<Vec<IpAddr>, Unavailable> {
        let Some(place) = Place::take(&self.open) else {
            return Err(Unavailable::because(BUSY));
        };
        let (sender, receiver) = sync_channel(1);
        let name = name.to_owned();
        let ask = move || {
            let addresses = (name.as_str(), 0).to_socket_addrs().map(|found| found.map(|one| one.ip()).collect());
            drop(place);
            // Nobody listens any more when it took too long.
            let _ = sender.send(addresses);
        };
        let deadline = Deadline::after(within);
        thread::Builder::new().name("resolve".to_owned()).spawn(ask).map_err(Unavailable::because)?;
        match receiver.recv_timeout(deadline.left()) {
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(_)) => Err(Unavailable::because("the name does not resolve")),
            Err(_) => Err(Unavailable::because("the name does not resolve in time")),
        }
    }
}

const BUSY: &str = "too many names are being resolved";

/// The addresses of a host.
pub(crate) fn addresses_of(
    resolver: &dyn Resolve,
    host: &TargetHost,
    deadline: Deadline,
) -> Result<Vec<IpAddr>, Fault> {
    match host {
        TargetHost::Address(address) => Ok(vec![*address]),
        TargetHost::Name(name) => resolver.resolve(name, deadline.left()).map_err(|unavailable| {
            let mut fault = Fault::new(unavailable.detail());
            // It was for this machine's own sake that the name was not resolved: the host has done nothing.
            fault.spares_host = unavailable.detail() == BUSY;
            fault
        }),
    }
}

/// One of the places for open questions; given back when it is dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(open: &Arc<AtomicUsize>) -> Option<Self> {
        let place = |taken: usize| taken.checked_add(1).filter(|taken| *taken <= SystemResolver::AT_ONCE);
        open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, place).ok().map(|_| Self(Arc::clone(open)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::GuardedFetcher;
    use postseal::fetch::Fetcher;
    use postseal::query::FetchCrl;

    // hardening: P10
    #[test]
    fn names_that_hang_take_neither_threads_nor_the_good_name_of_others() {
        let resolver = SystemResolver::default();
        let taken: Vec<Place> = std::iter::from_fn(|| Place::take(&resolver.open)).collect();
        assert_eq!(taken.len(), SystemResolver::AT_ONCE);
        let fetcher = GuardedFetcher::new().with_resolver(resolver.clone());
        for _ in 0..3 {
            let told = fetcher.fetch_crl(&FetchCrl::new("http://ca.example/1.crl", 1)).unwrap_err();
            assert_eq!(told.detail(), "ca.example: too many names are being resolved");
        }
        drop(taken);
        assert!(Place::take(&resolver.open).is_some());
        assert_eq!(resolver.open.load(Ordering::Relaxed), 0);
    }
}
