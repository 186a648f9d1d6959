//! Somebody between the directory and its name server, who changes the answers about SMIMEA records and aliases.

use hickory_resolver::proto::op::{Edns, Message, OpCode, Query};
use hickory_resolver::proto::rr::rdata::{CNAME, SOA};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use std::net::UdpSocket;
use std::thread;

/// What is done to an answer about this name.
pub(crate) type Forge = Box<dyn Fn(&str, &mut Message) + Send>;

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

pub(crate) fn soa(zone: &str) -> Record {
    let data = SOA::new(name("ns.example."), name("admin.example."), 1, 3600, 600, 86400, 60);
    Record::from_rdata(name(zone), 60, RData::SOA(data))
}

pub(crate) fn alias(from: &str, to: &str) -> Record {
    Record::from_rdata(name(from), 60, RData::CNAME(CNAME(name(to))))
}

/// What the server really says, with the signatures.
pub(crate) fn ask(server: u16, about: &str, kind: RecordType) -> Vec<Record> {
    let (mut question, mut edns) = (Message::query(), Edns::new());
    edns.enable_dnssec();
    question.set_edns(edns).add_query(Query::query(name(about), kind));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(&question.to_vec().unwrap(), ("127.0.0.1", server)).unwrap();
    let mut octets = [0; 4096];
    let read = socket.recv(&mut octets).unwrap();
    Message::from_vec(&octets[..read]).unwrap().answers
}

/// The same under another name.
pub(crate) fn renamed(records: &[Record], to: &str) -> Vec<Record> {
    let mut records = records.to_vec();
    records.iter_mut().for_each(|record| record.name = name(to));
    records
}

/// Its port. It changes true answers, or puts others in their place; all other questions go through.
pub(crate) fn serve(server: u16, forge: Forge, is_true: bool) -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut octets = [0; 4096];
        while let Ok((read, peer)) = socket.recv_from(&mut octets) {
            let behind = UdpSocket::bind("127.0.0.1:0").unwrap();
            behind.send_to(&octets[..read], ("127.0.0.1", server)).unwrap();
            let question = Message::from_vec(&octets[..read]).unwrap();
            let read = behind.recv(&mut octets).unwrap();
            let query = question.queries[0].clone();
            let about = query.name().to_ascii();
            let is_theirs = matches!(query.query_type(), RecordType::SMIMEA | RecordType::CNAME);
            if !is_theirs || !about.ends_with("._smimecert.goal.example.") {
                socket.send_to(&octets[..read], peer).unwrap();
                continue;
            }
            let mut answer = if is_true {
                Message::from_vec(&octets[..read]).unwrap()
            } else {
                let mut answer = Message::response(question.id, OpCode::Query);
                answer.add_query(query);
                answer
            };
            forge(&about, &mut answer);
            socket.send_to(&answer.to_vec().unwrap(), peer).unwrap();
        }
    });
    port
}
