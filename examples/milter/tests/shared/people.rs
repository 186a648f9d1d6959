//! People, their certificates, and their mail.

use postseal_testkit::factory::{Authority, CertSpec, Form, Key, KeyPreference, KeyUse, Person, SignedMail};

pub(crate) fn root() -> Authority {
    Authority::root("Root", Key::P256(1))
}

/// Whoever writes from outside: a name, a key that opens, and a signed mail.
pub(crate) struct Correspondent {
    pub(crate) address: &'static str,
    pub(crate) key: Key,
    pub(crate) mail: Vec<u8>,
}

pub(crate) fn person(address: &str, key: Key, key_use: KeyUse) -> Person {
    root().issue(&CertSpec { key_use, ..CertSpec::mailbox(address, key) })
}

/// RSA, EC, BER as a stream, and two certificates. All write to bob@goal.example.
pub(crate) fn correspondents() -> Vec<Correspondent> {
    let both = KeyUse::SignAndEncrypt;
    let mail = |address: &str, signer: &Person| SignedMail::new(address, signer).header("To: bob@goal.example");
    let one = |address: &'static str, key, form| {
        let mail = mail(address, &person(address, key, both)).form(form).build();
        Correspondent { address, key, mail }
    };
    let dave = "dave@partner.example";
    let signs = person(dave, Key::P256(8), KeyUse::Sign);
    let opens =
        root().issue(&CertSpec { serial: 99, key_use: KeyUse::Encrypt, ..CertSpec::mailbox(dave, Key::Rsa(4)) });
    let dave_writes = mail(dave, &signs).prefers(&opens, KeyPreference::Standard, true).build();
    vec![
        one("alice@partner.example", Key::Rsa(2), Form::Detached),
        one("carol@partner.example", Key::P256(7), Form::Detached),
        one("bert@partner.example", Key::Rsa(3), Form::OpaqueBer),
        Correspondent { address: dave, key: Key::Rsa(4), mail: dave_writes },
    ]
}

/// Eve signs with her own certificate and says that she is Mallory.
pub(crate) fn hostile() -> Correspondent {
    let mail =
        SignedMail::new("mallory@partner.example", &person("eve@partner.example", Key::Rsa(5), KeyUse::SignAndEncrypt));
    Correspondent {
        address: "mallory@partner.example",
        key: Key::Rsa(5),
        mail: mail.header("To: bob@goal.example").build(),
    }
}

/// A mail to these, in plain text.
pub(crate) fn plain(to: &str) -> Vec<u8> {
    format!(
        "From: Bob <bob@goal.example>\r\nTo: {to}\r\nSubject: quarterly\r\n figures\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nin confidence \u{fc}\r\n"
    )
    .into_bytes()
}

pub(crate) fn holds(octets: &[u8], text: &str) -> bool {
    octets.windows(text.len()).any(|window| window == text.as_bytes())
}
