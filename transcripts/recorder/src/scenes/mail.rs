//! Mails whose form or signature is refused.

use super::common::*;
use super::surgery::{signer_info, turned_around};
use crate::record::Scene;
use base64::Engine as _;
use postseal_testkit::factory::der::{oid, sequence, time, tlv};
use postseal_testkit::factory::{CertSpec, Form, Key, SignedMail, TransferEncoding, attribute};

/// An opaque mail around this object.
pub(super) fn around(cms: &[u8], more: &str) -> Vec<u8> {
    let text = base64::engine::general_purpose::STANDARD.encode(cms);
    let lines: String =
        text.as_bytes().chunks(64).map(|line| format!("{}\r\n", String::from_utf8_lossy(line))).collect();
    format!(
        "From: {FROM}\r\nMessage-ID: <9@goal.example>\r\nMIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime{more}\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{lines}"
    )
    .into_bytes()
}

/// With the first occurrence of one text replaced by another.
fn replaced(mail: &[u8], old: &str, new: &str) -> Vec<u8> {
    let at = mail.windows(old.len()).position(|window| window == old.as_bytes()).expect("it is in the mail");
    [&mail[..at], new.as_bytes(), &mail[at + old.len()..]].concat()
}

pub(super) fn scenes() -> Vec<Scene> {
    [forms(), signatures()].concat()
}

/// What is said with headers and parts.
fn forms() -> Vec<Scene> {
    let mail = signed(&issue(&spec(ALICE, 1)));
    let octets = mail.build();
    let cms = mail.clone().form(Form::Opaque).cms();
    let detached = mail.form(Form::Detached);
    let unicode = issue(&CertSpec::mailbox("alice@xn--bcher-kva.example", Key::P256(50)));
    let unclosed = replaced(&detached.build(), "--\r\n", "\r\n");
    let scene = |name: &str, about: &str, octets: &[u8]| import_octets(name, about, octets);
    vec![
        scene("import-plain", "A mail that nobody signed.", PLAIN),
        scene("import-nothing", "A mail of no octets.", b""),
        scene("refused-from-missing", "A signed mail without a From field.", &replaced(&octets, "From: ", "X-From: ")),
        scene(
            "refused-quoted-printable-malformed",
            "The object is quoted-printable with an escape that is none.",
            &replaced(&detached.clone().transfer_encoding(TransferEncoding::QuotedPrintable).build(), "=30", "=3X"),
        ),
        scene(
            "refused-transfer-encoding-unknown",
            "A transfer encoding that nobody knows.",
            &replaced(&octets, "Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: x-uuencode"),
        ),
        scene("refused-multipart-malformed", "The last delimiter is missing.", &unclosed),
        scene(
            "refused-smime-type-mismatch",
            "The smime-type says something else than the object.",
            &around(&cms, "; smime-type=compressed-data"),
        ),
        scene("import-opaque", "An opaque mail, in DER.", &around(&cms, "; smime-type=signed-data")),
        scene(
            "refused-content-missing",
            "A detached signature without what it is detached from.",
            &around(&detached.cms(), "; smime-type=signed-data"),
        ),
        import(
            "refused-domain-not-mapped",
            "The author's domain is not in the form that is compared.",
            &SignedMail::new("alice@B\u{dc}CHER.example", &unicode),
        ),
        import(
            "import-idn",
            "A domain that is not ASCII, and the same one in the certificate's form.",
            &SignedMail::new("alice@b\u{fc}cher.example", &unicode),
        ),
    ]
}

/// What is signed, by whom and how.
fn signatures() -> Vec<Scene> {
    let alice = issue(&spec(ALICE, 1));
    let other = issue(&spec(ALICE, 2));
    let mail = signed(&alice);
    let cms = mail.clone().form(Form::Opaque).cms();
    let key = alice.spec().key;
    let unsigned = tlv(0xa1, &[&attribute("1.2.840.113549.1.9.5", &time("2026-05-01T12:00:00Z"))]);
    let algorithm = |dotted: &str| sequence(&[&oid(dotted)]);
    let scene = |name: &str, about: &str, octets: &[u8]| import_octets(name, about, octets);
    vec![
        scene(
            "refused-attributes-not-der",
            "The signature covers the attributes in the order in which they were sent.",
            &around(&signer_info(&cms, |fields| turned_around(fields, key)), "; smime-type=signed-data"),
        ),
        scene(
            "refused-attribute-not-signed",
            "A signingTime among the unsigned attributes.",
            &around(&signer_info(&cms, |fields| fields.push(unsigned)), ""),
        ),
        scene(
            "refused-digest-unsupported",
            "A digest algorithm that is none of those.",
            &around(&signer_info(&cms, |fields| fields[2] = algorithm("2.16.840.1.101.3.4.2.8")), ""),
        ),
        scene(
            "refused-signature-unsupported",
            "A signature algorithm that nobody knows.",
            &around(&signer_info(&cms, |fields| fields[4] = algorithm("1.3.6.1.4.1.99999.1")), ""),
        ),
        import(
            "refused-signer-mismatch",
            "The signingCertificate attribute names another certificate.",
            &mail.clone().signing_certificate_v2(&other),
        ),
        import(
            "refused-signer-not-found",
            "The signer's certificate is not in the mail.",
            &mail.without_signer_certificate(),
        ),
    ]
}
