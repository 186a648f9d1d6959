//! Inputs made to exhaust memory, stack or time: each ends in a result, with little memory, on a small stack.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "test code"
)]

use peak_alloc::PeakAlloc;
use postseal::import::{Context, Outcome};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Code, Engine, UnixTime};
use postseal_testkit::MemoryStore;
use postseal_testkit::corpus::attacks;
use postseal_testkit::factory::{
    Authority, AuthoritySpec, CertSpec, Key, Name, SignedMail, SignerId, der, distinguished_name, extension,
};
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const STACK: usize = 256 << 10;

/// Bombs that are too large for the corpus.
fn generated() -> Vec<(String, Vec<u8>)> {
    let detached = |cms: &[u8]| {
        let head = b"From: a@goal.example\r\nContent-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\r\n\r\n\
            --b\r\n\r\nx\r\n--b\r\nContent-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: binary\r\n\r\n";
        [head.as_slice(), cms, b"\r\n--b--\r\n"].concat()
    };
    let opaque =
        |cms: &[u8]| [b"From: a@goal.example\r\nContent-Type: application/pkcs7-mime\r\n\r\n".as_slice(), cms].concat();
    let many = |piece: &[u8], count: usize| piece.repeat(count);
    let mut segments = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80\x24\x80".to_vec();
    segments.extend(many(b"\x04\x01x", 3_000_000));
    vec![
        ("nested indefinite sequences".into(), detached(&many(b"\x30\x80", 1 << 20))),
        ("nested constructed strings".into(), opaque(&many(b"\x24\x80", 1 << 22))),
        ("a million empty sequences".into(), opaque(&[b"\x30\x80".as_slice(), &many(b"\x30\x00", 1 << 22)].concat())),
        ("three million segments".into(), opaque(&segments)),
        ("a length of four gigabytes".into(), detached(b"\x30\x84\xff\xff\xff\xff\x06")),
        ("nested multiparts".into(), many(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", 100_000)),
        ("nested messages".into(), many(b"Content-Type: message/rfc822\r\n\r\n", 100_000)),
        (
            "delimiters".into(),
            [b"Content-Type: multipart/mixed; boundary=b\r\n\r\n".as_slice(), &many(b"--b\r\n", 2_000_000)].concat(),
        ),
        ("one long header line".into(), [b"From: ".as_slice(), &many(b"a", 20 << 20)].concat()),
        ("header folds".into(), [b"From:".as_slice(), &many(b"\r\n ", 2 << 20)].concat()),
        ("open comments".into(), [b"Content-Type: multipart/signed; ".as_slice(), &many(b"(", 60_000)].concat()),
        ("open quotes".into(), [b"From: ".as_slice(), &many(b"\"", 60_000), b"\r\n\r\n"].concat()),
        ("line feeds".into(), many(b"\n", 20 << 20)),
        ("parameters".into(), [b"Content-Type: text/plain".as_slice(), &many(b";a=b", 16_000), b"\r\n\r\n"].concat()),
        ("indefinite lengths everywhere".into(), detached(&many(b"\x30\x80\x00\x00", 1 << 20))),
        ("a long issuer of the signer".into(), detached(&signer_info(&long_name(), &sha256(), &sha256()))),
        ("a digest algorithm of scraps".into(), detached(&signer_info(&der::sequence(&[]), &scraps(), &sha256()))),
        ("a signature algorithm of scraps".into(), detached(&signer_info(&der::sequence(&[]), &sha256(), &scraps()))),
        ("nothing but NUL".into(), vec![0; 20 << 20]),
    ]
}

fn sha256() -> Vec<u8> {
    der::sequence(&[&der::oid("2.16.840.1.101.3.4.2.1")])
}

/// An algorithm identifier with parameters that are nothing but indefinite lengths.
fn scraps() -> Vec<u8> {
    der::indefinite(0x30, &[&der::oid("2.16.840.1.101.3.4.2.1"), &b"\x30\x80\x00\x00".repeat(900_000)])
}

/// A name whose white space is of no account (RFC 5280 7.1).
fn long_name() -> Vec<u8> {
    distinguished_name(&"a ".repeat(1_900_000), None)
}

/// A SignedData by somebody whom nobody knows, with 32 certificates that could be his.
fn signer_info(issuer: &[u8], digest: &[u8], signature: &[u8]) -> Vec<u8> {
    signer_infos(1, issuer, digest, signature, b"bad")
}

/// The same by so many.
fn signer_infos(count: usize, issuer: &[u8], digest: &[u8], signature: &[u8], value: &[u8]) -> Vec<u8> {
    let spec = CertSpec::mailbox("a@goal.example", Key::P256(2));
    let bag = Authority::root("Nobody", Key::P256(1)).issue(&spec).der().repeat(32);
    let name = der::sequence(&[issuer, &der::integer(spec.serial)]);
    let fields: [&[u8]; 5] = [&der::integer(1), &name, digest, signature, &der::octet_string(value)];
    let signers = der::set_of(vec![der::sequence(&fields); count]);
    let data = der::sequence(&[&der::oid("1.2.840.113549.1.7.1")]);
    let fields: [&[u8]; 5] = [&der::integer(1), &der::set_of(vec![]), &data, &der::tlv(0xa0, &[&bag]), &signers];
    let signed = der::tlv(0xa0, &[&der::sequence(&fields)]);
    der::sequence(&[&der::oid("1.2.840.113549.1.7.2"), &signed])
}

/// The meter counts the whole process, so one test measures at a time.
static METER: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn check(name: &str, engine: &Engine, mail: &[u8], at: UnixTime) -> (Outcome, Option<Code>) {
    let store = MemoryStore::new();
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let started = Instant::now();
    let report = engine.import_mail(mail, Context::new(at), &store, &()).unwrap();
    let elapsed = started.elapsed();
    let inspection = engine.inspect(mail, at);
    let grown = ALLOCATOR.peak_usage().saturating_sub(before);
    drop(inspection);
    assert!(grown < 4 * mail.len() + (1 << 20), "{name}: {grown} bytes for {} of input", mail.len());
    let code = report.error.map(|error| error.code());
    if std::env::var_os("POSTSEAL_TIMED").is_some() {
        println!("{name}: {elapsed:?}, {grown} bytes, {code:?}");
        assert!(elapsed.as_millis() < 50, "{name}: {elapsed:?}");
    }
    (report.outcome, code)
}

/// Six CA keys that all certify each other under one name: every order of them is a path, and none has an anchor.
fn maze() -> Vec<u8> {
    let authorities: Vec<_> = (1..=6).map(|seed| Authority::root("Maze", Key::P256(seed))).collect();
    let person = authorities[0].issue(&CertSpec::mailbox("alice@goal.example", Key::P256(9)));
    let mut mail = SignedMail::new("alice@goal.example", &person);
    for authority in &authorities {
        for seed in 1..=6 {
            let cross = authority.authority("Maze", Key::P256(seed));
            if cross.der() != authority.der() && cross.public_key() != authority.public_key() {
                mail = mail.with_authority(&cross);
            }
        }
    }
    mail.build()
}

/// Who looks has more patience than who imports, but an end all the same: each of 64 signers names each of 32 certificates, in
/// each layer, and all of them would have the content hashed.
// hardening: D9
#[test]
fn an_inspection_has_one_budget_for_all_signers_of_all_layers() {
    let _alone = METER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let spec = CertSpec::mailbox("a@goal.example", Key::P256(2));
    let issuer = distinguished_name("Nobody", None);
    assert_eq!(
        Authority::root("Nobody", Key::P256(1))
            .issue(&spec)
            .der()
            .windows(issuer.len())
            .filter(|at| *at == issuer)
            .count(),
        1
    );
    let ecdsa = der::sequence(&[&der::oid("1.2.840.10045.4.3.2")]);
    let wrong = der::sequence(&[&der::integer(1), &der::integer(1)]);
    let cms = signer_infos(64, &issuer, &sha256(), &ecdsa, &wrong);
    let head = b"From: a@goal.example\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n".as_slice();
    let signed = b"--a\r\nContent-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n\
        Content-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: binary\r\n\r\n";
    let layer = [signed.as_slice(), &cms, b"\r\n--b--\r\n"].concat();
    let mail = [head, &layer.repeat(20), b"--a--\r\n"].concat();
    let engine = postseal_testkit::engine(TrustAnchors::default());
    let started = Instant::now();
    let inspection = engine.inspect(&mail, UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap()).unwrap();
    let elapsed = started.elapsed();
    let seen = |code, verdict: &str| {
        let signers = inspection.layers.iter().flat_map(|layer| &layer.signers);
        signers
            .filter(|signer| {
                signer.error.is_some_and(|error| error.code() == code) && signer.signature.name() == verdict
            })
            .count()
    };
    // 400 checks: twelve times all 32, and the rest of the thirteenth's.
    let counted = (seen(Code::SignatureInvalid, "invalid"), seen(Code::SignatureBudget, "not-checked"));
    assert_eq!(counted, (13, 20 * 64 - 13), "{:?}", inspection.layers[0].signers[0]);
    if std::env::var_os("POSTSEAL_TIMED").is_some() {
        println!("an inspection of many signers: {elapsed:?}");
        assert!(elapsed.as_millis() < 500, "{elapsed:?}");
    }
}

// hardening: D9
#[test]
fn a_maze_of_cross_certificates_ends_early() {
    let _alone = METER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let roots: Vec<_> = (10..110).map(|seed| Authority::root(&format!("Root {seed}"), Key::P256(seed))).collect();
    let pem: String = roots.iter().map(Authority::pem).collect();
    let engine = postseal_testkit::engine(TrustAnchors::from_pem(pem.as_bytes(), &Limits::default()).unwrap());
    let at = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    assert_eq!(check("a maze of cross certificates", &engine, &maze(), at), refused(Code::SignatureBudget));
}

// hardening: R1, R2, R3, R4
#[test]
fn every_bomb_ends_with_little_memory_on_a_small_stack() {
    let _alone = METER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let run = || {
        let is_bomb =
            |name: &str| ["asn1-", "mime-", "path-", "cms-attr-20000"].iter().any(|kind| name.starts_with(kind));
        for case in attacks().iter().filter(|case| is_bomb(&case.name)) {
            check(&case.name, &case.engine(), &case.mail, case.verify_at);
        }
        let case = attacks().remove(0);
        for (name, mail) in generated() {
            let (outcome, _) = check(&name, &case.engine(), &mail, case.verify_at);
            assert!(matches!(outcome, Outcome::Refused | Outcome::NotSigned), "{name}: {outcome:?}");
        }
    };
    std::thread::Builder::new().stack_size(STACK).spawn(run).unwrap().join().unwrap();
}

/// Detached content is read where it lies.
// hardening: R6
#[test]
fn a_large_detached_mail_takes_less_than_two_mib_beyond_itself() {
    let _alone = METER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let person = root().issue(&CertSpec::mailbox("alice@goal.example", Key::P256(9)));
    let mail = SignedMail::new("alice@goal.example", &person).body(&b"0123456789abcde\r\n".repeat(25 << 16)).build();
    assert!(mail.len() > 25 << 20);
    let engine = postseal_testkit::engine(TrustAnchors::from_pem(root().pem().as_bytes(), &Limits::default()).unwrap());
    let store = MemoryStore::new();
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let at = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    let report = engine.import_mail(&mail, Context::new(at), &store, &()).unwrap();
    let grown = ALLOCATOR.peak_usage().saturating_sub(before);
    assert_eq!(report.outcome, Outcome::Imported);
    assert!(grown < 2 << 20, "{grown} bytes for {} of input", mail.len());
}

/// One key has many certificates, below CAs of which each certifies all of the next level, and none is trusted. A mail has one
/// budget for all that its signer identifier names.
// hardening: D9
#[test]
fn a_signer_identifier_that_names_many_certificates_costs_what_one_does() {
    let _alone = METER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let upper: Vec<_> = (1..=3).map(|seed| Authority::root("Upper", Key::P384(seed))).collect();
    let lower = |authority: &Authority| authority.authority("Lower", Key::P384(20));
    let issuers: Vec<_> = upper.iter().map(lower).collect();
    let mail = |certificates: u64| {
        let of = |serial| {
            let spec = CertSpec { serial, ..CertSpec::mailbox("alice@goal.example", Key::P384(30)) };
            issuers[0].issue(&spec)
        };
        let mail = SignedMail::new("alice@goal.example", &of(1)).signer_id(SignerId::KeyIdentifier);
        let mail = issuers.iter().chain(&upper).fold(mail, |mail, authority| mail.with_authority(authority));
        (2..=certificates).fold(mail, |mail, serial| mail.with_certificate(of(serial).der())).build()
    };
    let engine = postseal_testkit::engine(TrustAnchors::from_pem(root().pem().as_bytes(), &Limits::default()).unwrap());
    let at = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    assert_eq!(check("one certificate", &engine, &mail(1), at), refused(Code::PathSignatureInvalid));
    assert_eq!(check("twenty certificates", &engine, &mail(20), at), refused(Code::SignatureBudget));
}

/// Revocation lists are read when all else holds, so that only somebody who is trusted can send these.
// hardening: R3
#[test]
fn a_revocation_list_of_scraps_takes_little_memory() {
    let _alone = METER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let person = root().issue(&CertSpec::mailbox("alice@goal.example", Key::P256(9)));
    let list = der::indefinite(0x30, &[&b"\x30\x80\x00\x00".repeat(900_000)]);
    let engine = postseal_testkit::engine(TrustAnchors::from_pem(root().pem().as_bytes(), &Limits::default()).unwrap());
    let at = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    let mail = SignedMail::new("alice@goal.example", &person).with_crl(&list).build();
    check("a list of scraps", &engine, &mail, at);
    let list = der::sequence(&[&b"\x30\x02\x05\x00".repeat(900_000)]);
    let mail = SignedMail::new("alice@goal.example", &person).with_crl(&list).build();
    assert_eq!(check("a list of nulls", &engine, &mail, at), (Outcome::Imported, None));
}

/// Five levels of six CAs with long names, made by the sender, who needs nobody's trust for it.
fn levels() -> Vec<u8> {
    let long = "aA ".repeat(9_000);
    let mut above = Authority::root(&long, Key::P256(2));
    let mut all = Vec::new();
    for level in 0..5 {
        let same_name_and_key = |number: u64| {
            let mut spec = AuthoritySpec::new(&format!("{level} {long}"), Key::P256(20 + level));
            spec.serial = 100 + number;
            above.subordinate(&spec)
        };
        let six: Vec<_> = (0..6).map(same_name_and_key).collect();
        above = six[0].clone();
        all.extend(six);
    }
    let person = above.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(9)));
    let mail = SignedMail::new("alice@goal.example", &person);
    all.iter().fold(mail, |mail, authority| mail.with_authority(authority)).build()
}

