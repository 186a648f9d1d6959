//! The rules of this module over whole mails: those of the attack corpus, and some made here.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "test code"
)]

use super::*;
use crate::error::Code;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Numbers that are the same in every run, and have no pattern that a scanner would meet.
pub(super) struct Source(pub(super) u64);

impl Source {
    /// One below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        // Knuth's linear congruential generator; the upper half is the better one.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    pub(super) fn one_of<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        &choices[self.below(choices.len())]
    }
}

/// What the header side gives for each `id-*` mail: the mailbox that passes on to the certificate, or why there is none.
/// A mailbox here is not an import: it still has to be one of the signer's certificate.
const AUTHORS: &[(&str, Result<&str, Code>)] = &[
    ("id-from-8bit", Err(Code::FromMalformed)),
    ("id-from-bare-cr", Err(Code::HeaderMalformed)),
    ("id-from-bare-lf", Err(Code::HeaderMalformed)),
    ("id-from-comment-inside", Err(Code::FromMalformed)),
    ("id-from-dot-end", Err(Code::FromMalformed)),
    ("id-from-dotdot", Err(Code::FromMalformed)),
    ("id-from-encword-addr", Err(Code::FromNotOneMailbox)),
    // An encoded word is atext, and stands for itself: nothing is decoded inside an addr-spec.
    ("id-from-encword-local", Ok("=?utf-8?q?alice?=@goal.example")),
    ("id-from-encword-name", Ok("eve@evil.example")),
    ("id-from-encword-nul", Ok("eve@evil.example")),
    ("id-from-folded-name", Err(Code::FromRepeated)),
    ("id-from-group", Err(Code::FromNotOneMailbox)),
    ("id-from-group-empty", Err(Code::FromNotOneMailbox)),
    ("id-from-group-mixed", Err(Code::FromNotOneMailbox)),
    ("id-from-literal", Err(Code::FromMalformed)),
    ("id-from-long-domain", Err(Code::FromMalformed)),
    ("id-from-nul-name", Err(Code::FromRepeated)),
    ("id-from-space-addr", Err(Code::FromMalformed)),
    ("id-from-space-colon", Err(Code::FromRepeated)),
    ("id-from-upper-dup", Err(Code::FromRepeated)),
    ("id-i2-displayname-is-address", Err(Code::FromMalformed)),
    ("id-i2-displayname-plain", Ok("eve@evil.example")),
    ("id-i2-displayname-quoted-address", Ok("eve@evil.example")),
    ("id-i2-empty", Err(Code::FromNotOneMailbox)),
    ("id-i2-name-only", Err(Code::FromNotOneMailbox)),
    ("id-i3-from-signer-sender-alice", Ok("eve@evil.example")),
    ("id-i3-same-twice", Err(Code::FromNotOneMailbox)),
    ("id-i3-sender-signer", Ok("alice@goal.example")),
    ("id-i3-two-from-a", Err(Code::FromRepeated)),
    ("id-i3-two-from-b", Err(Code::FromRepeated)),
    ("id-i3-two-mailboxes-b", Err(Code::FromNotOneMailbox)),
    // Another domain and another local part than those they look like: neither is mapped or folded.
    ("id-u-cyrillic", Ok("alice@xn--gal-sed.example")),
    ("id-u-fullwidth", Ok("\u{ff41}lice@goal.example")),
    ("id-u-fullwidth-at", Err(Code::FromNotOneMailbox)),
    ("id-u-rlo", Err(Code::FromMalformed)),
    ("id-u-softhyphen", Err(Code::FromMalformed)),
    ("id-u-zwj", Err(Code::FromMalformed)),
];

/// What stands at the root of each `mime-*` mail. Signed ones that must not be imported fall to a later check.
const ROOTS: &[(&str, Result<&str, Code>)] = &[
    ("mime-b64-concat", Err(Code::Base64Malformed)),
    ("mime-b64-garbage", Err(Code::Base64Malformed)),
    ("mime-comments-100000", Err(Code::HeaderLineTooLong)),
    ("mime-cte-on-multipart", Err(Code::MultipartEncoded)),
    ("mime-from-100000", Err(Code::HeadersTooMany)),
    ("mime-from-addresses-50000", Err(Code::HeaderBlockTooLarge)),
    ("mime-hp-match", Ok("detached, protected alice@goal.example")),
    ("mime-hp-mismatch-eve", Ok("detached, protected eve@evil.example")),
    ("mime-m3-related", Err(Code::SignatureNotAtRoot)),
    ("mime-m4-attachment", Err(Code::SignatureNotAtRoot)),
    ("mime-micalg-lie", Ok("detached")),
    ("mime-nest-10000", Err(Code::MimeTooDeep)),
    ("mime-nested-signed", Ok("detached")),
    ("mime-nested-signed-from-alice", Ok("detached")),
    ("mime-octet-stream-p7m", Ok("opaque")),
    ("mime-p7s-binary", Ok("detached")),
    ("mime-parts-100000", Err(Code::MimePartsTooMany)),
    ("mime-protocol-missing", Err(Code::ProtocolMismatch)),
    ("mime-protocol-pgp", Err(Code::ProtocolMismatch)),
    ("mime-rfc2231-boundary", Err(Code::ContentTypeMalformed)),
    ("mime-root-rfc822", Err(Code::SignatureNotAtRoot)),
    ("mime-sig-first", Err(Code::ProtocolMismatch)),
    ("mime-signed-compressed-bomb", Ok("opaque signed-data")),
    ("mime-smime-type-lie", Ok("encrypted")),
];

