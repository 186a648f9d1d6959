//! The other side of the milter protocol: what an MTA says for a mail, and what it makes of the answers.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A mail with its envelope, as a client hands it to the MTA.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    pub(crate) login: Option<&'static str>,
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) mail: Vec<u8>,
}

impl Submission {
    pub(crate) fn new(from: &str, to: &[&str], mail: impl Into<Vec<u8>>) -> Self {
        Self { login: None, from: from.into(), to: to.iter().map(|one| (*one).into()).collect(), mail: mail.into() }
    }

    pub(crate) const fn login(mut self) -> Self {
        self.login = Some("somebody");
        self
    }

    /// Every packet, from the first to the end of the mail.
    pub(crate) fn packets(&self) -> Vec<Vec<u8>> {
        let mut packets = begin();
        packets.extend(self.of_the_mail());
        packets
    }

    pub(crate) fn of_the_mail(&self) -> Vec<Vec<u8>> {
        let mut macros = b"DMi\x004F00D\0".to_vec();
        if let Some(login) = self.login {
            macros.extend_from_slice(&[b"{auth_authen}\0", login.as_bytes(), b"\0"].concat());
        }
        let mut packets = vec![packet(&macros), packet(format!("M<{}>\0SIZE=1\0", self.from).as_bytes())];
        packets.extend(self.to.iter().map(|to| packet(format!("R<{to}>\0").as_bytes())));
        let (fields, body) = read(&self.mail);
        for (name, value) in fields {
            packets.push(packet(&[b"L", name.as_slice(), b"\0", &value, b"\0"].concat()));
        }
        packets.push(packet(b"N"));
        packets.extend(body.chunks(65_535).map(|part| packet(&[b"B", part].concat())));
        packets.push(packet(b"E"));
        packets
    }
}

pub(crate) fn begin() -> Vec<Vec<u8>> {
    let negotiation = packet(b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff");
    vec![
        negotiation,
        packet(b"DCj\0mx.example\0{client_addr}\x00192.0.2.1\0"),
        packet(b"Cclient.example\x004\x04\xd2192.0.2.1\0"),
    ]
}

pub(crate) fn packet(data: &[u8]) -> Vec<u8> {
    [&u32::try_from(data.len()).unwrap().to_be_bytes(), data].concat()
}

/// A name and a value.
type Field = (Vec<u8>, Vec<u8>);

/// Fields as the protocol tells them: the value with its space, folded with LF.
pub(crate) fn read(mail: &[u8]) -> (Vec<Field>, &[u8]) {
    let mut fields: Vec<Field> = Vec::new();
    let mut rest = mail;
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        let (line, after) = (&rest[..end], &rest[end + 2..]);
        rest = after;
        match (line.first(), fields.last_mut()) {
            (None, _) => break,
            (Some(b' ' | b'\t'), Some((_, value))) => value.extend_from_slice(&[b"\n", line].concat()),
            _ => {
                let colon = line.iter().position(|octet| *octet == b':').unwrap();
                fields.push((line[..colon].to_vec(), line[colon + 1..].to_vec()));
            }
        }
    }
    (fields, rest)
}

/// A connection to the milter.
pub(crate) struct Mta(TcpStream);

impl Mta {
    pub(crate) fn raw(milter: SocketAddr) -> Self {
        let stream = TcpStream::connect(milter).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    pub(crate) fn connect(milter: SocketAddr) -> Self {
        let mut mta = Self::raw(milter);
        for packet in begin() {
            mta.ask(&packet);
        }
        mta
    }

    pub(crate) fn write(&mut self, octets: &[u8]) {
        self.0.write_all(octets).unwrap();
    }

    /// A letter and its data; `None` when the milter hung up.
    pub(crate) fn reply(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut length = [0; 4];
        self.0.read_exact(&mut length).ok()?;
        let mut data = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
        self.0.read_exact(&mut data).ok()?;
        Some((data[0], data[1..].to_vec()))
    }

    /// Sends a packet; its answer, where one is due.
    pub(crate) fn ask(&mut self, packet: &[u8]) -> Option<(u8, Vec<u8>)> {
        self.write(packet);
        if packet[4] == b'D' { None } else { Some(self.reply().expect("an answer")) }
    }

    /// The mail as it goes on, or the line of SMTP that refuses it.
    pub(crate) fn send(&mut self, submission: &Submission) -> Result<Vec<u8>, String> {
        let packets = submission.of_the_mail();
        let (last, before) = packets.split_last().unwrap();
        for packet in before {
            match self.ask(packet) {
                None | Some((b'c', _)) => {}
                Some((b'y', line)) => return Err(text(&line)),
                other => panic!("{other:?}"),
            }
        }
        let (mut fields, body) = read(&submission.mail);
        let (mut body, mut new_body) = (body.to_vec(), None);
        self.write(last);
        loop {
            match self.reply().expect("an answer") {
                (b'c', _) => break,
                (b'y', line) => return Err(text(&line)),
                (b'h', data) => fields.push(strings(&data)),
                (b'm', data) => {
                    change(&mut fields, u32::from_be_bytes(data[..4].try_into().unwrap()), strings(&data[4..]))
                }
                (b'b', part) => new_body.get_or_insert_with(Vec::new).extend_from_slice(&part),
                other => panic!("{other:?}"),
            }
        }
        if let Some(new) = new_body {
            body = new;
        }
        let mut mail = Vec::new();
        for (name, value) in fields {
            let value = String::from_utf8_lossy(&value).replace('\n', "\r\n");
            mail.extend_from_slice(&[&name, b":".as_slice(), value.as_bytes(), b"\r\n"].concat());
        }
        Ok([mail, b"\r\n".to_vec(), body].concat())
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8(line.strip_suffix(b"\0").unwrap().to_vec()).unwrap()
}

fn strings(data: &[u8]) -> Field {
    let mut strings = data.split(|octet| *octet == 0);
    (strings.next().unwrap().to_vec(), strings.next().unwrap().to_vec())
}

fn change(fields: &mut Vec<Field>, number: u32, (name, value): Field) {
    let mut places = (0..fields.len()).filter(|place| fields[*place].0.eq_ignore_ascii_case(&name));
    let place = places.nth(usize::try_from(number).unwrap().strict_sub(1)).unwrap();
    if value.is_empty() {
        fields.remove(place);
    } else {
        fields[place].1 = value;
    }
}
