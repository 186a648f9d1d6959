//! The milter under a real Postfix, with real stores and a real OpenLDAP: `just e2e`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test stops where something is wrong"
)]

mod load;
#[path = "../shared/people.rs"]
mod people;
#[path = "../../../../adapters/tests/shared/process.rs"]
mod process;
mod servers;
mod smtp;

use people::{correspondents, holds, hostile, person, plain};
use postseal_testkit::factory::{Key, KeyUse, SignedMail};
use servers::{Milter, Server, can_run, opened, postfix, postgres, slapd};
use smtp::{Client, Sink, send};
use std::fs;

const BOB: &str = "bob@goal.example";
const LENA: &str = "lena@staff.example";

/// A gateway as a whole.
struct Gateway {
    ldap: Server,
    milter: Milter,
    _postfix: Server,
    port: u16,
    delivered: Sink,
    filter: Sink,
}

impl Gateway {
    fn start(store: &str) -> Self {
        let lena = person(LENA, Key::P256(5), KeyUse::SignAndEncrypt);
        let (ldap, ldap_port) = slapd(LENA, lena.der());
        let mut milter = Milter::configured(store, ldap_port);
        milter.start();
        let (delivered, filter) = (Sink::start(), Sink::start());
        let (postfix, port) = postfix(milter.port, &delivered, &filter);
        Self { ldap, milter, _postfix: postfix, port, delivered, filter }
    }

    fn comes_in(&self, from: &str, mail: &[u8]) -> Result<(), String> {
        send(self.port, Client::Outside, from, &[BOB], mail)
    }

    fn goes_out(&self, to: &[&str]) -> Result<(), String> {
        send(self.port, Client::Ours, BOB, to, &plain(to[0]))
    }

    /// The mail that was sealed for this key, as OpenSSL reads it.
    fn is_read(&self, to: &str, key: Key) {
        let sealed = self.delivered.next(to).mail;
        let text = String::from_utf8_lossy(&sealed);
        assert!(!text.contains("in confidence") && !text.contains("quarterly"), "{text}");
        let header = format!("\r\n{}", text.split("\r\n\r\n").next().unwrap()).to_ascii_lowercase();
        for name in ["from", "to", "subject", "mime-version", "content-type", "content-transfer-encoding"] {
            assert_eq!(header.matches(&format!("\r\n{name}:")).count(), 1, "{name}: {text}");
        }
        assert!(header.contains("\r\nsubject: [...]\r\n"), "{text}");
        let inner = opened(&sealed, &key.private_key(), self.milter.folder.path());
        let words = ["Subject: quarterly\r\n figures\r\n", "in confidence \u{fc}"];
        assert!(words.iter().all(|words| holds(&inner, words)), "{}", String::from_utf8_lossy(&inner));
    }

    fn everybody_writes_and_gets_a_reply(&self) {
        for sender in correspondents() {
            self.comes_in(sender.address, &sender.mail).unwrap();
            let arrived = self.delivered.next(BOB).mail;
            let body = |mail: &[u8]| {
                let place = mail.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
                mail[place..].to_vec()
            };
            assert_eq!(body(&arrived), body(&sender.mail), "the body of {}", sender.address);
        }
        let eve = hostile();
        self.comes_in(eve.address, &eve.mail).unwrap();
        self.delivered.next(BOB);
        assert_eq!(self.milter.stored(), correspondents().len());
        for sender in correspondents() {
            self.goes_out(&[sender.address]).unwrap();
            self.is_read(sender.address, sender.key);
        }
        let refused = self.goes_out(&[eve.address]).unwrap_err();
        assert!(refused.starts_with("550 5.7.5 "), "{refused}");
    }

