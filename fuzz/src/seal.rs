//! A mail through the sealer.

use crate::header::{Expected, divide};
use crate::input::Input;
use crate::memory::bounded;
use postseal::directory::{Directories, DirectoryId};
use postseal::drive::{self, Lookup};
use postseal::resolve::Context;
use postseal::seal::{Columns, ContentEncryption, Envelope, HeaderProtection, Policy};
use postseal::trace::Kind;
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Code, Engine, PerRoute};
use postseal_testkit::factory::{Authority, CertSpec, Key};
use postseal_testkit::{MemoryStore, Opener, Recorder, ScriptedDirectory, SeededRandom, cms_of};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, OnceLock};

const KEY: Key = Key::X25519(3);
/// Octets that do not come twice by chance.
const SEQUENCE: usize = 16;
const PROTECT: u8 = 1;
const GCM: u8 = 2;
const WIDE_LINES: u8 = 4;
const SHORT_HEADERS: u8 = 8;
/// The form that is written twice is that of a declared length.
const DECLARED: u8 = 16;

/// One input: how to seal, in which pieces, and what.
struct Case<'a> {
    flags: u8,
    /// By how much a wrong length is wrong.
    wrong_by: i64,
    pieces: Vec<usize>,
    mail: &'a [u8],
    seed: u64,
}

/// What came out, and what the trace says of it.
struct Sealing {
    message: Vec<u8>,
    is_protected: bool,
}

/// Sealing gives the same for any pieces; only a true length finishes; what finishes opens to exactly the mail; outside
/// stands what must, and nothing of the body.
pub fn seal(bytes: &[u8]) {
    world();
    // Three messages, and marks of what is common to a message and its content.
    bounded(bytes.len() + (1 << 16), 64, || compare(bytes));
}

fn compare(bytes: &[u8]) {
    let case = Case::new(bytes);
    let length = u64::try_from(case.mail.len()).unwrap();
    let (one, other) = if case.has(DECLARED) { (Some(length), None) } else { (None, Some(length)) };
    let whole = case.seal(one, &[usize::MAX]);
    let pieces = case.seal(one, &case.pieces);
    let other = case.seal(other, &case.pieces);
    let (whole, pieces, other) = match (whole, pieces, other) {
        (Ok(whole), Ok(pieces), Ok(other)) => (whole, pieces, other),
        (whole, pieces, other) => {
            let codes = [whole.err(), pieces.err(), other.err()].map(|code| code.map(one_of_a_header));
            assert!(codes.iter().all(|code| *code == codes[0]), "pieces or length decide: {codes:?}");
            return;
        }
    };
    assert!(whole.message == pieces.message, "pieces matter");
    case.check(&whole);
    case.check(&other);
    if let Some(wrong) = length.checked_add_signed(case.wrong_by) {
        assert_eq!(case.seal(Some(wrong), &case.pieces).err(), Some(Code::LengthMismatch));
    }
}

/// Of several things that are wrong with a header, pieces decide which is told.
fn one_of_a_header(code: Code) -> Code {
    let of_a_header = [Code::HeaderBlockTooLarge, Code::HeaderLineTooLong, Code::HeadersTooMany];
    if of_a_header.contains(&code) { Code::HeaderMalformed } else { code }
}

