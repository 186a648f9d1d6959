//! What valgrind counts: `counts prepare FOLDER` writes the inputs, `counts list` names the jobs, `counts run JOB
//! FOLDER` does one. `counts growth` names what may grow, `counts grow KIND-NUMBER` works on so many of it.
//!
//! Each job runs once before it counts, so that tables that are made once do not; then once more inside of
//! [`measured_part`], where `scripts/instruction-counts` lets callgrind collect. Everything random is seeded. Bodies
//! have 2 KB: valgrind shows a program no SHA extensions and no AVX-512, and digests of large bodies would count for
//! what they are not.

mod growth;
mod inputs;

use inputs::{Inputs, World};
use postseal::import::{Context, Outcome};
use postseal::revocation::{self, Crl};
use postseal::seal::{ContentEncryption, KeyTransportRule};
use postseal::verify::{Limits, Profile, TrustAnchors};
use postseal::{Certificate, Engine};
use postseal_benches::{Crypto, SealTo, engine, now, policy};
use postseal_testkit::{MemoryStore, SeededRandom};
use std::hint::black_box;
use std::path::Path;

/// How a job is done: with what it has to prepare beforehand, which is not counted.
type Job = fn(&Inputs);

const JOBS: [(&str, Job); 19] = [
    ("certificate-rsa", |inputs| certificate(inputs.world("rsa"))),
    ("certificate-ec", |inputs| certificate(inputs.world("ec"))),
    ("import-rsa-detached-full", |inputs| import_full(inputs.world("rsa"), "detached", Outcome::Imported)),
    ("import-rsa-detached-warm", |inputs| import_warm(inputs.world("rsa"))),
    ("import-rsa-detached-hot", |inputs| import_hot(inputs.world("rsa"))),
    ("import-rsa-detached-altered", |inputs| import_full(inputs.world("rsa"), "altered", Outcome::Refused)),
    ("import-rsa-opaque-full", |inputs| import_full(inputs.world("rsa"), "opaque", Outcome::Imported)),
    ("import-rsa-ber-full", |inputs| import_full(inputs.world("rsa"), "ber", Outcome::Imported)),
    ("import-ec-detached-full", |inputs| import_full(inputs.world("ec"), "detached", Outcome::Imported)),
    ("import-ec-detached-warm", |inputs| import_warm(inputs.world("ec"))),
    ("import-ec-detached-hot", |inputs| import_hot(inputs.world("ec"))),
    ("import-ec-detached-altered", |inputs| import_full(inputs.world("ec"), "altered", Outcome::Refused)),
    ("path-rsa", |inputs| path(inputs.world("rsa"))),
    ("path-ec", |inputs| path(inputs.world("ec"))),
    ("revoked-rsa", |inputs| revoked(inputs.world("rsa"))),
    ("resolve-rsa", |inputs| resolve(inputs.world("rsa"))),
    ("seal-rsa-cbc-v15", |inputs| seal(inputs.world("rsa"), ContentEncryption::Aes256Cbc, KeyTransportRule::Pkcs1)),
    ("seal-rsa-gcm-oaep", |inputs| {
        seal(inputs.world("rsa"), ContentEncryption::Aes256Gcm, KeyTransportRule::OaepSha256)
    }),
    ("seal-ec-gcm", |inputs| seal(inputs.world("ec"), ContentEncryption::Aes256Gcm, KeyTransportRule::Pkcs1)),
];

/// Where callgrind collects.
#[inline(never)]
fn measured_part(work: &mut dyn FnMut()) {
    work();
    black_box(());
}

/// Twice, and the second time is counted.
fn count<T, R>(mut prepare: impl FnMut() -> T, mut work: impl FnMut(T) -> R) {
    drop(work(prepare()));
    let (mut prepared, mut result) = (Some(prepare()), None);
    measured_part(&mut || result = prepared.take().map(&mut work));
    black_box(result);
}

