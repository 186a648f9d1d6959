//! HTTP/1.1 over TLS, on a thread of its own: whoever asks may be inside of any runtime, or of none.

use super::EntraError;
use super::fault::{Fault, Kind};
use super::limits::EntraLimits;
use crate::executor::Executor;
use crate::made::Made;
use crate::tls::{client_under, roots_from_pem, under};
use crate::wiped;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::RootCertStore;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Duration;
use zeroize::Zeroizing;

/// The thread, and the connections that it keeps.
pub(super) struct Wire {
    roots: Option<RootCertStore>,
    executor: Executor,
    sender: Made<Sender>,
}

impl Wire {
    pub(super) fn with_roots(pem: &[u8]) -> Result<Self, EntraError> {
        let roots = roots_from_pem(pem).ok_or(EntraError::TlsRoots)?;
        Ok(Self { roots: Some(roots), ..Self::default() })
    }

    /// Runs this on the thread.
    pub(super) fn run<F: Future<Output = ()> + Send + 'static>(
        &self,
        limits: &EntraLimits,
        job: impl FnOnce(Sender) -> F,
    ) -> Result<(), Fault> {
        let job = job(self.sender(limits)?);
        self.executor.run(job).map_err(|lack| Fault::outage(lack.to_string()))
    }

    /// The same, and waits for what it comes to, but no longer than this.
    pub(super) fn wait<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        limits: &EntraLimits,
        job: impl FnOnce(Sender) -> F,
        most: Duration,
    ) -> Result<T, Fault> {
        let job = job(self.sender(limits)?);
        self.executor.wait(job, most).map_err(|lack| Fault::outage(lack.to_string()))
    }

    fn sender(&self, limits: &EntraLimits) -> Result<Sender, Fault> {
        let sender = self.sender.get(|| under(self.roots.as_ref(), |roots| Sender::new(roots, limits)));
        sender.ok_or_else(|| Fault::outage("this machine cannot speak TLS: it has no roots"))
    }
}

impl Default for Wire {
    fn default() -> Self {
        Self { roots: None, executor: Executor::new("postseal-entra"), sender: Made::new() }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire(..)")
    }
}

/// Sends requests, one answer each: no redirects, no cookies, no compression, no proxy.
#[derive(Clone)]
pub(super) struct Sender {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    within: Duration,
}

/// Connections that are kept for the next question, for each host.
const KEPT: usize = 4;
/// How long they are kept; Microsoft's front ends end them after two minutes.
const KEPT_FOR: Duration = Duration::from_secs(60);
/// Octets of the answer that says why not. Nobody needs more of it than its code.
const REFUSAL: usize = 64 << 10;

impl Sender {
    fn new(roots: RootCertStore, limits: &EntraLimits) -> Option<Self> {
        let config = client_under(roots).ok()?.with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(limits.connect));
        tcp.set_nodelay(true);
        // Without TLS only for the endpoints of managed identities: the configuration takes no other such address.
        let connector = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEPT_FOR)
            .pool_max_idle_per_host(KEPT)
            .build(connector.wrap_connector(tcp));
        Some(Self { client, within: limits.request })
    }

    pub(super) async fn send(
        &self,
        request: Request<Vec<u8>>,
        limit: usize,
    ) -> Result<Response<Zeroizing<Vec<u8>>>, Fault> {
        let exchange = async {
            let mut request = request.map(|body| Full::new(Bytes::from(body)));
            request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static("postseal"));
            request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            let response = self.client.request(request).await.map_err(|error| fault_of(&error))?;
            let (head, body) = response.into_parts();
            if head.status.is_success() {
                refuse_coding(&head.headers)?;
                let body = whole(body, limit).await?;
                return Ok(Response::from_parts(head, body));
            }
            // The status says what is to be done also when the rest is too much or breaks off.
            let body = whole(body, limit.min(REFUSAL)).await.unwrap_or_default();
            Ok(Response::from_parts(head, body))
        };
        match tokio::time::timeout(self.within, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(Fault::outage("did not answer in time")),
        }
    }
}

fn refuse_coding(fields: &HeaderMap) -> Result<(), Fault> {
    let is_plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if fields.get_all(header::CONTENT_ENCODING).iter().all(is_plain) {
        Ok(())
    } else {
        Err(Fault::new(Kind::Blocked, "answers in an encoding that was not asked for"))
    }
}

async fn whole(mut body: Incoming, limit: usize) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut octets = Zeroizing::new(Vec::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| fault_of(&error))?;
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > limit.saturating_sub(octets.len()) {
            return Err(Fault::new(Kind::TooMuch, "answers with more than is allowed"));
        }
        wiped::append(&mut octets, &data);
    }
    Ok(octets)
}

/// In words of our own: those of the library may repeat what a peer wrote into its certificate.
fn fault_of(error: &(dyn Error + 'static)) -> Fault {
    let (mut cause, mut words) = (Some(error), "cannot be connected to");
    // Deeper than any of the libraries nests.
    for _ in 0..16 {
        let Some(error) = cause else { break };
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Fault::outage(match tls {
                rustls::Error::InvalidCertificate(_) => "shows no TLS certificate that is trusted for it",
                _ => "does not agree on TLS",
            });
        }
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            words = match io.kind() {
                std::io::ErrorKind::ConnectionRefused => "refuses the connection",
                std::io::ErrorKind::TimedOut => "did not answer in time",
                std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::UnexpectedEof => {
                    "ended the connection too early"
                }
                _ => words,
            };
        }
        if let Some(hyper) = error.downcast_ref::<hyper::Error>() {
            words = match hyper {
                hyper if hyper.is_incomplete_message() || hyper.is_closed() => "ended the connection too early",
                hyper if hyper.is_parse() => "does not speak HTTP",
                hyper if hyper.is_timeout() => "did not answer in time",
                _ => "ended the connection too early",
            };
        }
        // What an `io::Error` carries is not its source.
        let inner = error.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref());
        cause = inner.map(|inner| -> &(dyn Error + 'static) { inner }).or_else(|| error.source());
    }
    Fault::outage(words)
}
