//! Sealing: what comes out opens, for its recipients and nobody else, and nothing else comes out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "test code"
)]

use postseal::cert::Capabilities;
use postseal::directory::{Directories, DirectoryId};
use postseal::drive::{self, Lookup};
use postseal::resolve::Context;
use postseal::seal::{
    Columns, ContentEncryption, Encryption, HeaderProtection, KeyTransportRule, Mode, OnEncrypted, PRESETS, Policy,
    RecipientIdentifier, Recipients,
};
use postseal::trace::Kind;
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, Code, Engine, PerRoute, UnixTime};
use postseal_testkit::factory::{Authority, CertSpec, Key};
use postseal_testkit::{BrokenRandom, Loan, MemoryStore, Opener, Recorder, ScriptedDirectory, SeededRandom, cms_of};
use std::collections::BTreeSet;
use std::sync::Arc;

const KEYS: [(&str, Key); 5] = [
    ("rsa@goal.example", Key::Rsa(0)),
    ("p256@goal.example", Key::P256(2)),
    ("p384@goal.example", Key::P384(3)),
    ("p521@goal.example", Key::P521(4)),
    ("x25519@goal.example", Key::X25519(5)),
];

const MAIL: &[u8] = b"From: eve@goal.example\r\nSubject: a secret subject\r\nMIME-Version: 1.0\r\n\
    Content-Type: text/plain;\r\n charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nBcc: hidden@goal.example\r\n\
    Message-ID: <1@goal.example>\r\n\r\nThe body of the mail, \xc3\xa4\xff\x00 and more.\r\n";

const INNER: &[u8] = b"Content-Type: text/plain;\r\n charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
    The body of the mail, \xc3\xa4\xff\x00 and more.\r\n";

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// An engine, and a directory that lends a certificate for every key of [`KEYS`].
struct World {
    engine: Engine,
    directory: ScriptedDirectory,
    recorder: Arc<Recorder>,
    policy: Policy,
}

impl World {
    fn new() -> Self {
        Self::with_capabilities(None)
    }

    fn with_capabilities(capabilities: Option<Capabilities>) -> Self {
        let root = Authority::root("Root", Key::P256(1));
        let lend = |directory: ScriptedDirectory, (mailbox, key): &(&str, Key)| {
            let der = root.issue(&CertSpec::mailbox(mailbox, *key)).der().to_vec();
            directory.lends_with(&address(mailbox), Loan { capabilities: capabilities.clone(), ..Loan::of(der) })
        };
        let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
        let directories = Directories::new().ask(DirectoryId::new("staff"));
        Self {
            engine: postseal_testkit::engine(anchors).with_directories(PerRoute::new(directories)),
            directory: KEYS.iter().fold(ScriptedDirectory::new(), lend),
            recorder: Arc::default(),
            policy: Policy::default(),
        }
    }

    fn context(&self) -> Context {
        let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
        Context::new(now, self.recorder.clone()).policy(self.policy.clone())
    }

    fn recipients(&self, visible: &[&str], hidden: &[&str]) -> Recipients {
        let all = |texts: &[&str]| texts.iter().map(|text| address(text)).collect();
        let resolve = self.engine.resolve(all(visible), all(hidden), self.context()).unwrap();
        let store = MemoryStore::new();
        let world = Lookup::new(&store).directory(DirectoryId::new("staff"), &self.directory);
        drive::run(resolve, &world, &*self.recorder, &|| false).unwrap().complete().unwrap()
    }

    fn seal(&self, mail: &[u8], visible: &[&str]) -> Vec<u8> {
        let mut sealed = self.recipients(visible, &[]).seal(mail, &mut SeededRandom::new(1)).unwrap();
        assert_eq!(sealed.len(), 1);
        sealed.remove(0).mail
    }

    /// In pieces of these sizes, one after the other and again from the first.
    fn stream(&self, mail: &[u8], length: Option<u64>, sizes: &[usize]) -> Result<Vec<u8>, Code> {
        let envelope = self.recipients(&["rsa@goal.example", "x25519@goal.example"], &[]).envelopes().remove(0);
        let mut sealer = envelope.sealer(length, &mut SeededRandom::new(1)).map_err(|error| error.code())?;
        let (mut rest, mut out) = (mail, Vec::new());
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at(rest.len().min(*size));
            sealer.push(piece, &mut out).map_err(|error| error.code())?;
            rest = after;
        }
        sealer.finish(&mut out).map_err(|error| error.code())?;
        Ok(out)
    }
}

