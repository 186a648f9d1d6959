//! A real responder (`openssl ocsp`) and a real web server (nginx), through the engine.

use crate::pki::{ALICE, Verdict, alice, engine, import, policy, resolve, root};
use crate::servers::Server;
use crate::world::{fetcher_for, patient, short};
use postseal::revocation::{Mode, Order, RevocationPolicy};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Code, PerRoute, UnixTime};
use postseal_adapters::fetch::{FetchLimits, GuardedFetcher};
use postseal_testkit::factory::der::{oid, sequence, set_of, utf8};
use postseal_testkit::factory::{
    Authority, AuthoritySpec, CertSpec, CrlSpec, Key, KeyUse, OcspSpec, Person, Revoked, access_at, ocsp_nocheck, pem,
};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::SystemTime;
use tempfile::TempDir;

const HOST: &str = "ca.example";
/// Serial numbers in the responder's index; `UNHEARD_OF` is not there.
const GOOD: u64 = 4096;
const REVOKED: u64 = 4097;
const UNHEARD_OF: u64 = 4098;

/// Where lists are dated from.
fn then() -> UnixTime {
    UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap()
}

/// The real time: `openssl ocsp` knows no other.
fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    UnixTime::from_seconds(i64::try_from(since.as_secs()).unwrap())
}

fn fetcher(server: &Server, limits: FetchLimits) -> GuardedFetcher {
    fetcher_for(&[HOST], &[server.port]).with_limits(limits)
}

/// Import and resolving, soft and hard.
fn verdicts(person: &Person, fetcher: &GuardedFetcher, at: UnixTime) -> [Verdict; 4] {
    let engine = |mode| engine(policy(mode, Order::OcspFirst));
    [
        import(&engine(Mode::Soft), person, fetcher, at),
        import(&engine(Mode::Hard), person, fetcher, at),
        resolve(&engine(Mode::Soft), person, fetcher, at),
        resolve(&engine(Mode::Hard), person, fetcher, at),
    ]
}

/// What the four come to.
#[derive(Clone, Copy, Debug)]
enum Expected {
    Good,
    Revoked,
    /// An answer that leaves it open, for this reason.
    Unknown(Code),
    /// An answer that asks for patience.
    Later,
    /// No answer.
    Unavailable,
}

fn check(name: &str, verdicts: &[Verdict; 4], expected: Expected) {
    let passes = [("imported", None), ("found", None)];
    let refused = |code| [("refused", Some(code)), ("unusable", Some(code))];
    let later = |code| [("deferred", Some(code)), ("unavailable", Some(code))];
    let (soft, hard) = match expected {
        Expected::Good => (passes, passes),
        Expected::Revoked => (refused(Code::CertificateRevoked), refused(Code::CertificateRevoked)),
        // A mail is refused. Nobody knows what his certificate is worth who is to get one, which is no reason for plaintext.
        Expected::Unknown(code) => (passes, [("refused", Some(code)), ("unavailable", Some(code))]),
        Expected::Later => (passes, later(Code::OcspUnavailable)),
        Expected::Unavailable => (passes, later(Code::RevocationUnavailable)),
    };
    let got: Vec<_> = verdicts.iter().map(|verdict| (verdict.outcome, verdict.code)).collect();
    assert_eq!(got, [soft[0], hard[0], soft[1], hard[1]], "{name}: {:?}", verdicts[1]);
    let is_open = !matches!(expected, Expected::Good | Expected::Revoked);
    assert_eq!(verdicts[0].events.contains("RevocationUnknown"), is_open, "{name}: {:?}", verdicts[0]);
}

pub(crate) fn private_pem(key: Key) -> String {
    pem(&key.private_key()).replace("CERTIFICATE", "PRIVATE KEY")
}