/// A trusted CA with four levels of seven below it, each of which excludes `count` long names.
fn exclusions(root: &Authority, count: usize, length: usize) -> Vec<u8> {
    let mut above = root.clone();
    let mut all = Vec::new();
    for level in 0..4 {
        let same_name_and_key = |number: u64| {
            let mut spec = AuthoritySpec::new(&format!("Level {level}"), Key::P256(20 + level));
            spec.serial = 100 + number;
            let name = |number: usize| distinguished_name(&format!("{number} {}", "aA ".repeat(length / 3)), None);
            spec.excluded = (0..count).map(|number| Name::Directory(name(number))).collect();
            above.subordinate(&spec)
        };
        let seven: Vec<_> = (0..7).map(same_name_and_key).collect();
        above = seven[0].clone();
        all.extend(seven);
    }
    let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(9));
    spec.names.extend((0..60).map(|number| Name::Rfc822(format!("a{number}@goal.example").into_bytes())));
    let mail = SignedMail::new("alice@goal.example", &above.issue(&spec));
    all.iter().fold(mail, |mail, authority| mail.with_authority(authority)).build()
}

/// Fifteen certificates of one CA below fifteen keys with one name: every pair of them is a signature to check.
fn costly_keys() -> Vec<u8> {
    let upper: Vec<_> = (0..15).map(|seed| Authority::root("Upper", Key::P384(seed))).collect();
    let lower = |number: u64| {
        let mut spec = AuthoritySpec::new("Lower", Key::P384(20));
        spec.serial = 100 + number;
        Authority::root("Upper", Key::P384(99)).subordinate(&spec)
    };
    let lower: Vec<_> = (0..15).map(lower).collect();
    let person = lower[14].issue(&CertSpec::mailbox("alice@goal.example", Key::P384(50)));
    let mail = SignedMail::new("alice@goal.example", &person);
    lower.iter().chain(&upper).fold(mail, |mail, authority| mail.with_authority(authority)).build()
}

