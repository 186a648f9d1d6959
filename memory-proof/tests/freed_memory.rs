//! An allocator that looks at all memory that is given back: nothing of a certificate that a directory lent, and no
//! content key, may be in it (DESIGN 5, RFC-independent; the mission's "only in memory, discarded when done").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postseal::cert::TransientCert;
use postseal::directory::{Directories, DirectoryId, DirectoryReply, DirectoryResolver};
use postseal::drive::{self, Lookup};
use postseal::query::{ResolveDirectory, Unavailable};
use postseal::resolve::{Context, Resolution};
use postseal::verify::{Limits, Profile, TrustAnchors};
use postseal::{Address, Engine, PerRoute, Random, UnixTime};
use postseal_adapters::directory::decode;
use postseal_testkit::factory::{
    Authority, CertSpec, Form, Key, KeyPreference, KeyUse, Person, SignedMail, extension, pem,
};
use postseal_testkit::{MemoryStore, Recorder};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// Stands in an extension of the certificate, and nowhere else.
const PLANTED: [u8; 24] = *b"PLANTED-IN-A-CERTIFICATE";
/// What the source of randomness gives first: the content key.
const CONTENT_KEY: [u8; 32] = *b"PLANTED-AS-THE-CONTENT-KEY-32-OC";

/// Octets of the public key in the certificate that is being looked for.
static PUBLIC_KEY: OnceLock<Mutex<[u8; 24]>> = OnceLock::new();

struct Scanner;

static WATCHING: AtomicBool = AtomicBool::new(false);
static CERTIFICATES: AtomicUsize = AtomicUsize::new(0);
static KEYS: AtomicUsize = AtomicUsize::new(0);

fn scan(octets: &[u8]) {
    // Halves are enough: a part that is left is as bad as the whole.
    CERTIFICATES.fetch_add(count(octets, &PLANTED[..12]) + count(octets, &PLANTED[12..]), Ordering::Relaxed);
    if let Some(Ok(public_key)) = PUBLIC_KEY.get().map(Mutex::try_lock) {
        CERTIFICATES.fetch_add(count(octets, &*public_key), Ordering::Relaxed);
    }
    KEYS.fetch_add(count(octets, &CONTENT_KEY[..16]) + count(octets, &CONTENT_KEY[16..]), Ordering::Relaxed);
}

fn count(octets: &[u8], needle: &[u8]) -> usize {
    octets.windows(needle.len()).filter(|window| *window == needle).count()
}

// SAFETY: every call is passed on to the system's allocator as it came; a block is only read before it is given back.
unsafe impl GlobalAlloc for Scanner {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Zeroed, so that reading all of it later reads nothing undefined.
        // SAFETY: the caller's layout is valid.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if WATCHING.load(Ordering::Relaxed) {
            // SAFETY: the block has this size, was zeroed when it was made, and nobody else holds it any more.
            scan(unsafe { std::slice::from_raw_parts(block, layout.size()) });
        }
        // SAFETY: the block came from `alloc` with this layout.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // The system may move the block and give the old one back: done by hand, so that it is looked at too.
        // SAFETY: the size is not zero and does not overflow, as the caller promises.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !new.is_null() {
            // SAFETY: both blocks have at least this many octets, and are two.
            unsafe { std::ptr::copy_nonoverlapping(block, new, layout.size().min(size)) };
            // SAFETY: the block came from `alloc` with this layout.
            unsafe { self.dealloc(block, layout) };
        }
        new
    }
}

#[global_allocator]
static ALLOCATOR: Scanner = Scanner;

/// Lends the certificate that it was given, straight from where nobody scans.
#[derive(Debug)]
struct Lender(Vec<Vec<u8>>);

impl DirectoryResolver for Lender {
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        let lend =
            || self.0.iter().map(|der| TransientCert::from_der(der.clone()).with_issuers(vec![der.clone()])).collect();
        Ok(query.addresses.iter().map(|_| DirectoryReply::Found(lend())).collect())
    }
}

/// Lends what these values hold.
#[derive(Debug)]
struct Values(Vec<Vec<u8>>);

impl DirectoryResolver for Values {
    fn resolve(&self, query: &ResolveDirectory) -> Result<Vec<DirectoryReply>, Unavailable> {
        let limits = Limits::default();
        let lend = |about| self.0.iter().flat_map(|value| decode(value, about, &limits)).collect();
        Ok(query.addresses.iter().map(|about| DirectoryReply::Found(lend(about))).collect())
    }
}

/// A certificate in every form that a value may have.
fn values(person: &Person) -> Vec<Vec<u8>> {
    let der = person.der();
    let (digits, root) = (|octet: &u8| format!("{octet:02x}"), Authority::root("Root", Key::P256(1)));
    let mut values = vec![
        der.to_vec(),
        pem(der).into_bytes(),
        format!("{}{}", pem(der), root.pem()).into_bytes(),
        STANDARD.encode(STANDARD.encode(der)).into_bytes(),
        der.iter().map(digits).collect::<String>().into_bytes(),
        format!("[{}]", der.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")).into_bytes(),
        [&[3, 0], u16::try_from(der.len() + 4).unwrap().to_le_bytes().as_slice(), der].concat(),
    ];
    if person.spec().key.algorithm() != Key::X25519(0).algorithm() {
        let signed = SignedMail::new("alice@goal.example", person).form(Form::OpaqueBer).with_authority(&root).prefers(
            person,
            KeyPreference::Standard,
            false,
        );
        values.push(signed.cms());
        values.push(STANDARD.encode(signed.cms()).into_bytes());
    }
    // Neither a value that cannot be read nor one that is cut off stays.
    values.push([b"no certificate".as_slice(), &PLANTED].concat());
    values.push(der[..der.len() - 1].to_vec());
    values
}

/// The planted content key first, then anything.
struct Planted(u8);

impl Random for Planted {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), Unavailable> {
        self.0 = self.0.wrapping_add(1);
        let number = self.0;
        for (index, octet) in octets.iter_mut().enumerate() {
            *octet = match number {
                1 => CONTENT_KEY[index % CONTENT_KEY.len()],
                _ => number.wrapping_mul(31) ^ u8::try_from(index % 251).unwrap_or_default() | 1,
            };
        }
        Ok(())
    }
}

