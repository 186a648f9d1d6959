//! Directories in the configuration: encrypt finds people in a real OpenLDAP, and keeps nothing of them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "test code"
)]

mod place;

use base64::Engine as _;
use place::{AT, Place, complains, rows, stderr, stdout};
use postseal_testkit::Opener;
use postseal_testkit::factory::{Authority, CertSpec, Key, SignedMail};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const MAIL: &[u8] = b"Subject: hello\r\nContent-Type: text/plain\r\n\r\nin confidence\r\n";
const INNER: &[u8] = b"Content-Type: text/plain\r\n\r\nin confidence\r\n";
const CAROL: &str = "carol@goal.example";
const CAROL_KEY: Key = Key::P256(9);

/// A process that ends with the test, also when the test fails.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

fn root() -> Authority {
    Authority::root("Root", Key::P256(1))
}

/// OpenLDAP with Carol, for those who have a password; its port for ldaps.
fn slapd(place: &Place) -> Option<(Server, u16)> {
    let is_there = ["/usr/sbin/slapd", "/usr/lib/openldap/slapd"].iter().any(|file| Path::new(file).exists());
    if !is_there {
        eprintln!("SKIPPED: no `slapd` (Debian: slapd openssl)");
        return None;
    }
    let der = root().issue(&CertSpec { serial: 77, ..CertSpec::mailbox(CAROL, CAROL_KEY) }).der().to_vec();
    let der = base64::engine::general_purpose::STANDARD.encode(der);
    place.write(
        "ldap/data.ldif",
        format!(
            "dn: dc=goal,dc=example\nobjectClass: domain\ndc: goal\n\n\
             dn: cn=gateway,dc=goal,dc=example\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\n\
             cn: gateway\nuserPassword: gw-secret\n\n\
             dn: ou=private,dc=goal,dc=example\nobjectClass: organizationalUnit\nou: private\n\n\
             dn: cn=carol,ou=private,dc=goal,dc=example\nobjectClass: inetOrgPerson\ncn: carol\nsn: carol\n\
             mail: {CAROL}\nuserCertificate;binary:: {der}\n\n"
        )
        .as_bytes(),
    );
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/servers/slapd/run.sh");
    for _ in 0..3 {
        // Somebody else may take the ports in between; then it ends and others are tried.
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = listeners.map(|listener| listener.local_addr().unwrap().port());
        let log = fs::File::create(place.path("ldap/log")).unwrap();
        let mut command = Command::new(&script);
        command.arg(place.path("ldap")).args(ports.map(|port| port.to_string())).stdin(Stdio::null());
        let child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let mut server = Server(child);
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end && matches!(server.0.try_wait(), Ok(None)) {
            if TcpStream::connect(("127.0.0.1", ports[1])).is_ok() {
                return Some((server, ports[1]));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    panic!("slapd does not start: {}", fs::read_to_string(place.path("ldap/log")).unwrap_or_default());
}

fn configure(place: &Place, name: &str, port: u16, password: &str) {
    place.write(&format!("{name}.password"), format!("{password}\n").as_bytes());
    let text = format!(
        "trust = [\"root.pem\"]\nimport = true\ndirectories = [\"staff\"]\n\
         [directory.staff]\nkind = \"ldap\"\nservers = [\"localhost:{port}\"]\nbase = \"dc=goal,dc=example\"\n\
         bind = \"cn=gateway,dc=goal,dc=example\"\npassword = {{ file = \"{name}.password\" }}\n\
         tls_roots = \"ldap/pki/ca.pem\"\ndomains = [\"goal.example\"]\n\
         [tenants.other]\ndirectories = []\n"
    );
    place.write(&format!("{name}.toml"), text.as_bytes());
}

fn encrypt(place: &Place, config: &str, options: &[&str]) -> Output {
    place.run(
        &[&["encrypt", "--config", config, AT[0], AT[1], "--to", CAROL, "--out", "out.eml", "mail.eml"], options]
            .concat(),
    )
}

#[test]
fn a_person_who_is_only_in_the_directory_gets_sealed_mail_and_nothing_of_her_is_kept() {
    let place = Place::new();
    let Some((server, port)) = slapd(&place) else { return };
    place.write("root.pem", root().pem().as_bytes());
    place.write("mail.eml", MAIL);
    configure(&place, "staff", port, "gw-secret");
    configure(&place, "wrong", port, "guessed");
    // The store exists, and holds somebody else.
    let bob = root().issue(&CertSpec::mailbox("bob@goal.example", Key::P256(3)));
    place.write("bob.eml", &SignedMail::new("bob@goal.example", &bob).build());
    assert!(place.run(&["import", "--config", "staff.toml", AT[0], AT[1], "bob.eml"]).status.success());
    let before = fs::read(place.path("postseal.db")).unwrap();

    let sealed = encrypt(&place, "staff.toml", &["--json"]);
    assert!(sealed.status.success(), "{}", stderr(&sealed));
    assert_eq!(
        (rows(&sealed)[0]["outcome"].as_str(), rows(&sealed)[0]["source"].as_str()),
        (Some("found"), Some("staff"))
    );
    let message = fs::read(place.path("out.eml")).unwrap();
    assert_eq!(Opener::new(CAROL_KEY).open_mail(&message).as_deref(), Some(INNER));
    assert_eq!(fs::read(place.path("postseal.db")).unwrap(), before, "the store is as it was");
    let trace = fs::read_to_string(place.path("postseal-trace.jsonl")).unwrap();
    let fingerprint = rows(&sealed)[0]["fingerprint"].as_str().unwrap().to_owned();
    let about = |event: &str| {
        trace.lines().any(|line| line.contains(event) && line.contains("staff") && line.contains(&fingerprint))
    };
    assert!(about("\"recipient-found\"") && about("discarded"), "{trace}");

    // Another tenant asks nobody.
    let nobody = encrypt(&place, "staff.toml", &["--tenant", "other"]);
    assert_eq!(nobody.status.code(), Some(65), "{}", stderr(&nobody));
    // Out of order is not the same as not there.
    let refused = encrypt(&place, "wrong.toml", &[]);
    assert_eq!(refused.status.code(), Some(75), "{}", stderr(&refused));
    let check = |config: &str| place.run(&["directory", "check", "--config", config]);
    assert_eq!(stdout(&check("staff.toml")), format!("staff localhost:{port} usable\n"));
    let wrong = check("wrong.toml");
    assert_eq!(wrong.status.code(), Some(69));
    assert!(stdout(&wrong).starts_with(&format!("staff localhost:{port} unusable: ")), "{}", stdout(&wrong));
    drop(server);
    assert_eq!(encrypt(&place, "staff.toml", &[]).status.code(), Some(75));
    assert_eq!(check("staff.toml").status.code(), Some(69));
    for output in [&sealed, &nobody, &refused, &wrong] {
        let shown = stdout(output) + &stderr(output);
        assert!(!shown.contains("gw-secret") && !shown.contains("guessed"), "{shown}");
    }
    assert!(!trace.contains("gw-secret"));
}

#[test]
fn the_configuration_is_checked_without_showing_credentials() {
    let place = Place::new();
    place.write("root.pem", root().pem().as_bytes());
    place.write("secret", b"gw-secret\n");
    let head = "trust = [\"root.pem\"]\ndirectories = [\"one\"]\n[directory.one]\n";
    let check = |directory: &str| {
        place.write("c.toml", format!("{head}{directory}").as_bytes());
        place.command(&["config", "check", "--config", "c.toml"]).env("PASSWORD_OF_ONE", "gw-secret").output().unwrap()
    };
    for (directory, line) in [
        (
            "kind = \"ldap\"\nservers = [\"a.example\", \"b.example:1636\"]\nfilter = \"active-directory\"\n\
             bind = \"GOAL\\\\gateway\"\npassword = { env = \"PASSWORD_OF_ONE\" }\n",
            "directory      one: ldap a.example, b.example:1636, ldaps, as GOAL\\gateway with a password",
        ),
        (
            "kind = \"ldap\"\ndomain = \"goal.example\"\ntransport = \"starttls\"\nreferences = \"ignore\"\n",
            "directory      one: ldap goal.example, starttls, as nobody",
        ),
        (
            "kind = \"entra\"\ntenant = \"goal.onmicrosoft.com\"\nclient = \"app\"\nsecret = { file = \"secret\" }\n\
             sources = [{ from = \"exchange-recipients\", api = \"admin-api-v2\" }, { from = \"mailbox-contacts\", mailbox = \"smime@goal.example\" }]\n",
            "directory      one: entra goal.onmicrosoft.com, with a client secret",
        ),
        (
            "kind = \"entra\"\ntenant = \"goal.onmicrosoft.com\"\nmanaged_identity = \"machine\"\ncloud = \"china\"\n\
             sources = [{ from = \"graph-property\", names = [\"extension_1_smime\"] }]\nnot_found_seconds = 60\n",
            "directory      one: entra goal.onmicrosoft.com, with a managed identity",
        ),
        (
            "kind = \"http\"\nurl = \"https://pki.example/{addr}\"\ntoken = { file = \"secret\" }\n",
            "directory      one: http https://pki.example/{addr}, with a token",
        ),
        (
            "kind = \"smimea\"\nservers = [\"127.0.0.1\", \"[::1]:5353\"]\n",
            "directory      one: smimea 127.0.0.1:53, [::1]:5353",
        ),
    ] {
        let output = check(directory);
        let shown = stdout(&output) + &stderr(&output);
        assert!(shown.lines().any(|other| other == line), "{line}\n{shown}");
        assert!(shown.contains("directories    one unless") && !shown.contains("gw-secret"), "{shown}");
    }
    for (directory, words) in [
        ("kind = \"ldap\"\n", "servers or a domain"),
        ("kind = \"ldap\"\nservers = [\"a.example\"]\nbind = \"cn=x\"\n", "bind and password"),
        (
            "kind = \"ldap\"\nservers = [\"a.example\"]\nbind = \"cn=x\"\npassword = { env = \"NOT_THERE\" }\n",
            "NOT_THERE",
        ),
        ("kind = \"ldap\"\nservers = [\"a.example\"]\nbind = \"cn=x\"\npassword = { file = \"missing\" }\n", "missing"),
        ("kind = \"ldap\"\nservers = [\"a.example\"]\npasswort = \"x\"\n", "passwort"),
        ("kind = \"ldap\"\nservers = [\"a.example\"]\nreferences = \"follow\"\n", "follow"),
        ("kind = \"ldap\"\nservers = [\"a.example\"]\nfilter = \"(mail={addr}\"\n", "directory.one"),
        (
            "kind = \"ldap\"\nservers = [\"a.example\"]\ntransport = \"plain\"\nbind = \"cn=x\"\npassword = { file = \"secret\" }\n",
            "directory.one",
        ),
        ("kind = \"entra\"\ntenant = \"goal\"\nclient = \"app\"\nsources = []\n", "directory.one"),
        ("kind = \"http\"\nurl = \"http://pki.example/{addr}\"\n", "directory.one"),
        ("kind = \"smimea\"\nservers = []\n", "directory.one"),
        ("kind = \"telephone\"\n", "telephone"),
    ] {
        complains(&check(directory), 2, &[words]);
    }
    // Nothing that is not known is passed over, and what is wrong is not repeated where it may be a credential.
    let entra = "kind = \"entra\"\ntenant = \"goal\"\nmanaged_identity = \"machine\"\n";
    let source = "sources = [{ from = \"mailbox-contacts\", mailbox = \"a@goal.example\" }]\n";
    let urls = "login = \"https://l.example\", graph = \"https://g.example\", exchange = \"https://e.example\"";
    for (directory, words) in [
        (format!("{entra}{source}cloud = {{ {urls}, logon = \"x\" }}\n"), "gcc-high"),
        (format!("{entra}{source}cloud = \"mars\"\n"), "gcc-high"),
        (format!("{entra}sources = [{{ from = \"graph-property\", names = [\"a\"], nams = [] }}]\n"), "nams"),
        ("kind = \"smimea\"\nservers = [\"ns.example\"]\n".to_owned(), "IP address"),
    ] {
        complains(&check(&directory), 2, &[words]);
    }
    for secret in [
        "\"gw-secret\"",
        "[\"gw-secret\"]",
        "{ value = \"gw-secret\" }",
        "{ file = \"secret\", env = \"x\" }",
        "{ file = 4711 }",
        "4711",
    ] {
        for directory in [
            format!("kind = \"ldap\"\nservers = [\"a.example\"]\nbind = \"cn=x\"\npassword = {secret}\n"),
            format!("kind = \"http\"\nurl = \"https://pki.example/{{addr}}\"\ntoken = {secret}\n"),
        ] {
            let output = check(&directory);
            complains(&output, 2, &["a credential is"]);
            let shown = stdout(&output) + &stderr(&output);
            assert!(!shown.contains("gw-secret") && !shown.contains("4711"), "{shown}");
        }
    }
    place.write("c.toml", b"trust = [\"root.pem\"]\ndirectories = [\"two\"]\n");
    complains(&place.run(&["config", "check", "--config", "c.toml"]), 2, &["[directory.two]"]);
    place.write("c.toml", b"trust = [\"root.pem\"]\n");
    complains(&place.run(&["directory", "check", "--config", "c.toml"]), 2, &["[directory.NAME]"]);
}
