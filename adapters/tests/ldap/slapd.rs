//! A real OpenLDAP.

use crate::servers::Slapd;
use crate::world::{
    BASE, PASSWORD, address, base64, certificate, gateway, ldaps, mail, outcomes, person, plain, start_tls,
};
use postseal::directory::DirectoryResolver;
use postseal_adapters::directory::ldap::{
    LdapAddressFilter, LdapBind, LdapDirectory, LdapFaultKind, LdapServers, LdapSetup,
};
use postseal_testkit::conformance::{self, Listed};
use postseal_testkit::factory::Key;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::TcpListener;

/// Somebody of each kind.
fn people() -> String {
    let one = |mailbox: &str, key: u64| certificate(mailbox, Key::P256(key));
    let alice = one("alice@goal.example", 2);
    let mut entries =
        person("people", "alice", &[mail("alice@goal.example"), mail("a.liddell@goal.example")], &[&alice]);
    entries += &person("people", "frank", &[mail("frank@goal.example")], &[]);
    entries += &person("private", "ivan", &[mail("ivan@goal.example")], &[&one("ivan@goal.example", 3)]);
    let proxies =
        ["objectClass: adMailRecipientTest", "mail: carol@goal.example", "proxyAddresses: SMTP:carol@goal.example"];
    let proxies: Vec<String> =
        proxies.iter().chain(&["proxyAddresses: smtp:c.alias@goal.example"]).map(|line| (*line).to_owned()).collect();
    entries += &person("people", "carol", &proxies, &[&one("carol@goal.example", 4)]);
    let dave = base64(&one("dave@goal.example", 5));
    entries += person("people", "dave", &[mail("dave@goal.example")], &[]).trim_end();
    entries += &format!("\nuserSMIMECertificate:: {dave}\nuserCertificate;binary:: {dave}\n\n");
    entries +=
        &person("people", "erin", &[mail("erin@xn--bcher-kva.example")], &[&one("erin@xn--bcher-kva.example", 6)]);
    for number in 0_u64..8 {
        let shared = one("shared@goal.example", 10 + number);
        entries += &person("people", &format!("shared{number}"), &[mail("shared@goal.example")], &[&shared]);
    }
    entries
        + &format!(
            "dn: ou=elsewhere,{BASE}\nobjectClass: referral\nobjectClass: extensibleObject\nou: elsewhere\n\
         ref: ldap://127.0.0.1:1/ou=elsewhere,{BASE}\n\n"
        )
}

fn asks(setup: LdapSetup, addresses: &[&str]) -> Vec<String> {
    outcomes(&setup.build().unwrap(), addresses)
}

fn fault(setup: LdapSetup) -> (LdapFaultKind, String) {
    let fault = setup.build().unwrap().check().remove(0).outcome.unwrap_err();
    (fault.kind(), fault.to_string())
}

fn elsewhere(port: u16, base: &str) -> LdapSetup {
    let servers = LdapServers::listed(&[&format!("127.0.0.1:{port}")]).unwrap();
    let setup = LdapDirectory::new(servers, base).with_limits(crate::world::patient());
    setup.with_transport(postseal_adapters::directory::ldap::LdapTransport::Plain)
}

#[test]
fn people_are_found_over_every_transport() {
    let Some(slapd) = Slapd::start(&people()) else { return };
    let asked =
        ["alice@goal.example", "A.Liddell@GOAL.example", "frank@goal.example", "ivan@goal.example", "no@goal.example"];
    let (nobody, known) = (["1", "1", "-", "-", "-"], ["1", "1", "-", "1", "-"]);
    assert_eq!(asks(plain(slapd.ldap), &asked), nobody);
    assert_eq!(asks(ldaps(&slapd, "localhost"), &asked), nobody);
    assert_eq!(asks(ldaps(&slapd, "127.0.0.1"), &asked), nobody);
    assert_eq!(asks(start_tls(&slapd), &asked), nobody);
    // What only the gateway may read.
    assert_eq!(asks(ldaps(&slapd, "localhost").with_bind(gateway(PASSWORD)), &asked), known);
    assert_eq!(asks(start_tls(&slapd).with_bind(gateway(PASSWORD)), &asked), known);
    let external = || LdapBind::external(&slapd.file("client.pem"), &slapd.file("client.key")).unwrap();
    assert_eq!(asks(ldaps(&slapd, "localhost").with_bind(external()), &asked), known);
    assert_eq!(asks(start_tls(&slapd).with_bind(external()), &asked), known);
    for setup in [plain(slapd.ldap), start_tls(&slapd).with_bind(gateway(PASSWORD))] {
        assert!(setup.build().unwrap().check().iter().all(|check| check.outcome.is_ok()));
    }
}

