//! Servers that break every rule: a typed fault in time, no panic, no growth, and nobody else is kept waiting.

use crate::fake::{ABANDON, Act, Fake, Request, SEARCH, done, entry, good, message, result};
use crate::world::{BASE, PASSWORD, gateway, outcomes, patient, plain, query, short, words};
use postseal::directory::DirectoryResolver;
use postseal_adapters::directory::ldap::{LdapDirectory, LdapFaultKind, LdapServers, LdapTransport};
use postseal_testkit::factory::der::{octet_string, tlv};
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const ALICE: &str = "alice@goal.example";

/// More than the deadline of `short`, on a loaded machine.
const DEADLINE: Duration = Duration::from_secs(4);

fn checked(directory: &LdapDirectory) -> (LdapFaultKind, String) {
    let check = directory.check().remove(0);
    let fault = check.outcome.unwrap_err();
    (fault.kind(), fault.to_string())
}

/// Asks twice, as `check` and about somebody, and expects this kind in time.
fn expect(name: &str, setup: postseal_adapters::directory::ldap::LdapSetup, kind: LdapFaultKind) -> String {
    let directory = setup.with_limits(short()).build().unwrap();
    let start = Instant::now();
    let (found, said) = checked(&directory);
    assert!(start.elapsed() < DEADLINE, "{name}: {:?}", start.elapsed());
    assert_eq!(found, kind, "{name}: {said}");
    let start = Instant::now();
    let words = outcomes(&directory, &[ALICE, "bob@goal.example"]);
    assert!(start.elapsed() < DEADLINE, "{name}: {:?}", start.elapsed());
    assert!(words.iter().all(|word| word.starts_with("127.0.0.1:") && word.len() < 600), "{name}: {words:?}");
    assert!(!words.iter().any(|word| word.contains("alice") || word.contains(PASSWORD)), "{name}: {words:?}");
    said
}

fn nested(depth: usize) -> Vec<u8> {
    // Built from the inside with fixed-length headers, in one go.
    let mut octets = Vec::new();
    for level in (0..depth).rev() {
        octets.extend([0x30, 0x84]);
        octets.extend(u32::try_from(level * 6).unwrap().to_be_bytes());
    }
    octets
}

type Answers = fn(u8) -> Act;

// hardening: P7
#[test]
fn what_is_no_answer_to_a_search_is_a_fault() {
    use LdapFaultKind::{Busy, Late, Protocol, Refused, Setup, TooMuch, Unreachable};
    let cases: [(&str, LdapFaultKind, Answers); 33] = [
        ("silence", Late, |_| Act::Say(Vec::new())),
        ("closed", Unreachable, |_| Act::Close(Vec::new())),
        ("closed within a message", Unreachable, |id| Act::Close(done(id, 0)[..5].to_vec())),
        ("closed after an entry", Unreachable, |id| Act::Close(entry(id, "userCertificate", &[b"x"]))),
        ("one octet now and then", Late, |id| Act::Drip(vec![entry(id, "mail", &[b"x"])[0], 0x84, 0, 0, 0xff])),
        ("small entries without end", TooMuch, |id| Act::Flood(entry(id, "mail", &[b"x"]))),
        ("references without end", TooMuch, |id| Act::Flood(message(id, &tlv(0x73, &[&octet_string(&[b'r'; 9_000])])))),
        ("large values without end", TooMuch, |id| Act::Flood(entry(id, "userCertificate", &[&[0; 900_000]]))),
        ("10 000 entries", TooMuch, |id| Act::Say(entry(id, "userCertificate", &[b"x"]).repeat(10_000))),
        ("another number", Protocol, |id| Act::Say(done(id + 1, 0))),
        ("an old number", Protocol, |id| Act::Say(done(id.saturating_sub(1), 0))),
        ("a notice", Unreachable, |_| Act::Say(result(0, 0x78, 52, "bye"))),
        ("an answer to a bind", Protocol, |id| Act::Say(result(id, 0x61, 0, ""))),
        ("an unknown operation", Protocol, |id| Act::Say(message(id, &tlv(0x7e, &[])))),
        ("a request", Protocol, |id| Act::Say(message(id, &tlv(0x4a, &[b"cn=x"])))),
        ("an empty message", Protocol, |_| Act::Say(vec![0x30, 0])),
        ("no number", Protocol, |_| Act::Say(vec![0x30, 5, 4, 1, 1, 0x65, 0])),
        ("an empty result", Protocol, |id| Act::Say(message(id, &tlv(0x65, &[])))),
        ("an indefinite length", Protocol, |id| Act::Say(vec![0x30, 0x80, 2, 1, id, 0x64, 0, 0, 0])),
        ("2 GiB announced", TooMuch, |_| Act::Say(vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 2, 1, 1])),
        ("4 GiB announced", TooMuch, |_| Act::Say(vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 2, 1, 1])),
        ("a length of 9 octets", Protocol, |_| Act::Say(vec![0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1])),
        ("nested 10 000 deep", Protocol, |id| Act::Say(message(id, &tlv(0x64, &[&nested(10_000)])))),
        ("nested 100 000 deep", Protocol, |id| Act::Say(message(id, &tlv(0x64, &[&nested(100_000)])))),
        ("a page of the web", Protocol, |_| Act::Say(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())),
        ("busy", Busy, |id| Act::Say(done(id, 51))),
        ("unavailable", Busy, |id| Act::Say(done(id, 52))),
        ("unwilling", Busy, |id| Act::Say(done(id, 53))),
        ("a result nobody knows", Refused, |id| Act::Say(done(id, 0x7e))),
        ("operations error for nobody", Setup, |id| Act::Say(done(id, 1))),
        ("a referral", Setup, |id| Act::Say(done(id, 10))),
        ("no such base", Setup, |id| Act::Say(result(id, 0x65, 32, ALICE))),
        ("no access", Setup, |id| Act::Say(done(id, 50))),
    ];
    for (name, kind, answer) in cases {
        let server = Fake::start(move |request: &Request| answer(request.id));
        expect(name, plain(server.port), kind);
        assert!(server.written() < 90 << 20, "{name}: {} octets were taken", server.written());
    }
}

