//! What comes back from where revocation is asked.

use crate::memory::bounded;
use postseal::drive::{self, Keep};
use postseal::import::{Context, Outcome};
use postseal::revocation::{Crl, Mode, RevocationPolicy};
use postseal::verify::{Intermediates, Limits, TrustAnchors};
use postseal::{Certificate, Code, Engine, PerRoute, UnixTime};
use postseal_testkit::factory::{
    Authority, CertSpec, CrlSpec, Form, Key, OcspSpec, Person, Revoked, SignedMail, access_at, crl_at, crl_scope, der,
    distinguished_name, extension, ocsp_nocheck,
};
use postseal_testkit::{MemoryStore, ScriptedFetcher};
use std::sync::OnceLock;

const ALICE: &str = "alice@goal.example";
const LIST: &str = "http://ca.example/1.crl";
const RESPONDER: &str = "http://ocsp.ca.example/";
const NONCE: [u8; 32] = [7; 32];

/// What is said about Alice's certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Good,
    Revoked,
    Nothing,
}

/// What only its issuer can have made, with what it says.
struct Statement {
    name: &'static str,
    octets: Vec<u8>,
    says: Says,
}

struct World {
    anchors: TrustAnchors,
    /// A CA beside Alice's issuer, and its certificate for somebody with the root's name.
    intermediates: Vec<Certificate>,
    mail: Vec<u8>,
    crls: Vec<Statement>,
    responses: Vec<Statement>,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let root = Authority::root("Root", Key::P256(1));
        let alice = alice(&root);
        World {
            anchors: TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap(),
            intermediates: namesakes(&root),
            mail: SignedMail::new(&format!("Alice <{ALICE}>"), &alice).form(Form::OpaqueBer).build(),
            crls: crls(&root),
            responses: responses(&root, &alice),
        }
    })
}

fn alice(root: &Authority) -> Person {
    let mut spec = CertSpec::mailbox(ALICE, Key::P256(3));
    spec.overrides.extra_extensions = vec![crl_at(&[LIST]), access_at(&[RESPONDER], &[])];
    root.issue(&spec)
}

fn namesakes(root: &Authority) -> Vec<Certificate> {
    let beside = root.authority("Beside", Key::P256(7));
    let mut spec = CertSpec::mailbox("x@evil.example", Key::P256(6));
    spec.names.clear();
    spec.overrides.subject = Some(distinguished_name("Root", None));
    spec.overrides.extensions = Some(vec![extension("2.5.29.15", true, &der::named_bits(0x0200))]);
    let read = |der: &[u8]| Certificate::from_der(der, &Limits::default()).unwrap();
    vec![read(beside.der()), read(beside.issue(&spec).der())]
}

fn crls(root: &Authority) -> Vec<Statement> {
    let list = |name, says, entries, change: fn(&mut CrlSpec)| {
        let mut spec = CrlSpec::new(entries);
        change(&mut spec);
        Statement { name, octets: root.crl(&spec), says }
    };
    let other = Authority::root("Other", Key::P256(4));
    vec![
        list("good", Says::Good, vec![Revoked::new(1)], |_| {}),
        list("revoked", Says::Revoked, vec![Revoked::new(4096).because(1)], |_| {}),
        list("many", Says::Good, (1..200).map(Revoked::new).collect(), |_| {}),
        list("scoped", Says::Good, Vec::new(), |spec| spec.scope = Some(crl_scope(Some(LIST), &[]))),
        list("stale", Says::Nothing, Vec::new(), |spec| spec.next_update = Some("2026-05-02T00:00:00Z".to_owned())),
        list("forged", Says::Nothing, Vec::new(), |spec| spec.broken_signature = true),
        list("namesake", Says::Nothing, Vec::new(), |spec| {
            (spec.signed_by, spec.key_identifier) = (Some(Key::P256(6)), false);
        }),
        Statement { name: "other", octets: other.crl(&CrlSpec::new(Vec::new())), says: Says::Nothing },
    ]
}