/// An ESSCertIDv2 (RFC 5035 4) whose issuerSerial has thousands of names, by a CA with a long one.
fn issuer_serial() -> Vec<u8> {
    let root = Authority::root(&"aA ".repeat(9_000), Key::P256(2));
    let names = der::sequence(&[&b"\xa4\x00".repeat(15_000)]);
    let id = der::sequence(&[&der::octet_string(&[0; 32]), &der::sequence(&[&names, &der::integer(1)])]);
    let value = der::sequence(&[&der::sequence(&[&id])]);
    let attribute = der::sequence(&[&der::oid("1.2.840.113549.1.9.16.2.47"), &der::tlv(0x31, &[&value])]);
    let person = root.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(9)));
    SignedMail::new("alice@goal.example", &person).extra_attribute(&attribute).build()
}

/// Four levels of `width` CAs, each with eleven policies that it maps all to all, as the tree of RFC 5280 grows by the power
/// of eleven with each (CVE-2023-0464). They demand a policy; the person has the one given.
fn mappings(root: &Authority, width: u64, policy: &str) -> Vec<u8> {
    let name = |number: usize| der::oid(&format!("1.3.6.1.4.1.99999.{number}"));
    let policies: Vec<_> = (0..11).map(|number| der::sequence(&[&name(number)])).collect();
    let pairs: Vec<_> = (0..121).map(|pair| der::sequence(&[&name(pair / 11), &name(pair % 11)])).collect();
    let mut above = root.clone();
    let mut all = Vec::new();
    for level in 0..4 {
        let same_name_and_key = |number: u64| {
            let mut spec = AuthoritySpec::new(&format!("Level {level}"), Key::P256(20 + level));
            spec.serial = 100 + number;
            spec.overrides.extra_extensions = vec![
                extension("2.5.29.32", false, &der::sequence(&[&policies.concat()])),
                extension("2.5.29.33", true, &der::sequence(&[&pairs.concat()])),
                extension("2.5.29.36", true, &der::sequence(&[b"\x80\x01\x00"])),
            ];
            above.subordinate(&spec)
        };
        let same: Vec<_> = (0..width).map(same_name_and_key).collect();
        above = same[0].clone();
        all.extend(same);
    }
    let mut spec = CertSpec::mailbox("alice@goal.example", Key::P256(9));
    let policy = der::sequence(&[&der::sequence(&[&der::oid(policy)])]);
    spec.overrides.extra_extensions = vec![extension("2.5.29.32", false, &policy)];
    let mail = SignedMail::new("alice@goal.example", &above.issue(&spec));
    all.iter().fold(mail, |mail, authority| mail.with_authority(authority)).build()
}