// hardening: P7
#[test]
fn limits_of_the_server_are_not_nobody() {
    for code in [3, 4, 11] {
        let empty = Fake::start(move |request: &Request| Act::Say(done(request.id, code)));
        let words = outcomes(&plain(empty.port).build().unwrap(), &[ALICE]);
        assert!(words[0].contains("stopped at its"), "{words:?}");
        let partial = Fake::start(move |request: &Request| {
            Act::Say([entry(request.id, "userCertificate", &[b"1", b"2"]), done(request.id, code)].concat())
        });
        let words = outcomes(&plain(partial.port).build().unwrap(), &[ALICE]);
        assert!(words[0].starts_with("2+: ") && words[0].contains("stopped at its"), "{code}: {words:?}");
    }
}

/// Whom a server does not have may be where it refers to. Partitions of Active Directory that hold no persons are no such place.
#[test]
fn references_to_other_servers_are_not_nobody() {
    let refers = |id: u8, url: &str| message(id, &tlv(0x73, &[&octet_string(url.as_bytes())]));
    let own = "ldap://goal.example/CN=Configuration,DC=goal,DC=example";
    let other = "ldap://sales.goal.example/DC=sales,DC=goal,DC=example";
    for (urls, certificates, ignoring, expected) in [
        (vec![], 0, false, "-"),
        (vec![own], 0, false, "-"),
        (vec![own], 1, false, "1"),
        (vec![own, other], 0, false, "{at}: refers to other servers, which are not asked"),
        (vec![other], 1, false, "1+: {at}: refers to other servers, which are not asked"),
        (vec![other], 0, true, "-"),
        (vec![other], 1, true, "1"),
    ] {
        let shown = format!("{urls:?} {certificates}");
        let server = Fake::start(move |request: &Request| {
            let entries = (0..certificates).map(|_| entry(request.id, "userCertificate", &[b"1"]));
            let references = urls.iter().map(|url| refers(request.id, url));
            Act::Say(entries.chain(references).chain([done(request.id, 0)]).collect::<Vec<_>>().concat())
        });
        let at = format!("127.0.0.1:{}", server.port);
        let setup = LdapDirectory::new(LdapServers::listed(&[&at]).unwrap(), BASE);
        let setup = setup.with_transport(LdapTransport::Plain).with_limits(patient());
        let directory = if ignoring { setup.ignoring_references() } else { setup }.build().unwrap();
        assert_eq!(outcomes(&directory, &[ALICE]), [expected.replace("{at}", &at)], "{shown}");
        let refused = expected.starts_with("{at}") || expected.contains("refers");
        assert_eq!(directory.check()[0].outcome.is_err(), refused, "{shown}");
    }
}

