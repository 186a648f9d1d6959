//! Writes the mails of `examples/mail` again: `cargo run -p postseal-testkit --example make-mail`.
#![allow(clippy::unwrap_used, reason = "a tool of the repository")]

use postseal_testkit::factory::{Authority, CertSpec, Form, Key, KeyPreference, KeyUse, SignedMail};
use std::fs;
use std::path::Path;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/mail");
    fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();

    let root = Authority::root("Example Root", Key::Rsa(0));
    let ca = root.authority("Example Mail CA", Key::Rsa(1));
    let person = |mailbox: &str, key, serial| {
        let mut spec = CertSpec::mailbox(mailbox, key);
        spec.serial = serial;
        spec
    };
    let alice = ca.issue(&person("alice@goal.example", Key::Rsa(2), 1001));
    let bob = ca.issue(&person("bob@goal.example", Key::Rsa(3), 1002));
    let carol = ca.issue(&person("carol@goal.example", Key::P256(7), 1003));
    let mut signs = person("dave@goal.example", Key::P256(8), 1004);
    signs.key_use = KeyUse::Sign;
    let mut decrypts = person("dave@goal.example", Key::Rsa(4), 1005);
    decrypts.key_use = KeyUse::Encrypt;
    let (dave, dave_encrypts) = (ca.issue(&signs), ca.issue(&decrypts));

    let detached = SignedMail::new("Alice <alice@goal.example>", &alice).with_authority(&ca).build();
    write("anchors.pem", root.pem().as_bytes());
    write("alice-detached.eml", &detached);
    write(
        "bob-opaque-ber.eml",
        &SignedMail::new("bob@goal.example", &bob).form(Form::OpaqueBer).with_authority(&ca).build(),
    );
    write("carol-ecdsa.eml", &SignedMail::new("Carol <carol@goal.example>", &carol).with_authority(&ca).build());
    let dave_mail = SignedMail::new("Dave <dave@goal.example>", &dave).with_authority(&ca);
    write("dave-two-certificates.eml", &dave_mail.prefers(&dave_encrypts, KeyPreference::Standard, true).build());
    let tampered = String::from_utf8(detached).unwrap().replace("this mail is signed", "this mail is changed");
    write("tampered.eml", tampered.as_bytes());
    write(
        "from-somebody-else.eml",
        &SignedMail::new("Mallory <mallory@goal.example>", &alice).with_authority(&ca).build(),
    );
}