#[test]
fn both_attributes_aliases_and_both_forms_of_a_domain() {
    let Some(slapd) = Slapd::start(&people()) else { return };
    // The same value under both names is lent once.
    assert_eq!(asks(plain(slapd.ldap), &["dave@goal.example"]), ["1"]);
    assert_eq!(asks(plain(slapd.ldap), &["erin@b\u{fc}cher.example", "erin@xn--bcher-kva.example"]), ["1", "1"]);
    assert_eq!(asks(plain(slapd.ldap), &["c.alias@goal.example"]), ["-"]);
    let directory = || plain(slapd.ldap).with_filter(LdapAddressFilter::active_directory());
    assert_eq!(
        asks(directory(), &["C.Alias@goal.example", "carol@goal.example", "alice@goal.example"]),
        ["1", "1", "1"]
    );
    let template = |text| plain(slapd.ldap).with_filter(LdapAddressFilter::template(text).unwrap());
    assert_eq!(
        asks(template("(&(objectClass=inetOrgPerson)(cn={local}))"), &["alice@other.example", "*@x.example"]),
        ["1", "-"]
    );
    assert_eq!(asks(template("(mail={local}@goal*)"), &["alice@other.example"]), ["1"]);
}

#[test]
fn limits_and_references_are_no_end() {
    let Some(slapd) = Slapd::start(&people()) else { return };
    // The server stops at 5, the subtree has a reference, and what was found counts.
    let said = asks(plain(slapd.ldap), &["shared@goal.example"]);
    assert!(said[0].starts_with("5+: ") && said[0].ends_with("stopped at its size limit"), "{said:?}");
    let (kind, said) = fault(elsewhere(slapd.ldap, &format!("ou=elsewhere,{BASE}")));
    assert_eq!(kind, LdapFaultKind::Setup, "{said}");
    assert!(said.contains("refers to other servers"), "{said}");
}

