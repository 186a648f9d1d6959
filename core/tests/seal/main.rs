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

mod refused;

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
        // AWS-LC draws what an RSA recipient needs itself, so that no two messages to one would be equal.
        let first = if self.engine.crypto().name() == "aws-lc" { "p256@goal.example" } else { "rsa@goal.example" };
        let envelope = self.recipients(&[first, "x25519@goal.example"], &[]).envelopes().remove(0);
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
        secret subject\r\nHP-Outer: Subject: forged\r\nKeywords: secret\r\nThread-Topic: a secret\r\nBcc: hidden@goal.example\r\nMIME-Version: 1.0\r\n\
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
         Thread-Topic: a secret\r\nContent-Type: text/plain;\r\n hp=\"cipher\"\r\n\
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
    let type_of_pgp = "multipart/signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha256; boundary=b";
    let pgp = format!("Subject: visible\r\nContent-Type: {type_of_pgp}\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n");
    let sealed_pgp = world.seal(pgp.as_bytes(), &["p256@goal.example"]);
    assert!(header(&sealed_pgp).contains("Subject: visible\r\n"));
    let inner = Opener::new(Key::P256(2)).open_mail(&sealed_pgp).unwrap();
    assert!(!String::from_utf8(inner).unwrap().contains("hp="));
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

// hardening: R7
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

// hardening: E8
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

// hardening: E3
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

/// Each hidden recipient gets a message of his own; a thousand of them with a large mail would take all memory.
#[test]
fn messages_that_are_too_large_together_are_not_made_at_once() {
    let mut world = World::new();
    let mut limits = world.engine.limits().clone();
    limits.sealed_bytes = 3 * MAIL.len() - 1;
    world.engine = world.engine.with_limits(limits);
    let both = || world.recipients(&["rsa@goal.example"], &["p256@goal.example"]);
    let refused = both().seal(MAIL, &mut SeededRandom::new(1)).unwrap_err();
    assert_eq!(refused.code(), Code::MessagesTooLarge);
    for envelope in both().envelopes() {
        assert!(envelope.seal(MAIL, &mut SeededRandom::new(1)).is_ok());
    }
    assert!(world.recipients(&["rsa@goal.example"], &[]).seal(MAIL, &mut SeededRandom::new(1)).is_ok());
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
    let mut sealer = envelope.sealer(None, &mut SeededRandom::new(1)).unwrap();
    shown.push_str(&format!("{sealer:?}"));
    // Nor the mail: its header while the end is not there, and the outer one of what was made.
    sealer.push(b"Subject: secret\r\nBcc: somebody@goal.example", &mut Vec::new()).unwrap();
    shown.push_str(&format!("{sealer:?}"));
    let sealed = world.recipients(&["rsa@goal.example"], &[]).seal(MAIL, &mut SeededRandom::new(1)).unwrap();
    shown.push_str(&format!("{sealed:?}"));
    for text in ["secret", "somebody", "MIME-Version"] {
        let decimal: Vec<String> = text.bytes().map(|octet| octet.to_string()).collect();
        assert!(!shown.contains(text) && !shown.contains(&decimal.join(", ")), "{text} in {shown}");
    }
    assert!(!shown.contains(&octets.join(", ")), "{shown}");
    assert!(!shown.contains("goal.example"), "{shown}");
}
