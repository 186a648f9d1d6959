//! The configuration file, from its text to what it does.

#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use postseal::directory::DirectoryId;
use postseal::import::Context;
use postseal::seal::Mode;
use postseal::store::Tenant;
use postseal::{Address, Code, UnixTime};
use postseal_host::{Configuration, Host, Overrides};
use postseal_testkit::factory::{Authority, CertSpec, Key};
use postseal_testkit::{MemoryStore, ScriptedDirectory};
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn error(text: &str) -> String {
    let configuration = Configuration::parse(text, "".as_ref());
    configuration.and_then(|configuration| configuration.host()).unwrap_err().to_string()
}

/// An option is no safer place for a password than the file.
#[test]
fn what_is_shown_has_no_password_of_an_option() {
    for (store, words) in [
        ("postgresql://gateway:hunter2@db.example/mail", "a password stands in the url"),
        ("mysql://gateway:hunter2@db.example/mail", "\"mysql\" is not a kind of store"),
    ] {
        let mut overrides = Overrides::default();
        overrides.store = Some(store.to_owned());
        let shown = Configuration::default().overridden_by(overrides).effective().unwrap_err().to_string();
        assert!(shown.contains(words) && !shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn the_example_of_the_manual_is_read_with_every_key() {
    let manual = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md")).unwrap();
    let example = manual.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let configuration = Configuration::parse(example, folder.path()).unwrap();
    let host = configuration.host().unwrap();
    let goal = Tenant::new("goal");
    assert!(host.engine().activation().is_active(&goal, None));
    assert!(!host.engine().activation().is_active(&goal, Some("outbound")));
    assert_eq!(host.engine().policies().of(&goal, Some("outbound")).mode, Mode::IfPossible);
    assert!(folder.path().join("postseal.db").exists());
}

/// Everything that a file can say, in a place that is there.
const EVERYTHING: &str = r#"
trace = "trace.jsonl"
profile = "strict"
trust = ["mozilla", "root.pem"]
intermediates = ["ca.pem"]
crls = ["ca.crl"]
import = true
directories = ["staff", "keys"]
[store]
url = "postgresql://gateway@db.example/mail"
password = { env = "DB_PASSWORD" }
[encrypt]
mode = "if-possible"
preset = "outlook-classic"
[revocation]
mode = "hard"
fetch = true
[fetch]
proxy = "http://proxy.example:3128"
proxy_user = "gateway"
proxy_password = { file = "proxy.password" }
ports = [8080]
allow = { "crl.corp.example" = ["10.0.0.0/8"] }
[limits]
message_bytes = 1000
[directory.staff]
kind = "ldap"
servers = ["dc1.example"]
certificate = "client.pem"
key = { env = "CLIENT_KEY" }
[directory.cloud]
kind = "entra"
tenant = "goal.example"
client = "c"
certificate = "app.pem"
key = "app.key"
sources = [{ from = "mailbox-contacts", mailbox = "a@goal.example" }, { from = "graph-property", names = ["x"] }]
[directory.keys]
kind = "http"
url = "https://keys.example/{addr}?k={key}"
key = { env = "KEY" }
[directory.dns]
kind = "smimea"
servers = ["127.0.0.1", "[::1]:5353"]
[directory.mine]
kind = "host"
domains = ["goal.example"]
[quotas]
addresses_per_tenant = 9
[retention]
ended_days = 400
[tenants.goal]
import = false
quotas = { certificates_per_address = 7 }
encrypt = { preset = "strict-aead" }
[tenants.goal.routes.outbound]
import = true
directories = []
encrypt = { fail_closed = true }
revocation = { mode = "off" }
[tenants.other.revocation]
order = "ocsp-first"
"#;

#[test]
fn what_holds_is_printed_whole_and_read_again_means_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut overrides = Overrides::default();
    overrides.revocation = Some(postseal::revocation::Mode::Soft);
    overrides.unsaid_quotas.addresses_per_tenant = Some(77);
    for text in [EVERYTHING, "", "store = \"sqlite:certs.db\"", "store = \"postgresql:///mail?host=/run\""] {
        for overrides in [Overrides::default(), overrides.clone()] {
            let configuration = Configuration::parse(text, folder.path()).unwrap().overridden_by(overrides);
            let printed = configuration.effective().unwrap();
            // The folder is another one: paths are whole.
            let again = Configuration::parse(&printed, "elsewhere".as_ref()).unwrap();
            assert_eq!(again.effective().unwrap(), printed);
            assert!(configuration.means_the_same_as(&again), "{printed}");
            assert_eq!(again.describe_store().unwrap(), configuration.describe_store().unwrap());
            for name in configuration.directories() {
                assert_eq!(again.describe_directory(name).unwrap(), configuration.describe_directory(name).unwrap());
            }
        }
    }
}

#[test]
fn what_is_printed_has_every_default_and_no_credential() {
    let printed = Configuration::parse(EVERYTHING, "".as_ref()).unwrap().effective().unwrap();
    let table: toml::Table = printed.parse().unwrap();
    let outbound = &table["tenants"]["goal"]["routes"]["outbound"];
    assert_eq!(outbound["encrypt"]["preset"].as_str(), Some("strict-aead"), "from the tenant");
    assert_eq!(outbound["encrypt"]["mode"].as_str(), Some("if-possible"), "from everybody");
    assert_eq!(outbound["encrypt"]["all_valid"].as_bool(), Some(false), "by default");
    assert_eq!(outbound["revocation"]["fetch"].as_bool(), Some(true));
    assert_eq!(table["tenants"]["other"]["directories"].as_array().unwrap().len(), 2);
    assert_eq!(table["limits"]["message_bytes"].as_integer(), Some(1000));
    assert_eq!(table["limits"].as_table().unwrap().len(), 35);
    assert_eq!(table["store"]["connections"].as_integer(), Some(8));
    assert_eq!(table["directory"]["staff"]["transport"].as_str(), Some("ldaps"));
    assert_eq!(table["directory"]["staff"]["references"].as_str(), Some("strict"));
    assert_eq!(table["directory"]["dns"]["not_found_seconds"].as_integer(), Some(300));
    let url = "[directory.keys]\nkind = \"http\"\nurl = \"https://keys.example/{addr}?mail={addr}&key=hunter2\"";
    let printed = Configuration::parse(url, "".as_ref()).unwrap().effective().unwrap();
    assert!(printed.contains("url = \"https://keys.example/{addr}?mail={addr}&key=...\""), "{printed}");
}

#[test]
fn a_database_is_a_store_with_its_password_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("db.password"), "hunter2\n").unwrap();
    let text = "[store]\nurl = \"postgresql://gateway@127.0.0.1:1/mail?sslmode=disable\"\npassword = { file = \"db.password\" }";
    let configuration = Configuration::parse(text, folder.path()).unwrap();
    assert_eq!(configuration.describe_store().unwrap().unwrap(), "postgresql 127.0.0.1/mail");
    assert_eq!(configuration.store_path().unwrap(), None);
    let host = configuration.host().unwrap();
    assert_eq!(host.entries(&Tenant::default()).unwrap_err().code(), Code::StoreUnavailable);
    assert!(!format!("{configuration:?}{host:?}").contains("hunter2"));
}