#[test]
fn what_is_set_up_wrongly_says_so() {
    let Some(slapd) = Slapd::start(&people()) else { return };
    let stranger = slapd.file("other-ca.pem");
    for (setup, kind, words) in [
        (elsewhere(slapd.ldap, "dc=nowhere"), LdapFaultKind::Setup, "has no such search base"),
        (elsewhere(slapd.ldap, "no name"), LdapFaultKind::Setup, "does not read the search base"),
        (
            ldaps(&slapd, "localhost").with_bind(gateway("wrong")),
            LdapFaultKind::Setup,
            "does not accept the credentials",
        ),
        (
            ldaps(&slapd, "localhost").with_tls_roots(&stranger).unwrap(),
            LdapFaultKind::Tls,
            "does not lead to the roots",
        ),
        (ldaps(&slapd, "127.0.0.2"), LdapFaultKind::Unreachable, "connection refused"),
        // This machine as well, by an address that its certificate does not have.
        (ldaps(&slapd, "0.0.0.0"), LdapFaultKind::Tls, "is for another name"),
    ] {
        let shown = format!("{setup:?}");
        let (found, said) = fault(setup);
        assert!(said.contains(words), "{shown}: {said}");
        assert!(found == kind, "{shown}: {said}");
    }
    // Wrong credentials are shown once for many addresses.
    let directory = ldaps(&slapd, "localhost").with_bind(gateway("wrong")).build().unwrap();
    let many: Vec<String> = (0..50).map(|number| format!("p{number}@goal.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let binds = || {
        let log = std::fs::read_to_string(slapd.folder.path().join("log")).unwrap();
        log.lines().filter(|line| line.contains("BIND dn=\"cn=gateway") && line.contains("method=128")).count()
    };
    let before = binds();
    for _ in 0..3 {
        assert!(outcomes(&directory, &many).iter().all(|word| word.contains("credentials")));
    }
    assert_eq!((before, binds()), (1, 2), "an account locks after some tries");
    assert!(!format!("{directory:?}").contains("wrong"));
}

#[test]
fn a_server_that_comes_back_is_asked_again() {
    let Some(mut slapd) = Slapd::start(&people()) else { return };
    let directory = ldaps(&slapd, "localhost").build().unwrap();
    assert_eq!(outcomes(&directory, &["alice@goal.example"]), ["1"]);
    assert!(slapd.run(), "at the same ports");
    // The kept connection is gone, which nobody notices.
    assert_eq!(outcomes(&directory, &["alice@goal.example"]), ["1"]);
    slapd.stop();
    let words = outcomes(&directory, &["alice@goal.example", "no@goal.example"]);
    assert!(words.iter().all(|word| word.contains("connection refused")), "{words:?}");
}

fn filled(listed: &[Listed]) -> Option<Slapd> {
    let mut people: BTreeMap<&str, Vec<&[u8]>> = BTreeMap::new();
    for one in listed {
        people.entry(one.address.as_str()).or_default().push(&one.der);
    }
    let entries = people.iter().enumerate();
    let entries =
        entries.map(|(number, (address, ders))| person("people", &format!("p{number}"), &[mail(address)], ders));
    Slapd::start(&entries.collect::<String>())
}

#[test]
fn it_conforms() {
    if Slapd::start("").is_none() {
        return;
    }
    let running = RefCell::new(Vec::new());
    let make = |listed: &[Listed]| -> Box<dyn DirectoryResolver> {
        let slapd = filled(listed).unwrap();
        let directory = ldaps(&slapd, "localhost").with_bind(gateway(PASSWORD)).build().unwrap();
        running.borrow_mut().push(slapd);
        Box::new(directory)
    };
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    conformance::directory(&make, &|| Box::new(plain(free).build().unwrap()));
}

/// Local parts that mean something in filters, names, patterns and templates.
const PIECES: [&str; 24] = [
    "a", "b", "*", "{addr}", "{local}", "%2a", "'", "|", "&", "!", "=", "~", "#", "$", "/", "?", "`", "+", "-", "_",
    "^", "\u{fc}", "\u{4e2d}", "0",
];
const QUOTED: [&str; 12] = ["(", ")", "\\\\", "\\\"", "*", ")(mail=*", ",", ";", "<", ">", "a", "\\\\2a"];

fn local_part(state: &mut u64) -> String {
    let mut next = |most: usize| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(*state >> 33).unwrap() % most
    };
    let (is_quoted, count) = (next(2) == 0, next(6) + 1);
    let pieces: &[&str] = if is_quoted { &QUOTED } else { &PIECES };
    let text: String = (0..count).map(|_| pieces[next(pieces.len())]).collect();
    if is_quoted { format!("\"{text}\"") } else { text }
}

// hardening: P8
#[test]
fn any_address_finds_itself_or_nobody() {
    let mut state = 42;
    let mut present: Vec<String> = Vec::new();
    let mut absent: Vec<String> = Vec::new();
    while present.len() + absent.len() < 600 {
        let text = format!("{}@goal.example", local_part(&mut state));
        let Ok(parsed) = postseal::Address::parse(&text) else { continue };
        let is_known = present.iter().chain(&absent).any(|known| address(known) == parsed);
        // The syntax of `mail` is ASCII; others are asked for all the same.
        if !is_known && text.is_ascii() && present.len() < 200 {
            present.push(text);
        } else if !is_known {
            absent.push(text);
        }
    }
    // How many certificates somebody has tells who was found.
    let ders: Vec<Vec<u8>> = (0..7).map(|key| certificate("x@goal.example", Key::P256(key + 2))).collect();
    let ders: Vec<&[u8]> = ders.iter().map(Vec::as_slice).collect();
    let entries = present.iter().enumerate();
    let entries =
        entries.map(|(number, text)| person("people", &format!("p{number}"), &[mail(text)], &ders[..=number % 7]));
    let Some(slapd) = Slapd::start(&entries.collect::<String>()) else { return };
    let all: Vec<&str> = present.iter().chain(&absent).map(String::as_str).collect();
    let counts = (0..present.len()).map(|number| (number % 7 + 1).to_string());
    let expected: Vec<String> = counts.chain(absent.iter().map(|_| "-".to_owned())).collect();
    for setup in [plain(slapd.ldap), plain(slapd.ldap).with_filter(LdapAddressFilter::active_directory())] {
        let directory = setup.build().unwrap();
        for (index, (word, expected)) in outcomes(&directory, &all).iter().zip(&expected).enumerate() {
            assert_eq!(word, expected, "{}", all[index]);
        }
    }
}
