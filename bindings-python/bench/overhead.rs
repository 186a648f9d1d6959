//! The Rust half of `overhead.py`: writes what both halves work with, then takes orders from it on standard input.
//!
//! `overhead FOLDER` writes `mail.eml` (50 KB, signed), `plain.eml` (50 KB) and `postseal.toml` into the folder, and then answers
//! each line `import COUNT` or `seal COUNT` with the seconds that so many took.
#![allow(clippy::unwrap_used, reason = "a tool of the repository")]

use postseal::{Address, UnixTime, import, resolve};
use postseal_host::{Configuration, Host};
use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
use std::path::Path;
use std::time::Instant;
use std::{env, fs, io};

const NOW: i64 = 1_780_272_000;
const ALICE: &str = "alice@goal.example";

fn write(folder: &Path) {
    let root = Authority::root("Root", Key::Rsa(0));
    let alice = root.issue(&CertSpec::mailbox(ALICE, Key::Rsa(2)));
    let text = "A line of a mail that has fifty thousand octets, more or less.\r\n".repeat(800);
    let signed = SignedMail::new(ALICE, &alice).body(text.as_bytes()).build();
    fs::write(folder.join("root.pem"), root.pem()).unwrap();
    fs::write(folder.join("mail.eml"), signed).unwrap();
    fs::write(folder.join("plain.eml"), format!("From: {ALICE}\r\nSubject: hello\r\n\r\n{text}")).unwrap();
    let configuration = "trust = [\"root.pem\"]\nimport = true\nstore = \"sqlite:store.db\"\n";
    fs::write(folder.join("postseal.toml"), configuration).unwrap();
}

fn import(host: &Host, mail: &[u8]) -> &'static str {
    let context = import::Context::new(UnixTime::from_seconds(NOW));
    host.import_mail(mail, context, &|| false).unwrap().outcome.name()
}

fn seal(host: &Host, mail: &[u8]) {
    let context = resolve::Context::new(UnixTime::from_seconds(NOW), host.tracer().clone());
    let alice = Address::parse(ALICE).unwrap();
    host.encrypt_mail(mail, vec![alice], Vec::new(), context, &|| false).unwrap();
}

fn main() {
    let folder = env::args().nth(1).unwrap();
    let folder = Path::new(&folder);
    write(folder);
    let host = Configuration::read(&folder.join("postseal.toml")).unwrap().host().unwrap();
    let (mail, plain) = (fs::read(folder.join("mail.eml")).unwrap(), fs::read(folder.join("plain.eml")).unwrap());
    println!("{}", import(&host, &mail));
    for order in io::stdin().lines() {
        let order = order.unwrap();
        let (what, count) = order.split_once(' ').unwrap();
        let start = Instant::now();
        for _ in 0..count.parse::<u32>().unwrap() {
            if what == "import" {
                import(&host, &mail);
            } else {
                seal(&host, &plain);
            }
        }
        println!("{}", start.elapsed().as_secs_f64());
    }
}
