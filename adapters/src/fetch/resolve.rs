use super::limits::Deadline;
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
            return Err(Unavailable::because("too many names are being resolved"));
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