/// What a server keeps back may be the good one: ranges of Active Directory, and values that are too many to be read.
#[test]
fn a_part_of_an_entry_is_not_all_of_it() {
    let numbers: Vec<[u8; 2]> = (0..400_u16).map(u16::to_be_bytes).collect();
    let many: Vec<&[u8]> = numbers.iter().map(<[u8; 2]>::as_slice).collect();
    for (attribute, count, expected) in [
        ("userCertificate;range=0-1", 2, "2+: 127.0.0.1:{port}: sends a part of the values of an attribute"),
        ("userCertificate;range=0-*", 2, "2"),
        ("userCertificate", 256, "256"),
        ("userCertificate", 257, "256+: 127.0.0.1:{port}: has more values than are read"),
    ] {
        let octets: Vec<Vec<u8>> = many[..count].iter().map(|value| value.to_vec()).collect();
        let server = Fake::start(move |request: &Request| {
            let values: Vec<&[u8]> = octets.iter().map(Vec::as_slice).collect();
            Act::Say([entry(request.id, attribute, &values), done(request.id, 0)].concat())
        });
        let expected = expected.replace("{port}", &server.port.to_string());
        assert_eq!(outcomes(&plain(server.port).build().unwrap(), &[ALICE]), [expected], "{attribute} {count}");
    }
    // A value that is larger than is read is one that was not read.
    let large = Fake::start(|request: &Request| {
        Act::Say([entry(request.id, "userCertificate", &[&[0x30; 70_000]]), done(request.id, 0)].concat())
    });
    assert_eq!(outcomes(&plain(large.port).build().unwrap(), &[ALICE]), ["1+: the directory has more than is read"]);
}

// hardening: P7
#[test]
fn binds_that_fail_have_a_kind_and_no_secret() {
    use LdapFaultKind::{Busy, Late, Protocol, Tls, Unreachable};
    let cases: [(&str, LdapFaultKind, Answers); 9] = [
        ("StartTLS refused", Tls, |id| Act::Say(result(id, 0x78, 2, "no"))),
        ("StartTLS not now", Busy, |id| Act::Say(result(id, 0x78, 52, "no"))),
        ("StartTLS unanswered", Late, |_| Act::Say(Vec::new())),
        ("another answer", Protocol, |id| Act::Say(done(id, 0))),
        ("octets after StartTLS", Protocol, |id| Act::Say([result(id, 0x78, 0, ""), result(2, 0x61, 0, "")].concat())),
        ("leaving", Unreachable, |_| Act::Say(result(0, 0x78, 52, ""))),
        ("closed after StartTLS", Tls, |id| Act::Close(result(id, 0x78, 0, ""))),
        ("no handshake", Late, |id| Act::Say(if id == 1 { result(id, 0x78, 0, "") } else { Vec::new() })),
        ("no TLS after StartTLS", Tls, |id| Act::Say(if id == 1 { result(id, 0x78, 0, "") } else { b"no".repeat(50) })),
    ];
    for (name, kind, answer) in cases {
        let server = Fake::start(move |request: &Request| answer(request.id));
        let setup = plain(server.port).with_transport(LdapTransport::StartTls).with_bind(gateway(PASSWORD));
        let setup = setup.with_tls_roots(crate::world::root().pem().as_bytes()).unwrap();
        expect(name, setup, kind);
        let told = server
            .requests()
            .iter()
            .any(|request| request.octets.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes()));
        assert!(!told, "{name}: the password was sent without TLS");
    }
}

// hardening: P7
#[test]
fn nothing_listens_or_nobody_accepts_or_the_handshake_stalls() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    expect("refused", plain(free), LdapFaultKind::Unreachable);
    // Accepted by the kernel, and never by anybody.
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    expect("half-open", plain(deaf.local_addr().unwrap().port()), LdapFaultKind::Late);
    // With something unread, the kernel resets what it closes.
    let resets = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = resets.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in resets.incoming().take(2).flatten() {
            let _ = stream.peek(&mut [0]);
            let _ = stream.write_all(&[0x30, 0x84]);
        }
    });
    let said = expect("reset", plain(port), LdapFaultKind::Unreachable);
    assert!(said.contains("reset"), "{said}");
    let tls = |port: u16| {
        let setup = plain(port).with_transport(LdapTransport::Ldaps);
        setup.with_tls_roots(crate::world::root().pem().as_bytes()).unwrap()
    };
    expect("TLS stalls", tls(deaf.local_addr().unwrap().port()), LdapFaultKind::Late);
    let chatter = Fake::start(|_| Act::Say(b"220 mail.example ESMTP\r\n".to_vec()));
    expect("no TLS", tls(chatter.port), LdapFaultKind::Tls);
}

