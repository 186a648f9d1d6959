//! Revocation lists in files: what import, encrypt, inspect and certs say of a certificate that was taken back.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

mod place;

use place::{AT, Place, complains, rows, stderr, stdout};
use postseal_testkit::factory::{Authority, CertSpec, CrlSpec, Key, Person, Revoked, SignedMail, crl_at};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
          [tenants.goal.routes.partners.revocation]\nmode = \"off\"\n\
          [tenants.goal.routes.young.revocation]\nmode = \"off\"\nfetch_issuers = true\n",
    );
    let check = stdout(&place.run(&["config", "check", "--config", "postseal.toml"]));
    for line in [
        "CRLs           1 with 0 entries",
        "revocation     hard, crl-first, nothing is fetched unless a tenant or route says otherwise",
        "tenant goal: import on, encrypt all-or-nothing, revocation hard, ocsp-first, nothing is fetched, nonce required, directories none",
        "tenant goal, route partners: import on, encrypt all-or-nothing, revocation off, directories none",
        "tenant goal, route young: import on, encrypt all-or-nothing, revocation off, issuers are fetched, directories none",
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

/// Answers as an HTTP proxy does, with this list for every address; gives its own, and how many asked.
fn proxy(list: Vec<u8>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (at, asked) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else { return };
            let mut request = BufReader::new(connection.try_clone().unwrap());
            let mut line = String::new();
            while request.read_line(&mut line).is_ok_and(|length| length > 2) {
                if line.starts_with("GET http://ca.example/1.crl HTTP/1.1") {
                    count.fetch_add(1, Ordering::SeqCst);
                }
                line.clear();
            }
            let _ = write!(connection, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", list.len());
            let _ = connection.write_all(&list);
        }
    });
    (format!("http://{at}"), asked)
}

#[test]
fn lists_are_fetched_for_import_and_encrypt_when_somebody_says_so() {
    let (place, root) = (place(), root());
    let mut spec = CertSpec::mailbox(ALICE, Key::P256(3));
    spec.overrides.extra_extensions = vec![crl_at(&["http://ca.example/1.crl"])];
    let alice = root.issue(&spec);
    place.write("alice.eml", &SignedMail::new(&format!("Alice <{ALICE}>"), &alice).build());
    let configure = |name: &str, proxy: &str| {
        let text = format!(
            "trust = [\"root.pem\"]\nimport = true\n[revocation]\nmode = \"hard\"\n[fetch]\nproxy = \"{proxy}\"\n"
        );
        place.write(name, text.as_bytes());
    };
    let ((good, asked), (bad, _)) = (proxy(list(Vec::new())), proxy(list(vec![Revoked::new(4096)])));
    configure("good.toml", &good);
    configure("bad.toml", &bad);
    configure("gone.toml", "http://127.0.0.1:1");
    let import = |config: &str, options: &[&str]| {
        let output =
            place.run(&[&["import", "--json", "--config", config, AT[0], AT[1]], options, &["alice.eml"]].concat());
        rows(&output)[0]["code"].clone()
    };
    assert_eq!(import("good.toml", &[]), "revocation-unknown");
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    assert_eq!(import("bad.toml", &["--fetch"]), "certificate-revoked");
    assert_eq!(import("gone.toml", &["--fetch"]), "revocation-unavailable");
    assert!(import("good.toml", &["--fetch"]).is_null());
    let encrypt = |config: &str| {
        place.run(&[
            "encrypt", "--config", config, "--fetch", AT[0], AT[1], "--to", ALICE, "--out", "out.eml", "mail.eml",
        ])
    };
    complains_of(&encrypt("bad.toml"), 65, "certificate-revoked");
    complains_of(&encrypt("gone.toml"), 75, "revocation-unavailable");
    let sealed = encrypt("good.toml");
    assert!(sealed.status.success(), "{}", stderr(&sealed));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

fn complains_of(output: &Output, code: i32, word: &str) {
    assert_eq!(output.status.code(), Some(code), "{}", stderr(output));
    assert!(stderr(output).contains(word), "{}", stderr(output));
}

#[test]
fn what_may_never_be_reached_is_no_configuration() {
    let place = place();
    for (line, words) in [
        ("allow = { \"pki.corp.internal\" = [\"127.0.0.0/8\"] }", "127.0.0.0/8"),
        ("allow = { \"pki.corp.internal\" = [\"10.1\"] }", "10.1"),
        ("proxy = \"socks5://proxy.corp.internal\"", "socks5"),
        ("refuse = [\"everything\"]", "everything"),
        ("tls_roots = \"missing.pem\"", "missing.pem"),
    ] {
        place.write("fetch.toml", format!("trust = [\"root.pem\"]\n[fetch]\n{line}\n").as_bytes());
        complains(&place.run(&["config", "check", "--config", "fetch.toml"]), 2, &[words]);
    }
    let allowed = "allow = { \"pki.corp.internal\" = [\"10.1.2.3\"] }\nports = [8080]\nrefuse = [\"193.0.2.0/24\"]\n";
    place.write("fetch.toml", format!("trust = [\"root.pem\"]\n[fetch]\n{allowed}").as_bytes());
    assert!(place.run(&["config", "check", "--config", "fetch.toml"]).status.success());
}
