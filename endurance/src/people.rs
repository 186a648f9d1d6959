use postseal::verify::{Limits, TrustAnchors};
use postseal::{Engine, UnixTime};
use postseal_testkit::factory::{Authority, CertSpec, Key, Person, SignedMail};

/// A CA and its customers, the same in every process.
pub(crate) struct People {
    pub(crate) root: Authority,
}

impl People {
    pub(crate) fn new() -> Self {
        Self { root: Authority::root("Endurance Root", Key::P256(1)) }
    }

    pub(crate) fn engine(&self) -> Engine {
        Engine::new(TrustAnchors::from_pem(self.root.pem().as_bytes(), &Limits::default()).unwrap())
    }

    /// A certificate of its own for each number.
    pub(crate) fn person(&self, mailbox: &str, number: u64) -> Person {
        let mut spec = CertSpec::mailbox(mailbox, Key::P256(10 + number % 64));
        (spec.subject, spec.serial) = (format!("Person {number}"), number + 1);
        self.root.issue(&spec)
    }

    pub(crate) fn mail(&self, mailbox: &str, number: u64) -> Vec<u8> {
        SignedMail::new(mailbox, &self.person(mailbox, number)).build()
    }
}

pub(crate) fn now() -> UnixTime {
    UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap()
}