const ALL: [&str; 5] = [KEYS[0].0, KEYS[1].0, KEYS[2].0, KEYS[3].0, KEYS[4].0];

fn header(mail: &[u8]) -> String {
    let end = mail.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    String::from_utf8(mail[..end + 2].to_vec()).unwrap()
}

#[test]
fn every_recipient_opens_the_message_alone_and_nobody_else_does() {
    let mut world = World::new();
    for &algorithm in ContentEncryption::ALL {
        for identifier in [RecipientIdentifier::IssuerAndSerialNumber, RecipientIdentifier::SubjectKeyIdentifier] {
            world.policy.allowed = vec![algorithm];
            world.policy.assumed = vec![algorithm];
            world.policy.identifier = identifier;
            let sealed = world.seal(MAIL, &ALL);
            for (_, key) in KEYS {
                assert_eq!(Opener::new(key).open_mail(&sealed).as_deref(), Some(INNER), "{algorithm:?} {key:?}");
            }
            for stranger in [Key::Rsa(1), Key::P256(9), Key::P384(9), Key::P521(9), Key::X25519(9)] {
                assert_eq!(Opener::new(stranger).open_mail(&sealed), None, "{algorithm:?} {stranger:?}");
            }
        }
    }
}

#[test]
fn rsa_keys_get_their_content_key_as_policy_or_capabilities_say() {
    const OAEP: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07";
    const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
    let contains = |cms: &[u8], needle: &[u8]| cms.windows(needle.len()).any(|window| window == needle);
    let named =
        Capabilities::new(b"\x30\x0f\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07\x30\x00".to_vec(), None);
    for (rule, capabilities, oaep) in [
        (KeyTransportRule::BySignedCapabilities, None, false),
        (KeyTransportRule::BySignedCapabilities, Some(named.clone()), true),
        (KeyTransportRule::Pkcs1, Some(named), false),
        (KeyTransportRule::OaepSha1, None, true),
        (KeyTransportRule::OaepSha256, None, true),
    ] {
        let mut world = World::with_capabilities(capabilities);
        world.policy.key_transport = rule;
        let sealed = world.seal(MAIL, &["rsa@goal.example"]);
        let cms = cms_of(&sealed).unwrap();
        assert_eq!((contains(&cms, OAEP), contains(&cms, RSA)), (oaep, !oaep), "{rule:?}");
        assert_eq!(Opener::new(Key::Rsa(0)).open_mail(&sealed).as_deref(), Some(INNER), "{rule:?}");
    }
}