fn attacks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/attacks")
}

/// Names and bytes of the corpus mails whose case begins with `prefix`.
fn cases(prefix: &str) -> Vec<(String, Vec<u8>)> {
    let rows = fs::read_to_string(attacks().join("cases.jsonl")).unwrap();
    let rows = rows.lines().map(|row| serde_json::from_str::<serde_json::Value>(row).unwrap());
    let named = rows.filter(|row| row["case"].as_str().unwrap().starts_with(prefix));
    let read = |row: serde_json::Value| {
        let mail = fs::read(attacks().join(row["file"].as_str().unwrap())).unwrap();
        (row["case"].as_str().unwrap().to_owned(), mail)
    };
    named.map(read).collect()
}

fn author_key(mail: &[u8]) -> Result<String, Code> {
    author(mail, &Limits::default()).map(|address| address.key().to_owned()).map_err(|error| error.code())
}

/// One word for what is at the root.
fn describe(mail: &[u8]) -> Result<String, Code> {
    let limits = Limits::default();
    let entity = match root(mail, &limits).map_err(|error| error.code())? {
        Root::Signed(entity) => entity,
        Root::Encrypted => return Ok("encrypted".to_owned()),
        Root::NotSigned => return Ok("not signed".to_owned()),
    };
    let text = match (entity.content, entity.smime_type) {
        (SignedContent::Opaque, Some(SmimeType::SignedData)) => "opaque signed-data".to_owned(),
        (SignedContent::Opaque, _) => "opaque".to_owned(),
        (SignedContent::Detached(content), _) => match entity.protected_author(content, &limits) {
            None => "detached".to_owned(),
            Some(Ok(address)) => format!("detached, protected {}", address.key()),
            Some(Err(error)) => return Err(error.code()),
        },
    };
    Ok(text)
}

/// Every case of the corpus has exactly one row, and the row is right.
fn check_table(prefix: &str, table: &[(&str, Result<&str, Code>)], read: fn(&[u8]) -> Result<String, Code>) {
    let cases = cases(prefix);
    let names: BTreeSet<&str> = cases.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, table.iter().map(|(name, _)| *name).collect::<BTreeSet<_>>());
    assert_eq!(cases.len(), table.len(), "a case stands twice");
    for (name, mail) in &cases {
        let (_, expected) = table.iter().find(|(row, _)| row == name).unwrap();
        assert_eq!(read(mail), expected.map(str::to_owned), "{name}");
    }
}

#[test]
fn every_identity_case_names_its_author_or_none() {
    check_table("id-", AUTHORS, author_key);
}

#[test]
fn every_mime_case_has_its_root() {
    check_table("mime-", ROOTS, describe);
}

/// A multipart/signed around a content; the signature part holds four octets that nobody reads here.
fn signed(preamble: &str, content: &str, epilogue: &str) -> String {
    format!(
        "From: alice@goal.example\r\nContent-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; \
         boundary=b\r\n\r\n{preamble}--b\r\n{content}\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n\
         Content-Transfer-Encoding: base64\r\n\r\nMAAwAA==\r\n--b--{epilogue}"
    )
}

const CONTENT: &str = "Content-Type: text/plain\r\n\r\nhello\r\n";

#[test]
fn a_preamble_is_no_part_of_the_mail() {
    for preamble in ["", "\r\n", "This is a cryptographically signed message in MIME format.\r\n\r\n"] {
        assert_eq!(describe(signed(preamble, CONTENT, "\r\n").as_bytes()), Ok("detached".to_owned()), "{preamble:?}");
    }
}