#[test]
fn a_directory_without_domains_is_asked_about_all_and_an_empty_list_is_an_error() {
    let staff = "[directory.staff]\nkind = \"smimea\"\nservers = [\"127.0.0.1:1\"]\n";
    let all = Configuration::parse(&format!("directories = [\"staff\"]\n{staff}"), "".as_ref()).unwrap();
    let engine = all.engine().unwrap();
    let ids: Vec<_> = engine.directories().of(&Tenant::default(), None).ids().cloned().collect();
    assert_eq!(ids, [DirectoryId::new("staff")]);
    assert!(error(&format!("directories = [\"staff\"]\n{staff}domains = []")).contains("[directory.staff] domains: "));
}

#[test]
fn a_credential_is_never_repeated() {
    let ldap = "[directory.staff]\nkind = \"ldap\"\nservers = [\"dc\"]\nbind = \"cn=x\"\npassword = \"hunter2\"";
    let words = error(ldap);
    assert!(words.contains("a credential is") && !words.contains("hunter2"), "{words}");
    let url = "[directory.keys]\nkind = \"http\"\nurl = \"https://keys.example/{addr}?key=hunter2\"";
    let keys = Configuration::parse(url, "".as_ref()).unwrap();
    assert!(!keys.describe_directory("keys").unwrap().contains("hunter2"));
    assert!(!format!("{keys:?}").contains("hunter2"), "{keys:?}");
}

