//! The directory conformance suite, for every source; and any address at all.

use crate::microsoft::{Microsoft, base64};
use crate::server::{dead_port, tls_root};
use crate::world::{PROPERTY, ask, contacts, invoke, preview, property};
use postseal::Address;
use postseal_adapters::directory::entra::{Cloud, EntraCredential, EntraDirectory, EntraSource};
use postseal_testkit::conformance::{self, Listed};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// A tenant that lists these, several certificates of an address in one object.
fn filled(listed: &[Listed], kind: &'static str, member: &str) -> Microsoft {
    let microsoft = Microsoft::start();
    let mut people: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for one in listed {
        people.entry(one.address.as_str().to_owned()).or_default().push(base64(&one.der));
    }
    for (address, values) in people {
        microsoft.add(kind, &address, member, json!(values));
    }
    microsoft
}

fn down(source: EntraSource) -> EntraDirectory {
    let [login, graph, exchange] = [(); 3].map(|()| format!("https://localhost:{}", dead_port()));
    let cloud = Cloud::at(&login, &graph, &exchange).unwrap();
    let directory = EntraDirectory::new("goal.example", EntraCredential::client_secret("app", "s")).unwrap();
    directory.with_cloud(cloud).with_tls_roots(tls_root().pem().as_bytes()).unwrap().with_source(source)
}

fn conforms(kind: &'static str, member: &str, source: &EntraSource) {
    let kept: Mutex<Vec<Microsoft>> = Mutex::default();
    conformance::directory(
        &|listed| {
            let microsoft = filled(listed, kind, member);
            let directory = microsoft.directory().with_source(source.clone());
            kept.lock().unwrap().push(microsoft);
            Box::new(directory)
        },
        &|| Box::new(down(source.clone())),
    );
    for microsoft in kept.lock().unwrap().iter() {
        assert_eq!(microsoft.violations(), Vec::<String>::new());
    }
}

#[test]
fn mailboxes_of_the_preview_conform() {
    conforms("Get-Mailbox", "UserCertificate", &preview());
}

#[test]
fn recipients_of_the_command_conform() {
    conforms("Get-MailContact", "UserSMimeCertificate", &invoke());
}

#[test]
fn contacts_of_a_mailbox_conform() {
    conforms("mailbox", "BinaryArray 0x3A70", &contacts());
}

#[test]
fn properties_of_users_conform() {
    conforms("users", PROPERTY, &property());
}

/// Pseudo-random, the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// Whatever an address is made of, exactly that one is found: not the one that differs in a single character.
// hardening: P8
#[test]
fn any_address_finds_itself_and_nobody_else() {
    let pieces = [
        "'", "''", "+", "%", "%27", "%2B", "#", "&", "=", "/", "?", "ü", "日", "o", "a", "{x}", "$", "!", "*", "~",
        "`", "|",
    ];
    let mut dice = Dice(7);
    let mut addresses: Vec<String> = Vec::new();
    while addresses.len() < 120 {
        let local: String = (0..=dice.roll(8)).map(|_| pieces[dice.roll(pieces.len())]).collect();
        let local = if addresses.len().is_multiple_of(10) { format!("\"{local} ' or (x eq '\"") } else { local };
        let address = format!("{local}@goal.example");
        let is_new = addresses.iter().all(|other| !other.eq_ignore_ascii_case(&address));
        if Address::parse(&address).is_ok_and(|parsed| parsed.as_str() == address) && is_new {
            addresses.push(address);
        }
    }
    let (listed, strangers) = addresses.split_at(60);
    let all: Vec<&str> = addresses.iter().map(String::as_str).collect();
    for (kind, member, source) in [
        ("users", PROPERTY, property()),
        ("mailbox", "BinaryArray 0x3A70", contacts()),
        ("Get-Mailbox", "UserCertificate", preview()),
    ] {
        let microsoft = Microsoft::start();
        for (number, address) in listed.iter().enumerate() {
            // Each has as many certificates as tell it apart from its neighbours.
            microsoft.add(kind, address, member, json!(vec![base64(&[0x30, 0]); number % 7 + 1]));
        }
        let found = ask(&microsoft.directory().with_source(source), &all);
        let expected = (0..listed.len()).map(|number| (number % 7 + 1).to_string());
        let expected: Vec<String> = expected.chain(strangers.iter().map(|_| "none".to_owned())).collect();
        for ((address, found), expected) in addresses.iter().zip(&found).zip(&expected) {
            assert_eq!(found, expected, "{kind} {address}");
        }
        assert_eq!(microsoft.violations(), Vec::<String>::new());
    }
}
