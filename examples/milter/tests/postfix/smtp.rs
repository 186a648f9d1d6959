//! SMTP, as little as a client and a last server need.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Who sends, as Postfix is to believe it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Client {
    /// Somebody in the world.
    Outside,
    /// Somebody of ours, who authenticated himself.
    Ours,
}

/// Hands a mail to the server at this port, or says the line that refuses it.
pub(crate) fn send(port: u16, client: Client, from: &str, to: &[&str], mail: &[u8]) -> std::result::Result<(), String> {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    let mut say = |octets: &[u8]| {
        stream.write_all(octets).unwrap();
        answer(&mut lines)
    };
    let who: &[u8] = match client {
        Client::Outside => b"XCLIENT ADDR=192.0.2.7 LOGIN=[UNAVAILABLE]\r\n",
        Client::Ours => b"XCLIENT ADDR=127.0.0.1 LOGIN=bob\r\n",
    };
    say(b"")?;
    say(b"EHLO client.example\r\n")?;
    say(who)?;
    say(b"EHLO client.example\r\n")?;
    say(format!("MAIL FROM:<{from}>\r\n").as_bytes())?;
    for to in to {
        say(format!("RCPT TO:<{to}>\r\n").as_bytes())?;
    }
    say(b"DATA\r\n")?;
    let mut data = Vec::with_capacity(mail.len() + 1_000);
    for line in mail.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b".") {
            data.push(b'.');
        }
        data.extend_from_slice(line);
    }
    data.extend_from_slice(b".\r\n");
    say(&data)?;
    let _ = say(b"QUIT\r\n");
    Ok(())
}

fn answer(lines: &mut impl BufRead) -> std::result::Result<(), String> {
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).unwrap_or(0) == 0 {
            return Err("the server hung up".to_owned());
        }
        if line.as_bytes().get(3) == Some(&b'-') {
            continue;
        }
        return if line.starts_with(['2', '3']) { Ok(()) } else { Err(line.trim_end().to_owned()) };
    }
}

/// A mail where it ends.
#[derive(Clone, Debug)]
pub(crate) struct Delivered {
    pub(crate) to: Vec<String>,
    pub(crate) mail: Vec<u8>,
}

/// The last server: it keeps what it gets.
pub(crate) struct Sink {
    pub(crate) port: u16,
    mails: Arc<Mutex<Vec<Delivered>>>,
}

impl Sink {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, mails) = (listener.local_addr().unwrap().port(), Arc::<Mutex<Vec<Delivered>>>::default());
        let keep = Arc::clone(&mails);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let keep = Arc::clone(&keep);
                std::thread::spawn(move || take(&stream.unwrap(), &keep));
            }
        });
        Self { port, mails }
    }

    /// The next mail to this recipient; it is taken out.
    pub(crate) fn next(&self, to: &str) -> Delivered {
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            let mut mails = self.mails.lock().unwrap();
            if let Some(place) = mails.iter().position(|mail| mail.to.iter().any(|one| one == to)) {
                return mails.remove(place);
            }
            drop(mails);
            sleep(Duration::from_millis(20));
        }
        panic!("no mail came to {to}");
    }

    /// All that is there; it is taken out.
    pub(crate) fn drain(&self) -> Vec<Delivered> {
        std::mem::take(&mut self.mails.lock().unwrap())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.mails.lock().unwrap().is_empty()
    }
}

fn take(stream: &TcpStream, keep: &Mutex<Vec<Delivered>>) -> Result<()> {
    let (mut lines, mut writer) = (BufReader::new(stream), stream);
    writer.write_all(b"220 sink.example\r\n")?;
    let mut to = Vec::new();
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let reply: &[u8] = match verb.as_str() {
            "EHLO" => b"250-sink.example\r\n250-SIZE\r\n250 8BITMIME\r\n",
            "RCPT" => {
                to.push(line.split(['<', '>']).nth(1).unwrap_or_default().to_owned());
                b"250 2.1.5 ok\r\n"
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n")?;
                keep.lock().unwrap().push(Delivered { to: std::mem::take(&mut to), mail: data(&mut lines)? });
                b"250 2.0.0 ok\r\n"
            }
            "QUIT" => return writer.write_all(b"221 2.0.0 bye\r\n"),
            _ => b"250 2.0.0 ok\r\n",
        };
        writer.write_all(reply)?;
    }
}

fn data(lines: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut mail = Vec::new();
    loop {
        let mut line = Vec::new();
        lines.read_until(b'\n', &mut line)?;
        if line.is_empty() || line == b".\r\n" {
            return Ok(mail);
        }
        mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