/// What was found in freed memory while `work` ran.
fn watch<T>(work: impl FnOnce() -> T) -> (T, usize, usize) {
    CERTIFICATES.store(0, Ordering::Relaxed);
    KEYS.store(0, Ordering::Relaxed);
    WATCHING.store(true, Ordering::Relaxed);
    let result = work();
    WATCHING.store(false, Ordering::Relaxed);
    (result, CERTIFICATES.load(Ordering::Relaxed), KEYS.load(Ordering::Relaxed))
}

fn certificate(key: Key, key_use: KeyUse) -> Vec<u8> {
    person(key, key_use).der().to_vec()
}

fn person(key: Key, key_use: KeyUse) -> Person {
    let mut spec = CertSpec { key_use, ..CertSpec::mailbox("alice@goal.example", key) };
    spec.overrides.extra_extensions = vec![extension("1.3.6.1.4.1.99999.1", false, &PLANTED)];
    Authority::root("Root", Key::P256(1)).issue(&spec)
}

fn engine() -> Engine {
    let root = Authority::root("Root", Key::P256(1));
    let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
    Engine::new(anchors).with_directories(PerRoute::new(Directories::new().ask(DirectoryId::new("d"))))
}

fn resolve(engine: &Engine, lender: &dyn DirectoryResolver) -> Resolution {
    let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    let context = Context::new(now, Arc::new(Recorder::default()));
    let alice = Address::parse("alice@goal.example").unwrap();
    let resolve = engine.resolve(vec![alice], Vec::new(), context).unwrap();
    let store = MemoryStore::new();
    drive::run(resolve, &Lookup::new(&store).directory(DirectoryId::new("d"), lender), &(), &|| false).unwrap()
}

// One test: the allocator is one for the whole process.
// hardening: E4
#[test]
fn freed_memory_holds_no_lent_certificate_and_no_content_key() {
    let engine = engine();
    // The scanner finds what is there.
    let plain = certificate(Key::P256(2), KeyUse::Encrypt);
    let (_, certificates, _) = watch(|| drop(plain.clone()));
    assert!(certificates >= 2, "the allocator sees what is freed");
    let (_, _, keys) = watch(|| drop(CONTENT_KEY.to_vec()));
    assert!(keys >= 2, "the allocator sees what is freed");

    for key in [Key::P256(2), Key::Rsa(1), Key::P521(3), Key::X25519(4)] {
        let used = certificate(key, KeyUse::Encrypt);
        let spki = key.public_key_info();
        let octets = spki.last_chunk::<30>().unwrap().first_chunk::<24>().unwrap();
        *PUBLIC_KEY.get_or_init(Mutex::default).lock().unwrap() = *octets;
        assert!(count(&used, octets) == 1, "the public key is in the certificate");
        // One that is used, one that is rejected, and one that is no certificate.
        let lender = Lender(vec![
            used,
            certificate(Key::P256(9), KeyUse::Sign),
            [b"no certificate".as_slice(), &PLANTED].concat(),
        ]);
        let (sealed, certificates, keys) = watch(|| {
            let recipients = resolve(&engine, &lender).complete().unwrap();
            recipients.seal(b"Subject: x\r\n\r\nhello\r\n", &mut Planted(0)).unwrap()
        });
        assert_eq!((sealed.len(), certificates, keys), (1, 0, 0), "sealed for {key:?}");

        let (_, certificates, _) = watch(|| drop(resolve(&engine, &lender)));
        assert_eq!(certificates, 0, "resolved and dropped");

        // Every rule of the baseline looks at it.
        let strict = engine.clone().with_profile(Profile::Strict);
        let (_, certificates, _) = watch(|| drop(resolve(&strict, &lender)));
        assert_eq!(certificates, 0, "refused by the strict profile");

        let (_, certificates, keys) = watch(|| {
            let envelope = resolve(&engine, &lender).complete().unwrap().envelopes().remove(0);
            let mut sealer = envelope.sealer(None, &mut Planted(0)).unwrap();
            sealer.push(b"Subject: x\r\n\r\nhello", &mut Vec::new()).unwrap();
        });
        assert_eq!((certificates, keys), (0, 0), "abandoned on the way");

        // Each form by itself, so that each is used, and all of them, so that one is.
        let both = person(key, if key == Key::X25519(4) { KeyUse::Encrypt } else { KeyUse::SignAndEncrypt });
        let mut forms: Vec<_> = values(&both).into_iter().map(|value| Values(vec![value])).collect();
        forms.push(Values(values(&both)));
        for (number, lender) in forms.iter().enumerate() {
            let (_, certificates, _) = watch(|| drop(resolve(&engine, lender)));
            assert_eq!(certificates, 0, "value {number} for {key:?}");
        }

        // What was asked for and never taken.
        let (_, certificates, _) = watch(|| {
            let query = ResolveDirectory::new(
                postseal::store::Tenant::default(),
                DirectoryId::new("d"),
                vec![Address::parse("alice@goal.example").unwrap()],
            );
            drop(lender.resolve(&query));
        });
        assert_eq!(certificates, 0, "lent and not used");
    }
}
