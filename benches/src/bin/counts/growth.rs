//! The same work with so many and twice as many of something: instructions must not grow much more than that.

use crate::{count, import};
use postseal::import::Outcome;
use postseal::verify::{Limits, TrustAnchors};
use postseal_benches::{Crypto, engine, now};
use postseal_testkit::MemoryStore;
use postseal_testkit::factory::{Authority, CertSpec, Form, Key, Name, SignedMail, attribute, der};

/// What grows, how many there are the first time, and a mail with so many.
type Kind = (&'static str, usize, fn(usize) -> Vec<u8>);

/// Large enough that what grows is most of the work.
pub(crate) const KINDS: [Kind; 11] = [
    ("headers", 4_000, |n| with_header(&"X-Field: value\r\n".repeat(n))),
    ("folded-lines", 4_000, |n| with_header(&format!("X-Long: begin\r\n{}", " folded\r\n".repeat(n)))),
    ("comments", 8_000, |n| signed(|mail| mail, &format!("{}Alice <alice@goal.example>", "(a) ".repeat(n)))),
    ("display-name", 32_000, |n| signed(|mail| mail, &format!("\"{}\" <alice@goal.example>", "a".repeat(n)))),
    ("parts", 2_000, parts),
    ("lines", 16_000, |n| signed(|mail| mail.body("a line\r\n".repeat(n).as_bytes()), FROM)),
    ("segments", 256, |n| signed(|mail| mail.form(Form::OpaqueBer).body(&vec![b'a'; n << 10]), FROM)),
    ("attributes", 1_000, |n| signed(|mail| with_attributes(mail, n), FROM)),
    ("certificates", 200, |n| signed(|mail| with_certificates(mail, n), FROM)),
    ("names", 2_000, |n| of(&spec(|spec| spec.names.extend((0..n).map(other_name))))),
    ("key-purposes", 2_000, |n| of(&spec(|spec| spec.extended_key_usage.extend((0..n).map(other_purpose))))),
];

const FROM: &str = "Alice <alice@goal.example>";

fn root() -> Authority {
    Authority::root("Root", Key::Ed25519(1))
}

fn spec(change: impl Fn(&mut CertSpec)) -> CertSpec {
    let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(1));
    change(&mut spec);
    spec
}

fn other_name(number: usize) -> Name {
    Name::Rfc822(format!("a{number}@goal.example").into_bytes())
}

fn other_purpose(number: usize) -> String {
    format!("1.3.6.1.4.1.99999.{number}")
}

fn of(spec: &CertSpec) -> Vec<u8> {
    SignedMail::new(FROM, &root().issue(spec)).build()
}

fn signed(change: impl Fn(SignedMail) -> SignedMail, from: &str) -> Vec<u8> {
    change(SignedMail::new(from, &root().issue(&spec(|_| ())))).build()
}

fn with_header(lines: &str) -> Vec<u8> {
    [lines.as_bytes(), &signed(|mail| mail, FROM)].concat()
}

/// A signed text that has so many parts itself.
fn parts(n: usize) -> Vec<u8> {
    let part = "--inner\r\nContent-Type: text/plain\r\n\r\ntext\r\n".repeat(n);
    let entity = format!("Content-Type: multipart/mixed; boundary=inner\r\n\r\n{part}--inner--\r\n");
    signed(|mail| mail.entity(entity.as_bytes()), FROM)
}

fn with_attributes(mail: SignedMail, n: usize) -> SignedMail {
    let one = |number: usize| attribute(&format!("1.3.6.1.4.1.99999.{number}"), &der::null());
    (0..n).fold(mail, |mail, number| mail.extra_attribute(&one(number)))
}

fn with_certificates(mail: SignedMail, n: usize) -> SignedMail {
    let root = root();
    let one = |serial: usize| {
        let spec = CertSpec::mailbox("alice@goal.example", Key::Ed25519(2));
        root.issue(&CertSpec { serial: u64::try_from(serial + 10_000).unwrap(), ..spec })
    };
    (0..n).fold(mail, |mail, number| mail.with_certificate(one(number).der()))
}

/// All limits so wide that only the work counts.
fn wide() -> Limits {
    let mut limits = Limits::default();
    limits.header_bytes <<= 10;
    limits.header_field_bytes <<= 10;
    limits.header_fields <<= 10;
    limits.mime_parts <<= 10;
    limits.certificates <<= 10;
    limits.certificate_bytes <<= 10;
    limits.names <<= 10;
    limits.attributes <<= 10;
    limits.attribute_bytes <<= 10;
    limits
}

/// Imports the mail, and looks at it.
pub(crate) fn run(name: &str) {
    let (kind, number) = name.rsplit_once('-').expect("KIND-NUMBER");
    let (.., mail) = KINDS.iter().find(|(known, ..)| *known == kind).expect("a kind of `counts growth`");
    let mail = mail(number.parse().unwrap());
    let anchors = || TrustAnchors::from_pem(root().pem().as_bytes(), &Limits::default()).unwrap();
    let prepare = || (engine(Crypto::default(), anchors()).with_limits(wide()), MemoryStore::new());
    count(prepare, |(engine, store)| {
        import(&engine, &store, &mail, Outcome::Imported);
        let looked = engine.inspect(&mail, now());
        (engine, store, looked)
    });
}