/// The index, the CA, and those who sign: the CA itself, a responder of its own, and a stranger.
fn responder_files() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let index = "V\t450101000000Z\t\t1000\tunknown\t/CN=alice\n\
                 R\t450101000000Z\t260301000000Z,keyCompromise\t1001\tunknown\t/CN=alice\n";
    let mut delegate = CertSpec::mailbox("ocsp@ca.example", Key::P256(20));
    delegate.names.clear();
    delegate.key_use = KeyUse::Sign;
    delegate.extended_key_usage = vec!["1.3.6.1.5.5.7.3.9".to_owned()];
    delegate.overrides.extra_extensions = vec![ocsp_nocheck()];
    let stranger = Authority::root("Root", Key::P256(30));
    let files = [
        ("index.txt", index.to_owned()),
        ("ca.pem", root().pem()),
        ("ca.key", private_pem(Key::P256(1))),
        ("delegate.pem", pem(root().issue(&delegate).der())),
        ("delegate.key", private_pem(Key::P256(20))),
        ("stranger.pem", stranger.pem()),
        ("stranger.key", private_pem(Key::P256(30))),
    ];
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn signed_by(signer: &str) -> Vec<String> {
    let line = format!("ocsp -index index.txt -CA ca.pem -rsigner {signer}.pem -rkey {signer}.key -nmin 60");
    line.split(' ').map(str::to_owned).collect()
}

/// `openssl ocsp` never recovers from a connection without a request, so it cannot be tried.
const READY: &str = "waiting for OCSP client connections";

fn responder(folder: &Path, signer: &str) -> Option<Server> {
    let arguments = |port: u16| [signed_by(signer), vec!["-port".to_owned(), port.to_string()]].concat();
    let server = Server::start("openssl", folder, Some(READY), &arguments);
    if server.is_none() {
        eprintln!("SKIPPED: no `openssl` (Debian: openssl)");
    }
    server
}

fn asks(server: &Server, serial: u64) -> Person {
    alice(serial, &[], &[&format!("http://{HOST}:{}/", server.port)], &[])
}

#[test]
fn a_real_responder_is_believed() {
    let folder = responder_files();
    for signer in ["ca", "delegate"] {
        let Some(server) = responder(folder.path(), signer) else { return };
        let fetcher = fetcher(&server, patient());
        for (serial, expected) in
            [(GOOD, Expected::Good), (REVOKED, Expected::Revoked), (UNHEARD_OF, Expected::Unknown(Code::OcspUnknown))]
        {
            let verdicts = verdicts(&asks(&server, serial), &fetcher, now());
            check(&format!("{signer} {serial}"), &verdicts, expected);
        }
        // Four days on, the same answers are old; what was revoked stays so.
        let later = now().plus_days(4);
        let stale = verdicts(&asks(&server, GOOD), &fetcher, later);
        check(&format!("{signer}, stale"), &stale, Expected::Unknown(Code::OcspStale));
    }
}

#[test]
fn a_real_responder_of_somebody_else_is_not() {
    let folder = responder_files();
    let Some(server) = responder(folder.path(), "stranger") else { return };
    let fetcher = fetcher(&server, patient());
    for serial in [GOOD, REVOKED] {
        let verdicts = verdicts(&asks(&server, serial), &fetcher, now());
        check("stranger", &verdicts, Expected::Unknown(Code::OcspSignerNotAllowed));
    }
}

#[test]
fn a_real_responder_that_stands_still_or_is_gone_defers() {
    let folder = responder_files();
    let Some(server) = responder(folder.path(), "ca") else { return };
    let person = asks(&server, GOOD);
    check("up", &verdicts(&person, &fetcher(&server, patient()), now()), Expected::Good);
    server.pause();
    let fetcher = fetcher(&server, short());
    check("slow", &verdicts(&person, &fetcher, now()), Expected::Unavailable);
    drop(server);
    check("gone", &verdicts(&person, &fetcher, now()), Expected::Unavailable);
}

const NGINX: &str = "daemon off; master_process off; pid nginx.pid; error_log stderr; events {}
http {
    access_log off; default_type application/octet-stream;
    client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
    @SERVERS@
}
";

const SERVER: &str = "server {
    listen 127.0.0.1:@PORT@; root www; error_page 405 =200 $uri;
    location /slow/ { limit_rate 10; alias www/; }
    location /moved/ { return 302 http://127.0.0.1:@PORT@/good.crl; }
    location /busy/ { return 503; }
}";

/// Serves what lies in `www`, also to those who POST: a response that was made before.
fn web_server(folder: &Path) -> Option<Server> {
    web_server_with(folder, SERVER)
}

