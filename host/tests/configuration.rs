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

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, words) in [
        ("import = \"yes\"", "configuration:1: invalid type"),
        ("\n\nimprot = true", "configuration:3: unknown field `improt`"),
        ("profile = \"lax\"", "unknown profile \"lax\": default, strict, legacy"),
        ("[encrypt]\nmode = \"maybe\"", "configuration:2: unknown mode \"maybe\""),
        ("[encrypt]\npreset = \"best\"", "unknown preset \"best\""),
        ("[revocation]\norder = \"none\"", "unknown order \"none\""),
        ("[limits]\nmails = 1", "unknown field `mails`"),
        ("[limits]\ncertificates = -1", "configuration:2: "),
        ("trust = [\"no-such-file.pem\"]", "no-such-file.pem: "),
        ("store = \"redis:\"", "store redis:: not a kind of store"),
        ("store = 7", "a store is \"sqlite:PATH\""),
        ("store = \"postgresql://gateway@db.example\"", "the address names no database"),
        ("store = \"postgresql://gateway@db.example/mail?sslmode=prefer\"", "sslmode is require or disable"),
        ("store = \"postgresql://gateway:hunter2@db.example/mail\"", "store: a password stands in the url"),
        ("directories = [\"staff\"]", "there is no [directory.staff]"),
        ("trace = 7", "a trace is a path, or a table"),
        ("[trace]\npath = \"t.jsonl\"\nkeep_files = 0", "keep_days from 1 on"),
        ("[trace]\nkeep_files = 1", "a table with path"),
        ("[trace]\npath = \"no-such-folder/t.jsonl\"", "no-such-folder/t.jsonl: "),
        ("[fetch]\nports = [70000]", "configuration:2: "),
    ] {
        assert!(error(text).contains(words), "{text}: {}", error(text));
    }
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
fn a_setting_that_would_be_ignored_is_an_error() {
    let entra = "directories = [\"cloud\"]\n[directory.cloud]\nkind = \"entra\"\ntenant = \"goal.example\"\nclient = \"c\"\n\
                 secret = { env = \"PATH\" }\nkey = \"key.pem\"\nsources = [{ from = \"exchange-recipients\", api = \"admin-api-v2\" }]";
    assert!(error(entra).contains("key is that of a certificate"));
}

#[test]
fn a_credential_is_never_repeated() {
    let ldap = "[directory.staff]\nkind = \"ldap\"\nservers = [\"dc\"]\nbind = \"cn=x\"\npassword = \"hunter2\"";
    let words = error(ldap);
    assert!(words.contains("a credential is") && !words.contains("hunter2"), "{words}");
    let url = "[directory.keys]\nkind = \"http\"\nurl = \"https://keys.example/{addr}?key=hunter2\"";
    let keys = Configuration::parse(url, "".as_ref()).unwrap();
    assert!(!keys.describe_directory("keys").unwrap().contains("hunter2"));
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
