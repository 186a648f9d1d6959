//! Exported certificates are read by those that they are for.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is wrong"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postseal::cert::TransientCert;
use postseal::store::{CertStore, Entry, Tenant};
use postseal::verify::{Limits, TrustAnchors};
use postseal::{Address, UnixTime};
use postseal_host::{Export, ExportError, ExportFormat, Host};
use postseal_testkit::MemoryStore;
use postseal_testkit::factory::{Authority, CertSpec, Key, Name};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

/// Addresses that mean something else where they are not escaped.
const ADDRESSES: [&str; 9] = [
    "alice@goal.example",
    "bob+folder@goal.example",
    "\" leading space\"@goal.example",
    "\":colon\"@goal.example",
    "\"<angle, comma; semi=equals#hash\"@goal.example",
    "\"back\\\\slash\"@goal.example",
    "#hash@goal.example",
    "x'=y/z@goal.example",
    "a-local-part-that-is-as-long-as-it-may-be-with-sixty-four-octets@a-long-label-of-a-domain.goal.example",
];

const UNICODE: &str = "jos\u{e9}@goal.example";

fn spec(address: &str, serial: u64) -> CertSpec {
    let mut spec = CertSpec { serial, ..CertSpec::mailbox(address, Key::P256(serial)) };
    if !address.is_ascii() {
        spec.names = vec![Name::SmtpUtf8Mailbox(address.to_owned())];
    }
    spec
}

/// One entry for each of them, from a store that learned them as an operator's.
fn entries(addresses: &[&str]) -> (Authority, Vec<Entry>) {
    let root = Authority::root("Root", Key::P256(1));
    let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
    let store = Arc::new(MemoryStore::new());
    let host = Host::new(postseal_testkit::engine(anchors)).with_store(store.clone());
    let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    for (serial, address) in (10_u64..).zip(addresses) {
        let spec = spec(address, serial);
        let added = host.add_certificate(&Tenant::default(), root.issue(&spec).der(), "test", now);
        assert_eq!(added.unwrap_or_else(|error| panic!("{address}: {error}")).filed.len(), 1);
    }
    let entries = store.entries(&Tenant::default()).unwrap();
    assert_eq!(entries.len(), addresses.len());
    (root, entries)
}

fn written(entries: &[Entry], format: ExportFormat, prepare: impl Fn(Export<Vec<u8>>) -> Export<Vec<u8>>) -> Vec<u8> {
    let mut export = prepare(Export::new(format, Vec::new()));
    let count: usize = entries.iter().map(|entry| export.entry(entry).unwrap()).sum();
    assert_eq!(count, entries.len());
    export.finish().unwrap()
}

/// What each address has.
fn expected(entries: &[Entry]) -> BTreeMap<String, Vec<u8>> {
    let pair = |entry: &Entry| (entry.address.as_str().to_owned(), entry.certs[0].0.certificate.der().to_vec());
    entries.iter().map(pair).collect()
}

fn sorted(mut certificates: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    certificates.sort();
    certificates
}

/// What openssl prints as PEM.
fn in_pem(text: &str) -> Vec<Vec<u8>> {
    let blocks = text.split("-----BEGIN CERTIFICATE-----\n").skip(1);
    let der = |block: &str| {
        let body: String = block.split("-----END").next().unwrap().split_whitespace().collect();
        STANDARD.decode(body).unwrap()
    };
    sorted(blocks.map(der).collect())
}

/// A program that is not here is no failure.
fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => Some(output),
        Err(_) => {
            eprintln!("SKIPPED: no `{program}`");
            None
        }
    }
}

