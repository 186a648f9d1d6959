//! Connections that are kept, servers that fail, and those who call from within Tokio.

use crate::fake::{Act, BIND, Fake, Request, SEARCH, UNBIND, done, entry, good, result};
use crate::world::{BASE, outcomes, patient, plain, query, short, words};
use postseal::directory::DirectoryResolver;
use postseal_adapters::directory::ldap::{
    LdapDirectory, LdapServers, LdapSetup, LdapTransport, SrvAnswer, SrvLookup, SrvRecord,
};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

fn over(servers: LdapServers) -> LdapSetup {
    LdapDirectory::new(servers, BASE).with_transport(LdapTransport::Plain).with_limits(patient())
}

fn listed(ports: &[u16]) -> LdapSetup {
    let servers: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    over(LdapServers::listed(&servers.iter().map(String::as_str).collect::<Vec<_>>()).unwrap())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn many(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("p{number}@goal.example")).collect()
}

#[test]
fn connections_are_few_and_kept() {
    let server = Fake::start(good);
    let directory = plain(server.port).build().unwrap();
    let addresses = many(60);
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    assert!(outcomes(&directory, &addresses).iter().all(|word| word == "1"));
    assert!(outcomes(&directory, &addresses).iter().all(|word| word == "1"));
    assert!(server.connections() <= 4 && server.most_open() <= 4, "{}", server.connections());
    drop(directory);
}

#[test]
fn connections_that_nobody_uses_are_closed() {
    let server = Fake::start(good);
    let mut limits = patient();
    limits.idle = Duration::from_millis(300);
    let directory = plain(server.port).with_limits(limits).build().unwrap();
    assert_eq!(outcomes(&directory, &["a@goal.example"]), ["1"]);
    assert!(server.sees(UNBIND));
    sleep(Duration::from_millis(200));
    assert_eq!((server.connections(), server.open()), (1, 0));
    assert_eq!(outcomes(&directory, &["a@goal.example"]), ["1"]);
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_kept_connection_that_was_dropped_is_made_again_once() {
    // The second search of a connection finds it closed.
    let searches = AtomicUsize::new(0);
    let server = Fake::start(move |request: &Request| {
        if request.id > 1 {
            return Act::Close(Vec::new());
        }
        searches.fetch_add(1, Ordering::SeqCst);
        good(request)
    });
    let directory = plain(server.port).build().unwrap();
    for _ in 0..4 {
        assert_eq!(outcomes(&directory, &["a@goal.example"]), ["1"]);
    }
    assert_eq!(server.connections(), 4);
    // One that always closes is not asked for ever.
    let closes = Fake::start(|_| Act::Close(Vec::new()));
    let directory = plain(closes.port).build().unwrap();
    assert!(outcomes(&directory, &["a@goal.example"])[0].contains("closed the connection"));
    assert_eq!(closes.connections(), 1);
}

#[test]
fn the_next_server_is_asked_when_one_fails() {
    let fine = Fake::start(good);
    let busy = Fake::start(|request: &Request| Act::Say(done(request.id, 51)));
    for first in [free_port(), busy.port] {
        assert_eq!(
            outcomes(&listed(&[first, fine.port]).build().unwrap(), &["a@goal.example", "b@goal.example"]),
            ["1", "1"]
        );
    }
    // A server that says that nobody is there has answered.
    let empty = Fake::start(|request: &Request| Act::Say(done(request.id, 0)));
    let before = fine.connections();
    assert_eq!(outcomes(&listed(&[empty.port, fine.port]).build().unwrap(), &["a@goal.example"]), ["-"]);
    assert_eq!(fine.connections(), before);
    let gone = listed(&[free_port(), free_port()]).build().unwrap();
    let words = outcomes(&gone, &["a@goal.example"]);
    assert_eq!(words[0].matches("connection refused").count(), 2, "{words:?}");
}

#[test]
fn a_server_that_fails_three_times_is_left_alone_for_a_while() {
    let server = Fake::start(|_| Act::Close(Vec::new()));
    let mut limits = short();
    limits.rest = Duration::from_secs(2);
    let directory = plain(server.port).with_limits(limits).build().unwrap();
    for _ in 0..3 {
        outcomes(&directory, &["a@goal.example"]);
    }
    assert_eq!(server.connections(), 3);
    let words = outcomes(&directory, &["a@goal.example"]);
    assert!(words[0].contains("is left alone for a while, after this: closed the connection"), "{words:?}");
    assert_eq!(server.connections(), 3);
    sleep(Duration::from_millis(2_100));
    outcomes(&directory, &["a@goal.example"]);
    assert_eq!(server.connections(), 4, "one tries again");
    // Whoever checks wants to know now.
    assert!(directory.check()[0].outcome.is_err());
    assert_eq!(server.connections(), 5);
}

/// Whoever has too much in the directory stops nobody else's mail.
#[test]
fn an_answer_that_is_too_large_says_nothing_about_others() {
    let server = Fake::start(|request: &Request| match request.octets.windows(5).any(|octets| octets == b"large") {
        true => Act::Say(vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 2, 1, request.id]),
        false => good(request),
    });
    let directory = plain(server.port).build().unwrap();
    for _ in 0..4 {
        let words = outcomes(&directory, &["large@goal.example"]);
        assert!(words[0].contains("a message is longer than"), "{words:?}");
    }
    assert_eq!(outcomes(&directory, &["a@goal.example"]), ["1"]);
}