fn root() -> Authority {
    Authority::root("Root", Key::P256(1))
}

const fn refused(code: Code) -> (Outcome, Option<Code>) {
    (Outcome::Refused, Some(code))
}

// hardening: D9
#[test]
fn names_and_keys_made_to_cost_use_up_the_budgets_early() {
    let _alone = METER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let root = Authority::root("Root", Key::P256(1));
    let engine = postseal_testkit::engine(TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap());
    let at = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    let check = |name: &str, mail: &[u8]| check(name, &engine, mail, at);
    assert_eq!(check("fifteen keys on P-384", &costly_keys()), refused(Code::SignatureBudget));
    assert_eq!(check("five levels with names of 27 kB", &levels()), refused(Code::PathNotFound));
    assert_eq!(check("15 000 names in an issuerSerial", &issuer_serial()), refused(Code::SignerMismatch));
    for (count, length, expected) in [
        (1, 300, (Outcome::Imported, None)),
        (1, 20_000, (Outcome::Imported, None)),
        (20, 1_000, (Outcome::Imported, None)),
        (3, 20_000, refused(Code::NameBudget)),
        (60, 900, refused(Code::NameBudget)),
    ] {
        let name = format!("{count} excluded names of {length} bytes");
        assert_eq!(check(&name, &exclusions(&root, count, length)), expected, "{name}");
    }
}

// hardening: D9
#[test]
fn mapped_policies_make_no_tree_and_use_up_their_budget_early() {
    let _alone = METER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let root = Authority::root("Root", Key::P256(1));
    let engine = postseal_testkit::engine(TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap());
    let at = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    for (width, policy, expected) in [
        (1, "1.3.6.1.4.1.99999.7", (Outcome::Imported, None)),
        (1, "1.3.6.1.4.1.99999.11", refused(Code::PolicyNotValid)),
        (7, "1.3.6.1.4.1.99999.7", (Outcome::Imported, None)),
        (7, "1.3.6.1.4.1.99999.11", refused(Code::PolicyBudget)),
    ] {
        let name = format!("four levels of {width} CAs with 121 mappings");
        assert_eq!(check(&name, &engine, &mappings(&root, width, policy), at), expected, "{name}, {policy}");
    }
}