fn succeeded(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn openssl_reads_pem_and_p7c() {
    let (root, entries) = entries(&[&ADDRESSES[..], &[UNICODE]].concat());
    let certificates = sorted(expected(&entries).into_values().collect());
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();

    let pem = written(&entries, ExportFormat::Pem, |export| export);
    assert_eq!(in_pem(&String::from_utf8(pem.clone()).unwrap()), certificates);
    for address in ADDRESSES {
        let line = format!("# {} ", postseal::trace::escape(address));
        assert!(String::from_utf8_lossy(&pem).lines().any(|other| other.starts_with(&line)), "{line}");
    }
    fs::write(path("all.pem"), &pem).unwrap();
    let Some(output) = run(
        "openssl",
        &["crl2pkcs7", "-nocrl", "-certfile", &path("all.pem"), "-outform", "DER", "-out", &path("theirs.p7c")],
    ) else {
        return;
    };
    succeeded(&output);

    let p7c = written(&entries, ExportFormat::P7c, |export| export);
    fs::write(path("ours.p7c"), &p7c).unwrap();
    let print = |file: &str| run("openssl", &["pkcs7", "-inform", "DER", "-print_certs", "-in", &path(file)]).unwrap();
    assert_eq!(in_pem(&succeeded(&print("ours.p7c"))), certificates);
    assert_eq!(in_pem(&succeeded(&print("theirs.p7c"))), certificates);
    // The same octets: OpenSSL writes the same structure in DER, but for the order, and for its empty set of lists.
    let parsed = run("openssl", &["cms", "-cmsout", "-inform", "DER", "-print", "-noout", "-in", &path("ours.p7c")]);
    let parsed = succeeded(&parsed.unwrap());
    assert!(parsed.contains("contentType: pkcs7-signedData") && parsed.contains("eContent: <ABSENT>"), "{parsed}");

    let with_issuers = written(&entries, ExportFormat::P7c, Export::with_issuers);
    fs::write(path("issuers.p7c"), &with_issuers).unwrap();
    // Trust anchors are nobody's issuers to hand on, and a path of one certificate has no other.
    assert_eq!(in_pem(&succeeded(&print("issuers.p7c"))), certificates);
    assert!(!certificates.contains(&root.der().to_vec()));
    let alice = Address::parse(ADDRESSES[0]).unwrap();
    assert!(!TransientCert::from_cms(&p7c, &alice, &Limits::default()).unwrap().is_empty());
}

#[test]
fn intermediates_come_once_with_those_who_need_them() {
    let root = Authority::root("Root", Key::P256(1));
    let issuing = root.authority("Issuing CA", Key::P256(2));
    let anchors = TrustAnchors::from_pem(root.pem().as_bytes(), &Limits::default()).unwrap();
    let store = Arc::new(MemoryStore::new());
    let host = Host::new(postseal_testkit::engine(anchors)).with_store(store.clone());
    let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
    for (serial, address) in (10_u64..).zip(&ADDRESSES[..3]) {
        let spec = spec(address, serial);
        let pem =
            |der: &[u8]| format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der));
        let both = pem(issuing.issue(&spec).der()) + &pem(issuing.der());
        host.add_certificate(&Tenant::default(), both.as_bytes(), "test", now).unwrap();
    }
    let entries = store.entries(&Tenant::default()).unwrap();
    let mut all: Vec<Vec<u8>> = expected(&entries).into_values().collect();
    let pem = |prepare: fn(Export<Vec<u8>>) -> Export<Vec<u8>>| {
        in_pem(&String::from_utf8(written(&entries, ExportFormat::Pem, prepare)).unwrap())
    };
    assert_eq!(pem(|export| export), sorted(all.clone()));
    all.push(issuing.der().to_vec());
    assert_eq!(pem(Export::with_issuers), sorted(all.clone()));
    let p7c = written(&entries, ExportFormat::P7c, Export::with_issuers);
    for der in &all {
        assert_eq!(p7c.windows(der.len()).filter(|window| window == der).count(), 1);
    }
}

/// Pairs of address and certificate in base64, as a script prints them.
fn pairs(text: &str) -> BTreeMap<String, Vec<u8>> {
    let decoded = |text: &str| STANDARD.decode(text).unwrap();
    let pair = |line: &str| {
        let (address, certificate) = line.split_once(' ').unwrap();
        (String::from_utf8(decoded(address)).unwrap(), decoded(certificate))
    };
    text.lines().map(pair).collect()
}

#[test]
fn a_vcard_library_reads_the_vcards() {
    let (_, entries) = entries(&[&ADDRESSES[..], &[UNICODE]].concat());
    let vcards = written(&entries, ExportFormat::Vcard, |export| export);
    let text = String::from_utf8(vcards.clone()).unwrap();
    assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])));
    assert_eq!(text.matches("BEGIN:VCARD\r\nVERSION:4.0\r\nFN:").count(), entries.len());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.vcf");
    fs::write(&file, &vcards).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/read_vcards.py");
    let Some(output) = run("python3", &[script.to_str().unwrap(), file.to_str().unwrap()]) else { return };
    if output.status.code() == Some(77) {
        return eprintln!("SKIPPED: python has no `vobject` (pip install vobject)");
    }
    assert_eq!(pairs(&succeeded(&output)), expected(&entries));
}

