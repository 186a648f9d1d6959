use crate::{growth, memory};
use postseal::import::{Context, Outcome};
use postseal::seal::{ContentEncryption, KeyTransportRule};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Engine};
use postseal_benches::{Crypto, SealTo, engine, now, policy};
use postseal_testkit::factory::{Authority, AuthoritySpec, CertSpec, Form, Key, SignedMail};
use postseal_testkit::{MemoryStore, SeededRandom};
use std::rc::Rc;

const ADDRESS: &str = "alice@goal.example";
const MB: usize = 1_000_000;

const FORMS: [(&str, Form); 3] =
    [("detached", Form::Detached), ("opaque", Form::Opaque), ("BER, opaque", Form::OpaqueBer)];

/// A root and a CA, and who does the arithmetic.
struct World {
    crypto: Crypto,
    root: Authority,
    ca: Authority,
}

impl World {
    fn new(crypto: Crypto) -> Self {
        let root = Authority::root("Root", Key::P256(1));
        let ca = root.authority("CA", Key::P256(2));
        Self { crypto, root, ca }
    }

    fn anchors(&self) -> TrustAnchors {
        TrustAnchors::from_pem(self.root.pem().as_bytes(), &Limits::default()).unwrap()
    }

    /// Takes mail of any size.
    fn engine(&self) -> Engine {
        let mut limits = Limits::default();
        limits.message_bytes = usize::MAX;
        engine(self.crypto, self.anchors()).with_limits(limits)
    }

    fn mail(&self, address: &str) -> SignedMail {
        let person = self.ca.issue(&CertSpec::mailbox(address, Key::P256(3)));
        SignedMail::new(address, &person).with_authority(&self.ca)
    }
}

fn body(size: usize) -> Vec<u8> {
    b"The quick brown fox jumps over the lazy dog, and then once more.\r\n".repeat(size / 66)
}

fn import(engine: &Engine, store: &MemoryStore, mail: &[u8]) {
    let report = engine.import_mail(mail, Context::new(now()), store, &()).unwrap();
    assert_eq!(report.outcome, Outcome::Imported, "{:?}", report.error);
}

pub fn memory_of_imports(crypto: Crypto) {
    let world = World::new(crypto);
    for (name, form) in FORMS {
        for (size, label) in [(2_000, "2 KB"), (MB, "1 MB"), (25 * MB, "25 MB"), (100 * MB, "100 MB")] {
            if form != Form::Detached && size > 25 * MB {
                continue;
            }
            let (mail, engine) = (world.mail(ADDRESS).body(&body(size)).form(form).build(), world.engine());
            memory(&format!("import, {name}, {label}"), mail.len(), || import(&engine, &MemoryStore::new(), &mail));
        }
    }
}

fn seal_to(world: &World, count: usize) -> SealTo {
    let person = |number: usize| {
        let address = format!("r{number}@goal.example");
        let serial = u64::try_from(number).unwrap() + 1;
        let spec = CertSpec { serial, ..CertSpec::mailbox(&address, Key::P256(3)) };
        (Address::parse(&address).unwrap(), world.ca.issue(&spec).der().to_vec())
    };
    SealTo::new(world.crypto, world.anchors(), &[world.ca.der().to_vec()], (0..count).map(person).collect())
}

pub fn memory_of_sealing(crypto: Crypto) {
    let to = seal_to(&World::new(crypto), 1);
    let mail = [b"Subject: s\r\nContent-Type: text/plain\r\n\r\n".as_slice(), &body(25 * MB)].concat();
    for (name, content) in
        [("AES-256-CBC", ContentEncryption::Aes256Cbc), ("AES-256-GCM", ContentEncryption::Aes256Gcm)]
    {
        let envelope = to.resolve(1, policy(content, KeyTransportRule::Pkcs1)).envelopes().remove(0);
        memory(&format!("seal, {name}, 25 MB, in pieces"), mail.len(), || {
            let mut sealer = envelope.sealer(u64::try_from(mail.len()).ok(), &mut SeededRandom::new(1)).unwrap();
            let mut sealed = Vec::new();
            for piece in mail.chunks(64 << 10) {
                sealer.push(piece, &mut sealed).unwrap();
                sealed.clear();
            }
            sealer.finish(&mut sealed).unwrap();
        });
    }
}

pub fn growth_of_imports(crypto: Crypto) {
    let world = Rc::new(World::new(crypto));
    for (name, form) in FORMS {
        growth(&format!("import, {name}: body, MB"), 8, |megabytes| {
            let (mail, engine) = (world.mail(ADDRESS).body(&body(megabytes * MB)).form(form).build(), world.engine());
            move || import(&engine, &MemoryStore::new(), &mail)
        });
    }
    // CAs that certify nothing here, the right one the last.
    growth("import: CA certificates in the bag", 15, |count| {
        let person = world.ca.issue(&CertSpec::mailbox(ADDRESS, Key::P256(3)));
        let mut mail = SignedMail::new(ADDRESS, &person);
        for number in 0..count {
            let seed = 100 + u64::try_from(number).unwrap();
            let other = world.root.subordinate(&AuthoritySpec::new(&format!("Other {number}"), Key::P256(seed)));
            mail = mail.with_certificate(other.der());
        }
        let mail = mail.with_authority(&world.ca).body(&body(2_000)).build();
        let world = Rc::clone(&world);
        // A new engine each time: what it remembers would be the same for both.
        move || import(&world.engine(), &MemoryStore::new(), &mail)
    });
}

pub fn growth_of_sealing(crypto: Crypto) {
    let world = World::new(crypto);
    let policy = || policy(ContentEncryption::Aes256Cbc, KeyTransportRule::Pkcs1);
    growth("resolve and seal: recipients", 200, |count| {
        let to = seal_to(&world, count);
        move || {
            drop(to.resolve(count, policy()).seal(b"Subject: s\r\n\r\nhello\r\n", &mut SeededRandom::new(1)).unwrap())
        }
    });
}

/// One more sender, for a store in memory; stores in databases: `just million`.
pub fn growth_of_stores(crypto: Crypto) {
    let world = Rc::new(World::new(crypto));
    growth("import of a new sender: rows in the store", 1000, |rows| {
        let (engine, store) = (world.engine(), MemoryStore::new());
        (0..rows).for_each(|number| import(&engine, &store, &world.mail(&format!("p{number}@goal.example")).build()));
        let mut fresh = (0..).map({
            let world = Rc::clone(&world);
            move |number| world.mail(&format!("new{number}@goal.example")).build()
        });
        let mut mails: Vec<Vec<u8>> = fresh.by_ref().take(crate::TRIES).collect();
        move || import(&engine, &store, &mails.pop().unwrap())
    });
}
