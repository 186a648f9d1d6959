//! From nothing to a connection that is bound.

use super::answer::{self, Answer};
use super::connection::{Connection, Duplex, Received, send};
use super::endpoint::Endpoint;
use super::fault::{LdapFault, LdapFaultKind, io_words, quoted};
use super::inner::Inner;
use super::limits::within;
use super::request;
use super::result;
use super::setup::{Credentials, LdapTransport};
use rustls::{CertificateError, Error};
use std::net::SocketAddr;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

/// Addresses of one name that are tried.
const ADDRESSES: usize = 8;

pub(super) async fn open(endpoint: &Endpoint, inner: &Inner, deadline: Instant) -> Result<Connection, LdapFault> {
    let connecting = within(inner.limits.connect, deadline);
    let tcp = connect(endpoint, inner, connecting).await?;
    // It is only about latency.
    let _ = tcp.set_nodelay(true);
    let (stream, last_id): (Box<dyn Duplex>, u32) = match inner.transport {
        LdapTransport::Ldaps => (over_tls(tcp, endpoint, inner, connecting).await?, 0),
        LdapTransport::StartTls => {
            let tcp = start_tls(tcp, inner, connecting).await?;
            (over_tls(tcp, endpoint, inner, connecting).await?, 1)
        }
        LdapTransport::Plain => (Box::new(tcp), 0),
    };
    let mut connection = Connection::new(stream, last_id);
    connection.bind(&inner.bind, &inner.limits, deadline).await?;
    Ok(connection)
}

/// Tries the addresses one after another; each may take its share of what is left.
async fn connect(endpoint: &Endpoint, inner: &Inner, deadline: Instant) -> Result<TcpStream, LdapFault> {
    let fault = |words: String| LdapFault::new(LdapFaultKind::Unreachable, words);
    let late = || LdapFault::new(LdapFaultKind::Late, "could not be connected to in time");
    let port = endpoint.port.unwrap_or_else(|| inner.transport.port());
    let addresses = timeout_at(deadline, lookup_host((endpoint.host.as_str(), port))).await;
    let addresses =
        addresses.map_err(|_| LdapFault::new(LdapFaultKind::Late, "its name could not be resolved in time"))?;
    let addresses: Vec<SocketAddr> =
        addresses.map_err(|_| fault("its name has no address".into()))?.take(ADDRESSES).collect();
    let mut last = fault("its name has no address".into());
    let count = addresses.len();
    for (index, address) in addresses.into_iter().enumerate() {
        let left = u32::try_from(count.saturating_sub(index)).unwrap_or(1).max(1);
        let share = deadline.saturating_duration_since(Instant::now()).checked_div(left).unwrap_or_default();
        match timeout_at(within(share, deadline), TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = fault(format!("cannot be connected to: {}", io_words(&error))),
            Err(_) => last = late(),
        }
    }
    Err(last)
}

/// The extended operation StartTLS. What comes before the handshake could have been written by anybody, and would be read as
/// the server's after it: then nothing goes on.
async fn start_tls(mut tcp: TcpStream, inner: &Inner, deadline: Instant) -> Result<TcpStream, LdapFault> {
    let protocol = |words: &str| LdapFault::new(LdapFaultKind::Protocol, words);
    send(&mut tcp, &request::written(1, request::start_tls())?, deadline).await?;
    let mut received = Received::default();
    let message = received.message(&mut tcp, inner.limits.message_bytes, deadline).await?;
    let message = answer::read(&message)?;
    match (message.id, message.answer) {
        (1, Answer::Extended(outcome)) => result::of_start_tls(outcome, inner.bind.secret())?,
        (0, Answer::Extended(outcome)) => {
            let words = format_args!("says that it is leaving: result {}", outcome.code);
            return Err(LdapFault::new(LdapFaultKind::Unreachable, words));
        }
        _ => return Err(protocol("answers something that it was not asked")),
    }
    if !received.is_empty() || tcp.try_read(&mut [0]).is_ok_and(|read| read > 0) {
        return Err(protocol("says something in the clear after StartTLS"));
    }
    Ok(tcp)
}

async fn over_tls(
    tcp: TcpStream,
    endpoint: &Endpoint,
    inner: &Inner,
    deadline: Instant,
) -> Result<Box<dyn Duplex>, LdapFault> {
    let identity = match &inner.bind.0 {
        Credentials::External(identity) => Some(identity),
        Credentials::Anonymous | Credentials::Simple { .. } => None,
    };
    let connector = TlsConnector::from(inner.tls.config(identity)?);
    match timeout_at(deadline, connector.connect(endpoint.name.clone(), tcp)).await {
        Err(_) => Err(LdapFault::new(LdapFaultKind::Late, "did not finish the handshake of TLS in time")),
        Ok(Err(error)) => Err(tls_fault(&error)),
        Ok(Ok(stream)) => Ok(Box::new(stream)),
    }
}

fn tls_fault(error: &std::io::Error) -> LdapFault {
    use CertificateError as Bad;
    let tls = error.get_ref().and_then(|source| source.downcast_ref::<Error>());
    let words = match tls {
        None => return LdapFault::new(LdapFaultKind::Tls, format_args!("TLS failed: {}", io_words(error))),
        Some(Error::InvalidCertificate(Bad::UnknownIssuer)) => "its certificate does not lead to the roots for TLS",
        Some(Error::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. })) => {
            "its certificate is for another name"
        }
        Some(Error::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. })) => "its certificate has expired",
        Some(Error::InvalidCertificate(Bad::NotValidYet | Bad::NotValidYetContext { .. })) => {
            "its certificate is not valid yet"
        }
        Some(Error::InvalidMessage(_)) => "what it sends is no TLS",
        Some(other) => {
            let words = format!("TLS failed{}", quoted(other.to_string().as_bytes(), None).replace("it says: ", ""));
            return LdapFault::new(LdapFaultKind::Tls, words);
        }
    };
    LdapFault::new(LdapFaultKind::Tls, words)
}
