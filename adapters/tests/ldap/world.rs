//! People, their certificates, and questions about them.

use crate::servers::Slapd;
use base64::Engine as _;
use postseal::Address;
use postseal::directory::{DirectoryId, DirectoryReply, DirectoryResolver};
use postseal::query::ResolveDirectory;
use postseal::store::Tenant;
use postseal_adapters::directory::ldap::{LdapBind, LdapDirectory, LdapLimits, LdapServers, LdapSetup, LdapTransport};
use postseal_testkit::factory::{Authority, CertSpec, Key};
use std::time::Duration;

pub(crate) const BASE: &str = "dc=goal,dc=example";
pub(crate) const PASSWORD: &str = "gw-secret";

pub(crate) fn root() -> Authority {
    Authority::root("Root", Key::P256(1))
}

pub(crate) fn certificate(mailbox: &str, key: Key) -> Vec<u8> {
    root().issue(&CertSpec::mailbox(mailbox, key)).der().to_vec()
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(crate) fn query(addresses: &[&str]) -> ResolveDirectory {
    let addresses = addresses.iter().map(|text| address(text)).collect();
    ResolveDirectory::new(Tenant::default(), DirectoryId::new("ldap:staff"), addresses)
}

/// The start of every data set: the base, a gateway that may read everything, and a part that others may not read.
pub(crate) fn ldif() -> String {
    format!(
        "dn: {BASE}\nobjectClass: domain\ndc: goal\n\n\
         dn: cn=gateway,{BASE}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\ncn: gateway\nuserPassword: {PASSWORD}\n\n\
         dn: ou=people,{BASE}\nobjectClass: organizationalUnit\nou: people\n\n\
         dn: ou=private,{BASE}\nobjectClass: organizationalUnit\nou: private\n\n"
    )
}

pub(crate) fn base64(octets: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(octets)
}

/// A person's entry: a name, lines for addresses as `mail: a@b`, with more object classes before them, and certificates.
pub(crate) fn person(unit: &str, name: &str, lines: &[String], certificates: &[&[u8]]) -> String {
    let mut entry = format!("dn: cn={name},ou={unit},{BASE}\ncn: {name}\nsn: {name}\nobjectClass: inetOrgPerson\n");
    for line in lines {
        // In base64, so that nothing in it means anything to LDIF.
        let (attribute, value) = line.split_once(": ").unwrap();
        entry += &format!("{attribute}:: {}\n", base64(value.as_bytes()));
    }
    for certificate in certificates {
        entry += &format!("userCertificate;binary:: {}\n", base64(certificate));
    }
    entry + "\n"
}

pub(crate) fn mail(address: &str) -> String {
    format!("mail: {address}")
}

/// What is on this machine, loaded as it may be.
pub(crate) fn patient() -> LdapLimits {
    let mut limits = LdapLimits::default();
    (limits.connect, limits.bind, limits.search) =
        (Duration::from_secs(20), Duration::from_secs(20), Duration::from_secs(20));
    limits.total = Duration::from_secs(60);
    limits
}

/// For servers that do not answer.
pub(crate) fn short() -> LdapLimits {
    let mut limits = LdapLimits::default();
    (limits.connect, limits.bind) = (Duration::from_millis(600), Duration::from_millis(600));
    (limits.search, limits.total) = (Duration::from_millis(800), Duration::from_millis(1_500));
    limits
}

pub(crate) fn plain(port: u16) -> LdapSetup {
    let servers = LdapServers::listed(&[&format!("127.0.0.1:{port}")]).unwrap();
    let setup = LdapDirectory::new(servers, BASE).with_transport(LdapTransport::Plain).with_limits(patient());
    // The data of the tests have a reference below the base.
    setup.ignoring_references()
}

pub(crate) fn ldaps(slapd: &Slapd, host: &str) -> LdapSetup {
    let servers = LdapServers::listed(&[&format!("{host}:{}", slapd.ldaps)]).unwrap();
    let setup = LdapDirectory::new(servers, BASE).with_limits(patient()).ignoring_references();
    setup.with_tls_roots(&slapd.file("ca.pem")).unwrap()
}

pub(crate) fn start_tls(slapd: &Slapd) -> LdapSetup {
    let servers = LdapServers::listed(&[&format!("localhost:{}", slapd.ldap)]).unwrap();
    let setup = LdapDirectory::new(servers, BASE).with_limits(patient()).with_transport(LdapTransport::StartTls);
    setup.ignoring_references().with_tls_roots(&slapd.file("ca.pem")).unwrap()
}

pub(crate) fn gateway(password: &str) -> LdapBind {
    LdapBind::simple(&format!("cn=gateway,{BASE}"), password).unwrap()
}

/// One word for each address: the number of certificates, with `+` when there may be more, `-` for none, or what is wrong.
pub(crate) fn outcomes(directory: &LdapDirectory, addresses: &[&str]) -> Vec<String> {
    words(directory.resolve(&query(addresses)), addresses.len())
}

pub(crate) fn words(replies: Result<Vec<DirectoryReply>, postseal::query::Unavailable>, count: usize) -> Vec<String> {
    let word = |reply: &DirectoryReply| match reply {
        DirectoryReply::Found(certificates) => certificates.len().to_string(),
        DirectoryReply::Partial(certificates, why) => format!("{}+: {why}", certificates.len()),
        DirectoryReply::NotFound => "-".to_owned(),
        DirectoryReply::Unavailable(gone) => gone.detail().to_owned(),
    };
    match replies {
        Ok(replies) => {
            assert_eq!(replies.len(), count);
            replies.iter().map(word).collect()
        }
        Err(gone) => vec![gone.detail().to_owned(); count],
    }
}