/// A web server for these hosts.
pub(crate) fn web_server_with(folder: &Path, servers: &str) -> Option<Server> {
    let arguments = |port: u16| {
        fs::write(folder.join("nginx.conf"), NGINX.replace("@SERVERS@", servers).replace("@PORT@", &port.to_string()))
            .unwrap();
        let (prefix, own) = (format!("{}/", folder.display()), "nginx.conf".to_owned());
        vec!["-p".to_owned(), prefix, "-c".to_owned(), own, "-e".to_owned(), "stderr".to_owned()]
    };
    // Debian keeps it where only root looks.
    let server =
        ["nginx", "/usr/sbin/nginx"].into_iter().find_map(|name| Server::start(name, folder, None, &arguments));
    if server.is_none() {
        eprintln!("SKIPPED: no web server (Debian: nginx)");
    }
    server
}

fn lists() -> Vec<(&'static str, Vec<u8>, Expected)> {
    let revoked = || CrlSpec::new(vec![Revoked::new(GOOD).because(1)]);
    let stale = CrlSpec { next_update: Some("2026-05-20T00:00:00Z".to_owned()), ..CrlSpec::new(Vec::new()) };
    let early = CrlSpec { this_update: "2026-06-02T00:00:00Z".to_owned(), ..revoked() };
    let other_key = CrlSpec { signed_by: Some(Key::P256(9)), key_identifier: false, ..revoked() };
    let other_name = Authority::root("Other", Key::P256(8)).crl(&revoked());
    let other_ca = Authority::root("Root", Key::P256(8)).crl(&revoked());
    let huge: Vec<u8> = root().crl(&revoked()).into_iter().chain(vec![0; 11 << 20]).collect();
    let whole = root().crl(&revoked());
    vec![
        ("good", root().crl(&CrlSpec::new(vec![Revoked::new(REVOKED)])), Expected::Good),
        ("revoked", root().crl(&revoked()), Expected::Revoked),
        ("stale", root().crl(&stale), Expected::Unknown(Code::CrlStale)),
        ("early", root().crl(&early), Expected::Unknown(Code::CrlNotYetValid)),
        ("other-key", root().crl(&other_key), Expected::Unknown(Code::CrlSignatureInvalid)),
        ("other-name", other_name, Expected::Unknown(Code::RevocationUnknown)),
        ("other-ca", other_ca, Expected::Unknown(Code::CrlIssuerNotFound)),
        (
            "forged",
            root().crl(&CrlSpec { broken_signature: true, ..revoked() }),
            Expected::Unknown(Code::CrlSignatureInvalid),
        ),
        ("page", b"<html>Sign in to the guest network</html>".to_vec(), Expected::Unavailable),
        ("empty", Vec::new(), Expected::Unavailable),
        ("half", whole[..whole.len() / 2].to_vec(), Expected::Unavailable),
        ("huge", huge, Expected::Unavailable),
    ]
}

#[test]
fn lists_of_a_real_web_server_decide() {
    let folder = tempfile::tempdir().unwrap();
    let www = folder.path().join("www");
    fs::create_dir(&www).unwrap();
    for (name, list, _) in lists() {
        fs::write(www.join(name).with_extension("crl"), list).unwrap();
    }
    let Some(server) = web_server(folder.path()) else { return };
    let at = |path: &str| alice(GOOD, &[&format!("http://{HOST}:{}/{path}", server.port)], &[], &[]);
    let ready = fetcher(&server, patient());
    for (name, _, expected) in lists() {
        check(name, &verdicts(&at(&format!("{name}.crl")), &ready, then()), expected);
    }
    for path in ["missing.crl", "moved/", "busy/"] {
        check(path, &verdicts(&at(path), &ready, then()), Expected::Unavailable);
    }
    check("slow", &verdicts(&at("slow/good.crl"), &fetcher(&server, short()), then()), Expected::Unavailable);
    let good = at("good.crl");
    check("up", &verdicts(&good, &ready, then()), Expected::Good);
    drop(server);
    check("gone", &verdicts(&good, &ready, then()), Expected::Unavailable);
}

/// A response that a real responder gave about this serial number.
fn response_about(folder: &Path, serial: u64) -> Vec<u8> {
    let mut command = Command::new("openssl");
    command.args(signed_by("ca")).args(["-issuer", "ca.pem", "-serial", &serial.to_string()]);
    command.args(["-respout", "response", "-noverify"]).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().unwrap().success());
    fs::read(folder.join("response")).unwrap()
}

