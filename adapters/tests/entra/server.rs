//! An HTTP/1.1 server on loopback, with TLS under a root of its own, that answers as it is told or breaks every rule.

use postseal_testkit::factory::{Authority, CertSpec, Key, KeyUse, Name};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query, as they came.
    pub(crate) target: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut named = self.fields.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        let first = named.next().map(|(_, value)| value.as_str());
        assert!(named.next().is_none(), "{name} twice");
        first
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Answer {
        status: u16,
        fields: Vec<(String, String)>,
        body: Vec<u8>,
    },
    /// These octets, then the end.
    Raw(Vec<u8>),
    /// These octets, then one now and then, for ever.
    Drip(Vec<u8>),
    /// These octets, then more as fast as they are taken.
    Flood(Vec<u8>),
    /// An answer after a while.
    Slow(Duration, Box<Self>),
    /// Nothing at all.
    Silence,
}

pub(crate) fn json(status: u16, body: &serde_json::Value) -> Reply {
    with_fields(status, &[], body)
}

pub(crate) fn with_fields(status: u16, fields: &[(&str, &str)], body: &serde_json::Value) -> Reply {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut fields: Vec<_> = fields.iter().map(own).collect();
    fields.push(("Content-Type".to_owned(), "application/json;odata.metadata=minimal;charset=utf-8".to_owned()));
    Reply::Answer { status, fields, body: body.to_string().into_bytes() }
}

/// The root that the fakes' certificates are issued by.
pub(crate) fn tls_root() -> Authority {
    Authority::root("TLS", Key::P256(50))
}

/// A server certificate with this name, by this root.
pub(crate) fn tls_for(root: &Authority, host: &str) -> Arc<ServerConfig> {
    let key = Key::P256(60);
    let mut spec = CertSpec::mailbox("www@goal.example", key);
    spec.names = vec![Name::Dns(host.to_owned())];
    spec.key_use = KeyUse::Sign;
    spec.extended_key_usage = vec!["1.3.6.1.5.5.7.3.1".to_owned()];
    (spec.not_before, spec.not_after) = ("2025-01-01T00:00:00Z".to_owned(), "2045-01-01T00:00:00Z".to_owned());
    let chain = vec![CertificateDer::from(root.issue(&spec).der().to_vec())];
    let key = PrivateKeyDer::Pkcs8(key.private_key().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap())
}

/// Serves until the tests end; the port.
pub(crate) fn serve(
    tls: Option<Arc<ServerConfig>>,
    handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let handler = Arc::new(handler);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (tls, handler) = (tls.clone(), Arc::clone(&handler));
            let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
            thread::spawn(move || match tls {
                Some(tls) => {
                    let connection = ServerConnection::new(tls).unwrap();
                    converse(&mut StreamOwned::new(connection, stream), &*handler);
                }
                None => converse(&mut { stream }, &*handler),
            });
        }
    });
    port
}

/// Nobody listens here.
pub(crate) fn dead_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Accepts connections and says nothing.
pub(crate) fn black_hole() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let kept: Vec<TcpStream> = listener.incoming().flatten().collect();
        drop(kept);
    });
    port
}

fn converse(wire: &mut (impl Read + Write), handler: &dyn Fn(&Request) -> Reply) {
    let mut ahead = Vec::new();
    while let Some(request) = read(wire, &mut ahead) {
        if perform(wire, handler(&request)).is_none() {
            let _ = wire.flush();
            return;
        }
    }
}

/// `None` when the connection is to end.
fn perform(wire: &mut (impl Read + Write), reply: Reply) -> Option<()> {
    match reply {
        Reply::Answer { status, fields, body } => {
            let mut head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n", body.len());
            fields.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
            head.push_str("\r\n");
            wire.write_all(&[head.as_bytes(), &body].concat()).and_then(|()| wire.flush()).ok()
        }
        Reply::Raw(octets) => {
            wire.write_all(&octets).ok()?;
            None
        }
        Reply::Drip(first) => {
            wire.write_all(&first).and_then(|()| wire.flush()).ok()?;
            loop {
                thread::sleep(Duration::from_millis(20));
                wire.write_all(b" ").and_then(|()| wire.flush()).ok()?;
            }
        }
        Reply::Flood(first) => {
            wire.write_all(&first).ok()?;
            loop {
                wire.write_all(&[b' '; 16 << 10]).ok()?;
            }
        }
        Reply::Slow(how_long, reply) => {
            thread::sleep(how_long);
            perform(wire, *reply)
        }
        Reply::Silence => {
            let _ = wire.read(&mut [0]);
            None
        }
    }
}

fn read(wire: &mut impl Read, ahead: &mut Vec<u8>) -> Option<Request> {
    loop {
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Request::new(&mut fields);
        if let httparse::Status::Complete(end) = parsed.parse(ahead).unwrap() {
            let fields: Vec<(String, String)> = parsed
                .headers
                .iter()
                .map(|field| (field.name.to_owned(), String::from_utf8(field.value.to_vec()).unwrap()))
                .collect();
            let (method, target) = (parsed.method.unwrap().to_owned(), parsed.path.unwrap().to_owned());
            let mut request = Request { method, target, fields, body: Vec::new() };
            let length = request.field("content-length").map_or(0, |length| length.parse().unwrap());
            while ahead.len() < end + length {
                more(wire, ahead)?;
            }
            request.body = ahead[end..end + length].to_vec();
            ahead.drain(..end + length);
            return Some(request);
        }
        more(wire, ahead)?;
    }
}

fn more(wire: &mut impl Read, ahead: &mut Vec<u8>) -> Option<()> {
    let mut piece = [0; 4_096];
    let read = wire.read(&mut piece).ok().filter(|read| *read > 0)?;
    ahead.extend_from_slice(&piece[..read]);
    Some(())
}