fn fresh(world: &World) -> Engine {
    let anchors = TrustAnchors::from_pem(&world.root, &Limits::default()).unwrap();
    engine(Crypto::default(), anchors)
}

fn parsed(der: &[u8]) -> Certificate {
    Certificate::from_der(der, &Limits::default()).unwrap()
}

fn import(engine: &Engine, store: &MemoryStore, mail: &[u8], outcome: Outcome) {
    let report = engine.import_mail(mail, Context::new(now()), store, &()).unwrap();
    assert_eq!(report.outcome, outcome, "{:?}", report.error);
}

fn certificate(world: &World) {
    count(|| (), |()| parsed(black_box(&world.person)));
}

/// Nothing is known but the anchors.
fn import_full(world: &World, mail: &str, outcome: Outcome) {
    let mail = world.mail(mail);
    let prepare = || (fresh(world), MemoryStore::new());
    count(prepare, |(engine, store)| {
        import(&engine, &store, mail, outcome);
        (engine, store)
    });
}

/// Somebody else's mail came by way of the same CA.
fn import_warm(world: &World) {
    let prepare = || {
        let engine = fresh(world);
        import(&engine, &MemoryStore::new(), world.mail("primer"), Outcome::Imported);
        (engine, MemoryStore::new())
    };
    count(prepare, |(engine, store)| {
        import(&engine, &store, world.mail("detached"), Outcome::Imported);
        (engine, store)
    });
}

/// This sender's mail came before.
fn import_hot(world: &World) {
    let (engine, store) = (fresh(world), MemoryStore::new());
    import(&engine, &store, world.mail("detached"), Outcome::Imported);
    count(|| (), |()| import(&engine, &store, world.mail("detached"), Outcome::AlreadyKnown));
}

/// From the leaf's DER; the CA is parsed, and nothing is remembered.
fn path(world: &World) {
    let pool = [parsed(&world.ca)];
    count(|| fresh(world), |engine| engine.find_path(&parsed(&world.person), &pool, now()).unwrap());
}

/// In a list with a thousand entries, whose signature was checked before.
fn revoked(world: &World) {
    let limits = Limits::default();
    let path = fresh(world).find_path(&parsed(&world.person), &[parsed(&world.ca)], now()).unwrap();
    let lists = [Crl::from_der(&world.crl, &limits).unwrap()];
    count(|| (), |()| revocation::check_path(&path, &lists, &[], Profile::Default, &limits, now()));
}

fn seal_to(world: &World) -> SealTo {
    let anchors = TrustAnchors::from_pem(&world.root, &Limits::default()).unwrap();
    let lent = vec![(world.address(), world.person.clone())];
    SealTo::new(Crypto::default(), anchors, std::slice::from_ref(&world.ca), lent)
}

fn resolve(world: &World) {
    let to = seal_to(world);
    count(|| (), |()| to.resolve(1, policy(ContentEncryption::Aes256Cbc, KeyTransportRule::Pkcs1)));
}

fn seal(world: &World, content: ContentEncryption, key_transport: KeyTransportRule) {
    let to = seal_to(world);
    let prepare = || to.resolve(1, policy(content, key_transport));
    count(prepare, |found| found.seal(world.mail("plain"), &mut SeededRandom::new(7)).unwrap());
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["prepare", folder] => inputs::write(Path::new(folder)),
        ["list"] => JOBS.iter().for_each(|(name, _)| println!("{name}")),
        ["growth"] => growth::KINDS.iter().for_each(|(kind, n, _)| println!("{kind} {n}")),
        ["grow", name] => growth::run(name),
        ["run", wanted, folder] => {
            let (_, job) = JOBS.iter().find(|(name, _)| *name == wanted).expect("a job of `counts list`");
            job(&Inputs::read(Path::new(folder)));
        }
        _ => panic!("counts prepare FOLDER | list | run JOB FOLDER"),
    }
}