#[test]
fn options_win_over_the_file_for_everybody() {
    let text = "profile = \"strict\"\n[revocation]\nmode = \"off\"\n[tenants.goal.revocation]\nmode = \"soft\"";
    let mut overrides = Overrides::default();
    overrides.revocation = Some(postseal::revocation::Mode::Hard);
    overrides.fetch = true;
    let configuration = Configuration::parse(text, "".as_ref()).unwrap().overridden_by(overrides);
    let engine = configuration.engine().unwrap();
    assert_eq!(engine.profile().name(), "strict");
    for tenant in [Tenant::default(), Tenant::new("goal")] {
        let policy = engine.revocation().of(&tenant, None);
        assert_eq!(policy.mode, postseal::revocation::Mode::Hard);
        assert!(policy.fetch);
    }
}

#[test]
fn a_file_makes_a_host_that_adds_a_certificate_and_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = Authority::root("Root", Key::P256(1));
    let alice = root.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(2)));
    fs::write(folder.path().join("root.pem"), root.pem()).unwrap();
    let file = folder.path().join("postseal.toml");
    fs::write(&file, "trust = [\"root.pem\"]\nstore = \"sqlite:certs.db\"\ntrace = \"trace.jsonl\"").unwrap();
    let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    let host = Configuration::read(&file).unwrap().host().unwrap();
    let added = host.add_certificate(&Tenant::default(), alice.der(), "admin\u{202e}", now).unwrap();
    assert_eq!(added.filed.len(), 1);
    let again = Configuration::read(&file).unwrap().host().unwrap();
    let entries = again.entries(&Tenant::default()).unwrap();
    assert_eq!(entries.first().unwrap().address.as_str(), "alice@goal.example");
    assert!(!again.add_certificate(&Tenant::default(), alice.der(), "admin", now).unwrap().filed.first().unwrap().1);
    let trace = fs::read_to_string(folder.path().join("trace.jsonl")).unwrap();
    assert!(trace.contains("\"event\":\"added\"") && !trace.contains('\u{202e}'), "{trace}");
}