#[test]
fn the_content_encryption_is_the_best_that_everybody_reads() {
    let list = |last: &[u8]| {
        let capabilities =
            last.iter().flat_map(|last| [&b"\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01"[..], &[*last]].concat());
        let inside: Vec<u8> = capabilities.collect();
        Capabilities::new([&[0x30, inside.len() as u8], inside.as_slice()].concat(), None)
    };
    let root = Authority::root("Root", Key::P256(1));
    let seal = |policy: &Policy, capabilities: &[Option<Capabilities>]| {
        let mut world = World { policy: policy.clone(), ..World::new() };
        world.directory = ScriptedDirectory::new();
        let mut mailboxes = Vec::new();
        for (number, capabilities) in capabilities.iter().enumerate() {
            let mailbox = format!("r{number}@goal.example");
            let der = root.issue(&CertSpec::mailbox(&mailbox, Key::X25519(number as u64))).der().to_vec();
            let loan = Loan { capabilities: capabilities.clone(), ..Loan::of(der) };
            world.directory = std::mem::take(&mut world.directory).lends_with(&address(&mailbox), loan);
            mailboxes.push(mailbox);
        }
        let mailboxes: Vec<&str> = mailboxes.iter().map(String::as_str).collect();
        let sealed = world.recipients(&mailboxes, &[]).seal(MAIL, &mut SeededRandom::new(1));
        let fallback = world.recorder.names().contains(&"cbc-fallback");
        (sealed.map(|sealed| sealed[0].content_encryption.name()).map_err(|error| error.code()), fallback)
    };
    let [cbc128, cbc256, gcm128, gcm256] = [0x02, 0x2a, 0x06, 0x2e];
    let all_gcm = Some(list(&[cbc256, gcm128, gcm256]));
    let cbc_only = Some(list(&[cbc128]));
    let policy = Policy::default();
    for (recipients, expected) in [
        (vec![None], ("aes256-cbc", true)),
        (vec![all_gcm.clone()], ("aes256-gcm", false)),
        (vec![all_gcm.clone(), Some(list(&[gcm128]))], ("aes128-gcm", false)),
        (vec![all_gcm.clone(), None], ("aes256-cbc", true)),
        (vec![all_gcm, cbc_only.clone()], ("aes128-cbc", true)),
        (vec![Some(list(&[])), None], ("aes256-cbc", true)),
        (vec![Some(list(&[gcm256])), Some(list(&[cbc256]))], ("aes128-cbc", true)),
        // Triple DES alone is as good as nothing said: never weaker than AES-128.
        (
            vec![Some(Capabilities::new(b"\x30\x0c\x30\x0a\x06\x08\x2a\x86\x48\x86\xf7\x0d\x03\x07".to_vec(), None))],
            ("aes256-cbc", true),
        ),
        (vec![Some(Capabilities::new(b"\x30\x80".to_vec(), None))], ("aes256-cbc", true)),
    ] {
        assert_eq!(seal(&policy, &recipients), (Ok(expected.0), expected.1), "{recipients:?}");
    }
    let strict = Policy::preset("strict-aead").unwrap();
    assert_eq!(seal(&strict, &[None]), (Ok("aes256-gcm"), false));
    assert_eq!(seal(&strict, &[Some(list(&[gcm128])), None]), (Ok("aes128-gcm"), false));
    let agreed = Policy::preset("edi-energy-gcm").unwrap();
    assert_eq!(seal(&agreed, &[cbc_only, None]), (Ok("aes128-gcm"), false));
}

#[test]
fn every_preset_makes_a_message_that_opens() {
    for preset in &PRESETS {
        let world = World { policy: Policy::from(preset), ..World::new() };
        let sealed = world.seal(MAIL, &ALL);
        for (_, key) in KEYS {
            assert_eq!(Opener::new(key).open_mail(&sealed).as_deref(), Some(INNER), "{} {key:?}", preset.name);
        }
    }
}

#[test]
fn transport_fields_stay_outside_and_content_fields_move_inside() {
    let mut world = World::new();
    for (algorithm, smime_type) in
        [(ContentEncryption::Aes256Cbc, "enveloped-data"), (ContentEncryption::Aes256Gcm, "authEnveloped-data")]
    {
        world.policy.allowed = vec![algorithm];
        world.policy.assumed = vec![algorithm];
        let sealed = world.seal(MAIL, &["p256@goal.example"]);
        assert_eq!(
            header(&sealed),
            format!(
                "From: eve@goal.example\r\nSubject: a secret subject\r\nMessage-ID: <1@goal.example>\r\nMIME-Version: 1.0\r\n\
                 Content-Type: application/pkcs7-mime; smime-type={smime_type};\r\n name=\"smime.p7m\"\r\n\
                 Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\n"
            )
        );
    }
}

#[test]
fn protected_fields_stand_inside_and_the_outer_subject_is_obscured() {
    let mut world = World::new();
    world.policy.header_protection = HeaderProtection::Baseline;
    let mail = b"Received: from somewhere\r\nDate: Mon, 1 Jun 2026 00:00:00 +0000\r\nFrom: eve@goal.example\r\nSubject: a\r\n \
        secret subject\r\nHP-Outer: Subject: forged\r\nKeywords: secret\r\nBcc: hidden@goal.example\r\nMIME-Version: 1.0\r\n\
        Content-Type: text/plain\r\n\r\nhello\r\n";
    let sealed = world.seal(mail, &["p256@goal.example"]);
    let outer = header(&sealed);
    assert!(outer.starts_with(
        "Received: from somewhere\r\nDate: Mon, 1 Jun 2026 00:00:00 +0000\r\nFrom: eve@goal.example\r\nSubject: [...]\r\n\
         MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime;"
    ));
    assert!(!outer.contains("hp=") && !outer.contains("Keywords") && !outer.contains("secret"), "{outer}");
    let inner = Opener::new(Key::P256(2)).open_mail(&sealed).unwrap();
    assert_eq!(
        String::from_utf8(inner).unwrap(),
        "Date: Mon, 1 Jun 2026 00:00:00 +0000\r\nFrom: eve@goal.example\r\nSubject: a\r\n secret subject\r\nKeywords: secret\r\n\
         Content-Type: text/plain;\r\n hp=\"cipher\"\r\n\
         HP-Outer: Date: Mon, 1 Jun 2026 00:00:00 +0000\r\nHP-Outer: From: eve@goal.example\r\nHP-Outer: Subject: [...]\r\n\
         \r\nhello\r\n"
    );
}

