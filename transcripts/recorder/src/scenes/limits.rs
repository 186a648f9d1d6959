//! Limits, made small by the configuration.

use super::common::*;
use super::mail::around;
use crate::form::{Octets, Reply};
use crate::record::Scene;
use postseal_testkit::factory::der::{oid, sequence};
use postseal_testkit::factory::{CrlSpec, Form, Name, OcspSpec, SignedMail, attribute, extension};

/// With this limit.
fn limited(scene: Scene, limit: &str) -> Scene {
    scene.configured(&format!("\n[limits]\n{limit}\n"))
}

pub(super) fn scenes() -> Vec<Scene> {
    [mails(), objects(), certificates(), sources()].concat()
}

fn refused(code: &str, about: &str, mail: &SignedMail, limit: &str) -> Scene {
    octets(code, about, &mail.build(), limit)
}

fn octets(code: &str, about: &str, mail: &[u8], limit: &str) -> Scene {
    limited(import_octets(&format!("refused-{code}"), about, mail), limit)
}

fn mail() -> SignedMail {
    signed(&issue(&spec(ALICE, 1)))
}

fn mails() -> Vec<Scene> {
    let mail = mail();
    let part = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n";
    let parts = format!("From: {FROM}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{part}{part}{part}--b--\r\n");
    let nested = format!(
        "From: {FROM}\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         {part}--b--\r\n--a--\r\n"
    );
    let commented = SignedMail::new("(((deep))) alice@goal.example", &issue(&spec(ALICE, 1)));
    vec![
        refused("message-too-large", "A mail with more octets than are allowed.", &mail, "message_bytes = 1000"),
        refused("header-block-too-large", "A header with more octets than are allowed.", &mail, "header_bytes = 100"),
        refused("header-line-too-long", "A field with more octets than are allowed.", &mail, "header_field_bytes = 30"),
        refused("headers-too-many", "More fields than are allowed.", &mail, "header_fields = 3"),
        octets("mime-too-deep", "Parts nested deeper than is allowed.", nested.as_bytes(), "mime_depth = 1"),
        octets("mime-parts-too-many", "More parts than are allowed.", parts.as_bytes(), "mime_parts = 2"),
        refused("comment-too-deep", "Comments nested deeper than is allowed.", &commented, "comment_depth = 2"),
    ]
}

fn objects() -> Vec<Scene> {
    let mail = mail();
    let detached = mail.clone().form(Form::Detached);
    // Where an element of indefinite length ends is known only to who has walked through it.
    let nest = [[0x30, 0x80].repeat(40), [0, 0].repeat(40)].concat();
    let crowd = [vec![0x30, 0x80], [5, 0].repeat(400), vec![0, 0]].concat();
    vec![
        import_octets("refused-asn1-too-deep", "Elements nested deeper than is allowed.", &around(&nest, "")),
        octets("asn1-elements-too-many", "More elements than are allowed.", &around(&crowd, ""), "asn1_elements = 200"),
        refused(
            "segments-too-many",
            "More segments of a string than are allowed.",
            &mail.clone().body(&b"line\r\n".repeat(500)),
            "octet_string_segments = 2",
        ),
        refused("cms-too-large", "A larger object than is allowed.", &detached, "cms_bytes = 500"),
        refused(
            "certificates-too-many",
            "More certificates than are allowed.",
            &mail.clone().with_authority(&root()),
            "certificates = 1",
        ),
        refused("attributes-too-many", "More attributes than are allowed.", &mail, "attributes = 3"),
        refused(
            "attributes-too-large",
            "Larger attributes than are allowed.",
            &mail.clone().extra_attribute(&attribute("1.3.6.1.4.1.99999.1", &sequence(&[&[0; 500]]))),
            "attribute_bytes = 400",
        ),
    ]
}

fn certificates() -> Vec<Scene> {
    let mut wide = spec(ALICE, 1);
    wide.names.extend((0..30).map(|number| Name::Rfc822(format!("alias{number}@goal.example").into_bytes())));
    let wide = issue(&wide);
    let mut policed = spec(ALICE, 1);
    let policy = |number: usize| sequence(&[&oid(&format!("1.3.6.1.4.1.99999.{number}"))]);
    let policies: Vec<u8> = (1..4).flat_map(policy).collect();
    policed.overrides.extra_extensions = vec![extension("2.5.29.32", false, &sequence(&[&policies]))];
    vec![
        refused(
            "certificate-too-large",
            "A larger certificate than is allowed.",
            &signed(&wide),
            "certificate_bytes = 700",
        ),
        refused("names-too-many", "More names than are allowed.", &signed(&wide), "names = 8"),
        refused(
            "extensions-too-many",
            "More extensions than are allowed.",
            &signed(&issue(&policed)),
            "extensions = 5",
        ),
        refused("policies-too-many", "More policies than are allowed.", &signed(&issue(&policed)), "policies = 2"),
    ]
}

/// Lists and responses.
fn sources() -> Vec<Scene> {
    let crl = middle().crl(&CrlSpec::new(Vec::new()));
    let fetching = |name: &str, about: &str, limit: &str| {
        let configuration = format!(
            "{IMPORTS}intermediates = [\"pki/middle.pem\"]\n\n[revocation]\nmode = \"hard\"\nfetch = true\n\n[limits]\n{limit}\n"
        );
        import(name, about, &signed(&watched(ALICE, 1)))
            .under(&configuration)
            .with(|scene| scene.transcript.ocsp_nonce = Some("02".repeat(32)))
            .serves(ROOT_LIST, good_root_list())
    };
    let response = middle().ocsp(&watched(ALICE, 1), &OcspSpec::good());
    vec![
        refused(
            "crls-too-large",
            "Larger lists than are allowed, in the mail.",
            &mail().with_crl(&crl),
            "crl_bytes = 100",
        ),
        fetching("revocation-crls-too-large", "A list that is larger than was asked for.", "crl_bytes = 200")
            .replies(2, Reply::Body(Octets(crl))),
        fetching("revocation-ocsp-too-large", "A response that is larger than was asked for.", "ocsp_bytes = 100")
            .with(|scene| {
                scene.transcript.configuration =
                    scene.transcript.configuration.replace("fetch =", "order = \"ocsp-first\"\nfetch =")
            })
            .replies(1, Reply::Body(Octets(response))),
    ]
}
