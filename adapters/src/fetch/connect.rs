use super::http::Fault;
use super::limits::Deadline;
use super::target::TargetHost;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// Makes connections. A fetcher connects through it and nowhere else, to addresses that its guard let pass.
///
/// ```
/// use postseal_adapters::fetch::Connect;
/// use std::{io, net::{SocketAddr, TcpStream}, sync::Mutex, time::Duration};
///
/// /// Writes down where it was sent, and goes nowhere.
/// #[derive(Debug, Default)]
/// struct Recorder(Mutex<Vec<SocketAddr>>);
///
/// impl Connect for Recorder {
///     fn connect(&self, address: SocketAddr, _within: Duration) -> io::Result<TcpStream> {
///         self.0.lock().unwrap().push(address);
///         Err(io::ErrorKind::ConnectionRefused.into())
///     }
/// }
/// let recorder = Recorder::default();
/// assert!(recorder.connect("127.0.0.1:1".parse()?, Duration::from_secs(1)).is_err());
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
pub trait Connect: fmt::Debug + Send + Sync {
    /// A connection to exactly this address.
    ///
    /// # Errors
    /// When there is none within this time.
    fn connect(&self, address: SocketAddr, within: Duration) -> io::Result<TcpStream>;
}

/// The sockets of the operating system.
///
/// ```
/// use postseal_adapters::fetch::{Connect, SystemConnector};
/// let nobody = SystemConnector.connect("127.0.0.1:1".parse()?, std::time::Duration::from_secs(1));
/// assert!(nobody.is_err());
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no state and never will")]
pub struct SystemConnector;

impl Connect for SystemConnector {
    fn connect(&self, address: SocketAddr, within: Duration) -> io::Result<TcpStream> {
        TcpStream::connect_timeout(&address, within)
    }
}

/// Addresses of one host that are tried.
const MOST_ADDRESSES: usize = 4;

/// A connection to the first of the addresses that takes one.
pub(crate) fn connect_to_one(
    connector: &dyn Connect,
    addresses: Vec<IpAddr>,
    port: u16,
    deadline: Deadline,
) -> Result<TcpStream, Fault> {
    let mut last = Fault::new("does not resolve to any address");
    let mut waiting = addresses.len().min(MOST_ADDRESSES);
    for address in addresses.into_iter().take(MOST_ADDRESSES) {
        // What one address that is silent leaves to the next ones.
        let share = deadline.left().checked_div(u32::try_from(waiting).unwrap_or(u32::MAX)).unwrap_or_default();
        waiting = waiting.saturating_sub(1);
        if share.is_zero() {
            return Err(Fault::new("cannot be connected to in time"));
        }
        match connector.connect(SocketAddr::new(address, port), share) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Fault::new(format!("cannot be connected to: {}", error.kind())),
        }
    }
    Err(last)
}

/// A connection that ends at a point in time, however its octets trickle.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    deadline: Deadline,
}

impl Wire {
    pub(crate) const fn new(stream: TcpStream, deadline: Deadline) -> Self {
        Self { stream, deadline }
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.left();
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.stream.set_read_timeout(Some(self.left()?))?;
            match self.stream.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => return other.map_err(late),
            }
        }
    }
}

impl Write for Wire {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        loop {
            self.stream.set_write_timeout(Some(self.left()?))?;
            match self.stream.write(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => return other.map_err(late),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Unix says `WouldBlock` where Windows says `TimedOut`.
fn late(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::WouldBlock { ErrorKind::TimedOut.into() } else { error }
}

/// TLS to the host of this name, or with this address. Nothing is sent in the clear first; the handshake comes with the first
/// octets.
pub(crate) fn over_tls(
    wire: Wire,
    host: &TargetHost,
    config: Arc<ClientConfig>,
) -> Result<StreamOwned<ClientConnection, Wire>, Fault> {
    let name = match host {
        TargetHost::Name(name) => {
            ServerName::try_from(name.clone()).map_err(|_| Fault::new("has a name unfit for TLS"))?
        }
        TargetHost::Address(address) => ServerName::from(*address),
    };
    let connection = ClientConnection::new(config, name).map_err(|_| Fault::new("cannot be spoken to by TLS"))?;
    Ok(StreamOwned::new(connection, wire))
}