#[test]
fn what_is_secret_is_in_no_words() {
    let echo = Fake::start(|request: &Request| match request.tag {
        BIND => Act::Say(result(request.id, 0x61, 49, "you said opensesame")),
        _ => Act::Say(result(request.id, 0x65, 50, "alice@goal.example")),
    });
    let directory = plain(echo.port).build().unwrap();
    let words = outcomes(&directory, &["alice@goal.example"]);
    assert!(words[0].contains("result 50") && !words[0].contains("alice"), "{words:?}");
    assert!(echo.requests().iter().all(|request| request.tag == SEARCH || request.tag == UNBIND));
}

#[test]
fn it_may_be_called_from_within_tokio() {
    let server = Fake::start(good);
    for runtime in [
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(),
    ] {
        let directory = plain(server.port).build().unwrap();
        runtime.block_on(async {
            assert_eq!(words(directory.resolve(&query(&["a@goal.example"])), 1), ["1"]);
            assert_eq!(
                words(directory.resolve_async(&query(&["a@goal.example", "b@goal.example"])).await, 2),
                ["1", "1"]
            );
            assert!(directory.check().iter().all(|check| check.outcome.is_ok()));
            assert!(directory.check_async().await.iter().all(|check| check.outcome.is_ok()));
            drop(directory);
        });
    }
}

#[test]
fn outside_of_tokio_it_says_so() {
    let directory = plain(1).build().unwrap();
    let question = query(&["a@goal.example"]);
    let mut lookup = std::pin::pin!(directory.resolve_async(&question));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(gone)) = lookup.as_mut().poll(&mut context) else { panic!() };
    assert_eq!(gone.detail(), "127.0.0.1:1: could not be asked by this machine");
}

/// A connection of an executor that has ended is like one that the server has dropped.
#[test]
fn connections_may_outlive_their_executor() {
    let server = Fake::start(good);
    let directory = plain(server.port).build().unwrap();
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            assert_eq!(words(directory.resolve_async(&query(&["a@goal.example"])).await, 1), ["1"]);
        });
    }
    assert_eq!(outcomes(&directory, &["a@goal.example"]), ["1"]);
}

#[derive(Debug)]
struct Fixed(Vec<SrvRecord>);

impl SrvLookup for Fixed {
    fn lookup<'a>(&'a self, name: &'a str) -> SrvAnswer<'a> {
        assert_eq!(name, "_ldap._tcp.localhost.localdomain");
        Box::pin(async { Ok(self.0.clone()) })
    }
}

#[test]
fn servers_that_the_dns_names_are_asked_in_its_order() {
    let discovered = |records: &[SrvRecord]| {
        let servers = LdapServers::discovered("localhost.localdomain").unwrap();
        over(servers.with_lookup(Arc::new(Fixed(records.to_vec())))).build().unwrap()
    };
    let words = outcomes(&discovered(&[]), &["a@goal.example"]);
    assert_eq!(words, ["_ldap._tcp.localhost.localdomain: names no server within its domain"]);
    let stranger = SrvRecord::new(0, 0, 1, "ldap.evil.example.");
    assert_eq!(outcomes(&discovered(&[stranger]), &["a@goal.example"]), words);
    let start = Instant::now();
    let gone = [SrvRecord::new(1, 0, 2, "localhost.localdomain."), SrvRecord::new(0, 0, 1, "localhost.localdomain.")];
    let words = outcomes(&discovered(&gone), &["a@goal.example"]);
    assert!(words[0].starts_with("localhost.localdomain:1: "), "{words:?}");
    assert!(words[0].contains("; localhost.localdomain:2: "), "{words:?}");
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn an_entry_without_certificates_is_nobody() {
    let server =
        Fake::start(|request: &Request| Act::Say([entry(request.id, "mail", &[b"x"]), done(request.id, 0)].concat()));
    assert_eq!(outcomes(&plain(server.port).build().unwrap(), &["a@goal.example"]), ["-"]);
}
