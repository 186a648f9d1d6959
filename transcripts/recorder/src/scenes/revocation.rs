//! Revocation: lists, responses, issuers, and sources that give none.

use super::common::*;
use super::surgery::{changed, members};
use crate::form::{OperationKind, Reply};
use crate::record::{Order, Scene};
use postseal_testkit::factory::der::{integer, null, octet_string, oid, sequence, set_of, tlv, utf8};
use postseal_testkit::factory::{
    Authority, AuthoritySpec, CertSpec, CrlSpec, Key, KeyUse, OcspSpec, Person, Revoked, access_at, crl_at, extension,
    ocsp_nocheck,
};

const ISSUER: &str = "http://ca.example/ca.cer";

/// Who wants to know, and fetches.
fn fetches(more: &str) -> String {
    format!("{IMPORTS}intermediates = [\"pki/middle.pem\"]\n\n[revocation]\nmode = \"hard\"\nfetch = true\n{more}")
}

fn fetching(name: &str, about: &str, more: &str) -> Scene {
    import(name, about, &signed(&watched(ALICE, 1)))
        .under(&fetches(more))
        .with(|scene| scene.transcript.ocsp_nonce = Some("01".repeat(32)))
        .serves(ROOT_LIST, good_root_list())
}

/// The list in a file that a configuration names: Alice's certificate is revoked.
pub(super) fn revoked_list() -> Vec<u8> {
    middle().crl(&hers())
}

fn hers() -> CrlSpec {
    CrlSpec::new(vec![Revoked::new(4097).because(1)])
}

fn list(name: &str, about: &str, crl: Vec<u8>) -> Scene {
    fetching(name, about, "").serves(LIST, crl)
}

fn response(name: &str, about: &str, spec: &OcspSpec) -> Scene {
    asked(name, about, middle().ocsp(&watched(ALICE, 1), spec))
}

fn asked(name: &str, about: &str, response: Vec<u8>) -> Scene {
    // What stands where her list should be says nothing about her.
    fetching(name, about, "order = \"ocsp-first\"\n").serves(RESPONDER, response).serves(LIST, good_root_list())
}

pub(super) fn scenes() -> Vec<Scene> {
    [lists(), list_issuers(), responses(), policies(), issuers()].concat()
}

fn lists() -> Vec<Scene> {
    let critical = || extension("1.3.6.1.4.1.99999.1", true, &null());
    let with = |change: &dyn Fn(&mut CrlSpec)| {
        let mut spec = hers();
        change(&mut spec);
        spec.entries = Vec::new();
        middle().crl(&spec)
    };
    vec![
        list("import-crl", "Lists are fetched, and nothing is revoked.", middle().crl(&CrlSpec::new(Vec::new()))),
        list(
            "import-crl-one-by-one",
            "The same, answered in the other order.",
            middle().crl(&CrlSpec::new(Vec::new())),
        )
        .with(|scene| scene.order = Order::Last),
        list("refused-certificate-revoked", "The list of the CA has revoked the signer's certificate.", revoked_list()),
        list(
            "revocation-crl-signature-invalid",
            "Nobody signed that list.",
            with(&|spec| spec.broken_signature = true),
        ),
        list(
            "revocation-crl-issuer-not-found",
            "A stranger signed that list.",
            with(&|spec| spec.signed_by = Some(Key::P256(9))),
        ),
        list(
            "revocation-crl-stale",
            "A newer list should exist.",
            with(&|spec| spec.next_update = Some("2026-05-20T00:00:00Z".to_owned())),
        ),
        list(
            "revocation-crl-not-yet-valid",
            "A list from the future.",
            with(&|spec| spec.this_update = "2026-06-02T00:00:00Z".to_owned()),
        ),
        list(
            "revocation-crl-critical-extension",
            "A list with something critical that nobody knows.",
            with(&|spec| spec.extra_extensions = vec![critical()]),
        ),
        list("revocation-crl-malformed", "What should be a list is none.", sequence(&[&integer(1)])),
        list("revocation-pem-malformed", "What should be a list is a page.", b"<html>not found</html>".to_vec()),
    ]
}

