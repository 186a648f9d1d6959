//! What is not sealed, and what comes out then: nothing.

use super::*;

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
            assert!(Opener::new(Key::X25519(5)).open(&cms).is_some());
            for end in (0..cms.len()).step_by(7).chain(cms.len() - 40..cms.len()) {
                assert_eq!(Opener::new(Key::X25519(5)).open(&cms[..end]), None, "{algorithm:?} {end}");
            }
        }
    }
}

// hardening: P12
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