// hardening: P7
#[test]
fn a_black_hole_costs_the_time_for_connecting() {
    // TEST-NET-1 (RFC 5737): swallowed, or refused at once where there is no route.
    let servers = LdapServers::listed(&["192.0.2.1:389"]).unwrap();
    let setup = LdapDirectory::new(servers, BASE).with_transport(LdapTransport::Plain).with_limits(short());
    let (start, directory) = (Instant::now(), setup.build().unwrap());
    let words = outcomes(&directory, &[ALICE]);
    assert!(start.elapsed() < DEADLINE && words[0].starts_with("192.0.2.1:389: "), "{words:?}");
}

/// The resident set of this process, in octets.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok()).unwrap_or(0) << 10
}

// hardening: P7
#[test]
fn memory_does_not_grow() {
    let flood = Fake::start(|request: &Request| Act::Flood(entry(request.id, "userCertificate", &[&[0; 1 << 19]])));
    let announced = Fake::start(|_| Act::Say(vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 2, 1, 1]));
    let ask = |port: u16| {
        let mut limits = short();
        limits.failures = u32::MAX;
        let directory = plain(port).with_limits(limits).build().unwrap();
        for _ in 0..8 {
            assert_ne!(outcomes(&directory, &[ALICE]), ["-"]);
        }
    };
    ask(flood.port);
    let before = resident();
    ask(flood.port);
    ask(announced.port);
    // Other tests run in this process, too.
    assert!(resident() < before + (96 << 20), "{before} {}", resident());
}

// hardening: P7
#[test]
fn others_are_not_kept_waiting_and_values_need_not_be_certificates() {
    let is_over = Arc::new(AtomicBool::new(false));
    let until = Arc::clone(&is_over);
    let stalls = Fake::start(move |_| {
        while !until.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(10));
        }
        Act::Close(Vec::new())
    });
    let fine = Fake::start(good);
    let (bad, fine) = (plain(stalls.port).build().unwrap(), plain(fine.port).build().unwrap());
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| outcomes(&bad, &[ALICE]));
        assert!(stalls.sees(SEARCH));
        let start = Instant::now();
        assert_eq!(outcomes(&fine, &[ALICE]), ["1"]);
        assert!(start.elapsed() < DEADLINE);
        assert!(!slow.is_finished(), "nobody waited for the other one");
        is_over.store(true, Ordering::SeqCst);
        assert_ne!(slow.join().unwrap(), ["1"]);
    });
}

/// In a process of its own, whose standard output is looked at.
#[test]
fn nothing_is_printed() {
    let run = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "hostile::what_prints", "--ignored", "--nocapture", "--format=terse"])
        .env("RUST_LOG", "trace")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}");
    let unexpected: Vec<&str> = said.lines().filter(|line| line.contains("unknown") || line.contains("0x")).collect();
    assert!(unexpected.is_empty() && said.len() < 300, "{said}");
}

#[test]
#[ignore = "run by `nothing_is_printed`"]
fn what_prints() {
    let answers: [Answers; 3] = [
        |id| Act::Say(message(id, &tlv(0x7e, &[]))),
        |id| Act::Say(message(id, &tlv(0x41, &[b"x"]))),
        |id| Act::Say([entry(id, "userCertificate", &[b"x"]), done(id, 0)].concat()),
    ];
    for answer in answers {
        let server = Fake::start(move |request: &Request| answer(request.id));
        let directory = plain(server.port).with_limits(short()).build().unwrap();
        let _ = directory.resolve(&query(&[ALICE]));
    }
}

// hardening: R8
#[test]
fn a_lookup_that_is_dropped_is_abandoned() {
    let server = Fake::start(|_| Act::Say(Vec::new()));
    let directory = plain(server.port).build().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let question = query(&[ALICE]);
        let lookup = directory.resolve_async(&question);
        assert!(tokio::time::timeout(Duration::from_millis(500), lookup).await.is_err());
        tokio::time::sleep(Duration::from_millis(100)).await;
    });
    assert!(server.sees(ABANDON), "{:?}", server.requests());
    let late = plain(server.port).with_limits(short()).build().unwrap();
    assert_ne!(words(late.resolve(&query(&[ALICE])), 1), ["-"]);
}