/// Who may not sign lists.
fn list_issuers() -> Vec<Scene> {
    let keyless = {
        let mut spec = AuthoritySpec::new("Mail CA", Key::P256(2));
        (spec.serial, spec.key_use) = (78, KeyUse::Bits(0x0400));
        root().subordinate(&spec)
    };
    let renewed = {
        let mut spec = AuthoritySpec::new("Mail CA", Key::P256(80));
        spec.serial = 79;
        spec.not_before = "2026-05-01T00:00:00Z".to_owned();
        root().subordinate(&spec)
    };
    vec![
        import(
            "revocation-crl-issuer-key-usage",
            "The issuer's key may not sign lists.",
            &signed(&watched_by(&keyless)).with_authority(&keyless),
        )
        .under(&format!("{IMPORTS}\n[revocation]\nmode = \"soft\"\nfetch = true\n"))
        .with(|scene| scene.transcript.ocsp_nonce = Some("01".repeat(32)))
        .serves(LIST, keyless.crl(&CrlSpec::new(Vec::new()))),
        import(
            "revocation-crl-issuer-revoked",
            "The certificate of whoever signed the list is revoked.",
            &signed(&watched(ALICE, 1)).with_authority(&renewed),
        )
        .under(&fetches(""))
        .with(|scene| scene.transcript.ocsp_nonce = Some("01".repeat(32)))
        .serves(LIST, renewed.crl(&CrlSpec::new(Vec::new())))
        .serves(ROOT_LIST, root().crl(&CrlSpec::new(vec![Revoked::new(79)]))),
    ]
}

fn watched_by(authority: &Authority) -> Person {
    let mut spec = spec(ALICE, 1);
    spec.overrides.extra_extensions = vec![crl_at(&[LIST]), access_at(&[RESPONDER], &[])];
    authority.issue(&spec)
}

fn responses() -> Vec<Scene> {
    let alice = watched(ALICE, 1);
    let delegate = || {
        let mut spec = CertSpec::mailbox("ocsp@ca.example", Key::P256(20));
        spec.names.clear();
        spec.key_use = KeyUse::Sign;
        spec.extended_key_usage = vec!["1.3.6.1.5.5.7.3.9".to_owned()];
        spec.overrides.extra_extensions = vec![ocsp_nocheck()];
        spec
    };
    let mailer = CertSpec { extended_key_usage: vec!["1.3.6.1.5.5.7.3.4".to_owned()], ..delegate() };
    let by = |spec: &CertSpec| OcspSpec { responder: Some(middle().issue(spec)), ..OcspSpec::good() };
    let good = middle().ocsp(&alice, &OcspSpec::good());
    let nonced = OcspSpec { nonce: Some(vec![7; 32]), ..OcspSpec::good() };
    // Its extensions are not in what is signed, but what is critical is looked at first.
    let critical = {
        let unknown = extension("1.3.6.1.4.1.99999.1", true, &null());
        let extensions = tlv(0xa1, &[&sequence(&[&unknown])]);
        basic(&good, |basic| basic[0] = changed(&basic[0], |fields| fields.push(extensions)))
    };
    let nameless = basic(&middle().ocsp(&alice, &by(&delegate())), |basic| drop(basic.pop()));
    vec![
        asked("import-ocsp", "The responder says that it is good.", good),
        response("import-ocsp-delegate", "Somebody whom the CA named says that it is good.", &by(&delegate())),
        response("refused-revoked-by-ocsp", "The responder says that it is revoked.", &OcspSpec::revoked(4)),
        response("refused-ocsp-unknown", "The responder does not know it.", &OcspSpec::unknown()),
        response(
            "refused-ocsp-stale",
            "The time of the response is over.",
            &OcspSpec { next_update: Some("2026-05-31T12:00:00Z".to_owned()), ..OcspSpec::good() },
        ),
        response(
            "refused-ocsp-not-yet-valid",
            "A response from the future.",
            &OcspSpec { this_update: "2026-06-01T01:00:00Z".to_owned(), ..OcspSpec::good() },
        ),
        response(
            "refused-ocsp-mismatch",
            "The response is about another certificate.",
            &OcspSpec { serial: Some(integer(9)), ..OcspSpec::good() },
        ),
        response(
            "refused-ocsp-signature-invalid",
            "Nobody signed that response.",
            &OcspSpec { broken_signature: true, ..OcspSpec::good() },
        ),
        response("refused-ocsp-signer-not-allowed", "The signer of the response was not named for that.", &by(&mailer)),
        asked("refused-ocsp-signer-not-found", "The certificate of the signer is not in the response.", nameless),
        asked("refused-ocsp-critical-extension", "A response with something critical that nobody knows.", critical),
        response("refused-ocsp-nonce-mismatch", "The response to another question.", &nonced),
        asked("revocation-ocsp-malformed", "What should be a response is none.", sequence(&[&integer(1)])),
        asked("deferred-ocsp-unavailable", "The responder asks to try again later.", vec![0x30, 3, 0x0a, 1, 3]),
    ]
}

