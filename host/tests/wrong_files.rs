//! What is wrong in a configuration is told with its file and line.

#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod wrong;

use postseal::Code;
use postseal_host::Configuration;
use std::fs;
use std::path::Path;

#[test]
fn every_wrong_file_is_refused_with_its_line() {
    let mut failures = Vec::new();
    for case in wrong::WRONG {
        let error = Configuration::parse(case.text, "".as_ref()).expect_err(case.text);
        let words = error.to_string();
        let is_placed = words.starts_with(&format!("configuration:{}: ", case.line)) && words.contains(case.words);
        if !is_placed || words.contains("hunter2") || words.contains('\n') {
            failures.push(format!("{}\n=> {words}", case.text));
        }
        assert_eq!(error.code(), Code::ConfigurationInvalid);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// What depends on files and on the environment.
const MISSING: &[(&str, usize, &str)] = &[
    ("trust = [\n  \"mozilla\",\n  \"none.pem\",\n]", 3, "trust: "),
    ("trust = [\"broken.pem\"]", 1, "trust: "),
    ("import = true\nintermediates = [\"none.pem\"]", 2, "intermediates: "),
    ("intermediates = [\"broken.pem\"]", 1, "intermediates: "),
    ("import = true\ncrls = [\"none.crl\"]", 2, "crls: "),
    ("crls = [\"broken.pem\"]", 1, "crls: "),
    ("import = true\ntrace = \"no-folder/trace.jsonl\"", 2, "trace: "),
    ("import = true\nstore = \"sqlite:no-folder/certs.db\"", 2, "store: "),
    (
        "[store]\nurl = \"postgresql://g@db.example/mail\"\npassword = { env = \"POSTSEAL_TEST_UNSET\" }",
        3,
        "[store] password: ",
    ),
    ("[store]\nurl = \"postgresql://g@db.example/mail\"\npassword = { file = \"empty\" }", 3, "[store] password: "),
    ("[store]\nurl = \"postgresql://g@db.example/mail\"\ntls_roots = \"none.pem\"", 3, "[store] tls_roots: "),
    ("[store]\nurl = \"postgresql://g@db.example/mail\"\ntls_roots = \"broken.pem\"", 3, "[store] tls_roots: "),
    ("[revocation]\nfetch = true\n[fetch]\ntls_roots = \"none.pem\"", 4, "[fetch] tls_roots: "),
    ("[revocation]\nfetch = true\n[fetch]\ntls_roots = \"broken.pem\"", 4, "[fetch] tls_roots: "),
    (
        "[revocation]\nfetch = true\n[fetch]\nproxy = \"http://p.example:1\"\nproxy_user = \"g\"\n\
         proxy_password = { env = \"POSTSEAL_TEST_UNSET\" }",
        6,
        "[fetch] proxy_password: POSTSEAL_TEST_UNSET is not in the environment",
    ),
];

/// The same of a directory, whose first two lines are its name and kind.
const MISSING_IN_DIRECTORIES: &[(&str, usize, &str)] = &[
    (
        "ldap\"\nservers = [\"dc\"]\nbind = \"cn=x\"\npassword = { env = \"POSTSEAL_TEST_UNSET\" }",
        6,
        "password: POSTSEAL_TEST_UNSET is",
    ),
    ("ldap\"\nservers = [\"dc\"]\nbind = \"cn=x\"\npassword = { file = \"empty\" }", 6, "password: "),
    (
        "ldap\"\nservers = [\"dc\"]\nbind = \"\"\npassword = { env = \"PATH\" }",
        5,
        "bind: a bind with a password needs a name",
    ),
    ("ldap\"\nservers = [\"dc\"]\ncertificate = \"none.pem\"\nkey = \"none.pem\"", 5, "certificate: "),
    ("ldap\"\nservers = [\"dc\"]\ncertificate = \"broken.pem\"\nkey = \"none.pem\"", 6, "key: "),
    (
        "ldap\"\nservers = [\"dc\"]\ncertificate = \"broken.pem\"\nkey = { env = \"POSTSEAL_TEST_UNSET\" }",
        6,
        "key: POSTSEAL_TEST_UNSET is",
    ),
    (
        "ldap\"\nservers = [\"dc\"]\ncertificate = \"broken.pem\"\nkey = \"broken.pem\"",
        5,
        "certificate: the client certificate",
    ),
    ("ldap\"\nservers = [\"dc\"]\ntls_roots = \"broken.pem\"", 5, "tls_roots: "),
    (
        "entra\"\ntenant = \"t\"\nclient = \"c\"\nsecret = { env = \"POSTSEAL_TEST_UNSET\" }\n\
         sources = [{ from = \"exchange-recipients\", api = \"admin-api-v2\" }]",
        6,
        "secret: POSTSEAL_TEST_UNSET is not in the environment",
    ),
    (
        "entra\"\ntenant = \"t\"\nclient = \"c\"\ncertificate = \"broken.pem\"\nkey = { env = \"POSTSEAL_TEST_UNSET\" }\n\
         sources = [{ from = \"exchange-recipients\", api = \"admin-api-v2\" }]",
        7,
        "key: POSTSEAL_TEST_UNSET is not in the environment",
    ),
    (
        "entra\"\ntenant = \"t\"\nclient = \"c\"\ncertificate = \"broken.pem\"\nkey = \"broken.pem\"\n\
         sources = [{ from = \"exchange-recipients\", api = \"admin-api-v2\" }]",
        7,
        "key: the private key of the application",
    ),
    ("smimea\"\nservers = [\"127.0.0.1\"]\ntrust_anchors = \"none\"", 5, "trust_anchors: "),
    ("smimea\"\nservers = [\"127.0.0.1\"]\ntrust_anchors = \"broken.pem\"", 5, "trust_anchors: "),
    (
        "http\"\nurl = \"https://k.example/{addr}\"\ntoken = { env = \"POSTSEAL_TEST_UNSET\" }",
        5,
        "token: POSTSEAL_TEST_UNSET is",
    ),
    ("http\"\nurl = \"https://k.example/{addr}\"\nuser = \"u\"\npassword = { file = \"none\" }", 6, "password: "),
    (
        "http\"\nurl = \"https://k.example/{addr}?k={key}\"\nkey = { env = \"POSTSEAL_TEST_UNSET\" }",
        5,
        "key: POSTSEAL_TEST_UNSET is",
    ),
    ("http\"\nurl = \"https://k.example/{addr}\"\ntls_roots = \"broken.pem\"", 5, "tls_roots: "),
];

#[test]
fn what_is_missing_is_told_with_the_line_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("broken.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        .unwrap();
    fs::write(folder.path().join("empty"), "\n").unwrap();
    let mut failures = Vec::new();
    let mut told = |text: &str, line: usize, words: &str| {
        let file = folder.path().join("postseal.toml");
        fs::write(&file, text).unwrap();
        // It is good as far as it goes.
        let configuration = Configuration::read(&file).unwrap();
        let error = configuration.host().expect_err(text).to_string();
        let place = format!("{}:{line}: ", file.display());
        if !error.strip_prefix(&place).is_some_and(|rest| rest.starts_with(words)) {
            failures.push(format!("{text}\n=> {error}"));
        }
    };
    for (text, line, words) in MISSING {
        told(text, *line, words);
    }
    for (rest, line, words) in MISSING_IN_DIRECTORIES {
        let text = format!("directories = [\"a\"]\n[directory.a]\nkind = \"{rest}");
        told(&text, *line, &format!("[directory.a] {words}"));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn what_options_say_has_no_line() {
    let configuration =
        Configuration::parse("trust = [\"a.pem\"]\nstore = \"sqlite:x.db\"", Path::new("/nowhere")).unwrap();
    let mut overrides = postseal_host::Overrides::default();
    overrides.trust = vec!["/nowhere/b.pem".to_owned()];
    overrides.store = Some("redis://u:hunter2@x".to_owned());
    let configuration = configuration.overridden_by(overrides);
    assert!(configuration.engine().unwrap_err().to_string().starts_with("/nowhere/b.pem: "));
    let store = configuration.store_path().unwrap_err().to_string();
    assert!(store.starts_with("\"redis\" is not a kind of store") && !store.contains("hunter2"), "{store}");
}

#[test]
fn a_file_that_is_too_long_is_not_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let (file, large) = (folder.path().join("postseal.toml"), folder.path().join("large"));
    let told =
        |path: &Path| Configuration::read(path).and_then(|read| read.engine().map(drop)).unwrap_err().to_string();
    fs::File::create(&large).unwrap().set_len((16 << 20) + 1).unwrap();
    assert_eq!(told(&large), format!("{}: the file has more than 16777216 octets", large.display()));
    fs::File::create(&large).unwrap().set_len((64 << 20) + 1).unwrap();
    for key in ["trust", "intermediates"] {
        fs::write(&file, format!("{key} = [\"large\"]")).unwrap();
        let words = format!("{}:1: {key}: {}: the file has more than 67108864 octets", file.display(), large.display());
        assert_eq!(told(&file), words);
    }
    fs::write(&file, b"import = \xff").unwrap();
    assert!(told(&file).ends_with("postseal.toml: the file is not UTF-8"));
}

#[cfg(unix)]
#[test]
fn a_device_that_never_ends_is_no_configuration() {
    let zero = Path::new("/dev/zero");
    assert!(Configuration::read(zero).unwrap_err().to_string().contains("/dev/zero: the file has more than"));
}
