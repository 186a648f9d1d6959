//! A web server with TLS that answers each request as a test says.

use postseal_testkit::factory::{Authority, CertSpec, Key, KeyUse, Name};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What the server does once it has read a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Says this and ends as TLS asks.
    Say(Vec<u8>),
    /// Says this and ends without a word.
    Cut(Vec<u8>),
    /// Says this and leaves it at that.
    Hold(Vec<u8>),
    /// Says the first, then the second again and again, slowly.
    Drip(Vec<u8>, Vec<u8>),
    /// Says the first, then the second as often as it is taken.
    Flood(Vec<u8>, Vec<u8>),
    /// Ends at once.
    Close,
}

pub(crate) fn serves(body: &[u8]) -> Act {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    Act::Say([head.as_bytes(), body].concat())
}

pub(crate) fn root() -> Authority {
    Authority::root("TLS", Key::P256(50))
}

const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(crate) struct TlsServer {
    pub(crate) port: u16,
    stop: Arc<AtomicBool>,
    requests: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl TlsServer {
    pub(crate) fn start(act: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, requests, act) = (Arc::new(AtomicBool::new(false)), Arc::default(), Arc::new(act));
        let (stopped, seen, config) = (Arc::clone(&stop), Arc::clone(&requests), config());
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (config, seen, act) = (Arc::clone(&config), Arc::clone(&seen), Arc::clone(&act));
                thread::spawn(move || perform(stream, config, &seen, &*act));
            }
        });
        Self { port, stop, requests, thread: Some(thread) }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let woken = TcpStream::connect(("127.0.0.1", self.port)).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| woken) {
            let _ = thread.join();
        }
    }
}

fn config() -> Arc<ServerConfig> {
    let key = Key::P256(60);
    let mut spec = CertSpec::mailbox("www@pki.example", key);
    spec.names = vec![Name::Dns("pki.example".to_owned())];
    spec.key_use = KeyUse::Sign;
    spec.extended_key_usage = vec!["1.3.6.1.5.5.7.3.1".to_owned()];
    (spec.not_before, spec.not_after) = ("2025-01-01T00:00:00Z".to_owned(), "2045-01-01T00:00:00Z".to_owned());
    let certificate = CertificateDer::from(root().issue(&spec).der().to_vec());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.private_key()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap())
}

fn perform(stream: TcpStream, config: Arc<ServerConfig>, seen: &Mutex<Vec<String>>, act: &dyn Fn(&str) -> Act) {
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = stream.set_write_timeout(Some(PATIENCE));
    let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    let Some(request) = read_request(&mut stream) else { return };
    let act = act(&request);
    seen.lock().unwrap().push(request);
    let say = |stream: &mut StreamOwned<ServerConnection, TcpStream>, octets: &[u8]| {
        stream.write_all(octets).and_then(|()| stream.flush()).is_ok()
    };
    match act {
        Act::Close => return,
        Act::Cut(octets) => {
            say(&mut stream, &octets);
            return;
        }
        Act::Say(octets) => {
            say(&mut stream, &octets);
            stream.conn.send_close_notify();
            let _ = stream.flush();
            let _ = stream.sock.shutdown(std::net::Shutdown::Write);
        }
        Act::Hold(octets) => {
            say(&mut stream, &octets);
        }
        Act::Drip(first, rest) => {
            let mut goes_on = say(&mut stream, &first);
            while goes_on {
                thread::sleep(Duration::from_millis(50));
                goes_on = say(&mut stream, &rest);
            }
        }
        Act::Flood(first, rest) => {
            let mut goes_on = say(&mut stream, &first);
            while goes_on {
                goes_on = say(&mut stream, &rest);
            }
        }
    }
    let _ = stream.sock.read_to_end(&mut Vec::new());
}

fn read_request(stream: &mut impl Read) -> Option<String> {
    let (mut request, mut piece) = (Vec::new(), [0; 4_096]);
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut piece) {
            Ok(read @ 1..) => request.extend_from_slice(&piece[..read]),
            _ => return None,
        }
    }
    String::from_utf8(request).ok()
}

/// The address that `/find?mail=` was asked about.
pub(crate) fn mail_of(request: &str) -> String {
    let encoded = request.strip_prefix("GET /find?mail=").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    let (mut octets, mut rest) = (Vec::new(), encoded.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            octets.push(u8::from_str_radix(str::from_utf8(&after[..2]).unwrap(), 16).unwrap());
            rest = &after[2..];
        } else {
            octets.push(*first);
            rest = after;
        }
    }
    String::from_utf8(octets).unwrap()
}