#[test]
fn responses_about_something_else_are_not_taken() {
    let folder = responder_files();
    let www = folder.path().join("www");
    fs::create_dir(&www).unwrap();
    if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
        return eprintln!("SKIPPED: no `openssl` (Debian: openssl)");
    }
    let (good, revoked) = (response_about(folder.path(), GOOD), response_about(folder.path(), REVOKED));
    let huge: Vec<u8> = good.iter().copied().chain(vec![0; 64 << 10]).collect();
    // OCSPResponseStatus tryLater (RFC 6960 4.2.1).
    let later = vec![0x30, 3, 0x0a, 1, 3];
    let other_ca = Authority::root("Root", Key::P256(8)).ocsp(&alice(GOOD, &[], &[], &[]), &OcspSpec::good());
    let cases = [
        ("good", good.clone(), GOOD, Expected::Good),
        ("another", good.clone(), REVOKED, Expected::Unknown(Code::OcspMismatch)),
        ("another-revoked", revoked, GOOD, Expected::Unknown(Code::OcspMismatch)),
        ("another-ca", other_ca, GOOD, Expected::Unknown(Code::OcspSignatureInvalid)),
        ("half", good[..good.len() / 2].to_vec(), GOOD, Expected::Unavailable),
        ("empty", Vec::new(), GOOD, Expected::Unavailable),
        ("later", later, GOOD, Expected::Later),
        ("huge", huge, GOOD, Expected::Unavailable),
    ];
    for (name, response, ..) in &cases {
        fs::write(www.join(name), response).unwrap();
    }
    let Some(server) = web_server(folder.path()) else { return };
    for (name, _, serial, expected) in cases {
        let person = alice(serial, &[], &[&format!("http://{HOST}:{}/{name}", server.port)], &[]);
        check(name, &verdicts(&person, &fetcher(&server, patient()), now()), expected);
    }
    let slow = alice(GOOD, &[], &[&format!("http://{HOST}:{}/slow/good", server.port)], &[]);
    check("slow", &verdicts(&slow, &fetcher(&server, short()), now()), Expected::Unavailable);
}

/// A subject with an organization, which is what an issuer below an anchor is known by.
fn authority(common: &str, key: Key) -> AuthoritySpec {
    let part = |kind: &str, text: &str| set_of(vec![sequence(&[&oid(kind), &utf8(text)])]);
    let mut spec = AuthoritySpec::new(common, key);
    spec.overrides.subject = Some(sequence(&[&part("2.5.4.10", "Goal"), &part("2.5.4.3", common)]));
    "2045-01-01T00:00:00Z".clone_into(&mut spec.not_after);
    spec
}

#[test]
fn missing_issuers_come_from_a_real_web_server_for_recipients_only() {
    let folder = tempfile::tempdir().unwrap();
    let www = folder.path().join("www");
    fs::create_dir(&www).unwrap();
    let root = Authority::self_signed(&authority("Root", Key::P256(70)));
    let middle = root.subordinate(&authority("CA", Key::P256(71)));
    let other = root.subordinate(&authority("Other", Key::P256(72)));
    let huge: Vec<u8> = middle.der().iter().copied().chain(vec![0; 1 << 20]).collect();
    let files = [("ca.cer", middle.der().to_vec()), ("other.cer", other.der().to_vec()), ("huge.cer", huge)];
    for (name, octets) in &files {
        fs::write(www.join(name), octets).unwrap();
    }
    let Some(server) = web_server(folder.path()) else { return };
    let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
    let mut policy = RevocationPolicy::default();
    policy.fetch_issuers = true;
    let engine = postseal_testkit::engine(anchors).with_revocation(PerRoute::new(policy));
    for (path, outcome) in [
        ("ca.cer", "found"),
        ("other.cer", "unavailable"),
        ("huge.cer", "unavailable"),
        ("missing.cer", "unavailable"),
        ("moved/", "unavailable"),
    ] {
        let mut spec = CertSpec::mailbox(ALICE, Key::P256(3));
        spec.overrides.extra_extensions = vec![access_at(&[], &[&format!("http://{HOST}:{}/{path}", server.port)])];
        let (person, fetcher) = (middle.issue(&spec), fetcher(&server, patient()));
        let verdict = resolve(&engine, &person, &fetcher, then());
        assert_eq!(verdict.outcome, outcome, "{path}: {verdict:?}");
        assert_eq!(import(&engine, &person, &fetcher, then()).outcome, "refused", "{path}");
    }
}
