//! Between the store and its database: passes on so many octets, then cuts the line.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// Octets from the database that still pass; all connections together.
    left: Arc<AtomicUsize>,
    /// Those that did.
    passed: Arc<AtomicUsize>,
}

impl Proxy {
    pub(crate) fn before(database: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (left, passed) = (Arc::new(AtomicUsize::new(usize::MAX)), Arc::new(AtomicUsize::new(0)));
        let (seen_left, seen_passed) = (Arc::clone(&left), Arc::clone(&passed));
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let server = TcpStream::connect(("127.0.0.1", database)).unwrap();
                let (up_from, mut up_to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || {
                    let _ = std::io::copy(&mut &up_from, &mut up_to);
                    let _ = up_to.shutdown(Shutdown::Both);
                });
                let (left, passed) = (Arc::clone(&seen_left), Arc::clone(&seen_passed));
                thread::spawn(move || down(&server, &client, &left, &passed));
            }
        });
        Self { port, left, passed }
    }

    pub(crate) fn cut_after(&self, octets: usize) {
        self.passed.store(0, Ordering::SeqCst);
        self.left.store(octets, Ordering::SeqCst);
    }

    pub(crate) fn passed(&self) -> usize {
        self.passed.load(Ordering::SeqCst)
    }
}

fn down(mut server: &TcpStream, mut client: &TcpStream, left: &AtomicUsize, passed: &AtomicUsize) {
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = server.read(&mut piece) {
        let allowed = left.load(Ordering::SeqCst).min(read);
        left.fetch_sub(allowed, Ordering::SeqCst);
        passed.fetch_add(allowed, Ordering::SeqCst);
        if client.write_all(&piece[..allowed]).is_err() || allowed < read {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}