#[test]
fn text_after_the_closing_delimiter_is_refused() {
    for epilogue in ["", "\r\n", "\r\n\r\n \t\r\n", "\n\n"] {
        assert_eq!(describe(signed("", CONTENT, epilogue).as_bytes()), Ok("detached".to_owned()), "{epilogue:?}");
    }
    for epilogue in
        ["\r\nx", "\r\n\r\nTo unsubscribe write to the owner.\r\n", "\r\n--b\r\n\r\nlate\r\n--b--\r\n", "\r\n\0"]
    {
        assert_eq!(describe(signed("", CONTENT, epilogue).as_bytes()), Err(Code::MultipartMalformed), "{epilogue:?}");
    }
}

#[test]
fn the_signed_part_keeps_its_octets_whatever_the_line_ends() {
    let limits = Limits::default();
    for line_feeds in [false, true] {
        let fix = |text: &str| if line_feeds { text.replace("\r\n", "\n") } else { text.to_owned() };
        let mail = fix(&signed("", CONTENT, "\r\n"));
        let Ok(Root::Signed(entity)) = root(mail.as_bytes(), &limits) else { panic!("not signed") };
        assert_eq!(entity.content, SignedContent::Detached(fix(CONTENT).as_bytes()));
        assert_eq!(entity.cms.as_ref(), b"\x30\0\x30\0");
    }
}

#[test]
fn a_protected_from_cannot_hide_behind_a_limit() {
    let other = "From: eve@evil.example\r\n";
    let tail = "Content-Type: text/plain\r\n\r\nhello\r\n";
    assert_eq!(
        describe(signed("", &format!("{other}{tail}"), "").as_bytes()),
        Ok("detached, protected eve@evil.example".to_owned())
    );
    let many = "A: 1\r\n".repeat(Limits::default().header_fields);
    let long = format!("A: {}\r\n", "x".repeat(Limits::default().header_field_bytes));
    let large = format!("A: {}\r\n", "x".repeat(60 << 10)).repeat(5);
    for (padding, code) in
        [(many, Code::HeadersTooMany), (long, Code::HeaderLineTooLong), (large, Code::HeaderBlockTooLarge)]
    {
        let before = signed("", &format!("{padding}{other}{tail}"), "");
        assert_eq!(describe(before.as_bytes()), Err(code));
    }
}

#[test]
fn a_protected_from_cannot_hide_where_the_caller_cut_the_content() {
    let limits = Limits::default();
    let content =
        format!("{}From: eve@evil.example\r\n\r\nhello", format!("A: {}\r\n", "x".repeat(60 << 10)).repeat(5));
    let cut = &content.as_bytes()[..limits.header_bytes];
    let mail = signed("", CONTENT, "");
    let Ok(Root::Signed(entity)) = root(mail.as_bytes(), &limits) else { panic!("not signed") };
    assert_eq!(entity.protected_author(cut, &limits).unwrap().unwrap_err().code(), Code::HeaderBlockTooLarge);
    // A long body is no long header.
    let body = format!("Content-Type: text/plain\r\n\r\n{}", "x\r\n".repeat(200_000));
    assert!(entity.protected_author(&body.as_bytes()[..limits.header_bytes], &limits).is_none());
}

#[test]
fn a_detached_object_is_limited_before_it_is_decoded() {
    let four = Limits { cms_bytes: 4, ..Limits::default() };
    assert!(matches!(root(signed("", CONTENT, "").as_bytes(), &four), Ok(Root::Signed(_))));
    let limits = Limits { cms_bytes: 3, ..Limits::default() };
    let mail = signed("", CONTENT, "");
    for mail in [mail.clone(), mail.replace("base64", "quoted-printable"), mail.replace("base64", "8bit")] {
        assert_eq!(root(mail.as_bytes(), &limits).unwrap_err().code(), Code::CmsTooLarge);
    }
    // The limit is met long before the text ends, so that what follows is not even read.
    let endless = mail.replace("MAAwAA==", &format!("{}!", "AAAA".repeat(10_000)));
    assert_eq!(root(endless.as_bytes(), &limits).unwrap_err().code(), Code::CmsTooLarge);
}

fn paths(mail: &[u8]) -> Vec<String> {
    layers(mail, &Limits::default()).unwrap().into_iter().map(|layer| layer.path).collect()
}

#[test]
fn layers_are_found_under_a_detached_signature_too() {
    let opaque = "Content-Type: application/pkcs7-mime\r\n\r\nMAA=";
    let inner = signed("", opaque, "").replace("=b\r\n", "=c\r\n").replace("--b", "--c");
    assert_eq!(paths(signed("", opaque, "").as_bytes()), ["/", "/1"]);
    assert_eq!(paths(signed("", &inner, "").as_bytes()), ["/", "/1", "/1/1"]);
    let message = format!("Content-Type: message/rfc822\r\n\r\n{inner}");
    assert_eq!(paths(signed("", &message, "").as_bytes()), ["/", "/1/m", "/1/m/1"]);
    let found = layers(signed("", opaque, "").as_bytes(), &Limits::default()).unwrap().len();
    assert_eq!(found, 2, "the signature part is no layer of its own");
}

