//! Servers for tests: one that breaks every rule, and real ones, which end with the test.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What the server does once it has read a request.
#[derive(Clone, Debug)]
pub(crate) enum Script {
    /// Says this and closes.
    Say(Vec<u8>),
    /// Says this and leaves it at that.
    Hold(Vec<u8>),
    /// Says the first at once and then the second, one octet now and then, for ever.
    Drip(Vec<u8>, Vec<u8>),
    /// Says the first and then the second as often as it is taken.
    Flood(Vec<u8>, Vec<u8>),
    /// Says this before it is asked, and leaves it at that.
    Greet(Vec<u8>),
    /// Closes without having read anything.
    Reset,
}

/// Longer than any test waits: a server that hangs on is a fault of the client's.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers every request by the same script.
#[derive(Debug)]
pub(crate) struct FaultServer {
    pub(crate) port: u16,
    stop: Arc<AtomicBool>,
    counts: Arc<Counts>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicUsize,
    written: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

impl FaultServer {
    pub(crate) fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, counts) = (Arc::new(AtomicBool::new(false)), Arc::new(Counts::default()));
        let (stopped, counting) = (Arc::clone(&stop), Arc::clone(&counts));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                counting.connections.fetch_add(1, Ordering::SeqCst);
                let (script, counting) = (script.clone(), Arc::clone(&counting));
                thread::spawn(move || perform(stream, &script, &counting));
            }
        });
        Self { port, stop, counts, thread: Some(thread) }
    }

    pub(crate) fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }

    /// Every request, as it came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.counts.requests.lock().unwrap().clone()
    }

    /// Octets that the client's side took off this server.
    pub(crate) fn written(&self) -> usize {
        self.counts.written.load(Ordering::SeqCst)
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes it from waiting for the next connection.
        let woken = TcpStream::connect(("127.0.0.1", self.port)).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| woken) {
            let _ = thread.join();
        }
    }
}

fn perform(mut stream: TcpStream, script: &Script, counts: &Counts) {
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = stream.set_write_timeout(Some(PATIENCE));
    let say = |stream: &mut TcpStream, octets: &[u8]| {
        stream.write_all(octets).map(|()| counts.written.fetch_add(octets.len(), Ordering::SeqCst)).is_ok()
    };
    if matches!(script, Script::Reset) {
        // With something unread the kernel answers with a reset.
        let _ = stream.peek(&mut [0]);
        return;
    }
    if !matches!(script, Script::Greet(_)) {
        let request = read_request(&mut stream);
        counts.requests.lock().unwrap().push(request);
    }
    match script {
        Script::Reset => {}
        Script::Say(octets) => {
            say(&mut stream, octets);
            let _ = stream.shutdown(Shutdown::Write);
        }
        Script::Hold(octets) | Script::Greet(octets) => {
            say(&mut stream, octets);
        }
        Script::Drip(first, rest) => {
            let mut goes_on = say(&mut stream, first);
            for octet in rest.iter().cycle() {
                goes_on = goes_on && say(&mut stream, &[*octet]);
                if !goes_on {
                    return;
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
        Script::Flood(first, rest) => {
            let mut goes_on = say(&mut stream, first);
            while goes_on {
                goes_on = say(&mut stream, rest);
            }
        }
    }
    // Until the client is done with it.
    let _ = stream.read_to_end(&mut Vec::new());
}

/// The head, and as much of a body as it announces.
fn read_request(stream: &mut TcpStream) -> String {
    let (mut request, mut piece) = (Vec::new(), [0; 4_096]);
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        request.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse::<usize>().ok());
        if request.len() >= head.len() + 4 + length.unwrap_or(0) {
            break;
        }
    }
    String::from_utf8_lossy(&request).into_owned()
}

/// A process that ends with the test, also when the test fails.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Runs a command that listens at a free port, which it is told by `arguments`, and waits until it has written `ready`, or
    /// else can be connected to. `None` when there is no such program.
    pub(crate) fn start(
        program: &str,
        folder: &Path,
        ready: Option<&str>,
        arguments: &dyn Fn(u16) -> Vec<String>,
    ) -> Option<Self> {
        for attempt in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let path = folder.join(format!("log-{attempt}-{port}"));
            let log = File::create(&path).unwrap();
            let mut command = Command::new(program);
            command.args(arguments(port)).current_dir(folder).stdin(Stdio::null());
            command.stdout(log.try_clone().unwrap()).stderr(log);
            let child = match command.spawn() {
                Ok(child) => child,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
                Err(error) => panic!("{program}: {error}"),
            };
            let mut server = Self { child, port };
            // Somebody else may have taken the port in between; then the program ends and another is tried.
            let is_ready = || match ready {
                Some(words) => fs::read_to_string(&path).is_ok_and(|log| log.contains(words)),
                None => TcpStream::connect(("127.0.0.1", port)).is_ok(),
            };
            if server.is_up(&is_ready) {
                return Some(server);
            }
        }
        panic!("{program} does not start; see {}", folder.display());
    }

    fn is_up(&mut self, is_ready: &dyn Fn() -> bool) -> bool {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return false;
            }
            if is_ready() {
                return true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Makes it stand still: the kernel goes on to accept connections for it, and nobody answers.
    pub(crate) fn pause(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-STOP", &id]).status().unwrap().success());
        // A thread that works at this moment goes on until the kernel next looks at it.
        let stands = |thread: fs::DirEntry| {
            let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('T'))
        };
        while !fs::read_dir(format!("/proc/{id}/task")).unwrap().all(|thread| stands(thread.unwrap())) {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