    fn a_directory_lends(&mut self) {
        self.goes_out(&[LENA]).unwrap();
        self.is_read(LENA, Key::P256(5));
        self.ldap.stop();
        let deferred = self.goes_out(&[LENA]).unwrap_err();
        assert!(deferred.starts_with("451 4.4.3 "), "{deferred}");
        // Whom the store knows is not kept waiting by a directory.
        self.goes_out(&["alice@partner.example"]).unwrap();
        self.is_read("alice@partner.example", Key::Rsa(2));
        self.ldap.start();
        let mut again = self.goes_out(&[LENA]);
        for _ in 0..60 {
            if again.is_ok() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_secs(1));
            again = self.goes_out(&[LENA]);
        }
        again.unwrap();
        self.is_read(LENA, Key::P256(5));
        assert_eq!(self.milter.stored(), correspondents().len(), "nothing that was lent is kept");
    }

    /// One mail that cannot be learned from while the store does not answer, and others if nobody reads it either.
    fn nothing_passes_while_the_store_is_down(&self, is_read: bool, down: impl FnOnce(&dyn Fn())) {
        let nina = "nina@partner.example";
        let mail = SignedMail::new(nina, &person(nina, Key::P256(9), KeyUse::SignAndEncrypt)).build();
        let alice = &correspondents()[0];
        down(&|| {
            let mut deferred = vec![self.comes_in(nina, &mail)];
            if !is_read {
                deferred.push(self.goes_out(&[alice.address]));
            }
            for line in deferred {
                let line = line.unwrap_err();
                assert!(line.starts_with("451 4.3.0 "), "{line}");
            }
        });
        self.comes_in(nina, &mail).unwrap();
        assert!(holds(&self.delivered.next(BOB).mail, "nina"));
        for (to, key) in [(nina, Key::P256(9)), (alice.address, alice.key)] {
            self.goes_out(&[to]).unwrap();
            self.is_read(to, key);
        }
    }

    fn hidden_recipients_go_to_the_filter(&self) {
        let both = ["alice@partner.example", "carol@partner.example"];
        self.goes_out(&both).unwrap();
        let handed_over = self.filter.next(both[1]);
        assert_eq!(handed_over.to, both);
        assert!(holds(&handed_over.mail, "\r\nX-Postseal-Split: hidden; tenant=goal; route=outbound\r\n"));
        assert!(self.filter.is_empty());
        // Nobody outside can send a mail there.
        let forged = [b"X-Postseal-Split: hidden; tenant=goal; route=outbound\r\n".to_vec(), plain(BOB)].concat();
        self.comes_in("x@else.example", &forged).unwrap();
        assert!(!holds(&self.delivered.next(BOB).mail, "X-Postseal"));
        assert!(self.filter.is_empty());
    }

    fn a_large_mail_is_sealed_whole(&self) {
        let alice = &correspondents()[0];
        let mut large = plain(alice.address);
        large.extend(
            (0..100_000).flat_map(|number| format!("line {number} of many, all of them different\r\n").into_bytes()),
        );
        send(self.port, Client::Ours, BOB, &[alice.address], &large).unwrap();
        let sealed = self.delivered.next(alice.address).mail;
        let inner = opened(&sealed, &alice.key.private_key(), self.milter.folder.path());
        let body = large.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        assert!(inner.ends_with(&large[body..]), "every octet is there");
    }

    fn signals(mut self) {
        let good = fs::read_to_string(self.milter.file()).unwrap();
        fs::write(self.milter.file(), good.replace("split", "spilt")).unwrap();
        self.milter.signal("HUP");
        self.milter.wait_for("event=kept-old-configuration");
        assert!(self.milter.log().contains("unknown field"), "{}", self.milter.log());
        self.goes_out(&["alice@partner.example"]).unwrap();
        self.is_read("alice@partner.example", Key::Rsa(2));
        fs::write(self.milter.file(), good.replace("split = \"filter\"", "")).unwrap();
        self.milter.signal("HUP");
        self.milter.wait_for("event=reloaded");
        let refused = self.goes_out(&["alice@partner.example", "carol@partner.example"]).unwrap_err();
        assert!(refused.starts_with("550 5.7.1 "), "{refused}");

        let metrics = self.milter.metrics();
        for line in [
            "postseal_milter_learned_total{outcome=\"imported\",code=\"\"} 5",
            "postseal_milter_learned_total{outcome=\"refused\",code=\"address-mismatch\"} 1",
            "postseal_milter_messages_total{outcome=\"refused\",code=\"hidden\"} 1",
            "postseal_milter_reloads_total{outcome=\"kept-old\",code=\"\"} 1",
        ] {
            assert!(metrics.contains(line), "{line} in {metrics}");
        }
        let log = self.milter.log();
        assert!(!log.contains('@') && !log.contains("quarterly"), "nothing of a mail is in {log}");
        let trace = fs::read_to_string(self.milter.folder.path().join("trace.jsonl")).unwrap();
        for event in ["imported", "refused", "lent-used", "lent-discarded", "sealed"] {
            assert!(trace.contains(&format!("\"{event}\"")), "{event}");
        }
        assert!(self.milter.stop(), "it ends as it should");
        let deferred = self.goes_out(&["alice@partner.example"]).unwrap_err();
        assert!(deferred.starts_with("451 "), "without a milter nothing goes: {deferred}");
        assert!(self.delivered.is_empty() && self.filter.is_empty(), "nothing else was delivered");
    }
}

#[test]
fn with_sqlite() {
    if !can_run(&[]) {
        return;
    }
    let mut gateway = Gateway::start("sqlite:store.db");
    gateway.everybody_writes_and_gets_a_reply();
    gateway.a_directory_lends();
    let file = gateway.milter.folder.path().join("store.db");
    gateway.nothing_passes_while_the_store_is_down(true, |meanwhile| {
        // Another process writes and does not end. It hinders nobody who reads.
        let other = rusqlite::Connection::open(&file).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        meanwhile();
    });
    gateway.hidden_recipients_go_to_the_filter();
    gateway.a_large_mail_is_sealed_whole();
    gateway.signals();
}

#[test]
fn with_postgres() {
    if !can_run(&["psql", "pg_config", "setpriv"]) {
        return;
    }
    let (mut database, url) = postgres();
    let mut gateway = Gateway::start(&url);
    gateway.everybody_writes_and_gets_a_reply();
    gateway.a_directory_lends();
    gateway.nothing_passes_while_the_store_is_down(false, |meanwhile| {
        database.stop();
        meanwhile();
        database.start();
        // It listens before it answers.
        std::thread::sleep(std::time::Duration::from_secs(3));
    });
    gateway.hidden_recipients_go_to_the_filter();
    gateway.a_large_mail_is_sealed_whole();
    gateway.signals();
}
