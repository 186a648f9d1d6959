//! A real domain controller of Active Directory, in a network namespace, since its ports are fixed.

use crate::sealing::{is_read_by, is_told, sealed_for};
use crate::servers::{Process, are_there, script};
use crate::world::{base64, certificate, outcomes, patient};
use postseal_adapters::directory::ldap::{
    LdapAddressFilter, LdapBind, LdapDirectory, LdapFaultKind, LdapServers, LdapSetup, LdapTransport,
};
use postseal_testkit::factory::Key;
use std::fs;
use std::process::Command;
use std::time::Duration;

const INSIDE: &str = "POSTSEAL_TEST_IN_NAMESPACE";
const PASSWORD: &str = "Adm1n-Secret!";
const BASE: &str = "dc=ad,dc=test";

#[test]
fn a_domain_controller_is_asked() {
    let programs = ["samba", "samba-tool", "ldapadd", "openssl", "unshare", "ip"];
    if !are_there(&programs, "samba samba-dsdb-modules samba-vfs-modules winbind samba-ad-provision ldap-utils openssl")
    {
        return;
    }
    let own = std::env::current_exe().unwrap();
    let inside = |shell: &str| {
        let mut command = Command::new("unshare");
        command.args(["--net", "sh", "-c", shell]).arg(&own).env(INSIDE, "yes").output()
    };
    if !inside("ip link set lo up").is_ok_and(|probe| probe.status.success()) {
        return eprintln!("SKIPPED: a domain controller needs root and a network namespace");
    }
    let run = inside("ip link set lo up && exec \"$0\" --exact samba::inside --ignored --nocapture").unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && said.contains("1 passed"), "{said}");
}

fn person(name: &str, mailbox: &str, attribute: &str, key: u64, lines: &str) -> String {
    let der = base64(&certificate(mailbox, Key::P256(key)));
    format!(
        "dn: cn={name},cn=Users,{BASE}\nobjectClass: user\nsAMAccountName: {name}\nmail: {mailbox}\n{lines}{attribute}:: {der}\n\n"
    )
}

#[test]
#[ignore = "runs inside of the namespace"]
fn inside() {
    if std::env::var_os(INSIDE).is_none() {
        return eprintln!("SKIPPED: not in a network namespace of its own");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("password"), PASSWORD).unwrap();
    let proxies = "proxyAddresses: SMTP:carol@goal.example\nproxyAddresses: smtp:c.alias@goal.example\notherMailbox: carol@old.example\n";
    let entries = person("alice", "alice@goal.example", "userCertificate", 2, "")
        + &person("carol", "carol@goal.example", "userSMIMECertificate", 3, proxies);
    fs::write(path("data.ldif"), entries).unwrap();
    let mut samba = Process::start(&script("samba/run.sh"), &[folder.path().to_str().unwrap()], &path("log"));
    let is_up = samba.listens(&[389, 636, 3268, 3269], Duration::from_secs(300));
    assert!(is_up, "{}", fs::read_to_string(path("log")).unwrap());
    let add = Command::new("ldapadd")
        // Not `localhost`, which it would take for the name of this machine.
        .args(["-x", "-H", "ldaps://127.0.0.1", "-D", "Administrator@ad.test", "-w", PASSWORD, "-f"])
        .arg(path("data.ldif"))
        .env("LDAPTLS_CACERT", path("pki/ca.pem"))
        .output()
        .unwrap();
    assert!(add.status.success(), "{add:?}");
    let roots = fs::read(path("pki/ca.pem")).unwrap();
    let setup = |server: &str, base: &str, transport: LdapTransport| -> LdapSetup {
        let servers = LdapServers::listed(&[server]).unwrap();
        let setup = LdapDirectory::new(servers, base).with_transport(transport).with_limits(patient());
        setup.with_tls_roots(&roots).unwrap().with_filter(LdapAddressFilter::active_directory())
    };
    let bind = || LdapBind::simple("ADT\\Administrator", PASSWORD).unwrap();
    let asked =
        ["alice@goal.example", "carol@goal.example", "C.Alias@goal.example", "carol@old.example", "no@goal.example"];
    for (server, base, transport) in [
        ("localhost:389", BASE, LdapTransport::StartTls),
        ("localhost:636", BASE, LdapTransport::Ldaps),
        ("localhost", BASE, LdapTransport::Ldaps),
        ("127.0.0.1:3269", "", LdapTransport::Ldaps),
        ("localhost:3268", "", LdapTransport::StartTls),
    ] {
        let directory = setup(server, base, transport).with_bind(bind()).build().unwrap();
        assert!(directory.check().iter().all(|check| check.outcome.is_ok()), "{server}: {:?}", directory.check());
        assert_eq!(outcomes(&directory, &asked), ["1", "1", "1", "1", "-"], "{server}");
        for (mailbox, key) in [("alice@goal.example", Key::P256(2)), ("carol@goal.example", Key::P256(3))] {
            let (sealed, events) = sealed_for(&directory, mailbox);
            assert!(is_read_by(key, &sealed), "{server} {mailbox}");
            assert!(is_told(&events, "LentDiscarded", &certificate(mailbox, key)), "{server} {mailbox}: {events}");
        }
    }
    // Nobody is answered, and a wrong password is one: neither means that somebody has no certificate.
    let wrong = LdapBind::simple("ADT\\Administrator", "wrong").unwrap();
    for (setup, words) in [
        (setup("localhost", BASE, LdapTransport::Ldaps), "answers nobody who is not authenticated"),
        (setup("localhost", BASE, LdapTransport::Ldaps).with_bind(wrong), "does not accept the credentials"),
        (setup("localhost", "dc=other,dc=test", LdapTransport::Ldaps).with_bind(bind()), ": result "),
    ] {
        let fault = setup.build().unwrap().check().remove(0).outcome.unwrap_err();
        assert_eq!(fault.kind(), LdapFaultKind::Setup, "{fault}");
        assert!(fault.to_string().contains(words), "{fault}");
    }
}
