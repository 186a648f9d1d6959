//! One value of a directory, in any form.

use crate::memory::bounded;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postseal::directory::{Directories, DirectoryId, DirectoryReply, DirectoryResolver};
use postseal::drive::{self, Lookup};
use postseal::query::{ResolveDirectory, Unavailable};
use postseal::resolve::Context;
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Certificate, Engine, Fingerprint, PerRoute};
use postseal_adapters::directory::decode;
use postseal_testkit::factory::{Authority, CertSpec, Form, Key, KeyPreference, KeyUse, Person, SignedMail, pem};
use postseal_testkit::{MemoryStore, Recorder};
use std::sync::{Arc, OnceLock};

struct World {
    engine: Engine,
    alice: Address,
    root: Authority,
    signer: Person,
    encryption: Person,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let root = Authority::root("Root", Key::P256(1));
        let issue = |key, key_use, serial| {
            root.issue(&CertSpec { key_use, serial, ..CertSpec::mailbox("alice@goal.example", key) })
        };
        let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
        World {
            engine: Engine::new(anchors).with_directories(PerRoute::new(Directories::new().ask(DirectoryId::new("d")))),
            alice: Address::parse("alice@goal.example").unwrap(),
            signer: issue(Key::P256(2), KeyUse::Sign, 7),
            encryption: issue(Key::P256(3), KeyUse::Encrypt, 8),
            root,
        }
    })
}

/// Values in every form.
pub fn seeds() -> Vec<Vec<u8>> {
    let world = world();
    let signed = SignedMail::new("alice@goal.example", &world.signer)
        .form(Form::OpaqueBer)
        .with_authority(&world.root)
        .with_certificate(world.encryption.der())
        .prefers(&world.encryption, KeyPreference::Standard, false)
        .cms();
    let der = world.encryption.der();
    let element = |tag: u16, data: &[u8]| {
        let length = u16::try_from(data.len() + 4).unwrap();
        [tag.to_le_bytes().as_slice(), &length.to_le_bytes(), data].concat()
    };
    let objects = [der.to_vec(), signed, world.signer.der().to_vec()];
    let forms = |object: &Vec<u8>| {
        vec![
            object.clone(),
            STANDARD.encode(object).into_bytes(),
            STANDARD.encode(STANDARD.encode(object)).into_bytes(),
            pem(object).into_bytes(),
            format!("{}{}", pem(object), world.root.pem()).into_bytes(),
            pem(object).replace("CERTIFICATE", "PKCS7").into_bytes(),
            object.iter().map(|octet| format!("{octet:02X}")).collect::<String>().into_bytes(),
            format!("{object:?}").into_bytes(),
            [element(1, &[1, 0, 0, 0]), element(3, object), element(8, world.signer.der())].concat(),
        ]
    };
    objects.iter().flat_map(forms).collect()
}

/// Little comes out; base64 around it changes nothing; and nobody is encrypted to but with the certificate that may be.
pub fn directory_value(bytes: &[u8]) {
    let world = world();
    // Pieces of pieces, and once more in base64.
    bounded(bytes.len(), 64, || lend(world, bytes));
}

fn lend(world: &World, bytes: &[u8]) {
    let limits = Limits::default();
    let lent = decode(bytes, &world.alice, &limits).len();
    assert!(lent <= 2 * limits.candidates_read());
    assert!(lent > 0 || bytes.len() > 20, "what is there is not an empty answer");
    if bytes.iter().any(|octet| *octet == 6) && bytes.len() < 40_000 {
        let encoded = STANDARD.encode(bytes);
        assert_eq!(decode(encoded.as_bytes(), &world.alice, &limits).len(), lent, "in base64");
    }
    let only: Fingerprint = Certificate::from_der(world.encryption.der(), &limits).unwrap().fingerprint();
    let context = Context::new(crate::now(), Arc::new(Recorder::default()));
    let resolve = world.engine.resolve(vec![world.alice.clone()], Vec::new(), context).unwrap();
    let (store, value) = (MemoryStore::new(), Value(bytes));
    let lookup = Lookup::new(&store).directory(DirectoryId::new("d"), &value);
    let resolution = drive::run(resolve, &lookup, &(), &|| false).unwrap();
    let report = resolution.reports().next().unwrap();
    // Whatever is changed in the signature of the certificate makes it another one, and is noticed.
    assert!(report.found.iter().all(|found| found.fingerprint == only), "{:?}", report.found);
}

#[derive(Debug)]
struct Value<'a>(&'a [u8]);

impl DirectoryResolver for Value<'_> {
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        let lend = |about| DirectoryReply::Found(decode(self.0, about, &Limits::default()));
        Ok(query.addresses.iter().map(lend).collect())
    }
}