/// What an LDIF says, by RFC 2849 alone.
fn from_ldif(text: &str) -> BTreeMap<String, Vec<u8>> {
    let unfolded = text.replace("\n ", "");
    let value = |line: &str| match line.split_once(": ").unwrap() {
        (name, encoded) if name.ends_with(':') => STANDARD.decode(encoded).unwrap(),
        (_, plain) => plain.as_bytes().to_vec(),
    };
    let records = unfolded.split("\n\n").filter(|record| record.contains("dn:"));
    let pair = |record: &str| {
        let of = |name: &str| value(record.lines().find(|line| line.starts_with(name)).unwrap());
        (String::from_utf8(of("mail:")).unwrap(), of("userCertificate;binary:"))
    };
    records.map(pair).collect()
}

#[test]
fn openldap_takes_the_ldif() {
    let (_, all) = entries(&[&ADDRESSES[..], &[UNICODE]].concat());
    let ldif = String::from_utf8(written(&all, ExportFormat::Ldif, |export| export)).unwrap();
    assert!(ldif.starts_with("version: 1\ndn: ") && ldif.lines().all(|line| line.len() <= 76 && line.is_ascii()));
    assert_eq!(from_ldif(&ldif), expected(&all));

    let (_, entries) = entries(&ADDRESSES);
    let ldif =
        String::from_utf8(written(&entries, ExportFormat::Ldif, |export| export.below("dc=goal,dc=example"))).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::create_dir(path("db")).unwrap();
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/servers/slapd/slapd.conf.in");
    let configuration = fs::read_to_string(template).unwrap().replace("@DIR@", &path(""));
    // Only the database is made: nobody speaks TLS.
    let configuration: Vec<&str> = configuration.lines().filter(|line| !line.starts_with("TLS")).collect();
    fs::write(path("slapd.conf"), configuration.join("\n")).unwrap();
    let head = "dn: dc=goal,dc=example\nobjectClass: domain\ndc: goal\n";
    fs::write(path("all.ldif"), &ldif).unwrap();
    // Every line as the tool for a server that runs reads it; -n: nobody is asked.
    if let Some(output) = run("ldapadd", &["-n", "-v", "-x", "-f", &path("all.ldif")]) {
        let told = succeeded(&output);
        assert_eq!(told.matches("!adding new entry \"cn=").count(), entries.len(), "{told}");
    }
    // The tool for a server that is at rest wants no version.
    fs::write(path("all.ldif"), ldif.replacen("version: 1\n", &format!("{head}\n"), 1)).unwrap();
    let tool = |name: &str| {
        ["/usr/sbin", "/usr/bin"].iter().map(|place| format!("{place}/{name}")).find(|file| Path::new(file).exists())
    };
    let (Some(slapadd), Some(slapcat)) = (tool("slapadd"), tool("slapcat")) else {
        return eprintln!("SKIPPED: no `slapadd` (Debian: slapd)");
    };
    // Without -q: the schema and every value are checked.
    succeeded(&run(&slapadd, &["-f", &path("slapd.conf"), "-l", &path("all.ldif")]).unwrap());
    let kept = succeeded(&run(&slapcat, &["-f", &path("slapd.conf"), "-a", "(objectClass=inetOrgPerson)"]).unwrap());
    assert_eq!(from_ldif(&kept), expected(&entries));
}

#[test]
fn what_is_not_in_use_is_left_out_unless_it_is_asked_for() {
    let (_, mut entries) = entries(&ADDRESSES[..2]);
    entries[0].certs[0].1 = postseal::store::State::Rejected;
    for format in ExportFormat::ALL {
        let mut export = Export::new(format, Vec::new());
        let counts: Vec<usize> = entries.iter().map(|entry| export.entry(entry).unwrap()).collect();
        assert_eq!(counts, [0, 1], "{}", format.name());
        let text = String::from_utf8_lossy(&export.finish().unwrap()).into_owned();
        assert!(format == ExportFormat::P7c || !text.contains(entries[0].address.as_str()), "{text}");
        let mut export = Export::new(format, Vec::new()).with_unused();
        assert_eq!(export.entry(&entries[0]).unwrap(), 1);
    }
}

#[test]
fn an_output_that_fails_is_told() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (_, entries) = entries(&ADDRESSES[..1]);
    for format in ExportFormat::ALL {
        let mut export = Export::new(format, Full);
        let outcome = export.entry(&entries[0]).and_then(|_| export.finish().map(drop));
        assert!(matches!(outcome, Err(ExportError::Output(_))), "{}", format.name());
    }
}
