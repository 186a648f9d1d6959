//! Revocation lists in files: what import, encrypt, inspect and certs say of a certificate that was taken back.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

mod place;

use place::{AT, Place, complains, rows, stderr, stdout};
use postseal_testkit::factory::{Authority, CertSpec, CrlSpec, Key, Person, Revoked, SignedMail};
use std::fs;
use std::process::Output;

const ALICE: &str = "alice@goal.example";
const GOOD: (&str, &str) = ("--crl", "good.crl");
const TAKEN_BACK: (&str, &str) = ("--crl", "taken-back.crl");

fn root() -> Authority {
    Authority::root("Root", Key::P256(1))
}

fn alice() -> Person {
    root().issue(&CertSpec::mailbox(ALICE, Key::P256(3)))
}

/// A mail of Alice, a list that says nothing about her, and one that does, as PEM.
fn place() -> Place {
    let place = Place::new();
    place.write("root.pem", root().pem().as_bytes());
    place.write("alice.eml", &SignedMail::new(&format!("Alice <{ALICE}>"), &alice()).build());
    place.write("mail.eml", b"Subject: hello\r\n\r\nin confidence\r\n");
    place.write("good.crl", &list(Vec::new()));
    let der = list(vec![Revoked::new(4096).because(1)]);
    place.write("taken-back.crl", in_pem(&der).as_bytes());
    place
}

fn list(entries: Vec<Revoked>) -> Vec<u8> {
    let mut spec = CrlSpec::new(entries);
    spec.next_update = Some("2027-01-01T00:00:00Z".to_owned());
    root().crl(&spec)
}

fn in_pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN X509 CRL-----\n{text}\n-----END X509 CRL-----\n")
}

fn run(place: &Place, command: &str, options: &[&str], rest: &[&str]) -> Output {
    place.run(&[&[command, "--trust", "root.pem", AT[0], AT[1]], options, rest].concat())
}

#[test]
fn import_refuses_what_is_revoked_and_says_since_when_and_why() {
    let place = place();
    let refused = run(&place, "import", &[TAKEN_BACK.0, TAKEN_BACK.1, "--json"], &["alice.eml"]);
    let row = &rows(&refused)[0];
    assert_eq!((row["outcome"].as_str(), row["code"].as_str()), (Some("refused"), Some("certificate-revoked")));
    let trace = fs::read_to_string(place.path("postseal-trace.jsonl")).unwrap();
    assert!(trace.contains("\"2026-03-01T00:00:00Z\"") && trace.contains("key-compromise"), "{trace}");
    let unknown = run(&place, "import", &["--revocation", "hard", "--json"], &["alice.eml"]);
    assert_eq!(rows(&unknown)[0]["code"], "revocation-unknown");
    let good = run(&place, "import", &[GOOD.0, GOOD.1, "--revocation", "hard", "--json"], &["alice.eml"]);
    assert_eq!(rows(&good)[0]["outcome"], "imported", "{}", stderr(&good));
}

#[test]
fn encrypt_uses_nothing_that_was_taken_back_after_it_was_learned() {
    let place = place();
    assert!(run(&place, "import", &[], &["alice.eml"]).status.success());
    let sealed = run(&place, "encrypt", &[GOOD.0, GOOD.1], &["--to", ALICE, "--out", "one.eml", "mail.eml"]);
    assert!(sealed.status.success(), "{}", stderr(&sealed));
    let refused =
        run(&place, "encrypt", &[TAKEN_BACK.0, TAKEN_BACK.1], &["--to", ALICE, "--out", "two.eml", "mail.eml"]);
    assert_eq!(refused.status.code(), Some(65));
    assert!(stderr(&refused).contains("certificate-revoked"), "{}", stderr(&refused));
    assert!(!place.path("two.eml").exists());
    let added = run(&place, "certs", &[TAKEN_BACK.0, TAKEN_BACK.1], &["list"]);
    assert!(stdout(&added).contains(ALICE));
}