/// An OCSPResponse with its BasicOCSPResponse changed: tbsResponseData, signatureAlgorithm, signature, certs.
fn basic(response: &[u8], change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    changed(response, |fields| {
        fields[1] = changed(&fields[1], |wrapped| {
            wrapped[0] = changed(&wrapped[0], |bytes| {
                let inside = members(&tlv(0x30, &[&bytes[1]])).remove(0);
                let content = inside[inside.len() - members_size(&inside)..].to_vec();
                bytes[1] = octet_string(&changed(&content, change));
            });
        });
    })
}

/// How many octets are inside an element.
fn members_size(element: &[u8]) -> usize {
    match element[1] {
        short if short < 0x80 => usize::from(short),
        long => element.len() - 2 - usize::from(long & 0x7f),
    }
}

fn policies() -> Vec<Scene> {
    let mail = signed(&watched(ALICE, 1));
    let soft = format!("{IMPORTS}intermediates = [\"pki/middle.pem\"]\n");
    vec![
        fetching(
            "deferred-revocation-unavailable",
            "No source of revocation answers, and the policy wants to know.",
            "",
        )
        .with(|scene| scene.world.bodies.clear()),
        import("import-sources-down", "No source of revocation answers, and the policy is content.", &mail)
            .under(&format!("{soft}\n[revocation]\nmode = \"soft\"\nfetch = true\n"))
            .with(|scene| scene.transcript.ocsp_nonce = Some("01".repeat(32))),
        import("refused-revocation-unknown", "Nothing is fetched, and the policy wants to know.", &mail)
            .under(&format!("{soft}\n[revocation]\nmode = \"hard\"\n")),
        import("import-revocation-off", "The policy does not want to know.", &mail)
            .under(&format!("{soft}\n[revocation]\nmode = \"off\"\nfetch = true\n")),
        import("refused-revoked-by-file", "A list that the configuration names has revoked it.", &mail)
            .under(&format!("{soft}crls = [\"pki/revoked.crl\"]\n")),
        import(
            "import-crl-in-mail",
            "A list came along in the mail.",
            &mail.clone().with_crl(&middle().crl(&CrlSpec::new(Vec::new()))),
        )
        .under(&soft),
        import("refused-revoked-by-mail", "A list that came along has revoked it.", &mail.with_crl(&revoked_list()))
            .under(&soft),
    ]
}

/// A root with an organization.
pub(super) fn goal() -> Authority {
    Authority::self_signed(&organization("Root", Key::P256(70)))
}

fn organization(common: &str, key: Key) -> AuthoritySpec {
    let part = |kind: &str, text: &str| set_of(vec![sequence(&[&oid(kind), &utf8(text)])]);
    let mut spec = AuthoritySpec::new(common, key);
    spec.overrides.subject = Some(sequence(&[&part("2.5.4.10", "Goal"), &part("2.5.4.3", common)]));
    spec
}

/// Missing issuers of recipients, fetched from where their certificates say.
fn issuers() -> Vec<Scene> {
    let middle = goal().subordinate(&organization("CA", Key::P256(71)));
    let mut spec = spec(ALICE, 1);
    spec.overrides.extra_extensions = vec![access_at(&[], &[ISSUER])];
    let alice = middle.issue(&spec);
    let configuration =
        format!("{}\n[revocation]\nfetch_issuers = true\n", STAFF.replace("pki/root.pem", "pki/goal.pem"));
    let scene = |name: &str, about: &str| {
        let mut scene = Scene::new(name, OperationKind::Encrypt, about, &configuration, PLAIN);
        scene.transcript.visible = vec![ALICE.to_owned()];
        scene.lends("staff", ALICE, &[alice.der()])
    };
    vec![
        scene("encrypt-issuer", "The issuer of a recipient's certificate is fetched.")
            .serves(ISSUER, middle.der().to_vec()),
        scene("recipient-issuer-unavailable", "The issuer of a recipient's certificate cannot be fetched."),
        scene("recipient-issuer-rejected", "What should be an issuer is none.").serves(ISSUER, b"<html>".to_vec()),
        scene("recipient-issuer-not-asked", "Too late to ask.")
            .replies(3, Reply::Unavailable("the deadline has passed".to_owned())),
    ]
}