impl<'a> Case<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let mut input = Input::new(bytes);
        let flags = input.octet();
        let wrong_by = i64::from(i8::from_be_bytes([input.octet()]));
        let count = input.octet() % 8;
        let size = |octet: u8| if octet < 192 { usize::from(octet) } else { usize::from(octet - 191) * 256 };
        let pieces: Vec<usize> = (0..count).map(|_| size(input.octet())).chain([1 + usize::from(count) * 7]).collect();
        Self {
            flags,
            wrong_by: if wrong_by == 0 { 1 } else { wrong_by },
            pieces,
            mail: input.rest(),
            seed: hasher.finish(),
        }
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    fn seal(&self, length: Option<u64>, pieces: &[usize]) -> Result<Sealing, Code> {
        let recorder = Arc::new(Recorder::default());
        let envelope = self.envelope(&recorder);
        let mut sealer = envelope.sealer(length, &mut SeededRandom::new(self.seed)).map_err(|error| error.code())?;
        let (mut rest, mut message) = (self.mail, Vec::new());
        for size in pieces.iter().cycle() {
            let (piece, after) = rest.split_at(rest.len().min(*size));
            if let Err(error) = sealer.push(piece, &mut message) {
                assert!(sealer.push(b"more", &mut message).is_err(), "it went on after an error");
                assert!(sealer.finish(&mut message).is_err(), "it finished after an error");
                return Err(error.code());
            }
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        sealer.finish(&mut message).map_err(|error| error.code())?;
        let (mut told, mut discarded, mut is_protected) = (None, 0, self.has(PROTECT));
        for event in recorder.events() {
            match event.kind {
                Kind::Sealed { octets, .. } => told = usize::try_from(octets).ok(),
                Kind::LentDiscarded { .. } => discarded += 1,
                Kind::HeadersNotProtected => is_protected = false,
                _ => {}
            }
        }
        assert_eq!((told, discarded), (Some(message.len()), 1), "the trace does not agree");
        Ok(Sealing { message, is_protected })
    }

    fn envelope(&self, recorder: &Arc<Recorder>) -> Envelope {
        let world = world();
        let algorithm = if self.has(GCM) { ContentEncryption::Aes128Gcm } else { ContentEncryption::Aes256Cbc };
        let mut policy = Policy::default();
        policy.allowed = vec![algorithm];
        policy.assumed = vec![algorithm];
        policy.columns = if self.has(WIDE_LINES) { Columns::C76 } else { Columns::C64 };
        policy.header_protection =
            if self.has(PROTECT) { HeaderProtection::Baseline } else { HeaderProtection::default() };
        let engine = if self.has(SHORT_HEADERS) { &world.short_headers } else { &world.engine };
        let context = Context::new(crate::now(), recorder.clone()).policy(policy);
        let resolve = engine.resolve(vec![world.address.clone()], Vec::new(), context).unwrap();
        let store = MemoryStore::new();
        // One for each message: it remembers what it was asked.
        let directory = ScriptedDirectory::new().lends(&world.address, world.certificate.clone());
        let lookup = Lookup::new(&store).directory(DirectoryId::new("d"), &directory);
        let resolution = drive::run(resolve, &lookup, recorder.as_ref(), &|| false).unwrap();
        resolution.complete().unwrap().envelopes().remove(0)
    }

    fn check(&self, sealing: &Sealing) {
        let message = sealing.message.as_slice();
        let (header, body) = divide(self.mail);
        let expected = Expected::of(header, sealing.is_protected, self.has(GCM));
        let opened = Opener::new(KEY).open_mail(message).expect("the recipient opens it");
        let content = opened.strip_prefix(expected.inner.as_slice()).expect("the inner header is another");
        assert!(content == body, "the body is another");
        assert_eq!(divide(&opened).0.len(), expected.inner.len(), "the inner header ends elsewhere");
        let base64 = message.strip_prefix(expected.outer.as_slice()).expect("the outer header is another");
        assert!(base64.iter().all(|octet| octet.is_ascii_alphanumeric() || b"+/=\r\n".contains(octet)));
        let outside = String::from_utf8_lossy(&expected.outer).to_ascii_lowercase();
        let name = |line: &'_ str| line.split(':').next().unwrap_or_default().trim_end().to_owned();
        assert!(!outside.lines().any(|line| ["bcc", "resent-bcc"].contains(&name(line).as_str())), "Bcc outside");
        let lines = expected.outer.split(|octet| *octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        assert!(!lines.flatten().any(|octet| matches!(octet, b'\r' | 0)), "a line end that is none outside");
        self.check_ciphertext(message, &opened);
    }

    /// Nothing of the content is in the object, but for what is in every object for this recipient.
    fn check_ciphertext(&self, message: &[u8], content: &[u8]) {
        static FIXED: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
        let fixed = &FIXED.get_or_init(|| {
            [0, GCM].map(|flags| {
                let empty = Case { flags, wrong_by: 1, pieces: Vec::new(), mail: b"\r\n", seed: 1 };
                cms_of(&empty.seal(None, &[usize::MAX]).ok().unwrap().message).unwrap()
            })
        })[usize::from(self.has(GCM))];
        let object = cms_of(message).unwrap();
        // The fuzzer learns the fixed octets, and a random one beside them comes by chance.
        let is_fixed = |part: &[u8]| fixed.windows(part.len()).any(|window| window == part);
        for found in common(content, &object) {
            assert!(found.windows(SEQUENCE / 2).any(is_fixed), "plaintext in the object: {found:x?}");
        }
    }
}

/// Sequences of sixteen octets that are in both. Few bits of each nearly always tell that there is none, so that the longer
/// comparison is rare.
fn common<'a>(one: &'a [u8], other: &'a [u8]) -> HashSet<&'a [u8]> {
    let marked = |octets: &[u8]| {
        let mut marks = vec![false; 1 << 20];
        slots(octets).for_each(|slot| marks[slot] = true);
        marks
    };
    fn in_slots<'s>(octets: &'s [u8], marks: &[bool]) -> HashSet<&'s [u8]> {
        let windows = octets.windows(SEQUENCE).zip(slots(octets));
        windows.filter(|(_, slot)| marks[*slot]).map(|(window, _)| window).collect()
    }
    let rare = in_slots(other, &marked(one));
    if rare.is_empty() {
        return rare;
    }
    in_slots(one, &marked(other)).intersection(&rare).copied().collect()
}

/// Twenty bits of each sequence.
fn slots(octets: &[u8]) -> impl Iterator<Item = usize> {
    let mut last = 0_u128;
    let slot = move |octet: &u8| {
        last = last << 8 | u128::from(*octet);
        let mixed = (last as u64 ^ (last >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 44) as usize
    };
    octets.iter().map(slot).skip(SEQUENCE - 1)
}

struct World {
    engine: Engine,
    short_headers: Engine,
    certificate: Vec<u8>,
    address: Address,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        // Of all signatures, those of Ed25519 are checked the fastest.
        let root = Authority::root("Root", Key::Ed25519(1));
        let address = Address::parse("alice@goal.example").unwrap();
        let certificate = root.issue(&CertSpec::mailbox(address.as_str(), KEY));
        let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
        let engine =
            Engine::new(anchors).with_directories(PerRoute::new(Directories::new().ask(DirectoryId::new("d"))));
        let mut limits = Limits::default();
        limits.header_bytes = 200;
        limits.header_field_bytes = 100;
        limits.header_fields = 8;
        World {
            short_headers: engine.clone().with_limits(limits),
            engine,
            certificate: certificate.der().to_vec(),
            address,
        }
    })
}