#[test]
fn an_operator_cannot_add_what_was_taken_back() {
    let place = place();
    place.write("alice.der", alice().der());
    let refused = run(&place, "certs", &[TAKEN_BACK.0, TAKEN_BACK.1], &["add", "alice.der"]);
    complains(&refused, 1, &["certificate-revoked"]);
    assert!(run(&place, "certs", &[GOOD.0, GOOD.1], &["add", "alice.der"]).status.success());
}

#[test]
fn inspect_shows_what_the_lists_say() {
    let place = place();
    let state = |options: &[&str]| {
        let row = rows(&run(&place, "inspect", &[&["--json"], options].concat(), &["alice.eml"])).remove(0);
        let signer = &row["signers"][0];
        (signer["revocation"].clone(), signer["revocation_code"].clone(), signer["revoked_because"].clone())
    };
    assert_eq!(state(&[]), ("unknown".into(), "revocation-unknown".into(), ().into()));
    assert_eq!(state(&[GOOD.0, GOOD.1]), ("good".into(), ().into(), ().into()));
    assert_eq!(state(&[TAKEN_BACK.0, TAKEN_BACK.1]), ("revoked".into(), ().into(), "key-compromise".into()));
    let text = stdout(&run(&place, "inspect", &[TAKEN_BACK.0, TAKEN_BACK.1], &["alice.eml"]));
    assert!(text.contains("    revocation revoked since 2026-03-01T00:00:00Z: key-compromise\n"), "{text}");
}

#[test]
fn the_configuration_says_it_for_tenants_and_routes_and_options_win() {
    let place = place();
    place.write(
        "postseal.toml",
        b"trust = [\"root.pem\"]\nimport = true\ncrls = [\"good.crl\"]\n\
          [revocation]\nmode = \"hard\"\n\
          [tenants.goal.revocation]\norder = \"ocsp-first\"\nnonce_required = true\n\
          [tenants.goal.routes.partners.revocation]\nmode = \"off\"\n",
    );
    let check = stdout(&place.run(&["config", "check", "--config", "postseal.toml"]));
    for line in [
        "CRLs           1 with 0 entries",
        "revocation     hard, crl-first, nothing is fetched unless a tenant or route says otherwise",
        "tenant goal: import on, encrypt all-or-nothing, revocation hard, ocsp-first, nothing is fetched, nonce required",
        "tenant goal, route partners: import on, encrypt all-or-nothing, revocation off",
    ] {
        assert!(check.lines().any(|other| other == line), "{line}\n{check}");
    }
    let outcome = |options: &[&str]| {
        let output = place.run(
            &[&["import", "--dry-run", "--json", "--config", "postseal.toml", AT[0], AT[1]], options, &["alice.eml"]]
                .concat(),
        );
        rows(&output)[0]["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!(outcome(&[]), "imported");
    assert_eq!(outcome(&[TAKEN_BACK.0, TAKEN_BACK.1]), "refused");
    assert_eq!(outcome(&[TAKEN_BACK.0, TAKEN_BACK.1, "--revocation", "off"]), "imported");
    let partners = ["--tenant", "goal", "--route", "partners"];
    assert_eq!(outcome(&[&partners[..], &[TAKEN_BACK.0, TAKEN_BACK.1]].concat()), "imported");
    assert_eq!(outcome(&[&partners[..], &[TAKEN_BACK.0, TAKEN_BACK.1, "--revocation", "soft"]].concat()), "refused");
}

#[test]
fn a_list_that_is_none_is_named() {
    let place = place();
    place.write("broken.crl", b"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n");
    complains(&run(&place, "import", &["--crl", "broken.crl"], &["alice.eml"]), 2, &["broken.crl"]);
    complains(&run(&place, "import", &["--crl", "missing.crl"], &["alice.eml"]), 2, &["missing.crl"]);
    place.write("bad.toml", b"[revocation]\nmode = \"sometimes\"\n");
    complains(
        &place.run(&["config", "check", "--config", "bad.toml"]),
        2,
        &["bad.toml:2", "sometimes", "off, soft, hard"],
    );
}
