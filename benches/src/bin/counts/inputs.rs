use postseal::Address;
use postseal_testkit::factory::{Authority, CertSpec, CrlSpec, Form, Key, Revoked, SignedMail};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const ADDRESS: &str = "alice@goal.example";

/// All worlds; a job reads them and makes nothing, for signing takes longer than what is counted.
pub struct Inputs(BTreeMap<String, World>);

/// A root, a CA, a person, and mail.
pub struct World {
    pub root: Vec<u8>,
    pub ca: Vec<u8>,
    pub person: Vec<u8>,
    pub crl: Vec<u8>,
    mails: BTreeMap<String, Vec<u8>>,
}

const MAILS: [&str; 6] = ["detached", "opaque", "ber", "altered", "primer", "plain"];

impl Inputs {
    pub fn read(folder: &Path) -> Self {
        let world = |name: &str| {
            let read = |file: &str| fs::read(folder.join(name).join(file)).unwrap();
            let mails = MAILS.iter().map(|mail| ((*mail).to_owned(), read(mail))).collect();
            let [root, ca, person, crl] = ["root", "ca", "person", "crl"].map(read);
            (name.to_owned(), World { root, ca, person, crl, mails })
        };
        Self(["rsa", "ec"].map(world).into())
    }

    pub fn world(&self, name: &str) -> &World {
        &self.0[name]
    }
}

impl World {
    pub fn mail(&self, name: &str) -> &[u8] {
        &self.mails[name]
    }

    pub fn address(&self) -> Address {
        Address::parse(ADDRESS).unwrap()
    }
}

/// The same files each time.
pub fn write(folder: &Path) {
    let rsa = [Key::Rsa(0), Key::Rsa(1), Key::Rsa(2), Key::Rsa(3)];
    let ec = [Key::P256(1), Key::P256(2), Key::P256(3), Key::P256(4)];
    for (name, keys) in [("rsa", rsa), ("ec", ec)] {
        write_world(&folder.join(name), keys);
    }
}

fn write_world(folder: &Path, [root, ca, person, other]: [Key; 4]) {
    fs::create_dir_all(folder).unwrap();
    let write = |name: &str, octets: &[u8]| fs::write(folder.join(name), octets).unwrap();
    let root = Authority::root("Root", root);
    let ca = root.authority("CA", ca);
    let issue = |address: &str, key, serial| ca.issue(&CertSpec { serial, ..CertSpec::mailbox(address, key) });
    let (alice, bob) = (issue(ADDRESS, person, 4096), issue("bob@goal.example", other, 4097));
    let body = b"The quick brown fox jumps over the lazy dog, and then once more.\r\n".repeat(30);
    let mail = |form| SignedMail::new(ADDRESS, &alice).with_authority(&ca).body(&body).form(form).build();
    let detached = mail(Form::Detached);
    let revoked = (0..1000).map(|number| Revoked::new(number * 7 + 1_000_000)).collect();
    write("root", root.pem().as_bytes());
    write("ca", ca.der());
    write("person", alice.der());
    write("crl", &ca.crl(&CrlSpec::new(revoked)));
    write("opaque", &mail(Form::Opaque));
    write("ber", &mail(Form::OpaqueBer));
    write("altered", &altered(&detached));
    write("detached", &detached);
    write("primer", &SignedMail::new("bob@goal.example", &bob).with_authority(&ca).body(&body).build());
    let head = b"From: eve@goal.example\r\nSubject: s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n";
    write("plain", &[head.as_slice(), &body].concat());
}

/// With another letter in the body: everything is read, and the digest does not fit.
fn altered(mail: &[u8]) -> Vec<u8> {
    let mut mail = mail.to_vec();
    let at = mail.windows(5).position(|window| window == b"quick").unwrap();
    mail[at] = b'Q';
    mail
}