#[test]
fn what_is_below_a_signature_does_not_change_the_root() {
    let opaque = "Content-Type: application/pkcs7-mime\r\n\r\nMAA=";
    assert_eq!(describe(signed("", opaque, "").as_bytes()), Ok("detached".to_owned()));
    let mixed = format!(
        "From: a@goal.example\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n{opaque}\r\n--m--\r\n"
    );
    assert_eq!(describe(mixed.as_bytes()), Err(Code::SignatureNotAtRoot));
}

#[test]
fn what_is_too_much_below_a_signature_does_not_hide_the_signature() {
    let limits = Limits::default();
    let parts = "--m\r\n\r\nx\r\n".repeat(limits.mime_parts + 1);
    let many = format!("Content-Type: multipart/mixed; boundary=m\r\n\r\n{parts}--m--");
    let deep = "Content-Type: message/rfc822\r\n\r\n".repeat(limits.mime_depth + 1);
    for content in [&many, &deep] {
        assert_eq!(paths(signed("", content, "").as_bytes()), ["/"]);
    }
    let error = |mail: &str| layers(mail.as_bytes(), &limits).unwrap_err().code();
    assert_eq!(error(&many), Code::MimePartsTooMany);
    assert_eq!(error(&deep), Code::MimeTooDeep);
}

/// Rows of the index of real mail that are whole mails, with their bytes; none where the corpus is not at hand.
fn real_mail() -> Vec<(serde_json::Value, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/mail");
    let Ok(index) = fs::read_to_string(folder.join("cases.jsonl")) else {
        // Straight to the stream: the test harness hides what a passing test prints.
        let _ = writeln!(std::io::stderr(), "SKIPPED: ../shared/corpus/mail is not here; no real mail was checked");
        return Vec::new();
    };
    let rows = index.lines().map(|row| serde_json::from_str::<serde_json::Value>(row).unwrap());
    let mails = rows.filter(|row| row["container"] == "mail");
    mails.map(|row| (row.clone(), fs::read(folder.join(row["file"].as_str().unwrap())).unwrap())).collect()
}

#[test]
fn real_mail_has_the_layers_of_its_index() {
    // An OLE container, in whose octets some lines look like a header. The index has no layer for it.
    let exceptions = ["simple-java-mail/pkcs12/test_messages/S_MIME_test_message_signed.msg"];
    let mails = real_mail();
    let mut differences = Vec::new();
    for (row, mail) in &mails {
        // Inside a CMS object nothing is looked at; a signature part that stands alone signs nothing.
        let is_entity = |layer: &&serde_json::Value| {
            layer["mime"] != "stray-p7s" && !layer["path"].as_str().unwrap().contains("(inner)")
        };
        let rows = row["layers"].as_array().unwrap().iter().filter(is_entity);
        let expected: Vec<_> = rows
            .map(|layer| {
                (layer["path"].as_str().unwrap().to_owned(), layer["mime"].as_str().unwrap().starts_with("detached"))
            })
            .collect();
        let found = layers(mail, &Limits::default()).unwrap_or_default().into_iter();
        let found: Vec<_> =
            found.map(|layer| (layer.path, matches!(layer.content, SignedContent::Detached(_)))).collect();
        if found != expected && !exceptions.contains(&row["id"].as_str().unwrap()) {
            differences.push(format!("{}: {found:?} instead of {expected:?}", row["id"]));
        }
    }
    println!("{} mails compared", mails.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn list_mail_that_is_signed_at_the_root_is_taken() {
    let mails = real_mail();
    let at_root = |row: &serde_json::Value| {
        row["set"] == "lists" && row["layers"][0]["path"] == "/" && row["layers"][0]["kind"] != "encrypted"
    };
    let mut taken = 0;
    for (row, mail) in mails.iter().filter(|(row, _)| at_root(row)) {
        let found = root(mail, &Limits::default());
        assert!(matches!(found, Ok(Root::Signed(_))), "{} {:?}", row["id"], found.err());
        assert!(author(mail, &Limits::default()).is_ok(), "{}", row["id"]);
        taken += 1;
    }
    println!("{taken} list mails signed at the root");
    assert!(mails.is_empty() || taken > 100, "the index has changed");
}