fn responses(root: &Authority, alice: &Person) -> Vec<Statement> {
    let response = |name, says, spec: OcspSpec| Statement { name, octets: root.ocsp(alice, &spec), says };
    let mut speaker = CertSpec::mailbox("ocsp@goal.example", Key::P256(5));
    speaker.overrides.extra_extensions = vec![ocsp_nocheck()];
    let stale = OcspSpec { next_update: Some("2026-05-31T01:00:00Z".to_owned()), ..OcspSpec::good() };
    vec![
        response("good", Says::Good, OcspSpec::good()),
        response("by-key", Says::Good, OcspSpec { by_key: true, ..OcspSpec::good() }),
        response("revoked", Says::Revoked, OcspSpec::revoked(1)),
        response("unknown", Says::Nothing, OcspSpec::unknown()),
        response("stale", Says::Nothing, stale),
        response("delegated", Says::Nothing, OcspSpec { responder: Some(root.issue(&speaker)), ..OcspSpec::good() }),
        response("forged", Says::Nothing, OcspSpec { broken_signature: true, ..OcspSpec::good() }),
    ]
}

/// The seeds of a target, by name.
pub fn seeds(target: &str) -> Vec<(&'static str, &'static [u8])> {
    let statements = if target == "crl" { &world().crls } else { &world().responses };
    statements.iter().map(|statement| (statement.name, statement.octets.as_slice())).collect()
}

/// The lists of issuers that are not the root help nobody, and neither does what nobody signed.
pub fn crl(bytes: &[u8]) {
    let world = world();
    bounded(bytes.len(), BOUND, || judge_list(world, bytes));
}

/// The fetcher and the engine keep copies.
const BOUND: usize = 8;

fn judge_list(world: &World, bytes: &[u8]) {
    if let Ok(crl) = Crl::from_der(bytes, &Limits::default()) {
        assert_eq!(crl.is_empty(), crl.len() == 0);
    }
    let _ = Crl::read_all(bytes, &Limits::default());
    judge(world, &world.crls, bytes, &ScriptedFetcher::new().serves(LIST, bytes.to_vec()));
}

/// As [`crl`], for the online protocol.
pub fn ocsp(bytes: &[u8]) {
    let world = world();
    bounded(bytes.len(), BOUND, || {
        judge(world, &world.responses, bytes, &ScriptedFetcher::new().serves(RESPONDER, bytes.to_vec()));
    });
}

/// In the hard mode the mail is imported only for the signed part of something that says good, and is said to be revoked only
/// for that of something that says so.
fn judge(world: &World, statements: &[Statement], bytes: &[u8], fetcher: &ScriptedFetcher) {
    let mut policy = RevocationPolicy::default();
    (policy.mode, policy.fetch) = (Mode::Hard, true);
    let engine = Engine::new(world.anchors.clone())
        .with_intermediates(Intermediates::new(world.intermediates.clone()))
        .with_revocation(PerRoute::new(policy));
    let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    let operation = engine.import(&world.mail, Context::new(now).ocsp_nonce(NONCE));
    let store = MemoryStore::new();
    let report = drive::run(operation, &Keep::new(&store).fetching(fetcher), &(), &|| false).unwrap();
    let said = |says| {
        let signed = statements.iter().filter(|statement| statement.says == says);
        signed.map(|statement| signed_part(&statement.octets)).any(|part| contains(bytes, part))
    };
    if report.outcome == Outcome::Imported {
        assert!(said(Says::Good), "imported, but nobody said that it is good");
    }
    if report.error.is_some_and(|error| error.code() == Code::CertificateRevoked) {
        assert!(said(Says::Revoked), "revoked, but nobody said so");
    }
}

/// The largest part that begins as deep as a signature covers: the first element of the CertificateList, or of the
/// BasicOCSPResponse inside of the OCTET STRING.
fn signed_part(octets: &[u8]) -> &[u8] {
    let (_, list) = element(octets);
    let first = element(list);
    if octets[octets.len() - list.len()] == 0x30 {
        return first.0;
    }
    // OCSPResponse: after the status comes [0] { ResponseBytes { type, OCTET STRING { BasicOCSPResponse } } }.
    let (_, explicit) = element(&list[first.0.len()..]);
    let (_, response) = element(explicit);
    let (kind, _) = element(response);
    let (_, basic) = element(&response[kind.len()..]);
    let (_, inside) = element(basic);
    element(inside).0
}

/// The first element, whole, and what is in it. Only for what the factory made.
fn element(octets: &[u8]) -> (&[u8], &[u8]) {
    let (header, length) = match octets[1] {
        short if short < 0x80 => (2, usize::from(short)),
        long => {
            let count = usize::from(long & 0x7f);
            let digits = &octets[2..2 + count];
            (2 + count, digits.iter().fold(0, |value, digit| value << 8 | usize::from(*digit)))
        }
    };
    (&octets[..header + length], &octets[header..header + length])
}

fn contains(octets: &[u8], part: &[u8]) -> bool {
    octets.windows(part.len()).any(|window| window == part)
}
