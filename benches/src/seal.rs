//! Sealing: the same content for the same recipients, encrypted and in lines of base64. Certificates are fresh for every
//! message and made outside of the time; so are the recipients of postseal, resolved before. OpenSSL's object comes out as
//! PEM, whose lines are those of an S/MIME body; postseal writes a whole mail.

use crate::{Clock, in_turns, now};
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::pkey::PKey;
use openssl::stack::Stack;
use openssl::symm::Cipher;
use openssl::x509::X509;
use postseal::directory::{Directories, DirectoryId};
use postseal::drive::{self, Lookup};
use postseal::resolve::Context;
use postseal::seal::{ContentEncryption, Policy, Recipients};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Engine, PerRoute};
use postseal_adapters::OsRandom;
use postseal_testkit::factory::{Authority, CertSpec, Key};
use postseal_testkit::{Loan, MemoryStore, ScriptedDirectory};
use std::hint::black_box;
use std::sync::Arc;

/// What moves inside with the body.
const INNER: &[u8] = b"Content-Type: text/plain; charset=utf-8\r\n\r\n";

pub fn run() {
    let rsa = |number| Key::Rsa(number % 4);
    let p256 = |_| Key::P256(3);
    let rows: [(&str, World, usize, u32); 4] = [
        ("1 recipient, RSA-2048, 2 KB, AES-256-CBC", World::new(1, rsa), 2_000, 100),
        ("1 recipient, P-256, 2 KB, AES-256-CBC", World::new(1, p256), 2_000, 100),
        ("1 000 recipients, RSA-2048, 2 KB, AES-256-CBC", World::new(1_000, rsa), 2_000, 2),
        ("1 recipient, RSA-2048, 25 MB, AES-256-CBC", World::new(1, rsa), 25_000_000, 1),
    ];
    for (label, world, size, repeat) in &rows {
        world.row(label, &mail(*size), ContentEncryption::Aes256Cbc, *repeat);
    }
    let [.., (_, one, size, repeat)] = &rows;
    one.row("1 recipient, RSA-2048, 25 MB, AES-256-GCM", &mail(*size), ContentEncryption::Aes256Gcm, *repeat);
    let (thousand, mail) = (&rows[2].1, mail(2_000));
    let whole = |clock: &mut Clock| {
        clock.time(|| {
            black_box(thousand.resolve(ContentEncryption::Aes256Cbc).seal(&mail, &mut OsRandom).unwrap());
        });
    };
    in_turns(1, whole, |_| {}).row("1 000 recipients, RSA-2048, 2 KB, AES-256-CBC, with resolving");
}

fn mail(size: usize) -> Vec<u8> {
    let body = b"The quick brown fox jumps over the lazy dog, and then once more.\r\n".repeat(size / 66);
    [b"From: eve@goal.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n".as_slice(), INNER, &body].concat()
}

/// Recipients whose certificates a directory lends, with the CA between them and the anchor.
struct World {
    engine: Engine,
    directory: ScriptedDirectory,
    addresses: Vec<Address>,
    certificates: Vec<Vec<u8>>,
    first: Key,
}

impl World {
    fn new(count: usize, key: impl Fn(usize) -> Key) -> Self {
        let root = Authority::root("Root", Key::Rsa(5));
        let ca = root.authority("CA", Key::Rsa(4));
        let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
        let directories = PerRoute::new(Directories::new().ask(DirectoryId::new("d")));
        let engine = Engine::new(anchors).with_directories(directories);
        let mut directory = ScriptedDirectory::new();
        let (mut addresses, mut certificates) = (Vec::new(), Vec::new());
        for number in 0..count {
            let address = Address::parse(&format!("r{number}@goal.example")).unwrap();
            let serial = u64::try_from(number).unwrap() + 1;
            let spec = CertSpec { serial, ..CertSpec::mailbox(address.as_str(), key(number)) };
            let der = ca.issue(&spec).der().to_vec();
            directory =
                directory.lends_with(&address, Loan { issuers: vec![ca.der().to_vec()], ..Loan::of(der.clone()) });
            addresses.push(address);
            certificates.push(der);
        }
        Self { engine, directory, addresses, certificates, first: key(0) }
    }

    fn resolve(&self, algorithm: ContentEncryption) -> Recipients {
        let mut policy = Policy::default();
        policy.allowed = vec![algorithm];
        policy.assumed = vec![algorithm];
        let context = Context::new(now(), Arc::new(())).policy(policy);
        let resolve = self.engine.resolve(self.addresses.clone(), Vec::new(), context).unwrap();
        let store = MemoryStore::new();
        let lookup = Lookup::new(&store).directory(DirectoryId::new("d"), &self.directory);
        drive::run(resolve, &lookup, &(), &|| false).unwrap().complete().unwrap()
    }

    fn stack(&self) -> Stack<X509> {
        let mut stack = Stack::new().unwrap();
        self.certificates.iter().for_each(|der| stack.push(X509::from_der(der).unwrap()).unwrap());
        stack
    }

    fn row(&self, label: &str, mail: &[u8], algorithm: ContentEncryption, repeat: u32) {
        let cipher = match algorithm {
            ContentEncryption::Aes256Gcm => Cipher::aes_256_gcm(),
            _ => Cipher::aes_256_cbc(),
        };
        let content = &mail[mail.windows(INNER.len()).position(|window| window == INNER).unwrap()..];
        let postseal = |clock: &mut Clock| {
            let recipients = self.resolve(algorithm);
            clock.time(|| recipients.seal(mail, &mut OsRandom).unwrap())
        };
        let openssl = |clock: &mut Clock| {
            let stack = self.stack();
            let encrypt = || CmsContentInfo::encrypt(&stack, content, cipher, CMSOptions::BINARY);
            clock.time(|| encrypt().unwrap().to_pem().unwrap())
        };
        let ours = CmsContentInfo::smime_read_cms(&postseal(&mut Clock::default())[0].mail).unwrap();
        let theirs = CmsContentInfo::from_pem(&openssl(&mut Clock::default())).unwrap();
        let key = PKey::private_key_from_der(&self.first.private_key()).unwrap();
        let certificate = X509::from_der(&self.certificates[0]).unwrap();
        for message in [ours, theirs] {
            assert!(message.decrypt(&key, &certificate).unwrap() == content, "{label}");
        }
        in_turns(repeat, |clock| drop(postseal(clock)), |clock| drop(openssl(clock))).row(label);
    }
}