#[test]
fn a_trace_is_rotated_as_the_table_of_the_manual_says() {
    let manual = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md")).unwrap();
    let table = manual.split("```toml\n").find(|example| example.starts_with("[trace]")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("postseal-trace.jsonl");
    // Full by the size that the manual has.
    fs::File::create(&path).unwrap().set_len(50_000_000).unwrap();
    let configuration = Configuration::parse(table.split("```").next().unwrap(), folder.path()).unwrap();
    assert_eq!(configuration.trace_path(), Some(path.as_path()));
    let root = Authority::root("Root", Key::P256(1));
    fs::write(folder.path().join("root.pem"), root.pem()).unwrap();
    let mut overrides = Overrides::default();
    overrides.trust = vec![folder.path().join("root.pem").display().to_string()];
    overrides.store = Some("sqlite::memory:".to_owned());
    let host = configuration.overridden_by(overrides).host().unwrap();
    let alice = root.issue(&CertSpec::mailbox("alice@goal.example", Key::P256(2)));
    let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    host.add_certificate(&Tenant::default(), alice.der(), "admin", now).unwrap();
    assert_eq!(fs::metadata(folder.path().join("postseal-trace.000000001.jsonl")).unwrap().len(), 50_000_000);
    assert!(fs::read_to_string(&path).unwrap().contains("\"event\":\"added\""));
}

#[test]
fn import_is_off_in_a_file_and_a_late_import_asks_nobody() {
    let off = Configuration::parse("store = \"sqlite::memory:\"", "".as_ref()).unwrap();
    let host = off.host().unwrap();
    let report = host.import_mail(b"Subject: x\r\n\r\nx\r\n", Context::new(Host::now()), &|| false).unwrap();
    assert_eq!(report.outcome.name(), "not-active");
    let nothing = Host::new(Configuration::default().engine().unwrap());
    let error = nothing.import_mail(b"Subject: x\r\n\r\nx\r\n", Context::new(Host::now()), &|| true).unwrap_err();
    assert_eq!(error.code(), Code::StoreMissing);
}

#[test]
fn a_directory_of_the_program_is_unavailable_until_it_is_brought() {
    let text = "directories = [\"mine\"]\n[directory.mine]\nkind = \"host\"\ndomains = [\"goal.example\"]";
    let configuration = Configuration::parse(text, "".as_ref()).unwrap();
    let host = configuration.host().unwrap().with_store(Arc::new(MemoryStore::new()));
    let alice = || vec![Address::parse("alice@goal.example").unwrap()];
    let encrypt = |host: &Host| {
        let context = postseal::resolve::Context::new(UnixTime::from_seconds(0), Arc::new(()));
        host.encrypt_mail(b"Subject: hi\r\n\r\nhi\r\n", alice(), Vec::new(), context, &|| false).unwrap_err()
    };
    assert_eq!(encrypt(&host).error.code(), Code::DirectoryUnavailable);
    let host = host.with_directory(DirectoryId::new("mine"), Arc::new(ScriptedDirectory::new()));
    assert_eq!(encrypt(&host).error.code(), Code::NoCertificate);
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Milter {
    listen: String,
    domains: std::collections::BTreeMap<String, u16>,
}

#[test]
fn a_program_has_a_table_of_its_own_that_others_leave_alone() {
    let text = "import = true\n[program.milter]\nlisten = \"here\"\n[program.milter.domains]\n\"goal.example\" = 7\n\
                [program.other]\nanything = [1, { goes = 2.5 }]\n";
    let (configuration, milter) = Configuration::parse_for::<Milter>(text, "".as_ref(), "milter").unwrap();
    assert_eq!((milter.listen.as_str(), milter.domains["goal.example"]), ("here", 7));
    let effective = Configuration::parse(text, "".as_ref()).unwrap().effective().unwrap();
    let (again, milter) = Configuration::parse_for::<Milter>(&effective, "".as_ref(), "milter").unwrap();
    assert!(milter.listen == "here" && again.means_the_same_as(&configuration));

    let error = |text: &str| Configuration::parse_for::<Milter>(text, "".as_ref(), "milter").unwrap_err().to_string();
    let of_line = |text: &str, line: usize, words: &str| {
        let told = error(text);
        assert!(told.starts_with(&format!("configuration:{line}: {words}")), "{told}");
    };
    of_line(&text.replace("listen", "lisen"), 3, "unknown field `lisen`");
    of_line(&text.replace("= 7", "= true"), 5, "invalid type: boolean");
    of_line(&text.replace("listen = \"here\"\n", ""), 2, "missing field `listen`");
    of_line(&text.replace("import", "imprt"), 1, "unknown field `imprt`");
    assert_eq!(error("import = true"), "configuration: there is no [program.milter]");
    let domain = configuration.wrong(&["program", "milter", "domains", "goal.example", "port"], "too small");
    assert_eq!(domain.to_string(), "configuration:5: [program.milter.domains.goal.example] port: too small");
}