#[test]
fn the_header_of_a_signed_mail_is_left_alone_and_the_trace_says_so() {
    let mut world = World::new();
    world.policy.header_protection = HeaderProtection::Baseline;
    let root = Authority::root("Root", Key::P256(1));
    let alice = root.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(7)));
    let mail = postseal_testkit::factory::SignedMail::new("alice@goal.example", &alice).subject("visible").build();
    let sealed = world.seal(&mail, &["p256@goal.example"]);
    assert!(header(&sealed).contains("Subject: visible\r\n"));
    assert!(world.recorder.names().contains(&"headers-not-protected"));
    // The signature is still good inside.
    let inner = Opener::new(Key::P256(2)).open_mail(&sealed).unwrap();
    let inner = [b"From: alice@goal.example\r\n".as_slice(), &inner].concat();
    let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    let report =
        world.engine.import_mail(&inner, postseal::import::Context::new(now), &MemoryStore::new(), &()).unwrap();
    assert_eq!(report.outcome.name(), "imported");
}

#[test]
fn lines_have_the_width_and_the_line_ends_that_they_should() {
    let mut world = World::new();
    for (columns, width) in [(Columns::C64, 64), (Columns::C76, 76)] {
        world.policy.columns = columns;
        let sealed = String::from_utf8(world.seal(MAIL, &["rsa@goal.example"])).unwrap();
        let (_, body) = sealed.split_once("\r\n\r\n").unwrap();
        let lines: Vec<&str> = body.strip_suffix("\r\n").unwrap().split("\r\n").collect();
        assert!(lines.iter().rev().skip(1).all(|line| line.len() == width) && lines.len() > 5);
    }
    let unix = MAIL.iter().copied().filter(|octet| *octet != b'\r').collect::<Vec<_>>();
    let inner = INNER.iter().copied().filter(|octet| *octet != b'\r').collect::<Vec<_>>();
    let sealed = world.seal(&unix, &["rsa@goal.example"]);
    assert!(!sealed.contains(&b'\r'));
    assert_eq!(Opener::new(Key::Rsa(0)).open_mail(&sealed), Some(inner));
}

#[test]
fn a_mail_without_a_type_or_a_body_is_still_a_mail() {
    let world = World::new();
    let plain = "Content-Type: text/plain; charset=us-ascii\r\n\r\n";
    for (mail, inner) in [
        ("Subject: x\r\n\r\nhello", format!("{plain}hello")),
        ("\r\nhello", format!("{plain}hello")),
        ("Subject: x\r\n\r\n", plain.to_owned()),
        ("Subject: x\r\n", plain.to_owned()),
        ("Subject: x", plain.to_owned()),
        ("Subject: x\r\n\r\n\r\n\r\n", format!("{plain}\r\n\r\n")),
    ] {
        let sealed = world.seal(mail.as_bytes(), &["p256@goal.example"]);
        let opened = Opener::new(Key::P256(2)).open_mail(&sealed).unwrap();
        assert_eq!(String::from_utf8(opened).unwrap(), inner, "{mail:?}");
    }
}

#[test]
fn octets_of_the_body_survive_whatever_they_are() {
    let world = World::new();
    let every: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    for body in [&b"\n\r\r\n\0\xff"[..], &every, b"From here\r\n.\r\n..\r\n", b"\r\n\r\n\n\n"] {
        let mail = [
            b"Subject: x\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n",
            body,
        ]
        .concat();
        let opened = Opener::new(Key::P256(2)).open_mail(&world.seal(&mail, &["p256@goal.example"])).unwrap();
        assert!(opened.ends_with(body) && opened.len() == mail.len() - "Subject: x\r\n".len());
    }
}

