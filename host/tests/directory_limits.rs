//! The limits of the configuration hold for what directories send.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code")]

use postseal::Address;
use postseal::directory::{DirectoryId, DirectoryReply};
use postseal::query::ResolveDirectory;
use postseal::store::Tenant;
use postseal_host::Configuration;
use postseal_testkit::factory::der::{octet_string, tlv};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

/// An LDAP server that has nine values for everybody; its port.
fn nine_values() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // The number of the first request is 1.
            if !stream.read(&mut [0; 4_096]).is_ok_and(|read| read > 0) {
                continue;
            }
            let message = |op: &[u8]| tlv(0x30, &[&tlv(2, &[&[1]]), op]);
            let values: Vec<Vec<u8>> = (0..9).map(|number| octet_string(&[0x30, 1, number])).collect();
            let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
            let attribute = tlv(0x30, &[&octet_string(b"userCertificate"), &tlv(0x31, &values)]);
            let entry = message(&tlv(0x64, &[&octet_string(b"cn=x"), &tlv(0x30, &[&attribute])]));
            let done = message(&tlv(0x65, &[&tlv(0x0a, &[&[0]]), &octet_string(b""), &octet_string(b"")]));
            stream.write_all(&[entry, done].concat()).unwrap();
        }
    });
    port
}

#[test]
fn a_directory_reads_no_more_certificates_than_the_file_lets_it() {
    let asked = |limits: &str| {
        let text = format!(
            "{limits}[directory.staff]\nkind = \"ldap\"\nservers = [\"127.0.0.1:{}\"]\ntransport = \"plain\"",
            nine_values()
        );
        let directory = Configuration::parse(&text, "".as_ref()).unwrap().directory("staff").unwrap();
        let alice = Address::parse("alice@goal.example").unwrap();
        let query = ResolveDirectory::new(Tenant::default(), DirectoryId::new("staff"), vec![alice]);
        directory.resolve(&query).unwrap().remove(0)
    };
    assert!(matches!(asked(""), DirectoryReply::Found(lent) if lent.len() == 9));
    // Eight times as many are read as are judged.
    assert!(matches!(asked("[limits]\ncandidates = 1\n"), DirectoryReply::Partial(..)));
}
