//! Writes the mails of `examples/mail` again: `cargo run -p postseal-testkit --example make-mail`.
#![allow(clippy::unwrap_used, reason = "a tool of the repository")]

use postseal_testkit::factory::{
    Authority, AuthoritySpec, CertSpec, Form, Key, KeyPreference, KeyUse, Person, SignedMail,
};
use std::fs;
use std::path::Path;

/// The CAs and the people, all valid from 2026 to 2036.
struct World {
    root: Authority,
    ca: Authority,
}

impl World {
    fn new() -> Self {
        let root = Authority::self_signed(&AuthoritySpec::new("Example Root", Key::Rsa(0)));
        let mut ca = AuthoritySpec::new("Example Mail CA", Key::Rsa(1));
        ca.serial = 2;
        ca.path_length = Some(0);
        Self { ca: root.subordinate(&ca), root }
    }

    fn person(&self, mailbox: &str, key: Key, serial: u64, key_use: KeyUse) -> Person {
        self.ca.issue(&CertSpec { serial, key_use, ..CertSpec::mailbox(mailbox, key) })
    }

    fn mail(&self, from: &str, signer: &Person) -> SignedMail {
        SignedMail::new(from, signer).with_authority(&self.ca)
    }
}

fn main() {
    let world = World::new();
    let both = KeyUse::SignAndEncrypt;
    let alice = world.person("alice@goal.example", Key::Rsa(2), 1001, both);
    let bob = world.person("bob@goal.example", Key::Rsa(3), 1002, both);
    let carol = world.person("carol@goal.example", Key::P256(7), 1003, both);
    let dave = world.person("dave@goal.example", Key::P256(8), 1004, KeyUse::Sign);
    let dave_decrypts = world.person("dave@goal.example", Key::Rsa(4), 1005, KeyUse::Encrypt);

    let from_alice = world.mail("Alice <alice@goal.example>", &alice).rsa_encryption().build();
    let tampered =
        String::from_utf8(from_alice.clone()).unwrap().replace("this mail is signed", "this mail is changed");
    let from_dave = world.mail("Dave <dave@goal.example>", &dave);
    let files = [
        ("anchors.pem", world.root.pem().into_bytes()),
        ("alice-detached.eml", from_alice),
        ("bob-opaque-ber.eml", world.mail("bob@goal.example", &bob).form(Form::OpaqueBer).build()),
        ("carol-ecdsa.eml", world.mail("Carol <carol@goal.example>", &carol).build()),
        ("dave-two-certificates.eml", from_dave.prefers(&dave_decrypts, KeyPreference::Standard, true).build()),
        ("eve-wrong-from.eml", world.mail("Eve <eve@goal.example>", &alice).build()),
        ("tampered-body.eml", tampered.into_bytes()),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/mail");
    fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
}
