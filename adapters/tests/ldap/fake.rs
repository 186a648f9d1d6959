//! A server that says what it is told to, whatever the rules are.

use postseal_testkit::factory::der::{octet_string, tlv};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub(crate) const BIND: u8 = 0x60;
pub(crate) const UNBIND: u8 = 0x42;
pub(crate) const SEARCH: u8 = 0x63;
pub(crate) const ABANDON: u8 = 0x50;
pub(crate) const EXTENDED: u8 = 0x77;

/// A request: on which connection, its number, its tag, and all of it. What is no LDAP has tag 0.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) connection: usize,
    pub(crate) id: u8,
    pub(crate) tag: u8,
    pub(crate) octets: Vec<u8>,
}

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Says this and waits for the next.
    Say(Vec<u8>),
    /// Says this and closes.
    Close(Vec<u8>),
    /// Says this, one octet now and then, again and again.
    Drip(Vec<u8>),
    /// Says this as often as it is taken.
    Flood(Vec<u8>),
}

pub(crate) type Handler = dyn Fn(&Request) -> Act + Send + Sync;

#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) port: u16,
    stop: Arc<AtomicBool>,
    seen: Arc<Seen>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Seen {
    connections: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
    written: AtomicUsize,
    requests: Mutex<Vec<Request>>,
}

impl Fake {
    pub(crate) fn start(handler: impl Fn(&Request) -> Act + Send + Sync + 'static) -> Self {
        Self::start_with(Arc::new(handler))
    }

    fn start_with(handler: Arc<Handler>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(Seen::default()));
        let (stopped, seeing) = (Arc::clone(&stop), Arc::clone(&seen));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let connection = seeing.connections.fetch_add(1, Ordering::SeqCst);
                let (handler, seeing) = (Arc::clone(&handler), Arc::clone(&seeing));
                thread::spawn(move || {
                    let open = seeing.open.fetch_add(1, Ordering::SeqCst) + 1;
                    seeing.most_open.fetch_max(open, Ordering::SeqCst);
                    serve(stream, connection, &*handler, &seeing);
                    seeing.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, stop, seen, thread: Some(thread) }
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn open(&self) -> usize {
        self.seen.open.load(Ordering::SeqCst)
    }

    pub(crate) fn most_open(&self) -> usize {
        self.seen.most_open.load(Ordering::SeqCst)
    }

    pub(crate) fn written(&self) -> usize {
        self.seen.written.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// Whether a request with this tag comes within a few seconds.
    pub(crate) fn sees(&self, tag: u8) -> bool {
        (0..100).any(|_| {
            thread::sleep(Duration::from_millis(50));
            self.requests().iter().any(|request| request.tag == tag)
        })
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let woken = TcpStream::connect(("127.0.0.1", self.port)).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| woken) {
            let _ = thread.join();
        }
    }
}

fn serve(mut stream: TcpStream, connection: usize, handler: &Handler, seen: &Seen) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
    let _ = stream.set_write_timeout(Some(Duration::from_secs(30)));
    let mut received = Vec::new();
    while let Some(mut request) = next(&mut stream, &mut received) {
        request.connection = connection;
        seen.requests.lock().unwrap().push(request.clone());
        if matches!(request.tag, UNBIND | ABANDON) {
            continue;
        }
        let mut say = |octets: &[u8]| {
            let is_said = stream.write_all(octets).is_ok();
            seen.written.fetch_add(octets.len(), Ordering::SeqCst);
            is_said
        };
        match handler(&request) {
            Act::Say(octets) => {
                say(&octets);
            }
            Act::Close(octets) => {
                say(&octets);
                let _ = stream.shutdown(Shutdown::Write);
                let _ = stream.read_to_end(&mut Vec::new());
                return;
            }
            Act::Drip(octets) => {
                for octet in octets.iter().cycle() {
                    if !say(&[*octet]) {
                        return;
                    }
                    thread::sleep(Duration::from_millis(20));
                }
            }
            Act::Flood(octets) => while say(&octets) {},
        }
    }
}

fn next(stream: &mut TcpStream, received: &mut Vec<u8>) -> Option<Request> {
    let mut piece = [0; 4_096];
    loop {
        if let Some((length, header)) = measure(received) {
            let octets: Vec<u8> = received.drain(..length).collect();
            return Some(Request { connection: 0, id: octets[header + 2], tag: octets[header + 3], octets });
        }
        if received.first().is_some_and(|first| *first != 0x30) {
            return Some(Request { connection: 0, id: 0, tag: 0, octets: core::mem::take(received) });
        }
        match stream.read(&mut piece) {
            Ok(read @ 1..) => received.extend_from_slice(&piece[..read]),
            _ => return None,
        }
    }
}

/// The length of a whole message and of its header. Tests send few enough requests for one octet of number.
fn measure(octets: &[u8]) -> Option<(usize, usize)> {
    let first = usize::from(*octets.get(1)?);
    let digits = first.saturating_sub(0x80);
    let length = octets.get(2..2 + digits)?.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
    let total = 2 + digits + if digits == 0 { first } else { length };
    (octets.first() == Some(&0x30) && octets.len() >= total).then_some((total, 2 + digits))
}

pub(crate) fn message(id: u8, op: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&tlv(2, &[&[id]]), op])
}

pub(crate) fn result(id: u8, tag: u8, code: u8, text: &str) -> Vec<u8> {
    message(id, &tlv(tag, &[&tlv(0x0a, &[&[code]]), &octet_string(b""), &octet_string(text.as_bytes())]))
}

pub(crate) fn done(id: u8, code: u8) -> Vec<u8> {
    result(id, 0x65, code, "")
}

pub(crate) fn entry(id: u8, attribute: &str, values: &[&[u8]]) -> Vec<u8> {
    let values: Vec<Vec<u8>> = values.iter().map(|value| octet_string(value)).collect();
    let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
    let attribute = tlv(0x30, &[&octet_string(attribute.as_bytes()), &tlv(0x31, &values)]);
    message(id, &tlv(0x64, &[&octet_string(b"cn=x"), &tlv(0x30, &[&attribute])]))
}

/// Answers every search with one certificate, and every bind with success.
pub(crate) fn good(request: &Request) -> Act {
    match request.tag {
        BIND => Act::Say(result(request.id, 0x61, 0, "")),
        EXTENDED => Act::Say(result(request.id, 0x78, 0, "")),
        _ => Act::Say([entry(request.id, "userCertificate;binary", &[b"0"]), done(request.id, 0)].concat()),
    }
}