#[test]
fn any_pieces_give_the_same_message() {
    let world = World::new();
    let body: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    let mail = [MAIL, &body].concat();
    let opaque = [b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\n\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", &body[..]].concat();
    for mail in [&mail, &opaque] {
        for length in [Some(mail.len() as u64), None] {
            let whole = world.stream(mail, length, &[usize::MAX]).unwrap();
            for sizes in [&[1][..], &[1, 7, 4096], &[16], &[15, 17], &[65_536], &[100, 1, 50_000]] {
                assert!(world.stream(mail, length, sizes).unwrap() == whole, "{length:?} {sizes:?}");
            }
            let opened = Opener::new(Key::X25519(5)).open_mail(&whole).unwrap();
            assert!(opened.ends_with(&body));
        }
    }
}

#[test]
fn hostile_mail_is_sealed_octet_for_octet_or_refused_by_code() {
    let world = World::new();
    let mut sealed = 0;
    for case in postseal_testkit::corpus::attacks() {
        let mail = &case.mail;
        let whole = world.stream(mail, Some(mail.len() as u64), &[usize::MAX]);
        assert_eq!(world.stream(mail, Some(mail.len() as u64), &[5000, 77]), whole, "{}", case.name);
        if let Ok(message) = whole {
            let opened = Opener::new(Key::X25519(5)).open_mail(&message).unwrap();
            let end = mail.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
            let end = end.or_else(|| mail.windows(2).position(|window| window == b"\n\n").map(|at| at + 2)).unwrap();
            assert!(opened.ends_with(&mail[end..]), "{}", case.name);
            sealed += 1;
        }
    }
    assert!(sealed > 100, "{sealed}");
}

#[test]
fn another_length_than_declared_is_an_error_and_never_a_shorter_message() {
    let world = World::new();
    let whole = MAIL.len() as u64;
    for end in 0..MAIL.len() {
        assert_eq!(world.stream(&MAIL[..end], Some(whole), &[13]), Err(Code::LengthMismatch), "{end}");
    }
    for declared in [0, 1, whole - 1, whole + 1] {
        assert_eq!(world.stream(MAIL, Some(declared), &[13]), Err(Code::LengthMismatch), "{declared}");
    }
    assert_eq!(world.stream(MAIL, Some(u64::MAX), &[13]), Err(Code::ContentTooLong), "more than an element can hold");
}

#[test]
fn a_sealed_message_that_is_cut_opens_for_nobody() {
    let mut world = World::new();
    for algorithm in [ContentEncryption::Aes256Gcm, ContentEncryption::Aes128Cbc] {
        world.policy.allowed = vec![algorithm];
        world.policy.assumed = vec![algorithm];
        for length in [Some(MAIL.len() as u64), None] {
            let cms = cms_of(&world.stream(MAIL, length, &[usize::MAX]).unwrap()).unwrap();
            assert!(Opener::new(Key::Rsa(0)).open(&cms).is_some());
            for end in (0..cms.len()).step_by(7).chain(cms.len() - 40..cms.len()) {
                assert_eq!(Opener::new(Key::X25519(5)).open(&cms[..end]), None, "{algorithm:?} {end}");
            }
        }
    }
}

#[test]
fn without_randomness_there_is_no_message() {
    let world = World::new();
    let mut calls = 0;
    loop {
        let recipients = world.recipients(&ALL[..4], &ALL[4..]);
        match recipients.seal(MAIL, &mut BrokenRandom::after(calls)) {
            Err(error) => assert_eq!(error.code(), Code::RandomUnavailable, "{calls}"),
            Ok(_) => break,
        }
        calls += 1;
    }
    assert!(calls >= 2 + ALL.len(), "key, nonce, and something for each recipient: {calls}");
}

#[test]
fn hidden_recipients_get_messages_of_their_own() {
    let world = World::new();
    let recipients =
        world.recipients(&["rsa@goal.example", "p256@goal.example"], &["x25519@goal.example", "p384@goal.example"]);
    let sealed = recipients.seal(MAIL, &mut SeededRandom::new(1)).unwrap();
    let for_whom: Vec<(Vec<&str>, bool)> =
        sealed.iter().map(|sealed| (sealed.addresses.iter().map(Address::as_str).collect(), sealed.hidden)).collect();
    assert_eq!(
        for_whom,
        [
            (vec!["rsa@goal.example", "p256@goal.example"], false),
            (vec!["x25519@goal.example"], true),
            (vec!["p384@goal.example"], true)
        ]
    );
    for (number, readers) in
        [vec![Key::Rsa(0), Key::P256(2)], vec![Key::X25519(5)], vec![Key::P384(3)]].iter().enumerate()
    {
        for (_, key) in KEYS {
            let opens = Opener::new(key).open_mail(&sealed[number].mail).is_some();
            assert_eq!(opens, readers.contains(&key), "{number} {key:?}");
        }
    }
    let bodies: BTreeSet<&[u8]> = sealed.iter().map(|sealed| &sealed.mail[sealed.mail.len() - 100..]).collect();
    assert_eq!(bodies.len(), 3, "each has a content key of its own");
}

#[test]
fn a_mail_that_is_encrypted_is_never_wrapped() {
    let mut world = World::new();
    let once = world.seal(MAIL, &["rsa@goal.example"]);
    let text = String::from_utf8(once.clone()).unwrap();
    let without_type = text.replace("smime-type=enveloped-data;\r\n ", "");
    let as_file = text
        .replace("application/pkcs7-mime; smime-type=enveloped-data;", "application/octet-stream;")
        .replace("smime.p7m", "SMIME.P7M");
    let pgp = "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n--b--\r\n";
    let lie = text.replace("smime-type=enveloped-data", "smime-type=signed-data");
    let unix = text.replace("\r\n", "\n");
    for mail in [&text, &without_type, &as_file, pgp, &lie, &unix] {
        for sizes in [&[usize::MAX][..], &[1], &[1000]] {
            for length in [Some(mail.len() as u64), None] {
                assert_eq!(world.stream(mail.as_bytes(), length, sizes), Err(Code::AlreadyEncrypted), "{mail}");
            }
        }
    }
    let encrypt = |world: &World| -> Result<Encryption, Code> {
        let store = MemoryStore::new();
        let lookup = Lookup::new(&store).directory(DirectoryId::new("staff"), &world.directory);
        let to = vec![address("rsa@goal.example")];
        let encryption =
            world.engine.encrypt_mail(&once, to, Vec::new(), world.context(), &lookup, &mut SeededRandom::new(1));
        encryption.map_err(|unsealed| unsealed.error.code())
    };
    let asked = world.directory.asked().len();
    assert_eq!(encrypt(&world), Err(Code::AlreadyEncrypted));
    world.policy.already_encrypted = OnEncrypted::Pass;
    let passed = encrypt(&world).unwrap();
    assert!(passed.is_passed && passed.messages.is_empty() && !passed.plaintext_allowed);
    assert_eq!(world.directory.asked().len(), asked, "nobody is asked for what is not needed");
    // A signed mail, opaque or not, is not an encrypted one.
    let signed = b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n\r\n\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
    assert!(world.stream(signed, None, &[1]).is_ok());
}

#[test]
fn what_only_claims_to_be_encrypted_is_refused_whatever_the_policy_and_the_pieces() {
    let mut world = World::new();
    world.policy.already_encrypted = OnEncrypted::Pass;
    let lie =
        b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nmy secret in the clear\r\n".to_vec();
    let empty = b"Content-Type: multipart/encrypted; boundary=x\r\n\r\nmy secret in the clear\r\n".to_vec();
    let twice =
        b"Content-Type: application/pkcs7-mime\r\nContent-Type: text/plain\r\n\r\nMIAGCSqGSIb3DQEHA6CA\r\n".to_vec();
    let opaque = b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let blanks = [&opaque[..], &[b' '; 5000], b"MIAGCSqGSIb3DQEHA6CA\r\n"].concat();
    for mail in [&lie, &empty, &twice, &blanks] {
        for sizes in [&[usize::MAX][..], &[1], &[7], &[1000]] {
            assert_eq!(world.stream(mail, Some(mail.len() as u64), sizes), Err(Code::AlreadyEncrypted), "{sizes:?}");
        }
        let store = MemoryStore::new();
        let lookup = Lookup::new(&store).directory(DirectoryId::new("staff"), &world.directory);
        let to = vec![address("rsa@goal.example")];
        let random = &mut SeededRandom::new(1);
        let unsealed = world.engine.encrypt_mail(mail, to, Vec::new(), world.context(), &lookup, random).unwrap_err();
        assert_eq!(unsealed.error.code(), Code::AlreadyEncrypted);
        assert_eq!(world.recorder.names().last(), Some(&"already-encrypted"));
    }
    // What is OpenPGP to the letter passes, and a route that never encrypts has nothing against any of them.
    let pgp = b"Content-Type: multipart/encrypted; boundary=b; protocol=\"application/pgp-encrypted\"\r\n\r\n--b\r\n\
        Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n\
        -----BEGIN PGP MESSAGE-----\r\n\r\nwcBM\r\n-----END PGP MESSAGE-----\r\n--b--\r\n";
    for (mode, mail, passes) in [(Mode::AllOrNothing, &pgp[..], true), (Mode::Never, &lie, false)] {
        world.policy.mode = mode;
        let store = MemoryStore::new();
        let lookup = Lookup::new(&store).directory(DirectoryId::new("staff"), &world.directory);
        let to = vec![address("rsa@goal.example")];
        let random = &mut SeededRandom::new(1);
        let done = world.engine.encrypt_mail(mail, to, Vec::new(), world.context(), &lookup, random).unwrap();
        assert_eq!((done.is_passed, done.messages.len(), done.plaintext_allowed), (passes, 0, !passes));
    }
}

#[test]
fn a_content_type_that_takes_no_parameter_more_keeps_its_header() {
    let mut world = World::new();
    world.policy.header_protection = HeaderProtection::Baseline;
    for content_type in ["text/plain; charset=utf-8 (c", "text/plain; name=\"open", "text/plain; hp=\"clear\""] {
        let mail = format!("Subject: kept\r\nContent-Type: {content_type}\r\n\r\nhello");
        let sealed = world.seal(mail.as_bytes(), &["p256@goal.example"]);
        assert!(header(&sealed).contains("Subject: kept\r\n"), "{content_type}");
        assert!(world.recorder.names().contains(&"headers-not-protected"));
    }
}

#[test]
fn a_header_that_cannot_be_read_or_is_too_long_is_refused() {
    let world = World::new();
    for (mail, code) in [
        ("From eve Mon Jun  1 00:00:00 2026\r\nSubject: x\r\n\r\nhello".to_owned(), Code::HeaderMalformed),
        ("Subject: x\r\nno field\r\n\r\nhello".to_owned(), Code::HeaderMalformed),
        ("Subject: a\rBcc: b\r\n\r\nhello".to_owned(), Code::HeaderMalformed),
        ("Subject: a\0b\r\n\r\nhello".to_owned(), Code::HeaderMalformed),
        ("X\r: b\r\nSubject: x\r\n\r\nhello".to_owned(), Code::HeaderMalformed),
        ("A: 1\r\nB: 2\n\nhello".to_owned(), Code::HeaderMalformed),
        (format!("A: {}\r\n\r\nhello", "x".repeat(70_000)), Code::HeaderLineTooLong),
        ("A: 1\r\n".repeat(1_001), Code::HeadersTooMany),
        (format!("A: {}\r\n", "x".repeat(60_000)).repeat(6), Code::HeaderBlockTooLarge),
        ("x".repeat(600_000), Code::HeaderBlockTooLarge),
    ] {
        for sizes in [&[usize::MAX][..], &[1000], &[33]] {
            assert_eq!(world.stream(mail.as_bytes(), None, sizes), Err(code), "{}", &mail[..mail.len().min(40)]);
        }
    }
}

#[test]
fn no_part_of_the_plaintext_is_in_any_message() {
    let mut world = World::new();
    world.policy.header_protection = HeaderProtection::Baseline;
    let secret: Vec<u8> =
        (0..5000_u32).flat_map(|number| format!("line {number} of the secret text\r\n").into_bytes()).collect();
    let mail = [
        b"Subject: the secret text of the subject\r\nContent-Type: text/plain; x=secret-parameter-value\r\n\r\n",
        secret.as_slice(),
    ]
    .concat();
    let secrets = [secret.as_slice(), b"the secret text of the subject", b"secret-parameter-value"];
    let windows: BTreeSet<&[u8]> = secrets.iter().flat_map(|secret| secret.windows(16)).collect();
    for &algorithm in ContentEncryption::ALL {
        world.policy.allowed = vec![algorithm];
        world.policy.assumed = vec![algorithm];
        for length in [Some(mail.len() as u64), None] {
            let sealed = world.stream(&mail, length, &[4000]).unwrap();
            let cms = cms_of(&sealed).unwrap();
            assert!(!sealed.windows(16).chain(cms.windows(16)).any(|window| windows.contains(window)), "{algorithm:?}");
        }
    }
}

#[test]
fn what_was_lent_is_used_and_gone_with_source_and_fingerprint_only() {
    let world = World::new();
    let sealed = world.seal(MAIL, &["rsa@goal.example", "p256@goal.example"]);
    assert!(!sealed.is_empty());
    assert_eq!(
        world.recorder.names(),
        [
            "revocation-unknown",
            "recipient-found",
            "revocation-unknown",
            "recipient-found",
            "lent-used",
            "lent-used",
            "cbc-fallback",
            "sealed",
            "lent-discarded",
            "lent-discarded"
        ]
    );
    let root = Authority::root("Root", Key::P256(1));
    for (mailbox, key) in &KEYS[..2] {
        let der = root.issue(&CertSpec::mailbox(mailbox, *key)).der().to_vec();
        let shown = format!("{:?}", world.recorder.events());
        let octets: Vec<String> = der[20..28].iter().map(ToString::to_string).collect();
        let hex: String = der[20..28].iter().map(|octet| format!("{octet:02x}")).collect();
        assert!(!shown.contains(&octets.join(", ")) && !shown.contains(&hex));
    }
    let sealed_event = world.recorder.events().into_iter().find_map(|event| match event.kind {
        Kind::Sealed { content_encryption, recipients, octets } => {
            Some((content_encryption.name(), recipients, octets))
        }
        _ => None,
    });
    assert_eq!(sealed_event, Some(("aes256-cbc", 2, sealed.len() as u64)));
}

#[test]
fn an_abandoned_sealer_gives_back_what_was_lent_and_says_nothing_was_sealed() {
    let world = World::new();
    let envelope = world.recipients(&["rsa@goal.example"], &[]).envelopes().remove(0);
    let mut sealer = envelope.sealer(None, &mut SeededRandom::new(1)).unwrap();
    sealer.push(MAIL, &mut Vec::new()).unwrap();
    assert!(!world.recorder.names().contains(&"lent-discarded"));
    drop(sealer);
    assert_eq!(world.recorder.names().last(), Some(&"lent-discarded"));
    assert!(!world.recorder.names().contains(&"sealed"));
}

#[test]
fn after_an_error_a_sealer_only_repeats_it() {
    let world = World::new();
    let envelope = world.recipients(&["rsa@goal.example"], &[]).envelopes().remove(0);
    let mut sealer = envelope.sealer(Some(3), &mut SeededRandom::new(1)).unwrap();
    for _ in 0..2 {
        assert_eq!(sealer.push(b"more", &mut Vec::new()).unwrap_err().code(), Code::LengthMismatch);
    }
    assert_eq!(sealer.finish(&mut Vec::new()).unwrap_err().code(), Code::LengthMismatch);
    let envelope = world.recipients(&["rsa@goal.example"], &[]).envelopes().remove(0);
    let mut sealer = envelope.sealer(Some(500), &mut SeededRandom::new(1)).unwrap();
    let encrypted = b"Content-Type: multipart/encrypted\r\n\r\n";
    for piece in [&encrypted[..], b"more", &[0; 600]] {
        assert_eq!(sealer.push(piece, &mut Vec::new()).unwrap_err().code(), Code::AlreadyEncrypted);
    }
    assert_eq!(sealer.finish(&mut Vec::new()).unwrap_err().code(), Code::AlreadyEncrypted);
}

#[test]
fn nothing_that_is_shown_holds_a_certificate() {
    let world = World::new();
    let recipients = world.recipients(&["rsa@goal.example"], &[]);
    let der =
        Authority::root("Root", Key::P256(1)).issue(&CertSpec::mailbox("rsa@goal.example", Key::Rsa(0))).der().to_vec();
    let octets: Vec<String> = der[300..308].iter().map(ToString::to_string).collect();
    let mut shown = format!("{recipients:?}");
    let envelope = recipients.envelopes().remove(0);
    shown.push_str(&format!("{envelope:?}"));
    let sealer = envelope.sealer(None, &mut SeededRandom::new(1)).unwrap();
    shown.push_str(&format!("{sealer:?}"));
    assert!(!shown.contains(&octets.join(", ")), "{shown}");
    assert!(!shown.contains("goal.example"), "{shown}");
}
